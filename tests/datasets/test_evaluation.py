"""The hidden images, as tests read them from a folder that nothing is written to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.datasets import DataError, cats_dogs, cifar10, evaluation, images
from autograder.datasets.photos import decode, resize
from autograder.datasets.preparing import prepare
from autograder.datasets.splits import Hidden
from autograder.datasets.store import Store


@pytest.fixture
def prepared(few_drawn: None) -> Path:
    """The hidden folder of cats and dogs."""
    store = Store.from_environment()
    prepare(cats_dogs.RECIPE, store, Hidden(8, "secret"))
    return store.evaluation("cats_dogs")


def test_the_prepared_size_is_mapped(prepared: Path) -> None:
    """It costs no memory."""
    found, labels = evaluation.load("cats_dogs")
    assert type(found) is np.ndarray
    assert isinstance(found.base, np.memmap)
    assert found.shape == (8, 64, 64, 3)
    assert labels.tolist() == [0] * 4 + [1] * 4


def test_another_size_is_decoded_without_writing(prepared: Path) -> None:
    """From the files, as the prepared one was; the folder stays as it is."""
    before = sorted(prepared.rglob("*"))
    found, labels = evaluation.load("cats_dogs", (40, 50))
    assert sorted(prepared.rglob("*")) == before
    assert found.shape == (8, 40, 50, 3)
    assert found.dtype == np.uint8
    assert labels.tolist() == [0] * 4 + [1] * 4
    first = sorted((prepared / "PetImages/Cat").iterdir())[0]
    np.testing.assert_array_equal(found[0], resize(decode(first.read_bytes()), (40, 50)))


def test_a_size_that_takes_too_much_memory_is_refused(
    prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is decoded."""
    monkeypatch.setattr(images, "MAX_MEMORY_BYTES", 8 * 40 * 40 * 3)
    assert evaluation.load("cats_dogs", (40, 40))[0].shape == (8, 40, 40, 3)
    monkeypatch.setattr(images, "_decode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(DataError, match="8 images of 40x41 take more than"):
        evaluation.load("cats_dogs", (40, 41))


@pytest.mark.parametrize("size", [(0, 5), (5,), (5, 5000)])
def test_a_size_that_is_none_is_told(prepared: Path, size: tuple[int, int]) -> None:
    """With what was expected."""
    with pytest.raises(DataError, match="two integers from 1 to 1024"):
        evaluation.load("cats_dogs", size)


def test_the_key_tells_hidden_parts_apart(few_drawn: None, tmp_path: Path) -> None:
    """Another secret, another number or another data set: another key. It tells no secret."""
    keys = set()
    for number, hidden in enumerate((Hidden(8, "a"), Hidden(8, "b"), Hidden(4, "a"))):
        store = Store(tmp_path / str(number))
        prepare(cats_dogs.RECIPE, store, hidden)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AUTOGRADER_DATA", str(store.root))
            keys.add(evaluation.key("cats_dogs"))
    store = Store.from_environment()
    prepare(cifar10.RECIPE, store, Hidden(10, "a"))
    keys.add(evaluation.key("cifar10"))
    assert len(keys) == 4


def test_without_hidden_images_it_says_where_they_are(tmp_path: Path) -> None:
    """On a student's machine."""
    for ask in (evaluation.load, evaluation.key):
        with pytest.raises(DataError, match="only on the machine that grades"):
            ask("cifar10")
        with pytest.raises(DataError, match="expected cats_dogs or cifar10, found 'mnist'"):
            ask("mnist")
