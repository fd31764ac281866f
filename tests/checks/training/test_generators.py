"""Generators are judged by what two epochs of them give."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from autograder.artifacts import BatchesData
from autograder.checks.amounts import at_least, between
from autograder.checks.answers import Missing, NotUsable
from autograder.checks.findings import Outcome
from autograder.checks.training.generators import generators

Part = Any
Options = dict[str, Any]

SHAPE = (4, 5, 3)


def part(seed: int, size: int, batch: int = 8, **changes: Any) -> list[Any]:
    """Batches of images of its own, half of them of class 1."""
    images = changes.get("images")
    if images is None:
        images = np.random.default_rng(seed).random((size, *SHAPE), dtype=np.float32)
    labels = changes.get("labels", np.arange(len(images)) % 2)
    return [(images[i : i + batch], labels[i : i + batch]) for i in range(0, len(images), batch)]


def images(seed: int, size: int) -> np.ndarray:
    return np.concatenate([batch[0] for batch in part(seed, size)])


def seen(seed: int, size: int, **fields: Any) -> BatchesData:
    """What a generator gave, with other fields."""
    return BatchesData(**{**vars(BatchesData.of(part(seed, size))), **fields})


def names(*numbers: int) -> tuple[str, ...]:
    return tuple(f"PetImages/Cat/{number}.jpg" for number in numbers)


SIZES = (60, 30, 20)


def three(**changes: Part) -> tuple[Part, Part, Part]:
    good = {"train": part(1, 60), "validation": part(2, 30), "test": part(3, 20)}
    return tuple({**good, **changes}.values())  # type: ignore[return-value]


should_pass: dict[str, tuple[tuple[Part, Part, Part], Options]] = {
    "as asked": (three(), {"sizes": SIZES, "image_shape": SHAPE}),
    "nothing asked": (three(), {}),
    "amounts": (three(), {"sizes": (at_least(50), between(20, 40), 20)}),
    "any height": (three(), {"image_shape": (None, 5, 3)}),
    "arrays": (three(test=(images(3, 20), np.arange(20) % 2)), {"sizes": SIZES}),
    "one-hot rows": (three(train=part(1, 60, labels=np.tile(np.eye(2), (30, 1)))), {}),
    "labels as floats": (three(train=part(1, 60, labels=np.arange(60.0)[:, None] % 2)), {}),
    "integers where asked": (
        tuple(part(0, 0, images=(images(s, 20) * 255).astype(np.uint8)) for s in (1, 2, 3)),
        {"value_range": (0, 255)},
    ),
    "values around nought": (
        tuple(part(0, 0, images=images(s, 20) * 2 - 1) for s in (1, 2, 3)),
        {"value_range": (-1, 1)},
    ),
    "interpolated a little beyond": (three(train=part(0, 0, images=images(1, 60) * 1.009)), {}),
    "as balanced as a random draw": (
        three(test=part(3, 20, labels=np.repeat([0, 1], [13, 7]))),
        {"balance": 0.01},
    ),
    "another number of classes": (
        tuple(part(s, 20, labels=np.arange(20) % 4) for s in (1, 2, 3)),
        {"classes": 4},
    ),
    "an image twice in a public data set": (
        three(
            train=part(0, 0, images=images(1, 400)),
            test=part(0, 0, images=np.concatenate([images(1, 1), images(3, 399)])),
        ),
        {},
    ),
    "the same where allowed": (three(test=part(2, 30)), {"disjoint": False}),
    "files of their own": (
        three(test=seen(3, 20, sources=names(*range(20))), validation=seen(2, 30)),
        {},
    ),
}

should_fail: dict[str, tuple[tuple[Part, Part, Part], Options, str]] = {
    "too few images": (three(), {"sizes": (80, 30, 20)}, "60 training images; expected exactly 80"),
    "too many images": (three(), {"sizes": (60, 30, between(5, 10))}, "20 test images; expected 5"),
    "the same images again and again": (
        three(train=part(1, 30) * 2),
        {"sizes": SIZES},
        "60 training images, but only 30 different ones",
    ),
    "another shape": (
        three(),
        {"image_shape": (8, 8, 3)},
        r"Test images have the shape \(4, 5, 3\); expected \(8, 8, 3\).*Look at one batch",
    ),
    "channels first": (
        three(),
        {"image_shape": (5, 3, 4)},
        r"Move the channels to the end",
    ),
    "integers": (
        three(test=part(0, 0, images=(images(3, 20) > 0.5).astype(np.uint8))),
        {},
        r"Test images are of type uint8; expected floating-point",
    ),
    "not scaled": (
        three(train=part(0, 0, images=images(1, 60) * 255)),
        {},
        r"Training images hold values from [\d.]+ to [\d.]+; expected 0 to 1",
    ),
    "scaled twice": (
        three(train=part(0, 0, images=images(1, 60) / 255)),
        {},
        r"hardly any of 0 to 1. The images may be scaled twice",
    ),
    "one class only": (
        three(validation=part(2, 30, labels=np.zeros(30, int))),
        {},
        r"Validation labels: 0 \(30 times\); expected every class from 0 to 1",
    ),
    "labels that start at 1": (
        three(test=part(3, 20, labels=1 + np.arange(20) % 2)),
        {},
        r"Test labels: 1 \(10 times\) and 2 \(10 times\); expected every class from 0 to 1",
    ),
    "not balanced": (
        three(train=part(1, 60, labels=np.repeat([0, 1], [50, 10]))),
        {},
        r"Training labels: 0 \(50 times\) and 1 \(10 times\); expected about as many of each",
    ),
    "many classes": (
        three(test=part(3, 20, labels=np.arange(20))),
        {},
        r"9 \(1 time\) and 10 more; expected",
    ),
    "an image in two parts": (
        three(test=part(0, 0, images=np.concatenate([images(1, 4), images(3, 16)]))),
        {},
        "Training and test have 4 images in common. Split the list",
    ),
    "an augmented image in two parts": (
        three(
            train=seen(1, 60, sources=names(*range(60))),
            test=seen(3, 20, sources=names(*range(58, 78))),
        ),
        {},
        "Training and test have 2 images in common",
    ),
    "seen in the second pass alone": (
        three(
            train=seen(
                1,
                60,
                passes=(
                    BatchesData.of(part(1, 60)).passes[0],
                    BatchesData.of(part(2, 60)).passes[0],
                ),
            )
        ),
        {},
        "Training and validation have 30 images in common",
    ),
    "a plain generator": (three(train=iter(part(1, 60))), {}, "The training generator is a plain"),
    "one not handed in": (three(test=None), {}, "There is no test generator yet"),
    "one not usable": (three(test=NotUsable("test", "it is odd")), {}, r"it is odd\. $"),
    "a plain generator that has not crossed": (
        three(test=NotUsable("test", "the value is of type generator, which has no values")),
        {},
        r"has no values.*a plain Python generator only once: hand in a tf\.data\.Dataset",
    ),
}


@pytest.mark.parametrize("parts, options", should_pass.values(), ids=should_pass.keys())
def test_good_generators_pass(parts: tuple[Part, Part, Part], options: Options) -> None:
    """Each part as the question asks."""
    finding = generators(*parts, **options)
    assert finding.outcome is Outcome.CORRECT, finding


@pytest.mark.parametrize("parts, options, message", should_fail.values(), ids=should_fail.keys())
def test_other_generators_fail(
    parts: tuple[Part, Part, Part], options: Options, message: str
) -> None:
    """Each mismatch is told, with what was found and what to try."""
    finding = generators(*parts, **options)
    assert finding.outcome is Outcome.PARTLY_CORRECT
    text = " ".join((finding.found, *finding.details, finding.advice))
    assert re.search(message, text), text


def test_nothing_handed_in_is_not_attempted() -> None:
    """Three questions left alone are not wrong."""
    assert generators(None, ..., Missing("test")).outcome is Outcome.NOT_ATTEMPTED


def test_every_point_counts_alike() -> None:
    """Four for each part, and one for images of their own; without these, half of it all."""
    assert generators(*three(test=None)).fraction == pytest.approx(9 / 13)
    assert generators(*three(test=part(2, 30))).fraction == pytest.approx(12 / 13 / 2)
    assert generators(5, 5, 5).fraction == pytest.approx(1 / 13)


def test_what_is_asked_is_put_into_words() -> None:
    """The card's row says what the generators should give."""
    asked = generators(*three(), sizes=(60, 30, at_least(20)), image_shape=(None, 5, 3)).asked
    assert asked == (
        "the training, validation and test generators give 60, 30 and at least 20 images of shape "
        "(any, 5, 3); values 0 to 1; 2 classes; no image in two parts"
    )
    assert generators(*three(), value_range=None, classes=None, disjoint=False).asked.endswith(
        "generators give images"
    )


