"""A Keras model run layer by layer, with any backend, leaving no trace in the model.

Building a second `keras.Model` on a student's layers would add calls to them, and
`model.get_layer(...).output` would stop working in the student's notebook. So layers are called on
numbers, in the order of the model's own graph.
"""

from __future__ import annotations

import inspect
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import ModelData, NotDataError
from autograder.checks.wording import listed, shown
from autograder.graphs import GraphError, ModelGraph

if TYPE_CHECKING:
    import keras

Tensor = Any  # of the backend

MAX_NAMED = 12
MAX_ENTRIES = 2**27  # that all layers put out for one image: VGG16 puts out 2**24

TOO_LARGE = "puts out {entries:,} numbers for one image, in all its layers; that is too many"
NOT_A_MODEL = "is not a Keras model"
NOT_BUILT = "has not been built; give it an Input, or call it once on a batch of images"
NOT_A_GRAPH = "is not a Sequential or functional model; its layers cannot be run one by one"
ONE_INPUT = "has {count} inputs; expected one, the image"
NOT_IMAGES = "takes an input of shape {shape}; expected images, (height, width, channels)"
NO_LAYER = "has no layer {name}"
NO_LAYER_OF = "has no layer {name}; its layers are {names}"
NO_CONVOLUTION = "has {count} convolutions; number {number} is not one of them"


@dataclass(frozen=True)
class Call:
    """One call of a layer while the model runs. id: as in ModelGraph, "vgg16/block1_conv1"."""

    id: str
    layer: Any
    inputs: tuple[Any, ...]


Visit = Callable[[Call, Tensor], Tensor]


class _ReachedError(Exception):
    """All layers that were wanted have run; what lies behind them need not."""


def live(model: object) -> keras.Model:
    """The keras.Model behind a ModelData or a model, built, with one input of images.

    Raises NotDataError with a predicate that says what to change.
    """
    import keras

    found = model.restored if isinstance(model, ModelData) else model
    if not isinstance(found, keras.Model):
        raise NotDataError(NOT_A_MODEL)
    if isinstance(found, keras.Sequential) and not found.built:
        raise NotDataError(NOT_BUILT)
    if _graph(found) is None:
        raise NotDataError(NOT_A_GRAPH)
    if len(found.inputs) != 1:
        raise NotDataError(ONE_INPUT.format(count=len(found.inputs)))
    shape = tuple(found.inputs[0].shape)
    if len(shape) != 4:
        raise NotDataError(NOT_IMAGES.format(shape=shape[1:]))
    return found


def graph_of(model: object) -> ModelGraph:
    """The ModelGraph of a ModelData or a model. Raises NotDataError, also for a giant."""
    try:
        if isinstance(model, ModelData):
            graph = model.graph
        else:
            graph = ModelGraph.from_keras(json.loads(live(model).to_json()))
    except GraphError as error:
        raise NotDataError(f"cannot be read as a graph: {error}") from None
    entries = sum(prod(size or 1 for size in layer.output_shape or ()) for layer in graph.layers)
    if entries > MAX_ENTRIES:
        raise NotDataError(TOO_LARGE.format(entries=entries))
    return graph


def input_size(model: keras.Model) -> tuple[int | None, int | None, int | None]:
    """The (height, width, channels) that a model takes; None for a length that is free."""
    height, width, channels = tuple(model.inputs[0].shape)[1:]
    return height, width, channels


def as_batch(images: NDArray[Any], model: keras.Model) -> Tensor:
    """Images (n, height, width, channels) as a tensor of the dtype that the model takes."""
    import keras

    return keras.ops.convert_to_tensor(images, dtype=model.inputs[0].dtype)


def walk(model: keras.Model, images: Tensor, visit: Visit) -> Tensor:
    """Run a model in inference mode; returns its output.

    visit(call, output) sees every layer, those of nested models included; what it returns is
    passed on in the output's place.
    """
    return _walk(model, (images,), visit, "")


def run_until(model: keras.Model, images: Tensor, visit: Visit, wanted: set[str]) -> None:
    """As `walk`, but ends when the layers with the ids `wanted` have run.

    So a fully connected head does not restrict the size of the images.
    """
    waiting = set(wanted)

    def stop_after_last(call: Call, output: Tensor) -> Tensor:
        output = visit(call, output)
        waiting.discard(call.id)
        if not waiting:
            raise _ReachedError
        return output

    try:
        walk(model, images, stop_after_last)
    except _ReachedError:
        return
    raise NotDataError(NO_LAYER.format(name=min(waiting)))


