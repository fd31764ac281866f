"""What a test cell's outcome means in points."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from autograder.checks import Finding, Missing, NotUsable, Outcome, Scorecard, scorecard
from autograder.grading.semantics import judge
from autograder.notebook.shell import CellRecord, NotebookShell

CARD = "from autograder.checks import equal, scorecard\ncard = scorecard('1', points=2)\n"
ANSWERED = {"q": 1}


def claim(
    result: object = None,
    exception: BaseException | None = None,
    source: str = "check(q)",
    given: dict[str, object] | None = None,
    points: float = 2.0,
) -> dict[str, Any]:
    """What a cell that ended like this comes to."""
    error = (type(exception).__name__, str(exception)) if exception else None
    record = CellRecord(0, result=result, exception=exception, error=error)
    cell = {"grade_id": "test_q", "points": points, "source": source}
    return judge(cell, record, ANSWERED if given is None else given)


@pytest.mark.parametrize(
    ("result", "points", "outcome"),
    [
        (None, 2.0, "correct"),
        (True, 2.0, "correct"),
        (False, 0.0, "incorrect"),
        (np.True_, 2.0, "correct"),
        (np.False_, 0.0, "incorrect"),
        (0, 0.0, "incorrect"),
        (1, 1.0, "partly correct"),
        (2, 2.0, "correct"),
        (0.5, 0.5, "partly correct"),
        (np.float64(0.5), 0.5, "partly correct"),
        (np.float32(0.5), 0.5, "partly correct"),
        (np.int64(2), 2.0, "correct"),
        (Fraction(1, 2), 0.5, "partly correct"),
        (-1, 0.0, "incorrect"),
        (np.float64(-0.5), 0.0, "incorrect"),
        (7.0, 2.0, "correct"),
        (10**400, 0.0, "could not be graded"),
        (float("nan"), 0.0, "could not be graded"),
        (np.float64("nan"), 0.0, "could not be graded"),
        (float("inf"), 0.0, "could not be graded"),
        (float("-inf"), 0.0, "could not be graded"),
        (2 + 0j, 0.0, "could not be graded"),
        ("2.0", 0.0, "could not be graded"),
        (np.array([True]), 0.0, "could not be graded"),
        (np.array([2.0]), 0.0, "could not be graded"),
        ([2.0], 0.0, "could not be graded"),
        (NotImplemented, 0.0, "could not be graded"),
    ],
)
def test_the_last_expression_is_the_score(result: object, points: float, outcome: str) -> None:
    """Numbers are points, held within the cell's; what is no score is not graded."""
    found = claim(result)
    assert (found["points"], found["outcome"]) == (points, outcome)
    assert type(found["points"]) is float


@pytest.mark.parametrize("result", [float("nan"), [1], np.array([1]), "text", 10**400])
def test_no_score_is_named(result: object) -> None:
    """The message says what the cell ended with, so that its author can mend it."""
    assert "which is no score; end it with a scorecard" in claim(result)["message"]


def test_a_number_is_shown_as_the_points_that_it_gives() -> None:
    """-61 of 2 points would puzzle a student."""
    assert claim(-61)["message"] == "0 of 2 points."


@pytest.mark.parametrize("result", [None, True, 0, 1.5])
def test_a_cell_without_points_gives_none(result: object) -> None:
    """Whatever it ends with."""
    assert claim(result, points=0.0)["points"] == 0.0


@pytest.mark.parametrize(
    "exception", [AssertionError("no"), ValueError("no"), SystemExit(0), KeyboardInterrupt()]
)
def test_an_exception_gives_no_points(exception: BaseException) -> None:
    """And its text is the message."""
    found = claim(exception=exception)
    assert (found["points"], found["outcome"]) == (0.0, "incorrect")
    assert str(exception) in found["message"]


def test_an_assert_without_text_has_a_message() -> None:
    """Something is said in any case."""
    assert claim(exception=AssertionError())["message"] == "a test did not hold."


def test_an_exception_whose_text_fails_is_still_a_result() -> None:
    """An int of more digits than Python writes does not bring the grader down."""
    record = run("assert False, 10 ** 5000")
    cell = {"grade_id": "test_q", "points": 2.0, "source": "assert q"}
    assert judge(cell, record, ANSWERED)["outcome"] == "incorrect"


def test_a_card_gives_its_score() -> None:
    """Its rows, message and HTML go along."""
    found = run_and_judge(CARD + "card.expect(1, equal(2, 2))\ncard.expect(1, equal(3, 2))\ncard")
    assert (found["points"], found["outcome"]) == (1.0, "partly correct")
    assert [row["points"] for row in found["rows"]] == [1.0, 0.0]
    assert "<table" in found["html"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (CARD + "card.expect(2, equal(2, 2))", "does not end with it"),
        (CARD + "card.expect(2, equal(2, 2))\ncard;", "does not end with it"),
        (CARD + "card.expect(2, equal(2, 2))\n2.0", "does not end with it"),
        (CARD + "card.expect(1, equal(2, 2))\ncard", "allots 1 of the cell's 2 points"),
        (CARD.replace("points=2", "points=3") + "card", "worth 3 points, the cell 2"),
        (CARD + "1 / 0\ncard", "the test itself failed: ZeroDivisionError"),
        (CARD + "card.expect(3, equal(2, 2))\ncard", "the test itself failed: ValueError"),
    ],
)
def test_a_card_that_is_made_wrongly_grades_nothing(source: str, words: str) -> None:
    """The test is at fault: nobody gets points, nobody loses them, a person is told."""
    found = run_and_judge(source)
    assert (found["points"], found["outcome"]) == (0.0, "could not be graded")
    assert words in found["message"]


