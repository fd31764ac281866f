"""Places boxes in rows, top to bottom, and leads long edges around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP_X = 22.0
GAP_Y = 34.0
LANE = 14.0  # the width that an edge takes up where it passes a row
SWEEPS = 6
MAX_LANES = 3_000

Point = tuple[float, float]


@dataclass
class Layout:
    """Centres of the boxes, and the points of every edge from box to box."""

    centres: list[Point] = field(default_factory=list)
    edges: list[list[Point]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def arrange(sizes: Sequence[Point], edges: Sequence[tuple[int, int]]) -> Layout:
    """Lay out boxes of (width, height) with edges (from, to); a box comes after its parents.

    Layered drawing after Sugiyama: rows by longest path, lanes for edges that span rows, order by
    barycentres, then least squares for the places within each row.
    """
    row_of = _rows(len(sizes), edges)
    widths = [width for width, _ in sizes]
    chains: list[list[int]] = []
    for start, end in edges:
        chain = [start]
        if len(widths) - len(sizes) < MAX_LANES:
            for row in range(row_of[start] + 1, row_of[end]):
                chain.append(len(widths))
                widths.append(LANE)
                row_of.append(row)
        chains.append([*chain, end])
    above: list[list[int]] = [[] for _ in widths]
    below: list[list[int]] = [[] for _ in widths]
    for chain in chains:
        for upper, lower in pairwise(chain):
            above[lower].append(upper)
            below[upper].append(lower)
    rows: list[list[int]] = [[] for _ in range(max(row_of, default=-1) + 1)]
    for place, row in enumerate(row_of):
        rows[row].append(place)
    _order(rows, above, below)
    x = _places(rows, widths, above, below)
    _straighten(rows, widths, chains, x)
    left = min((x[p] - widths[p] / 2 for p in range(len(x))), default=0.0)
    x = [each - left for each in x]
    return _finish(sizes, chains, rows, row_of, x, widths)


def _rows(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    rows = [0] * count
    parents: list[list[int]] = [[] for _ in range(count)]
    for start, end in edges:
        parents[end].append(start)
    for place in range(count):
        rows[place] = max((rows[parent] + 1 for parent in parents[place]), default=0)
    return rows


def _order(rows: list[list[int]], above: list[list[int]], below: list[list[int]]) -> None:
    """Sort each row by the mean place of its neighbours, downwards and upwards in turn."""
    rank = {place: float(number) for row in rows for number, place in enumerate(row)}
    wide = [row for row in rows if len(row) > 1]
    for sweep in range(SWEEPS):
        near = below if sweep % 2 else above
        for row in reversed(wide) if sweep % 2 else wide:
            mean = {
                place: sum(rank[each] for each in near[place]) / len(near[place])
                if near[place]
                else rank[place]
                for place in row
            }
            row.sort(key=mean.__getitem__)
            for number, place in enumerate(row):
                rank[place] = number - (len(row) - 1) / 2


def _places(
    rows: list[list[int]], widths: list[float], above: list[list[int]], below: list[list[int]]
) -> list[float]:
    x = [0.0] * len(widths)
    for row in rows:
        _settle(row, widths, [0.0] * len(row), x)
    for _ in range(3 * SWEEPS // 2):
        before = list(x)
        for ways, near in ((rows, above), (rows[::-1], below)):
            for row in ways:
                _settle(row, widths, [_mean(x, near[place] or [place]) for place in row], x)
        if x == before:
            break
    return x


def _mean(x: list[float], places: list[int]) -> float:
    return sum([x[each] for each in places]) / len(places)


def _straighten(
    rows: list[list[int]], widths: list[float], chains: list[list[int]], x: list[float]
) -> None:
    """Lead long edges straight down at their outermost place, around what they pass."""
    wanted = list(x)
    for chain in chains:
        lanes = chain[1:-1]
        middle = (x[chain[0]] + x[chain[-1]]) / 2
        outermost = max((x[lane] for lane in lanes), key=lambda at: abs(at - middle), default=0.0)
        for lane in lanes:
            wanted[lane] = outermost
    for row in rows:
        _settle(row, widths, [wanted[place] for place in row], x)


def _settle(row: list[int], widths: list[float], wanted: list[float], x: list[float]) -> None:
    """As near to `wanted` as the widths allow: least squares by pooling neighbours that collide."""
    if len(row) == 1:
        x[row[0]] = wanted[0]
        return
    pools: list[tuple[float, int]] = []  # mean of (wanted − offset), how many
    offset, offsets = 0.0, []
    for number, place in enumerate(row):
        if number:
            offset += (widths[row[number - 1]] + widths[place]) / 2 + GAP_X
        offsets.append(offset)
        mean, count = wanted[number] - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean = (mean * count + other * more) / (count + more)
            count += more
        pools.append((mean, count))
    number = 0
    for mean, count in pools:
        for _ in range(count):
            x[row[number]] = mean + offsets[number]
            number += 1


def _finish(
    sizes: Sequence[Point],
    chains: list[list[int]],
    rows: list[list[int]],
    row_of: list[int],
    x: list[float],
    widths: list[float],
) -> Layout:
    tops: list[float] = []
    heights: list[float] = []
    top = 0.0
    for row in rows:
        tops.append(top)
        heights.append(max((sizes[p][1] for p in row if p < len(sizes)), default=0.0))
        top += heights[-1] + GAP_Y
    result = Layout(height=max(top - GAP_Y, 0.0))
    result.width = max((x[p] + widths[p] / 2 for p in range(len(x))), default=0.0)
    for place in range(len(sizes)):
        level = row_of[place]
        result.centres.append((x[place], tops[level] + heights[level] / 2))
    for chain in chains:
        first, last = chain[0], chain[-1]
        points = [(x[first], result.centres[first][1] + sizes[first][1] / 2)]
        for lane in chain[1:-1]:
            level = row_of[lane]
            points += [(x[lane], tops[level]), (x[lane], tops[level] + heights[level])]
        points.append((x[last], result.centres[last][1] - sizes[last][1] / 2))
        result.edges.append(points)
    return result
