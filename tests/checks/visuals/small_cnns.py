"""Small networks, trained once per test run, that the checks of visualisations look at."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.datasets.synthetic import SHAPE_NAMES, draw_shape

CLASSES = ("disc", "cross", "stripes", "checkerboard")
FILTERS = (8, 16, 24)


@cache
def pictures() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images (600, 32, 32, 3) in 0..1 of four shapes, and their classes."""
    rng = np.random.default_rng(1)
    labels = np.arange(600) % len(CLASSES)
    drawn = [draw_shape(SHAPE_NAMES.index(CLASSES[label]), rng) for label in labels]
    return np.stack(drawn).astype(np.float32) / 255, labels


@cache
def cnn(seed: int = 0) -> Any:
    """Three convolutions and a softmax over four classes; the second one is normalised."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(FILTERS[0], 3, activation="relu", name="first"),
            layers.MaxPooling2D(name="pool"),
            layers.Conv2D(FILTERS[1], 3, use_bias=False, name="second"),
            layers.BatchNormalization(name="normalised"),
            layers.ReLU(name="rectified"),
            layers.Conv2D(FILTERS[2], 3, activation="relu", name="third"),
            layers.MaxPooling2D(name="last_pool"),
            layers.Flatten(),
            layers.Dense(len(CLASSES), activation="softmax", name="classes"),
        ]
    )
    images, labels = pictures()
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(images, labels, batch_size=32, epochs=8, verbose=0)
    return model


@cache
def nested() -> Any:
    """One sigmoid, "is it a texture", on top of the convolutions of `cnn` as a model of its own."""
    import keras
    from keras import layers

    model = cnn()
    base_input = keras.Input((32, 32, 3))
    tensor = base_input
    for layer in model.layers[:6]:
        tensor = keras.layers.deserialize(keras.layers.serialize(layer))(tensor)
    base = keras.Model(base_input, tensor, name="base")
    base.set_weights([each for layer in model.layers[:6] for each in layer.get_weights()])
    base.trainable = False
    keras.utils.set_random_seed(3)
    inputs = keras.Input((32, 32, 3))
    tensor = layers.RandomFlip()(inputs)
    tensor = layers.Rescaling(1 / 255)(tensor)
    tensor = layers.GlobalAveragePooling2D()(base(tensor, training=False))
    outputs = layers.Dense(1, activation="sigmoid", name="texture")(tensor)
    top = keras.Model(inputs, outputs)
    images, labels = pictures()
    top.compile(keras.optimizers.Adam(3e-2), "binary_crossentropy")
    top.fit(images * 255, labels >= 2, batch_size=64, epochs=3, verbose=0)
    return top
