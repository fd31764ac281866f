"""Changed solutions of cats_and_dogs.ipynb."""

from __future__ import annotations

from .cases import Case

MUTANTS: tuple[Case, ...] = ()
VARIANTS: tuple[Case, ...] = ()
