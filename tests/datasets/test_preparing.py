"""From an archive to prepared folders: whole or not there."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from autograder.datasets import DataError
from autograder.datasets.download import Remote
from autograder.datasets.preparing import Recipe, Stage, prepare, prepared, students_folder, verify
from autograder.datasets.splits import Hidden
from autograder.datasets.store import Store

SECRET = Hidden(4, "tulip")


@dataclass
class Baker:
    """Fills a stage with two small files, and counts how often it was asked to."""

    stages: list[Stage] = field(default_factory=list)

    def fill(self, stage: Stage) -> dict[str, Any]:
        self.stages.append(stage)
        (stage.students / "open.txt").write_text("for all")
        (stage.evaluation / "hidden.txt").write_text(f"{stage.hidden.images} hidden")
        return {"images": {"all": 10}}


@pytest.fixture
def baker() -> Baker:
    return Baker()


@pytest.fixture
def recipe(baker: Baker) -> Recipe:
    remote = Remote("cake.zip", "http://127.0.0.1:1/cake.zip", None, "sha256:00")
    return Recipe("cake", 1, remote, baker.fill, evaluation_images=4, smallest_share=2)


def test_both_parts_are_made(recipe: Recipe, tmp_path: Path) -> None:
    """Each in its tree, with a manifest of its own files."""
    store = Store(tmp_path)
    manifest = prepare(recipe, store, SECRET)
    assert manifest["images"] == {"all": 10}
    assert [*manifest["files"]] == ["open.txt"]
    assert (store.students("cake") / "open.txt").read_text() == "for all"
    assert (store.evaluation("cake") / "hidden.txt").read_text() == "4 hidden"
    assert not list(tmp_path.glob(".preparing*"))


@pytest.mark.parametrize(("profile", "hidden"), [("small", 0), ("full", 4)])
def test_without_a_secret_no_hidden_part_is_left(
    recipe: Recipe, baker: Baker, tmp_path: Path, profile: str, hidden: int
) -> None:
    """A student's machine: real images are taken out all the same, stand-ins are not drawn."""
    store = Store(tmp_path, profile)
    students_folder(recipe, store)
    assert baker.stages[0].hidden == Hidden(hidden, "")
    assert not store.evaluation("cake").exists()
    assert not (tmp_path / "evaluation").exists()


def test_what_is_there_stays(recipe: Recipe, baker: Baker, tmp_path: Path) -> None:
    """Asking again makes nothing."""
    for _ in range(3):
        prepare(recipe, Store(tmp_path), SECRET)
        students_folder(recipe, Store(tmp_path))
    assert len(baker.stages) == 1


@pytest.mark.parametrize("other", [Hidden(2, "tulip"), Hidden(4, "daisy")])
def test_another_hidden_part_is_made_anew(
    recipe: Recipe, baker: Baker, tmp_path: Path, other: Hidden
) -> None:
    """Its size or the secret has changed."""
    store = Store(tmp_path)
    prepare(recipe, store, SECRET)
    assert prepared(recipe, store, other) is None
    prepare(recipe, store, other)
    assert prepared(recipe, store, other) is not None
    assert (store.evaluation("cake") / "hidden.txt").read_text() == f"{other.images} hidden"


def test_newer_version_is_made_anew(recipe: Recipe, baker: Baker, tmp_path: Path) -> None:
    """Also by a student's loader."""
    students_folder(recipe, Store(tmp_path))
    students_folder(replace(recipe, version=2), Store(tmp_path))
    assert len(baker.stages) == 2


def test_students_stand_ins_do_not_depend_on_the_secret(recipe: Recipe, tmp_path: Path) -> None:
    """So what a student has at home is what the grader has."""
    keys = {prepare(recipe, Store(tmp_path), hidden)["key"] for hidden in (SECRET, Hidden(4, "b"))}
    assert len(keys) == 1


def test_failure_leaves_nothing_behind(recipe: Recipe, tmp_path: Path) -> None:
    """Neither a part nor a folder that looks prepared."""

    def fail(stage: Stage) -> dict[str, Any]:
        (stage.students / "half.txt").write_text("half")
        raise OSError(28, "No space left on device", str(stage.students / "half.txt"))

    with pytest.raises(DataError, match="No space left on device; make room"):
        prepare(replace(recipe, fill=fail), Store(tmp_path), SECRET)
    assert sorted(os.listdir(tmp_path)) in ([], [".small-cake.lock"])


def test_failure_keeps_what_was_there(recipe: Recipe, tmp_path: Path) -> None:
    """An attempt to make it anew that fails."""

    def fail(stage: Stage) -> dict[str, Any]:
        raise DataError("flour: none left")

    prepare(recipe, Store(tmp_path), SECRET)
    with pytest.raises(DataError, match="flour"):
        prepare(replace(recipe, fill=fail), Store(tmp_path), Hidden(2, "tulip"))
    assert prepared(recipe, Store(tmp_path), SECRET) is not None


def test_what_a_killed_process_left_is_cleared_away(recipe: Recipe, tmp_path: Path) -> None:
    """A stage that was never finished."""
    (tmp_path / ".preparing-small-cake/students").mkdir(parents=True)
    (tmp_path / ".preparing-small-cake/students/half.txt").touch()
    manifest = prepare(recipe, Store(tmp_path), SECRET)
    assert [*manifest["files"]] == ["open.txt"]


@pytest.mark.parametrize("images", [-2, 3])
def test_unbalanced_number_is_refused(recipe: Recipe, tmp_path: Path, images: int) -> None:
    """Classes must have as many images each."""
    with pytest.raises(DataError, match=f"expected a multiple of 2.*found {images}"):
        prepare(recipe, Store(tmp_path), Hidden(images, ""))


def test_read_only_data_directory_is_told(recipe: Recipe, tmp_path: Path) -> None:
    """Here a file stands where the directory should be."""
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        prepare(recipe, Store(tmp_path / "file"), SECRET)


def test_verify_finds_what_was_changed_and_what_is_missing(recipe: Recipe, tmp_path: Path) -> None:
    """A line for each file."""
    store = Store(tmp_path)
    folder = store.students("cake")
    assert "not prepared" in verify(folder)[0]
    prepare(recipe, store, SECRET)
    assert verify(folder) == []
    (folder / "open.txt").write_text("for some")
    assert "open.txt: changed since it was made" in verify(folder)[0]
    (folder / "open.txt").unlink()
    assert "open.txt: missing" in verify(folder)[0]
