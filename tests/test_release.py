"""What is released, and what is refused, with everything left as it was."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from support import (
    ASSIGNMENT,
    HIDDEN_LINE,
    RIGHT,
    SCHEME_LINE,
    SOLUTION_LINE,
    STUB,
    Said,
    autograder,
    build,
    cell,
    copy_graded,
    copy_released,
    edit,
    environment,
    find,
    gradebook,
    hand_in,
    notebook,
    one,
    two,
    write,
)

from autograder.course import Course
from autograder.execution.runs import load_run
from autograder.release import find_stale


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Released from one and two; read only."""
    return copy_released(tmp_path_factory.mktemp("release"))


def _read(course: Path, step: str, name: str = "one") -> NotebookNode:
    return nbformat.read(course / step / ASSIGNMENT / f"{name}.ipynb", as_version=4)


def test_the_release_is_what_students_may_see(course: Path) -> None:
    """Stubs in place of solutions; no hidden test, no mark scheme, no output."""
    text = (course / "release" / ASSIGNMENT / "one.ipynb").read_text()
    for secret in (HIDDEN_LINE, SOLUTION_LINE, SCHEME_LINE, "model answer", "HIDDEN", "SCHEME"):
        assert secret not in text
    released = _read(course, "release")
    assert find(released, "a").source == STUB
    assert "card.require" in find(released, "test_a").source


def test_the_solutions_are_complete_and_executed(course: Path) -> None:
    """For those who teach: solutions, hidden tests, and the card with full marks."""
    solved = _read(course, "solutions")
    assert SOLUTION_LINE in find(solved, "a").source
    assert find(solved, "why").source == "It is the model answer."
    (output,) = find(solved, "test_a").outputs
    assert output.data["text/plain"] == "2.0"
    assert "timestamp" not in str(solved.cells)  # the same source gives the same file


def test_the_gradebook_knows_the_assignment(course: Path) -> None:
    """With its notebooks and points, hidden tests included."""
    with gradebook(course) as book:
        assignment = book.find_assignment(ASSIGNMENT)
        assert [notebook.name for notebook in assignment.notebooks] == ["one", "two"]
        assert assignment.max_score == 6
        assert HIDDEN_LINE in book.find_source_cell("test_a", "one", ASSIGNMENT).source


def test_nothing_is_left_behind(course: Path) -> None:
    """No stage; but the runs of the solutions, which the next release may use."""
    assert {path.name for path in course.iterdir()} == {
        *("course_config.py", "nbgrader_config.py", "gradebook.db"),
        *("source", "release", "solutions", "runs"),
    }
    runs = course / "runs" / ASSIGNMENT
    assert {path.name for path in runs.iterdir()} == {".lock", ".release"}
    assert load_run(runs / ".release" / ASSIGNMENT / "solution" / "one") is not None


def _tree(course: Path) -> dict[str, str]:
    """All that a release makes, by content; of the gradebook, its source cells."""
    tree = {
        str(path.relative_to(course)): hashlib.sha256(path.read_bytes()).hexdigest()
        for step in ("source", "release", "solutions")
        for path in sorted((course / step).rglob("*"))
        if path.is_file()
    }
    if (course / "gradebook.db").is_file():
        with gradebook(course) as book:
            for made in book.find_assignment(ASSIGNMENT).notebooks:
                tree |= {f"{made.name}/{c.name}": str(c.checksum) for c in made.source_cells}
    return tree


def _with(made: NotebookNode, grade_id: str, source: str) -> NotebookNode:
    find(made, grade_id).source = source
    return made


def _with_metadata(made: NotebookNode) -> NotebookNode:
    made.metadata["notes"] = {"remember": [HIDDEN_LINE]}
    return made


def _with_attachment(made: NotebookNode) -> NotebookNode:
    find(made, "why_question")["attachments"] = {"notes.txt": {"text/plain": SCHEME_LINE}}
    return made


