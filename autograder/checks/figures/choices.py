"""Which row of a table a student has chosen, and whether it is the best one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograder.artifacts import NotDataError
from autograder.checks.answers import NotUsable, explain, is_unanswered
from autograder.checks.aspects import Aspect
from autograder.checks.figures.rows import Cell, TableRow, plain, row_from, text_of
from autograder.checks.numbers.reading import NotAnArray, as_array
from autograder.checks.wording import numbered

CLOSE = 1e-6  # relative: what one number differs by when it is written down twice

CHOICE = "the choice is row {row} with {column} {value:g}; another row has a {better} one"
NO_SUCH_ROW = "the choice is none of the table's rows"
AMBIGUOUS = 'the choice, "{text}", stands in {rows}'
NO_CHOICE = "no choice has been made yet"
ADVICE_AS_DICT = (
    "Give the row itself, a dict or a row of the DataFrame, or its number counted from 0, or a "
    "name that stands in this row alone."
)
ADVICE_CHOICE = "Choose among the rows of your table, by the column {column}."


def judge_choice(rows: list[TableRow], column: str, lowest: bool, choice: object) -> Aspect:
    """Whether the row that is chosen has the greatest number in a column, or the lowest."""
    advice = ADVICE_CHOICE.format(column=column)
    if is_unanswered(choice):
        return Aspect(0, NO_CHOICE, advice)
    if isinstance(choice, NotUsable):
        return Aspect(0, explain(choice), advice)
    values = [row.get(plain(column)) for row in rows]
    numbers = [value for value in values if isinstance(value, float)]
    try:
        places = _chosen(rows, choice)
    except NotDataError as error:
        return Aspect(0, f"the choice {error}", ADVICE_AS_DICT)
    if isinstance(choice, str) and len(places) > 1:
        standing = numbered("row", (str(place + 1) for place in places))
        return Aspect(0, AMBIGUOUS.format(text=text_of(choice), rows=standing), ADVICE_AS_DICT)
    chosen = [place for place in places if isinstance(values[place], float)]
    if not chosen:
        return Aspect(0, NO_SUCH_ROW, ADVICE_AS_DICT)
    best = min(numbers) if lowest else max(numbers)
    if any(same(values[place], best) for place in chosen):
        return Aspect()
    place, better = chosen[0], "lower" if lowest else "greater"
    text = CHOICE.format(row=place + 1, column=column, value=values[place], better=better)
    return Aspect(0, text, advice)


def same(one: Cell, other: Cell) -> bool:
    """Whether two cells say the same; nothing is the same as an empty one."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=CLOSE)
    return one is not None and one == other


def _chosen(rows: Sequence[TableRow], choice: object) -> list[int]:
    """The places of the rows that a choice fits, from 0. Raises NotDataError."""
    if isinstance(choice, str):
        name = text_of(choice)
        return [place for place, row in enumerate(rows) if name in row.values()]
    wanted = row_from(choice)
    if wanted is not None:
        shared = wanted.keys() & {name for row in rows for name in row}
        return [
            place
            for place, row in enumerate(rows)
            if shared and all(same(row.get(name), wanted[name]) for name in shared)
        ]
    array = as_array(choice)
    if isinstance(array, NotAnArray) or array.size != 1 or array.dtype.kind != "i":
        return []
    place = int(array.item())
    return [place] if 0 <= place < len(rows) else []
