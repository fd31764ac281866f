"""The two stand-ins for VGG16's ImageNet weights, on drawn heads of cats and dogs.

    python -m benchmarks.pretrained [--seeds 3] [--side 64]

random: orthogonal filters, scaled layer by layer on drawn figures. figures: what the kit makes, a
quarter of whose channels have learnt to tell drawn figures apart. Neither has seen a head. Prints
the seconds that making took, the test accuracy of a head on the frozen base, and the same after
fine-tuning block 5: mean and deviation over seeds of the head.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from autograder.datasets import _vgg16_stand_in as stand_in
from autograder.datasets.pretrained import Tensors, build_base, named
from autograder.datasets.synthetic import draw_head

TRAINING, TESTING = 800, 600
EPOCHS, TUNING_EPOCHS = 20, 4
TUNING_RATE = 1e-5
CANDIDATES = ("random", "figures")
Images = tuple[Any, Any]  # (n, side, side, 3) RGB 0..255, and (n,) 0 for cats, 1 for dogs


@dataclass(frozen=True)
class Accuracy:
    """Test accuracies, one for each seed, 0..1."""

    frozen: list[float]
    tuned: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--candidate", choices=CANDIDATES, action="append")
    arguments = parser.parse_args()
    training, testing = heads(TRAINING, 1, arguments.side), heads(TESTING, 99, arguments.side)
    print("candidate   wall s  CPU s   frozen           fine-tuned", flush=True)
    for candidate in arguments.candidate or CANDIDATES:
        wall, cpu = time.monotonic(), time.process_time()
        tensors = make(candidate)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        got = measure(tensors, training, testing, arguments.seeds)
        cells = "    ".join(
            f"{100 * np.mean(each):.1f} ± {100 * np.std(each):.1f} %"
            for each in (got.frozen, got.tuned)
        )
        print(f"{candidate:10}  {wall:5.1f}   {cpu:5.1f}   {cells}", flush=True)


def make(candidate: str, seed: int = 0) -> Tensors:
    """One candidate's arrays."""
    recipe = stand_in.Recipe()
    if candidate == "figures":
        return named(stand_in.make(seed, recipe))
    rng = np.random.default_rng([seed, 1])
    return named(stand_in.widen([], stand_in.scaling_figures(seed, recipe), rng))


def heads(count: int, seed: int, side: int) -> Images:
    """As many cats as dogs."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pictures = [draw_head("dog" if label else "cat", rng) for label in labels]
    resized = [p.resize((side, side), Image.Resampling.BILINEAR) for p in pictures]
    return np.stack([np.asarray(p, dtype=np.float32) for p in resized]), labels.astype(np.float32)


def measure(tensors: Tensors, training: Images, testing: Images, seeds: int) -> Accuracy:
    """A head on the frozen base, then block 5 tuned with it. Blocks 1 to 4 are run once."""
    import keras

    preprocess = keras.applications.vgg16.preprocess_input
    (images, labels), (test_images, test_labels) = training, testing
    base = build_base(tensors, images.shape[1:])
    below = keras.Model(base.input, base.get_layer("block4_pool").output)
    features = below.predict(preprocess(images.copy()), batch_size=64, verbose=0)
    test_features = below.predict(preprocess(test_images.copy()), batch_size=64, verbose=0)
    accuracy = Accuracy([], [])
    for seed in range(seeds):
        keras.utils.set_random_seed(seed)
        block = _block5(build_base(tensors, images.shape[1:]), features.shape[1:])
        head = keras.Sequential(
            [
                keras.layers.Flatten(),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dropout(0.5),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        _compile(head, 1e-3)
        head.fit(block.predict(features, verbose=0), labels, epochs=EPOCHS, verbose=0)
        whole = keras.Model(block.input, head(block.output))
        _compile(whole, TUNING_RATE)
        accuracy.frozen.append(whole.evaluate(test_features, test_labels, verbose=0)[1])
        whole.fit(features, labels, epochs=TUNING_EPOCHS, verbose=0)
        accuracy.tuned.append(whole.evaluate(test_features, test_labels, verbose=0)[1])
    return accuracy


def _block5(base: Any, shape: tuple[int, ...]) -> Any:
    import keras

    x = inputs = keras.Input(shape)
    for layer in base.layers:
        if layer.name.startswith("block5"):
            x = layer(x)
    return keras.Model(inputs, x)


def _compile(model: Any, learning_rate: float) -> None:
    import keras

    adam = keras.optimizers.Adam(learning_rate)
    model.compile(adam, "binary_crossentropy", metrics=["accuracy"], jit_compile=False)


if __name__ == "__main__":
    main()
