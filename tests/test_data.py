"""A course's data: prepared, packed, read by students' code and tests, hidden from the former."""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest

from autograder.course import Course
from autograder.data import CourseData
from autograder.datasets import cats_dogs, cifar10
from autograder.datasets.catalogue import RECIPES
from tests.support import ASSIGNMENT, Said, autograder, build, cell, edit, hand_in, notebook, scores

SETUP = "from autograder.checks import equal, scorecard\nfrom autograder.datasets import cats_dogs"
ANSWER = """seen = ...
### BEGIN SOLUTION
images, labels = cats_dogs.load()
seen = [len(labels), int(labels.sum())]
### END SOLUTION"""
TEST = """card = scorecard("Images", points=2)
### BEGIN HIDDEN TESTS
from autograder.datasets import evaluation
hidden, _ = evaluation.load("cats_dogs")
card.expect(2, equal(seen, [12, 6] if len(hidden) == 4 else [0, 0]))
### END HIDDEN TESTS
card"""
CONFIG = """
c.Autograder.evaluation_images = {"cats_dogs": 4, "cifar10": 10}
c.Autograder.evaluation_secret = "tulip"
"""
# What a student might try to see the hidden images; each must leave `seen` as it was.
PEEPING = """
import glob, os
images, labels = cats_dogs.load()
seen = [len(labels), int(labels.sum())]
root = os.environ["AUTOGRADER_DATA"]
found = glob.glob(f"{root}/evaluation/**/*.*", recursive=True)
for name in ("secret", "evaluation/small/cats_dogs/manifest.json"):
    try:
        found.append(open(f"{root}/{name}").read())
    except OSError:
        pass
try:
    from autograder.datasets import DataError, evaluation
    evaluation.load("cats_dogs")
    found.append("loaded")
except DataError:
    pass
if found:
    seen = [0, 0]
"""


