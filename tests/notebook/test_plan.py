"""Plans: whose each cell is, what crosses, and what each side is given."""

import json
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode, v4
from nbgrader.utils import compute_checksum

from autograder.notebook.plan import Plan, Step, find_clashes, make_plan
from autograder.notebook.reading import NotebookError

CARD = "card = scorecard('1', points=2)\ncard.expect(2, equal(q1, secret))\ncard"


def marked(cell: NotebookNode, grade_id: str, **settings: Any) -> NotebookNode:
    flags = {"grade": False, "solution": False, "locked": False}
    cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, **flags, **settings}
    cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
    return cell


def instructor(source: str, grade_id: str = "setup") -> NotebookNode:
    return marked(v4.new_code_cell(source), grade_id, locked=True)


def answered(source: str = "q1 = 1", grade_id: str = "q1") -> NotebookNode:
    cell = unedited(grade_id)
    cell.source = source
    return cell


def unedited(grade_id: str = "q1") -> NotebookNode:
    return marked(v4.new_code_cell("# YOUR CODE HERE"), grade_id, solution=True)


def check(source: str = "assert q1", grade_id: str = "test_q1") -> NotebookNode:
    return marked(v4.new_code_cell(source), grade_id, grade=True, locked=True, points=2)


def plan(*cells: NotebookNode) -> Plan:
    return make_plan(v4.new_notebook(cells=list(cells)))


def by_id(found: Plan, grade_id: str) -> Step:
    (step,) = (step for step in found.steps if step.grade_id == grade_id)
    return step


def test_each_cell_has_its_kind() -> None:
    """One step a cell, in order, whatever the cell is."""
    manual = marked(v4.new_code_cell("# by hand"), "m", grade=True, solution=True, points=3)
    essay = marked(v4.new_markdown_cell("Because."), "e", grade=True, solution=True, points=3)
    found = plan(
        v4.new_markdown_cell("# Title"),
        instructor("import numpy as np"),
        answered(),
        v4.new_code_cell("mine"),
        check(),
        manual,
        essay,
        v4.new_raw_cell("raw"),
    )
    kinds = "text instructor student student test student text text"
    assert [step.kind for step in found.steps] == kinds.split()
    assert [step.index for step in found.steps] == list(range(8))
    assert [step.points for step in found.steps] == [None, None, None, None, 2.0, 3.0, 3.0, None]


def test_names_cross_that_the_instructor_does_not_define() -> None:
    """`q1` crosses; what the setup cells and the test itself define does not."""
    setup = instructor("from autograder.checks import equal, scorecard\nsecret = 3")
    found = plan(setup, answered(), check(CARD))
    assert by_id(found, "setup").independent
    assert by_id(found, "test_q1").reads == {"q1"}


def test_a_student_cannot_define_an_instructors_name() -> None:
    """`secret` is the instructor's even if the student binds it afterwards."""
    found = plan(instructor("equal = scorecard = secret = 3"), answered("secret = 1"), check(CARD))
    assert by_id(found, "test_q1").reads == {"q1"}


def test_a_cell_that_needs_the_student_is_not_independent() -> None:
    """What it binds crosses, also a name that was the instructor's before."""
    found = plan(
        instructor("data = [1]; scale = 2", "a"),
        answered(),
        instructor("data = scale * q1", "b"),
        instructor("more = data", "c"),
        check("assert data == more == scale"),
    )
    assert [by_id(found, i).independent for i in "abc"] == [True, False, False]
    assert by_id(found, "b").reads == {"scale", "q1"}
    assert by_id(found, "test_q1").reads == {"data", "more"}


def test_independence_is_passed_on() -> None:
    """A cell that reads only what independent cells before it bind is independent."""
    found = plan(instructor("a = 1", "a"), instructor("b = a", "b"), instructor("c = d", "c"))
    assert [by_id(found, i).independent for i in "abc"] == [True, True, False]


def test_order_matters_for_independence() -> None:
    """What a later cell binds is not there yet."""
    found = plan(instructor("b = a", "b"), check("a"), instructor("a = 1", "a"))
    assert not by_id(found, "b").independent
    assert by_id(found, "test_q1").reads == {"a"}


def test_names_of_earlier_tests_do_not_cross() -> None:
    """Tests run in one namespace; an instructor's cell that rebinds such a name takes it back."""
    first, second = check("helper = q1"), check("helper, q2", "test_q2")
    assert by_id(plan(first, second), "test_q2").reads == {"q2"}
    between = instructor("helper = q1")
    assert by_id(plan(first, between, second), "test_q2").reads == {"helper", "q2"}


def test_tests_of_an_unedited_answer_are_unedited() -> None:
    """Not attempted, so long as every student's cell since the last test is as released."""
    found = plan(unedited(), check(), answered("q2 = 1", "q2"), check(grade_id="test_q2"))
    assert by_id(found, "q1").unedited
    assert by_id(found, "test_q1").unedited
    assert not by_id(found, "q2").unedited
    assert not by_id(found, "test_q2").unedited


def test_tests_in_a_row_share_the_answer_before_them() -> None:
    """No student's cell between two tests says nothing about the second."""
    tests = [check(), check(grade_id="t2")]
    assert by_id(plan(unedited(), *tests), "t2").unedited
    assert not by_id(plan(answered(), *tests), "t2").unedited
    assert not by_id(plan(*tests), "t2").unedited


