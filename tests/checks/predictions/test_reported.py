"""Reported accuracies against those of the models handed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks import Missing, NotUsable, Outcome
from autograder.checks.predictions.intervals import tolerance
from autograder.checks.predictions.reported import reported

from .classifying import as_snapshot, hide, sees

Build = Callable[[], Any]
HIDDEN = 0.85  # what the models below score


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
        "^2 of 3 .*best: no model has this name",
    ),
    "text": ({"cnn": "85 %", "vgg": 0.85}, two, 0.5, "cnn: .* is not a number from 0 to 1"),
    "a truth value": ({"cnn": True, "vgg": 0.85}, two, 0.5, "cnn: .* is not a number"),
    "not a number": ({"cnn": float("nan"), "vgg": 0.85}, two, 0.5, "cnn: .* is not a number"),
    "over a hundred": ({"cnn": 850, "vgg": 0.85}, two, 0.5, "cnn: .* is not a number"),
    "a huge number": ({"cnn": 10**400, "vgg": 0.85}, two, 0.5, "cnn: .* is not a number"),
    "a list": ([0.85, 0.85], two, 0, r'Expected a dict.*\{"cnn": 0\.87\}'),
    "an empty dict": ({}, two, 0, "Expected a dict"),
    "a thousand names": (dict.fromkeys(map(str, range(1000)), 0.85), two, 0, "at most 8 names"),
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
