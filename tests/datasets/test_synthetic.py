"""The drawn stand-ins: repeatable, varied, and told apart by shape only."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from PIL import Image

from autograder.datasets.synthetic import SHAPE_NAMES, draw_head, draw_shape

KINDS = ("cat", "dog")


@cache
def heads(kind: str, count: int = 400) -> tuple[Image.Image, ...]:
    rng = np.random.default_rng(KINDS.index(kind))
    return tuple(draw_head(kind, rng) for _ in range(count))


def figures(picture: Image.Image) -> list[float]:
    """What needs no look at shapes: size, mean colour, contrast, a histogram of brightness."""
    pixels = np.asarray(picture, dtype=float)
    grey = pixels.mean(axis=2)
    histogram = np.bincount((grey // 32).astype(int).ravel(), minlength=8) / grey.size
    return [*picture.size, *pixels.mean(axis=(0, 1)), grey.std(), *histogram]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_generator_draws_the_same_head(kind: str) -> None:
    """Equal generator states give equal bytes, and the next head is another."""
    first, again = np.random.default_rng(5), np.random.default_rng(5)
    for _ in range(5):
        assert draw_head(kind, first).tobytes() == draw_head(kind, again).tobytes()
    assert first.random() == again.random()
    assert draw_head(kind, first).tobytes() != draw_head(kind, first).tobytes()


@pytest.mark.parametrize("label", range(len(SHAPE_NAMES)))
def test_the_same_generator_draws_the_same_shape(label: int) -> None:
    """Equal generator states give equal bytes, and the next picture is another."""
    first, again = np.random.default_rng(5), np.random.default_rng(5)
    for _ in range(5):
        assert np.array_equal(draw_shape(label, first), draw_shape(label, again))
    assert not np.array_equal(draw_shape(label, first), draw_shape(label, first))


def test_global_random_state_is_left_alone() -> None:
    """Only the generator that is passed in is used."""
    before = np.random.get_state()[1].copy()
    draw_head("cat", np.random.default_rng(1))
    draw_shape(0, np.random.default_rng(1))
    assert np.array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize("kind", KINDS)
def test_heads_are_pictures_of_many_sizes(kind: str) -> None:
    """RGB, each side 72 to 112 pixels, in more than one size and aspect."""
    pictures = heads(kind)
    assert {picture.mode for picture in pictures} == {"RGB"}
    sides = np.array([picture.size for picture in pictures])
    assert sides.min() >= 72
    assert sides.max() <= 112
    assert len({picture.size for picture in pictures}) > 100
    assert np.ptp(sides[:, 0] / sides[:, 1]) > 0.3
    assert all(np.asarray(picture).std() > 4 for picture in pictures)


@pytest.mark.parametrize("label", range(len(SHAPE_NAMES)))
def test_every_shape_is_drawn(label: int) -> None:
    """(32, 32, 3), uint8, never blank, and never the same twice."""
    rng = np.random.default_rng(label)
    pictures = [draw_shape(label, rng) for _ in range(30)]
    assert {(picture.shape, picture.dtype.name) for picture in pictures} == {((32, 32, 3), "uint8")}
    assert min(picture.std() for picture in pictures) > 3
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_ten_names() -> None:
    """One name for each label."""
    assert len(set(SHAPE_NAMES)) == 10


def linear_accuracy(cats: np.ndarray, dogs: np.ndarray) -> float:
    """How often ridge regression on these columns is right, on the rows it was not fitted to."""
    rows = np.concatenate([cats, dogs])
    signs = np.repeat((-1.0, 1.0), (len(cats), len(dogs)))
    rows = (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-9)
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    train = np.arange(len(rows)) % 2 == 0
    square = rows[train].T @ rows[train] + 4 * np.eye(rows.shape[1])
    weights = np.linalg.solve(square, rows[train].T @ signs[train])
    return float(np.mean(np.sign(rows[~train] @ weights) == signs[~train]))


def test_statistics_do_not_tell_cats_from_dogs() -> None:
    """A linear model on sizes, colours, contrast and a histogram stays near a coin's 50 %."""
    cats, dogs = (np.array([figures(picture) for picture in heads(kind)]) for kind in KINDS)
    assert linear_accuracy(cats, dogs) < 0.6


def test_statistics_would_tell_brighter_dogs() -> None:
    """The check above can fail: were dogs brighter by 60 of 255, it would find them."""
    cats, dogs = (np.array([figures(picture) for picture in heads(kind)]) for kind in KINDS)
    dogs[:, 2:5] += 60
    assert linear_accuracy(cats, dogs) > 0.7


def test_same_scene_other_animal() -> None:
    """Size and most of the surroundings come from the generator, whatever the kind."""
    for seed in range(5):
        cat = draw_head("cat", np.random.default_rng(seed))
        dog = draw_head("dog", np.random.default_rng(seed))
        assert cat.size == dog.size
        assert cat.tobytes() != dog.tobytes()


def test_another_animal_is_refused() -> None:
    """The message names what is drawn and what was asked for."""
    with pytest.raises(ValueError, match="expected 'cat' or 'dog', received 'cow'"):
        draw_head("cow", np.random.default_rng(0))  # type: ignore[arg-type]


@pytest.mark.parametrize("label", (-1, 10))
def test_a_label_out_of_range_is_refused(label: int) -> None:
    """The message names the range and what was asked for."""
    with pytest.raises(ValueError, match=rf"expected 0\.\.9, received {label}"):
        draw_shape(label, np.random.default_rng(0))
