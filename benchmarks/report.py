"""The class report for a made-up class: seconds and peak memory for 30 and for 300 students.

    python -m benchmarks.report [--students 30 300]

Each student hands in three notebooks. The first has what makes reports slow: 12 models of 20
layers, no two alike by name, activation maps, patterns, eight figures, and 2 MB of cells' outputs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course import Course, HandIn
from autograder.execution.runs import Run
from autograder.grading.scores import NotebookScores, load, save
from autograder.isolation import Ending, Limits
from autograder.report.class_report import write_class_report
from autograder.snapshot import Budget, blob_name
from autograder.snapshot import save as files_of
from autograder.snapshot import write as snapshot
from benchmarks.gradebooks import ASSIGNMENT, NOTEBOOKS, make_class

MODELS, FIGURES = 12, 8
_CELLS, _OUTPUT = 20, 100_000  # characters of each cell's output
_SLUGS = ("same-instead-of-valid", "dilation-ignored", "floor-forgotten", "other-scaling")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, nargs="+", default=[30, 300])
    parser.add_argument("--course", type=Path, help="report on this course alone")
    arguments = parser.parse_args()
    if arguments.course:
        report(Course(arguments.course))
        return
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for students in arguments.students:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            root = make(Path(folder) / "course", students)
            command = [sys.executable, "-m", "benchmarks.report", "--course", str(root)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        print(f"{students:4} students × {len(NOTEBOOKS)} notebooks: {told.strip()}", flush=True)


def report(course: Course) -> None:
    """Write the report and print what that took, of a process of its own."""
    begun, used = time.perf_counter(), time.process_time()
    path = write_class_report(course, ASSIGNMENT)
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - used
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size_mb = path.stat().st_size / 1e6
    print(f"{wall_s:.1f} s ({cpu_s:.1f} s of a processor), {peak_mb:.0f} MB, page {size_mb:.1f} MB")


def make(root: Path, students: int) -> Path:
    """A course at `root` with a class whose runs have answers, outputs, times and diagnoses."""
    course = make_class(root, students)
    source = course.source(ASSIGNMENT) / f"{NOTEBOOKS[0]}.ipynb"
    text = source.read_text().replace('assert a1"', 'activations(a1, 0, 0)"')
    source.write_text(text.replace('assert a2"', "filter_patterns(a2, 0, '')\""))
    shared = [(array_files(seed), figure_files(seed)) for seed in range(16)]
    for number in range(students):
        hand_in = HandIn(f"student-{number:05}", ASSIGNMENT, Path())
        for notebook in NOTEBOOKS:
            add_run(course.run(hand_in, notebook), number)
        place = course.run(hand_in, NOTEBOOKS[0])
        add_answers(place, number, *shared[number % len(shared)])
        add_rows(place / "scores.json", number)
    return root


def add_run(place: Path, number: int) -> None:
    """run.json, and cells that put out as much as a training's progress bars."""
    wall_s = random.Random(number).uniform(60, 600)
    ending = Ending("done", "", wall_s, 0.8 * wall_s, 900.0)
    run = Run("key", "all", Limits(), ending, ())
    (place / "run.json").write_text(json.dumps(dataclasses.asdict(run)))
    output = {"output_type": "stream", "name": "stdout", "text": "x" * _OUTPUT}
    with (place / "cells.jsonl").open("w") as file:
        for index in range(_CELLS):
            cell = {"index": index, "outputs": [output], "execution_count": index, "error": None}
            file.write(json.dumps({**cell, "wall_s": wall_s / _CELLS, "updates": []}) + "\n")


def add_answers(
    place: Path, number: int, arrays: list[dict[str, bytes]], figures: list[dict[str, bytes]]
) -> None:
    for name, files in zip(("a1", "a2"), arrays, strict=True):
        put(place, f"test_{name[1:]}", name, files)
    for index, files in enumerate(figures):
        put(place, f"test_{3 + index}", f"figure_{index}", files)
    for index in range(MODELS):
        layers = 2 + (number + index) % 9  # nine structures
        config = json.dumps(model_config(layers, f"{number}_{index}")).encode()
        name = blob_name(config, ".json")
        document = {"kind": "model", "config": name, "steps": 1, "weights": []}
        files = {"value.json": json.dumps(document).encode(), name: config}
        put(place, f"test_{12 + index}", f"model_{index}", files)


def add_rows(path: Path, number: int) -> None:
    """A diagnosis and an accuracy in some of the student's tests."""
    scores, chance = load(path), random.Random(number)
    assert scores is not None
    tests = []
    for index, test in enumerate(scores.tests):
        row: dict[str, Any] = dict(test.rows[0])
        if index % 5 == 0 and test.points < 1:
            row |= {"mistake": chance.choice(_SLUGS), "advice": "Look again."}
        if index % 6 == 0:
            accuracy = chance.gauss(0.8, 0.08)
            row["measured"] = {"threshold": "", "accuracy": accuracy, "images": 1000, "classes": 2}
        tests.append(dataclasses.replace(test, rows=(row,)))
    save(path, NotebookScores(scores.key, tuple(tests)))


def put(place: Path, grade_id: str, name: str, files: dict[str, bytes]) -> None:
    folder = place / "answers" / grade_id / name
    folder.mkdir(parents=True)
    for file, data in files.items():
        (folder / file).write_bytes(data)


def array_files(seed: int) -> list[dict[str, bytes]]:
    """Activation maps and filter patterns."""
    chance = np.random.default_rng(seed)
    maps = {f"conv{n}": chance.random((64 >> n, 64 >> n, 8 << n), np.float32) for n in range(4)}
    patterns = {n: chance.random((64, 64, 3), np.float32) for n in range(16)}
    return [files_of(snapshot(value, Budget())) for value in (maps, patterns)]


def figure_files(seed: int) -> list[dict[str, bytes]]:
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(FIGURES):
        coarse = chance.integers(0, 255, (14, 22, 3), np.uint8)
        found.append(files_of(snapshot(_picture(coarse.repeat(50, 0).repeat(50, 1)), Budget())))
    return found


def _picture(pixels: Any) -> object:
    from PIL import Image

    return Image.fromarray(pixels)


def model_config(convolutions: int, name: str) -> dict[str, Any]:
    """A Sequential of 2 × `convolutions` + 3 layers, as Keras writes its config."""
    layers = [_layer("InputLayer", "input", batch_shape=[None, 64, 64, 3])]
    for n in range(convolutions):
        settings = {"filters": 8, "kernel_size": [3, 3], "strides": [1, 1], "activation": "relu"}
        layers.append(_layer("Conv2D", f"c{n}", padding="same", use_bias=True, **settings))
        layers.append(_layer("BatchNormalization", f"n{n}", axis=-1))
    layers += [_layer("Flatten", "flat"), _layer("Dense", "out", units=1, activation="sigmoid")]
    config = {"name": f"sequential_{name}", "layers": layers}
    return {"module": "keras", "class_name": "Sequential", "config": config}


def _layer(kind: str, name: str, **settings: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **settings}}


if __name__ == "__main__":
    main()
