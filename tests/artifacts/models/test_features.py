"""What a frozen base gives is computed once, and the whole model's outputs stay what they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autograder.artifacts import ModelData
from autograder.artifacts.models import features
from autograder.artifacts.models.features import Fed, new_files, predict
from autograder.datasets.pretrained import build_base, tensor_digests

SHAPE = (16, 16, 3)
IMAGES = np.random.default_rng(0).integers(0, 256, (40, *SHAPE), np.uint8)

Build = Callable[[], Any]


def scaled(images: Any) -> Any:
    return images.astype(np.float32) / np.float32(255)


FED = Fed(IMAGES, scaled, "images 1")


def base() -> Any:
    """A small stand-in for VGG16, always with the same weights."""
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(6, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
        ]
    )
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(size=w.shape).astype(np.float32) for w in model.get_weights()])
    return model


def published() -> dict[str, str]:
    return tensor_digests({str(n): w for n, w in enumerate(base().get_weights())})


def sequential() -> Any:
    return keras.Sequential([keras.Input(SHAPE), base(), layers.Flatten(), layers.Dense(1)])


def with_augmentation() -> Any:
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.1),
            base(),
            layers.Dropout(0.5),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )


def functional() -> Any:
    inputs = keras.Input(SHAPE)
    x = layers.RandomRotation(0.1)(inputs)
    x = base()(x, training=False)
    x = layers.Concatenate()([layers.Conv2D(2, 1)(x), layers.Conv2D(2, 3, padding="same")(x)])
    return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))


def from_its_output() -> Any:
    inner = base()
    x = layers.GlobalMaxPooling2D()(inner.outputs[0])
    return keras.Model(inner.inputs[0], layers.Dense(3, activation="softmax")(x))


def layer_by_layer() -> Any:
    model = keras.Sequential([keras.Input(SHAPE)])
    for layer in base().layers:
        layer.name = f"my_{layer.name}"
        model.add(layer)
    model.add(layers.Flatten())
    model.add(layers.Dense(1))
    return model


def within_another() -> Any:
    inner = keras.Sequential([keras.Input(SHAPE), base(), layers.Flatten(), layers.Dense(4)])
    return keras.Sequential([keras.Input(SHAPE), inner, layers.ReLU(), layers.Dense(1)])


def within_a_functional() -> Any:
    inner = base()
    feature = keras.Model(inner.inputs[0], layers.Conv2D(3, 1)(inner.outputs[0]))
    inputs = keras.Input(SHAPE)
    x = layers.Flatten()(feature(inputs))
    return keras.Model(inputs, layers.Dense(1)(x))


def of_any_size() -> Any:
    inner = keras.Sequential([keras.Input((None, None, 3)), *base().layers])
    return keras.Sequential(
        [keras.Input((None, None, 3)), inner, layers.GlobalAveragePooling2D(), layers.Dense(1)]
    )


should_share: dict[str, Build] = {
    "nested in a Sequential": sequential,
    "behind augmentation": with_augmentation,
    "nested in a functional model": functional,
    "a head on its output": from_its_output,
    "its layers in the model, renamed": layer_by_layer,
    "nested twice": within_another,
    "nested twice, functional": within_a_functional,
}


def rescaled() -> Any:
    return keras.Sequential(
        [keras.Input(SHAPE), layers.Rescaling(2.0), base(), layers.Flatten(), layers.Dense(1)]
    )


def preprocessed() -> Any:
    inputs = keras.Input(SHAPE)
    x = base()(keras.applications.vgg16.preprocess_input(inputs * 255.0))
    return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))


def fine_tuned() -> Any:
    model = functional()
    last = next(layer for layer in model.layers if layer.name.startswith("sequential")).layers[2]
    last.set_weights([weight + 0.1 for weight in last.get_weights()])
    return model


def strided() -> Any:
    model = base()
    config = model.get_config()
    config["layers"][1]["config"]["strides"] = [2, 2]
    other = keras.Sequential.from_config(config)
    other.set_weights(model.get_weights())
    return keras.Sequential([keras.Input(SHAPE), other, layers.Flatten(), layers.Dense(1)])


should_have_its_own: dict[str, Build] = {
    "scaled differently": rescaled,
    "preprocess_input in the model": preprocessed,
    "the last layer fine-tuned": fine_tuned,
    "other strides": strided,
}


def other_weights() -> Any:
    model = sequential()
    model.set_weights([weight + 1 for weight in model.get_weights()])
    return model


def around_the_base() -> Any:
    inputs = keras.Input(SHAPE)
    x = layers.Flatten()(base()(inputs))
    both = layers.Concatenate()([x, layers.Flatten()(inputs)])
    return keras.Model(inputs, layers.Dense(1)(both))


def called_twice() -> Any:
    inputs, inner = keras.Input(SHAPE), base()
    x = layers.Add()([inner(inputs), inner(layers.Rescaling(0.5)(inputs))])
    return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))


def layer_in_front() -> Any:
    return keras.Sequential(
        [keras.Input(SHAPE), layers.Conv2D(3, 1), base(), layers.Flatten(), layers.Dense(1)]
    )


def nothing_behind() -> Any:
    return base()


should_not_split: dict[str, Build] = {
    "other weights": other_weights,
    "a way around the base": around_the_base,
    "called twice": called_twice,
    "a trained layer in front": layer_in_front,
    "no head": nothing_behind,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where features are found; nothing is left over from another test."""
    monkeypatch.setenv(features.FOLDER_VARIABLE, str(tmp_path))
    list(new_files())
    yield tmp_path
    list(new_files())


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models that were run."""
    seen: list[str] = []
    plain = ModelData.predict

    def spy(self: ModelData, images: Any, batch_size: int = 64) -> Any:
        seen.append(self.config["config"]["name"])
        return plain(self, images, batch_size)

    monkeypatch.setattr(ModelData, "predict", spy)
    return seen


def as_data(model: Any) -> ModelData:
    """As it is where hand-ins are graded."""
    made = ModelData.of(model)
    return ModelData(json.loads(json.dumps(made.config)), dict(made.tensors))


def store(folder: Path) -> list[str]:
    """What whoever started the process does; the keys."""
    found = dict(new_files())
    for key, data in found.items():
        (folder / f"{key}.npy").write_bytes(data)
    return list(found)


@pytest.mark.parametrize("build", should_share.values(), ids=should_share.keys())
def test_models_with_the_same_base_share_its_features(
    build: Build, folder: Path, computed: list[str]
) -> None:
    """However they were put together; the outputs are those of the whole model."""
    predict(as_data(sequential()), FED, published())
    assert len(store(folder)) == 1
    computed.clear()
    model = as_data(build())
    np.testing.assert_allclose(
        predict(model, FED, published()), model.predict(scaled(IMAGES)), rtol=1e-4, atol=1e-5
    )
    assert "base" not in computed
    assert list(new_files()) == []


@pytest.mark.parametrize("build", should_have_its_own.values(), ids=should_have_its_own.keys())
def test_another_base_has_features_of_its_own(build: Build, folder: Path) -> None:
    """Anything that changes what the base gives changes the key."""
    predict(as_data(sequential()), FED, published())
    store(folder)
    model = as_data(build())
    np.testing.assert_allclose(
        predict(model, FED, published()), model.predict(scaled(IMAGES)), rtol=1e-4, atol=1e-5
    )
    assert len(store(folder)) == 1


@pytest.mark.parametrize("build", should_not_split.values(), ids=should_not_split.keys())
def test_other_models_are_run_whole(build: Build, folder: Path, computed: list[str]) -> None:
    """And nothing is kept of them."""
    model = as_data(build())
    found = predict(model, FED, published())
    assert computed == [model.config["config"]["name"]]
    np.testing.assert_allclose(found, model.predict(scaled(IMAGES)), rtol=1e-4, atol=1e-5)
    assert list(new_files()) == []


def chain() -> Any:
    """Something to be left out, or to change places, on both sides of the base."""
    rescaling, tanh = layers.Rescaling(0.5, name="rescaling"), layers.Activation("tanh", name="t")
    behind = [layers.Activation("tanh", name="behind"), layers.Flatten(), layers.Dense(1)]
    return keras.Sequential([keras.Input(SHAPE, name="image"), rescaling, tanh, base(), *behind])


def call_of(source: str) -> list[Any]:
    noted = {"shape": [None, *SHAPE], "dtype": "float32", "keras_history": [source, 0, 0]}
    tensor = {"class_name": "__keras_tensor__", "config": noted}
    return [{"args": [tensor], "kwargs": {}}]


def skip(config: Any, left_out: str) -> None:
    """Notes in a Sequential, which Keras does not look at, that a layer was passed by."""
    before = ""
    for layer in config["layers"]:
        name = layer["name"] = layer["config"]["name"]
        layer["inbound_nodes"] = call_of(before) if before else []
        before = before if name == left_out else name


def skip_in_front(config: Any) -> None:
    skip(config, "rescaling")


def skip_behind(config: Any) -> None:
    skip(config, "behind")
    config |= {
        "input_layers": ["image", 0, 0],
        "output_layers": [config["layers"][-1]["name"], 0, 0],
    }


def before_last(config: Any) -> str:
    return str(config["layers"][-1]["config"]["name"])


def swap_names(config: Any) -> None:
    """The layers have the names of one another, but not where the model's calls name them."""
    one, other = config["layers"][1:3]
    for layer in config["layers"]:
        layer["name"] = layer["config"]["name"]
    one["config"]["name"], other["config"]["name"] = other["config"]["name"], one["config"]["name"]


