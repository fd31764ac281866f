"""The master: what nbgrader's generate_assignment saves and releases, without running it."""

import copy
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode, v4
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from autograder.notebook.master import Master, load_master
from autograder.notebook.reading import NotebookError, read_notebook, write_notebook

CONFIG = Config(
    ClearSolutions={"code_stub": {"python": "# YOUR CODE HERE"}},
    ClearMarkScheme={"enforce_metadata": False},
)


def marked(cell: NotebookNode, grade_id: str, **settings: Any) -> NotebookNode:
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, **flags, **settings}
    return cell


def locked(source: str, grade_id: str) -> NotebookNode:
    return marked(v4.new_code_cell(source, id=grade_id), grade_id, locked=True)


def solution(source: str, grade_id: str) -> NotebookNode:
    return marked(v4.new_code_cell(source, id=grade_id), grade_id, solution=True)


def test_cell(source: str, grade_id: str, points: Any = 2) -> NotebookNode:
    cell = v4.new_code_cell(source, id=grade_id)
    return marked(cell, grade_id, grade=True, locked=True, points=points)


test_cell.__test__ = False  # type: ignore[attr-defined]  # makes cells, tests nothing


def answer(source: str, grade_id: str) -> NotebookNode:
    cell = v4.new_markdown_cell(source, id=grade_id)
    return marked(cell, grade_id, grade=True, solution=True, points=3)


def task(source: str, grade_id: str) -> NotebookNode:
    cell = v4.new_markdown_cell(source, id=grade_id)
    return marked(cell, grade_id, task=True, locked=True, points=1)


SOLUTION = "def f():\n    ### BEGIN SOLUTION\n    q1 = 3\n    ### END SOLUTION\nq1 = f()"
HIDDEN = "assert q1\n### BEGIN HIDDEN TESTS\nassert q1 == 3\n### END HIDDEN TESTS"
SCHEME = "Why?\n### BEGIN MARK SCHEME\n1 point: because\n### END MARK SCHEME"


def source_notebook() -> NotebookNode:
    about = marked(v4.new_markdown_cell(SCHEME, id="about_q2"), "about_q2", locked=True)
    cells = [
        v4.new_markdown_cell("# Title", id="title"),
        locked("import numpy as np", "setup"),
        solution(SOLUTION, "q1"),
        test_cell(HIDDEN, "test_q1"),
        about,
        answer("### BEGIN SOLUTION\nBecause.\n### END SOLUTION", "q2"),
        task(SCHEME, "q3"),
        v4.new_code_cell("print('free')", id="free"),
    ]
    cells[1].outputs = [v4.new_output("stream", text="old")]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})


def load(folder: Path, *cells: NotebookNode, config: Config = CONFIG) -> Master:
    write_notebook(v4.new_notebook(cells=list(cells)), folder / "a.ipynb")
    return load_master(folder / "a.ipynb", config)


def test_master_of_a_small_notebook(tmp_path: Path) -> None:
    """Solutions and outputs are gone in both; hidden regions are in `graded` alone."""
    write_notebook(source_notebook(), tmp_path / "theory.ipynb")
    master = load_master(tmp_path / "theory.ipynb", CONFIG)
    assert master.notebook_id == "theory"
    assert list(master.cells) == ["setup", "q1", "test_q1", "about_q2", "q2", "q3"]
    assert list(master.release_cells) == list(master.cells)
    assert master.cells["q1"].source == "def f():\n    # YOUR CODE HERE\nq1 = f()"
    assert master.cells["q2"].source == "YOUR ANSWER HERE"
    assert master.cells["test_q1"].source == HIDDEN
    assert master.release_cells["test_q1"].source == "assert q1"
    assert master.release_cells["about_q2"].source == "Why?"
    assert not master.cells["setup"].outputs
    assert master.cells["setup"].metadata.deletable is False
    for cell in [*master.cells.values(), *master.release_cells.values()]:
        assert cell.metadata.nbgrader.checksum == utils.compute_checksum(cell)


def test_the_same_as_nbgrader_saves_and_releases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """generate_assignment puts `graded` into its gradebook and `release` into release/."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    path = tmp_path / "source" / "cnn" / "theory.ipynb"
    path.parent.mkdir(parents=True)
    write_notebook(source_notebook(), path)
    config = copy.deepcopy(CONFIG)
    config.CourseDirectory.root = str(tmp_path)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("cnn")["success"]

    master = load_master(path, CONFIG)
    released = read_notebook(tmp_path / "release" / "cnn" / "theory.ipynb")
    assert released.cells == master.release.cells
    with Gradebook(api.coursedir.db_url) as gradebook:
        saved = gradebook.find_notebook("theory", "cnn").source_cells
        assert [(c.name, c.source, c.checksum, c.cell_type, c.locked) for c in saved] == [
            (i, c.source, c.metadata.nbgrader.checksum, c.cell_type, utils.is_locked(c))
            for i, c in master.cells.items()
        ]


def test_the_config_decides(tmp_path: Path) -> None:
    """The preprocessors are nbgrader's, so its settings hold, and the config stays as it was."""
    config = Config(
        ClearSolutions={"code_stub": "pass  # old spelling", "begin_solution_delimeter": "BEGIN S"}
    )
    unchanged = copy.deepcopy(config)
    master = load(tmp_path, solution("# BEGIN S\nq = 1\n# END SOLUTION", "q"), config=config)
    assert master.cells["q"].source == "pass  # old spelling"
    assert config == unchanged


