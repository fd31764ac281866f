"""A class that hands in the course's three notebooks, made in seconds: nobody's code is run.

Each student goes own ways with the solution's lines, one in twenty has copied from another.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import nbformat
import numpy as np

from autograder.artifacts.figures.png import to_png
from autograder.course import Course, HandIn
from autograder.snapshot import blob_name
from benchmarks.similarity.copies import renamed
from benchmarks.similarity.measuring import ROOT
from demo.hand_ins import fill, solutions

ASSIGNMENT = "cnn"
_COPIES = 20  # one in so many
_PICTURES = 12  # outputs of a notebook, 100 kB each
_LAYERS = 14  # of the model that a notebook's run has


def make_class(root: Path, students: int) -> Course:
    """A course at `root` with `students` hand-ins and what is compared of their runs."""
    root.mkdir(parents=True)
    shutil.copytree(ROOT / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root)
    course = Course(root)
    for path in course.notebooks(ASSIGNMENT):
        released, solved = (
            nbformat.read(ROOT / folder / ASSIGNMENT / path.name, as_version=4)
            for folder in ("release", "solutions")
        )
        answers = solutions(solved)
        for number in range(students):
            _hand_in(course, path.stem, number, released, answers)
    return course


def _hand_in(
    course: Course, name: str, number: int, released: nbformat.NotebookNode, given: dict[str, str]
) -> None:
    is_copy = number % _COPIES == _COPIES - 1
    chance = random.Random(f"{name} {number - is_copy}")
    answers = {grade_id: _own_way(text, chance) for grade_id, text in given.items()}
    if is_copy:
        answers = {grade_id: _disguised(text) for grade_id, text in answers.items()}
    notebook = fill(released, answers)
    noise = random.Random(number).randbytes(37_500).hex()
    pictures = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": noise}}]
    next(c for c in notebook.cells if c.cell_type == "code")["outputs"] = pictures * _PICTURES
    student = f"student-{number:04}"
    folder = course.path("submitted", student, ASSIGNMENT)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    run = course.run(HandIn(student, ASSIGNMENT, folder), name)
    _write_answers(run / "answers", number - is_copy)


def _own_way(text: str, chance: random.Random) -> str:
    """Some of the lines and words, others in between, in a way that no other student has."""
    lines = [line for line in text.split("\n") if chance.random() < 0.6]
    for _ in range(len(lines)):
        words = " ".join(f"{chance.choice('abcdef')}{chance.randrange(90)}" for _ in range(3))
        made = f"{words.replace(' ', '_')} = [{words.replace(' ', ' + ')}]"
        lines.insert(chance.randrange(len(lines) + 1), made)
    return "\n".join(lines)


def _disguised(text: str) -> str:
    try:
        return renamed(text)
    except SyntaxError:  # half of a solution's lines need not be Python
        return text


def _write_answers(folder: Path, seed: int) -> None:
    """A model and a figure."""
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    figure = to_png(pixels)
    layers = {f"layer {n}": random.Random(f"{seed} {n}").randbytes(2_000) for n in range(_LAYERS)}
    names = {layer: blob_name(data, ".safetensors") for layer, data in layers.items()}
    weights = [[layer, name, ["kernel"]] for layer, name in names.items()]
    model = {"kind": "model", "config": "", "steps": 100, "weights": weights}
    drawn = {"kind": "figure", "png": blob_name(figure, ".png"), "axes": None, "title": ""}
    for name, document in (("model", model), ("curves", drawn)):
        (folder / "test" / name).mkdir(parents=True)
        (folder / "test" / name / "value.json").write_text(json.dumps(document))
    (folder / "test" / "curves" / blob_name(figure, ".png")).write_bytes(figure)
    for layer, data in layers.items():
        (folder / "test" / "model" / names[layer]).write_bytes(data)
