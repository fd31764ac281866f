"""Figures as data: drawn without touching them, and what their axes say."""

from __future__ import annotations

import io
import logging
import sys
import warnings
from types import ModuleType
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from autograder.artifacts import FigureData, NotDataError
from autograder.artifacts.figures.figure import AxesData, is_figure

EPOCHS = np.arange(10)


def curves() -> Figure:
    fig = Figure(figsize=(9, 4))
    for axes in fig.subplots(1, 2):
        axes.plot(EPOCHS, EPOCHS**2, label="training")
        axes.plot(EPOCHS, EPOCHS, label="validation")
        axes.set(title="accuracy", xlabel="epoch", ylabel="share")
        axes.legend()
    fig.suptitle("Learning curves")
    return fig


def panel(fig: Figure) -> AxesData:
    axes = FigureData.of(fig).axes
    assert axes is not None
    return axes[0]


def test_what_the_axes_hold() -> None:
    """Titles, labels, lines with their number of points, and the legend."""
    data = FigureData.of(curves())
    assert data.axes is not None
    assert (data.width, data.height, data.title) == (900, 400, "Learning curves")
    assert len(data.axes) == 2
    first = data.axes[0]
    assert (first.title, first.xlabel, first.ylabel) == ("accuracy", "epoch", "share")
    assert first.lines == (("training", 10), ("validation", 10))
    assert first.legend == ("training", "validation")
    assert (first.images, first.patches, first.collections) == (0, 0, 0)


def test_boxes_lie_on_the_panels() -> None:
    """A box holds the drawn image and nothing of the white around it."""
    fig = Figure(figsize=(8, 4), dpi=150)
    for axes in fig.subplots(1, 2):
        axes.imshow(np.zeros((20, 20)), cmap="gray")
        axes.axis("off")
    data = FigureData.of(fig)
    assert data.axes is not None
    black = (data.pixels == 0).all(axis=-1)
    covered = np.zeros_like(black)
    for left, top, right, bottom in (axes.box for axes in data.axes):
        covered[top:bottom, left:right] = True
        assert black[top + 1 : bottom - 1, left + 1 : right - 1].all()
    assert not black[~covered].any()


def test_the_figure_is_left_as_it_was() -> None:
    """Size, dpi and canvas; a closed figure can be drawn as well."""
    fig = plt.figure(figsize=(4, 3), dpi=300)
    fig.subplots().plot(EPOCHS)
    plt.close(fig)
    before = (fig.dpi, tuple(fig.get_size_inches()), fig.canvas, matplotlib.rcParams["interactive"])
    FigureData.of(fig)
    after = (fig.dpi, tuple(fig.get_size_inches()), fig.canvas, matplotlib.rcParams["interactive"])
    assert before == after


def test_a_figure_that_fails_is_left_as_it_was() -> None:
    """Whatever its artists raise is put into one sentence."""
    fig = curves()
    canvas = fig.canvas
    fig.axes[0].text(0.5, 0.5, "$\\frac{$")
    with pytest.raises(NotDataError, match=r"^could not be drawn \(ValueError\); make it anew"):
        FigureData.of(fig)
    assert (fig.dpi, fig.canvas) == (100, canvas)


def test_an_interactive_notebook_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of dpi must not make Matplotlib draw by itself."""
    fig = plt.figure(dpi=200)
    drawn: list[int] = []
    original = Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda *args: drawn.append(1) or original(*args))
    with matplotlib.rc_context({"interactive": True}):
        FigureData.of(fig)
    plt.close(fig)
    assert len(drawn) == 1


def test_equal_figures_make_equal_bytes() -> None:
    """The picture holds no date and no version."""
    assert FigureData.of(curves()).png == FigureData.of(curves()).png


def test_any_program_reads_the_picture() -> None:
    """What the kit writes is a PNG file; Pillow reads the same pixels."""
    data = FigureData.of(curves())
    image = Image.open(io.BytesIO(data.png))
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (900, 400))
    assert (np.asarray(image) == data.pixels).all()
    assert not data.pixels.flags.writeable


@pytest.mark.parametrize(
    ("size", "dpi", "expected"),
    [
        ((6, 4), 100, (600, 400)),
        ((6, 4), 20, (432, 288)),
        ((20, 10), 300, (1600, 800)),
        ((100, 1), 100, (1600, 16)),
    ],
    ids=["as it is", "at least 72 dpi", "at most 1,600 pixels", "a strip"],
)
def test_the_picture_is_bounded(size: Any, dpi: int, expected: tuple[int, int]) -> None:
    """Its dpi is the figure's own, within bounds."""
    data = FigureData.of(Figure(figsize=size, dpi=dpi))
    assert (data.width, data.height) == expected


