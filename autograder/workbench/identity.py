"""What tells one training from another: a digest of all that it starts from."""

from __future__ import annotations

import hashlib
import inspect
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from autograder.artifacts.classes import is_a
from autograder.workbench.code import code_of, is_own
from autograder.workbench.contents import Contents, as_numpy, contents_of

METRIC = ("keras.src.metrics.metric", "Metric")
LAYOUT = 1  # of what is digested and kept
UNSEEN = "The {part} images {why}: a change to them is not noticed, so give another name= then."


@dataclass(frozen=True)
class Identity:
    """digest: of all that must be equal; sums: of what may differ in its last bits.

    unseen: what is not noticed, in sentences; empty where all is.
    """

    digest: str
    sums: tuple[float, ...] = ()
    unseen: str = ""


def identity_of(model: Any, x: Any, y: Any, arguments: Mapping[str, Any]) -> Identity:
    """Of the training that model.fit(x, y, **arguments) would do. model: built and compiled.

    Raises NotDataError where the data cannot be told again.
    """
    rest = dict(arguments)
    callbacks, validation = rest.pop("callbacks"), rest.pop("validation_data")
    weights = rest.pop("sample_weight", None)
    data = {"training": contents_of(x, y, weights), "validation": _contents(validation)}
    told = {
        "layout": LAYOUT,
        "model": told_model(model),
        "compiled": told_compilation(model),
        "callbacks": [told_callback(callback) for callback in callbacks],
        "arguments": plain(rest),
        "data": {part: found.digest for part, found in data.items()},
    }
    unseen = [
        UNSEEN.format(part=part, why=found.unseen) for part, found in data.items() if found.unseen
    ]
    return Identity(
        hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),
        tuple(number for found in data.values() for number in found.sums),
        " ".join(unseen),
    )


def _contents(validation: Any) -> Contents:
    parts = validation if isinstance(validation, tuple | list) else (validation,)
    return contents_of(*parts)


def told_model(model: Any) -> Any:
    """Layers, wiring, settings, own code, and weights with whether each is trained."""
    import keras

    config = _config(model)
    return {
        "backend": keras.backend.backend(),
        "config": plain(config, _numbered(config)),
        "code": [_own_code(layer) for layer in model._flatten_layers()],
        "outputs": plain(getattr(model, "output_names", None) if _has_outputs(model) else None),
        "trained": [bool(weight.trainable) for weight in model.weights],
        "weights": weight_digests(model),
    }


def told_compilation(model: Any) -> Any:
    """Optimizer, loss, metrics. What the optimizer remembers counts once it has made a step."""
    optimizer = model.optimizer
    compiled = getattr(model, "_compile_config", None)
    told = {**getattr(compiled, "config", {}), "optimizer": optimizer}
    steps = int(as_numpy(optimizer.iterations))
    memory = [_digest(value) for value in optimizer.variables] if steps else []
    return {"settings": plain(told), "memory": memory}


def told_callback(callback: Any) -> Any:
    """Class and what it was made with; not what it remembers of an earlier training."""
    found = {
        name: vars(callback)[name]
        for name in inspect.signature(type(callback).__init__).parameters
        if name in vars(callback)
    }
    if isinstance(found.get("min_delta"), float | int):
        found["min_delta"] = abs(found["min_delta"])  # Keras turns its sign while training
    return [type(callback).__qualname__, plain(found), _own_code(callback)]


def weight_digests(model: Any) -> list[str]:
    """The SHA-256 of each of model.weights, in their order."""
    return [_digest(weight) for weight in model.weights]


def plain(value: Any, names: Mapping[str, str] | None = None) -> Any:
    """Any setting as lists, dicts and texts. names: what to write for some texts instead."""
    names = names or {}
    if isinstance(value, str):
        return names.get(value, value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, Mapping):
        return _plain_mapping(value, names)
    if isinstance(value, tuple | list):
        return [plain(part, names) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if isinstance(value, FunctionType):
        return code_of(value) if is_own(value) else value.__qualname__
    return _plain_object(value)


def _plain_mapping(value: Mapping[Any, Any], names: Mapping[str, str]) -> Any:
    if value.get("class_name") == "__lambda__":
        return "lambda"  # its text holds the session's file name; its code is told elsewhere
    left_out = ("shared_object_id", "compile_config")
    return {
        str(plain(key, names)): plain(part, names)
        for key, part in value.items()
        if key not in left_out
    }


def _plain_object(value: Any) -> Any:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return [str(value.dtype), list(value.shape), _digest(value)]
    config = _config(value)
    names = {} if is_a(value, *METRIC) else _numbered(config)  # a history has metrics' names
    return [type(value).__qualname__, _own_code(value), plain(config, names)]


def _config(value: Any) -> Any:
    """None where there is none, as of a subclassed model: then its code and weights count."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of lambdas in a config
        try:
            return value.get_config()
        except Exception:
            return None


def _own_code(value: Any) -> Any:
    """The code of an object's class and of functions that it was given, where not Keras' own."""
    given = [each for each in getattr(value, "__dict__", {}).values() if _is_function(each)]
    own = [code_of(each) for each in given if is_own(each)]
    return [code_of(type(value)), own]


def _numbered(config: Any) -> dict[str, str]:
    """A number for each name: conv2d_7 is conv2d in the next session, and adam_1 adam."""
    found: dict[str, str] = {}
    for name in _names(config):
        found.setdefault(name, f"#{len(found)}")
    return found


def _names(config: Any) -> Iterable[str]:
    """All names in a config, except those of number formats, such as "float16"."""
    parts: Iterable[Any] = config if isinstance(config, tuple | list) else ()
    if isinstance(config, Mapping) and "DTypePolicy" not in str(config.get("class_name")):
        parts = config.values()
        if isinstance(config.get("name"), str):
            yield config["name"]
    for part in parts:
        yield from _names(part)


def _is_function(value: Any) -> bool:
    return isinstance(value, FunctionType)


def _has_outputs(model: Any) -> bool:
    """Whether the history's names hold those of the outputs."""
    return len(getattr(model, "output_names", None) or ()) > 1


def _digest(value: Any) -> str:
    array = np.ascontiguousarray(as_numpy(value))
    head = f"{array.dtype.name} {array.shape}\n".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()
