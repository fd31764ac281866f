"""Whether the numbers of weights that a student reports are those of the models handed in."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.artifacts import NotDataError
from autograder.checks.answers import is_unanswered
from autograder.checks.architectures.demands import parameters_of
from autograder.checks.findings import Finding, Outcome
from autograder.checks.numbers.reading import NotAnArray, as_array
from autograder.checks.predictions.naming import advice_on_names, numbers_and_models
from autograder.checks.subjects import model_data
from autograder.checks.wording import count, legible
from autograder.graphs import GraphError

ADVICE = "Report what model.count_params() gives, of the very model that you hand in."
TRAINABLE = "these are the trainable ones alone, the model has {right:,} in all"
ANOTHERS = 'that is the number of "{other}"; this model has {right:,}'
DIFFERS = "the model has {right:,}"

_MAX_NAME = 60

# In all, and the trainable ones where that is known.
_Counts = tuple[int, int | None]


def parameter_counts(
    values: object,
    models: object,
    *,
    name: str = "",
    value: str = "",
    what: str = "the numbers of parameters",
) -> Finding:
    """Whether each reported number of parameters is exactly what that model has.

        parameter_counts({"cnn": 50_282}, {"cnn": cnn})
        parameter_counts(comparison, {"cnn": cnn, "residual": residual_net},
                         name="model", value="parameters")

    values: {name: number} under the same names as `models`, {name: model}; or, with the names of
    two of its columns, a table: whatever `table` reads. The share of the points is that of the
    names whose number is right: all weights count, trainable or not, as in model.count_params().

        reported 50,282, the model has 50,282                right
        the trainable weights alone                          differs, and told so
        the number of another one of the models              differs, and told so
        no number, no model, a model that is none            differs
    """
    asked = f"{what} are those of the models handed in"
    found = numbers_and_models(values, models, name, value, asked)
    if isinstance(found, Finding):
        return found
    told, known = found
    counts = {each: _counts(model, asked) for each, model in known.items()}
    reasons = {each: _compared(each, told.get(each), counts) for each in counts}
    reasons |= {each: "no model has this name" for each in told if each not in known}
    return _finding(asked, reasons, advice_on_names(told, known) or ADVICE)


def _counts(model: object, asked: str) -> _Counts | str:
    """How many weights a model has, or why that cannot be said."""
    data = model_data(model, asked)
    if isinstance(data, Finding):
        return data.found
    try:
        return parameters_of(data), data.graph.trainable_parameters
    except (GraphError, NotDataError) as error:
        return f"the model cannot be read: {error}"


def _compared(name: str, value: object, counts: Mapping[str, _Counts | str]) -> str:
    """What is wrong with the number reported under this name, or ""."""
    if is_unanswered(value):
        return "no number is reported"
    number = _number(value)
    if number is None:
        return "what is reported is not a number"
    right = counts[name]
    if isinstance(right, str):
        return f"reported {number:,.10g}; {right}"
    if number == right[0]:
        return ""
    return f"reported {number:,.10g}; {_reason(number, right, counts)}"


def _reason(number: float, right: _Counts, counts: Mapping[str, _Counts | str]) -> str:
    if number == right[1]:
        return TRAINABLE.format(right=right[0])
    for other, each in counts.items():
        if not isinstance(each, str) and number == each[0]:
            return ANOTHERS.format(other=legible(other, _MAX_NAME), right=right[0])
    return DIFFERS.format(right=right[0])


def _number(value: object) -> float | None:
    """One finite number, however it is wrapped."""
    array = as_array(value)
    return None if isinstance(array, NotAnArray) or array.size != 1 else float(array.reshape(()))


def _finding(asked: str, reasons: Mapping[str, str], advice: str) -> Finding:
    wrong = [f"{legible(name, _MAX_NAME)}: {reason}" for name, reason in reasons.items() if reason]
    right = len(reasons) - len(wrong)
    found = f"{right} of {count(len(reasons), 'reported number')} "
    found += "is its model's." if 1 in (right, len(reasons)) else "are their models'."
    if not wrong:
        return Finding(Outcome.CORRECT, asked, found)
    outcome = Outcome.PARTLY_CORRECT if right else Outcome.INCORRECT
    return Finding(outcome, asked, found, advice, right / len(reasons), details=tuple(wrong))
