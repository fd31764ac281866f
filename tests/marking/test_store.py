"""Marks in the gradebook: written once, never over another's, undone as they were given."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from support import ASSIGNMENT, gradebook

from autograder.course import Course
from autograder.marking.marks import (
    FORMGRADER,
    ConflictError,
    Mark,
    NotGradedError,
    Progress,
    Saved,
    Wish,
)
from autograder.marking.store import Store
from autograder.marking.tables import make_tables
from marking.desks import WHY, in_book, in_formgrader, make_course

GOOD = Mark(2.5, (1.0, 0.5, 1.0), "Well said.")
NOON = datetime(2026, 1, 31, 12)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


@pytest.fixture
def store(course: Course) -> Iterator[Store]:
    yield from _store(course, "tutor")


@pytest.fixture
def other(course: Course) -> Iterator[Store]:
    yield from _store(course, "colleague")


def _store(course: Course, marker: str) -> Iterator[Store]:
    engine = create_engine(course.db_url)
    seconds = iter(range(10_000))
    yield Store(engine, ASSIGNMENT, marker, lambda: NOON + timedelta(seconds=next(seconds)))
    engine.dispose()


def give(store: Store, mark: Mark, *students: str) -> Saved:
    entries = store.entries(WHY)
    return store.save(WHY, [Wish(each, mark, entries[each].seen, "digest") for each in students])


def test_a_mark_is_what_nbgrader_reads(course: Course, store: Store) -> None:
    """Manual score and comment stand in the gradebook, and nobody waits for a person any more."""
    saved = give(store, GOOD, "ada")
    assert in_book(course, "ada") == (2.5, "Well said.", False)
    (entry,) = saved.entries
    assert (entry.student, entry.mark, entry.is_marked) == ("ada", GOOD, True)
    assert (entry.marker, entry.marked_at, entry.digest) == ("tutor", NOON, "digest")
    assert store.entries(WHY)["ada"] == entry
    assert in_book(course, "bob") == (None, None, True)


def test_no_comment_is_none(course: Course, store: Store) -> None:
    """So that nbgrader shows its own."""
    give(store, Mark(0.0), "ada")
    assert in_book(course, "ada") == (0.0, None, False)


def test_progress_counts_marked_waiting_and_empty(store: Store) -> None:
    """kim's answer was left as released: nothing waits there until a person marks it."""
    assert store.progress([WHY]) == (Progress(marked=0, waiting=4, empty=1),)
    give(store, GOOD, "ada", "kim")
    assert store.progress([WHY]) == (Progress(marked=2, waiting=3, empty=0),)


def test_the_later_writer_overwrites_nothing(course: Course, store: Store, other: Store) -> None:
    """and is told who, when and what; knowing that, they may take over."""
    seen = store.entries(WHY)["ada"].seen
    give(other, Mark(1.0, (1.0, 0.0, 0.0), "Theirs."), "ada")
    with pytest.raises(ConflictError) as told:
        store.save(WHY, [Wish("ada", GOOD, seen)])
    (entry,) = told.value.entries
    assert (entry.marker, entry.marked_at) == ("colleague", NOON)
    assert entry.mark == Mark(1.0, (1.0, 0.0, 0.0), "Theirs.")
    assert in_book(course, "ada") == (1.0, "Theirs.", False)
    store.save(WHY, [Wish("ada", GOOD, entry.seen)])
    assert in_book(course, "ada") == (2.5, "Well said.", False)


@pytest.mark.parametrize(("points", "comment"), [(1.0, ""), (None, "Only a comment.")])
def test_formgrader_counts_as_another_writer(
    course: Course, store: Store, points: float | None, comment: str
) -> None:
    """Whether the answer had a mark of the kit's before or none."""
    for student in ("ada", "bob"):
        if student == "bob":
            give(store, GOOD, "bob")
        seen = store.entries(WHY)[student].seen
        in_formgrader(course, student, points, comment)
        with pytest.raises(ConflictError) as told:
            store.save(WHY, [Wish(student, GOOD, seen)])
        (entry,) = told.value.entries
        assert (entry.marker, entry.marked_at) == (FORMGRADER, None)
        assert entry.mark == Mark(points, (), comment)


def test_a_group_is_saved_whole_or_not_at_all(course: Course, store: Store, other: Store) -> None:
    """One member changed by somebody else holds back all."""
    entries = store.entries(WHY)
    give(other, Mark(1.0), "bob")
    wishes = [Wish(each, GOOD, entries[each].seen) for each in ("ada", "bob", "eve")]
    with pytest.raises(ConflictError) as told:
        store.save(WHY, wishes)
    assert [entry.student for entry in told.value.entries] == ["bob"]
    assert in_book(course, "ada") == in_book(course, "eve") == (None, None, True)


