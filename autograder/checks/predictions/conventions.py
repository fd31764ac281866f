"""How a classifier says what it sees: one sigmoid, a softmax, logits. Read as the question states.

("sigmoid", 1)      one number from 0 to 1, the probability of class 1
("softmax", k)      k numbers from 0 to 1 that sum to 1, the probabilities of the classes
("logits", 1)       one number of any size, above 0 for class 1
("logits", k)       k numbers of any size, the greatest for the class
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.wording import count, sizes

ACTIVATIONS = ("sigmoid", "softmax", "logits")
Output = str | tuple[str, int] | list[tuple[str, int]] | None

_CLASSES = {"cats_dogs": 2, "cifar10": 10}

_SLACK = 1e-3  # of probabilities, for what rounding and half precision do to them

ADVICE_NAN = (
    "Training has diverged: check that the images are scaled, take a smaller learning rate, and "
    "train again."
)
ADVICE_ACTIVATION = "End the model with {layers}."
ADVICE_ONE_SOFTMAX = (
    'A softmax over one unit is 1 whatever goes in: write Dense(1, activation="sigmoid").'
)
ADVICE_FLATTEN = "Flatten or GlobalAveragePooling2D before the Dense layers is missing."


class UnfitError(Exception):
    """A model does not take or give what was asked for: what was found, and what to try."""

    def __init__(self, found: str, advice: str = "") -> None:
        super().__init__(found)
        self.advice = advice


@dataclass(frozen=True)
class Convention:
    """What the last layer gives."""

    activation: str
    units: int

    @property
    def classes(self) -> int:
        return max(self.units, 2)

    def __str__(self) -> str:
        """1 sigmoid output"""
        kind = "" if self.activation == "logits" else f"{self.activation} "
        return count(self.units, f"{kind}output")

    @property
    def layer(self) -> str:
        if self.activation == "logits":
            return f"Dense({self.units})"
        return f'Dense({self.units}, activation="{self.activation}")'


def conventions(dataset: str, output: Output) -> tuple[Convention, ...]:
    """The conventions that a question allows; ValueError where it says what cannot be."""
    return conventions_for(_CLASSES[dataset], output)


def conventions_for(classes: int, output: Output) -> tuple[Convention, ...]:
    """The same for any number of classes, two or more."""
    numbers = (1, 2) if classes == 2 else (classes,)
    logits = [("logits", number) for number in numbers]
    usual = [("sigmoid" if number == 1 else "softmax", number) for number in numbers]
    stated: Any = [output] if isinstance(output, tuple) else output
    if output is None:
        stated = usual
    elif output == "logits":
        stated = logits
    possible = (*usual, *logits)
    if not isinstance(stated, list) or not stated or not set(stated) <= set(possible):
        known = ", ".join(map(str, possible))
        raise ValueError(f'output: expected "logits" or one of {known}; received {output!r}')
    return tuple(Convention(activation, units) for activation, units in stated)


def choose(
    allowed: tuple[Convention, ...], shape: tuple[int | None, ...], activation: str | None = None
) -> Convention:
    """The convention for outputs of this shape, the batch first. Raises UnfitError.

    activation: the last layer's, where it is known; that of probabilities shows in the outputs.
    """
    if shape[1:] == (1,) and activation == "softmax":
        raise UnfitError("The model has 1 softmax output", ADVICE_ONE_SOFTMAX)
    for each in allowed:
        if len(shape) == 2 and shape[1] == each.units:
            return each
    wanted = " or ".join(map(str, allowed))
    if len(shape) != 2:
        found = f"The output for an image has the shape {sizes(shape[1:])}; expected {wanted}"
        raise UnfitError(found, ADVICE_FLATTEN)
    units = count(shape[1] or 0, "output")
    raise UnfitError(f"The model has {units}; expected {wanted}", _advice(allowed))


def classes(
    outputs: NDArray[np.float32], allowed: tuple[Convention, ...]
) -> tuple[NDArray[np.intp], Convention]:
    """The class of each image, (n,), out of outputs (n, …). Raises UnfitError."""
    convention = choose(allowed, outputs.shape)
    wrong = 1 - np.isfinite(outputs).all(axis=1).mean()
    if wrong:
        found = (
            f"For {100 * wrong:.0f} % of the images the output is not a number (NaN or infinite)"
        )
        raise UnfitError(found.replace(" 0 %", " under 1 %"), ADVICE_NAN)
    if convention.activation != "logits":
        _check_probabilities(outputs, convention, allowed)
    threshold = 0.0 if convention.activation == "logits" else 0.5
    if convention.units == 1:
        return (outputs[:, 0] > threshold).astype(np.intp), convention
    return outputs.argmax(axis=1), convention


def _check_probabilities(
    outputs: NDArray[np.float32], convention: Convention, allowed: tuple[Convention, ...]
) -> None:
    low, high = float(outputs.min()), float(outputs.max())
    if low < -_SLACK or high > 1 + _SLACK:
        found = f"The outputs are no probabilities: they go from {low:.3g} to {high:.3g}"
        raise UnfitError(found, _advice(allowed))
    if convention.activation == "sigmoid":
        return
    sums = outputs.sum(axis=1, dtype=np.float64)
    if np.abs(sums - 1).max() > 10 * _SLACK:
        found = (
            f"The {convention.units} outputs for an image are to sum to 1; "
            f"they sum to {sums.min():.2f} to {sums.max():.2f}"
        )
        raise UnfitError(found, _advice(allowed))


def _advice(allowed: tuple[Convention, ...]) -> str:
    return ADVICE_ACTIVATION.format(layers=" or ".join(each.layer for each in allowed))
