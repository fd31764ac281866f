"""Which walls this machine can put around a task, found by trying.

The kernel decides: user namespaces may be switched off, Landlock may be missing, a container may
forbid mounting, and this may not be Linux at all. Student code runs only where at least files and
network are walled off (`Walls.refuses`), unless the instructor says otherwise.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.isolation import cgroups

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
            _wall("disk", "private tmpfs" if self.namespaces else "", "rlimits"),
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
    """What this machine offers, tried out in a forked child; takes some milliseconds."""
    if sys.platform != "linux":
        return NO_WALLS
    from autograder.isolation import _landlock, _seccomp

    walls = Walls(
        landlock=_landlock.abi(),
        seccomp=_seccomp.supported(),
        cgroup=cgroups.find(),
    )
    if os.getuid() == 0:
        walls = replace(walls, uid=UNPRIVILEGED)
    return replace(walls, namespaces=_can_enter_namespaces(walls))


def _wall(name: str, *held_by: str) -> Wall:
    standing = [mechanism for mechanism in held_by if mechanism]
    return Wall(name, bool(standing), " + ".join(standing) or "nothing this machine offers")


def _can_enter_namespaces(walls: Walls) -> bool:
    """Build the house and a room in a child, as a warm process would; True where that works."""
    from autograder.isolation import house, room
    from autograder.isolation.limits import Limits

    with tempfile.TemporaryDirectory() as root:
        child = os.fork()
        if child == 0:
            try:
                room.become_housekeeper()
                house.build([Path("/usr")], Path(root))
                room.enter_namespaces(walls, Limits(disk_mb=1))
                inner = os.fork()
                if inner == 0:
                    room.mount_proc()
                    os._exit(0)
                os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
            except BaseException:  # whatever the kernel refused, the answer is no
                os._exit(1)
        return os.waitpid(child, 0)[1] == 0
