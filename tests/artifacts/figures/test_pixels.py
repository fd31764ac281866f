"""Looking at pictures, and the one form of PNG files."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.artifacts.figures.pixels import (
    alike,
    background,
    crop,
    ink,
    is_blank,
    pieces,
    shrunk,
)
from autograder.artifacts.figures.png import PngError, _chunk, from_png, size_of, to_png

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (5, 7, 3), np.uint8)
PNG = to_png(NOISE)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_pictures_come_back_bit_by_bit(height: int, width: int, seed: int) -> None:
    """Whatever their size and pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    png = to_png(pixels)
    assert size_of(png) == (width, height)
    assert (from_png(png) == pixels).all()


def remade(
    width: int = 7, height: int = 5, kind: int = 2, body: bytes | None = None, tail: bytes = b""
) -> bytes:
    """A file of these pieces, its checksums right."""
    body = PNG[41 : -12 - 4] if body is None else body
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    start = PNG[:8] + _chunk(b"IHDR", head)
    return start + _chunk(b"IDAT", body) + _chunk(b"IEND", b"") + tail


ROWS = zlib.decompress(PNG[41:-16])

FORGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not a PNG file"),
    "another format": (b"GIF89a" * 20, "not a PNG file"),
    "cut": (PNG[:40], "not a PNG file"),
    "ends early": (PNG[:-1], "expected one chunk"),
    "more at the end": (remade(tail=b"x"), "expected one chunk"),
    "a byte changed": (PNG[:45] + bytes([PNG[45] ^ 1]) + PNG[46:], "expected one chunk"),
    "huge": (remade(10**9, 10**9), "1,000,000,000 × 1,000,000,000 pixels, expected 1 to 1,600"),
    "no pixels": (remade(0, 5), "0 × 5 pixels"),
    "palette": (remade(kind=3), "expected 8-bit RGB"),
    "another size": (remade(8, 5), "do not unpack to 125 bytes"),
    "unpacks to gigabytes": (
        remade(body=zlib.compress(bytes(10_000_000), 9)),
        "do not unpack to 110 bytes",
    ),
    "not packed": (remade(body=b"abc"), "zlib does not unpack"),
    "more after the pixels": (remade(body=zlib.compress(ROWS) + b"x"), "do not unpack to 110"),
    "pixels that end early": (remade(body=zlib.compress(ROWS)[:-4]), "do not unpack to 110"),
    "another filter": (remade(body=zlib.compress(b"\0" + ROWS[1:])), "differences to the one abo"),
}


@pytest.mark.parametrize(("png", "error"), FORGED.values(), ids=FORGED)
def test_forged_files_are_refused(png: bytes, error: str) -> None:
    """Before anything of the size that they claim is made."""
    with pytest.raises(PngError, match=error):
        from_png(png)


def test_what_remade_makes_is_right_otherwise() -> None:
    """So that each forged file is refused for its own fault alone."""
    assert remade() == PNG


def test_too_large_pictures_are_not_written() -> None:
    """A file that could not be read is none."""
    with pytest.raises(PngError, match="1,601 × 1 pixels"):
        to_png(np.zeros((1, 1601, 3), np.uint8))


def page(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (200, 300)) -> np.ndarray:
    """A white picture with noise in these boxes."""
    pixels = np.full((*size, 3), 255, np.uint8)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = RNG.integers(0, 200, (bottom - top, right - left, 3))
    return pixels


BOXES = ((10, 20, 90, 80), (100, 20, 180, 80), (10, 100, 180, 190))

CUT: dict[str, tuple[np.ndarray, list[tuple[int, int, int, int]]]] = {
    "nothing": (page(), []),
    "rows of unequal columns": (page(*BOXES), [*BOXES]),
    "columns of unequal rows": (
        page((10, 10, 90, 60), (10, 70, 90, 190), (100, 10, 280, 190)),
        [(10, 10, 90, 60), (10, 70, 90, 190), (100, 10, 280, 190)],
    ),
    "writing is left out": (page(*BOXES, (20, 5, 80, 15)), [*BOXES]),
    "a colour bar is left out": (page(*BOXES, (190, 20, 215, 190)), [*BOXES]),
    "too near to be told apart": (page((10, 10, 90, 90), (92, 10, 180, 90)), [(10, 10, 180, 90)]),
    "to the edges": (page((0, 0, 300, 200)), [(0, 0, 300, 200)]),
}


@pytest.mark.parametrize(("pixels", "expected"), CUT.values(), ids=CUT)
def test_panels_are_found_by_their_gutters(
    pixels: np.ndarray, expected: list[tuple[int, int, int, int]]
) -> None:
    """In reading order: rows first where the picture falls into rows."""
    assert pieces(ink(pixels, np.array([255, 255, 255], np.uint8))) == expected


def test_the_background_is_what_the_edges_show() -> None:
    """However much of the picture is covered."""
    pixels = page((5, 5, 295, 195))
    assert background(pixels).tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("change", "expected"), [(0, True), (10, True), (40, False)], ids=["none", "faint", "visible"]
)
def test_blank_is_what_the_eye_takes_for_one_colour(change: int, expected: bool) -> None:
    """A difference of 10 of 255 is none."""
    pixels = np.full((50, 50, 3), 100, np.uint8)
    pixels[10:20, 10:20] += change
    assert is_blank(pixels) is expected


def test_a_single_pixel_is_dust() -> None:
    """Nor does a panel's size matter to a line across it."""
    pixels = np.zeros((300, 300, 3), np.uint8)
    pixels[5, 5] = 255
    assert is_blank(pixels)
    pixels[7, 20:280] = 255
    assert not is_blank(pixels)


def test_a_crop_keeps_something_of_the_smallest_box() -> None:
    """The margin is cut only where there is room for it."""
    assert crop(NOISE, (1, 1, 2, 2), 3).shape == (1, 1, 3)
    assert crop(NOISE, (0, 0, 7, 5), 1).shape == (3, 5, 3)


def test_alike_groups_by_look_and_by_mark() -> None:
    """A copy one pixel larger, a panel too small for the grid, two that say that they are one."""
    one = np.kron(RNG.integers(0, 256, (5, 5, 3)), np.ones((20, 20, 1))).astype(np.uint8)
    larger = np.kron(one[::20, ::20], np.ones((21, 21, 1))).astype(np.uint8)
    other, small = one.transpose(1, 0, 2), NOISE
    panels = [one, other, larger, small, small, one]
    assert alike(panels, [""] * 6) == [[0, 2, 5], [1], [3, 4]]
    assert alike(panels, ["a", "a", "", "", "", ""]) == [[0, 1, 2, 5], [3, 4]]
    assert alike([], []) == []


def test_small_pictures_stay_as_they_are() -> None:
    """Only what is too large is made smaller."""
    assert shrunk(NOISE, 7) is NOISE
    assert shrunk(NOISE, 6).shape == (3, 4, 3)
