"""What becomes of an answer that is none, whatever the check."""

from typing import Any

import pytest

from autograder.checks import Missing, NotUsable, Outcome
from autograder.checks.subjects import batches_data, figure_data, model_data, no_data


def test_an_answer_that_is_there_is_looked_at() -> None:
    """Also one that is false."""
    assert no_data(0, "asked") is None
    assert no_data([], "asked") is None


@pytest.mark.parametrize(
    "answer, found",
    [
        (None, "There is no answer yet."),
        (..., "There is no answer yet."),
        (Missing("cnn"), "cnn is not defined in the notebook."),
    ],
    ids=str,
)
def test_no_answer_is_not_attempted(answer: object, found: str) -> None:
    """A name that is not there is told, in its own spelling."""
    finding = no_data(answer, "asked")
    assert finding is not None
    assert (finding.outcome, finding.found) == (Outcome.NOT_ATTEMPTED, found)
    assert model_data(answer, "asked") == finding


@pytest.mark.parametrize("read", [model_data, figure_data, batches_data])
def test_what_is_no_data_is_incorrect(read: Any) -> None:
    """The reason is told, and which thing was expected."""
    finding = read(NotUsable("x", "it is a lambda"), "asked")
    assert finding.outcome is Outcome.INCORRECT
    assert finding.found == "x cannot be used as an answer: it is a lambda."
    finding = read(3, "asked", "the third one")
    assert finding.outcome is Outcome.INCORRECT
    assert finding.found.startswith("The third one is of type int")
    assert finding.found.endswith(".")
