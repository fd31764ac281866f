"""Submissions restored to the master, whatever the student did; compared with nbgrader's own."""

import copy
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode, v4
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator, SchemaTooOldError
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    OverwriteCells,
    OverwriteKernelspec,
    SaveCells,
)
from nbgrader.utils import compute_checksum, is_locked
from traitlets.config import Config

from autograder.notebook.master import Master, load_master
from autograder.notebook.plan import make_plan
from autograder.notebook.reading import read_notebook, write_notebook
from autograder.notebook.sanitise import Sanitised, sanitise

CONFIG = Config(ClearMarkScheme={"enforce_metadata": False})
HIDDEN = "assert {0}\n### BEGIN HIDDEN TESTS\nassert {0} == 3\n### END HIDDEN TESTS"
SCHEME = "Why?\n### BEGIN MARK SCHEME\n1 point\n### END MARK SCHEME"
SOLUTION = "### BEGIN SOLUTION\n{} = 3\n### END SOLUTION"
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"


def marked(cell: NotebookNode, grade_id: str, **settings: Any) -> NotebookNode:
    flags = {"grade": False, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, **flags, **settings}
    cell["id"] = f"id-{grade_id}"
    return cell


def question(name: str) -> list[NotebookNode]:
    test = v4.new_code_cell(HIDDEN.format(name))
    return [
        marked(v4.new_code_cell(SOLUTION.format(name)), name, solution=True),
        marked(test, f"test_{name}", grade=True, locked=True, points=2),
    ]


def source_notebook() -> NotebookNode:
    essay = v4.new_markdown_cell(f"### BEGIN SOLUTION\nBecause.\n### END SOLUTION\n{SCHEME}")
    cells = [
        v4.new_markdown_cell("# Title", id="title"),
        marked(v4.new_code_cell("import numpy as np"), "setup", locked=True),
        *question("q1"),
        *question("q2"),
        marked(v4.new_markdown_cell(SCHEME), "about_q3", locked=True),
        marked(essay, "q3", grade=True, solution=True, points=3),
        marked(v4.new_markdown_cell(SCHEME), "q4", task=True, locked=True, points=1),
        v4.new_code_cell("print('free')", id="free"),
    ]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Master:
    path = tmp_path_factory.mktemp("source") / "theory.ipynb"
    write_notebook(source_notebook(), path)
    return load_master(path, CONFIG)


def by_id(nb: NotebookNode, grade_id: str) -> NotebookNode:
    (cell,) = (c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)
    return cell


def ids(nb: NotebookNode) -> list[str | None]:
    return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]


def edited(master: Master, edit: Callable[[NotebookNode], None]) -> Sanitised:
    nb = copy.deepcopy(master.release)
    edit(nb)
    before = copy.deepcopy(nb)
    sanitised = sanitise(nb, master)
    assert nb == before
    assert_sound(sanitised, master)
    return sanitised


def assert_sound(sanitised: Sanitised, master: Master) -> None:
    """Every cell of the master once, locked ones with its source and in its order; valid."""
    nb = sanitised.notebook
    assert Counter(i for i in ids(nb) if i) == Counter(list(master.cells))
    for grade_id, cell in master.cells.items():
        restored = by_id(nb, grade_id)
        assert restored.cell_type == cell.cell_type
        if is_locked(cell):
            assert restored.source == cell.source
            assert restored.metadata.nbgrader == cell.metadata.nbgrader
            assert compute_checksum(restored) == restored.metadata.nbgrader.checksum
    locked = [i for i in ids(nb) if i and is_locked(master.cells[i])]
    assert locked == [i for i, cell in master.cells.items() if is_locked(cell)]
    MetadataValidator().validate_nb(nb)
    nbformat.validate(nb)
    assert all(remark.isprintable() for remark in sanitised.remarks)


def remove(*grade_ids: str) -> Callable[[NotebookNode], None]:
    def edit(nb: NotebookNode) -> None:
        nb.cells = [c for c, i in zip(nb.cells, ids(nb), strict=True) if i not in grade_ids]

    return edit


