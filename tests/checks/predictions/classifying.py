"""Hidden images that are easy to make, and classifiers that are right about a share of them.

The red value of a whole image says what class it seems to be; `right` says for how many of them it
is the true one.
"""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autograder.artifacts import ModelData
from autograder.datasets import evaluation

COUNTS = {"cats_dogs": 1000, "cifar10": 2000}
CLASSES = {"cats_dogs": 2, "cifar10": 10}


def hide(monkeypatch: pytest.MonkeyPatch, right: float) -> None:
    """Put such images in the place of the hidden ones."""

    def load(name: str, image_size: tuple[int, int] | None = None) -> tuple[Any, Any]:
        labels = np.sort(np.arange(COUNTS[name]) % CLASSES[name]).astype(np.uint8)
        return _images(seeming(name, labels, right), image_size or (8, 8), name), labels

    monkeypatch.setattr(evaluation, "load", load)
    monkeypatch.setattr(evaluation, "key", lambda name: f"{name} {right}")


def seeming(name: str, labels: Any, right: float) -> Any:
    """The classes that the images show: wrong for the last of each class."""
    per_class = COUNTS[name] // CLASSES[name]
    is_right = np.arange(len(labels)) % per_class < round(right * per_class)
    return np.where(is_right, labels, (labels + 1) % CLASSES[name])


def _images(shown: Any, size: tuple[int, int], name: str) -> Any:
    images = np.full((len(shown), *size, 3), 100, np.uint8)
    images[..., 0] = (reds(name) * 255).round().astype(np.uint8)[shown][:, None, None]
    return images


def reds(name: str) -> Any:
    """The red value of each class, in 0..1."""
    return np.linspace(0.0, 0.9, CLASSES[name])


def sees(
    last: str | None = "sigmoid",
    units: int = 1,
    *,
    unit: float = 1.0,
    size: tuple[int | None, int | None] = (8, 8),
    order: Any = None,
    sign: float = 1.0,
) -> Any:
    """A model that tells the classes by the red value.

    unit: what white is in the images that it expects. order: which class each output stands for.
    """
    model = keras.Sequential(
        [
            keras.Input((*size, 3)),
            layers.GlobalAveragePooling2D(),
            layers.Dense(units, activation=last),
        ]
    )
    kernel, bias = np.zeros((3, units), np.float32), np.zeros(units, np.float32)
    if units == 1:
        kernel[0], bias[0] = 40 * sign / unit, -18 * sign
    else:
        name = "cats_dogs" if units == 2 else "cifar10"
        red = reds(name)[np.arange(units) if order is None else order]
        kernel[0], bias[:] = 2000 * red / unit, -1000 * red**2
    model.layers[-1].set_weights([kernel, bias])
    return model


def compiled(model: Any, steps: int) -> Any:
    """As after `steps` steps of training."""
    model.compile("sgd", "binary_crossentropy")
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(steps)
    return model


def as_snapshot(model: Any) -> ModelData:
    """As it is where hand-ins are graded."""
    made = ModelData.of(model)
    return ModelData(json.loads(json.dumps(made.config)), dict(made.tensors), made.steps)
