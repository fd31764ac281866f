import copy
import json
import random
import subprocess
import sys
import time
from functools import cache
from typing import Any

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as kl

from autograder.graphs import GraphError, ModelGraph, inception_blocks, residual_blocks

from .cases import (
    agrees_with_keras,
    bottlenecks,
    config,
    graph,
    inception_in_residual,
    model,
    nested,
)

IMAGE, ROW, VOLUME, WORDS = (12, 12, 4), (12, 4), (6, 6, 6, 4), (7,)
LAYERS: dict[str, tuple[tuple[int, ...], Any]] = {
    "conv1d": (ROW, lambda: kl.Conv1D(6, 3, padding="causal", dilation_rate=2)),
    "conv2d": (IMAGE, lambda: kl.Conv2D(6, (3, 2), strides=2, use_bias=False)),
    "conv2d_groups": (IMAGE, lambda: kl.Conv2D(6, 3, groups=2, padding="same", strides=3)),
    "conv2d_dilated": (IMAGE, lambda: kl.Conv2D(6, 3, dilation_rate=(2, 3))),
    "conv3d": (VOLUME, lambda: kl.Conv3D(2, 3)),
    "conv2d_transpose": (IMAGE, lambda: kl.Conv2DTranspose(6, 3, strides=2)),
    "conv2d_transpose_same": (IMAGE, lambda: kl.Conv2DTranspose(6, 3, 2, padding="same")),
    "conv2d_transpose_more": (
        IMAGE,
        lambda: kl.Conv2DTranspose(6, 3, 2, padding="same", output_padding=1),
    ),
    "conv1d_transpose": (ROW, lambda: kl.Conv1DTranspose(6, 5, strides=3)),
    "depthwise_conv2d": (IMAGE, lambda: kl.DepthwiseConv2D(3, depth_multiplier=2)),
    "depthwise_conv1d": (ROW, lambda: kl.DepthwiseConv1D(3, padding="same")),
    "separable_conv2d": (IMAGE, lambda: kl.SeparableConv2D(5, 3, depth_multiplier=2)),
    "separable_conv1d": (ROW, lambda: kl.SeparableConv1D(5, 3, use_bias=False)),
    "max_pooling2d": (IMAGE, lambda: kl.MaxPooling2D(3, 2)),
    "average_pooling1d": (ROW, lambda: kl.AveragePooling1D(5, padding="same")),
    "max_pooling3d": (VOLUME, lambda: kl.MaxPooling3D()),
    "global": (IMAGE, lambda: kl.GlobalMaxPooling2D(keepdims=True)),
    "adaptive": (IMAGE, lambda: kl.AdaptiveAveragePooling2D((3, 2))),
    "global_flat": (ROW, lambda: kl.GlobalAveragePooling1D()),
    "zero_padding2d": (IMAGE, lambda: kl.ZeroPadding2D(((1, 2), (3, 4)))),
    "zero_padding1d": (ROW, lambda: kl.ZeroPadding1D(2)),
    "cropping2d": (IMAGE, lambda: kl.Cropping2D((1, 2))),
    "up_sampling2d": (IMAGE, lambda: kl.UpSampling2D((2, 3))),
    "batch_normalization": (IMAGE, lambda: kl.BatchNormalization(scale=False)),
    "layer_normalization": (IMAGE, lambda: kl.LayerNormalization(axis=(1, -1))),
    "group_normalization": (IMAGE, lambda: kl.GroupNormalization(2)),
    "rms_normalization": (IMAGE, lambda: kl.RMSNormalization()),
    "normalization": (IMAGE, lambda: kl.Normalization()),
    "dense": (IMAGE, lambda: kl.Dense(3, use_bias=False)),
    "prelu": (IMAGE, lambda: kl.PReLU()),
    "prelu_shared": (IMAGE, lambda: kl.PReLU(shared_axes=[1, 2])),
    "flatten": (IMAGE, lambda: kl.Flatten()),
    "reshape": (IMAGE, lambda: kl.Reshape((6, -1))),
    "permute": (IMAGE, lambda: kl.Permute((3, 1, 2))),
    "repeat_vector": (WORDS, lambda: kl.RepeatVector(3)),
    "embedding": (WORDS, lambda: kl.Embedding(10, 4)),
    "lstm": (ROW, lambda: kl.LSTM(3, return_sequences=True)),
    "gru": (ROW, lambda: kl.GRU(3)),
    "gru_old": (ROW, lambda: kl.GRU(3, reset_after=False)),
    "simple_rnn": (ROW, lambda: kl.SimpleRNN(3)),
    "bidirectional": (ROW, lambda: kl.Bidirectional(kl.LSTM(3))),
    "time_distributed": (IMAGE, lambda: kl.TimeDistributed(kl.Conv1D(3, 3))),
    "resizing": (IMAGE, lambda: kl.Resizing(5, 6)),
    "random_flip": (IMAGE, lambda: kl.RandomFlip()),
    "spatial_dropout": (IMAGE, lambda: kl.SpatialDropout2D(0.2)),
    "softmax": (ROW, lambda: kl.Softmax()),
}