def test_a_group_is_undone_as_a_whole(course: Course, store: Store) -> None:
    """What stood before stands again: nothing, a mark of the kit's, or one from formgrader."""
    give(store, Mark(1.0, (1.0, 0.0, 0.0), "First."), "bob")
    in_formgrader(course, "eve", 2.0, "By hand.")
    saved = give(store, GOOD, "ada", "bob", "eve", "kim")
    undone = store.undo(WHY, saved.batch)
    assert {entry.student for entry in undone.entries} == {"ada", "bob", "eve", "kim"}
    assert undone.kept == ()
    assert in_book(course, "ada") == (None, None, True)
    assert in_book(course, "bob") == (1.0, "First.", False)
    assert store.entries(WHY)["bob"].mark == Mark(1.0, (1.0, 0.0, 0.0), "First.")
    assert in_book(course, "eve") == (2.0, "By hand.", False)
    assert in_book(course, "kim") == (None, None, False)


@pytest.mark.parametrize("is_formgrader", [False, True])
def test_undo_keeps_what_somebody_changed_since(
    course: Course, store: Store, other: Store, is_formgrader: bool
) -> None:
    """and says so."""
    saved = give(store, GOOD, "ada", "bob")
    if is_formgrader:
        in_formgrader(course, "bob", 1.0, "")
    else:
        give(other, Mark(1.0), "bob")
    undone = store.undo(WHY, saved.batch)
    assert [entry.student for entry in undone.entries] == ["ada"]
    assert [entry.student for entry in undone.kept] == ["bob"]
    assert in_book(course, "bob") == (1.0, "" if is_formgrader else None, False)


def test_what_can_be_undone_is_remembered(course: Course, store: Store, other: Store) -> None:
    """The last that this marker saved, then the one before; nobody else's; also after a restart."""
    assert store.last_batch(WHY) is None
    first = give(store, GOOD, "ada").batch
    second = give(store, GOOD, "bob").batch
    give(other, GOOD, "eve")
    (again,) = [made.last_batch(WHY) for made in _store(course, "tutor")]
    assert again == store.last_batch(WHY) == second
    store.undo(WHY, second)
    assert store.last_batch(WHY) == first
    store.undo(WHY, first)
    assert store.last_batch(WHY) is None


def test_what_formgrader_changed_stands_in_no_ones_way(course: Course, store: Store) -> None:
    """The next to be undone is the last of which anything stands."""
    first = give(store, GOOD, "ada").batch
    give(store, GOOD, "bob")
    in_formgrader(course, "bob", 1.0, "")
    assert store.last_batch(WHY) == first


def test_undo_leaves_a_grading_since_to_be_looked_at(course: Course, store: Store) -> None:
    """What waits since is another answer; what waited by the mark that is undone is not."""
    give(store, Mark(1.0), "ada")
    again = give(store, GOOD, "ada")
    with gradebook(course.root) as book:
        book.find_grade("why", "one", ASSIGNMENT, "ada").needs_manual_grade = True
        book.db.commit()
    store.undo(WHY, again.batch)
    assert in_book(course, "ada") == (1.0, None, True)
    give(store, GOOD, "bob")
    store.undo(WHY, give(store, Mark(None), "bob").batch)
    assert in_book(course, "bob") == (GOOD.points, GOOD.comment, False)


def test_undoing_twice_does_nothing(course: Course, store: Store) -> None:
    """Two presses of a key take back one group."""
    saved = give(store, GOOD, "ada")
    assert store.undo(WHY, saved.batch).entries
    assert store.undo(WHY, saved.batch).entries == ()
    assert store.undo(WHY, "no such batch").entries == ()


def test_a_mark_can_be_taken_back(course: Course, store: Store) -> None:
    """The answer waits again, unless the autograder scored it."""
    for student, waits in (("ada", True), ("kim", False)):
        give(store, GOOD, student)
        give(store, Mark(None), student)
        assert in_book(course, student) == (None, None, waits)


