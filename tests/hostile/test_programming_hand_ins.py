"""Forged models and figures in one class with honest ones: nothing is gained, nobody is harmed.

Each hostile notebook answers as the honest ones do and then changes what is written down of it, so
every byte that reaches the trusted side is of its own choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.datasets import cats_dogs
from autograder.isolation import survey
from tests.support import autograder, build, cell, edit, hand_in, notebook, scores

CONFIG = """
c.Autograder.workers = 2
c.Autograder.grading_timeout_s = 60
c.Autograder.memory_mb = 3000
c.Autograder.evaluation_images = {"cats_dogs": 40}
c.Autograder.evaluation_secret = "rose"
"""
SETUP = """import keras
import matplotlib.pyplot as plt
import numpy as np
from autograder.checks import accuracy, architecture, at_least, figure, scorecard
from autograder.datasets import cats_dogs"""
MODEL = """cnn = ...
### BEGIN SOLUTION
keras.utils.set_random_seed(1)
cnn = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu", name="one"),
    keras.layers.Conv2D(8, 3, strides=2, activation="relu", name="two"),
    keras.layers.Flatten(),
    keras.layers.LayerNormalization(),
    keras.layers.Dense(1, activation="sigmoid", name="out"),
])
# untrained, but not of one opinion
given = cnn(cats_dogs.load()[0][:, ::2, ::2] / np.float32(255)).numpy()
kernel, bias = cnn.layers[-1].get_weights()
cnn.layers[-1].set_weights([kernel, bias - np.median(np.log(given / (1 - given)))])
### END SOLUTION"""
FIGURE = """shown = ...
### BEGIN SOLUTION
shown, axes = plt.subplots(1, 2)
for axis, curve in zip(axes, ([1, 3, 2], [3, 1, 2])):
    axis.plot(curve)
### END SOLUTION"""
TESTS = {
    "test_form": (2, 'architecture(cnn, Conv2D=at_least(2), output=("sigmoid", 1))'),
    "test_hidden": (3, 'accuracy(cnn, "cats_dogs", floor=0.1, full=0.3)'),
    "test_shown": (1, "figure(shown, panels=at_least(2))"),
}
FULL = {name: float(points) for name, (points, _) in TESTS.items()}
HONEST = ("aa-honest", "zz-honest")

# Put behind the answers; an attack says what `forge` makes of a document and its files.
FORGE = """
import hashlib, json, zlib
import autograder.snapshot as snapshot
honestly = snapshot.save
def add(files, data, suffix):
    name = hashlib.sha256(data).hexdigest() + suffix
    files[name] = data
    return name
def reconfigured(files, document, change):
    config = json.loads(files.pop(document["config"]))
    change(config["config"]["layers"])
    document["config"] = add(files, json.dumps(config).encode(), ".json")
def save(made):
    files = honestly(made)
    document = json.loads(files["value.json"])
    if document["kind"] == KIND:
        forge(files, document)
    return files | {"value.json": json.dumps(document).encode()}
snapshot.save = save
"""


@dataclass(frozen=True)
class Attack:
    """own: code behind the answers. lost: the tests that it must not pass, and what they say."""

    own: str
    lost: dict[str, str] = field(default_factory=dict)


def of_models(forge: str) -> str:
    return f"{FORGE}KIND = 'model'\n{forge}"


def of_figures(forge: str) -> str:
    return f"{FORGE}KIND = 'figure'\n{forge}"


