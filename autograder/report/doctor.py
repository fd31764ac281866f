"""What `autograder doctor` looks at beside the walls."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder.course import Course
from autograder.engines.accelerators import GPU
from autograder.engines.slots import Slots, find_slots
from autograder.settings import Autograder, SettingsError

_PACKAGES = ("nbgrader", "ipykernel", "numpy", "matplotlib", "tensorflow", "keras")
_SLURM = ("sbatch", "squeue", "scancel")
_LEDGER = "sacct"  # a cluster may do without


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_well: bool
    found: str


def examine(root: Path) -> list[Finding]:
    """What a grading needs: packages, alembic on PATH, a course that can be read, an engine."""
    return [*_software(), *_course(root)]


def _software() -> Iterator[Finding]:
    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])
    for package in _PACKAGES:
        try:
            yield Finding(package, True, version(package))
        except PackageNotFoundError:
            yield Finding(package, package in ("tensorflow", "keras"), "not installed")
    alembic = shutil.which("alembic")
    yield Finding("alembic (nbgrader calls it)", alembic is not None, alembic or "not on PATH")


def _course(root: Path) -> Iterator[Finding]:
    try:
        course = Course(root)
    except SettingsError as error:
        yield Finding("course", False, str(error))
        return
    assignments = sorted(path.parent.name for path in course.source(".").glob("*/*.ipynb"))
    found = ", ".join(dict.fromkeys(assignments)) or "no assignments in source/"
    yield Finding("course", bool(assignments), f"{course.root}: {found}")
    yield Finding("isolation", course.settings.isolation, str(course.settings.isolation))
    yield Finding("engine", True, course.settings.engine)
    yield from _budgets(course)
    yield from _slurm() if course.settings.engine == "slurm" else _machine(course.settings)


def _budgets(course: Course) -> Iterator[Finding]:
    """Whose they are, where there are any: one of no notebook holds for nothing."""
    budgets = course.settings.budgets.keys()
    notebooks = {path.stem for path in course.source(".").glob("*/*.ipynb")}
    if strange := sorted(budgets - notebooks):
        yield Finding("budgets", False, f"no such notebook in source/: {', '.join(strange)}")
    elif budgets:
        yield Finding("budgets", True, ", ".join(sorted(budgets)))


def _slurm() -> Iterator[Finding]:
    for command in (*_SLURM, _LEDGER):
        found = shutil.which(command)
        yield Finding(command, bool(found) or command == _LEDGER, found or "not on PATH")


def _machine(settings: Autograder) -> Iterator[Finding]:
    slots = find_slots(settings)
    yield _gpus(slots, settings)
    on_processors = f"{len(slots.plain)} on processors"
    on_gpus = f", {len(slots.accelerated)} on GPUs" if slots.accelerated else ""
    threads = f"{slots.threads} thread{'s' * (slots.threads > 1)} each"
    yield Finding("notebooks at a time", True, f"{on_processors}{on_gpus}; {threads}")


def _gpus(slots: Slots, settings: Autograder) -> Finding:
    found = ", ".join(_described(gpu, settings.slots_per_gpu) for gpu in slots.gpus)
    if not found:
        found = slots.missing or "none, by c.Autograder.gpus = 0"
    if len(slots.gpus) < settings.gpus:
        return Finding("GPUs", False, f"{found}; expected c.Autograder.gpus = {settings.gpus}")
    if slots.missing and settings.profile == "full":
        return Finding("GPUs", False, f'{found}; expected one for c.Autograder.profile = "full"')
    return Finding("GPUs", True, found)


def _described(gpu: GPU, slots: int) -> str:
    memory = f"{gpu.memory_mb / 1024:.0f} GB" if gpu.memory_mb else "memory not known"
    return f"{gpu.name} ({memory}{f' for {slots} notebooks' if slots > 1 else ''})"
