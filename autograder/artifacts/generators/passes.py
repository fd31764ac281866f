"""One run through a data generator, as an epoch of training sees it.

Kept are a digest of each image and the first images of the first batch, so a pass over thousands of
images takes little memory.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.classes import is_a
from autograder.artifacts.errors import NotDataError

Array = NDArray[Any]

MAX_IMAGES = 60_000
MAX_BYTES = 8_000_000_000
MAX_SECONDS = 60
MAX_KEPT = 64  # images
MAX_KEPT_BYTES = 4_000_000  # a class hands in many generators
MAX_CLASSES = 1_000

DTYPES = frozenset(
    {"bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
    | {"float16", "float32", "float64"}
)
_WIDER = {"bfloat16": np.float32, "longdouble": np.float64, "float128": np.float64}

NOT_PAIRS = "gives {what} where batches of (images, labels) are expected"
NOT_IMAGES = (
    "gives arrays of shape {shape} where images of shape (batch, height, width, channels) "
    "are expected"
)
NO_CHANNELS = NOT_IMAGES + "; images[..., None] adds an axis of channels"
NOT_NUMBERS = "gives {what} of type {dtype}; they must be numbers"
NOT_FINITE = "gives images that hold NaN or infinite values"
UNEQUAL = (
    "gives images of shape {shape} {dtype} and of shape {other} {other_dtype}; make them alike"
)
LENGTHS = "gives a batch of {images} images and {labels} labels"
BAD_LABELS = "gives labels that are neither whole numbers (0, 1, …) nor one-hot rows"
MANY_CLASSES = f"has labels of more than {MAX_CLASSES:,} classes"
EMPTY = "gives no images"
TOO_MANY = (
    f"gives more than {MAX_IMAGES:,} images in one run; hand in fewer, and leave .repeat() away"
)
TOO_LARGE = f"gives more than {MAX_BYTES // 10**9} GB in one run; use smaller or fewer images"
TOO_SLOW = (
    f"takes more than {MAX_SECONDS} seconds for one run (stopped after {{images:,}} images); "
    "use smaller or fewer images"
)


@dataclass
class Pass:
    """What one run through a generator gave; the fields are as in BatchesData."""

    images: Array
    labels: Array
    batches: int = 0
    low: float = np.inf
    high: float = -np.inf
    label_counts: Counter[int] = field(default_factory=Counter)
    digests: list[str] = field(default_factory=list)
    bytes: int = 0

    def add(self, images: Array, labels: Array) -> None:
        """Counts a batch in. Raises NotDataError where it does not belong or is one too many."""
        self._check(images)
        self.batches += 1
        low, high = float(images.min()), float(images.max())  # a NaN among them is either
        if not np.isfinite([low, high]).all():
            raise NotDataError(NOT_FINITE)
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.label_counts.update(classes_of(labels).tolist())
        if len(self.label_counts) > MAX_CLASSES:
            raise NotDataError(MANY_CLASSES)
        self.digests += [digest(image) for image in images]

    def _check(self, images: Array) -> None:
        (shape, dtype), (other, its) = [(a.shape[1:], a.dtype) for a in (self.images, images)]
        if (shape, dtype) != (other, its):
            raise NotDataError(
                UNEQUAL.format(shape=shape, dtype=dtype, other=other, other_dtype=its)
            )
        self.bytes += images.nbytes
        if len(self.digests) + len(images) > MAX_IMAGES:
            raise NotDataError(TOO_MANY)
        if self.bytes > MAX_BYTES:
            raise NotDataError(TOO_LARGE)


def run_through(batches: Iterator[Any], clock: Callable[[], float] = time.monotonic) -> Pass:
    """Takes every batch once. Raises NotDataError that says what is the matter with one."""
    end = clock() + MAX_SECONDS
    found: Pass | None = None
    for batch in batches:
        images, labels = _pair(batch)
        if found is None:
            kept = max(1, min(MAX_KEPT, MAX_KEPT_BYTES // images[0].nbytes))
            found = Pass(images[:kept].copy(), labels[:kept].copy())
        found.add(images, labels)
        if clock() > end:
            raise NotDataError(TOO_SLOW.format(images=len(found.digests)))
    if found is None:
        raise NotDataError(EMPTY)
    return found


def digest(image: Array) -> str:
    """The SHA-256 of an image's dtype, shape and bytes, in hexadecimal."""
    found = hashlib.sha256(f"{image.dtype.name} {image.shape}\n".encode())
    found.update(np.ascontiguousarray(image).data)
    return found.hexdigest()


def classes_of(labels: Array) -> NDArray[np.int64]:
    """The class of each label: (n,) or (n, 1) whole numbers, or (n, classes) shares.

    Shares are one-hot rows, or what MixUp makes of them: the greatest decides. Raises NotDataError.
    """
    numbers = labels.astype(np.float64)
    if labels.ndim == 2 and labels.shape[1] > 1:
        sound = np.isfinite(numbers) & (abs(numbers - 0.5) <= 0.51)
        if not sound.all() or (abs(numbers.sum(axis=1) - 1) > 0.01).any():
            raise NotDataError(BAD_LABELS)
        return np.asarray(numbers.argmax(axis=1), np.int64)
    sound = np.isfinite(numbers) & (numbers == np.round(numbers)) & (abs(numbers) < 1e9)
    if not sound.all() or labels.shape not in ((len(labels),), (len(labels), 1)):
        raise NotDataError(BAD_LABELS)
    return numbers.reshape(-1).astype(np.int64)


def _pair(batch: Any) -> tuple[Array, Array]:
    """The images and labels of a batch; weights, which Keras takes third, are left out."""
    if not isinstance(batch, list | tuple) or len(batch) not in (2, 3):
        length = f" of {len(batch)}" if isinstance(batch, list | tuple) else ""
        raise NotDataError(NOT_PAIRS.format(what=f"a {type(batch).__name__[:40]}{length}"))
    images, labels = _numbers(batch[0], "images"), _numbers(batch[1], "labels")
    if images.ndim != 4 or not images.size:
        message = NO_CHANNELS if images.ndim == 3 else NOT_IMAGES
        raise NotDataError(message.format(shape=images.shape))
    if labels.ndim not in (1, 2) or len(labels) != len(images):
        count = len(labels) if labels.ndim else 1
        raise NotDataError(LENGTHS.format(images=len(images), labels=count))
    return images, labels


def _numbers(value: Any, what: str) -> Array:
    """An array or a framework's tensor as a NumPy array in native byte order."""
    if is_a(value, "torch", "Tensor"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    array = array.astype(_WIDER.get(array.dtype.name, array.dtype.newbyteorder("=")), copy=False)
    if array.dtype.name not in DTYPES:
        raise NotDataError(NOT_NUMBERS.format(what=what, dtype=array.dtype.name[:40]))
    return array
