"""All answers of a class to one question."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.course import Course
from autograder.grading.database import GradebookError
from autograder.marking.answers import READ, UNREADABLE, answers, text_for_reading
from autograder.marking.contract import Answer, Question
from autograder.marking.questions import questions
from tests.support import (
    ASSIGNMENT,
    RIGHT,
    autograder,
    build,
    cell,
    copy_graded,
    copy_released,
    edit,
    find,
    gradebook,
    hand_in,
    notebook,
    write,
)

PICTURE = {"a.png": {"image/png": "AAAA"}}


def only(course: Path) -> tuple[Course, Question]:
    opened = Course(course)
    (question,) = questions(opened, ASSIGNMENT)
    return opened, question


def by_student(course: Path) -> dict[str, Answer]:
    opened, question = only(course)
    return {answer.student: answer for answer in answers(opened, ASSIGNMENT, question)}


def entered(course: Path, **texts: str) -> None:
    """Hand-ins that the gradebook knows, and autograded/ as grading would leave them."""
    for student, text in texts.items():
        folder = hand_in(course, student, RIGHT | {"why": text})
        with gradebook(course) as opened:
            opened.update_or_create_student(student)
            opened.update_or_create_submission(ASSIGNMENT, student)
        for path in folder.glob("*.ipynb"):
            write(nbformat.read(path, as_version=4), graded(course, student, path.name))


def graded(course: Path, student: str, name: str = "one.ipynb") -> Path:
    return course / "autograded" / student / ASSIGNMENT / name


def change(path: Path, grade_id: str, **what: object) -> None:
    made = nbformat.read(path, as_version=4)
    find(made, grade_id).update(what)
    write(made, path)


def test_what_was_graded(tmp_path: Path) -> None:
    """The student's text, as the autograder left it."""
    (answer,) = by_student(copy_graded(tmp_path)).values()
    assert (answer.student, answer.text) == ("s", RIGHT["why"])
    assert not answer.is_empty
    assert not answer.is_code


def test_graded_goes_before_handed_in(tmp_path: Path) -> None:
    """A newer hand-in that was not graded yet is not what the gradebook's points are for."""
    course = copy_graded(tmp_path)
    edit(course / "submitted" / "s" / ASSIGNMENT / "one.ipynb", "why", "Newer.")
    assert by_student(course)["s"].text == RIGHT["why"]
    graded(course, "s").unlink()
    assert by_student(course)["s"].text == "Newer."


def test_only_whom_the_gradebook_knows(tmp_path: Path) -> None:
    """No points could be entered for a hand-in that was not graded."""
    course = copy_graded(tmp_path)
    hand_in(course, "later")
    assert set(by_student(course)) == {"s"}


def test_keys_hide_names(tmp_path: Path) -> None:
    """A key is the same each time, another for each student, and the order is the keys'."""
    course = copy_released(tmp_path)
    entered(course, ada="A wide one.", bob="A deep one.", cyd="A flat one.")
    opened, question = only(course)
    keys = [answer.key for answer in answers(opened, ASSIGNMENT, question)]
    assert keys == sorted(set(keys)) == [a.key for a in answers(opened, ASSIGNMENT, question)]
    assert not {"ada", "bob", "cyd"} & set(keys)


@pytest.mark.parametrize("text", ["", " \n\t ", "​‮\x00\n"])
def test_blank_is_empty(tmp_path: Path, text: str) -> None:
    """Nothing that shows is nothing."""
    course = copy_released(tmp_path)
    entered(course, ada=text)
    assert by_student(course)["ada"].is_empty


def test_untouched_is_empty(tmp_path: Path) -> None:
    """What was released is no answer, whatever the spaces around it."""
    course = copy_released(tmp_path)
    released = nbformat.read(course / "release" / ASSIGNMENT / "one.ipynb", as_version=4)
    entered(course, ada=f"{find(released, 'why').source}\n", bob="An answer.")
    assert {name: a.is_empty for name, a in by_student(course).items()} == {
        "ada": True,
        "bob": False,
    }


