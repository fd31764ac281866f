"""Whether a data set was split into training, validation and test images as asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from autograder.checks.amounts import Amount, amount
from autograder.checks.answers import is_unanswered
from autograder.checks.aspects import Aspect, judged
from autograder.checks.findings import Finding
from autograder.checks.positions import NotPositionsError, Positions, read_positions
from autograder.checks.subjects import no_data
from autograder.checks.training.balance import equal_shares, in_words, is_balanced
from autograder.checks.training.parts import NAMES
from autograder.checks.wording import count, listed

LEAKED = 0.5  # of the points at most where an image is in two parts
ASPECTS = 3  # of each part: its size, no position twice, its classes

ADVICE_SIZE = "Look at len(...) of each part, and at where you cut."
ADVICE_TWICE = "Draw without putting back: rng.permutation(...), or rng.choice(..., replace=False)."
ADVICE_CLASSES = (
    "Take as many positions of each class, np.flatnonzero(labels == 0) and so on, and shuffle them."
)
ADVICE_DISJOINT = "Shuffle all positions once, then cut them into three pieces."

Labels = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class _Split:
    """What was read. parts: positions by NAMES; unread: what to tell of those that are none."""

    parts: Mapping[str, Positions]
    unread: Mapping[str, Aspect]


def split(
    parts: Sequence[object],
    labels: object,
    *,
    sizes: Sequence[int | Amount],
    balance: float | None = 0.1,
    what: str = "the three parts",
) -> Finding:
    """Whether three lists of positions split a data set as the question asks.

    split((train, validation, test), labels, sizes=(2000, 1000, 1000))
    split((train, validation, test), labels, sizes=(at_least(1500), 500, 500), balance=None)

    parts: the positions of training, validation and test images, each a list or array of whole
    numbers from 0 to len(labels) - 1. labels: the class of each image of the data set, (n,), from
    0. sizes: how many of each. balance=0.1: shares of 0.4 to 0.6 of two classes, 0.08 to 0.12 of
    ten, or as near to an equal share, or to that in all of the data set, as a random draw of so
    many images comes; None leaves it out.

    Each part counts for three things: its size, no position twice, its classes. Where a position is
    in two parts, half of the points at most are earned, and that is a further thing. ValueError
    where there are not three parts and sizes, or labels are no list of whole numbers.
    """
    known = _labels(labels)
    wanted = [amount(size) for size in sizes]
    if len(parts) != len(NAMES) or len(wanted) != len(NAMES):
        raise ValueError(
            f"expected parts and sizes of {listed(NAMES)}, received {len(parts)} parts"
        )
    asked = _asked(wanted, balance, what)
    if all(map(is_unanswered, parts)) and (finding := no_data(parts[0], asked)):
        return finding
    found = _read(parts, len(known))
    apart = _apart(found.parts)
    aspects = [apart] if found.parts else []
    for name, size in zip(NAMES, wanted, strict=True):
        if name in found.unread:
            aspects.append(found.unread[name])
        else:
            aspects += _part(name, found.parts[name], known, size, balance)
    told = [f"{count(len(part), name + ' image')}" for name, part in found.parts.items()]
    most = LEAKED + (1 - LEAKED) * apart.share
    return judged(asked, aspects, f"{listed(told)}, none of them twice", most=most)


def _labels(labels: object) -> Labels:
    known = np.asarray(labels)
    if known.ndim != 1 or not len(known) or known.dtype.kind not in "iu" or known.min() < 0:
        raise ValueError(
            "labels: expected whole numbers from 0, one for each image of the data set"
        )
    return known


def _asked(sizes: Sequence[Amount], balance: float | None, what: str) -> str:
    """the three parts are 60 training, 30 validation and 20 test images, none twice, …"""
    numbers = [str(size).removeprefix("exactly ") for size in sizes]
    each = listed(f"{number} {name}" for number, name in zip(numbers, NAMES, strict=True))
    classes = "" if balance is None else ", with about as many of each class"
    return f"{what} are {each} images, none of them twice{classes}"


def _read(parts: Sequence[object], images: int) -> _Split:
    read: dict[str, Positions] = {}
    unread: dict[str, Aspect] = {}
    for name, answer in zip(NAMES, parts, strict=True):
        if is_unanswered(answer):
            unread[name] = Aspect(0, f"there is no {name} part yet", weight=ASPECTS)
            continue
        try:
            read[name] = read_positions(answer, images)
        except NotPositionsError as error:
            found = f"the {name} positions {error}"
            unread[name] = Aspect(0, found, error.advice, weight=ASPECTS)
    return _Split(read, unread)


def _part(
    name: str, part: Positions, labels: Labels, size: Amount, balance: float | None
) -> list[Aspect]:
    found = count(len(part), f"{name} image")
    twice = len(part) - len(np.unique(part))
    text = f"{count(twice, 'position')} of the {name} part stand there a second time"
    return [
        Aspect.of(size.allows(len(part)), found, str(size), ADVICE_SIZE),
        Aspect(0, text, ADVICE_TWICE) if twice else Aspect(),
        _classes(name, labels[part], labels, balance),
    ]


def _classes(name: str, own: Labels, labels: Labels, balance: float | None) -> Aspect:
    """A part may hold as much of each class as the others do, or as the data set does."""
    everything = np.bincount(labels)
    counts = dict(enumerate(np.bincount(own, minlength=len(everything)).tolist()))
    overall = dict(enumerate((everything / len(labels)).tolist()))
    shares = (equal_shares(len(everything)), overall)
    if balance is None or any(is_balanced(counts, each, balance) for each in shares):
        return Aspect()
    found = f"{name} classes: {in_words(counts)}"
    return Aspect.of(0, found, "about as many of each", ADVICE_CLASSES)


def _apart(parts: Mapping[str, Positions]) -> Aspect:
    shared = [
        f"{one} and {other} have {count(number, 'position')} in common"
        for (one, first), (other, second) in combinations(parts.items(), 2)
        if (number := len(np.intersect1d(first, second)))
    ]
    return Aspect(0, "; ".join(shared), ADVICE_DISJOINT) if shared else Aspect()
