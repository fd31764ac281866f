"""What a sandbox is given, and what it may use."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.execution.execute import execute, limits
from autograder.execution.objects import Objects
from autograder.execution.runs import Run, load_run
from autograder.isolation import Ending, IsolationError, Limits, Slot, Walls
from autograder.notebook.plan import Plan, Step
from autograder.settings import Autograder

PLAN = Plan(
    (
        Step(0, "student", "q = 1", "q"),
        Step(1, "test", "assert q == 1  # SECRET", "test_q", 2.0, frozenset({"q"})),
    )
)
LONG = "/".join(["d" * 200] * 4)  # longer than the name of a piece may be


class FakeWarm:
    """Keeps what a task is given; the task answers what was asked and what was not."""

    walls = Walls()

    def run(
        self,
        task: str,
        parcel: dict[str, bytes],
        limits: Limits,
        receive: Callable[[str, bytes], None],
        *,
        reserved: bool = False,
        environment: Mapping[str, str],
    ) -> Ending:
        assert not reserved
        assert task == "autograder.execution.child:task"
        self.environment = environment
        self.parcel, self.limits = dict(parcel), limits
        for name in ("answers/test_q/q/value.json", "answers/test_q/p/value.json", "reached/x"):
            receive(name, b"{}")
        return Ending("done", "", 1.0, 0.5, 20.0)


def executed(
    warm: FakeWarm,
    place: Path,
    key: str,
    files: dict[str, bytes] | None = None,
    **more: Any,
) -> Run:
    objects = Objects(place.parent / ".objects")
    return execute(warm, PLAN, files or {}, Autograder(), place, key, objects, **more)  # type: ignore[arg-type]


def test_a_sandbox_is_given_no_test(tmp_path: Path) -> None:
    """The student's cells, the names that tests read, and the files, whatever they are called."""
    warm, files = FakeWarm(), {LONG: b"1", "request.json": b"2", "file/0": b"3"}
    executed(warm, tmp_path / "run", "key", files)
    request = json.loads(warm.parcel.pop("request.json"))
    assert request["cells"] == PLAN.execution()
    named = {name: warm.parcel[f"file/{n}"] for n, name in enumerate(request["files"])}
    assert named == files
    assert "SECRET" not in json.dumps(request)


def test_answers_are_taken_for_what_was_asked(tmp_path: Path) -> None:
    """The names that each test reads, and no others."""
    executed(FakeWarm(), tmp_path / "run", "key")
    assert [path.name for path in (tmp_path / "run" / "answers" / "test_q").iterdir()] == ["q"]
    run = load_run(tmp_path / "run")
    assert run is not None
    assert (run.key, run.reached, run.walls) == ("key", (), Walls().summary())


def test_a_sandbox_is_told_where_it_runs(tmp_path: Path) -> None:
    """Its environment goes round the task, its part of the GPU into it; without a slot, nothing."""
    warm = FakeWarm()
    executed(warm, tmp_path / "anywhere", "key")
    assert warm.environment == {}
    assert json.loads(warm.parcel["request.json"])["gpu_memory_fraction"] == 1.0
    environment = {"CUDA_VISIBLE_DEVICES": "GPU-1"}
    executed(warm, tmp_path / "run", "key", slot=Slot("GPU-1", 0.45, environment))
    assert warm.environment == environment
    assert json.loads(warm.parcel["request.json"])["gpu_memory_fraction"] == 0.45


def test_a_run_says_which_gpu_it_had(tmp_path: Path) -> None:
    """So that a report can count GPU-hours; without a slot it had none."""
    executed(FakeWarm(), tmp_path / "with", "key", slot=Slot("GPU-1"))
    executed(FakeWarm(), tmp_path / "without", "key")
    runs = [load_run(tmp_path / name) for name in ("with", "without")]
    assert [run.gpu for run in runs if run] == ["GPU-1", ""]


def test_settings_become_limits() -> None:
    """Each of them."""
    found = limits(
        Autograder(
            notebook_timeout_s=7.0,
            cell_timeout_s=3.0,
            memory_mb=100,
            disk_mb=5,
            processes=9,
            answers_mb=8,
        )
    )
    assert found == Limits(
        wall_s=7.0,
        step_s=3.0,
        cpu_s=7 * 256 + 60,
        memory_mb=100,
        disk_mb=5,
        file_mb=5,
        processes=9,
        outbox_mb=8,
    )


def test_a_notebook_may_have_a_budget_of_its_own() -> None:
    """Of some things; for the rest, and for other notebooks, the settings hold."""
    budgets = {"big": {"notebook_timeout_s": 50, "memory_mb": 200}}
    settings = Autograder(notebook_timeout_s=7.0, cell_timeout_s=3.0, budgets=budgets)
    found = limits(settings, "big")
    assert (found.wall_s, found.step_s, found.memory_mb) == (50.0, 3.0, 200)
    assert found.cpu_s > limits(settings).cpu_s
    assert limits(settings, "other") == limits(settings)
    settings.budgets = {"big": {"cell_timeout_s": 20}}
    assert limits(settings, "big") == replace(limits(settings), step_s=20.0)


def test_a_cell_may_have_a_time_of_its_own() -> None:
    """Under the name by which the child calls its step."""
    timed = Plan((*PLAN.steps[:1], replace(PLAN.steps[0], index=6, timeout_s=90.0)))
    assert limits(Autograder(), plan=timed) == replace(
        limits(Autograder()), steps_s={"cell 7": 90.0}
    )


def test_limits_are_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a notebook that was stopped on one would be run again on another."""
    here = limits(Autograder())
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert limits(Autograder()) == here == limits(Autograder(workers=9))


def test_the_budget_of_the_notebook_is_what_it_runs_in(tmp_path: Path) -> None:
    """By the name that is given with it, and told in the run."""
    warm, objects = FakeWarm(), Objects(tmp_path / ".objects")
    settings = Autograder(budgets={"big": {"memory_mb": 200}})
    for name, memory_mb in (("big", 200), ("small", 4096)):
        run = execute(
            warm,  # type: ignore[arg-type]
            PLAN,
            {},
            settings,
            tmp_path / name,
            "key",
            objects,
            notebook=name,
        )
        assert warm.limits == run.limits == limits(settings, name, PLAN)
        assert warm.limits.memory_mb == memory_mb


def test_walls_that_could_not_be_built_leave_the_run_as_it_was(tmp_path: Path) -> None:
    """And nothing beside it."""

    class Broken(FakeWarm):
        def run(self, *_: object, **__: object) -> Ending:
            raise IsolationError("a wall could not be built")

    place = tmp_path / "run"
    executed(FakeWarm(), place, "before")
    with pytest.raises(IsolationError):
        executed(Broken(), place, "after")
    assert load_run(place).key == "before"  # type: ignore[union-attr]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
