"""Small Keras models, and their configs forged in one place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers as kl

from autograder.artifacts import ModelData


def small_cnn() -> Any:
    """8×8×3 → one sigmoid; a convolution, a nested model, an operation."""
    inside = keras.Sequential(
        [keras.Input((4, 4, 4)), kl.BatchNormalization(name="norm")], name="inside"
    )
    image = keras.Input((8, 8, 3), name="image")
    x = kl.Conv2D(4, 3, padding="same", activation="relu", name="conv")(image)
    x = inside(kl.MaxPooling2D(name="pool")(x))
    x = kl.Flatten(name="flat")(x + 1.0)
    return keras.Model(image, kl.Dense(1, activation="sigmoid", name="out")(x), name="cnn")


def images(count: int = 5, shape: tuple[int, ...] = (8, 8, 3)) -> Any:
    return np.random.default_rng(0).uniform(0, 1, (count, *shape)).astype(np.float32)


def described(model: Any) -> ModelData:
    """As a grader has it: through JSON, and without the live model."""
    data = ModelData.of(model)
    return ModelData(json.loads(json.dumps(data.config)), dict(data.tensors), data.steps)


def layer_of(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The entry of a layer of the outermost model."""
    found = [layer for layer in config["config"]["layers"] if layer["config"].get("name") == name]
    entry: dict[str, Any] = found[0]
    return entry


def forged(config: Any, name: str, /, **fields: Any) -> dict[str, Any]:
    """A copy in which a layer's entry has these fields; those of `config` are put into its own."""
    changed = copy.deepcopy(dict(config))
    entry = layer_of(changed, name)
    for field, value in fields.items():
        if field == "config" and isinstance(value, dict):
            entry["config"].update(value)
        else:
            entry[field] = value
    return changed


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each (list or dict, index or key) in a config."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places_in(value[key])