def test_a_grading_since_asks_for_another_look(course: Course, store: Store) -> None:
    """`autograder grade` leaves the mark and has it wait; that is nobody's change of the mark."""
    give(store, GOOD, "ada")
    seen = store.entries(WHY)["ada"].seen
    with gradebook(course.root) as book:
        book.find_grade("why", "one", ASSIGNMENT, "ada").needs_manual_grade = True
        book.db.commit()
    entry = store.entries(WHY)["ada"]
    assert (entry.waits, entry.is_marked, entry.marker, entry.seen) == (True, False, "tutor", seen)
    store.save(WHY, [Wish("ada", GOOD, seen)])
    assert in_book(course, "ada") == (2.5, "Well said.", False)


def test_who_is_not_in_the_gradebook_is_named(course: Course, store: Store) -> None:
    """and nothing is written for the others."""
    seen = store.entries(WHY)["ada"].seen
    with pytest.raises(NotGradedError) as told:
        store.save(WHY, [Wish("ada", GOOD, seen), Wish("nobody", GOOD, "")])
    assert told.value.students == ("nobody",)
    assert in_book(course, "ada") == (None, None, True)


def test_of_two_at_the_same_moment_one_wins(store: Store, other: Store) -> None:
    """The other is told."""
    for _ in range(5):
        seen = store.entries(WHY)["ada"].seen
        start = threading.Barrier(2)
        with ThreadPoolExecutor() as pool:
            ends = [pool.submit(_race, start, by, seen) for by in (store, other)]
        assert sorted(end.result() for end in ends) == ["saved", "told"]


def _race(start: threading.Barrier, by: Store, seen: str) -> str:
    start.wait()
    try:
        by.save(WHY, [Wish("ada", GOOD, seen)])
    except ConflictError:
        return "told"
    return "saved"


def test_odd_comments_survive(course: Course, store: Store) -> None:
    """Quotes, formulas, markup, right-to-left text and emoji are kept as they are."""
    said = "=cmd|' /C'!A0, \"x\" <script>alert(1)</script> שלום 🙂\nnew line"
    give(store, Mark(1.0, (), said), "ada")
    assert in_book(course, "ada")[1] == said


def test_phrases_are_kept_once_for_a_question(store: Store, other: Store) -> None:
    """Everybody finds them, in the order in which they were kept, until they are dropped."""
    for by, text in ((store, "Why?"), (other, "Name the window."), (other, "Why?")):
        by.keep_phrase(WHY, text)
    assert [phrase.text for phrase in store.phrases(WHY)] == ["Why?", "Name the window."]
    other.drop_phrase(WHY, store.phrases(WHY)[0].number)
    assert [phrase.text for phrase in store.phrases(WHY)] == ["Name the window."]


def test_the_tables_are_made_once(course: Course) -> None:
    """A second program finds them; nbgrader's own are left as they are."""
    engine = create_engine(course.db_url)
    before = set(inspect(engine).get_table_names())
    make_tables(engine)
    make_tables(engine)
    after = set(inspect(engine).get_table_names())
    engine.dispose()
    assert after - before == {"autograder_mark", "autograder_phrase"}


def test_a_large_group_is_saved_at_once(tmp_path: Path) -> None:
    """More members than a statement takes parameters."""
    names = [f"s{number:04}" for number in range(1200)]
    course = make_course(tmp_path / "large", names)
    for store in _store(course, "tutor"):
        saved = give(store, GOOD, *names)
        assert len(saved.entries) == 1200
        assert store.progress([WHY]) == (Progress(marked=1200),)
        assert len(store.undo(WHY, saved.batch).entries) == 1200
        assert store.progress([WHY]) == (Progress(waiting=1200),)


_KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import create_engine, event
from autograder.course import Course
from autograder.marking.marks import Mark, Wish
from autograder.marking.store import Store
from marking.desks import ASSIGNMENT, WHY

engine = create_engine(Course(Path(sys.argv[1])).db_url)
store = Store(engine, ASSIGNMENT, "tutor")
wishes = [Wish(name, Mark(1.0), entry.seen) for name, entry in store.entries(WHY).items()]


@event.listens_for(engine, "before_cursor_execute")
def die(db, cursor, statement, *_):
    if statement.startswith("INSERT INTO autograder_mark"):
        os.kill(os.getpid(), signal.SIGKILL)


store.save(WHY, wishes)
"""


def test_a_killed_save_leaves_nothing(course: Course, store: Store) -> None:
    """Killed between a group's points and their history: no member has a mark, and all can."""
    command = [sys.executable, "-W", "ignore", "-c", _KILLED, str(course.root)]
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": tests}, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert store.progress([WHY]) == (Progress(waiting=4, empty=1),)
    assert in_book(course, "ada") == (None, None, True)
    give(store, GOOD, "ada", "bob")
    assert in_book(course, "ada")[0] == GOOD.points
