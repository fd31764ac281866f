"""Who descends from whom and what they use, read from /proc.

Whoever is looked at may choose its own name and hide behind a dead main thread, so names are never
decoded and the threads of a process are asked one after another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The descendants of `pid` without itself, zombies among them, as far as /proc shows them."""
    children = defaultdict(list)
    for process in _all():
        if (parent := _parent(process)) is not None:
            children[parent].append(int(process.name))
    found, waiting = [], [pid]
    while waiting:
        born = children[waiting.pop()]
        found += born
        waiting += born
    return found


def threads_of(uid: int) -> int:
    """How many threads all processes of a user have, which is what RLIMIT_NPROC counts."""
    found = (_fields(process / "status") for process in _all())
    return sum(int(f[b"Threads"]) for f in found if f and int(f[b"Uid"].split()[0]) == uid)


def resident_kb(pid: int) -> int:
    """Resident memory that is not a file's, in KiB, shared or not; 0 when the process is gone."""
    for fields in _of_any_thread(pid, "status"):
        if b"RssAnon" in fields:
            return _kb(fields, b"RssAnon") + _kb(fields, b"RssShmem")
    return 0


def share_kb(pid: int) -> int:
    """The same, but what n processes share counts 1/n for each. Slower."""
    for fields in _of_any_thread(pid, "smaps_rollup"):
        if b"Pss_Anon" in fields:
            return _kb(fields, b"Pss_Anon") + _kb(fields, b"Pss_Shmem")
    return resident_kb(pid)  # one that hides its pages is charged for all of them


def _all() -> Iterator[Path]:
    return (entry for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def _parent(process: Path) -> int | None:
    try:
        text = (process / "stat").read_bytes()
    except OSError:  # it ended meanwhile
        return None
    # the name, in parentheses, may hold anything; state and parent follow the last one
    return int(text.rpartition(b")")[2].split()[1])


def _of_any_thread(pid: int, name: str) -> Iterator[dict[bytes, bytes]]:
    """A file's fields from each thread: a main thread that has exited shows no memory."""
    yield _fields(Path(f"/proc/{pid}/{name}"))
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return
    for thread in threads:
        if thread.name != str(pid):
            # a thread's own folder has no smaps_rollup, but it can be reached as a process
            yield _fields(Path(f"/proc/{thread.name}/{name}"))


def _fields(file: Path) -> dict[bytes, bytes]:
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError:
        return {}
    return {name: value for name, _, value in (line.partition(b":") for line in lines) if value}


def _kb(fields: dict[bytes, bytes], name: bytes) -> int:
    return int(fields[name].split()[0]) if name in fields else 0
