"""Drawn stand-ins for the photographs: heads of cats and dogs, and ten shapes and textures."""

from autograder.datasets.synthetic.heads import draw_head
from autograder.datasets.synthetic.shapes import SHAPE_NAMES, draw_shape

__all__ = ["SHAPE_NAMES", "draw_head", "draw_shape"]
