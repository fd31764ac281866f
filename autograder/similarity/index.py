"""All cells of a class against each other, by an inverted index of their fingerprints.

Kept are fingerprints alone, eight bytes each and some thousands for a hand-in, never the texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array  # type: ignore[import-untyped]

from autograder.similarity.cells import Cell
from autograder.similarity.fingerprints import Hashes, Kind
from autograder.similarity.rarity import most_sharing, rarity

_AT_ONCE = 256  # cells whose neighbours are in memory


@dataclass(frozen=True)
class Place:
    """Where a cell stands. student: its number; name, index: as in `Cell`."""

    student: int
    notebook: str
    name: str
    index: int


@dataclass(frozen=True)
class Match:
    """Two students' cells that share rare passages.

    weight: the shared fingerprints, each counted by its rarity. share: of what is rare in the
    shorter of the two, in [0, 1]. sharing: how many hand-ins have the typical shared fingerprint.
    """

    first: Place
    second: Place
    kind: Kind
    weight: float
    share: float
    sharing: int


@dataclass(frozen=True)
class Least:
    """What two cells must share to be shown. weight, share: as in `Match`."""

    weight: float
    share: float


# Chosen on the made-up pairs of benchmarks/similarity.py: docs/similarity.md has the table.
LEAST: dict[Kind, Least] = {"code": Least(10.0, 0.4), "text": Least(10.0, 0.4)}


@dataclass
class Index:
    """The fingerprints of all cells of a kind, filled hand-in by hand-in."""

    kind: Kind
    _places: list[Place] = field(default_factory=list)
    _found: list[Hashes] = field(default_factory=list)
    _hand_ins: set[int] = field(default_factory=set)

    def add(self, student: int, notebook: str, cell: Cell, found: Hashes) -> None:
        """A cell with its fingerprints, those of the release left out."""
        self._hand_ins.add(student)
        if len(found):
            self._places.append(Place(student, notebook, cell.name, cell.index))
            self._found.append(found)

    def common(self) -> Hashes:
        """The fingerprints that too many share."""
        values, sharing = self._sharing()
        return values[sharing > most_sharing(len(self._hand_ins))]

    def matches(self, least: Least) -> Iterator[Match]:
        """The pairs of two students' cells that share enough, in no order."""
        if not self._places:
            return
        values, sharing = self._sharing()
        weights = _weights(sharing, len(self._hand_ins))
        table = self._table(values, weights)
        own = np.asarray(table.sum(axis=1))
        shared_by_two = table.copy()
        shared_by_two.data = np.sqrt(shared_by_two.data)
        for begin in range(0, len(self._places), _AT_ONCE):
            near = (shared_by_two[begin : begin + _AT_ONCE] @ shared_by_two.T).tocoo()
            rows, columns = near.coords[0] + begin, near.coords[1]
            shares = near.data / np.maximum(np.minimum(own[rows], own[columns]), 1e-9)
            is_enough = (near.data >= least.weight) & (shares >= least.share) & (rows < columns)
            for at in np.flatnonzero(is_enough):
                first, second = self._places[rows[at]], self._places[columns[at]]
                if first.student != second.student:
                    typical = self._typical(rows[at], columns[at], values, sharing)
                    weight, share = float(near.data[at]), min(float(shares[at]), 1.0)
                    yield Match(first, second, self.kind, weight, share, typical)

    def _sharing(self) -> tuple[Hashes, NDArray[np.int64]]:
        """All fingerprints, sorted, and how many hand-ins have each."""
        if not self._found:
            return np.empty(0, np.uint64), np.empty(0, np.int64)
        by_student: dict[int, list[Hashes]] = {}
        for place, found in zip(self._places, self._found, strict=True):
            by_student.setdefault(place.student, []).append(found)
        once = [np.unique(np.concatenate(found)) for found in by_student.values()]
        return np.unique(np.concatenate(once), return_counts=True)

    def _table(self, values: Hashes, weights: NDArray[np.float64]) -> csr_array:
        """(cells, fingerprints): a fingerprint's weight in each cell that has it."""
        columns = [np.searchsorted(values, found) for found in self._found]
        ends = np.cumsum([0, *map(len, columns)])
        flat = np.concatenate(columns)
        table = csr_array((weights[flat], flat, ends), shape=(len(columns), len(values)))
        table.eliminate_zeros()
        return table

    def _typical(self, first: int, second: int, values: Hashes, sharing: NDArray[np.int64]) -> int:
        both = np.intersect1d(self._found[first], self._found[second], assume_unique=True)
        counts = sharing[np.searchsorted(values, both)]
        return int(np.median(counts[counts <= most_sharing(len(self._hand_ins))]))


def _weights(sharing: NDArray[np.int64], hand_ins: int) -> NDArray[np.float64]:
    table = np.array([rarity(count, hand_ins) for count in range(int(sharing.max()) + 1)])
    weights: NDArray[np.float64] = table[sharing]
    return weights


def without(found: Hashes, *discounted: Hashes) -> Hashes:
    """`found` less what is in any of `discounted`, which are sorted."""
    for each in discounted:
        if len(each):
            places = np.searchsorted(each, found).clip(max=len(each) - 1)
            found = found[each[places] != found]
    return found
