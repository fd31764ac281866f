"""Ten classes of 32x32 pictures: six shapes and four textures."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SHAPE_NAMES: tuple[str, ...] = (
    "disc",
    "ring",
    "square",
    "triangle",
    "star",
    "cross",
    "stripes",
    "checkerboard",
    "dots",
    "waves",
)

_SIDE = 32
_FINER = 3
_FINE = _SIDE * _FINER
_TURN = math.radians(23)
Plane = NDArray[np.float32]  # (height, width)

_Y, _X = np.mgrid[0:_FINE, 0:_FINE].astype(np.float32) / np.float32(_FINE / 2) - 1
_YS, _XS = np.mgrid[0:_SIDE, 0:_SIDE].astype(np.float32) / np.float32(_SIDE / 2) - 1


def draw_shape(label: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture of class SHAPE_NAMES[label]: (32, 32, 3), uint8, 0..255.

    The classes differ in shape and texture only: colours, place, size, angle, background, clutter,
    blur and noise are drawn alike. The same state of rng gives the same picture. Raises ValueError
    for a label that is not 0..9.
    """
    if not 0 <= label < len(SHAPE_NAMES):
        raise ValueError(f"label: expected 0..{len(SHAPE_NAMES) - 1}, received {label!r}")
    ground = _ground(rng)
    stencil = _STENCILS[label](rng)
    tone = _tone(ground.mean(axis=(0, 1)), rng)
    cover = np.asarray(stencil.reduce(_FINER), dtype=np.float32)[:, :, None] / 255
    picture = (ground + (tone - ground) * cover).astype(np.float32, copy=False)
    return _developed(_clutter(picture, rng), rng)


def _ground(rng: np.random.Generator) -> NDArray[np.float32]:
    """A background: (32, 32, 3), 0..255, a slope or clouds between two near colours."""
    first = np.clip(rng.uniform(50, 205) + rng.normal(0, 30, 3), 10, 245).astype(np.float32)
    second = np.clip(first + rng.normal(0, 28, 3), 10, 245).astype(np.float32)
    coarse = int(rng.integers(2, 7))
    small = Image.fromarray(rng.integers(0, 256, (coarse, coarse), dtype=np.uint8))
    mix = np.asarray(small.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC), dtype=np.float32) / 255
    return (first + (second - first) * mix[:, :, None]).astype(np.float32, copy=False)


