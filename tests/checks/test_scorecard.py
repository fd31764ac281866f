import json
import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks import Finding, Missing, Outcome, Scorecard, equal, form, scorecard
from autograder.checks.findings import Measurement
from autograder.checks.scorecard import MAX_TEXT

RIGHT = Finding(Outcome.CORRECT, "asked", "found")
WRONG = Finding(Outcome.INCORRECT, "asked", "Found it wrong", "Try this.")
HALF = Finding(Outcome.PARTLY_CORRECT, "asked", "found half", "Do the rest.", fraction=0.5)
ABSENT = Finding(Outcome.NOT_ATTEMPTED, "asked", "There is no answer yet.")
BROKEN = Finding(Outcome.COULD_NOT_BE_GRADED, "asked", "The model did not answer.")
LISTED = Finding(
    Outcome.INCORRECT,
    "asked",
    "2 demands are not met.",
    "Do both.",
    details=("found 1 layer; expected 2", "found no pooling"),
    picture='<svg xmlns="http://www.w3.org/2000/svg"></svg>',
)
DIAGNOSED = Finding(Outcome.INCORRECT, "asked", "A known one.", "Do so.", mistake="known")


def card_of(points: float, *expected: tuple[float, Finding], required: Any = ()) -> Scorecard:
    card = scorecard("Question 1", points)
    for check in required:
        card.require(check)
    for share, check in expected:
        card.expect(share, check)
    return card


def test_points_add_up() -> None:
    """Passed checks earn their points, failed ones none, a fraction its share."""
    card = card_of(6, (1, RIGHT), (2, WRONG), (3, HALF))
    assert card.score == 2.5
    assert [row.points for row in card.rows] == [1, 0, 1.5]
    assert repr(card) == "2.5"


def test_a_full_card_is_exactly_full() -> None:
    """Sums of tenths are not short of, or above, the whole."""
    assert repr(card_of(1, *[(0.1, RIGHT)] * 10)) == "1.0"
    assert repr(card_of(0.3, (0.1, RIGHT), (0.2, RIGHT))) == "0.3"


@given(st.floats(), st.sampled_from([Outcome.CORRECT, Outcome.PARTLY_CORRECT, Outcome.INCORRECT]))
def test_the_score_is_finite_and_clamped(fraction: float, outcome: Outcome) -> None:
    """Any fraction gives a score in [0, points]; one that is no number is left to a person."""
    card = card_of(2, (2, Finding(outcome, "a", "f", fraction=fraction)))
    assert 0 <= card.score <= 2
    assert 0 <= float(repr(card)) <= 2
    is_number = fraction - fraction == 0
    assert (card.outcome is Outcome.COULD_NOT_BE_GRADED) == (not is_number)
    assert (card.outcome is Outcome.CORRECT) == (is_number and card.score == 2)


@pytest.mark.parametrize(
    "card, outcome",
    [
        (card_of(2, (2, RIGHT)), Outcome.CORRECT),
        (card_of(2, (2, RIGHT), required=[WRONG]), Outcome.CORRECT),
        (card_of(2, (2, WRONG), required=[RIGHT]), Outcome.INCORRECT),
        (card_of(2, (2, HALF)), Outcome.PARTLY_CORRECT),
        (card_of(2, (1, RIGHT), (1, WRONG)), Outcome.PARTLY_CORRECT),
        (card_of(2, (1, ABSENT), (1, ABSENT), required=[ABSENT]), Outcome.NOT_ATTEMPTED),
        (card_of(2, (2, ABSENT), required=[RIGHT]), Outcome.NOT_ATTEMPTED),
        (card_of(2, required=[ABSENT]), Outcome.NOT_ATTEMPTED),
        (card_of(2, (1, ABSENT), (1, RIGHT)), Outcome.PARTLY_CORRECT),
        (card_of(2, (1, ABSENT), (1, WRONG)), Outcome.INCORRECT),
        (card_of(2, (1, BROKEN), (1, RIGHT)), Outcome.COULD_NOT_BE_GRADED),
        (card_of(2, (2, ABSENT), required=[BROKEN]), Outcome.COULD_NOT_BE_GRADED),
        (card_of(2, required=[RIGHT]), Outcome.CORRECT),
        (card_of(2, required=[WRONG, RIGHT]), Outcome.INCORRECT),
        (card_of(2), Outcome.COULD_NOT_BE_GRADED),
    ],
)
def test_the_outcome_follows_from_the_rows(card: Scorecard, outcome: Outcome) -> None:
    """Rows with points decide; without any, all rows; what broke is left to a person."""
    assert card.outcome is outcome


