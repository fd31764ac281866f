"""A config may hold nothing but Keras' own classes, each where it belongs."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as kl

from autograder.artifacts import NotDataError
from autograder.artifacts.models.allowed import MAX_DEPTH, MAX_LAYERS, check
from tests.artifacts.models.build import described, forged, layer_of, places_in, small_cnn

Config = dict[str, Any]
CODE = {"class_name": "__lambda__", "config": {"value": ["4wAAAA==", None, None]}}
FUNCTION = {"class_name": "function", "registered_name": None}
WORDS = {"vocabulary": "/etc/passwd", "name": "conv"}


def entry(module: str | None, name: str, registered: str | None = None, /, **config: Any) -> Config:
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def call(value: Any) -> list[Any]:
    return [{"args": [value], "kwargs": {}}]


layer_should_fail: dict[str, tuple[dict[str, Any], str]] = {
    "Lambda": (entry("keras.layers", "Lambda", function=CODE), "has Lambda in .*holds code; use"),
    "TFSMLayer": (entry("keras.layers", "TFSMLayer", filepath="/tmp/x"), "runs a saved program"),
    "TorchModuleWrapper": (entry("keras.layers", "TorchModuleWrapper"), "a PyTorch module"),
    "JaxLayer": (entry("keras.layers", "JaxLayer"), "holds a function"),
    "FlaxLayer": (entry("keras.layers", "FlaxLayer"), "holds a Flax module"),
    "StringLookup": (entry("keras.layers", "StringLookup", **WORDS), "may read a file"),
    "IntegerLookup": (entry("keras.layers", "IntegerLookup", **WORDS), "may read a file"),
    "TextVectorization": (entry("keras.layers", "TextVectorization", **WORDS), "may read a file"),
    "Hashing": (entry("keras.layers", "Hashing", num_bins=3), "takes text"),
    "own class": (entry("__main__", "Mine", "Custom>Mine"), "has Mine in the layer.*use a layer"),
    "own class, no module": (entry(None, "Mine", "Custom>Mine"), "has Mine in"),
    "registered over Dense": (entry("keras.layers", "Dense", "Custom>Dense"), "has Dense in"),
    "registered as another": (entry("keras.layers", "Dense", "Lambda"), "has Dense in"),
    "module os": (entry("os", "system"), "has system in"),
    "module builtins": (entry("builtins", "eval"), "has eval in"),
    "module keras.utils": (entry("keras.utils", "get_file"), "has get_file in"),
    "private Lambda": (entry("keras.src.layers.core.lambda_layer", "Lambda"), "has Lambda in"),
    "Dense by its own module": (entry("keras.src.layers.core.dense", "Dense"), "has Dense in"),
    "dotted class": (entry("keras", "layers.Lambda"), "has layers.Lambda in"),
    "an operation that loops": (entry("keras.src.ops.core", "Map", "Map"), "has Map in"),
    "an initializer": (entry("keras.initializers", "Zeros"), "has Zeros in"),
    "a name that is no text": ({"class_name": ["Dense"]}, "has a dict in"),
    "a module that is no text": ({"module": ["keras.layers"]}, "has Conv2D in"),
    "a compiled layer": ({"compile_config": {"loss": CODE}}, "has fields in"),
    "a field that is not known": ({"function": 1}, "has fields in"),
    "a shared object": ({"shared_object_id": 1}, "has fields in"),
    "code in build_config": ({"build_config": {"input_shape": CODE}}, "a lambda"),
    "code in a call": ({"inbound_nodes": call(CODE)}, "it is a lambda"),
    "a class in a call": ({"inbound_nodes": call(entry("os", "system"))}, "has system in"),
    "a type in a call": (
        {"inbound_nodes": call({"class_name": "__typespec__", "config": [], "spec_name": "x"})},
        "has __typespec__ in",
    ),
    "a long text as an array": (
        {
            "inbound_nodes": call(
                {"class_name": "__numpy__", "config": {"value": ["a"], "dtype": "U100000000"}}
            )
        },
        "has __numpy__ in",
    ),
    "a call of Keras 2": ({"inbound_nodes": [[["image", 0, 0, {}]]]}, "was saved by Keras 2"),
    "a call without arguments": ({"inbound_nodes": [{"args": []}]}, "has inbound_nodes in"),
    "calls that are no list": ({"inbound_nodes": {}}, "has inbound_nodes in"),
}

settings_should_fail: dict[str, tuple[dict[str, Any], str]] = {
    "own activation": ({"activation": "mine"}, 'has function mine in the layer "conv".*its name'),
    "function anywhere": (
        {"activation": {**FUNCTION, "module": "os", "config": "system"}},
        "has function system in .*it is a function",
    ),
    "function of builtins": (
        {"activation": {**FUNCTION, "module": "builtins", "config": "eval"}},
        "has function eval in",
    ),
    "lambda as activation": ({"activation": CODE}, "has __lambda__ in .*it is a lambda"),
    "Lambda as activation": (
        {"activation": entry("keras.layers", "Lambda", function=CODE)},
        "has Lambda in",
    ),
    "a layer with weights as activation": (
        {"activation": entry("keras.layers", "Dense", units=3)},
        "has Dense in",
    ),
    "code in an activation": (
        {"activation": entry("keras.layers", "LeakyReLU", negative_slope=CODE)},
        "has __lambda__ in",
    ),
    "own initializer": ({"kernel_initializer": "mine"}, "has mine in"),
    "a layer as initializer": (
        {"kernel_initializer": entry("keras.layers", "Dense", units=3)},
        "has Dense in",
    ),
    "own registered initializer": (
        {"bias_initializer": entry("keras.initializers", "Zeros", "Custom>Zeros")},
        "has Zeros in",
    ),
    "code in an initializer": (
        {"kernel_initializer": entry("keras.initializers", "Constant", value=CODE)},
        "has __lambda__ in",
    ),
    "own regularizer": ({"kernel_regularizer": entry("__main__", "Mine")}, "has Mine in"),
    "own constraint": ({"bias_constraint": entry("__main__", "Mine")}, "has Mine in"),
    "a number as constraint": ({"bias_constraint": 1}, "has a int in"),
    "own dtype policy": ({"dtype": entry("__main__", "Mine")}, "has Mine in"),
    "quantized": (
        {"dtype": entry("keras.dtype_policies", "QuantizedDTypePolicy")},
        "as it was before it was quantized",
    ),
    "an unrolled loop": ({"unroll": True}, 'has "unroll" in'),
    "a dtype that is a list": ({"dtype": ["float32"]}, "has dtype in"),
    "an unknown dtype": ({"dtype": "string"}, "has dtype in"),
    "LoRA": ({"lora_rank": 4}, 'has "lora_rank" in the layer "conv".*leave it out'),
    "given weights": ({"weights": [[1.0]]}, 'has "weights" in'),
    "a vocabulary": ({"vocabulary": "/etc/passwd"}, 'has "vocabulary" in'),
    "a class among the data": ({"filters": entry("os", "system")}, "has system in"),
    "a module among the data": ({"filters": {"module": "os"}}, 'has "module" in'),
    "a function among the data": ({"other": {"deep": [{"function": "x"}]}}, 'has "function" in'),
    "an infinite number": ({"filters": float("inf")}, "has a number or text"),
    "a huge number": ({"filters": 10**30}, "has a number or text"),
    "a long text": ({"padding": "x" * 10_000}, "has a number or text"),
    "bytes": ({"padding": b"x"}, "has a number or text"),
    "deep lists": ({"filters": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]},
                   "too large"),
    "many numbers": ({"filters": [1] * 500_000}, "too large"),
    "a model in a wrapper": (
        {"layer": entry("keras", "Sequential", layers=[], name="x")},
        "has Sequential in",
    ),
    "Lambda in a wrapper": ({"layer": entry("keras.layers", "Lambda", name="x")}, "has Lambda in"),
    "Normalization in a wrapper": (
        {"layer": entry("keras.layers", "Normalization", name="x")},
        "has Normalization in",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def config() -> Config:
    return dict(described(small_cnn()).config)


@pytest.mark.parametrize("name", layer_should_fail)
def test_layers_should_fail(name: str, config: Config) -> None:
    """A layer's entry that is not one of Keras' own is refused with its reason."""
    fields, message = layer_should_fail[name]
    changed = forged(config, "conv", **fields)
    changed["config"]["layers"][1]["config"].setdefault("name", "conv")
    assert_refused(changed, message)


@pytest.mark.parametrize("name", settings_should_fail)
def test_settings_should_fail(name: str, config: Config) -> None:
    """The same of what stands in a layer's settings."""
    settings, message = settings_should_fail[name]
    assert_refused(forged(config, "conv", config=settings), message)


