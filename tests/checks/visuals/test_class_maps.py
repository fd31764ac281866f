"""Which layers Grad-CAM may be taken of, and what stands for a class there."""

from typing import Any

import numpy as np
import pytest

from autograder.artifacts import NotDataError
from autograder.checks.visuals import layerwise
from autograder.checks.visuals.class_maps import class_map, last_map_layer, map_layers


def batch(size: int = 16) -> Any:
    return np.random.default_rng(0).random((1, size, size, 3)).astype(np.float32)


def branched() -> Any:
    """Two convolutions side by side behind a first one; their sum is pooled."""
    import keras
    from keras import layers

    inputs = keras.Input((16, 16, 3))
    first = layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    sides = [
        layers.Conv2D(4, size, padding="same", name=name)(first)
        for size, name in ((1, "left"), (3, "right"))
    ]
    tensor = layers.MaxPooling2D(name="pool")(layers.Add(name="sum")(sides))
    tensor = layers.GlobalAveragePooling2D()(tensor)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="classes")(tensor))


def test_parallel_last_convolutions_and_what_follows_them() -> None:
    """All of these may be meant; the last before the pooling is the usual choice."""
    model = branched()
    graph = layerwise.graph_of(model)
    assert map_layers(model, graph, batch()) == ["left", "right", "sum", "pool"]
    assert last_map_layer(model, graph, batch()) == "sum"


def test_without_maps_there_is_nothing_to_show() -> None:
    """A convolution that leaves one place is told."""
    import keras

    convolution = keras.layers.Conv2D(2, 16)
    flat = [keras.layers.Flatten(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((16, 16, 3)), convolution, *flat])
    with pytest.raises(NotDataError, match="no convolution that puts out maps"):
        map_layers(model, layerwise.graph_of(model), batch())


def test_the_score_may_be_taken_on_either_side_of_the_softmax() -> None:
    """A probability's gradient is the score's, drawn to where the other classes are, times it."""
    model, images = branched(), batch()
    graph = layerwise.graph_of(model)
    scores = [class_map(model, graph, images, each, "sum") for each in range(3)]
    share = model(images).numpy()[0]
    expected = share[1] * (scores[1] - sum(p * s for p, s in zip(share, scores, strict=True)))
    found = class_map(model, graph, images, 1, "sum", probability=True)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
