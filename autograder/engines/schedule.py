"""What begins when, and when all will be done: by how long notebooks took before.

Long notebooks first, so that the last to end are short ones. Nothing here reads a file or a clock.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from statistics import median_low

from autograder.engines.contract import Item

DEFAULT_S = 60.0
LONGEST_S = 24 * 3600.0  # a longer time was a clock that was set or a machine that slept
SHORTEST_CHUNK_S = 300.0  # a task of Slurm takes 20-60 s before its first notebook begins
SHARE = 2 / 3  # larger: slots idle less at the end of tasks; smaller: tasks end closer together
SOME_TASKS = 16  # where Slurm is not told how many may run at the same time
FAMILIAR = 3  # so many expected times weigh as much against a pace as what was measured
LATELY = 0.95  # of what is known of a notebook; so the latest 20 items or so count
OVERDUE = 0.1  # what takes longer than expected will take so much longer yet, and once more at most

Key = tuple[str, str]
"""A student and a notebook."""


class Expectations:
    """How long notebooks will take, by what they and others took the last time.

    past: seconds by student and notebook. solutions: seconds of the author's own, by notebook.
    Times that no clock should tell are passed over.
    """

    def __init__(
        self,
        past: Mapping[Key, float],
        solutions: Mapping[str, float] | None = None,
        *,
        default_s: float = DEFAULT_S,
    ) -> None:
        self._past = {key: wall_s for key, wall_s in past.items() if _credible(wall_s)}
        self._default_s = default_s
        times = defaultdict(list)
        for notebook, wall_s in (solutions or {}).items():
            if _credible(wall_s):
                times[notebook].append(wall_s)  # the author is one of the class
        for (_, notebook), wall_s in self._past.items():
            times[notebook].append(wall_s)
        self._usual = {notebook: median_low(of_class) for notebook, of_class in times.items()}

    def expected_s(self, student: str, notebook: str) -> float:
        """Its own last time; else the median of the class and the author; else the default."""
        own_s = self._past.get((student, notebook))
        return own_s if own_s is not None else self._usual.get(notebook, self._default_s)


def _credible(wall_s: float) -> bool:
    return isfinite(wall_s) and 0 <= wall_s <= LONGEST_S


def ordered(items: Iterable[Item]) -> list[Item]:
    """`items`, those expected to take longest first; equals stay as they come."""
    return sorted(items, key=lambda item: -item.expected_s)


def cut(
    items: Iterable[Item], *, most: int, slots: int, gpu_slots: int = 0, tasks: int = 0
) -> list[list[Item]]:
    """`items` in chunks of at most `most`, in the order in which they should begin.

    slots: how many items a task works on at the same time; gpu_slots: a task whose items use a GPU,
    0 if as many. tasks: how many tasks run at the same time, 0 if nobody knows. Items that use a
    GPU come first and share no chunk with others.
    """
    longest_first, tasks = ordered(items), tasks or SOME_TASKS
    fast = [item for item in longest_first if item.accelerated]
    slow = [item for item in longest_first if not item.accelerated]
    return [*_guided(fast, most, gpu_slots or slots, tasks), *_guided(slow, most, slots, tasks)]


def _guided(items: Sequence[Item], most: int, slots: int, tasks: int) -> Iterator[list[Item]]:
    """Chunks of two thirds of what each task would get of the rest: guided self-scheduling.

    So all tasks end nearly together, whoever comes late or breaks down. No chunk is so short that
    its start would matter, nor has fewer items than slots, but the last.
    """
    rest_s = sum(item.expected_s for item in items)
    chunk: list[Item] = []
    work_s = share_s = 0.0
    for item in items:
        full = len(chunk) >= min(slots, most) and work_s + item.expected_s > share_s
        if chunk and (full or len(chunk) >= most):
            yield chunk
            chunk, rest_s, work_s = [], rest_s - work_s, 0.0
        if not chunk:
            share_s = max(SHARE * rest_s / tasks, SHORTEST_CHUNK_S * slots)
        chunk.append(item)
        work_s += item.expected_s
    if chunk:
        yield chunk


@dataclass
class Measured:
    """Times of some items, as they were and as they had been expected to be."""

    count: float = 0.0
    actual_s: float = 0.0
    expected_s: float = 0.0
    doubt: float = FAMILIAR  # so many items' worth

    def add(self, other: Measured, kept: float = 1.0) -> None:
        """These, with others; `kept` is the part of what was known that still counts."""
        self.doubt *= kept
        self.count = self.count * kept + other.count
        self.actual_s = self.actual_s * kept + other.actual_s
        self.expected_s = self.expected_s * kept + other.expected_s

    def pace(self, otherwise: float) -> float:
        """Actual by expected times, which a few items do not move far from `otherwise`."""
        if not self.expected_s:
            return otherwise
        doubt_s = self.doubt * self.expected_s / self.count
        return (self.actual_s + doubt_s * otherwise) / (self.expected_s + doubt_s)


class Pace:
    """How actual times compare with expected ones: by notebook, leaning on the other notebooks.

    kept: how much of what it has learned still counts after the next item of a notebook.
    """

    def __init__(self, kept: float = 1.0) -> None:
        self._kept = kept
        self._measured: defaultdict[str, Measured] = defaultdict(Measured)

    def learn(self, item: Item, wall_s: float) -> None:
        """That `item` took `wall_s`."""
        self._measured[item.notebook].add(Measured(1, wall_s, item.expected_s), self._kept)

    def of(self, notebook: str) -> float:
        """Times of `notebook` are likely to be so many times the expected ones; above 0."""
        others = Measured()
        for name, each in self._measured.items():
            if name != notebook:
                others.add(each)
        return self._measured[notebook].pace(others.pace(1.0))


class Lane:
    """Items that share some slots, as far as can be told from those that finished."""

    def __init__(self, items: Iterable[Item], slots: int) -> None:
        self._slots = max(1, slots)
        self._waiting = OrderedDict(((item.student, item.notebook), item) for item in items)
        self._waiting_s: defaultdict[str, float] = defaultdict(float)  # by notebook
        for item in self._waiting.values():
            self._waiting_s[item.notebook] += item.expected_s
        self._begun: dict[Key, tuple[Item, float]] = {}
        self._fill(0.0)

    def finished(self, item: Item, now_s: float) -> float:
        """`item` has left its slot, where the next one begins; how long it was there."""
        key = (item.student, item.notebook)
        _, since_s = self._begun.pop(key, (item, now_s))
        if key in self._waiting:
            self._leave(self._waiting.pop(key))
        self._fill(now_s)
        return now_s - since_s

    def left_s(self, pace: Pace, turnover: Pace, now_s: float) -> float:
        """Seconds until the lane is empty: by all its work, or by the longest of it.

        pace: of items that have begun. turnover: of those that wait.
        """
        begun = [
            _rest_s(item.expected_s * pace.of(item.notebook), now_s - since_s)
            for item, since_s in self._begun.values()
        ]
        work_s = sum(work_s * turnover.of(name) for name, work_s in self._waiting_s.items())
        longest = islice(self._waiting.values(), 1)
        waiting = [item.expected_s * turnover.of(item.notebook) for item in longest]
        return max((work_s + sum(begun)) / self._slots, *begun, *waiting, 0.0)

    def _fill(self, now_s: float) -> None:
        while self._waiting and len(self._begun) < self._slots:
            key, item = self._waiting.popitem(last=False)
            self._begun[key] = (item, now_s)
            self._leave(item)

    def _leave(self, item: Item) -> None:
        self._waiting_s[item.notebook] = max(0.0, self._waiting_s[item.notebook] - item.expected_s)


def _rest_s(expected_s: float, so_far_s: float) -> float:
    return max(expected_s - so_far_s, min(OVERDUE * so_far_s, expected_s))


class Forecast:
    """When all of `items` will be done, told of those that are.

    items: in the order in which they begin. gpu_slots: slots for items that use a GPU; 0 where all
    share `slots`. mixed: whether it turns out only in its turn that an item is unchanged, or wants
    no more than grading: then those that wait are like the latest, else all of them run. Times are
    seconds since the first began.
    """

    def __init__(
        self, items: Iterable[Item], *, slots: int, gpu_slots: int = 0, mixed: bool = False
    ) -> None:
        everything = list(items)
        fast = [item for item in everything if item.accelerated and gpu_slots]
        slow = [item for item in everything if not (item.accelerated and gpu_slots)]
        self._fast, self._slow = Lane(fast, gpu_slots), Lane(slow, slots)
        self._split, self._mixed = bool(gpu_slots), mixed
        self._pace = Pace()
        self._turnover = Pace(LATELY) if mixed else self._pace

    def finished(self, item: Item, now_s: float, wall_s: float | None = None) -> None:
        """`item` is done; its code ran for `wall_s`, or was not run at all: None."""
        lane = self._fast if item.accelerated and self._split else self._slow
        there_s = lane.finished(item, now_s)
        if wall_s is not None:
            self._pace.learn(item, wall_s)
        if self._mixed:
            self._turnover.learn(item, there_s)

    def left_s(self, now_s: float) -> float:
        """Seconds until the last is done, never below 0."""
        lanes = self._fast, self._slow
        return max(lane.left_s(self._pace, self._turnover, now_s) for lane in lanes)
