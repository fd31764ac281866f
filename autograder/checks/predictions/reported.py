"""Whether the accuracies that a student reports are those of the models handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.checks.answers import is_unanswered
from autograder.checks.findings import Finding, Outcome
from autograder.checks.numbers.reading import NotAnArray, as_array
from autograder.checks.predictions.accuracy import percent
from autograder.checks.predictions.conventions import Output, conventions
from autograder.checks.predictions.feeding import check_question
from autograder.checks.predictions.intervals import tolerance
from autograder.checks.predictions.measuring import Measured, Question, measure
from autograder.checks.predictions.naming import advice_on_names, key_of, numbers_and_models
from autograder.checks.wording import count, legible, sentences

ADVICE_DIFFERS = (
    "Report what model.evaluate gives on images that the model has not seen in training, and hand "
    "in the model that you evaluated."
)
SAME_MODEL = 'the same model as "{name}", weight for weight; it counts once'
ADVICE_SAME = (
    "Keep each trained model in a variable of its own: train a new one for each row, for a model "
    "that is trained again is no second one."
)

_MAX_NAME = 60


def reported(
    values: object,
    models: object,
    dataset: str,
    *,
    images: int,
    name: str = "",
    value: str = "",
    inputs: str | Mapping[str, str] = "0..1",
    output: Output = None,
) -> Finding:
    """Whether each reported accuracy is what that model scores on the hidden images.

        reported(test_accuracies, {"cnn": cnn, "vgg": vgg}, "cats_dogs", images=500,
                 inputs={"cnn": "0..1", "vgg": "vgg16"})
        reported(trials, trial_models, "cifar10", images=500,
                 name="trial", value="validation_accuracy")

    values: {name: accuracy in 0..1} under the same names as `models`, {name: model}; or, with the
    names of two of its columns, a table: whatever `table` reads. images: how many test images the
    student measured on. inputs, output: as for `accuracy`; inputs may differ by model. The share of
    the points is that of the names whose two numbers agree. Models with the same weights are one
    model: it counts under its first name, the others agree with nothing.

    Two agree where they differ by no more than chance explains at 99.9 %: the student's test images
    and the hidden ones are two samples, and intervals.tolerance says how far apart they may lie.

        reported 87.0 % on 500, measured 82.0 % on 1,000     agrees (6.8 % are allowed)
        reported 99.0 % on 500, measured 82.0 % on 1,000     differs
        reported 87.0                                        read as 87.0 %, and told so
    """
    asked = "the reported accuracies are those of the models handed in"
    found = numbers_and_models(values, models, name, value, asked)
    if isinstance(found, Finding):
        return found
    told, known = found
    fed = inputs if isinstance(inputs, str) else {key_of(each): inputs[each] for each in inputs}
    lines: list[_Line] = []
    for each, model in known.items():
        given = fed if isinstance(fed, str) else fed.get(each, "0..1")
        check_question(dataset, given)
        question = Question(dataset, given, conventions(dataset, output))
        measured = measure(model, question, asked, "the model")
        if isinstance(measured, Finding) and measured.outcome is Outcome.COULD_NOT_BE_GRADED:
            return measured
        lines.append(_Line(each, told.get(each), measured))
    agreed, details = _compare(lines, images)
    unknown = [each for each in told if each not in known]
    details += [f"{legible(each, _MAX_NAME)}: no model has this name" for each in unknown]
    return _finding(asked, agreed, tuple(details), advice_on_names(told, known))


@dataclass(frozen=True, eq=False)
class _Line:
    """A name, what is reported under it, and what its model gives."""

    name: str
    value: object
    measured: Measured | Finding

    @property
    def weights(self) -> frozenset[str]:
        """Digests of the model's tensors: what tells it from others, whatever it is called."""
        if isinstance(self.measured, Finding):
            return frozenset()
        return frozenset(self.measured.model.digests.values())


def _compare(lines: Sequence[_Line], images: int) -> tuple[int, list[str]]:
    """How many agree, and a line about each."""
    agreed, details = 0, []
    first: dict[frozenset[str], str] = {}
    for line in lines:
        earlier = first.setdefault(line.weights, line.name) if line.weights else line.name
        if earlier == line.name:
            agrees, told = _compared(line.value, line.measured, images)
        else:
            agrees, told = False, SAME_MODEL.format(name=legible(earlier, _MAX_NAME))
        agreed += agrees
        details.append(f"{legible(line.name, _MAX_NAME)}: {told}")
    return agreed, details


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


def _finding(asked: str, agreed: int, details: tuple[str, ...], on_names: str) -> Finding:
    """on_names: what to do about names that do not fit, or ""."""
    names = len(details)
    found = f"{agreed} of {count(names, 'reported accuracy', 'reported accuracies')} "
    found += "agrees with its model." if 1 in (agreed, names) else "agree with their models."
    if agreed == names:
        return Finding(Outcome.CORRECT, asked, found, details=details)
    outcome = Outcome.PARTLY_CORRECT if agreed else Outcome.INCORRECT
    same = any(SAME_MODEL.partition("{")[0] in detail for detail in details)
    advice = sentences(on_names or ADVICE_DIFFERS, ADVICE_SAME if same else "")
    return Finding(outcome, asked, found, advice, agreed / names, details=details)
