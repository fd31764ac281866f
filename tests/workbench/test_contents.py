"""What data hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.artifacts import NotDataError
from autograder.artifacts.generators import sources
from autograder.workbench import contents
from autograder.workbench.contents import AT_RANDOM, TOO_MANY, TOO_SLOW, contents_of, near
from tests.workbench.small import pictures


class Batches:
    """A PyDataset as far as digests go: batches in another order each time."""

    def __init__(self, images: Any, labels: Any, noise: float = 0) -> None:
        self.images, self.labels, self.noise = images, labels, noise
        self.rng = np.random.default_rng(0)

    @property
    def num_batches(self) -> int:
        return len(self.images) // 8

    def on_epoch_begin(self) -> None:
        order = self.rng.permutation(len(self.images))
        self.images, self.labels = self.images[order], self.labels[order]

    def on_epoch_end(self) -> None: ...

    def __getitem__(self, index: int) -> Any:
        part = slice(8 * index, 8 * index + 8)
        images = self.images[part]
        changed = images + self.noise * self.rng.random(images.shape).astype(images.dtype)
        return changed, self.labels[part]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no framework is needed."""
    monkeypatch.setattr(sources, "PY_DATASET", (__name__, "Batches"))


def features(count: int = 1000, seed: int = 0) -> Any:
    """What a convolution base might give: (count, 2, 2, 128), about half of it 0."""
    rng = np.random.default_rng(seed)
    return np.maximum(rng.normal(0, 1, (count, 2, 2, 128)), 0).astype(np.float32)


def _is_same(one: contents.Contents, other: contents.Contents) -> bool:
    return one.digest == other.digest and near(one.sums, other.sums)


def test_order_of_batches_does_not_matter() -> None:
    """A generator that shuffles is the same each time."""
    images, labels = pictures()
    found = contents_of(Batches(images, labels))
    assert found == contents_of(Batches(images[::-1], labels[::-1]))
    assert not found.unseen and not found.sums


def test_each_image_and_label_counts() -> None:
    """A pixel, an image that is twice there, two labels that changed places."""
    images, labels = pictures()
    pixel, twice, swapped = images.copy(), images.copy(), labels.copy()
    pixel[5, 1, 1, 1] += np.float32(1e-6)
    twice[3] = twice[5]
    swapped[[0, 1]] = labels[[1, 0]]
    data = [(images, labels), (pixel, labels), (twice, labels), (images, swapped)]
    assert len({contents_of(Batches(*each)).digest for each in data}) == 4
    assert len({contents_of(*each).digest for each in data}) == 4


def test_order_of_arrays_counts() -> None:
    """Without shuffling, training goes through them as they lie."""
    images, labels = pictures()
    assert contents_of(images, labels) != contents_of(images[::-1], labels[::-1])


def test_images_that_change_at_random_are_told() -> None:
    """Then their number and labels count, not they."""
    images, labels = pictures()
    found = contents_of(Batches(images, labels, noise=0.1))
    assert found.unseen == AT_RANDOM
    assert found == contents_of(Batches(images[::-1], labels[::-1], noise=0.2))
    assert found != contents_of(Batches(images[:16], labels[:16], noise=0.1))
    assert found != contents_of(Batches(images, 0 * labels, noise=0.1))


@pytest.mark.parametrize("bits", ["float32", "float16"])
def test_computed_features_are_known_by_all_but_their_last_bits(bits: str) -> None:
    """As a network on another day computes them; as arrays, and as batches in any order."""
    labels = np.arange(1000) % 2
    first = features().astype(bits)
    step = np.float64(np.finfo(bits).eps)
    rng = np.random.default_rng(5)
    again = (first * (1 + step * rng.uniform(-1, 1, first.shape))).astype(bits)
    assert not np.array_equal(first, again)
    assert _is_same(contents_of(first, labels), contents_of(again, labels))
    order = rng.permutation(1000)
    shuffled = contents_of(Batches(again[order], labels[order]))
    assert shuffled.digest == contents_of(Batches(first, labels)).digest
    assert near(shuffled.sums, contents_of(Batches(first, labels)).sums)


@pytest.mark.parametrize("make", [contents_of, lambda *data: contents_of(Batches(*data))])
def test_other_features_are_noticed(make: Any) -> None:
    """One image in a thousand, two that changed places or labels, another network."""
    labels = np.arange(1000) % 2
    first = features()
    one, swapped = first.copy(), labels.copy()
    one[7] = features(8, seed=9)[7]
    swapped[[0, 1]] = labels[[1, 0]]
    for images, its in ((one, labels), (first, swapped), (features(seed=3), labels)):
        assert not _is_same(make(first, labels), make(images, its))


def test_features_of_another_number_are_not_near() -> None:
    """Sums are compared one by one."""
    assert near((), ()) and near((1.0, 1e-6), (1.0000005, 1e-6))
    assert not near((1.0, 1e-6), (1.1, 1e-6)) and not near((1.0, 1e-6), ())


def test_what_takes_too_long_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many images, or a slow generator."""
    images, labels = pictures()
    times: Iterator[float] = iter(range(0, 1000, 50))
    assert contents_of(Batches(images, labels), clock=lambda: next(times)).unseen == TOO_SLOW
    monkeypatch.setattr(contents, "MAX_ITEMS", 10)
    assert contents_of(Batches(images, labels)).unseen == TOO_MANY


def test_named_inputs_count_by_their_names() -> None:
    """As models with several inputs take them."""
    one, other = pictures(seed=0)[0], pictures(seed=1)[0]
    assert contents_of({"a": one, "b": other}) == contents_of({"b": other, "a": one})
    assert contents_of({"a": one, "b": other}) != contents_of({"a": other, "b": one})


@pytest.mark.parametrize("data", [iter([1]), np.array([object()]), object(), "text", 3])
def test_what_cannot_be_told_again_is_refused(data: Any) -> None:
    """An iterator, things that are no numbers."""
    with pytest.raises(NotDataError):
        contents_of(data)
