"""Which images are hidden: decided by a secret, balanced over classes, none in both parts."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograder.datasets.errors import DataError


@dataclass(frozen=True)
class Hidden:
    """The hidden part that is wanted.

    images: how many, all classes together. secret: who does not know it cannot tell which images
    of a public data set are hidden, nor draw the hidden ones of a stand-in.
    """

    images: int
    secret: str

    def key(self) -> str:
        """A digest that says whether two are the same, without telling the secret."""
        return _mac(self.secret, f"{self.images} images")

    def generator(self, what: str) -> np.random.Generator:
        """The random numbers for drawing the hidden image `what`."""
        return generator(_mac(self.secret, what))


def generator(what: str) -> np.random.Generator:
    """The random numbers that belong to the text `what`, the same everywhere."""
    return np.random.default_rng(list(hashlib.sha256(what.encode()).digest()))


@dataclass(frozen=True)
class Candidate:
    """An image that might be hidden: its name, class and the digest of its pixels."""

    name: str
    label: int
    pixels: str


def choose_hidden(
    candidates: Sequence[Candidate], hidden: Hidden, classes: int, elsewhere: Sequence[str] = ()
) -> tuple[list[int], int]:
    """Indices of the candidates to hide, sorted, and how many were passed over as duplicates.

    The same number of each class. A picture that is there twice, among the candidates or in
    `elsewhere` (digests of pixels that students have anyway), is never hidden.
    Raises DataError where there are too few images.
    """
    per_class = hidden.images // classes
    copies = Counter(candidate.pixels for candidate in candidates) + Counter(elsewhere)
    order = sorted(
        range(len(candidates)), key=lambda index: _mac(hidden.secret, candidates[index].name)
    )
    chosen: dict[int, list[int]] = {label: [] for label in range(classes)}
    duplicates = 0
    for index in order:
        candidate = candidates[index]
        if len(chosen[candidate.label]) == per_class:
            continue
        if copies[candidate.pixels] > 1:
            duplicates += 1
        else:
            chosen[candidate.label].append(index)
    if short := [label for label, found in chosen.items() if len(found) < per_class]:
        raise DataError(
            f"evaluation images: expected {per_class} of each class, found "
            f"{len(chosen[short[0]])} of class {short[0]}; ask for fewer in "
            "c.Autograder.evaluation_images"
        )
    return sorted(index for found in chosen.values() for index in found), duplicates


def _mac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
