"""What a data generator gives, as data: its first batch, counts, and a digest of each image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class BatchesData:
    """What was seen on going through a generator twice.

    images: of the first batch, (batch, height, width, channels) as they came. labels: of the first
    batch, (batch,) or (batch, classes). count: images in one pass; batches: batches in it. dtype:
    of the images. low, high: least and greatest entry of a pass. label_counts: images by class in
    one pass. passes: for each of the two passes the SHA-256 of every image, in the order that they
    came. sources: the names of the files that the images come from, where the generator tells them.
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
        """Goes through a generator of (images, labels) batches twice. Raises NotDataError."""
        raise NotImplementedError