@pytest.fixture(autouse=True)
def few_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins of a few images, kept where the course's settings say."""
    for name in ("AUTOGRADER_DATA", "AUTOGRADER_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cats_dogs, "_DRAWN_PER_CLASS", 6)
    drawn = {**dict.fromkeys(cifar10.TRAINING_BATCHES, 10), "test_batch": 10}
    monkeypatch.setattr(cifar10, "_DRAWN", drawn)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course whose one notebook uses the cats and dogs."""
    pets = notebook(
        cell("code", "setup", SETUP, locked=True),
        cell("code", "seen", ANSWER, solution=True),
        cell("code", "test_seen", TEST, 2, grade=True, locked=True),
    )
    return build(tmp_path / "course", CONFIG, pets=pets)


def data(command: str, *options: str, course: Path) -> Said:
    return autograder("data", command, *options, course=course, assignment="")


def test_students_read_images_and_only_tests_the_hidden_ones(root: Path) -> None:
    """From release to scores; a student who looks for the hidden images finds none."""
    assert autograder("release", course=root).code == 0
    hand_in(root, "honest", {"seen": "seen = [cats_dogs.load()[0].shape[0], 6]"})
    hand_in(root, "peeping", {"seen": PEEPING})
    graded = autograder("grade", course=root)
    assert graded.code == 0, graded.text
    found = scores(root)
    assert found["honest", "test_seen"]["points"] == 2
    assert found["peeping", "test_seen"]["points"] == 2


def test_what_a_test_computes_of_hidden_images_is_there_for_the_next(root: Path) -> None:
    """Where tests alone see it; a student finds neither the array nor its folder."""
    key = "0123456789abcdef" * 4
    peep = f"""
import os
folder = os.environ["AUTOGRADER_FEATURES"]
seen = [12, 6]
if os.path.exists(f"{{folder}}/{key}.npy") or os.path.exists(folder):
    seen = [0, 0]"""
    source = root / "source" / ASSIGNMENT / "pets.ipynb"
    compute = f"""from autograder.artifacts.models import features
import numpy as np, os
kept = os.environ["AUTOGRADER_FEATURES"] + "/{key}.npy"
if os.path.exists(kept):
    assert np.load(kept).tolist() == [1, 2]
else:
    features._shelf()["{key}"] = np.array([1, 2])
"""
    edit(
        source,
        "test_seen",
        TEST.replace("from autograder.datasets", compute + "from autograder.datasets"),
    )
    assert autograder("release", course=root).code == 0
    kept = root / "data" / "evaluation" / "small" / ".features" / f"{key}.npy"
    assert np.load(kept).tolist() == [1, 2]
    written = kept.stat()
    hand_in(root, "s", {"seen": peep})
    assert autograder("grade", course=root).code == 0
    assert scores(root)["s", "test_seen"]["points"] == 2
    assert kept.stat() == written


def test_another_hidden_part_regrades(root: Path) -> None:
    """What was run on other data is run again, and only that."""
    assert autograder("release", course=root).code == 0
    hand_in(root, "s", {"seen": "seen = [12, 6]"})
    assert "1 run, 1 graded" in autograder("grade", course=root).text
    assert "0 run, 0 graded" in autograder("grade", course=root).text
    with (root / "course_config.py").open("a") as file:
        file.write('c.Autograder.evaluation_images = {"cats_dogs": 2}\n')
    assert "1 run, 1 graded" in autograder("grade", course=root).text
    assert scores(root)["s", "test_seen"]["points"] == 0


def test_prepare_where_and_verify(root: Path) -> None:
    """Only what the assignment uses; again is nothing to do; a changed file is found."""
    said = data("prepare", ASSIGNMENT, course=root)
    assert said.code == 0
    assert re.fullmatch(r"cats_dogs: .*; 6 Cat, 6 Dog; 4 hidden\n", said.text)
    where = data("where", course=root)
    assert f"students read: {root}/data/students" in where.text
    assert "cifar10: not prepared" in where.text
    assert data("verify", ASSIGNMENT, course=root).text == "1 data sets, 0 wrong\n"
    with next((root / "data/students").rglob("*.jpg")).open("ab") as file:
        file.write(b"!")
    changed = data("verify", ASSIGNMENT, course=root)
    assert changed.code == 1
    assert "changed since it was made" in changed.text


def test_packed_archive_is_a_data_directory_without_the_hidden_part(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A student unpacks it and points AUTOGRADER_DATA to it."""
    data("prepare", ASSIGNMENT, course=root)
    packed = tmp_path / "for students.zip"
    said = data("pack", ASSIGNMENT, "--output", str(packed), course=root)
    assert said.code == 0
    first = packed.read_bytes()
    data("pack", ASSIGNMENT, "--output", str(packed), course=root)
    assert packed.read_bytes() == first
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "home")
    assert all(name.startswith("students/small/cats_dogs/") for name in names)
    assert not any("evaluation" in name or "secret" in name for name in names)
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "home"))
    images, _ = cats_dogs.load()
    hidden = np.load(next((root / "data/evaluation").rglob("images-64x64.npy")))
    known = {row.tobytes() for row in images}
    assert len(known) == 12
    assert not any(row.tobytes() in known for row in hidden)


def test_pack_before_prepare_is_told(root: Path) -> None:
    """And nothing is written."""
    said = data("pack", ASSIGNMENT, course=root)
    assert said.code == 2
    assert "not prepared; run `autograder data prepare` first" in said.text
    assert not list((root / "data").glob("*.zip"))


def test_full_profile_without_its_data_is_refused(root: Path) -> None:
    """Grading starts no download of hundreds of megabytes."""
    with (root / "course_config.py").open("a") as file:
        file.write('c.Autograder.profile = "full"\nc.Autograder.gpus = 0\n')
    hand_in(root, "s")
    said = autograder("grade", course=root)
    assert said.code == 2
    assert said.text.count("\n") == 1
    assert f"run `autograder data prepare {ASSIGNMENT}`" in said.text


