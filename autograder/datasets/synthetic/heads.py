"""One drawn head of a cat or a dog."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

from autograder.datasets.synthetic import scenes
from autograder.datasets.synthetic.ears import cat_ears, dog_ears, draw_ears
from autograder.datasets.synthetic.faces import cat_face, dog_face, draw_face, draw_mood, fluffy
from autograder.datasets.synthetic.fur import Coat, draw_coat, texture
from autograder.datasets.synthetic.pen import Pen, pen, points, smooth

Kind = Literal["cat", "dog"]

_SIDES = (72, 112)  # pixels
_FINER = 2  # drawn this much larger and reduced, so that edges are smooth
_TURN = np.deg2rad(22)


def draw_head(kind: Kind, rng: np.random.Generator) -> Image.Image:
    """A head before some background: RGB, each side 72 to 112 pixels.

    Cats and dogs differ in the shapes of ears, outline, eyes and muzzle only: coat, pose, scene,
    light, blur and noise are drawn alike for both. The same state of rng gives the same picture.
    Raises ValueError for another kind.
    """
    if kind not in ("cat", "dog"):
        raise ValueError(f"kind: expected 'cat' or 'dog', received {kind!r}")
    width = int(rng.integers(_SIDES[0], _SIDES[1] + 1))
    height = int(np.clip(width * rng.uniform(0.8, 1.25), *_SIDES))
    # All that both share comes first, from the same random numbers.
    canvas = scenes.background((width * _FINER, height * _FINER), rng)
    holder = _pose(canvas, rng)
    coat, mood = draw_coat(rng), draw_mood(rng)
    cat = kind == "cat"
    ears = cat_ears(rng) if cat else dog_ears(rng)
    face = cat_face(rng) if cat else dog_face(rng)

    cloth = texture(coat, holder)
    _body(coat, holder, cloth)
    head_width = float(face.outline[:, 0].max())
    ear_arguments = (coat, holder, cloth, mood.turn, head_width)
    if not ears.in_front:
        draw_ears(ears, *ear_arguments)
    outline = fluffy(face, mood)
    holder.print(outline, cloth)
    holder.line(np.concatenate([outline, outline[:1]]), coat.outline, 0.05)
    draw_face(face, coat, mood, holder)
    if ears.in_front:
        draw_ears(ears, *ear_arguments)
    scenes.occlude(canvas, rng)
    return scenes.photograph(canvas.reduce(_FINER), rng)


def _pose(canvas: Image.Image, rng: np.random.Generator) -> Pen:
    width, height = canvas.size
    unit = min(canvas.size) * float(rng.uniform(0.31, 0.4))
    centre = (
        width / 2 + width * float(rng.uniform(-0.16, 0.16)),
        height * 0.53 + height * float(rng.uniform(-0.15, 0.15)),
    )
    turn = float(rng.uniform(-_TURN, _TURN))
    return pen(canvas, centre, unit, turn, bool(rng.random() < 0.5))


def _body(coat: Coat, holder: Pen, cloth: Image.Image) -> None:
    """Shoulders under the head, the same for both."""
    lean = 0.5 * (coat.marks[7, 0] - 0.5)
    body = smooth(
        points(
            (-0.5, 0.4),
            (0.5, 0.4),
            (0.9 + lean, 1.3),
            (1.1 + lean, 3.2),
            (-1.1 + lean, 3.2),
            (-0.9 + lean, 1.3),
        )
    )
    holder.print(body, cloth)
    holder.line(np.concatenate([body, body[:1]]), coat.outline, 0.05)
