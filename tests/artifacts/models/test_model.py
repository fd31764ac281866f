"""A live model becomes data, or its author is told what to change."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl
from keras.src.wrappers.sklearn_wrapper import SKLBase

from autograder.artifacts import ModelData, NotDataError
from autograder.artifacts.models.allowed import MAX_DEPTH
from autograder.datasets.pretrained import tensor_digests
from tests.artifacts.models.build import described, images, small_cnn


def test_weights_are_named_by_layer_and_model() -> None:
    """The model's order; a nested model's name goes before; what is no weight is left out."""
    model = small_cnn()
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(images(), np.ones(5), verbose=0)
    assert list(ModelData.of(model).tensors) == [
        "conv/kernel",
        "conv/bias",
        "inside/norm/gamma",
        "inside/norm/beta",
        "inside/norm/moving_mean",
        "inside/norm/moving_variance",
        "out/kernel",
        "out/bias",
    ]


def test_seeds_are_no_weights() -> None:
    """A Dropout and random transformations have states, but nothing that was learned."""
    model = keras.Sequential([keras.Input((4, 4, 3)), kl.RandomFlip(), kl.Dropout(0.5)])
    assert not ModelData.of(model).tensors


def test_equal_names_in_a_layer_are_numbered() -> None:
    """Bidirectional holds each of its layer's weights twice."""
    model = keras.Sequential([keras.Input((3, 2)), kl.Bidirectional(kl.SimpleRNN(2), name="both")])
    assert list(ModelData.of(model).tensors) == [
        f"both/{name}{number}"
        for number in ("", "_2")
        for name in ("kernel", "recurrent_kernel", "bias")
    ]


def test_config_is_what_keras_writes() -> None:
    """As model.to_json(), but for how it was compiled; that of a nested model is left out too."""
    model = small_cnn()
    expected = json.loads(model.to_json())
    for entry in (expected, *expected["config"]["layers"]):
        entry.pop("compile_config", None)
    model.compile("adam", loss=lambda labels, outputs: outputs)  # to_json warns of such a loss
    assert ModelData.of(model).config == expected


def test_steps_are_the_optimisers() -> None:
    """None before compile, 0 before fit, then one for each batch."""
    model = small_cnn()
    assert ModelData.of(model).steps is None
    model.compile("adam", "binary_crossentropy")
    assert ModelData.of(model).steps == 0
    model.fit(images(5), np.ones(5), batch_size=2, epochs=2, verbose=0)
    assert ModelData.of(model).steps == 6


def test_digests_are_those_of_published_weights() -> None:
    """The same function makes both, so that a frozen base is known by them."""
    model = small_cnn()
    data = ModelData.of(model)
    kernel = np.asarray(model.get_layer("conv").kernel.numpy())
    assert data.digests["conv/kernel"] == tensor_digests({"x": kernel})["x"]
    assert data.digests.keys() == data.tensors.keys()


def test_training_on_leaves_the_data_alone() -> None:
    """The arrays are copies that cannot be written to."""
    model = small_cnn()
    data = ModelData.of(model)
    before = data.tensors["conv/kernel"].copy()
    model.get_layer("conv").kernel.assign(np.zeros((3, 3, 3, 4)))
    assert np.array_equal(data.tensors["conv/kernel"], before)
    with pytest.raises(ValueError, match="read-only"):
        data.tensors["conv/kernel"][0] = 1


@pytest.mark.parametrize(
    ("policy", "dtype"),
    [
        ("mixed_float16", "float32"),
        ("float16", "float16"),
        ("float64", "float64"),
        ("bfloat16", "float32"),
    ],
)
def test_dtypes(policy: str, dtype: str) -> None:
    """Weights keep their dtype, bfloat16 becomes float32; what is restored computes the same."""
    model = keras.Sequential([keras.Input((4, 4, 3)), kl.Conv2D(2, 3, dtype=policy)])
    data = described(model)
    assert data.tensors["/".join((model.layers[0].name, "kernel"))].dtype == dtype
    expected = ModelData.of(model).predict(images(2, (4, 4, 3)))
    np.testing.assert_allclose(data.predict(images(2, (4, 4, 3))), expected, atol=1e-5)


def test_live_model_is_restored_as_it_is() -> None:
    """In the student's kernel nothing is built anew."""
    model = small_cnn()
    assert ModelData.of(model).restored is model


@pytest.mark.parametrize("count", [1, 4, 5])
def test_predict_is_kerass(count: int) -> None:
    """Whatever the last batch holds, in inference mode."""
    model = small_cnn()
    expected = model.predict(images(count), verbose=0)
    for data in (ModelData.of(model), described(model)):
        found = data.predict(images(count), batch_size=4)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"x": x}])
