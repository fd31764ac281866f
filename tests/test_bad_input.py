"""Hand-ins that are broken in the ways hand-ins are, all graded at once beside two sound ones."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from support import (
    ASSIGNMENT,
    Said,
    autograder,
    copy_released,
    edit,
    find,
    gradebook,
    hand_in,
    scores,
    write,
)

from autograder.course import CourseError, read_files, read_plain

NOT_GRADED = "could not be graded"
SECRET = "the teacher's own file"


def no_json(folder: Path) -> None:
    (folder / "one.ipynb").write_text("Dear teacher, please find attached")


def truncated(folder: Path) -> None:
    data = (folder / "one.ipynb").read_bytes()
    (folder / "one.ipynb").write_bytes(data[: len(data) // 2])


def old_format(folder: Path) -> None:
    text = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []})
    (folder / "one.ipynb").write_text(text)


def empty_file(folder: Path) -> None:
    (folder / "one.ipynb").write_bytes(b"")


def not_utf8(folder: Path) -> None:
    (folder / "one.ipynb").write_bytes(b"\xff\xfe" + (folder / "one.ipynb").read_bytes())


def many_outputs(folder: Path) -> None:
    made = nbformat.read(folder / "one.ipynb", as_version=4)
    text = "x" * 1023 + "\n"
    find(made, "a").outputs = [nbformat.v4.new_output("stream", text=text * 51_200)]
    nbformat.write(made, folder / "one.ipynb")


def _double(folder: Path, grade_id: str, source: str) -> None:
    """Put a copy of a cell, with another source, before it."""
    made = nbformat.read(folder / "one.ipynb", as_version=4)
    original = find(made, grade_id)
    copy = NotebookNode({**original, "source": source, "id": "doubled"})
    made.cells.insert(made.cells.index(original), copy)
    write(made, folder / "one.ipynb")


def doubled_test(folder: Path) -> None:
    _double(folder, "test_a", "2.0")


def doubled_answer(folder: Path) -> None:
    _double(folder, "a", "a = [0, 0]")


def _without(folder: Path, grade_id: str) -> None:
    made = nbformat.read(folder / "one.ipynb", as_version=4)
    made.cells.remove(find(made, grade_id))
    write(made, folder / "one.ipynb")


def deleted_answer(folder: Path) -> None:
    _without(folder, "a")


def deleted_test(folder: Path) -> None:
    _without(folder, "test_a")


def changed_test(folder: Path) -> None:
    edit(folder / "one.ipynb", "test_a", "2.0")


def wrong_name(folder: Path) -> None:
    (folder / "one.ipynb").rename(folder / "One (1).ipynb")


def missing(folder: Path) -> None:
    (folder / "one.ipynb").unlink()


def empty_folder(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def folder_for_a_notebook(folder: Path) -> None:
    (folder / "one.ipynb").unlink()
    (folder / "one.ipynb").mkdir()


def linked_notebook(folder: Path) -> None:
    outside = folder.parents[2] / "source" / ASSIGNMENT / "one.ipynb"
    (folder / "one.ipynb").unlink()
    (folder / "one.ipynb").symlink_to(outside)


def linked_file(folder: Path) -> None:
    (folder / "data.txt").symlink_to(folder.parents[2] / "secret.txt")


def linked_folder(folder: Path) -> None:
    (folder / "data").symlink_to(folder.parents[2] / "source")


def linked_submission(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(folder.parents[1] / "sound-1" / ASSIGNMENT)


def link_to_itself(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to(folder)


def huge_file(folder: Path) -> None:
    with (folder / "data.bin").open("wb") as file:
        file.truncate(1 << 30)


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def pipe_for_a_notebook(folder: Path) -> None:
    (folder / "one.ipynb").unlink()
    os.mkfifo(folder / "one.ipynb")


def odd_file_name(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9\n.txt")).write_text("written on another system")


def file_for_a_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("a file")


def untouched(folder: Path) -> None:
    pass


Break = Callable[[Path], None]

# How it was broken, what the line must say, and points and outcome of test_a.
BROKEN: dict[Break, tuple[str, float, str]] = {
    no_json: ("expected a notebook (JSON), received a file that starts with 'Dear", 0, NOT_GRADED),
    truncated: ("received a file that breaks off in line", 0, NOT_GRADED),
    old_format: ("expected notebook format 4, received the older format 3", 0, NOT_GRADED),
    empty_file: ("expected a notebook, received an empty file", 0, NOT_GRADED),
    not_utf8: ("expected text in UTF-8, received byte 0xff at position 0", 0, NOT_GRADED),
    many_outputs: ("one.ipynb has 50 MB", 2, "correct"),
    doubled_test: ("test cell 'test_a' was there 2 times; the last counts", 2, "correct"),
    doubled_answer: ("solution cell 'a' was there 2 times; the last counts", 2, "correct"),
    deleted_answer: ("solution cell 'a' had been deleted; put back", 0, "not attempted"),
    deleted_test: ("test cell 'test_a' had been deleted; put back", 2, "correct"),
    changed_test: ("test cell 'test_a' had been changed; restored", 2, "correct"),
    wrong_name: ("one.ipynb was not handed in; found One (1).ipynb", 0, "not attempted"),
    missing: ("one.ipynb was not handed in", 0, "not attempted"),
    empty_folder: ("one.ipynb was not handed in", 0, "not attempted"),
    folder_for_a_notebook: ("one.ipynb cannot be read: it is not a plain file", 0, NOT_GRADED),
    linked_notebook: ("one.ipynb cannot be read: it is a symbolic link", 0, NOT_GRADED),
    linked_file: ("data.txt is a symbolic link; left out", 2, "correct"),
    linked_folder: ("data is a symbolic link; left out", 2, "correct"),
    huge_file: ("data.bin has 1024 MB, more than a hand-in may hold (200 MB)", 2, "correct"),
    pipe: ("pipe is not a plain file; left out", 2, "correct"),
    pipe_for_a_notebook: ("one.ipynb cannot be read: it is not a plain file", 0, NOT_GRADED),
    odd_file_name: ("'caf\\udce9\\n.txt' has a name that is not UTF-8; left out", 2, "correct"),
}

# Folders that cannot be anybody's: nothing of them reaches the gradebook.
REFUSED = {
    "with space": "not a student id",
    "with'quote": "not a student id",
    'with"quote': "not a student id",
    "dots..within": "not a student id",
    "..dots": "not a student id",
    "new\nline": "not a student id",
    "x" * 200: "a student id of 200 characters; expected at most 100",
    "bell\a": "not a student id",
}
NO_FOLDER: dict[Break, str] = {
    linked_submission: "a symbolic link; expected a folder of its own",
    link_to_itself: "a symbolic link; expected a folder of its own",
    file_for_a_folder: "a file; expected a folder of its own",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every broken hand-in beside two sound ones."""
    root = copy_released(tmp_path_factory.mktemp("bad-input"))
    (root / "secret.txt").write_text(SECRET)
    for student in ("sound-1", "sound-2", *REFUSED):
        hand_in(root, student)
    for broken in [*BROKEN, *NO_FOLDER]:
        broken(hand_in(root, broken.__name__))
    return root


