"""The notebooks that formgrader and feedback show."""

from __future__ import annotations

import nbformat
import pytest
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import determine_grade
from support import cell, find, notebook, one

from autograder.grading import scores
from autograder.grading.autograded import autograded

CARD = "<div><strong>Question a</strong></div>"
SCORE = scores.TestScore("test_a", 1.5, 2.0, "partly correct", "nearly", html=CARD)
PRINTED = {"output_type": "stream", "name": "stdout", "text": "42\n"}
NOTE = '<p class="tex2jax_ignore mathjax_ignore"><strong>Note from the autograder.</strong> {}</p>'
RAN = {1: {"index": 1, "outputs": [PRINTED], "execution_count": 7, "error": None}}


def _shown(*notes: str, score: scores.TestScore = SCORE) -> NotebookNode:
    return autograded(one(), RAN, [score], notes)


def test_cells_have_the_outputs_of_their_run() -> None:
    """And their numbers; cells that did not run have none."""
    shown = _shown()
    assert find(shown, "a").outputs == [PRINTED]
    assert find(shown, "a").execution_count == 7
    assert find(shown, "setup").outputs == []


def test_tests_have_their_card() -> None:
    """As the HTML of their output; its text is the score, nbgrader's partial credit."""
    test = find(_shown(), "test_a")
    (output,) = test.outputs
    assert output.data == {"text/plain": "1.5", "text/html": CARD}
    assert determine_grade(test) == (1.5, 2)


def test_a_score_without_a_card_shows_its_message() -> None:
    """What a student's answer put into it is text, not HTML."""
    score = scores.TestScore("test_a", 0.0, 2.0, "incorrect", "found <script>alert(1)</script>")
    (output,) = find(_shown(score=score), "test_a").outputs
    assert "<script>" not in output.data["text/html"]
    assert "found &lt;script&gt;" in output.data["text/html"]
    assert "<strong>incorrect</strong>, 0 of 2 points" in output.data["text/html"]


def test_full_marks_and_none_are_read_as_such() -> None:
    """nbgrader takes text that is no number for full marks; these are numbers."""
    for points in (0.0, 2.0, 0.1 + 0.2, 1e-9):
        shown = _shown(score=scores.TestScore("test_a", points, 2.0, "partly correct", ""))
        assert determine_grade(find(shown, "test_a")) == (points, 2)


def test_notes_come_first_in_their_order() -> None:
    """Each in a cell of its own."""
    shown = _shown("first", "second")
    assert [note.source for note in shown.cells[:2]] == [
        NOTE.format("first"),
        NOTE.format("second"),
    ]
    assert len(shown.cells) == len(one().cells) + 2


@pytest.mark.parametrize("name", ["![x](http://x.example/)", "$x$", "*x*", "<b>x</b>\n\n# x"])
def test_a_note_is_only_text(name: str) -> None:
    """A file's name must not load a picture from elsewhere."""
    (note, *_) = _shown(f"{name} is left out").cells
    rendered = markdown2html(note.source)
    assert rendered.count("<p ") == 1
    for mark in ("<img", "<em", "<b>", "<h1"):
        assert mark not in rendered
    assert "mathjax_ignore" in rendered


def test_it_is_a_valid_notebook() -> None:
    """Ids are unique, whatever the student called theirs."""
    made = notebook(new_code_cell("1", id="autograder-note-1"), cell("markdown", "x", "text"))
    shown = autograded(made, {}, [], ("a note", "another"))
    nbformat.validate(shown)
    assert len({c["id"] for c in shown.cells}) == 4


def test_the_given_notebook_stays_as_it_was() -> None:
    """It is graded and recorded too."""
    made = one()
    before = nbformat.writes(made)
    autograded(made, RAN, [SCORE], ("note",))
    assert nbformat.writes(made) == before


def test_outputs_of_any_kind() -> None:
    """Pictures and errors as they were recorded."""
    outputs = [
        new_output("display_data", data={"image/png": "aGVsbG8=", "text/plain": "<Figure>"}),
        new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"]),
    ]
    record = {"index": 1, "outputs": outputs, "execution_count": 1, "error": None}
    shown = autograded(one(), {1: record}, [SCORE])
    nbformat.validate(shown)
    assert find(shown, "a").outputs == outputs


def test_a_bonus_is_no_number_to_nbgrader() -> None:
    """It would stop at one above the cell's 0 points; the text tells a reader what it is."""
    score = scores.TestScore("test_a", 0.0, 0.0, "correct", "well", bonus=1.5, max_bonus=2.0)
    test = find(_shown(score=score), "test_a")
    test.metadata.nbgrader.points = 0
    assert test.outputs[0].data["text/plain"] == "Bonus: 1.5 of 2 points"
    assert "Bonus: 1.5 of 2 points: well" in test.outputs[0].data["text/html"]
    assert determine_grade(test) == (0, 0)