def _tone(ground: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A colour that can be told from the background."""
    lighter = rng.random() < np.clip((205 - ground.mean()) / 130, 0, 1)
    step = rng.uniform(47, 100) * (1 if lighter else -1) + rng.normal(0, 30, 3)
    return np.clip(ground + step, 0, 255).astype(np.float32)


def _placed(corners: NDArray[np.float64], rng: np.random.Generator) -> list[float]:
    """Corners about (0, 0), within 1, to pixels of the fine canvas."""
    x, y, turn = rng.uniform((-0.22, -0.22, -_TURN), (0.22, 0.22, _TURN)).tolist()
    size = float(rng.uniform(0.52, 0.78))
    stretch = float(rng.uniform(0.92, 1.09))
    cos, sin = math.cos(turn), math.sin(turn)
    matrix = np.array([[cos, sin], [-sin, cos]]) * size
    placed = (corners * (stretch, 1 / stretch)) @ matrix + (x, y)
    pixels: list[float] = ((placed + 1) * (_FINE / 2)).ravel().tolist()
    return pixels


def _polygon(corners: NDArray[np.float64], rng: np.random.Generator) -> Image.Image:
    stencil = Image.new("L", (_FINE, _FINE))
    ImageDraw.Draw(stencil).polygon(_placed(corners, rng), fill=255)
    return stencil


def _regular(count: int) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _disc(rng: np.random.Generator) -> Image.Image:
    return _polygon(_regular(32) * 0.9, rng)


def _ring(rng: np.random.Generator) -> Image.Image:
    hole = rng.uniform(0.45, 0.7)
    corners = _placed(np.concatenate([_regular(32), _regular(32) * hole]) * 0.95, rng)
    stencil = Image.new("L", (_FINE, _FINE))
    draw = ImageDraw.Draw(stencil)
    draw.polygon(corners[:64], fill=255)
    draw.polygon(corners[64:], fill=0)
    return stencil


def _square(rng: np.random.Generator) -> Image.Image:
    return _polygon(np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.8, rng)


def _triangle(rng: np.random.Generator) -> Image.Image:
    return _polygon(_regular(3)[:, ::-1] * (1.1, -1.1), rng)


def _star(rng: np.random.Generator) -> Image.Image:
    corners = _regular(10)[:, ::-1] * (1.1, -1.1)
    corners[1::2] *= rng.uniform(0.4, 0.55)
    return _polygon(corners, rng)


def _cross(rng: np.random.Generator) -> Image.Image:
    arm = float(rng.uniform(0.24, 0.38))
    corner = np.array([(arm, arm), (arm, 1.05), (-arm, 1.05)])
    turns = [np.array([(1, 0), (0, 1)]), np.array([(0, 1), (-1, 0)])]
    quarter = np.concatenate([corner @ turn for turn in turns])
    return _polygon(np.concatenate([quarter, -quarter]), rng)


def _waves_of(rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Two axes at right angles, at a random angle: phases in radians of some texture."""
    turn, pitch = rng.uniform((-_TURN, 6.5), (_TURN, 10)).tolist()
    turn += np.pi / 2 * float(rng.integers(2))
    shift = rng.uniform(0, 2 * np.pi, 2).astype(np.float32)
    cos, sin = np.float32(math.cos(turn) * pitch), np.float32(math.sin(turn) * pitch)
    return cos * _X + sin * _Y + shift[0], cos * _Y - sin * _X + shift[1]


def _stencil(on: NDArray[np.bool_]) -> Image.Image:
    return Image.fromarray(on.view(np.uint8) * np.uint8(255))


def _stripes(rng: np.random.Generator) -> Image.Image:
    along, _ = _waves_of(rng)
    return _stencil(np.sin(along) > np.float32(rng.uniform(-0.3, 0.3)))


def _checkerboard(rng: np.random.Generator) -> Image.Image:
    along, across = _waves_of(rng)
    return _stencil((np.sin(along * np.float32(0.8)) > 0) ^ (np.sin(across * np.float32(0.8)) > 0))


def _dots(rng: np.random.Generator) -> Image.Image:
    along, across = _waves_of(rng)
    return _stencil(np.cos(along) + np.cos(across) > np.float32(rng.uniform(0.4, 0.9)))


def _waves(rng: np.random.Generator) -> Image.Image:
    along, across = _waves_of(rng)
    bend = np.float32(rng.uniform(1.0, 1.8))
    return _stencil(np.sin(along + bend * np.sin(across * np.float32(0.6))) > 0)


_STENCILS: tuple[Callable[[np.random.Generator], Image.Image], ...] = (
    _disc,
    _ring,
    _square,
    _triangle,
    _star,
    _cross,
    _stripes,
    _checkerboard,
    _dots,
    _waves,
)


def _clutter(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Bars and blobs across the picture, of any colour."""
    for _ in range(int(rng.integers(0, 2))):
        x, y, turn, width = rng.uniform((-0.9, -0.9, 0, 0.05), (0.9, 0.9, np.pi, 0.14)).tolist()
        cos, sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
        across = (_XS - np.float32(x)) * cos + (_YS - np.float32(y)) * sin
        cover = np.clip((np.float32(width) - np.abs(across)) * _SIDE / 2 + 0.5, 0, 1)[:, :, None]
        tone = rng.uniform(20, 235, 3).astype(np.float32)
        picture = picture + (tone - picture) * cover
    return picture


def _developed(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Light, blur and noise."""
    along, across = rng.normal(0, 18, 2).astype(np.float32)
    picture = picture + (_XS * along + _YS * across)[:, :, None]
    if rng.random() < 0.4:
        around = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
        rows = around[:-2] + 2 * around[1:-1] + around[2:]
        picture = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16
    noise = rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(rng.uniform(3, 13))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)
