"""The visualisations themselves: against finite differences, the definitions, other backends."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.artifacts import ModelData, NotDataError
from autograder.checks.visuals import class_maps, layerwise, reference

from .small_cnns import FILTERS, cnn, nested, pictures

IMAGE = pictures()[0][5]


def test_activations_are_what_each_layer_puts_out() -> None:
    """Each array is the layer's output, as a model cut off behind the layer gives it."""
    import keras

    found = reference.activations(cnn(), IMAGE)
    assert list(found) == ["first", "second", "third"]
    tensor = IMAGE[np.newaxis]
    for layer in cnn().layers:
        tensor = layer(tensor)
        if layer.name in found:
            np.testing.assert_allclose(found[layer.name], keras.ops.convert_to_numpy(tensor)[0])


def test_layers_in_a_nested_model_have_its_name_before_theirs() -> None:
    """The ids are ModelGraph's; the end of one is enough to ask for it."""
    found = reference.activations(nested(), IMAGE[np.newaxis] * 255, ["third", "base/pool", 0])
    assert list(found) == ["base/third", "base/pool", "base/first"]
    np.testing.assert_allclose(
        found["base/third"], reference.activations(cnn(), IMAGE)["third"], rtol=1e-3, atol=1e-4
    )


def test_branches_operators_and_shared_layers_are_run_through() -> None:
    """Every layer is found under the id that ModelGraph has, whatever the model is made of."""
    import keras
    from keras import layers

    inputs = keras.Input((8, 8, 3))
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    tensor = shared(inputs)
    other = layers.Conv2D(3, 5, padding="same", activation="relu", name="wide")(tensor)
    tensor = keras.ops.relu(shared(other * 0.5) + tensor)
    tensor = layers.Concatenate(name="both")([tensor, other])
    head = keras.Sequential([layers.GlobalMaxPooling2D(), layers.Dense(2, activation="softmax")])
    model = keras.Model(inputs, head(tensor))
    graph = layerwise.graph_of(model)
    image = IMAGE[np.newaxis, :8, :8]
    found = layerwise.outputs_of(model, image)
    maps = {layer.id for layer in graph.layers if len(layer.output_shape or ()) == 4}
    assert found.keys() == maps - {layer.id for layer in graph.inputs}
    assert {"shared", "shared#2"} <= found.keys()
    assert not np.allclose(found["shared"], found["shared#2"])
    output = layerwise.walk(model, layerwise.as_batch(image, model), lambda _call, output: output)
    np.testing.assert_allclose(output, model(image), rtol=1e-5)
    assert class_maps.map_layers(model, graph, image)[-1] == "both"
    assert reference.gradcam(model, image, 1).shape == (8, 8)


def test_the_model_is_left_as_it_was() -> None:
    """A layer that had one output has one afterwards; nothing in the config changes."""
    model = nested()
    before = model.to_json()
    reference.activations(model, IMAGE)
    reference.filter_patterns(model, -1, [0], steps=2)
    reference.gradcam(model, IMAGE, 1)
    assert model.to_json() == before
    assert model.get_layer("base").get_layer("third").output is not None
    assert model.layers[-1].activation.__name__ == "sigmoid"


def test_a_model_as_data_gives_the_same() -> None:
    """Restored from its config and weights, a model shows the same."""
    live = ModelData.of(cnn())
    data = ModelData(live.config, live.tensors)
    for both in (
        [reference.gradcam(each, IMAGE, 2) for each in (cnn(), data)],
        [reference.activations(each, IMAGE)["third"] for each in (cnn(), data)],
        [reference.filter_pattern(each, "third", 1, steps=3) for each in (cnn(), data)],
    ):
        np.testing.assert_allclose(*both, rtol=1e-3, atol=1e-3)


def test_a_pattern_excites_its_own_filter_most() -> None:
    """At least half of a layer's patterns are first of all for their own filter; by chance, 1 in
    16 and 1 in 24 would be."""
    for layer, filters in zip(("second", "third"), FILTERS[1:], strict=True):
        patterns = reference.filter_patterns(cnn(), layer)
        assert patterns.shape == (filters, 32, 32, 3)
        assert patterns.min() >= 0 and patterns.max() <= 1
        outputs = layerwise.outputs_of(cnn(), patterns, {layer})[layer].mean(axis=(1, 2))
        assert np.mean(outputs.argmax(axis=0) == np.arange(filters)) >= 0.5


def test_patterns_follow_the_seed_and_the_size() -> None:
    """The same seed, the same picture; fully convolutional, so any size goes."""
    small = reference.filter_pattern(cnn(), "second", 3, size=(20, 24), steps=4, seed=1)
    again = reference.filter_patterns(cnn(), "second", [3], size=(20, 24), steps=4, seed=1)[0]
    other = reference.filter_pattern(cnn(), "second", 3, size=(20, 24), steps=4, seed=2)
    assert small.shape == (20, 24, 3)
    assert np.array_equal(small, again)
    assert not np.array_equal(small, other)


