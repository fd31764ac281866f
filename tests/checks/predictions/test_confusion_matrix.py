"""Confusion matrices against those of the models, on images that everyone has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from autograder.checks import Finding, Missing, NotUsable, Outcome, confusion_matrix
from autograder.snapshot import Budget, load, save, write

from .classifying import as_snapshot, sees

Build = Callable[[], Any]
LABELS = np.arange(400) % 2
SEEMING = np.where(np.arange(400) < 100, 1 - LABELS, LABELS)  # a quarter looks like the other
SEEMING[np.arange(100, 140)] = 1  # so that rows and columns differ
RIGHT = np.zeros((2, 2), int)
np.add.at(RIGHT, (LABELS, SEEMING), 1)


def images_of(seeming: Any, reds: Any) -> Any:
    images = np.full((len(seeming), 8, 8, 3), 100, np.uint8)
    images[..., 0] = reds[seeming][:, None, None]
    return images


IMAGES = images_of(SEEMING, np.array([0, 230]))


def ask(answer: Any, model: Any, **options: Any) -> Finding:
    return confusion_matrix(answer, model, IMAGES, LABELS, **options)


def moved(by: int) -> Any:
    """So many images of the first row in the other column."""
    return RIGHT + np.array([[-by, by], [0, 0]])


def crosstab(**options: Any) -> Any:
    import pandas

    return pandas.crosstab(LABELS, SEEMING, **options)


def named() -> Any:
    names = np.array(["cat", "dog"])
    import pandas

    return pandas.crosstab(names[LABELS], names[SEEMING])


should_pass: dict[str, tuple[Build, Build, dict[str, Any]]] = {
    "an array": (lambda: RIGHT, sees, {}),
    "lists": (RIGHT.tolist, sees, {}),
    "floats": (lambda: RIGHT * 1.0, sees, {}),
    "a tensor": (lambda: keras.ops.convert_to_tensor(RIGHT), sees, {}),
    "a DataFrame": (crosstab, sees, {}),
    "a DataFrame with names": (named, sees, {}),
    "two softmax": (lambda: RIGHT, lambda: sees("softmax", 2), {}),
    "logits": (lambda: RIGHT, lambda: sees(None), {"output": "logits"}),
    "other pixel values": (lambda: RIGHT, lambda: sees(unit=255), {"inputs": "0..255"}),
    "a few at the edge": (lambda: moved(4), sees, {}),
    "some of the images": (
        lambda: [[np.sum(SEEMING[:50:2] == 0), np.sum(SEEMING[:50:2])], [0, 0]],
        sees,
        {"positions": list(range(0, 50, 2))},
    ),
}

should_fail: dict[str, tuple[Build, Build, dict[str, Any], str, str | None]] = {
    "transposed": (
        lambda: RIGHT.T,
        sees,
        {},
        "^Rows and columns have changed places: .*Give the true",
        "transposed",
    ),
    "reversed": (lambda: RIGHT[::-1, ::-1], sees, {}, "^The classes stand in rev", "reversed"),
    "shares of rows": (
        lambda: RIGHT / RIGHT.sum(axis=1, keepdims=True),
        sees,
        {},
        'These are shares that sum to 1; expected counts.*normalize="true"',
        "normalised",
    ),
    "shares of all": (lambda: RIGHT / 400, sees, {}, "sum to 1; expected counts", "normalised"),
    "shares, rounded": (lambda: (RIGHT / 400).round(2), sees, {}, "sum to 1;", "normalised"),
    "percentages": (
        lambda: 100 * RIGHT / RIGHT.sum(axis=0),
        sees,
        {},
        "sum to 100 %; exp",
        "normalised",
    ),
    "one image twice": (
        lambda: RIGHT + np.eye(2, dtype=int),
        sees,
        {},
        "^It counts 402 images; there are 400. Count every test image once",
        "other-images",
    ),
    "other images": (
        lambda: [[220, 0], [0, 180]],
        sees,
        {},
        "^Row 1 counts 220 images of class 0; there are 200",
        "other-images",
    ),
    "argmax over one unit": (
        lambda: [[200, 0], [200, 0]],
        sees,
        {},
        r"^All images are counted for class 0; .*\(outputs > 0\.5\)",
        "one-column",
    ),
    "one class": (
        lambda: [[0, 200], [0, 200]],
        sees,
        {},
        r"counted for class 1; .*np\.unique",
        "one-column",
    ),
    "labels in another order": (
        lambda: [[RIGHT[:, 0].sum() // 2, RIGHT[:, 1].sum() // 2]] * 2,
        sees,
        {},
        "stand in other rows. Labels and predictions come in different orders",
        "other-order",
    ),
    "invented": (
        lambda: [[190, 10], [10, 190]],
        sees,
        {},
        r"^\d+ images are in another column .*; 95\.0 % would be right, of the model 70\.0 % are",
        None,
    ),
    "better than the model": (
        lambda: RIGHT + 20 * np.array([[1, -1], [-1, 1]]),
        sees,
        {},
        r"^40 images are in another column .*; 80\.0 % would be right, of the model 70\.0 % are",
        None,
    ),
    "more than lie on the edge": (lambda: moved(5), sees, {}, "^5 images are in another", None),
    "another model": (lambda: RIGHT, lambda: sees(sign=-1), {}, "images are in another", None),
    "half an image": (lambda: RIGHT + 0.5, sees, {}, r"An entry is .*whole numbers from 0", None),
    "less than none": (lambda: moved(300), sees, {}, "An entry is -", None),
    "with totals": (
        lambda: crosstab(margins=True),
        sees,
        {},
        "^The confusion matrix is 3 × 3; expected 2 × 2. Leave the row and the column of totals",
        None,
    ),
    "one column": (
        lambda: [[200], [200]],
        sees,
        {},
        r"is 2 × 1; expected 2 × 2\. One class alone is predicted: .*not argmax",
        None,
    ),
    "a list": (lambda: [1, 2], sees, {}, "is 2; expected 2 × 2. Make a row", None),
    "a number": (lambda: 0.7, sees, {}, "is a single number; expected 2 × 2", None),
    "text": (lambda: "70 %", sees, {}, r"^The confusion matrix: .*is text.*np\.add\.at", None),
    "not data": (lambda: NotUsable("m", "it is a lambda"), sees, {}, "^m cannot be used", None),
    "no model": (lambda: RIGHT, lambda: None, {}, "^There is no answer yet", None),
    "something else for a model": (lambda: RIGHT, lambda: 7, {}, "^The model ", None),
    "ten outputs": (
        lambda: RIGHT,
        lambda: sees("softmax", 10),
        {},
        "has 10 outputs; expected 1 sig",
        None,
    ),
    "another size": (lambda: RIGHT, lambda: sees(size=(9, 9)), {}, "takes images of 9×9×3", None),
    "positions beyond": (
        lambda: RIGHT,
        sees,
        {"positions": [0, 400]},
        "^The positions of the images hold 400; expected positions from 0 to 399",
        None,
    ),
}


def across(value: Any) -> Any:
    return load(save(write(value, Budget())), Budget())


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize("matrix, build, options", should_pass.values(), ids=should_pass)
def test_the_matrix_of_the_model_passes(
    matrix: Build, build: Build, options: dict[str, Any], crossed: bool
) -> None:
    """However it is written down."""
    answer, model = matrix(), build()
    finding = ask(
        *((across(answer), as_snapshot(model)) if crossed else (answer, model)), **options
    )
    assert finding.outcome is Outcome.CORRECT, finding
    assert re.search(r"^The confusion matrix counts \d+ images; \d", finding.found)


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize(
    "matrix, build, options, message, mistake", should_fail.values(), ids=should_fail
)
def test_another_is_told_what_is_wrong(
    matrix: Build,
    build: Build,
    options: dict[str, Any],
    message: str,
    mistake: str | None,
    crossed: bool,
) -> None:
    """With the misreading's slug where it is a known one."""
    answer, model = matrix(), build()
    if crossed and not isinstance(answer, NotUsable):
        answer = across(answer)
        model = as_snapshot(model) if isinstance(model, keras.Model) else model
    finding = ask(answer, model, **options)
    assert finding.outcome in (Outcome.INCORRECT, Outcome.NOT_ATTEMPTED)
    assert finding.mistake == mistake, finding
    text = f"{finding.found} {finding.advice}"
    assert re.search(message, text), text
    assert finding.advice or isinstance(answer, NotUsable)


