"""The questions of an assignment that people mark."""

from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.course import Course
from autograder.marking.contract import Question
from autograder.marking.questions import questions, rubric_problems
from autograder.marking.rubrics import FULL_MARKS, RubricError
from tests.support import ASSIGNMENT, ROOT, build, cell, notebook

SCHEME = "=== BEGIN MARK SCHEME ===\n- **1** Wide.\n- **{}** Deep.\n=== END MARK SCHEME ==="


def asking(grade_id: str = "ask", second: str = "2") -> NotebookNode:
    text = f"# Part\n\n## Why *so*? (3 points)\n\n{SCHEME.format(second)}"
    return cell("markdown", grade_id, text, locked=True)


def answering(grade_id: str = "why", kind: str = "markdown") -> NotebookNode:
    return cell(kind, grade_id, "It is so.", 3, grade=True, solution=True)


def read(root: Path, *cells: NotebookNode) -> tuple[Question, ...]:
    return questions(Course(build(root, nb=notebook(*cells))), ASSIGNMENT)


def test_answer_and_its_question(tmp_path: Path) -> None:
    """The text above an answer asks; its scheme is the rubric, and not in the prompt."""
    (found,) = read(tmp_path, asking(), answering())
    assert (found.notebook, found.grade_id, found.max_points) == ("nb", "why", 3)
    assert found.title == "Why so?"
    assert found.prompt == "# Part\n\n## Why *so*? (3 points)"
    assert [criterion.points for criterion in found.rubric.criteria] == [1, 2]


def test_tests_are_no_questions(tmp_path: Path) -> None:
    """What a test scores is nobody's to mark; code that a person grades is."""
    test = cell("code", "test", "assert True", 1, grade=True, locked=True)
    found = read(tmp_path, test, asking(), answering(kind="code"))
    assert [question.grade_id for question in found] == ["why"]


def test_task_asks_itself(tmp_path: Path) -> None:
    """A task's cell holds the question and the scheme."""
    task = cell("markdown", "do", f"Draw.\n{SCHEME.format(1)}", 2, task=True, locked=True)
    (found,) = read(tmp_path, cell("markdown", "before", "# Other", locked=True), task)
    assert found.is_task
    assert found.prompt == "Draw."
    assert len(found.rubric.criteria) == 2


def test_note_between_question_and_answer(tmp_path: Path) -> None:
    """A line below the question does not take its scheme away."""
    note = new_markdown_cell("Write below.")
    (found,) = read(tmp_path, asking(), note, answering())
    assert found.title == "Why so?"
    assert len(found.rubric.criteria) == 2


def test_scheme_is_for_one_answer(tmp_path: Path) -> None:
    """A second answer to the same text has the prompt, but its points are its own."""
    first, second = read(tmp_path, asking(), answering(), answering("also"))
    assert second.prompt == first.prompt
    assert second.rubric.criteria[0].text == FULL_MARKS


def test_nothing_asked(tmp_path: Path) -> None:
    """An answer without any text above is known by its grade_id."""
    (found,) = read(tmp_path, answering())
    assert (found.title, found.prompt) == ("why", "")


def test_pictures_of_a_question(tmp_path: Path) -> None:
    """A picture that was pasted into the question comes with it."""
    asked = asking()
    asked.attachments = {"a.png": {"image/png": "AAAA"}}
    (found,) = read(tmp_path, asked, answering())
    assert found.attachments == {"a.png": {"image/png": "AAAA"}}


def test_all_wrong_schemes_are_told(tmp_path: Path) -> None:
    """One line names every cell whose criteria do not add up."""
    cells = (asking("a", "1"), answering("first"), asking("b", "4"), answering("second"))
    course = Course(build(tmp_path, nb=notebook(*cells)))
    told = rubric_problems(course, ASSIGNMENT)
    assert ["'first'" in told[0], "'second'" in told[1]] == [True, True]
    with pytest.raises(RubricError, match=r"'first'.* 1 \+ 1 = 2.*; .*'second'.* 1 \+ 4 = 5"):
        questions(course, ASSIGNMENT)


def test_the_kits_own_questions() -> None:
    """All 20 explanations of cnn have a rubric whose steps run from nothing to everything."""
    found = questions(Course(ROOT), "cnn")
    assert len(found) == 20
    assert len({question.title for question in found}) == 20
    for question in found:
        assert len(question.rubric.criteria) > 1
        assert "MARK SCHEME" not in question.prompt
        for criterion in question.rubric.criteria:
            assert criterion.steps[0] == 0
            assert criterion.steps[-1] == criterion.points
