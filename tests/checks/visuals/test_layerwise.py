"""Layers without their activation, and the names that find them."""

from typing import Any

import numpy as np
import pytest

from autograder.artifacts import NotDataError
from autograder.checks.visuals import layerwise

IMAGES = np.random.default_rng(0).random((2, 4, 4, 3)).astype(np.float32)


def classifier(*last: Any) -> Any:
    import keras

    return keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(name="flat"), *last])


@pytest.mark.parametrize("is_own_layer", [False, True])
def test_scores_stand_before_the_softmax(is_own_layer: bool) -> None:
    """Whether it is the Dense's activation or a layer behind it; the layer itself stays."""
    import keras

    dense = keras.layers.Dense(3, activation=None if is_own_layer else "softmax", name="dense")
    model = classifier(dense, *([keras.layers.Softmax(name="end")] if is_own_layer else []))
    before = layerwise.without_activation(model.layers[-1])
    found = layerwise.walk(
        model,
        layerwise.as_batch(IMAGES, model),
        lambda call, output: before(call, output) if call.layer is model.layers[-1] else output,
    )
    kernel, bias = dense.get_weights()
    expected = IMAGES.reshape(2, -1) @ kernel + bias
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model(IMAGES).numpy().sum(axis=1), 1, rtol=1e-5)


def test_a_name_that_two_layers_share_is_not_guessed_at() -> None:
    """The layers that it may mean are told."""
    import keras

    layers = [keras.layers.Conv2D(3, 1, name="conv") for _ in range(2)]
    parts = [
        keras.Sequential([keras.Input((4, 4, 3)), layer], name=name)
        for name, layer in zip(("left", "right"), layers, strict=True)
    ]
    graph = layerwise.graph_of(keras.Sequential([keras.Input((4, 4, 3)), *parts]))
    assert layerwise.layer_id(graph, "left/conv") == "left/conv"
    with pytest.raises(NotDataError, match="no layer 'conv'; its layers are left/conv and right/c"):
        layerwise.layer_id(graph, "conv")
