"""What a frozen base that a whole class shares gives for the hidden images, computed once.

Many students put a head of their own on the same pre-trained base. What the base gives for given
images is the same in all of their models, so it is kept, and of the next model only the head is
run. Kept under a digest of all that it depends on: the base's layers, weights and the images as
they are fed.

The process that computes may not write where features are kept: it leaves new ones for whoever
started it, who takes them with `new_files` and stores each as <key>.npy in the folder that the
environment variable FOLDER_VARIABLE names.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.errors import NotDataError
from autograder.artifacts.models.model import ModelData
from autograder.artifacts.models.splitting import Path, split

FOLDER_VARIABLE = "AUTOGRADER_FEATURES"
MAX_BYTES = 192 << 20  # of one array; 1,000 images of 150 × 150 before VGG16's last block: 166 MB

_FORMAT = 1  # to be raised when the same key would stand for other numbers
_BATCH = 64
_FED_BYTES = 64 << 20  # of images as float32 at a time

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Fed:
    """Images, or features of them, and how they are fed to a model.

    images: (n, height, width, 3), uint8. scale: makes the float32 array of some of them that the
    model is given. key: tells them, scaled, from all others.
    """

    images: NDArray[Any]
    scale: Callable[[NDArray[Any]], Floats]
    key: str


def predict(model: ModelData, fed: Fed, published: Mapping[str, str]) -> Floats:
    """The model's outputs for the images, as one array; the same as model.predict gives.

    published: the digests of the weights that a base must have to be kept, such as those of
    autograder.datasets.vgg16_digests. Raises NotDataError.
    """
    is_kept = FOLDER_VARIABLE in os.environ and model.live is None
    parts = _parts(model, fed, frozenset(published.values())) if is_kept else None
    if parts is not None:
        with contextlib.suppress(NotDataError):  # better told of the whole model
            return _predict(parts.head, Fed(_features(parts, fed), lambda some: some, fed.key))
    return _predict(model, fed)


def new_files() -> Iterator[tuple[str, bytes]]:
    """The key and the .npy file of each array that was computed since the last call."""
    shelf = _shelf()
    while shelf:
        key, features = shelf.popitem()
        file = io.BytesIO()
        np.save(file, features, allow_pickle=False)
        yield key, file.getvalue()


@functools.cache
def _shelf() -> dict[str, Floats]:
    """What this process has computed and nobody has taken yet."""
    return {}


@dataclass(frozen=True, eq=False)
class _Parts:
    """A model in two. shape: of the features, the images' count included."""

    base: ModelData
    head: ModelData
    shape: tuple[int, ...]
    key: str


def _parts(model: ModelData, fed: Fed, published: frozenset[str]) -> _Parts | None:
    """The model cut behind its published weights; None where that cannot be, or is too much."""
    owned: dict[Path, list[str]] = {}
    for name in model.tensors:
        owned.setdefault(tuple(name.split("/")[:-1]), []).append(name)

    def wanted(path: Path) -> bool | None:
        names = owned.get(path)
        return None if names is None else published.issuperset(model.digests[n] for n in names)

    if published.isdisjoint(model.digests.values()):
        return None
    _, height, width, channels = fed.images.shape
    found = split(model.config, (height, width, channels), wanted)
    if found is None:
        return None
    shape = (len(fed.images), *found.shape)
    if not 0 < math.prod(shape) * np.float32().nbytes <= MAX_BYTES:
        return None
    base = {
        f"{number}/{name.rpartition('/')[2]}": name
        for number, path in found.paths.items()
        for name in owned.get(path, ())
    }
    behind = {name: model.tensors[name] for name in model.tensors if name not in base.values()}
    return _Parts(
        ModelData(found.base, {new: model.tensors[name] for new, name in base.items()}),
        ModelData(found.head, behind),
        shape,
        _key(found.base, {new: model.digests[name] for new, name in base.items()}, fed.key),
    )


def _key(base: Mapping[str, Any], digests: Mapping[str, str], images: str) -> str:
    told = json.dumps([_FORMAT, base, digests, images], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _features(parts: _Parts, fed: Fed) -> Floats:
    """What the base gives for the images: found, or computed and left to be taken."""
    found = _shelf().get(parts.key)
    if found is None:
        found = _read(FilePath(os.environ[FOLDER_VARIABLE]) / f"{parts.key}.npy", parts.shape)
    if found is None:
        found = _shelf()[parts.key] = _predict(parts.base, fed)
    return found


def _read(path: FilePath, shape: tuple[int, ...]) -> Floats | None:
    """The array of a file, mapped; None where there is none of this shape."""
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, EOFError, ValueError):
        return None
    is_sound = isinstance(found, np.ndarray) and (found.shape, found.dtype) == (shape, np.float32)
    return found if is_sound else None


def _predict(model: ModelData, fed: Fed) -> Floats:
    """Some images at a time, for as float32 they take four times the memory, and in another order.

    Hidden images lie class by class, so a model that mixes what stands in one batch could do well
    without seeing much in any image. The order depends on all of the model: none can be made for
    it, and the same model gets the same.
    """
    seed = hashlib.sha256(f"{model.identity}, {fed.key}".encode()).digest()
    order = np.random.default_rng(list(seed)).permutation(len(fed.images))
    step = max(_FED_BYTES // (4 * fed.images[0].size) // _BATCH, 1) * _BATCH
    parts = [
        model.predict(fed.scale(fed.images[order[start : start + step]]), _BATCH)
        for start in range(0, len(order), step)
    ]
    return np.concatenate(parts)[np.argsort(order)]
