"""Image files decoded once into one array on disk, which every process maps instead of decoding.

Mapping 2,000 + 2,000 images costs no memory of one's own, and several notebooks on one machine
share the pages.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from autograder.datasets.errors import DataError
from autograder.datasets.photos import decode, quiet, resize
from autograder.datasets.store import writing
from autograder.files import replacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGEST = 1024  # pixels a side
_AT_A_TIME = 64


def decoded(files: Sequence[Path], image_size: tuple[int, int], place: Path) -> NDArray[np.uint8]:
    """The images in `files`, (n, height, width, 3) uint8 RGB in 0..255, mapped read-only.

    image_size: (height, width). They are decoded into the folder `place` unless they lie there
    already, so `files` must be the same at every call. Raises DataError for a size that is none
    and where the folder cannot be written.
    """
    height, width = _checked(image_size)
    array = place / f"images-{height}x{width}.npy"
    if not array.is_file():
        if not os.access(place, os.W_OK):
            there = ", ".join(path.stem.removeprefix("images-") for path in place.glob("images-*"))
            raise DataError(
                f"{place}: expected images of {height}x{width}, found {there or 'none'}, and the "
                "folder is read-only; load a size that is there and use keras.layers.Resizing"
            )
        _decode_all(files, (height, width), array)
    found: NDArray[np.uint8] = np.load(array, mmap_mode="r")
    return found


def _checked(image_size: object) -> tuple[int, int]:
    if (
        isinstance(image_size, Sequence)
        and len(image_size) == 2
        and all(isinstance(side, int | np.integer) for side in image_size)
        and all(1 <= side <= _LARGEST for side in image_size)
    ):
        return int(image_size[0]), int(image_size[1])
    raise DataError(
        f"image_size: expected (height, width), two integers from 1 to {_LARGEST}, "
        f"found {image_size!r}"
    )


def _decode_all(files: Sequence[Path], size: tuple[int, int], array: Path) -> None:
    """Decode on all processors; Pillow lets others work meanwhile."""

    def one(path: Path) -> NDArray[np.uint8]:
        return resize(decode(path.read_bytes()), size)

    with writing(array.parent), replacing(array) as temporary:
        mapped = np.lib.format.open_memmap(
            temporary, mode="w+", dtype=np.uint8, shape=(len(files), *size, 3)
        )
        # a map of a full disk would end the process; this raises
        with temporary.open("r+b") as file:
            _allocate(file.fileno(), mapped.offset, mapped.nbytes)
        with quiet(), ThreadPoolExecutor() as pool:
            for first in range(0, len(files), _AT_A_TIME):
                part = list(pool.map(one, files[first : first + _AT_A_TIME]))
                mapped[first : first + len(part)] = part
        mapped.flush()
        del mapped


def _allocate(handle: int, offset: int, size: int) -> None:
    if size and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, offset, size)
