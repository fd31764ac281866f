"""Tables of results are judged by their columns, rows and the row that was chosen."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from autograder.checks import Finding, Missing, NotUsable, Outcome, at_least, at_most, table
from autograder.snapshot import Budget, load, save, write

COLUMNS = {"learning_rate": (0, 1), "units": (1, 4096), "accuracy": (0, 1)}
TRIALS = [
    {"learning_rate": 0.1, "units": 16, "accuracy": 0.71},
    {"learning_rate": 0.01, "units": 16, "accuracy": 0.84},
    {"learning_rate": 0.01, "units": 64, "accuracy": 0.79},
]
BY_COLUMN = {name: [trial[name] for trial in TRIALS] for name in COLUMNS}
BEST = {"best": "accuracy"}
NAMED = [{"trial": name, **row} for name, row in zip(("a", "b", "c"), TRIALS, strict=True)]
VARIED = {"best": "accuracy", "varied": True}

Options = dict[str, Any]


def changed(row: int, **cells: Any) -> list[dict[str, Any]]:
    """The trials with other cells in one row, counted from 1."""
    return [trial | cells if place == row else trial for place, trial in enumerate(TRIALS, 1)]


should_pass: dict[str, tuple[Any, Options]] = {
    "a list of dicts": (TRIALS, BEST),
    "a tuple of dicts": (tuple(TRIALS), BEST),
    "a dict of lists": (BY_COLUMN, BEST),
    "a dict of arrays": ({name: np.array(cells) for name, cells in BY_COLUMN.items()}, BEST),
    "a dict of dicts": ({f"trial {i}": trial for i, trial in enumerate(TRIALS)}, BEST),
    "NumPy's numbers": (changed(1, accuracy=np.float32(0.5), units=np.int64(8)), BEST),
    "one-element arrays": (changed(1, accuracy=np.array([0.5])), BEST),
    "names written differently": (
        [
            {"Learning rate": t["learning_rate"], "Units": t["units"], "ACCURACY": t["accuracy"]}
            for t in TRIALS
        ],
        BEST,
    ),
    "further columns": (changed(1, note="slow", loss=float("nan")), BEST),
    "as many rows as asked": (TRIALS, {"rows": 3}),
    "the same result twice": (changed(1, accuracy=0.84), BEST),
    "rows that may be the same": (TRIALS + TRIALS[:1], {"distinct": ()}),
    "the best row": (TRIALS, BEST | {"choice": TRIALS[1]}),
    "the best row's settings": (
        TRIALS,
        BEST | {"choice": {"Learning rate": 0.01, "units": 16, "why": "it is best"}},
    ),
    "the best row's number": (TRIALS, BEST | {"choice": 1}),
    "NumPy's number of it": (TRIALS, BEST | {"choice": np.argmax(BY_COLUMN["accuracy"])}),
    "one of two best rows": (changed(1, accuracy=0.84), BEST | {"choice": 0}),
    "settings that fit the best and another": (TRIALS, BEST | {"choice": {"units": 16}}),
    "the best row's name": (NAMED, BEST | {"choice": "b"}),
    "the name that it stands under": (
        {f"trial {i}": trial for i, trial in enumerate(TRIALS)},
        BEST | {"choice": "trial 1"},
    ),
    "a table of the best row": (
        TRIALS,
        BEST | {"choice": {name: [cell] for name, cell in TRIALS[1].items()}},
    ),
    "settings of text and lists": (
        [row | {"layers": ["conv", "pool"][: 1 + i % 2]} for i, row in enumerate(TRIALS)],
        BEST | {"choice": TRIALS[1] | {"layers": ["conv", "pool"]}},
    ),
    "the lowest": (TRIALS, BEST | {"choice": TRIALS[0], "lowest": True}),
}

should_fail: dict[str, tuple[Any, Options, str]] = {
    "no rows": ([], {}, r"^The table has no rows\. Add a row for each thing that you tried"),
    "no columns": ({}, {}, "^The table has no rows"),
    "too few rows": (TRIALS, {"rows": at_least(5)}, "^3 rows; expected at least 5"),
    "too many rows": (TRIALS, {"rows": at_most(2)}, "^3 rows; expected at most 2"),
    "a column missing": (
        [{"units": t["units"], "accuracy": t["accuracy"]} for t in TRIALS],
        {"distinct": ()},
        r"^There is no column learning_rate\. Call the columns as the question does",
    ),
    "a cell missing": (
        changed(2, accuracy=None),
        {},
        r"^Column accuracy is no number in row 2\. Write numbers without quotes",
    ),
    "text for a number": (changed(3, units="many"), {}, "Column units is no number in row 3"),
    "a number in quotes": (changed(3, units="64"), {}, "Column units is no number in row 3"),
    "NaN": (changed(3, accuracy=float("nan")), {}, "Column accuracy is no number in row 3"),
    "a bool": (changed(3, units=True), {}, "Column units is no number in row 3"),
    "a list for a number": (changed(3, units=[16, 32]), {}, "Column units is no number in row 3"),
    "percent": (
        {**BY_COLUMN, "accuracy": [71, 84, 79]},
        {},
        r"^Column accuracy is in percent in rows 1, 2 and 3 \(71\); expected a share from 0 to 1\. "
        r"Divide the percentages by 100",
    ),
    "beyond the range": (
        changed(2, units=5000),
        {},
        r"^Column units is 5000 in row 2; expected 1 to 4096",
    ),
    "beyond what percent can be": (changed(2, accuracy=840), {}, "accuracy is 840 in row 2; exp"),
    "a row twice": (
        [*TRIALS, TRIALS[1]],
        BEST,
        r"^The same learning_rate and units in rows 2 and 4\. Change at least one setting",
    ),
    "a row twice with another result": (
        [*TRIALS, TRIALS[1] | {"accuracy": 0.9}],
        BEST,
        "^The same learning_rate and units in rows 2 and 4",
    ),
    "a setting that never changes": (
        TRIALS,
        BEST | {"distinct": ("units",)},
        "^The same units in rows 1 and 2",
    ),
    "not the best row": (
        TRIALS,
        BEST | {"choice": TRIALS[2]},
        r"^The choice is row 3 with accuracy 0\.79; another row has a greater one\. Choose among",
    ),
    "not the lowest": (
        TRIALS,
        BEST | {"choice": 1, "lowest": True},
        r"^The choice is row 2 with accuracy 0\.84; another row has a lower one",
    ),
    "a choice that is no row": (
        TRIALS,
        BEST | {"choice": {"learning_rate": 0.5, "units": 16}},
        r"^The choice is none of the table's rows\. Give the row itself, a dict or a row of",
    ),
    "a choice of nothing": (TRIALS, BEST | {"choice": {}}, "none of the table's rows"),
    "a number beyond the rows": (TRIALS, BEST | {"choice": 3}, "none of the table's rows"),
    "a negative number": (TRIALS, BEST | {"choice": -1}, "none of the table's rows"),
    "a result for a row": (TRIALS, BEST | {"choice": 0.84}, "none of the table's rows"),
    "a name that stands in no row": (NAMED, BEST | {"choice": "d"}, "none of the table's rows"),
    "a name that stands in two rows": (
        [row | {"trial": "b"} for row in NAMED],
        BEST | {"choice": "b"},
        r'^The choice, "b", stands in rows 1, 2 and 3\. .*a name that stands in this row alone',
    ),
    "the name of another row": (
        NAMED,
        BEST | {"choice": "a"},
        r"^The choice is row 1 with accuracy 0\.71",
    ),
    "no choice yet": (TRIALS, BEST | {"choice": ...}, "^No choice has been made yet"),
    "a choice that is not data": (
        TRIALS,
        BEST | {"choice": NotUsable("chosen", "it is a lambda")},
        "^Chosen cannot be used as an answer: it is a lambda",
    ),
    "a number": (
        7,
        {},
        "^The table is of type int, which is no table. Give a list of dicts, one for each row",
    ),
    "text": ("adam: 0.7", {}, "^The table is of type str, which is no table. Give a list"),
    "rows that are lists": ([[1, 2]], {}, "^The table has something of type list for row 1"),
    "columns of unequal length": (
        {"units": [1, 2], "accuracy": [0.5]},
        {},
        r"^The table has columns of unequal length: units \(2\) and accuracy \(1\)",
    ),
    "more rows than are read": ([{}] * 1001, {}, "^The table is too large: at most 1,000 rows"),
    "more columns than are read": ([dict.fromkeys(range(101))], {}, "too large"),
    "not data": (NotUsable("trials", "it is a lambda"), {}, "^trials cannot be used.*a lambda"),
}


def text_of(finding: Finding) -> str:
    return " ".join([finding.found, *finding.details, finding.advice])


@pytest.mark.parametrize("answer, options", should_pass.values(), ids=should_pass.keys())
def test_a_table_as_asked_passes(answer: Any, options: Options) -> None:
    """However it is written down."""
    finding = table(answer, COLUMNS, **options)
    assert finding.outcome is Outcome.CORRECT, text_of(finding)
    assert finding.fraction is None


@pytest.mark.parametrize("answer, options, message", should_fail.values(), ids=should_fail.keys())
def test_another_is_told_what_is_wrong(answer: Any, options: Options, message: str) -> None:
    """With the column, the rows and what they hold."""
    finding = table(answer, COLUMNS, **options)
    assert finding.outcome in (Outcome.INCORRECT, Outcome.PARTLY_CORRECT)
    assert re.search(message, text_of(finding)), text_of(finding)


CROSSING: dict[str, tuple[Any, Options]] = {
    name: (answer, options)
    for name, (answer, options, *_) in (should_pass | should_fail).items()
    if name not in ("further columns", "NaN", "not data")  # a NaN is refused with all around it
}


@pytest.mark.parametrize("answer, options", CROSSING.values(), ids=CROSSING)
def test_both_sides_find_the_same(answer: Any, options: Options) -> None:
    """What crossed of a table is judged as the table itself."""
    crossed = load(save(write(answer, Budget())), Budget())
    assert table(crossed, COLUMNS, **options) == table(answer, COLUMNS, **options)


@pytest.mark.parametrize("answer", [None, ..., Missing("trials")])
def test_no_answer_is_not_attempted(answer: object) -> None:
    """A placeholder is no table that is wrong."""
    assert table(answer, COLUMNS).outcome is Outcome.NOT_ATTEMPTED


def test_names_alone_ask_for_anything_but_nothing() -> None:
    """Text will do where no range is given, an empty cell will not."""
    rows: list[dict[str, Any]] = [{"optimizer": "adam"}, {"optimizer": "sgd"}]
    assert table(rows, ["optimizer"]).outcome is Outcome.CORRECT
    found = table([*rows, {"optimizer": None}], ["optimizer"]).found
    assert found == "Column optimizer is empty in row 3."


def test_each_demand_counts_alike() -> None:
    """Rows, three columns, no copies, the choice: of six one is missed, and half of another."""
    answer = changed(1, accuracy=None)[:2]
    finding = table(answer, COLUMNS, at_least(2), choice=TRIALS[2], **BEST)
    assert finding.outcome is Outcome.PARTLY_CORRECT
    assert finding.fraction == pytest.approx((1 + 1 + 1 + 0.5 + 1 + 0) / 6)
    assert finding.found == "2 of 6 things are not as asked."
    assert len(finding.details) == 2


def test_an_empty_form_earns_nothing() -> None:
    """Rows without a column that is asked for are no rows."""
    finding = table([{}, {}, {}], COLUMNS)
    assert (finding.outcome, finding.fraction) == (Outcome.INCORRECT, 0)


def test_live_tables_are_read_like_plain_ones() -> None:
    """Subclasses of dict, and tables that fail when they are looked at."""

    class Broken(dict[str, Any]):
        def items(self) -> Any:
            raise RuntimeError("no")

    assert table([OrderedDict(trial) for trial in TRIALS], COLUMNS).outcome is Outcome.CORRECT
    assert table([Broken(a=1)], COLUMNS).found == "The table could not be read (RuntimeError)."
    finding = table(TRIALS, COLUMNS, best="accuracy", choice=Broken(a=1))
    assert finding.found == "The choice could not be read (RuntimeError)."


def test_a_frame_is_read_by_its_columns() -> None:
    """Live pandas frames, and what crossed of them."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(TRIALS)
    crossed = load(save(write(frame, Budget())), Budget())
    for answer in (frame, crossed):
        assert table(answer, COLUMNS, **BEST).outcome is Outcome.CORRECT


