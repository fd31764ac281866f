"""The thresholds on made-up hand-ins: what docs/similarity.md promises."""

from collections import Counter

import pytest

from benchmarks.similarity.measuring import INDEPENDENT, Seen, made_up, measure, shown, with_copies


@pytest.fixture(scope="module")
def seen() -> list[Seen]:
    return measure(with_copies(made_up()))


def test_there_is_enough_to_measure_on(seen: list[Seen]) -> None:
    """At least 20 originals in code, and many more independent pairs than false alarms."""
    pairs = Counter((each.kind, each.how) for each in seen)
    assert pairs["code", "renamed"] >= 20
    assert pairs["code", INDEPENDENT] >= 100 and pairs["text", INDEPENDENT] >= 40


def test_disguises_do_not_hide_a_copy(seen: list[Seen]) -> None:
    """Renaming, comments, formatting and order, each and together; light rewording of texts."""
    found = shown(seen)
    hows = ("as it is", "renamed", "comments", "reformatted", "reordered", "all of these")
    assert {how: found["code", how] for how in hows} == dict.fromkeys(hows, 32)
    assert found["text", "light"] == 8
    assert found["code", "comprehension"] >= 7 and found["code", "half of it"] >= 26


def test_independent_work_is_left_alone(seen: list[Seen]) -> None:
    """No text, no two questions; of code two pairs in 112, both as textbooks write it."""
    alarms = [each.pair for each in seen if each.how == INDEPENDENT and each.kind == "code"]
    found = shown(seen)
    assert found["code", INDEPENDENT] <= 2 < len(alarms)
    assert found["text", INDEPENDENT] == 0
    assert found["code", "other questions"] == found["text", "other questions"] == 0
