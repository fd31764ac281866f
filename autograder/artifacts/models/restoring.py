"""A Keras model built anew from a config and arrays that may have been forged.

Keras makes objects of the config only after `allowed` has found nothing in it but Keras' own
classes. Sizes are checked before memory is taken: what the layers put out by the config's graph,
what they weigh by an initializer that stands in for all others and gives no more zeros than there
are numbers in the arrays. Then the arrays are copied in: names, shapes and dtypes must be those
that the model has.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from autograder.artifacts.errors import NotDataError
from autograder.artifacts.models import allowed
from autograder.artifacts.models.keras_classes import OWN_INITIALIZERS
from autograder.artifacts.models.sizes import check_size, check_sizes
from autograder.artifacts.models.weights import Weight, is_model, weights_of
from autograder.graphs import GraphError, ModelGraph
from autograder.graphs.shapes import output_shape

if TYPE_CHECKING:
    import keras

ZEROS = "AutograderZeros"  # Bidirectional looks it up by this name once more
BEHIND = (
    'has {kind} in the layer "{layer}" behind "{other}", whose shape the grader cannot work out; '
    "put it first"
)
NOT_REBUILT = "cannot be rebuilt from its config ({error})"

Tensors = Mapping[str, NDArray[Any]]


def restore(config: Mapping[str, Any], tensors: Tensors) -> keras.Model:
    """The model, with these weights. Raises NotDataError where config and arrays are not a model's.

    tensors: by the names that `weights_of` gives. All initializers of the model give zeros.
    """
    allowed.check(config)
    graph = _graph_of(config)
    check_sizes(graph)
    _check_own_initializers(graph)
    try:
        model = _build(config, sum(array.size for array in tensors.values()))
        _check_outputs(model)
        _assign(list(weights_of(model)), tensors)
        _finish(model)
    except NotDataError:
        raise
    except Exception as error:  # whatever Keras finds wrong with settings that were forged
        raise NotDataError(NOT_REBUILT.format(error=type(error).__name__)) from error
    return model


def _graph_of(config: Mapping[str, Any]) -> ModelGraph:
    try:
        return ModelGraph.from_keras(dict(config))
    except GraphError as error:
        raise NotDataError(f"cannot be read: {error}") from None


def _check_own_initializers(graph: ModelGraph) -> None:
    """That no weights that our initializer does not see stand behind a shape that may be a lie.

    The graph works shapes out, but behind an operation that it has no rule for it believes the
    config.
    """
    noted = None
    for layer in graph.layers:
        if layer.kind in OWN_INITIALIZERS and noted is not None:
            raise NotDataError(BEHIND.format(kind=layer.kind, layer=layer.id, other=noted))
        given = [graph[each].output_shape for each in layer.inputs]
        if given and output_shape(layer.kind, layer.settings, given) is None:
            noted = layer.id


def _build(config: Mapping[str, Any], budget: int) -> Any:
    import keras

    made: list[Any] = []
    model = keras.saving.deserialize_keras_object(
        _with_zeros(config), custom_objects={ZEROS: _zeros(budget, made)}, safe_mode=True
    )
    for initializer in made:  # so that the model can be described and cloned as any other
        initializer.__class__ = keras.initializers.Zeros
    return model


def _check_outputs(model: Any) -> None:
    """The shapes that layers and operations really have; nothing has been computed yet."""
    for operation in getattr(model, "operations", model.layers):
        if is_model(operation):
            _check_outputs(operation)
        for tensor in _flat(operation.output):
            check_size(tensor.shape, operation.name)


def _flat(outputs: Any) -> Iterator[Any]:
    if isinstance(outputs, dict | list | tuple):
        for each in outputs.values() if isinstance(outputs, dict) else outputs:
            yield from _flat(each)
    else:
        yield outputs


def _with_zeros(value: Any) -> Any:
    """A copy of the config in which every initializer is ours, also where none is stated.

    Shapes that layers were built for are left out: they are built for what they are called on.
    """
    if isinstance(value, list | tuple):
        return [_with_zeros(each) for each in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _with_zeros(each) for key, each in value.items() if key != "build_config"}
    for name in _initializers_of(value):
        copy["config"][name] = {
            "module": None,
            "class_name": ZEROS,
            "config": {},
            "registered_name": ZEROS,
        }
    return copy


def _initializers_of(entry: Mapping[str, Any]) -> list[str]:
    """The names of a layer's settings that say how its weights begin."""
    import keras

    layer = getattr(keras.layers, str(entry.get("class_name")), None)
    if entry.get("module") != "keras.layers" or layer is None:
        return []
    settings = inspect.signature(layer.__init__).parameters
    return [name for name in settings if name.endswith("_initializer")]


def _zeros(budget: int, made: list[Any]) -> type:
    """An initializer that gives zeros, `budget` of them in all; notes each that is `made`."""
    import keras

    class AutograderZeros(keras.initializers.Zeros):  # type: ignore[misc]
        def __init__(self) -> None:
            made.append(self)

        def __call__(self, shape: Any, dtype: Any = None) -> Any:
            nonlocal budget
            budget -= prod(shape)
            if budget < 0:
                raise NotDataError("has layers that need more weights than were handed in")
            return keras.ops.zeros(shape, dtype=dtype)

    return AutograderZeros


def _assign(weights: list[Weight], tensors: Tensors) -> None:
    names = {weight.path for weight in weights}
    if names != tensors.keys():
        wrong = min(names ^ tensors.keys())
        raise NotDataError(f"has weights that are not those of its layers: {wrong!r}")
    for weight in weights:
        array, variable = tensors[weight.path], weight.variable
        shape = tuple(variable.shape)
        dtype = "float32" if variable.dtype == "bfloat16" else variable.dtype
        if array.shape != shape or array.dtype.name != dtype:
            raise NotDataError(
                f"has weights of {array.shape} {array.dtype.name} in {weight.path!r}, "
                f"where {shape} {dtype} are needed"
            )
    for weight in weights:
        weight.variable.assign(tensors[weight.path])


def _finish(model: Any) -> None:
    """Normalization computes with constants that it makes of its weights."""
    for layer in model.layers:
        if is_model(layer):
            _finish(layer)
        elif type(layer).__name__ == "Normalization":
            layer.finalize_state()
