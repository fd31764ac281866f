"""The check of a figure: is there something to see, is it enough, does it say what it shows?"""

from __future__ import annotations

from collections.abc import Sequence

from autograder.artifacts import FigureData, NotDataError
from autograder.artifacts.figures.pixels import is_blank
from autograder.checks.amounts import Amount, amount, at_least
from autograder.checks.aspects import Aspect, judged
from autograder.checks.figures.panels import LEAST_SIDE, Panel, Panels, names, panels_of
from autograder.checks.findings import Finding, incorrect
from autograder.checks.subjects import figure_data
from autograder.checks.wording import count, legible, listed, opening, sentences

WIDTH, HEIGHT = 200, 150  # pixels
UNSEEN = 0.5  # what a demand earns that a picture alone cannot show
MAX_GROUPS = 3
MAX_SUMMARY = 200  # characters

BLANK = "{what} is blank: one colour all over"
ADVICE_BLANK = (
    "Write fig = plt.figure(...) before you draw and in the same cell, and plt.show() last: "
    "what is drawn before plt.figure() or after plt.show() goes into another figure."
)
TINY = "{what} is {given} pixels; expected at least {least}"
ADVICE_TINY = "Make it larger: plt.figure(figsize=(10, 6))."
NOTHING = "{what} shows no panel"
EMPTY = "nothing is drawn into {names}"
ONLY_TEXT = "only text is in {names}"
ONE_COLOUR = "one colour alone is in {names}"
TOO_SMALL = f"under {LEAST_SIDE} pixels a side has {{names}}"
SAME = "{names} show the same"
GUTTERS = "in a picture alone, panels are told apart by the empty space between them"
ADVICE_PANELS = "Draw each result into axes of its own, fig, axes = plt.subplots(rows, columns)."
ADVICE_SAME = "Look at what your loop draws: each panel should show another result."
ADVICE_TITLES = 'Say over each panel what it shows: ax.set_title("...").'
ADVICE_LABELS = 'Say what the axes measure: ax.set_xlabel("epoch"), ax.set_ylabel("accuracy").'
ADVICE_CURVES = "Draw each curve with ax.plot(...); one point alone makes none."
ADVICE_IMAGES = "Draw each image with ax.imshow(...)."
ADVICE_LEGEND = 'Give each curve a name, ax.plot(..., label="training"), then ax.legend().'
NOT_TO_BE_SEEN = "{thing} cannot be told from a picture alone: this earns half"
ADVICE_MATPLOTLIB = "Hand in the Matplotlib figure itself."


def figure(
    answer: object,
    panels: int | Amount = at_least(1),  # noqa: B008 – a frozen dataclass
    *,
    titles: bool = False,
    labels: bool = False,
    legend: bool = False,
    lines: int | Amount | None = None,
    images: int | Amount | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    what: str = "the figure",
) -> Finding:
    """Whether a figure shows what it should; looks at its picture, not only at what its axes say.

        figure(fig, panels=at_least(8), titles=True)    # eight different panels that say what
        figure(fig, panels=2, labels=True, lines=at_least(4), legend=True)   # learning curves
        figure(fig, images=at_least(1))                 # one picture or more, by imshow()

    A panel counts if something is drawn in it, the picture shows it in more than one colour, and
    no other panel shows the same. Empty axes beside enough panels do not matter. Images of one
    colour, as the maps of filters that are silent, count as far as there are as many others.

    titles: over each panel; over a row of pictures one title or y label is enough, over a column
    the title on top, as is a subfigure's title, or the figure's where there is one panel. labels:
    on both axes of each panel that is more than a picture; those of its row or column count.
    legend: where there are two curves or more. lines: curves in all, of two points or more. size:
    least (width, height) in pixels.

    A blank or tiny figure earns nothing, another one the mean of how far each demand is met, none
    further than that for panels. Of a picture without axes (a Pillow image, another library's
    plot) the panels are found by the empty space between them and titles by whether something
    stands above; labels, legend and lines cannot be seen there and count half.
    """
    wanted = amount(panels)
    curves = None if lines is None else amount(lines)
    pictures = None if images is None else amount(images)
    asked = _asked(what, wanted, curves, pictures, titles, labels, legend)
    data = figure_data(answer, asked, what)
    if isinstance(data, Finding):
        return data
    try:
        found = panels_of(data)
    except NotDataError as error:
        return incorrect(asked, f"{opening(what)} {error}")
    unfit = _unfit(data, found, asked, what, size)
    if unfit is not None:
        return unfit
    enough = _panels(found, wanted)
    demands = [
        enough,
        *([_titles(found.shown)] if titles else []),
        *([_labels(found.shown)] if labels else []),
        *([_legend(found.shown)] if legend else []),
        *([_curves(found.shown, curves)] if curves else []),
        *([_pictures(found.shown, pictures)] if pictures else []),
    ]
    return judged(asked, demands, _summary(found), most=enough.share)


