"""Small pictures and models that are trained in a moment."""

from __future__ import annotations

from typing import Any

import numpy as np


def pictures(count: int = 24, seed: int = 0) -> tuple[Any, Any]:
    """float32 (count, 8, 8, 3), 0..1, and labels 0 or 1, by their brightness."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = rng.random((count, 8, 8, 3)) * 0.8 + 0.2 * labels[:, None, None, None]
    return images.astype(np.float32), labels


def network(learning_rate: float = 0.01, filters: int = 4, seed: int = 0, **settings: Any) -> Any:
    """A compiled CNN with batch normalisation."""
    import keras

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(filters, 3, activation="relu"),
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ],
        name="tiny",
    )
    compile_it(model, learning_rate, **settings)
    return model


def compile_it(model: Any, learning_rate: float = 0.01, **settings: Any) -> None:
    import keras

    chosen = {"loss": "binary_crossentropy", "metrics": ["accuracy"], **settings}
    model.compile(keras.optimizers.Adam(learning_rate), **chosen)


def dataset(images: Any, labels: Any, shuffle: bool = False) -> Any:
    import tensorflow as tf

    parts = tf.data.Dataset.from_tensor_slices((images, labels))
    if shuffle:
        parts = parts.shuffle(len(labels))
    return parts.batch(8)
