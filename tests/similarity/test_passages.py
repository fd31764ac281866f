"""The passages that a person sees on both sides."""

import itertools
from typing import Any

import numpy as np
import pytest

from autograder.similarity.fingerprints import all_hashes
from autograder.similarity.passages import _after, shared_passages

NOTHING = np.empty(0, np.uint64)
FIRST = "the filter slides over the image and multiplies"
SECOND = "every output is a sum of nine products here"


def cut(text: str, span: tuple[int, int]) -> str:
    return text[span[0] : span[1]]


def test_moved_passages_have_one_number() -> None:
    """Two passages in another order: each is numbered alike on both sides."""
    left, right = f"{FIRST}. Moreover, {SECOND}.", f"Clearly {SECOND}! And also: {FIRST}"
    found = shared_passages(left, right, "text", NOTHING)
    assert [(p.number, cut(left, p.first), cut(right, p.second)) for p in found] == [
        (1, FIRST, FIRST),
        (2, SECOND, SECOND),
    ]


def test_what_everybody_was_given_is_not_marked() -> None:
    """A passage of the release alone is no passage."""
    found = shared_passages(
        f"{FIRST} {SECOND}", f"{SECOND} x {FIRST}", "text", all_hashes(FIRST, "text")
    )
    assert [cut(f"{FIRST} {SECOND}", p.first) for p in found] == [SECOND]


def test_what_everybody_was_given_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not compared word by word from each of its places: a pasted release would take minutes."""
    looks = []

    def after(*given: Any) -> int:
        looks.append(given)
        return _after(*given)

    monkeypatch.setattr("autograder.similarity.passages._after", after)
    given = " ".join(f"w{n}" for n in range(2_000))
    left, right = f"{given} so {FIRST}", f"{given} thus {FIRST}"
    (passage,) = shared_passages(left, right, "text", all_hashes(given, "text"))
    assert cut(left, passage.first) == cut(right, passage.second) == FIRST
    assert len(looks) < 10


def test_a_passage_begins_before_what_is_rare_in_it() -> None:
    """Given words and own ones behind them were copied together, and are marked together."""
    left, right = f"Now {FIRST} {SECOND}", f"So {FIRST} {SECOND}"
    (passage,) = shared_passages(left, right, "text", all_hashes(FIRST, "text"))
    assert cut(left, passage.first) == f"{FIRST} {SECOND}"


def test_no_text_is_marked_twice() -> None:
    """One passage against two copies of itself takes one of them; spans do not overlap."""
    found = shared_passages(f"{FIRST} {FIRST}", FIRST, "text", NOTHING)
    assert len(found) == 1
    found = shared_passages("a " * 50, "a " * 70, "text", NOTHING)
    spans = sorted(p.second for p in found)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
