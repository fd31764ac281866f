"""Numbers and models under names: what a student reports, and of what."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from autograder.artifacts import NotDataError
from autograder.checks.answers import is_unanswered
from autograder.checks.figures.rows import KEY, Cell, plain, rows_of, text_of, unwrapped
from autograder.checks.findings import Finding, incorrect
from autograder.checks.numbers.reading import NotAnArray, as_array
from autograder.checks.subjects import no_data
from autograder.checks.wording import listed, opening, shown

MAX_MODELS = 20
ADVICE_NUMBERS = 'Give a dict with a number for each model: {"cnn": 0.87}.'
ADVICE_MODELS = 'Give a dict with the model under each name: {"cnn": cnn}.'
ADVICE_NAMES = "Use the same names for the numbers as for the models: {names}."
ADVICE_TABLE = "Give a table with the columns {name} and {value}: a list of dicts or a DataFrame."

NO_DICT = "Expected a dict with a name for each model"
TOO_MANY = f"Expected at most {MAX_MODELS} names, found {{found:,}}"
NO_COLUMN = "has no column {name}"
TWICE = "has the same {name} in several rows: {names}"


def by_name(answer: object, asked: str, advice: str) -> dict[str, object] | Finding:
    """What a dict holds, by its names as `key_of` gives them; a Finding where it is none."""
    answer = unwrapped(answer)
    if isinstance(answer, Mapping) and answer and all(map(is_unanswered, answer.values())):
        answer = None
    if finding := no_data(answer, asked, advice):
        return finding
    if not isinstance(answer, Mapping) or not answer:
        return incorrect(asked, NO_DICT, advice)
    if len(answer) > MAX_MODELS:
        return incorrect(asked, TOO_MANY.format(found=len(answer)), advice)
    return {key_of(name): each for name, each in answer.items()}


def numbers_and_models(
    values: object, models: object, name: str, value: str, asked: str
) -> tuple[dict[str, object], dict[str, object]] | Finding:
    """What is reported, and of which models, both by name; a Finding where one is not usable."""
    numbers = numbers_by_name(values, name, value, asked)
    if isinstance(numbers, Finding):
        return numbers
    known = by_name(models, asked, ADVICE_MODELS)
    return known if isinstance(known, Finding) else (numbers, known)


def numbers_by_name(
    answer: object, name: str, value: str, asked: str
) -> dict[str, object] | Finding:
    """The same of a dict of numbers, or of two columns of a table.

    ValueError where one of the two columns is named and the other is not.
    """
    if bool(name) != bool(value):
        raise ValueError(f"name and value: expected both or none, received {name!r} and {value!r}")
    if not name or is_unanswered(answer) or not _is_table(answer, name):
        return by_name(answer, asked, ADVICE_NUMBERS)
    advice = ADVICE_TABLE.format(name=name, value=value)
    if finding := no_data(answer, asked, advice):
        return finding
    try:
        return by_name(_columns(answer, name, value), asked, advice)
    except NotDataError as error:
        return incorrect(asked, opening(f"the table {error}"), advice)


def key_of(name: object) -> str:
    """A name as it is compared: 1, 1.0 and "1" are the same."""
    if isinstance(name, str):
        return text_of(name)
    array = as_array(name)
    if isinstance(array, NotAnArray) or array.size != 1:
        return text_of(str(name))
    return f"{array.item():g}"


def advice_on_names(told: Collection[str], known: Collection[str]) -> str:
    """What to do where a name of `told`, numbers, is none of `known`, models; "" where all are."""
    if set(told) <= set(known):
        return ""
    return ADVICE_NAMES.format(names=listed(map(shown, known)))


def _is_table(answer: object, name: str) -> bool:
    """Whether it is more than a dict of numbers."""
    if not isinstance(answer, Mapping):
        return unwrapped(answer) is answer
    is_rows = all(isinstance(unwrapped(each), Mapping) for each in answer.values())
    return is_rows or plain(name) in map(plain, answer)


def _columns(answer: object, name: str, value: str) -> dict[str, Cell]:
    """Raises NotDataError."""
    rows = rows_of(answer)
    present = {column for row in rows for column in row}
    if rows and not {plain(name), KEY} & present:
        raise NotDataError(NO_COLUMN.format(name=name))
    if rows and plain(value) not in present:
        raise NotDataError(NO_COLUMN.format(name=value))
    found: dict[str, Cell] = {}
    twice: list[str] = []
    for number, row in enumerate(rows, 1):
        cell = row.get(plain(name), row.get(KEY))
        key = key_of(f"row {number}" if cell is None else cell)
        twice += [shown(key)] if key in found else []
        found[key] = row.get(plain(value))
    if twice:
        raise NotDataError(TWICE.format(name=name, names=listed(dict.fromkeys(twice))))
    return found
