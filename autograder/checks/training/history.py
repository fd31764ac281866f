"""Whether a model was trained as asked, by the history that model.fit returned."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import NotDataError
from autograder.artifacts.classes import is_a
from autograder.checks.amounts import Amount, amount, at_least
from autograder.checks.answers import is_unanswered
from autograder.checks.aspects import Aspect, judged
from autograder.checks.findings import Finding, incorrect
from autograder.checks.subjects import no_data
from autograder.checks.wording import count, listed, opening, shown

Curve = NDArray[np.float64]
Curves = dict[str, Curve]

ANY_EPOCHS = at_least(1)
MAX_EPOCHS = 100_000
MAX_CURVES = 100
MIN_EPOCHS_TO_DOUBT = 3
MIN_STEP_TO_DOUBT = 0.05  # of the first value: small equal steps come from rounding
MATCHED = 40  # characters of a curve's name

ADVICE_HISTORY = "Hand in what model.fit(...) returned, or its .history."
ADVICE_DIVERGED = (
    "Try a smaller learning rate, and look whether the images are scaled and the labels fit the "
    "loss."
)
ADVICE_EPOCHS = "Set epochs in model.fit(...), and keep the history of the whole training."
ADVICE_METRICS = "Name the metrics in model.compile(..., metrics=[...])."
ADVICE_VALIDATION = "Pass validation_data=... to model.fit(...)."
ADVICE_FALLING = (
    "Look whether the labels fit the loss, whether the images are scaled and whether the layers "
    "are trainable; then try another learning rate or more epochs."
)
_SPELLINGS = {"accuracy": "acc(?:uracy)?"}


def history(
    answer: object,
    *,
    epochs: int | Amount = ANY_EPOCHS,
    falling: str | None = "loss",
    metrics: Sequence[str] = ("accuracy",),
    validation: bool = True,
    what: str = "the history",
) -> Finding:
    """Whether a training went as asked: a History, a dict of lists, or a list of such, in stages.

    history(training, epochs=at_least(3))              # loss falls; accuracy and val_accuracy there
    history([frozen, tuned], epochs=at_least(8))       # both stages together, one after the other
    history(training, metrics=(), validation=False)    # only that the loss falls
    history(training, falling=None)                    # whatever the loss does

    Falling: the mean of the last third lies below the mean of the first third. "accuracy" stands
    for binary_accuracy and its like too. What no training gives earns nothing: a loss that is not
    finite, stays the same or goes down in equal large steps, a curve or a stage given twice.
    """
    wanted = amount(epochs)
    asked = _asked(wanted, falling, metrics, validation)
    stages = list(answer) if type(answer) in (list, tuple) else [answer]  # type: ignore[call-overload]
    looked_at = next(iter(stages), None) if all(map(is_unanswered, stages)) else answer
    if finding := no_data(looked_at, asked, ADVICE_HISTORY):
        return finding
    try:
        curves = _joined([_read(stage) for stage in stages])
    except NotDataError as error:
        return incorrect(asked, f"{opening(what)} {error}", ADVICE_HISTORY)
    doubt = _diverged(curves) or _made_up(curves)
    if doubt is not None:
        return judged(asked, [doubt])
    needed = dict.fromkeys([*([falling] if falling else []), *metrics])
    aspects = [_long_enough(curves, wanted), _recorded(curves, list(needed))]
    if validation:
        aspects.append(_validated(curves, list(needed)))
    if falling:
        aspects.append(_falls(curves, falling))
    return judged(asked, aspects)


def _asked(wanted: Amount, falling: str | None, metrics: Sequence[str], validation: bool) -> str:
    parts = [wanted.of("epoch")]
    parts += [f"falling {falling}"] if falling else []
    parts += [f"{listed(metrics)} recorded"] if metrics else []
    parts += ["validation"] if validation else []
    return f"the training has {', '.join(parts)}"


def _read(stage: Any) -> Curves:
    """The curves of one training by their names. Raises NotDataError."""
    if is_unanswered(stage):
        raise NotDataError("lacks a stage: one of the list has no answer yet")
    try:
        recorded = _recorded_by(stage)
        return {_name(name): _curve(name, values) for name, values in recorded.items()}
    except NotDataError:
        raise
    except Exception as error:  # a student's object may raise anything
        raise NotDataError("cannot be read as lists of numbers") from error


def _recorded_by(stage: Any) -> Mapping[Any, Any]:
    if is_a(stage, "keras.src.callbacks.history", "History"):
        stage = stage.history
    elif is_a(stage, "pandas", "DataFrame"):
        stage = stage.to_dict("list")
    if not isinstance(stage, Mapping):
        raise NotDataError(f"is of type {shown(type(stage).__name__)}, not what model.fit returns")
    if not 1 <= len(stage) <= MAX_CURVES:
        raise NotDataError(
            f"has {count(len(stage), 'curve')}; a training records at least the loss"
        )
    return stage


def _name(name: object) -> str:
    if type(name) is not str:
        raise NotDataError("has a curve whose name is no text")
    return name


def _curve(name: object, values: Any) -> Curve:
    if not isinstance(values, list | tuple | np.ndarray) or not 1 <= len(values) <= MAX_EPOCHS:
        raise NotDataError(f"has no list of numbers under {shown(str(name))!r}")
    if any(isinstance(value, str) for value in values):
        raise NotDataError(f"has text under {shown(str(name))!r} where numbers are expected")
    return np.array([float(np.asarray(value).reshape(())) for value in values], np.float64)


def _joined(stages: list[Curves]) -> Curves:
    """The curves that all stages have, one stage after the other."""
    for number, (one, other) in enumerate(pairwise(stages), start=1):
        if one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one):
            raise NotDataError(f"has the same numbers in stages {number} and {number + 1}")
    names = [name for name in stages[0] if all(name in stage for stage in stages)]
    if not names:
        raise NotDataError("has stages that share no curve")
    return {name: np.concatenate([stage[name] for stage in stages]) for name in names}


def _diverged(curves: Curves) -> Aspect | None:
    for name, curve in curves.items():
        if not np.isfinite(curve).all():
            epoch = int(np.isfinite(curve).argmin())
            value = "NaN" if np.isnan(curve[epoch]) else "infinite"
            return Aspect(0, f"{shown(name)} is {value} in epoch {epoch + 1}", ADVICE_DIVERGED)
    return None


def _made_up(curves: Curves) -> Aspect | None:
    """What no training gives: Keras sums up the loss of batches, so chance is in every number."""
    for name, curve in curves.items():
        doubt = _doubt_loss(curve) if name.endswith("loss") else _doubt_metric(name, curve)
        if doubt:
            advice = ADVICE_FALLING if _never_moves(curve) else ADVICE_HISTORY
            return Aspect(0, f"{shown(name)} {doubt}", advice)
    one, other = (curves.get(name, np.empty(0)) for name in ("loss", "val_loss"))
    if len(one) >= MIN_EPOCHS_TO_DOUBT and np.array_equal(one, other):
        return Aspect(0, "val_loss repeats loss number by number", ADVICE_HISTORY)
    return None


def _doubt_loss(curve: Curve) -> str:
    if _never_moves(curve):
        return f"is {curve[0]:.4g} in each of {len(curve)} epochs"
    if _is_a_line(curve):
        return f"changes by {curve[1] - curve[0]:.4g} in every epoch, as no training does"
    return ""


def _doubt_metric(name: str, curve: Curve) -> str:
    is_accuracy = _matches(name.removeprefix("val_"), "accuracy")
    if not is_accuracy or (curve.min() >= 0 and curve.max() <= 1):
        return ""
    return f"reaches {max(curve, key=abs):.4g}; an accuracy lies between 0 and 1"


def _never_moves(curve: Curve) -> bool:
    return len(curve) >= MIN_EPOCHS_TO_DOUBT and bool((curve == curve[0]).all())


def _is_a_line(curve: Curve) -> bool:
    steps = np.diff(curve)
    if len(curve) <= MIN_EPOCHS_TO_DOUBT or abs(steps[0]) < MIN_STEP_TO_DOUBT * abs(curve[0]):
        return False
    return bool(np.allclose(steps, steps[0], rtol=1e-6))


def _long_enough(curves: Curves, wanted: Amount) -> Aspect:
    epochs = max(map(len, curves.values()))
    found = count(epochs, "epoch")
    return Aspect.of(wanted.allows(epochs), found, str(wanted), ADVICE_EPOCHS)


def _recorded(curves: Curves, names: list[str]) -> Aspect:
    missing = [name for name in names if _find(curves, name) is None]
    if missing:
        return Aspect(0, f"{listed(missing)} not recorded", ADVICE_METRICS)
    return Aspect(1, f"{listed(names)} recorded" if names else "")


def _validated(curves: Curves, names: list[str]) -> Aspect:
    """Validation may be done in some epochs only (validation_freq)."""
    missing = [f"val_{name}" for name in names if _find(curves, name, "val_") is None]
    if missing:
        return Aspect(0, f"{listed(missing)} not recorded", ADVICE_VALIDATION)
    return Aspect(1, "validated while training")


def _falls(curves: Curves, name: str) -> Aspect:
    found = _find(curves, name)
    if found is None or len(curves[found]) < 2:
        reason = "was not recorded" if found is None else "was recorded for one epoch only"
        return Aspect(0, f"{name} {reason}, so it cannot be seen to fall", ADVICE_EPOCHS)
    curve = curves[found]
    third = max(1, len(curve) // 3)
    first, last = float(curve[:third].mean()), float(curve[-third:].mean())
    over = f" (means of {third} epochs)" if third > 1 else ""
    if last < first:
        return Aspect(1, f"{name} falls from {first:.4g} to {last:.4g}{over}")
    text = f"{name} does not fall: {first:.4g} at first, {last:.4g} in the end{over}"
    return Aspect(0, text, ADVICE_FALLING)


def _find(curves: Curves, name: str, prefix: str = "") -> str | None:
    """The curve that a metric is recorded as: binary_accuracy and accuracy_1 for accuracy."""
    names = [each.removeprefix(prefix) for each in curves if each.startswith(prefix)]
    names = [each for each in names if not each.startswith("val_")]
    found = next((each for each in names if each == name), None)
    found = found or next((each for each in names if _matches(each, name)), None)
    return None if found is None else prefix + found


def _matches(recorded: str, name: str) -> bool:
    stem = _SPELLINGS.get(name, re.escape(name))
    return re.fullmatch(rf"(?:[a-z0-9]+_){{0,5}}{stem}(?:_\d+)?", recorded[:MATCHED]) is not None
