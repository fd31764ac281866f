"""What the index says of made-up copies, and of independent work on the same questions.

The originals (code.txt, texts.txt) answer questions of the course. Six authors go ways of their
own; two more, gil and hana, write code as textbooks have it. Copies are made by a program
(copies.py), but for loops turned into comprehensions and rewordings, which were written by hand.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.similarity.cells import Cell, Release, release_of
from autograder.similarity.fingerprints import Hashes, Kind, fingerprints
from autograder.similarity.index import LEAST, Index, Least, without
from benchmarks.similarity.copies import CHANGES

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
INDEPENDENT = "independent"
_ANYTHING = Least(0.0, 0.0)
_HEADING = re.compile(r"^=== (.+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Text:
    """A made-up answer. how: "" for an original, else what a copy's author did."""

    kind: Kind
    question: str
    author: str
    how: str
    text: str


@dataclass(frozen=True)
class Seen:
    """What the index says of a pair. how: "independent", or what was done to copy."""

    kind: Kind
    how: str
    weight: float
    share: float
    pair: str

    def is_shown(self, least: Least) -> bool:
        return self.weight >= least.weight and self.share >= least.share


def made_up() -> list[Text]:
    """Originals, and copies as they were written by hand."""
    found = []
    for kind, name in (("code", "code.txt"), ("text", "texts.txt")):
        _, *parts = _HEADING.split((HERE / name).read_text())
        for heading, text in zip(parts[::2], parts[1::2], strict=True):
            question, author, *how = heading.split(" / ")
            found.append(Text(kind, question, author, "".join(how), text.strip()))  # type: ignore[arg-type]
    return found


def with_copies(texts: list[Text]) -> list[Text]:
    """`texts`, and of each original in code the copies that a program makes."""
    originals = [each for each in texts if each.kind == "code" and not each.how]
    others = {}
    for one, other in zip(originals, [*originals[1:], originals[0]], strict=True):
        others[one] = other
    made = [
        Text("code", each.question, each.author, how, change(each.text, others[each].text))
        for each in originals
        for how, change in CHANGES.items()
    ]
    return texts + made


def measure(texts: list[Text]) -> list[Seen]:
    """Every copy with its original, in a class of the originals; and all independent pairs."""
    seen = list(_independent(texts))
    for copy in (each for each in texts if each.how):
        index, numbers = _index(texts, copy.kind)
        _add(index, len(numbers), copy)
        weight, share = 0.0, 0.0
        for match in index.matches(_ANYTHING):
            students = match.first.student, match.second.student
            names = {match.first.name, match.second.name}
            if students == (numbers[copy.author], len(numbers)) and names == {copy.question}:
                weight, share = match.weight, match.share
        pair = f"{copy.question} / {copy.author}"
        seen.append(Seen(copy.kind, copy.how, weight, share, pair))
    return seen


def _independent(texts: list[Text]) -> Iterator[Seen]:
    for kind in LEAST:
        index, numbers = _index(texts, kind)
        names = {number: author for author, number in numbers.items()}
        found = {
            (m.first.student, m.first.name, m.second.student, m.second.name): m
            for m in index.matches(_ANYTHING)
        }
        originals = [each for each in texts if each.kind == kind and not each.how]
        for one, two in itertools.combinations(originals, 2):
            if one.author == two.author:
                continue
            first, second = sorted((numbers[t.author], t.question) for t in (one, two))
            match = found.get((*first, *second))
            pair = f"{first[1]} / {names[first[0]]}, {second[1]} / {names[second[0]]}"
            weight, share = (match.weight, match.share) if match else (0.0, 0.0)
            how = INDEPENDENT if one.question == two.question else "other questions"
            yield Seen(kind, how, weight, share, pair)


def _index(texts: list[Text], kind: Kind) -> tuple[Index, dict[str, int]]:
    """The originals of a kind, and each author's number."""
    originals = [each for each in texts if each.kind == kind and not each.how]
    numbers = {author: n for n, author in enumerate(sorted({e.author for e in originals}))}
    index = Index(kind)
    for each in sorted(originals, key=lambda each: each.author):
        _add(index, numbers[each.author], each)
    return index, numbers


def _add(index: Index, number: int, text: Text) -> None:
    cell = Cell(text.question, 0, text.kind, text.text)
    index.add(number, "made up", cell, _fingerprints(text))


@functools.cache
def _fingerprints(text: Text) -> Hashes:
    """Those that the course's release does not have."""
    given = (release.hashes[text.kind] for release in _releases())
    return without(fingerprints(text.text, text.kind), *given)


@functools.cache
def _releases() -> tuple[Release, ...]:
    paths = sorted((ROOT / "release" / "cnn").glob("*.ipynb"))
    return tuple(release_of(path.stem, nbformat.read(path, as_version=4)) for path in paths)


def shown(seen: list[Seen], least: dict[Kind, Least] = LEAST) -> dict[tuple[Kind, str], int]:
    """How many pairs the page would show, by kind and by what was done."""
    return Counter((each.kind, each.how) for each in seen if each.is_shown(least[each.kind]))
