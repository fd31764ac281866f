"""Small models, each with something to be found in it, live and as a snapshot gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import keras
from keras import layers as kl

from autograder.artifacts import ModelData

Tensor = Any


def conv(x: Tensor, size: Any = 3, **settings: Any) -> Tensor:
    return kl.Conv2D(8, size, padding="same", **settings)(x)


def body(make: Callable[[Tensor], Tensor]) -> Callable[[], Any]:
    """What `make` makes of (8, 8, 3) pictures, and an output of one sigmoid unit."""

    def built() -> Any:
        x = keras.Input((8, 8, 3))
        flat = kl.GlobalAveragePooling2D()(make(conv(x)))
        return keras.Model(x, kl.Dense(1, activation="sigmoid")(flat))

    return built


def stack(*layers: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: keras.Sequential([keras.Input((8, 8, 3)), *(layer() for layer in layers)])


def inception(x: Tensor) -> Tensor:
    return kl.Concatenate(name="merged")([conv(x, 1), conv(x, 3), conv(x, 5)])


def residual(x: Tensor) -> Tensor:
    return kl.Add(name="sum")([x, kl.BatchNormalization()(conv(x))])


def nested() -> Any:
    inner = keras.Sequential([keras.Input((8, 8, 3)), kl.Conv2D(4, 3), kl.MaxPooling2D()])
    x = keras.Input((8, 8, 3))
    return keras.Model(x, kl.Dense(2, "softmax")(kl.Flatten()(kl.Conv2D(4, 3)(inner(x)))))


def shared() -> Any:
    layer = kl.Conv2D(3, 3, padding="same")
    x = keras.Input((8, 8, 3))
    return keras.Model(x, kl.Dense(1)(kl.Flatten()(layer(layer(x)))))


def two_outputs() -> Any:
    x = keras.Input((8, 8, 3))
    flat = kl.Flatten()(x)
    return keras.Model(x, [kl.Dense(1, "sigmoid")(flat), kl.Dense(1, "sigmoid")(flat)])


def two_inputs() -> Any:
    a, b = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    return keras.Model([a, b], kl.Dense(1)(kl.Flatten()(kl.Add()([a, b]))))


def anything() -> Any:
    x = keras.Input((None, None, 3))
    return keras.Model(x, kl.Dense(3)(kl.GlobalMaxPooling2D()(conv(x))))


def flattened_branches(x: Tensor) -> Tensor:
    flat = [kl.Flatten()(conv(x, size)) for size in (1, 3, 5)]
    return kl.Reshape((8, 8, 24))(kl.Concatenate(name="merged")(flat))


def dead_end() -> Any:
    x = keras.Input((8, 8, 3))
    inner = keras.Model(x, [conv(x), kl.MaxPooling2D(name="dead")(x)])
    return keras.Model(x, kl.Dense(1)(kl.Flatten()(inner(x)[0])))


MODELS: dict[str, Callable[[], Any]] = {
    "cnn": stack(
        lambda: kl.Conv2D(16, 3, activation="relu"),
        kl.BatchNormalization,
        kl.MaxPooling2D,
        lambda: kl.Conv2D(8, (1, 2), kernel_regularizer="l2"),
        kl.Flatten,
        lambda: kl.Dropout(0.5),
        lambda: kl.Dense(1, activation="sigmoid"),
    ),
    "small": stack(lambda: kl.Conv2D(16, 3), kl.MaxPooling2D, lambda: kl.Dense(1)),
    "augmented": stack(
        kl.RandomFlip,
        lambda: kl.RandomRotation(0.1),
        kl.Flatten,
        lambda: kl.Dense(10),
        kl.Softmax,
    ),
    "softmax_of_one": stack(kl.Flatten, lambda: kl.Dense(1, "softmax")),
    "linear": stack(kl.Flatten, lambda: kl.Dense(1)),
    "two_heads": stack(kl.Flatten, lambda: kl.Dense(1, activation="sigmoid"), lambda: kl.Dense(5)),
    "large": stack(kl.Flatten, lambda: kl.Dense(500), lambda: kl.Dense(1)),
    "wide": stack(lambda: kl.Conv2D(90, 3), kl.GlobalAveragePooling2D, lambda: kl.Dense(1)),
    "dense_first": stack(
        kl.Flatten,
        lambda: kl.Dense(75),
        lambda: kl.Reshape((5, 5, 3)),
        lambda: kl.Conv2D(1, 5),
        kl.GlobalAveragePooling2D,
    ),
    "reshaped": stack(
        lambda: kl.Conv2D(4, 3), lambda: kl.Reshape((-1,)), lambda: kl.Dense(10, "softmax")
    ),
    "reshaped_by_ops": body(lambda x: kl.Reshape((8, 8, 8))(keras.ops.reshape(x, (-1, 512)))),
    "reshaped_to_maps": stack(lambda: kl.Reshape((4, 16, 3)), lambda: kl.Dense(1)),
    "rectified": stack(kl.Flatten, lambda: kl.Dense(10, "relu")),
    "normalized_input": stack(lambda: kl.Rescaling(1 / 255), kl.Flatten, lambda: kl.Dense(1)),
    "channels_first": lambda: keras.Sequential([keras.Input((3, 8, 9)), kl.Flatten(), kl.Dense(1)]),
    "open_end": lambda: keras.Sequential([keras.Input((None, 3)), kl.Flatten()]),
    "dead_end": dead_end,
    "nested": nested,
    "shared": shared,
    "two_outputs": two_outputs,
    "two_inputs": two_inputs,
    "anything": anything,
    "time_distributed": lambda: keras.Sequential(
        [keras.Input((2, 8, 8, 3)), kl.TimeDistributed(kl.Conv2D(4, 3)), kl.Flatten(), kl.Dense(1)]
    ),
    "inception": body(inception),
    "residual": body(residual),
    "both": body(lambda x: residual(conv(inception(x)))),
    "other_axis": body(
        lambda x: kl.Concatenate(axis=1, name="merged")([conv(x, size) for size in (1, 3, 5)])
    ),
    "same_field": body(lambda x: kl.Concatenate(name="merged")([conv(x) for _ in range(3)])),
    "two_branches": body(lambda x: kl.Concatenate(name="merged")([conv(x, 1), conv(x, 5)])),
    "averaged": body(lambda x: kl.Average(name="merged")([conv(x, size) for size in (1, 3, 5)])),
    "flattened": body(flattened_branches),
    "no_convolution": body(lambda x: kl.Add(name="sum")([x, kl.ReLU()(x)])),
    "no_shortcut": body(lambda x: kl.Add(name="sum")([conv(x, 5), conv(conv(x))])),
    "not_added": body(lambda x: kl.Concatenate(name="sum")([x, conv(x)])),
}


@cache
def model(name: str) -> Any:
    keras.backend.clear_session()
    return MODELS[name]()


@cache
def as_data(name: str) -> ModelData:
    """As a snapshot gives it: no live model, no weights."""
    return ModelData(config=json.loads(model(name).to_json()), tensors={})
