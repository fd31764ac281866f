"""Image files decoded once into one array on disk, which every process maps instead of decoding.

Mapping 2,000 + 2,000 images costs no memory of one's own, and several notebooks on one machine
share the pages.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
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

MAX_MEMORY_BYTES = 512 << 20  # what `in_memory` decodes at most
# files, (height, width), the folder that may hold them decoded → (n, height, width, 3)
Decoder = Callable[[Sequence[Path], tuple[int, int], Path], "NDArray[np.uint8]"]
_LARGEST = 1024  # pixels a side
_AT_A_TIME = 64


def decoded(files: Sequence[Path], image_size: tuple[int, int], place: Path) -> NDArray[np.uint8]:
    """The images in `files`, (n, height, width, 3) uint8 RGB in 0..255, mapped read-only.

    image_size: (height, width). They are decoded into the folder `place` unless they lie there
    already, so `files` must be the same at every call. Raises DataError for a size that is none
    and where the folder cannot be written.
    """
    size = _checked(image_size)
    array = _place(size, place)
    if not array.is_file():
        if not os.access(place, os.W_OK):
            there = ", ".join(path.stem.removeprefix("images-") for path in place.glob("images-*"))
            raise DataError(
                f"{place}: expected images of {size[0]}x{size[1]}, found {there or 'none'}, and "
                "the folder is read-only; load a size that is there and use keras.layers.Resizing"
            )
        _keep(files, size, array)
    return mapped(array)


def mapped(array: Path) -> NDArray[np.uint8]:
    """A file's array, mapped read-only: an ndarray, since a np.memmap is no plain answer."""
    return np.asarray(np.load(array, mmap_mode="r"))


def in_memory(files: Sequence[Path], image_size: tuple[int, int], place: Path) -> NDArray[np.uint8]:
    """The same, but nothing is written: a size that does not lie in `place` is decoded into memory.

    Raises DataError for a size that is none or would take more than MAX_MEMORY_BYTES.
    """
    size = _checked(image_size)
    if _place(size, place).is_file():
        return decoded(files, size, place)
    shape = (len(files), *size, 3)
    if math.prod(shape) > MAX_MEMORY_BYTES:
        raise DataError(
            f"{place}: {len(files):,} images of {size[0]}x{size[1]} take more than "
            f"{MAX_MEMORY_BYTES >> 20} MB of memory; ask for smaller ones"
        )
    images = np.empty(shape, np.uint8)
    _decode(files, images)
    return images


def _place(size: tuple[int, int], place: Path) -> Path:
    return place / f"images-{size[0]}x{size[1]}.npy"


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


def _keep(files: Sequence[Path], size: tuple[int, int], array: Path) -> None:
    with writing(array.parent), replacing(array) as temporary:
        mapped = np.lib.format.open_memmap(
            temporary, mode="w+", dtype=np.uint8, shape=(len(files), *size, 3)
        )
        # a map of a full disk would end the process; this raises
        with temporary.open("r+b") as file:
            _allocate(file.fileno(), mapped.offset, mapped.nbytes)
        _decode(files, mapped)
        mapped.flush()
        del mapped


def _decode(files: Sequence[Path], images: NDArray[np.uint8]) -> None:
    """Fill (n, height, width, 3) on all processors; Pillow lets others work meanwhile."""
    height, width = images.shape[1:3]

    def one(path: Path) -> NDArray[np.uint8]:
        return resize(decode(path.read_bytes()), (height, width))

    with quiet(), ThreadPoolExecutor() as pool:
        for first in range(0, len(files), _AT_A_TIME):
            part = list(pool.map(one, files[first : first + _AT_A_TIME]))
            images[first : first + len(part)] = part


def _allocate(handle: int, offset: int, size: int) -> None:
    if size and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, offset, size)
