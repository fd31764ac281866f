"""The accuracy on hidden images: points, what is told of a poor model, and what is never told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autograder.checks import Missing, NotUsable, Outcome, scorecard
from autograder.checks.findings import Measurement
from autograder.checks.predictions.accuracy import accuracy
from autograder.checks.predictions.feeding import SCALINGS
from autograder.checks.predictions.intervals import wilson
from autograder.datasets import DataError, evaluation

from .classifying import as_snapshot, compiled, hide, sees

Build = Callable[[], Any]
Options = dict[str, Any]


def ask(model: Any, dataset: str = "cats_dogs", **options: Any) -> Any:
    return accuracy(model, dataset, **{"floor": 0.7, "full": 0.85, **options})


def rescaling() -> Any:
    """Takes 0..255 and scales by itself."""
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), sees()])


def reads_vgg16() -> Any:
    """Red is the last of BGR, and 123.68 less."""
    model = sees()
    model.layers[-1].set_weights(
        [np.array([[0], [0], [0.2]], np.float32), np.array([0.2 * 10], np.float32)]
    )
    return model


should_pass: dict[str, tuple[float, Build, Options]] = {
    "one sigmoid": (0.9, sees, {}),
    "two softmax": (0.9, lambda: sees("softmax", 2), {}),
    "logits where they are asked for": (0.9, lambda: sees(None), {"output": "logits"}),
    "two logits": (0.9, lambda: sees(None, 2), {"output": "logits"}),
    "the convention that is asked for": (0.9, sees, {"output": ("sigmoid", 1)}),
    "an untold size": (0.9, lambda: sees(size=(None, None)), {}),
    "another size": (0.9, lambda: sees(size=(20, 12)), {}),
    "0 to 255": (0.9, lambda: sees(unit=255), {"inputs": "0..255"}),
    "scaled by the model": (0.9, rescaling, {"inputs": "0..255"}),
    "as VGG16 wants it": (0.9, reads_vgg16, {"inputs": "vgg16"}),
    "exactly full": (0.85, sees, {}),
    "not told from full": (0.828, sees, {}),
    "all right": (1.0, sees, {}),
    "an activation layer": (
        0.9,
        lambda: keras.Sequential([sees(None), layers.Activation("sigmoid")]),
        {},
    ),
    "CIFAR-10": (
        0.6,
        lambda: sees("softmax", 10, size=(32, 32)),
        {"dataset": "cifar10", "floor": 0.3, "full": 0.6},
    ),
    "trained": (0.9, lambda: compiled(sees(), 3), {}),
}


def constant(bias: float) -> Any:
    model = sees()
    model.layers[-1].set_weights([np.zeros((3, 1), np.float32), np.array([bias], np.float32)])
    return model


def around_zero() -> Any:
    """Takes -1..1, where middle red is a little below 0."""
    model = sees()
    model.layers[-1].set_weights([np.array([[40], [0], [0]], np.float32), np.array([4.0])])
    return model


def diverged() -> Any:
    """Its weights are finite, what it computes is not."""
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Rescaling(1e38), sees(None, unit=1e-9)]
    )
    return keras.Sequential([model, layers.Activation("sigmoid")])


def grayscale() -> Any:
    return keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    )


def two_inputs() -> Any:
    inputs = [keras.Input((8, 8, 3)), keras.Input((8, 8, 3))]
    x = layers.Flatten()(layers.Add()(inputs))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def unflattened() -> Any:
    return keras.Sequential([keras.Input((8, 8, 3)), layers.Dense(1, activation="sigmoid")])


def memorised() -> Any:
    """The nearest of 60 training images of noise decides: Flatten, distances, its label."""
    rng = np.random.default_rng(0)
    images = rng.random((60, 8 * 8 * 3), dtype=np.float32)
    labels = rng.integers(0, 2, 60)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Flatten(),
            layers.Dense(60, activation="softmax"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    distances = [200 * images.T, -100 * (images**2).sum(axis=1)]
    model.layers[1].set_weights(distances)
    model.layers[2].set_weights([(20.0 * labels - 10)[:, None], np.zeros(1)])
    return model


should_fail: dict[str, tuple[float, Build, Options, str]] = {
    "below the floor": (
        0.6,
        sees,
        {},
        r"^60\.0 % of 1,000 hidden images are right\..*0\.\.1, 8 × 8",
    ),
    "exactly the floor": (0.7, sees, {}, r"^70\.0 %"),
    "swapped": (0.9, lambda: sees(sign=-1), {}, r"^10\.0 %.*swapped: .*, 90\.0 % .*0 is a cat"),
    "renumbered": (
        0.9,
        lambda: sees("softmax", 10, size=(32, 32), order=np.roll(np.arange(10), 3)),
        {"dataset": "cifar10"},
        r"^0\.0 % of 2,000.*another order: put right, 90\.0 %.*cifar10\.load\(\)",
    ),
    "always a dog": (0.9, lambda: constant(1), {}, r"^50\.0 %.*All are taken for class 1 \(dog\)"),
    "always a cat": (0.9, lambda: constant(-1), {}, r"All are taken for class 0 \(cat\)"),
    "a constant that the floor allows": (
        0.9,
        lambda: constant(1),
        {"floor": 0.1, "full": 0.45},
        r"^50\.0 %.*All are taken for class 1 \(dog\)",
    ),
    "nearly always a cat": (0.02, lambda: sees(sign=0.001, unit=4), {}, "class 0"),
    "wants 0 to 255": (
        0.9,
        lambda: sees(unit=255),
        {},
        r"other pixel values: fed as 0\.\.255, 90 % .* 50 %.*the question says \(0\.\.1\)",
    ),
    "wants -1 to 1": (0.9, around_zero, {}, r"fed as -1\.\.1, 90 % .*instead of 50 %"),
    "untrained": (0.6, lambda: compiled(sees(), 0), {}, "has not been trained.*model.fit"),
    "a copy with the weights of one that wants 0 to 255": (
        0.9,
        lambda: compiled(sees(unit=255), 0),
        {},
        "other pixel values: fed as",
    ),
    "a copy with the weights of one that has the classes swapped": (
        0.9,
        lambda: compiled(sees(sign=-1), 0),
        {},
        "swapped: the other way round",
    ),
    "not a number": (0.9, diverged, {}, r"not a number \(NaN.*diverged"),
    "logits where probabilities are asked for": (
        0.9,
        lambda: sees(None),
        {},
        r'no probabilities: they go from -18 to 18.*Dense\(1, activation="sigmoid"\) or Dense\(2',
    ),
    "two sigmoids": (0.9, lambda: sees("sigmoid", 2), {}, "are to sum to 1; they sum to"),
    "a softmax of one": (
        0.9,
        lambda: sees("softmax"),
        {},
        "has 1 softmax output.*softmax over one",
    ),
    "ten outputs": (
        0.9,
        lambda: sees("softmax", 10),
        {},
        "has 10 outputs; expected 1 sigmoid output or 2 softmax outputs",
    ),
    "one logit too many": (
        0.9,
        lambda: sees("softmax", 2),
        {"output": ("sigmoid", 1)},
        "has 2 outputs; expected 1 sigmoid output",
    ),
    "no Flatten": (0.9, unflattened, {}, r"the shape \(8, 8, 1\); expected .*Flatten"),
    "grayscale": (
        0.9,
        grayscale,
        {},
        r"takes 8 × 8 × 1; expected height × width × 3.*keras\.Input",
    ),
    "two inputs": (0.9, two_inputs, {}, "has 2 inputs; expected one"),
    "another size for CIFAR-10": (
        0.9,
        lambda: sees("softmax", 10),
        {"dataset": "cifar10"},
        r"takes images of 8 × 8; expected 32 × 32.*keras\.Input\(\(32, 32, 3\)\)",
    ),
    "a very large size": (0.9, lambda: sees(size=(2000, 8)), {}, "2000 × 8; at most 384 × 384"),
    "a memorised table": (0.9, memorised, {}, r"^50\.0 %"),
    "predictions in a dict": (0.9, lambda: {"cat.1.jpg": 0}, {}, "^The model "),
    "predictions in an array": (0.9, lambda: np.zeros(1000), {}, "^The model "),
    "a value that is not data": (
        0.9,
        lambda: NotUsable("cnn", "it is a lambda"),
        {},
        "^cnn cannot be used as an answer: it is a lambda",
    ),
}


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize("right, build, options", should_pass.values(), ids=should_pass.keys())
def test_an_accurate_model_passes(
    right: float, build: Build, options: Options, crossed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finding says how accurate it is."""
    hide(monkeypatch, right)
    model = as_snapshot(build()) if crossed else build()
    finding = ask(model, **options)
    assert finding.outcome is Outcome.CORRECT, finding
    assert finding.found.startswith(f"{100 * right:.1f} % of ")


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize(
    "right, build, options, message", should_fail.values(), ids=should_fail.keys()
)
def test_another_model_fails(
    right: float,
    build: Build,
    options: Options,
    message: str,
    crossed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The finding says what was seen and what to try; no points are earned."""
    hide(monkeypatch, right)
    model = build()
    if crossed and isinstance(model, keras.Model):
        model = as_snapshot(model)
    finding = ask(model, **options)
    assert finding.outcome is Outcome.INCORRECT
    assert not finding.fraction
    text = f"{finding.found} {finding.advice}"
    assert re.search(message, text), text


@pytest.mark.parametrize(
    "right, share",
    [(0.69, 0.0), (0.70, 0.0), (0.71, 1 / 15), (0.774, 74 / 150), (0.826, 126 / 150), (0.828, 1.0)],
)
def test_points_grow_evenly_and_doubt_is_the_students(
    right: float, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table in the docstring, from 70 % to 85 % on 1,000 images."""
    hide(monkeypatch, right)
    card = scorecard("Question", points=1)
    card.expect(1, ask(sees()))
    assert card.score == pytest.approx(share)


def test_benefit_of_the_doubt_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A student sees why less than asked for is enough."""
    hide(monkeypatch, 0.83)
    assert "do not tell that from 85 %: full points" in ask(sees()).found


def test_images_are_scaled_as_keras_does() -> None:
    """VGG16's scaling is that of keras.applications; the others go to both ends."""
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), np.uint8)
    wanted = keras.applications.vgg16.preprocess_input(images.astype(np.float32))
    np.testing.assert_allclose(SCALINGS["vgg16"](images), wanted, atol=1e-4)
    ends = np.array([0, 255], np.uint8)
    assert [SCALINGS[each](ends).tolist() for each in ("0..1", "0..255", "-1..1")] == [
        [0, 1],
        [0, 255],
        [-1, 1],
    ]
    assert all(scale(images).dtype == np.float32 for scale in SCALINGS.values())


