"""Measuring models on hidden images: restored from snapshots, and with a base's features kept.

    python -m benchmarks.accuracy [--submissions 20] [--images 200]

1. A small CNN on 2,000 hidden images: read from its snapshot, restored and counted by the accuracy
   check, against keras.models.load_model and evaluate. Both are timed on their second model, when
   the backend has warmed up.
2. Submissions that put different heads on the same frozen VGG16 base: each run whole, against each
   with the base's features computed once. Digests of the weights are in the times of both; each
   comes as it would in a grading of its own, so the features are read from their file.

The images are drawn into a temporary folder, the base's weights are random: neither changes times.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder import snapshot
from autograder.artifacts import ModelData
from autograder.artifacts.models import features
from autograder.artifacts.models.features import Fed
from autograder.checks import accuracy
from autograder.checks.predictions.feeding import hidden
from autograder.datasets import cats_dogs, cifar10
from autograder.datasets.preparing import prepare
from autograder.datasets.pretrained import VGG16_TENSORS, build_base, tensor_digests
from autograder.datasets.splits import Hidden
from autograder.datasets.store import Store

SIDE = 64
BUDGET = snapshot.Budget(max_bytes=1 << 30)
Submission = Mapping[str, bytes]  # the files of a snapshot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=20)
    parser.add_argument("--images", type=int, default=200, help="for the second comparison")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUTOGRADER_DATA"] = folder
        os.environ.pop("AUTOGRADER_PROFILE", None)
        compare_small(Path(folder))
        compare_shared(Path(folder), arguments.submissions, arguments.images)


def compare_small(folder: Path) -> None:
    """Print the seconds of both ways for a small CNN, and their ratio."""
    import keras

    prepare(cifar10.RECIPE, Store.from_environment(), Hidden(2000, "benchmark"))
    fed, labels = hidden("cifar10", (32, 32), "0..1")
    usual, ours = [], []
    for seed in range(2):
        model = small_cnn(seed)
        model.fit(fed.images[:640] / 255, labels[:640], verbose=0)
        model.save(folder / "model.keras")
        files = crossing(model)
        began = time.perf_counter()
        loaded = keras.models.load_model(folder / "model.keras")
        images = fed.images.astype(np.float32) / np.float32(255)
        _, expected = loaded.evaluate(images, labels, batch_size=64, verbose=0)
        usual.append(time.perf_counter() - began)
        began = time.perf_counter()
        finding = accuracy(snapshot.load(files, BUDGET), "cifar10", 0.0, 0.01)
        ours.append(time.perf_counter() - began)
        assert f"{100 * expected:.1f} %" in finding.found, (expected, finding.found)
    print(f"A small CNN on {len(labels):,} hidden images of 32 × 32, the same accuracy both ways")
    print(f"  load_model, evaluate         {usual[-1]:6.2f} s")
    print(f"  snapshot, restored, counted  {ours[-1]:6.2f} s")
    print(f"  ratio                        {usual[-1] / ours[-1]:6.2f}")


def compare_shared(folder: Path, submissions: int, images: int) -> None:
    """Print the seconds for models on one base, with and without its features kept; the ratio."""
    prepare(cats_dogs.RECIPE, Store.from_environment(), Hidden(images, "benchmark"))
    fed, _ = hidden("cats_dogs", (SIDE, SIDE), "vgg16")
    rng = np.random.default_rng(0)
    tensors = {
        name: rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / np.prod(shape[:-1])))
        for name, shape in VGG16_TENSORS
    }
    published = tensor_digests(tensors)
    files = [crossing(on_base(tensors, seed)) for seed in range(submissions)]
    whole = kept = 0.0
    for each in files:  # in turn, so that what else the machine does slows both
        os.environ.pop(features.FOLDER_VARIABLE, None)
        seconds, expected = timed(each, fed, published, folder)
        whole += seconds
        os.environ[features.FOLDER_VARIABLE] = str(folder)
        seconds, found = timed(each, fed, published, folder)
        kept += seconds
        np.testing.assert_allclose(found, expected, atol=1e-4)
    print(f"{submissions} submissions on one frozen VGG16, {images} images of {SIDE} × {SIDE}")
    print(f"  each run whole               {whole:6.1f} s")
    print(f"  the base's features kept     {kept:6.1f} s, computing them once included")
    print(f"  ratio                        {whole / kept:6.1f}")


def timed(
    files: Submission, fed: Fed, published: Mapping[str, str], folder: Path
) -> tuple[float, Any]:
    """Seconds for one submission, and its outputs. New features are stored in `folder`."""
    began = time.perf_counter()
    model = snapshot.load(files, BUDGET)
    assert isinstance(model, ModelData)
    outputs = features.predict(model, fed, published)
    for key, data in features.new_files():
        (folder / f"{key}.npy").write_bytes(data)
    return time.perf_counter() - began, outputs


def crossing(model: Any) -> Submission:
    """What a hand-in's snapshot of the model holds."""
    return snapshot.save(snapshot.write(model, BUDGET))


def small_cnn(seed: int) -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def on_base(tensors: Mapping[str, Any], seed: int) -> Any:
    """A head of the usual form on the base, of other weights and widths by seed."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    base = build_base(tensors, (SIDE, SIDE, 3))
    base.trainable = False
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.RandomFlip("horizontal"),
            base,
            layers.Flatten(),
            layers.Dense(32 + 8 * (seed % 5), activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


if __name__ == "__main__":
    main()
