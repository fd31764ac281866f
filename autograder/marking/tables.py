"""The kit's own tables in the gradebook's database: marks with their history, phrases.

nbgrader does not know them and leaves them alone. A mark is never changed, a version is added.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

_tables = MetaData()

# A version of the mark of one answer, which nbgrader's row `grade` (its id) is for. cell: the id of
# nbgrader's grade cell or task cell. before_…: what it took the place of. batch: what was saved at
# once; undoes: the batch that this one took back.
MARKS = Table(
    "autograder_mark",
    _tables,
    Column("grade", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("cell", String(32), nullable=False),
    Column("batch", String(32), nullable=False),
    Column("undoes", String(32)),
    Column("marker", Text, nullable=False),
    Column("marked_at", DateTime, nullable=False),
    Column("points", Float),
    Column("steps", Text, nullable=False),
    Column("comment", Text),
    Column("digest", String(64), nullable=False),
    Column("before_points", Float),
    Column("before_steps", Text, nullable=False),
    Column("before_comment", Text),
    Column("before_waits", Boolean, nullable=False),
    Column("before_digest", String(64), nullable=False),
    Index("autograder_mark_cell", "cell"),
)

PHRASES = Table(
    "autograder_phrase",
    _tables,
    Column("id", Integer, primary_key=True),
    Column("cell", String(32), nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("cell", "text"),
)


def make_tables(engine: Engine) -> None:
    """Make the tables that are missing; two programs may do it at once."""
    for table in _tables.sorted_tables:
        try:
            _make(engine, table)
        except DBAPIError:  # PostgreSQL may refuse the second of two that make one together
            _make(engine, table)


def _make(engine: Engine, table: Table) -> None:
    with engine.begin() as connection:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
