"""Files that are never half-written."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path` to write into; it takes the place of `path` when all went well.

    A reader finds the old file or the new one, never a part; after a failure nothing is left. An
    OSError (a full disk, a folder that is read-only) names `path`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    os.close(handle)
    try:
        yield Path(name)
        with open(name, "r+b") as file:  # Windows syncs only what may be written
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        if isinstance(error, OSError) and error.errno and error.filename in (None, name):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader finds the old file or the new one, never a part."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def replace_folder(new: Path, old: Path) -> None:
    """Put the folder `new` in the place of `old`; a kill in between leaves `new` to be found."""
    shutil.rmtree(old, ignore_errors=True)
    old.parent.mkdir(parents=True, exist_ok=True)
    os.rename(new, old)


def sync(path: Path) -> None:
    """Have a file's content, or a folder's list of names, on the disk when this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems keep folders by themselves
            raise
    finally:
        os.close(handle)


def sync_below(folder: Path) -> None:
    """`sync` for all files and folders below `folder`, and for itself."""
    for place, _, files in os.walk(folder, topdown=False):
        for name in files:
            sync(Path(place, name))
        sync(Path(place))


def write_below(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, by their paths relative to `folder`, and make the folders in between.

    Raises ValueError for a path that leads out of it.
    """
    for name, data in files.items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(f"{name!r} leads out of the folder that it is written below")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
