"""The view of the file system that a warm process and its tasks live in.

An allow-list: the system's libraries, the Python installation and this package, all read-only, on
an otherwise empty root. A course directory, a gradebook or a home is not hidden from a task: it is
not there. The house is built once by each warm process; every task gets its own room in it (see
room.py).
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path

import autograder
from autograder.isolation import _linux

HOME = Path("/home/student")
SCRATCH = (HOME, Path("/tmp"), Path("/dev/shm"))
_READ_ONLY = _linux.MS_RDONLY | _linux.MS_NOSUID | _linux.MS_NODEV
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = (
    "alternatives",
    "fonts",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "protocols",
    "services",
    "ssl",
)
DRIVER = Path("/.singularity.d/libs")  # where `apptainer --nv` puts the GPU driver's libraries
_DEVICES = ("null", "zero", "full", "random", "urandom")
_PASSWD = f"student:x:1000:1000:student:{HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
_GROUP = "student:x:1000:\nnogroup:x:65534:\n"
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"


def visible(extra: Sequence[Path] = ()) -> tuple[Path, ...]:
    """The paths of this machine that a task may read, and what they really are behind links."""
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()]
    if (users := site.getusersitepackages()) in sys.path:
        python.append(users)
    package = Path(autograder.__file__).parent
    etc = [Path("/etc") / name for name in _ETC]
    wanted = [*map(Path, [*_SYSTEM, *python]), DRIVER, package, *etc, *extra]
    absolute = [path.absolute() for path in wanted if path.exists()]
    return tuple(sorted({*absolute, *(path.resolve() for path in absolute)}))


def outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Those of `paths` that are not below another."""
    found = set(paths)
    return tuple(sorted(path for path in found if found.isdisjoint(path.parents)))


def apart(paths: Iterable[Path], hidden: Iterable[Path]) -> tuple[Path, ...]:
    """`paths` without what is hidden in them, for a wall that can only allow.

    A directory that holds something hidden becomes its entries, so it can no longer be listed.
    What `paths` name below something hidden stays, see build().
    """
    covered = set(hidden)
    waiting = [path for path in paths if path == path.resolve()]
    found = set()
    while waiting:
        path = waiting.pop()
        if path in covered or path.is_symlink():
            continue
        if any(path in below.parents for below in covered):
            waiting += _entries(path)
        else:
            found.add(path)
    return outermost(found)


def accelerators() -> tuple[Path, ...]:
    """The device nodes of this machine's NVIDIA GPUs."""
    return tuple(sorted(path for path in Path("/dev").glob("nvidia*") if path.is_char_device()))


def build(paths: Iterable[Path], root: Path, hidden: Iterable[Path] = ()) -> None:
    """Make `root` (an empty directory) this process's "/", with only `paths` in it, read-only.

    hidden: files and directories (no links) inside one of `paths` that are covered by nothing;
        what `paths` name below a hidden directory is shown all the same.
    Needs CAP_SYS_ADMIN in a mount namespace of its own. Raises OSError where the kernel refuses.
    """
    shown = tuple(paths)
    _linux.mount(None, "/", None, _linux.MS_REC | _linux.MS_PRIVATE)
    _linux.mount("house", str(root), "tmpfs", _linux.MS_NOSUID, "mode=755,size=1m")
    for path in SCRATCH:  # for what is preloaded; every room has its own
        _open(path, root)
    for path in outermost(shown):
        _show(path, root)
    for path in sorted(hidden):
        if any(path.is_relative_to(place) for place in shown):
            cover(path, [place for place in shown if path in place.parents], root)
    _furnish(root)
    (root / "old").mkdir()
    _linux.pivot_root(str(root), str(root / "old"))
    os.chdir("/")
    _linux.unmount("/old")
    Path("/old").rmdir()
    # all tasks share it, and started by an ordinary user they own it
    _linux.mount(None, "/", None, _linux.MS_REMOUNT | _linux.MS_BIND | _READ_ONLY)


def _open(path: Path, root: Path) -> None:
    """Make an empty directory that can be written."""
    place = root / path.relative_to("/")
    place.mkdir(parents=True)
    flags = _linux.MS_NOSUID | _linux.MS_NODEV
    _linux.mount("scratch", str(place), "tmpfs", flags, "size=64m")


def _show(path: Path, root: Path) -> None:
    """Put `path` at the same place below `root`; what is reached through a link, as a link."""
    place = root / path.relative_to("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    if (real := path.resolve()) != path:
        place.symlink_to(real)
        return
    if path.is_dir():
        place.mkdir(exist_ok=True)
    else:
        place.touch()
    _linux.mount(str(path), str(place), None, _linux.MS_BIND | _linux.MS_REC)
    _linux.mount_read_only(str(place))


def cover(path: Path, kept: Sequence[Path] = (), root: Path = Path("/")) -> None:
    """Put nothing in the place of `path` below `root`, but for `kept`."""
    place = root / path.relative_to("/")
    if not place.exists():
        return
    if not place.is_dir():
        _linux.mount("/dev/null", str(place), None, _linux.MS_BIND)
        return
    _linux.mount("hidden", str(place), "tmpfs", _linux.MS_NOSUID, "size=1m,mode=755")
    for shown in outermost(kept):
        _show(shown, root)
    _linux.mount(None, str(place), None, _linux.MS_REMOUNT | _linux.MS_BIND | _READ_ONLY)


def _furnish(root: Path) -> None:
    """The files and empty directories that programs expect of a system."""
    for name in ("etc", "proc", "dev/pts"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, text in (("passwd", _PASSWD), ("group", _GROUP), ("hosts", _HOSTS)):
        (root / "etc" / name).write_text(text)
    for device in [*(Path("/dev") / name for name in _DEVICES), *accelerators()]:
        place = root / device.relative_to("/")
        place.touch()
        _linux.mount(str(device), str(place), None, _linux.MS_BIND)
    links = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
    for name, target in {**links, "ptmx": "pts/ptmx"}.items():
        (root / "dev" / name).symlink_to(target)
    _linux.mount("/proc", str(root / "proc"), None, _linux.MS_BIND | _linux.MS_REC)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
