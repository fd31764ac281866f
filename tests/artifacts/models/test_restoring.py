"""A model is built anew from what may have been forged: the same model, or nothing at all."""

from __future__ import annotations

import base64
import contextlib
import copy
import functools
import marshal
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as kl

from autograder.artifacts import ModelData, NotDataError
from tests.artifacts.models.build import described, forged, images, layer_of, places_in, small_cnn

Make = Callable[[Any], Any]
MAX_GROWTH_KB = 400_000

round_trips: dict[str, Make] = {
    "merged": lambda x: kl.Multiply()([kl.Add()([x, kl.Conv2D(3, 1)(x)]), kl.Average()([x, x])]),
    "shared": lambda x: kl.Concatenate()([(conv := kl.Conv2D(2, 3))(x), conv(x[:, ::-1])]),
    "convolutions": lambda x: kl.Conv2DTranspose(2, 3, strides=2)(
        kl.SeparableConv2D(4, 3)(kl.DepthwiseConv2D(3)(x))
    ),
    "normalizations": lambda x: kl.GroupNormalization(3)(
        kl.LayerNormalization()(kl.RMSNormalization()(kl.UnitNormalization()(x)))
    ),
    "activations": lambda x: kl.PReLU()(kl.ELU()(kl.Dense(3, activation=kl.LeakyReLU(0.1))(x))),
    "augmentation": lambda x: kl.Rescaling(2)(kl.RandomRotation(0.1)(kl.RandomFlip()(x))),
    "operations": lambda x: keras.ops.mean(keras.ops.relu(x - np.ones(3)) ** 2, axis=(1, 2)),
    "recurrent": lambda x: kl.Bidirectional(kl.LSTM(3), name="both")(kl.Reshape((8, 24))(x)),
    "distributed": lambda x: kl.TimeDistributed(kl.Conv1D(2, 3))(x),
    "attention": lambda x: kl.MultiHeadAttention(2, 3)(*[kl.Reshape((64, 3))(x)] * 2),
}


@pytest.mark.parametrize("name", round_trips)
def test_what_keras_brings_is_restored(name: str) -> None:
    """Weights equal bit for bit, predictions to 1e-5, with weights other than at the beginning."""
    image = keras.Input((8, 8, 3))
    assert_restored(keras.Model(image, round_trips[name](image)))


def test_adapted_normalization_is_restored() -> None:
    """It computes with constants that it made when it was adapted."""
    layer = kl.Normalization()
    layer.adapt(7 * images(20))
    model = keras.Sequential([keras.Input((8, 8, 3)), layer])
    found = described(model).predict(images())
    np.testing.assert_allclose(found, ModelData.of(model).predict(images()), atol=1e-5)


def test_nested_models_with_several_ends_are_restored() -> None:
    """Inputs and outputs of every model keep their order."""
    left, right = keras.Input((2,), name="left"), keras.Input((3,), name="right")
    inside = keras.Model([left, right], [kl.Dense(2)(right), kl.Dense(3)(left)], name="inside")
    one, two = keras.Input((2,)), keras.Input((3,))
    model = keras.Model([one, two], inside([one, two]))
    data = described(model)
    given = [images(4, (2,)), images(4, (3,))]
    for found, expected in zip(data.restored(given), model(given), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_lazily_built_model_is_restored() -> None:
    """A Sequential model without an Input, that was called on images."""
    model = keras.Sequential([kl.Conv2D(2, 3), kl.Flatten(), kl.Dense(1)])
    model(images())
    assert_restored(model)


sides = st.integers(1, 3)
parts: dict[str, st.SearchStrategy[Make]] = {
    "convolution": st.builds(
        lambda filters, side, padding: lambda x: kl.Conv2D(filters, side, padding=padding)(x),
        st.integers(1, 4), sides, st.just("same"),
    ),
    "pooling": st.builds(lambda side: lambda x: kl.MaxPooling2D(side, padding="same")(x), sides),
    "normalization": st.just(lambda x: kl.BatchNormalization()(x)),
    "residual": st.just(lambda x: x + kl.Conv2D(x.shape[-1], 1, activation="relu")(x)),
    "branches": st.just(lambda x: kl.Concatenate()([kl.Conv2D(2, 1)(x), kl.Dense(1)(x)])),
    "nested": st.just(lambda x: keras.Sequential([keras.Input(x.shape[1:]), kl.Conv2D(2, 1)])(x)),
}  # fmt: skip


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.lists(st.one_of(*parts.values()), min_size=1, max_size=4), st.integers(1, 3))
def test_any_small_model_is_restored(makes: list[Make], units: int) -> None:
    """Weights bit-equal, predictions equal."""
    x = image = keras.Input((6, 5, 3))
    for make in makes:
        x = make(x)
    assert_restored(keras.Model(image, kl.Dense(units)(kl.GlobalAveragePooling2D()(x))))


