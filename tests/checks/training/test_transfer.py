"""A pre-trained base is known by its tensors, frozen or fine-tuned, whatever it is called."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograder.artifacts import ModelData
from autograder.checks.answers import Missing
from autograder.checks.findings import Finding, Outcome
from autograder.checks.training.published import LEAST_COSINE, moved_by, started_from
from autograder.checks.training.transfer import fine_tuned, frozen
from autograder.datasets import vgg16
from autograder.datasets.pretrained import VGG16_TENSORS, build_base, tensor_digests

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of TensorFlow's import are not ours

RNG = np.random.default_rng(0)
IMAGES = RNG.random((40, 16, 16, 3), dtype=np.float32)
LABELS = (IMAGES[:, :8].mean(axis=(1, 2, 3)) > IMAGES[:, 8:].mean(axis=(1, 2, 3))).astype(int)


def convolutions(name: str = "block{}_conv1") -> list[Any]:
    import keras

    made: list[Any] = []
    for block, width in enumerate((8, 16, 32), start=1):
        called = name.format(block)
        made.append(keras.layers.Conv2D(width, 3, activation="relu", name=called))
    return made


def make_base(name: str = "block{}_conv1") -> Any:
    import keras

    return keras.Sequential([keras.Input((16, 16, 3)), *convolutions(name)], name="tiny")


def with_head(base: Any, units: int = 12, seed: int = 0) -> Any:
    import keras

    head = (keras.layers.Dense(units, "relu"), keras.layers.Dense(1, "sigmoid"))
    return keras.Sequential([base, keras.layers.GlobalAveragePooling2D(), *head])


def train(model: Any, rate: float = 1e-2) -> Any:
    import keras

    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", run_eagerly=True)
    model.fit(IMAGES, LABELS, epochs=4, batch_size=20, verbose=0)
    return model


def copy(model: Any) -> Any:
    import keras

    made = keras.models.clone_model(model)
    made.set_weights(model.get_weights())
    return made


def unfreeze(model: Any, *names: str) -> Any:
    """The last of the base's layers to be trained, or those that are named."""
    base = model.layers[0]
    base.trainable = True
    for layer in base.layers:
        layer.trainable = not names or layer.name in names
    return model


@pytest.fixture(scope="module")
def made() -> Iterator[SimpleNamespace]:
    """A trained base, and a model on it whose head was trained while the base was frozen."""
    import keras

    keras.utils.set_random_seed(0)
    teacher = train(with_head(make_base()))
    base = copy(teacher.layers[0])
    student = with_head(copy(base))
    student.layers[0].trainable = False
    yield SimpleNamespace(base=ModelData.of(base), keras_base=base, model=train(student))


def flat(made: SimpleNamespace) -> Any:
    """The base's layers stand in the model one by one."""
    import keras

    base = copy(made.keras_base)
    pooled = keras.layers.GlobalAveragePooling2D()(base.outputs[0])
    return keras.Model(base.inputs, keras.layers.Dense(1, "sigmoid")(pooled))


def renamed(made: SimpleNamespace) -> Any:
    base = make_base("conv_{}")
    base.set_weights(made.keras_base.get_weights())
    return with_head(base)


def tuned(made: SimpleNamespace, *names: str, rate: float = 1e-3) -> Any:
    return train(unfreeze(copy(made.model), *names), rate)


def renamed_and_tuned(made: SimpleNamespace) -> Any:
    model = renamed(made)
    for mine, other in zip(model.layers[1:], made.model.layers[1:], strict=True):
        mine.set_weights(other.get_weights())
    return train(unfreeze(model, "conv_3"), 1e-3)


def made_anew(made: SimpleNamespace) -> Any:
    return train(with_head(make_base(), seed=1))


def last_layer_made_anew(made: SimpleNamespace) -> Any:
    model = copy(made.model)
    kernel, bias = model.layers[0].layers[-1].get_weights()
    model.layers[0].layers[-1].set_weights([RNG.normal(0, 0.1, kernel.shape), bias])
    return model


def cut_short(made: SimpleNamespace) -> Any:
    import keras

    layers = copy(made.keras_base).layers[:2]
    return with_head(keras.Sequential([keras.Input((16, 16, 3)), *layers]))


def another(made: SimpleNamespace) -> Any:
    import keras

    return keras.Sequential(
        [keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )


def head_alone(made: SimpleNamespace) -> Any:
    """Its bias is as long as the base's first one."""
    import keras

    return keras.Sequential([keras.Input((32,)), keras.layers.Dense(8)])


def head_made_anew(made: SimpleNamespace) -> Any:
    return train(unfreeze(with_head(copy(made.keras_base)), "block3_conv1"), 1e-3)


def other_head(made: SimpleNamespace) -> Any:
    return train(unfreeze(with_head(copy(made.keras_base), 5), "block3_conv1"), 1e-3)


def no_head(made: SimpleNamespace) -> Any:
    model = copy(made.keras_base)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 1.01, bias])
    return model


