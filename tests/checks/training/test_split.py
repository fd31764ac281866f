"""Positions of training, validation and test images are judged by what they select."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest

from autograder.checks import Missing, NotUsable, Outcome, at_least, split
from autograder.snapshot import Budget, load, save, write

LABELS = np.repeat([0, 1], 100)  # class by class, as a folder gives them
SIZES = (60, 30, 20)
MIXED = np.arange(200).reshape(2, 100).T.ravel()  # 0, 100, 1, 101, …

Parts = tuple[Any, Any, Any]
Options = dict[str, Any]


def cut(positions: Any = MIXED, sizes: Any = SIZES) -> Parts:
    """Three pieces, one behind the other."""
    first, second = sizes[0], sizes[0] + sizes[1]
    return positions[:first], positions[first:second], positions[second : second + sizes[2]]


def three(**changes: Any) -> Parts:
    train, validation, test = cut()
    good = {"train": train, "validation": validation, "test": test}
    return tuple({**good, **changes}.values())  # type: ignore[return-value]


def ask(parts: Parts, labels: Any = LABELS, **options: Any) -> Any:
    return split(parts, labels, **{"sizes": SIZES, **options})


should_pass: dict[str, tuple[Parts, Options]] = {
    "arrays": (cut(), {}),
    "lists": (cut(MIXED.tolist()), {}),
    "whole floats": (cut(MIXED * 1.0), {}),
    "tensors": (cut(keras.ops.convert_to_tensor(MIXED)), {}),
    "unsigned": (cut(MIXED.astype(np.uint16)), {}),
    "at random": (cut(np.random.default_rng(0).permutation(200)), {}),
    "amounts": (cut(), {"sizes": (at_least(50), 30, at_least(1))}),
    "six in ten": (three(test=[*range(80, 92), *range(180, 188)]), {}),
    "one class, where that may be": (three(test=list(range(60, 80))), {"balance": None}),
    "all ten classes": (cut(np.arange(110)), {"labels": np.arange(200) % 10}),
    "as rare as in the data set": (
        cut(np.arange(110)),
        {"labels": np.where(np.arange(200) % 20 == 0, 1, 0)},
    ),
}

should_fail: dict[str, tuple[Parts, Options, float, str]] = {
    "too few": (
        three(train=cut()[0][:50]),
        {},
        9 / 10,
        r"^50 training images; expected exactly 60\. Look at len",
    ),
    "too many": (cut(), {"sizes": (60, 30, 10)}, 9 / 10, "^20 test images; expected exactly 10"),
    "a position twice": (
        three(train=np.repeat(cut()[0][:30], 2)),
        {},
        9 / 10,
        r"^30 positions of the training part stand there a second time\. .*replace=False",
    ),
    "an image in two parts": (
        three(test=np.concatenate([cut()[0][:2], cut()[2][2:]])),
        {},
        9 / 10 / 2,
        r"^Training and test have 2 positions in common\. Shuffle all positions once",
    ),
    "all in all": (three(test=cut()[1][:20]), {}, 9 / 10 / 2, "Validation and test have 20 pos"),
    "as they come": (
        cut(np.arange(200)),
        {},
        8 / 10,
        r"Training classes: 0 \(60 times\) and 1 \(0 times\); expected about as many of each.*"
        r"np\.flatnonzero\(labels == 0\)",
    ),
    "beyond the last": (
        three(test=[*range(181, 201)]),
        {},
        7 / 10,
        r"^The test positions hold 200; expected positions from 0 to 199 \(200 images\)\. The",
    ),
    "counted from the end": (three(test=-cut()[2] - 1), {}, 7 / 10, "test positions hold -"),
    "a mask": (
        three(train=np.isin(np.arange(200), cut()[0])),
        {},
        7 / 10,
        r"training positions are no positions: .*True or False.*np\.flatnonzero\(mask\)",
    ),
    "shares": (three(train=np.linspace(0, 1, 60)), {}, 7 / 10, "positions are not whole numbers"),
    "images": (
        three(train=np.zeros((60, 4, 4, 3))),
        {},
        7 / 10,
        r"have the shape \(60, 4, 4, 3\); expected one list\. Hand in where the images stand",
    ),
    "many images": (
        three(train=np.zeros((60, 80, 80, 3))),
        {},
        7 / 10,
        r"more than 1,000,000 entries\. Hand in where the images stand",
    ),
    "a column": (three(train=cut()[0][:, None]), {}, 7 / 10, r"\(60, 1\); .*np\.ravel"),
    "names of files": (three(test=["cat.1.jpg"]), {}, 7 / 10, "test positions are no positions: "),
    "nothing in it": (three(test=[]), {}, 7 / 10, "has no entries"),
    "one not there": (three(test=...), {}, 7 / 10, "^There is no test part yet"),
    "one not data": (
        three(test=NotUsable("test", "it is odd")),
        {},
        7 / 10,
        "The test positions cannot be used: test cannot be used as an answer: it is odd",
    ),
}


def across(parts: Parts) -> Parts:
    """As it is where hand-ins are graded."""
    return tuple(  # type: ignore[return-value]
        part if isinstance(part, NotUsable) else load(save(write(part, Budget())), Budget())
        for part in parts
    )


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize("parts, options", should_pass.values(), ids=should_pass)
def test_a_split_as_asked_passes(parts: Parts, options: Options, crossed: bool) -> None:
    """However the positions are written down."""
    finding = ask(across(parts) if crossed else parts, **options)
    assert finding.outcome is Outcome.CORRECT, finding
    assert re.search(r"^60 training images, 30 valid.*, none of them twice\.$", finding.found)


@pytest.mark.parametrize("crossed", [False, True], ids=["live", "snapshot"])
@pytest.mark.parametrize(
    "parts, options, share, message", should_fail.values(), ids=should_fail.keys()
)
def test_another_split_is_told_what_is_wrong(
    parts: Parts, options: Options, share: float, message: str, crossed: bool
) -> None:
    """Ten things count; where images are in two parts, each of them half."""
    finding = ask(across(parts) if crossed else parts, **options)
    assert finding.outcome is Outcome.PARTLY_CORRECT
    assert finding.fraction == pytest.approx(share)
    text = " ".join([finding.found, *finding.details, finding.advice])
    assert re.search(message, text), text


def test_nothing_handed_in_is_not_attempted() -> None:
    """Three questions left alone are not wrong."""
    assert ask((None, ..., Missing("test"))).outcome is Outcome.NOT_ATTEMPTED


def test_nothing_right_earns_nothing() -> None:
    """Parts that cannot be read share no image either, which is no merit."""
    finding = ask(("a", "b", "c"))
    assert (finding.outcome, finding.fraction) == (Outcome.INCORRECT, 0)


def test_what_is_asked_is_put_into_words() -> None:
    """The card's row says what the parts should be."""
    assert ask(cut(), sizes=(60, at_least(30), 20), what="your parts").asked == (
        "your parts are 60 training, at least 30 validation and 20 test images, none of them "
        "twice, with about as many of each class"
    )


def test_a_question_that_cannot_be_is_the_authors_mistake() -> None:
    """It is told whatever the answer."""
    with pytest.raises(ValueError, match="expected parts and sizes of training, validation and"):
        ask(cut(), sizes=(60, 30))
    with pytest.raises(ValueError, match="labels: expected whole numbers from 0"):
        ask(cut(), labels=LABELS / 2)
