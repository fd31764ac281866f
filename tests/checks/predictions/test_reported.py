"""Reported accuracies against those of the models handed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from autograder.checks import Missing, NotUsable, Outcome
from autograder.checks.predictions.intervals import tolerance
from autograder.checks.predictions.reported import reported
from autograder.snapshot import Budget, load, save, write

from .classifying import as_snapshot, hide, sees

Build = Callable[[], Any]
HIDDEN = 0.85  # what the models below score


TABLE = {"name": "trial", "value": "validation_accuracy"}


def rows(*numbers: Any, names: Any = ("cnn", "vgg")) -> Any:
    """A table of trials."""
    return [
        {"trial": name, "dropout": 0.1, "validation_accuracy": number}
        for name, number in zip(names, numbers, strict=True)
    ]


def two() -> Any:
    return {"cnn": sees(), "vgg": sees("softmax", 2)}


def ask(values: Any, models: Any, **options: Any) -> Any:
    return reported(values, models, "cats_dogs", **{"images": 500, **options})


should_pass: dict[str, tuple[Any, Build]] = {
    "exactly": ({"cnn": 0.85, "vgg": 0.85}, two),
    "within what chance explains": ({"cnn": 0.80, "vgg": 0.90}, two),
    "NumPy's numbers": ({"cnn": np.float32(0.85), "vgg": np.float64(0.86)}, two),
    "as a percentage": ({"cnn": 85.2, "vgg": 86}, two),
    "in another order": ({"vgg": 0.84, "cnn": 0.84}, two),
}

should_fail: dict[str, tuple[Any, Build, float, str]] = {
    "invented": (
        {"cnn": 0.99, "vgg": 0.85},
        two,
        0.5,
        r"^1 of 2 reported accuracies agrees.*cnn: reported 99\.0 %, measured 85\.0 % on 1,000 "
        r"hidden images; chance explains a difference of 4\.\d %, not more.*model\.evaluate",
    ),
    "too modest": (
        {"cnn": 0.5, "vgg": 0.5},
        two,
        0,
        r"^0 of 2 .*reported 50\.0 %, measured 85\.0 %",
    ),
    "one is missing": ({"cnn": 0.85}, two, 0.5, "vgg: no accuracy is reported"),
    "one is a placeholder": ({"cnn": 0.85, "vgg": ...}, two, 0.5, "vgg: no accuracy is reported"),
    "one too many": (
        {"cnn": 0.85, "vgg": 0.85, "best": 0.99},
        two,
        2 / 3,
        "^2 of 3 .*best: no model has this name.*the same names .* models: cnn and vgg",
    ),
    "text": ({"cnn": "85 %", "vgg": 0.85}, two, 0.5, "cnn: .* is not a number from 0 to 1"),
    "a truth value": ({"cnn": True, "vgg": 0.85}, two, 0.5, "cnn: .* is not a number"),
    "not a number": ({"cnn": float("nan"), "vgg": 0.85}, two, 0.5, "cnn: .* is not a number"),
    "over a hundred": ({"cnn": 850, "vgg": 0.85}, two, 0.5, "cnn: .* is not a number"),
    "a huge number": ({"cnn": 10**400, "vgg": 0.85}, two, 0.5, "cnn: .* is not a number"),
    "a list": ([0.85, 0.85], two, 0, r'Expected a dict.*\{"cnn": 0\.87\}'),
    "an empty dict": ({}, two, 0, "Expected a dict"),
    "a thousand names": (dict.fromkeys(map(str, range(1000)), 0.85), two, 0, "at most 20 names"),
    "a value that is not data": (NotUsable("values", "it is a set"), two, 0, "^values cannot be"),
    "no model behind a name": (
        {"cnn": 0.85, "vgg": 0.85},
        lambda: {"cnn": sees(), "vgg": Missing("vgg")},
        0.5,
        "vgg: reported 85.0 %; vgg is not defined in the notebook",
    ),
    "a table in place of a model": (
        {"cnn": 0.85, "vgg": 0.85},
        lambda: {"cnn": sees(), "vgg": {"cat.1.jpg": 0}},
        0.5,
        "vgg: reported 85.0 %; The model ",
    ),
    "a model that does not fit": (
        {"cnn": 0.85, "vgg": 0.85},
        lambda: {"cnn": sees(), "vgg": sees("softmax", 10)},
        0.5,
        "vgg: reported 85.0 %; The model has 10 outputs",
    ),
}


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize("values, build", should_pass.values(), ids=should_pass.keys())
def test_accuracies_of_the_models_pass(
    values: Any, build: Build, crossed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is told beside the measured one."""
    hide(monkeypatch, HIDDEN)
    models = build()
    if crossed:
        models = {name: as_snapshot(model) for name, model in models.items()}
    finding = ask(values, models)
    assert finding.outcome is Outcome.CORRECT, finding
    assert finding.found == "2 of 2 reported accuracies agree with their models."
    assert all("measured 85.0 % on 1,000 hidden images; they agree" in d for d in finding.details)


