"""Why a model may do badly on the hidden images, as far as its predictions show it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograder.checks.predictions.feeding import SCALINGS
from autograder.checks.predictions.intervals import wilson
from autograder.checks.predictions.measuring import Measured, accuracy_if

ADVICE_UNTRAINED = "Run the cell with model.fit, then hand in the model that it has trained."
ADVICE_SCALING = (
    "Feed images in training as the question says ({inputs}), or put the scaling into the model, "
    "as its first layer."
)
ADVICE_SWAPPED = "0 is a cat and 1 is a dog, as cats_dogs.load() labels them."
ADVICE_RENUMBERED = "Train with the labels as cifar10.load() gives them."
ADVICE_CONSTANT = (
    "A model that has learnt nothing answers so: look whether the training loss falls, and take a "
    "smaller learning rate where it does not."
)
ADVICE_OTHERWISE = (
    "The images are fed as {inputs}, {height} × {width}. If your own test images give much more, "
    "look for what differs; else go on with the model: its learning curves say whether it needs "
    "longer training, more augmentation or more layers."
)

_TRIED = 200  # images on which other scalings are tried
_BETTER = 0.15  # that much better another scaling must be: over three standard deviations there
_LOPSIDED = 0.95


class Diagnosis(NamedTuple):
    """found: what was seen, "" for nothing. mistake: its slug."""

    found: str
    advice: str
    mistake: str | None = None


def diagnose(measured: Measured, share: float) -> Diagnosis:
    """The first of the known reasons that fits; costs three times _TRIED predictions at most.

    share: of the points that were earned; who earned most of them feeds images as is asked for.
    """
    return (
        _renumbered(measured)
        or (_unscaled(measured) if share < 0.5 else None)
        or _untrained(measured)  # after these: a copy that has the weights of a trained model
        or _lopsided(measured)
        or Diagnosis("", _in_words(ADVICE_OTHERWISE, measured))
    )


def _untrained(measured: Measured) -> Diagnosis | None:
    if measured.model.steps != 0:
        return None
    return Diagnosis("The model has not been trained", ADVICE_UNTRAINED, "untrained")


def _renumbered(measured: Measured) -> Diagnosis | None:
    """Whether the classes only have other numbers: two swapped, or ten in another order."""
    classes, images = measured.classes, measured.images
    counts = np.bincount(measured.predicted * classes + measured.labels, minlength=classes**2)
    meant = counts.reshape(classes, classes).argmax(axis=1)  # the class that each number stands for
    right = round(float((meant[measured.predicted] == measured.labels).mean()), 3)
    is_order = len(set(meant)) == classes and (meant != np.arange(classes)).any()
    if not is_order or wilson(right, images)[0] <= wilson(measured.accuracy, images)[1]:
        return None
    instead = f"{100 * right:.1f} % would be right"
    if classes == 2:
        found = f"The two classes look swapped: the other way round, {instead}"
        return Diagnosis(found, ADVICE_SWAPPED, "swapped-classes")
    found = f"The classes look numbered in another order: put right, {instead}"
    return Diagnosis(found, ADVICE_RENUMBERED, "renumbered-classes")


def _unscaled(measured: Measured) -> Diagnosis | None:
    others = [inputs for inputs in SCALINGS if inputs != measured.question.inputs]
    tried = {inputs: accuracy_if(measured, inputs, _TRIED) for inputs in others}
    best = max(others, key=lambda inputs: tried[inputs][1])
    stated, share = tried[best]
    if share < stated + _BETTER:
        return None
    found = (
        f"The model seems to expect other pixel values: fed as {_words(best)}, "
        f"{100 * share:.0f} % of a sample of them are right, instead of {100 * stated:.0f} %"
    )
    return Diagnosis(found, _in_words(ADVICE_SCALING, measured), "other-scaling")


def _lopsided(measured: Measured) -> Diagnosis | None:
    shares = np.bincount(measured.predicted, minlength=measured.classes) / measured.images
    most = int(shares.argmax())
    if shares[most] < _LOPSIDED:
        return None
    name = f"class {most}"
    if measured.question.dataset == "cats_dogs":
        from autograder.datasets import cats_dogs  # with all that reads archives

        name += f" ({cats_dogs.CLASS_NAMES[most]})"
    if shares[most] == 1:
        return Diagnosis(f"All are taken for {name}", ADVICE_CONSTANT, "constant-output")
    found = f"{100 * shares[most]:.1f} % are taken for {name}"
    return Diagnosis(found, ADVICE_CONSTANT, "lopsided-output")


def _in_words(advice: str, measured: Measured) -> str:
    height, width = measured.size
    return advice.format(inputs=_words(measured.question.inputs), height=height, width=width)


def _words(inputs: str) -> str:
    return "preprocess_input of VGG16 makes them" if inputs == "vgg16" else inputs