def test_what_was_found_is_told() -> None:
    """A right answer is told its numbers too."""
    assert generators(*three()).found.startswith("60 training images of shape (4, 5, 3). 30 valid")


def reordered() -> BatchesData:
    once = BatchesData.of(part(1, 60))
    return seen(1, 60, passes=(once.passes[0], once.passes[0][::-1]))


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (part(1, 60), "Training images come in the same order each time"),
        (
            part(1, 60, 30, labels=np.repeat([0, 1], 30)),
            "first training batch holds one class only",
        ),
        (reordered(), ""),
        ((images(1, 60), np.repeat([0, 1], 30)), ""),
    ],
    ids=["as they are", "sorted", "shuffled", "arrays, which fit shuffles"],
)
def test_order_is_advice(train: Part, message: str) -> None:
    """A training set that keeps its order costs nothing."""
    parts = three(train=train)
    finding = generators(*parts, shuffled=True)
    assert finding.outcome is Outcome.CORRECT
    assert message in finding.found
    assert ("Shuffle the training images" in finding.advice) == bool(message)
    assert generators(*parts).advice == ""


def test_sizes_of_other_than_three_parts_are_the_authors_mistake() -> None:
    """It is told before any generator is run."""
    with pytest.raises(ValueError, match="sizes are those of training, validation, test"):
        generators(*three(), sizes=(60, 30))