SETTINGS = {"trial": None, "accuracy": (0, 1)}

varying: dict[str, Any] = {
    "two settings": NAMED,
    "one of them in each row": [
        {"trial": "a", "dropout": 0.5, "accuracy": 0.7},
        {"trial": "b", "learning_rate": 0.1, "accuracy": 0.7},
    ],
    "text": [{"trial": name, "what": f"more {name}", "accuracy": 0.7} for name in "abc"],
    "a dict of settings": [
        {"trial": str(units), "settings": {"units": units}, "accuracy": 0.7} for units in (8, 16)
    ],
    "the name of a loss": [
        {"trial": name, "loss": name, "accuracy": 0.7} for name in ("hinge", "mse")
    ],
}

same_settings: dict[str, tuple[Any, float, str]] = {
    "no settings": (
        [{"trial": name, "accuracy": 0.7} for name in "abc"],
        0,
        r"^No column tells what was varied, besides trial and accuracy\. Add a column for each set",
    ),
    "results alone": (
        [{"trial": c, "loss": i, "seconds": 9 - i, "accuracy": 0.7} for i, c in enumerate("abc")],
        0,
        "^No column tells what was varied",
    ),
    "numbers of rows alone": (
        [{"trial": c, "Run": i, "accuracy": 0.7} for i, c in enumerate("abc")],
        0,
        "^No column tells what was varied",
    ),
    "all alike": (
        [row | {"learning_rate": 0.1, "units": 8} for row in NAMED],
        0,
        r"^Every row has the same learningrate and units\. Change at least one setting",
    ),
    "two alike": (
        [*NAMED[:2], NAMED[1] | {"trial": "c"}],
        0.5,
        "^The same learningrate and units in rows 2 and 3",
    ),
}


