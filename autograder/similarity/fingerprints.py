"""Winnowing: a few hashes of a text, chosen so that equal passages have equal ones.

S. Schleimer, D. Wilkerson, A. Aiken: Winnowing: local algorithms for document fingerprinting,
SIGMOD 2003. Of all runs of `length` tokens every `window` neighbours keep their least hash, so any
passage of `length + window - 1` tokens that two texts share is found, wherever it stands.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from autograder.similarity.tokens import Token, code_tokens, word_tokens

Kind = Literal["code", "text"]
Hashes = NDArray[np.uint64]
_BASE = 0x9E3779B97F4A7C15  # odd, so that no power of it loses the lower bits


@dataclass(frozen=True)
class Sieve:
    """How texts of a kind are cut. tokens: makes them; length, window: in tokens."""

    tokens: Callable[[str], list[Token]]
    length: int
    window: int


# Chosen on the made-up pairs of benchmarks/similarity.py.
SIEVES: dict[Kind, Sieve] = {"code": Sieve(code_tokens, 10, 4), "text": Sieve(word_tokens, 4, 1)}


def run_hashes(tokens: Sequence[Token], length: int) -> Hashes:
    """A hash of each run of `length` tokens, in order; equal in every process."""
    if len(tokens) < length:
        return np.empty(0, np.uint64)
    ids = np.array([_token_id(token.value) for token in tokens], np.uint64)
    powers = np.array([pow(_BASE, n + 1, 1 << 64) for n in range(length)], np.uint64)
    hashes: Hashes = (sliding_window_view(ids, length) * powers).sum(axis=1, dtype=np.uint64)
    return hashes ^ (hashes >> np.uint64(29))


def telling(tokens: Sequence[Token], length: int) -> NDArray[np.bool_]:
    """Which runs say anything of who wrote them: those with a word.

    Numbers alone do not: an answer that is computed, a 4×4 table, has one right form.
    """
    if len(tokens) < length:
        return np.empty(0, bool)
    words = np.array([token.is_word for token in tokens])
    return np.asarray(sliding_window_view(words, length).any(axis=1), bool)


def winnowed(hashes: Hashes, window: int) -> Hashes:
    """The fingerprints among `hashes`, each once: the least of every `window` neighbours."""
    if len(hashes) <= window:
        return np.unique(hashes[hashes == hashes.min()]) if len(hashes) else hashes
    return np.unique(sliding_window_view(hashes, window).min(axis=1))


def fingerprints(text: str, kind: Kind) -> Hashes:
    """The fingerprints of one cell's text, sorted."""
    sieve = SIEVES[kind]
    tokens = sieve.tokens(text)
    hashes = run_hashes(tokens, sieve.length)[telling(tokens, sieve.length)]
    return winnowed(hashes, sieve.window)


def all_hashes(text: str, kind: Kind) -> Hashes:
    """The hashes of all runs of a text: what is discounted, wherever a window may begin."""
    sieve = SIEVES[kind]
    return np.unique(run_hashes(sieve.tokens(text), sieve.length))


@functools.lru_cache(maxsize=100_000)
def _token_id(value: str) -> int:
    data = value.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
