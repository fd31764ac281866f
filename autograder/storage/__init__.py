"""The room that runs take on the disk: how much, and what of it can go."""

from autograder.storage.pruning import Pruned, Removal, prune
from autograder.storage.sizes import HandInSize, Size, sizes

__all__ = ["HandInSize", "Pruned", "Removal", "Size", "prune", "sizes"]
