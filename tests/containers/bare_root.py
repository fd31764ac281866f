"""A bare Debian in a folder, to install into: what a container's base image is.

Made by debootstrap of this machine's own release, from the package sources that this machine is set
up for; commands run in it as in a container, with it as their "/", in mount and process namespaces
that end with them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# pivot_root rather than chroot: in a chroot the kernel allows no user namespaces, hence no walls.
# The last line takes off what unshare --keep-caps has left to an ordinary user.
_ENTER = """
set -eu
root=$1; shift
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  shift 2
done
shift
cd "$root"
pivot_root . .
umount --lazy .
cd /
exec setpriv --inh-caps=-all --ambient-caps=-all "$@"
"""
_SPACES = ("--mount", "--pid", "--fork", "--kill-child")  # process 1 dies, and with it all others
_USER = 1000
_GIVEN = Path("/given")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PIP_FILES = ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")


Done = subprocess.CompletedProcess[str]


def missing() -> str:
    """Why no bare root can be made here; empty where one can."""
    if os.getuid() != 0:
        return "debootstrap needs root"
    if shutil.which("debootstrap") is None:
        return "debootstrap is not installed"
    return ""


@dataclass(frozen=True)
class BareRoot:
    """A root folder; `lent` are folders of this machine and where they appear in it."""

    path: Path
    lent: tuple[tuple[Path, Path], ...] = ()

    def run(self, *command: str, timeout_s: float, cwd: str = "/") -> Done:
        """Run a command in it as root; whatever it started ends with it."""
        lent = [str(part) for pair in self.lent for part in pair]
        entering = ["unshare", *_SPACES, "bash", "-c", _ENTER, "bash", str(self.path), *lent, "--"]
        return _run(
            [*entering, "env", "-i", f"--chdir={cwd}", *_environment(), *command], timeout_s
        )

    def run_as_user(self, *command: str, timeout_s: float, cwd: str = "/") -> Done:
        """The same as an ordinary user in a user namespace of one's own, as Apptainer does it.

        Nothing is lent, and no program can give more rights.
        """
        # where the user can get to, which pytest's folders are not
        place = "/mnt"
        user = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"]
        spaces = ["unshare", "--user", "--map-current-user", "--keep-caps", *_SPACES]
        entering = [*user, *spaces, "bash", "-c", _ENTER, "bash", place, "--", "--no-new-privs"]
        inside = ["env", "-i", f"--chdir={cwd}", *_environment(), "HOME=/tmp", *command]
        binding = 'mount --bind "$1" "$2"; shift 2; exec "$@"'
        lending = ["unshare", "--mount", "bash", "-c", binding, "bash", str(self.path), place]
        return _run([*lending, *entering, *inside], timeout_s)


def _run(command: list[str], timeout_s: float) -> Done:
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def make(folder: Path) -> BareRoot:
    """A bare root in `folder`, which finds packages as this machine does."""
    _debootstrap(folder)
    for name in ("hosts", "resolv.conf"):
        shutil.copy(Path("/etc", name), folder / "etc" / name)
    for path in Path("/etc/apt/apt.conf.d").glob("*"):
        shutil.copy(path, folder / "etc/apt/apt.conf.d")
    for name in _PIP_FILES:
        if (path := Path(name).expanduser()).is_file():
            _copy(path, folder / str(name.replace("~", "root")).lstrip("/"))
    if authorities := os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE"):
        _copy(Path(authorities), folder / "given" / "authorities.crt")
    cache = Path(_pip("cache", "dir").strip())
    cache.mkdir(parents=True, exist_ok=True)
    return BareRoot(folder, ((cache, _GIVEN / "cache"), *((path, path) for path in _pip_folders())))


def _debootstrap(folder: Path) -> None:
    codename = _os_release()["VERSION_CODENAME"]
    # the first of this machine's sources; none: debootstrap's own
    told = ["Created-By: Packages", f"Codename: {codename}"]
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", *told]
    mirrors = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    command = ["debootstrap", "--variant=minbase", codename, str(folder), *mirrors[:1]]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: value.strip('"') for name, _, value in pairs}


def _pip(*arguments: str) -> str:
    command = [sys.executable, "-m", "pip", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _pip_folders() -> Iterator[Path]:
    """Folders of this machine that pip is set up to find packages in."""
    values = (line.partition("=")[2].strip("'\"") for line in _pip("config", "list").splitlines())
    words = (word.removeprefix("file://") for value in values for word in value.split())
    found = {Path(word) for word in words if word.startswith("/") and Path(word).is_dir()}
    # the pages of an index point to files beside it
    yield from sorted(path.parent if path.name == "simple" else path for path in found)


def _environment() -> list[str]:
    """What commands find in their environment: of this machine's, the way to packages only."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    found = {**ours, **proxies, "PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8"}
    found["PIP_CACHE_DIR"] = str(_GIVEN / "cache")
    if os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE"):
        found["PIP_CERT"] = str(_GIVEN / "authorities.crt")
    return [f"{name}={value}" for name, value in found.items()]


def _copy(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, place)
