"""What training data hold, so that the same data are known again in another session.

Pictures and labels are digested bit by bit. Features that a network has computed differ in their
last bits from run to run; of these, sums are compared, within a tolerance.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import NotDataError
from autograder.artifacts.classes import is_a
from autograder.artifacts.generators.sources import epoch_of, is_generator

Array = NDArray[Any]

VARIABLE = ("keras.src.backend.common.variables", "Variable")

MAX_ITEMS = 60_000
MAX_SECONDS = 60
LOOKED_AT_AGAIN = 64  # images; random flips alone leave as many unchanged once in 2^64 times

SUMS = 8
# TensorFlow's features and JAX' differ by 1e-8, those with one image in 1,000 changed by 1e-4.
TOLERANCE = 1e-6  # relative
COARSE_TOLERANCE = 1e-4  # of half precision
_ROWS = 1024  # at a time, so that no second copy of the features is made
_CHANNELS = 4  # arrays of at most so many are pictures

AT_RANDOM = "change at random"
TOO_MANY = f"are more than {MAX_ITEMS:,}"
TOO_SLOW = f"take over {MAX_SECONDS} s to read"


@dataclass(frozen=True)
class Contents:
    """What is known of data. sums: of computed features; they are the same where they are near.

    unseen: what hinders comparing the images, "change at random"; empty where nothing does.
    """

    digest: str
    sums: tuple[float, ...] = ()
    unseen: str = ""


def contents_of(data: Any, *others: Any, clock: Callable[[], float] = time.monotonic) -> Contents:
    """Of what model.fit takes as x, and y and weights (others) where x is not a generator.

    The order of a generator's batches does not matter; it is gone through once, and begun once
    more to see whether its images change at random. Raises NotDataError for what cannot be told
    again: a plain Python generator, one without end, objects that are not numbers.
    """
    if is_generator(data) or hasattr(type(data), "__next__"):
        return _of_batches(epoch_of(data), clock)
    found = hashlib.sha256()
    sums = _Sums()
    for number, array in enumerate(_arrays(data)):
        found.update(f"x{number} {_form(array)}".encode())
        if _is_computed(array):
            sums.add(array, _gains_by_place(len(array)))
        else:
            found.update(np.ascontiguousarray(array).data)
    for array in _arrays(others):
        found.update(_form(array).encode() + np.ascontiguousarray(array).tobytes())
    return Contents(found.hexdigest(), sums.told())


def near(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two `sums` are of the same features, their last bits aside.

    Each stands with its own tolerance behind it.
    """
    if len(one) != len(other):
        return False
    numbers, others = np.reshape(one, (-1, 2)), np.reshape(other, (-1, 2))
    return bool((abs(numbers[:, 0] - others[:, 0]) <= numbers[:, 1]).all())


@dataclass
class _Sums:
    """Weighted sums over all features of data, whatever their order."""

    weights: Array | None = None
    totals: Array = field(default_factory=lambda: np.zeros(SUMS))
    size: float = 0.0
    tolerance: float = TOLERANCE

    def add(self, features: Array, gains: Array) -> None:
        """features: (n, …), gains: (n, SUMS), what tells an item's label or place."""
        rows = features.reshape(len(features), -1)
        if self.weights is None or len(self.weights) != rows.shape[1]:
            self.weights = 2 * np.random.default_rng(0).random((rows.shape[1], SUMS))
        if features.dtype.itemsize < 4:
            self.tolerance = COARSE_TOLERANCE
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS].astype(np.float64)
            self.size += float(abs(part).sum())
            self.totals += (part @ self.weights * gains[start : start + _ROWS]).sum(axis=0)

    def told(self) -> tuple[float, ...]:
        """(number, tolerance) after (number, tolerance); empty where nothing was added."""
        if self.weights is None:
            return ()
        size = max(self.size, float(np.finfo(np.float64).tiny))
        numbers = [float(np.log(size)), *(self.totals / size).tolist()]
        return tuple(number for each in numbers for number in (each, self.tolerance))


