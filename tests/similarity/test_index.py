"""What is rare weighs, what is common does not."""

import itertools
import random
from collections import Counter

import numpy as np
import pytest

from autograder.similarity.cells import Cell
from autograder.similarity.index import Index, Least, without
from autograder.similarity.rarity import most_sharing, rarity

ANYTHING = Least(0.0, 0.0)


def hashes(*numbers: int) -> np.ndarray:
    return np.array(sorted(numbers), np.uint64)


def index_of(*cells: tuple[int, np.ndarray]) -> Index:
    index = Index("code")
    for student, found in cells:
        index.add(student, "nb", Cell("a", 0, "code", ""), found)
    return index


def test_rarity_falls_as_more_share() -> None:
    """1 for two alone, less for a ring, 0 for what a quarter of a class has."""
    found = [rarity(sharing, 300) for sharing in (2, 5, 30, 75, 76)]
    assert found == sorted(found, reverse=True)
    assert (found[0], found[-1]) == (1, 0) and 0.7 < found[1] < 0.8


def test_three_of_a_small_class_may_have_copied() -> None:
    """A quarter of four students is one, who cannot have copied from nobody."""
    assert most_sharing(4) == 3 and rarity(3, 3) > 0


def test_a_pair_shares_what_it_shares() -> None:
    """weight counts rare fingerprints, share is of the shorter cell."""
    index = index_of((0, hashes(*range(10))), (1, hashes(*range(5, 25))), (2, hashes(99)))
    (match,) = index.matches(ANYTHING)
    assert (match.first.student, match.second.student) == (0, 1)
    assert (match.weight, match.share, match.sharing) == (pytest.approx(5), pytest.approx(0.5), 2)


def test_what_most_of_a_class_shares_is_no_match() -> None:
    """Twenty students with one textbook's lines are no pairs; two more who share others are."""
    book = range(30)
    cells = [(student, hashes(*book, 1000 + student)) for student in range(20)]
    cells += [(student, hashes(*book, *range(50, 70))) for student in (20, 21)]
    (match,) = index_of(*cells).matches(ANYTHING)
    assert (match.first.student, match.second.student) == (20, 21)
    assert match.weight == pytest.approx(20) and match.share == pytest.approx(1)


def test_nobody_copies_from_oneself() -> None:
    """Two equal cells of one student are no pair."""
    assert not list(
        index_of((0, hashes(1, 2)), (0, hashes(1, 2)), (1, hashes(3))).matches(ANYTHING)
    )


def test_too_little_is_not_told() -> None:
    """Both thresholds count."""
    index = index_of((0, hashes(*range(10))), (1, hashes(*range(5, 25))))
    assert not list(index.matches(Least(6, 0.1))) and not list(index.matches(Least(1, 0.6)))
    assert list(index.matches(Least(5, 0.5)))


def test_as_all_against_all_would_find() -> None:
    """The inverted index, block by block, gives what comparing every two sets gives."""
    chance = random.Random(5)
    sets = [hashes(*chance.sample(range(3_000), 40)) for _ in range(300)]
    found = {
        (m.first.student, m.second.student)
        for m in index_of(*enumerate(sets)).matches(Least(2.5, 0.0))
    }
    counts = Counter(each for found in sets for each in found.tolist())
    members = [frozenset(each.tolist()) for each in sets]
    by_hand = {
        (a, b)
        for a, b in itertools.combinations(range(300), 2)
        if sum(rarity(counts[each], 300) for each in members[a] & members[b]) >= 2.5
    }
    assert found == by_hand and found


def test_without() -> None:
    """What is discounted goes, also beyond the ends of the other side."""
    assert without(hashes(1, 5, 9, 11), hashes(5, 10), hashes()).tolist() == [1, 9, 11]
