"""Which tensors a layer was called on, out of Keras' `inbound_nodes`."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograder.graphs.errors import GraphError
from autograder.graphs.order import after_needs
from autograder.graphs.reading import Shape, mapping, name, number, sequence, shape, show

TENSOR = "__keras_tensor__"
KERAS_2 = "it was saved by Keras 2: load the model with Keras 3 and save it again"


class Reference(NamedTuple):
    """A keras_history: an output of a call of a layer, and the shape that was noted with it."""

    layer: str
    call: int
    output: int
    shape: Shape | None


@dataclass(frozen=True)
class Call:
    """What one call was given. `keys`, when that was a dict of tensors: their keys."""

    tensors_from: tuple[Reference, ...]
    keys: tuple[str, ...] = ()


def references(node: object, where: str, budget: list[int]) -> Call:
    """The tensors in a node's arguments, in order; masks are left out, they carry no picture.

    `budget[0]` is how many more values may be looked at.
    """
    if isinstance(node, list):
        raise GraphError(f"{where}: {KERAS_2}")
    call = mapping(node, f"{where}, inbound_nodes")
    args = sequence(call.get("args"), f"{where}, args")
    kwargs = mapping(call.get("kwargs", {}), f"{where}, kwargs")
    found: list[Reference] = []
    data = [value for key, value in _sorted(kwargs, where) if key != "mask"]
    stack: list[object] = [*reversed([*args, *data])]
    while stack:
        budget[0] -= 1
        if budget[0] < 0:
            raise GraphError(f"{where}: the arguments are too many to read")
        value = stack.pop()
        if isinstance(value, dict) and value.get("class_name") == TENSOR:
            found.append(_reference(value, where))
        elif isinstance(value, dict):
            stack.extend(each for _, each in reversed(_sorted(value, where)))
        elif isinstance(value, list | tuple):
            stack.extend(reversed(value))
    only = args[0] if len(args) == 1 else None
    keys = [key for key, _ in _sorted(only, where)] if isinstance(only, dict) else []
    return Call(tuple(found), tuple(keys))


def triples(value: object, where: str) -> list[tuple[str, int, int]]:
    """input_layers and output_layers: one [layer, call, index], or a list or dict of them."""
    found: list[tuple[str, int, int]] = []
    stack = [value]
    for _ in range(20_000):
        if not stack:
            return found
        each = stack.pop()
        if isinstance(each, dict):
            stack.extend(inner for _, inner in reversed(_sorted(each, where)))
        elif isinstance(each, list | tuple) and each and not isinstance(each[0], str):
            stack.extend(reversed(each))
        elif isinstance(each, list | tuple) and each:
            found.append(_history(each, where))
        elif each not in (None, [], ()):
            raise GraphError(f"{where}: expected [name, call, index], received {show(each)}")
    raise GraphError(f"{where}: there are too many")


def _reference(value: dict[str, Any], where: str) -> Reference:
    config = mapping(value.get("config"), f"{where}, tensor")
    history = sequence(config.get("keras_history"), f"{where}, keras_history")
    noted = config.get("shape")
    known = None if noted is None else shape(noted, f"{where}, shape")
    return Reference(*_history(history, f"{where}, keras_history"), known)


def _history(value: Any, where: str) -> tuple[str, int, int]:
    if len(value) != 3:
        raise GraphError(f"{where}: expected [name, call, index], received {show(value)}")
    return name(value[0], where), number(value[1], where), number(value[2], where)


def _sorted(value: dict[Any, Any], where: str) -> list[tuple[str, Any]]:
    """In the order in which Keras flattens a dict."""
    if not all(isinstance(key, str) for key in value):
        raise GraphError(f"{where}: expected names as keys")
    return sorted(value.items(), key=lambda item: item[0])


def call_order(
    calls: Mapping[tuple[str, int], Call],
    ready: Set[tuple[str, int]],
    named: Mapping[str, Any],
) -> list[tuple[str, int]]:
    """The calls, each after those whose outputs it takes."""
    needs = {
        key: {(ref.layer, ref.call) for ref in call.tensors_from} - ready
        for key, call in calls.items()
    }
    for key, needed in needs.items():
        for need in needed - calls.keys():
            known = "call" if need[0] in named else "layer"
            raise GraphError(
                f"layer {show(key[0])}: keras_history points to {known} {show(need[1])} of "
                f"{show(need[0])}, which is not there"
            )
    return after_needs(needs, lambda key: key[0])
