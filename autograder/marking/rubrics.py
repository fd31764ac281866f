"""Mark schemes: what stands between nbgrader's delimiters, as criteria that can be ticked.

=== BEGIN MARK SCHEME ===
- **0.5** The filter is the template.
- **1** An output value is an inner product. 0.5 for the operation without its meaning.

Earns nothing: "convolution blurs the image".
=== END MARK SCHEME ===
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from nbgrader.preprocessors import ClearMarkScheme
from traitlets.config import Config

from autograder.errors import UserError
from autograder.marking.contract import Criterion, Rubric

FULL_MARKS = "Full marks"  # the one criterion where there is no mark scheme
_NUMBER = r"\d+(?:[.,]\d+)?"
_ITEM = re.compile(
    rf"[ ]{{0,3}}[-*+][ \t]+(\*\*|__)({_NUMBER})(?: ?(?:points?|pts?|p)\.?)?:?\1:?"
    r"(?:[ \t]+(.*))?$"
)
_STEP = re.compile(rf"(?<![\w.,])({_NUMBER})(?: points?)? (for each|for|if|where|when)\b")
_HEADING = re.compile(r"(?:#+[ ]*|\*\*)mark scheme:?(?:\*\*)?", re.IGNORECASE)


class RubricError(UserError):
    """A mark scheme that cannot be marked by; the message is one line for the instructor."""


def split_scheme(source: str, config: Config) -> tuple[str, str]:
    """A cell's markdown without its mark scheme, and the mark scheme; "" where there is none.

    config: the course's; nbgrader's ClearMarkScheme may have other delimiters in it.
    """
    clear = ClearMarkScheme(config=config)
    kept: list[str] = []
    scheme: list[str] = []
    lines = kept
    for line in source.split("\n"):
        if clear.begin_mark_scheme_delimeter in line:
            lines = scheme
        elif clear.end_mark_scheme_delimeter in line:
            lines = kept
        else:
            lines.append(line)
    return "\n".join(kept).strip(), "\n".join(scheme).strip()


def rubric(scheme: str, max_points: float, where: str) -> Rubric:
    """The criteria of a mark scheme, in its order; one with all points where it lists none.

    where: what an error says of the cell. Raises RubricError where the criteria do not add up to
    `max_points`, or one is worth nothing.
    """
    lines = [line for line in scheme.split("\n") if not _HEADING.fullmatch(line.strip())]
    items, notes = _items(lines)
    if not items:
        text = "\n".join(lines).strip()
        whole = Criterion(max_points, text or FULL_MARKS, (0.0, max_points))
        return Rubric((whole,) if max_points > 0 else ())
    criteria = tuple(Criterion(points, text, _steps(points, text)) for points, text in items)
    _require_sum(criteria, max_points, where)
    return Rubric(criteria, notes)


def _items(lines: list[str]) -> tuple[list[tuple[float, str]], str]:
    """The points and texts of the list's items, and all that stands outside of them."""
    items: list[tuple[float, list[str]]] = []
    notes: list[str] = []
    is_inside = False
    for line in lines:
        if found := _ITEM.match(line):
            items.append((float(found[2].replace(",", ".")), [found[3] or ""]))
            is_inside = True
        else:
            is_inside = is_inside and _goes_on(line, items[-1][1])
            (items[-1][1] if is_inside else notes).append(line)
    texts = [(points, "\n".join(line.strip() for line in text).strip()) for points, text in items]
    return texts, "\n".join(notes).strip()


def _goes_on(line: str, text: list[str]) -> bool:
    """Whether a line belongs to the item above it, as in markdown."""
    return not line.strip() or line.startswith(("  ", "\t")) or bool(text[-1].strip())


def _steps(points: float, text: str) -> tuple[float, ...]:
    """What may be given: nothing, all, and what the text gives "for" or "if" something."""
    return tuple(sorted({0.0, points, *_between(points, text)}))


def _between(points: float, text: str) -> Iterator[float]:
    for number, word in _STEP.findall(text):
        step = float(number.replace(",", "."))
        if 0 < step < points:
            count = math.ceil(points / step - 1e-9) if word == "for each" else 2
            yield from (round(step * n, 6) for n in range(1, count))


def _require_sum(criteria: tuple[Criterion, ...], max_points: float, where: str) -> None:
    total = math.fsum(criterion.points for criterion in criteria)
    received = " + ".join(f"{criterion.points:g}" for criterion in criteria)
    if any(criterion.points <= 0 for criterion in criteria):
        raise RubricError(
            f"{where}: expected a mark scheme whose criteria are worth more than 0 points each, "
            f"received {received}; mend the mark scheme in source/"
        )
    if abs(total - max_points) > 1e-6:
        raise RubricError(
            f"{where}: expected a mark scheme whose criteria add up to the cell's {max_points:g} "
            f"points, received {received} = {total:g}; mend one of the two in source/"
        )