def _after(made: NotebookNode, source: str, kind: str = "code") -> NotebookNode:
    made.cells.append(cell(kind, "more", source, locked=True))
    return made


# Each a source with a secret that nbgrader's preprocessors do not clear, and what the line says.
LEAKS = {
    "a misspelt delimiter": (
        _with(one(), "test_a", "### BEGIN HIDDEN TEST\nassert a == [6, 7]\n### END HIDDEN TEST"),
        "one.ipynb: the delimiter 'BEGIN HIDDEN TEST' is still there",
    ),
    "a delimiter without its end": (
        _with(one(), "why_question", f"Why?\n=== BEGIN MARK SCHEME ===\n{SCHEME_LINE}"),
        "cell 4 ('why_question'): No end mark scheme",
    ),
    "a secret in metadata": (
        _with_metadata(one()),
        "one.ipynb: a line of the hidden tests in cell 'test_a' is still there",
    ),
    "a secret in an attachment": (
        _with_attachment(one()),
        "one.ipynb: a line of the mark scheme in cell 'why_question' is still there",
    ),
}


def _answer(name: str, stub: str, solution: str) -> NotebookNode:
    source = f"{name} = {stub}\n### BEGIN SOLUTION\n{name} = {solution}\n### END SOLUTION"
    return cell("code", name, source, solution=True)


def _test(name: str, hidden: str) -> NotebookNode:
    source = f"""card = scorecard("Question {name}", points=2)
### BEGIN HIDDEN TESTS
card.expect({hidden})
### END HIDDEN TESTS
card"""
    return cell("code", f"test_{name}", source, 2, grade=True, locked=True)


def _short() -> NotebookNode:
    """Solutions that do not score full marks, each for another reason."""
    return notebook(
        find(one(), "setup"),
        _answer("wrong", "...", "[6, 8]"),
        _test("wrong", "2, equal(wrong, [6, 7])"),
        _answer("raises", "...", "sevenfold"),
        _test("raises", "2, equal(raises, [6, 7])"),
        _answer("function", "...", "lambda: 42"),
        _test("function", "2, equal(function, 42)"),
    )


SHORT = (
    "one, raises: the solution raises NameError: name 'sevenfold' is not defined",
    "one, test_wrong: the solution scores 0 of 2, incorrect",
    "one, test_raises: the solution scores 0 of 2, incorrect",
    "one, test_function: the solution scores 0 of 2, incorrect: function cannot be used as an ans",
)


def _unallotted() -> NotebookNode:
    return notebook(
        find(one(), "setup"),
        _answer("half", "...", "[6, 7]"),
        _test("half", "1, equal(half, [6, 7])"),
    )


UNALLOTTED = "one, test_half: the unedited release is 'could not be graded', expected 'not attempt"


def _generous() -> NotebookNode:
    """Releases that are not "not attempted"."""
    return notebook(
        find(one(), "setup"),
        _answer("given", "[6, 7]", "[3 + 3, 7]"),
        _test("given", "2, equal(given, [6, 7])"),
        _answer("filled", "[0, 0]", "[6, 7]"),
        _test("filled", "2, equal(filled, [6, 7])"),
    )


