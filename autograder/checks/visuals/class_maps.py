"""How much each place of a layer's output speaks for a class: Grad-CAM before it is a picture.

Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import NotDataError
from autograder.checks.visuals import layerwise
from autograder.checks.visuals.gradients import gradient
from autograder.checks.visuals.layerwise import Call, Tensor, Visit
from autograder.graphs import ModelGraph, kinds

if TYPE_CHECKING:
    import keras

Floats = NDArray[np.float32]

NO_MAPS = "has no convolution that puts out maps of at least 2×2"
NO_SCORES = "puts out an array of shape {shape} for an image; expected one row of class scores"
NO_CLASS = "class_index: expected 0 to {last}, received {class_index!r}"
# These turn scores into probabilities.
_TO_PROBABILITY = frozenset({"softmax", "sigmoid"})
_NO_SHAPE = (0, 0, 0, 0)


def class_map(
    model: keras.Model,
    graph: ModelGraph,
    batch: NDArray[Any],
    class_index: int,
    layer: str,
    *,
    probability: bool = False,
) -> Floats:
    """A layer's maps, each weighted by the mean gradient of a class's score, added up.

    batch: (1, height, width, channels). layer: its id. probability: take the score behind the
    softmax or sigmoid. Returns (rows, columns) of the layer's output, of either sign.
    """
    from keras import ops

    images = layerwise.as_batch(batch, model)
    score = _score(model, graph, class_index, probability)
    maps = layerwise.outputs_of(model, batch, {layer})[layer][0]  # (rows, columns, filters)

    # What is added to the maps is 0; the gradient with respect to it is the one for the maps.
    def score_with(added: Tensor) -> Tensor:
        return score(images, {layer: lambda _call, output: output + ops.cast(added, output.dtype)})

    nothing = ops.zeros((1, *maps.shape), dtype="float32")
    slope = ops.convert_to_numpy(gradient(score_with)(nothing))[0]
    weights = slope.mean(axis=(0, 1))  # (filters,)
    return np.asarray(maps.astype(np.float32) @ weights, np.float32)


def input_gradient(
    model: keras.Model, graph: ModelGraph, batch: NDArray[Any], class_index: int
) -> Floats:
    """The gradient of a class's score with respect to an image: (height, width, channels)."""
    from keras import ops

    score = _score(model, graph, class_index, probability=False)
    images = ops.convert_to_tensor(batch.astype(np.float32))
    return np.asarray(ops.convert_to_numpy(gradient(lambda at: score(at, {}))(images))[0])


def map_layers(model: keras.Model, graph: ModelGraph, batch: NDArray[Any]) -> list[str]:
    """The ids of the last convolution and of what stands behind it, while that puts out maps.

    Several convolutions where the last ones are parallel. Maps below 4×4 only where there are no
    others: they have too few entries to tell one heatmap from another. NotDataError where there
    are none.
    """
    shapes = {name: maps.shape for name, maps in layerwise.outputs_of(model, batch).items()}
    not_last = _before_a_convolution(graph)
    behind: set[str] = set()
    for layer in graph.layers:
        if layer.is_convolution or behind.intersection(layer.inputs):
            behind.add(layer.id)
    last = [each.id for each in graph.layers if each.on_path and each.id in behind - not_last]
    for least in (4, 2):
        found = [name for name in last if min(shapes.get(name, _NO_SHAPE)[1:3]) >= least]
        if found:
            return found
    raise NotDataError(NO_MAPS)


def last_map_layer(model: keras.Model, graph: ModelGraph, batch: NDArray[Any]) -> str:
    """Of `map_layers` the last one before a pooling."""
    names = map_layers(model, graph, batch)
    pooled: set[str] = set()
    for name in names:
        if graph[name].kind in kinds.POOLINGS or pooled.intersection(graph[name].inputs):
            pooled.add(name)
    return [name for name in names if name not in pooled][-1]


def class_count(model: keras.Model) -> int:
    """How many classes the output tells apart: 2 for a single number. Raises NotDataError."""
    shape = tuple(model.outputs[0].shape) if len(model.outputs) == 1 else ()
    if len(shape) != 2 or not shape[1]:
        raise NotDataError(NO_SCORES.format(shape=shape[1:]))
    return max(2, int(shape[1]))


def _before_a_convolution(graph: ModelGraph) -> set[str]:
    """The ids of layers whose output reaches a later convolution on the way to the output."""
    found: set[str] = set()
    for layer in reversed(graph.layers):
        if layer.on_path and (layer.is_convolution or layer.id in found):
            found.update(layer.inputs)
    return found


def _score(
    model: keras.Model, graph: ModelGraph, class_index: int, probability: bool
) -> Callable[[Tensor, Mapping[str, Visit]], Tensor]:
    """A function of images and of what is done to layers' outputs, by id: the score of a class."""
    count = class_count(model)
    if isinstance(class_index, bool) or class_index not in range(count):
        raise ValueError(NO_CLASS.format(last=count - 1, class_index=class_index))
    changes = {} if probability else _scores_before_probability(model, graph)

    def score(images: Tensor, more: Mapping[str, Visit]) -> Tensor:
        def visit(call: Call, output: Tensor) -> Tensor:
            for change in (changes, more):
                output = change[call.id](call, output) if call.id in change else output
            return output

        row = layerwise.walk(model, images, visit)[0]
        if row.shape[0] == 1:
            return row[0] if class_index == 1 else -row[0]
        return row[class_index]

    return score


def _scores_before_probability(model: keras.Model, graph: ModelGraph) -> dict[str, Visit]:
    last = graph[graph.output_ids[0]]
    if last.activation not in _TO_PROBABILITY:
        return {}
    return {last.id: layerwise.without_activation(layerwise.find_layer(model, last.id))}