def test_an_unedited_release_is_restored_without_remarks(master: Master) -> None:
    """Hidden tests are back, stubs and free cells are as released, in the same order."""
    sanitised = edited(master, lambda nb: None)
    assert sanitised.remarks == ()
    assert [cell.source for cell in sanitised.notebook.cells] == [
        release.source if not is_locked(graded) else graded.source
        for release, graded in zip(master.release.cells, master.graded.cells, strict=True)
    ]
    assert [cell.id for cell in sanitised.notebook.cells] == [c.id for c in master.graded.cells]


def test_answers_are_kept_and_told_from_stubs(master: Master) -> None:
    """Solutions keep the student's source; nbgrader's checksum says which are unedited, also where
    a mark scheme that students do not see stands in the same cell."""

    def edit(nb: NotebookNode) -> None:
        by_id(nb, "q1").source = "q1 = 3"

    nb = edited(master, edit).notebook
    assert by_id(nb, "q1").source == "q1 = 3"
    unedited = {step.grade_id for step in make_plan(nb).steps if step.unedited}
    assert unedited == {"q2", "test_q2", "q3"}


@pytest.mark.parametrize("grade_id", ["setup", "test_q1", "about_q3", "q4"])
def test_changed_locked_cells_are_restored(master: Master, grade_id: str) -> None:
    """With the master's source, and one remark."""

    def edit(nb: NotebookNode) -> None:
        by_id(nb, grade_id).source = "print('hello')"

    kind = {"test_q1": "test", "q4": "task"}.get(grade_id, "locked")
    remarks = edited(master, edit).remarks
    assert remarks == (f"{kind} cell '{grade_id}' had been changed; restored",)


@pytest.mark.parametrize("grade_id", ["setup", "test_q1", "about_q3"])
def test_cells_of_an_earlier_release_are_restored_silently(master: Master, grade_id: str) -> None:
    """The author changed them since, and need not be told so for each hand-in."""

    def edit(nb: NotebookNode) -> None:
        cell = by_id(nb, grade_id)
        cell.source = f"{cell.source} "
        cell.metadata.nbgrader["checksum"] = compute_checksum(cell)

    sanitised = edited(master, edit)
    assert sanitised.remarks == ()
    assert by_id(sanitised.notebook, grade_id).source == master.cells[grade_id].source


@pytest.mark.parametrize(
    "changes",
    [{"points": 100}, {"locked": False}, {"grade": False, "locked": False}, {"solution": True}],
)
def test_changed_settings_are_restored(master: Master, changes: dict[str, Any]) -> None:
    """Neither points nor flags are the student's to set."""

    def edit(nb: NotebookNode) -> None:
        by_id(nb, "test_q1").metadata.nbgrader.update(changes)

    remarks = edited(master, edit).remarks
    assert remarks == ("test cell 'test_q1' had other grading settings; restored",)


def test_a_solution_with_points_is_a_solution(master: Master) -> None:
    """nbgrader stops at it."""

    def edit(nb: NotebookNode) -> None:
        by_id(nb, "q1").metadata.nbgrader.update(grade=True, points=50)
        by_id(nb, "q1").source = "q1 = 3"

    sanitised = edited(master, edit)
    assert by_id(sanitised.notebook, "q1").source == "q1 = 3"
    assert sanitised.remarks == ("solution cell 'q1' had other grading settings; restored",)


@pytest.mark.parametrize("grade_id", ["q1", "test_q1", "q3"])
def test_cell_types_are_restored(master: Master, grade_id: str) -> None:
    """An answer turned into raw text is code again, with the student's source."""

    def edit(nb: NotebookNode) -> None:
        cell = by_id(nb, grade_id)
        cell.cell_type = "raw"
        cell.pop("outputs", None)
        cell.pop("execution_count", None)

    (remark,) = edited(master, edit).remarks
    assert remark.endswith(f"cell '{grade_id}' had another cell type; restored")


@pytest.mark.parametrize("grade_id", ["setup", "q1", "test_q1", "about_q3", "q3", "q4"])
def test_a_deleted_cell_comes_back_in_its_place(master: Master, grade_id: str) -> None:
    """After the master's cell before it, be it a test, a text, an answer or the first of all."""
    sanitised = edited(master, remove(grade_id))
    assert [i for i in ids(sanitised.notebook) if i] == list(master.cells)
    (remark,) = sanitised.remarks
    assert remark.endswith(f"cell '{grade_id}' had been deleted; put back")


