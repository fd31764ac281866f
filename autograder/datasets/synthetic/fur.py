"""Coats: tones and patterns, drawn without knowing whose head they will be on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from autograder.datasets.synthetic.pen import Colour, Pen, ellipse, points, smooth

# dark to light; every pair of two can make a coat
_TONES = np.array(
    [
        (46, 40, 40),
        (84, 62, 48),
        (124, 86, 54),
        (168, 112, 62),
        (206, 146, 84),
        (226, 186, 134),
        (120, 118, 122),
        (168, 166, 166),
        (232, 224, 212),
    ],
    dtype=np.float64,
)
_PATTERNS = ("plain", "tabby", "patches", "blaze", "mask")
_SKIN = np.array([(214, 150, 146), (176, 116, 112), (120, 84, 84)], dtype=np.float64)
_IRIS = np.array(
    [(196, 168, 60), (122, 160, 84), (104, 150, 176), (150, 98, 48), (96, 66, 44)],
    dtype=np.float64,
)


@dataclass(frozen=True)
class Coat:
    """What colours a head has, and its pattern's own random numbers."""

    base: Colour
    second: Colour
    outline: Colour
    skin: Colour
    nose: Colour
    iris: Colour
    whisker: Colour
    pattern: str
    ears_second: bool
    muzzle_light: bool
    marks: np.ndarray  # (8, 4) in 0..1


def draw_coat(rng: np.random.Generator) -> Coat:
    first, second = rng.choice(len(_TONES), 2, replace=False)
    base = _varied(_TONES[first], rng)
    # dark or rosy: large dark noses alone would let a linear model find the dogs
    nose = (52.0, 40.0, 40.0) if rng.random() < 0.35 else _SKIN[rng.integers(2)] * (1.05, 0.9, 0.9)
    return Coat(
        base=base,
        second=_varied(_TONES[second], rng),
        # A rim lighter than dark fur: else dark lines alone, at the usual places, would do.
        outline=shaded(base, 0.5) if sum(base) > 330 else _light(base),
        skin=_varied(_SKIN[rng.integers(len(_SKIN))], rng),
        nose=_varied(np.array(nose), rng),
        iris=_varied(_IRIS[rng.integers(len(_IRIS))], rng),
        whisker=(244, 240, 232) if rng.random() < 0.45 else (56, 48, 46),
        pattern=_PATTERNS[rng.integers(len(_PATTERNS))],
        ears_second=bool(rng.random() < 0.5),
        muzzle_light=bool(rng.random() < 0.8),
        marks=rng.random((8, 4)),
    )


def _light(colour: Colour) -> Colour:
    red, green, blue = (part + 75 for part in colour)
    return red, green, blue


def shaded(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, int(part * factor)) for part in colour)
    return red, green, blue


def _varied(tone: np.ndarray, rng: np.random.Generator) -> Colour:
    red, green, blue = np.clip(tone + rng.normal(0, 10, 3), 8, 247).astype(int).tolist()
    return red, green, blue


def texture(coat: Coat, pen: Pen) -> Image.Image:
    """The coat as a picture of the canvas' size, its pattern placed as the head is."""
    cloth = pen.onto(Image.new("RGB", pen.image.size, coat.base))
    if coat.pattern == "tabby":
        _tabby(coat, cloth)
    elif coat.pattern == "patches":
        for x, y, size, turn in coat.marks[:5]:
            spot = ellipse(2.4 * x - 1.2, 2.6 * y - 1.4, 0.2 + 0.3 * size, 0.3, 6 * turn)
            cloth.fill(spot, coat.second)
    elif coat.pattern == "blaze":
        width = 0.1 + 0.2 * coat.marks[0, 0]
        outline = points((0, -1.2), (width, -0.3), (2 * width, 0.4), (0.9, 1.3), (-0.9, 1.3))
        cloth.fill(smooth(np.concatenate([outline, outline[1:3][::-1] * (-1, 1)])), coat.second)
    elif coat.pattern == "mask":
        side = 0.5 + 0.3 * coat.marks[0, 0]
        cloth.fill(ellipse(side, -0.2, 0.5, 0.55), coat.second)
        if coat.marks[0, 1] < 0.6:
            cloth.fill(ellipse(-side, -0.2, 0.5, 0.55), coat.second)
    return cloth.image


def _tabby(coat: Coat, cloth: Pen) -> None:
    width = 0.05 + 0.05 * coat.marks[0, 0]
    for place in (-0.36, -0.12, 0.12, 0.36):
        cloth.line(points((place * 0.7, -0.4), (place, -0.7), (place, -1.5)), coat.second, width)
    for side in (-1, 1):
        for height in (-0.1, 0.15, 0.4, 0.9, 1.2, 1.5):
            inner = 0.6 + 0.1 * coat.marks[1, 1]
            stripe = points((side * inner, height), (side * 1.0, height - 0.06))
            cloth.line(stripe, coat.second, width)
            cloth.line(np.add(stripe, (side * 0.4, -0.1)), coat.second, width)
