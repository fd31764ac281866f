"""Figures are judged by what their pictures show."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from autograder.artifacts import FigureData
from autograder.checks import Finding, Missing, NotUsable, Outcome, at_least, figure
from autograder.snapshot import Budget, load, save, write

RNG = np.random.default_rng(0)
MAPS = RNG.random((60, 14, 14))
EPOCHS = np.arange(10)
BUDGET = Budget()

Draw = Callable[[Any, int], object]
Options = dict[str, Any]


def grid(draw: Draw, count: int = 8, rows: int = 2, columns: int = 4, **how: Any) -> Figure:
    """A figure of rows × columns axes, the first `count` of them drawn into."""
    fig = Figure(**({"figsize": (8, 4)} | how))
    for place, axes in enumerate(fig.subplots(rows, columns, squeeze=False).flat):
        if place < count:
            draw(axes, place)
        axes.axis("off")
    return fig


def shown(axes: Any, place: int) -> None:
    axes.imshow(MAPS[place])


def titled(axes: Any, place: int) -> None:
    shown(axes, place)
    axes.set_title(f"map {place}")


def named(axes: Any, place: int) -> None:
    axes.set_title("" if place else "curves")


def rows_titled(axes: Any, place: int) -> None:
    shown(axes, place)
    if place % 4 == 0:
        axes.set_title(f"block {place // 4}")


def beyond(axes: Any, place: int) -> None:
    shown(axes, place)
    axes.set_title("far out", y=20)


def curves(**missing: bool) -> Figure:
    """Learning curves: accuracy and loss, two lines each; what is `missing` is left out."""
    fig = Figure(figsize=(9, 4))
    for place, axes in enumerate(fig.subplots(1, 2)):
        falling = np.exp(-EPOCHS / 3) if place else 1 - np.exp(-EPOCHS / 3)
        axes.plot(EPOCHS, falling, label="training")
        if not missing.get("line"):
            axes.plot(EPOCHS, 0.9 * falling, label="validation")
        if not missing.get("legend"):
            axes.legend()
        if not missing.get("labels"):
            axes.set(xlabel="epoch", ylabel="loss" if place else "accuracy")
        if not missing.get("titles"):
            axes.set_title("loss" if place else "accuracy")
    return fig


def halves() -> Figure:
    """Two subfigures, each with a heading over four panels and one colour bar."""
    fig = Figure(figsize=(10, 5))
    for half, part in enumerate(fig.subfigures(1, 2)):
        part.suptitle(f"layer {half}")
        panels = part.subplots(2, 2).flat
        for place, axes in enumerate(panels):
            drawn = axes.imshow(MAPS[4 * half + place])
        part.colorbar(drawn, ax=part.axes)
    return fig


def one(title: bool = False) -> Figure:
    fig = Figure()
    fig.subplots().imshow(MAPS[0])
    if title:
        fig.suptitle("a photograph")
    return fig


def scattered() -> Figure:
    fig = Figure()
    axes = fig.subplots()
    axes.scatter(EPOCHS, EPOCHS, label="runs")
    axes.axhline(3, label="chance")
    return fig


def words() -> Figure:
    fig = Figure()
    for axes in fig.subplots(1, 2):
        axes.text(0.1, 0.5, "eight feature maps", size=20)
        axes.axis("off")
    return fig


def twins() -> Figure:
    fig = Figure()
    left = fig.subplots()
    left.plot(EPOCHS, EPOCHS)
    left.set(xlabel="epoch", ylabel="accuracy")
    left.twinx().plot(EPOCHS, -EPOCHS)
    return fig


def montage(gap: int = 28, over: int = 0) -> Image.Image:
    """Eight pictures of 60 × 60 on white, without axes; `over` pixels of black above each."""
    side = 60 + gap
    page = np.full((2 * side + 40, 4 * side + 20, 3), 255, np.uint8)
    for place in range(8):
        top, left = 20 + place // 4 * side, 10 + place % 4 * side
        pixels = np.kron(MAPS[place, :10, :10], np.ones((6, 6))) * 255
        page[top : top + 60, left : left + 60] = pixels.astype(np.uint8)[..., None]
        page[top - 10 : top - 10 + over, left : left + 40 : 3] = 0
    return Image.fromarray(page)


should_pass: dict[str, tuple[Any, Options]] = {
    "headings over columns": (
        grid(lambda axes, place: (titled if place < 4 else shown)(axes, place)),
        {"panels": 8, "titles": True},
    ),
    "maps of silent filters": (
        grid(lambda axes, place: axes.imshow(MAPS[place] * (place > 3), vmin=0, vmax=1)),
        {"panels": at_least(8)},
    ),
    "eight maps": (grid(shown), {"panels": at_least(8)}),
    "eight maps with titles": (grid(titled), {"panels": at_least(8), "titles": True}),
    "a cell of the grid left empty": (grid(titled, 7), {"panels": at_least(7), "titles": True}),
    "titles on rows": (grid(rows_titled), {"panels": 8, "titles": True}),
    "headings of subfigures": (halves(), {"panels": 8, "titles": True, "images": 8}),
    "one panel with the figure's title": (one(title=True), {"titles": True, "images": 1}),
    "learning curves": (
        curves(),
        {"panels": 2, "titles": True, "labels": True, "legend": True, "lines": at_least(4)},
    ),
    "two curves on twin axes": (twins(), {"panels": 1, "labels": True, "lines": 2}),
    "dots": (scattered(), {"panels": 1, "lines": 1, "legend": True}),
    "pictures need no axis labels": (grid(shown), {"panels": 8, "labels": True}),
    "large": (grid(titled, dpi=600), {"panels": 8, "titles": True}),
    "transparent": (grid(titled, facecolor="none"), {"panels": 8, "titles": True}),
    "dark": (grid(titled, facecolor="black"), {"panels": 8}),
    "a picture without axes": (montage(), {"panels": 8}),
    "a picture with something above each panel": (montage(over=7), {"panels": 8, "titles": True}),
    "images of a picture": (montage(), {"panels": 8, "images": at_least(8)}),
    "an array of pixels": (np.asarray(montage()), {"panels": 8}),
    "axes": (grid(titled).axes, {"panels": 8, "titles": True}),
    "its data": (FigureData.of(grid(titled)), {"panels": 8, "titles": True}),
}

should_fail: dict[str, tuple[Any, Options, str]] = {
    "no axes": (Figure(), {}, r"^The figure is blank: one colour all over\. Write fig = plt\.f"),
    "all one colour": (Image.new("RGB", (300, 300), "red"), {}, "is blank"),
    "tiny": (
        grid(shown, figsize=(1, 1)),
        {"panels": 8},
        r"^The figure is 100 × 100 pixels; expected at least 200 × 150\. Make it larger",
    ),
    "smaller than asked": (
        one(),
        {"size": (800, 600)},
        "640 × 480 pixels; expected at least 800 × 600",
    ),
    "a grid that was never drawn into": (
        Figure(figsize=(8, 4)).subplots(2, 4),
        {"panels": at_least(8)},
        r"^The figure shows no panel\. Nothing is drawn into panels 1, 2, 3, 4, 5, 6 and 2 more",
    ),
    "text alone": (
        words(),
        {},
        r"^The figure shows no panel\. Only text is in panels 1 and 2\.",
    ),
    "too few": (
        grid(shown, 7),
        {"panels": at_least(8)},
        "^7 different panels; expected at least 8: nothing is drawn into panel 8",
    ),
    "too many": (grid(shown), {"panels": 2}, "^8 different panels; expected exactly 2"),
    "two panels the same": (
        grid(lambda axes, place: titled(axes, place % 7)),
        {"panels": at_least(8)},
        r"at least 8: panels 1 \(map 0\) and 8 \(map 0\) show the same\. Look at what your loop",
    ),
    "one image repeated": (
        grid(lambda axes, place: shown(axes, 0)),
        {"panels": at_least(8)},
        "^1 different panel; .*: panels 1, 2, 3, 4, 5, 6 and 2 more show the same",
    ),
    "one curve repeated": (
        grid(lambda axes, place: axes.plot(EPOCHS, EPOCHS**2), 2, 1, 2),
        {"panels": 2},
        "panels 1 and 2 show the same",
    ),
    "most of one colour": (
        grid(lambda axes, place: axes.imshow(MAPS[place] * (place < 3), vmin=0, vmax=1)),
        {"panels": at_least(8)},
        "^3 different panels; .*: one colour alone is in panels 4, ",
    ),
    "claimed, but never to be seen": (
        grid(lambda axes, place: titled(axes, place) or axes.images[0].set_alpha(0)),
        {"panels": at_least(8)},
        r"shows no panel\. One colour alone is in panels 1 \(map 0\), 2 ",
    ),
    "too small": (
        grid(shown, 60, 20, 3, figsize=(3, 3)),
        {},
        "Under 16 pixels a side has panels 1, 2, 3, 4, 5, 6 and 54 more",
    ),
    "titles missing": (
        grid(shown),
        {"panels": at_least(8), "titles": True},
        r"^Panels 1, 2, 3, 4, 5, 6 and 2 more lack a title\. Say over each panel",
    ),
    "titles below alone": (
        grid(lambda axes, place: (titled if place > 3 else shown)(axes, place)),
        {"panels": 8, "titles": True},
        "^Panels 1, 2, 3 and 4 lack a title",
    ),
    "titles out of the picture": (grid(beyond), {"titles": True}, "^Panels 1.* lack a title"),
    "curves in a row under one title": (
        grid(lambda axes, place: axes.plot(MAPS[place, 0]) and named(axes, place), 2, 1, 2),
        {"titles": True},
        "^Panel 2 lacks a title",
    ),
    "curves without titles": (curves(titles=True), {"titles": True}, "Panels 1 and 2 lack a title"),
    "no labels": (
        curves(labels=True),
        {"labels": True},
        "Panels 1 .* lack a label on each axis.*epoch",
    ),
    "no legend": (
        curves(legend=True),
        {"legend": True},
        "Panels 1 .*and 2 .* lack a legend.*label=",
    ),
    "one curve each": (curves(line=True), {"lines": at_least(4)}, "^2 curves; expected at l"),
    "curves of one point": (
        grid(lambda axes, place: axes.plot([1], [1], "o"), 2, 1, 2),
        {"lines": at_least(2)},
        "^0 curves; expected at least 2.*one point alone makes none",
    ),
    "no image": (curves(), {"images": at_least(1)}, "^0 images; .*imshow"),
    "a picture without titles": (
        montage(),
        {"panels": 8, "titles": True},
        "Panels 1, 2.* lack a title",
    ),
    "too few images in a picture": (
        montage(),
        {"panels": 8, "images": at_least(12)},
        "^8 images; expected at least 12",
    ),
    "curves of a picture": (
        montage(),
        {"lines": at_least(2)},
        "Curves cannot be told from a picture alone: this earns half",
    ),
    "panels without a gap": (
        montage(gap=0),
        {"panels": 8},
        "^1 different panel; .*the empty space between",
    ),
    "the module": (plt, {}, "is a module; write fig = plt.fig"),
    "a number": (7, {}, "is of type int, not a figure; write fig = plt.figure"),
    "not data": (NotUsable("fig", "it is a lambda"), {}, "^fig cannot be used.*a lambda"),
    "no picture at all": (FigureData(b"GIF89a", 300, 300), {}, "holds no picture: not a PNG"),
}


def text_of(finding: Finding) -> str:
    return " ".join([finding.found, *finding.details, finding.advice])


@pytest.mark.parametrize("answer, options", should_pass.values(), ids=should_pass.keys())
def test_a_figure_that_shows_what_it_should_passes(answer: Any, options: Options) -> None:
    """On both sides: the student's live figure, and what crossed of it."""
    finding = figure(answer, **options)
    assert finding.outcome is Outcome.CORRECT, text_of(finding)
    assert finding.fraction is None