def test_a_deleted_solution_comes_back_as_the_stub(master: Master) -> None:
    """Unedited, so it is not attempted."""
    nb = edited(master, remove("q1", "q3")).notebook
    assert by_id(nb, "q1").source == STUB
    assert {"q1", "q3"} <= {step.grade_id for step in make_plan(nb).steps if step.unedited}


def test_an_empty_notebook_becomes_the_whole_master(master: Master) -> None:
    """All marked cells come back, in order."""

    def edit(nb: NotebookNode) -> None:
        nb.cells = []

    sanitised = edited(master, edit)
    assert ids(sanitised.notebook) == list(master.cells)
    assert len(sanitised.remarks) == len(master.cells)


def test_the_last_of_duplicates_counts(master: Master) -> None:
    """Earlier copies stay as the student's own cells."""

    def edit(nb: NotebookNode) -> None:
        first = by_id(nb, "q1")
        last = copy.deepcopy(first)
        first.source, last.source = "q1 = 1", "q1 = 2"
        nb.cells.insert(nb.cells.index(first) + 1, last)

    sanitised = edited(master, edit)
    assert by_id(sanitised.notebook, "q1").source == "q1 = 2"
    own = [cell for cell in sanitised.notebook.cells if cell.source == "q1 = 1"]
    assert [dict(cell.metadata) for cell in own] == [{}]
    assert sanitised.remarks == ("solution cell 'q1' was there 2 times; the last counts",)


def test_a_locked_cell_that_was_moved_is_put_back(master: Master) -> None:
    """A test moved before the setup would take the instructor's names from the student."""

    def edit(nb: NotebookNode) -> None:
        nb.cells.insert(0, v4.new_code_cell("np = 'forged'", id="forged"))
        nb.cells.insert(1, nb.cells.pop(ids(nb).index("test_q1")))

    sanitised = edited(master, edit)
    assert [i for i in ids(sanitised.notebook) if i] == list(master.cells)
    assert sanitised.remarks == ("test cell 'test_q1' had been moved; put back",)


def test_a_solution_may_be_moved(master: Master) -> None:
    """Where the answer stands is the student's choice; a test that is put back stays in order."""

    def edit(nb: NotebookNode) -> None:
        nb.cells.append(nb.cells.pop(ids(nb).index("q1")))
        remove("test_q1")(nb)

    sanitised = edited(master, edit)
    assert ids(sanitised.notebook)[-1] == "q1"
    assert sanitised.remarks == ("test cell 'test_q1' had been deleted; put back",)


def test_unknown_settings_are_removed(master: Master) -> None:
    """A cell that claims to be a test of its own is the student's own cell."""

    def edit(nb: NotebookNode) -> None:
        cell = v4.new_code_cell("own")
        nb.cells.append(marked(cell, "test_mine", grade=True, locked=True, points=9))

    sanitised = edited(master, edit)
    assert dict(sanitised.notebook.cells[-1].metadata) == {}
    assert sanitised.remarks == (
        "1 cell with grading settings that are not the assignment's; treated as the student's own",
    )


STRANGE = [
    3,
    [],
    {"grade_id": 3, "grade": True},
    {"grade_id": ["test_q1"], "grade": True},
    {"grade_id": "q1", "solution": "yes"},
    {"grade_id": "test_q1", "grade": True, "points": "2"},
    {"grade_id": "test_q1", "grade": True, "points": True},
    {"grade_id": "test_q1", "grade": None},
    {"grade_id": "\ud800\n", "locked": True},
]


@pytest.mark.parametrize("strange", STRANGE)
def test_strange_settings_make_a_cell_the_students_own(master: Master, strange: Any) -> None:
    """Types that nbgrader never writes are not worked with."""

    def edit(nb: NotebookNode) -> None:
        cell = v4.new_code_cell("own", id="own")
        cell.metadata["nbgrader"] = strange
        nb.cells.append(cell)

    nb = edited(master, edit).notebook
    assert nb.cells[-1] == v4.new_code_cell("own", id="own")


@pytest.mark.parametrize("cell_id", [None, 3, "", "a b", "ü", "x" * 65, "title", "id-q1", "new\n"])
def test_cell_ids_are_made_valid_and_distinct(master: Master, cell_id: Any) -> None:
    """Deterministically, and the master's cells keep theirs."""

    def edit(nb: NotebookNode) -> None:
        for cell in nb.cells:
            cell["id"] = cell_id
        if cell_id is None:
            for cell in nb.cells:
                del cell["id"]

    first, second = edited(master, edit).notebook, edited(master, edit).notebook
    assert first == second
    assert len({cell.id for cell in first.cells}) == len(first.cells)
    assert by_id(first, "q1").id == "id-q1"