@pytest.fixture(scope="module")
def said(course: Path) -> Said:
    """What one grading of them all says."""
    return autograder("grade", course=course)


def _lines_of(said: Said, student: str) -> list[str]:
    return [
        line for line in said.lines if line.startswith((f"{student},", f"submitted/{student}:"))
    ]


def test_the_sound_are_graded_beside_the_broken(course: Path, said: Said) -> None:
    """Whatever the others handed in, those who handed in properly get their points."""
    found = scores(course)
    for student in ("sound-1", "sound-2"):
        assert found[student, "test_a"]["points"] == 2
        assert found[student, "test_b"]["points"] == 1
        assert not _lines_of(said, student)


def test_exit_code_says_that_somebody_has_to_look(said: Said) -> None:
    """1, since some of it needs a person; and no traceback anywhere."""
    assert said.code == 1
    assert "Traceback" not in said.text


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_one_line_says_what_is_wrong(broken: Break, said: Said) -> None:
    """A line that begins with student and notebook, and says what was found."""
    message, _, _ = BROKEN[broken]
    lines = [line for line in said.lines if line.startswith(f"{broken.__name__}, one: ")]
    assert len(lines) == 1, said.lines
    assert message in lines[0]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_its_score_says_so(broken: Break, course: Path, said: Said) -> None:
    """No points for what was not there, all of them where only the rest was odd."""
    _, points, outcome = BROKEN[broken]
    row = scores(course)[broken.__name__, "test_a"]
    assert (row["points"], row["outcome"]) == (points, outcome)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_other_notebook_is_graded(broken: Break, course: Path, said: Said) -> None:
    """What is wrong with one notebook costs nothing in the next."""
    row = scores(course)[broken.__name__, "test_b"]
    expected = 0 if broken is empty_folder else 1
    assert row["points"] == expected


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_gradebook_marks_it(broken: Break, course: Path, said: Said) -> None:
    """What could not be graded waits for a person; what was not handed in has 0."""
    _, points, outcome = BROKEN[broken]
    with gradebook(course) as book:
        grade = book.find_grade("test_a", "one", ASSIGNMENT, broken.__name__)
        waits = outcome == NOT_GRADED
        assert (grade.needs_manual_grade, grade.auto_score) == (waits, None if waits else points)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_the_autograded_notebook_notes_it(broken: Break, course: Path, said: Said) -> None:
    """Whoever marks it, and the student in the feedback, reads the same line on top."""
    path = course / "autograded" / broken.__name__ / ASSIGNMENT / "one.ipynb"
    if broken in (missing, wrong_name, empty_folder):
        assert not path.exists()
    else:
        first = nbformat.read(path, as_version=4).cells[0]
        assert "Note from the autograder." in first.source


