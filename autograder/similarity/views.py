"""A pair as the page shows it: both sides of each match, cut into numbered passages."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course, shown
from autograder.similarity.cells import Cell, own_cells
from autograder.similarity.index import Match, Place
from autograder.similarity.pairs import Found, Pair, traces_of
from autograder.similarity.passages import Passage, shared_passages
from autograder.similarity.traces import Rare, Trace, TraceKind

_MOST_CHARACTERS = 12_000  # of one side that are shown
_MOST_PNG = 400_000  # bytes of a figure that the page holds
_MOST_ROWS = 30  # figures and answers of a pair that are shown
HUES = 6  # of the page's marks


@dataclass(frozen=True)
class Person:
    """A student. letters: what stands for the name until somebody asks for names."""

    letters: str
    name: str


@dataclass(frozen=True)
class Segment:
    """Text of one side. number: of the passage that it is, 0 for what stands between them."""

    text: str
    number: int = 0

    @property
    def hue(self) -> int:
        return (self.number - 1) % HUES


@dataclass(frozen=True)
class Side:
    """A cell of one student. cut: how many characters are not shown."""

    heading: str
    segments: tuple[Segment, ...]
    cut: int


@dataclass(frozen=True)
class MatchView:
    kind: str
    share: int  # per cent
    unusual: str
    passages: int
    sides: tuple[Side, Side]


@dataclass(frozen=True)
class TraceView:
    """What is equal to the last bit in one answer of each; what: the layers or curves.

    pictures: of a figure, as data: URIs, one of each side, or none where they are too large.
    """

    kind: TraceKind
    places: tuple[str, str]
    what: str
    unusual: str
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overview:
    """A pair in one line. unusual: of what is rarest in it."""

    number: int
    students: tuple[Person, Person]
    summary: str
    unusual: str
    share: str


@dataclass(frozen=True)
class PairView:
    """A pair with both sides. more: figures, layers and curves that are not listed."""

    overview: Overview
    matches: tuple[MatchView, ...]
    traces: tuple[TraceView, ...]
    more: int


def people(found: Found) -> dict[int, Person]:
    """Who is in a pair, by number, lettered as they come: the order of names would tell who."""
    order = dict.fromkeys(each for pair in found.pairs for each in (pair.first, pair.second))
    return {
        number: Person(_letters(place), shown(found.hand_ins[number].student))
        for place, number in enumerate(order)
    }


def overview(number: int, pair: Pair, found: Found, who: Mapping[int, Person]) -> Overview:
    """What the page's table says of a pair; reads nothing."""
    sharing = [*(m.sharing for m in pair.matches), *(r.sharing for r in pair.traces)]
    shares = [round(100 * match.share) for match in pair.matches]
    return Overview(
        number,
        (who[pair.first], who[pair.second]),
        _summary(pair),
        _unusual(min(sharing), len(found.hand_ins)),
        f"up to {max(shares)} %" if shares else "",
    )


def pair_view(pair: Pair, overview: Overview, found: Found, course: Course) -> PairView:
    """What the page says of one pair; reads both hand-ins again."""
    traces = _trace_views(pair, found, course)
    return PairView(
        overview,
        tuple(_match_views(pair, found)),
        tuple(traces[:_MOST_ROWS]),
        max(len(traces) - _MOST_ROWS, 0),
    )


def _letters(place: int) -> str:
    """A, B, … Z, AA, AB, … for 0, 1, …"""
    before, last = divmod(place, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


def _summary(pair: Pair) -> str:
    """“3 cells of code, 1 explanation, 12 layers' weights”."""
    counts = (
        (sum(m.kind == "code" for m in pair.matches), "cell of code", "cells of code"),
        (sum(m.kind == "text" for m in pair.matches), "explanation", "explanations"),
        (_count(pair.traces, "figure"), "figure", "figures"),
        (_count(pair.traces, "weights"), "layer’s weights", "layers’ weights"),
        (_count(pair.traces, "history"), "training curve", "training curves"),
    )
    return ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts if n)


