"""How long a class takes by the scheduler's own code, in simulated time; docs/scaling.md.

    python -m benchmarks.scaling [--students 200 1000 10000]

Prints makespans against their lower bound, GPU-hours, cost and disk space, how good the forecast
is, and what planning takes. Runs no notebook; a minute.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from autograder.engines import Item
from autograder.engines.schedule import Expectations, Forecast, cut, ordered
from benchmarks.simulation import Cluster, Ended, on_a_cluster, on_one_machine
from benchmarks.workloads import FULL, KNOWN, SMALL, Workload, make

SEED = 6
GPU_HOUR = (0.5, 4.0)  # dollars: assumed, from a university's own to a cloud's on demand
SLOT_HOUR = (0.02, 0.1)  # the same for two processors
STUDENT_MB = 60.0  # measured: the solutions' runs, without what the class shares
SHARED_MB = 59.0  # measured: VGG16's frozen layers, kept once
MACHINES = {200: (4, 4), 1_000: (8, 8), 10_000: (16, 64)}  # slots, GPU slots
PROCESSORS = {200: 8, 1_000: 32, 10_000: 128}  # slots without any GPU

Value = TypeVar("Value")


@dataclass(frozen=True)
class Case:
    """A class, and the slots that it is worked on with; gpu_slots 0: profile small."""

    students: int
    slots: int
    gpu_slots: int = 0

    def make(self, known: float = KNOWN) -> Workload:
        return make(self.students, FULL if self.gpu_slots else SMALL, Random(SEED), known)

    @property
    def profile(self) -> str:
        return "full" if self.gpu_slots else "small"

    @property
    def cluster(self) -> Cluster:
        """As many slots, of Slurm: tasks of one GPU, or of four notebooks without."""
        return Cluster(self.gpu_slots, max(1, self.slots // 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, nargs="+", default=sorted(MACHINES))
    sizes = parser.parse_args().students
    cases = [Case(size, _near(PROCESSORS, size)) for size in sizes]
    cases += [Case(size, *_near(MACHINES, size)) for size in sizes]
    _print("One machine", _local_row, cases)
    _print("Slurm", _slurm_row, cases)
    _print("Cost", _cost_row, cases)
    _print("Forecast", _forecast_row, cases)
    _print("Planning", _planning_row, cases)


def _near(sizes: Mapping[int, Value], size: int) -> Value:
    return sizes[min(sizes, key=lambda each: abs(each - size))]


def _print(title: str, row: Callable[[Case], dict[str, str]], cases: Iterable[Case]) -> None:
    """A table in Markdown: a line for each case."""
    rows = [
        {"students": f"{case.students:,}", "profile": case.profile} | row(case) for case in cases
    ]
    print(f"\n{title}\n\n| {' | '.join(rows[0])} |\n|{'---|' * len(rows[0])}")
    for cells in rows:
        print(f"| {' | '.join(cells.values())} |", flush=True)


def _slots(case: Case) -> str:
    return f"{case.slots} + {case.gpu_slots} GPU" if case.gpu_slots else str(case.slots)


def _local_row(case: Case) -> dict[str, str]:
    some = case.make()
    bound_s = some.bound_s(case.slots, case.gpu_slots)
    last_s = _last(_local(case, some, some.items))
    new = case.make(known=0.0)
    new_s = _last(_local(case, new, new.items))
    by_name = sorted(some.items, key=lambda item: (item.student, item.notebook))
    return {
        "slots": _slots(case),
        "makespan": _hours(last_s),
        "lower bound": _hours(bound_s),
        "ratio": f"{last_s / bound_s:.3f}",
        "nobody known": f"{new_s / new.bound_s(case.slots, case.gpu_slots):.3f}",
        "in order of names": f"{_last(_local(case, some, by_name)) / bound_s:.3f}",
    }


def _local(case: Case, some: Workload, items: Sequence[Item]) -> list[Ended]:
    return on_one_machine(items, some.wall_s, slots=case.slots, gpu_slots=case.gpu_slots)


def _slurm_row(case: Case) -> dict[str, str]:
    some, cluster = case.make(), case.cluster
    outcomes = on_a_cluster(some.items, some.wall_s, cluster, Random(SEED))
    ended = [each for outcome in outcomes for each in outcome.ended]
    bound_s = some.bound_s(case.slots, case.gpu_slots)
    return {
        "tasks at a time": f"{cluster.gpu_tasks} GPU + {cluster.plain_tasks} × {cluster.slots}",
        "makespan": _hours(_last(ended)),
        "lower bound": _hours(bound_s),
        "ratio": f"{_last(ended) / bound_s:.3f}",
        "tasks": f"{sum(outcome.tasks for outcome in outcomes):,}",
        "nodes died": str(sum(outcome.deaths for outcome in outcomes)),
        "done": f"{len(ended):,}",
    }


def _cost_row(case: Case) -> dict[str, str]:
    some = case.make()
    gpu_h, slot_h = some.total_s(True) / 3600, some.total_s(False) / 3600
    low, high = (gpu_h * gpu + slot_h * slot for gpu, slot in zip(GPU_HOUR, SLOT_HOUR, strict=True))
    return {
        "GPU-hours": f"{gpu_h:,.0f}",
        "slot-hours without GPU": f"{slot_h:,.1f}",
        "dollars": f"{low:,.0f}–{high:,.0f}",
        "dollars a student": f"{low / case.students:.2f}–{high / case.students:.2f}",
        "disk": f"{(SHARED_MB + STUDENT_MB * case.students) / 1000:,.0f} GB",
    }


def _forecast_row(case: Case) -> dict[str, str]:
    """What was foretold of the whole when so much of the class was done, by what it took."""
    some = case.make()
    ended = _local(case, some, some.items)
    forecast = Forecast(some.items, slots=case.slots, gpu_slots=case.gpu_slots)
    foretold = [forecast.left_s(0.0)]
    for item, at_s in ended:
        forecast.finished(item, at_s, some.wall_s[item])
        foretold.append(at_s + forecast.left_s(at_s))
    last_s = _last(ended)
    shares = (0.0, 0.01, 0.1, 0.5, 0.9)
    return {f"at {s:.0%}": f"{foretold[int(s * len(ended))] / last_s:.2f}" for s in shares}


def _planning_row(case: Case) -> dict[str, str]:
    some = case.make()
    past = {(item.student, item.notebook): item.expected_s for item in some.items}
    wall_s = _time(lambda: plan(past, case))
    tracemalloc.start()
    kept = plan(past, case)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "items": f"{len(kept[0]):,}",
        "chunks": f"{len(kept[1]):,}",
        "seconds": f"{wall_s:.2f}",
        "memory": f"{now / 2**20:.1f} MB",
        "peak": f"{peak / 2**20:.1f} MB",
    }


def plan(
    past: dict[tuple[str, str], float], case: Case
) -> tuple[list[Item], list[list[Item]], Forecast]:
    """All that a grading keeps in mind of what is due."""
    expectations = Expectations(past)
    items = ordered(
        Item(*key, expectations.expected_s(*key), bool(case.gpu_slots) and key[1] != "theory")
        for key in past
    )
    chunks = cut(items, most=200, slots=4, gpu_slots=1, tasks=case.gpu_slots)
    return items, chunks, Forecast(items, slots=case.slots, gpu_slots=case.gpu_slots)


def _time(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _last(ended: Sequence[Ended]) -> float:
    return max(each.at_s for each in ended)


def _hours(wall_s: float) -> str:
    return f"{wall_s / 3600:.2f} h"


if __name__ == "__main__":
    main()