@pytest.mark.parametrize("forge", [skip_in_front, skip_behind, swap_names])
def test_a_forged_config_computes_what_its_graph_shows(forge: Build, folder: Path) -> None:
    """A model in two parts is the whole one, whatever its config says besides."""
    made = chain()
    data = as_data(made if forge is not swap_names else keras.Model(made.inputs, made.outputs))
    config = json.loads(json.dumps(data.config))
    forge(config["config"])
    model = ModelData(config, data.tensors)
    np.testing.assert_allclose(
        predict(model, FED, published()), model.predict(scaled(IMAGES)), rtol=1e-4, atol=1e-5
    )


def test_a_model_of_any_size_is_cut_for_these_images(folder: Path) -> None:
    """Its config leaves the lengths open."""
    model = as_data(of_any_size())
    found = predict(model, FED, published())
    assert len(store(folder)) == 1
    np.testing.assert_allclose(found, model.predict(scaled(IMAGES)), rtol=1e-4, atol=1e-5)


def test_other_images_have_other_features(folder: Path) -> None:
    """The key tells images and their scaling apart."""
    model = as_data(sequential())
    predict(model, FED, published())
    predict(model, Fed(IMAGES, scaled, "images 2"), published())
    assert len(store(folder)) == 2


def test_new_features_are_given_once(folder: Path, computed: list[str]) -> None:
    """Found again before they are taken, and forgotten after."""
    predict(as_data(sequential()), FED, published())
    predict(as_data(functional()), FED, published())
    assert computed.count("base") == 1
    ((key, data),) = new_files()
    assert len(key) == 64
    assert data.startswith(b"\x93NUMPY")
    assert list(new_files()) == []
    predict(as_data(sequential()), FED, published())
    assert computed.count("base") == 2


