"""Several things that one question asks for, each met or not or in part, as one finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.checks.findings import Finding, Outcome
from autograder.checks.wording import opening, sentences


@dataclass(frozen=True)
class Aspect:
    """One of the things: how far it is met, in [0, 1], what was found, what to try.

    weight: how much it counts beside the others.
    """

    share: float = 1.0
    found: str = ""
    advice: str = ""
    weight: int = 1

    @classmethod
    def of(cls, share: float, found: str, expected: str, advice: str = "") -> Aspect:
        """What was found; unless it is met in full, what was expected beside it, and advice."""
        if share >= 1:
            return cls(1.0, found)
        return cls(share, f"{found}; expected {expected}", advice)


def judged(asked: str, aspects: Sequence[Aspect], found: str = "", most: float = 1.0) -> Finding:
    """The finding whose fraction is the mean of the shares, each by its weight and at most `most`.

    What is not met is told, one by one in `details` where there are several. found: what there is,
    told where all is met instead of what each of them found.
    """
    unmet = [aspect for aspect in aspects if aspect.share < 1]
    texts = tuple(_sentence(each.found) for each in unmet or aspects if each.found)
    advice = sentences(*dict.fromkeys(each.advice for each in unmet or aspects))
    if not unmet:
        return Finding(Outcome.CORRECT, asked, _sentence(found) or sentences(*texts), advice)
    total = sum(aspect.weight for aspect in aspects)
    earned = sum(min(aspect.share, most) * aspect.weight for aspect in aspects)
    outcome = Outcome.PARTLY_CORRECT if earned > 0 else Outcome.INCORRECT
    if len(texts) == 1:
        return Finding(outcome, asked, texts[0], advice, earned / total)
    summary = f"{len(unmet)} of {len(aspects)} things are not as asked."
    return Finding(outcome, asked, summary, advice, earned / total, details=texts)


def _sentence(text: str) -> str:
    return sentences(opening(text))
