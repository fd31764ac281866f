"""How the layers of a model's config hang together, and how one is written that does so otherwise.

Reads configs that ModelGraph.from_keras has read without complaint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.graphs import ModelGraph
from autograder.graphs.keras_calls import TENSOR, references, triples

Config = Mapping[str, Any]
KIND = ("module", "class_name", "registered_name")  # what says of which class an entry is

_MAX_VALUES = 100_000  # looked at for references, in one model


def is_sequential(model: Config) -> bool:
    return bool(model["class_name"] == "Sequential")


def name_of(entry: Config) -> str:
    """A layer's name. ValueError where the layer has one and its place in the model another."""
    name: str = entry["config"]["name"]
    if entry.get("name", name) != name:
        raise ValueError(name)
    return name


def segments(model: Config) -> list[tuple[Config, ...]]:
    """The layers between one tensor that everything goes through and the next, in their order.

    None of a model with several inputs or outputs.
    """
    layers = model["config"]["layers"]
    if is_sequential(model):
        return [(entry,) for entry in layers]
    inputs = triples(model["config"]["input_layers"], "input_layers")
    outputs = triples(model["config"]["output_layers"], "output_layers")
    if len(inputs) != 1 or len(outputs) != 1:
        return []
    sources = sources_of(model)
    needed = ancestors(sources, outputs[0][0])
    used = [entry for entry in layers if name_of(entry) in needed]
    last_use = {
        source: place for place, entry in enumerate(used) for source in sources[name_of(entry)]
    }
    found: list[tuple[Config, ...]] = []
    begin = open_until = 0
    for place, entry in enumerate(used):
        if open_until <= place:  # nothing in front of this layer is needed behind it
            found.append(tuple(used[begin : place + 1]))
            begin = place + 1
        open_until = max(open_until, last_use.get(name_of(entry), 0))
    return found


def sources_of(model: Config) -> dict[str, list[str]]:
    """For each layer of a functional model the layers that it is called on."""
    budget = [_MAX_VALUES]
    return {
        name_of(entry): [
            reference.layer
            for node in entry.get("inbound_nodes", ())
            for reference in references(node, name_of(entry), budget).tensors_from
        ]
        for entry in model["config"]["layers"]
    }


def ancestors(sources: Mapping[str, list[str]], name: str) -> set[str]:
    """A layer and all that it depends on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += sources[each]
    return found


def rewired(entry: Config, names: Mapping[str, str], last: str) -> Config | None:
    """How a layer is called, under other names; None where it is not called once and plainly.

    names: the new ones of the layers in front, whose first outputs alone it may take. last: the one
    behind which a layer of a Sequential stands.
    """
    nodes = entry.get("inbound_nodes")
    if not nodes:
        return {"args": [tensor({}, last)], "kwargs": {}}
    args, kwargs = nodes[0]["args"], dict(nodes[0].get("kwargs", {}))
    is_operation = str(entry.get("module")).startswith("keras.src.ops")
    kwargs.pop("training", None)  # a model that predicts tells its layers so, whatever stands here
    says_more = len(args) != 1 or any(value is not None for value in kwargs.values())
    if len(nodes) > 1 or (says_more and not is_operation):
        return None
    try:
        return {
            "args": _renamed(args, names),
            "kwargs": _renamed(kwargs, names) if is_operation else {},
        }
    except KeyError:
        return None


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping) and value.get("class_name") == TENSOR:
        layer, call, output = value["config"]["keras_history"]
        if call or output:
            raise KeyError(layer)
        return tensor(value["config"], names[layer])
    if isinstance(value, Mapping):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(each, names) for each in value]
    return value


def tensor(noted: Config, name: str) -> dict[str, Any]:
    """A layer's first output, as calls tell it. noted: what else is told of it, such as a shape."""
    return {"class_name": TENSOR, "config": {**noted, "keras_history": [name, 0, 0]}}


def with_shapes(model: Config, graph: ModelGraph) -> Config:
    """A functional model in whose calls the shapes that are missing are noted, as Keras wants it.

    graph: the model's, without nested ones.
    """

    def noted(value: Any) -> Any:
        if isinstance(value, Mapping) and value.get("class_name") == TENSOR:
            name = value["config"]["keras_history"][0]
            told = {"shape": list(graph[name].output_shape or ()), "dtype": "float32"}
            return tensor({**told, **value["config"]}, name)
        if isinstance(value, Mapping):
            return {key: noted(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [noted(each) for each in value]
        return value

    inner = model["config"]
    layers = [
        {**entry, "inbound_nodes": noted(entry["inbound_nodes"])} for entry in inner["layers"]
    ]
    return {**model, "config": {**inner, "layers": layers}}


def input_layer(name: str, shape: list[int]) -> dict[str, Any]:
    return {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {
            "batch_shape": [None, *shape],
            "dtype": "float32",
            "sparse": False,
            "ragged": False,
            "name": name,
        },
        "registered_name": None,
    }