def test_local_file_that_is_not_the_original_is_refused(root: Path) -> None:
    """With its digest, before anything is unpacked."""
    (root / "pets.zip").write_bytes(b"PK not the original")
    with (root / "course_config.py").open("a") as file:
        file.write('c.Autograder.profile = "full"\n')
        file.write('c.Autograder.data_sources = {"cats_dogs": "pets.zip"}\n')
    said = data("prepare", ASSIGNMENT, course=root)
    assert said.code == 2
    assert said.text.count("\n") == 1
    assert "pets.zip" in said.text
    assert not (root / "data/students").exists()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('c.Autograder.profile = "medium"', "profile"),
        ('c.Autograder.evaluation_images = {"mnist": 5}', "found 'mnist'"),
        ('c.Autograder.evaluation_images = {"cats_dogs": 5}', "expected a multiple of 2"),
        ('c.Autograder.evaluation_images = {"cats_dogs": -2}', "evaluation_images"),
        ('c.Autograder.data_sources = {"mnist": "x"}', "found 'mnist'"),
    ],
)
def test_wrong_setting_is_one_line(root: Path, line: str, complaint: str) -> None:
    """It names the setting."""
    with (root / "course_config.py").open("a") as file:
        file.write(f"{line}\n")
    said = data("prepare", course=root)
    assert said.code == 2
    assert said.text.count("\n") == 1
    assert complaint in said.text


def test_environment_comes_before_the_settings(root: Path, tmp_path: Path) -> None:
    """AUTOGRADER_DATA and AUTOGRADER_PROFILE, for one command."""
    names = {"AUTOGRADER_DATA": str(tmp_path / "else"), "AUTOGRADER_PROFILE": "full"}
    found = CourseData(Course(root), names)
    assert found.store.root == tmp_path / "else"
    features = {"AUTOGRADER_FEATURES": f"{tmp_path}/else/evaluation/full/.features"}
    assert found.environment == names | features


def test_without_a_secret_one_is_made_once(tmp_path: Path) -> None:
    """Only its owner may read it, and the hidden images stay the same."""
    course = Course(build(tmp_path))
    (kept,) = {CourseData(course)._hidden(RECIPES["cats_dogs"]).secret for _ in range(3)}
    path = tmp_path / "data/secret"
    assert path.read_text() == kept
    assert len(kept) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_assignment_without_data_prepares_none(tmp_path: Path) -> None:
    """Nothing is drawn for a theory notebook."""
    root = build(tmp_path)
    assert CourseData(Course(root)).used_by(ASSIGNMENT) == []
    assert data("prepare", ASSIGNMENT, course=root).text == ""
    assert not (root / "data").exists()


def test_data_sets_are_found_by_name(root: Path) -> None:
    """In the order of the catalogue; a mention outside of a notebook that imports them is none."""
    path = root / "source" / ASSIGNMENT / "pets.ipynb"
    made = nbformat.read(path, as_version=4)
    made.cells[0].source += "\nfrom autograder.datasets import pretrained_vgg16"
    nbformat.write(made, path)
    found = CourseData(Course(root)).used_by(ASSIGNMENT)
    assert [recipe.name for recipe in found] == ["cats_dogs", "vgg16"]


@pytest.mark.parametrize("quote", ["'", '"'])
def test_data_sets_that_only_a_test_measures_on(tmp_path: Path, quote: str) -> None:
    """Students' code need not import what hidden tests read."""
    test = f"card.expect(3, accuracy(cnn, {quote}cifar10{quote}, floor=0.3, full=0.6))"
    root = build(tmp_path, net=notebook(cell("code", "test_net", test, 3, grade=True)))
    assert [recipe.name for recipe in CourseData(Course(root)).used_by(ASSIGNMENT)] == ["cifar10"]