Make = Callable[[SimpleNamespace], Any]
frozen_should_pass: dict[str, Make] = {
    "the head trained": lambda made: made.model,
    "the base itself": lambda made: made.keras_base,
    "layers one by one": flat,
    "layers renamed": renamed,
}
frozen_should_fail: dict[str, tuple[Make, str]] = {
    "the last layer trained": (
        lambda made: tuned(made, "block3_conv1"),
        r"4 of the 6 tensors of the base are as published\. block3_conv1 has been trained\. "
        r".*block3_conv1 has moved by [\d.]+ %.*base\.trainable = False",
    ),
    "all trained": (tuned, "block1_conv1, block2_conv1 and block3_conv1 have been trained"),
    "renamed and trained": (renamed_and_tuned, "4 of the 6.*block3_conv1 has been trained"),
    "made anew": (made_anew, "All of the base's layers have the right shapes, but weights that do"),
    "a layer made anew": (last_layer_made_anew, "block3_conv1 has the right shapes, but weights"),
    "cut short": (cut_short, "lacks 2 of the 6 tensors of the base: block3_conv1"),
    "another model": (another, "does not hold the base: none of its 3 kernels is there"),
    "the head alone": (head_alone, "does not hold the base: none of its 3 kernels is there"),
    "no model": (lambda made: 5, "^The model "),
}
tuned_should_pass: dict[str, Make] = {
    "the last layer": lambda made: tuned(made, "block3_conv1"),
    "the last two": lambda made: tuned(made, "block2_conv1", "block3_conv1"),
    "all of it": tuned,
    "by very little": lambda made: tuned(made, "block3_conv1", rate=1e-6),
    "by much": lambda made: tuned(made, "block3_conv1", rate=1e-2),
    "under other names": renamed_and_tuned,
}
tuned_should_fail: dict[str, tuple[Make, str]] = {
    "nothing moved": (
        lambda made: train(copy(made.model)),
        "All 6 tensors of the base are as published: none has moved.*trainable = True",
    ),
    "the base made anew": (made_anew, "All of the base's layers have the right shapes, but"),
    "a layer made anew": (last_layer_made_anew, "block3_conv1 has the right shapes, but weights"),
    "the first layers": (
        lambda made: tuned(made, "block1_conv1"),
        "^block1_conv1 was trained, though block2_conv1 and block3_conv1 after it was not",
    ),
    "the head made anew": (head_made_anew, "do not go on from the frozen model's: they were made"),
    "another head": (other_head, "have other shapes than those of the frozen model"),
    "no head": (no_head, "no trained layer behind the base"),
    "the base cut short": (cut_short, "lacks 2 of the 6 tensors"),
    "no model": (lambda made: 5, "^The fine-tuned model "),
}


def data_of(model: Any) -> Any:
    """What the grader has of a model."""
    if isinstance(model, int):
        return model
    data = ModelData.of(model)
    return ModelData(data.config, {n: np.array(t) for n, t in data.tensors.items()}, data.steps)


def text(finding: Finding) -> str:
    return " ".join((finding.found, *finding.details, finding.advice))


@pytest.mark.parametrize("make", frozen_should_pass.values(), ids=frozen_should_pass.keys())
def test_a_frozen_base_passes(made: SimpleNamespace, make: Make) -> None:
    """All tensors are as published; live and as data alike."""
    model = make(made)
    finding = frozen(model, made.base)
    assert finding.outcome is Outcome.CORRECT, finding
    assert finding.found == "All 6 tensors of the base are as published."
    assert frozen(data_of(model), made.base) == finding


@pytest.mark.parametrize(
    "make, message", frozen_should_fail.values(), ids=frozen_should_fail.keys()
)
def test_another_base_fails(made: SimpleNamespace, make: Make, message: str) -> None:
    """The finding tells what has moved, and whether it was ever the published one."""
    model = make(made)
    finding = frozen(model, made.base)
    assert finding.outcome is Outcome.INCORRECT
    assert re.search(message, text(finding)), text(finding)
    assert frozen(data_of(model), made.base) == finding


@pytest.mark.parametrize("make", tuned_should_pass.values(), ids=tuned_should_pass.keys())
def test_a_fine_tuned_model_passes(made: SimpleNamespace, make: Make) -> None:
    """The last layers moved on from the published weights, the head from the frozen stage's."""
    model = make(made)
    finding = fine_tuned(model, made.base, since=made.model)
    assert finding.outcome is Outcome.CORRECT, finding
    assert fine_tuned(data_of(model), made.base, since=data_of(made.model)) == finding