GENEROUS = (
    "one, test_given: the unedited release is 'correct', expected 'not attempted'",
    "one, test_filled: the unedited release is 'incorrect', expected 'not attempted'",
)


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released course, in which all sources are tried one after the other."""
    root = copy_released(tmp_path_factory.mktemp("refusals"))
    (root / "source" / ASSIGNMENT / "two.ipynb").unlink()  # half the work
    return root


@pytest.mark.parametrize("why", LEAKS)
def test_leaks_are_refused(why: str, refusals: Path) -> None:
    """The line says what would be given away, and where."""
    made, message = LEAKS[why]
    _is_refused(refusals, made, message)


def test_mark_schemes_that_do_not_add_up_are_refused(refusals: Path) -> None:
    """A marker could not give what the cell is worth."""
    scheme = "- **1** The window.\n- **1** Its width."
    question = f"Why?\n=== BEGIN MARK SCHEME ===\n{scheme}\n=== END MARK SCHEME ==="
    made = _with(one(), "why_question", question)
    _is_refused(refusals, made, "cell 'why'", "the cell's 3 points, received 1 + 1 = 2")


def test_solutions_that_do_not_score_are_refused(refusals: Path) -> None:
    """Wrong, raising or no data: all are told at once."""
    _is_refused(refusals, _short(), *SHORT)


def test_cards_with_points_left_over_are_refused(refusals: Path) -> None:
    """Told before any solution runs."""
    _is_refused(refusals, _unallotted(), UNALLOTTED, "the card allots 1 of the cell's 2 points")


def test_releases_that_are_answers_are_refused(refusals: Path) -> None:
    """Who hands in what was released has not attempted it."""
    _is_refused(refusals, _generous(), *GENEROUS)


def _is_refused(course: Path, made: NotebookNode, *messages: str) -> None:
    """One line says why, exit code 2; release, solutions and gradebook stay as they were."""
    before = _tree(course)
    path = course / "source" / ASSIGNMENT / "one.ipynb"
    original = path.read_bytes()
    write(made, path)
    said = autograder("release", course=course)
    path.write_bytes(original)
    assert said.code == 2, said.text
    why = _refusal(said)
    for message in messages:
        assert message in why
    assert _tree(course) == before
    assert not list(course.glob(".release-*"))


def _refusal(said: Said) -> str:
    """The one line that says why, after those that tell what was tried."""
    *tried, why = said.lines
    assert why.startswith("autograder: "), said.text
    assert all("the solution" in line for line in tried), said.text
    return why


def test_a_secret_in_another_file_is_refused(refusals: Path) -> None:
    """nbgrader copies what lies beside the notebooks to the students."""
    path = refusals / "source" / ASSIGNMENT / "notes.txt"
    path.write_text(f"to do: explain {SOLUTION_LINE}")
    said = autograder("release", course=refusals)
    path.unlink()
    assert said.code == 2
    assert "notes.txt: a line of the solution in cell 'a' is still there" in said.text
    assert not (refusals / "release" / ASSIGNMENT / "notes.txt").exists()


def test_a_removed_notebook_is_refused_once_it_was_handed_in(tmp_path: Path) -> None:
    """Its scores would go with it; nbgrader says so in one line, and nothing changes."""
    root = copy_graded(tmp_path)
    (root / "source" / ASSIGNMENT / "two.ipynb").unlink()
    before = _tree(root)
    said = autograder("release", course=root)
    assert said.code == 2
    assert "because there are submissions" in _refusal(said)
    assert _tree(root) == before


def test_stale_files_are_found(tmp_path: Path) -> None:
    """Edited by hand, left over or missing: not what the source gives."""
    root = copy_released(tmp_path)
    path = root / "release" / ASSIGNMENT / "one.ipynb"
    made = nbformat.read(path, as_version=4)
    find(made, "why_question").source += "\nAnd by hand."
    write(made, path)
    (root / "release" / ASSIGNMENT / "old.txt").write_text("left over")
    (root / "solutions" / ASSIGNMENT / "two.ipynb").unlink()
    stale = ("release/ps/old.txt", "release/ps/one.ipynb", "solutions/ps/two.ipynb")
    assert find_stale(Course(root), ASSIGNMENT) == [f"{root / name} is stale" for name in stale]


def test_solutions_that_are_up_to_date_may_be_kept(tmp_path: Path) -> None:
    """Nothing of them runs; a test that has changed is released all the same."""
    root = copy_released(tmp_path)
    shutil.rmtree(root / "runs")
    solution = root / "solutions" / ASSIGNMENT / "two.ipynb"
    before = solution.read_bytes()
    path = root / "release" / ASSIGNMENT / "one.ipynb"
    path.unlink()
    said = autograder("release", "--keep-solutions", course=root)
    assert said.code == 0, said.text
    assert "6 points, 3 of them scored by tests" in said.text
    assert path.is_file()
    assert solution.read_bytes() == before
    assert not (root / "runs" / ASSIGNMENT / ".release" / ASSIGNMENT / "solution").exists()


def test_solutions_that_are_out_of_date_are_not_kept(tmp_path: Path) -> None:
    """What was run is not what the source says now."""
    root = copy_released(tmp_path)
    source = root / "source" / ASSIGNMENT / "two.ipynb"
    edit(source, "b", "b = ...\n### BEGIN SOLUTION\nb = 8 // 2\n### END SOLUTION")
    said = autograder("release", "--keep-solutions", course=root)
    assert said.code == 2
    assert "two.ipynb is stale; release without --keep-solutions" in _refusal(said)


def test_a_killed_release_is_made_good_by_the_next(tmp_path: Path) -> None:
    """Killed in the middle, the old release stands; the next run clears up."""
    root = copy_released(tmp_path)
    (root / "source" / ASSIGNMENT / "one.ipynb").unlink()  # half the work
    before = _tree(root)
    made = _with(two(), "b", "b = ...\n### BEGIN SOLUTION\nb = 8 // 2\n### END SOLUTION")
    write(made, root / "source" / ASSIGNMENT / "two.ipynb")
    sources = {name for name in before if name.startswith("source")}
    command = [sys.executable, "-m", "autograder", "release", ASSIGNMENT, "--course", str(root)]
    with subprocess.Popen(command, env=environment(), start_new_session=True) as releasing:
        deadline = time.monotonic() + 60
        while not list(root.glob(".release-*/release")):
            assert releasing.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(releasing.pid, signal.SIGKILL)
    after = _tree(root)
    assert {name: after[name] for name in after if name not in sources} == {
        name: before[name] for name in before if name not in sources
    }
    assert autograder("release", course=root).code == 0
    assert "8 // 2" in (root / "solutions" / ASSIGNMENT / "two.ipynb").read_text()
    assert not list(root.glob(".release-*"))


def test_other_files_reach_the_students(tmp_path: Path) -> None:
    """Data beside the notebooks are released with them; solutions may read them."""
    root = build(tmp_path, two=two())
    folder = root / "source" / ASSIGNMENT
    (folder / "data").mkdir()
    (folder / "data" / "four.txt").write_text("4")
    solution = "b = int(open('data/four.txt').read())"
    answer = f"b = ...\n### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
    write(_with(two(), "b", answer), folder / "two.ipynb")
    said = autograder("release", course=root)
    assert said.text.splitlines()[-1] == "released ps: two; 1 points, 1 of them scored by tests"
    assert (root / "release" / ASSIGNMENT / "data" / "four.txt").read_text() == "4"
    hand_in(root, "s", {**RIGHT, "b": solution})
    shutil.copytree(folder / "data", root / "submitted" / "s" / ASSIGNMENT / "data")
    assert autograder("grade", course=root).code == 0


def test_solutions_look_as_if_run_from_the_top(course: Path) -> None:
    """Counted from 1, tests included; each test has its card, those of plain asserts too."""
    for name in ("one", "two"):
        code = [c for c in _read(course, "solutions", name).cells if c.cell_type == "code"]
        assert [c.execution_count for c in code] == list(range(1, len(code) + 1))
        for test in (c for c in code if c.metadata.nbgrader.grade):
            (output,) = test.outputs
            assert output.execution_count == test.execution_count
            assert "<table" in output.data["text/html"]


def test_staleness_is_found_without_running_anything(tmp_path: Path) -> None:
    """A solution that would run for ever takes no longer."""
    root = copy_released(tmp_path)
    endless = "b = ...\n### BEGIN SOLUTION\nwhile True: pass\n### END SOLUTION"
    write(_with(two(), "b", endless), root / "source" / ASSIGNMENT / "two.ipynb")
    (stale,) = find_stale(Course(root), ASSIGNMENT)
    assert stale == f"{root}/solutions/{ASSIGNMENT}/two.ipynb is stale"
