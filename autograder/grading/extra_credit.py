"""Bonus points in the gradebook: nbgrader's extra credit, which people type in formgrader too.

nbgrader has one field for both and does not say who filled it. So a table of the kit's own, in the
same database and written in the same transaction, keeps what the kit wrote last:

- an empty field, or one that still holds what the kit wrote, is the kit's to write;
- any other number was typed by a person, and stays whatever the tests come to.

Who types the very number that the kit wrote has typed nothing. Who wants a bonus gone types 0: an
emptied field is filled again the next time that scores are recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from nbgrader.api import SubmittedNotebook
from sqlalchemy import Column, Connection, Float, MetaData, String, Table, inspect, select
from sqlalchemy.orm import Session, object_session
from sqlalchemy.schema import CreateTable

_WRITTEN = Table(
    "autograder_extra_credit",
    MetaData(),
    Column("grade", String(32), primary_key=True),  # nbgrader's Grade.id
    Column("written", Float, nullable=False),
)


def enter_bonus(entry: SubmittedNotebook, earned: Mapping[str, float]) -> None:
    """Set the extra credit of a notebook's grades to what was `earned`, by grade_id.

    A grade that is not in `earned` loses what the kit gave it before; what a person typed stays.
    The caller commits.
    """
    connection = cast(Session, object_session(entry)).connection()
    is_kept = inspect(connection).has_table(_WRITTEN.name)
    if not (earned or is_kept):
        return
    if not is_kept:
        connection.execute(CreateTable(_WRITTEN, if_not_exists=True))  # by another grading
    written = _written(connection, [grade.id for grade in entry.grades])
    for grade in entry.grades:
        if grade.extra_credit not in (None, written.get(grade.id)):
            continue
        wanted = earned.get(grade.name)
        if grade.extra_credit != wanted or written.get(grade.id) != wanted:
            grade.extra_credit = wanted
            _remember(connection, grade.id, wanted)


def _written(connection: Connection, ids: Collection[str]) -> dict[str, float]:
    rows = connection.execute(select(_WRITTEN).where(_WRITTEN.c.grade.in_(ids)))
    return {row.grade: row.written for row in rows}


def _remember(connection: Connection, grade: str, number: float | None) -> None:
    connection.execute(_WRITTEN.delete().where(_WRITTEN.c.grade == grade))
    if number is not None:
        connection.execute(_WRITTEN.insert().values(grade=grade, written=number))
