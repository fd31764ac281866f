"""A class in simulated time: the scheduler's own code against what no scheduler can beat."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from autograder.engines import Item
from autograder.engines.schedule import Forecast
from benchmarks.scaling import Case, plan
from benchmarks.simulation import Cluster, Outcome, on_a_cluster, on_one_machine
from benchmarks.workloads import FULL, SMALL, Workload, make

STUDENTS = 500


def _last_s(outcomes: tuple[Outcome, Outcome]) -> float:
    return max(each.at_s for outcome in outcomes for each in outcome.ended)


@pytest.mark.parametrize("known", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_one_machine_is_within_ten_percent_of_the_bound(known: float, seed: int) -> None:
    """max(total/slots, longest): with runaways, whether or not anything is known of past times."""
    some = make(STUDENTS, SMALL, Random(seed), known)
    ended = on_one_machine(some.items, some.wall_s, slots=16)
    assert some.bound_s(16) <= ended[-1].at_s <= 1.1 * some.bound_s(16)


@pytest.mark.parametrize("seed", range(3))
def test_gpus_do_not_wait_for_theory(seed: int) -> None:
    """Two lanes, each on its own: the GPUs are as busy as they would be without theory."""
    some = make(STUDENTS, FULL, Random(seed))
    both = on_one_machine(some.items, some.wall_s, slots=1, gpu_slots=8)
    alone = [item for item in some.items if item.accelerated]
    gpus = on_one_machine(alone, some.wall_s, slots=1, gpu_slots=8)
    assert both[-1].at_s == gpus[-1].at_s
    assert both[-1].at_s <= 1.1 * some.bound_s(1, 8)


@pytest.mark.parametrize("seed", range(3))
def test_slurm_is_within_ten_percent_of_the_bound(seed: int) -> None:
    """Tasks that come late, take a minute to start, and nodes that die under them, included."""
    some = make(STUDENTS, FULL, Random(seed))
    outcomes = on_a_cluster(some.items, some.wall_s, Cluster(8, 1), Random(seed))
    assert sum(outcome.deaths for outcome in outcomes) > 0
    assert _last_s(outcomes) <= 1.1 * some.bound_s(4, 8)


def test_tasks_of_four_notebooks_are_not_far_behind() -> None:
    """Slots of a task idle at its end: on average over classes that still costs under a tenth."""
    classes = [make(STUDENTS, SMALL, Random(seed)) for seed in range(6)]
    ratios = [
        _last_s(on_a_cluster(some.items, some.wall_s, Cluster(0, 4), Random(seed)))
        / some.bound_s(16)
        for seed, some in enumerate(classes)
    ]
    assert sum(ratios) / len(ratios) <= 1.1


def test_starts_cost_little() -> None:
    """Of the time for which GPUs are held, at most a twentieth is no notebook's."""
    some = make(STUDENTS, FULL, Random(0))
    cluster = replace(Cluster(8, 1), dies=0.0)
    gpu, _ = on_a_cluster(some.items, some.wall_s, cluster, Random(0))
    assert some.total_s(True) / gpu.held_s > 0.95


def test_each_item_is_done_once_however_many_nodes_die() -> None:
    """Half of all tasks die: what was done stays done, the rest is tried until it is."""
    some = make(100, FULL, Random(0))
    cluster = replace(Cluster(4, 1), dies=0.5, retries=1000)
    outcomes = on_a_cluster(some.items, some.wall_s, cluster, Random(0))
    done = Counter(each.item for outcome in outcomes for each in outcome.ended)
    assert done == Counter(some.items)


def test_the_forecast_is_within_a_fifth_after_a_hundredth() -> None:
    """Foretold and actual end, from the first per cent on; it was told of notebooks' times only."""
    some = _slower(make(STUDENTS, SMALL, Random(1)), 2.0)
    forecast = Forecast(some.items, slots=16)
    ended = on_one_machine(some.items, some.wall_s, slots=16)
    for number, (item, at_s) in enumerate(ended, start=1):
        forecast.finished(item, at_s, some.wall_s[item])
        if 0.01 <= number / len(ended) <= 0.9:
            assert at_s + forecast.left_s(at_s) == pytest.approx(ended[-1].at_s, rel=0.2)


def _slower(some: Workload, times: float) -> Workload:
    """The same on a machine that takes so many times as long."""
    return Workload(some.items, {item: times * wall_s for item, wall_s in some.wall_s.items()})


def test_planning_ten_thousand_students_takes_megabytes() -> None:
    """30,000 items with their expectations, chunks and forecast: nothing of any hand-in is kept."""
    past = {(f"s{number}", name): 60.0 for number in range(10_000) for name in FULL}
    tracemalloc.start()
    items, chunks, _ = plan(past, Case(10_000, 16, 64))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert _count(chunks) == len(items) == 30_000
    assert peak < 32 * 2**20


def _count(chunks: list[list[Item]]) -> int:
    return len({item for chunk in chunks for item in chunk})
