"""What model.fit returns: it crosses as the dict of its curves, {"loss": [0.7, 0.5], …}."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograder.artifacts.classes import is_a
from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.outcome import RefusedError
from autograder.snapshot.reader import Reader
from autograder.snapshot.scribe import Scribe

KERAS_HISTORY = ("keras.src.callbacks.history", "History")
NOT_TRAINED = "is a History without curves; hand in what model.fit(...) returns"
NO_NUMBERS = 'holds more than one number per epoch in "{name}"; leave that metric out'
DIVERGED = (
    'holds {found} in "{name}", epoch {epoch}: the training has diverged; '
    "make the model anew and train it with a smaller learning rate"
)


def _matches(value: object) -> bool:
    return is_a(value, *KERAS_HISTORY)


def _write_history(value: Any, scribe: Scribe) -> Document:
    curves = getattr(value, "history", None)
    if type(curves) is not dict or not curves:
        raise RefusedError(NOT_TRAINED)
    return {"curves": scribe.write({str(name): _numbers(name, curves[name]) for name in curves})}


def _numbers(name: object, curve: Any) -> list[float]:
    """One number per epoch; Keras writes floats, its callbacks NumPy's too."""
    if type(curve) is not list:
        raise RefusedError(NOT_TRAINED)
    try:
        numbers = [float(np.asarray(each).reshape(())) for each in curve]
    except (TypeError, ValueError):
        raise RefusedError(NO_NUMBERS.format(name=name)) from None
    for epoch, number in enumerate(numbers, start=1):
        if not math.isfinite(number):
            found = "NaN" if math.isnan(number) else "an infinite number"
            raise RefusedError(DIVERGED.format(found=found, name=name, epoch=epoch))
    return numbers


def _read_history(document: Document, reader: Reader) -> object:
    (curves,) = reader.fields(document, curves=dict)
    if curves.get("kind") != "dict":
        reader.fail("history without curves")
    found: Any = reader.read(curves)
    for name, curve in found.items():
        numbers = type(curve) is list and all(type(each) is float for each in curve)
        if type(name) is not str or not numbers:
            reader.fail("history: expected a list of floats by name")
    return found


HISTORY = Kind("history", _matches, _write_history, _read_history)
