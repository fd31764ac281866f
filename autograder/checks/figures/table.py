"""The check of a table of results, such as the trials of a search for hyper-parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.artifacts import NotDataError
from autograder.checks.amounts import Amount, amount, at_least
from autograder.checks.aspects import Aspect, judged
from autograder.checks.figures.choices import judge_choice
from autograder.checks.figures.rows import TableRow, plain, rows_of
from autograder.checks.figures.variation import judge_distinct, judge_varied
from autograder.checks.findings import Finding, incorrect
from autograder.checks.subjects import no_data
from autograder.checks.wording import count, listed, numbered, opening

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


def table(
    answer: object,
    columns: Mapping[str, Range] | Sequence[str],
    rows: int | Amount = at_least(2),  # noqa: B008 – a frozen dataclass
    *,
    distinct: Sequence[str] | None = None,
    varied: bool = False,
    best: str | None = None,
    lowest: bool = False,
    choice: object = _NOT_ASKED,
    what: str = "the table",
) -> Finding:
    """Whether a table has the rows and columns asked for, numbers in range, and no row twice.

        table(trials, {"learning_rate": (0, 1), "accuracy": (0, 1)}, at_least(3))
        table(trials, ["optimizer", "accuracy"], best="accuracy", choice=chosen)
        table(trials, ["units", "loss"], best="loss", lowest=True, choice={"units": q7})
        table(trials, {"trial": None, "accuracy": (0, 1)}, varied=True)    # and any settings

    answer: a list of dicts, a dict of lists, a dict of dicts, or a DataFrame of pandas or polars.
    columns: each name with the range, (least, most), that its numbers lie in; None, or a name
    alone, allows anything but an empty cell. Spaces, capitals and punctuation of names do not
    matter. Percent where a share is asked for is told as such. distinct: the columns in which no
    two rows may be the same; all asked for but `best`, unless given; () for none. varied: there are
    further columns, of settings, and no two rows have the same ones. Columns of numbers called
    after results (loss, seconds, …) and those that only name rows (run, id, …) are no settings.

    best: the column that decides, by its greatest number, or the lowest. choice: the row that the
    student chose: a dict of some of its columns, a row of pandas, a number counted from 0, or a
    text that stands in one row alone, such as its name; one of several equally good rows is right.
    Only what is in the table is judged: not whether it is true.

    The fraction is the mean of how far each demand is met, none further than the rows and columns
    are there. ValueError for a `best` or `distinct` that is not among the columns.
    """
    wanted = amount(rows)
    ranges = dict(columns) if isinstance(columns, Mapping) else dict.fromkeys(columns)
    distinct = [name for name in ranges if name != best] if distinct is None else list(distinct)
    if not {*distinct, *([best] if best else [])} <= ranges.keys():
        raise ValueError(f"best and distinct: expected names out of {', '.join(ranges)}")
    columns_asked = [*ranges, *(["the settings that vary"] if varied else [])]
    asked = f"{what} has {wanted.of('row')} with {listed(columns_asked, len(columns_asked))}"
    read = _read(answer, asked, what)
    if isinstance(read, Finding):
        return read
    present = {name for row in read for name in row}
    share_of_columns = sum(plain(name) in present for name in ranges) / len(ranges)
    enough = _rows(read, wanted)
    demands = [enough, *(_column(read, name, bounds) for name, bounds in ranges.items())]
    demands += [judge_distinct(read, distinct)] if distinct else []
    demands += [judge_varied(read, ranges)] if varied else []
    if best is not None and choice is not _NOT_ASKED:
        demands.append(judge_choice(read, best, lowest, choice))
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


def _named(numbers: Sequence[int]) -> str:
    return numbered("row", map(str, numbers))
