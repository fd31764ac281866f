"""The pairs of students of a class whose hand-ins are too much alike, the strongest first."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import numpy as np

from autograder.course import Course, HandIn
from autograder.notebook.reading import NotebookError
from autograder.similarity.cells import Release, own_cells, releases
from autograder.similarity.fingerprints import Hashes, Kind, fingerprints
from autograder.similarity.index import LEAST, Index, Match, without
from autograder.similarity.traces import Rare, Trace, Traces, given, traces

Report = Callable[[int, int], None]
_TRACE_WEIGHT = {"figure": 10.0, "weights": 2.0, "history": 5.0}  # a network has many layers
_MOST_TRACE_WEIGHT = 40.0  # of a pair: digests repeat what the code says already


@dataclass(frozen=True)
class Pair:
    """Two students, numbers into `Found.hand_ins`, and what they share, the strongest first.

    weight: what it all comes to, in rare passages; the page's order.
    """

    first: int
    second: int
    matches: tuple[Match, ...]
    traces: tuple[Rare, ...]

    @property
    def weight(self) -> float:
        by_traces = sum(_TRACE_WEIGHT[each.kind] * each.weight for each in self.traces)
        return sum(each.weight for each in self.matches) + min(by_traces, _MOST_TRACE_WEIGHT)


@dataclass(frozen=True)
class Found:
    """What was looked at and found. remarks: what could not be read, a line each.

    discounted: by kind, the fingerprints of the release and those that many share.
    """

    hand_ins: tuple[HandIn, ...]
    releases: dict[str, Release]
    pairs: tuple[Pair, ...]
    discounted: dict[Kind, Hashes]
    remarks: tuple[str, ...]


@dataclass
class _Class:
    """What is known of a class as its hand-ins go by."""

    traces: Traces
    indices: dict[Kind, Index] = field(
        default_factory=lambda: {kind: Index(kind) for kind in get_args(Kind)}
    )
    remarks: list[str] = field(default_factory=list)


def find_pairs(course: Course, assignment: str, report: Report | None = None) -> Found:
    """Compare all hand-ins of an assignment; one is in memory at a time, then fingerprints alone.

    report: called with how many hand-ins are read, and of how many. Raises CourseError or
    NotebookError where the source is wrong.
    """
    released = {each.notebook: each for each in releases(course, assignment)}
    hand_ins, refusals = course.hand_ins(assignment)
    seen = _Class(Traces(given(course.runs(assignment))))
    seen.remarks += [f"{each.folder}: {each.reason}" for each in refusals]
    for number, hand_in in enumerate(hand_ins):
        for release in released.values():
            _read(hand_in, number, release, seen)
        seen.traces.add(number, traces_of(course, hand_in, released))
        if report:
            report(number + 1, len(hand_ins))
    matches = {kind: list(index.matches(LEAST[kind])) for kind, index in seen.indices.items()}
    return Found(
        tuple(hand_ins),
        released,
        tuple(_ranked(matches, seen.traces)),
        {kind: _discounted(kind, index, released) for kind, index in seen.indices.items()},
        tuple(seen.remarks),
    )


def _read(hand_in: HandIn, number: int, release: Release, seen: _Class) -> None:
    path = hand_in.folder / f"{release.notebook}.ipynb"
    if not path.exists():
        return
    try:
        cells = own_cells(path, release)
    except (NotebookError, OSError) as error:
        seen.remarks.append(f"{hand_in.student}, {_without(hand_in.folder, str(error))}")
        return
    for cell in cells:
        found = without(fingerprints(cell.text, cell.kind), release.hashes[cell.kind])
        seen.indices[cell.kind].add(number, release.notebook, cell, found)


def _without(folder: Path, text: str) -> str:
    return text.replace(f"{folder}{os.sep}", "")


def traces_of(course: Course, hand_in: HandIn, released: dict[str, Release]) -> dict[str, Trace]:
    """The traces of a hand-in's runs, by digest."""
    found: dict[str, Trace] = {}
    for notebook in released:
        found |= traces(course.run(hand_in, notebook))
    return found


def _ranked(matches: dict[Kind, list[Match]], seen: Traces) -> list[Pair]:
    by_pair: dict[tuple[int, int], list[Match]] = defaultdict(list)
    for match in (each for found in matches.values() for each in found):
        by_pair[match.first.student, match.second.student].append(match)
    rare = seen.pairs()
    pairs = [
        Pair(*both, tuple(best(by_pair[both])), tuple(rare.get(both, ())))
        for both in sorted(by_pair.keys() | rare.keys())
    ]
    return sorted(pairs, key=lambda pair: (-pair.weight, pair.first, pair.second))


def best(matches: list[Match]) -> Iterator[Match]:
    """The strongest match of each cell: one that resembles several of the other's is told once."""
    taken = set()
    for match in sorted(matches, key=lambda each: -each.weight):
        if match.first not in taken and match.second not in taken:
            yield match
        taken |= {match.first, match.second}


def _discounted(kind: Kind, index: Index, released: dict[str, Release]) -> Hashes:
    return np.unique(
        np.concatenate([index.common(), *(each.hashes[kind] for each in released.values())])
    )
