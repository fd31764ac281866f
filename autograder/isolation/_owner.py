"""Names for what may outlive a process killed by force, so that a later one can clear it away."""

from __future__ import annotations

import os
import re
from pathlib import Path

_PREFIX = "autograder"
_NAME = re.compile(rf"{_PREFIX}-(\w+)-(\d+)-(\d+)-")


def prefix() -> str:
    """A name's beginning that tells whose it is."""
    return f"{_PREFIX}-{_machine()}-{_namespace()}-{os.getpid()}-"


def is_orphan(name: str) -> bool:
    """Whether a thing of that name belonged to a process that is gone.

    False for the processes of another machine (on a shared disk) or of another container, which
    nobody here can tell the dead from the living.
    """
    match = _NAME.match(name)
    if match is None or match.group(1, 2) != (_machine(), _namespace()):
        return False
    return not Path(f"/proc/{match[3]}").exists()


def _machine() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    except OSError:
        return "here"


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return "0"