@pytest.mark.parametrize("make, message", tuned_should_fail.values(), ids=tuned_should_fail.keys())
def test_another_model_is_not_fine_tuned(made: SimpleNamespace, make: Make, message: str) -> None:
    """The finding tells what did not start where it should."""
    model = make(made)
    finding = fine_tuned(model, made.base, since=made.model)
    assert finding.outcome in (Outcome.INCORRECT, Outcome.PARTLY_CORRECT)
    assert re.search(message, text(finding)), text(finding)
    assert fine_tuned(data_of(model), made.base, since=data_of(made.model)) == finding


def test_the_frozen_model_itself_was_tuned(made: SimpleNamespace) -> None:
    """Then two names stand for one model, and the first stage is lost: two thirds."""
    model = tuned(made, "block3_conv1")
    finding = fine_tuned(model, made.base, since=model)
    assert finding.fraction == pytest.approx(2 / 3)
    assert "so it was fine-tuned itself" in text(finding)
    assert "clone_model" in finding.advice


def test_a_base_that_may_still_move_is_told(made: SimpleNamespace) -> None:
    """That it says so is advice: what counts is whether it has moved."""
    assert "still says that it is trainable" in frozen(made.keras_base, made.base).advice
    assert frozen(made.model, made.base).advice == ""


def test_nothing_handed_in_is_not_attempted(made: SimpleNamespace) -> None:
    """Neither is wrong; without a frozen stage fine-tuning cannot be judged."""
    for empty in (None, ..., Missing("model")):
        assert frozen(empty, made.base).outcome is Outcome.NOT_ATTEMPTED
        finding = fine_tuned(empty, made.base, since=made.model)
        assert finding.outcome is Outcome.NOT_ATTEMPTED
        finding = fine_tuned(made.model, made.base, since=empty)
        assert "Without the frozen model this cannot be judged." in finding.found


def test_an_unknown_base_is_the_authors_mistake(made: SimpleNamespace) -> None:
    """Nothing a student did makes the check raise."""
    with pytest.raises(ValueError, match="received 'resnet'"):
        frozen(made.model, "resnet")
    with pytest.raises(ValueError, match="no model that can be compared with"):
        frozen(made.model, 5)


def test_vgg16_is_known_by_its_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its 26 tensors as the data sets publish them; here random ones of the same shapes."""
    tensors = {n: RNG.normal(0, 0.05, s).astype(np.float32) for n, s in VGG16_TENSORS}
    monkeypatch.setattr(vgg16, "vgg16_digests", lambda: tensor_digests(tensors))
    monkeypatch.setattr(vgg16, "vgg16_tensors", lambda: tensors)
    base = build_base(tensors, (32, 32, 3))
    base.trainable = False
    model = with_head(base)
    start = data_of(model)
    finding = frozen(model)
    assert finding.outcome is Outcome.CORRECT
    assert finding.found == "All 26 tensors of VGG16 are as published."

    last = base.get_layer("block5_conv3")
    last.set_weights([1.01 * each for each in last.get_weights()])
    finding = frozen(model)
    assert "24 of the 26 tensors of VGG16 are as published" in finding.found
    assert "block5_conv3 has moved by 1 %." in finding.details
    assert fine_tuned(model, since=start).outcome is Outcome.CORRECT


def test_training_turns_kernels_by_little(made: SimpleNamespace) -> None:
    """The cosine tells what was trained on from what was made anew, with room on both sides."""

    def cosine(one: np.ndarray, other: np.ndarray) -> float:
        one, other = one.ravel(), other.ravel()
        return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))

    kernels = [name for name in made.base.tensors if name.endswith("kernel")]
    after = ModelData.of(tuned(made, rate=1e-2).layers[0]).tensors
    anew = ModelData.of(made_anew(made).layers[0]).tensors
    for name in kernels:
        assert cosine(after[name], made.base.tensors[name]) > 2 * LEAST_COSINE
        assert abs(cosine(anew[name], made.base.tensors[name])) < LEAST_COSINE / 1.2


def test_kernels_are_compared_together() -> None:
    """Small kernels weigh little; biases and nought nothing."""
    large, small = RNG.normal(size=(40, 40)), RNG.normal(size=(2, 1))
    assert started_from([(large * 1.1, large), (-small, small)])
    assert not started_from([(RNG.normal(size=(40, 40)), large), (small, small)])
    assert not started_from([(0 * large, large)])
    assert started_from([(-np.ones(3), np.ones(3))])
    assert moved_by(np.array([2.0]), np.array([1.0])) == 1
    assert moved_by(np.array([2.0]), np.array([0.0])) == 2
