"""Whether a model's config holds nothing but what Keras itself brings.

Keras makes objects of a config by the module and class names in it. So before it may see one that
was handed in, every such name must be on a list, in the place where it belongs: an initializer
where an initializer stands, a layer where a layer stands. Everything else must be plain data.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from autograder.artifacts.errors import NotDataError
from autograder.artifacts.models import keras_classes as known
from autograder.graphs.layer import snake

MAX_LAYERS = 2_000
MAX_DEPTH = 10  # models in models
MAX_LEVELS = 30  # lists and dicts in one layer's settings
MAX_VALUES = 400_000
MAX_NUMBER = 2**63  # seeds are as large as that; sizes are checked where a model is restored
MAX_TEXT = 1_000  # characters
MAX_NAME = 100

INSTEAD = {
    "Lambda": "it holds code; use a layer of Keras such as Rescaling, Resizing or Activation",
    "TFSMLayer": "it runs a saved program; build the model from layers of Keras",
    "TorchModuleWrapper": "it holds a PyTorch module; use layers of Keras",
    "JaxLayer": "it holds a function; use layers of Keras",
    "FlaxLayer": "it holds a Flax module; use layers of Keras",
    "StringLookup": "it may read a file; look the words up before the model",
    "IntegerLookup": "it may read a file; look the numbers up before the model",
    "TextVectorization": "it may read a file; turn text into numbers before the model",
    "Hashing": "it takes text; turn text into numbers before the model",
    "HashedCrossing": "it takes text; turn text into numbers before the model",
    "QuantizedDTypePolicy": "hand in the model as it was before it was quantized",
    "function": "it is a function; use an activation of Keras by its name",
    "__lambda__": "it is a lambda; use an activation of Keras by its name",
}
NOT_BUILT_IN = "it is not one of the classes that can be graded; use a layer of Keras"
LEAVE_OUT = 'has "{key}" in {where}, which cannot be graded; leave it out'
KERAS_2 = "was saved by Keras 2; load it with Keras 3 and hand in what load_model returns"

# Where Keras looks objects up, settings hold these or nothing.
_BY_ENDING: tuple[tuple[str, str, Collection[str]], ...] = (
    ("_initializer", "keras.initializers", known.INITIALIZERS),
    ("_regularizer", "keras.regularizers", known.REGULARIZERS),
    ("_constraint", "keras.constraints", known.CONSTRAINTS),
)
_ACTIVATION_KEYS = frozenset({"activation", "recurrent_activation"})
_LAYER_KEYS = frozenset({"layer", "forward_layer", "backward_layer"})
_MUST_BE_EMPTY = frozenset(
    {
        *("weights", "lora_rank", "quantization_config", "quantization_mode", "compile_config"),
        *("function", "module", "class_name", "registered_name", "shared_object_id"),
        *("custom_objects", "vocabulary", "filepath", "cell", "cells"),
    }
)
_ENTRY_KEYS = frozenset(
    {
        *("module", "class_name", "config", "registered_name", "build_config"),
        *("name", "inbound_nodes", "compile_config"),
    }
)
Config = Mapping[str, Any]


def check(config: Config) -> None:
    """Raises NotDataError, naming the layer and the class, unless all of it is Keras' own.

    config: of a Sequential or functional model, as Keras 3 writes it; it may have been forged.
    """
    _Inspection().model(config, "the model", 0)


@dataclass
class _Inspection:
    """Walks one config and counts what it has seen. `depth`: how many models lie around."""

    layers: int = 0
    values: int = 0

    def model(self, entry: Config, where: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise NotDataError(f"has models nested more than {MAX_DEPTH} deep; use fewer")
        config = self._opened(entry, where)
        if not _is_model(entry):
            _refuse(entry, where)
        layers = config.get("layers")
        if not isinstance(layers, list):
            _malformed(where, "layers")
        for number, layer in enumerate(layers, start=1):
            if not isinstance(layer, dict):
                _malformed(where, f"layer {number}")
            self._layer(layer, depth)
        rest = {key: value for key, value in config.items() if key != "layers"}
        self._settings(rest, where, depth)

    def _layer(self, entry: Config, depth: int) -> None:
        self.layers += 1
        if self.layers > MAX_LAYERS:
            raise NotDataError(f"has more than {MAX_LAYERS:,} layers; use fewer")
        where = _layer_name(entry)
        if _is_model(entry):
            self.model(entry, where, depth + 1)
        else:
            config = self._opened(entry, where)
            if not (_is_layer(entry, known.LAYERS) or _is_operation(entry)):
                _refuse(entry, where)
            self._settings(config, where, depth)
        self._calls(entry.get("inbound_nodes", []), where)

    def _opened(self, entry: Config, where: str) -> Config:
        """The settings of an entry that has the fields of one and no others."""
        if "module" not in entry:
            raise NotDataError(KERAS_2)
        if not entry.keys() <= _ENTRY_KEYS or entry.get("compile_config"):
            _malformed(where, "fields")
        if not isinstance(entry.get("config"), dict):
            _malformed(where, "config")
        self._plain(entry.get("build_config"), where, 0)
        config: Config = entry["config"]
        return config

    def _settings(self, config: Config, where: str, depth: int) -> None:
        for key, value in config.items():
            if key in _MUST_BE_EMPTY and value is not None:
                raise NotDataError(LEAVE_OUT.format(key=key, where=where))
            if value is not None:
                self._setting(str(key), value, where, depth)

    def _setting(self, key: str, value: Any, where: str, depth: int) -> None:
        ending = next((each for each in _BY_ENDING if key.endswith(each[0])), None)
        if ending is not None:
            self._named(value, where, *ending[1:])
        elif key in _ACTIVATION_KEYS:
            self._activation(value, where, depth)
        elif key == "dtype":
            self._dtype(value, where)
        elif key == "unroll" and value:  # as many steps are traced as the input is long
            raise NotDataError(LEAVE_OUT.format(key=key, where=where))
        elif key in _LAYER_KEYS and isinstance(value, dict):
            self._wrapped(value, where, depth + 1)
        else:
            self._plain(value, where, 0)

    def _wrapped(self, entry: Config, where: str, depth: int) -> None:
        """What Bidirectional or TimeDistributed holds; no graph tells the sizes in there."""
        if depth > MAX_DEPTH:
            raise NotDataError(f"has layers nested more than {MAX_DEPTH} deep; use fewer")
        if not _is_layer(entry, known.LAYERS - known.OWN_INITIALIZERS):
            _refuse(entry, where)
        self._layer(entry, depth)

    def _named(self, value: Any, where: str, module: str, names: Collection[str]) -> None:
        """An initializer, regularizer or constraint, whole or by its name."""
        if isinstance(value, str):
            if value not in names and value not in _functions(names):
                _refuse({"class_name": value}, where)
            return
        if not isinstance(value, dict) or not _is(value, module, names):
            _refuse(value, where)
        self._plain(self._opened(value, where), where, 0)

    def _activation(self, value: Any, where: str, depth: int) -> None:
        if isinstance(value, dict) and _is_layer(value, known.ACTIVATION_LAYERS):
            self._settings(self._opened(value, where), where, depth)
        elif not isinstance(value, str):
            _refuse(value, where)
        elif value not in known.ACTIVATIONS:
            _refuse({"class_name": "function", "config": value}, where)

    def _dtype(self, value: Any, where: str) -> None:
        if isinstance(value, dict):
            if not _is(value, "keras", known.POLICIES):
                _refuse(value, where)
            value = self._opened(value, where).get("name")
        if not isinstance(value, str) or value not in known.DTYPES | known.POLICY_NAMES:
            _malformed(where, "dtype")

    def _calls(self, nodes: Any, where: str) -> None:
        """The tensors and numbers that a layer was called on."""
        if not isinstance(nodes, list):
            _malformed(where, "inbound_nodes")
        for node in nodes:
            if isinstance(node, list):
                raise NotDataError(KERAS_2)
            if not isinstance(node, dict) or node.keys() != {"args", "kwargs"}:
                _malformed(where, "inbound_nodes")
            self._plain(node, where, 0)

    def _plain(self, value: Any, where: str, level: int) -> None:
        """Numbers, short texts, lists and dicts of them, and what Keras writes for tensors."""
        self.values += 1
        if self.values > MAX_VALUES or level > MAX_LEVELS:
            raise NotDataError("is too large: its layers have too many settings")
        if isinstance(value, list | tuple):
            for each in value:
                self._plain(each, where, level + 1)
        elif isinstance(value, dict):
            if "class_name" in value:
                value = _constant(value, where)
            for key, each in value.items():
                if key in _MUST_BE_EMPTY and each is not None:
                    raise NotDataError(LEAVE_OUT.format(key=key, where=where))
                self._plain(each, where, level + 1)
        elif not _is_plain(value):
            _malformed(where, "a number or text that is too long or not finite")


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, int) and abs(value) <= MAX_NUMBER)


def _constant(value: Config, where: str) -> Config:
    """The fields of what stands for a tensor, a slice, an array or an ellipsis in a call."""
    inner = value.get("config")
    fields = _CONSTANTS.get(str(value["class_name"]))
    if fields is None or not isinstance(inner, dict) or value.keys() != {"class_name", "config"}:
        _refuse(value, where)
    if inner.keys() != fields or str(inner.get("dtype", "bool")) not in known.DTYPES:
        _malformed(where, str(value["class_name"]))
    return inner


_CONSTANTS = {
    "__keras_tensor__": {"shape", "dtype", "keras_history"},
    "__tensor__": {"value", "dtype"},
    "__numpy__": {"value", "dtype"},
    "__slice__": {"start", "stop", "step"},
    "__ellipsis__": set(),
}


def _is(entry: Config, module: str, names: Collection[str]) -> bool:
    """Whether it stands for a class of this module, by all three names that Keras goes by."""
    name = entry.get("class_name")
    own = isinstance(name, str) and name in names and entry.get("module") == module
    return own and entry.get("registered_name") in (None, name)


def _is_model(entry: Config) -> bool:
    return any(_is(entry, module, {name}) for module, name in known.MODELS)


def _is_layer(entry: Config, names: Collection[str]) -> bool:
    return _is(entry, "keras.layers", names)


def _is_operation(entry: Config) -> bool:
    return any(_is(entry, module, names) for module, names in known.OPERATIONS.items())


def _functions(names: Collection[str]) -> set[str]:
    return {snake(name) for name in names} | {name.lower() for name in names}


def _layer_name(entry: Config) -> str:
    config = entry.get("config")
    name = entry.get("name", config.get("name") if isinstance(config, dict) else None)
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or "/" in name:
        raise NotDataError(f"has a layer without a name of 1 to {MAX_NAME} characters")
    return f'the layer "{_printable(name)}"'


def refuse(name: str, where: str) -> NoReturn:
    """Raises NotDataError for a class, or what else `name` says, and tells what to use instead."""
    reason = INSTEAD.get(name.split(" ")[0], NOT_BUILT_IN)
    raise NotDataError(f"has {_printable(name)} in {where}, which cannot be graded: {reason}")


def _refuse(entry: Any, where: str) -> NoReturn:
    name = entry.get("class_name") if isinstance(entry, dict) else None
    called = entry.get("config") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        refuse(f"a {type(entry).__name__}", where)
    refuse(f"{name} {called}" if isinstance(called, str) else name, where)


def _printable(text: str) -> str:
    """Names are the student's: one line, and not a long one."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_NAME])


def _malformed(where: str, what: str) -> NoReturn:
    raise NotDataError(f"has {_printable(what)} in {where} that Keras does not write like this")
