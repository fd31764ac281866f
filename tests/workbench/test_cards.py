"""Cards as text, and which of a session count."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.checks import Outcome, Scorecard, equal, form, scorecard
from autograder.workbench.cards import SIGNS, Card, as_data, session_cards


def shown(card: Scorecard) -> Card:
    """As it comes out of a kernel."""
    return Card.read(json.loads(json.dumps(as_data(card))))


def asking(answer: object, points: float = 0, *, title: str = "Q") -> Scorecard:
    """A card of 2 points on a list of two numbers, [6, 7]; points: what its visible check gives."""
    card = scorecard(title, points=2)
    card.require(form(answer, shape=(2,)))
    if points:
        card.expect(points, equal(answer, [6, 7]))
    return card


def test_every_outcome_has_a_sign() -> None:
    """None of them shares it."""
    assert SIGNS.keys() == set(Outcome)
    assert len(set(SIGNS.values())) == len(SIGNS)


@pytest.mark.parametrize(
    ("answer", "points", "head"),
    [
        ([6, 7], 0, "✓ Q: form correct, 2 points by hidden tests"),
        ([6, 7], 1, "✓ Q: 1 of 1 point, 1 point by hidden tests"),
        ([6, 7], 2, "✓ Q: 2 of 2 points"),
        ([6, 8], 2, "✗ Q: 0 of 2 points"),
        ([6], 0, "✗ Q: incorrect, 2 points by hidden tests"),
        (..., 0, "○ Q: not attempted, 2 points by hidden tests"),
    ],
)
def test_the_first_line(answer: object, points: float, head: str) -> None:
    """Sign, title, points so far, and what is left for hidden tests."""
    card = shown(asking(answer, points))
    assert next(card.lines()) == head
    assert card.passes is (card.sign == "✓")


def test_what_is_wrong_is_told_in_full() -> None:
    """What was asked and found, and what to try; a check that passed only on request."""
    card = shown(asking([6, 8], 2))
    lines = list(card.lines())
    assert [line.split(":")[0].strip() for line in lines[1:3]] == ["asked", "found"]
    assert "8" in lines[2]
    assert len(list(card.lines(verbose=True))) > len(lines)


def test_a_wrong_form_beside_full_points_is_no_tick() -> None:
    """The card's points say correct, and a required form does not."""
    made = scorecard("Q", points=2)
    made.require(form([6], shape=(2,)))
    made.expect(2, equal([6, 7], [6, 7]))
    assert not shown(made).passes
    assert shown(made).sign == "~"


def test_a_card_without_checks_does_not_pass() -> None:
    """Nothing was asked."""
    assert not shown(scorecard("Q", points=2)).passes


def test_a_bonus_says_so() -> None:
    """Its points come on top."""
    made = scorecard("Grad-CAM", points=2, bonus=True)
    made.expect(2, equal([6, 7], [6, 7]))
    assert next(shown(made).lines()) == "✓ Grad-CAM: bonus: 2 of 2 points"


def test_text_of_a_student_stays_in_its_line() -> None:
    """No escape sequence, no direction mark, no second line reaches a terminal."""
    data = as_data(asking([6]))
    assert data
    data["rows"][0]["found"] = "\x1b[2J\nevil\u202e" + "x" * 10_000
    lines = list(Card.read(data).lines())
    assert all(line.isprintable() and len(line) < 700 for line in lines)
    assert lines[2].startswith("    found: �[2J evil�xxx")


def test_what_is_no_card_is_none() -> None:
    """Not even where it has the same methods."""
    assert as_data(SimpleNamespace(as_dict=dict, bonus=False)) is None
    assert as_data(None) is None


def test_only_the_last_run_of_a_test_counts() -> None:
    """Of the same cell, and of the same question in an edited cell."""
    cards = session((1, "test", asking([6])), (2, "test", asking([6, 7])))
    assert list(cards) == [2]
    assert list(session((1, "old", asking([6])), (2, "new", asking([6, 7])))) == [2]
    two = session((1, "one", asking([6], title="A")), (2, "two", asking([6], title="B")))
    assert [data["title"] for data in two.values()] == ["A", "B"]


def test_a_test_that_now_fails_takes_its_card_back() -> None:
    """Else the table would show what no longer holds."""
    assert session((1, "test", asking([6, 7])), (2, "test", None)) == {}


def session(*runs: tuple[int, str, object]) -> dict[int, dict[str, Any]]:
    """What `session_cards` finds after these (execution count, source, result) runs."""
    sources = ["", *(source for _, source, _ in runs)]
    ended = {count: result for count, _, result in runs if result is not None}
    history = SimpleNamespace(input_hist_raw=sources, output_hist=ended)
    return session_cards(SimpleNamespace(history_manager=history))