def test_a_picture_is_an_answer(tmp_path: Path) -> None:
    """A drawing alone is handed in as well."""
    course = copy_released(tmp_path)
    entered(course, ada="")
    change(graded(course, "ada"), "why", attachments=PICTURE)
    answer = by_student(course)["ada"]
    assert answer.attachments == PICTURE
    assert not answer.is_empty


def test_a_megabyte_is_kept(tmp_path: Path) -> None:
    """The answer is whole; what groups read of it is bounded, from its beginning."""
    course = copy_released(tmp_path)
    text = "wide " * 199_999 + "deep"
    entered(course, ada=text)
    assert by_student(course)["ada"].text == text
    assert text_for_reading(text) == text[:READ]


def test_missing_notebook_is_empty(tmp_path: Path) -> None:
    """Who handed in other notebooks has no answer here."""
    course = copy_graded(tmp_path)
    graded(course, "s").unlink()
    (course / "submitted" / "s" / ASSIGNMENT / "one.ipynb").unlink()
    assert by_student(course)["s"].is_empty


def test_unreadable_notebook_is_not_empty(tmp_path: Path) -> None:
    """A notebook that cannot be read waits for a person and must not pass for nothing."""
    course = copy_released(tmp_path)
    (hand_in(course, "s") / "one.ipynb").write_text("{")
    autograder("grade", course=course)
    answer = by_student(course)["s"]
    assert (answer.text, answer.is_empty) == (UNREADABLE, False)


def test_ungraded_notebook_is_read_where_it_was_handed_in(tmp_path: Path) -> None:
    """What a crash kept from being graded shows the student's own answer."""
    course = copy_released(tmp_path)
    entered(course, ada="My own.")
    released = nbformat.read(course / "release" / ASSIGNMENT / "one.ipynb", as_version=4)
    write(released, graded(course, "ada"))
    assert by_student(course)["ada"].text == "My own."


def test_an_answer_under_a_false_cell_type(tmp_path: Path) -> None:
    """What was only handed in is restored before it is read."""
    course = copy_released(tmp_path)
    entered(course, ada="My own.")
    graded(course, "ada").unlink()
    change(course / "submitted" / "ada" / ASSIGNMENT / "one.ipynb", "why", cell_type="raw")
    assert by_student(course)["ada"].text == "My own."


def test_answer_to_a_task(tmp_path: Path) -> None:
    """A student's own cells below a task, up to the assignment's next cell, are one text."""
    task = cell("markdown", "do", "Draw.", 2, task=True, locked=True)
    after = cell("markdown", "after", "Next.", locked=True)
    course = build(tmp_path, nb=notebook(task, after))
    assert autograder("release", course=course).code == 0
    path = hand_in(course, "s") / "nb.ipynb"
    made = nbformat.read(path, as_version=4)
    made.cells[1:1] = [_pictured("Seen."), new_code_cell("```1"), _pictured("Again.", "BBBB")]
    made.cells.append(new_markdown_cell("Not part of it."))
    write(made, path)
    assert autograder("grade", course=course).code == 0
    answer = by_student(course)["s"]
    assert answer.text == (
        "Seen. ![](attachment:a.png)\n\n````python\n```1\n````\n\nAgain. ![](attachment:1-a.png)"
    )
    assert answer.attachments == {**PICTURE, "1-a.png": {"image/png": "BBBB"}}


def test_no_gradebook(tmp_path: Path) -> None:
    """One line says that there is nothing to mark yet."""
    opened, question = only(build(tmp_path))
    with pytest.raises(GradebookError, match="expected the gradebook"):
        next(answers(opened, ASSIGNMENT, question))


def _pictured(text: str, data: str = "AAAA") -> NotebookNode:
    made = new_markdown_cell(f"{text} ![](attachment:a.png)")
    made.attachments = {"a.png": {"image/png": data}}
    return made