@pytest.mark.parametrize("student", REFUSED)
def test_a_folder_with_an_impossible_name_is_refused(
    student: str, course: Path, said: Said
) -> None:
    """One line with the name as it can be printed; nothing of it is graded."""
    printed = repr(student)[1:-1]
    lines = [line for line in said.lines if line.startswith(f"submitted/{printed}: ")]
    assert len(lines) == 1
    assert REFUSED[student] in lines[0]
    assert student not in {name for name, _ in scores(course)}
    assert not (course / "autograded" / student).exists()


@pytest.mark.parametrize("broken", NO_FOLDER, ids=lambda broken: broken.__name__)
def test_what_is_no_folder_is_refused(broken: Break, said: Said) -> None:
    """A link could lead to another student's work."""
    (line,) = _lines_of(said, broken.__name__)
    assert NO_FOLDER[broken] in line


def test_no_secret_came_in_by_a_link(course: Path, said: Said) -> None:
    """Where a link points to is never read."""
    for folder in ("runs", "autograded"):
        for path in (course / folder).rglob("*"):
            assert not path.is_file() or SECRET not in path.read_text(errors="replace")


def test_grading_again_says_the_same(course: Path, said: Said) -> None:
    """What needs a person is told each time; nothing is run again for it."""
    again = autograder("grade", course=course)
    assert sorted(again.lines) == sorted(said.lines)
    assert ": 0 run, 0 graded" in again.text


def test_a_repaired_hand_in_is_graded(tmp_path: Path) -> None:
    """Handed in again in good order, it has its points and waits for nobody."""
    root = copy_released(tmp_path)
    no_json(hand_in(root, "s"))
    assert autograder("grade", course=root).code == 1
    hand_in(root, "s")
    assert autograder("grade", course=root).code == 0
    with gradebook(root) as book:
        grade = book.find_grade("test_a", "one", ASSIGNMENT, "s")
        assert (grade.auto_score, grade.needs_manual_grade) == (2, False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_left_out(tmp_path: Path) -> None:
    """Permissions that a zip brought along do not stop the others."""
    (tmp_path / "data.txt").write_text("1")
    (tmp_path / "data.txt").chmod(0)
    (tmp_path / "folder").mkdir(mode=0)
    files = read_files(tmp_path, 1)
    assert files.contents == {}
    assert [remark.split(" cannot")[0] for remark in files.remarks] == ["data.txt", "folder"]


def test_a_file_that_cannot_be_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for a reason that holds for root too."""
    (tmp_path / "data.txt").write_text("1")

    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("autograder.course.read_plain", refuse)
    (remark,) = read_files(tmp_path, 1).remarks
    assert remark == "data.txt cannot be read: Permission denied; left out"


def test_a_notebook_that_cannot_be_read_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does the look at what will be needed, which comes before the grading."""
    root = copy_released(tmp_path)
    hand_in(root, "sound")
    closed = hand_in(root, "closed") / "one.ipynb"

    def refuse(path: Path, *_: object) -> bytes:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return read_plain(path)

    monkeypatch.setattr("autograder.prefetch._text", refuse)
    monkeypatch.setattr("autograder.pipeline.reader.read_plain", refuse)
    said = autograder("grade", course=root)
    assert said.lines == ("closed, one: one.ipynb cannot be read: Permission denied",)
    assert said.code == 1
    assert scores(root)["sound", "test_a"]["points"] == 2


def test_files_that_are_too_many_are_left_out(tmp_path: Path) -> None:
    """An unpacked data set of tiny files stops at a bound, and says so once."""
    for number in range(30):
        (tmp_path / f"{number:02}.txt").write_text("x")
    files = read_files(tmp_path, 1, most=20)
    assert len(files.contents) == 20
    assert files.remarks == ("more than 20 files; the rest, from 20.txt on, is left out",)


def test_a_student_who_handed_in_nothing_is_named(tmp_path: Path) -> None:
    """--student with a name that has no folder is the caller's mistake."""
    root = copy_released(tmp_path)
    hand_in(root, "s")
    said = autograder("grade", "--student", "nobody", course=root)
    assert said.code == 2
    assert "no hand-in of 'ps' by 'nobody'" in said.text
    assert CourseError.__name__ not in said.text