def test_a_header_notebook_is_included(tmp_path: Path) -> None:
    """As generate_assignment does with IncludeHeaderFooter.header."""
    write_notebook(v4.new_notebook(cells=[locked("import a", "header")]), tmp_path / "h.ipynb")
    config = Config(IncludeHeaderFooter={"header": str(tmp_path / "h.ipynb")})
    master = load(tmp_path, locked("import b", "setup"), config=config)
    assert list(master.cells) == ["header", "setup"]


def without(cell: NotebookNode, *keys: str, **changes: Any) -> NotebookNode:
    for key in keys:
        del cell.metadata.nbgrader[key]
    cell.metadata.nbgrader.update(changes)
    return cell


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            [solution("", "q"), without(solution("", "r"), grade_id="q")],
            r"a\.ipynb: Duplicate grade id: q; mend",
        ),
        ([without(test_cell("", "t"), "points")], "cell 1 .'t'.: nbgrader cell 't' does not have"),
        ([test_cell("", "t", points="2")], "'2' is not of type 'number'"),
        ([test_cell("", "t", points=-1)], "-1 is less than the minimum of 0"),
        ([test_cell("", "t", points=float("nan"))], "'t': expected points as a number, .* nan"),
        ([test_cell("", "t", points=float("inf"))], "'t': expected points as a number, .* inf"),
        ([without(solution("", "q"), "grade_id")], "cell 1: nbgrader cell does not have a grade"),
        ([without(solution("", "q"), schema_version=1)], "cell 1 .'q'.: Outdated schema version"),
        ([locked("", "a"), locked(SOLUTION, "b")], "cell 2 .'b'.: Solution region detected in a"),
        ([solution("### BEGIN SOLUTION", "q")], "cell 1 .'q'.: no end solution statement"),
        ([test_cell("### BEGIN HIDDEN TESTS", "t")], "cell 1 .'t'.: No end hidden tests"),
        ([locked(HIDDEN, "a")], "cell 1 .'a'.: Hidden test region detected in a non-grade cell"),
        ([locked(f"'''\n{SCHEME}\n'''", "a")], "cell 'a': a hidden test or mark scheme in a code"),
        ([test_cell("### AUTOTEST q1", "t")], "cell 1: AUTOTEST lines are not supported"),
    ],
)
def test_authors_mistakes_are_one_line(
    tmp_path: Path, cells: list[NotebookNode], message: str
) -> None:
    """The file, the cell where it can be told, and what is wrong with it."""
    with pytest.raises(NotebookError, match=message) as caught:
        load(tmp_path, *cells)
    assert str(caught.value).startswith(str(tmp_path / "a.ipynb"))
    assert str(caught.value).isprintable()


def timed(cell: NotebookNode, timeout_s: object, **others: object) -> NotebookNode:
    cell.metadata["autograder"] = {"timeout_s": timeout_s, **others}
    return cell


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (timed(solution("", "q"), 0), "timeout_s as a number of seconds above 0, received 0"),
        (timed(solution("", "q"), -3), "above 0, received -3"),
        (timed(solution("", "q"), "1 h"), 'above 0, received "1 h"'),
        (timed(solution("", "q"), True), "above 0, received true"),
        (timed(locked("", "a"), float("inf")), "above 0, received Infinity"),
        (timed(locked("", "a"), 3, memory_mb=9), 'expected {"timeout_s": seconds}, received {'),
        (timed(test_cell("", "t"), 3), "only a solution's or a locked cell's code"),
        (timed(answer("", "a"), 3), "only a solution's or a locked cell's code"),
        (timed(v4.new_code_cell("x = 1", id="x"), 3), "only a solution's or a locked cell's code"),
    ],
)
def test_a_time_that_is_none_is_one_line(cell: NotebookNode, message: str, tmp_path: Path) -> None:
    """Nor may one be passed over: where the author sets it, it holds."""
    with pytest.raises(NotebookError, match=re.escape(message)) as caught:
        load(tmp_path, locked("", "first"), cell)
    assert str(caught.value).startswith(f"{tmp_path / 'a.ipynb'}, cell 2, metadata 'autograder': ")
    assert str(caught.value).isprintable()


def test_unknown_language_is_one_line(tmp_path: Path) -> None:
    """ClearSolutions knows no stub for it."""
    nb = source_notebook()
    nb.metadata.kernelspec.language = "cobol"
    write_notebook(nb, tmp_path / "a.ipynb")
    with pytest.raises(NotebookError, match=r"a\.ipynb: .*'cobol' has not been specified"):
        load_master(tmp_path / "a.ipynb", CONFIG)