def _count(traces: Sequence[Rare], kind: TraceKind) -> int:
    return sum(each.kind == kind for each in traces)


def _unusual(sharing: int, hand_ins: int) -> str:
    return "in no other hand-in" if sharing <= 2 else f"in {sharing} of {hand_ins} hand-ins"


def _match_views(pair: Pair, found: Found) -> Iterator[MatchView]:
    cells: dict[Place, Cell] = {}
    for match in pair.matches:
        for place in (match.first, match.second):
            if place not in cells:
                cells |= _cells(place, found)
        if match.first in cells and match.second in cells:
            yield _match_view(match, cells[match.first], cells[match.second], found)


def _cells(place: Place, found: Found) -> dict[Place, Cell]:
    """All of a student's cells in the notebook that the cell stands in."""
    path = found.hand_ins[place.student].folder / f"{place.notebook}.ipynb"
    cells = own_cells(path, found.releases[place.notebook])
    return {Place(place.student, place.notebook, cell.name, cell.index): cell for cell in cells}


def _match_view(match: Match, first: Cell, second: Cell, found: Found) -> MatchView:
    passages = shared_passages(first.text, second.text, match.kind, found.discounted[match.kind])
    return MatchView(
        "Code" if match.kind == "code" else "Explanation",
        round(100 * match.share),
        _unusual(match.sharing, len(found.hand_ins)),
        len(passages),
        (
            _side(match.first, first.text, {each.first: each for each in passages}),
            _side(match.second, second.text, {each.second: each for each in passages}),
        ),
    )


def _side(place: Place, text: str, passages: dict[tuple[int, int], Passage]) -> Side:
    heading = f"{place.notebook} · {shown(place.name)}"
    segments, at = [], 0
    for (begin, end), passage in sorted(passages.items()):
        if end > _MOST_CHARACTERS:
            break
        segments += [Segment(text[at:begin]), Segment(text[begin:end], passage.number)]
        at = end
    segments.append(Segment(text[at:_MOST_CHARACTERS]))
    kept = tuple(Segment(printable(s.text), s.number) for s in segments if s.text)
    return Side(heading, kept, max(len(text) - _MOST_CHARACTERS, 0))


def printable(text: str) -> str:
    """Text without what a page or a terminal would act on: controls, marks of direction."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


def _trace_views(pair: Pair, found: Found, course: Course) -> list[TraceView]:
    """Figures first, a view each; then a view for all layers, or curves, of one answer."""
    if not pair.traces:
        return []
    first, second = (
        traces_of(course, found.hand_ins[each], found.releases)
        for each in (pair.first, pair.second)
    )
    together: dict[tuple[str, ...], list[Rare]] = {}
    for rare in sorted(pair.traces, key=lambda each: (each.kind, -each.weight)):
        if rare.digest in first and rare.digest in second:
            places = first[rare.digest].place, second[rare.digest].place
            alone = rare.digest if rare.kind == "figure" else ""
            together.setdefault((rare.kind, *places, alone), []).append(rare)
    hand_ins = len(found.hand_ins)
    return [_trace_view(alike, first, second, hand_ins) for alike in together.values()]


def _trace_view(
    alike: list[Rare], first: dict[str, Trace], second: dict[str, Trace], hand_ins: int
) -> TraceView:
    left, right = first[alike[0].digest], second[alike[0].digest]
    pictures = [_picture(each.png) for each in (left, right) if each.png]
    return TraceView(
        alike[0].kind,
        (left.place, right.place),
        printable(", ".join(first[each.digest].what for each in alike)),
        _unusual(max(each.sharing for each in alike), hand_ins),
        tuple(pictures) if all(pictures) else (),
    )


def _picture(path: Path) -> str:
    """A PNG as a data: URI; "" for one that is too large or has gone."""
    try:
        data = path.read_bytes() if path.stat().st_size <= _MOST_PNG else b""
    except OSError:
        data = b""
    return f"data:image/png;base64,{b64encode(data).decode()}" if data else ""