def test_an_added_cell_is_an_attempt_unless_it_is_empty() -> None:
    """Jupyter leaves empty cells behind; code in an added cell may be the answer."""
    assert by_id(plan(unedited(), v4.new_code_cell(" \n"), check()), "test_q1").unedited
    assert not by_id(plan(unedited(), v4.new_code_cell("q1 = 1"), check()), "test_q1").unedited
    assert not by_id(plan(answered(""), check()), "test_q1").unedited


def test_an_unedited_essay_is_unedited() -> None:
    """So that a manually graded answer can be told to be missing."""
    stub = v4.new_markdown_cell("YOUR ANSWER HERE")
    essay = marked(stub, "e", grade=True, solution=True, points=3)
    assert by_id(plan(essay), "e").unedited
    essay.source = "Because."
    assert not by_id(plan(essay), "e").unedited


def test_a_cell_may_have_a_time_of_its_own() -> None:
    """A matter of limits alone: the run's key is the same."""
    cells = [instructor("import slow"), answered(), check()]
    before = plan(*cells)
    for cell, timeout_s in zip(cells, (600, 1.5), strict=False):
        cell.metadata["autograder"] = {"timeout_s": timeout_s}
    after = plan(*cells)
    assert [step.timeout_s for step in before.steps] == [None, None, None]
    assert [step.timeout_s for step in after.steps] == [600.0, 1.5, None]
    assert after.execution_key() == before.execution_key()


def test_what_the_sandbox_gets() -> None:
    """All code but the tests, whose places and names are told; no text, no test's source."""
    found = plan(
        v4.new_markdown_cell("text"),
        instructor("equal = scorecard = secret = 3"),
        answered("q1 = ("),
        check(CARD),
        instructor("q1 + 1", "use"),
    )
    assert found.execution() == [
        {"index": 1, "source": "equal = scorecard = secret = 3"},
        {"index": 2, "source": "q1 = ("},
        {"index": 3, "grade_id": "test_q1", "names": ["q1"]},
        {"index": 4, "source": "q1 + 1"},
    ]
    assert "expect" not in json.dumps(found.execution())


def test_what_the_trusted_side_gets() -> None:
    """Independent cells and tests; nothing of the student's, nothing that needs the student."""
    found = plan(
        instructor("secret = 3"), answered(), check("q1, secret"), instructor("q1 + 1", "use")
    )
    assert found.grading() == [
        {"index": 0, "source": "secret = 3"},
        {
            "index": 2,
            "grade_id": "test_q1",
            "points": 2.0,
            "source": "q1, secret",
            "names": ["q1"],
        },
    ]


def test_keys_follow_what_each_side_reads() -> None:
    """A changed test alone leaves the execution's key; a changed answer alone the grading's."""
    base = plan(answered(), check())
    again = plan(answered(), check())
    other_test = plan(answered(), check("assert q1 == 3"))
    other_answer = plan(answered("q1 = '\ud800'"), check())
    other_names = plan(answered(), check("assert q2"))
    assert base.execution_key() == again.execution_key() == other_test.execution_key()
    assert base.execution_key() != other_answer.execution_key()
    assert base.execution_key() != other_names.execution_key()
    assert base.grading_key() == again.grading_key() == other_answer.grading_key()
    assert base.grading_key() != other_test.grading_key()
    assert len(base.grading_key()) == len(base.execution_key()) == 64


@pytest.mark.parametrize("source", ["q1 = (", "\0", "from os import *", "\ud800", "%%time\n(" * 9])
def test_nothing_a_student_writes_stops_the_plan(source: str) -> None:
    """The student's code is not even parsed."""
    assert plan(answered(), v4.new_code_cell(source), check()).steps[1].source == source


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (check("assert ("), r"cell 'test_q1' \(number 2\): expected Python, received .* in line 1"),
        (check("return q1"), r"'return' outside function"),
        (check("from a.b import *"), r"received 'from a\.b import \*'; name what the cell needs"),
        (instructor("x = ("), r"cell 'setup' \(number 2\): expected Python"),
        (instructor("from a import *"), r"cell 'setup' .* 'from a import \*'"),
    ],
)
def test_an_authors_mistake_names_the_cell(cell: NotebookNode, message: str) -> None:
    """Instructor's cells have to be parsed, so they have to be Python, with imports by name."""
    with pytest.raises(NotebookError, match=message):
        plan(answered(), cell)


def test_a_plan_of_what_is_in_the_notebook_alone(tmp_path: Path) -> None:
    """No cells, no steps."""
    assert plan() == Plan(())
    assert plan().execution() == plan().grading() == []


def test_an_answer_that_an_earlier_test_binds_is_a_clash() -> None:
    """Such a name would be taken for the instructor's, and the student's answer be lost."""
    steps = (
        Step(0, "student", "q1 = 1\nx = 2", "q1"),
        Step(1, "test", "x = q1\nx", "test_q1", 1.0),
        Step(2, "test", "assert x == 2", "test_x", 1.0),
    )
    (clash,) = find_clashes(Plan(steps))
    assert "test_x reads the answer 'x', but test_q1 binds that name" in clash


def test_a_card_in_every_test_is_no_clash() -> None:
    """Tests may bind the same helper names, as long as no answer is called so."""
    steps = (
        Step(0, "student", "q1 = 1", "q1"),
        Step(1, "test", "card = q1\ncard", "test_q1", 1.0),
        Step(2, "test", "card = q1\ncard", "test_q2", 1.0),
    )
    assert find_clashes(Plan(steps)) == []
