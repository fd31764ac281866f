"""What the local engine costs over the students' own compute, and how it grows with the class.

    python -m benchmarks.engine [--trainings 20] [--growth 50 200 800]

Overhead: notebooks that train a small network, graded by two workers, against the same cells run by
two plain Python processes that import TensorFlow once. Growth: theory hand-ins; seconds each, and
the peak memory of the process that was started. Run it on a machine that does nothing else.
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from autograder.engines.slots import find_slots
from autograder.settings import Autograder
from demo.hand_ins import fill, hand_in, solutions

ROOT = Path(__file__).parent.parent
WORKERS = 2
_TRAINING = """\
seed = 0
### BEGIN SOLUTION
import keras
import numpy as np

keras.utils.set_random_seed(seed)
images = np.random.default_rng(seed).random((1024, 32, 32, 3), dtype="float32")
labels = (images[..., 0].mean(axis=(1, 2)) > images[..., 1].mean(axis=(1, 2))).astype("float32")
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile("adam", "binary_crossentropy")
loss = model.fit(images, labels, epochs={epochs}, verbose=0).history["loss"][-1]
### END SOLUTION
"""
_TEST = """\
assert isinstance(loss, float)
### BEGIN HIDDEN TESTS
assert 0 < loss < 5
### END HIDDEN TESTS
"""
_PLAIN = """\
import json, sys, time
import keras, tensorflow
for source in json.load(open(sys.argv[1])):
    began = time.perf_counter()
    exec(source, {"__name__": "__main__"})
    print(time.perf_counter() - began, flush=True)
    keras.utils.clear_session()