def test_metadata_go_and_pictures_stay(master: Master) -> None:
    """Cells' metadata are the master's or none; a picture in an answer stays, as it is the answer.
    The notebook's own metadata are the master's."""
    pictures = {"a.png": {"image/png": "QUJD"}}

    def edit(nb: NotebookNode) -> None:
        nb.metadata = {"kernelspec": {"name": "perl"}, "mine": 1}
        nb.cells[0].metadata = {"tags": ["x"], "scrolled": True}
        for grade_id in ("q3", "about_q3"):
            by_id(nb, grade_id)["attachments"] = pictures

    nb = edited(master, edit).notebook
    assert nb.metadata == master.graded.metadata
    assert dict(nb.cells[0].metadata) == {}
    assert by_id(nb, "q3").attachments == pictures
    assert "attachments" not in by_id(nb, "about_q3")


def test_it_goes_through_a_file(master: Master, tmp_path: Path) -> None:
    """Written and read again, it is the same notebook."""
    nb = edited(master, remove("q1")).notebook
    write_notebook(nb, tmp_path / "a.ipynb")
    assert read_notebook(tmp_path / "a.ipynb") == nb


# Edits as students make them, at random


def random_edit(nb: NotebookNode, kind: str, at: int, to: int, value: Any) -> None:
    if not nb.cells:
        return
    at, to = at % len(nb.cells), to % len(nb.cells)
    cell = nb.cells[at]
    if kind == "delete":
        del nb.cells[at]
    elif kind == "duplicate":
        nb.cells.insert(to, copy.deepcopy(cell))
    elif kind == "move":
        nb.cells.insert(to, nb.cells.pop(at))
    elif kind == "retype":
        cell.cell_type = ("code", "markdown", "raw")[to % 3]
    elif kind == "edit":
        cell.source = str(value)
    elif kind == "swap ids":
        cell.metadata, nb.cells[to].metadata = nb.cells[to].metadata, cell.metadata
    elif kind == "set":
        key = ("grade", "solution", "locked", "task", "points", "grade_id", "checksum")[to % 7]
        cell.metadata.setdefault("nbgrader", NotebookNode())[key] = value


VALUES = st.one_of(
    st.text(max_size=5), st.integers(), st.booleans(), st.none(), st.floats(), st.just("q1")
)
KINDS = ["delete", "duplicate", "move", "retype", "edit", "swap ids", "set"]
EDITS = st.tuples(st.sampled_from(KINDS), st.integers(0, 20), st.integers(0, 20), VALUES)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=st.lists(EDITS, max_size=12))
def test_any_edits_are_restored(master: Master, edits: list[tuple[str, int, int, Any]]) -> None:
    """Every locked and test cell is there once, as the master has it, and nbgrader accepts it.
    Sanitising the result once more changes no cell but for the hidden parts being in place."""

    def edit(nb: NotebookNode) -> None:
        for kind, at, to, value in edits:
            random_edit(nb, kind, at, to, value)

    sanitised = edited(master, edit)
    make_plan(sanitised.notebook)
    assert sanitise(sanitised.notebook, master).notebook == sanitised.notebook


# The same as nbgrader


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory, master: Master) -> Iterator[dict[str, Any]]:
    """nbgrader's resources, with a gradebook that its SaveCells has filled."""
    url = f"sqlite:///{tmp_path_factory.mktemp('gradebook') / 'gradebook.db'}"
    found = {"nbgrader": {"notebook": "theory", "assignment": "cnn", "db_url": url}}
    with pytest.MonkeyPatch.context() as patch:  # a new gradebook runs alembic's command
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        with Gradebook(url) as gradebook:
            gradebook.add_assignment("cnn")
    SaveCells()(copy.deepcopy(master.graded), found)
    yield found


NOTICE = "(put back)"
COMPARED = ("grade_id", "grade", "solution", "locked", "task", "points", "schema_version")


