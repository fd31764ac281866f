"""What a data generator gives, as data: its first batch, counts, and a digest of each image."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.errors import NotDataError
from autograder.artifacts.generators.passes import Pass, run_through
from autograder.artifacts.generators.sources import epoch_of, printable, sources_of

RAISED = "cannot be run through: {error}"
ONLY_ONCE = "gave images once and none the second time; it must give all of them in every epoch"
ANOTHER_COUNT = (
    "gave {first:,} images the first time and {second:,} the second; every epoch must have as many"
)


@dataclass(frozen=True, eq=False)
class BatchesData:
    """What was seen on going through a generator twice, as two epochs of training would.

    images: the first of the first batch, (n, height, width, channels) as they came: at most 64, of
    4 MB together. labels: theirs, (n,), (n, 1) or (n, classes). count: images in one pass; batches:
    batches in it. dtype: of the images. low, high: least and greatest entry. label_counts: images
    by class in one pass. passes: for each of the two passes the SHA-256 of every image, in the
    order that they came. sources: the files that the images come from, in the order in which the
    generator lists them, where it lists one for each image: the last parts of the path,
    "train/Cat/12.jpg".
    """

    images: NDArray[Any]
    labels: NDArray[Any]
    count: int
    batches: int
    dtype: str
    low: float
    high: float
    label_counts: Mapping[int, int]
    passes: tuple[tuple[str, ...], tuple[str, ...]]
    sources: tuple[str, ...] | None = None

    @classmethod
    def of(cls, generator: object) -> BatchesData:
        """Goes through a generator of (images, labels) batches twice. Raises NotDataError.

        A tf.data.Dataset, a keras.utils.PyDataset (ImageDataGenerator's iterators are such), a
        PyTorch DataLoader, a list of batches, or one pair of arrays; at most 60,000 images and 60
        seconds a pass. The global random states of Python, NumPy and PyTorch stay as they were.
        """
        try:
            with _unmoved_random_states():
                epoch = epoch_of(generator)
                first, second = run_through(epoch()), _second(epoch())
                return cls._put_together(first, second, sources_of(generator))
        except NotDataError:
            raise
        except (Exception, SystemExit) as error:
            raise NotDataError(RAISED.format(error=_told(error))) from error

    @classmethod
    def _put_together(
        cls, first: Pass, second: Pass, sources: tuple[str, ...] | None
    ) -> BatchesData:
        one, other = len(first.digests), len(second.digests)
        if one != other:
            raise NotDataError(ANOTHER_COUNT.format(first=one, second=other))
        return cls(
            images=first.images,
            labels=first.labels,
            count=one,
            batches=first.batches,
            dtype=first.images.dtype.name,
            low=min(first.low, second.low),
            high=max(first.high, second.high),
            label_counts=dict(sorted(first.label_counts.items())),
            passes=(tuple(first.digests), tuple(second.digests)),
            sources=sources if sources and len(sources) == one else None,
        )


def _second(batches: Iterator[Any]) -> Pass:
    try:
        first = next(batches)
    except StopIteration:
        raise NotDataError(ONLY_ONCE) from None
    return run_through(_with_first(first, batches))


def _with_first(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


@contextmanager
def _unmoved_random_states() -> Iterator[None]:
    """So that a notebook gives the same numbers whether its generators are looked at or not."""
    python, legacy = random.getstate(), np.random.get_state()
    torch = sys.modules.get("torch")
    ours = torch.get_rng_state() if torch else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
        if torch:
            torch.set_rng_state(ours)


def _told(error: BaseException) -> str:
    """The first line of what was raised; its own methods may raise as well."""
    name = type(error).__name__
    try:
        text = str(error).strip().partition("\n")[0]
    except Exception:
        text = ""
    return printable(f"{name}: {text}" if text else name)