"""


@dataclass(frozen=True)
class Graded:
    """One `autograder grade`. steady_s: from the first notebook's scores to the last's.

    peak_mb: of the process that was started, none of its children.
    """

    wall_s: float
    steady_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trainings", type=int, default=20, help="0: none")
    parser.add_argument("--epochs", type=int, default=12, help="of each; 12 take some 5 s")
    parser.add_argument("--growth", type=int, nargs="*", default=[50, 200, 800])
    arguments = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build", prefix="benchmark-") as folder:
        if arguments.trainings:
            overhead(Path(folder) / "trainings", arguments.trainings, arguments.epochs)
        if arguments.growth:
            growth(Path(folder), arguments.growth)


def overhead(course: Path, students: int, epochs: int) -> None:
    """Print what grading takes beside the cells that it runs."""
    source = _training_notebook(epochs)
    _make_course(course, {"training": source})
    released, answers = _released(course, "training")
    for number in range(students):
        answer = answers["q"].replace("seed = 0", f"seed = {number}", 1)
        hand_in(fill(released, {"q": answer}), course / "submitted", _name(number), "training")
    graded = _grade(course, students)
    own_s = sum(_cells_s(course, "training"))
    plain_s, plain_own_s = _plain(course, answers["q"], students)
    print(f"\n{students} trainings, {WORKERS} at a time, {os.cpu_count()} processors\n")
    print("| | wall clock | in cells | of two slots, not in cells |\n|---|---|---|---|")
    for name, wall_s, cells_s in (
        ("autograder grade", graded.wall_s, own_s),
        ("two plain processes", plain_s, plain_own_s),
    ):
        share = WORKERS * wall_s / cells_s - 1
        print(f"| {name} | {wall_s:.1f} s | {cells_s:.1f} s | {share:+.1%} |")
    print(f"| ratio | {graded.wall_s / plain_s:.3f} | {own_s / plain_own_s:.3f} | |", flush=True)


def growth(folder: Path, sizes: list[int]) -> None:
    """Print what a hand-in takes in classes of these sizes."""
    print("\n| hand-ins | wall clock | each | each, after the first | parent's peak |")
    print("|---|---|---|---|---|", flush=True)
    theory = nbformat.read(ROOT / "source" / "cnn" / "theory.ipynb", as_version=4)
    course = folder / "theory"
    _make_course(course, {"theory": theory})
    released, answers = _released(course, "theory")
    filled = fill(released, answers)
    for size in sizes:
        for made in ("submitted", "autograded"):
            shutil.rmtree(course / made, ignore_errors=True)
        for run in (course / "runs" / "cnn").glob("student-*"):
            shutil.rmtree(run)
        (course / "gradebook.db").unlink()
        shutil.copy(course / "released.db", course / "gradebook.db")
        for number in range(size):
            hand_in(filled, course / "submitted", _name(number))
        graded = _grade(course, size)
        print(
            f"| {size} | {graded.wall_s:.1f} s | {graded.wall_s / size * 1000:.0f} ms "
            f"| {graded.steady_s / max(1, size - 1) * 1000:.0f} ms | {graded.peak_mb:.0f} MB |",
            flush=True,
        )


def _name(number: int) -> str:
    return f"student-{number:05}"


def _training_notebook(epochs: int) -> nbformat.NotebookNode:
    cells = [
        _cell("q", _TRAINING.replace("{epochs}", str(epochs)), solution=True),
        _cell("test_q", _TEST, grade=True, points=1),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _cell(grade_id: str, source: str, **flags: Any) -> nbformat.NotebookNode:
    settings = {"grade": False, "solution": False, "task": False, "schema_version": 3, **flags}
    settings |= {"grade_id": grade_id, "locked": not settings["solution"]}
    return new_code_cell(source, id=grade_id, metadata={"nbgrader": settings})


def _make_course(course: Path, notebooks: Mapping[str, nbformat.NotebookNode]) -> None:
    """A released course, with its gradebook as it was then in released.db."""
    (course / "source" / "cnn").mkdir(parents=True)
    for name, notebook in notebooks.items():
        nbformat.write(notebook, course / "source" / "cnn" / f"{name}.ipynb")
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, course)
    _watched(course, "release", "cnn")
    shutil.copy(course / "gradebook.db", course / "released.db")


def _released(course: Path, name: str) -> tuple[nbformat.NotebookNode, dict[str, str]]:
    """The release of one notebook, and its solutions by grade_id."""
    released = nbformat.read(course / "release" / "cnn" / f"{name}.ipynb", as_version=4)
    solved = nbformat.read(course / "solutions" / "cnn" / f"{name}.ipynb", as_version=4)
    return released, solutions(solved)


def _grade(course: Path, students: int) -> Graded:
    wall_s, peak_mb = _watched(course, "grade", "cnn", "--workers", str(WORKERS))
    ends = [path.stat().st_mtime for path in course.glob("runs/cnn/student-*/*/scores.json")]
    if len(ends) != students:
        sys.exit(f"{course}: expected {students} graded hand-ins, found {len(ends)}")
    return Graded(wall_s, max(ends) - min(ends), peak_mb)


def _watched(course: Path, *arguments: str) -> tuple[float, float]:
    """Run `autograder` in `course`; its seconds, and the peak of its memory in MB."""
    program = Path(sys.executable).parent / "autograder"
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    told = course / "told.txt"
    began, peak_mb = time.monotonic(), 0.0
    with told.open("w") as errors:
        process = subprocess.Popen(
            [program, *arguments],
            cwd=course,
            env=os.environ | {"PATH": path},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        while process.poll() is None:
            peak_mb = max(peak_mb, _peak_mb(process.pid))
            time.sleep(0.05)
    if process.returncode:
        sys.exit(f"autograder {arguments[0]} ended with {process.returncode}: {told.read_text()}")
    return time.monotonic() - began, peak_mb


def _peak_mb(pid: int) -> float:
    """The high-water mark of a process's memory; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _cells_s(course: Path, notebook: str) -> Iterator[float]:
    """What each cell of each student took."""
    for path in course.glob(f"runs/cnn/student-*/{notebook}/cells.jsonl"):
        for line in path.read_text().splitlines():
            yield json.loads(line)["wall_s"]


def _plain(course: Path, answer: str, students: int) -> tuple[float, float]:
    """The same cells without any of us: seconds on the clock, and the sum of all cells'."""
    environment = os.environ | dict(find_slots(Autograder(workers=WORKERS, gpus=0)).common)
    processes = []
    began = time.monotonic()
    for worker in range(WORKERS):
        sources = [
            answer.replace("seed = 0", f"seed = {number}", 1)
            for number in range(worker, students, WORKERS)
        ]
        given = course / f"plain-{worker}.json"
        given.write_text(json.dumps(sources))
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", _PLAIN, given],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
    told = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        sys.exit("the plain processes failed; run their code by hand")
    return time.monotonic() - began, sum(float(line) for line in " ".join(told).split())


if __name__ == "__main__":
    main()
