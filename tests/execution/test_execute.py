"""What a sandbox is given, and what it may use."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.execution.execute import execute, limits
from autograder.execution.objects import Objects
from autograder.execution.runs import Run, load_run
from autograder.isolation import Ending, IsolationError, Limits, Walls
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
    ) -> Ending:
        assert not reserved
        assert task == "autograder.execution.child:task"
        self.parcel, self.limits = dict(parcel), limits
        for name in ("answers/test_q/q/value.json", "answers/test_q/p/value.json", "reached/x"):
            receive(name, b"{}")
        return Ending("done", "", 1.0, 0.5, 20.0)


def executed(warm: FakeWarm, place: Path, key: str, files: dict[str, bytes] | None = None) -> Run:
    objects = Objects(place.parent / ".objects")
    return execute(warm, PLAN, files or {}, Autograder(), place, key, objects)  # type: ignore[arg-type]


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
            workers=2,
        )
    )
    assert found == Limits(
        wall_s=7.0,
        step_s=3.0,
        cpu_s=74,
        memory_mb=100,
        disk_mb=5,
        file_mb=5,
        processes=9,
        outbox_mb=8,
    )


def test_walls_that_could_not_be_built_leave_the_run_as_it_was(tmp_path: Path) -> None:
    """And nothing beside it."""

    class Broken(FakeWarm):
        def run(self, *_: object) -> Ending:
            raise IsolationError("a wall could not be built")

    place = tmp_path / "run"
    executed(FakeWarm(), place, "before")
    with pytest.raises(IsolationError):
        executed(Broken(), place, "after")
    assert load_run(place).key == "before"  # type: ignore[union-attr]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
