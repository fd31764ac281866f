"""Looking at pictures: what is empty, where the panels are, which of them show the same.

Pictures are (height, width, 3) uint8 arrays. Boxes are (left, top, right, bottom) in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.figures.axes import Box

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

VISIBLE = 12  # of 255, in one channel: less than this the eye takes for one colour
GUTTER = 3  # pixels of empty space at least, between two panels of a picture
LEAST_PANEL = 24  # pixels a side; writing is smaller
MAX_PANELS = 1_000
MAX_CUTS = 12  # of one panel, one within another
LONGEST = 6  # times as long as wide: what is longer is a colour bar or a rule
GRID = 24  # blocks a side on which panels are compared
SAME_BLOCK = 20  # of 255; measured: 30 and more for a curve that is 2 % of the axis higher
SAME_MEAN = 0.08  # of a panel's mean deviation from its mean colour


def shrunk(pixels: Pixels, longest: int) -> Pixels:
    """The picture with at most `longest` pixels a side, by the mean of square blocks."""
    step = -(-max(pixels.shape[:2]) // longest)
    if step == 1:
        return pixels
    return _blocks(pixels, *(np.arange(0, side, step) for side in pixels.shape[:2])).astype(
        np.uint8
    )


def crop(pixels: Pixels, box: Box, margin: int = 0) -> Pixels:
    """What is in a box, without `margin` pixels on each side where it is wide enough for that."""
    left, top, right, bottom = box
    across = min(margin, (right - left - 1) // 2)
    down = min(margin, (bottom - top - 1) // 2)
    return pixels[top + down : bottom - down, left + across : right - across]


def is_blank(pixels: Pixels) -> bool:
    """Whether it shows one colour alone: less than one pixel in 2,000 stands out, or under 4."""
    shown = ink(pixels, commonest(pixels))
    return int(shown.sum()) < max(4, shown.size // 2_000)


def ink(pixels: Pixels, background: Pixels) -> Mask:
    """(height, width): where the picture differs visibly from the colour `background`."""
    high, low = np.maximum(pixels, background), np.minimum(pixels, background)
    return np.asarray(((high - low) > VISIBLE).any(axis=-1))


def commonest(pixels: Pixels) -> Pixels:
    """The colour, (3,), that most pixels have."""
    flat = pixels.reshape(-1, 3).astype(np.uint32)
    packed = (flat[:, 0] << 16) | (flat[:, 1] << 8) | flat[:, 2]
    colours, counts = np.unique(packed, return_counts=True)
    colour = int(colours[counts.argmax()])
    return np.array([colour >> 16, colour >> 8 & 255, colour & 255], np.uint8)


def background(pixels: Pixels) -> Pixels:
    """The colour, (3,), that is commonest along the edges of the picture."""
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return commonest(np.concatenate(edges))


def pieces(mask: Mask) -> list[Box]:
    """The panels of a picture of which nothing but its ink is known, in reading order.

    By recursive X-Y cuts: the picture is cut along rows and columns that are empty from one end to
    the other, then so is each part, until no part has an empty band of 3 pixels. Left out are parts
    under 24 pixels a side, which are writing, and long thin ones.

    Source: G. Nagy and S. Seth, "Hierarchical representation of optically scanned documents",
    Proc. 7th International Conference on Pattern Recognition, 1984, pp. 347–349.
    """
    height, width = mask.shape
    found: list[Box] = []
    for box in _cut(mask, (0, 0, width, height), MAX_CUTS):
        found.append(box)
        if len(found) == MAX_PANELS:
            break
    return found


def _cut(mask: Mask, box: Box, cuts: int) -> Iterator[Box]:
    left, top, right, bottom = box
    part = mask[top:bottom, left:right]
    rows, columns = _bands(part, 1), _bands(part, 0)
    if not rows:
        return
    if len(rows) == len(columns) == 1 or cuts == 0:
        (first, last), (start, stop) = (rows[0][0], rows[-1][1]), (columns[0][0], columns[-1][1])
        shorter, longer = sorted((last - first, stop - start))
        if shorter >= LEAST_PANEL and longer <= LONGEST * shorter:
            yield left + start, top + first, left + stop, top + last
        return
    for first, last in rows:
        for start, stop in columns if len(rows) == 1 else [(0, right - left)]:
            if min(last - first, stop - start) >= LEAST_PANEL:
                inner = (left + start, top + first, left + stop, top + last)
                yield from _cut(mask, inner, cuts - 1)


def _bands(mask: Mask, axis: int) -> list[tuple[int, int]]:
    """Where there is ink along an axis, as (first, past the last); gaps under 3 are none."""
    (places,) = np.nonzero(mask.any(axis=axis))
    if not len(places):
        return []
    (gaps,) = np.nonzero(np.diff(places) > GUTTER)
    starts = places[np.concatenate([[0], gaps + 1])]
    stops = places[np.concatenate([gaps, [len(places) - 1]])] + 1
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]


def alike(panels: Sequence[Pixels], marks: Sequence[str]) -> list[list[int]]:
    """The panels' places, those that show the same put together, in the order of the first.

    Panels of one mark show the same; "" is no mark. Others do if they are alike on 24 × 24 blocks:
    drawn twice by Matplotlib, a panel comes out a fraction of a pixel apart, which moves the means
    of most blocks by less than 20 of 255. Another curve, or a frame drawn into a photograph, moves
    some block by more.
    """
    marked: dict[str, int] = {}
    groups: list[list[int]] = []
    models = np.empty((len(panels), GRID, GRID, 3), np.float32)  # the first of each group
    colours = np.empty((len(panels), 3), np.float32)  # their means, which tell most apart
    for place, panel in enumerate(panels):
        blocks = _thumbnail(panel)
        colour = blocks.mean(axis=(0, 1))
        (near,) = np.nonzero((np.abs(colours[: len(groups)] - colour) < SAME_BLOCK).all(axis=1))
        same = near[_is_same(models[near], blocks)]
        group = marked.get(marks[place], int(same[0]) if len(same) else len(groups))
        if group == len(groups):
            models[group], colours[group] = blocks, colour
            groups.append([])
        groups[group].append(place)
        if marks[place]:
            marked[marks[place]] = group
    return groups


def _is_same(models: NDArray[np.float32], blocks: NDArray[np.float32]) -> Mask:
    """Which of the models, (n, 24, 24, 3), show what the blocks of one panel show."""
    apart = np.abs(models - blocks)
    contrast = np.abs(blocks - blocks.mean(axis=(0, 1))).mean()
    largest, mean = apart.max(axis=(1, 2, 3)), apart.mean(axis=(1, 2, 3))
    return np.asarray((largest < SAME_BLOCK) & (mean < SAME_MEAN * contrast))


def _thumbnail(pixels: Pixels) -> NDArray[np.float32]:
    """The mean of each of 24 × 24 blocks, (24, 24, 3)."""
    height, width, _ = pixels.shape
    rows, columns = (np.arange(GRID) * max(side, GRID) // GRID for side in (height, width))
    if height < GRID:
        pixels = pixels[np.arange(GRID) * height // GRID]
    if width < GRID:
        pixels = pixels[:, np.arange(GRID) * width // GRID]
    return _blocks(pixels, rows, columns).astype(np.float32)


def _blocks(
    pixels: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The mean of each block, the blocks beginning at these rows and columns."""
    height, width, _ = pixels.shape
    sums = np.add.reduceat(np.add.reduceat(pixels, rows, 0, np.uint32), columns, 1)
    sizes = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    means: NDArray[np.float64] = sums / sizes[..., None]
    return means