def test_restoring_leaves_no_trace() -> None:
    """Keras' names, registered objects and scopes are as before."""
    data = described(small_cnn())
    keras.backend.clear_session()
    before = dict(keras.saving.get_custom_objects())
    assert data.restored.name == "cnn"
    assert keras.saving.get_custom_objects() == before
    assert [kl.Conv2D(1, 1).name, kl.Dense(1).name] == ["conv2d", "dense"]
    with pytest.raises(ValueError, match="AutograderZeros"):
        kl.Dense(1, kernel_initializer="AutograderZeros")


# What stands for the model's weights, forged: a change of the arrays, and what is said of it.
weights_should_fail: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "one missing": (lambda t: t.pop("conv/bias"), "need more weights than were handed in"),
    "one more": (lambda t: t.update({"conv/more": np.ones(3)}), "not those of .*: 'conv/more'"),
    "another name": (
        lambda t: t.update({"conv/b": t.pop("conv/bias")}),
        "not those of its layers: 'conv/b",
    ),
    "another layer": (
        lambda t: t.update({"x/bias": t.pop("conv/bias")}),
        "not those of its layers: 'conv/bias'",
    ),
    "another shape": (
        lambda t: t.update({"conv/bias": np.ones((4, 1), np.float32)}),
        r"has weights of \(4, 1\) float32 in 'conv/bias', where \(4,\) float32 are needed",
    ),
    "shapes swapped": (
        lambda t: t.update({"conv/bias": t["out/kernel"], "out/kernel": t["conv/bias"]}),
        "in 'conv/bias', where",
    ),
    "another dtype": (
        lambda t: t.update({"conv/bias": np.ones(4)}),
        r"has weights of \(4,\) float64 in 'conv/bias'",
    ),
    "none": (lambda t: t.clear(), "need more weights than were handed in"),
}


@pytest.mark.parametrize("name", weights_should_fail)
def test_weights_should_fail(name: str) -> None:
    """Names, shapes and dtypes must be those of the model that the config describes."""
    change, message = weights_should_fail[name]
    data = described(small_cnn())
    tensors = dict(data.tensors)
    change(tensors)
    with pytest.raises(NotDataError, match=message):
        _ = ModelData(data.config, tensors).restored


size_should_fail: dict[str, tuple[Make, dict[str, Any], str]] = {
    "Dense": (lambda x: kl.Dense(2, name="it")(x), {"units": 10**9}, "per image"),
    "Dense, flat": (
        lambda x: kl.Dense(2, name="it")(kl.Flatten()(x)),
        {"units": 4 * 10**7},
        "need more weights than were handed in",
    ),
    "Conv2D": (lambda x: kl.Conv2D(2, 3, name="it")(x), {"filters": 10**9}, "per image"),
    "kernel": (
        lambda x: kl.Conv2D(2, 3, padding="same", name="it")(x),
        {"kernel_size": [10**5, 1]},
        "need more weights",
    ),
    "Embedding": (
        lambda x: kl.Embedding(2, 2, name="it")(kl.Flatten()(x)),
        {"input_dim": 10**9, "output_dim": 10**3},
        "need more weights",
    ),
    "Resizing": (
        lambda x: kl.Resizing(2, 2, name="it")(x),
        {"height": 10**6, "width": 10**6},
        "per image",
    ),
    "UpSampling2D": (
        lambda x: kl.UpSampling2D(2, name="it")(kl.UpSampling2D(100)(x)),
        {"size": [1_000, 1_000]},
        "per image",
    ),
    "dilation": (
        lambda x: kl.Conv2D(2, 3, padding="same", name="it")(x),
        {"dilation_rate": [10**7, 1]},
        "works on 600,000,240 numbers per image",
    ),
    "ZeroPadding2D": (lambda x: kl.ZeroPadding2D(name="it")(x), {"padding": 10**6}, "per image"),
    "LSTM": (
        lambda x: kl.LSTM(2, name="it")(kl.Reshape((8, 24))(x)),
        {"units": 10**6},
        "need more weights",
    ),
    "MultiHeadAttention": (
        lambda x: kl.MultiHeadAttention(2, 3, name="it")(*[kl.Reshape((64, 3))(x)] * 2),
        {"key_dim": 10**8},
        "need more weights",
    ),
    "a negative number": (lambda x: kl.Dense(2, name="it")(x), {"units": -1}, "cannot be read"),
    "a number of 30 digits": (lambda x: kl.Dense(2, name="it")(x), {"units": 10**30}, "too long"),
    "an operation": (
        lambda x: keras.ops.image.resize(x, (2, 2)) * 2.0,
        {"size": [10**5, 10**5]},
        "per image",
    ),
    "a constant dtype": (lambda x: kl.Dense(2, name="it")(x), {"dtype": "string"}, "dtype"),
}