def test_wilson_bounds_are_those_of_the_paper() -> None:
    """Values that were worked out elsewhere: 15 of 148 (Newcombe 1998), and the ends."""
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(1.0, 20) == pytest.approx((0.8389, 1.0), abs=1e-4)


@pytest.mark.parametrize("answer", [None, ..., Missing("cnn")])
def test_no_model_is_not_attempted(answer: object) -> None:
    """Whether or not there are hidden images."""
    assert ask(answer).outcome is Outcome.NOT_ATTEMPTED


def asks_its_neighbours() -> Any:
    """Answers for each image what most in its batch look like."""
    model = sees("tanh")
    look = keras.ops.mean(model(model.inputs[0]), axis=0, keepdims=True)
    return keras.Model(model.inputs, keras.ops.sigmoid(20 * look + 0 * model.outputs[0]))


def test_images_tell_nothing_of_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie class by class, but are not fed so: a model learns nothing from its batch."""
    rng = np.random.default_rng(0)

    def load(name: str, image_size: Any = None) -> tuple[Any, Any]:
        labels = np.repeat([0, 1], 500).astype(np.uint8)
        images = np.zeros((1000, 8, 8, 3), np.uint8)
        images[..., 0] = np.where(rng.random(1000) < 0.7, labels, 1 - labels)[:, None, None] * 230
        return images, labels

    monkeypatch.setattr(evaluation, "load", load)
    monkeypatch.setattr(evaluation, "key", lambda name: "class by class")
    assert ask(as_snapshot(asks_its_neighbours())).fraction == 0


def test_without_hidden_images_the_form_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a student's kernel: a wrong output is told, the accuracy cannot be graded."""

    def none(*_: object) -> Any:
        raise DataError("/data/evaluation: none")

    monkeypatch.setattr(evaluation, "load", none)
    monkeypatch.setattr(evaluation, "key", none)
    assert (
        "has 3 outputs"
        in ask(keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(3)])).found
    )
    finding = ask(sees())
    assert finding.outcome is Outcome.COULD_NOT_BE_GRADED
    assert "/data" not in finding.found + finding.advice


