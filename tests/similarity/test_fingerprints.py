"""Winnowing keeps what its paper promises."""

import random

import numpy as np

from autograder.similarity.fingerprints import (
    SIEVES,
    all_hashes,
    fingerprints,
    run_hashes,
    winnowed,
)
from autograder.similarity.tokens import Token, word_tokens


def words(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [f"w{chance.randrange(10**6)}" for _ in range(count)]


def test_a_long_enough_passage_is_found_wherever_it_stands() -> None:
    """A passage of length + window - 1 tokens leaves a fingerprint in common, at any offset."""
    sieve = SIEVES["code"]
    passage = words(sieve.length + sieve.window - 1, seed=0)
    for offset in range(20):
        first, second = words(50, seed=1)[:offset], words(30, seed=2)
        both = [
            winnowed(run_hashes([Token(w, 0, 1) for w in text], sieve.length), sieve.window)
            for text in ((*first, *passage, *second), (*second, *passage, *first))
        ]
        assert len(np.intersect1d(*both))


def test_fingerprints_are_few() -> None:
    """About 2 / (window + 1) of all runs, as the paper derives."""
    hashes = run_hashes([Token(w, 0, 1) for w in words(5_000, seed=3)], 10)
    assert 0.3 < len(winnowed(hashes, 4)) / len(hashes) < 0.5


def test_fingerprints_are_among_all_hashes() -> None:
    """What is discounted by `all_hashes` covers whatever winnowing chose."""
    text = " ".join(words(200, seed=4))
    assert np.isin(fingerprints(text, "text"), all_hashes(text, "text")).all()


def test_equal_in_every_process() -> None:
    """No salted hash: a page made twice is the same."""
    assert run_hashes(word_tokens("a b c d"), 4).tolist() == [12803078181147791155]


def test_numbers_alone_have_none() -> None:
    """Tables of right answers are alike; what is done with them may not be."""
    numbers = ", ".join(f"[{n}, -{n}.5, 1e-3]" for n in range(50))
    assert len(fingerprints(f"({numbers})", "code")) == len(fingerprints("1 2 3 4", "text")) == 0
    assert len(fingerprints(f"np.mean({numbers})", "code"))
    assert len(fingerprints("четыре 2 3 4", "text")) == 1


def test_short_texts_have_none() -> None:
    """Fewer tokens than a run say nothing of anybody."""
    assert len(fingerprints("x = 1", "code")) == len(fingerprints("", "text")) == 0
