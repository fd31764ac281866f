"""Small pictures of what students handed in: figures, heatmaps, activation maps, patterns."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autograder.artifacts import FigureData, NotDataError
from autograder.report.class_report.handed import Handed
from autograder.snapshot import DOCUMENT, Budget, SnapshotError, load

WIDTH, HEIGHT = 240, 320  # pixels, at most
_TILE, _TILES, _GAP = 76, 9, 4
_LARGEST = 32 << 20  # bytes of an answer's files
_BUDGET = Budget(max_bytes=_LARGEST, max_elements=8_000_000)
_QUALITY = 62
# Dark blue to yellow, brighter and brighter: legible without colour. Values from 0 to 1.
_SCALE = np.array(
    [(25, 16, 70), (49, 70, 130), (33, 130, 140), (70, 180, 110), (250, 230, 60)], np.float64
)
Pixels = NDArray[np.uint8]  # (height, width, 3)


@dataclass(frozen=True)
class Thumbnail:
    """address: a data: URI. parts: how many arrays it shows, 0 for a figure."""

    address: str
    width: int
    height: int
    parts: int


def thumbnail(handed: Handed, kind: str) -> Thumbnail | None:
    """A small picture of an answer; None where nothing can be shown of it."""
    try:
        value = load(_files(handed), _BUDGET)
        if isinstance(value, FigureData):
            return _made(value.pixels, 0)
        tiles = [tile for array in _arrays(value) for tile in _tiles(array, kind)]
    except (SnapshotError, NotDataError, OSError):
        return None
    shown = tiles[:_TILES]
    return _made(_sheet(shown), len(shown)) if shown else None


def _files(handed: Handed) -> dict[str, bytes]:
    paths = [path for path in handed.folder.iterdir() if path.is_file()]
    if sum(path.stat().st_size for path in paths) > _LARGEST:
        raise SnapshotError(f"{DOCUMENT}: too large to be shown")
    return {path.name: path.read_bytes() for path in paths}


def _arrays(value: Any) -> Iterator[NDArray[Any]]:
    """The arrays of numbers in an answer, in their order."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biuf" and value.size and 2 <= value.ndim <= 4:
            yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _arrays(each)


def _tiles(array: NDArray[Any], kind: str) -> Iterator[Pixels]:
    """A heatmap or pattern is one tile, of activations the liveliest channels are one each."""
    if array.ndim == 4:
        for each in array[:_TILES]:
            yield from _tiles(each, kind)
    elif array.ndim == 2:
        yield _coloured(array)
    elif array.shape[-1] in (1, 3) and kind != "activation maps":
        yield _pattern(array)
    else:
        lively = np.argsort(-array.std(axis=(0, 1), dtype=np.float64), kind="stable")[:2]
        for channel in sorted(lively):
            yield _coloured(array[..., channel])


def _pattern(array: NDArray[Any]) -> Pixels:
    """A picture of (height, width, 1 or 3), stretched to its own range."""
    grey = (_unit(array) * 255).round().astype(np.uint8)
    return np.broadcast_to(grey, (*array.shape[:2], 3))


def _coloured(plane: NDArray[Any]) -> Pixels:
    places = _unit(plane) * (len(_SCALE) - 1)
    below = np.minimum(places.astype(np.intp), len(_SCALE) - 2)
    part = (places - below)[..., None]
    mixed: NDArray[np.float64] = _SCALE[below] * (1 - part) + _SCALE[below + 1] * part
    return mixed.round().astype(np.uint8)


def _unit(array: NDArray[Any]) -> NDArray[np.float64]:
    """Entries from 0, the least, to 1, the greatest."""
    numbers = array.astype(np.float64)
    span = float(np.ptp(numbers))
    shifted: NDArray[np.float64] = numbers - numbers.min()
    return shifted / span if span > 0 and np.isfinite(span) else np.zeros_like(numbers)


def _sheet(tiles: list[Pixels]) -> Pixels:
    """The tiles in rows of three, on white; one alone as it is."""
    if len(tiles) == 1:
        return _sized(tiles[0], 2 * _TILE)
    columns = min(len(tiles), 3)
    rows = -(-len(tiles) // columns)
    step = _TILE + _GAP
    sheet = np.full((rows * step - _GAP, columns * step - _GAP, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        top, left = number // columns * step, number % columns * step
        sheet[top : top + _TILE, left : left + _TILE] = _sized(tile, _TILE)
    return sheet


def _sized(tile: Pixels, side: int) -> Pixels:
    """A square of `side`; small maps keep their pixels' edges."""
    is_small = max(tile.shape[:2]) < side
    how = Image.Resampling.NEAREST if is_small else Image.Resampling.BOX
    return np.asarray(Image.fromarray(np.ascontiguousarray(tile)).resize((side, side), how))


def _made(pixels: Pixels, parts: int) -> Thumbnail:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((WIDTH, HEIGHT))
    file = io.BytesIO()
    image.save(file, "WEBP", quality=_QUALITY, method=4)
    address = f"data:image/webp;base64,{b64encode(file.getvalue()).decode()}"
    return Thumbnail(address, image.width, image.height, parts)