@pytest.mark.parametrize("made", [as_snapshot, lambda model: model], ids=["crossed", "live"])
def test_the_same_model_is_run_once(monkeypatch: pytest.MonkeyPatch, made: Any) -> None:
    """Several cells may ask about it, also in the kernel that runs the solutions."""
    hide(monkeypatch, 0.9)
    model = made(sees())
    ask(model)
    monkeypatch.setattr(evaluation, "load", lambda *_: pytest.fail("loaded again"))
    assert ask(model, floor=0.5).outcome is Outcome.CORRECT


def test_nothing_of_the_hidden_images_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither pixels, labels nor names of files: the card holds sentences with a few numbers."""
    hide(monkeypatch, 0.77)
    card = scorecard("Question", points=3)
    for build in (sees, lambda: sees(unit=255), lambda: constant(1)):
        card.expect(1, ask(as_snapshot(build())))
    text = json.dumps(card.as_dict()) + card._repr_html_()
    assert len(text) < 20_000
    assert not re.search(r"data:|base64|\.jpe?g|\.png|\.npy|<img|array\(|PetImages", text)
    findings = [ask(as_snapshot(build())) for build in (sees, lambda: constant(1))]
    told = " ".join(f"{each.asked} {each.found} {each.advice}" for each in findings)
    assert not re.search(r"(\d[ ,]+){6}", told)
    assert all(not each.details and not each.picture for each in findings)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"dataset": "mnist"}, "dataset: expected one of cats_dogs, cifar10"),
        ({"floor": 0.9}, "0 <= floor < full <= 1"),
        ({"full": 85}, "0 <= floor < full <= 1"),
        ({"inputs": "0-1"}, r"inputs: expected one of 0\.\.1"),
        ({"output": "sigmoid"}, 'output: expected "logits" or one of'),
        ({"output": ("softmax", 10)}, "received"),
        ({"output": []}, "received"),
    ],
)
def test_a_question_that_cannot_be_is_the_authors_mistake(options: Options, message: str) -> None:
    """It is told when the cell runs, whatever the answer."""
    with pytest.raises(ValueError, match=message):
        ask(None, **options)


@pytest.fixture
def thresholds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with thresholds.json in it; the profile is small."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUTOGRADER_PROFILE", "small")
    path = tmp_path / "thresholds.json"
    path.write_text('{"small": {"pets/c": {"floor": 0.7, "full": 0.85}}}')
    return path


def test_a_named_threshold_is_that_of_the_file(
    thresholds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same points and words as for the numbers, and it is told what was measured."""
    hide(monkeypatch, 0.775)
    named = accuracy(sees(), "cats_dogs", threshold="pets/c")
    by_numbers = accuracy(sees(), "cats_dogs", 0.7, 0.85)
    assert named.measured == Measurement("pets/c", 0.776, 1000, 2)
    assert by_numbers.measured == replace(named.measured, threshold="")
    assert replace(named, measured=None) == replace(by_numbers, measured=None)


def test_what_is_measured_is_told_whatever_the_points(
    thresholds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full, none, and none for a model that always says the same; not where nothing was."""
    hide(monkeypatch, 0.9)
    for model, share in ((sees(), 0.9), (sees(sign=-1), 0.1), (constant(1), 0.5)):
        found = accuracy(model, "cats_dogs", threshold="pets/c")
        assert found.measured == Measurement("pets/c", share, 1000, 2)
    assert accuracy(None, "cats_dogs", threshold="pets/c").measured is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"threshold": "pets/d"},
            r"thresholds\.json, \"small\": expected 'pets/d', found 'pets/c'",
        ),
        ({"threshold": "pets/c", "floor": 0.5}, "expected a threshold=, or a floor= and a full="),
        ({"full": 0.5}, "received threshold '', floor None and full 0.5"),
        ({}, "expected a threshold=, or a floor= and a full="),
    ],
)
def test_a_threshold_that_is_none_is_the_authors_mistake(
    thresholds: Path, options: Options, message: str
) -> None:
    """Told whatever the answer is: an author sees it with the first notebook."""
    with pytest.raises(ValueError, match=message):
        accuracy(None, "cats_dogs", **options)
