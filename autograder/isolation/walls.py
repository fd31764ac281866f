"""Which walls this machine can put around a task, found by trying.

The kernel decides: user namespaces may be switched off, Landlock may be missing, a container may
forbid mounting, and this may not be Linux at all. Student code runs only where at least files and
network are walled off (`Walls.refuses`), unless the instructor says otherwise.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.isolation import _trial, cgroups
from autograder.isolation.limits import How, IsolationError, Limits, WarmProcessDied

_TRIALS = 3  # of the same walls
UNPRIVILEGED = 65534  # "nobody": whom root becomes before it enters a room


@dataclass(frozen=True)
class Wall:
    """One wall: what it keeps apart, whether it stands, and what holds it up (or why not)."""

    name: str
    stands: bool
    by: str


@dataclass(frozen=True)
class Walls:
    """The mechanisms that hold a task in; all False is --no-isolation."""

    namespaces: bool = False
    landlock: int = 0  # its ABI; 0 where there is none
    seccomp: bool = False
    cgroup: Path | None = None  # where groups can be made, for each controller below it
    uid: int | None = None  # whom a task runs as, where that is not who started it

    @property
    def files(self) -> bool:
        return self.namespaces or self.landlock > 0

    @property
    def network(self) -> bool:
        return self.namespaces or self.seccomp

    @property
    def refuses(self) -> bool:
        """Whether student code must not run behind so little."""
        return not (self.files and self.network)

    def each(self) -> tuple[Wall, ...]:
        """The walls by what they keep apart, for people to read."""
        namespaces = "namespaces" if self.namespaces else ""
        landlock = f"Landlock (ABI {self.landlock})" if self.landlock else ""
        seccomp = "seccomp" if self.seccomp else ""
        cgroup = "cgroup" if self.cgroup else ""
        watched = "" if cgroup else "rlimits and a watchdog (can be outrun)"
        return (
            _wall("files", namespaces, landlock),
            _wall("network", namespaces, seccomp),
            _wall("processes", namespaces),
            _wall("system calls", seccomp),
            _wall("memory", cgroup, watched),
            _wall("disk", "private tmpfs" if self.namespaces else "rlimits and a watchdog"),
        )

    def summary(self) -> str:
        """One line: the walls that stand."""
        standing = [wall.name for wall in self.each() if wall.stands]
        mechanisms = [
            name
            for name, used in (
                ("namespaces", self.namespaces),
                (f"Landlock {self.landlock}", self.landlock),
                ("seccomp", self.seccomp),
                ("cgroup", self.cgroup),
            )
            if used
        ]
        if not mechanisms:
            return "no isolation"
        return f"{', '.join(standing)} (by {', '.join(mechanisms)})"


NO_WALLS = Walls()


def survey() -> Walls:
    """What this machine offers, tried out on a task that does nothing; takes some 0.2 seconds."""
    if sys.platform != "linux":
        return NO_WALLS
    from autograder.isolation import _landlock, _seccomp

    full = Walls(
        namespaces=True,
        landlock=_landlock.abi(),
        seccomp=_seccomp.supported(),
        cgroup=cgroups.find(),
        uid=_unprivileged(),
    )
    without_cgroup = replace(full, cgroup=None)
    less = (full, without_cgroup, *(replace(w, namespaces=False) for w in (full, without_cgroup)))
    return next((walls for walls in less if _stand(walls)), NO_WALLS)


def _stand(walls: Walls) -> bool:
    """Whether a task gets behind these walls.

    A trial that was killed, or too slow, may tell of the machine alone: it is tried again, lest a
    whole class runs behind weaker ones.
    """
    for _ in range(_TRIALS):
        try:
            if _try_out(walls) == "done":
                return True
        except WarmProcessDied:
            continue
        except (IsolationError, OSError):
            return False
    return False


def _try_out(walls: Walls) -> How:
    from autograder.isolation.client import WarmProcess

    limits = Limits(wall_s=20, memory_mb=256, disk_mb=1, file_mb=1, processes=16, outbox_mb=1)
    with WarmProcess((), walls) as warm:
        return warm.run(f"{_trial.__name__}:task", {}, limits, _ignore).how


def _ignore(name: str, data: bytes) -> None:
    pass


def _unprivileged() -> int | None:
    """Whom a task must run as: nobody, if we are root and there is a nobody."""
    if os.getuid() != 0:
        return None
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    ranges = [tuple(map(int, line.split())) for line in lines]
    if any(first <= UNPRIVILEGED < first + count for first, _, count in ranges):
        return UNPRIVILEGED
    # an ordinary user who only seems to be root, and can become nobody else
    return None if all(outside != 0 for _, outside, _ in ranges) else UNPRIVILEGED


def _wall(name: str, *held_by: str) -> Wall:
    standing = [mechanism for mechanism in held_by if mechanism]
    return Wall(name, bool(standing), " + ".join(standing) or "nothing this machine offers")
