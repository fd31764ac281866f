"""A student's notebook as the check reads it: which cells are tests, which answers people mark.

What nbgrader wrote into a cell's metadata when the notebook was given out says so. It may be
anything by now.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.errors import UserError
from autograder.workbench.cards import number, plain

MAX_BYTES = 100_000_000
EMPTY = ("", "YOUR ANSWER HERE")

MISSING = "{module} is missing here, which runs notebooks: pip install nbclient ipykernel"
NO_NOTEBOOK = (
    "{path}: expected a notebook of Jupyter (format 4), found {found}; name an .ipynb file"
)
OTHER_LANGUAGE = "{path}: expected a notebook in Python, found one in {language}"
NO_TESTS = (
    "{path}: expected test cells, found none; take the notebook that your instructor gave out"
)
CHANGED = (
    "✗ not as it was given out: {places}; grading takes the original instead, "
    "so what is said here may not hold"
)


def read(path: Path) -> Any:
    """The notebook at `path`. Raises UserError, in one line."""
    try:
        import nbformat
    except ImportError as error:
        raise UserError(MISSING.format(module=error.name)) from None
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("a file of over 100 MB")
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict) or document.get("nbformat") != 4:
            raise ValueError("another kind of file")
        _add_ids(document)
        notebook = nbformat.reads(json.dumps(document), as_version=4)
        nbformat.validate(notebook)  # which `reads` only logs
    except IsADirectoryError:
        raise UserError(NO_NOTEBOOK.format(path=path, found="a folder")) from None
    except OSError as error:
        raise UserError(
            NO_NOTEBOOK.format(path=path, found=(error.strerror or "").lower())
        ) from None
    except RecursionError:
        raise UserError(NO_NOTEBOOK.format(path=path, found="JSON nested too deeply")) from None
    except Exception as error:  # JSON's, UTF-8's, nbformat's
        found = plain(str(error).partition("\n")[0])[:100]
        raise UserError(NO_NOTEBOOK.format(path=path, found=found)) from None
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise UserError(OTHER_LANGUAGE.format(path=path, language=plain(language)))
    if not any(is_test(cell) for cell in notebook.cells):
        raise UserError(NO_TESTS.format(path=path))
    return notebook


def is_test(cell: Any) -> bool:
    settings = _settings(cell)
    is_graded = bool(settings.get("grade")) and not settings.get("solution")
    return cell.cell_type == "code" and is_graded


def name(cell: Any) -> str:
    """Under which its points are kept; "" for a student's own cell."""
    return plain(_settings(cell).get("grade_id", ""))


def place(index: int, cell: Any) -> str:
    """Where a cell stands, counted from 1, and its name if it has one."""
    return f"cell {index + 1} ({name(cell)})" if name(cell) else f"cell {index + 1}"


def changes(notebook: Any) -> Iterator[str]:
    """A line if tests, or the author's code that they need, were changed by whoever works here.

    A cell is compared with the digest that it was given out with. One that was deleted, with its
    digest, is not missed.
    """
    places = [place(i, cell) for i, cell in enumerate(notebook.cells) if _is_changed(cell)]
    if places:
        yield CHANGED.format(places=", ".join(places))


def explanations(notebook: Any) -> Iterator[str]:
    """What people mark, and which of it is still empty."""
    graded = [cell for cell in notebook.cells if _settings(cell).get("grade")]
    marked = [cell for cell in graded if not is_test(cell)]
    if marked:
        points = number(sum(map(_points, marked)), "point")
        empty = [
            name(cell)
            for cell in marked
            if cell.source.strip() in EMPTY and not cell.get("attachments")
        ]
        rest = f"; still empty: {', '.join(empty)}" if empty else ""
        yield f"{number(len(marked), 'answer')} marked by a person, {points}{rest}"


def _add_ids(document: dict[str, Any]) -> None:
    """Cells of old notebooks have no ids; some tools write them without."""
    document["nbformat_minor"] = 5
    for count, cell in enumerate(document.get("cells", [])):
        cell.setdefault("id", f"cell-{count}")


def _settings(cell: Any) -> dict[str, Any]:
    settings = cell.metadata.get("nbgrader")
    return settings if isinstance(settings, dict) else {}


def _points(cell: Any) -> float:
    points = _settings(cell).get("points", 0)
    return points if isinstance(points, int | float) else 0


def _is_changed(cell: Any) -> bool:
    settings = _settings(cell)
    is_locked = is_test(cell) or (settings.get("locked") and not settings.get("solution"))
    given_out = settings.get("checksum")
    return bool(
        cell.cell_type == "code" and is_locked and given_out and given_out != _checksum(cell)
    )


def _checksum(cell: Any) -> str:
    """As nbgrader computes it for a locked cell (`nbgrader.utils.compute_checksum`)."""
    settings = _settings(cell)
    pieces = [cell.source, cell.cell_type, str(bool(settings.get("grade"))), "False", "True"]
    pieces.append(str(settings.get("grade_id")))
    if settings.get("grade"):
        pieces.append(str(float(_points(cell))))
    text = "".join(pieces).encode(errors="surrogatepass")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()
