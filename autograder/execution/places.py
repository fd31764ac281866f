"""Folders that are written beside their place and put there whole, by several at once and killed.

    <name>                        the place: a whole folder, or nothing
    .<name>.<random>.writing      being written, or whole and not yet in its place
    .<name>.<inode>.replaced      was in the place; emptied but for a marker once it is replaced
    .<name>.<random>.rubbish      being removed

Only `rename` decides, which is one step for everybody on every file system, shared ones too: no
locks. It puts no folder where there is another, so the first to arrive wins. What is in the way is
renamed first, to a name with its own inode: whoever has the same in view and comes late finds that
name taken, and does not move the newer one away by mistake.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.files import sync

_MARKER = "replaced"
_BESIDE = re.compile(r"\.(?P<name>.+)\.[^.]+\.(?P<kind>writing|replaced|rubbish)")
_TAKEN = {errno.ENOTEMPTY, errno.EEXIST}
_MOST_TRIES = 100  # each fails only because somebody else got on


def new_folder(place: Path) -> Path:
    """An empty folder beside `place`, to be filled and then `put` there or discarded."""
    place.parent.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}.", suffix=".writing")
    os.chmod(folder, 0o755)
    return Path(folder)


def put(folder: Path, place: Path, will_do: Callable[[Path], bool], whole: str) -> None:
    """Have `folder` in `place`, or what somebody else put there before, if that `will_do`.

    whole: the file without which a folder is not whole. `folder` may be left over. Somebody else
    may have put `folder` itself in its place. Raises OSError where the place cannot be had.
    """
    in_the_way: list[Path] = []
    for _ in range(_MOST_TRIES):
        if _moved(folder, place) or will_do(place):
            break
        if not folder.exists():
            raise FileNotFoundError(errno.ENOENT, "it was removed while it was written", folder)
        in_the_way += _set_aside(place, will_do)
    else:
        raise OSError(errno.EBUSY, "others kept putting something else there", place)
    for path in in_the_way:
        _empty(path, whole)


def left_beside(place: Path) -> Iterator[Path]:
    """The folders that were to be in `place`, or were, and that may be whole."""
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(place.parent.iterdir()):
            found = _BESIDE.fullmatch(path.name)
            if found and found["name"] == place.name and found["kind"] != "rubbish":
                yield path


def discard(folder: Path) -> None:
    """Remove a folder that is not in its place; from the first step on nobody takes it for one."""
    rubbish = folder.with_suffix(".rubbish")
    with contextlib.suppress(OSError):  # there is none, or a kill has left such rubbish before
        os.rename(folder, rubbish)
    shutil.rmtree(rubbish, ignore_errors=True)


def sweep_abandoned(folder: Path, older_than_s: float) -> None:
    """Remove what processes that are no more have left beside the places `folder`/*/*.

    older_than_s: longer than anything may be written for. What is younger may belong to a process
    that lives, here or on another machine.
    """
    latest = time.time() - older_than_s
    for path in folder.glob("*/.*"):
        with contextlib.suppress(FileNotFoundError):
            if _BESIDE.fullmatch(path.name) and path.stat().st_mtime < latest:
                discard(path)


def _moved(folder: Path, place: Path) -> bool:
    """Rename `folder` to `place`; False where there is a folder already, or `folder` is gone."""
    try:
        os.rename(folder, place)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    sync(place.parent)
    return True


def _set_aside(place: Path, will_do: Callable[[Path], bool]) -> list[Path]:
    """Move what is in `place` and will not do out of the way; where it is then, if we moved it."""
    try:
        inode = place.stat().st_ino
        if will_do(place):  # what has come into the place since has another inode
            return []
        aside = place.with_name(f".{place.name}.{inode}.replaced")
        os.rename(place, aside)
        os.utime(aside)  # its age, for a sweep, begins here
    except FileNotFoundError:
        return []
    except OSError as error:
        if error.errno in _TAKEN:
            return []
        raise
    return [aside]


def _empty(aside: Path, whole: str) -> None:
    """Remove what was replaced, but leave the folder: its name, and so its inode, stays taken."""
    with contextlib.suppress(FileNotFoundError):
        (aside / _MARKER).touch()
        (aside / whole).unlink(missing_ok=True)
        for path in aside.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != _MARKER:
                path.unlink()
