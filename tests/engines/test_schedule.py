"""What begins when, and when all will be done."""

from __future__ import annotations

import math

import pytest

from autograder.engines import Item
from autograder.engines.schedule import (
    DEFAULT_S,
    SHORTEST_CHUNK_S,
    Expectations,
    Forecast,
    cut,
    ordered,
)


def _items(count: int, expected_s: float, notebook: str = "nb", gpu: bool = False) -> list[Item]:
    return [Item(f"s{number}", notebook, expected_s, gpu) for number in range(count)]


def _work_s(chunk: list[Item]) -> float:
    return sum(item.expected_s for item in chunk)


def test_own_last_time_counts_most() -> None:
    """Who was slow the last time is expected to be slow again, whatever the class takes."""
    expectations = Expectations({("ann", "nb"): 900, ("bob", "nb"): 5, ("cy", "nb"): 6})
    assert expectations.expected_s("ann", "nb") == 900


def test_new_hand_ins_take_what_is_usual() -> None:
    """Half of the class took less, half more; one runaway does not move that."""
    past = {(f"s{number}", "nb"): float(number) for number in range(1, 10)} | {("x", "nb"): 1200.0}
    assert Expectations(past).expected_s("new", "nb") == 5


def test_the_author_comes_before_a_guess() -> None:
    """Without a class there is the solution; without that, the default."""
    expectations = Expectations({}, {"nb": 42})
    assert expectations.expected_s("ann", "nb") == 42
    assert expectations.expected_s("ann", "other") == DEFAULT_S


@pytest.mark.parametrize("absurd_s", [-3.0, math.nan, math.inf, 1e9])
def test_times_that_cannot_be_are_passed_over(absurd_s: float) -> None:
    """A clock that was set, a machine that slept: as if it had never been measured."""
    expectations = Expectations({("ann", "nb"): absurd_s}, {"nb": 42})
    assert expectations.expected_s("ann", "nb") == 42
    assert Expectations({}, {"nb": absurd_s}).expected_s("ann", "nb") == DEFAULT_S


def test_one_long_first_time_does_not_speak_for_the_class() -> None:
    """The first that was graded ran into its limit; the author knows better."""
    assert Expectations({("ann", "nb"): 1200}, {"nb": 42}).expected_s("bob", "nb") == 42


def test_longest_first_and_equals_as_they_come() -> None:
    """Descending times; the order of names stays where times are equal."""
    short, long = _items(3, 1.0), _items(3, 9.0)
    assert ordered([*short, *long]) == [*long, *short]


def test_chunks_hold_each_item_once() -> None:
    """Nothing is lost in cutting, nothing doubled, and nothing exceeds `most`."""
    items = [*_items(500, 30.0, "long", gpu=True), *_items(500, 1.0, "short")]
    chunks = cut(items, most=40, slots=4, gpu_slots=1, tasks=8)
    assert sorted(item for chunk in chunks for item in map(_key, chunk)) == sorted(map(_key, items))
    assert max(map(len, chunks)) <= 40


def _key(item: Item) -> tuple[str, str]:
    return item.student, item.notebook


def test_a_gpu_is_not_kept_for_others() -> None:
    """Who uses a GPU shares no chunk with who does not, and is first in the queue."""
    items = [*_items(30, 200.0, "b"), *_items(30, 100.0, "a", gpu=True)]
    kinds = [{item.accelerated for item in chunk} for chunk in cut(items, most=9, slots=1, tasks=2)]
    assert all(len(kind) == 1 for kind in kinds)
    assert kinds == sorted(kinds, key=lambda kind: kind == {False})