@pytest.mark.parametrize("shape, make", LAYERS.values(), ids=LAYERS)
def test_shapes_and_counts_are_keras(shape: tuple[int, ...], make: Any) -> None:
    """What is worked out from the config is what Keras builds."""
    keras.backend.clear_session()
    built = keras.Sequential([keras.Input(shape), make()])
    found = graph(built)
    assert found.layers[-1].output_shape == tuple(built.output_shape)
    assert found.parameters == built.count_params()
    assert found.trainable_parameters == sum(w.numpy().size for w in built.trainable_weights)


@pytest.mark.parametrize("name", ["EfficientNetB0"])
def test_every_layer_of_an_application(name: str) -> None:
    """Shape and count of each layer by itself."""
    keras.backend.clear_session()
    built = getattr(keras.applications, name)(weights=None)
    found = graph(built)
    agrees_with_keras(found, built)


def test_attention_counts() -> None:
    """MultiHeadAttention of a tensor with itself."""
    x = keras.Input((6, 8))
    built = keras.Model(x, kl.MultiHeadAttention(2, 5)(x, x))
    assert graph(built).parameters == built.count_params()


def test_nested_shared_and_several_inputs() -> None:
    """A shared layer is there twice and counted once; nested models are dissolved."""
    keras.backend.clear_session()
    a, b = keras.Input((8, 8, 3), name="a"), keras.Input((8, 8, 3), name="b")
    twin = keras.Sequential([kl.Conv2D(4, 3, name="conv"), kl.Flatten()], name="twin")
    merged = kl.Subtract(name="difference")([twin(a), twin(b)])
    built = keras.Model({"b": b, "a": a}, {"z": kl.Dense(1, "sigmoid")(merged), "y": merged})
    found = graph(built)
    assert {layer.id for layer in found.inputs} == {"a", "b"}
    assert found["twin#2/conv"].shares == "twin/conv"
    assert found["difference"].inputs == ("twin/flatten", "twin#2/flatten")
    assert found.kinds()["Conv2D"] == 1
    assert len(found.convolutions) == 1
    assert found.parameters == built.count_params()
    assert found.output_activations == (None, "sigmoid")
    outer = keras.Model([a, b], built({"a": a, "b": b})["z"])
    again = graph(outer)
    assert again.parameters == outer.count_params()
    assert again.output_activation == "sigmoid"


def test_layers_tell_their_settings() -> None:
    """As attributes, in settings and in words."""
    built = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            kl.Conv2D(16, 3, name="c"),
            kl.MaxPooling2D(name="p"),
            kl.Flatten(),
            kl.Dense(10, name="d"),
            kl.Softmax(),
        ]
    )
    found = graph(built)
    conv, pooling, dense = found["c"], found["p"], found["d"]
    assert (conv.filters, conv.kernel_size, conv.strides) == (16, (3, 3), (1, 1))
    assert (conv.padding, conv.activation, conv.settings["use_bias"]) == ("valid", "linear", True)
    assert (pooling.pool_size, pooling.strides, dense.units) == ((2, 2), (2, 2), 10)
    assert conv.describe() == "conv2d (3×3, 16)"
    assert pooling.describe() == "max_pooling2d (2×2)"
    assert found.output_activation == "softmax"
    assert repr(found).endswith("6 layers>")


def test_frozen_layers_do_not_train() -> None:
    """A frozen model's weights are counted, but not as trainable."""
    base = keras.Sequential([keras.Input((8, 8, 3)), kl.Conv2D(4, 3)])
    base.trainable = False
    built = keras.Sequential([keras.Input((8, 8, 3)), base, kl.Flatten(), kl.Dense(1)])
    found = graph(built)
    assert found.trainable_parameters == 6 * 6 * 4 + 1
    assert found.parameters == built.count_params()


