"""Answers that read alike, in groups, so that a person reads each wording once.

Two answers are alike when every sentence of each has its like in the other: at least the share
`ALIKE` of its pieces of four letters, weighted by how rare they are (TF-IDF), occurs in one
sentence of the other. A cosine of whole answers would join an answer with its copy that leaves the
decisive sentence out. Within a group all are alike (complete linkage). `docs/marking.md` has the
figures.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, vstack  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]
from sklearn.cluster import AgglomerativeClustering  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

from autograder.course import digest
from autograder.marking.answers import READ, visible
from autograder.marking.contract import Answer, Group

ALIKE = 0.35
_SENTENCE = re.compile(r"(?<=[.!?;。！？؟])\s+|\n+")
_WORD = re.compile(r"\w+")
_SHORTEST = 3  # words; a shorter piece, such as "Price:", is part of what follows
_MOST_SENTENCES = 60
_NEGATION = re.compile(r"\b(?:not|no|never|neither|nor|none|without|cannot)\b|n['’]t\b")
_AT_ONCE = 256  # sentences that are compared with all others at once

Array = NDArray[Any]


def groups(answers: Sequence[Answer], alike: float = ALIKE) -> tuple[Group, ...]:
    """Every answer that is not empty in exactly one group, the largest first.

    The same for the same answers, in whatever order they come. Equal texts are always together.
    Code, answers with pictures, and very long ones are only with what equals them.
    """
    equal: defaultdict[str, list[Answer]] = defaultdict(list)
    for answer in sorted(answers, key=lambda answer: answer.key):
        if not answer.is_empty:
            equal[_content(answer)].append(answer)
    alone: list[list[list[Answer]]] = []
    texts: list[tuple[list[str], list[Answer]]] = []
    for _, same in sorted(equal.items()):
        sentences = _sentences(same[0])
        if sentences:
            texts.append((sentences, same))
        else:
            alone.append([same])
    clusters = _clusters([sentences for sentences, _ in texts], alike)
    joined = [[texts[number][1] for number in cluster] for cluster in clusters]
    made = [Group(tuple(a.key for same in group for a in same)) for group in joined + alone]
    return tuple(sorted(made, key=lambda group: (-len(group.keys), group.keys)))


def _content(answer: Answer) -> str:
    """The same for answers that differ in nothing but case, spaces and invisible characters."""
    text = answer.text if answer.is_code else _plain(answer.text)
    return digest(text, json.dumps(answer.attachments, sort_keys=True))


def _plain(text: str) -> str:
    return " ".join(visible(text).casefold().split())


def _sentences(answer: Answer) -> list[str]:
    """An answer in sentences; none for one that is to be compared with nothing."""
    if answer.is_code or answer.attachments or len(answer.text) > READ:
        return []
    sentences: list[str] = []
    short = ""
    for part in _SENTENCE.split(visible(answer.text).casefold()):
        short = f"{short} {part}".strip()
        if len(_WORD.findall(short)) >= _SHORTEST:
            sentences.append(short)
            short = ""
    if short and sentences:
        sentences[-1] += f" {short}"
    elif _WORD.search(short):
        sentences.append(short)
    return sentences if len(sentences) <= _MOST_SENTENCES else []


def _clusters(texts: list[list[str]], alike: float) -> list[list[int]]:
    """Texts that are alike, by their numbers, the most typical first."""
    if len(texts) < 2:
        return [[number] for number in range(len(texts))]
    likeness = _likeness(texts, alike)
    # Complete linkage never joins what nothing connects: each component is clustered by itself.
    count, component = connected_components(likeness, directed=False)
    members: list[list[int]] = [[] for _ in range(count)]
    for number, place in enumerate(component):
        members[place].append(number)
    return [found for numbers in members for found in _linked(numbers, likeness, alike)]


def _linked(numbers: list[int], likeness: csr_array, alike: float) -> list[list[int]]:
    if len(numbers) == 1:
        return [numbers]
    near = likeness[numbers][:, numbers].toarray()
    np.fill_diagonal(near, 1.0)
    linkage = AgglomerativeClustering(
        n_clusters=None,
        metric="precomputed",
        linkage="complete",
        distance_threshold=1 - alike + 1e-6,
    )
    labels = linkage.fit(1 - near).labels_
    found = []
    for label in range(labels.max() + 1):
        places = np.flatnonzero(labels == label)
        typical = near[np.ix_(places, places)].sum(axis=1)
        order = places[np.argsort(-typical.round(6), kind="stable")]
        found.append([numbers[place] for place in order])
    return found


def _likeness(texts: list[list[str]], alike: float) -> csr_array:
    """For each two texts with as many negations how alike they are, in [0, 1]; 0 below `alike`."""
    first = np.cumsum([0, *(len(text) for text in texts)])
    weights, present = _pieces([sentence for text in texts for sentence in text])
    rows = []
    begin = 0
    while begin < len(texts):
        end = int(np.searchsorted(first, first[begin] + _AT_ONCE, side="right")) - 1
        end = min(max(end, begin + 1), len(texts))
        shared = (weights[first[begin] : first[end]] @ present).toarray()
        best = np.maximum.reduceat(shared, first[:-1], axis=1)  # in any sentence of the other
        worst = np.minimum.reduceat(best, first[begin:end] - first[begin], axis=0)
        worst[worst < alike] = 0
        rows.append(csr_array(worst))
        begin = end
    one_way = vstack(rows).tocsr()
    both = coo_array(one_way.minimum(one_way.T))
    negations = np.array([len(_NEGATION.findall(" ".join(text))) for text in texts])
    kept = negations[both.row] == negations[both.col]
    return csr_array((both.data[kept], (both.row[kept], both.col[kept])), shape=both.shape)


def _pieces(sentences: list[str]) -> tuple[csr_array, csr_array]:
    """The weights of each sentence's pieces, with a sum of 1, and which piece is in which sentence.

    Shapes: (sentences, pieces) and (pieces, sentences).
    """
    tf_idf = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(4, 4), norm="l1", sublinear_tf=True, dtype=np.float32
    )
    weights = tf_idf.fit_transform(sentences)
    present = weights.copy()
    present.data[:] = 1
    return weights, present.T.tocsr()
