"""The table of all that can cross. A new kind is a module of its own and a line here."""

from __future__ import annotations

from autograder.snapshot import (
    arrays,
    batches,
    containers,
    figures,
    histories,
    models,
    tables,
    tensors,
    values,
)
from autograder.snapshot.kind import Kind

KINDS: tuple[Kind, ...] = (
    values.NONE,
    values.ELLIPSIS,
    values.BOOL,
    values.INT,
    values.FLOAT,
    values.COMPLEX,
    values.STR,
    figures.FIGURE,  # before lists and arrays, which may be a figure's axes
    tables.TABLE,
    tables.TABLE_ROW,
    containers.LIST,
    containers.TUPLE,
    containers.DICT,
    containers.SET,
    containers.FROZENSET,
    arrays.ARRAY,
    arrays.NUMPY_SCALAR,
    tensors.TENSOR,
    models.MODEL,
    histories.HISTORY,
    batches.BATCHES,
)
