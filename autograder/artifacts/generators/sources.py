"""Data generators of the frameworks, each as something that gives one epoch's batches at a time.

No framework is imported. Everything here runs in the student's process, where every method may be
the student's own and may raise whatever it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.artifacts.classes import is_a
from autograder.artifacts.errors import NotDataError

Epoch = Callable[[], Iterator[Any]]

DATASET = ("tensorflow.python.data.ops.dataset_ops", "DatasetV2")
PY_DATASET = ("keras.src.trainers.data_adapters.py_dataset_adapter", "PyDataset")
LOADER = ("torch.utils.data.dataloader", "DataLoader")

ONCE = (
    "is a plain Python generator or iterator, which can be run through only once; "
    "hand in a tf.data.Dataset or a keras.utils.PyDataset"
)
ENDLESS = "never ends; leave .repeat() away, so that one run through it is one epoch"
NOT_BATCHED = "gives single images, not batches; end it with .batch(32)"
NO_LABELS = "has images without labels; hand in (images, labels)"
UNKNOWN = (
    "is of type {name}, which is no data generator; hand in a tf.data.Dataset, "
    "a keras.utils.PyDataset or a list of (images, labels) batches"
)
MAX_SOURCE = 200  # characters
_SHOWN_PARTS = 3
_INFINITE = -1  # tf.data.INFINITE_CARDINALITY


def is_generator(value: object) -> bool:
    """Whether `value` is a framework's data generator, judged by its class alone."""
    return any(is_a(value, *known) for known in (DATASET, PY_DATASET, LOADER))


def epoch_of(value: Any) -> Epoch:
    """A function that starts one epoch and returns its batches. Raises NotDataError."""
    if is_a(value, *DATASET):
        return _dataset(value)
    if is_a(value, *PY_DATASET):
        return _py_dataset(value)
    if is_a(value, *LOADER):
        return lambda: iter(value)
    if type(value) in (list, tuple) and value:
        return _listed(value)
    if isinstance(value, np.ndarray):
        raise NotDataError(NO_LABELS)
    if hasattr(type(value), "__next__"):
        raise NotDataError(ONCE)
    raise NotDataError(UNKNOWN.format(name=printable(type(value).__name__)))


def sources_of(value: Any) -> tuple[str, ...] | None:
    """The files that a generator lists, "train/Cat/12.jpg" of each; None where it lists none."""
    if not is_generator(value):
        return None
    for name in ("file_paths", "filepaths", "filenames"):
        listed = getattr(value, name, None)
        if isinstance(listed, list | tuple) and listed:
            return tuple(_source(path) for path in listed)
    return None


def printable(text: str) -> str:
    """The text on one line, at most 200 characters, without any that cannot be shown."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_SOURCE])


def _dataset(dataset: Any) -> Epoch:
    if int(dataset.cardinality()) == _INFINITE:
        raise NotDataError(ENDLESS)
    if _gives_single_images(dataset.element_spec):
        raise NotDataError(NOT_BATCHED)
    return lambda: iter(dataset)


def _gives_single_images(spec: Any) -> bool:
    """Whether elements are (height, width, channels) images, each with its label."""
    if not isinstance(spec, tuple) or len(spec) < 2:
        return False
    images, labels = (getattr(part, "shape", None) for part in spec[:2])
    if images is None or labels is None or images.rank != 3:
        return False
    # (batch, height, width) images and (batch,) labels are a batch whose channels are missing.
    return bool(labels.rank == 0 or (labels.rank == 1 and images[0] != labels[0]))


def _py_dataset(dataset: Any) -> Epoch:
    def epoch() -> Iterator[Any]:
        count = dataset.num_batches
        if count is None:
            raise NotDataError(ENDLESS)
        dataset.on_epoch_begin()
        for index in range(count):
            yield dataset[index]
        dataset.on_epoch_end()

    return epoch


def _listed(value: Any) -> Epoch:
    """A list of batches, or one pair of arrays."""
    if len(value) in (2, 3) and type(value[0]) not in (list, tuple, dict):
        return lambda: iter([value])
    return lambda: iter(value)


def _source(path: object) -> str:
    parts = str(path).replace("\\", "/").split("/")
    return printable("/".join(parts[-_SHOWN_PARTS:]))
