"""Whether training images are changed at random, and those of validation and test are not."""

from __future__ import annotations

from collections import Counter

import numpy as np

from autograder.artifacts import BatchesData, ModelData
from autograder.checks.aspects import Aspect, judged
from autograder.checks.findings import Finding, Outcome, incorrect
from autograder.checks.numbers.reading import Array
from autograder.checks.subjects import model_data
from autograder.checks.training.parts import NAMES, Parts, read_parts
from autograder.checks.wording import listed, percent
from autograder.graphs import GraphError
from autograder.graphs.kinds import AUGMENTATIONS
from autograder.graphs.layer import Layer

# Share of images that come again, bit by bit, in a second epoch. Without random transformations all
# of them; with flips alone, the mildest, half: some 90 % by chance only where images are few.
SEEN_AGAIN = 0.9
RANGE_SLACK = 0.25  # of the range: brightness and interpolation may go beyond it
LEAST_SMOOTHNESS = 0.5  # of validation's
MOST_SHIFT = 1.0  # standard deviations of validation's values
MOST_SPREAD = 3.0  # times validation's
LEAST_IMAGES = 8  # whose mean tells something

ADVICE_AUGMENT = (
    "Change the training images at random each time that they are read: flips, rotations, shifts, "
    "zooms. Call augmentation layers with training=True, and after .cache(), not before it. Once a "
    "seed is set, tf.image.random_… may make the same changes in every epoch; Keras' layers do not."
)
ADVICE_STILL = "Make this generator without augmentation, and let every epoch have all its images."
ADVICE_NOISE = "Show some training images: one must still see what is in them. Use milder changes."
ADVICE_SCALE = "Scale the images of all three parts in the same way."


def augmented(train: object, validation: object, test: object, model: object = None) -> Finding:
    """Whether training images are augmented and those of validation and test are left alone.

    augmented(train, validation, test)              # by what two epochs of each give
    augmented(train, validation, test, model=cnn)   # Random… layers in cnn do as well

    Random: fewer than 90 % of the images come again, bit by bit, in a second epoch. Nothing is
    earned without that; else a quarter each for it, for validation and for test that come again,
    in whatever order, and for training images that are still pictures: of values like those of
    validation, and neighbouring pixels alike.
    """
    asked = "training images are changed at random; those of validation and test are not"
    parts = read_parts(train, validation, test, asked)
    if isinstance(parts, Finding):
        return parts
    layers = () if model is None else _random_layers(model_data(model, asked))
    if "training" not in parts.data:
        lacking = parts.unread["training"]
        is_open = lacking.outcome is Outcome.NOT_ATTEMPTED  # the others may answer an earlier part
        return lacking if is_open else judged(asked, [parts.lacking("training")])
    again = _share_seen_again(parts.data["training"])
    if again >= SEEN_AGAIN and not layers:
        found = f"{percent(again)} of the training images came again unchanged in a second epoch"
        return incorrect(asked, found, ADVICE_AUGMENT)
    return judged(asked, [_random(again, layers), *_stills(parts), _pictures(parts)])


def _random_layers(found: ModelData | Finding) -> tuple[Layer, ...]:
    """A model's layers that change images at random while it is trained."""
    if isinstance(found, Finding):
        return ()
    try:
        layers = found.graph.used
    except GraphError:
        return ()
    return tuple(la for la in layers if la.kind in AUGMENTATIONS and not _is_idle(la))


def _is_idle(layer: Layer) -> bool:
    """Whether all of its factors are nought, as in RandomRotation(0)."""
    factors = [value for name, value in layer.settings.items() if name.endswith("factor")]
    given = [value for value in factors if value is not None]
    return bool(given) and all(value in (0, [0, 0], (0, 0)) for value in given)


def _share_seen_again(data: BatchesData) -> float:
    one, other = (Counter(each) for each in data.passes)
    return (one & other).total() / data.count


def _random(again: float, layers: tuple[Layer, ...]) -> Aspect:
    if again < SEEN_AGAIN:
        return Aspect(1, f"{percent(1 - again)} of the training images differ from epoch to epoch")
    return Aspect(1, f"the model changes them: {listed(layer.kind for layer in layers)}")


def _stills(parts: Parts) -> list[Aspect]:
    return [_still(name, parts) for name in NAMES if name != "training"]


def _still(name: str, parts: Parts) -> Aspect:
    if name not in parts.data:
        return parts.lacking(name)
    again = _share_seen_again(parts.data[name])
    if again >= SEEN_AGAIN:
        return Aspect(1, f"{name} images stay as they are")
    text = f"only {percent(again)} of the {name} images came again in a second epoch"
    return Aspect(0, text, ADVICE_STILL)


def _pictures(parts: Parts) -> Aspect:
    """Whether training images are like validation's, which nothing has changed."""
    train, still = parts.data["training"], parts.data.get("validation")
    if still is None:
        return Aspect(0, "training images cannot be compared with those of validation")
    slack = RANGE_SLACK * (still.high - still.low)
    if train.low < still.low - slack or train.high > still.high + slack:
        text = (
            f"training values go from {train.low:.4g} to {train.high:.4g}, "
            f"those of validation from {still.low:.4g} to {still.high:.4g}"
        )
        return Aspect(0, text, ADVICE_SCALE)
    scale = max(map(abs, (train.low, train.high, still.low, still.high))) or 1.0
    mine, other = (np.asarray(data.images, np.float64) / scale for data in (train, still))
    if _smoothness(mine) < LEAST_SMOOTHNESS * _smoothness(other):
        text = "training images look like noise: neighbouring pixels have little in common"
        return Aspect(0, text, ADVICE_NOISE)
    if min(len(mine), len(other)) >= LEAST_IMAGES and not _alike(mine, other):
        text = (
            f"training values are {mine.mean():.3g} ± {mine.std():.3g}, "
            f"those of validation {other.mean():.3g} ± {other.std():.3g}"
        )
        return Aspect(0, text, ADVICE_NOISE)
    return Aspect(1)


def _smoothness(images: Array) -> float:
    """The correlation of pixels with their right-hand neighbours; 1 where all are alike."""
    one, other = (part - part.mean() for part in (images[:, :, :-1], images[:, :, 1:]))
    spread = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / spread if spread > 0 else 1.0


def _alike(mine: Array, other: Array) -> bool:
    spread = float(other.std())
    shift = abs(float(mine.mean()) - float(other.mean()))
    return shift <= MOST_SHIFT * spread and (
        spread / MOST_SPREAD <= float(mine.std()) <= spread * MOST_SPREAD
    )