@pytest.mark.parametrize(
    "data", [b"", b"no array", b"\x93NUMPY\x01\x00", None], ids=["empty", "text", "cut", "shape"]
)
def test_a_file_that_is_none_is_passed_over(data: bytes | None, folder: Path) -> None:
    """Damaged, or of another shape: the features are computed."""
    model = as_data(sequential())
    predict(model, FED, published())
    (key,) = store(folder)
    if data is None:
        np.save(folder / f"{key}.npy", np.zeros((40, 4, 4, 5), np.float32))
    else:
        (folder / f"{key}.npy").write_bytes(data)
    found = predict(model, FED, published())
    np.testing.assert_allclose(found, model.predict(scaled(IMAGES)), rtol=1e-4, atol=1e-5)


def test_live_models_are_run_whole(folder: Path, computed: list[str]) -> None:
    """A student's kernel keeps nothing."""
    predict(ModelData.of(sequential()), FED, published())
    assert "base" not in computed
    assert list(new_files()) == []


def test_without_a_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody would store it, cutting models is no use."""
    monkeypatch.delenv(features.FOLDER_VARIABLE, raising=False)
    predict(as_data(sequential()), FED, published())
    assert list(new_files()) == []


def test_too_many_features_are_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would take more room than they save time."""
    monkeypatch.setattr(features, "MAX_BYTES", 40 * 4 * 4 * 6 * 4 - 1)
    predict(as_data(sequential()), FED, published())
    assert list(new_files()) == []


def test_vgg16_is_cut_behind_its_last_pooling(folder: Path) -> None:
    """The 26 arrays of the real shapes, in a model as courses have it."""
    rng = np.random.default_rng(2)
    inner = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    names = [
        f"{layer.name}/{part}"
        for layer in inner.layers
        if layer.weights
        for part in ("kernel", "bias")
    ]
    tensors = {
        name: 0.05 * rng.standard_normal(weight.shape, np.float32)
        for name, weight in zip(names, inner.get_weights(), strict=True)
    }
    vgg16 = build_base(tensors, (32, 32, 3))
    vgg16.trainable = False
    model = as_data(
        keras.Sequential([keras.Input((32, 32, 3)), vgg16, layers.Flatten(), layers.Dense(1)])
    )
    fed = Fed(np.resize(IMAGES, (3, 32, 32, 3)), scaled, "small")
    found = predict(model, fed, tensor_digests(tensors))
    ((_, data),) = new_files()
    assert len(data) == 128 + 3 * 512 * 4
    np.testing.assert_allclose(found, model.predict(scaled(fed.images)), rtol=1e-4, atol=1e-5)
