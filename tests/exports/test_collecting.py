"""Hand-ins out of archives in the layouts of Canvas, Moodle and Gradescope."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from support import ASSIGNMENT, copy_released, gradebook

from autograder.course import Course
from autograder.errors import UserError
from autograder.exports import Collection, collect
from autograder.exports.handins import Collected
from autograder.grading.timestamps import read_timestamp
from exports.made import zipped

CANVAS = {
    "müllerannamaria_11_100_one.ipynb": "old",
    "müllerannamaria_11_105_one-2.ipynb": "new",
    "müllerannamaria_11_103_one-1.ipynb": "middle",
    "müllerannamaria_11_101_two.ipynb": "two",
    "bergbob_LATE_12_104_two.ipynb": "late",
    "bergbob_LATE_12_106_notes.txt": "n",
    "leecarl_13_text.html": "typed",
    "__MACOSX/._bergbob_12_104_two.ipynb": "clutter",
}
MOODLE = {
    "Anna Müller_11_assignsubmission_file_/one.ipynb": "1",
    "Anna Müller_11_assignsubmission_file_/two.ipynb": "2",
    "Berg, Bob_12_assignsubmission_file_/two (1).ipynb": "late",
    "Berg, Bob_12_assignsubmission_onlinetext_/onlinetext.html": "typed",
}
METADATA = """
submission_42:
  :submitters:
  - {":name": Anna, ":sid": "11", ":email": "anna@x.example"}
  - {":name": Bob, ":sid": "", ":email": "bob@x.example"}
  :created_at: 2026-01-31 14:00:00 Z
"""
GRADESCOPE = {
    "assignment_1_export/submission_metadata.yml": METADATA,
    "assignment_1_export/submission_42/one.ipynb": "1",
    "assignment_1_export/submission_42/timestamp.txt": "2020-01-01 00:00:00 UTC",
    "assignment_1_export/submission_42/submission_metadata.yml": "a student's own",
}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Two of the three students are known."""
    root = copy_released(tmp_path / "course")
    with gradebook(root) as book:
        book.update_or_create_student("anna", email="anna@x.example", lms_user_id="11")
        book.update_or_create_student("bob", email="bob@x.example", lms_user_id="12")
    return Course(root)


def _files(course: Course, student: str) -> dict[str, str]:
    folder = course.path("submitted", student, ASSIGNMENT)
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _collect(
    course: Course, layout: str, files: dict[str, str], replace: bool = False
) -> Collection:
    archive = zipped(course.root / "class.zip", files)
    return collect(course, ASSIGNMENT, layout, archive, replace=replace)


def test_canvas(course: Course) -> None:
    """The newest of several uploads counts; one of two notebooks is a hand-in; late is told."""
    done = _collect(course, "canvas", CANVAS)
    assert _files(course, "anna") == {"one.ipynb": "new", "two.ipynb": "two"}
    assert _files(course, "bob") == {"two.ipynb": "late", "notes.txt": "n"}
    assert (done.written, done.late) == (("anna", "bob"), ("bob",))
    assert done.line() == "hand-ins: 2 written"
    typed, late = done.remarks
    assert typed.startswith("leecarl_13_text.html: no file that canvas names so")
    assert late.startswith("marked late, by how much the archive does not tell: bob; write")
    assert [h.student for h in course.hand_ins(ASSIGNMENT)[0]] == ["anna", "bob"]


def test_moodle(course: Course) -> None:
    """Names with commas and umlauts; a text typed in is told."""
    done = _collect(course, "moodle", MOODLE)
    assert _files(course, "anna") == {"one.ipynb": "1", "two.ipynb": "2"}
    assert _files(course, "bob") == {"two.ipynb": "late"}
    assert len(done.remarks) == 1
    assert "onlinetext" in done.remarks[0]