def _asked(
    what: str,
    panels: Amount,
    curves: Amount | None,
    pictures: Amount | None,
    titles: bool,
    labels: bool,
    legend: bool,
) -> str:
    more = (
        "titles" if titles else "",
        "axis labels" if labels else "",
        "a legend" if legend else "",
        curves.of("curve") if curves else "",
        pictures.of("image") if pictures else "",
    )
    asked = f"{what} shows {panels.of('panel', 'different panels')}"
    return f"{asked} with {listed(filter(None, more))}" if any(more) else asked


def _unfit(
    data: FigureData, found: Panels, asked: str, what: str, size: tuple[int, int]
) -> Finding | None:
    """The finding that ends the check where there is nothing to look at."""
    subject = opening(what)
    if is_blank(data.pixels):
        return incorrect(asked, BLANK.format(what=subject), ADVICE_BLANK)
    if data.width < size[0] or data.height < size[1]:
        given, least = f"{data.width} × {data.height}", f"{size[0]} × {size[1]}"
        return incorrect(asked, TINY.format(what=subject, given=given, least=least), ADVICE_TINY)
    if not found.shown:
        text = sentences(NOTHING.format(what=subject), *map(opening, _lost(found)))
        return incorrect(asked, text, ADVICE_PANELS)
    return None


def _panels(found: Panels, wanted: Amount) -> Aspect:
    different = len(found.groups)
    silent = sum(panel.axes is not None and panel.is_picture for panel in found.blank)
    if wanted.allows(different) or different < wanted.least <= different + min(silent, different):
        return Aspect()
    text = count(different, "different panel")
    share = wanted.share(different)
    if different > wanted.least:
        return Aspect.of(share, text, str(wanted))
    copies = [SAME.format(names=names(group)) for group in found.groups if len(group) > 1]
    unsure = [GUTTERS] if _is_picture_alone(found.shown) else []
    reasons = "; ".join([*copies[:MAX_GROUPS], *_lost(found), *unsure])
    expected = f"{wanted}: {reasons}" if reasons else str(wanted)
    return Aspect.of(share, text, expected, ADVICE_SAME if copies else ADVICE_PANELS)


def _lost(found: Panels) -> list[str]:
    """Which panels do not count, and why."""
    reasons = (
        (EMPTY, found.empty),
        (ONLY_TEXT, found.written),
        (ONE_COLOUR, found.blank),
        (TOO_SMALL, found.small),
    )
    return [text.format(names=names(panels)) for text, panels in reasons if panels]


def _titles(shown: Sequence[Panel]) -> Aspect:
    without = [panel for panel in shown if panel.title == ""]
    return _lacking(without, len(shown), "a title", ADVICE_TITLES)


def _labels(shown: Sequence[Panel]) -> Aspect:
    if _is_picture_alone(shown):
        return _unseen("axis labels")
    plots = [panel for panel in shown if not panel.is_picture]
    without = [panel for panel in plots if not (panel.xlabel and panel.ylabel)]
    return _lacking(without, len(plots), "a label on each axis", ADVICE_LABELS)


def _legend(shown: Sequence[Panel]) -> Aspect:
    if _is_picture_alone(shown):
        return _unseen("a legend")
    crowded = [panel for panel in shown if panel.curves > 1]
    without = [panel for panel in crowded if not (panel.axes and panel.axes.legend)]
    return _lacking(without, len(crowded), "a legend", ADVICE_LEGEND)


def _curves(shown: Sequence[Panel], wanted: Amount) -> Aspect:
    if _is_picture_alone(shown):
        return _unseen("curves")
    return _counted(sum(panel.curves for panel in shown), "curve", wanted, ADVICE_CURVES)


def _pictures(shown: Sequence[Panel], wanted: Amount) -> Aspect:
    """Each panel of a picture alone passes for one."""
    images = sum(panel.axes.images if panel.axes else 1 for panel in shown)
    return _counted(images, "image", wanted, ADVICE_IMAGES)


def _lacking(without: Sequence[Panel], total: int, thing: str, advice: str) -> Aspect:
    if not without:
        return Aspect()
    lack = "lacks" if len(without) == 1 else "lack"
    return Aspect(1 - len(without) / total, f"{names(without)} {lack} {thing}", advice)


def _counted(found: int, thing: str, wanted: Amount, advice: str) -> Aspect:
    return Aspect.of(wanted.share(found), count(found, thing), str(wanted), advice)


def _unseen(thing: str) -> Aspect:
    return Aspect(UNSEEN, NOT_TO_BE_SEEN.format(thing=thing), ADVICE_MATPLOTLIB)


def _is_picture_alone(shown: Sequence[Panel]) -> bool:
    return all(panel.axes is None for panel in shown)


def _summary(found: Panels) -> str:
    """What there is to see: the figure shows 2 panels: "loss, wide network", "accuracy"."""
    titles = [f'"{panel.axes.title}"' for panel in found.shown if panel.axes and panel.axes.title]
    text = f"the figure shows {count(len(found.shown), 'panel')}"
    text = f"{text}: {legible(', '.join(titles), MAX_SUMMARY)}" if titles else text
    return f"{text}; of one colour: {names(found.blank)}" if found.blank else text
