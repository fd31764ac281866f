"""The passages that two texts share, with their places in each, for a person to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograder.similarity.fingerprints import SIEVES, Hashes, Kind, run_hashes, telling
from autograder.similarity.tokens import Token

_MOST_PLACES = 20  # of one run in a text that are tried: a long list of numbers has thousands


@dataclass(frozen=True)
class Passage:
    """A number, and text[start:end] in the first and the second text."""

    number: int
    first: tuple[int, int]
    second: tuple[int, int]


def shared_passages(first: str, second: str, kind: Kind, discounted: Hashes) -> list[Passage]:
    """The longest common passages, from the first text's beginning on; none overlaps another.

    Each is grown, in both directions, from a run that tells something and is not `discounted`.
    """
    sieve = SIEVES[kind]
    left, right = sieve.tokens(first), sieve.tokens(second)
    runs = run_hashes(left, sieve.length)
    common = np.isin(runs, discounted) | ~telling(left, sieve.length)
    where = _places(run_hashes(right, sieve.length))
    taken = np.zeros(len(right), bool)
    passages: list[Passage] = []
    end = at = 0
    while at < len(runs):
        begins = [] if common[at] else where.get(int(runs[at]), [])
        tries = [(_after(left, at, right, begin, taken), begin) for begin in begins]
        length, begin = max(tries, default=(0, 0))
        if length < sieve.length:
            at += 1
            continue
        before = _before(left[end:at], right, begin, taken)
        taken[begin - before : begin + length] = True
        spans = (
            _span(left, at - before, before + length),
            _span(right, begin - before, before + length),
        )
        passages.append(Passage(len(passages) + 1, *spans))
        end = at = at + length
    return passages


def _places(runs: Hashes) -> dict[int, list[int]]:
    """Where each run stands, its first places."""
    where: dict[int, list[int]] = {}
    for place, run in enumerate(runs.tolist()):
        places = where.setdefault(run, [])
        if len(places) < _MOST_PLACES:
            places.append(place)
    return where


def _after(
    left: Sequence[Token], at: int, right: Sequence[Token], begin: int, taken: NDArray[np.bool_]
) -> int:
    """How many tokens are equal from `at` and `begin` on, up to what is taken."""
    most = min(len(left) - at, len(right) - begin)
    for length in range(most):
        if taken[begin + length] or left[at + length].value != right[begin + length].value:
            return length
    return most


def _before(
    free: Sequence[Token], right: Sequence[Token], begin: int, taken: NDArray[np.bool_]
) -> int:
    """How many tokens are equal at the end of `free` and before `begin`, back to what is taken."""
    most = min(len(free), begin)
    for length in range(most):
        place = begin - 1 - length
        if taken[place] or free[-1 - length].value != right[place].value:
            return length
    return most


def _span(tokens: Sequence[Token], begin: int, length: int) -> tuple[int, int]:
    return tokens[begin].start, tokens[begin + length - 1].end