@pytest.mark.parametrize("answer, options, message", should_fail.values(), ids=should_fail.keys())
def test_a_figure_that_does_not_is_told_why(answer: Any, options: Options, message: str) -> None:
    """The finding says what is there, with numbers, and what to do."""
    finding = figure(answer, **options)
    assert finding.outcome in (Outcome.INCORRECT, Outcome.PARTLY_CORRECT)
    assert re.search(message, text_of(finding)), text_of(finding)


def test_titles_are_told_apart() -> None:
    """Also where they have commas in them."""
    fig = Figure()
    for ax, title in zip(fig.subplots(1, 2), ("loss, wide", "accuracy, wide"), strict=True):
        ax.plot([1, 2, 3 + len(title)])
        ax.set_title(title)
    found = figure(fig, panels=2).found
    assert found == 'The figure shows 2 panels: "loss, wide", "accuracy, wide".'


CROSSING: dict[str, tuple[Any, Options]] = {
    name: (answer, options)
    for name, (answer, options, *_) in (should_pass | should_fail).items()
    if isinstance(answer, Figure | Image.Image | np.ndarray)
}


@pytest.mark.parametrize("answer, options", CROSSING.values(), ids=CROSSING)
def test_both_sides_find_the_same(answer: Any, options: Options) -> None:
    """What crossed of a figure is judged as the figure itself."""
    assert figure(load(save(write(answer, BUDGET)), BUDGET), **options) == figure(answer, **options)


