"""The check of a table of results, such as the trials of a search for hyper-parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from autograder.artifacts import NotDataError
from autograder.checks.amounts import Amount, amount, at_least
from autograder.checks.answers import NotUsable, explain, is_unanswered
from autograder.checks.aspects import Aspect, judged
from autograder.checks.figures.rows import Cell, TableRow, plain, rows_of
from autograder.checks.findings import Finding, incorrect
from autograder.checks.numbers.reading import NotAnArray, as_array
from autograder.checks.subjects import no_data
from autograder.checks.wording import count, listed, numbered, opening

MAX_GROUPS = 3
CLOSE = 1e-6  # relative: what one number differs by when it is written down twice

Range = tuple[float, float] | None

_NOT_ASKED = object()

ADVICE_TABLE = (
    "Give a list of dicts, one for each row; a dict of lists, one for each column; or a DataFrame."
)
EMPTY = "{what} has no rows"
ADVICE_ROWS = "Add a row for each thing that you tried: the settings and what came out."
ADVICE_COLUMNS = "Call the columns as the question does; capitals, spaces and _ do not matter."
PERCENT = "column {column} is in percent in {rows} ({example:g}); expected a share from 0 to 1"
ADVICE_PERCENT = "Divide the percentages by 100."
EMPTY_CELL = "column {column} is empty in {rows}"
NO_NUMBER = "column {column} is no number in {rows}"
OUTSIDE = "column {column} is {example:g} in {rows}; expected {low:g} to {high:g}"
ADVICE_NUMBERS = "Write numbers without quotes, as your experiment gave them."
SAME = "the same {columns} in {rows}"
ADVICE_SAME = "Change at least one setting from one row to the next."
CHOICE = "the choice is row {row} with {column} {value:g}; another row has a {better} one"
NO_SUCH_ROW = "the choice is none of the table's rows"
NO_CHOICE = "no choice has been made yet"
ADVICE_AS_DICT = "Give the row itself, a dict, or its number counted from 0."
ADVICE_CHOICE = "Choose among the rows of your table, by the column {column}."


def table(
    answer: object,
    columns: Mapping[str, Range] | Sequence[str],
    rows: int | Amount = at_least(2),  # noqa: B008 – a frozen dataclass
    *,
    distinct: Sequence[str] | None = None,
    best: str | None = None,
    lowest: bool = False,
    choice: object = _NOT_ASKED,
    what: str = "the table",
) -> Finding:
    """Whether a table has the rows and columns asked for, numbers in range, and no row twice.

        table(trials, {"learning_rate": (0, 1), "accuracy": (0, 1)}, at_least(3))
        table(trials, ["optimizer", "accuracy"], best="accuracy", choice=chosen)
        table(trials, ["units", "loss"], best="loss", lowest=True, choice={"units": q7})

    answer: a list of dicts, a dict of lists, a dict of dicts, or a DataFrame of pandas or polars.
    columns: each name with the range, (least, most), that its numbers lie in; None, or a name
    alone, allows anything but an empty cell. Spaces, capitals and punctuation of names do not
    matter. Percent where a share is asked for is told as such. distinct: the columns in which no
    two rows may be the same; all asked for but `best`, unless given; () for none.

    best: the column that decides, by its greatest number, or the lowest. choice: the row that the
    student chose, as a dict of some of its columns or as a number counted from 0; one of several
    equally good rows is right. Only what is in the table is judged: not whether it is true.

    The fraction is the mean of how far each demand is met, none further than the rows and columns
    are there. ValueError for a `best` or `distinct` that is not among the columns.
    """
    wanted = amount(rows)
    ranges = dict(columns) if isinstance(columns, Mapping) else dict.fromkeys(columns)
    distinct = [name for name in ranges if name != best] if distinct is None else list(distinct)
    if not {*distinct, *([best] if best else [])} <= ranges.keys():
        raise ValueError(f"best and distinct: expected names out of {', '.join(ranges)}")
    asked = f"{what} has {wanted.of('row')} with {listed(ranges, len(ranges))}"
    read = _read(answer, asked, what)
    if isinstance(read, Finding):
        return read
    present = {name for row in read for name in row}
    share_of_columns = sum(plain(name) in present for name in ranges) / len(ranges)
    enough = _rows(read, wanted)
    demands = [enough, *(_column(read, name, bounds) for name, bounds in ranges.items())]
    demands += [_distinct(read, distinct)] if distinct else []
    if best is not None and choice is not _NOT_ASKED:
        demands.append(_choice(read, best, lowest, choice))
    found = f"{what} has {count(len(read), 'row')} with {listed(ranges, len(ranges))}"
    return judged(asked, demands, found, most=min(enough.share, share_of_columns))


def _read(answer: object, asked: str, what: str) -> list[TableRow] | Finding:
    if finding := no_data(answer, asked, ADVICE_TABLE):
        return finding
    try:
        rows = rows_of(answer)
    except NotDataError as error:
        return incorrect(asked, f"{opening(what)} {error}", ADVICE_TABLE)
    if not rows:
        return incorrect(asked, EMPTY.format(what=opening(what)), ADVICE_ROWS)
    return rows


def _rows(rows: list[TableRow], wanted: Amount) -> Aspect:
    found = count(len(rows), "row")
    return Aspect.of(wanted.share(len(rows)), found, str(wanted), ADVICE_ROWS)


def _column(rows: list[TableRow], name: str, bounds: Range) -> Aspect:
    cells = [row.get(plain(name)) for row in rows]
    if all(cell is None for cell in cells):
        return Aspect(0, f"there is no column {name}", ADVICE_COLUMNS)
    if bounds is None:
        return _flaws([cell is None for cell in cells], EMPTY_CELL, {"column": name}, ADVICE_ROWS)
    texts = [not isinstance(cell, float) for cell in cells]
    if any(texts):
        return _flaws(texts, NO_NUMBER, {"column": name}, ADVICE_NUMBERS)
    low, high = bounds
    outside = [isinstance(cell, float) and not low <= cell <= high for cell in cells]
    examples = [cell for cell, is_outside in zip(cells, outside, strict=True) if is_outside]
    if not examples:
        return Aspect()
    values = {"column": name, "example": examples[0], "low": low, "high": high}
    if (low, high) == (0.0, 1.0) and all(
        isinstance(each, float) and 1 < each <= 100 for each in examples
    ):
        return _flaws(outside, PERCENT, values, ADVICE_PERCENT)
    return _flaws(outside, OUTSIDE, values, ADVICE_NUMBERS)


def _flaws(wrong: Sequence[bool], text: str, values: Mapping[str, object], advice: str) -> Aspect:
    """The share of rows that are not wrong; `text` has a place for which ones are."""
    numbers = [number for number, is_wrong in enumerate(wrong, 1) if is_wrong]
    if not numbers:
        return Aspect()
    found = text.format(rows=_named(numbers), **values)
    return Aspect(1 - len(numbers) / len(wrong), found, advice)


def _distinct(rows: list[TableRow], names: Sequence[str]) -> Aspect:
    groups: dict[tuple[Cell, ...], list[int]] = {}
    for number, row in enumerate(rows, 1):
        groups.setdefault(tuple(row.get(plain(name)) for name in names), []).append(number)
    copies = [numbers for numbers in groups.values() if len(numbers) > 1]
    if not copies:
        return Aspect()
    same = "; ".join(_named(numbers) for numbers in copies[:MAX_GROUPS])
    text = SAME.format(rows=same, columns=listed(names))
    return Aspect((len(groups) - 1) / len(rows), text, ADVICE_SAME)


def _choice(rows: list[TableRow], column: str, lowest: bool, choice: object) -> Aspect:
    advice = ADVICE_CHOICE.format(column=column)
    if is_unanswered(choice):
        return Aspect(0, NO_CHOICE, advice)
    if isinstance(choice, NotUsable):
        return Aspect(0, explain(choice), advice)
    values = [row.get(plain(column)) for row in rows]
    numbers = [value for value in values if isinstance(value, float)]
    try:
        chosen = [place for place in _chosen(rows, choice) if isinstance(values[place], float)]
    except NotDataError as error:
        return Aspect(0, f"the choice {error}", ADVICE_AS_DICT)
    if not chosen:
        return Aspect(0, NO_SUCH_ROW, ADVICE_AS_DICT)
    best = min(numbers) if lowest else max(numbers)
    if any(_same(values[place], best) for place in chosen):
        return Aspect()
    place, better = chosen[0], "lower" if lowest else "greater"
    text = CHOICE.format(row=place + 1, column=column, value=values[place], better=better)
    return Aspect(0, text, advice)


def _chosen(rows: list[TableRow], choice: object) -> list[int]:
    """The places of the rows that a choice fits, from 0."""
    if isinstance(choice, Mapping):
        (wanted,) = rows_of([choice])
        shared = wanted.keys() & {name for row in rows for name in row}
        return [
            place
            for place, row in enumerate(rows)
            if shared and all(_same(row.get(name), wanted[name]) for name in shared)
        ]
    array = as_array(choice)
    if isinstance(array, NotAnArray) or array.size != 1 or array.dtype.kind != "i":
        return []
    place = int(array.item())
    return [place] if 0 <= place < len(rows) else []


def _same(one: Cell, other: Cell) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=CLOSE)
    return one is not None and one == other


def _named(numbers: Sequence[int]) -> str:
    return numbered("row", map(str, numbers))
