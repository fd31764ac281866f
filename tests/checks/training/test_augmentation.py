"""Training images differ from epoch to epoch, those of validation and test do not."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.artifacts import BatchesData, ModelData
from autograder.checks.answers import Missing
from autograder.checks.findings import Finding, Outcome
from autograder.checks.training.augmentation import augmented

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of TensorFlow's import are not ours

Change = Callable[[np.ndarray], np.ndarray]
RNG = np.random.default_rng(0)


def pictures(seed: int, size: int = 40) -> np.ndarray:
    """Smooth pictures (size, 12, 12, 3) of values from 0 to 1."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(np.linspace(0, 1, 12), np.linspace(0, 1, 12)), axis=-1)
    slopes = rng.normal(size=(size, 3, 2))
    waves = np.sin(3 * np.einsum("hwk,nck->nhwc", places, slopes) + rng.random((size, 1, 1, 3)) * 6)
    return (waves / 2 + 0.5).astype(np.float32)


def still(images: np.ndarray) -> Any:
    import tensorflow as tf

    labels = np.arange(len(images)) % 2
    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(10)


def changing(images: np.ndarray, change: Change) -> Any:
    """A generator that changes each batch as it is read."""
    import keras

    class Changing(keras.utils.PyDataset):
        def __len__(self) -> int:
            return len(images) // 10

        def __getitem__(self, index: int) -> Any:
            part = slice(10 * index, 10 * index + 10)
            return change(images[part].copy()).astype(np.float32), np.arange(10) % 2

    return Changing()


def layered(*layers: tuple[str, Any]) -> Any:
    """A tf.data.Dataset with augmentation layers of Keras mapped over it."""
    import keras

    pipeline = keras.Sequential([getattr(keras.layers, name)(how) for name, how in layers])
    return still(pictures(1)).map(lambda x, y: (pipeline(x, training=True), y))


def repeated_flips() -> Any:
    """As tf.image's, which begin anew in each epoch where a seed is set."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    return still(pictures(1)).map(lambda x, y: (tf.image.random_flip_left_right(x), y))


def flips(images: np.ndarray) -> np.ndarray:
    chosen = RNG.random(len(images)) < 0.5
    images[chosen] = images[chosen, :, ::-1]
    return images


def brighter(images: np.ndarray) -> np.ndarray:
    return np.clip(images * RNG.uniform(0.7, 1.3, (len(images), 1, 1, 1)), 0, 1)


def shifted(images: np.ndarray) -> np.ndarray:
    return np.stack([np.roll(each, RNG.integers(-3, 4, 2), (0, 1)) for each in images])


def noise(images: np.ndarray) -> np.ndarray:
    return RNG.random(images.shape)


def darkened(images: np.ndarray) -> np.ndarray:
    return images * RNG.uniform(0, 0.05, (len(images), 1, 1, 1))


def model(*layers: str, **settings: Any) -> ModelData:
    """A model's config that begins with these layers."""
    import keras

    made = [getattr(keras.layers, name)(**settings) for name in layers]
    built = keras.Sequential([keras.Input((12, 12, 3)), *made, keras.layers.Flatten()])
    return ModelData(json.loads(built.to_json()), {})


def parts(train: Any, validation: Any = None, test: Any = None) -> tuple[Any, Any, Any]:
    return (
        train,
        still(pictures(2)) if validation is None else validation,
        still(pictures(3)) if test is None else test,
    )


