"""A large class in the gradebook: score tables and what formgrader asks, ours against nbgrader's.

    python -m benchmarks.gradebook [--students 1000]

Tables: `autograder scores` by format, and `nbgrader export`, which knows csv alone. formgrader: the
calls behind its pages, on the gradebook as nbgrader makes it and as the kit does (with indexes).
Prints seconds, ratios, and what starting each command takes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from sqlalchemy import create_engine, inspect, text

from autograder.course import Course
from autograder.grading.database import INDEXES
from benchmarks.gradebooks import ASSIGNMENT, NOTEBOOKS, make_class


def main() -> None:
    # nbgrader calls alembic by name, also when this environment is not activated
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=1000)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # SQLAlchemy's, on nbgrader's queries
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        kit, stock = Path(folder) / "kit", Path(folder) / "stock"
        course = make_class(kit, arguments.students)
        shutil.copytree(kit, stock)
        drop_indexes(stock)
        print(f"{arguments.students} students × {len(NOTEBOOKS)} notebooks, {os.cpu_count()} CPUs")
        compare_tables(kit, stock)
        compare_answers(course, Course(stock))


def drop_indexes(course: Path) -> None:
    """Leave the gradebook as nbgrader alone makes it."""
    engine = create_engine(f"sqlite:///{course}/gradebook.db")
    with engine.begin() as connection:
        for name in INDEXES:
            connection.execute(text(f"DROP INDEX {name}"))
    assert not any(index["name"] in INDEXES for index in inspect(engine).get_indexes("grade"))
    engine.dispose()


def compare_tables(kit: Path, stock: Path) -> None:
    stock_s = command_s(stock, "nbgrader", "export", "--to", "grades.csv")
    print(f"  {'nbgrader export':34} {stock_s:7.2f} s")
    for form in ("csv", "table", "json"):
        wall_s = command_s(kit, "autograder", "scores", ASSIGNMENT, "--format", form)
        ratio = f"  ratio {stock_s / wall_s:.1f}" if form == "csv" else ""
        print(f"  {f'autograder scores --format {form}':34} {wall_s:7.2f} s{ratio}")
    for program in ("nbgrader", "autograder"):
        start_s = command_s(kit, program, *STARTS[program])
        print(f"  {f'of that, {program} starting':34} {start_s:7.2f} s", flush=True)


# A command that imports the same and then has nothing to do.
STARTS: Mapping[str, tuple[str, ...]] = {
    "nbgrader": ("export", "--version"),
    "autograder": ("feedback", "--help"),
}


def compare_answers(ours: Course, stock: Course) -> None:
    for name, ask in QUESTIONS.items():
        stock_s, ours_s = (answer_s(ask, course) for course in (stock, ours))
        print(
            f"  formgrader: {name:22} nbgrader {stock_s:7.2f} s  with the kit's indexes "
            f"{ours_s:6.2f} s  ratio {stock_s / ours_s:.1f}",
            flush=True,
        )


QUESTIONS: Mapping[str, Callable[[NbGraderAPI], Any]] = {
    "assignments": lambda api: api.get_assignments(),
    "manage submissions": lambda api: api.get_submissions(ASSIGNMENT),
    "notebook submissions": lambda api: api.get_notebook_submissions(ASSIGNMENT, NOTEBOOKS[0]),
    "the next to mark": lambda api: api.get_notebook_submission_indices(ASSIGNMENT, NOTEBOOKS[0]),
    "students": lambda api: api.get_students(),
    "one student": lambda api: api.get_student_submissions("student-00000"),
    "one hand-in": lambda api: api.get_submission(ASSIGNMENT, "student-00000"),
}


def answer_s(ask: Callable[[NbGraderAPI], Any], course: Course) -> float:
    api = NbGraderAPI(course.directory, config=course.config)
    began = time.monotonic()
    if not ask(api):
        sys.exit(f"{course.root}: formgrader got no answer")
    return time.monotonic() - began


def command_s(course: Path, program: str, *arguments: str) -> float:
    """Run a console script of this environment in `course`; it must not fail."""
    script = Path(sys.executable).parent / program
    environment = os.environ | {"PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}
    began = time.monotonic()
    done = subprocess.run(
        [script, *arguments], cwd=course, env=environment, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(f"{program} {' '.join(arguments)} ended with {done.returncode}: {done.stderr!r}")
    return time.monotonic() - began


if __name__ == "__main__":
    main()
