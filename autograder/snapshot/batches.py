"""Data generators: they cross as what two epochs of them are, see BatchesData."""

from __future__ import annotations

import math

import numpy as np

from autograder.artifacts import BatchesData, NotDataError
from autograder.artifacts.generators.passes import (
    DTYPES,
    MAX_CLASSES,
    MAX_IMAGES,
    MAX_KEPT,
    classes_of,
    digest,
)
from autograder.artifacts.generators.sources import MAX_SOURCE, is_generator
from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.npy import Array
from autograder.snapshot.outcome import RefusedError
from autograder.snapshot.reader import Reader
from autograder.snapshot.scribe import Scribe

DIGEST_BYTES = 32
SEPARATOR = "\n"  # which no source has in it, since all of them are printable


def _write_batches(value: object, scribe: Scribe) -> Document:
    try:
        data = BatchesData.of(value)
    except NotDataError as error:
        raise RefusedError(str(error)) from error
    return write_data(data, scribe)


def write_data(data: BatchesData, scribe: Scribe) -> Document:
    """The fields of a document; digests are packed into one array of bytes."""
    packed = bytes.fromhex("".join(data.passes[0] + data.passes[1]))
    passes = np.frombuffer(packed, np.uint8).reshape(2, data.count, DIGEST_BYTES)
    sources = None if data.sources is None else SEPARATOR.join(data.sources)
    return {
        "images": scribe.write(data.images, ".images"),
        "labels": scribe.write(data.labels, ".labels"),
        "label_counts": scribe.write(np.array(list(data.label_counts.items()), np.int64)),
        "passes": scribe.write(passes),
        "sources": scribe.write(sources),
        "batches": data.batches,
        "low": data.low,
        "high": data.high,
    }


def _read_batches(document: Document, reader: Reader) -> BatchesData:
    arrays = ("images", "labels", "label_counts", "passes")
    *documents, sources, batches, low, high = reader.fields(
        document, **dict.fromkeys((*arrays, "sources"), dict), batches=int, low=float, high=float
    )
    images, labels, counts, passes = (_read_array(each, reader) for each in documents)
    _check_images(images, labels, reader)
    count = _check_passes(passes, images, reader)
    _check_counts(counts, count, labels, reader)
    if not 1 <= batches <= count:
        reader.fail("a number of batches that does not fit the number of images")
    if not (math.isfinite(low) and math.isfinite(high) and _lie_within(images, low, high)):
        reader.fail("least and greatest entries that are not those of the images")
    return BatchesData(
        images=images,
        labels=labels,
        count=count,
        batches=batches,
        dtype=images.dtype.name,
        low=low,
        high=high,
        label_counts={int(label): int(number) for label, number in counts},
        passes=(_unpacked(passes[0]), _unpacked(passes[1])),
        sources=_read_sources(sources, count, reader),
    )


def _read_array(document: Document, reader: Reader) -> Array:
    found = reader.read(document)
    if not isinstance(found, np.ndarray):
        reader.fail("batches with something else in place of an array")
    return found


def _check_images(images: Array, labels: Array, reader: Reader) -> None:
    if {images.dtype.name, labels.dtype.name} - DTYPES:
        reader.fail("images or labels that are no real numbers")
    if images.ndim != 4 or not images.size or len(images) > MAX_KEPT:
        reader.fail(f"images of shape {images.shape}"[:100])
    if labels.ndim not in (1, 2) or len(labels) != len(images):
        reader.fail("labels that do not fit the images")


def _check_passes(passes: Array, images: Array, reader: Reader) -> int:
    """Returns how many images a pass has."""
    count = passes.shape[1] if passes.ndim == 3 else 0
    if passes.shape != (2, count, DIGEST_BYTES) or passes.dtype != np.uint8:
        reader.fail("digests of another form")
    if not len(images) <= count <= MAX_IMAGES:
        reader.fail("a number of digests that does not fit the images")
    if _unpacked(passes[0, : len(images)]) != tuple(map(digest, images)):
        reader.fail("digests that are not those of the images")
    return count


def _check_counts(counts: Array, count: int, labels: Array, reader: Reader) -> None:
    if counts.dtype != np.int64 or counts.shape != (len(counts), 2):
        reader.fail("label counts of another form")
    classes, numbers = counts.T
    if not 1 <= len(counts) <= MAX_CLASSES or (np.diff(classes) <= 0).any():
        reader.fail("label counts that are not one for each class in order")
    if numbers.min() < 1 or numbers.max() > count or numbers.sum() != count:
        reader.fail("label counts that do not fit the number of images")
    try:
        seen = classes_of(labels)
    except NotDataError as error:
        reader.fail(f"labels: {error}")
    if not np.isin(seen, classes).all():
        reader.fail("labels that were not counted")


def _lie_within(images: Array, low: float, high: float) -> bool:
    return low <= float(images.min()) and float(images.max()) <= high


def _read_sources(document: Document, count: int, reader: Reader) -> tuple[str, ...] | None:
    text = reader.read(document)
    if text is None:
        return None
    if type(text) is not str or text.count(SEPARATOR) != count - 1:
        reader.fail("sources that are not one for each image")
    sources = tuple(text.split(SEPARATOR))
    if not all(len(each) <= MAX_SOURCE and each.isprintable() for each in sources):
        reader.fail("a source that is no path")
    return sources


def _unpacked(digests: Array) -> tuple[str, ...]:
    return tuple(row.tobytes().hex() for row in digests)


BATCHES = Kind("batches", is_generator, _write_batches, _read_batches)
