"""How hard the drawn stand-ins are: a linear model, a plain CNN, a CNN with augmentation.

    python -m benchmarks.stand_ins [--seeds 3] [--only heads|shapes] [--linear]
    python -m benchmarks.stand_ins --sheets docs/images

Each seed draws its own pictures. Accuracies are on fresh test pictures; logistic regression keeps
the best of its penalties and epochs by validation. Prints one line a seed, then mean and standard
deviation; seconds are processor seconds of this process.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from autograder.datasets.synthetic import SHAPE_NAMES, draw_head, draw_shape

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
KINDS = ("cat", "dog")


@dataclass(frozen=True)
class Data:
    """Pictures as (count, side, side, 3), 0..255, and labels 0..classes-1."""

    images: Floats
    labels: Labels


@dataclass(frozen=True)
class Case:
    """A stand-in and how it is learnt. filters: one block of the CNN for each."""

    name: str
    draw: Callable[[int, np.random.Generator], Floats]
    classes: int
    train: int
    test: int
    filters: tuple[int, ...]
    dense: int
    epochs: int
    augmented_epochs: int


def head(label: int, rng: np.random.Generator) -> Floats:
    """A head as the course uses it: squeezed to 64x64."""
    picture = draw_head("dog" if label else "cat", rng)
    return np.asarray(picture.resize((64, 64), Image.Resampling.BILINEAR), dtype=np.float32)


def shape(label: int, rng: np.random.Generator) -> Floats:
    return draw_shape(label, rng).astype(np.float32)


HEADS = Case("heads", head, 2, 800, 1500, (16, 32, 64, 64), 64, 20, 40)
SHAPES = Case("shapes", shape, 10, 4000, 2000, (32, 64), 64, 12, 18)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=("heads", "shapes"))
    parser.add_argument("--linear", action="store_true", help="skip the CNNs")
    parser.add_argument("--sheets", type=Path, help="draw the contact sheets into this folder")
    arguments = parser.parse_args()
    if arguments.sheets:
        sheets(arguments.sheets)
        return
    for case in (HEADS, SHAPES):
        if arguments.only in (None, case.name):
            measure(case, arguments.seeds, arguments.linear)


def measure(case: Case, seeds: int, linear_only: bool) -> None:
    rows: dict[str, list[float]] = {}
    for seed in range(seeds):
        row = one_seed(case, seed, linear_only)
        print(f"{case.name} seed {seed}: " + ", ".join(f"{k} {v:.3f}" for k, v in row.items()))
        for name, value in row.items():
            rows.setdefault(name, []).append(value)
    for name, values in rows.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{case.name:8} {name:32} mean {statistics.mean(values):7.3f}  sd {spread:.3f}")


def one_seed(case: Case, seed: int, linear_only: bool) -> dict[str, float]:
    rng = np.random.default_rng((seed, case.classes))
    started = time.process_time()
    train = drawn(case, case.train, rng)
    test = drawn(case, case.test, rng)
    row = {"drawing ms": 1000 * (time.process_time() - started) / (case.train + case.test)}
    row["statistics only"] = logistic(statistics_of(train), statistics_of(test), case.classes)
    row["logistic regression"] = logistic(flat(train), flat(test), case.classes)
    if not linear_only:
        for name, augment in (("CNN", False), ("CNN + augmentation", True)):
            row[name], row[f"{name} train s"] = convolutional(case, train, test, seed, augment)
    return row


def drawn(case: Case, count: int, rng: np.random.Generator) -> Data:
    labels = np.arange(count) % case.classes
    return Data(np.stack([case.draw(int(label), rng) for label in labels]), labels)


def flat(data: Data) -> Data:
    return Data(data.images.reshape(len(data.images), -1), data.labels)


def statistics_of(data: Data) -> Data:
    """Mean, spread and a histogram of each channel: (count, 3 + 3 + 24)."""
    pixels = data.images.reshape(len(data.images), -1, 3)
    binned = (pixels // 32).astype(int)
    histogram = [(binned == value).mean(axis=1) for value in range(8)]
    columns = np.concatenate([pixels.mean(axis=1), pixels.std(axis=1), *histogram], axis=1)
    return Data(columns.astype(np.float32), data.labels)


def logistic(train: Data, test: Data, classes: int) -> float:
    """Test accuracy of multinomial logistic regression at the best penalty and step.

    Gradient descent with momentum on standardised columns; a fifth of the training rows chooses the
    penalty and when to stop.
    """
    mean, spread = train.images.mean(axis=0), train.images.std(axis=0) + 1e-6
    x, x_test = (train.images - mean) / spread, (test.images - mean) / spread
    held_out = len(x) // 5
    onehot = np.eye(classes, dtype=np.float32)[train.labels[held_out:]]
    rate = np.float32(2.0 / np.sqrt(x.shape[1]) / np.sqrt(len(x)) * 2)
    best = (0.0, 0.0)  # validation, test
    for penalty in (1e-3, 1e-1, 1.0, 10.0):
        weights = np.zeros((x.shape[1] + 1, classes), dtype=np.float32)
        speed = np.zeros_like(weights)
        for step in range(1, 121):
            scores = x[held_out:] @ weights[:-1] + weights[-1]
            odds = np.exp(scores - scores.max(axis=1, keepdims=True))
            error = odds / odds.sum(axis=1, keepdims=True) - onehot
            slope = np.concatenate([x[held_out:].T @ error, error.sum(axis=0, keepdims=True)])
            speed = 0.9 * speed - rate * (slope / len(onehot) + np.float32(penalty / 100) * weights)
            weights += speed
            if step % 10 == 0:
                found = [
                    float(np.mean((rows @ weights[:-1] + weights[-1]).argmax(axis=1) == labels))
                    for rows, labels in (
                        (x[:held_out], train.labels[:held_out]),
                        (x_test, test.labels),
                    )
                ]
                best = max(best, (found[0], found[1]))
    return best[1]


def convolutional(
    case: Case, train: Data, test: Data, seed: int, augment: bool
) -> tuple[float, float]:
    """Test accuracy of a plain CNN, and the seconds that building and training took."""
    import keras

    keras.utils.set_random_seed(seed)
    started = time.process_time()
    layers = [keras.Input(train.images.shape[1:])]
    if augment:
        layers += [keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.06)]
    layers += [keras.layers.Rescaling(1 / 255)]
    for filters in case.filters:
        layers += [
            keras.layers.Conv2D(filters, 3, padding="same", activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling2D(),
        ]
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dropout(0.4),
        keras.layers.Dense(case.dense, activation="relu"),
        keras.layers.Dense(case.classes, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    epochs = case.augmented_epochs if augment else case.epochs
    steps = epochs * -(-case.train // 32)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(train.images, train.labels, batch_size=32, epochs=epochs, verbose=0)
    seconds = time.process_time() - started
    accuracy = model.evaluate(test.images, test.labels, batch_size=256, verbose=0)[1]
    return float(accuracy), seconds


def sheets(folder: Path) -> None:
    """The contact sheets of the documentation."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    heads = [[draw_head("dog" if row > 2 else "cat", rng) for _ in range(8)] for row in range(6)]
    _sheet(heads, [KINDS[row > 2] for row in range(6)], 114).save(
        folder / "cats_and_dogs.png", optimize=True
    )
    rows = [
        [Image.fromarray(draw_shape(label, rng)).resize((48, 48), 0) for _ in range(14)]
        for label in range(len(SHAPE_NAMES))
    ]
    _sheet(rows, SHAPE_NAMES, 52).save(folder / "shapes.png", optimize=True)


def _sheet(
    rows: list[list[Image.Image]], names: tuple[str, ...] | list[str], cell: int
) -> Image.Image:
    margin = 84
    sheet = Image.new("RGB", (margin + cell * len(rows[0]), cell * len(rows)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, (name, pictures) in enumerate(zip(names, rows, strict=True)):
        draw.text((6, row * cell + cell // 2 - 6), name, fill=(40, 40, 40))
        for column, picture in enumerate(pictures):
            left = margin + column * cell + (cell - picture.width) // 2
            sheet.paste(picture, (left, row * cell + (cell - picture.height) // 2))
    # 256 colours are enough to look at, and a third of the file
    return sheet.quantize(256, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
