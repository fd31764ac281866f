"""Ears: the plainest difference between the two, and not always there to be relied on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from autograder.datasets.synthetic.fur import Coat
from autograder.datasets.synthetic.pen import Pen, Points, points, smooth


@dataclass(frozen=True)
class Ears:
    """A pair of ears. length and width are factors of the usual, spread shifts the tips out."""

    style: str
    length: float
    width: float
    spread: float
    lean: tuple[float, float]  # left and right ear's tip moves by this much

    @property
    def in_front(self) -> bool:
        """Whether they cover the head rather than being covered by it."""
        return self.style in ("hanging", "button", "folded")


@dataclass(frozen=True)
class Ear:
    """One ear's outlines, for the right side. flap: the part that folds over, inner: skin."""

    outer: Points
    inner: Points | None = None
    flap: Points | None = None


def cat_ears(rng: np.random.Generator) -> Ears:
    return _ears(rng, "folded" if rng.random() < 0.03 else "pointed")


def dog_ears(rng: np.random.Generator) -> Ears:
    chance = rng.random()
    style = "hanging" if chance < 0.68 else "button" if chance < 0.91 else "tipped"
    return _ears(rng, style if chance < 0.98 else "prick")


def _ears(rng: np.random.Generator, style: str) -> Ears:
    left, right = rng.normal(0, 0.07, 2).tolist()
    length, width, spread = rng.uniform((0.8, 0.85, -0.12), (1.2, 1.15, 0.15)).tolist()
    return Ears(style, length, width, spread, (left, right))


def draw_ears(
    ears: Ears, coat: Coat, pen: Pen, texture: Image.Image, turn: float, head_width: float
) -> None:
    """turn: how far the face looks to the right, -1..1; the far ear is narrower for it."""
    for side, lean in zip((-1, 1), ears.lean, strict=True):
        ear = _STYLES[ears.style](ears, lean)
        near = np.array([side * head_width * (1 - 0.18 * side * turn), 1.0])
        shift = np.array([-0.12 * turn, 0.0])
        outer = ear.outer * near + shift
        if coat.ears_second:
            pen.fill(outer, coat.second)
        else:
            pen.print(outer, texture)
        pen.line(np.concatenate([outer, outer[:1]]), coat.outline, 0.05)
        if ear.inner is not None:
            pen.fill(ear.inner * near + shift, coat.skin)
        if ear.flap is not None:
            flap = ear.flap * near + shift
            pen.fill(flap, coat.second)
            pen.line(np.concatenate([flap, flap[:1]]), coat.outline, 0.05)


def _triangle(ears: Ears, lean: float, tip: Points, base: Points) -> Ear:
    """An upright ear; base: its inner and outer corner."""
    middle = base.mean(axis=0)
    base = middle + (base - middle) * ears.width
    tip = middle + (tip - middle) * (1, ears.length) + (ears.spread + lean, 0)
    sides = [(1 - t) * a + t * b for a, b in ((base[0], tip), (tip, base[1])) for t in (0.0, 0.5)]
    sides[1] = sides[1] + (-0.05, -0.02)  # both sides bulge a little
    sides[3] = sides[3] + (0.06, -0.03)
    outer = np.array([*sides[:2], sides[2], sides[3], base[1], np.add(middle, (0, 0.2))])
    centre = 0.55 * middle + 0.45 * tip
    return Ear(outer, centre + (outer - centre) * (0.66, 0.72))


def _pointed(ears: Ears, lean: float) -> Ear:
    return _triangle(ears, lean, np.array((0.78, -1.5)), points((0.2, -0.7), (0.94, -0.28)))


def _prick(ears: Ears, lean: float) -> Ear:
    base = points((0.26, -0.75), (0.86, -0.45))
    ear = _triangle(ears, lean, np.array((0.72, -1.42)), base)
    inner = None if ear.inner is None else smooth(ear.inner)
    return Ear(smooth(ear.outer), inner)


def _tipped(ears: Ears, lean: float) -> Ear:
    reach, height = 0.28 * ears.width, 0.42 * ears.length
    x = 0.6 + ears.spread + lean
    outer = points((0.24, -0.72), (0.36, -0.95 - 0.3 * height), (x, -0.86 - height))
    outer = np.concatenate([outer, points((0.95, -0.85), (0.88, -0.4), (0.55, -0.4))])
    flap = points((x - reach, -0.8 - height), (x + reach, -0.84 - height))
    flap = np.concatenate([flap, points((x + 0.3, -0.62), (x + 0.1, -0.5 + 0.1 * ears.length))])
    return Ear(outer, None, flap)


def _folded(ears: Ears, lean: float) -> Ear:
    x = 0.62 + ears.spread + lean
    outer = points((0.26, -0.72), (0.4, -0.95), (0.78, -0.86), (0.95, -0.4), (0.6, -0.45))
    flap = points((0.36, -0.9), (0.8, -0.84), (x + 0.2, -0.42 + 0.15 * (ears.length - 1)))
    return Ear(smooth(outer), None, flap)


def _hanging(ears: Ears, lean: float) -> Ear:
    far, low = 1.2 + ears.spread + lean, 0.65 * ears.length
    outer = points((0.42, -0.8), (0.82, -0.76), (far, -0.25), (far + 0.04, low))
    inner_edge = points((far - 0.14, low + 0.22), (far - 0.38 * ears.width, low), (0.7, -0.3))
    return Ear(smooth(np.concatenate([outer, inner_edge])))


def _button(ears: Ears, lean: float) -> Ear:
    far = 0.98 + ears.spread + lean
    outer = points((0.36, -0.8), (0.72, -0.98), (far, -0.7), (far + 0.06, -0.2 + 0.2 * ears.length))
    inner_edge = points((far - 0.16, -0.12 + 0.2 * ears.length), (0.6, -0.36))
    return Ear(smooth(np.concatenate([outer, inner_edge])))


_STYLES: dict[str, Callable[[Ears, float], Ear]] = {
    "pointed": _pointed,
    "folded": _folded,
    "hanging": _hanging,
    "button": _button,
    "tipped": _tipped,
    "prick": _prick,
}
