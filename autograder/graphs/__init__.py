"""Models as graphs, read from a framework's config without that framework; blocks by structure."""

from autograder.graphs.errors import GraphError
from autograder.graphs.graph import Layer, ModelGraph
from autograder.graphs.motifs import (
    InceptionBlock,
    ResidualBlock,
    inception_blocks,
    residual_blocks,
)

__all__ = [
    "GraphError",
    "InceptionBlock",
    "Layer",
    "ModelGraph",
    "ResidualBlock",
    "inception_blocks",
    "residual_blocks",
]
