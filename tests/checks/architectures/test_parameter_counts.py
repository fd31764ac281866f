"""Reported numbers of parameters against the models handed in."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autograder.artifacts import ModelData
from autograder.checks import Missing, NotUsable, Outcome, parameter_counts
from tests.checks.predictions.classifying import as_snapshot

COLUMNS = {"name": "model", "value": "parameters"}


@cache
def models(crossed: bool = False) -> dict[str, Any]:
    """Two of them; batch normalization has weights that are not trained."""
    made = {"small": _model(2), "large": _model(7)}
    return {name: as_snapshot(model) for name, model in made.items()} if crossed else made


def _model(filters: int) -> Any:
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(filters, 1),
            layers.BatchNormalization(),
            layers.RandomFlip(),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def rows(small: Any, large: Any) -> Any:
    """A table of both."""
    return [{"model": "small", "parameters": small}, {"model": "large", "parameters": large}]


def frame(table: Any) -> Any:
    return pytest.importorskip("pandas", reason="pandas is not installed").DataFrame(table)


should_pass: dict[str, tuple[Any, dict[str, str]]] = {
    "a dict": ({"small": 45, "large": 155}, {}),
    "in another order": ({"large": 155, "small": 45}, {}),
    "NumPy's numbers": ({"small": np.int64(45), "large": np.float64(155)}, {}),
    "a list of dicts": (rows(45, 155), COLUMNS),
    "a dict of columns": ({"model": ["small", "large"], "Parameters": [45, 155]}, COLUMNS),
}

should_fail: dict[str, tuple[Any, float, str]] = {
    "one is invented": (
        {"small": 45, "large": 1000},
        0.5,
        r"^1 of 2 reported numbers is its model's\. large: reported 1,000; the model has 155 "
        r"Report what model\.count_params\(\) gives",
    ),
    "nearly right": ({"small": 45, "large": 156}, 0.5, "reported 156; the model has 155"),
    "rounded": ({"small": 45, "large": 155.4}, 0.5, r"reported 155\.4; the model has 155"),
    "the trainable ones": (
        {"small": 45, "large": 141},
        0.5,
        "large: reported 141; these are the trainable ones alone, the model has 155 in all",
    ),
    "swapped": (
        {"small": 155, "large": 45},
        0,
        '^0 of 2 .* small: reported 155; that is the number of "large"; this model has 45',
    ),
    "one is missing": ({"small": 45}, 0.5, "large: no number is reported"),
    "one is a placeholder": ({"small": 45, "large": ...}, 0.5, "large: no number is reported"),
    "text": ({"small": 45, "large": "155 k"}, 0.5, "large: what is reported is not a number"),
    "infinite": ({"small": 45, "large": float("inf")}, 0.5, "large: .* is not a number"),
    "no number": ({"small": 45, "large": float("nan")}, 0.5, "large: .* is not a number"),
    "one too many": (
        {"small": 45, "large": 155, "best": 3},
        2 / 3,
        "^2 of 3 .*best: no model has this name.*the same names .* models: small and large",
    ),
    "a list": ([45, 155], 0, "Expected a dict"),
    "a value that is not data": (NotUsable("values", "it is a set"), 0, "^values cannot be"),
}


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize("values, options", should_pass.values(), ids=should_pass.keys())
def test_numbers_of_the_models_pass(values: Any, options: Any, crossed: bool) -> None:
    """However the table is written down."""
    finding = parameter_counts(values, models(crossed), **options)
    assert finding.outcome is Outcome.CORRECT, finding
    assert finding.found == "2 of 2 reported numbers are their models'."


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize("values, share, message", should_fail.values(), ids=should_fail.keys())
def test_other_numbers_fail(values: Any, share: float, message: str, crossed: bool) -> None:
    """The details say which, and why; the others earn their share."""
    finding = parameter_counts(values, models(crossed))
    assert finding.outcome is (Outcome.PARTLY_CORRECT if share else Outcome.INCORRECT)
    assert finding.fraction == pytest.approx(share) or not share
    text = " ".join([finding.found, *finding.details, finding.advice])
    assert re.search(message, text), text


def test_all_weights_count_as_keras_counts_them() -> None:
    """Seeds of random layers are none; frozen layers count."""
    for model in models().values():
        model.layers[0].trainable = False
    told = {name: model.count_params() for name, model in models().items()}
    assert parameter_counts(told, models()).outcome is Outcome.CORRECT
    assert parameter_counts(told, models(crossed=True)).outcome is Outcome.CORRECT
    for model in models().values():
        model.layers[0].trainable = True


def test_a_data_frame_is_read() -> None:
    """As any table."""
    finding = parameter_counts(frame(rows(45, 155)), models(), **COLUMNS)
    assert finding.outcome is Outcome.CORRECT


def test_a_model_that_is_not_there_is_told() -> None:
    """The other's number counts."""
    finding = parameter_counts(
        {"small": 45, "large": 155}, {"small": models()["small"], "large": Missing("large")}
    )
    assert finding.fraction == 0.5
    assert finding.details == ("large: reported 155; large is not defined in the notebook.",)


def test_a_value_that_is_no_model_is_told() -> None:
    """Without a traceback."""
    finding = parameter_counts({"small": 45}, {"small": 3})
    assert finding.outcome is Outcome.INCORRECT
    assert re.match("small: reported 45; The ", finding.details[0]), finding


def test_a_config_that_is_none_is_told() -> None:
    """A forged snapshot earns nothing and stops nothing."""
    finding = parameter_counts({"small": 45}, {"small": ModelData({"class_name": "X"}, {})})
    assert finding.outcome is Outcome.INCORRECT
    assert "the model cannot be read" in finding.details[0]


def test_nothing_yet_is_not_attempted() -> None:
    """Neither numbers nor models."""
    for values, given in ((..., models()), ({"small": 45}, {"small": ...})):
        assert parameter_counts(values, given).outcome is Outcome.NOT_ATTEMPTED
