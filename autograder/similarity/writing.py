"""report/<assignment>/similarity.html: the pairs, for a person to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from autograder.course import Course, CourseError
from autograder.files import replacing
from autograder.similarity.pairs import Pair, Report, find_pairs
from autograder.similarity.views import HUES, Person, overview, pair_view, people, printable

MOST_PAIRS = 50


def write_similarity(
    course: Course, assignment: str, most: int = MOST_PAIRS, report: Report | None = None
) -> Path:
    """Write report/<assignment>/similarity.html and return its path. No score is read or written.

    most: how many pairs are shown with both sides; the strongest. report: called with how many
    hand-ins are read, and of how many. Raises CourseError where fewer than two are handed in or
    the source is wrong.
    """
    found = find_pairs(course, assignment, report)
    if len(found.hand_ins) < 2:
        raise CourseError(
            f"{course.path('submitted', '<student>', assignment)}: expected two hand-ins or more "
            f"to compare, found {len(found.hand_ins)}; collect them first"
        )
    path = course.root / "report" / assignment / "similarity.html"
    who = people(found)
    strongest = found.pairs[:most]
    rows = [overview(n, pair, found, who) for n, pair in enumerate(strongest, start=1)]
    page = _template().stream(
        assignment=assignment,
        hand_ins=len(found.hand_ins),
        pairs=len(found.pairs),
        rows=rows,
        # a pair at a time, as the page is written: with both sides, figures and all
        views=(pair_view(*each, found, course) for each in zip(strongest, rows, strict=True)),
        groups=groups(found.pairs, who),
        remarks=[printable(each) for each in found.remarks],
        hues=HUES,
    )
    with replacing(path) as temporary, temporary.open("wb") as file:
        page.dump(file, encoding="utf-8", errors="replace")
    return path


def groups(pairs: Sequence[Pair], who: Mapping[int, Person]) -> list[list[Person]]:
    """The students of each group of three or more whom pairs join, the largest first."""
    belongs: dict[int, set[int]] = {}
    for pair in pairs:
        joined = belongs.get(pair.first, {pair.first}) | belongs.get(pair.second, {pair.second})
        belongs |= dict.fromkeys(joined, joined)
    found = {min(group): group for group in belongs.values() if len(group) > 2}
    ordered = sorted(found.values(), key=lambda group: (-len(group), min(group)))
    return [[who[each] for each in sorted(group)] for group in ordered]


def _template() -> Template:
    loader = PackageLoader("autograder.similarity", "")
    return Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("page.html.jinja")
