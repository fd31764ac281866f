"""A programming notebook from source to scores: trained in the sandbox, judged as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.datasets import cats_dogs
from tests.support import autograder, build, cell, hand_in, notebook, scores

CONFIG = """
c.Autograder.evaluation_images = {"cats_dogs": 200}
c.Autograder.evaluation_secret = "tulip"
"""
SETUP = """import matplotlib.pyplot as plt
import numpy as np
import keras
from autograder.checks import (
    accuracy, activations, architecture, at_least, augmented, figure, generators, history, reported,
    scorecard, table,
)
from autograder.datasets import cats_dogs"""

DATA = """train, validation, test = ..., ..., ...
### BEGIN SOLUTION
import tensorflow as tf
images, labels = cats_dogs.load()
order = np.random.default_rng(0).permutation(len(labels))
images, labels = images[order, ::2, ::2] / np.float32(255), labels[order]


def dataset(first, last, shuffle=False):
    made = tf.data.Dataset.from_tensor_slices((images[first:last], labels[first:last]))
    return (made.shuffle(200, seed=1) if shuffle else made).batch(20)


train, validation, test = dataset(0, 240, True), dataset(240, 280), dataset(280, 320)
### END SOLUTION"""
TEST_DATA = """card = scorecard("Generators", points=2)
card.expect(2, generators(train, validation, test, sizes=(240, 40, 40), image_shape=(32, 32, 3)))
card"""

MODEL = """cnn, training = ..., ...
### BEGIN SOLUTION
keras.utils.set_random_seed(0)
cnn = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(8, 3, activation="relu"),
    keras.layers.MaxPooling2D(),
    keras.layers.Conv2D(16, 3, activation="relu"),
    keras.layers.MaxPooling2D(),
    keras.layers.Flatten(),
    keras.layers.Dense(1, activation="sigmoid"),
])
cnn.compile(keras.optimizers.Adam(0.003), "binary_crossentropy", metrics=["accuracy"])
training = cnn.fit(train, validation_data=validation, epochs=15, verbose=0)
### END SOLUTION"""
TEST_MODEL = """card = scorecard("Model", points=6)
card.expect(2, architecture(cnn, Conv2D=at_least(2), pooling=at_least(1), output=("sigmoid", 1)))
card.expect(1, history(training, epochs=at_least(3), falling="loss"))
### BEGIN HIDDEN TESTS
card.expect(3, accuracy(cnn, "cats_dogs", floor=0.5, full=0.6))
### END HIDDEN TESTS
card"""

SEEN = """maps, shown, score = ..., ..., ...
### BEGIN SOLUTION
image = cats_dogs.load()[0][:1, ::2, ::2] / np.float32(255)
convolutions = [layer for layer in cnn.layers if "conv" in layer.name]
look = keras.Model(cnn.inputs, [layer.output for layer in convolutions])
maps = {la.name: np.asarray(out)[0] for la, out in zip(convolutions, look(image))}
shown, axes = plt.subplots(2, 4, figsize=(8, 4))
for row, (name, found) in zip(axes, maps.items()):
    for channel, axis in enumerate(row):
        axis.imshow(found[..., channel])
        axis.set_title(f"{name}, {channel}")
score = float(cnn.evaluate(test, verbose=0)[1])
### END SOLUTION"""
TEST_SEEN = """card = scorecard("Activations", points=3)
seen = cats_dogs.load()[0][0, ::2, ::2] / np.float32(255)
card.expect(1, activations(maps, cnn, seen))
card.expect(1, figure(shown, panels=at_least(8), titles=True))
### BEGIN HIDDEN TESTS
card.expect(1, reported({"cnn": score}, {"cnn": cnn}, "cats_dogs", images=40))
### END HIDDEN TESTS
card"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A released course with one programming notebook and few drawn images."""
    for name in ("AUTOGRADER_DATA", "AUTOGRADER_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cats_dogs, "_DRAWN_PER_CLASS", 160)
    pets = notebook(
        cell("code", "setup", SETUP, locked=True),
        cell("code", "data", DATA, solution=True),
        cell("code", "test_data", TEST_DATA, 2, grade=True, locked=True),
        cell("code", "model", MODEL, solution=True),
        cell("code", "test_model", TEST_MODEL, 6, grade=True, locked=True),
        cell("code", "seen", SEEN, solution=True),
        cell("code", "test_seen", TEST_SEEN, 3, grade=True, locked=True),
    )
    return build(tmp_path / "course", CONFIG, pets=pets)


UNTRAINED = MODEL.replace("epochs=15", "epochs=0")
NO_POOLING = MODEL.replace("    keras.layers.MaxPooling2D(),\n", "")
OVERLAPPING = DATA.replace("dataset(280, 320)", "dataset(260, 300)")
OTHERS_MAPS = SEEN.replace("out)[0] for", "out)[0][::-1] for")
INVENTED = SEEN.replace("score = float(cnn.evaluate(test, verbose=0)[1])", "score = 0.999")


def test_programming_answers_from_source_to_scores(root: Path) -> None:
    """Right answers earn all; each wrong one loses its own points, and is told why."""
    released = autograder("release", course=root)
    assert released.code == 0, released.text
    right = {"data": DATA, "model": MODEL, "seen": SEEN}
    hand_in(root, "right", right)
    hand_in(root, "unedited", {})
    hand_in(root, "untrained", right | {"model": UNTRAINED})
    hand_in(root, "no-pooling", right | {"model": NO_POOLING})
    hand_in(root, "overlapping", right | {"data": OVERLAPPING})
    hand_in(root, "others-maps", right | {"seen": OTHERS_MAPS})
    hand_in(root, "invented", right | {"seen": INVENTED})
    graded = autograder("grade", course=root)
    assert graded.code == 0, graded.text
    found = scores(root)

    def points(student: str) -> list[float]:
        return [found[student, name]["points"] for name in ("test_data", "test_model", "test_seen")]

    def message(student: str, name: str) -> str:
        return str(found[student, name]["message"])

    assert points("right") == [2, 6, 3], message("right", "test_seen")
    assert points("unedited") == [0, 0, 0]
    assert found["unedited", "test_model"]["outcome"] == "not attempted"
    assert points("untrained")[1] <= 2
    assert "has not been trained" in message("untrained", "test_model")
    assert 3 < points("no-pooling")[1] < 6
    assert "pooling" in message("no-pooling", "test_model")
    assert points("overlapping")[0] < 2
    assert "Validation and test" in message("overlapping", "test_data")
    assert points("others-maps")[2] == 2
    assert points("invented")[2] == 2
    assert "99.9" in message("invented", "test_seen")
