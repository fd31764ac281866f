"""Models as graphs, read from a framework's config without that framework; blocks by structure."""

from autograder.graphs.errors import GraphError
from autograder.graphs.graph import ModelGraph
from autograder.graphs.layer import Layer
from autograder.graphs.motifs import (
    InceptionBlock,
    ResidualBlock,
    inception_blocks,
    residual_blocks,
)
from autograder.graphs.near_misses import (
    NearMiss,
    Reason,
    near_inception_blocks,
    near_residual_blocks,
)

__all__ = [
    "GraphError",
    "InceptionBlock",
    "Layer",
    "ModelGraph",
    "NearMiss",
    "Reason",
    "ResidualBlock",
    "inception_blocks",
    "near_inception_blocks",
    "near_residual_blocks",
    "residual_blocks",
]
