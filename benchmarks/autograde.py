"""`autograder grade` against stock `nbgrader autograde` on the same hand-ins.

    python -m benchmarks.autograde [--students 60] [--case theory|tensorflow] [--regrade]

Two cases: the theory notebook, and the same importing TensorFlow. Both sides start from hand-ins
and an empty column in the gradebook, and end with every test scored in it, which is checked. With
--regrade a hidden test is changed and all is graded once more. Prints seconds, seconds a hand-in,
the ratio, and the peak memory of a process of each side.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from demo.hand_ins import fill, hand_in, solutions

ROOT = Path(__file__).parent.parent
WORKERS = 2
CASES = ("theory", "tensorflow")
_STOCK = """\
c = get_config()
c.CourseDirectory.course_id = "deep-learning"
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.ClearMarkScheme.enforce_metadata = False
c.Execute.timeout = 300
"""


@dataclass(frozen=True)
class Timing:
    """One side of a case. peak_mb: of its largest process."""

    wall_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=60)
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--regrade", action="store_true")
    arguments = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="benchmark-") as folder:
        for case in arguments.case or CASES:
            compare(case, arguments.students, Path(folder) / case, arguments.regrade)


def compare(case: str, students: int, folder: Path, regrade: bool) -> None:
    """Time both sides of one case and print them."""
    ours, stock = folder / "kit", folder / "stock"
    make_course(ours, students, case)
    shutil.copytree(ours, stock)
    (stock / "nbgrader_config.py").write_text(_STOCK)
    kit = timed(ours, "autograder", "grade", "cnn", "--workers", str(WORKERS))
    old = timed(stock, "nbgrader", "autograde", "cnn")
    for course in (ours, stock):
        check(course, students)
    print(f"\n{case}: {students} hand-ins, {os.cpu_count()} processors")
    tell(students, old, kit)
    runs = ours.glob("runs/cnn/*/theory/run.json")
    peaks = [json.loads(run.read_text())["ending"]["peak_mb"] for run in runs]
    print(f"  {'one notebook of ours':20} at most {max(peaks):.0f} MB of its own", flush=True)
    if regrade:
        for course in (ours, stock):
            change_a_test(course / "source" / "cnn" / "theory.ipynb")
        timed(ours, "autograder", "release", "cnn")
        timed(stock, "nbgrader", "generate_assignment", "cnn", "--force")
        kit = timed(ours, "autograder", "grade", "cnn", "--workers", str(WORKERS))
        old = timed(stock, "nbgrader", "autograde", "cnn", "--force")
        for course in (ours, stock):
            check(course, students)
        print(f"\n{case}, after a changed test")
        tell(students, old, kit)


def tell(students: int, old: Timing, kit: Timing) -> None:
    for name, timing in (("nbgrader autograde", old), ("autograder grade", kit)):
        print(
            f"  {name:20} {timing.wall_s:8.1f} s  {timing.wall_s / students:6.3f} s a hand-in  "
            f"peak {timing.peak_mb:5.0f} MB in one process"
        )
    print(f"  ratio {old.wall_s / kit.wall_s:.1f}", flush=True)


def change_a_test(path: Path) -> None:
    """Write a comment into the first hidden test: another test, the same points."""
    made = nbformat.read(path, as_version=4)
    mark = "### BEGIN HIDDEN TESTS"
    test = next(cell for cell in made.cells if mark in cell.source)
    test.source = test.source.replace(mark, f"{mark}\n# another version", 1)
    nbformat.write(made, path)


def make_course(course: Path, students: int, case: str) -> None:
    """A released course with solved hand-ins."""
    (course / "source" / "cnn").mkdir(parents=True)
    shutil.copy(ROOT / "source" / "cnn" / "theory.ipynb", course / "source" / "cnn")
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, course)
    timed(course, "autograder", "release", "cnn")
    released = nbformat.read(course / "release" / "cnn" / "theory.ipynb", as_version=4)
    solved = nbformat.read(course / "solutions" / "cnn" / "theory.ipynb", as_version=4)
    sources = solutions(solved)
    if case == "tensorflow":
        sources["q1"] = "import tensorflow as tf\n" + sources["q1"]
    filled = fill(released, sources)
    for number in range(students):
        hand_in(filled, course / "submitted", f"student-{number:03}")


def timed(course: Path, program: str, *arguments: str) -> Timing:
    """Run a console script of this environment in `course`; it must not fail."""
    script = Path(sys.executable).parent / program
    environment = os.environ | {"PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}
    began = time.monotonic()
    process = subprocess.Popen(
        [script, *arguments], cwd=course, env=environment, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{program} {' '.join(arguments)} ended with {process.returncode}")
    return Timing(time.monotonic() - began, usage.ru_maxrss / 1024)


def check(course: Path, students: int) -> None:
    """Both sides must have done the work: 12 points of tests for everybody."""
    with Gradebook(f"sqlite:///{course}/gradebook.db", "deep-learning") as gradebook:
        scores = [
            sum(grade.auto_score or 0.0 for nb in submission.notebooks for grade in nb.grades)
            for submission in gradebook.find_assignment("cnn").submissions
        ]
    if scores != [12.0] * students:
        sys.exit(f"{course}: expected {students} scores of 12, found {scores}")


if __name__ == "__main__":
    main()
