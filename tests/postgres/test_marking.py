"""Marks in a gradebook on PostgreSQL: two markers at once, and nbgrader reads what they gave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from marking.desks import WHY as MADE
from nbgrader.api import Gradebook
from sqlalchemy import create_engine
from support import ASSIGNMENT

from autograder.course import Course
from autograder.marking.marks import ConflictError, Mark, Wish
from autograder.marking.store import Store

WHY = replace(MADE, max_points=3.0)
CLASS = ("ada", "bob", "eve")


@pytest.fixture
def graded(course: Path) -> Course:
    """Three explanations wait for a person."""
    made = Course(course)
    with Gradebook(made.db_url, "deep-learning") as book:
        for student in CLASS:
            book.add_student(student)
            book.add_submission(ASSIGNMENT, student)
            book.find_grade("why", "one", ASSIGNMENT, student).needs_manual_grade = True
        book.db.commit()
    return made


@pytest.fixture
def stores(graded: Course) -> Iterator[tuple[Store, Store]]:
    """Two markers, each with connections of their own."""
    engines = [create_engine(graded.db_url) for _ in range(2)]
    yield (
        Store(engines[0], ASSIGNMENT, "tutor"),
        Store(engines[1], ASSIGNMENT, "colleague"),
    )
    for engine in engines:
        engine.dispose()


def test_two_markers_on_one_server(graded: Course, stores: tuple[Store, Store]) -> None:
    """The later is told, whole groups race without a deadlock, and an undo spares what is newer."""
    one, other = stores
    _the_later_is_told(one, other)
    for _ in range(5):
        _one_of_two_wins(one, other)
    saved = one.save(WHY, _wishes(one, Mark(1.0, (), "=1+1 שלום 🙂 <b>")))
    other.save(WHY, _wishes(other, Mark(2.0))[:1])
    undone = one.undo(WHY, saved.batch)
    assert [entry.student for entry in undone.kept] == ["ada"]
    with Gradebook(graded.db_url, "deep-learning") as book:
        scores = [book.find_grade("why", "one", ASSIGNMENT, name).manual_score for name in CLASS]
    assert scores[0] == 2.0
    assert scores[1:] == [0.5, 0.5]


def _the_later_is_told(one: Store, other: Store) -> None:
    old = _wishes(other, Mark(3.0))
    one.save(WHY, _wishes(one, Mark(0.0))[1:2])
    with pytest.raises(ConflictError) as told:
        other.save(WHY, old)
    (entry,) = told.value.entries
    assert (entry.student, entry.marker, entry.mark.points) == ("bob", "tutor", 0.0)
    assert other.entries(WHY)["ada"].mark.points is None


def _one_of_two_wins(one: Store, other: Store) -> None:
    """Both save the whole class at one moment, in opposite orders."""
    wishes = _wishes(one, Mark(0.5))
    start = threading.Barrier(2)

    def save(store: Store, wanted: list[Wish]) -> str:
        start.wait()
        try:
            store.save(WHY, wanted)
        except ConflictError:
            return "told"
        return "saved"

    with ThreadPoolExecutor() as pool:
        ends = [pool.submit(save, one, wishes), pool.submit(save, other, wishes[::-1])]
    assert sorted(end.result() for end in ends) == ["saved", "told"]


def _wishes(store: Store, mark: Mark) -> list[Wish]:
    entries = store.entries(WHY)
    return [Wish(name, mark, entries[name].seen) for name in CLASS]
