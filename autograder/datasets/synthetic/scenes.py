"""What surrounds a head: background, things in the way, light, blur and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from autograder.datasets.synthetic.pen import Colour, ellipse

_BACKGROUNDS = ("gradient", "blobs", "room", "grass", "wallpaper", "clouds")


def any_colour(rng: np.random.Generator) -> Colour:
    """Any colour, the muted ones more often."""
    grey = rng.uniform(30, 225)
    red, green, blue = np.clip(grey + rng.normal(0, 32, 3), 0, 255).astype(int).tolist()
    return red, green, blue


def _near(ground: NDArray[np.float64], rng: np.random.Generator) -> Colour:
    """Any colour, half way towards the background's."""
    red, green, blue = ((ground + any_colour(rng)) / 2).astype(int).tolist()
    return red, green, blue


def background(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """A picture of this size (width, height) to stand a head before."""
    kind = _BACKGROUNDS[rng.integers(len(_BACKGROUNDS))]
    # A few coarse pixels, enlarged: what is out of focus costs almost nothing to draw.
    coarse = {"clouds": (6, 6), "blobs": (16, 16)}.get(kind, (2, 2))
    first = np.array(any_colour(rng), dtype=np.float64)
    second = np.clip(first + rng.normal(0, 35, 3), 0, 255)
    mix = rng.random((coarse[1], coarse[0], 1))
    tones = first + (second - first) * mix
    small = Image.fromarray(np.clip(tones, 0, 255).astype(np.uint8))
    if kind == "blobs":
        small = _blobs(small.resize((32, 32)), rng)
    image = small.resize(size, Image.Resampling.BICUBIC)
    if kind == "room":
        _room(image, first, rng)
    elif kind == "grass":
        _grass(image, first, rng)
    elif kind == "wallpaper":
        _wallpaper(image, first, rng)
    return image


def _blobs(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    draw = ImageDraw.Draw(image)
    for _ in range(8):
        x, y, radius = rng.uniform((0, 0, 2), (32, 32, 7)).tolist()
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=any_colour(rng))
    return image


def _room(image: Image.Image, ground: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Blocks with edges: a wall's end, a sofa, a shelf, a tent, a lamp."""
    draw = ImageDraw.Draw(image)
    width, height = image.size
    floor = height * rng.uniform(0.55, 0.9)
    draw.rectangle((0, floor, width, height), fill=_near(ground, rng))
    for _ in range(int(rng.integers(2, 6))):
        x, y, w, h = rng.uniform((-0.1, 0, 0.1, 0.1), (0.9, 0.8, 0.45, 0.6)).tolist()
        box = (x * width, y * height, (x + w) * width, (y + h) * height)
        form = rng.random()
        if form < 0.5:
            draw.rectangle(box, fill=_near(ground, rng))
        elif form < 0.75:
            draw.ellipse(box, fill=_near(ground, rng))
        else:
            top = ((box[0] + box[2]) / 2, box[1])
            draw.polygon([top, (box[2], box[3]), (box[0], box[3])], fill=_near(ground, rng))


def _grass(image: Image.Image, ground: NDArray[np.float64], rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(image)
    width, height = image.size
    tones = [_near(ground, rng) for _ in range(3)]
    blades = rng.random((60, 4))
    for number, (x, y, length, lean) in enumerate(blades.tolist()):
        foot = (x * width, height * (0.15 + y))
        tip = (foot[0] + (lean - 0.5) * 24, foot[1] - 10 - 26 * length)
        draw.line((foot, tip), fill=tones[number % 3], width=3)


def _wallpaper(image: Image.Image, ground: NDArray[np.float64], rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(image)
    width, height = image.size
    step, tone, lean = int(rng.integers(14, 40)), _near(ground, rng), rng.uniform(-0.5, 0.5)
    for x in range(-height, width + height, step):
        draw.line((x, 0, x + lean * height, height), fill=tone, width=max(2, step // 3))
    if rng.random() < 0.4:
        for y in range(0, height, step):
            draw.line((0, y, width, y), fill=tone, width=max(2, step // 4))


def occlude(image: Image.Image, rng: np.random.Generator) -> None:
    """Perhaps something in front, drawn into the picture: a bar, leaves, a block, a ball."""
    draw = ImageDraw.Draw(image)
    width, height = image.size
    kind, tone = rng.random(), any_colour(rng)
    if kind < 0.05:  # a post, or two
        for _ in range(int(rng.integers(1, 3))):
            x, lean = rng.uniform(0, width), rng.uniform(-0.4, 0.4) * height
            draw.line((x - lean, 0, x + lean, height), fill=tone, width=int(rng.integers(6, 18)))
    elif kind < 0.09:  # leaves
        at = rng.uniform(0, 1, 2) * image.size
        for _ in range(5):
            x, y = (at + rng.normal(0, 16, 2)).tolist()
            leaf = ellipse(x, y, 22, 7, float(rng.uniform(0, 3.2)))
            draw.polygon(leaf.ravel().tolist(), fill=tone)
    elif kind < 0.13:  # a table's edge, a corner of something
        if rng.random() < 0.5:
            draw.rectangle((0, height * rng.uniform(0.7, 0.95), width, height), fill=tone)
        else:
            edge = width * rng.uniform(0.06, 0.28)
            box = (0, 0, edge, height) if rng.random() < 0.5 else (width - edge, 0, width, height)
            draw.rectangle(box, fill=tone)
    elif kind < 0.16:  # a ball
        x, y = (rng.uniform(0, 1, 2) * image.size).tolist()
        radius = rng.uniform(0.08, 0.17) * width
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tone)


def photograph(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture under some light, through some lens: shade, contrast, blur and noise."""
    if rng.random() < 0.25:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 0.9))))
    width, height = image.size
    along, across = rng.normal(0, 0.14, 2)
    gain, contrast = rng.uniform(0.85, 1.15), rng.uniform(0.8, 1.05)
    tint = rng.normal(1, 0.06, 3)
    light = gain + np.linspace(-along, along, width) + np.linspace(-across, across, height)[:, None]
    pixels = np.asarray(image, dtype=np.float32)
    pixels = (pixels - 120) * np.float32(contrast) + 120
    pixels = pixels * light[:, :, None].astype(np.float32) * tint.astype(np.float32)
    noise = rng.standard_normal((height, width, 3), dtype=np.float32)
    pixels += noise * np.float32(rng.uniform(1.5, 5))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