@pytest.mark.parametrize("answer", varying.values(), ids=varying)
def test_settings_that_vary_pass(answer: Any) -> None:
    """Whatever they are called."""
    crossed = load(save(write(answer, Budget())), Budget())
    for each in (answer, crossed):
        assert table(each, SETTINGS, **VARIED).outcome is Outcome.CORRECT


@pytest.mark.parametrize("answer, share, message", same_settings.values(), ids=same_settings)
def test_settings_that_do_not_vary_fail(answer: Any, share: float, message: str) -> None:
    """A name or a result that differs is no setting that does."""
    crossed = load(save(write(answer, Budget())), Budget())
    for each in (answer, crossed):
        finding = table(each, SETTINGS, **VARIED)
        assert finding.fraction == pytest.approx((4 + share) / 5)
        assert re.search(message, text_of(finding)), text_of(finding)
    assert table(answer, SETTINGS, best="accuracy").outcome is Outcome.CORRECT


def test_rows_of_pandas_are_choices() -> None:
    """What people choose by: idxmax, iloc, sort_values; live and crossed."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(NAMED)
    by_name = frame.set_index("trial")
    right = [
        (frame, frame.loc[frame["accuracy"].idxmax()]),
        (frame, frame.iloc[1]),
        (frame, frame["accuracy"].idxmax()),
        (frame, frame.sort_values("accuracy").tail(1)),
        (by_name, by_name["accuracy"].idxmax()),
        (by_name, by_name.loc["b"]),
        (NAMED, frame.iloc[1]),
        ([frame.iloc[place] for place in range(3)], frame.iloc[1]),
    ]
    for answer, choice in right:
        crossed = [load(save(write(each, Budget())), Budget()) for each in (answer, choice)]
        for rows, chosen in ((answer, choice), crossed):
            finding = table(rows, COLUMNS, choice=chosen, **BEST)
            assert finding.outcome is Outcome.CORRECT, text_of(finding)
    for choice in (frame.iloc[0], load(save(write(frame.iloc[0], Budget())), Budget())):
        assert "The choice is row 1" in table(frame, COLUMNS, choice=choice, **BEST).found


def test_a_column_that_was_not_asked_for_cannot_decide() -> None:
    """That is the author's mistake."""
    with pytest.raises(ValueError, match="best and distinct: expected names out of units"):
        table(TRIALS, ["units"], best="accuracy")
    with pytest.raises(ValueError, match="best and distinct"):
        table(TRIALS, ["units"], distinct=["accuracy"])
