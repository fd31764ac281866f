"""Notebooks from and to disk. A file that was handed in may be anything at all."""

import json
import stat
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import writes

from autograder.errors import UserError
from autograder.files import write_atomic

MAX_BYTES = 100_000_000  # nbgrader's own limit on a file (CourseDirectory.max_file_size)
MAX_CELLS = 5_000
MAX_SOURCE = 1_000_000  # characters in one cell
MAX_DEPTH = 40  # objects and lists within each other, outputs left out
MAX_MEMORY = 2_000_000_000  # bytes that the parsed JSON may take, estimated
CELL_TYPES = ("code", "markdown", "raw")
SAVE_AGAIN = "open it in Jupyter, save it and hand it in again"


class NotebookError(UserError):
    """A notebook that cannot be used: one line with where, expected, received and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() else " " for c in message))


def read_notebook(path_or_bytes: Path | str | bytes, *, max_bytes: int = MAX_BYTES) -> NotebookNode:
    """The notebook in a file, or in the bytes of one, without its outputs.

    The result has `nbformat` 4, `nbformat_minor`, `metadata` and `cells`; each cell has a valid
    `cell_type`, a `source` in one str that can be encoded as UTF-8, and a `metadata` dict. Code
    cells have empty `outputs`; text cells keep their attachments (a pasted drawing may be the
    answer). A cell's `id` is kept as it is found, valid or not.

    Raises `NotebookError` for whatever else the file holds, or if it is over the limits above.
    """
    where, content = _content(path_or_bytes, max_bytes)
    try:
        document = _parse(content, where)
        _require_nbformat_4(document, where)
        return _notebook(document, where)
    except RecursionError:
        raise _too_deep(where) from None


def write_notebook(nb: NotebookNode, path: Path) -> None:
    """Write `nb` as Jupyter would, all at once: a reader sees the old file or the new one."""
    # A lone surrogate, which JSON can spell and UTF-8 cannot, is written as "?".
    write_atomic(path, (writes(nb) + "\n").encode("utf-8", "replace"))


def clean_text(value: object) -> str | None:
    """A cell's source (a str or a list of str) as one str that has a UTF-8 form, or None."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        return None
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean_attachments(value: object) -> NotebookNode | None:
    """Attachments by name, each a dict of media type to text; None if they are not that."""
    if not isinstance(value, dict) or not all(isinstance(b, dict) for b in value.values()):
        return None
    bundles = {
        name: {kind: text for kind, data in bundle.items() if (text := clean_text(data))}
        for name, bundle in value.items()
    }
    return NotebookNode(bundles)


def _error(where: str, expected: str, received: str, advice: str = SAVE_AGAIN) -> NotebookError:
    return NotebookError(f"{where}: expected {expected}, received {received}; {advice}")


def _too_deep(where: str) -> NotebookError:
    return _error(where, "a notebook", "JSON nested too deeply to be one")


def _shown(value: object) -> str:
    """A value in a few characters, for a message."""
    if isinstance(value, dict | list):
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _content(path_or_bytes: Path | str | bytes, max_bytes: int) -> tuple[str, bytes]:
    if isinstance(path_or_bytes, bytes):
        where, content = "the notebook", path_or_bytes
    else:
        where = str(path_or_bytes)
        content = _file_content(Path(path_or_bytes), max_bytes)
    if len(content) > max_bytes:
        expected = f"a notebook of at most {max_bytes / 1e6:g} MB"
        raise _error(where, expected, "a larger one", "clear its outputs and save it again")
    if not content.strip():
        raise _error(where, "a notebook", "an empty file")
    return where, content


