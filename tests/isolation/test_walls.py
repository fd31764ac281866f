"""What walls say of themselves, and what a survey makes of a kernel that offers less."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.isolation import (
    NO_WALLS,
    IsolationError,
    Limits,
    Walls,
    WarmProcess,
    cgroups,
    survey,
)
from autograder.isolation import walls as module
from autograder.isolation.limits import WarmProcessDied

FULL = Walls(namespaces=True, landlock=7, seccomp=True, cgroup=Path("/sys/fs/cgroup"), uid=65534)


@pytest.mark.parametrize(
    ("walls", "refuses", "fallen"),
    [
        (FULL, False, set()),
        (Walls(namespaces=True), False, {"system calls"}),
        (Walls(landlock=1, seccomp=True), False, {"processes"}),
        (Walls(landlock=1), True, {"network", "processes", "system calls"}),
        (Walls(seccomp=True), True, {"files", "processes"}),
        (Walls(cgroup=Path("/x")), True, {"files", "network", "processes", "system calls"}),
        (NO_WALLS, True, {"files", "network", "processes", "system calls"}),
    ],
)
def test_student_code_needs_files_and_network_walled_off(
    walls: Walls, refuses: bool, fallen: set[str]
) -> None:
    """Each wall says whether it stands; without these two, students' code is refused."""
    assert walls.refuses is refuses
    assert {wall.name for wall in walls.each() if not wall.stands} == fallen
    assert all(wall.by for wall in walls.each())


def test_a_summary_names_walls_and_mechanisms() -> None:
    """One line for reports."""
    assert "files, network, processes" in FULL.summary()
    assert "(by namespaces, Landlock 7, seccomp, cgroup)" in FULL.summary()
    assert "processes" not in Walls(landlock=3, seccomp=True).summary()
    assert NO_WALLS.summary() == "no isolation"


def test_a_survey_finds_walls_that_hold(walls: Walls) -> None:
    """Where they hold at all; and it leaves no warning and no thread."""
    before = threading.active_count()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert survey() == walls
    assert threading.active_count() == before
    assert (walls.uid is None) or os.getuid() == 0


@pytest.mark.parametrize(
    ("stands", "expected"),
    [
        (lambda walls: True, {"namespaces": True, "cgroup": True}),
        (lambda walls: not walls.cgroup, {"namespaces": True, "cgroup": False}),
        (lambda walls: not walls.namespaces, {"namespaces": False, "cgroup": True}),
        (
            lambda walls: not walls.namespaces and not walls.cgroup,
            {"namespaces": False, "cgroup": False},
        ),
    ],
)
def test_a_kernel_that_offers_less_gets_what_it_offers(
    stands: Callable[[Walls], bool], expected: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The survey tries less and less."""
    monkeypatch.setattr(cgroups, "find", lambda: Path("/sys/fs/cgroup"))
    monkeypatch.setattr(module, "_stand", stands)
    found = survey()
    assert found.namespaces is expected["namespaces"]
    assert (found.cgroup is not None) is expected["cgroup"]


def test_a_kernel_that_offers_nothing_gets_no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """And therefore refuses."""
    monkeypatch.setattr(module, "_stand", lambda walls: False)
    assert survey() == NO_WALLS
    assert survey().refuses


@pytest.mark.parametrize("ending", ["time", "died", "memory"])
def test_a_trial_that_is_killed_takes_no_wall_away(
    ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a slow one; a machine short of memory would otherwise grade behind weaker walls."""
    tried: list[Walls] = []

    def try_out(walls: Walls) -> str:
        tried.append(walls)
        if len(tried) == 1:
            raise WarmProcessDied("killed")
        return ending if len(tried) == 2 else "done"

    monkeypatch.setattr(module, "_try_out", try_out)
    assert survey() == tried[0]
    assert tried == [tried[0]] * 3


def test_walls_behind_which_every_trial_ends_do_not_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few, it is the walls."""

    def try_out(walls: Walls) -> str:
        if walls.namespaces:
            raise WarmProcessDied("killed")
        return "done"

    monkeypatch.setattr(module, "_try_out", try_out)
    assert not survey().namespaces


def test_another_system_has_no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and a task cannot be run by mistake."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert survey() == NO_WALLS
    with pytest.raises(IsolationError, match="Linux"):
        WarmProcess((), NO_WALLS)


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("0 0 4294967295", 65534),
        ("0 100000 65536", 65534),
        ("0 1000 1", None),
        ("0 1000 1\n1 100000 65536", 65534),
        ("0 0 1", 65534),
    ],
)
def test_root_becomes_nobody_where_there_is_one(
    mapping: str, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who only seems to be root, in a user namespace of one user, is no root to begin with."""
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(Path, "read_text", lambda self: mapping)
    assert module._unprivileged() == expected


def test_walls_that_the_kernel_refuses_are_an_isolation_error(walls: Walls) -> None:
    """Never a task without them."""
    if not walls.namespaces:
        pytest.skip("this machine has no namespaces for us")
    impossible = Walls(**{**vars(walls), "cgroup": Path("/sys/fs/cgroup/nothing/here")})
    with (
        WarmProcess((), impossible) as warm,
        pytest.raises(IsolationError, match="could not be built"),
    ):
        warm.run("autograder.isolation._trial:task", {}, Limits(), lambda n, d: None)
