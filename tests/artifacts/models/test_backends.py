"""The same models are described, restored and asked on each of Keras' backends."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.snapshot import Budget, save, write
from tests.artifacts.models.build import images, small_cnn

CODE = """
import sys
from pathlib import Path

import keras
import numpy as np

from autograder.artifacts import ModelData
from autograder.snapshot import Budget, load, save, write

folder = Path(sys.argv[1])
images, expected = np.load(folder / "images.npy"), np.load(folder / "expected.npy")
files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".npy"}
read = load(files, Budget())
np.testing.assert_allclose(read.predict(images, batch_size=3), expected, atol=1e-5)

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((8, 8, 3)),
        keras.layers.RandomFlip(),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Reshape((6, 24)),
        keras.layers.Bidirectional(keras.layers.LSTM(3)),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile("adam", "binary_crossentropy")
model.fit(images, np.ones((len(images), 1)), verbose=0)
live = ModelData.of(model)
found = load(save(write(model, Budget())), Budget())
assert found.digests == live.digests == ModelData.of(found.restored).digests
assert found.steps == 1
np.testing.assert_allclose(found.predict(images), live.predict(images), atol=1e-5)
half = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Dense(2, dtype="bfloat16")])
assert ModelData.of(half).predict(images).dtype == np.float32
print(keras.backend.backend())
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_models_cross_on_other_backends(backend: str, tmp_path: Path) -> None:
    """A model handed in from TensorFlow says the same there, and one of its own crosses."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    model = small_cnn()
    for name, data in save(write(model, Budget())).items():
        (tmp_path / name).write_bytes(data)
    np.save(tmp_path / "images.npy", images())
    np.save(tmp_path / "expected.npy", model.predict(images(), verbose=0))
    found = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:autograder", "-c", CODE, str(tmp_path)],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == backend, found.stderr
