"""Figures cross as a picture and what their axes say; forged ones do not."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from autograder.artifacts import FigureData
from autograder.artifacts.figures.png import to_png
from autograder.snapshot import Budget, SnapshotError, load, save, write

from .crossing import crossed, refused

BUDGET = Budget(max_bytes=2_000_000, max_elements=1_000_000, max_depth=5, max_items=500)
PNG = to_png(np.zeros((90, 120, 3), np.uint8))


def curves() -> Figure:
    fig = Figure()
    axes = fig.subplots()
    axes.plot([1, 2, 3], label="loss")
    axes.set(title="training", xlabel="epoch")
    axes.legend()
    fig.suptitle("all")
    return fig


def same_figure(one: FigureData, other: FigureData) -> bool:
    return (one.png, one.width, one.height, one.axes, one.title) == (
        other.png,
        other.width,
        other.height,
        other.axes,
        other.title,
    )


SHOULD_PASS: dict[str, Any] = {
    "figure": curves(),
    "axes": curves().axes[0],
    "axes in a list": curves().axes,
    "axes in an array": Figure().subplots(2, 2),
    "no axes": Figure(),
    "Pillow image": Image.new("RGB", (120, 90), "red"),
    "Pillow image with a palette": Image.new("P", (120, 90)),
}


@pytest.mark.parametrize("value", SHOULD_PASS.values(), ids=SHOULD_PASS)
def test_should_pass(value: Any) -> None:
    """The grader gets what the student's kernel makes of the figure, bit by bit."""
    found = crossed(value, BUDGET)
    assert type(found) is FigureData
    assert same_figure(found, FigureData.of(value))


def test_figures_in_a_list_cross_as_several() -> None:
    """Each answer of a list is one of its own."""
    found = crossed({"one": curves(), "all": [curves(), Image.new("L", (30, 30))]}, BUDGET)
    assert type(found["one"]) is FigureData
    assert [figure.width for figure in found["all"]] == [640, 30]


def test_arrays_stay_arrays() -> None:
    """A picture in an array may be any answer; it is no figure before it is asked for as one."""
    assert type(crossed(np.zeros((9, 9, 3), np.uint8), BUDGET)) is np.ndarray


def broken() -> Figure:
    fig = curves()
    fig.axes[0].set_title("$\\frac{$")
    return fig


SHOULD_FAIL: dict[str, tuple[Any, str]] = {
    "cannot be drawn": (broken(), "the value could not be drawn (ValueError); make it anew"),
    "two figures' axes": (
        [*curves().axes, *curves().axes],
        "the value is a list of axes that belong to several figures",
    ),
    "beyond the budget": (Figure(figsize=(16, 16)), "has the shape (1600, 1600)"),
    "module": (plt, "is a module"),
}


@pytest.mark.parametrize(("value", "reason"), SHOULD_FAIL.values(), ids=SHOULD_FAIL)
def test_should_fail(value: Any, reason: str) -> None:
    """The grader gets the reason instead."""
    assert reason in refused(value, BUDGET)


