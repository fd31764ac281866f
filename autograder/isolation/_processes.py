"""Who descends from whom, read from /proc."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The living descendants of `pid` without itself, as far as /proc shows them."""
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent(entry)) is not None:
            children[parent].append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        born = children[waiting.pop()]
        found += born
        waiting += born
    return found


def _parent(process: Path) -> int | None:
    try:
        text = (process / "stat").read_text()
    except OSError:  # it ended meanwhile
        return None
    # the name, in parentheses, may hold anything; state and parent follow the last one
    state, parent = text.rpartition(")")[2].split()[:2]
    return None if state == "Z" else int(parent)
