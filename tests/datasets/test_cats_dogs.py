"""Cats and dogs, real ones from a small archive and drawn ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.datasets import DataError, cats_dogs, evaluation
from autograder.datasets.photos import decode, pixel_digest
from autograder.datasets.preparing import Recipe, prepare
from autograder.datasets.splits import Hidden
from autograder.datasets.store import Store
from tests.datasets.archives import cats_dogs_zip

Use = Callable[..., Recipe]


@pytest.fixture
def odd(tmp_path: Path, archive_for: Use, full: None) -> tuple[dict[str, bytes], dict[str, Any]]:
    """An archive with all oddities, prepared with four hidden images: its files, its manifest."""
    path = tmp_path / "pets.zip"
    files = cats_dogs_zip(
        path, 6, empty=True, undecodable=True, cmyk=True, gray=True, duplicate=True
    )
    recipe = archive_for(cats_dogs, path, hidden=4)
    return files, prepare(recipe, Store.from_environment(), Hidden(4, "tulip"))


def _digests(files: list[Path]) -> list[str]:
    return [pixel_digest(decode(path.read_bytes())) for path in files]


def test_images_labels_and_paths_belong_together(odd: object) -> None:
    """Shapes, types, order, and labels by folder."""
    images, labels = cats_dogs.load()
    paths = cats_dogs.paths()
    assert images.shape == (len(paths), 150, 150, 3)
    assert images.dtype == labels.dtype == np.uint8
    assert [cats_dogs.CLASS_NAMES[label] for label in labels] == [
        path.parent.name.lower() for path in paths
    ]
    assert labels.tolist() == sorted(labels)
    for image, path in zip(images, paths, strict=True):
        mean = np.asarray(decode(path.read_bytes())).mean()
        assert image.mean() == pytest.approx(mean, abs=3)


def test_what_cannot_be_decoded_is_left_out_and_told(odd: Any) -> None:
    """The empty file and the one that is no picture, each with the reason."""
    _, manifest = odd
    assert len(manifest["left out"]) == 2
    assert all(line.startswith("PetImages/Cat/") for line in manifest["left out"])
    names = {path.name for path in cats_dogs.folder().rglob("*.jpg")}
    assert "6.jpg" not in {p.name for p in (cats_dogs.folder() / "Cat").iterdir()}, names


def test_all_files_are_rgb(odd: object) -> None:
    """Also those that were CMYK or gray, for any decoder that students use."""
    from PIL import Image

    for place in (cats_dogs.folder(), Store.from_environment().evaluation("cats_dogs")):
        for path in place.rglob("*.jpg"):
            with Image.open(path) as image:
                assert image.mode == "RGB"


def test_other_files_are_the_originals(odd: Any) -> None:
    """Byte for byte."""
    files, _ = odd
    kept = [p for p in cats_dogs.paths() if p.parent.name == "Dog"]
    assert kept
    for path in kept:
        assert path.read_bytes() == files[f"PetImages/Dog/{path.name}"]


def test_hidden_images_are_balanced_and_not_among_the_students(odd: object) -> None:
    """By name and by pixels; the picture that is there twice is not hidden."""
    images, labels = evaluation.load("cats_dogs")
    assert images.shape == (4, 150, 150, 3)
    assert labels.tolist() == [0, 0, 1, 1]
    place = Store.from_environment().evaluation("cats_dogs")
    hidden = sorted(place.rglob("*.jpg"))
    assert not set(_digests(hidden)) & set(_digests(cats_dogs.paths()))
    assert "0.jpg" not in {path.name for path in hidden if path.parent.name == "Cat"}


def test_no_file_of_the_students_holds_a_hidden_image(odd: object) -> None:
    """Neither as a file nor as a row of an array."""
    hidden, _ = evaluation.load("cats_dogs")
    students, _ = cats_dogs.load()
    rows = {row.tobytes() for row in students}
    assert not any(row.tobytes() in rows for row in hidden)


def test_loader_without_a_secret_leaves_the_same_number_out(
    tmp_path: Path, archive_for: Use, full: None
) -> None:
    """A student who fetched the original archive gets a split too, but no hidden part."""
    path = tmp_path / "pets.zip"
    cats_dogs_zip(path, 6)
    archive_for(cats_dogs, path, hidden=4)
    assert len(cats_dogs.paths()) == 8
    with pytest.raises(DataError, match="only on the machine that grades"):
        evaluation.load("cats_dogs")


def test_archive_that_is_not_the_original_is_refused(
    tmp_path: Path, archive_for: Use, full: None
) -> None:
    """One byte more; nothing is prepared."""
    path = tmp_path / "pets.zip"
    cats_dogs_zip(path)
    archive_for(cats_dogs, path, hidden=2)
    with (tmp_path / "data/downloads/pets.zip").open("ab") as file:
        file.write(b"!")
    with pytest.raises(DataError, match=r"pets\.zip"):
        cats_dogs.load()
    assert not (tmp_path / "data/students").exists()


def test_archive_that_leads_elsewhere_is_refused(
    tmp_path: Path, archive_for: Use, full: None
) -> None:
    """An entry named ../slipped.txt."""
    path = tmp_path / "pets.zip"
    cats_dogs_zip(path, slip=True)
    archive_for(cats_dogs, path, hidden=2)
    with pytest.raises(DataError, match="slipped"):
        cats_dogs.load()
    assert not list(tmp_path.rglob("slipped.txt"))


def test_drawn_ones_come_in_the_same_form(few_drawn: None) -> None:
    """Without any archive, at 64 × 64, the same at every drawing."""
    images, labels = cats_dogs.load()
    assert images.shape == (12, 64, 64, 3)
    assert labels.tolist() == [0] * 6 + [1] * 6
    assert cats_dogs.image_size() == (64, 64)
    sizes = {decode(path.read_bytes()).size for path in cats_dogs.paths()}
    assert len(sizes) > 3


def test_drawn_hidden_images_depend_on_the_secret_alone(few_drawn: None, tmp_path: Path) -> None:
    """Who has the kit and not the secret cannot draw them; the students' images are the same."""
    found = []
    for number, secret in enumerate(("tulip", "tulip", "daisy")):
        store = Store(tmp_path / str(number))
        prepare(cats_dogs.RECIPE, store, Hidden(4, secret))
        parts = (store.students("cats_dogs"), store.evaluation("cats_dogs"))
        found.append([np.array(cats_dogs.read(part, (64, 64))[0]) for part in parts])
    np.testing.assert_array_equal(found[0][0], found[2][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert not np.array_equal(found[0][1], found[2][1])
    assert found[0][1].shape == (4, 64, 64, 3)


def test_other_sizes_can_be_loaded(few_drawn: None) -> None:
    """Decoded once and kept."""
    images, _ = cats_dogs.load((32, 48))
    assert images.shape == (12, 32, 48, 3)


def test_folder_suits_keras(few_drawn: None) -> None:
    """keras.utils.image_dataset_from_directory finds two classes and the same labels."""
    import keras

    dataset = keras.utils.image_dataset_from_directory(
        cats_dogs.folder(), image_size=(64, 64), batch_size=12, shuffle=False, verbose=False
    )
    assert dataset.class_names == ["Cat", "Dog"]
    ((images, labels),) = [(np.array(x), np.array(y)) for x, y in dataset]
    assert labels.tolist() == cats_dogs.load()[1].tolist()
    assert np.abs(images - cats_dogs.load()[0]).mean() < 4
