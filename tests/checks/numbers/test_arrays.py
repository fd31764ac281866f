import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks import Finding, Missing, Mistake, NotUsable, Outcome, equal, form

from .cases import CHANNELS, IMAGE, POOLED, SAME, VALID

STACKED = np.stack([POOLED[name] for name in CHANNELS], axis=-1)  # (2, 2, 3)

Options = dict[str, Any]


def assert_incorrect(finding: Finding, message: str) -> None:
    assert finding.outcome is Outcome.INCORRECT
    text = f"{finding.found} {finding.advice}"
    assert re.search(message, text), text


form_should_pass: dict[str, tuple[Any, Options]] = {
    "the shape": (VALID, {"shape": (2, 2)}),
    "one of two shapes": (SAME, {"shape": [(2, 2), (4, 4)]}),
    "any number of rows and columns": (SAME, {"shape": (None, None)}),
    "a list of numbers": ((126, 126, 16), {"shape": (3,)}),
    "a number": (7, {"shape": ()}),
    "a wrong answer of the right form": ([[0, 0.5], [0, 0]], {"shape": (2, 2)}),
    "channels last": (STACKED, {"shape": (2, 2, 3), "channels": CHANNELS}),
    "a dict of planes": (POOLED, {"shape": (2, 2, 3), "channels": CHANNELS}),
    "a dict with small letters": (
        {name.lower(): np.array(plane, float) for name, plane in POOLED.items()},
        {"shape": (2, 2, 3), "channels": CHANNELS},
    ),
}

form_should_fail: dict[str, tuple[Any, Options, str]] = {
    "another shape": (
        SAME,
        {"shape": (2, 2)},
        r"^Received an array of shape \(4, 4\); expected an array of shape \(2, 2\)\. "
        r"Write it as \[\[_, _\], \[_, _\]\], for example",
    ),
    "none of two shapes": (
        7,
        {"shape": [(2, 2), (4, 4)]},
        r"a single number; expected .*\(2, 2\) or .*\(4, 4\)\.",
    ),
    "a shape of any size": (
        [1, 2],
        {"shape": (None, None)},
        r"2 numbers; expected .*shape \(any, any\)\.",
    ),
    "too few numbers": (
        (126, 126),
        {"shape": (3,)},
        r"a list of 2 numbers; expected a list of 3 numbers",
    ),
    "a number in brackets": ([7], {"shape": ()}, "length 1 too many"),
    "two numbers for one": ([7, 8], {"shape": ()}, "a single number.*without brackets"),
    "a batch of one": ([VALID], {"shape": (2, 2)}, r"length 1 too many: np\.squeeze"),
    "text": ([["a"]], {"shape": (2, 2)}, "Row 1, column 1 is text.*Give plain numbers"),
    "a dict where none is expected": (POOLED, {"shape": (2, 2)}, "is of type dict"),
    "a value that is not data": (
        NotUsable("q1", "it is a lambda"),
        {"shape": (2, 2)},
        "^q1 cannot be used as an answer: it is a lambda",
    ),
    "channels first": (
        np.moveaxis(IMAGE, -1, 0),
        {"shape": (4, 4, 3), "channels": CHANNELS},
        r"Received .*\(3, 4, 4\); expected .* \(4, 4, 3\), channels last, or a dict with the keys "
        r"'R', 'G', 'B' \(each of shape \(4, 4\)\)\..*np\.moveaxis",
    ),
    "planes of another size": (
        dict.fromkeys(CHANNELS, SAME),
        {"shape": (2, 2, 3), "channels": CHANNELS},
        r"Received an array of shape \(4, 4, 3\)",
    ),
    "a channel too few": (
        {"R": [[1]], "G": [[1]]},
        {"shape": (1, 1, 3), "channels": CHANNELS},
        "keys 'R', 'G' where 'R', 'G', 'B' are expected.*one plane of numbers per channel",
    ),
    "a key twice": (
        {"R": 1, "r": 1, "G": 1, "B": 1},
        {"shape": (3,), "channels": CHANNELS},
        "The dict has the keys 'R', 'r', 'G', 'B' where",
    ),
    "an empty dict": ({}, {"shape": (3,), "channels": CHANNELS}, r"keys \(none\) where"),
    "planes of two sizes": (
        {"R": VALID, "G": VALID, "B": SAME},
        {"shape": (2, 2, 3), "channels": CHANNELS},
        "Channels R and B do not have the same shape",
    ),
    "text in a plane": (
        {"R": VALID, "G": VALID, "B": "same"},
        {"shape": (2, 2, 3), "channels": CHANNELS},
        r"In channel B, the answer is text \('same'\)",
    ),
}