def test_a_class_that_calls_itself_a_figure_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a module of that name that holds another class make it one."""
    liar = type("Artist", (), {"__module__": "matplotlib.artist"})
    assert "is an instance of the class matplotlib.Artist" in refused(liar())
    home = ModuleType("PIL.Image")
    vars(home)["Image"] = liar
    monkeypatch.setitem(sys.modules, "PIL.Image", home)
    assert "could not be drawn (AttributeError)" in refused(liar())


AXES: dict[str, Any] = {
    "box": [10, 10, 50, 50],
    "title": "maps",
    "heading": "",
    "xlabel": "",
    "ylabel": "",
    "lines": [["loss", 3]],
    "images": 1,
    "patches": 0,
    "collections": 0,
    "texts": ["a"],
    "legend": [],
    "content": "0" * 64,
}
NAME = "0" * 64 + ".png"


def forged(picture: bytes = PNG, **fields: Any) -> dict[str, bytes]:
    """The files of a figure with any fields."""
    document = {"kind": "figure", "png": NAME, "axes": [AXES], "title": ""} | fields
    return {"value.json": json.dumps(document).encode(), NAME: picture}


def test_what_forged_makes_is_right_otherwise() -> None:
    """So that each forged file is refused for its own fault alone."""
    found = load(forged(), BUDGET)
    assert type(found) is FigureData
    assert found.axes is not None and found.axes[0].lines == (("loss", 3),)


FORGED: dict[str, tuple[dict[str, bytes], str]] = {
    "no picture": (forged(b"GIF89a"), "not a PNG file"),
    "a huge picture": (
        forged(PNG[:16] + b"\x7f\xff\xff\xff" * 2 + PNG[24:]),
        "2,147,483,647 pixels, expected 1 to 1,600 a side",
    ),
    "another picture's pixels": (forged(PNG[:-20] + PNG[-12:]), "expected one chunk of pixels"),
    "no blob": (forged(png="x"), "expected a name that ends in .png"),
    "axes of text": (forged(axes="all"), "expected a list of at most 1000"),
    "axes again and again": (
        forged(axes=[AXES | {"box": [0, 0, 120, 90]}] * 9),
        "axes that do not fit into 120 × 90 pixels",
    ),
    "a field too many": (forged(axes=[AXES | {"x": 1}]), "expected an object with the fields box"),
    "a field too few": (forged(axes=[{"box": [0, 0, 1, 1]}]), "expected an object with the fie"),
    "outside the picture": (forged(axes=[AXES | {"box": [0, 0, 121, 90]}]), "do not fit into"),
    "inside out": (forged(axes=[AXES | {"box": [50, 50, 10, 10]}]), "do not fit into"),
    "negative": (forged(axes=[AXES | {"box": [-1, 0, 9, 9]}]), "expected a whole number from 0"),
    "half a box": (forged(axes=[AXES | {"box": [0, 0]}]), "box: expected four numbers"),
    "a bool for a number": (forged(axes=[AXES | {"images": True}]), "expected a whole number"),
    "more than there can be": (forged(axes=[AXES | {"images": 10**12}]), "expected a whole number"),
    "a long title": (forged(title="a" * 201), "expected a short text on one line"),
    "a title of two lines": (forged(title="a\nb"), "expected a short text on one line"),
    "a title that hides": (forged(title="a\u202eb"), "expected a short text on one line"),
    "a number for a text": (forged(axes=[AXES | {"title": 1}]), "expected a short text"),
    "a line without points": (forged(axes=[AXES | {"lines": [["a"]]}]), "line: expected a label"),
    "too many texts": (forged(axes=[AXES | {"texts": ["a"] * 51}]), "a list of at most 50"),
    "no digest": (forged(axes=[AXES | {"content": "same"}]), "content: expected a SHA-256"),
}


@pytest.mark.parametrize(("files", "error"), FORGED.values(), ids=FORGED)
def test_forged_figures_are_refused(files: dict[str, bytes], error: str) -> None:
    """Whatever is not as `write` makes it is an error that says so."""
    with pytest.raises(SnapshotError, match=error):
        load(files, BUDGET)


def test_a_thousand_axes_are_read_and_no_more() -> None:
    """Within the ordinary budget."""
    axes = [AXES | {"box": [0, 0, 1, 1]}] * 1_000
    assert len(load(forged(axes=axes), Budget()).axes) == 1_000  # type: ignore[attr-defined]
    with pytest.raises(SnapshotError, match="expected a list of at most 1000"):
        load(forged(axes=[*axes, AXES]), Budget())


def test_many_axes_count_as_many_values() -> None:
    """So that what is written can be read."""
    fig = Figure(figsize=(3, 3))
    fig.subplots(12, 12)
    assert "goes beyond the 500 Python values" in refused(fig, BUDGET)


def test_equal_figures_make_equal_files() -> None:
    """So that a run's digest does not change with the day."""
    assert save(write(curves(), BUDGET)) == save(write(curves(), BUDGET))
