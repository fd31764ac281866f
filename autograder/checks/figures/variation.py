"""Whether something was really varied from one row of a table to the next."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from autograder.checks.aspects import Aspect
from autograder.checks.figures.rows import KEY, Cell, TableRow, plain
from autograder.checks.wording import listed, numbered, shown

MAX_GROUPS = 3

NO_SETTING = "no column tells what was varied, besides {columns}"
ALIKE = "every row has the same {columns}"
SAME = "the same {columns} in {rows}"
ADVICE_SETTING = (
    "Add a column for each setting that you vary, such as learning_rate or dropout, with its value "
    "in each row."
)
ADVICE_SAME = "Change at least one setting from one row to the next."

# Columns that number or name rows, and those that hold a result where they hold numbers.
_NAMING = frozenset({"id", "index", "name", "no", "nr", "number", "row", "run", "trial"})
_RESULT = re.compile(r"acc(uracy)?$|auc$|duration|error|loss|minutes|recall$|score$|seconds|time$")


def judge_distinct(rows: Sequence[TableRow], names: Sequence[str]) -> Aspect:
    """Whether no two rows are the same in these columns."""
    groups = _groups(rows, [plain(name) for name in names])
    if len(groups) == len(rows):
        return Aspect()
    text = SAME.format(rows=_copies(groups), columns=listed(names))
    return Aspect((len(groups) - 1) / len(rows), text, ADVICE_SAME)


def judge_varied(rows: Sequence[TableRow], asked: Collection[str]) -> Aspect:
    """Whether there are settings beside the columns that are asked for, and they vary."""
    settings = _settings(rows, {plain(name) for name in asked})
    if not settings:
        return Aspect(0, NO_SETTING.format(columns=listed(asked)), ADVICE_SETTING)
    groups = _groups(rows, settings)
    if len(groups) == len(rows):
        return Aspect()
    named = listed(shown(name) for name in settings)
    if len(groups) == 1:
        return Aspect(0, ALIKE.format(columns=named), ADVICE_SAME)
    text = SAME.format(columns=named, rows=_copies(groups))
    return Aspect((len(groups) - 1) / (len(rows) - 1), text, ADVICE_SAME)


def _settings(rows: Sequence[TableRow], asked: Collection[str]) -> list[str]:
    """The columns that may hold settings, in the order in which they come."""
    columns = dict.fromkeys(name for row in rows for name in row)
    return [
        name
        for name in columns
        if name not in {*asked, *_NAMING, KEY}
        and any(row.get(name) is not None for row in rows)
        and not (_RESULT.search(name) and _holds_numbers(rows, name))
    ]


def _holds_numbers(rows: Sequence[TableRow], name: str) -> bool:
    cells = [row.get(name) for row in rows]
    return all(cell is None or isinstance(cell, float) for cell in cells)


def _groups(rows: Sequence[TableRow], names: Sequence[str]) -> dict[tuple[Cell, ...], list[int]]:
    """The numbers of the rows, from 1, that have the same cells in these columns."""
    groups: dict[tuple[Cell, ...], list[int]] = {}
    for number, row in enumerate(rows, 1):
        groups.setdefault(tuple(row.get(name) for name in names), []).append(number)
    return groups


def _copies(groups: dict[tuple[Cell, ...], list[int]]) -> str:
    """rows 1 and 2; rows 4 and 5"""
    copies = [numbers for numbers in groups.values() if len(numbers) > 1]
    return "; ".join(numbered("row", map(str, numbers)) for numbers in copies[:MAX_GROUPS])