@pytest.mark.parametrize("name", ["Lambda", "own class", "code in a call"])
def test_nested_models_are_walked_through(name: str, config: Config) -> None:
    """What is refused in a model is refused in a model within it."""
    fields, message = layer_should_fail[name]
    changed = copy.deepcopy(config)
    inside = layer_of(changed, "inside")["config"]["layers"]
    inside[1] = {**inside[1], **fields}
    inside[1]["config"].setdefault("name", "norm")
    assert_refused(changed, message)


model_should_fail: dict[str, tuple[Callable[[Config], Any], str]] = {
    "a layer alone": (lambda config: layer_of(config, "conv"), "has Conv2D in the model"),
    "no module, as Keras 2": (
        lambda config: {key: value for key, value in config.items() if key != "module"},
        "was saved by Keras 2; load it with Keras 3",
    ),
    "own class": (lambda config: {**config, "class_name": "Mine"}, "has Mine in the model"),
    "own registered class": (
        lambda config: {**config, "registered_name": "Custom>Functional"},
        "has Functional in the model",
    ),
    "compiled with a function": (lambda c: {**c, "compile_config": {"loss": CODE}}, "has fields"),
    "no layers": (lambda config: {**config, "config": {"layers": None}}, "has layers in the model"),
    "a layer that is none": (
        lambda c: {**c, "config": {"layers": [1]}},
        "has layer 1 in the model",
    ),
    "no config": (lambda config: {**config, "config": None}, "has config in the model"),
    "too deep": (lambda config: nested(config, MAX_DEPTH + 1), f"more than {MAX_DEPTH} deep"),
    "too many layers": (
        lambda config: {**config, "config": {"layers": [layer_of(config, "conv")] * 2_001}},
        f"more than {MAX_LAYERS:,} layers",
    ),
    "a name with a slash": (
        lambda config: forged(config, "conv", name="a/b"),
        "a layer without a name",
    ),
    "no name": (lambda config: forged(config, "conv", name=None), "a layer without a name"),
}


