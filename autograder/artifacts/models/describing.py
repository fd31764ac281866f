"""A live Keras model as config, arrays and steps; or why it cannot be handed in.

Runs in the student's process and imports no framework: who has a Keras model has imported Keras.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.classes import is_a
from autograder.artifacts.errors import NotDataError
from autograder.artifacts.models import allowed
from autograder.artifacts.models.weights import MODELS, is_model, weights_of

MAX_CONFIG = 4_000_000  # characters
MAX_ENTRIES = 50_000_000  # of all weights; VGG16 without its top has 14.7 million
DTYPES = frozenset(
    {"bool", "float16", "float32", "float64"}
    | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)

KERAS_MODEL = ("keras.src.models.model", "Model")
KERAS_LAYER = ("keras.src.layers.layer", "Layer")
HAND_IN = "hand in the keras.Model itself"
NOT_BUILT = (
    "has not been built, so it has no weights yet; let it start with keras.Input(shape=...) "
    "or train it first"
)
SUBCLASSED = (
    "is of your own class {name}; build it with keras.Sequential([...]) or "
    "keras.Model(inputs, outputs)"
)
A_LAYER = "is a single layer, {name}; put it into keras.Sequential([...])"
A_CLASS = "is a class, not a model; call it to make a model"
A_FILE = "is text, not a model; hand in what keras.models.load_model(...) returns"
HOLDS_ONE = "is of your own class {name}, which holds a model; hand in its .{attribute}"
OTHER = "is of type {name}, not a Keras model; hand in a keras.Model"
OWN_LAYER = (
    'has {name} in the layer "{layer}", a class that is not Keras\' own; use layers of Keras'
)
DIVERGED = (
    'has weights that are no finite numbers in the layer "{layer}": its training has diverged; '
    "make the model anew and train it with a smaller learning rate"
)
TOO_LARGE = "is too large: {found:,} {what}, at most {most:,} can be handed in"

# Others' models: the class that tells them, and what to hand in instead.
OTHERS: tuple[tuple[str, str, str], ...] = (
    ("keras.src.callbacks.history", "History", f"is what fit() returned; {HAND_IN}"),
    (
        "keras.src.wrappers.sklearn_wrapper",
        "SKLBase",
        "is a wrapper around a model; hand in its .model_",
    ),
    ("torch.nn.modules.module", "Module", "is a PyTorch module; hand in a Keras model"),
    ("tf_keras.src.engine.training", "Model", "is a model of Keras 2; build it with Keras 3"),
    (
        "tensorflow.python.trackable.autotrackable",
        "AutoTrackable",
        "is an object of TensorFlow; hand in what keras.models.load_model(...) returns",
    ),
)


class Description(NamedTuple):
    """What ModelData holds of a model."""

    config: dict[str, Any]
    tensors: dict[str, NDArray[Any]]
    steps: int | None


def describe(model: Any) -> Description:
    """All of it as data. Raises NotDataError that says what to change."""
    _recognise(model)
    _check_layers(model)
    config = _config_of(model)
    allowed.check(config)
    return Description(config, _tensors_of(model), _steps_of(model))


def _recognise(value: Any) -> None:
    """Returns if it is a built Sequential or functional model and nothing else."""
    name = type(value).__name__
    if isinstance(value, type):
        raise NotDataError(A_CLASS)
    if isinstance(value, str | os.PathLike):
        raise NotDataError(A_FILE)
    if is_a(value, *KERAS_MODEL):
        if not any(type(value) is _class(*known) for known in MODELS):
            raise NotDataError(SUBCLASSED.format(name=name))
        if not value.built:
            raise NotDataError(NOT_BUILT)
        return
    if is_a(value, *KERAS_LAYER):
        raise NotDataError(A_LAYER.format(name=name))
    for module, other, reason in OTHERS:
        if is_a(value, module, other):
            raise NotDataError(reason)
    for attribute, inner in _attributes(value):
        if is_a(inner, *KERAS_MODEL):
            raise NotDataError(HOLDS_ONE.format(name=name, attribute=attribute))
    raise NotDataError(OTHER.format(name=name))


def _check_layers(model: Any) -> None:
    """That every layer is of one of Keras' own classes; the list of these is `allowed`'s."""
    for count, (path, layer) in enumerate(_layers_of(model, ""), start=1):
        if count > allowed.MAX_LAYERS:
            raise NotDataError(
                TOO_LARGE.format(found=count, what="layers or more", most=allowed.MAX_LAYERS)
            )
        cls = type(layer)
        own = not cls.__module__.startswith("keras.src.")
        if own or _class(cls.__module__, cls.__name__) is not cls:
            raise NotDataError(OWN_LAYER.format(name=cls.__name__, layer=path))
        where = f'the layer "{path}"'
        if cls.__name__ in allowed.INSTEAD:
            allowed.refuse(cls.__name__, where)
        _check_activation(getattr(layer, "activation", None), where)


def _check_activation(activation: Any, where: str) -> None:
    """Keras describes a lambda only with a warning, and in a way that tells nothing."""
    if isinstance(activation, FunctionType) and not activation.__module__.startswith("keras.src."):
        name = activation.__name__
        allowed.refuse("__lambda__" if name == "<lambda>" else f"function {name}", where)


def _layers_of(model: Any, prefix: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > allowed.MAX_DEPTH:
        raise NotDataError(f"has models nested more than {allowed.MAX_DEPTH} deep; use fewer")
    for layer in model.layers:
        yield f"{prefix}{layer.name}", layer
        if is_model(layer):
            yield from _layers_of(layer, f"{prefix}{layer.name}/", depth + 1)


def _config_of(model: Any) -> dict[str, Any]:
    """As json.loads(model.to_json()) gives it, without how the model was compiled."""
    serialize = sys.modules["keras"].saving.serialize_keras_object
    cls = type(model)
    sequential = cls.__name__ == "Sequential"
    try:
        text = json.dumps(
            {
                "module": "keras" if sequential else cls.__module__,
                "class_name": cls.__name__,
                "config": serialize(model.get_config()),
                "registered_name": None if sequential else cls.__name__,
                "build_config": serialize(model.get_build_config()),
            }
        )
    except Exception as error:
        raise NotDataError(
            f"cannot be described by Keras ({type(error).__name__}); use layers of Keras only"
        ) from error
    if len(text) > MAX_CONFIG:
        raise NotDataError(
            TOO_LARGE.format(found=len(text), what="characters of settings", most=MAX_CONFIG)
        )
    config: dict[str, Any] = _not_compiled(json.loads(text))
    return config


def _not_compiled(entry: Any) -> Any:
    """The same without what nested models were compiled with."""
    if isinstance(entry, list):
        return [_not_compiled(each) for each in entry]
    if isinstance(entry, dict):
        return {k: _not_compiled(v) for k, v in entry.items() if k != "compile_config"}
    return entry


def _tensors_of(model: Any) -> dict[str, NDArray[Any]]:
    weights = list(weights_of(model))
    entries = sum(int(np.prod(weight.variable.shape)) for weight in weights)
    if entries > MAX_ENTRIES:
        raise NotDataError(TOO_LARGE.format(found=entries, what="weights", most=MAX_ENTRIES))
    tensors: dict[str, NDArray[Any]] = {}
    for weight in weights:
        array = _array(weight.variable)
        if array.dtype.name not in DTYPES:
            raise NotDataError(f"has weights of the dtype {array.dtype.name} in {weight.path}")
        if not np.isfinite(array).all():
            raise NotDataError(DIVERGED.format(layer=weight.layer))
        tensors[weight.path] = array
    return tensors


def _array(variable: Any) -> NDArray[Any]:
    """A copy that nobody changes: training goes on in the variable's own memory."""
    ops = sys.modules["keras"].ops
    # NumPy itself has no bfloat16; float32 holds each such number exactly.
    is_half = variable.dtype == "bfloat16"
    value = ops.cast(variable, "float32") if is_half else ops.copy(variable)
    array: NDArray[Any] = np.array(ops.convert_to_numpy(value), order="C")
    array.setflags(write=False)
    return array


def _steps_of(model: Any) -> int | None:
    optimizer = getattr(model, "optimizer", None)
    iterations = getattr(optimizer, "iterations", None)
    return None if iterations is None else int(_array(iterations))


def _class(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module), name, None)


def _attributes(value: Any) -> list[tuple[str, Any]]:
    found = getattr(value, "__dict__", None)
    return list(found.items()) if isinstance(found, dict) else []