ATTACKS = {
    "code-in-the-config": Attack(
        of_models("""
def change(layers):
    layers[1]["config"]["activation"] = {
        "class_name": "__lambda__", "config": {"value": ["4wAAAAA=", None, None]}}
def forge(files, document):
    reconfigured(files, document, change)"""),
        {"test_hidden": "cannot be graded"},
    ),
    "weights-without-end": Attack(
        of_models("""
def change(layers):
    layers[2]["config"] |= {"filters": 10**6, "kernel_size": [7, 7]}
    del layers[2]["config"]["kernel_initializer"]
def forge(files, document):
    reconfigured(files, document, change)"""),
        {"test_hidden": "need more weights than were handed in"},
    ),
    "somebody-elses-weights": Attack(
        of_models("""
def forge(files, document):
    del files[document["weights"][0][1]]"""),
        {"test_form": "does not exist", "test_hidden": "does not exist"},
    ),
    "another-model-s-config": Attack(
        """
made = keras.Sequential.get_config(cnn)
keras.utils.set_random_seed(2)
cnn = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.GlobalAveragePooling2D(),
                        keras.layers.Dense(1, activation="sigmoid", name="out")])
keras.Sequential.get_config = lambda self: made""",
        {"test_hidden": "weights"},
    ),
    "numbers-that-are-none": Attack(
        of_models("""
import struct
def forge(files, document):
    entry = document["weights"][0]
    data = files.pop(entry[1])
    entry[1] = add(files, data[:-4] + struct.pack("<f", float("nan")), ".safetensors")"""),
        {"test_hidden": "no finite numbers"},
    ),
    "a-picture-without-end": Attack(
        of_figures("""
from autograder.artifacts.figures import png
def forge(files, document):
    body = png._chunk(b"IDAT", zlib.compress(bytes(3 * 10**8)))
    files.pop(document["png"])
    document["png"] = add(files, png._head(100, 100) + body + png._TAIL, ".png")
    document["axes"] = None"""),
        {"test_shown": "cannot be read"},
    ),
    "panels-on-a-blank-page": Attack(
        of_figures("""
import numpy as np
from autograder.artifacts.figures import png
def forge(files, document):
    files.pop(document["png"])
    blank = np.full((480, 640, 3), 255, np.uint8)
    document["png"] = add(files, png.to_png(blank), ".png")"""),
        {"test_shown": "blank"},
    ),
    "features-for-everybody": Attack("""
import gc, io
import numpy as np
from autograder.isolation import Line
file = io.BytesIO()
np.save(file, np.zeros((40, 8), np.float32))
for line in [each for each in gc.get_objects() if type(each) is Line]:
    for place in ("features", "../.features", "object"):
        line.send(f"{place}/{'0' * 64}", file.getvalue())
        line.send(f"{place}/{'0' * 64}.npy", file.getvalue())
    print("sent")"""),
}


@dataclass(frozen=True)
class Graded:
    course: Path
    data: Path
    code: int
    scores: dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Everybody's hand-in, graded once."""
    if survey().refuses:
        pytest.skip("this machine puts no walls around files and network")
    root = tmp_path_factory.mktemp("programming")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AUTOGRADER_PROFILE", raising=False)
        patch.setenv("AUTOGRADER_DATA", str(root / "data"))
        patch.setattr(cats_dogs, "_DRAWN_PER_CLASS", 10)
        course = make_course(root / "course")
        for student in HONEST:
            hand_in(course, student, {"model": MODEL, "drawing": FIGURE})
        for student, attack in ATTACKS.items():
            folder = hand_in(course, student, {"model": MODEL, "drawing": FIGURE})
            edit(folder / "pets.ipynb", "drawing", f"{FIGURE}\n{attack.own}")
        code = autograder("grade", course=course).code
        return Graded(course, root / "data", code, scores(course))


def make_course(root: Path) -> Path:
    cells = [
        cell("code", "setup", SETUP, locked=True),
        cell("code", "model", MODEL, solution=True),
        cell("code", "drawing", FIGURE, solution=True),
    ]
    for name, (points, check) in TESTS.items():
        hidden = f"### BEGIN HIDDEN TESTS\ncard.expect({points}, {check})\n### END HIDDEN TESTS"
        source = f'card = scorecard("{name}", points={points})\n{hidden}\ncard'
        cells.append(cell("code", name, source, points, grade=True, locked=True))
    course = build(root, CONFIG, pets=notebook(*cells))
    said = autograder("release", course=course)
    assert said.code == 0, said.text
    return course


@pytest.mark.parametrize("student", HONEST)
def test_honest_hand_ins_get_full_marks(graded: Graded, student: str) -> None:
    """Before the hostile ones and after them."""
    assert {name: graded.scores[student, name]["points"] for name in TESTS} == FULL


@pytest.mark.parametrize("student", ATTACKS)
def test_what_was_forged_earns_nothing(graded: Graded, student: str) -> None:
    """What the attack spoils is scored 0 with a reason; all else is graded as if nothing was."""
    lost = ATTACKS[student].lost
    for name, full in FULL.items():
        score = graded.scores[student, name]
        text = f"{score['message']} {score}"
        if name in lost:
            assert score["points"] < full, text
            assert score["outcome"] in ("incorrect", "partly correct"), text
            assert re.search(lost[name], text), text
        elif name != "test_form":
            assert score["points"] == full, text


def test_the_grading_ends_well(graded: Graded) -> None:
    """No hand-in needs a person, and none stopped the command."""
    assert graded.code == 0


def test_nobody_puts_features_for_others(graded: Graded) -> None:
    """What a student's process sends under such a name is passed over."""
    cells = graded.course / "runs" / "ps" / "features-for-everybody" / "pets" / "cells.jsonl"
    assert "sent" in cells.read_text()
    assert not list(graded.data.rglob("*0000000*"))
    assert not list((graded.course / "runs").rglob("*0000000*"))
