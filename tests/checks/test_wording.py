"""Numbers, names and sentences as a student reads them."""

import pytest

from autograder.checks.wording import count, fits, listed, numbered, opening, percent, shown


@pytest.mark.parametrize(
    "number, words",
    [(0, "0 points"), (1, "1 point"), (1.5, "1.5 points"), (1_234_567, "1,234,567 points")],
)
def test_a_number_agrees_with_its_noun(number: float, words: str) -> None:
    """Whole numbers in full, however large."""
    assert count(number, "point") == words


@pytest.mark.parametrize(
    "share, words",
    [(0, "0 %"), (1e-6, "under 0.1 %"), (0.004, "0.4 %"), (0.8734, "87.3 %"), (1, "100 %")],
)
def test_a_share_in_percent(share: float, words: str) -> None:
    """Three digits, and nothing is called 0 that is not."""
    assert percent(share) == words


@pytest.mark.parametrize(
    "names, words",
    [
        ("", ""),
        ("a", "a"),
        ("ab", "a and b"),
        ("abc", "a, b and c"),
        ("abcd", "a, b, c and d"),
        ("abcde", "a, b, c and 2 more"),
    ],
)
def test_names_in_a_row(names: str, words: str) -> None:
    """Of three at most, a fourth is named, as "1 more" would be no shorter."""
    assert listed(names, 3) == words


def test_numbers_with_their_noun() -> None:
    """One row, several rows."""
    assert numbered("row", ["2"]) == "row 2"
    assert numbered("row", ["2", "5"]) == "rows 2 and 5"


def test_a_sentence_begins_with_a_capital_unless_with_a_name() -> None:
    """val_loss and block1_conv1 stay as they are written in code."""
    assert opening("loss falls") == "Loss falls"
    for text in ("val_loss falls", "conv2d is there", "base/first is there", ""):
        assert opening(text) == text


def test_names_of_students_are_short_and_printable() -> None:
    """Whatever they are."""
    assert shown("a\n\x1b" + "b" * 100) == "a \N{REPLACEMENT CHARACTER}" + "b" * 36 + "…"


def test_free_sizes_fit_any() -> None:
    """None stands for any length; the number of axes must be the same."""
    assert fits((2, 3), (None, 3))
    assert not fits((2, 3), (3, 3))
    assert not fits((2, 3), (2, 3, None))
