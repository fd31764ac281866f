"""One warm process for each kind of walls, shared by all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from autograder.isolation import NO_WALLS, Walls, WarmProcess, survey
from isolation import ask


@pytest.fixture(scope="session")
def walls() -> Walls:
    """What this machine offers."""
    return survey()


@pytest.fixture(scope="session")
def full(walls: Walls) -> Iterator[WarmProcess]:
    """Behind namespaces and all else that there is."""
    if not walls.namespaces:
        pytest.skip("this machine has no namespaces for us")
    with ask.start(walls) as warm:
        yield warm


@pytest.fixture(scope="session")
def uncounted(walls: Walls) -> Iterator[WarmProcess]:
    """Namespaces, but no control group: a watchdog and rlimits."""
    if not walls.namespaces:
        pytest.skip("this machine has no namespaces for us")
    with ask.start(replace(walls, cgroup=None)) as warm:
        yield warm


@pytest.fixture(scope="session")
def landlocked(walls: Walls) -> Iterator[WarmProcess]:
    """What a kernel without user namespaces and without a cgroup of ours still offers."""
    if not (walls.landlock and walls.seccomp):
        pytest.skip("this machine has no Landlock or no seccomp")
    with ask.start(replace(walls, namespaces=False, cgroup=None)) as warm:
        yield warm


@pytest.fixture(scope="session")
def unwalled() -> Iterator[WarmProcess]:
    """--no-isolation. Only for tasks that harm nothing."""
    with ask.start(NO_WALLS) as warm:
        yield warm