@pytest.mark.parametrize("name", size_should_fail)
def test_sizes_should_fail(name: str) -> None:
    """A model that claims to be huge is refused before memory is taken for it."""
    make, changed, message = size_should_fail[name]
    image = keras.Input((8, 8, 3), name="image")
    data = described(keras.Model(image, make(image)))
    target = "resize" if name == "an operation" else "it"
    names = [layer["config"]["name"] for layer in data.config["config"]["layers"]]
    config = forged(data.config, next(n for n in names if n.startswith(target)), config=changed)
    before = peak_kb()
    with pytest.raises(NotDataError, match=message):
        _ = ModelData(config, data.tensors).restored
    assert peak_kb() - before < MAX_GROWTH_KB


@pytest.mark.parametrize("setting", [{}, {"kernel_initializer": None}], ids=["missing", "None"])
def test_weights_without_an_initializer_are_counted(setting: dict[str, Any]) -> None:
    """Keras would make them by its own default, however many they are."""
    model = keras.Sequential([keras.Input((8, 8, 3)), kl.Flatten(), kl.Dense(2, name="it")])
    data = described(model)
    config = forged(data.config, "it", config={"units": 4 * 10**7})
    settings = layer_of(config, "it")["config"]
    del settings["kernel_initializer"]
    settings |= setting
    before = peak_kb()
    with pytest.raises(NotDataError, match="need more weights than were handed in"):
        _ = ModelData(config, data.tensors).restored
    assert peak_kb() - before < MAX_GROWTH_KB


def test_shapes_that_the_config_notes_are_not_believed() -> None:
    """Behind an operation the graph has only the config's word; weights are counted nonetheless."""
    image = keras.Input((8, 8, 3), name="image")
    x = keras.ops.transpose(image, (0, 3, 2, 1))
    data = described(keras.Model(image, kl.Dense(2, name="it")(x)))
    long = forged(data.config, "image", config={"batch_shape": [None, 10**6, 8, 3]})
    long = forged(long, "it", build_config=None)
    before = peak_kb()
    with pytest.raises(NotDataError, match="need more weights than were handed in"):
        _ = ModelData(long, data.tensors).restored
    assert peak_kb() - before < MAX_GROWTH_KB

    own = described(keras.Model(image, kl.Normalization(name="it")(x)))
    with pytest.raises(NotDataError, match=r'has Normalization in .* behind "transpose'):
        _ = own.restored


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_forged_anywhere(data: st.DataObject) -> None:
    """Settings that Keras cannot use end in one line, or a model of the same weights."""
    described_once = cnn_data()
    changed = copy.deepcopy(dict(described_once.config))
    places = list(places_in(changed))
    parent, key = places[data.draw(st.integers(0, len(places) - 1))]
    parent[key] = data.draw(st.sampled_from([None, True, -1, 0, 2, 10**9, "x", "relu", [], {}]))
    found = ModelData(changed, described_once.tensors)
    with contextlib.suppress(NotDataError):
        assert found.predict(images()).shape[0] == 5


@functools.cache
def cnn_data() -> ModelData:
    return described(small_cnn())


