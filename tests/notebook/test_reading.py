"""Reading whatever was handed in, and writing notebooks."""

import json
import os
import stat
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.notebook.reading import NotebookError, read_notebook, write_notebook


def document(*cells: Any, **changes: Any) -> bytes:
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    return json.dumps({**whole, **changes}).encode()


def code(source: Any = "x = 1", **changes: Any) -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": 1,
    }
    return {**cell, **changes}


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_a_notebook_is_read_without_outputs() -> None:
    """Sources are joined, outputs and execution counts are gone, the rest is kept."""
    output = {"output_type": "stream", "name": "stdout", "text": "hello"}
    nb = read_notebook(document(code(["x = 1\n", "y"], outputs=[output])))
    assert nb.cells[0] == code("x = 1\ny", execution_count=None)
    assert isinstance(nb.cells[0].metadata, NotebookNode)
    nbformat.validate(nb)


def test_the_same_from_a_path_a_name_or_bytes(tmp_path: Path) -> None:
    """All three spellings of where a notebook is give the same notebook."""
    path = tmp_path / "a.ipynb"
    path.write_bytes(document(code()))
    assert read_notebook(path) == read_notebook(str(path)) == read_notebook(path.read_bytes())


def test_a_byte_order_mark_is_no_error() -> None:
    """Some editors on Windows write one."""
    assert read_notebook(b"\xef\xbb\xbf" + document(code())).cells[0].source == "x = 1"


def test_pasted_pictures_stay_in_text_and_not_in_code() -> None:
    """An answer may be a drawing; nbformat allows attachments in text cells alone."""
    pictures = {"a.png": {"image/png": "QUJD"}}
    markdown = {"cell_type": "markdown", "metadata": {}, "source": "", "attachments": pictures}
    nb = read_notebook(document(markdown, code(attachments=pictures)))
    assert nb.cells[0].attachments == pictures
    assert "attachments" not in nb.cells[1]


@pytest.mark.parametrize("attachments", [3, [], {"a": 1}, {"a": {"image/png": 5}}])
def test_attachments_that_are_none_are_left_out(attachments: Any) -> None:
    """Bad attachments do not cost the student the notebook."""
    markdown = {"cell_type": "markdown", "metadata": {}, "source": "x", "attachments": attachments}
    kept = read_notebook(document(markdown)).cells[0].get("attachments", {})
    assert not any(kept.values())


def test_half_of_a_surrogate_pair_is_replaced() -> None:
    """JSON can spell text that has no UTF-8 form; what is read can be encoded."""
    (cell,) = read_notebook(document(code("x = '\ud800'"))).cells
    assert cell.source == "x = '\ufffd'"


def test_50_mb_of_outputs_are_read_and_dropped() -> None:
    """A notebook whose bulk is outputs is read, in seconds at most."""
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 1_000_000}}
    numbers = {"output_type": "display_data", "data": {"application/json": [0.123456] * 200_000}}
    content = document(*[code(outputs=[picture, numbers]) for _ in range(18)])
    assert len(content) > 50_000_000
    start = time.monotonic()
    nb = read_notebook(content)
    assert time.monotonic() - start < 10
    assert len(nb.cells) == 18
    assert not any(cell.outputs for cell in nb.cells)