def _file_content(path: Path, max_bytes: int) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for ever
            raise _error(str(path), "a notebook", "something that is no regular file")
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        if isinstance(error, NotebookError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise _error(str(path), "a readable file", f"'{reason}'", "check the path") from None


def _parse(content: bytes, where: str) -> dict[str, Any]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        received = f"byte 0x{content[error.start]:02x} at position {error.start}"
        raise _error(where, "text in UTF-8", received) from None
    if _memory(text) > MAX_MEMORY:
        expected = f"JSON that fits into {MAX_MEMORY / 1e9:g} GB of memory"
        raise _error(where, expected, "a larger one", "clear its outputs and save it again")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise _error(where, "a notebook (JSON)", _broken(text, error)) from None
    except ValueError:  # an integer of more digits than Python reads
        raise _error(where, "a notebook (JSON)", "a number that is too long") from None
    if not isinstance(document, dict):
        raise _error(where, "a notebook (a JSON object)", _shown(document))
    return document


def _memory(text: str) -> int:
    """Bytes that the parsed JSON takes at most, about; a short file can spell many objects."""
    return text.count("{") * 250 + text.count("[") * 80 + text.count(",") * 60


def _broken(text: str, error: json.JSONDecodeError) -> str:
    if error.pos == 0:
        return f"a file that starts with {_shown(text[:20])}"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return f"a file that breaks off in line {text.count(chr(10)) + 1}"
    return f"'{error.msg}' in line {error.lineno}"


def _require_nbformat_4(document: dict[str, Any], where: str) -> None:
    version = document.get("nbformat")
    if type(version) is not int or not ("cells" in document or "worksheets" in document):
        raise _error(where, "a notebook", "JSON without 'nbformat' and 'cells'")
    if version < 4:
        raise _error(where, "notebook format 4", f"the older format {_shown(version)}")
    if version > 4:
        advice = "save it from a Jupyter that writes format 4"
        raise _error(where, "notebook format 4", f"the newer format {_shown(version)}", advice)


def _notebook(document: dict[str, Any], where: str) -> NotebookNode:
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise _error(where, "'cells' to be a list", _shown(cells))
    if len(cells) > MAX_CELLS:
        advice = "delete the cells that are not needed"
        raise _error(where, f"at most {MAX_CELLS} cells", str(len(cells)), advice)
    metadata = dict(_dict(document.get("metadata", {}), "'metadata'", where))
    metadata.pop("widgets", None)  # the state of outputs
    minor = document.get("nbformat_minor")
    return NotebookNode(
        nbformat=4,
        nbformat_minor=minor if type(minor) is int and 0 <= minor <= 5 else 5,
        metadata=_node(metadata, where),
        cells=[_cell(cell, f"{where}, cell {i}") for i, cell in enumerate(cells, start=1)],
    )


def _cell(cell: object, where: str) -> NotebookNode:
    cell = _dict(cell, "a cell", where)
    cell_type = cell.get("cell_type")
    if cell_type not in CELL_TYPES:
        raise _error(where, f"'cell_type' to be one of {', '.join(CELL_TYPES)}", _shown(cell_type))
    metadata = _dict(cell.get("metadata", {}), "'metadata'", where)
    _dict(metadata.get("nbgrader", {}), "'metadata.nbgrader'", where)
    node = NotebookNode(
        cell_type=cell_type,
        metadata=_node(metadata, where),
        source=_source(cell.get("source"), where),
    )
    if isinstance(cell.get("id"), str):
        node["id"] = cell["id"]
    if cell_type == "code":
        node.update(execution_count=None, outputs=[])
    elif attachments := clean_attachments(cell.get("attachments")):
        node["attachments"] = attachments
    return node


def _dict(value: object, what: str, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _error(where, f"{what} to be an object", _shown(value))
    return value


def _source(value: object, where: str) -> str:
    text = clean_text(value)
    if text is None:
        raise _error(where, "'source' to be text or a list of text", _shown(value))
    if len(text) > MAX_SOURCE:
        advice = "shorten the cell, load long data from a file"
        raise _error(where, f"at most {MAX_SOURCE} characters", str(len(text)), advice)
    return text


def _node(value: Any, where: str, depth: int = 0) -> Any:
    """`value` with NotebookNodes in place of dicts."""
    if depth > MAX_DEPTH:
        raise _too_deep(where)
    if isinstance(value, dict):
        return NotebookNode({k: _node(v, where, depth + 1) for k, v in value.items()})
    if isinstance(value, list):
        return [_node(v, where, depth + 1) for v in value]
    return value
