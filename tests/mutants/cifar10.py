"""Changed solutions of cifar10.ipynb."""

from __future__ import annotations

from .cifar10_blocks import MUTANTS as BLOCKS
from .cifar10_images import MUTANTS as IMAGES
from .cifar10_networks import MUTANTS as NETWORKS
from .cifar10_tables import MUTANTS as TABLES
from .cifar10_variants import VARIANTS

MUTANTS = (*IMAGES, *NETWORKS, *BLOCKS, *TABLES)

__all__ = ["MUTANTS", "VARIANTS"]
