"""The course directory: where things lie, whose they are, and what is read of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support import ASSIGNMENT, ROOT, build

from autograder.course import Course, CourseError, HandIn, digest, read_files, read_plain, shown


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(build(tmp_path))


def _submit(course: Course, *students: str) -> None:
    for student in students:
        (course.root / "submitted" / student / ASSIGNMENT).mkdir(parents=True)


def test_paths_are_nbgraders(course: Course) -> None:
    """As its settings say."""
    assert course.path("release", ".", ASSIGNMENT) == course.root / "release" / ASSIGNMENT
    assert course.path("solution", ".", ASSIGNMENT) == course.root / "solutions" / ASSIGNMENT
    assert course.path("autograded", "s", ASSIGNMENT) == course.root / "autograded/s/ps"
    assert course.db_url == f"sqlite:///{course.root}/gradebook.db"


def test_another_layout(tmp_path: Path) -> None:
    """nbgrader lets a course order its folders otherwise."""
    config = (
        "c.CourseDirectory.directory_structure = '{nbgrader_step}/{assignment_id}/{student_id}'"
    )
    course = Course(build(tmp_path, config))
    (tmp_path / "submitted" / ASSIGNMENT / "s").mkdir(parents=True)
    (found,), refused = course.hand_ins(ASSIGNMENT)
    assert found == HandIn("s", ASSIGNMENT, tmp_path / "submitted" / ASSIGNMENT / "s")
    assert refused == []


def test_notebooks_in_order(course: Course) -> None:
    """By name; other files are none."""
    (course.source(ASSIGNMENT) / "data.txt").write_text("1")
    assert [path.name for path in course.notebooks(ASSIGNMENT)] == ["one.ipynb", "two.ipynb"]


def test_the_projects_own_assignment() -> None:
    """cnn, beginning with its theory."""
    assert "theory" in [path.stem for path in Course(ROOT).notebooks("cnn")]


def test_an_assignment_without_notebooks(course: Course) -> None:
    """The error says what there is."""
    with pytest.raises(CourseError, match=r"assignment 'x', found none; .* here are: ps$"):
        course.notebooks("x")


def test_hand_ins_in_order(course: Course) -> None:
    """By student; who handed in another assignment alone is passed over."""
    _submit(course, "b", "a", "c")
    (course.root / "submitted" / "d" / "other").mkdir(parents=True)
    (course.root / "submitted" / "README.txt").write_text("notes")
    found, refused = course.hand_ins(ASSIGNMENT)
    assert [hand_in.student for hand_in in found] == ["a", "b", "c"]
    assert refused == []


def test_no_hand_ins(course: Course) -> None:
    """No submitted/ yet is no fault."""
    assert course.hand_ins(ASSIGNMENT) == ([], [])


def test_some_students(course: Course) -> None:
    """Only those named; all who are missing are told at once."""
    _submit(course, "a", "b", "c d")
    found, refused = course.hand_ins(ASSIGNMENT, ("b",))
    assert [hand_in.student for hand_in in found] == ["b"]
    assert refused == []
    with pytest.raises(CourseError, match="by 'x', 'y'"):
        course.hand_ins(ASSIGNMENT, ("y", "a", "x"))


@pytest.mark.parametrize(
    "student",
    ["s1234567", "a.b-c_d", "j.doe@uni.example", "van+der=x,y~z", "Ólafur", "学生", "x" * 100, "1"],
)
def test_ids_that_are_taken(student: str, course: Course) -> None:
    """Numbers, mail addresses, names in any script."""
    _submit(course, student)
    found, refused = course.hand_ins(ASSIGNMENT)
    assert [hand_in.student for hand_in in found] == [student]
    assert refused == []


@pytest.mark.parametrize(
    "student",
    ["a b", "a'b", 'a"b', "a..b", "..a", ".a", "-a", "_a", "a\nb", "a\tb", "a;b", "a*b", "x" * 101],
)
def test_ids_that_are_refused(student: str, course: Course) -> None:
    """What a shell, a pattern or a path would take for something else."""
    _submit(course, student)
    found, (refused,) = course.hand_ins(ASSIGNMENT)
    assert found == []
    assert refused.folder == repr(student)[1:-1]
    assert "\n" not in refused.folder + refused.reason


def test_files_beside_the_notebook(tmp_path: Path) -> None:
    """Their bytes by relative path; notebooks, the timestamp and what is ignored are left out."""
    for name in ("b.txt", "deep/down/a.txt", "n.ipynb", "timestamp.txt", "__pycache__/x.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    files = read_files(tmp_path, 1, ("__pycache__", "*.pyc"))
    assert files.contents == {"b.txt": b"b.txt", "deep/down/a.txt": b"deep/down/a.txt"}
    assert files.remarks == ()


def test_files_together_have_a_limit(tmp_path: Path) -> None:
    """What no longer fits is left out; what comes after and fits is not."""
    for name, size in {"a": 700_000, "b": 700_000, "c": 300_000}.items():
        (tmp_path / name).write_bytes(bytes(size))
    files = read_files(tmp_path, 1)
    assert list(files.contents) == ["a", "c"]
    assert files.remarks == ("b has 1 MB, more than a hand-in may hold (1 MB); left out",)


def test_the_authors_files_beside_the_notebooks(course: Course) -> None:
    """All that nbgrader would copy; one that cannot be read would be missing without a word."""
    folder = course.source(ASSIGNMENT)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "thresholds.json").write_text("old")
    (folder / "images").mkdir()
    (folder / "images" / "a.png").write_bytes(b"png")
    assert course.beside(ASSIGNMENT) == {"images/a.png": b"png"}
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(CourseError, match=r"expected plain files.*link is a symbolic link"):
        course.beside(ASSIGNMENT)


def test_an_environment_goes_before_the_settings(tmp_path: Path) -> None:
    """What is given with the course is what its notebooks find."""
    root = build(tmp_path, "c.Autograder.environment = {'A': 'setting', 'B': 'setting'}")
    course = Course(root, environment={"A": "given"})
    assert course.settings.environment == {"A": "given", "B": "setting"}
    assert Course(root).settings.environment == {"A": "setting", "B": "setting"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Neither to files nor to folders, nor in circles."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "file").symlink_to("/etc/hostname")
    (tmp_path / "inside" / "folder").symlink_to("/etc")
    (tmp_path / "inside" / "circle").symlink_to(tmp_path)
    files = read_files(tmp_path, 1)
    assert files.contents == {}
    assert files.remarks == tuple(
        f"inside/{name} is a symbolic link; left out" for name in ("circle", "file", "folder")
    )


def test_a_plain_file_of_some_size(tmp_path: Path) -> None:
    """Its bytes; what is larger is not read."""
    (tmp_path / "file").write_bytes(b"12345")
    assert read_plain(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="expected at most"):
        read_plain(tmp_path / "file", 4)


def test_reading_leaves_nothing_open(tmp_path: Path) -> None:
    """Also when it is refused, as it is for each odd hand-in of a long night."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(OSError, match="not a plain file"):
            read_plain(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_digests_know_where_parts_end() -> None:
    """And text from bytes only by what it encodes to."""
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a") == digest(b"a")
    assert digest() != digest("")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "a.txt"),
        ("a\nb", r"'a\nb'"),
        ("\udce9", r"'\udce9'"),
        ("y" * 101, repr("y" * 100)),
    ],
)
def test_names_fit_for_a_line(name: str, expected: str) -> None:
    """Quoted where they have what does not print, cut where they are long."""
    assert shown(name) == expected
