"""Which boxes a diagram has: one per layer, in large models one per run of layers."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from autograder.graphs import kinds
from autograder.graphs.graph import ModelGraph
from autograder.graphs.layer import Layer
from autograder.graphs.reading import show_shape

FOLDED_FROM = 40  # layers
MAX_BOXES = 160
MAX_LINES = 900
MAX_TEXT = 34

SHORT = {"BatchNormalization": "BN", "LayerNormalization": "LN", "GroupNormalization": "GN"}


@dataclass
class Box:
    """One box: a title, lines below it, and the ids of the layers it stands for."""

    title: str
    colour: str
    ids: list[str] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)
    shape: str = ""
    faded: bool = False

    @property
    def lines(self) -> list[str]:
        more = [clean("+ " + ", ".join(self.folded))] if self.folded else []
        return [*more, *([self.shape] if self.shape else [])]


def boxes_of(graph: ModelGraph) -> tuple[list[Box], list[tuple[int, int]]]:
    """The boxes in order, and the edges between them as pairs of their numbers."""
    folds = len(graph.layers) > FOLDED_FROM
    consumers: dict[str, int] = {}
    for layer in graph.layers:
        for each in layer.inputs:
            consumers[each] = consumers.get(each, 0) + 1
    boxes: list[Box] = []
    place: dict[str, int] = {}
    edges: dict[tuple[int, int], None] = {}
    rest = 0
    for layer in graph.layers:
        parents = [place[each] for each in layer.inputs if each in place]
        before = layer.inputs[0] if len(layer.inputs) == 1 else None
        if (
            folds
            and before is not None
            and layer.kind in kinds.NEUTRAL
            and consumers[before] == 1
            and boxes[parents[0]].ids[-1] == before
        ):
            box = boxes[parents[0]]
            box.ids.append(layer.id)
            box.folded.append(_short(layer))
            place[layer.id] = parents[0]
            continue
        if len(boxes) < MAX_BOXES:
            boxes.append(_box(layer))
        elif not rest:
            boxes.append(Box("", "#f6f8fa", [layer.id]))
        rest += len(boxes) > MAX_BOXES
        place[layer.id] = len(boxes) - 1
        if boxes[-1].ids[-1] != layer.id:
            boxes[-1].ids.append(layer.id)
        for parent in parents:
            if parent != place[layer.id] and len(edges) < MAX_LINES:
                edges[parent, place[layer.id]] = None
    if rest:
        count = len(boxes[-1].ids)
        boxes[-1].title = f"… {count} more layer{'s' * (count != 1)}"
        boxes[-1].folded.clear()
    return boxes, list(edges)


def _box(layer: Layer) -> Box:
    details = ", ".join(layer.details)
    box = Box(clean(f"{layer.kind} {details}".strip()), _colour(layer), [layer.id])
    if layer.kind not in kinds.NEUTRAL or layer.kind == "Softmax":
        box.shape = clean(show_shape(layer.output_shape))
    box.faded = not layer.on_path
    return box


def _short(layer: Layer) -> str:
    if layer.kind in SHORT:
        return SHORT[layer.kind]
    return layer.activation or layer.kind


def _colour(layer: Layer) -> str:
    if layer.is_convolution:
        return "#cfe4ff"
    if layer.kind in kinds.POOLINGS | kinds.GLOBAL_POOLINGS:
        return "#cdeed6"
    if layer.kind in kinds.MERGES | kinds.CONCATENATIONS | kinds.ADDITIONS:
        return "#ffd9e6"
    if layer.kind == "Dense":
        return "#ffeab5"
    return "#eceff3" if layer.kind in kinds.NEUTRAL else "#ffffff"


def clean(text: str) -> str:
    """Text that can be drawn: short, without control characters and halves of characters."""
    shown = text[: MAX_TEXT + 1]
    if not shown.isprintable():
        shown = "".join("?" if unicodedata.category(c)[0] == "C" else c for c in shown)
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 1] + "…"
