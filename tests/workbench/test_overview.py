"""The table of all cards in a notebook."""

from __future__ import annotations

import re

import pytest

from autograder.checks import equal, form, scorecard
from autograder.errors import UserError
from autograder.workbench import check_notebook
from autograder.workbench.cards import Card, as_data
from autograder.workbench.overview import NOTHING, Overview


def card(title: str, answer: object, points: float = 0) -> Card:
    made = scorecard(title, points=2)
    made.require(form(answer, shape=(2,)))
    if points:
        made.expect(points, equal(answer, [6, 7]))
    data = as_data(made)
    assert data
    return Card.read(data)


def test_summary_counts_questions_and_hidden_points() -> None:
    """The last line of both forms."""
    overview = Overview((card("A", [6, 7]), card("B", [6], 2), card("C", [6, 7], 1)))
    told = (
        "2 of 3 questions complete, by the visible tests; "
        "after hand-in hidden tests decide 3 points of 2 questions"
    )
    assert repr(overview).splitlines()[-1] == told
    assert told in overview._repr_html_()


def test_nothing_tested() -> None:
    """It says what to do."""
    assert repr(Overview(())) == NOTHING
    assert NOTHING in Overview(())._repr_html_()


def test_titles_are_escaped() -> None:
    """A question's title may hold HTML; a student's own card may, too."""
    html = Overview((card("<script>x</script> & more", [6]),))._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;x&lt;/script&gt; &amp; more" in html


def test_the_table_is_read_by_rows() -> None:
    """A header for each row and column, and words beside each sign."""
    html = Overview((card("A", [6, 7], 2), card("B", [6])))._repr_html_()
    assert re.findall(r'<th scope="row"[^>]*>(.*?)</th>', html) == ["A", "B"]
    assert html.count('scope="col"') == 3
    assert '<span aria-hidden="true">✓</span> 2 of 2 points' in html


def test_outside_of_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no session to look at."""
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: None)
    with pytest.raises(UserError, match="autograder check FILE"):
        check_notebook()
