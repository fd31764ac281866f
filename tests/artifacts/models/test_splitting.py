"""A config in two: where it is cut, what the parts are called, and what is no config at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers

from autograder.artifacts.models.splitting import split

SHAPE = (16, 16, 3)
Change = Callable[[Any], object]


def wanted(path: tuple[str, ...]) -> bool | None:
    """The layers of the base are called base_…; those called head_… have weights as well."""
    return True if path[-1].startswith("base") else False if path[-1].startswith("head") else None


def config_of(model: Any) -> Any:
    return json.loads(model.to_json())


def nested() -> Any:
    inner = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(4, 3, padding="same", name="base_1"),
            layers.MaxPooling2D(name="pool"),
        ],
        name="inner",
    )
    inputs = keras.Input(SHAPE, name="image")
    x = layers.RandomFlip(name="flip")(inputs)
    x = inner(x)
    x = layers.Flatten(name="flat")(x)
    return keras.Model(inputs, layers.Dense(1, name="head_1")(x))


def residual() -> Any:
    """A skip within the base, and another within the head."""
    inputs = keras.Input(SHAPE)
    first = layers.Conv2D(4, 3, padding="same", name="base_1")(inputs)
    x = layers.Conv2D(4, 3, padding="same", name="base_2")(first)
    x = cut = layers.Add(name="base_add")([first, x])
    x = layers.Conv2D(4, 3, padding="same", name="head_1")(x)
    x = layers.Flatten(name="flat")(layers.Add(name="add")([cut, x]))
    return keras.Model(inputs, layers.Dense(1, name="head_2")(x))


def names(model: Any) -> list[str]:
    return [entry["config"]["name"] for entry in model["config"]["layers"]]


def test_base_is_flat_and_has_numbers_for_names() -> None:
    """What is idle when a model predicts is not in it; the pooling behind the last weights is."""
    found = split(config_of(nested()), SHAPE, wanted)
    assert found is not None
    assert names(found.base) == ["0", "1", "2"]
    assert found.paths == {"1": ("inner", "base_1"), "2": ("inner", "pool")}
    assert found.shape == (8, 8, 4)
    kinds = [entry["class_name"] for entry in found.base["config"]["layers"]]
    assert kinds == ["InputLayer", "Conv2D", "MaxPooling2D"]


def test_head_keeps_its_names() -> None:
    """So its weights are found under the names that they have."""
    found = split(config_of(nested()), SHAPE, wanted)
    assert found is not None
    assert names(found.head) == ["inner", "flat", "head_1"]
    rebuilt = keras.models.model_from_json(json.dumps(found.head))
    assert rebuilt.input_shape == (None, 8, 8, 4)
    assert rebuilt.output_shape == (None, 1)


def test_a_skip_is_not_cut_through() -> None:
    """The cut is where one tensor holds all that comes behind."""
    found = split(config_of(residual()), SHAPE, wanted)
    assert found is not None
    assert [path[-1] for path in found.paths.values()] == ["base_1", "base_2", "base_add"]
    assert names(found.head) == ["base_add", "head_1", "add", "flat", "head_2"]
    for part in (found.base, found.head):
        assert keras.models.model_from_json(json.dumps(part)).output_shape


def test_a_skip_over_the_cut_moves_it_back() -> None:
    """What the head takes from within the base belongs to the head."""
    inputs = keras.Input(SHAPE)
    first = layers.Conv2D(4, 3, padding="same", name="base_1")(inputs)
    x = layers.Conv2D(4, 3, padding="same", name="base_2")(first)
    x = layers.Conv2D(4, 3, padding="same", name="head_1")(x)
    found = split(config_of(keras.Model(inputs, layers.Add()([first, x]))), SHAPE, wanted)
    assert found is not None
    assert [path[-1] for path in found.paths.values()] == ["base_1"]


def test_half_precision_is_not_split() -> None:
    """Features are kept as float32."""
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(4, 3, name="base_1", dtype="mixed_float16"),
            layers.Flatten(),
        ]
    )
    assert split(config_of(model), SHAPE, wanted) is None


def test_several_outputs_are_not_split() -> None:
    """There is no single way through such a model."""
    inputs = keras.Input(SHAPE)
    x = layers.Conv2D(4, 3, name="base_1")(inputs)
    model = keras.Model(inputs, [layers.Flatten()(x), layers.GlobalMaxPooling2D()(x)])
    assert split(config_of(model), SHAPE, wanted) is None


def first_layer(config: Any) -> Any:
    return config["config"]["layers"][1]


forged: dict[str, Change] = {
    "a layer without a name": lambda c: first_layer(c)["config"].pop("name"),
    "a layer without settings": lambda c: first_layer(c).pop("config"),
    "a call of nothing": lambda c: first_layer(c).update(inbound_nodes=[{"args": []}]),
    "a call of an unknown layer": lambda c: c["config"].update(output_layers=["none", 0, 0]),
    "calls that are text": lambda c: first_layer(c).update(inbound_nodes="x"),
    "layers that are none": lambda c: c["config"].update(layers=[None]),
    "no outputs": lambda c: c["config"].pop("output_layers"),
    "settings of a wrong type": lambda c: first_layer(c)["config"].update(filters="many"),
}


@pytest.mark.parametrize("change", forged.values(), ids=forged.keys())
def test_a_forged_config_is_not_split(change: Change) -> None:
    """Nor does it raise: what is the matter is told where the model is restored."""
    config = config_of(residual())
    change(config)
    assert split(config, SHAPE, wanted) is None
