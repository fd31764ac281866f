"""Models to find blocks in and models to find none in, each built with Keras."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
from keras import layers, ops

from autograder.graphs import ModelGraph

Tensor = Any
Body = Callable[[Tensor], Tensor]


def conv(x: Tensor, size: Any = 3, filters: int = 8, **settings: Any) -> Tensor:
    return layers.Conv2D(filters, size, padding="same", **settings)(x)


def pool(x: Tensor) -> Tensor:
    return layers.MaxPooling2D(3, strides=1, padding="same")(x)


def normalized(x: Tensor) -> Tensor:
    return layers.Dropout(0.1)(layers.ReLU()(layers.BatchNormalization()(x)))


def config(model: Any) -> dict[str, Any]:
    return dict(json.loads(model.to_json()))


def graph(model: Any) -> ModelGraph:
    return ModelGraph.from_keras(config(model))


def agrees_with_keras(found: ModelGraph, built: Any) -> None:
    """Shape and count of every layer, and of the whole."""
    for layer in built.layers:
        assert found[layer.name].output_shape == tuple(layer.output.shape), layer.name
        assert found[layer.name].parameters == layer.count_params(), layer.name
    assert found.parameters == built.count_params()


def model(body: Body) -> Any:
    """A model of (8, 8, 8) pictures whose output is what `body` makes of them."""
    keras.backend.clear_session()
    x = keras.Input((8, 8, 8))
    return keras.Model(x, body(x))


def graph_of(body: Body) -> ModelGraph:
    return graph(model(body))


def nested(body: Body, x: Tensor) -> Tensor:
    """`body` as a model of its own, inside another."""
    inner = keras.Input(tuple(x.shape[1:]))
    outer = keras.Sequential([keras.Input(tuple(x.shape[1:])), keras.Model(inner, body(inner))])
    return outer(x)


def cat(*tensors: Tensor, axis: int = -1) -> Tensor:
    return layers.Concatenate(axis=axis)(list(tensors))


def add(*tensors: Tensor) -> Tensor:
    return layers.Add()(list(tensors))


def naive(x: Tensor) -> Tensor:
    return cat(conv(x, 1), conv(x, 3), conv(x, 5))


def bottlenecks(x: Tensor) -> Tensor:
    return cat(conv(x, 1), conv(conv(x, 1), 3), conv(conv(x, 1), 5), conv(pool(x), 1))


def basic(x: Tensor) -> Tensor:
    return add(x, conv(conv(x)))


def pre_activation(x: Tensor) -> Tensor:
    y = conv(normalized(x))
    return x + conv(normalized(y))


def mixed9(x: Tensor) -> Tensor:
    stem = conv(x, 1)
    return cat(conv(x, 1), cat(conv(stem, (1, 3)), conv(stem, (3, 1))), conv(pool(x), 1))


def shared_twice(x: Tensor) -> Tensor:
    layer = layers.Conv2D(8, 3, padding="same")
    return x + layer(layer(x))


def inception_in_residual(x: Tensor) -> Tensor:
    return x + conv(bottlenecks(x), 1)


def two_in_a_row(x: Tensor) -> Tensor:
    return basic(basic(x))


def same_projection_twice(x: Tensor) -> Tensor:
    layer = layers.Conv2D(8, 1)
    return add(layer(x), layer(x))


def dense_net(x: Tensor) -> Tensor:
    for _ in range(4):
        x = cat(x, conv(x))
    return x


def one_after_another(x: Tensor) -> Tensor:
    a = conv(x)
    b = conv(a)
    return cat(normalized(a), normalized(b), normalized(conv(b)))


def split_channels(x: Tensor) -> Tensor:
    a, b = ops.split(x, 2, axis=-1)
    return add(a, conv(b, 3, 4))


def unused_output(x: Tensor) -> Tensor:
    """Both blocks end in an output of a nested model that nobody takes."""
    inner = keras.Input((8, 8, 8))
    sub = keras.Model(inner, [conv(inner), naive(inner), basic(inner)])
    return sub(x)[0]


def other_input(merge: Callable[[Tensor, Tensor], Tensor]) -> Any:
    keras.backend.clear_session()
    x, y = keras.Input((8, 8, 8)), keras.Input((8, 8, 8))
    return keras.Model([x, y], merge(x, y))


# name: (body, inception blocks, residual blocks)
FOUND: dict[str, tuple[Body, int, int]] = {
    "inception_naive": (naive, 1, 0),
    "inception_bottlenecks_and_pool": (bottlenecks, 1, 0),
    "inception_operators": (
        lambda x: ops.concatenate([conv(x, 1), conv(x, 3), conv(x, 5)], axis=-1),
        1,
        0,
    ),
    "inception_axis_3": (lambda x: cat(conv(x, 1), conv(x, 3), conv(x, 5), axis=3), 1, 0),
    "inception_pairwise": (lambda x: cat(cat(conv(x, 1), conv(x, 3)), conv(x, 5)), 1, 0),
    "inception_normalized": (
        lambda x: cat(*(normalized(conv(normalized(x), k)) for k in (1, 3, 5))),
        1,
        0,
    ),
    "inception_nested": (lambda x: nested(bottlenecks, nested(bottlenecks, x)), 2, 0),
    "inception_pool_alone_is_wider": (
        lambda x: cat(conv(x, 1), conv(x, 1), conv(pool(x), 1)),
        1,
        0,
    ),
    "inception_dilated": (
        lambda x: cat(*(conv(x, 3, dilation_rate=rate) for rate in (1, 2, 3))),
        1,
        0,
    ),
    "inception_factorized": (
        lambda x: cat(conv(x, 1), conv(conv(x, (1, 7)), (7, 1)), pool(x)),
        1,
        0,
    ),
    "inception_nested_concatenation": (mixed9, 1, 0),
    "inception_strided": (
        lambda x: cat(conv(x, 3, strides=2), conv(conv(x), 3, strides=2), layers.MaxPooling2D()(x)),
        1,
        0,
    ),
    "inception_with_source_beside": (lambda x: cat(x, conv(x, 1), conv(x, 3), conv(x, 5)), 1, 0),
    "residual_basic": (basic, 0, 1),
    "residual_operator": (lambda x: x + conv(x), 0, 1),
    "residual_operator_reversed": (lambda x: conv(x) + x, 0, 1),
    "residual_ops_add": (lambda x: ops.add(x, conv(x)), 0, 1),
    "residual_projection": (lambda x: add(conv(x, 1), conv(conv(x))), 0, 1),
    "residual_normalized_projection": (
        lambda x: add(normalized(conv(x, 1)), normalized(conv(x))),
        0,
        1,
    ),
    "residual_strided_projection": (
        lambda x: add(conv(x, 1, 16, strides=2), conv(conv(x, 3, 16, strides=2), 3, 16)),
        0,
        1,
    ),
    "residual_pre_activation": (pre_activation, 0, 1),
    "residual_depthwise": (
        lambda x: x + conv(layers.DepthwiseConv2D(3, padding="same")(x), 1),
        0,
        1,
    ),
    "residual_nested": (lambda x: nested(basic, nested(basic, x)), 0, 2),
    "residual_path_nested": (lambda x: x + nested(conv, x), 0, 1),
    "residual_of_three": (lambda x: add(x, conv(x), conv(x, 5)), 0, 1),
    "residual_of_three_operators": (lambda x: x + conv(x) + conv(x, 1), 0, 1),
    "residual_sum": (lambda x: sum([x, conv(x)]), 0, 1),
    "residual_shared_in_path": (shared_twice, 0, 1),
    "residual_twice": (two_in_a_row, 0, 2),
    "residual_within_residual": (lambda x: x + conv(basic(conv(x))), 0, 2),
    "residual_in_inception_branch": (lambda x: cat(conv(x, 1), conv(x), basic(conv(x))), 1, 1),
    "inception_in_residual": (inception_in_residual, 1, 1),
}

NOT_FOUND: dict[str, Body] = {
    "plain": lambda x: conv(conv(x)),
    "skip_over_nothing": lambda x: x + x,
    "skip_over_an_activation": lambda x: add(x, layers.ReLU()(x)),
    "skip_over_normalization": lambda x: x + normalized(x),
    "skip_over_dense": lambda x: x + layers.Dense(8)(x),
    "skip_over_pooling": lambda x: x + pool(x),
    "both_sides_wide": lambda x: add(conv(x, 3), conv(x, 5)),
    "shortcut_is_wide": lambda x: add(conv(x, 3), conv(conv(x))),
    "shortcut_is_dense": lambda x: add(layers.Dense(8)(x), conv(x)),
    "shortcut_is_pooled": lambda x: add(pool(x), conv(x)),
    "shortcut_of_two_projections": lambda x: add(conv(conv(x, 1), 1), conv(conv(x))),
    "subtraction": lambda x: layers.Subtract()([x, conv(x)]),
    "product": lambda x: x * conv(x),
    "number_is_added": lambda x: conv(x + 1) + 2,
    "same_projection_twice": same_projection_twice,
    "halves_are_other_tensors": split_channels,
    "dead_branches": unused_output,
    "two_equal_branches": lambda x: cat(conv(x), conv(x)),
    "two_branches": lambda x: cat(conv(x, 1), conv(x, 5)),
    "three_equal_branches": lambda x: cat(conv(x), conv(x), conv(x)),
    "three_equal_fields": lambda x: cat(conv(conv(x)), conv(x, 5), conv(conv(x, 1), 5)),
    "along_rows": lambda x: cat(conv(x, 1), conv(x, 3), conv(x, 5), axis=1),
    "along_columns": lambda x: cat(conv(x, 1), conv(x, 3), conv(x, 5), axis=-2),
    "along_the_batch": lambda x: ops.concatenate([conv(x, 1), conv(x, 3), conv(x, 5)], axis=0),
    "flattened_before": lambda x: cat(*(layers.Flatten()(conv(x, k)) for k in (1, 3, 5))),
    "dense_net": dense_net,
    "one_after_another": one_after_another,
    "source_and_two_branches": lambda x: cat(x, conv(x, 1), conv(x, 3)),
    "same_branch_thrice": lambda x: (lambda y: cat(y, layers.ReLU()(y), y))(conv(x)),
    "branches_are_averaged": lambda x: layers.Average()([conv(x, 1), conv(x, 3), conv(x, 5)]),
}

# Models of two inputs.
NOT_FOUND_OF_TWO: dict[str, Callable[[], Any]] = {
    "unrelated_sum": partial(other_input, lambda x, y: add(x, conv(y))),
    "unrelated_projection": partial(other_input, lambda x, y: add(conv(x, 1), conv(y))),
    "path_takes_another_input": partial(other_input, lambda x, y: x + conv(cat(x, y))),
    "unrelated_third": partial(other_input, lambda x, y: add(x, conv(x), y)),
    "unrelated_branches": partial(
        other_input, lambda x, y: cat(conv(x, 1), conv(x, 3), conv(y, 5))
    ),
}