def test_gradescope(course: Course) -> None:
    """Each of a group gets the hand-in, and its time; what a student says of the time is not."""
    done = _collect(course, "gradescope", GRADESCOPE)
    assert (done.written, done.remarks) == (("anna", "bob"), ())
    for student in ("anna", "bob"):
        files = _files(course, student)
        assert files.pop("timestamp.txt") == "2026-01-31 14:00:00.000000 UTC"
        assert "one.ipynb" in files
        folder = course.path("submitted", student, ASSIGNMENT)
        assert str(read_timestamp(folder).time) == "2026-01-31 14:00:00"


def test_who_is_not_in_the_roster_is_told(course: Course) -> None:
    """With the name that the archive has, and the others go on."""
    done = _collect(course, "canvas", CANVAS | {"leecarl_13_1_one.ipynb": "x"})
    assert done.written == ("anna", "bob")
    assert "13 (leecarl): 13 is not in the roster; add it (--roster), then collect again" in (
        done.remarks
    )
    assert not (course.root / "submitted" / "13").exists()
    roster = course.root / "list.csv"
    roster.write_text("lms_id,student_id\n13,carl\n")
    archive = zipped(course.root / "class.zip", {"leecarl_13_1_one.ipynb": "x"})
    assert collect(course, ASSIGNMENT, "canvas", archive, roster).written == ("carl",)


def test_nobody_is_known(tmp_path: Path) -> None:
    """Then students are called as the system does, and it is said."""
    course = Course(copy_released(tmp_path))
    done = _collect(course, "canvas", {"lee_13_1_one.ipynb": "x"})
    assert done.written == ("13",)
    assert done.remarks[-1].startswith("students are called as canvas does")


def test_collecting_again(course: Course) -> None:
    """The same changes nothing; what differs is kept unless it is to be replaced, as a whole."""
    _collect(course, "canvas", CANVAS)
    time = course.path("submitted", "bob", ASSIGNMENT) / "timestamp.txt"
    time.write_text("2026-01-31 15:00:00 UTC")
    done = _collect(course, "canvas", CANVAS)
    assert (done.written, done.unchanged) == ((), ("anna", "bob"))
    assert time.is_file()
    later = {"müllerannamaria_11_200_two-1.ipynb": "later"}
    done = _collect(course, "canvas", later)
    assert (done.written, done.kept) == ((), ("anna",))
    assert "--replace takes the archive's" in done.remarks[0]
    assert _files(course, "anna")["two.ipynb"] == "two"
    assert _collect(course, "canvas", later, replace=True).written == ("anna",)
    assert _files(course, "anna") == {"two.ipynb": "later"}


def test_an_archive_of_a_student(course: Course) -> None:
    """Is looked into; its folder, checkpoints and clutter do not count."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as made:
        made.writestr("ps/one.ipynb", "1")
        made.writestr("ps/data/x.csv", "2")
        made.writestr("ps/.ipynb_checkpoints/one-checkpoint.ipynb", "no")
        made.writestr("__MACOSX/ps/._one.ipynb", "no")
    archive = course.root / "class.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("anna_11_1_ps.zip", inner.getvalue())
        made.writestr("bob_12_2_ps.zip", b"torn")
    done = collect(course, ASSIGNMENT, "canvas", archive)
    assert _files(course, "anna") == {"one.ipynb": "1", "data/x.csv": "2"}
    assert done.remarks[0].startswith("bob_12_2_ps.zip cannot be unpacked")


def test_two_files_for_one_notebook(course: Course) -> None:
    """Where nothing tells which is newer, the one nearest to the top is taken, and it is told."""
    folder = "Anna Müller_11_assignsubmission_file_"
    files = {f"{folder}/a/one.ipynb": "a", f"{folder}/one.ipynb": "top", f"{folder}/two.ipynb": "2"}
    done = _collect(course, "moodle", files)
    assert _files(course, "anna") == {"one.ipynb": "top", "two.ipynb": "2"}
    assert done.remarks == ("anna: 2 files are one.ipynb; one.ipynb is taken",)


def test_a_hand_in_without_a_notebook(course: Course) -> None:
    """Is kept for a person, and told: it would be a 0."""
    done = _collect(course, "canvas", {"anna_11_1_one.pdf": "x"})
    assert done.written == ("anna",)
    assert done.remarks == ("anna: no notebook in it; expected one, two",)


def test_remarks_are_one_line_each(course: Course) -> None:
    """Whatever stands in names: line breaks, a terminal's commands."""
    files = {"a\n\x1b[31m.txt": "", "bob_12_1_\x1b\n.zip": "torn", "anna_11_1_x\ny.ipynb": ""}
    done = _collect(course, "canvas", files)
    assert len(done.remarks) == 3
    assert all(line.isprintable() for line in done.remarks)


