"""Generators cross as what two epochs of them are; a forged document is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.artifacts import BatchesData
from autograder.snapshot import Budget, SnapshotError, load, save, write
from autograder.snapshot.batches import write_data
from autograder.snapshot.budget import Meter
from autograder.snapshot.kinds import KINDS
from autograder.snapshot.scribe import Scribe
from autograder.snapshot.snapshot import Snapshot

from .crossing import crossed, refused, same

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BUDGET = Budget(max_bytes=1_000_000, max_elements=100_000, max_depth=3, max_items=100)
IMAGES = np.random.default_rng(0).random((6, 2, 3, 1), dtype=np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])
SOURCES = tuple(f"train/Cat/{number}.jpg" for number in range(6))


def written(data: BatchesData) -> Snapshot:
    """What a generator that gave `data` is written down as."""
    scribe = Scribe(KINDS, Meter(Budget()))
    return Snapshot({"kind": "batches", **write_data(data, scribe)}, scribe.blobs)


def equal(one: BatchesData, other: BatchesData) -> bool:
    return all(same(value, vars(other)[name]) for name, value in vars(one).items())


@pytest.mark.filterwarnings("ignore")  # warnings on TensorFlow's import are not this project's
def test_generators_cross() -> None:
    """The grader gets what BatchesData.of gives; a generator that is none says why not."""
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    assert equal(crossed(dataset.batch(4), BUDGET), BatchesData.of(dataset.batch(4)))
    assert refused(dataset) == (
        "the value gives single images, not batches; end it with .batch(32)"
    )
    assert "leave .repeat() away" in refused(dataset.batch(4).repeat())
    assert "goes beyond the" in refused(dataset.batch(4), Budget(max_elements=20))


arrays = st.sampled_from(["uint8", "int64", "float16", "float32", "float64", "bool"]).flatmap(
    lambda dtype: st.tuples(
        st.integers(1, 70), st.integers(1, 3), st.just(2), st.integers(1, 3)
    ).map(lambda shape: np.random.default_rng(sum(shape)).integers(0, 200, shape).astype(dtype))
)


@settings(deadline=None, max_examples=50)
@given(
    images=arrays,
    classes=st.integers(1, 4),
    one_hot=st.booleans(),
    sources=st.none()
    | st.lists(st.text(st.characters(codec="utf-8"), max_size=9), min_size=70, max_size=70),
)
def test_batches_data_cross_unchanged(
    images: np.ndarray, classes: int, one_hot: bool, sources: list[str] | None
) -> None:
    """Bit by bit, whatever the dtype, the labels' form and the files' names."""
    numbers = np.arange(len(images)) % classes
    seen = BatchesData.of((images, np.eye(classes + 1)[numbers] if one_hot else numbers))
    names = (
        None if sources is None else ["".join(filter(str.isprintable, each)) for each in sources]
    )
    data = BatchesData(**{**vars(seen), "sources": names and tuple(names[: seen.count])})
    snapshot = written(data)
    assert equal(load(save(snapshot), BUDGET), data)


def test_equal_generators_make_equal_files() -> None:
    """So that what was read once need not be judged again."""
    data = BatchesData.of((IMAGES, LABELS))
    assert save(written(data)) == save(written(BatchesData.of((IMAGES.copy(), LABELS))))


def data(**changes: Any) -> BatchesData:
    found = vars(BatchesData.of((IMAGES, LABELS)))
    return BatchesData(**{**found, "sources": SOURCES, **changes})


def digests(*numbers: int) -> tuple[str, ...]:
    found = BatchesData.of((IMAGES, LABELS)).passes[0]
    return tuple(found[number] for number in numbers)


ALL = digests(*range(6))
forgeries: dict[str, tuple[Callable[[], BatchesData], str]] = {
    "digests of other images": (
        lambda: data(passes=(digests(1, 0, 2, 3, 4, 5), ALL)),
        "digests that are not those of the images",
    ),
    "fewer digests than images": (
        lambda: data(count=5, passes=(ALL[:5], ALL[:5])),
        "number of digests that does not fit",
    ),
    "too many digests": (
        lambda: data(count=60_001, passes=((ALL * 10_001)[:60_001],) * 2),
        "number of digests that does not fit",
    ),
    "flat images": (lambda: data(images=IMAGES[..., 0]), r"images of shape \(6, 2, 3\)"),
    "no images": (lambda: data(images=IMAGES[:0], labels=LABELS[:0]), r"images of shape \(0"),
    "complex images": (lambda: data(images=IMAGES.astype(complex)), "no real numbers"),
    "complex labels": (lambda: data(labels=LABELS.astype(complex)), "no real numbers"),
    "fewer labels": (lambda: data(labels=LABELS[:5]), "labels that do not fit the images"),
    "a single label": (lambda: data(labels=np.array(0)), "labels that do not fit the images"),
    "labels between": (lambda: data(labels=LABELS / 4), "labels: gives labels that are neither"),
    "huge labels": (lambda: data(labels=np.full((6, 2), 1e308)), "labels: gives labels that are"),
    "labels not counted": (lambda: data(labels=LABELS + 1), "labels that were not counted"),
    "counts of too few": (
        lambda: data(label_counts={0: 2, 1: 2, 2: 1}),
        "label counts that do not",
    ),
    "negative counts": (lambda: data(label_counts={0: 4, 1: 4, 2: -2}), "label counts that do not"),
    "counts that overflow": (
        lambda: data(label_counts=dict.fromkeys(range(4), 2**62) | {4: 6}),
        "label counts that do not",
    ),
    "counts out of order": (
        lambda: data(label_counts={1: 2, 0: 2, 2: 2}),
        "not one for each class in order",
    ),
    "no counts": (lambda: data(label_counts={}), "label counts"),
    "no batches": (lambda: data(batches=0), "number of batches"),
    "more batches than images": (lambda: data(batches=7), "number of batches"),
    "a greatest entry below the images'": (lambda: data(high=0.5), "least and greatest"),
    "fewer sources": (lambda: data(sources=SOURCES[:5]), "sources that are not one for each"),
    "a source that is long": (lambda: data(sources=(*SOURCES[:5], "x" * 201)), "no path"),
    "a source that cannot be shown": (lambda: data(sources=(*SOURCES[:5], "\x1b[2J")), "no path"),
}


@pytest.mark.parametrize("make, error", forgeries.values(), ids=forgeries.keys())
def test_forged_batches_are_refused(make: Callable[[], BatchesData], error: str) -> None:
    """Nothing that contradicts itself is read."""
    with pytest.raises(SnapshotError, match=error):
        load(save(written(make())), Budget())


def field_changed(name: str, value: object) -> dict[str, bytes]:
    files = save(written(data()))
    document = json.loads(files["value.json"])
    document[name] = value
    return {**files, "value.json": json.dumps(document).encode()}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("images", {"kind": "none"}, "something else in place of an array"),
        ("images", {"kind": "array", "blob": "9.npy"}, "does not exist"),
        ("passes", {"kind": "str", "value": "00"}, "something else in place of an array"),
        ("batches", 1.0, "batches: expected int, received float"),
        ("batches", True, "batches: expected int, received bool"),
        ("low", float("nan"), "NaN"),
        ("low", 0, "low: expected float, received int"),
        ("sources", {"kind": "int", "value": 1}, "sources that are not one"),
        ("more", 1, "expected the fields"),
    ],
)
def test_forged_fields_are_refused(name: str, value: object, error: str) -> None:
    """A document has exactly its fields, of exactly their types."""
    with pytest.raises(SnapshotError, match=error):
        load(field_changed(name, value), BUDGET)


def test_a_generator_is_known_by_its_type() -> None:
    """A list of batches crosses as a list, which the checks read as well."""
    pairs = [(IMAGES, LABELS)]
    assert same(crossed(pairs, BUDGET), pairs)
    assert write(iter(pairs), BUDGET).reason is not None