@pytest.mark.parametrize("answer, options", form_should_pass.values(), ids=form_should_pass.keys())
def test_the_expected_form_passes(answer: Any, options: Options) -> None:
    """The form is right whatever the values are."""
    assert form(answer, **options).outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    "answer, options, message", form_should_fail.values(), ids=form_should_fail.keys()
)
def test_another_form_fails(answer: Any, options: Options, message: str) -> None:
    """The finding says what was expected, what was received and how to write it."""
    assert_incorrect(form(answer, **options), message)


def test_the_form_that_is_asked_for_is_named() -> None:
    """`what` names the answer in what is asked."""
    assert form(1, shape=(2, 2), what="q1").asked == "q1 is an array of shape (2, 2)"


@pytest.mark.parametrize("shape", [2, [], [2, 2], "2"])
def test_a_shape_that_is_none_is_the_authors_mistake(shape: Any) -> None:
    """A list of ints is not taken for a list of shapes."""
    with pytest.raises(ValueError, match="shape is a tuple"):
        form(VALID, shape=shape)


@pytest.mark.parametrize("answer", [None, ..., Missing("q1")])
def test_no_answer_is_not_attempted(answer: object) -> None:
    """A placeholder is neither of the wrong form nor wrong."""
    for finding in (form(answer, shape=(2, 2)), equal(answer, VALID)):
        assert finding.outcome is Outcome.NOT_ATTEMPTED
        assert finding.found
    assert equal(Missing("q1"), VALID).found == "q1 is not defined in the notebook."


equal_should_pass: dict[str, tuple[Any, Any, Options]] = {
    "a list": (VALID, VALID, {}),
    "an array": (np.array(VALID), VALID, {}),
    "integral floats": (np.array(VALID, np.float32), VALID, {}),
    "tuples": (((45, 45), (54, 54)), VALID, {}),
    "a number": (63.0, 63, {}),
    "the other right answer": (7, 9, {"accept": (8, 7)}),
    "another right shape": (SAME, VALID, {"accept": (SAME,)}),
    "a dict of planes": (POOLED, STACKED, {"channels": CHANNELS}),
    "an array against a dict": (STACKED, POOLED, {"channels": CHANNELS}),
    "within the tolerance": (0.3334, 1 / 3, {"atol": 0.001}),
}

equal_should_fail: dict[str, tuple[Any, Any, Options, str]] = {
    "one entry": ([[45, 45], [54, 53]], VALID, {}, "^Row 2, column 2: 53 is not right. Work one"),
    "two entries": (
        [[45, 4], [5.5, 54]],
        VALID,
        {},
        r"^Row 1, column 2: 4 is not right; row 2, column 1: 5.5 is not right\.",
    ),
    "an entry of a list": ((126, 126, 32), (126, 126, 16), {}, "^Entry 3: 32 is not right"),
    "a number": (64, 63, {}, "^64 is not right"),
    "nearly": (63.0000001, 63, {}, "63 is not right"),
    "beyond the tolerance": (0.34, 1 / 3, {"atol": 0.001}, r"0\.34 is not right"),
    "an entry of a channel": (
        POOLED | {"B": [[2, 2], [3, 4]]},
        POOLED,
        {"channels": CHANNELS},
        "^Row 2, column 1, channel B: 3 is not right",
    ),
    "an entry of an unnamed channel": (STACKED + 1, STACKED, {}, "row 1, column 1, channel 2: 3"),
    "an entry of four axes": (np.zeros((1, 1, 1, 2)), np.ones((1, 1, 1, 2)), {}, r"1, 1, 1, 2\)"),
    "another shape": (SAME, VALID, {}, r"does not have this form: an array of shape \(4, 4\)"),
    "text": ("45", 45, {}, r"The answer is text \('45'\)"),
    "not data": (NotUsable("q1", "it is a lambda"), 45, {}, "q1 cannot be used.*a lambda"),
    "a value that claims to be equal": (
        type("Yes", (), {"__eq__": lambda *_: True})(),
        4,
        {},
        "Yes",
    ),
}


@pytest.mark.parametrize(
    "answer, expected, options", equal_should_pass.values(), ids=equal_should_pass.keys()
)
def test_a_right_answer_passes(answer: Any, expected: Any, options: Options) -> None:
    """However it is written, a right answer is correct."""
    finding = equal(answer, expected, **options)
    assert finding.outcome is Outcome.CORRECT
    assert finding.fraction is None