def test_images_at_the_edge_are_told() -> None:
    """They cost nothing."""
    assert "4 images may lie on the edge" in ask(moved(4), sees()).found
    assert "edge" not in ask(RIGHT, sees()).found


@pytest.mark.parametrize("answer", [None, ..., Missing("confusion")])
def test_no_answer_is_not_attempted(answer: object) -> None:
    """Whatever the model is."""
    assert ask(answer, None).outcome is Outcome.NOT_ATTEMPTED


def test_positions_not_chosen_yet_are_told() -> None:
    """They are an answer of the student's too."""
    finding = ask(RIGHT, sees(), positions=...)
    assert finding.outcome is Outcome.NOT_ATTEMPTED
    assert finding.found == "Which images are counted has not been chosen yet."


def test_ten_classes() -> None:
    """A class that is never predicted has its column too."""
    labels = np.arange(300) % 10
    seeming = np.minimum(labels, 8)
    images = images_of(seeming, (np.linspace(0, 0.9, 10) * 255).round().astype(np.uint8))
    right = np.zeros((10, 10), int)
    np.add.at(right, (labels, seeming), 1)
    model = sees("softmax", 10)
    assert confusion_matrix(right, model, images, labels).outcome is Outcome.CORRECT
    finding = confusion_matrix(right[:, :9], model, images, labels)
    assert "is 10 × 9; expected 10 × 10" in finding.found
    assert "never predicted" in finding.advice


AUTHORS: list[tuple[dict[str, Any], str]] = [
    ({"images": IMAGES / 255}, "images: expected uint8"),
    ({"images": IMAGES[0]}, "images: expected uint8"),
    ({"labels": LABELS[:3]}, "labels: expected 400"),
    ({"labels": LABELS - 1}, "labels: expected 400"),
    ({"inputs": "0-1"}, r"inputs: expected one of 0\.\.1"),
    ({"output": ("softmax", 3)}, "output: expected"),
]


@pytest.mark.parametrize("options, message", AUTHORS)
def test_a_question_that_cannot_be_is_the_authors_mistake(
    options: dict[str, Any], message: str
) -> None:
    """It is told whatever the answer."""
    given = {"images": IMAGES, "labels": LABELS, **options}
    with pytest.raises(ValueError, match=message):
        confusion_matrix(None, None, **given)
