"""How much the layers of a model work on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from autograder.artifacts.errors import NotDataError
from autograder.graphs import Layer, ModelGraph

MAX_ENTRIES = 50_000_000  # for one image, in one layer
TOO_WIDE = (
    'works on {entries:,} numbers per image in the layer "{layer}"; at most {most:,} can be graded'
)


def check_sizes(graph: ModelGraph) -> None:
    """Raises NotDataError where a layer puts out, or pads its input to, too much for one image."""
    for layer in graph.layers:
        check_size(layer.output_shape, layer.id)
        check_size(_padded(layer, graph), layer.id)


def check_size(shape: Iterable[int | None] | None, layer: str) -> None:
    """The same for one shape, batch axis included."""
    entries = _entries(shape)
    if entries > MAX_ENTRIES:
        raise NotDataError(TOO_WIDE.format(entries=entries, layer=layer, most=MAX_ENTRIES))


def widest(graph: ModelGraph) -> int:
    """The numbers that its widest layer works on for one image, where that is known."""
    outputs = (_entries(layer.output_shape) for layer in graph.layers)
    inputs = (_entries(_padded(layer, graph)) for layer in graph.layers)
    return max((*outputs, *inputs), default=1)


def with_input(config: Mapping[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """A copy of a model's config whose inputs take images of this (height, width, channels)."""
    batch_shape = [None, *shape]
    inner = dict(config["config"])
    inner["layers"] = [
        {**layer, "config": {**layer["config"], "batch_shape": batch_shape}}
        if layer.get("class_name") == "InputLayer"
        else layer
        for layer in inner["layers"]
    ]
    if inner.get("build_input_shape") is not None:
        inner["build_input_shape"] = batch_shape
    return {**config, "config": inner}


def _padded(layer: Layer, graph: ModelGraph) -> Iterable[int | None] | None:
    """The shape of a window's input, padded as it may have to be: dilation makes windows wide."""
    sizes = layer.kernel_size or layer.pool_size
    given = graph[layer.inputs[0]].output_shape if layer.inputs else None
    if sizes is None or given is None or len(given) != len(sizes) + 2:
        return None
    rates = layer.dilation_rate or (1,) * len(sizes)
    first = 2 if layer.settings.get("data_format") == "channels_first" else 1
    padded = list(given)
    for axis, (size, rate) in enumerate(zip(sizes, rates, strict=False), start=first):
        padded[axis] = (given[axis] or 1) + rate * (size - 1)
    return padded


def _entries(shape: Iterable[int | None] | None) -> int:
    return prod(length or 1 for length in tuple(shape or ())[1:])