def test_colour_bars_and_hidden_axes_are_no_panels() -> None:
    """Nor are axes outside the picture."""
    fig = Figure()
    axes, hidden = fig.subplots(1, 2)
    fig.colorbar(axes.imshow(np.eye(3)), ax=axes)
    hidden.set_visible(False)
    fig.add_axes((2, 2, 1, 1))
    assert len(FigureData.of(fig).axes or ()) == 1


def test_twin_axes_are_one_panel() -> None:
    """The lines of both count, and the labels of either."""
    fig = Figure()
    left = fig.subplots()
    left.plot(EPOCHS, label="loss")
    right = left.twinx()
    right.plot(-EPOCHS, label="accuracy")
    right.set_ylabel("accuracy")
    assert len(FigureData.of(fig).axes or ()) == 1
    assert panel(fig).lines == (("loss", 10), ("accuracy", 10))
    assert panel(fig).ylabel == "accuracy"


def test_what_is_drawn_is_counted_by_kind() -> None:
    """Dots are a line; meshes are images; a line across the panel is none."""
    fig = Figure()
    axes = fig.subplots()
    axes.scatter(EPOCHS, EPOCHS, label="runs")
    axes.axhline(3)
    axes.pcolormesh(np.eye(3))
    axes.bar(EPOCHS, EPOCHS)
    axes.contour(np.eye(3))
    axes.text(1, 1, "best  of\nall")
    found = panel(fig)
    assert found.lines == (("runs", 10),)
    assert (found.images, found.patches, found.collections) == (1, 10, 1)
    assert found.texts == ("best of all",)


def test_words_of_the_figure_stand_for_its_panels() -> None:
    """The labels of all, the legend of all, the heading of a subfigure."""
    fig = Figure()
    part = fig.subfigures(1, 2)[0]
    part.suptitle("block 1")
    part.subplots().plot(EPOCHS, label="maps")
    fig.supxlabel("epoch")
    part.supylabel("loss")
    fig.legend()
    found = panel(fig)
    assert (found.heading, found.xlabel, found.ylabel) == ("block 1", "epoch", "loss")
    assert found.legend == ("maps",)


@pytest.mark.parametrize(
    "how",
    [{"y": 30}, {"alpha": 0}, {"visible": False}, {"label": "   "}],
    ids=["outside", "see-through", "invisible", "blank"],
)
def test_a_title_that_cannot_be_seen_is_none(how: dict[str, Any]) -> None:
    """Only what stands in the picture counts."""
    fig = Figure()
    fig.subplots().set_title(**({"label": "maps"} | how))
    assert panel(fig).title == ""


def test_titles_at_the_side_count() -> None:
    """A title may stand left or right."""
    fig = Figure()
    fig.subplots().set_title("maps", loc="left")
    assert panel(fig).title == "maps"


def test_content_is_the_same_for_the_same_data_alone() -> None:
    """Not the title decides, nor the place, but data, colours and limits."""
    fig = Figure()
    one, copy, other, other_colours, curve, empty = fig.subplots(2, 3).flat
    image = np.arange(9.0).reshape(3, 3)
    one.imshow(image)
    copy.imshow(image)
    copy.set_title("another")
    other.imshow(image.T)
    other_colours.imshow(image, cmap="gray")
    curve.plot(EPOCHS)
    contents = [axes.content for axes in FigureData.of(fig).axes or ()]
    assert contents[0] == contents[1]
    assert len(set(contents)) == 5
    assert contents[5] == "" and empty is fig.axes[5]