def sanitised_by_nbgrader(
    nb: NotebookNode, resources: dict[str, Any], *, tolerant: bool = False
) -> NotebookNode:
    options = {"add_missing_cells": not tolerant, "missing_cell_notification": NOTICE}
    config = Config(OverwriteCells=options, CheckCellMetadata={"enabled": not tolerant})
    for pp in (ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata):
        nb, _ = pp(config=config)(nb, resources)
    return nbformat.from_dict(nb)  # nodes throughout, as from the file that nbgrader writes


def compared(nb: NotebookNode) -> list[tuple[Any, ...]]:
    """Type, source and nbgrader's settings of each cell. Two things differ: nbgrader puts a notice
    into what it puts back, and its checksum of an answer counts a mark scheme in the same cell."""
    return [
        (
            cell.cell_type,
            cell.source.removeprefix("# ").removeprefix(NOTICE),
            *(cell.metadata.get("nbgrader", {}).get(key) or False for key in COMPARED),
            grade_id == "q3" or cell.metadata.get("nbgrader", {}).get("checksum"),
        )
        for cell, grade_id in zip(nb.cells, ids(nb), strict=True)
    ]


def answer_all(nb: NotebookNode) -> None:
    by_id(nb, "q1").source = "q1 = 3"
    by_id(nb, "q3").source = "Because."
    nb.cells.insert(3, v4.new_code_cell("mine = 1", outputs=[v4.new_output("stream", text="x")]))


def change_test(nb: NotebookNode) -> None:
    by_id(nb, "test_q1").source = "pass"
    by_id(nb, "test_q1").metadata.nbgrader.points = 50
    by_id(nb, "about_q3").source = ""


def duplicate(nb: NotebookNode) -> None:
    for grade_id in ("q1", "test_q2"):
        nb.cells.insert(2, copy.deepcopy(by_id(nb, grade_id)))


def retype(nb: NotebookNode) -> None:
    for grade_id in ("q1", "test_q2"):
        cell = by_id(nb, grade_id)
        cell.cell_type = "markdown"
        del cell["outputs"], cell["execution_count"]


def move_answer(nb: NotebookNode) -> None:
    nb.cells.append(nb.cells.pop(ids(nb).index("q1")))


@pytest.mark.parametrize(
    "edit",
    [
        lambda nb: None,
        answer_all,
        change_test,
        duplicate,
        retype,
        move_answer,
        remove("test_q1"),
        remove("test_q1", "test_q2"),
    ],
)
def test_the_same_as_nbgrader(
    master: Master, resources: dict[str, Any], edit: Callable[[NotebookNode], None]
) -> None:
    """Cells, sources and settings are those that nbgrader's own preprocessors leave."""
    nb = copy.deepcopy(master.release)
    edit(nb)
    ours = sanitise(nb, master).notebook
    # nbgrader 0.9.6 demotes copies, then stops at the demoted cells in both of its last steps.
    theirs = sanitised_by_nbgrader(nb, resources, tolerant=edit is duplicate)
    assert compared(ours) == compared(theirs)
    assert ours.metadata.kernelspec == theirs.metadata.kernelspec
    assert make_plan(ours).execution() == make_plan(theirs).execution()


@pytest.mark.parametrize(
    "edit",
    [duplicate, remove("q1"), remove("q1", "test_q1"), remove("q3"), remove("setup")],
)
def test_where_nbgrader_stops_or_loses_cells(
    master: Master, resources: dict[str, Any], edit: Callable[[NotebookNode], None]
) -> None:
    """It stumbles over copies, finds no place for a cell whose neighbour is gone, and puts neither
    solutions nor locked cells back; the result here is whole all the same."""
    edited(master, edit)
    nb = copy.deepcopy(master.release)
    edit(nb)
    try:
        theirs = sanitised_by_nbgrader(nb, resources)
    except (KeyError, SchemaTooOldError):
        return
    assert not set(master.cells) <= set(ids(theirs))


def test_speed(tmp_path: Path) -> None:
    """A notebook of 70 cells is sanitised and planned in a moment (10 ms on an idle machine)."""
    cells = [cell for i in range(35) for cell in question(f"q{i}")]
    write_notebook(v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    master = load_master(tmp_path / "a.ipynb", CONFIG)
    start = time.perf_counter()
    for _ in range(5):
        make_plan(sanitise(master.release, master).notebook)
    assert (time.perf_counter() - start) / 5 < 0.1
