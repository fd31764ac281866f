"""What a check looks at: an answer, live or read from a snapshot, as the artifact it should be."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar

from autograder.artifacts import BatchesData, FigureData, ModelData, NotDataError
from autograder.checks.answers import Missing, NotUsable, explain, is_unanswered
from autograder.checks.findings import Finding, Outcome, incorrect
from autograder.checks.wording import opening, sentences

NOT_ANSWERED = "There is no answer yet."
ADVICE_NOT_ANSWERED = "Write your answer into the question's cell, run that cell, then this one."


class _Artifact(Protocol):
    @classmethod
    def of(cls, value: object) -> Self: ...


T = TypeVar("T", bound=_Artifact)


def no_data(answer: object, asked: str, advice: str = "") -> Finding | None:
    """The finding on an answer that is not there or is no data; None for one to be looked at.

    advice: what to hand in instead of what is no data.
    """
    if is_unanswered(answer):
        found = explain(answer) if isinstance(answer, Missing) else NOT_ANSWERED
        return Finding(Outcome.NOT_ATTEMPTED, asked, sentences(found), ADVICE_NOT_ANSWERED)
    if isinstance(answer, NotUsable):
        return incorrect(asked, explain(answer), advice)
    return None


def model_data(answer: object, asked: str, what: str = "the model") -> ModelData | Finding:
    """The model that an answer is; a Finding says what is the matter where it is none.

    what: the subject of the sentence that says so, "the frozen model".
    """
    return _read(ModelData, answer, asked, what)


def figure_data(answer: object, asked: str, what: str = "the figure") -> FigureData | Finding:
    """The same for a figure."""
    return _read(FigureData, answer, asked, what)


def batches_data(answer: object, asked: str, what: str = "the generator") -> BatchesData | Finding:
    """The same for a data generator."""
    return _read(BatchesData, answer, asked, what)


def _read(kind: type[T], answer: object, asked: str, what: str) -> T | Finding:
    if finding := no_data(answer, asked):
        return finding
    if isinstance(answer, kind):
        return answer
    try:
        return kind.of(answer)
    except NotDataError as error:
        return incorrect(asked, f"{opening(what)} {error}")
