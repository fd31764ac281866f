"""Answers as they come in: pieces once, believed only when they are what their names say."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from autograder.execution import answers as module
from autograder.execution.answers import Intake, holds_a_model, load_answers
from autograder.execution.objects import Objects
from autograder.snapshot import blob_name

EXPECTED = {"test_1": frozenset({"a", "b"}), "test_2": frozenset({"a"})}
LARGE = b"large" * 1000
NAME = blob_name(LARGE, ".npy")
SMALL = b"small"


class Student:
    """One run's intake, and a folder to look into."""

    def __init__(self, root: Path, name: str) -> None:
        self.folder = root / name
        self.folder.mkdir(parents=True)
        self.intake = Intake(self.folder, EXPECTED, Objects(root / ".objects"))

    def send(self, *names: str, data: bytes = b"") -> None:
        for name in names:
            self.intake.receive(name, data)

    def files(self) -> dict[str, bytes]:
        """What is there when all has come, by path."""
        self.intake.close()
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def ann(tmp_path: Path) -> Student:
    return Student(tmp_path, "ann")


@pytest.fixture
def bob(tmp_path: Path) -> Student:
    return Student(tmp_path, "bob")


@pytest.mark.parametrize("data", [LARGE, SMALL])
def test_a_piece_is_sent_once_and_stored_once(ann: Student, bob: Student, data: bytes) -> None:
    """All answers of a run that have it are links to one file; so are other runs', if large."""
    name = blob_name(data, ".safetensors")
    for student in (ann, bob):
        student.send(f"object/{name}", data=data)
        student.send(f"answers/test_1/a/{name}", f"answers/test_2/a/{name}")
        places = [f"answers/test_{number}/a/{name}" for number in (1, 2)]
        assert student.files() == dict.fromkeys(places, data)
    one, two, other = (
        folder / "answers" / test / "a" / name
        for folder, test in [(ann.folder, "test_1"), (ann.folder, "test_2"), (bob.folder, "test_1")]
    )
    assert one.samefile(two)
    assert one.samefile(other) is (data is LARGE)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (NAME, b"forged" * 1000),
        (NAME, b""),
        (NAME.upper(), LARGE),
        (NAME.replace(".npy", ""), LARGE),
        (NAME.replace(".npy", "."), LARGE),
        (f"{NAME}\n", LARGE),
        (f"../{NAME}", LARGE),
        (f"{NAME}/x", LARGE),
        (f"{NAME}\0", LARGE),
        ("", LARGE),
    ],
)
def test_a_piece_that_is_not_what_its_name_says_is_passed_over(
    ann: Student, name: str, data: bytes, tmp_path: Path
) -> None:
    """A forged digest reaches neither this run's answers nor anybody else's."""
    ann.send(f"object/{name}", data=data)
    ann.send(f"answers/test_1/a/{name}", f"answers/test_1/a/{NAME}")
    assert ann.files() == {}
    assert not (tmp_path / ".objects").exists()


def test_a_piece_of_somebody_elses_is_not_given_away(ann: Student, bob: Student) -> None:
    """Whoever knows a digest has not thereby handed in what it is the digest of."""
    ann.send(f"object/{NAME}", data=LARGE)
    ann.send(f"answers/test_1/a/{NAME}")
    bob.send(f"answers/test_1/a/{NAME}")
    bob.send(f"answers/test_1/b/{NAME}", data=LARGE)
    assert bob.files() == {}
    assert len(ann.files()) == 1


def test_a_forged_piece_does_not_keep_the_real_one_out(ann: Student) -> None:
    """The name is free until bytes come that it belongs to."""
    ann.send(f"object/{NAME}", data=b"forged")
    ann.send(f"object/{NAME}", data=LARGE)
    ann.send(f"answers/test_1/a/{NAME}")
    assert list(ann.files().values()) == [LARGE]


def test_an_answer_is_claimed_once(ann: Student) -> None:
    """The first document counts; sending a piece again changes nothing."""
    for document in (b"{}", b"[]"):
        ann.send("answers/test_1/a/value.json", data=document)
        ann.send(f"object/{NAME}", data=LARGE)
        ann.send(f"answers/test_1/a/{NAME}")
    assert ann.files() == {
        "answers/test_1/a/value.json": b"{}",
        f"answers/test_1/a/{NAME}": LARGE,
    }


def test_pieces_that_no_answer_has_leave_nothing(ann: Student, tmp_path: Path) -> None:
    """Neither in the run nor, once swept, beside it."""
    ann.send(f"object/{NAME}", data=LARGE)
    assert ann.files() == {}
    Objects(tmp_path / ".objects").sweep()
    assert not list(tmp_path.rglob("*.npy"))


def test_files_are_counted(ann: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small they are, each takes an entry on the disk."""
    monkeypatch.setattr(module, "_MOST_FILES", 10)
    few = Student(ann.folder, "few")
    for number in range(100):
        data = str(number).encode()
        few.send(f"object/{blob_name(data, '.npy')}", data=data)
        few.send(f"answers/test_1/a/{blob_name(data, '.npy')}")
    assert len(few.files()) == 5


def test_without_hard_links_a_run_is_whole_and_bounded(
    ann: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer has a copy, as far as the disk may be filled with them."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(module, "_MOST_COPIED", 2 * len(LARGE))
    few = Student(ann.folder, "few")
    few.send(f"object/{NAME}", data=LARGE)
    few.send(*(f"answers/{place}/{NAME}" for place in ("test_1/a", "test_1/b", "test_2/a")))
    assert few.files() == {
        f"answers/test_1/a/{NAME}": LARGE,
        f"answers/test_1/b/{NAME}": LARGE,
    }


def test_answers_are_loaded_once(ann: Student) -> None:
    """Whatever several answers hold is one piece, their documents included."""
    ann.send(f"object/{NAME}", data=LARGE)
    for place in ("test_1/a", "test_2/a"):
        ann.send(f"answers/{place}/value.json", data=b"{}")
        ann.send(f"answers/{place}/{NAME}")
    ann.send("answers/test_1/b/value.json", data=b"[]")
    found = load_answers(ann.folder)
    document, other = blob_name(b"{}", ".json"), blob_name(b"[]", ".json")
    assert found.pieces == {NAME: LARGE, document: b"{}", other: b"[]"}
    assert found.files == {
        "test_1/a": {"value.json": document, NAME: NAME},
        "test_1/b": {"value.json": other},
        "test_2/a": {"value.json": document, NAME: NAME},
    }


@pytest.mark.parametrize(("suffix", "expected"), [(".npy", False), (".safetensors", True)])
def test_a_model_is_known_by_its_weights(ann: Student, suffix: str, expected: bool) -> None:
    """Without reading any of them."""
    name = blob_name(LARGE, suffix)
    ann.send(f"object/{name}", data=LARGE)
    assert not holds_a_model(ann.folder)
    ann.send(f"answers/test_1/a/{name}")
    assert holds_a_model(ann.folder) is expected