@pytest.mark.parametrize("result", [None, True, 2.0])
@pytest.mark.parametrize(
    "given", [{"q": None}, {"q": ...}, {"q": Missing("q")}, {"q": ..., "r": Missing("r")}]
)
def test_what_is_unanswered_throughout_was_not_attempted(
    result: object, given: dict[str, object]
) -> None:
    """Even where the cell's code would be satisfied with it."""
    found = claim(result, given=given)
    assert (found["points"], found["outcome"]) == (0.0, "not attempted")


@pytest.mark.parametrize("result", [None, True, 2.0, 0.5])
def test_points_are_not_given_unseen(result: object) -> None:
    """A test that holds for what only stands for a value is one for a person."""
    found = claim(result, given={"p": 1, "q": NotUsable("q", "it is a function")})
    assert (found["points"], found["outcome"]) == (0.0, "could not be graded")
    assert "q cannot be used as an answer: it is a function" in found["message"]


@pytest.mark.parametrize("result", [False, 0, -1])
def test_a_test_that_does_not_hold_is_incorrect_all_the_same(result: object) -> None:
    """There is nothing for a person to decide."""
    assert claim(result, given={"q": NotUsable("q", "no")})["outcome"] == "incorrect"


@pytest.mark.parametrize(
    ("stand_in", "outcome"),
    [(Missing("q"), "not attempted"), (NotUsable("q", "cell 3 failed"), "incorrect")],
)
def test_a_name_that_is_not_there_is_named(stand_in: object, outcome: str) -> None:
    """The NameError of plain code becomes what is known of the name."""
    found = claim(exception=NameError("name 'q'", name="q"), given={"p": 1, "q": stand_in})
    assert found["outcome"] == outcome
    assert found["message"].startswith("q ")


def test_a_name_error_of_the_test_itself_is_an_exception_like_others() -> None:
    """A name that is nobody's answer."""
    assert "NameError" in claim(exception=NameError("name 'x'", name="x"))["message"]


@pytest.mark.parametrize("stand_in", [Missing("q"), NotUsable("q", "<i>no</i>")])
def test_what_stands_for_an_answer_refuses_to_be_used(stand_in: object) -> None:
    """Plain asserts on it fail with a line that names the variable; HTML in it is escaped."""
    record = run("assert list(q) == [1]", q=stand_in)
    cell = {"grade_id": "test_q", "points": 2.0, "source": "assert list(q) == [1]"}
    found = judge(cell, record, {"p": 1, "q": stand_in})
    assert found["points"] == 0.0
    assert "<i>" not in found["html"]
    assert found["message"].startswith("q ")


def test_warnings_cost_nothing() -> None:
    """Text on stderr, TensorFlow's log for one, is no failure."""
    found = run_and_judge("import sys, os\nprint('W0000 cuda', file=sys.stderr)\nassert True")
    assert (found["points"], found["outcome"]) == (2.0, "correct")


def test_every_claim_is_a_card() -> None:
    """A test without a scorecard is shown as one row, so that feedback looks alike."""
    found = claim(0.5)
    assert len(found["rows"]) == 1
    assert scorecard("x", 1)._repr_html_()[:20] == found["html"][:20]


def run(source: str, **names: object) -> CellRecord:
    """The record of a cell, run as the grader runs it."""
    with NotebookShell() as shell:
        shell.namespace.update(names)
        return shell.run(source)


def run_and_judge(source: str) -> dict[str, Any]:
    return judge({"grade_id": "test_q", "points": 2.0, "source": source}, run(source), ANSWERED)


def _card(points: float, *, bonus: bool, allotted: float = 2) -> Scorecard:
    card = scorecard("Question", points, bonus=bonus)
    card.expect(allotted, Finding(Outcome.PARTLY_CORRECT, "asked", "found", fraction=0.75))
    return card


def test_a_bonus_earns_no_points_but_a_bonus() -> None:
    """In a cell of 0 points; other cards claim none."""
    found = claim(_card(2, bonus=True), points=0)
    assert [found[name] for name in ("points", "bonus", "max_bonus")] == [0.0, 1.5, 2.0]
    assert found["outcome"] == "partly correct"
    assert "bonus" not in claim(_card(2, bonus=False))


@pytest.mark.parametrize(
    ("card", "points", "message"),
    [
        (_card(2, bonus=True), 2.0, "the card is a bonus, but its cell has 2 points"),
        (_card(2, bonus=False), 0.0, "the card is worth 2 points, the cell 0"),
        (_card(3, bonus=True), 0.0, "the card allots 2 of the bonus's 3 points"),
    ],
)
def test_a_bonus_in_the_wrong_cell_is_not_graded(
    card: Scorecard, points: float, message: str
) -> None:
    """Its author must mend it; a student gets nothing by it."""
    found = claim(card, points=points)
    assert (found["points"], found["outcome"]) == (0.0, "could not be graded")
    assert "bonus" not in found
    assert message in found["message"]
