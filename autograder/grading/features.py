"""Arrays that one grading computes and others can use: what a frozen base makes of hidden images.

    <evaluation>/.features/<SHA-256>.npy

The grading child finds them there (see autograder.artifacts.models.features), and sends what it had
to compute. They are a cache: any of them may be removed at any time.
"""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path

from autograder.files import write_atomic

MOST_MB = 256  # one array: 2,000 images at 150 px through VGG16 have 65 MB
MOST_MB_AT_ONCE = 512  # all that one grading sends; the rest is computed again
_MOST_BYTES_IN_ALL = 8 << 30
_KEY = re.compile(r"[0-9a-f]{64}")
_NPY = b"\x93NUMPY"
_ABANDONED_S = 3600.0  # a part that was being written when its process was killed


class FeatureFolder:
    """The arrays below `folder`. They come from grading children, which make scores as well."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, key: str, data: bytes) -> None:
        """Keep an array; what is none is passed over, and the oldest make room for it."""
        path = self._folder / f"{key}.npy"
        is_sound = _KEY.fullmatch(key) and data.startswith(_NPY) and len(data) <= MOST_MB << 20
        if not is_sound or path.exists():
            return
        with contextlib.suppress(OSError):  # a full disk makes grading slower, not impossible
            self._make_room(len(data))
            write_atomic(path, data)

    def _make_room(self, size: int) -> None:
        for written, _, path in self._listed(".*"):
            if time.time() - written > _ABANDONED_S:
                path.unlink(missing_ok=True)
        kept = self._listed("[!.]*")
        size += sum(each for _, each, _ in kept)
        for _, each, path in kept:
            if size > _MOST_BYTES_IN_ALL:
                path.unlink(missing_ok=True)
                size -= each

    def _listed(self, pattern: str) -> list[tuple[float, int, Path]]:
        """When files were written, their sizes in bytes and paths, the oldest first."""
        found = []
        for path in self._folder.glob(pattern):
            with contextlib.suppress(FileNotFoundError):  # another process does the same
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return sorted(found)
