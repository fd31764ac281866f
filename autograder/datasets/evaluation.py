"""The hidden images. They lie only where hand-ins are graded, and only tests find them there.

A student's notebook is run where this folder cannot be seen; on a student's own machine there is
none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.datasets import cats_dogs, cifar10
from autograder.datasets.errors import DataError
from autograder.datasets.images import in_memory
from autograder.datasets.store import Store, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NAMES = ("cats_dogs", "cifar10")


def load(
    name: str, image_size: tuple[int, int] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The hidden images of a data set and their labels, as many of each class.

    name: "cats_dogs" or "cifar10". image_size: (height, width) of cats and dogs; one that was not
    decoded beforehand is decoded into memory, for the folder is not to be written to. Returns uint8
    arrays of the shapes (n, height, width, 3), RGB in 0..255, and (n,).
    Raises DataError where there are none, or they would take too much memory.
    """
    place, _ = _prepared(name)
    if name == "cifar10":
        return cifar10.read(place, "hidden")
    return cats_dogs.read(place, image_size or cats_dogs.image_size(), in_memory)


def key(name: str) -> str:
    """What tells these hidden images from others of that name. Raises DataError as `load`."""
    _, manifest = _prepared(name)
    return f"{name} {manifest['version']} {manifest['key']}"


def _prepared(name: str) -> tuple[Path, dict[str, Any]]:
    if name not in NAMES:
        raise DataError(f"evaluation images: expected {' or '.join(NAMES)}, found {name!r}")
    place = Store.from_environment().evaluation(name)
    manifest = read_manifest(place)
    if manifest is None:
        raise DataError(
            f"{place}: the evaluation images are only on the machine that grades, after "
            "`autograder data prepare`"
        )
    return place, manifest
