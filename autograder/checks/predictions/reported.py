"""Whether the accuracies that a student reports are those of the models handed in."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from autograder.checks.answers import is_unanswered
from autograder.checks.findings import Finding, Outcome, incorrect
from autograder.checks.numbers.reading import NotAnArray, as_array
from autograder.checks.predictions.accuracy import percent
from autograder.checks.predictions.conventions import Output, conventions
from autograder.checks.predictions.feeding import check_question
from autograder.checks.predictions.intervals import tolerance
from autograder.checks.predictions.measuring import Measured, Question, measure
from autograder.checks.subjects import no_data
from autograder.checks.wording import count, legible

MAX_MODELS = 8
ADVICE_FORM = 'Give a dict with a number for each model: {"cnn": 0.87}.'
ADVICE_DIFFERS = (
    "Report what model.evaluate gives on your test images, which the model has not seen in "
    "training, and hand in the model that you evaluated."
)

_MAX_NAME = 60


def reported(
    values: object,
    models: object,
    dataset: str,
    *,
    images: int,
    inputs: str | Mapping[str, str] = "0..1",
    output: Output = None,
) -> Finding:
    """Whether each reported accuracy is what that model scores on the hidden images.

        reported(test_accuracies, {"cnn": cnn, "vgg": vgg}, "cats_dogs", images=500,
                 inputs={"cnn": "0..1", "vgg": "vgg16"})

    values: {name: accuracy in 0..1} under the same names as `models`, {name: model}. images: how
    many test images the student measured on. inputs, output: as for `accuracy`; inputs may differ
    by model. The share of the points is that of the names whose two numbers agree.

    Two agree where they differ by no more than chance explains at 99.9 %: the student's test images
    and the hidden ones are two samples, and intervals.tolerance says how far apart they may lie.

        reported 87.0 % on 500, measured 82.0 % on 1,000     agrees (6.8 % are allowed)
        reported 99.0 % on 500, measured 82.0 % on 1,000     differs
        reported 87.0                                        read as 87.0 %, and told so
    """
    asked = "the reported accuracies are those of the models handed in"
    for answer in (values, models):
        finding = _unusable(answer, asked)
        if finding:
            return finding
    assert isinstance(values, dict) and isinstance(models, dict)
    details, agreed = [], 0
    for name, model in models.items():
        given = inputs if isinstance(inputs, str) else inputs.get(name, "0..1")
        check_question(dataset, given)
        question = Question(dataset, given, conventions(dataset, output))
        measured = measure(model, question, asked, "the model")
        if isinstance(measured, Finding) and measured.outcome is Outcome.COULD_NOT_BE_GRADED:
            return measured
        agrees, told = _compared(values.get(name), measured, images)
        agreed += agrees
        details.append(f"{legible(str(name), _MAX_NAME)}: {told}")
    unknown = [name for name in islice(values, MAX_MODELS + 1) if name not in models]
    details += [f"{legible(str(name), _MAX_NAME)}: no model has this name" for name in unknown]
    return _finding(asked, agreed, len(models) + len(unknown), tuple(details))


def _unusable(answer: object, asked: str) -> Finding | None:
    if isinstance(answer, dict) and answer and all(map(is_unanswered, answer.values())):
        answer = None
    if finding := no_data(answer, asked, ADVICE_FORM):
        return finding
    if not isinstance(answer, dict) or not answer:
        return incorrect(asked, "Expected a dict with a name for each model", ADVICE_FORM)
    if len(answer) > MAX_MODELS:
        found = f"Expected at most {MAX_MODELS} names, found {len(answer):,}"
        return incorrect(asked, found, ADVICE_FORM)
    return None


def _compared(value: object, measured: Measured | Finding, images: int) -> tuple[bool, str]:
    """Whether a reported value agrees, and a line about it."""
    if is_unanswered(value):
        return False, "no accuracy is reported"
    number = _number(value)
    if number is None:
        return False, "the reported accuracy is not a number from 0 to 1"
    share = number / 100 if number > 1 else number
    told = f"reported {percent(share)}"
    if number > 1:
        told += f" (read as a percentage; write {share:.4g})"
    if isinstance(measured, Finding):
        return False, f"{told}; {measured.found}"
    told += f", measured {percent(measured.accuracy)} on {measured.images:,} hidden images"
    allowed = tolerance(share, images, measured.accuracy, measured.images)
    if abs(share - measured.accuracy) <= allowed:
        return True, f"{told}; they agree"
    return False, f"{told}; chance explains a difference of {percent(allowed)}, not more"


def _number(value: object) -> float | None:
    """One number from 0 to 100, however it is wrapped: a float, a tensor, a list of one."""
    array = as_array(value)
    if isinstance(array, NotAnArray) or array.size != 1:
        return None
    number = float(array.reshape(()))
    return number if 0 <= number <= 100 else None


def _finding(asked: str, agreed: int, names: int, details: tuple[str, ...]) -> Finding:
    found = f"{agreed} of {count(names, 'reported accuracy', 'reported accuracies')} "
    found += "agrees with its model." if 1 in (agreed, names) else "agree with their models."
    if agreed == names:
        return Finding(Outcome.CORRECT, asked, found, details=details)
    outcome = Outcome.PARTLY_CORRECT if agreed else Outcome.INCORRECT
    return Finding(outcome, asked, found, ADVICE_DIFFERS, agreed / names, details=details)