def test_a_model_that_was_never_built() -> None:
    """Without an input shape nothing is known of shapes and counts."""
    found = graph(keras.Sequential([kl.Conv2D(4, 3), kl.Flatten()]))
    assert [layer.output_shape for layer in found.layers] == [None, None, None]
    assert found.parameters is None


def test_what_a_wrapper_holds_is_counted() -> None:
    """A convolution in a TimeDistributed is one, unless a student's class is called like one."""
    inner = kl.TimeDistributed(kl.Conv2D(4, 3), name="each")
    read = config(keras.Sequential([keras.Input((2, 8, 8, 3)), inner, kl.Flatten()]))
    found = ModelGraph.from_keras(read)
    assert found.kinds() == {"InputLayer": 1, "TimeDistributed": 1, "Conv2D": 1, "Flatten": 1}
    assert [layer.id for layer in found.convolutions] == ["each"]
    read["config"]["layers"][1]["config"]["layer"]["module"] = "__main__"
    assert ModelGraph.from_keras(read).convolutions == ()


def test_unknown_layers_are_their_class() -> None:
    """A student's own layer; one that is called like one of Keras' is told apart."""
    read = config(keras.Sequential([keras.Input((8, 8, 3)), kl.Conv2D(4, 3), kl.Flatten()]))
    own = read["config"]["layers"][1]
    own.update(module=None, registered_name="Custom>Conv2D")
    assert ModelGraph.from_keras(read).layers[1].kind == "Conv2D (custom)"
    own["class_name"] = "Mine"
    found = ModelGraph.from_keras(read)
    assert (found.layers[1].kind, found.layers[1].output_shape) == ("Mine", None)
    assert found.parameters is None
    assert not found.convolutions


@cache
def small() -> str:
    """A model with everything: nested, merged, operators."""
    return str(model(lambda x: nested(bottlenecks, inception_in_residual(x)) * 2 + 1).to_json())


def broken(change: Any) -> dict[str, Any]:
    read = json.loads(small())
    change(read["config"])
    return dict(read)


def circle(inner: dict[str, Any]) -> None:
    first = next(each for each in inner["layers"] if each["class_name"] == "Conv2D")
    history = first["inbound_nodes"][0]["args"][0]["config"]["keras_history"]
    history[0] = first["name"]


def nowhere(inner: dict[str, Any]) -> None:
    inner["layers"][2]["inbound_nodes"][0]["args"] = [
        {"class_name": "__keras_tensor__", "config": {"keras_history": ["nobody", 0, 0]}}
    ]


BROKEN = {
    "circle": (circle, "circle"),
    "nowhere": (nowhere, "'nobody'.*not there"),
    "no_name": (lambda c: c["layers"][1].update(name=3), "expected a name"),
    "same_name": (lambda c: c["layers"].append(c["layers"][1]), "two layers.*called"),
    "million": (lambda c: c.update(layers=[None] * 10**6), "1000000 layers; at most 5000"),
    "no_outputs": (lambda c: c.update(output_layers=[]), "at least one output"),
    "filters": (lambda c: c["layers"][1]["config"].update(filters=10**400), "filters.*very large"),
    "kernel": (lambda c: c["layers"][1]["config"].update(kernel_size="3"), "kernel_size: expected"),
    "too_wide": (
        lambda c: c["layers"][1]["config"].update(kernel_size=[99, 99], padding="valid"),
        "window of 99 does not fit",
    ),
    "keras_2": (lambda c: c["layers"][1].update(inbound_nodes=[[["x", 0, 0, {}]]]), "Keras 2"),
    "no_nodes": (lambda c: c["layers"][1].pop("inbound_nodes"), "inbound_nodes: expected a list"),
}


@pytest.mark.parametrize("change, message", BROKEN.values(), ids=BROKEN)
def test_should_refuse(change: Any, message: str) -> None:
    """One clear line."""
    with pytest.raises(GraphError, match=message) as caught:
        ModelGraph.from_keras(broken(change))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("given", [None, 3, [], {}, {"config": {}}, {"config": {"layers": 3}}])
def test_should_refuse_what_is_no_model(given: Any) -> None:
    """Subclassed models too: they say nothing of their layers."""
    with pytest.raises(GraphError, match="not the config of a Keras model"):
        ModelGraph.from_keras(given)


