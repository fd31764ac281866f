"""Where the data lie, and which of the two profiles is meant.

    <root>/downloads/                       the original archives (profile full)
    <root>/students/<profile>/<data set>/   what notebooks read
    <root>/evaluation/<profile>/<data set>/ hidden images: only on the machine that grades

Two environment variables decide: AUTOGRADER_DATA is the root (else .cache/autograder in the home
directory), AUTOGRADER_PROFILE the profile (else small).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.datasets.errors import DataError

SMALL, FULL = "small", "full"
PROFILES = (SMALL, FULL)
MANIFEST = "manifest.json"  # written last: a folder that has one is whole


@dataclass(frozen=True)
class Store:
    """A data directory and a profile. Raises DataError for an unknown profile."""

    root: Path
    profile: str = SMALL

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise DataError(
                f"profile: expected {' or '.join(PROFILES)}, found {self.profile!r}; "
                "set AUTOGRADER_PROFILE or c.Autograder.profile"
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Store:
        """The store that AUTOGRADER_DATA and AUTOGRADER_PROFILE name."""
        root = environment.get("AUTOGRADER_DATA") or cache(environment)
        return cls(Path(root).expanduser(), environment.get("AUTOGRADER_PROFILE") or SMALL)

    @property
    def downloads(self) -> Path:
        return self.root / "downloads"

    def students(self, name: str) -> Path:
        return self.root / "students" / self.profile / name

    def evaluation(self, name: str) -> Path:
        return self.root / "evaluation" / self.profile / name


def cache(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the kit keeps what can be made again, unless told otherwise."""
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograder"


def profile(environment: Mapping[str, str] = os.environ) -> str:
    """The profile that is meant: "small" or "full". Raises DataError for any other."""
    return Store.from_environment(environment).profile


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """What stands in a prepared folder's manifest; None where there is no whole one."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; wait for another process that holds it."""
    from filelock import FileLock

    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what can go wrong with a disk below `folder` into one line."""
    try:
        yield
    except DataError:
        raise
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: cannot be written: {error.strerror or error}; "
            "make room or name another folder with AUTOGRADER_DATA or c.Autograder.data_directory"
        ) from error