@pytest.mark.parametrize(
    "card, text",
    [
        (card_of(2, (2, RIGHT)), "2.0"),
        (card_of(2, (2, ABSENT)), "0.0"),
        (card_of(0), "0.0"),
        (card_of(2, required=[RIGHT]), "form correct; 2 points are decided by hidden tests"),
        (card_of(1, required=[RIGHT]), "form correct; 1 point is decided by hidden tests"),
        (card_of(2), "2 points are decided by hidden tests"),
        (card_of(3, (1, RIGHT)), "1 of 1 point so far; 2 points are decided by hidden tests"),
        (card_of(2, required=[WRONG]), "0.0"),
        (card_of(2, required=[ABSENT]), "0.0"),
        (card_of(3, (1, RIGHT), required=[WRONG]), "0.0"),
    ],
)
def test_the_text_is_what_nbgrader_reads(card: Scorecard, text: str) -> None:
    """A number once all points are decided; else text that passes, or 0.0 after a failure."""
    assert repr(card) == text
    if not re.fullmatch(r"[\d.]+", text):
        with pytest.raises(ValueError, match="could not convert"):
            float(text)


@pytest.mark.parametrize(
    "card, message",
    [
        (card_of(2, (2, RIGHT)), "correct"),
        (card_of(2, (2, RIGHT), required=[WRONG]), "correct"),
        (card_of(3, (1, RIGHT), (1, WRONG), (1, HALF)), "Found it wrong. Try this."),
        (card_of(2, (2, DIAGNOSED), required=[WRONG]), "A known one. Do so."),
        (card_of(2, (1, WRONG), (1, BROKEN)), "The model did not answer."),
        (card_of(2, (2, equal(Missing("q1"), 1))), "q1 is not defined in the notebook."),
        (card_of(2, (2, LISTED)), "2 demands are not met. Found 1 layer; expected 2. Do both."),
        (card_of(2), "no check of this question has run"),
    ],
)
def test_the_message_is_the_most_telling_line(card: Scorecard, message: str) -> None:
    """The first failed row, but a diagnosed mistake before it and what broke before all."""
    assert card.message.startswith(message)
    assert "\n" not in card.message


def test_more_points_than_the_card_has_are_the_authors_mistake() -> None:
    """The error says what the checks come to and what to do; the card keeps its rows."""
    card = card_of(2, (1.5, RIGHT))
    with pytest.raises(
        ValueError, match=r"Question 1: its checks come to 2\.5 points.*card has 2;"
    ):
        card.expect(1, RIGHT)
    assert len(card.rows) == 1


@pytest.mark.parametrize("points", [-1, float("nan"), float("inf"), True])
def test_points_that_are_no_amount_are_the_authors_mistake(points: float) -> None:
    """For a card and for a check alike."""
    with pytest.raises(ValueError, match="scorecard's points: expected a finite number"):
        scorecard("Question 1", points)
    with pytest.raises(ValueError, match="expect's points: expected a finite number"):
        scorecard("Question 1", 2).expect(points, RIGHT)


def test_what_is_no_finding_is_the_authors_mistake() -> None:
    """A bare comparison is not a check."""
    with pytest.raises(TypeError, match=r"Question 1: expected what a check .* received bool"):
        scorecard("Question 1", 2).expect(1, 1 + 1 == 2)  # type: ignore[arg-type]


def test_the_card_as_data_is_json() -> None:
    """The grader's view: plain types only, and everything that feedback needs."""
    card = card_of(3, (1, HALF), (2, DIAGNOSED), required=[RIGHT])
    data = json.loads(json.dumps(card.as_dict(), allow_nan=False))
    assert data == card.as_dict()
    rows = data.pop("rows")
    assert data == {
        "title": "Question 1",
        "points": 3,
        "allotted": 3,
        "score": 0.5,
        "outcome": "partly correct",
        "message": "A known one. Do so.",
    }
    assert rows[2] == {
        "asked": "asked",
        "points": 0,
        "max_points": 2,
        "outcome": "incorrect",
        "found": "A known one.",
        "advice": "Do so.",
        "mistake": "known",
        "details": [],
    }


def test_details_are_data_and_pictures_are_not() -> None:
    """A picture is for the page alone."""
    row = card_of(2, (2, LISTED)).as_dict()["rows"][0]
    assert row["details"] == ["found 1 layer; expected 2", "found no pooling"]
    assert "picture" not in row
    assert "svg" not in json.dumps(row)


def test_details_stand_in_a_list_below_what_was_found() -> None:
    """One after another, before what to try."""
    page = outline(card_of(2, (2, LISTED)))
    text = " ".join(page.text.split())
    assert (
        "Found: 2 demands are not met. found 1 layer; expected 2 found no pooling Try: Do both."
    ) in text
    assert {"ul", "li"} <= page.seen


def test_a_card_without_details_has_no_list() -> None:
    """Nor a picture: it looks as it always did."""
    assert not {"ul", "li", "details", "img"} & outline(card_of(2, (2, WRONG))).seen


def test_many_and_long_details_are_cut() -> None:
    """Twelve lines and a count."""
    card = card_of(2, (2, replace(LISTED, details=("x" * 1000,) * 500)))
    details = card.rows[0].details
    assert len(details) == 13
    assert max(map(len, details)) <= MAX_TEXT
    assert details[-1] == "and 488 more"


