"""Which of the frameworks a notebook uses, as far as its text tells."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable


def named_in(text: str, frameworks: Iterable[str]) -> frozenset[str]:
    """Those of `frameworks` that code in `text` imports, installed here or not."""
    return frozenset(
        name
        for name in frameworks
        if re.search(rf"\b(?:import|from)\b[^\n\"]*\b{re.escape(name)}\b", text)
    )


def imported_by(text: str, frameworks: Iterable[str]) -> frozenset[str]:
    """Those of `frameworks` that code in `text` imports and that are installed."""
    return frozenset(filter(is_installed, named_in(text, frameworks)))


def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module.split(".")[0]) is not None
