"""What tasks are for: numpy and Keras, imported once, trained behind the walls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.isolation import Walls, WarmProcess
from isolation import ask

TRAIN = """
import keras, numpy
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
x = numpy.random.default_rng(0).normal(size=(64, 4))
y = x @ numpy.array([[1.0], [2.0], [3.0], [4.0]])
losses = model.fit(x, y, epochs=3, verbose=0).history["loss"]
model.save("model.keras")
again = keras.models.load_model("model.keras")
found = [losses, float(abs(again.predict(x, verbose=0) - model.predict(x, verbose=0)).max())]
"""


@pytest.fixture(scope="module")
def keras(walls: Walls) -> Iterator[WarmProcess]:
    for module in ("numpy", "keras", "tensorflow"):
        pytest.importorskip(module)
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    if walls.refuses:
        pytest.skip("this machine has no walls")
    with ask.start(walls, preload=["numpy", "keras"], environment=environment) as warm:
        yield warm


def test_a_task_trains_a_model(keras: WarmProcess) -> None:
    """In a moment, for nothing has to be imported; it learns, saves and loads."""
    limits = {"memory_mb": 2000, "disk_mb": 64, "processes": 500, "wall_s": 60, "step_s": 60}
    losses, difference = ask.find(keras, TRAIN, **limits)
    assert losses[-1] < losses[0]
    assert difference == 0


def test_training_after_training_is_not_disturbed(keras: WarmProcess) -> None:
    """The warm process has learnt nothing from the task before."""
    limits = {"memory_mb": 2000, "disk_mb": 64, "processes": 500, "wall_s": 60, "step_s": 60}
    code = TRAIN.replace("model = ", "keras.utils.set_random_seed(1)\nmodel = ", 1)
    assert ask.find(keras, code, **limits) == ask.find(keras, code, **limits)
