"""Which criteria an answer seems to touch: a help for the eye, never a score.

A criterion is cut into clauses ("…; or …"). The words of a clause weigh the less the more criteria
of the rubric they occur in. What is suggested is the best clause whose words the answer has.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from autograder.marking.answers import text_for_reading
from autograder.marking.contract import Rubric, Suggestion

STRENGTH = 0.3  # weaker ones are not worth a look
_WORD = re.compile(r"[^\W\d_]{3,}")
_CLAUSE = re.compile(r"[;:.()→]|,? \bor\b")
_DECIMAL = re.compile(r"(\d)[.,](?=\d)")  # its point ends no sentence
_MARKUP = re.compile(r"[*_`$\\]")
_POINTS = re.compile(r"\d (?:points? )?(?:for|if|where|when)\b")
_BEGINNING = 4  # letters that two forms of a word share at least
_ENDING = 2  # letters of the shorter form, at the end, that may differ
_LONGER = 4  # letters that one form may have more
_COMMON = """
about above after again all also and any are because been before being below between both but
can could did does doing done down during each either else enough even ever every few first for
from full further give given gives had has have having her here his how however instead into its
itself just less like many mark marks may mention mentioned mere might more most much must name
named namely not now off often once one only onto other others our out over own per point points
rather said same says second shall she should since some still such than that the their them then
there these they this those three through thus too two under until upon use used uses using usual
usually very was were what when where whether which while who whom whose why will with within
without word words would yet you your
"""

Clause = Mapping[str, float]
Places = Mapping[str, list[tuple[str, int, int]]]


def suggestions(rubric: Rubric, text: str) -> tuple[Suggestion, ...]:
    """The criteria that the words of an answer touch, in the rubric's order.

    A suggestion's strength is the share of a clause that was found, in [STRENGTH, 1].
    """
    places = _places(text_for_reading(text))
    found = (_suggestion(i, clauses, places) for i, clauses in enumerate(_clauses(rubric)))
    return tuple(suggestion for suggestion in found if suggestion is not None)


def _suggestion(criterion: int, clauses: Iterable[Clause], places: Places) -> Suggestion | None:
    strength = 0.0
    spans: set[tuple[int, int]] = set()
    for clause in clauses:
        hits = {word: _spans(word, places) for word in clause}
        share = sum(clause[word] for word, where in hits.items() if where) / sum(clause.values())
        # One word of several may stand anywhere, for anything.
        if share >= STRENGTH and sum(map(bool, hits.values())) > 1:
            strength = max(strength, share)
            spans.update(span for where in hits.values() for span in where)
    return Suggestion(criterion, min(strength, 1.0), tuple(sorted(spans))) if spans else None


def _places(text: str) -> dict[str, list[tuple[str, int, int]]]:
    """The words of a text and where they stand, by how they begin."""
    places: defaultdict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for found in _WORD.finditer(text):
        word = found[0].lower()
        places[word[:_BEGINNING]].append((word, *found.span()))
    return places


def _spans(word: str, places: Places) -> tuple[tuple[int, int], ...]:
    beginning = places.get(word[:_BEGINNING], ())
    return tuple((begin, end) for other, begin, end in beginning if same_word(word, other))


def same_word(one: str, other: str) -> bool:
    """Whether two words in small letters may be forms of one ("compute", "computing")."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    shared = max(_BEGINNING, len(short) - _ENDING)
    return len(long) - len(short) <= _LONGER and short[:shared] == long[:shared]


@functools.lru_cache(maxsize=64)
def _clauses(rubric: Rubric) -> tuple[tuple[Clause, ...], ...]:
    """The clauses of each criterion, their words with their weights."""
    texts = [_cut(criterion.text) for criterion in rubric.criteria]
    weights = {
        word: sum(_has(clauses, word) for clauses in texts) ** -2
        for clauses in texts
        for clause in clauses
        for word in clause
    }
    return tuple(tuple({w: weights[w] for w in clause} for clause in clauses) for clauses in texts)


def _has(clauses: Iterable[Iterable[str]], word: str) -> bool:
    return any(same_word(word, other) for clause in clauses for other in clause)


@functools.cache
def _common() -> frozenset[str]:
    """Words that say nothing of a question's matter."""
    return frozenset(_COMMON.split())


def _cut(text: str) -> list[list[str]]:
    """The words of each clause that say something; "0.5 for …" says how to mark, not what."""
    common = _common()
    clauses = []
    for clause in _CLAUSE.split(_MARKUP.sub("", _DECIMAL.sub(r"\1", text))):
        words = [w for w in dict.fromkeys(_WORD.findall(clause.lower())) if w not in common]
        if len(words) > 1 and not _POINTS.search(clause):
            clauses.append(words)
    return clauses
