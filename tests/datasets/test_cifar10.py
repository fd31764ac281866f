"""CIFAR-10, a real one in small and the drawn one."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from autograder.datasets import DataError, cifar10, evaluation
from autograder.datasets.preparing import Recipe, prepare
from autograder.datasets.splits import Hidden
from autograder.datasets.store import Store
from tests.datasets.archives import LABELS, cifar10_tar

Use = Callable[..., Recipe]


@pytest.fixture
def small_original(tmp_path: Path, archive_for: Use, full: None) -> None:
    """Batches of 20 in the original's format, 30 of the 100 training images hidden."""
    path = tmp_path / "cifar.tar.gz"
    cifar10_tar(path, 20)
    prepare(archive_for(cifar10, path, hidden=30), Store.from_environment(), Hidden(30, "tulip"))


def test_students_read_the_batches_themselves(small_original: None) -> None:
    """With pickle, as the data set's page says."""
    total = 0
    for name in cifar10.TRAINING_BATCHES:
        with (cifar10.folder() / name).open("rb") as file:
            batch = pickle.load(file, encoding="bytes")
        assert {b"data", b"labels", b"batch_label", b"filenames"} == batch.keys()
        assert batch[b"data"].shape == (len(batch[b"labels"]), 3072)
        assert batch[b"data"].dtype == np.uint8
        total += len(batch[b"labels"])
    assert total == 70
    with (cifar10.folder() / "batches.meta").open("rb") as file:
        assert pickle.load(file, encoding="bytes")[b"label_names"][3] == b"cat"


def test_arrays_are_the_batches(small_original: None) -> None:
    """Planes become channels, and the order stays."""
    (x_train, y_train), (x_test, y_test) = cifar10.load()
    assert x_train.shape == (70, 32, 32, 3)
    assert x_test.shape == (20, 32, 32, 3)
    assert x_train.dtype == y_train.dtype == np.uint8
    with (cifar10.folder() / "data_batch_1").open("rb") as file:
        batch = pickle.load(file, encoding="bytes")
    row = batch[b"data"][2]
    np.testing.assert_array_equal(x_train[2, 5, 7], [row[5 * 32 + 7 + 1024 * c] for c in range(3)])
    assert y_train[:3].tolist() == batch[b"labels"][:3]
    assert sorted(y_test.tolist()) == sorted(list(range(10)) * 2)


def test_class_names_come_from_the_archive(small_original: None) -> None:
    """In the order of the labels."""
    assert cifar10.class_names() == tuple(LABELS)


def test_hidden_images_are_balanced_and_not_among_the_students(small_original: None) -> None:
    """Neither in the training batches nor in the test batch."""
    images, labels = evaluation.load("cifar10")
    assert images.shape == (30, 32, 32, 3)
    assert np.bincount(labels).tolist() == [3] * 10
    (x_train, _), (x_test, _) = cifar10.load()
    known = {row.tobytes() for row in np.concatenate([x_train, x_test])}
    assert not any(row.tobytes() in known for row in images)


def test_pickle_bomb_does_not_go_off(
    tmp_path: Path, archive_for: Use, full: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even where the hash is the expected one."""
    path = tmp_path / "cifar.tar.gz"
    cifar10_tar(path, bomb=True)
    archive_for(cifar10, path, hidden=10)
    with pytest.raises(DataError, match=r"data_batch_3.*print"):
        cifar10.load()
    assert "boom" not in capsys.readouterr().out


def test_truncated_archive_is_refused(tmp_path: Path, archive_for: Use, full: None) -> None:
    """Half a file; nothing is prepared."""
    path = tmp_path / "cifar.tar.gz"
    cifar10_tar(path)
    path.write_bytes(path.read_bytes()[:2000])
    archive_for(cifar10, path, hidden=10)
    with pytest.raises(DataError, match=r"cifar\.tar\.gz"):
        cifar10.load()
    assert not (tmp_path / "data/students").exists()


def test_drawn_ones_come_in_the_same_form(few_drawn: None) -> None:
    """Ten classes, as many of each, in mixed order, with names."""
    (x_train, y_train), (x_test, y_test) = cifar10.load()
    assert x_train.shape == (100, 32, 32, 3)
    assert x_test.shape == (30, 32, 32, 3)
    assert np.bincount(y_train).tolist() == [10] * 10
    assert y_train.tolist() != sorted(y_train)
    assert len(set(cifar10.class_names())) == 10
    with (cifar10.folder() / "test_batch").open("rb") as file:
        assert pickle.load(file, encoding="latin1")["labels"] == y_test.tolist()


def test_drawn_hidden_images_depend_on_the_secret(few_drawn: None, tmp_path: Path) -> None:
    """And the students' images do not."""
    hidden, students = [], []
    for number, secret in enumerate(("tulip", "daisy")):
        store = Store(tmp_path / str(number))
        prepare(cifar10.RECIPE, store, Hidden(20, secret))
        hidden.append(cifar10.read(store.evaluation("cifar10"), "hidden")[0])
        students.append(cifar10.read(store.students("cifar10"), "train")[0])
    assert not np.array_equal(*hidden)
    np.testing.assert_array_equal(*students)


def test_unknown_evaluation_set_is_refused() -> None:
    """With the names of those there are."""
    with pytest.raises(DataError, match="expected cats_dogs or cifar10, found 'mnist'"):
        evaluation.load("mnist")