def test_the_input_gradient_is_the_score_s_slope() -> None:
    """Against finite differences of the logit, in the direction of the gradient."""
    graph, model = layerwise.graph_of(nested()), nested()
    image = IMAGE[np.newaxis] * 255
    slope = class_maps.input_gradient(model, graph, image, 1)
    step = slope / np.linalg.norm(slope)

    def logit(at: float) -> float:
        probability = float(model(image + at * step, training=False)[0, 0])
        return float(np.log(probability / (1 - probability)))

    assert (logit(1) - logit(-1)) / 2 == pytest.approx(np.linalg.norm(slope), rel=0.1)
    zero = class_maps.input_gradient(model, graph, image, 0)
    np.testing.assert_allclose(zero, -slope, rtol=1e-5, atol=1e-9)


def test_gradcam_of_an_averaged_layer_is_the_class_activation_map() -> None:
    """With global average pooling and one dense layer, Grad-CAM is the maps weighted by its
    weights (Selvaraju et al. 2017, section 3.1)."""
    model, image = nested(), IMAGE * 255
    maps = reference.activations(model, image, ["third"])["base/third"]
    weights = model.get_layer("texture").get_weights()[0][:, 0]
    expected = np.maximum(maps @ weights, 0)
    found = reference.gradcam(model, image, 1)
    assert found.shape == (32, 32)
    expected = reference.resized(expected / expected.max(), (32, 32))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_saliency_is_one_plane_up_to_one() -> None:
    """One number per pixel."""
    found = reference.saliency(cnn(), IMAGE, 2)
    assert found.shape == (32, 32)
    assert found.min() >= 0 and found.max() == 1


def test_what_cannot_be_computed_is_told() -> None:
    """Unknown layers and classes, models that take no images or are not built."""
    import keras

    with pytest.raises(NotDataError, match="has no layer 'fourth'; its layers are first, pool"):
        reference.activations(cnn(), IMAGE, ["fourth"])
    with pytest.raises(NotDataError, match="has 3 convolutions; number 3 is not one of them"):
        reference.filter_patterns(cnn(), 3)
    with pytest.raises(ValueError, match="filters: expected numbers from 0 to 7, received"):
        reference.filter_pattern(cnn(), 0, 8)
    with pytest.raises(NotDataError, match="has a layer classes, which puts out no maps"):
        reference.filter_pattern(cnn(), "classes", 0)
    with pytest.raises(ValueError, match="class_index: expected 0 to 3, received 4"):
        reference.gradcam(cnn(), IMAGE, 4)
    with pytest.raises(NotDataError, match="takes an input of shape"):
        dense = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        reference.saliency(dense, IMAGE, 0)
    with pytest.raises(NotDataError, match="is not a Keras model"):
        reference.gradcam(None, IMAGE, 0)  # type: ignore[arg-type]
    with pytest.raises(NotDataError, match="has not been built"):
        reference.gradcam(keras.Sequential([keras.layers.Flatten()]), IMAGE, 0)


ON_A_BACKEND = """
import sys
import keras, numpy as np
from autograder.checks import reference
model = keras.saving.load_model(sys.argv[1])
image = np.load(sys.argv[2])
np.savez(
    sys.argv[3],
    gradcam=reference.gradcam(model, image, 2),
    saliency=reference.saliency(model, image, 2),
    activations=reference.activations(model, image)["third"],
    pattern=reference.filter_pattern(model, "second", 0, steps=3),
)
"""


# Keras saves TensorFlow's variables in a way that NumPy will stop to allow.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
@pytest.mark.parametrize("backend, package", [("torch", "torch"), ("jax", "jax")])
def test_every_backend_gives_the_same(backend: str, package: str, tmp_path: Path) -> None:
    """PyTorch and JAX compute what TensorFlow does."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed here")
    cnn().save(tmp_path / "cnn.keras")
    np.save(tmp_path / "image.npy", IMAGE)
    files = [str(tmp_path / name) for name in ("cnn.keras", "image.npy", "found.npz")]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", ON_A_BACKEND, *files], env=environment, check=True)
    found = np.load(files[-1])
    for name, expected in {
        "gradcam": reference.gradcam(cnn(), IMAGE, 2),
        "saliency": reference.saliency(cnn(), IMAGE, 2),
        "activations": reference.activations(cnn(), IMAGE)["third"],
        "pattern": reference.filter_pattern(cnn(), "second", 0, steps=3),
    }.items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-2, atol=1e-3, err_msg=name)
