"""The lock files, read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
KIT = ROOT / "requirements.lock"
CUDA = ROOT / "containers" / "requirements-cuda.lock"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def pins(lock: Path) -> set[tuple[str, str]]:
    """The packages of a lock and their versions; of some there is one for each Python."""
    return set(pins_in(lock.read_text()))


def pins_in(text: str) -> Iterator[tuple[str, str]]:
    for found in _PIN.finditer(text):
        yield canonicalize_name(found[1]), found[2]
