"""The report's pictures: diagrams of the architectures, and the gallery's thumbnails."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from autograder.graphs import GraphError, ModelGraph
from autograder.report.class_report.architectures import Place, Structure
from autograder.report.class_report.gallery import FIGURE, Hung, Wall
from autograder.report.class_report.gathering import Gathered
from autograder.report.class_report.thumbnails import Thumbnail, thumbnail
from autograder.snapshot import SnapshotError

_DRAWN = 6  # structures of one answer
_LARGEST_DRAWING = 150_000  # bytes
_ROOM = 9_000_000  # characters of all thumbnails together
_LONGEST_CHAIN = 24  # layers told in words


@dataclass(frozen=True)
class Drawing:
    """One structure. address: its diagram as a data: URI, "" where it is too large to be drawn."""

    models: int
    layers: int
    parameters: int | None
    chain: str
    address: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Architecture:
    """The structures that one answer has in the class; others: those that are not drawn."""

    notebook: str
    title: str
    answer: str
    models: int
    structures: int
    drawings: tuple[Drawing, ...]

    @property
    def others(self) -> int:
        return self.structures - len(self.drawings)


@dataclass(frozen=True)
class Framed:
    """A picture on a wall with what is told of it. caption: outcome and points."""

    thumbnail: Thumbnail
    alt: str
    caption: str
    outcome: str
    name: str


@dataclass(frozen=True)
class Room:
    """One answer's wall. kind: what its pictures are. handed_in: how many there are in all."""

    notebook: str
    title: str
    answer: str
    kind: str
    handed_in: int
    pictures: tuple[Framed, ...]


def architectures(found: Gathered, *, names: bool) -> Iterator[Architecture]:
    """For each answer that is or holds models its structures, the most frequent first."""
    titles = _titles(found)
    for place in _in_order(found, found.architectures.seen):
        kinds = found.architectures.seen[place]
        order = sorted(kinds.items(), key=lambda each: (-each[1].models, each[0]))
        drawings = (_drawing(each, names=names) for _, each in order[:_DRAWN])
        yield Architecture(
            place[0],
            titles.get(place[:2], place[1]),
            place[2],
            sum(each.models for each in kinds.values()),
            len(kinds),
            tuple(drawing for drawing in drawings if drawing),
        )


def _drawing(structure: Structure, *, names: bool) -> Drawing | None:
    try:
        graph = structure.graph
    except (GraphError, SnapshotError):  # read before: the file has gone meanwhile
        return None
    svg = _nameless(graph)._repr_svg_()
    address = f"data:image/svg+xml;base64,{b64encode(svg.encode(errors='replace')).decode()}"
    return Drawing(
        structure.models,
        len(graph.layers),
        graph.parameters,
        _chain(graph),
        address if len(svg) <= _LARGEST_DRAWING else "",
        tuple(structure.names) if names else (),
    )


def _nameless(graph: ModelGraph) -> ModelGraph:
    """The graph with names of ours: the drawing tells them, and a student's may be the student's.

    The answer's own name is the assignment's.
    """
    ours = {layer.id: f"layer {number}" for number, layer in enumerate(graph.layers, 1)}
    layers = (
        replace(
            layer,
            id=ours[layer.id],
            name=ours[layer.id],
            inputs=tuple(ours[each] for each in layer.inputs),
            shares=ours.get(layer.shares or ""),
        )
        for layer in graph.layers
    )
    return ModelGraph("model", tuple(layers), tuple(ours[each] for each in graph.output_ids))


def _chain(graph: ModelGraph) -> str:
    """The layers that compute, in words."""
    told = [layer.describe() for layer in graph.layers if layer.kind != "InputLayer"]
    rest = len(told) - _LONGEST_CHAIN
    return " → ".join([*told[:_LONGEST_CHAIN], *([f"… {rest} more"] if rest > 0 else [])])


def gallery(found: Gathered, *, names: bool) -> Iterator[Room]:
    """A room for each answer that is a picture; visualisations before other figures."""
    titles, walls = _titles(found), found.gallery.walls
    room_left = _ROOM
    places = sorted(_in_order(found, walls), key=lambda place: _is_plain_figure(walls[place]))
    for number, place in enumerate(places):
        wall = walls[place]
        pictures, used = _framed(wall, room_left // (len(places) - number), names=names)
        room_left -= used
        if pictures:
            kind = wall.pictures[0].kind
            title = titles.get(place[:2], place[1])
            yield Room(place[0], title, place[2], kind, wall.handed_in, pictures)


def _framed(wall: Wall, room: int, *, names: bool) -> tuple[tuple[Framed, ...], int]:
    """Pictures for at most `room` characters, and how many they take."""
    framed, used = [], 0
    for picture in wall.pictures:
        made = thumbnail(picture.handed, picture.kind)
        if made is None or used + len(made.address) > room:
            continue
        used += len(made.address)
        framed.append(_frame(picture, made, picture.student if names else ""))
    return tuple(framed), used


def _frame(picture: Hung, made: Thumbnail, name: str) -> Framed:
    points = f"{picture.points:g} of {picture.max_points:g}" if picture.max_points else ""
    outcome = picture.outcome or "not tested"
    shown = f"{made.parts} arrays side by side" if made.parts > 1 else picture.kind
    alt = f"{picture.handed.name}, {picture.kind}: {shown}; {outcome} {points}".strip()
    return Framed(made, alt, points or outcome, outcome, name)


def _is_plain_figure(wall: Wall) -> bool:
    return bool(wall.chosen) and wall.chosen[0][1].kind == FIGURE


def _titles(found: Gathered) -> dict[tuple[str, str], str]:
    return {question.key: question.title for question in found.outline.questions}


def _in_order(found: Gathered, places: Iterable[Place]) -> list[Place]:
    """By notebook and question; answers to one question by name."""
    order = {question.key: number for number, question in enumerate(found.outline.questions)}
    return sorted(places, key=lambda place: (order.get(place[:2], len(order)), place[2]))
