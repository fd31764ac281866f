"""Scratch folders outside the walls, and their removal whatever a task has done to them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from autograder.isolation import _owner


def make() -> str:
    return tempfile.mkdtemp(prefix=_owner.prefix())


def remove(path: str) -> None:
    """Remove a folder: nested deeper than Python can recurse, or made unreadable, all the same."""
    with contextlib.suppress(OSError):
        Path(path).rmdir()
    if not Path(path).exists():
        return
    for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        with contextlib.suppress(OSError):
            subprocess.run([*command, "--", path], stderr=subprocess.DEVNULL, check=False)
    if Path(path).exists():
        shutil.rmtree(path, ignore_errors=True)


def sweep() -> None:
    """Remove our folders whose owner was killed before it could."""
    for entry in Path(tempfile.gettempdir()).glob("autograder-*"):
        with contextlib.suppress(OSError):
            if _owner.is_orphan(entry.name) and entry.lstat().st_uid in (os.getuid(), _NOBODY):
                remove(str(entry))


_NOBODY = 65534  # whose the work directory of a task is that root has started
