"""How much room runs take."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support import ASSIGNMENT, autograder, build

from autograder.course import Course, CourseError
from autograder.storage import sizes
from storage.runs import SHARED, taken, write_run


def disk_usage(folder: Path) -> int:
    """What du says: everything in the folder, hard links once, less the folder itself."""
    said = subprocess.run(["du", "-s", "--block-size=1", folder], capture_output=True, check=True)
    return int(said.stdout.split()[0]) - taken(folder)


def test_what_is_shared_counts_once(course: Course) -> None:
    """In all, as du has it; each hand-in by itself has all of its own."""
    (size,) = sizes(course, ASSIGNMENT)
    runs = course.runs(ASSIGNMENT)
    assert size.bytes == disk_usage(runs)
    assert (size.assignment, size.hand_ins, size.files) == (ASSIGNMENT, 2, 4 + 2)
    bob, ann = size.largest
    assert (bob.student, bob.files, bob.bytes) == ("bob", 4, disk_usage(runs / "bob") + taken(runs))
    assert (ann.student, ann.files) == ("ann", 3)


def test_what_sharing_saves(course: Course) -> None:
    """The copies that hand-ins would have; what one alone holds saves nothing."""
    (shared,) = course.runs(ASSIGNMENT).glob("ann/one/*.npy")
    assert sizes(course, ASSIGNMENT)[0].saved_bytes == taken(shared) >= len(SHARED)
    write_run(course, "cem", "one", SHARED)
    assert sizes(course, ASSIGNMENT)[0].saved_bytes == 2 * taken(shared)


def test_what_is_no_hand_in_s_counts_too(course: Course) -> None:
    """The author's runs, ledgers, and shared files that no run holds any more."""
    runs = course.runs(ASSIGNMENT)
    before = sizes(course, ASSIGNMENT)[0]
    for name in (".release/ps/solution/one/a.npy", ".objects/ab/left.npy"):
        (runs / name).parent.mkdir(parents=True)
        (runs / name).write_bytes(bytes(5000))
    after = sizes(course, ASSIGNMENT)[0]
    assert after.bytes == disk_usage(runs) >= before.bytes + 10_000
    assert (after.files, after.hand_ins) == (before.files + 2, before.hand_ins)
    assert (after.saved_bytes, after.largest) == (before.saved_bytes, before.largest)


def test_the_largest_come_first(course: Course) -> None:
    """As many as were asked for."""
    for number in range(4):
        write_run(course, f"s{number}", "one", bytes([number]) * (number + 2) * 1_000_000)
    (size,) = sizes(course, ASSIGNMENT, largest=3)
    assert [each.student for each in size.largest] == ["s3", "s2", "s1"]
    assert size.hand_ins == 6


def test_links_out_of_the_runs_are_not_followed(course: Course, tmp_path: Path) -> None:
    """What lies elsewhere takes no room here."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "large").write_bytes(bytes(1 << 20))
    before = sizes(course, ASSIGNMENT)[0].bytes
    link = course.runs(ASSIGNMENT) / "ann" / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert sizes(course, ASSIGNMENT)[0].bytes == before + taken(link)


def test_all_that_have_runs(course: Course) -> None:
    """By name; also one that source/ has no more."""
    (course.runs("an-old-one") / "ann" / "one").mkdir(parents=True)
    assert [size.assignment for size in sizes(course)] == ["an-old-one", ASSIGNMENT]
    assert [size.assignment for size in sizes(course, "an-old-one")] == ["an-old-one"]


def test_where_nothing_was_run(tmp_path: Path) -> None:
    """Nothing is taken; an assignment that there is not is a mistake."""
    course = Course(build(tmp_path))
    assert sizes(course) == []
    (size,) = sizes(course, ASSIGNMENT)
    assert (size.hand_ins, size.files, size.bytes, size.largest) == (0, 0, 0, ())
    with pytest.raises(CourseError, match="the assignments here are: ps"):
        sizes(course, "sp")


def test_the_command_tells(course: Course) -> None:
    """A line for each assignment, and one for each of the largest hand-ins."""
    said = autograder("runs", "size", course=course.root, assignment="")
    assert said.code == 0
    first, *others = said.text.splitlines()
    assert first == "ps: 2 hand-ins, 6 files, 1.5 MB; sharing saves 0.0 MB"
    assert [line.split(":")[0] for line in others] == ["  bob", "  ann"]
    assert autograder("runs", "size", "sp", course=course.root, assignment="").code == 2