@pytest.mark.parametrize(
    "values, build, share, message", should_fail.values(), ids=should_fail.keys()
)
def test_other_accuracies_fail(
    values: Any, build: Build, share: float, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The details say which, and why; the others earn their share."""
    hide(monkeypatch, HIDDEN)
    finding = ask(values, build())
    assert finding.outcome is (Outcome.PARTLY_CORRECT if share else Outcome.INCORRECT)
    assert finding.fraction == pytest.approx(share) or not share
    text = " ".join([finding.found, *finding.details, finding.advice])
    assert re.search(message, text), text


def columns(table: Any) -> Any:
    return {name: [row[name] for row in table] for name in table[0]}


def frame(table: Any) -> Any:
    return pytest.importorskip("pandas", reason="pandas is not installed").DataFrame(table)


tables: dict[str, Build] = {
    "a list of dicts": lambda: rows(0.85, 0.85),
    "a dict of lists": lambda: columns(rows(0.85, 0.85)),
    "a dict of dicts": lambda: {
        name: {"validation_accuracy": 0.85, "dropout": 0.2} for name in ("cnn", "vgg")
    },
    "a DataFrame": lambda: frame(rows(0.85, 0.85)),
    "a DataFrame by its index": lambda: frame(rows(0.85, 0.85)).set_index("trial"),
    "a column by its index": lambda: frame(rows(0.85, 0.85)).set_index("trial")[
        "validation_accuracy"
    ],
    "names written differently": lambda: [
        {"Trial": name, "validation accuracy": 85} for name in ("cnn", "vgg")
    ],
    "a dict of numbers after all": lambda: {"cnn": 0.85, "vgg": 0.85},
}


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize("build", tables.values(), ids=tables)
def test_a_table_of_accuracies_passes(
    build: Build, crossed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the names of two of its columns; no second dict is needed."""
    hide(monkeypatch, HIDDEN)
    values = load(save(write(build(), Budget())), Budget()) if crossed else build()
    finding = ask(values, two(), **TABLE)
    assert finding.outcome is Outcome.CORRECT, finding


def test_numbers_are_names_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials that are only counted."""
    hide(monkeypatch, HIDDEN)
    table = rows(0.85, 0.85, names=(1, np.int64(2)))
    models = {1: sees(), 2: sees("softmax", 2)}
    assert ask(table, models, **TABLE).outcome is Outcome.CORRECT


wrong_tables: dict[str, tuple[Any, float, str]] = {
    "invented": (rows(0.85, 0.99), 0.5, r"vgg: reported 99\.0 %, measured 85\.0 %"),
    "another name": (
        rows(0.85, 0.85, names=("cnn", "wide")),
        1 / 3,
        "vgg: no accuracy is reported wide: no model has this name",
    ),
    "no name": (rows(0.85, 0.85, names=("cnn", None)), 1 / 3, "row 2: no model has this name"),
    "an empty cell": (rows(0.85, None), 0.5, "vgg: no accuracy is reported"),
    "text": (rows(0.85, "85 %"), 0.5, "vgg: .* is not a number from 0 to 1"),
    "a name twice": (
        rows(0.85, 0.85, names=("cnn", "cnn")),
        0,
        r"^The table has the same trial in several rows: cnn\. Give a table with the columns trial",
    ),
    "no such column": ([{"trial": "cnn", "accuracy": 0.8}], 0, "has no column validation_acc"),
    "no names": ([{"validation_accuracy": 0.8}], 0, "^The table has no column trial"),
    "a list of numbers": ([0.85, 0.85], 0, "^The table has something of type float for row 1"),
    "a number": (0.85, 0, "^The table is of type float, which is no table"),
    "not data": (NotUsable("trials", "it is a set"), 0, "^trials cannot be used"),
}


@pytest.mark.parametrize("values, share, message", wrong_tables.values(), ids=wrong_tables)
def test_another_table_fails(
    values: Any, share: float, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row by row, where it can be read."""
    hide(monkeypatch, HIDDEN)
    finding = ask(values, two(), **TABLE)
    assert finding.outcome is (Outcome.PARTLY_CORRECT if share else Outcome.INCORRECT)
    assert finding.fraction == pytest.approx(share) or not share
    text = " ".join([finding.found, *finding.details, finding.advice])
    assert re.search(message, text), text


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
def test_a_model_under_two_names_counts_once(
    crossed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its weights, whatever it is called: the same one, a copy, or one trained again."""
    hide(monkeypatch, HIDDEN)
    model = sees()
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    models = {"a": model, "b": model, "c": copy, "d": sees("softmax", 2)}
    if crossed:
        models = {name: as_snapshot(each) for name, each in models.items()}
    finding = ask(rows(0.85, 0.85, 0.85, 0.85, names="abcd"), models, **TABLE)
    assert finding.fraction == 2 / 4
    assert [detail[:36] for detail in finding.details[1:3]] == [
        'b: the same model as "a", weight for',
        'c: the same model as "a", weight for',
    ]
    assert "Keep each trained model in a variable of its own" in finding.advice


def test_half_a_table_is_the_authors_mistake() -> None:
    """Both columns are named, or none."""
    with pytest.raises(ValueError, match="name and value: expected both or none"):
        ask(rows(0.85, 0.85), two(), name="trial")


def test_a_percentage_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read as one, and the student learns how it is usually written."""
    hide(monkeypatch, HIDDEN)
    finding = ask({"cnn": 85.2}, {"cnn": sees()})
    assert "reported 85.2 % (read as a percentage; write 0.852)" in finding.details[0]


def test_each_model_may_be_fed_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the question says."""
    hide(monkeypatch, HIDDEN)
    models = {"cnn": sees(), "vgg": sees(unit=255)}
    finding = ask({"cnn": 0.85, "vgg": 0.85}, models, inputs={"cnn": "0..1", "vgg": "0..255"})
    assert finding.outcome is Outcome.CORRECT


NO_ANSWERS = [(None, {}), (..., {}), ({"cnn": 1}, Missing("models")), ({"cnn": ...}, {"cnn": None})]


@pytest.mark.parametrize("values, models", NO_ANSWERS)
def test_no_answer_is_not_attempted(values: Any, models: Any) -> None:
    """Neither numbers nor models."""
    assert ask(values, models).outcome is Outcome.NOT_ATTEMPTED


def test_tolerance_is_that_of_the_paper() -> None:
    """Newcombe 1998, table II (a), method 10: 56 of 70 and 48 of 80 differ by 0.0524 or more."""
    assert 56 / 70 - 48 / 80 - tolerance(56 / 70, 70, 48 / 80, 80, 0.95) == pytest.approx(
        0.0524, abs=1e-4
    )


def test_fewer_images_allow_more() -> None:
    """Whichever of the two shares they belong to."""
    allowed = [tolerance(0.87, images, 0.82, 1000) for images in (100, 500, 1000, 100_000)]
    assert allowed == sorted(allowed, reverse=True)
    assert tolerance(0.82, 1000, 0.87, 100) == allowed[0]


def test_chance_alone_is_rarely_called_invented() -> None:
    """Two samples of one model's answers differ by more in about one of a thousand cases."""
    rng = np.random.default_rng(0)
    first, second = rng.binomial(500, 0.85, 4000) / 500, rng.binomial(1000, 0.85, 4000) / 1000
    differ = [abs(a - b) > tolerance(a, 500, b, 1000) for a, b in zip(first, second, strict=True)]
    assert np.mean(differ) < 0.004