@pytest.mark.parametrize("name", ["../../one.ipynb", "anna_11_1_../../../one.ipynb"])
def test_what_leads_out_writes_nothing(name: str, course: Course) -> None:
    """Not even the other hand-ins."""
    with pytest.raises(UserError, match="leads out"):
        _collect(course, "canvas", CANVAS | {name: "x"})
    assert not (course.root / "submitted").exists()


def test_a_bomb_writes_nothing(course: Course) -> None:
    """A line and an untouched course."""
    with pytest.raises(UserError, match="a zip bomb"):
        _collect(course, "canvas", CANVAS | {"anna_11_900_x.bin": "0" * (150 << 20)})
    assert not (course.root / "submitted").exists()


def test_a_hand_in_that_is_too_large(course: Course) -> None:
    """Is that student's trouble alone."""
    course.settings.hand_in_mb = 1
    done = _collect(course, "canvas", CANVAS | {"anna_11_900_x.bin": "0" * (2 << 20)})
    assert done.written == ("bob",)
    assert "anna: 2 MB, expected at most 1 MB; left out" in done.remarks


def test_odd_files(course: Course) -> None:
    """A notebook of another name is taken and told; names that cannot be written leave one out."""
    files = {
        "anna_11_1_mine.ipynb": "x",
        "bob_12_2_one.ipynb": "x",
        "bob_12_3_one.ipynb/x": "a file cannot be a folder",
    }
    done = _collect(course, "canvas", files)
    assert "anna: mine.ipynb is none of one, two; rename it if it is one" in done.remarks
    assert _files(course, "anna") == {"mine.ipynb": "x"}
    assert any(line.startswith("bob: has file names that cannot") for line in done.remarks)
    assert [p.name for p in (course.root / "submitted" / "bob").iterdir()] == []


def test_ids_that_are_none(tmp_path: Path) -> None:
    """What the roster calls a student must be a folder's name."""
    course = Course(copy_released(tmp_path))
    roster = tmp_path / "list.csv"
    roster.write_text("lms_id,student_id\n11,../x\n12,=cmd\n13,ok\n")
    files = {f"x_{number}_1_one.ipynb": "x" for number in (11, 12, 13)}
    done = collect(course, ASSIGNMENT, "canvas", zipped(tmp_path / "x.zip", files), roster)
    assert done.written == ("ok",)
    assert sum("not a student id" in line for line in done.remarks) == 2


def test_wrong_layouts(course: Course) -> None:
    """A name that is none; Gradescope's archive without its list; another system's archive."""
    with pytest.raises(UserError, match="expected one of canvas, moodle, gradescope"):
        _collect(course, "blackboard", CANVAS)
    with pytest.raises(UserError, match=r"expected submission_metadata\.yml"):
        _collect(course, "gradescope", CANVAS)
    done = _collect(course, "moodle", CANVAS)
    assert done.line() == "hand-ins: none"
    assert len(done.remarks) == 7


def test_a_hand_in_starts_empty() -> None:
    """Defaults are not shared."""
    assert Collected("a").files is not Collected("b").files
