"""The thresholds as students read them: tables in the notebooks, kept as thresholds.json says.

A locked Markdown cell has them between two lines:

    <!-- thresholds -->
    <!-- /thresholds -->
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.calibration.writing import CalibrationError, thresholds_of
from autograder.checks.predictions.thresholds import FILE, Threshold
from autograder.course import Course
from autograder.files import write_atomic

BEGIN, END = "<!-- thresholds -->", "<!-- /thresholds -->"
PROFILES = ("small", "full")
NOT_CALIBRATED = "not yet calibrated"
_TABLE = re.compile(rf"^{BEGIN}$.*?^{END}$", re.MULTILINE | re.DOTALL)
_WRONG = "the published table is not what {file} says; run `autograder calibrate {name} --tables`"

Thresholds = Mapping[str, Mapping[str, Threshold]]


def find_wrong_tables(course: Course, assignment: str) -> list[str]:
    """What is not right about an assignment's published thresholds, a line each."""
    thresholds = thresholds_of(course, assignment)
    wrong = [*_strangers(course, assignment, thresholds)]
    for path in course.notebooks(assignment):
        for cell in _cells(_read(path)):
            where = f"{path.name}, cell {cell.get('id')!r}"
            source = _source(cell)
            if source.count(BEGIN) != 1 or not _TABLE.search(source):
                wrong.append(f"{where}: expected one line {BEGIN!r} and after it one {END!r}")
            elif _filled(source, path, thresholds) != source:
                wrong.append(f"{where}: {_WRONG.format(file=FILE, name=assignment)}")
    return wrong


def refresh_tables(course: Course, assignment: str) -> list[Path]:
    """Make the published tables what thresholds.json says; the notebooks that were changed."""
    thresholds = thresholds_of(course, assignment)
    changed = []
    for path in course.notebooks(assignment):
        notebook = _read(path)
        stale = [c for c in _cells(notebook) if _filled(_source(c), path, thresholds) != _source(c)]
        for cell in stale:
            text = _filled(_source(cell), path, thresholds)
            cell["source"] = text.splitlines(keepends=True)
        if stale:
            data = json.dumps(notebook, indent=1, ensure_ascii=False)  # as nbformat writes it
            write_atomic(path, f"{data}\n".encode())
            changed.append(path)
    return changed


def table(notebook: str, thresholds: Thresholds) -> str:
    """The Markdown table of the thresholds whose names begin with that of a notebook."""
    parts = sorted(
        {
            name.removeprefix(f"{notebook}/")
            for entries in thresholds.values()
            for name in entries
            if name.startswith(f"{notebook}/")
        }
    )
    lines = ["| part |", "|---|", *(f"| {part} |" for part in parts)]
    for profile in PROFILES:
        entries = thresholds.get(profile, {})
        lines[0] += f" `{profile}`: points from | all points at |"
        lines[1] += "---|---|"
        for row, part in enumerate(parts, start=2):
            lines[row] += _columns(entries.get(f"{notebook}/{part}"))
    return "\n".join(lines)


def _columns(entry: Threshold | None) -> str:
    if entry is None:
        return " – | – |"
    told = "" if entry.is_calibrated else f" ({NOT_CALIBRATED})"
    return f" {100 * entry.floor:.4g} % | {100 * entry.full:.4g} %{told} |"


def _filled(source: str, path: Path, thresholds: Thresholds) -> str:
    text = f"{BEGIN}\n\n{table(path.stem, thresholds)}\n\n{END}"
    return _TABLE.sub(lambda _: text, source)


def _strangers(course: Course, assignment: str, thresholds: Thresholds) -> Iterator[str]:
    """Names in the file that begin with no notebook's."""
    notebooks = {path.stem for path in course.notebooks(assignment)}
    for profile, entries in thresholds.items():
        for name in entries:
            if "/" not in name or name.split("/")[0] not in notebooks:
                yield (
                    f'{FILE}, "{profile}": expected NOTEBOOK/PART with a notebook out of '
                    f"{', '.join(sorted(notebooks))}; received {name!r}"
                )


def _cells(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The locked Markdown cells that have a line where a table begins or ends."""
    for cell in notebook["cells"]:
        is_locked = cell["metadata"].get("nbgrader", {}).get("locked", False)
        is_marked = {BEGIN, END} & set(_source(cell).splitlines())
        if cell["cell_type"] == "markdown" and is_locked and is_marked:
            yield cell


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _read(path: Path) -> dict[str, Any]:
    try:
        notebook = json.loads(path.read_bytes())
        list(_cells(notebook))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CalibrationError(
            f"{path}: expected a notebook, received what is none: {error}"
        ) from error
    return dict(notebook)
