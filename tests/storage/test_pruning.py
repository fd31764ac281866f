"""What of the runs can go, and that nothing else goes."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ASSIGNMENT, autograder

from autograder.course import Course, CourseError
from autograder.errors import UserError
from autograder.storage import Pruned, prune, sizes
from storage.runs import age, write_run

TWO_DAYS_S = 2 * 86_400
STEPS: dict[str, Callable[..., None]] = {"os.rename": os.rename, "shutil.rmtree": shutil.rmtree}


def pruned(course: Course, *, authors_too: bool = False, dry_run: bool = False) -> Pruned:
    """What prune did; whatever it told is a failure: nothing else is at work."""
    return prune(course, ASSIGNMENT, pytest.fail, authors_too=authors_too, dry_run=dry_run)


def why(found: Pruned) -> dict[str, str]:
    return {removal.path: removal.why for removal in found.removals}


def tree(course: Course) -> set[str]:
    """All below the assignment's runs, but the lock."""
    runs = course.runs(ASSIGNMENT)
    return {path.relative_to(runs).as_posix() for path in runs.rglob("*")} - {".lock"}


def leave(course: Course) -> None:
    """bob's hand-in is taken back."""
    shutil.rmtree(course.root / "submitted" / "bob")


def old(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "cells.jsonl").write_text("{}")
    age(folder, TWO_DAYS_S)
    return folder


def test_what_is_needed_stays(course: Course) -> None:
    """Runs of those who handed in, of notebooks in source/, what they share, the author's."""
    for name in (".release/ps/solution/one", ".calibration/small/ps/seed-0/one"):
        old(course.runs(ASSIGNMENT) / name)
    before = tree(course)
    found = pruned(course)
    assert (found.removals, found.objects, found.bytes) == ((), 0, 0)
    assert tree(course) == before


def test_a_student_without_a_hand_in_goes(course: Course) -> None:
    """With what nobody else holds of it; what is shared stays for the others."""
    leave(course)
    own = course.runs(ASSIGNMENT) / "bob"
    found = pruned(course)
    assert why(found) == {"bob": "no hand-in any more"}
    assert found.objects == 1
    assert not own.exists()
    assert not [name for name in tree(course) if name.startswith(".pruned")]
    (shared,) = course.runs(ASSIGNMENT).glob(".objects/*/*")
    assert shared.samefile(next(course.runs(ASSIGNMENT).glob("ann/one/*.npy")))


def test_what_is_told_is_what_the_disk_gains(course: Course) -> None:
    """Shared files count with their last link only."""
    leave(course)
    for path in (course.root / "source" / ASSIGNMENT).glob("two.ipynb"):
        path.unlink()
    before = sizes(course, ASSIGNMENT)[0].bytes
    gained = pruned(course).bytes
    assert gained == before - sizes(course, ASSIGNMENT)[0].bytes > 1_400_000


def test_both_of_two_that_share_go(course: Course) -> None:
    """Then what they shared goes as well."""
    leave(course)
    (course.root / "submitted" / "ann").rename(course.root / "submitted" / "zoe")
    before = sizes(course, ASSIGNMENT)[0].bytes
    found = pruned(course)
    assert list(why(found)) == ["ann", "bob"]
    assert found.objects == 2
    assert found.bytes == before - sizes(course, ASSIGNMENT)[0].bytes
    assert not list(course.runs(ASSIGNMENT).glob(".objects/*/*"))


def test_a_dry_run_tells_the_same_and_removes_nothing(course: Course) -> None:
    """Down to the bytes."""
    leave(course)
    old(course.runs(ASSIGNMENT) / "ann" / ".one.x.writing")
    before = tree(course)
    told = pruned(course, dry_run=True)
    assert tree(course) == before
    done = pruned(course)
    assert (told.removals, told.objects, told.bytes) == (done.removals, done.objects, done.bytes)
    assert len(told.removals) == 2


def test_a_notebook_that_source_has_no_more_goes(course: Course) -> None:
    """Of everybody; who has no other loses the folder too."""
    write_run(course, "ann", "three")
    (course.root / "submitted" / "cem" / ASSIGNMENT).mkdir(parents=True)
    write_run(course, "cem", "three")
    assert why(pruned(course)) == dict.fromkeys(
        ("ann/three", "cem/three"), "no such notebook in source/ any more"
    )
    assert not (course.runs(ASSIGNMENT) / "cem").exists()
    assert (course.runs(ASSIGNMENT) / "ann" / "one").exists()


def test_what_killed_runs_left_goes_when_it_is_old(course: Course) -> None:
    """What was written to today may be at work, on another machine."""
    runs = course.runs(ASSIGNMENT)
    left = old(runs / "ann" / ".one.abc.writing")
    alive = old(runs / "ann" / ".two.abc.writing")
    (alive / "cells.jsonl").write_text("{}\n{}")
    (runs / "bob" / "one" / ".scores.json.x").touch()
    os.utime(runs / "bob" / "one" / ".scores.json.x", (0, 0))
    assert why(pruned(course)) == dict.fromkeys(
        ("ann/.one.abc.writing", "bob/one/.scores.json.x"), "left by a run that was killed"
    )
    assert not left.exists()
    assert alive.exists()


