"""Blocks by their structure, whatever their layers are called and however they are nested."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.graphs import kinds
from autograder.graphs.flow import WHOLE, Field, Flow, bits
from autograder.graphs.graph import ModelGraph
from autograder.graphs.layer import Layer, times


@dataclass(frozen=True)
class InceptionBlock:
    """Three or more branches from one tensor, merged along the channels. All are layers' ids.

    `receptive_fields`: one per branch, (rows, columns), seen from `source`.
    """

    source: str
    merge: str
    branches: tuple[tuple[str, ...], ...]
    receptive_fields: tuple[tuple[int, ...], ...] = ()

    @property
    def members(self) -> tuple[str, ...]:
        return (*dict.fromkeys(each for branch in self.branches for each in branch), self.merge)

    def __str__(self) -> str:
        seen = ", ".join(_field_text(each) for each in self.receptive_fields)
        return (
            f"inception block: {len(self.branches)} branches from {self.source} to {self.merge}"
            + (f", which see {seen}" if seen else "")
        )


@dataclass(frozen=True)
class ResidualBlock:
    """An addition of a path with convolutions and a shortcut. All are layers' ids.

    `shortcut` is empty where the source itself is added.
    """

    source: str
    merge: str
    path: tuple[str, ...]
    shortcut: tuple[str, ...]

    @property
    def members(self) -> tuple[str, ...]:
        return (*dict.fromkeys(self.path + self.shortcut), self.merge)

    def __str__(self) -> str:
        way = f"by way of {', '.join(self.shortcut)}" if self.shortcut else "as it is"
        return (
            f"residual block: {self.source} is added {way} to a path of {len(self.path)} "
            f"layer{'s' * (len(self.path) != 1)} in {self.merge}"
        )


def inception_blocks(graph: ModelGraph) -> list[InceptionBlock]:
    """The inception blocks of a model, in the order of its layers.

        concatenate([conv1x1(x), conv3x3(x), conv5x5(x)])                 # one
        concatenate([conv1x1(x), conv5x5(conv1x1(x)), conv1x1(pool(x))])  # one
        concatenate([conv3x3(x), conv3x3(x), conv3x3(x)])                 # none: all see the same
        concatenate([conv3x3(x), conv5x5(x)])                             # none: two branches
        concatenate([a := conv3x3(x), b := conv3x3(a), conv3x3(b)])       # none: not side by side
        concatenate([...], axis=1)                                        # none: not the channels

    A branch has a convolution or a pooling of its own; the source beside the branches is none.
    """
    flow = graph.flow
    merged = merges(flow, kinds.CONCATENATIONS)
    last_of: dict[int, int] = {}
    for place in merged:
        source = flow.source[place]
        last_of[source] = last_of.get(source, 0) | flow.up[place]
    fields: dict[int, dict[int, Field]] = {}
    blocks = []
    for place, operands in merged.items():
        source = flow.source[place]
        branches = side_by_side(flow, source, operands)
        if len(branches) < 3 or not along_channels(flow, place, source, branches):
            continue
        if source not in fields:
            fields[source] = flow.fields(source, last_of[source] & flow.down[source])
        seen = [fields[source][branch] for branch in branches]
        if len(set(seen)) < 2:
            continue
        blocks.append(
            InceptionBlock(
                flow.names[source],
                flow.names[place],
                tuple(flow.ids(flow.between(source, branch)) for branch in branches),
                tuple(each[: _rank(flow, source, branches)] for each in seen),
            )
        )
    return blocks


def residual_blocks(graph: ModelGraph) -> list[ResidualBlock]:
    """The residual blocks of a model, in the order of its layers.

        x + conv3x3(x)                              # one
        conv1x1(x) + conv3x3(conv3x3(x))            # one: the shortcut is a projection
        x + relu(x)                                 # none: no convolution
        conv3x3(x) + conv5x5(x)                     # none: no shortcut
        conv3x3(x) + y                              # none: y is another tensor
        x + conv3x3(x) + conv5x5(x)                 # one

    Normalization, activations and dropout may stand anywhere, on the shortcut too.
    """
    flow = graph.flow
    candidates = merges(flow, kinds.ADDITIONS).items()
    blocks = (_residual(flow, place, operands) for place, operands in candidates)
    return [block for block in blocks if block is not None]


def merges(flow: Flow, wanted: frozenset[str]) -> dict[int, tuple[int, ...]]:
    """Merging vertices with their operands; a merge that only feeds its like is part of it.

    (a + b) + c is one addition of three, provided that all come from one source.
    """
    found: dict[int, tuple[int, ...]] = {}
    for place, layer in enumerate(flow.layers):
        if layer is None or layer.kind not in wanted or len(flow.parents[place]) < 2:
            continue
        operands: list[int] = []
        for parent in flow.parents[place]:
            inner = flow.layers[parent]
            is_part = (
                parent in found
                and flow.children[parent] == 1
                and flow.source[parent] == flow.source[place]
                and inner is not None
                and inner.settings.get("axis") == layer.settings.get("axis")
            )
            operands += found.pop(parent) if is_part else (parent,)
        if flow.source[place] >= 0:
            found[place] = tuple(operands)
    return found


def side_by_side(flow: Flow, source: int, operands: tuple[int, ...]) -> list[int]:
    """The operands that are branches: each with a window of its own, none the start of another."""
    anchors: dict[int, int] = {}
    for operand in operands:
        anchor = operand
        while anchor != source and (before := flow.back(anchor)) is not None:
            anchor = before
        if anchor != source and flow.between(source, anchor) & flow.windows:
            anchors.setdefault(anchor, operand)
    starts = 0
    for anchor in anchors:
        starts |= flow.up[anchor] ^ (1 << anchor)
    return [operand for anchor, operand in anchors.items() if not starts >> anchor & 1]


def along_channels(flow: Flow, place: int, source: int, branches: list[int]) -> bool:
    """Whether a concatenation runs along the channels of picture-like tensors."""
    layer = flow.layers[place]
    assert layer is not None
    axis = layer.settings.get("axis", -1)
    shapes = [layer.output_shape, *(_shape(flow.layers[branch]) for branch in branches)]
    rank = next((len(each) for each in shapes if each is not None), None)
    rank = _rank(flow, source, branches) + 2 if rank is None else rank
    if rank < 3 or isinstance(axis, bool) or not isinstance(axis, int) or not -rank <= axis < rank:
        return False
    first = any(
        each.settings.get("data_format") == "channels_first"
        for each in _windows(flow, source, branches)
    )
    return axis % rank == (1 if first else rank - 1)


def _rank(flow: Flow, source: int, branches: list[int]) -> int:
    """How many spatial axes there are."""
    for layer in _windows(flow, source, branches):
        return int(next(letter for letter in layer.kind if letter in "123"))
    return 2


def _windows(flow: Flow, source: int, branches: list[int]) -> list[Layer]:
    """The last window of each branch."""
    found = []
    for branch in branches:
        windows = flow.between(source, branch) & flow.windows
        layer = flow.layers[windows.bit_length() - 1]
        if layer is not None:
            found.append(layer)
    return found


def _shape(layer: Layer | None) -> tuple[int | None, ...] | None:
    return None if layer is None else layer.output_shape


def shortcuts(flow: Flow, place: int, operands: tuple[int, ...]) -> list[tuple[int, int]]:
    """The operands that are the source itself (0, operand) or its projection (1, operand)."""
    root, before = flow.roots[flow.source[place]]
    # On one chain of neutral layers and projections, the source lies on the way to an operand.
    return [
        (flow.roots[operand][1] - before, operand)
        for operand in operands
        if flow.roots[operand][0] == root and flow.roots[operand][1] - before <= 1
    ]


def _residual(flow: Flow, place: int, operands: tuple[int, ...]) -> ResidualBlock | None:
    source = flow.source[place]
    found = shortcuts(flow, place, operands)
    if not found:
        return None
    _, shortcut = min(found)
    way = flow.between(source, shortcut)
    projection = {_weights(flow, each) for each in bits(way & flow.convolutions)}
    path = 0
    for operand in operands:
        if operand != shortcut:
            path |= flow.between(source, operand)
    convolutions = bits(path & flow.convolutions)
    if all(_weights(flow, each) in projection for each in convolutions):
        return None
    return ResidualBlock(flow.names[source], flow.names[place], flow.ids(path), flow.ids(way))


def _weights(flow: Flow, place: int) -> str:
    """What two calls of one layer have in common."""
    layer = flow.layers[place]
    return flow.names[place] if layer is None else layer.shares or layer.id


def _field_text(field: tuple[int, ...]) -> str:
    return "everything" if WHOLE in field else times(field)
