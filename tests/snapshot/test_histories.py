"""What fit() returns crosses as the dict of its curves."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest

from autograder.snapshot import SnapshotError, load

from .crossing import BUDGET, crossed, refused


def history(**curves: Any) -> Any:
    found = keras.callbacks.History()
    found.history = curves
    return found


def test_history_of_a_training_crosses() -> None:
    """One float for each epoch, under the names that Keras gives."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    data = (np.ones((4, 2), np.float32), np.ones((4, 1), np.float32))
    trained = model.fit(*data, validation_data=data, epochs=3, verbose=0)
    found = crossed(trained)
    assert sorted(found) == ["loss", "mae", "val_loss", "val_mae"]
    assert found == {name: [float(each) for each in trained.history[name]] for name in found}


def test_numpys_numbers_cross_as_floats() -> None:
    """Callbacks write the learning rate as NumPy's number or array."""
    curves = history(lr=[np.float32(0.5), np.array(0.25)], epoch=[1])
    assert crossed([curves]) == [{"lr": [0.5, 0.25], "epoch": [1.0]}]


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, r"the value is a History without curves; hand in what model.fit\(...\) returns"),
        ({"loss": 0.5}, "is a History without curves"),
        ({"loss": [0.5, float("nan")]}, 'holds NaN in "loss", epoch 2: the training has diverged'),
        ({"loss": [float("inf")]}, 'holds an infinite number in "loss", epoch 1'),
        ({"f1": [[0.5, 0.5]]}, 'holds more than one number per epoch in "f1"; leave'),
        ({"f1": ["high"]}, 'holds more than one number per epoch in "f1"'),
    ],
)
def test_histories_that_cannot_cross(curves: dict[str, Any], message: str) -> None:
    """Each with what to do."""
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(refused(history(**curves)))


def curve(value: object) -> dict[str, Any]:
    return {"kind": "dict", "keys": [{"kind": "str", "value": "loss"}], "values": [value]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "expected the fields"),
        ({"curves": []}, "curves: expected dict"),
        ({"curves": {"kind": "none"}}, "history without curves"),
        ({"curves": curve({"kind": "none"})}, "expected a list of floats by name"),
        (
            {"curves": curve({"kind": "list", "items": [{"kind": "int", "value": 1}]})},
            "expected a list of floats by name",
        ),
        (
            {"curves": {**curve({"kind": "list", "items": []}), "keys": [{"kind": "none"}]}},
            "expected a list of floats by name",
        ),
    ],
)
def test_forged_histories(fields: dict[str, Any], message: str) -> None:
    """The grader gets a dict of lists of floats or an error."""
    document = {"kind": "history", **fields}
    with pytest.raises(SnapshotError, match=message):
        load({"value.json": json.dumps(document).encode()}, BUDGET)
