"""Finds what of an instructor's notebook must not be in a release, and is.

Independent of the preprocessors that cleared it: the source's secret lines are looked for in every
text of the release, wherever it stands (cells, metadata, attachments, files beside the notebooks).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions
from traitlets.config import Config

from autograder.notebook.reading import read_notebook

# What a delimiter looks like, misspelt or not the one that the course has set.
_DELIMITER = re.compile(
    r"\b(?:begin|end)\s+(?:hidden\s+test|solution|mark\s+scheme)", re.IGNORECASE
)
_SHORTEST = 8  # a shorter line, such as "else:" or "])", tells nothing


@dataclass(frozen=True)
class Region:
    """A kind of secret and the delimiters that mark it in a cell."""

    name: str
    begin: str
    end: str


def find_leaks(source: Path, release: Path, config: Config) -> list[str]:
    """A line for each secret of the notebooks in `source` that is still in `release`.

    config: the course's, which may name other delimiters.
    """
    regions = _regions(config)
    texts = {path: _texts(path) for path in sorted(release.rglob("*")) if path.is_file()}
    leaks = []
    for path, text in texts.items():
        marks = [mark for region in regions for mark in (region.begin, region.end) if mark in text]
        if not marks and (found := _DELIMITER.search(text)):
            marks = [found.group()]
        leaks += [f"{path.name}: the delimiter {mark!r} is still there" for mark in marks]
        leaks += _outputs(path)
    for notebook in sorted(source.glob("*.ipynb")):
        for secret in _secrets(read_notebook(notebook), regions):
            leaks += [
                f"{path.name}: a line of the {secret.name} in cell {secret.cell!r} is still there: "
                f"{secret.line!r}"
                for path, text in texts.items()
                if secret.line in text
            ]
    return leaks


@dataclass(frozen=True)
class _Secret:
    name: str
    cell: str
    line: str


def _secrets(notebook: NotebookNode, regions: list[Region]) -> Iterator[_Secret]:
    """The telling secret lines: those that stand nowhere in what everybody may see."""
    split = [_split(cell, regions) for cell in notebook.cells]
    public = "\n".join(line for visible, _ in split for line in visible)
    for cell, (_, hidden) in zip(notebook.cells, split, strict=True):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id", "?"))
        for name, line in hidden:
            if line not in public:
                yield _Secret(name, grade_id, line)


def _split(cell: NotebookNode, regions: list[Region]) -> tuple[list[str], list[tuple[str, str]]]:
    """A cell's visible lines, and its secret ones with what kind of secret they are."""
    visible: list[str] = []
    hidden: list[tuple[str, str]] = []
    inside: Region | None = None
    solutions = regions[0]
    whole = utils.is_solution(cell) and solutions.begin not in cell.source
    for line in map(str.strip, cell.source.split("\n")):
        if inside is None and (opened := [r for r in regions if r.begin in line]):
            inside = opened[0]
        elif inside is not None and inside.end in line:
            inside = None
        elif inside is not None or whole:
            if len(re.sub(r"[\W_]", "", line)) >= _SHORTEST:
                hidden.append((inside.name if inside else solutions.name, line))
        else:
            visible.append(line)
    return visible, hidden


def _regions(config: Config) -> list[Region]:
    """The solution's region first."""
    solutions = ClearSolutions(config=config)
    tests = ClearHiddenTests(config=config)
    scheme = ClearMarkScheme(config=config)
    return [
        Region("solution", solutions.begin_solution_delimeter, solutions.end_solution_delimeter),
        Region("hidden tests", tests.begin_test_delimeter, tests.end_test_delimeter),
        Region("mark scheme", scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
    ]


def _texts(path: Path) -> str:
    """All text of a file; of JSON, every string in it as it reads."""
    text = path.read_bytes().decode(errors="replace")
    if path.suffix not in (".ipynb", ".json"):
        return text
    try:
        return "\n".join(_strings(json.loads(text)))
    except ValueError:  # no JSON, whatever its name says
        return text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield "".join(value)  # a source as a list of lines
        else:
            for item in value:
                yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)


def _outputs(path: Path) -> list[str]:
    if path.suffix != ".ipynb":
        return []
    cells = json.loads(path.read_bytes())["cells"]
    return [
        f"{path.name}: cell {index + 1} has outputs"
        for index, cell in enumerate(cells)
        if cell.get("outputs")
    ]