def test_the_author_s_runs_go_when_asked_for(course: Course) -> None:
    """They took hours, and a release would take them again."""
    runs = course.runs(ASSIGNMENT)
    for name in (".release/ps/solution/one", ".calibration/small/ps/seed-0/one"):
        old(runs / name)
    assert list(why(pruned(course, authors_too=True))) == [".calibration", ".release"]
    assert not (runs / ".release").exists()
    assert not (runs / ".calibration").exists()
    assert (runs / "ann" / "one" / "run.json").exists()


def test_a_slurm_batch_goes_when_it_has_ended(course: Course) -> None:
    """Not one whose tasks may wait in the queue, however long, nor one that ended just now."""
    ledger = course.runs(ASSIGNMENT) / ".slurm"
    for name in ("0001-ended", "0002-waits", ".new-0003-killed", "0004-ended-today"):
        old(ledger / name)
    for name in ("0001-ended", "0004-ended-today"):
        (ledger / name / "over").touch()
    age(ledger / "0001-ended", TWO_DAYS_S)
    assert why(pruned(course)) == dict.fromkeys(
        (".slurm/.new-0003-killed", ".slurm/0001-ended"), "a batch of Slurm tasks that has ended"
    )
    assert {path.name for path in ledger.iterdir()} == {"0002-waits", "0004-ended-today"}


def test_who_cannot_be_read_now_stays(course: Course) -> None:
    """A hand-in that is refused is one that may be mended."""
    leave(course)
    (course.root / "submitted" / "bob").mkdir()
    (course.root / "submitted" / "bob" / ASSIGNMENT).symlink_to(course.root)
    assert why(pruned(course)) == {}


def test_without_any_hand_in_nothing_is_removed(course: Course) -> None:
    """More likely submitted/ is elsewhere today than everybody gone."""
    before = tree(course)
    (course.root / "submitted").rename(course.root / "elsewhere")
    with pytest.raises(UserError, match=r"the hand-ins that the 2 runs in .* found none"):
        pruned(course)
    assert tree(course) == before


def test_an_assignment_that_there_is_not(course: Course) -> None:
    """A mistake, and no folder is made for it."""
    with pytest.raises(CourseError, match="found none; the assignments here are: ps"):
        prune(course, "sp", pytest.fail)
    assert not course.runs("sp").exists()


def test_where_nothing_was_run(course: Course) -> None:
    """Nothing can go, and nothing is made."""
    shutil.rmtree(course.runs(ASSIGNMENT))
    assert pruned(course).bytes == 0
    assert not course.runs(ASSIGNMENT).exists()


def test_a_grading_is_waited_for(course: Course) -> None:
    """What it is about to read does not go under its hands; that it waits is told."""
    leave(course)
    lock = (course.runs(ASSIGNMENT) / ".lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    told: list[str] = []

    def say(line: str) -> None:
        assert (course.runs(ASSIGNMENT) / "bob").exists()
        told.append(line)
        lock.close()  # the grading ends

    prune(course, ASSIGNMENT, say)
    assert len(told) == 1
    assert not (course.runs(ASSIGNMENT) / "bob").exists()


@pytest.mark.parametrize(
    ("step", "call"), [("os.rename", 1), ("os.rename", 2), ("shutil.rmtree", 1)]
)
def test_a_killed_prune_leaves_no_half_of_a_run(
    step: str, call: int, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is there as a whole or not at all, and the next prune removes the rest."""
    leave(course)
    write_run(course, "ann", "three")
    with monkeypatch.context() as patched:
        patched.setattr(step, killed_at(call, STEPS[step]))
        with pytest.raises(KeyboardInterrupt):
            pruned(course)
    runs = course.runs(ASSIGNMENT)
    assert all((path / "run.json").exists() for path in runs.glob("[!.]*/*"))
    assert "left by a prune that was killed" in why(pruned(course)).values()
    assert {path.parent.name for path in runs.glob("[!.]*/*")} == {"ann"}
    assert {path.name for path in runs.glob("[!.]*/*")} == {"one", "two"}
    assert not list(runs.glob(".pruned*"))


def killed_at(last: int, real: Callable[..., None]) -> Callable[..., None]:
    """A function that does what `real` does, until its call number `last`."""
    calls = itertools.count(1)

    def function(*arguments: object, **options: object) -> None:
        if next(calls) == last:
            raise KeyboardInterrupt
        real(*arguments, **options)

    return function


def test_the_command_tells_what_goes(course: Course) -> None:
    """A line for each, the sum last; --dry-run says so."""
    leave(course)

    def said(*options: str) -> list[str]:
        done = autograder("runs", "prune", ASSIGNMENT, *options, course=course.root, assignment="")
        assert done.code == 0, done.text
        return done.text.splitlines()

    lines = said("--dry-run")
    assert lines[0] == "bob: no hand-in any more, 0.0 MB"
    assert lines[1] == "shared files that no run holds any more: 1, 1.4 MB"
    assert lines[2] == "2 would be removed, 1.5 MB in all"
    assert said()[-1] == "2 removed, 1.5 MB in all"
    assert said() == ["0 removed, 0.0 MB in all"]