def test_predict_whatever_inputs_and_outputs_are_given_in(wrap: Callable[[Any], Any]) -> None:
    """One input and one output may stand in a list or a dict of their own."""
    given = keras.Input((6, 6, 3), name="x")
    found = keras.layers.Dense(2)(keras.layers.Flatten()(given))
    data = ModelData.of(keras.Model(wrap(given), wrap(found)))
    images = np.ones((3, 6, 6, 3), np.float32)
    outputs = data.predict(images)
    assert outputs.shape == (3, 2)
    crossed = ModelData(data.config, data.tensors)
    np.testing.assert_allclose(crossed.predict(images), outputs, atol=1e-6)


def test_predict_takes_images_of_any_size_where_the_model_does() -> None:
    """Lengths that the config leaves free are known once there are images."""
    model = keras.Sequential(
        [keras.Input((None, None, 3)), kl.UpSampling2D(2), kl.GlobalAveragePooling2D()]
    )
    data = described(model)
    assert data.predict(images(2, (4, 6, 3))).shape == (2, 3)
    wide = keras.Sequential(
        [keras.Input((None, None, 3)), kl.UpSampling2D(5_000), kl.GlobalAveragePooling2D()]
    )
    with pytest.raises(NotDataError, match="works on 1,800,000,000 numbers per image"):
        described(wide).predict(images(2, (4, 6, 3)))


predict_should_fail: dict[str, tuple[Callable[[Any], Any], tuple[int, ...], str]] = {
    "another size": (lambda x: kl.Flatten()(x), (9, 8, 3), "takes images of 8×8×3; .* of 9×8×3"),
    "no channels": (lambda x: kl.Flatten()(x), (8, 8), "takes images of 8×8×3; .* of 8×8"),
    "two outputs": (lambda x: [x, kl.Flatten()(x)], (8, 8, 3), "has 1 inputs and 2 outputs"),
    "too much": (
        lambda x: kl.ZeroPadding2D(1_500)(x),
        (8, 8, 3),
        "puts out 135,720,960 numbers for 5 images",
    ),
}


def test_predict_with_other_batches_than_the_students() -> None:
    """A number of images in the Input, or in a first call, is not insisted on."""
    image = keras.Input((4, 4, 3), batch_size=7)
    fixed = keras.Model(image, kl.Flatten()(image))
    called = keras.Sequential([kl.Flatten()])
    called(images(5, (4, 4, 3)))
    for model in (fixed, called):
        assert described(model).predict(images(2, (4, 4, 3))).shape == (2, 48)


def test_predict_where_the_model_fails() -> None:
    """A window that does not fit into images as small as these, though lengths are free."""
    model = keras.Sequential([keras.Input((None, None, 3)), kl.Conv2D(1, 5)])
    with pytest.raises(NotDataError, match=r"does not take these images: .* does not fit"):
        ModelData.of(model).predict(images(2, (3, 3, 3)))
    image = keras.Input((None, None, 3))
    parts = keras.Model(image, keras.ops.reshape(image, (-1, 4, 3)))
    with pytest.raises(NotDataError, match="fails on these images"):
        ModelData.of(parts).predict(images(1, (3, 3, 3)), batch_size=1)
    with pytest.raises(NotDataError, match=r"an array of the shape \(9, 4, 3\) for 4 images"):
        ModelData.of(parts).predict(images(4, (3, 3, 3)), batch_size=4)


@pytest.mark.parametrize("name", predict_should_fail)
def test_predict_should_fail(name: str) -> None:
    """Images that the model does not take, and outputs that are not one array."""
    make, shape, message = predict_should_fail[name]
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, make(image))
    for data in (ModelData.of(model), described(model)):
        with pytest.raises(NotDataError, match=message):
            data.predict(images(5, shape))


class Own(keras.Model):  # type: ignore[misc]
    def call(self, inputs: Any) -> Any:
        return inputs


class Scale(kl.Layer):  # type: ignore[misc]
    def call(self, inputs: Any) -> Any:
        return inputs


class Holder:
    def __init__(self) -> None:
        self.network = small_cnn()


def wrapped() -> Any:
    return type("Classifier", (SKLBase,), {"__init__": lambda self: None})()


def own_activation(x: Any) -> Any:
    return x


def of_layers(*layers: Any) -> Any:
    return keras.Sequential([keras.Input((4, 4, 3)), *layers])


def diverged() -> Any:
    model = small_cnn()
    model.get_layer("inside").get_layer("norm").gamma.assign([1, np.nan, 1, 1])
    return model


def deep() -> Any:
    model = of_layers(kl.Flatten())
    for _ in range(MAX_DEPTH + 1):
        model = of_layers(model)
    return model


