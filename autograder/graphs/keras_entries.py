"""What stands in a Keras config for a layer or a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.graphs.errors import GraphError
from autograder.graphs.reading import mapping, name, show
from autograder.graphs.shapes import RULES


def is_model(entry: Mapping[str, Any]) -> bool:
    """A Sequential or functional model, or a subclass that is saved like one."""
    inner = entry.get("config")
    if not isinstance(inner, dict) or "layers" not in inner:
        return False
    return is_functional(entry) or entry.get("class_name") == "Sequential"


def is_functional(entry: Mapping[str, Any]) -> bool:
    inner = entry.get("config")
    return (
        isinstance(inner, dict)
        and {"layers", "input_layers", "output_layers"} <= inner.keys()
        and entry.get("class_name") != "Sequential"
    )


def by_name(entries: Sequence[Any], where: str) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for number, entry in enumerate(entries):
        what = f"{where}, layer {number + 1}"
        entry = mapping(entry, what)
        inner = mapping(entry.get("config"), f"{what}, config")
        called = name(entry.get("name", inner.get("name")), f"{what}, name")
        if called in named:
            raise GraphError(f"{where} has two layers that are called {show(called)}")
        named[called] = entry
    return named


def kind_of(entry: dict[str, Any], called: str) -> tuple[str, bool]:
    """The class's name, and whether it is Keras' own; a student's namesake of one is not."""
    kind = name(entry.get("class_name"), f"layer {show(called)}, class_name")
    module = entry.get("module", "keras")
    registered = entry.get("registered_name")
    own = (
        isinstance(module, str)
        and module.split(".")[0] == "keras"
        and not (isinstance(registered, str) and ">" in registered and "keras" not in module)
    )
    if own or kind not in RULES:
        return kind, own
    return f"{kind} (custom)", False


def is_operation(entry: dict[str, Any]) -> bool:
    module = entry.get("module")
    return isinstance(module, str) and module.startswith("keras.src.ops")
