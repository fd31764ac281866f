"""Several points of one question become one finding."""

import pytest

from autograder.checks.aspects import Aspect, judged
from autograder.checks.findings import Outcome

MET = Aspect(1, "found 3 epochs", "go on")
UNMET = Aspect(0, "no accuracy", "name it")


def test_all_points_met() -> None:
    """What was found is told in one line, advice with it."""
    finding = judged("so", [MET, Aspect(), Aspect(1, "loss falls.")])
    assert finding.outcome is Outcome.CORRECT
    assert finding.fraction is None
    assert finding.found == "Found 3 epochs. Loss falls."
    assert finding.advice == "go on."


def test_some_points_met() -> None:
    """Each that is not is a detail; advice that comes twice is given once."""
    finding = judged("so", [MET, UNMET, Aspect(0, "no loss", "name it", weight=2)])
    assert finding.outcome is Outcome.PARTLY_CORRECT
    assert finding.fraction == pytest.approx(1 / 4)
    assert finding.found == "2 of 3 things are not as asked."
    assert finding.details == ("No accuracy.", "No loss.")
    assert finding.advice == "name it."


def test_met_in_part() -> None:
    """A share counts as far as it goes; what is wrong alone stands where the summary would."""
    finding = judged("so", [MET, Aspect(0.5, "half is blank")])
    assert finding.fraction == pytest.approx(0.75)
    assert (finding.found, finding.details) == ("Half is blank.", ())


def test_what_others_depend_on_bounds_their_shares() -> None:
    """Titles over half of the panels earn half; nothing is said against these titles."""
    finding = judged("so", [Aspect.of(0.5, "4 panels", "8"), MET], most=0.5)
    assert finding.fraction == pytest.approx(0.5)
    assert (finding.found, finding.details) == ("4 panels; expected 8.", ())
    assert finding.advice == ""


def test_what_there_is_told_instead() -> None:
    """A summary stands for what each of them found, where all is met."""
    assert judged("so", [MET, Aspect()], "eight panels").found == "Eight panels."


def test_no_point_met() -> None:
    """Then nothing is earned."""
    finding = judged("so", [UNMET])
    assert (finding.outcome, finding.fraction) == (Outcome.INCORRECT, 0)
