"""Answers that read alike are in one group."""

import random

import pytest

from autograder.marking.answers import READ
from autograder.marking.contract import Answer
from autograder.marking.groups import groups
from benchmarks.grouping import kit, labelled, total

WIDE = "The window is wide, so the filter sees a large part of the image."
MOVED = "The window is wide; the filter therefore sees a large part of the picture."
OTHER = "Few examples let the network learn every single one by heart."


def grouped(*texts: str, **flags: bool) -> list[set[int]]:
    """The groups as sets of the numbers of texts."""
    made = groups([Answer(f"{n:03}", "", text, **flags) for n, text in enumerate(texts)])
    return [{int(key) for key in group.keys} for group in made]


def test_alike_are_together() -> None:
    """Other words for a few do not part two answers; other matter does. The largest is first."""
    assert grouped(OTHER, WIDE, MOVED) == [{1, 2}, {0}]


def test_equal_are_together() -> None:
    """Case, spaces and characters that show nothing make no difference."""
    assert grouped("A wide one.", OTHER, "a  WIDE\none.​ ") == [{0, 2}, {1}]
    assert grouped("?!", "🙂", "🙂 ") == [{1, 2}, {0}]


def test_a_sentence_more_parts_them() -> None:
    """A copy that has another thought earns something else."""
    more = f"{WIDE} Positions are lost for that."
    assert grouped(WIDE, more) == [{0}, {1}]


def test_a_negation_parts_them() -> None:
    """One "not" makes the opposite of an answer."""
    assert grouped(WIDE, WIDE.replace("is wide", "is not wide")) == [{0}, {1}]
    assert grouped(WIDE, WIDE.replace("sees", "doesn’t see")) == [{0}, {1}]


def test_empty_are_in_no_group() -> None:
    """Nothing is like nothing, but there is nothing to read."""
    assert groups([Answer("a", "s", "", is_empty=True)]) == ()
    assert groups([]) == ()


def test_each_is_in_one_group() -> None:
    """No answer is lost, none is marked twice."""
    texts = [item.text for items in labelled().values() for item in items]
    found = grouped(*texts, *texts[:30])
    assert sorted(number for group in found for number in group) == list(range(len(texts) + 30))
    assert [len(group) for group in found] == sorted(map(len, found), reverse=True)


def test_order_makes_no_difference() -> None:
    """The same answers come in the same groups."""
    made = [Answer(f"{n:03}", "", item.text) for n, item in enumerate(labelled()["q12"])]
    shuffled = random.Random(0).sample(made, len(made))
    assert groups(shuffled) == groups(made)


def test_the_most_typical_is_first() -> None:
    """Two that differ from the same text are further apart than each from it."""
    one = WIDE.replace("large", "big")
    two = WIDE.replace("window", "square")
    (group,) = groups([Answer("a", "", one), Answer("b", "", WIDE), Answer("c", "", two)])
    assert group.keys[0] == "b"


def test_pictures_stand_alone() -> None:
    """The text does not tell whether two drawings are alike; equal ones are together."""
    drawn = [{"a.png": {"image/png": data}} for data in ("AAAA", "BBBB", "AAAA")]
    made = groups([Answer(str(n), "", WIDE, picture) for n, picture in enumerate(drawn)])
    assert [set(group.keys) for group in made] == [{"0", "2"}, {"1"}]


def test_code_must_be_equal() -> None:
    """One character makes another program, and so does its case."""
    assert grouped("x = window + 1", "X = window + 1", is_code=True) == [{0}, {1}]
    assert grouped("x = 1\n", "x = 1\n", is_code=True) == [{0, 1}]


def test_very_long_answers_must_be_equal() -> None:
    """What is not read to its end is not said to be alike."""
    long = WIDE * (READ // len(WIDE) + 1)
    assert grouped(f"{long} yes", f"{long} no", f"{long} yes") == [{0, 2}, {1}]
    many = "It is so wide. " * 500
    assert grouped(many, f"{many} It is not.", WIDE) == [{0}, {1}, {2}]


@pytest.mark.parametrize(
    "text", ["\x00", "!", "a", "العربية من اليمين إلى اليسار هنا", "<script>alert(1)</script>"]
)
def test_any_text_has_a_group(text: str) -> None:
    """Whatever a student wrote."""
    assert sorted(grouped(text, WIDE), key=min) == [{0}, {1}]


def test_labelled_answers() -> None:
    """On labelled answers groups save a tenth at least, and 97 of 100 would get their own mark."""
    found = total(labelled(), kit(0.35))
    assert found.groups < 0.9 * found.answers
    assert found.wrong < 0.03 * found.answers