@pytest.mark.parametrize("answer", [None, ..., Missing("fig")])
def test_no_answer_is_not_attempted(answer: object) -> None:
    """A placeholder is no figure that is wrong."""
    assert figure(answer).outcome is Outcome.NOT_ATTEMPTED


def test_each_demand_counts_alike() -> None:
    """Of five demands two are missed; each miss is a detail of its own."""
    options: Options = {"titles": True, "labels": True, "legend": True, "lines": 4}
    finding = figure(curves(labels=True, legend=True), 2, **options)
    assert finding.outcome is Outcome.PARTLY_CORRECT
    assert finding.fraction == pytest.approx(3 / 5)
    assert finding.found == "2 of 5 things are not as asked."
    missing = [detail.partition(" lack ")[2] for detail in finding.details]
    assert missing == ["a label on each axis.", "a legend."]


def test_one_panel_of_eight_earns_an_eighth() -> None:
    """However well that panel is titled."""
    finding = figure(grid(titled, 1), at_least(8), titles=True)
    assert finding.fraction == pytest.approx(1 / 8)


def test_what_is_asked_is_put_into_words() -> None:
    """The card's row says what the figure should show."""
    asked = figure(one(), at_least(8), titles=True, lines=at_least(2), what="the maps").asked
    assert asked == "the maps shows at least 8 different panels with titles and at least 2 curves"


@pytest.mark.parametrize("figsize", [(10, 6), (9.3, 6.1)])
def test_pictures_that_differ_a_little_are_no_copies(figsize: tuple[float, float]) -> None:
    """A frame drawn into a photograph, a curve one percent higher: not the same panel."""

    def framed(axes: Any, place: int) -> None:
        axes.imshow(MAPS[0])
        axes.plot([place, place + 3], [4, 4], color="red", linewidth=3)

    def lifted(axes: Any, place: int) -> None:
        axes.plot(EPOCHS, 1 - np.exp(-EPOCHS / 3) + 0.02 * place)
        axes.set_ylim(0, 1.2)

    for draw in (framed, lifted):
        finding = figure(grid(draw, 6, 2, 3, figsize=figsize), 6)
        assert finding.outcome is Outcome.CORRECT, text_of(finding)