@pytest.mark.parametrize(
    "answer, expected, options, message", equal_should_fail.values(), ids=equal_should_fail.keys()
)
def test_a_wrong_answer_is_told_where(
    answer: Any, expected: Any, options: Options, message: str
) -> None:
    """It is told which entries are wrong."""
    assert_incorrect(equal(answer, expected, **options), message)


def test_at_most_six_entries_are_named() -> None:
    """Of a wholly wrong answer six entries are named and the rest counted."""
    found = equal(np.zeros((4, 4)), SAME).found
    assert found.count("0 is not right") == 6
    assert found.endswith("; and 10 more.")


@given(st.lists(st.integers(100, 999), min_size=4, max_size=4))
def test_the_right_answer_is_never_given_away(expected: list[int]) -> None:
    """No text of a failed check holds one of the right numbers."""
    for answer in ([1, 2, 3, 4], [1, 2], "text", {"R": 1}):
        finding = equal(answer, expected)
        for number in expected:
            assert str(number) not in finding.asked + finding.found + finding.advice


@pytest.mark.parametrize("wrong", [0, 1, 2, 3])
def test_credit_is_all_or_nothing_unless_a_share_is_asked_for(wrong: int) -> None:
    """Without partial=True no fraction is given; with it, the share of entries that are right."""
    answer = np.array(VALID)
    answer.flat[:wrong] = 0
    whole, share = equal(answer, VALID), equal(answer, VALID, partial=True)
    assert whole.fraction is None
    if wrong == 0:
        assert share.outcome is Outcome.CORRECT
    else:
        assert whole.outcome is Outcome.INCORRECT
        assert share.outcome is Outcome.PARTLY_CORRECT
        assert share.fraction == 1 - wrong / 4


def test_a_share_of_nothing_is_incorrect() -> None:
    """No entry right, or another shape: no share."""
    assert equal([[0, 0], [0, 0]], VALID, partial=True).outcome is Outcome.INCORRECT
    assert equal(SAME, VALID, partial=True).outcome is Outcome.INCORRECT


def test_a_share_is_taken_of_the_nearest_right_answer() -> None:
    """With two right answers of one shape, the one that fits best counts."""
    finding = equal([1, 2, 9], [7, 8, 9], accept=([1, 2, 3],), partial=True)
    assert finding.fraction == pytest.approx(2 / 3)
    assert finding.found == "Entry 3: 9 is not right."


PADDED = Mistake("padded", SAME, "This is the padded result.", "Leave the border away.")
THIRDS = Mistake("thirds", [1 / 3, 1.0], "Divided by three.", "Do not divide.")


def test_a_known_mistake_is_diagnosed() -> None:
    """Even one of another shape: what happened, what to do, and a slug for statistics."""
    finding = equal(SAME, VALID, mistakes=[THIRDS, PADDED])
    assert_incorrect(finding, r"^This is the padded result\. .*Leave the border away\.$")
    assert finding.mistake == "padded"


def test_a_known_mistake_names_three_entries() -> None:
    """Beside the diagnosis the list of entries is short."""
    mistake = Mistake("zeros", np.zeros((4, 4)), "All zeros.", "Add up.")
    found = equal(np.zeros((4, 4)), SAME, mistakes=[mistake]).found
    assert found.startswith("All zeros. Row 1, column 1: 0 is not right; ")
    assert found.endswith("; and 13 more.")


def test_rounding_does_not_hide_a_known_mistake() -> None:
    """A mistake is recognised in other arithmetic; a right answer has to be exact."""
    assert equal([0.1 + 0.2 + 1 / 30, 1], [1, 3], mistakes=[THIRDS]).mistake == "thirds"


def test_an_unknown_mistake_has_no_slug() -> None:
    """A wrong answer that none of the mistakes explains is not blamed on one."""
    assert equal([[0, 0], [0, 0]], VALID, mistakes=[PADDED]).mistake is None


def test_an_accepted_answer_is_no_mistake() -> None:
    """What the author accepts is right even where a known mistake leads to it."""
    finding = equal(SAME, VALID, accept=(SAME,), mistakes=[PADDED])
    assert finding.outcome is Outcome.CORRECT
    assert finding.mistake is None


def test_what_cannot_be_compared_is_the_authors_mistake() -> None:
    """Text as the expected answer, a list as `accept`, a mistake that is no array."""
    with pytest.raises(ValueError, match="expected answer cannot be compared: the answer is text"):
        equal(1, "one")
    with pytest.raises(ValueError, match="accept is a tuple"):
        equal(VALID, SAME, accept=VALID)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mistake 'x' cannot be compared"):
        equal(1, 2, mistakes=[Mistake("x", "text", "", "")])