def outputs_of(
    model: keras.Model, images: NDArray[Any], wanted: set[str] | None = None
) -> dict[str, NDArray[Any]]:
    """What layers put out for (n, height, width, channels) images, by the layers' ids.

    wanted: the ids of the layers; None for all that put out maps, (n, height, width, channels).
    """
    import keras

    found: dict[str, NDArray[Any]] = {}

    def keep(call: Call, output: Tensor) -> Tensor:
        if (wanted is None and len(getattr(output, "shape", ())) == 4) or call.id in (wanted or ()):
            found[call.id] = _numbers(keras.ops.convert_to_numpy(output))
        return output

    if wanted is None:
        walk(model, as_batch(images, model), keep)
    else:
        run_until(model, as_batch(images, model), keep, wanted)
    return found


def layer_id(graph: ModelGraph, name: object) -> str:
    """The id of the layer called `name`; the last part of an id suffices where it is unique.

    A number counts the convolutions, from 0 or, below 0, from the last. Raises NotDataError.
    """
    if isinstance(name, int | np.integer) and not isinstance(name, bool):
        convolutions = graph.convolutions
        if -len(convolutions) <= name < len(convolutions):
            return convolutions[int(name)].id
        found = {"count": len(convolutions), "number": int(name)}
        raise NotDataError(NO_CONVOLUTION.format(**found))
    names = [layer.id for layer in graph.layers if layer.kind != "InputLayer"]
    if isinstance(name, str) and name in names:
        return name
    ends = [each for each in names if each.rsplit("/", 1)[-1] == name]
    if len(ends) == 1:
        return ends[0]
    known = listed(map(shown, ends or names), MAX_NAMED)
    raise NotDataError(NO_LAYER_OF.format(name=shown(repr(name)), names=known))


def without_activation(layer: Any) -> Callable[[Call, Tensor], Tensor]:
    """visit(call, output) → what the layer puts out before its activation function.

    layer: a keras layer, built, or an operation. What has no activation keeps its output.
    """
    import keras

    kind = type(layer).__name__
    if kind in ("Activation", "Softmax", "Sigmoid", "ReLU", "Relu"):
        return lambda call, _output: call.inputs[0]
    if getattr(layer, "activation", None) in (None, keras.activations.linear):
        return lambda _call, output: output
    # The layer itself may be a student's: it is left as it is.
    twin = type(layer).from_config({**layer.get_config(), "activation": "linear"})
    twin.build_from_config(layer.get_build_config())
    twin.set_weights(layer.get_weights())
    return lambda call, _output: twin(call.inputs[0])


def find_layer(model: keras.Model, wanted: str) -> Any:
    """The keras layer with this id. Raises NotDataError."""
    name, _, rest = wanted.partition("/")
    name = name.partition("#")[0]
    found = next((each for each in _graph(model).operations if each.name == name), None)
    if found is None or (rest and _graph(found) is None):
        raise NotDataError(NO_LAYER.format(name=wanted))
    return find_layer(found, rest) if rest else found


def _walk(model: Any, inputs: tuple[Any, ...], visit: Visit, prefix: str) -> Any:
    calls: Counter[str] = Counter()

    def enter(operation: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            number = calls[operation.name]
            calls[operation.name] += 1
            called = f"{prefix}{operation.name}{f'#{number + 1}' if number else ''}"
            if _graph(operation) is not None:
                return _walk(operation, args, visit, f"{called}/")
            if "training" in inspect.signature(operation.call).parameters:
                kwargs["training"] = False
            return visit(Call(called, operation, args), operation(*args, **kwargs))

        return call

    outputs = _graph(model)._run_through_graph(inputs, operation_fn=enter)
    return outputs[0] if isinstance(outputs, list | tuple) and len(outputs) == 1 else outputs


def _graph(model: Any) -> Any:
    """The object with Keras' graph of a Sequential or functional model; None for all else."""
    import keras

    if isinstance(model, keras.Sequential):
        return model._functional
    return model if hasattr(model, "_run_through_graph") else None


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    """bfloat16 as float32; the rest as it is."""
    return array.astype(np.float32) if array.dtype.kind not in "biuf" else array