@dataclass
class _Run:
    """One run through batches."""

    forms: set[str] = field(default_factory=set)
    count: int = 0
    exact: int = 0  # the sum of items' digests, which no order changes
    labels: int = 0
    seen: set[bytes] = field(default_factory=set)
    sums: _Sums = field(default_factory=_Sums)

    def add(self, images: Array, others: list[Array]) -> None:
        self.forms.add(" ".join(_form(array[:0]) for array in (images, *others)))
        labels = [_digest(arrays) for arrays in zip(*others, strict=True)] or [b""] * len(images)
        items = [_digest((image,)) + label for image, label in zip(images, labels, strict=True)]
        self.count += len(images)
        self.seen.update(items)
        self.labels += sum(_number(label) for label in labels)
        if _is_computed(images):
            gains = [np.frombuffer(_digest_of(label), np.uint8, SUMS) for label in labels]
            self.sums.add(images, 0.5 + np.array(gains) / 255)
        else:
            self.exact += sum(_number(_digest_of(item)) for item in items)


def _of_batches(epoch: Callable[[], Iterator[Any]], clock: Callable[[], float]) -> Contents:
    run, unseen = _Run(), ""
    end = clock() + MAX_SECONDS
    for batch in epoch():
        run.add(*_split(batch))
        if run.count > MAX_ITEMS or clock() > end:
            unseen = TOO_MANY if run.count > MAX_ITEMS else TOO_SLOW
            break
    if not unseen and _changes(epoch(), run.seen):
        unseen = AT_RANDOM
    told: list[Any] = [sorted(run.forms), unseen]
    if unseen in ("", AT_RANDOM):
        told += [run.count, run.labels % 2**256]
    if not unseen:
        told += [run.exact % 2**256]
    digest = hashlib.sha256(repr(told).encode()).hexdigest()
    return Contents(digest, () if unseen else run.sums.told(), unseen)


def _changes(batches: Iterator[Any], seen: set[bytes]) -> bool:
    """Whether the first images of another run are not among those of the run before."""
    again = _Run()
    for batch in batches:
        again.add(*_split(batch))
        if again.count >= LOOKED_AT_AGAIN:
            break
    return not again.seen <= seen


def _split(batch: Any) -> tuple[Array, list[Array]]:
    """The images of a batch, and its labels and weights."""
    images, *others = batch if isinstance(batch, tuple | list) else (batch,)
    first, *more = _arrays(images)
    return first, [*more, *_arrays(others)]


def _arrays(data: Any) -> list[Array]:
    """All arrays of nested tuples, lists and dicts. Raises NotDataError for what is no array."""
    if data is None:
        return []
    if isinstance(data, Mapping):
        return [array for name in sorted(data) for array in _arrays(data[name])]
    if isinstance(data, tuple | list):
        if data and np.isscalar(data[0]):
            return [_array(data)]
        return [array for part in data for array in _arrays(part)]
    return [_array(data)]


def _array(value: Any) -> Array:
    array = as_numpy(value)
    if array.dtype.kind not in "biufc" or not array.ndim:
        raise NotDataError(f"holds a {type(value).__name__}, not an array of numbers")
    return array


def as_numpy(value: Any) -> Array:
    """A variable of Keras, a tensor or an array; bfloat16, which NumPy lacks, as float32."""
    value = value.value if is_a(value, *VARIABLE) else value
    if is_a(value, "torch", "Tensor"):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def _is_computed(array: Array) -> bool:
    """Whether it holds rows of features, not pictures or a number for each item."""
    return array.dtype.kind == "f" and array.ndim > 1 and not _are_pictures(array.shape)


def _are_pictures(shape: tuple[int, ...]) -> bool:
    """(n, height, width, channels) or (n, channels, height, width); 2 × 2 × 512 are features."""
    return len(shape) == 4 and (shape[3] <= _CHANNELS or shape[1] <= _CHANNELS < shape[2])


def _gains_by_place(count: int) -> Array:
    return 0.5 + np.random.default_rng(1).random((count, SUMS))


def _form(array: Array) -> str:
    return f"{array.dtype.name} {array.shape} "


def _digest(arrays: tuple[Any, ...]) -> bytes:
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).data)
    return found.digest()


def _digest_of(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")