OLD = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "received an empty file"),
        (b"  \n", "received an empty file"),
        (b"<!DOCTYPE html>", r"received a file that starts with '<!DOCTYPE html>'"),
        (b"PK\x03\x04\xff\xfe", "expected text in UTF-8, received byte 0xff at position 4"),
        (document(code()).decode().encode("utf-16"), "expected text in UTF-8, received byte 0xff"),
        (document(code())[:-40], "received a file that breaks off in line 1"),
        (document(code())[:30], "received a file that breaks off in line 1"),
        (b'{"cells": [1 2]}', r"received 'Expecting ',' delimiter' in line 1"),
        (b'{"cells": %s}' % (b"9" * 5000), "a number that is too long"),
        (b"[]", r"expected a notebook \(a JSON object\), received a list of 0"),
        (b"{}", "JSON without 'nbformat' and 'cells'"),
        (b'{"nbformat": "4", "cells": []}', "JSON without 'nbformat' and 'cells'"),
        (b'{"nbformat": true, "cells": []}', "JSON without 'nbformat' and 'cells'"),
        (OLD, "the older format 3; open it in Jupyter, save it and hand it in again"),
        (document(nbformat=5), "the newer format 5; save it from a Jupyter that writes format 4"),
        (document(cells={}), "expected 'cells' to be a list, received a dict of 0"),
        (document("x"), "cell 1: expected a cell to be an object, received 'x'"),
        (document(code(), code(cell_type="heading")), "cell 2: expected 'cell_type' .* 'heading'"),
        (document(code(cell_type=[])), "cell 1: expected 'cell_type' .* a list of 0"),
        (document(code(None)), "cell 1: expected 'source' to be text .* received None"),
        (document(code(["a", 1])), "expected 'source' to be text .* received a list of 2"),
        (document(code({})), "expected 'source' to be text .* received a dict of 0"),
        (document(code(metadata=[])), "expected 'metadata' to be an object, received a list"),
        (document(metadata=3), "expected 'metadata' to be an object, received 3"),
        (document(code(metadata={"nbgrader": True})), "expected 'metadata.nbgrader' .* True"),
        (document(code("#" * 1_000_001)), "at most 1000000 characters, received 1000001"),
        (document(*[code()] * 5001), "expected at most 5000 cells, received 5001"),
        (document(code()).replace(b"[]", nested(100_000).encode()), "nested too deeply"),
        (document(code(metadata={"a": json.loads(nested(60))})), "nested too deeply"),
        (b"[" * 30_000_000, "expected JSON that fits into 2 GB of memory"),
    ],
)
def test_what_is_no_notebook_is_refused_in_one_line(content: bytes, message: str) -> None:
    """Where, expected, received, and what to do, in one line of bounded length."""
    with pytest.raises(NotebookError, match=message) as caught:
        read_notebook(content)
    assert str(caught.value).startswith("the notebook")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("size", [999, 1000])
def test_size_limit(tmp_path: Path, size: int) -> None:
    """A file of exactly the limit is read, one byte more is refused."""
    content = document(code())
    path = tmp_path / "a.ipynb"
    path.write_bytes(content + b" " * (1000 - len(content)))
    if size == 1000:
        assert read_notebook(path, max_bytes=size).cells
    else:
        with pytest.raises(NotebookError, match=r"a notebook of at most 0\.000999 MB"):
            read_notebook(path, max_bytes=size)


def test_paths_that_lead_to_no_file(tmp_path: Path) -> None:
    """Missing, a folder, a pipe that nobody writes to, a null byte: one line each, no waiting."""
    os.mkfifo(tmp_path / "pipe")
    for name, message in [
        ("missing\n.ipynb", "missing .ipynb: .*No such file or directory"),
        ("", "no regular file"),
        ("pipe", "no regular file"),
        ("null\0", "null"),
    ]:
        with pytest.raises(NotebookError, match=message):
            read_notebook(tmp_path / name)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """Writing then reading changes nothing, and leaves no other file."""
    nb = read_notebook(document(code("a = 'ü'\nb = 2"), metadata={"kernelspec": {"name": "p"}}))
    path = tmp_path / "a.ipynb"
    write_notebook(nb, path)
    assert read_notebook(path) == nb
    assert nbformat.read(path, as_version=4) == nb
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_ordinary_permissions(tmp_path: Path) -> None:
    """As any new file: a group that shares the course can read it."""
    (tmp_path / "plain").touch()
    write_notebook(read_notebook(document()), tmp_path / "a.ipynb")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """What cannot be written leaves neither a half nor a temporary file."""
    path = tmp_path / "a.ipynb"
    path.write_text("old")
    nb = read_notebook(document())
    nb.metadata["bad"] = object()
    with pytest.raises(TypeError):
        write_notebook(nb, path)
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_notebook(read_notebook(document()), path)
    assert list(tmp_path.iterdir()) == [path]


def test_text_without_a_utf8_form_is_written_with_question_marks(tmp_path: Path) -> None:
    """A notebook that did not come through read_notebook may hold half a surrogate pair."""
    nb = read_notebook(document(code()))
    nb.cells[0].source = "\ud800"
    write_notebook(nb, tmp_path / "a.ipynb")
    assert read_notebook(tmp_path / "a.ipynb").cells[0].source == "?"
