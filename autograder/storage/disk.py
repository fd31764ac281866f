"""What files take on the disk. Runs share files by hard links, which count once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

Inode = tuple[int, int]
_BLOCK = 512  # what st_blocks counts in, whatever the file system


def below(path: Path) -> Iterator[os.stat_result]:
    """What the file system knows of `path` and, if it is a folder, of all below it.

    Links are not followed; what goes away meanwhile is passed over.
    """
    waiting = [os.fspath(path)]
    while waiting:
        place = waiting.pop()
        try:
            found = os.lstat(place)
            if stat.S_ISDIR(found.st_mode):
                waiting += [entry.path for entry in os.scandir(place)]
        except (FileNotFoundError, NotADirectoryError):
            continue
        yield found


def inode(found: os.stat_result) -> Inode:
    return found.st_dev, found.st_ino


def taken(found: os.stat_result) -> int:
    """Bytes on the disk."""
    return found.st_blocks * _BLOCK


def is_file(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode)


def is_shared(found: os.stat_result) -> bool:
    """Whether it is a file with several links."""
    return is_file(found) and found.st_nlink > 1


def megabytes(count: int) -> str:
    """Bytes in words, in units of 2**20."""
    return f"{count / 2**20:,.1f} MB"
