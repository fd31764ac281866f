"""Large pieces of answers, on disk once for all hand-ins of an assignment.

    runs/<assignment>/.objects/<2 digits>/<SHA-256>.<suffix>

Each is a hard link to a file of some run. So a run is whole without this folder, and what no run
holds any more can go. A piece gets here when it is complete and on the disk: no kill, and nobody
who writes at the same time, leaves half of one. Where the file system makes no hard links, each run
keeps a copy of its own.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

LEAST_BYTES = 4096  # a smaller piece takes one block on the disk, link or not
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS}


class Objects:
    """The pieces that the hand-ins of an assignment share, below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes, path: Path) -> None:
        """Make the new file `path` of a run hold `data`, sharing it with the other runs.

        name: as snapshot.blob_name gives it, which the caller has verified.
        """
        if len(data) < LEAST_BYTES:
            path.write_bytes(data)
            return
        shared = self._folder / name[:2] / name
        if link(shared, path):
            return
        _write_through(path, data)
        _share(path, shared)

    def sweep(self) -> None:
        """Remove what no run holds.

        Others may be writing: who has linked a piece keeps it, whether or not it stays here.
        """
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_nlink == 1:
                    path.unlink()


def _share(path: Path, shared: Path) -> None:
    """Have `shared` be a link to `path`.

    What is there already is somebody else's who was first, which does no harm, or a file that has
    all the links that its file system allows (65,000 on ext4): the runs to come share the new one.
    """
    shared.parent.mkdir(parents=True, exist_ok=True)
    staged = shared.with_name(f".{secrets.token_hex(4)}.{shared.name}")
    if link(path, staged):
        os.replace(staged, shared)


def link(source: Path, target: Path) -> bool:
    """Make `target` a hard link to `source`; False where there is no source or there are no links.

    Raises FileExistsError where there is a target.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno == errno.ENOENT or error.errno in _NO_LINKS:
            return False
        raise
    return True


def _write_through(path: Path, data: bytes) -> None:
    """Write a file that others will rely on: it survives a power cut, and is not to be edited."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o444)