def test_shapes_that_layers_were_built_for_are_not_believed() -> None:
    """Keras would build a Normalization, which makes its own zeros, for what its entry says."""
    model = keras.Sequential([keras.Input((8, 8, 3)), kl.Normalization(name="it")])
    data = described(model)
    shape = {"input_shape": [None, 8, 8, 10**9]}
    before = peak_kb()
    found = ModelData(forged(data.config, "it", build_config=shape), data.tensors)
    assert found.predict(images()).shape == (5, 8, 8, 3)
    assert peak_kb() - before < MAX_GROWTH_KB


def test_calls_that_multiply_are_bounded() -> None:
    """Ten models that each call the next one four times would be a million layers."""
    image = keras.Input((2,))
    model = keras.Model(image, kl.Dense(2)(image))
    config: dict[str, Any] = copy.deepcopy(dict(described(model).config))
    for depth in range(9):
        inner = {**config, "config": {**config["config"], "name": f"m{depth}"}}
        config = four_calls_of(inner, f"m{depth}")
    with pytest.raises(NotDataError, match=r"cannot be read: .* at most"):
        _ = ModelData(config, {}).restored


def four_calls_of(inner: dict[str, Any], name: str) -> dict[str, Any]:
    image = keras.Input((2,), name="image")
    identity = kl.Identity(name=name)
    x = image
    for _ in range(4):
        x = identity(x)
    config: dict[str, Any] = copy.deepcopy(dict(described(keras.Model(image, x)).config))
    nodes = layer_of(config, name)["inbound_nodes"]
    layers = config["config"]["layers"]
    layers[1] = {**inner, "name": name, "inbound_nodes": nodes}
    config["config"]["output_layers"] = [name, 4, 0]
    return config


def assert_restored(model: Any) -> None:
    generator = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(generator.uniform(0.1, 0.9, weight.shape))
    live, data = ModelData.of(model), described(model)
    rebuilt = ModelData.of(data.restored)
    assert data.restored is not model
    assert list(rebuilt.tensors) == list(live.tensors)
    assert rebuilt.digests == live.digests
    given = images(3, model.input_shape[1:])
    np.testing.assert_allclose(data.predict(given), live.predict(given), atol=1e-5)


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


# Attacks that would leave a file behind.
def lambda_code(canary: Path) -> dict[str, Any]:
    code = compile(f"open({str(canary)!r}, 'w').close()", "x", "exec")
    value = base64.b64encode(marshal.dumps(code)).decode()
    return {"class_name": "__lambda__", "config": {"value": [value, None, None]}}


def registered(canary: Path) -> str:
    @keras.saving.register_keras_serializable("canary", "Touch")
    class Touch(kl.Layer):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            canary.touch()
            super().__init__(**options)

    return "canary>Touch"


attacks: dict[str, Callable[[Path], dict[str, Any]]] = {
    "Lambda": lambda canary: {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "conv", "function": lambda_code(canary), "arguments": {}},
    },
    "a lambda as activation": lambda canary: {"config": {"activation": lambda_code(canary)}},
    "a lambda in a call": lambda canary: {
        "inbound_nodes": [{"args": [lambda_code(canary)], "kwargs": {}}]
    },
    "a registered class": lambda canary: {
        "module": None,
        "class_name": "Touch",
        "registered_name": registered(canary),
    },
    "a registered class behind a name of Keras": lambda canary: {
        "registered_name": registered(canary)
    },
    "a registered class as initializer": lambda canary: {
        "config": {
            "kernel_initializer": {
                "module": "keras.initializers",
                "class_name": "Zeros",
                "config": {},
                "registered_name": registered(canary),
            }
        }
    },
    "a function of another module": lambda canary: {
        "config": {
            "activation": {
                "module": "pathlib",
                "class_name": "function",
                "config": "Path.touch",
                "registered_name": "Path.touch",
            }
        }
    },
    "a saved program": lambda canary: {
        "module": "keras.layers",
        "class_name": "TFSMLayer",
        "config": {"name": "conv", "filepath": str(canary.parent)},
    },
}


@pytest.mark.parametrize("name", attacks)
def test_nothing_of_an_attack_is_run(name: str, tmp_path: Path) -> None:
    """Each is refused, and the file that it would make is not there."""
    canary = tmp_path / "canary"
    data = described(small_cnn())
    config = forged(data.config, "conv", **attacks[name](canary))
    try:
        with pytest.raises(NotDataError, match="cannot be graded"):
            _ = ModelData(config, data.tensors).restored
    finally:
        keras.saving.get_custom_objects().pop("canary>Touch", None)
    assert not canary.exists()