def test_a_picture_is_an_image_that_is_folded_away() -> None:
    """As an image: whatever were in it, nothing of it would act. The same one is shown once."""
    card = card_of(4, (2, LISTED), (2, replace(LISTED, found="the same model")))
    html = card._repr_html_()
    assert html.count("<details") == html.count("<img") == 1
    data = html.split("data:image/svg+xml;base64,")[1].split('"')[0]
    assert b64decode(data).decode() == LISTED.picture
    assert "<svg" not in html


def test_a_picture_that_is_too_large_is_left_out() -> None:
    """The row stays."""
    card = card_of(2, (2, replace(LISTED, picture="x" * 200_001)))
    assert "<img" not in card._repr_html_()
    assert card.rows[0].details


class Outline(HTMLParser):
    """Collects a page's elements, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def outline(card: Scorecard) -> Outline:
    page = Outline()
    page.feed(card._repr_html_())
    page.close()
    assert page.open == []
    return page


def test_the_card_shows_points_asked_found_and_advice() -> None:
    """As words, so that neither colour nor a symbol is needed to read it."""
    text = outline(card_of(3, (1, HALF), (2, WRONG), required=[RIGHT])).text
    text = " ".join(text.split())
    assert text.startswith("Question 1 ◐ partly correct 0.5 of 3 points")
    assert "✓ correct required" in text
    assert "◐ partly correct 0.5 / 1 Asked: asked Found: found half Try: Do the rest." in text
    assert "✗ incorrect 0 / 2 Asked: asked Found: Found it wrong Try: Try this." in text


def test_a_card_before_its_hidden_tests_does_not_call_the_answer_correct() -> None:
    """The row's form is correct; whether the answer is, is still open."""
    text = " ".join(outline(card_of(2, required=[RIGHT])).text.split())
    assert text.startswith("Question 1 form correct; 2 points are decided by hidden tests")


def test_the_same_advice_is_given_once() -> None:
    """Form and value of a missing answer need the same step."""
    card = scorecard("Question 1", 2)
    card.require(form(None, shape=(2, 2)))
    card.expect(2, equal(None, [[1, 2], [3, 4]]))
    assert outline(card).text.count("Try:") == 1


@given(st.text())
def test_every_text_is_escaped_bounded_and_printable(text: str) -> None:
    """Nothing that a student writes becomes an element, a control character or a long page."""
    hostile = f"</td><script>alert(1)</script>{text}\u202e\ud800\x1b[31m" + "x" * 1000
    card = scorecard(hostile, 2)
    card.require(Finding(Outcome.INCORRECT, hostile, hostile, hostile, details=(hostile,)))
    page = outline(card)
    assert page.seen <= {
        *("div", "strong", "span", "table", "thead", "tr", "th", "tbody", "td", "b", "ul", "li")
    }
    assert "<script>alert(1)" in page.text
    assert len(page.text) < 2500
    row = card.rows[0]
    for shown in (card.title, row.asked, row.found, *row.details):
        assert len(shown) <= MAX_TEXT
        assert shown.isprintable()
    card._repr_html_().encode()
    json.dumps(card.as_dict()).encode()


def test_a_students_text_is_not_typeset() -> None:
    """MathJax leaves the card alone: a formula can hold a link that runs script."""
    assert 'class="tex2jax_ignore mathjax_ignore"' in card_of(2)._repr_html_()


def test_a_measurement_is_in_the_data_and_on_no_card() -> None:
    """Whoever sets thresholds finds it in scores.json; a row without one is as it was."""
    measured = Measurement("pets/c", 0.8125, 1000, 2)
    card = scorecard("1", points=2)
    card.expect(1, Finding(Outcome.CORRECT, "asked", "found", measured=measured))
    card.expect(1, Finding(Outcome.CORRECT, "asked", "found"))
    first, second = json.loads(json.dumps(card.as_dict()))["rows"]
    assert first["measured"] == {
        "threshold": "pets/c",
        "accuracy": 0.8125,
        "images": 1000,
        "classes": 2,
    }
    assert "measured" not in second
    assert "8125" not in card._repr_html_()
    assert "pets/c" not in card._repr_html_()


def test_a_bonus_says_so() -> None:
    """On the card and in its text, which nbgrader must not take for a number above 0 points."""
    card = scorecard("Bonus", points=2, bonus=True)
    assert repr(card) == "Bonus: 2 points are decided by hidden tests"
    card.expect(1.5, RIGHT)
    assert repr(card) == "Bonus: 1.5 of 1.5 points so far; 0.5 points are decided by hidden tests"
    card.expect(0.5, WRONG)
    assert repr(card) == "Bonus: 1.5 of 2 points"
    assert "Bonus: 1.5 of 2 points" in card._repr_html_()
    assert "Bonus:" not in card_of(2, (2, RIGHT))._repr_html_()
