"""Which pictures are shown, and how small they are."""

from __future__ import annotations

import io
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autograder.report.class_report.gallery import MOST, Gallery
from autograder.report.class_report.handed import Handed
from autograder.report.class_report.thumbnails import HEIGHT, WIDTH, Thumbnail, thumbnail

from .made import hand_over, put

PLACE = ("one", "test_a", "a")


def opened(made: Thumbnail | None) -> Image.Image:
    assert made is not None
    data = b64decode(made.address.removeprefix("data:image/webp;base64,"))
    return Image.open(io.BytesIO(data))


def test_a_wall_has_a_bounded_choice(tmp_path: Path) -> None:
    """The same students whatever the order in which the class passes."""
    handed = hand_over(tmp_path, np.ones((4, 4)))
    students = [f"s{number}" for number in range(200)]
    walls = []
    for order in (students, students[::-1]):
        gallery = Gallery()
        for student in order:
            gallery.take(student, "one", handed, {"a": "heatmap"}, None)
        walls.append(gallery.walls[PLACE])
    chosen = [{picture.student for picture in wall.pictures} for wall in walls]
    assert len(chosen[0]) == MOST
    assert chosen[0] == chosen[1]
    assert walls[0].handed_in == 200


@pytest.mark.parametrize(
    ("value", "visuals", "hung"),
    [
        (np.ones((4, 4)), {"a": "heatmap"}, True),
        (np.ones((4, 4)), {}, False),
        (Image.new("RGB", (40, 30)), {}, True),
        (3.5, {"a": "heatmap"}, False),
    ],
)
def test_pictures_are_what_a_test_looks_at_and_figures(
    tmp_path: Path, value: object, visuals: dict[str, str], hung: bool
) -> None:
    """A number that stands where a heatmap belongs is no picture."""
    gallery = Gallery()
    gallery.take("s", "one", hand_over(tmp_path, value), visuals, None)
    assert bool(gallery.walls) == hung


@pytest.mark.parametrize(
    ("value", "kind", "parts"),
    [
        (np.arange(64.0).reshape(8, 8), "heatmap", 1),
        ({"c1": np.ones((8, 8, 4)), "c2": np.ones((1, 4, 4, 8))}, "activation maps", 4),
        ({n: np.ones((8, 8, 3)) for n in range(16)}, "filter patterns", 9),
        (np.random.default_rng(0).random((5, 8, 8, 3)), "filter patterns", 5),
        (Image.new("RGB", (1200, 900)), "figure", 0),
    ],
)
def test_thumbnails_are_small(tmp_path: Path, value: object, kind: str, parts: int) -> None:
    """Whatever was handed in."""
    made = thumbnail(hand_over(tmp_path, value), kind)
    picture = opened(made)
    assert made is not None
    assert made.parts == parts
    assert picture.size == (made.width, made.height)
    assert made.width <= WIDTH
    assert made.height <= HEIGHT


def test_a_heatmap_is_brightest_where_it_is_greatest(tmp_path: Path) -> None:
    """Also in grey: the scale grows brighter from end to end."""
    heat = np.zeros((2, 2))
    heat[1, 0], heat[1, 1] = 0.5, 1.0
    grey = opened(thumbnail(hand_over(tmp_path, heat), "heatmap")).convert("L")
    quarter, width, height = grey.width // 4, grey.width, grey.height
    places = [(quarter, quarter), (quarter, height - quarter), (width - quarter, height - quarter)]
    low, middle, high = (grey.getpixel(place) for place in places)
    assert low < middle < high  # type: ignore[operator]


@pytest.mark.parametrize(
    "value", [None, "text", {}, np.ones(5), np.ones((0, 4)), np.ones((2, 2), np.complex64)]
)
def test_what_is_no_picture_gives_no_thumbnail(tmp_path: Path, value: object) -> None:
    """It is left out."""
    assert thumbnail(hand_over(tmp_path, value), "heatmap") is None


def test_a_forged_figure_gives_no_thumbnail(tmp_path: Path) -> None:
    """Its picture is decoded by the kit's own reader, or not at all."""
    name = f"{'0' * 64}.png"
    document = f'{{"kind":"figure","png":"{name}","axes":null,"title":""}}'.encode()
    put(tmp_path, "test_a", "a", {"value.json": document, name: b"\x89PNG\r\n\x1a\nforged"})
    handed = Handed("test_a", "a", tmp_path / "answers/test_a/a", {"kind": "figure"})
    assert thumbnail(handed, "figure") is None
