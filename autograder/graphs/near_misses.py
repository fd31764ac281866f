"""What comes near to a block and is none, and why: for advice."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from autograder.graphs import kinds
from autograder.graphs.flow import Flow
from autograder.graphs.graph import ModelGraph
from autograder.graphs.motifs import (
    along_channels,
    inception_blocks,
    merges,
    residual_blocks,
    shortcuts,
    side_by_side,
)

MAX_MERGES = 100  # so many are looked at: a hostile model may have thousands


class Reason(StrEnum):
    """Why a merge is no block."""

    FLATTENED = "branches are flattened before they are merged"
    OTHER_AXIS = "branches are not merged along the channels"
    NOT_CONCATENATED = "branches are not concatenated"
    SAME_FIELD = "branches all see a window of the same size"
    TWO_BRANCHES = "there are only two branches"
    NO_CONVOLUTION = "the path beside the shortcut has no convolution"
    NO_SHORTCUT = "no operand is the source itself or its 1×1 projection"
    NOT_ADDED = "shortcut and path are not added"


class NearMiss(NamedTuple):
    """`merge`: the id of the layer in which the paths meet."""

    merge: str
    reason: Reason


def near_inception_blocks(graph: ModelGraph) -> list[NearMiss]:
    """Merges of several branches with windows that are no inception block."""
    flow = graph.flow
    found = {block.merge for block in inception_blocks(graph)}
    near = [
        NearMiss(flow.names[place], reason)
        for place, reason in _concatenations(flow)
        if flow.names[place] not in found
    ]
    for place, operands in _merges(flow, kinds.MERGES):
        source = flow.source[place]
        branches = side_by_side(flow, source, operands)
        if len(branches) > 2 and _differ(flow, source, branches):
            near.append(NearMiss(flow.names[place], Reason.NOT_CONCATENATED))
    return near


def near_residual_blocks(graph: ModelGraph) -> list[NearMiss]:
    """Merges of a path and what its source is, that are no residual block."""
    flow = graph.flow
    found = {block.merge for block in residual_blocks(graph)}
    near = []
    for place, operands in _merges(flow, kinds.ADDITIONS):
        if flow.names[place] not in found:
            has_shortcut = bool(shortcuts(flow, place, operands))
            reason = Reason.NO_CONVOLUTION if has_shortcut else Reason.NO_SHORTCUT
            near.append(NearMiss(flow.names[place], reason))
    for place, operands in _merges(flow, kinds.CONCATENATIONS):
        path = flow.between(flow.source[place], place) & flow.convolutions
        if len(operands) == 2 and path and shortcuts(flow, place, operands):
            near.append(NearMiss(flow.names[place], Reason.NOT_ADDED))
    return near


def _merges(flow: Flow, wanted: frozenset[str]) -> Iterator[tuple[int, tuple[int, ...]]]:
    return islice(merges(flow, wanted).items(), MAX_MERGES)


def _concatenations(flow: Flow) -> Iterator[tuple[int, Reason]]:
    for place, operands in _merges(flow, kinds.CONCATENATIONS):
        source, layer = flow.source[place], flow.layers[place]
        branches = side_by_side(flow, source, operands)
        shape = layer.output_shape if layer else None
        if len(branches) > 2 and shape is not None and len(shape) < 3:
            yield place, Reason.FLATTENED
        elif len(branches) > 2 and not along_channels(flow, place, source, branches):
            yield place, Reason.OTHER_AXIS
        elif len(branches) > 2:
            yield place, Reason.SAME_FIELD
        elif len(branches) == 2:
            yield place, Reason.TWO_BRANCHES


def _differ(flow: Flow, source: int, branches: list[int]) -> bool:
    """Whether the branches see windows of different sizes."""
    region = 0
    for branch in branches:
        region |= flow.up[branch] & flow.down[source]
    fields = flow.fields(source, region)
    return len({fields[branch] for branch in branches}) > 1
