"""A training is judged by the history that it left."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
import pytest

from autograder.checks.amounts import at_least, between
from autograder.checks.answers import Missing, NotUsable
from autograder.checks.findings import Outcome
from autograder.checks.training.history import history

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

LOSS = [0.70, 0.66, 0.61, 0.55, 0.52, 0.53]
ACCURACY = [0.5, 0.55, 0.6, 0.7, 0.72, 0.71]
GOOD = {
    "accuracy": ACCURACY,
    "loss": LOSS,
    "val_accuracy": [0.5, 0.5, 0.6, 0.65, 0.65, 0.6],
    "val_loss": [0.69, 0.68, 0.67, 0.69, 0.74, 0.8],
}
Options = dict[str, Any]


def recorded(**curves: Any) -> dict[str, Any]:
    return {**GOOD, **curves}


def without(*names: str) -> dict[str, Any]:
    return {name: curve for name, curve in GOOD.items() if name not in names}


should_pass: dict[str, tuple[Any, Options]] = {
    "a dict of lists": (GOOD, {"epochs": at_least(3)}),
    "NumPy's numbers": ({name: list(np.float32(c)) for name, c in GOOD.items()}, {"epochs": 6}),
    "arrays": ({name: np.array(curve) for name, curve in GOOD.items()}, {"epochs": 6}),
    "two stages": ([GOOD, recorded(loss=[0.5, 0.45, 0.4, 0.41, 0.39, 0.38])], {"epochs": 12}),
    "stages of other metrics": (
        [recorded(learning_rate=[0.1] * 6), recorded(loss=[*LOSS[1:], 0.5])],
        {"epochs": 12},
    ),
    "binary accuracy": (
        {f"{n[:-8]}binary_accuracy" if "acc" in n else n: c for n, c in GOOD.items()},
        {},
    ),
    "acc": ({n.replace("accuracy", "acc"): c for n, c in GOOD.items()}, {}),
    "a second metric of one name": (
        {n.replace("accuracy", "accuracy_1"): c for n, c in GOOD.items()},
        {},
    ),
    "validated in every other epoch": (recorded(val_loss=[0.7, 0.6], val_accuracy=[0.5, 0.6]), {}),
    "no validation asked": (without("val_loss", "val_accuracy"), {"validation": False}),
    "no metrics asked": ({"loss": LOSS}, {"metrics": (), "validation": False}),
    "a loss that rises, not asked": (recorded(loss=LOSS[::-1]), {"falling": None}),
    "overfitted": (recorded(val_loss=LOSS[::-1]), {}),
    "a constant learning rate": (recorded(learning_rate=[0.1] * 6), {}),
    "an accuracy that stays": (recorded(accuracy=[0.5] * 6), {}),
    "a loss rounded to equal small steps": (
        recorded(loss=[0.69, 0.68, 0.67, 0.66, 0.65, 0.64]),
        {},
    ),
    "another metric": (recorded(auc=ACCURACY, val_auc=ACCURACY), {"metrics": ("auc",)}),
}

should_fail: dict[str, tuple[Any, Options, str]] = {
    "too few epochs": (GOOD, {"epochs": at_least(10)}, "6 epochs; expected at least 10"),
    "too many epochs": (GOOD, {"epochs": between(1, 5)}, "6 epochs; expected 1 to 5"),
    "a rising loss": (
        recorded(loss=LOSS[::-1]),
        {},
        r"Loss does not fall: 0\.525 at first, 0\.68 in the end \(means of 2 epochs\)",
    ),
    "one epoch": ({name: c[:1] for name, c in GOOD.items()}, {}, "for one epoch only"),
    "no accuracy": (without("accuracy", "val_accuracy"), {}, r"Accuracy not recorded.*metrics="),
    "no validation": (
        without("val_loss", "val_accuracy"),
        {},
        "val_loss and val_accuracy not recorded.*validation_data=",
    ),
    "only validation": (without("loss"), {}, "Loss was not recorded, so it cannot"),
    "NaN": (recorded(loss=[0.7, float("nan")] * 3), {}, "Loss is NaN in epoch 2. Try a smaller"),
    "infinite": (recorded(val_loss=[np.inf] * 6), {}, "val_loss is infinite in epoch 1"),
    "a constant loss": (recorded(loss=[0.69] * 6), {}, r"Loss is 0\.69 in each of 6 epochs"),
    "a straight line": (
        recorded(loss=[1.0, 0.9, 0.8, 0.7, 0.6, 0.5]),
        {},
        r"Loss changes by -0\.1 in every epoch, as no training does",
    ),
    "the loss twice": (recorded(val_loss=LOSS), {}, "val_loss repeats loss"),
    "percent": (
        recorded(accuracy=[50.0, 55.5, 60.0, 70.0, 72.0, 71.0]),
        {},
        "Accuracy reaches 72; an accuracy lies between 0 and 1",
    ),
    "a stage twice": ([GOOD, dict(GOOD)], {}, "has the same numbers in stages 1 and 2"),
    "a stage missing": ([GOOD, None], {}, "lacks a stage"),
    "stages that share nothing": ([{"loss": LOSS}, {"acc": LOSS}], {}, "share no curve"),
    "a number": (0.5, {}, "is of type float, not what model.fit.* returns"),
    "a list of numbers": ([0.5, 0.4], {}, "is of type float, not what model.fit.* returns"),
    "an empty dict": ({}, {}, "has 0 curves"),
    "empty lists": (recorded(loss=[]), {}, "has no list of numbers under 'loss'"),
    "text": (recorded(loss="falling"), {}, "has no list of numbers under 'loss'"),
    "texts": (recorded(loss=["a", "b"]), {}, "has text under 'loss'"),
    "lists of lists": (recorded(loss=[[1, 2], [2, 3]]), {}, "cannot be read as lists of numbers"),
    "names that are none": ({1: LOSS}, {}, "a curve whose name is no text"),
    "not usable": (NotUsable("training", "it is a lambda"), {}, "it is a lambda"),
}


@pytest.mark.parametrize("answer, options", should_pass.values(), ids=should_pass.keys())
def test_a_good_training_passes(answer: Any, options: Options) -> None:
    """Whatever form the history comes in."""
    finding = history(answer, **options)
    assert finding.outcome is Outcome.CORRECT, finding


@pytest.mark.parametrize("answer, options, message", should_fail.values(), ids=should_fail.keys())
def test_another_training_fails(answer: Any, options: Options, message: str) -> None:
    """The finding tells what is not as asked, and what to try."""
    finding = history(answer, **options)
    assert finding.outcome in (Outcome.INCORRECT, Outcome.PARTLY_CORRECT)
    text = " ".join((finding.found, *finding.details, finding.advice))
    assert re.search(message, text), text


@pytest.mark.parametrize("answer", [None, ..., Missing("training"), [], [None, None]])
def test_no_history_is_not_attempted(answer: object) -> None:
    """A question that was left alone is not wrong."""
    assert history(answer).outcome is Outcome.NOT_ATTEMPTED


def test_every_point_counts_alike() -> None:
    """Epochs, what is recorded, validation and the fall are a quarter each."""
    finding = history(without("val_loss", "val_accuracy"), epochs=at_least(10))
    assert finding.outcome is Outcome.PARTLY_CORRECT
    assert finding.fraction == pytest.approx(0.5)
    assert len(finding.details) == 2


def test_what_was_asked_and_found_is_told() -> None:
    """A right answer is told its numbers too."""
    finding = history(GOOD, epochs=at_least(3))
    asked = "the training has at least 3 epochs, falling loss, accuracy recorded, validation"
    assert finding.asked == asked
    assert "6 epochs. " in finding.found
    assert "Loss falls from 0.68 to 0.525 (means of 2 epochs)" in finding.found


def test_a_students_object_raises_what_it_likes() -> None:
    """The check says that it cannot be read."""

    class Odd:
        def __float__(self) -> float:
            raise RuntimeError("no")

    assert "cannot be read" in history(recorded(loss=[Odd()] * 6)).found


@pytest.mark.filterwarnings("ignore")  # those of TensorFlow's import are not ours
def test_real_trainings() -> None:
    """What Keras returns passes; a learning rate beyond all bounds is told as such."""
    import keras

    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).random((40, 4, 4, 1))
    labels = images.mean(axis=(1, 2, 3)) > 0.5

    def trained(optimizer: Any, loss: str, scale: float) -> Any:
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
        model.compile(optimizer, loss, metrics=["accuracy"])
        data = (images * scale, labels)
        return model.fit(*data, validation_data=data, epochs=4, verbose=0)

    good = trained(keras.optimizers.Adam(0.01), "binary_crossentropy", 1)
    assert history(good, epochs=4).outcome is Outcome.CORRECT
    assert history(good.history, epochs=4) == history(good, epochs=4)
    bad = trained(keras.optimizers.SGD(1e30), "mse", 1e30)
    assert history(bad).outcome is not Outcome.CORRECT