Make = Callable[[], tuple[Any, ...]]
should_pass: dict[str, Make] = {
    "flips alone": lambda: parts(changing(pictures(1), flips)),
    "shifts": lambda: parts(changing(pictures(1), shifted)),
    "brightness": lambda: parts(changing(pictures(1), brighter)),
    "a shuffled validation set": lambda: parts(
        changing(pictures(1), flips), still(pictures(2)).unbatch().shuffle(40).batch(8)
    ),
    "layers of Keras": lambda: parts(
        layered(("RandomFlip", "horizontal"), ("RandomRotation", 0.1))
    ),
    "layers in the model": lambda: (*parts(still(pictures(1))), model("RandomFlip")),
    "both": lambda: (*parts(changing(pictures(1), shifted)), model("RandomFlip")),
    "a list for the test": lambda: parts(
        changing(pictures(1), flips), test=[(pictures(3), np.arange(40) % 2)]
    ),
}
should_fail: dict[str, tuple[Make, str]] = {
    "nothing random": (
        lambda: parts(still(pictures(1))),
        "100 % of the training images came again unchanged.*Change the training images",
    ),
    "the same changes in every epoch": (
        lambda: parts(repeated_flips()),
        r"came again unchanged.*Once a seed is set, tf\.image\.random_… may make the same changes",
    ),
    "only shuffled": (
        lambda: parts(still(pictures(1)).unbatch().shuffle(40).batch(8)),
        "100 % of the training images came again unchanged",
    ),
    "layers that do nothing": (
        lambda: (*parts(still(pictures(1))), model("RandomRotation", factor=0)),
        "came again unchanged",
    ),
    "a model without such layers": (
        lambda: (*parts(still(pictures(1))), model("Flatten")),
        "came again unchanged",
    ),
    "no model": (lambda: (*parts(still(pictures(1))), 5), "came again unchanged"),
    "validation changed": (
        lambda: parts(changing(pictures(1), flips), changing(pictures(2), flips)),
        "Only [2-8].+ % of the validation images came again.*without augmentation",
    ),
    "test changed": (
        lambda: parts(changing(pictures(1), flips), test=changing(pictures(2), shifted)),
        "of the test images came again",
    ),
    "noise": (
        lambda: parts(changing(pictures(1), noise)),
        "Training images look like noise: neighbouring pixels",
    ),
    "all dark": (
        lambda: parts(changing(pictures(1), darkened)),
        r"Training values are 0\.0\d+ ± 0\.0\d+, those of validation 0\.\d+ ± 0\.",
    ),
    "scaled in another way": (
        lambda: parts(changing(255 * pictures(1), flips)),
        "Training values go from .* to 25.*, those of validation from",
    ),
    "no training generator": (lambda: parts(5), "^The training generator is of type int"),
    "no validation generator": (
        lambda: parts(changing(pictures(1), flips), 5),
        "The validation generator is of type int",
    ),
    "no test generator yet": (
        lambda: parts(changing(pictures(1), flips), test=...),
        "There is no test generator yet",
    ),
}


def text(finding: Finding) -> str:
    return " ".join((finding.found, *finding.details, finding.advice))


@pytest.mark.parametrize("make", should_pass.values(), ids=should_pass.keys())
def test_augmented_training_passes(make: Make) -> None:
    """However mild the changes are, and wherever they are made."""
    finding = augmented(*make())
    assert finding.outcome is Outcome.CORRECT, finding


@pytest.mark.parametrize("make, message", should_fail.values(), ids=should_fail.keys())
def test_other_training_fails(make: Make, message: str) -> None:
    """The finding tells which part it is and how many images came again."""
    finding = augmented(*make())
    assert finding.outcome in (Outcome.INCORRECT, Outcome.PARTLY_CORRECT)
    assert re.search(message, text(finding)), text(finding)


def test_generators_left_alone_earn_nothing() -> None:
    """That validation and test stay as they are counts only beside an augmented training set."""
    assert augmented(*parts(still(pictures(1)))).fraction is None
    changed = changing(pictures(1), flips)
    assert augmented(*parts(changed, changing(pictures(2), flips))).fraction == 0.75


def test_what_was_read_from_a_snapshot_is_judged_alike() -> None:
    """The trusted side has the data alone."""
    data = [BatchesData.of(each) for each in parts(changing(pictures(1), flips))]
    assert augmented(*data) == augmented(*data)
    assert re.search(r"\d\d % of the training images differ from epoch", augmented(*data).found)


def test_nothing_handed_in_is_not_attempted() -> None:
    """Three questions left alone are not wrong."""
    assert augmented(None, ..., Missing("test")).outcome is Outcome.NOT_ATTEMPTED


def test_an_earlier_part_s_generators_are_no_attempt() -> None:
    """Validation and test were answers before; what is asked for now is the training generator."""
    finding = augmented(..., still(pictures(2)), still(pictures(3)))
    assert finding.outcome is Outcome.NOT_ATTEMPTED
