"""Faces: the head's outline, eyes, muzzle, nose, mouth, tongue and whiskers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.datasets.synthetic.fur import Coat, shaded
from autograder.datasets.synthetic.pen import Colour, Pen, Points, ellipse, mirrored, points, smooth

_PUPIL = (24, 20, 22)
_SPARK = (250, 250, 246)


@dataclass(frozen=True)
class Mood:
    """What a face of either kind may do. gaze: the pupils' shift."""

    turn: float
    gaze: tuple[float, float]
    asleep: bool
    tongue: bool
    eye_size: float
    fluff: np.ndarray  # (outline corners,) factors about 1


@dataclass(frozen=True)
class Face:
    """The shapes that tell one kind from the other."""

    outline: Points
    eye_x: float
    eye_y: float
    almond: bool
    slit: float
    muzzle: Points
    puffs: bool
    nose: tuple[float, float, float]  # y, half width, half height
    whiskers: int
    brow: bool


def draw_mood(rng: np.random.Generator) -> Mood:
    gaze_x, gaze_y = rng.uniform(-0.04, 0.04, 2).tolist()
    return Mood(
        turn=float(rng.uniform(-1, 1)),
        gaze=(gaze_x, gaze_y),
        asleep=bool(rng.random() < 0.04),
        tongue=bool(rng.random() < 0.25),
        eye_size=float(rng.uniform(0.8, 1.2)),
        fluff=rng.normal(1, 0.022, 14),
    )


def cat_face(rng: np.random.Generator) -> Face:
    width, chin = rng.uniform((0.9, 0.7), (1.08, 0.88)).tolist()
    right = points((0.14, -0.76), (0.52, -0.72), (0.88, -0.34), (1.0, 0.12))
    right = np.concatenate([right, points((0.84, 0.5), (0.48, chin), (0.14, chin + 0.05))])
    return Face(
        outline=mirrored(right * (width, 1)),
        eye_x=0.42 * width,
        eye_y=-0.1,
        almond=bool(rng.random() < 0.9),
        slit=float(rng.uniform(0.2, 0.4)),
        muzzle=ellipse(0, 0.42, 0.3, 0.22),
        puffs=True,
        nose=(0.25, 0.1, 0.075),
        whiskers=3 if rng.random() < 0.97 else 2,
        brow=False,
    )


def dog_face(rng: np.random.Generator) -> Face:
    width, length, snout = rng.uniform((0.86, 0.84, 0.34), (1.14, 1.04, 0.5)).tolist()
    right = points((0.14, -0.84), (0.5, -0.78), (0.78, -0.42), (0.8, 0.1))
    right = np.concatenate([right, points((0.66, 0.5), (0.44, length), (0.14, length + 0.06))])
    return Face(
        outline=mirrored(right * (width, 1)),
        eye_x=0.36 * width,
        eye_y=-0.2,
        almond=False,
        slit=0.72,
        muzzle=ellipse(0, 0.52, snout, 0.42),
        puffs=False,
        nose=(0.34, 0.25, 0.18),
        whiskers=0,
        brow=bool(rng.random() < 0.4),
    )


def fluffy(face: Face, mood: Mood) -> Points:
    """The head's outline, a little uneven."""
    return smooth(face.outline * mood.fluff[:, None])


def draw_face(face: Face, coat: Coat, mood: Mood, pen: Pen) -> None:
    drift = 0.14 * mood.turn
    muzzle_drift = (1.2 if face.puffs else 1.9) * drift  # what sticks out further moves further
    _muzzle(face, coat, mood, pen, muzzle_drift)
    for side in (-1, 1):
        _eye(face, coat, mood, pen, side * face.eye_x * (1 - 0.15 * side * mood.turn) + drift)
    _whiskers(face, coat, pen, muzzle_drift)


def _muzzle(face: Face, coat: Coat, mood: Mood, pen: Pen, x: float) -> None:
    tone = coat.second if coat.muzzle_light else shaded(coat.base, 1.12)
    line = coat.outline
    y, width, height = face.nose
    if mood.tongue:
        low = 0.6 if face.puffs else 0.86
        pen.fill(ellipse(x, low, 0.12, 0.2), (206, 104, 110))
    if face.puffs:
        pen.fill(ellipse(x, 0.56, 0.16, 0.12), tone)
        for side in (-1, 1):
            pen.fill(ellipse(x + 0.15 * side, 0.42, 0.2, 0.16), tone)
    else:
        pen.fill(np.add(face.muzzle, (x, 0)), tone)
    tip = y + height
    jaw = 0.5 if face.puffs else 0.72
    reach = 0.2 if face.puffs else 0.26
    for side in (-1, 1):
        mouth = points((x, jaw - 0.03), (x + reach * 0.5 * side, jaw + 0.06))
        mouth = np.concatenate([mouth, points((x + reach * side, jaw))])
        pen.line(mouth, line, 0.045)
    pen.line(points((x, tip - 0.03), (x, jaw - 0.02)), line, 0.045)
    if face.puffs:
        pen.fill(
            points((x - width, y - height), (x + width, y - height), (x, y + height)), coat.nose
        )
    else:
        pen.fill(ellipse(x, y, width, height), coat.nose)
        pen.fill(ellipse(x - 0.06, y - 0.06, 0.06, 0.03), shaded(coat.nose, 1.7))


def _eye(face: Face, coat: Coat, mood: Mood, pen: Pen, x: float) -> None:
    y, size = face.eye_y, 0.22 * mood.eye_size
    side = 1 if x > 0 else -1
    if mood.asleep:
        lid = points((x - size, y), (x, y + 0.08), (x + size, y))
        pen.line(lid, _dark(coat), 0.06)
        return
    if face.almond:
        white = points(
            (-1.25, 0.35), (-0.5, -0.5), (0.4, -0.75), (1.25, -0.5), (0.6, 0.55), (-0.3, 0.75)
        )
        shape = smooth(white * (side * size, size) + (x, y))
    else:
        shape = ellipse(x, y, size, size)
    pen.fill(shape, coat.iris)
    pen.line(np.concatenate([shape, shape[:1]]), _dark(coat), 0.04)
    at_x, at_y = x + mood.gaze[0], y + mood.gaze[1]
    pen.fill(
        ellipse(at_x, at_y, 0.7 * size * face.slit, (0.72 if face.almond else 0.52) * size), _PUPIL
    )
    pen.fill(ellipse(at_x + 0.05, at_y - 0.05, 0.035, 0.045), _SPARK)
    if face.brow:
        pen.fill(ellipse(x, y - 0.3, 0.1, 0.055), coat.second)


def _dark(coat: Coat) -> Colour:
    return shaded(coat.base, 0.3)


def _whiskers(face: Face, coat: Coat, pen: Pen, x: float) -> None:
    for side in (-1, 1):
        for number in range(face.whiskers):
            slope = (number - (face.whiskers - 1) / 2) * 0.16
            start = (x + 0.2 * side, 0.42 + 0.3 * slope)
            pen.line(points(start, (x + 1.15 * side, 0.4 + 1.6 * slope)), coat.whisker, 0.05)