@pytest.mark.parametrize("name", model_should_fail)
def test_models_should_fail(name: str, config: Config) -> None:
    """The outermost entry is held to the same."""
    change, message = model_should_fail[name]
    assert_refused(change(config), message)


def test_names_are_shown_on_one_line(config: Config) -> None:
    """A student's names cannot write lines of their own into a message."""
    with pytest.raises(NotDataError) as error:
        check(forged(config, "conv", name="a\nb", class_name="Li\nne"))
    assert "\n" not in str(error.value)
    assert "Li?ne" in str(error.value)


def test_what_keras_writes_should_pass() -> None:
    """Each place that a class can stand in, filled with one of Keras' own."""
    x = image = keras.Input((8, 8, 3))
    x = kl.Rescaling(1 / 255)(kl.RandomFlip("horizontal", seed=2**40)(x))
    x = kl.Conv2D(
        4,
        3,
        dtype="mixed_float16",
        kernel_initializer=keras.initializers.HeNormal(seed=1),
        bias_initializer=keras.initializers.Constant(0.1),
        kernel_regularizer=keras.regularizers.L1L2(0.1, 0.1),
        activity_regularizer="l2",
        kernel_constraint=keras.constraints.MaxNorm(2),
        activation=kl.LeakyReLU(negative_slope=0.1),
    )(x)
    x = keras.ops.mean(keras.activations.relu(x[:, ::2, ..., :3]) * np.ones(3), axis=1)
    x = kl.Bidirectional(kl.GRU(2, activation="tanh"))(kl.TimeDistributed(kl.Dense(3))(x))
    check(described(keras.Model(image, [x, kl.Activation("softmax")(x)])).config)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("kernel_initializer", "glorot_uniform"),
        ("kernel_initializer", "HeNormal"),
        ("kernel_regularizer", "l2"),
        ("kernel_constraint", "max_norm"),
        ("dtype", "mixed_bfloat16"),
        ("activation", "gelu"),
    ],
)
def test_names_of_keras_should_pass(key: str, text: str, config: Config) -> None:
    """Where Keras looks names up, its own may stand."""
    check(forged(config, "conv", config={key: text}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["x", "", "relu", "__numpy__"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["class_name", "config", "module", "dtype", "value", "name", "x"]),
            inner,
        )
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_forged_anywhere(config: Config, data: st.DataObject) -> None:
    """Whatever stands in whichever place, there is one line or nothing is wrong."""
    changed = copy.deepcopy(config)
    places = list(places_in(changed))
    parent, key = places[data.draw(st.integers(0, len(places) - 1))]
    parent[key] = data.draw(JSON)
    with contextlib.suppress(NotDataError):
        check(changed)


def nested(config: Config, depth: int) -> Config:
    for _ in range(depth):
        inner = {**config, "name": "inner", "inbound_nodes": []}
        config = {**config, "config": {"layers": [inner], "name": "outer"}}
    return config


def assert_refused(config: Config, message: str) -> None:
    with pytest.raises(NotDataError) as error:
        check(config)
    assert re.search(message, str(error.value)), str(error.value)