def quantized() -> Any:
    model = of_layers(kl.Dense(4))
    model.layers[0].quantize("int8")
    return model


def adapted_low_rank() -> Any:
    model = of_layers(kl.Dense(4))
    model.layers[0].enable_lora(2)
    return model


should_fail: dict[str, tuple[Callable[[], Any], str]] = {
    "unbuilt": (lambda: keras.Sequential([kl.Dense(1)]), "has not been built.*keras.Input"),
    "subclassed": (Own, "your own class Own; build it with keras.Sequential"),
    "a class": (lambda: keras.Model, "is a class, not a model"),
    "a layer": (lambda: kl.Dense(1), "a single layer, Dense; put it into keras.Sequential"),
    "a file's name": (lambda: "model.keras", "is text, not a model; .*load_model"),
    "a path": (lambda: Path("model.keras"), "is text, not a model; .*load_model"),
    "a history": (keras.callbacks.History, r"is what fit\(\) returned; hand in the keras.Model"),
    "holds a model": (Holder, "of your own class Holder, which holds a model; .* its .network"),
    "a wrapper": (wrapped, "is a wrapper around a model; hand in its .model_"),
    "an object of TensorFlow": (lambda: tf.Module(), "is an object of TensorFlow; hand in"),
    "a function": (lambda: small_cnn, "is of type function, not a Keras model"),
    "a list": (lambda: [1], "is of type list, not a Keras model"),
    "own layer": (lambda: of_layers(Scale(name="m")), 'has Scale in the layer "m", a class that'),
    "own layer, nested": (
        lambda: of_layers(keras.Sequential([keras.Input((4, 4, 3)), Scale(name="in")], name="a")),
        'has Scale in the layer "a/in"',
    ),
    "Lambda": (lambda: of_layers(kl.Lambda(lambda x: x, name="l")), 'has Lambda in .*"l".*code'),
    "own activation": (
        lambda: of_layers(kl.Dense(1, activation=own_activation, name="d")),
        'has function own_activation in the layer "d".*by its name',
    ),
    "lambda as activation": (
        lambda: of_layers(kl.Dense(1, activation=lambda x: x)),
        "has __lambda__ in .* it is a lambda",
    ),
    "lookup": (lambda: of_layers(kl.Flatten(), kl.Hashing(3)), "has Hashing in .* takes text"),
    "quantized": (quantized, "before it was quantized"),
    "low-rank": (adapted_low_rank, 'has "lora_rank" in .*leave it out'),
    "diverged": (diverged, 'no finite numbers in the layer "inside/norm": its training has'),
    "too deep": (deep, f"nested more than {MAX_DEPTH} deep"),
    "too many weights": (lambda: of_layers(kl.Dense(13_000_000)), "large: 52,000,000 weights"),
    "too wide settings": (
        lambda: of_layers(kl.Rescaling([1.0] * 3, offset=[0.5] * 900_000)),
        "is too large",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # quantize's own
@pytest.mark.parametrize("name", should_fail)
def test_models_that_cannot_cross(name: str) -> None:
    """Each is told in one line what to change."""
    make, message = should_fail[name]
    with pytest.raises(NotDataError) as error:
        ModelData.of(make())
    assert re.search(message, str(error.value)), str(error.value)
    assert "\n" not in str(error.value)


def test_too_many_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their number is bounded, those of nested models included."""
    monkeypatch.setattr("autograder.artifacts.models.allowed.MAX_LAYERS", 5)
    with pytest.raises(NotDataError, match="is too large: 6 layers or more, at most 5"):
        ModelData.of(small_cnn())


def test_a_class_that_calls_itself_a_model_is_none() -> None:
    """What counts is the class that Keras' module holds."""
    fake = type("Functional", (), {"__module__": "keras.src.models.functional"})()
    with pytest.raises(NotDataError, match="is of type Functional, not a Keras model"):
        ModelData.of(fake)


def test_pytorch_modules_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyTorch being imported for it."""
    home = ModuleType("torch.nn.modules.module")
    home.Module = type("Module", (), {"__module__": home.__name__})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, home.__name__, home)
    network = type("Net", (home.Module,), {})()
    with pytest.raises(NotDataError, match="is a PyTorch module; hand in a Keras model"):
        ModelData.of(network)


def test_no_framework_is_imported() -> None:
    """To import the room, and to look at what is no model, NumPy is enough."""
    code = (
        "import sys\nfrom autograder.artifacts import ModelData, NotDataError\n"
        "try: ModelData.of([1])\nexcept NotDataError: pass\n"
        "print({'keras', 'tensorflow', 'torch', 'jax', 'safetensors'} & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