def test_shared_models_in_models_do_not_explode() -> None:
    """One layer called 32 times through models in models is read; nesting too deep is refused."""
    x = keras.Input((4,))
    built = keras.Model(x, kl.ReLU()(x))
    for _ in range(5):
        x = keras.Input((4,))
        built = keras.Model(x, built(built(x)))
    found = graph(built)
    assert len(found.layers) == 33
    for _ in range(13):
        x = keras.Input((4,))
        built = keras.Model(x, built(x))
    read = config(built)
    text = json.dumps(read)
    assert len(graph(built).layers) == 33
    deeper = {"class_name": "Sequential", "config": {"name": "s", "layers": [json.loads(text)]}}
    for number in range(5):
        wrapped = {**deeper, "config": {**deeper["config"], "name": f"s{number}"}}
        deeper = {"class_name": "Sequential", "config": {"name": "t", "layers": [wrapped]}}
    with pytest.raises(GraphError, match="nested more than 20 deep"):
        ModelGraph.from_keras(deeper)


def node(layer: str, call: int) -> dict[str, Any]:
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": [layer, call, 0]}}
    return {"args": [tensor], "kwargs": {}}


def called_twice(inner: dict[str, Any]) -> dict[str, Any]:
    """A functional model that calls `inner` on its input, and again on what that gives."""
    inner = {**inner, "name": "inner", "inbound_nodes": [node("x", 0), node("inner", 0)]}
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["inner", 2, 0]]}
    x = {"class_name": "InputLayer", "name": "x", "config": {"batch_shape": [None, 4]}}
    return {
        "class_name": "Functional",
        "config": {"name": "m", "layers": [x, inner], **ends},
    }


@pytest.mark.parametrize("depth", [15, 19])
def test_exponentially_many_calls_are_refused_soon(depth: int) -> None:
    """A few kilobytes of JSON that call one layer 2^19 times."""
    x = {"class_name": "InputLayer", "name": "x", "config": {"batch_shape": [None, 4]}}
    relu = {"class_name": "ReLU", "name": "r", "config": {}, "inbound_nodes": [node("x", 0)]}
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["r", 0, 0]]}
    hostile = {"class_name": "Functional", "config": {"name": "m", "layers": [x, relu], **ends}}
    for _ in range(depth):
        hostile = called_twice(hostile)
    assert len(json.dumps(hostile)) < 20_000
    began = time.process_time()
    with pytest.raises(GraphError, match=r"too (many layers|large)"):
        ModelGraph.from_keras(hostile)
    assert time.process_time() - began < 5


JUNK: list[Any] = [None, -1, 0, 3, 10**30, 1.5, float("nan"), "", "x", "add", [], [1, 2], {}, True]


def mutated(value: Any, rng: random.Random) -> Any:
    """The config with one place changed, dropped, doubled or swapped."""
    places: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, dict | list):
            items = list(each.items() if isinstance(each, dict) else enumerate(each))
            places += [(each, key) for key, _ in items]
            stack += [inner for _, inner in items]
    holder, key = rng.choice(places)
    other_holder, other_key = rng.choice(places)
    what = rng.randrange(4)
    if what == 0:
        holder[key] = copy.deepcopy(rng.choice(JUNK))
    elif what == 1:
        del holder[key]
    elif what == 2:
        holder[key] = copy.deepcopy(other_holder[other_key])
    elif isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    return value


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_mutated_configs_are_graphs_or_refused(seed: int, changes: int) -> None:
    """Nothing but GraphError, and what can be read can be searched and drawn."""
    rng = random.Random(seed)
    read = json.loads(small())
    for _ in range(changes):
        read = mutated(read, rng)
    try:
        found = ModelGraph.from_keras(read)
    except GraphError as error:
        assert "\n" not in str(error)
        return
    inception_blocks(found)
    residual_blocks(found)
    for layer in found.layers:
        layer.describe()
    assert found.output_activations is not None
    found._repr_html_().encode()


def test_no_framework_is_imported() -> None:
    """Reading, searching and drawing need the standard library alone."""
    program = (
        "import json, sys; from autograder.graphs import *;"
        "g = ModelGraph.from_keras(json.load(sys.stdin));"
        "inception_blocks(g), residual_blocks(g), g._repr_html_();"
        "sys.exit(str({'keras', 'tensorflow', 'torch', 'jax', 'numpy'} & sys.modules.keys() or ''))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=small(), capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""