def test_chunks_shrink_towards_the_end() -> None:
    """Large ones first, so that few starts are paid; small ones last, so that no task is late."""
    sizes = [len(chunk) for chunk in cut(_items(2000, 60.0), most=1000, slots=1, tasks=4)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 300
    assert sizes[-2] == SHORTEST_CHUNK_S / 60.0


def test_short_notebooks_travel_together() -> None:
    """Twenty seconds of work are one task, however many could run at the same time."""
    assert len(cut(_items(20, 1.0), most=200, slots=1, tasks=16)) == 1


def test_no_chunk_is_too_small_for_its_slots() -> None:
    """Where four items run at a time, two of them in a task would waste half of it."""
    sizes = [len(chunk) for chunk in cut(_items(40, 1000.0), most=20, slots=4, tasks=16)]
    assert sizes == [4] * 10


def test_slots_with_a_gpu_have_their_own_number() -> None:
    """One at a time on the GPU, four at a time beside it."""
    items = [*_items(8, 1000.0, "a", gpu=True), *_items(8, 1000.0, "b")]
    sizes = [len(chunk) for chunk in cut(items, most=20, slots=4, gpu_slots=1, tasks=16)]
    assert sizes == [1] * 8 + [4] * 2


def test_nothing_is_cut_into_nothing() -> None:
    """No items, no task."""
    assert cut([], most=20, slots=4) == []


def test_first_forecast_is_all_work_by_all_slots() -> None:
    """Before anything is known: expected times, divided among the slots."""
    assert Forecast(_items(100, 10.0), slots=4).left_s(0) == pytest.approx(250)


def test_forecast_counts_down() -> None:
    """Where all goes as expected, time passed and time left add up."""
    items = _items(100, 10.0)
    forecast = Forecast(items, slots=1)
    for number, item in enumerate(items[:-1], start=1):
        forecast.finished(item, number * 10.0, 10.0)
        assert forecast.left_s(number * 10.0) == pytest.approx(1000 - number * 10.0)
    assert forecast.left_s(994.0) == pytest.approx(6.0)
    forecast.finished(items[-1], 1000.0, 10.0)
    assert forecast.left_s(1000.0) == 0


def test_forecast_learns_that_the_machine_is_slow() -> None:
    """Notebooks take three times as long as the last time: soon so does the forecast."""
    items = _items(1000, 10.0)
    forecast = Forecast(items, slots=1)
    for number, item in enumerate(items[:100], start=1):
        forecast.finished(item, number * 30.0, 30.0)
    assert forecast.left_s(3000.0) == pytest.approx(27_000, rel=0.05)


def test_one_runaway_does_not_frighten_the_forecast() -> None:
    """The first to finish took 20 times what was expected: not all others will."""
    items = _items(1000, 10.0)
    forecast = Forecast(items, slots=1)
    forecast.finished(items[0], 200.0, 200.0)
    assert forecast.left_s(200.0) < 10_000 * 6


def test_what_is_learned_of_one_notebook_says_little_of_another() -> None:
    """Trainings are twice as slow; theory, measured as well, is not."""
    long, short = _items(300, 100.0, "long"), _items(300, 1.0, "short")
    forecast = Forecast([*short, *long], slots=1)
    now_s = 0.0
    for item, wall_s in [(each, 1.0) for each in short[:200]] + [(each, 200.0) for each in long]:
        now_s += wall_s
        forecast.finished(item, now_s, wall_s)
    assert forecast.left_s(now_s) == pytest.approx(100, rel=0.1)


def test_unchanged_hand_ins_teach_nothing() -> None:
    """900 that are done at once do not mean that the other 100 will be."""
    items = _items(1000, 10.0)
    forecast = Forecast(items, slots=2)
    for item in items[:900]:
        forecast.finished(item, 0.0)
    assert forecast.left_s(0.0) == pytest.approx(500)


def _mixed(items: list[Item], spent_s: list[tuple[float, bool]]) -> tuple[Forecast, float]:
    """A forecast on one slot, told how long each of the first items took and whether it ran."""
    forecast, now_s = Forecast(items, slots=1, mixed=True), 0.0
    for item, (wall_s, ran) in zip(items, spent_s, strict=False):
        now_s += wall_s
        forecast.finished(item, now_s, wall_s if ran else None)
    return forecast, now_s


def test_a_regrade_is_foretold_by_what_grading_takes() -> None:
    """Trainings took 200 s, but only tests have changed: one second each, as is soon found out."""
    forecast, now_s = _mixed(_items(1000, 200.0), [(1.0, False)] * 150)
    assert forecast.left_s(now_s) == pytest.approx(850 + 199, rel=0.1)  # the next may want running


def test_a_resumed_grading_is_foretold_by_halves() -> None:
    """Every other notebook is done already: so are, by all that is known, those that wait."""
    forecast, now_s = _mixed(_items(1000, 200.0), [(0.01, False), (200.0, True)] * 100)
    assert forecast.left_s(now_s) == pytest.approx(800 * 100, rel=0.1)


def test_unchanged_ones_are_forgotten_once_others_come() -> None:
    """900 were unchanged, then each one had to run: after 40 of these, so will the others."""
    forecast, now_s = _mixed(_items(1000, 10.0), [(0.0, False)] * 900 + [(10.0, True)] * 40)
    assert forecast.left_s(now_s) == pytest.approx(600, rel=0.2)


def test_lanes_are_waited_for_at_the_same_time() -> None:
    """The longer of both lanes decides; GPU slots do nobody else's work."""
    items = [*_items(10, 100.0, "a", gpu=True), *_items(10, 30.0, "b")]
    assert Forecast(items, slots=1, gpu_slots=1).left_s(0) == pytest.approx(1000)
    assert Forecast(items, slots=1, gpu_slots=0).left_s(0) == pytest.approx(1300)


def test_the_longest_decides_at_the_end() -> None:
    """One long item among many slots takes as long as it takes."""
    items = [*_items(1, 500.0, "long"), *_items(20, 1.0)]
    assert Forecast(items, slots=64).left_s(0) == pytest.approx(500)


def test_what_is_overdue_is_not_done() -> None:
    """The last runs far over what was expected: some time is left, never less than none."""
    (item,) = _items(1, 10.0)
    assert 0 < Forecast([item], slots=4).left_s(100.0) < 100


def test_results_may_come_in_any_order_and_twice() -> None:
    """Slurm's tasks finish what another order would have begun later; nothing is counted twice."""
    items = _items(50, 10.0)
    forecast = Forecast(items, slots=2)
    for item in [*reversed(items), *items]:
        forecast.finished(item, 0.0)
    assert forecast.left_s(0.0) == 0
