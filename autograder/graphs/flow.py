"""Which layers a tensor passes through on its way: ancestors, common sources, receptive fields.

Sets of vertices are ints used as bitsets, bit i for the i-th vertex in topological order. Every
query is a few operations on them, so that a hostile graph with exponentially many paths costs no
more than any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from autograder.graphs import kinds
from autograder.graphs.graph import ModelGraph
from autograder.graphs.layer import Layer

MAX_JUMP = 10**9
WHOLE = 10**12  # the receptive field of a global pooling

Field = tuple[int, ...]


@dataclass
class Flow:
    """The layers that lie on a way from an input to an output, as vertices 0, 1, 2, ….

    `layers[v]` is None for a vertex that stands for one output of a layer that has several.
    """

    layers: list[Layer | None] = field(default_factory=list)
    parents: list[tuple[int, ...]] = field(default_factory=list)
    children: list[int] = field(default_factory=list)  # how many
    up: list[int] = field(default_factory=list)  # itself and all it comes from
    down: list[int] = field(default_factory=list)  # itself and all that comes from it
    source: list[int] = field(
        default_factory=list
    )  # the last vertex that all ways here pass, or −1
    names: list[str] = field(default_factory=list)
    convolutions: int = 0
    windows: int = 0

    @classmethod
    def of(cls, graph: ModelGraph) -> Flow:
        flow = cls()
        index: dict[tuple[str, int], int] = {}
        dominators: list[int] = []

        def vertex(layer: Layer | None, parents: tuple[int, ...], name: str) -> int:
            place, bit = len(flow.layers), 1 << len(flow.layers)
            up, common = bit, -1 if parents else 0
            for parent in parents:
                up |= flow.up[parent]
                common &= dominators[parent]
                flow.children[parent] += 1
            flow.source.append(common.bit_length() - 1)
            dominators.append(common | bit)
            flow.layers.append(layer)
            flow.parents.append(parents)
            flow.children.append(0)
            flow.up.append(up)
            flow.names.append(name)
            return place

        several = {
            name
            for layer in graph.layers
            for name, number in zip(layer.inputs, layer.input_tensors, strict=False)
            if number
        }
        places: dict[str, int] = {}
        for layer in graph.layers:
            if not layer.on_path:
                continue
            parents = []
            tensors = layer.input_tensors or (0,) * len(layer.inputs)
            for name, number in zip(layer.inputs, tensors, strict=True):
                if name not in places:
                    continue
                if name in several and (name, number) not in index:
                    index[name, number] = vertex(None, (places[name],), name)
                parents.append(index[name, number] if name in several else places[name])
            place = places[layer.id] = vertex(layer, tuple(parents), layer.id)
            if layer.is_convolution:
                flow.convolutions |= 1 << place
            if is_window(layer):
                flow.windows |= 1 << place
        flow.down = [1 << place for place in range(len(flow.layers))]
        for place in reversed(range(len(flow.layers))):
            for parent in flow.parents[place]:
                flow.down[parent] |= flow.down[place]
        return flow

    def between(self, source: int, end: int) -> int:
        """The bitset of what lies behind `source` up to `end`, `end` included."""
        return self.up[end] & self.down[source] & ~(1 << source)

    def ids(self, bitset: int) -> tuple[str, ...]:
        """The ids of the layers in a bitset, in topological order, each once."""
        return tuple(dict.fromkeys(self.names[place] for place in bits(bitset)))

    def back(self, place: int) -> int | None:
        """The only parent of a layer that passes on what it gets, else None."""
        layer = self.layers[place]
        parents = self.parents[place]
        if layer is None or len(parents) != 1:
            return None
        if layer.kind in kinds.NEUTRAL or layer.kind in kinds.ARITHMETIC:
            return parents[0] if len(layer.inputs) == 1 else None
        if layer.kind in kinds.POOLINGS and set(layer.pool_size or (0,)) == {1}:
            return parents[0]
        return None

    @cached_property
    def roots(self) -> list[tuple[int, int]]:
        """Per vertex: how far back neutral layers and projections lead, and how many of these."""
        roots: list[tuple[int, int]] = []
        for place, layer in enumerate(self.layers):
            before = self.back(place)
            if before is not None:
                roots.append(roots[before])
            elif _is_projection(layer) and len(self.parents[place]) == 1:
                root, count = roots[self.parents[place][0]]
                roots.append((root, count + 1))
            else:
                roots.append((place, 0))
        return roots

    def fields(self, source: int, region: int) -> dict[int, Field]:
        """Receptive field per axis of every vertex in `region`, seen from `source`."""
        found: dict[int, tuple[Field, Field]] = {source: ((1, 1, 1), (1, 1, 1))}
        for place in bits(region & ~(1 << source)):
            before = [found[parent] for parent in self.parents[place] if parent in found]
            if not before:
                continue
            if len(before) == 1:
                spans, jumps = before[0]
            else:
                spans = tuple(map(max, zip(*(each[0] for each in before), strict=True)))
                jumps = tuple(map(max, zip(*(each[1] for each in before), strict=True)))
            layer = self.layers[place]
            if layer is not None and is_window(layer):
                spans, jumps = _through(layer, spans, jumps)
            found[place] = spans, jumps
        return {place: spans for place, (spans, _) in found.items()}


def bits(bitset: int) -> Iterator[int]:
    """Where a bitset has ones, from the lowest."""
    while bitset:
        low = bitset & -bitset
        yield low.bit_length() - 1
        bitset ^= low


def is_window(layer: Layer) -> bool:
    """Looks at neighbouring places: a convolution or a pooling."""
    kind = layer.kind
    return kind in kinds.CONVOLUTIONS or kind in kinds.POOLINGS or kind in kinds.GLOBAL_POOLINGS


def _is_projection(layer: Layer | None) -> bool:
    return (
        layer is not None
        and layer.kind in kinds.PROJECTIONS
        and set(layer.kernel_size or (0,)) == {1}
    )


def _through(layer: Layer, spans: Field, jumps: Field) -> tuple[Field, Field]:
    if layer.kind in kinds.GLOBAL_POOLINGS:
        return (WHOLE,) * 3, jumps
    sizes = _three(layer.kernel_size or layer.pool_size)
    steps = _three(layer.strides)
    rates = _three(layer.dilation_rate if layer.is_convolution else None)
    if layer.kind.endswith("Transpose"):
        steps = (1, 1, 1)
    wider = tuple(
        min(span + (size - 1) * rate * jump, WHOLE)
        for span, size, rate, jump in zip(spans, sizes, rates, jumps, strict=True)
    )
    return wider, tuple(min(jump * step, MAX_JUMP) for jump, step in zip(jumps, steps, strict=True))


def _three(numbers: tuple[int, ...] | None) -> Field:
    return (*(numbers or ()), 1, 1, 1)[:3]
