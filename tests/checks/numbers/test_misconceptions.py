"""Each misconception: the wrong answer that shows it, written out by hand, is diagnosed as it."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autograder.checks import (
    Mistake,
    Outcome,
    convolution_mistakes,
    convolve2d,
    equal,
    max_pool,
    output_shape,
    output_shape_mistakes,
    pooling_mistakes,
    scorecard,
)

from .cases import (
    CHANNELS,
    DILATED_PADDED_BY_1,
    DILATED_SAME,
    IMAGE,
    ONES,
    POOLED,
    SAME,
    VALID,
)

TENSOR = (128, 128, 32)

# question: (right answers, mistakes, options of equal)
QUESTIONS: dict[str, tuple[tuple[Any, ...], tuple[Mistake, ...], dict[str, Any]]] = {
    "q1": ((VALID,), convolution_mistakes(IMAGE, ONES, padding="valid"), {}),
    "q2": ((SAME,), convolution_mistakes(IMAGE, ONES, padding="same"), {}),
    "q3": (
        (DILATED_SAME, DILATED_PADDED_BY_1),
        convolution_mistakes(IMAGE, ONES, padding="same", dilation_rate=2),
        {},
    ),
    "q7": (((126, 126, 16),), output_shape_mistakes(TENSOR, 16, 3), {}),
    "q7 padded": (((128, 128, 16),), output_shape_mistakes(TENSOR, 16, 3, padding="same"), {}),
    "q7 bordered": (((130, 130, 16),), output_shape_mistakes(TENSOR, 16, 3, padding=2), {}),
    "q8": (((63, 63, 16),), output_shape_mistakes(TENSOR, 16, 3, strides=2), {}),
    "q11": ((POOLED,), pooling_mistakes(IMAGE, 2), {"channels": CHANNELS}),
    "bordered": ((SAME,), convolution_mistakes(IMAGE, ONES, padding=1), {}),
}

PLANES = {"R": [[9, 9], [9, 9]], "G": [[18, 18], [18, 18]], "B": [[18, 18], [27, 27]]}

# (question, wrong answer, slug, what the student reads)
should_fail: list[tuple[str, Any, str, str]] = [
    ("q1", SAME, "same-instead-of-valid", "the result with zero padding.*fits n − k \\+ 1 times"),
    ("q1", np.pad(SAME, 1), "", "does not have this form"),
    ("q1", convolve2d(IMAGE, ONES, padding=2), "padding-added", "wider than the question asks"),
    ("q1", [[45]], "border-off-by-one", "a row or column off.*the “\\+ 1” counts the first"),
    ("q1", [[45, 45]], "border-off-by-one", "counted wrong"),
    ("q1", [[18, 27, 27], [30, 45, 45], [36, 54, 54]], "border-off-by-one", "counted wrong"),
    ("q1", [[18, 27], [30, 45]], "border-off-by-one", "counted wrong.*Row 1, column 1: 18"),
    ("q1", [PLANES[c] for c in CHANNELS], "channels-not-summed", "added up to one number"),
    (
        "q1",
        np.stack([PLANES[c] for c in CHANNELS], -1),
        "channels-not-summed",
        "convolved one by one and their results were kept apart",
    ),
    ("q1", PLANES["R"], "one-channel-only", "the result of channel R alone"),
    ("q1", PLANES["G"], "one-channel-only", "the result of channel G alone"),
    ("q1", PLANES["B"], "one-channel-only", "the result of channel B alone"),
    ("q1", [[15, 15], [18, 18]], "channels-averaged", "averaged instead of added up"),
    ("q1", [[5, 5], [6, 6]], "mean-filter", "divided by the number of weights"),
    ("q1", [[45 / 27, 45 / 27], [2, 2]], "mean-filter", "divided by the number of weights"),
    ("q2", VALID, "valid-instead-of-same", "the result without padding.*a border of zeros"),
    ("q2", [row[:3] for row in SAME[:3]], "border-off-by-one", "a row or column off"),
    (
        "q2",
        convolve2d(np.pad(IMAGE, [(1, 1), (1, 1), (0, 0)], mode="edge"), ONES),
        "border-not-zero",
        "repeats pixels of the image",
    ),
    ("bordered", VALID, "padding-forgotten", "without the border of zeros"),
    ("q3", SAME, "dilation-ignored", "applied without gaps.*pixels that lie r apart"),
    ("q3", VALID, "dilation-ignored", "its dilation rate was ignored"),
    (
        "q3",
        [[22, 11, 11, 22], [10, 5, 5, 10], [12, 6, 6, 12], [22, 11, 11, 22]],
        "dilation-rate-off-by-one",
        "one pixel too wide.*leaves r − 1 pixels between them",
    ),
    ("q3", [[4, 4, 4, 4]] * 4, "one-channel-only", "channel R alone"),
    ("q7", (128, 128, 16), "same-instead-of-valid", "with zero padding"),
    ("q7", (125, 125, 16), "border-off-by-one", "counted wrong"),
    ("q7", (127, 127, 16), "border-off-by-one", "counted wrong"),
    ("q7", (126, 125, 16), "border-off-by-one", "counted wrong"),
    ("q7", (126, 126, 32), "depth-of-input", "that of the input.*the number of filters"),
    ("q7", (126, 126, 512), "depth-multiplied", "multiplies the filters by the input's channels"),
    ("q7", (126, 126), "depth-forgotten", "three numbers: height, width and depth"),
    ("q7", (126, 126, 1), "depth-forgotten", "does not appear in the depth"),
    ("q7", (16, 126, 126), "channels-first", "the channels come first"),
    ("q7 padded", (126, 126, 16), "valid-instead-of-same", "without padding"),
    ("q7 bordered", (126, 126, 16), "padding-forgotten", "without the border"),
    ("q8", (64, 64, 16), "floor-forgotten", "the result was rounded up.*round down"),
    ("q8", (63.5, 63.5, 16), "floor-forgotten", "a fraction of a pixel was kept"),
    ("q8", (62.5, 62.5, 16), "floor-forgotten", "a fraction of a pixel was kept"),
    ("q8", (126, 126, 16), "stride-ignored", "a stride of 1.*only every s-th position"),
    ("q8", (62, 62, 16), "border-off-by-one", "counted wrong"),
    ("q8", (63, 63, 32), "depth-of-input", "depth given is that of the input"),
    (
        "q11",
        {"R": [[1] * 3] * 3, "G": [[2] * 3] * 3, "B": [[2] * 3, [3] * 3, [4] * 3]},
        "overlapping-pooling",
        "The windows overlap.*each window begins where the one before it ended",
    ),
    ("q11", POOLED | {"B": [[1.5, 1.5], [3.5, 3.5]]}, "mean-pooling", "each window's average"),
    ("q11", POOLED | {"B": [[1, 1], [3, 3]]}, "min-pooling", "each window's smallest value"),
    ("q11", [[2, 2], [4, 4]], "pooling-across-channels", "merged into one plane.*by itself"),
    ("q11", [[5, 5], [7, 7]], "pooling-across-channels", "merged into one plane"),
    ("q11", [[[2], [2]], [[4], [4]]], "pooling-across-channels", "merged into one plane"),
    ("q11", [[1, 1], [1, 1]], "one-channel-only", "This is channel R alone"),
    ("q11", [POOLED[name] for name in CHANNELS], "channels-first", "put the channels last"),
]

should_pass = [(name, right) for name, question in QUESTIONS.items() for right in question[0]]


@pytest.mark.parametrize("question, answer, slug, message", should_fail)
def test_a_known_misconception_is_diagnosed(
    question: str, answer: Any, slug: str, message: str
) -> None:
    """The card of the wrong answer says which misconception it shows and how to do it right."""
    rights, mistakes, options = QUESTIONS[question]
    finding = equal(answer, rights[0], accept=rights[1:], mistakes=mistakes, **options)
    card = scorecard(question, 2)
    card.expect(2, finding)
    assert card.outcome is Outcome.INCORRECT
    assert card.score == 0
    assert (finding.mistake or "") == slug
    assert re.search(message, card.message), card.message


@pytest.mark.parametrize("question, answer", should_pass)
def test_a_right_answer_is_no_misconception(question: str, answer: Any) -> None:
    """Neither reading of a question is taken for a mistake."""
    rights, mistakes, options = QUESTIONS[question]
    finding = equal(answer, rights[0], accept=rights[1:], mistakes=mistakes, **options)
    assert finding.outcome is Outcome.CORRECT


def test_every_slug_is_seen_in_an_answer() -> None:
    """No diagnosis goes untested."""
    known = {m.slug for _, mistakes, _ in QUESTIONS.values() for m in mistakes}
    seen = {slug for _, _, slug, _ in should_fail}
    assert known <= seen


def assert_sound(mistakes: tuple[Mistake, ...], right: Any) -> None:
    """None equals the right answer, no two are equal, all are texts a student can read."""
    wrong = [np.asarray(mistake.wrong_answer) for mistake in mistakes]
    for n, answer in enumerate(wrong):
        assert not np.array_equal(answer, right)
        assert not any(np.array_equal(answer, other) for other in wrong[:n])
    for mistake in mistakes:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", mistake.slug)
        assert "{" not in mistake.what_happened
        assert len(mistake.what_happened) < 110
        assert 40 < len(mistake.advice) < 400


@given(
    arrays(np.int64, (5, 4, 3), elements=st.integers(0, 9)),
    arrays(np.int64, (3, 3, 3), elements=st.integers(-2, 2)),
    st.sampled_from(["valid", "same", 0, 1, 2]),
    st.integers(1, 2),
)
def test_convolution_mistakes_are_sound(image: Any, kernel: Any, padding: Any, rate: int) -> None:
    """For any image and filter, however they coincide."""
    try:
        right = convolve2d(image, kernel, padding=padding, dilation_rate=rate)
    except ValueError:
        return
    mistakes = convolution_mistakes(image, kernel, padding=padding, dilation_rate=rate)
    assert_sound(mistakes, right)


@given(
    st.tuples(st.integers(5, 40), st.integers(5, 40), st.integers(1, 8)),
    st.integers(1, 8),
    st.sampled_from([1, 2, 3, 5]),
    st.sampled_from(["valid", "same", 0, 1]),
    st.integers(1, 4),
)
def test_output_shape_mistakes_are_sound(
    input_shape: tuple[int, int, int], filters: int, size: int, padding: Any, strides: int
) -> None:
    """For any layer, and sizes of height and width that differ."""
    options = {"padding": padding, "strides": strides}
    right = output_shape(input_shape, filters, size, **options)
    assert_sound(output_shape_mistakes(input_shape, filters, size, **options), right)


@given(arrays(np.int64, (4, 6, 3), elements=st.integers(0, 9)), st.integers(2, 3))
def test_pooling_mistakes_are_sound(image: Any, pool_size: int) -> None:
    """For any image and window."""
    assert_sound(pooling_mistakes(image, pool_size), max_pool(image, pool_size))


def test_a_filter_of_even_size_is_refused() -> None:
    """Its border of zeros has no middle."""
    with pytest.raises(ValueError, match=r"a square of odd size, received \(2, 2, 3\)"):
        convolution_mistakes(IMAGE, np.ones((2, 2)), padding="valid")
