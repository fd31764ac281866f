"""The accuracy of a model on images that nobody but the grader has."""

from __future__ import annotations

from dataclasses import replace

from autograder.checks.findings import Finding, Measurement, Outcome
from autograder.checks.predictions.conventions import Output, conventions
from autograder.checks.predictions.diagnosing import diagnose
from autograder.checks.predictions.feeding import TITLES, check_question
from autograder.checks.predictions.intervals import wilson
from autograder.checks.predictions.measuring import Measured, Question, measure
from autograder.checks.predictions.thresholds import Threshold
from autograder.checks.predictions.thresholds import threshold as named
from autograder.checks.wording import sentences

BENEFIT = "so many images do not tell that from {full}: full points"


def accuracy(
    model: object,
    dataset: str,
    floor: float | None = None,
    full: float | None = None,
    *,
    threshold: str = "",
    inputs: str = "0..1",
    output: Output = None,
    what: str = "the model",
) -> Finding:
    """How many of the hidden images the model gets right; points from `floor` to `full`.

        accuracy(cnn, "cats_dogs", threshold="cats_and_dogs/c")
        accuracy(cnn, "cats_dogs", floor=0.6, full=0.8)
        accuracy(vgg, "cats_dogs", floor=0.7, full=0.85, inputs="vgg16")
        accuracy(net, "cifar10", floor=0.3, full=0.6, output="logits")

    dataset: "cats_dogs" (1,000 images, 0 cat, 1 dog; of any size) or "cifar10" (2,000 of 32 × 32).
    inputs: how the question says that RGB pixels are fed: "0..1", "0..255", "-1..1", or "vgg16",
    which is keras.applications.vgg16.preprocess_input. output: None for what the data set allows
    (one sigmoid or a softmax), "logits" where the question asks for these, or what it asks for,
    such as ("sigmoid", 1). Nothing else is guessed at. threshold: the name under which
    thresholds.json, in the working directory, has `floor` and `full` for the profile in use.

    The share of the points grows evenly from `floor` to `full`. Benefit of the doubt: it is 1
    unless the model is, at 95 %, worse than `full`, that is, unless the upper bound of Wilson's
    interval (1927, see intervals.py) lies below it. With floor=0.7, full=0.85 and 1,000 images:

        accuracy     upper bound    share of the points
        85.0 %       87.1 %         1
        82.8 %       85.0 %         1       cannot be told from 85 %
        82.7 %       84.9 %         0.85
        77.5 %       80.0 %         0.5
        70.0 %       72.8 %         0
        the same class for all      0       whatever the floor

    Where there are no hidden images, as with students, what needs none is checked and the rest
    "could not be graded". ValueError for a question that asks what cannot be.
    """
    check_question(dataset, inputs)
    limits = _limits(floor, full, threshold)
    question = Question(dataset, inputs, conventions(dataset, output))
    asked = (
        f"{what} gets {_threshold(limits.full)} of the hidden images ({TITLES[dataset]}) right; "
        f"points from {_threshold(limits.floor)} on"
    )
    measured = measure(model, question, asked, what)
    if isinstance(measured, Finding):
        return measured
    counted = Measurement(threshold, measured.accuracy, measured.images, measured.classes)
    return replace(_finding(measured, limits.floor, limits.full, asked), measured=counted)


def percent(share: float) -> str:
    """A measured share, to 0.1 %."""
    return f"{100 * share:.1f} %"


def _limits(floor: float | None, full: float | None, name: str) -> Threshold:
    if name and floor is None and full is None:
        return named(name)
    if name or floor is None or full is None:
        raise ValueError(
            "expected a threshold=, or a floor= and a full=; received "
            f"threshold {name!r}, floor {floor!r} and full {full!r}"
        )
    if not 0 <= floor < full <= 1:
        raise ValueError(f"expected 0 <= floor < full <= 1, received {floor!r} and {full!r}")
    return Threshold(floor, full)


def _finding(measured: Measured, floor: float, full: float, asked: str) -> Finding:
    accuracy, images = measured.accuracy, measured.images
    counted = f"{percent(accuracy)} of {images:,} hidden images are right"
    share = _share(accuracy, images, floor, full) if _tells_apart(measured) else 0.0
    if share == 1:
        told = BENEFIT.format(full=_threshold(full)) if accuracy < full else ""
        return Finding(Outcome.CORRECT, asked, sentences("; ".join(filter(None, (counted, told)))))
    found, advice, mistake = diagnose(measured, share)
    outcome = Outcome.PARTLY_CORRECT if share else Outcome.INCORRECT
    return Finding(outcome, asked, sentences(counted, found), advice, share, mistake)


def _share(accuracy: float, images: int, floor: float, full: float) -> float:
    if wilson(accuracy, images)[1] >= full:
        return 1.0
    return min(max((accuracy - floor) / (full - floor), 0.0), 1.0)


def _tells_apart(measured: Measured) -> bool:
    return bool((measured.predicted != measured.predicted[0]).any())


def _threshold(share: float) -> str:
    return f"{100 * share:.4g} %"
