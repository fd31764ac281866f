"""Secrets that survive in a release, wherever they hide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output
from support import HIDDEN_LINE, SCHEME_LINE, SOLUTION_LINE, STUB, cell, find, notebook, one, write
from traitlets.config import Config

from autograder.leaks import find_leaks


def _release() -> NotebookNode:
    """What nbgrader makes of one()."""
    made = one()
    find(made, "a").source = STUB
    find(made, "test_a").source = 'card = scorecard("Question a", points=2)\ncard'
    find(made, "why_question").source = "Why is it so?"
    find(made, "why").source = "YOUR ANSWER HERE"
    return made


def _leaks(folder: Path, source: NotebookNode, release: NotebookNode) -> list[str]:
    write(source, folder / "source" / "one.ipynb")
    write(release, folder / "release" / "one.ipynb")
    return find_leaks(folder / "source", folder / "release", Config())


def test_a_clean_release(tmp_path: Path) -> None:
    """nbgrader's own release of it has nothing in it."""
    assert _leaks(tmp_path, one(), _release()) == []


@pytest.mark.parametrize(
    ("grade_id", "left", "told"),
    [
        ("test_a", HIDDEN_LINE, f"hidden tests in cell 'test_a' is still there: {HIDDEN_LINE!r}"),
        ("a", f"    {SOLUTION_LINE}", f"solution in cell 'a' is still there: {SOLUTION_LINE!r}"),
        ("why_question", SCHEME_LINE, "mark scheme in cell 'why_question' is still there"),
        ("why", "It is the model answer.", "solution in cell 'why' is still there"),
        ("test_a", "### END HIDDEN TESTS", "the delimiter 'END HIDDEN TESTS' is still there"),
        ("a", "### BEGIN SOLUTION", "the delimiter 'BEGIN SOLUTION' is still there"),
        ("why_question", "=== END MARK SCHEME ===", "the delimiter 'END MARK SCHEME'"),
        ("test_a", "# begin hidden test", "the delimiter 'begin hidden test' is still there"),
        ("a", "### End  Solutions", "the delimiter 'End  Solution' is still there"),
    ],
)
def test_what_survived(grade_id: str, left: str, told: str, tmp_path: Path) -> None:
    """Each kind of region, by its lines and by its delimiters."""
    release = _release()
    find(release, grade_id).source += f"\n{left}"
    (leak,) = _leaks(tmp_path, one(), release)
    assert leak.startswith("one.ipynb: ")
    assert told in leak


def test_an_output_that_was_left(tmp_path: Path) -> None:
    """A number printed by the solution is the solution."""
    release = _release()
    find(release, "a").outputs = [new_output("stream", text="42")]
    assert _leaks(tmp_path, one(), release) == ["one.ipynb: cell 2 has outputs"]


@pytest.mark.parametrize("name", ["notes.txt", "deep/down/notes.py", "data.json", "two.ipynb"])
def test_another_file(name: str, tmp_path: Path) -> None:
    """All that is released is read, not the notebook alone."""
    text = f"remember:\n{HIDDEN_LINE}\n"
    path = tmp_path / "release" / name
    path.parent.mkdir(parents=True)
    if name.endswith(".ipynb"):
        write(notebook(cell("markdown", "x", text)), path)
    else:
        path.write_text(json.dumps({"notes": [text]}) if name.endswith(".json") else text)
    (leak,) = _leaks(tmp_path, one(), _release())
    assert leak.startswith(f"{path.name}: a line of the hidden tests in cell 'test_a'")


@pytest.mark.parametrize("where", ["metadata", "cell metadata", "attachment", "key"])
def test_other_places_in_a_notebook(where: str, tmp_path: Path) -> None:
    """JSON has many corners."""
    release = _release()
    if where == "metadata":
        release.metadata["notes"] = ["first", {"then": SCHEME_LINE}]
    elif where == "cell metadata":
        release.cells[0].metadata["notes"] = SCHEME_LINE
    elif where == "key":
        release.metadata[SCHEME_LINE] = True
    else:
        find(release, "why_question")["attachments"] = {"x": {"text/plain": SCHEME_LINE}}
    (leak,) = _leaks(tmp_path, one(), release)
    assert "a line of the mark scheme" in leak


def test_what_everybody_may_see_is_no_secret(tmp_path: Path) -> None:
    """A line that stands in the open too tells nothing; nor does a short one."""
    source, release = one(), _release()
    shared = "expected = sum(numbers)"
    find(source, "setup").source += f"\n{shared}"
    find(release, "setup").source += f"\n{shared}"
    hidden = f"### BEGIN HIDDEN TESTS\n{shared}\nelse:\n])"
    find(source, "test_a").source = find(source, "test_a").source.replace(
        "### BEGIN HIDDEN TESTS", hidden
    )
    find(release, "test_a").source += "\nelse:\n])"
    assert _leaks(tmp_path, source, release) == []


def test_other_delimiters(tmp_path: Path) -> None:
    """Those that the course has set, as nbgrader lets it."""
    config = Config()
    config.ClearHiddenTests.begin_test_delimeter = "VERBORGEN BEGIN"
    config.ClearHiddenTests.end_test_delimeter = "VERBORGEN END"
    source = one()
    test = find(source, "test_a")
    test.source = f"# VERBORGEN BEGIN\n{HIDDEN_LINE}\n# VERBORGEN END"
    release = _release()
    find(release, "setup").source += f"\n# {HIDDEN_LINE}"
    write(source, tmp_path / "source" / "one.ipynb")
    write(release, tmp_path / "release" / "one.ipynb")
    (leak,) = find_leaks(tmp_path / "source", tmp_path / "release", config)
    assert "a line of the hidden tests in cell 'test_a'" in leak


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """A picture has nothing to tell, and JSON that cannot be read is searched as it is."""
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "cat.png").write_bytes(bytes(range(256)))
    (tmp_path / "release" / "broken.json").write_text(f"{{ {SOLUTION_LINE}")
    (leak,) = _leaks(tmp_path, one(), _release())
    assert leak.startswith("broken.json: a line of the solution")
