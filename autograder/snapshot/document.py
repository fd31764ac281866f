"""Documents as JSON text: canonical when written, and read with every bound checked first."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from autograder.snapshot.budget import Budget
from autograder.snapshot.outcome import SnapshotError

MAX_INT_DIGITS = 1_300  # 4,096 bits have 1,234
MAX_FLOAT_DIGITS = 40  # repr writes at most 24
LEVELS_PER_DEPTH = 2  # a list's document is an object that holds an array
TOKENS_PER_ITEM = 16  # strings, brackets and commas that one value's document has at most
# A string that is never closed reaches to the end, so that no byte is looked at twice.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)


def to_text(document: object) -> str:
    """Returns the one JSON text of a document: ASCII, without spaces, keys sorted."""
    return json.dumps(document, allow_nan=False, separators=(",", ":"), sort_keys=True)


def parse(data: bytes, budget: Budget) -> object:
    """Trusted side: returns the document in `data`, which may be anything at all.

    Raises:
        SnapshotError: It is too large, too deep, not ASCII, not JSON, or holds NaN, an infinity,
            a number that is too long or the same field twice.
    """
    if len(data) > budget.max_bytes:
        raise SnapshotError(f"{len(data):,} bytes, expected at most {budget.max_bytes:,}")
    _check_outline(data, budget)
    return loads(data)


def loads(data: bytes) -> object:
    """Trusted side: what JSON says, strictly; whoever calls has bounded its size and its outline.

    Raises:
        SnapshotError: As `parse`, but for the size and, mostly, the depth.
    """
    try:
        return json.loads(
            data.decode("ascii"),
            parse_int=_parse_int,
            parse_float=_parse_float,
            parse_constant=_refuse_constant,
            object_pairs_hook=_parse_object,
        )
    except RecursionError as error:
        raise SnapshotError("nested too deeply") from error
    except UnicodeDecodeError as error:
        raise SnapshotError(f"byte {error.start} is not ASCII") from error
    except json.JSONDecodeError as error:
        raise SnapshotError(f"not JSON: {error.msg} at character {error.pos}") from error


def _check_outline(data: bytes, budget: Budget) -> None:
    """Counts brackets, commas and strings, so that no more is parsed than a value may hold."""
    max_level = LEVELS_PER_DEPTH * (budget.max_depth + 2)
    max_tokens = TOKENS_PER_ITEM * (budget.max_items + 1)
    level = 0
    for count, token in enumerate(_TOKENS.finditer(data)):
        character = data[token.start()]
        level += (character in b"[{") - (character in b"]}")
        if level > max_level:
            raise SnapshotError(f"nested more than {max_level} levels deep")
        if count >= max_tokens:
            raise SnapshotError(f"more than {max_tokens:,} strings, brackets and commas")


def _parse_int(text: str) -> int:
    if len(text) > MAX_INT_DIGITS:
        raise SnapshotError(f"a number of {len(text):,} digits")
    return int(text)


def _parse_float(text: str) -> float:
    value = float(text) if len(text) <= MAX_FLOAT_DIGITS else math.inf
    if not math.isfinite(value):
        raise SnapshotError("a number that is too long or too large")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise SnapshotError(f"{name} is not a number that can cross")


def _parse_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise SnapshotError("an object with the same field twice")
    return fields