def test_texts_are_short_and_on_one_line() -> None:
    """However long a title is."""
    fig = Figure()
    fig.subplots().set_title("a\nb\x07" + "c" * 5_000)
    assert panel(fig).title == "a b?" + "c" * 196


def parts() -> dict[str, Any]:
    fig = Figure()
    grid = fig.subplots(2, 2)
    lines = grid[0, 0].plot(EPOCHS)
    return {
        "figure": fig,
        "axes": grid[0, 1],
        "array of axes": grid,
        "list of axes": list(grid[0]),
        "pair": (fig, grid),
        "lines": lines,
        "image": grid[1, 1].imshow(np.eye(3)),
    }


@pytest.mark.parametrize("name", parts())
def test_parts_lead_to_their_figure(name: str) -> None:
    """What students hand in by mistake still is the figure."""
    value = parts()[name]
    assert is_figure(value)
    assert len(FigureData.of(value).axes or ()) == 4


def test_a_seaborn_grid_leads_to_its_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the figure in an attribute."""
    seaborn = ModuleType("seaborn.axisgrid")

    class _BaseGrid:
        figure = curves()

    seaborn._BaseGrid = _BaseGrid  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "seaborn.axisgrid", seaborn)
    assert is_figure(_BaseGrid())
    assert FigureData.of(_BaseGrid()).title == "Learning curves"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK"])
def test_pillow_images_are_pictures_alone(mode: str) -> None:
    """Of any mode; transparent pixels show white."""
    image = Image.new("RGBA", (300, 200), (255, 0, 0, 0)).convert(mode)
    assert is_figure(image)
    data = FigureData.of(image)
    assert (data.width, data.height, data.axes) == (300, 200, None)
    assert mode != "RGBA" or (data.pixels == 255).all()


def test_large_pictures_are_made_smaller() -> None:
    """By the mean of blocks; what is left over at the edges counts too."""
    large = np.zeros((3201, 2, 3), np.uint8)
    large[::2] = 100
    data = FigureData.of(large)
    assert (data.width, data.height) == (1, 1067)
    assert set(data.pixels.ravel().tolist()) == {33, 66}


def foreign(package: str) -> object:
    return type("Figure", (), {"__module__": f"{package}.graph_objs"})()


REFUSED: dict[str, tuple[Any, str]] = {
    "module": (plt, r"^is a module; write fig = plt\.figure\(\.\.\.\) before you draw"),
    "number": (7, "^is of type int, not a figure; write fig"),
    "class": (Figure, "^is of type type, not a figure"),
    "list of numbers": ([1, 2], "^is of type list, not a figure"),
    "empty list": ([], "^is of type list, not a figure"),
    "axes and numbers": ([Figure().subplots(), 2], "^is of type int, not a figure"),
    "axes of two figures": (
        [Figure().subplots(), Figure().subplots()],
        "^is a list of axes that belong to several figures; hand in one figure",
    ),
    "axes that were removed": (plt.Line2D([], []), "^is of type Line2D, not a figure"),
    "array of numbers": (np.zeros((8, 8)), r"^is an array of shape \(8, 8\) and dtype float64"),
    "empty picture": (np.zeros((0, 8, 3), np.uint8), "^could not be drawn"),
    "plotly": (foreign("plotly"), r"^is of type plotly\.Figure; draw it with Matplotlib, or save"),
    "altair": (foreign("altair"), "^is of type altair"),
}


@pytest.mark.parametrize(("value", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_figure_is_refused(value: object, reason: str) -> None:
    """In a sentence that says what to change."""
    with pytest.raises(NotDataError, match=reason):
        FigureData.of(value)


def test_figures_in_a_list_are_several_answers() -> None:
    """Which of them is meant is not for this to guess."""
    assert not is_figure([curves(), curves()])
    assert not is_figure((curves(), curves()))


def test_warnings_are_not_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    """A font that is missing is no fault of the check: nbgrader takes what is on stderr for one."""
    fig = Figure(layout="tight", figsize=(1, 1))
    fig.subplots().set_title("long " * 40, family="No Such Font", size=40)
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings():
        warnings.simplefilter("error")
        FigureData.of(fig)
    assert [record for record in caplog.records if record.name.startswith("matplotlib")] == []
