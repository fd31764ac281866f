"""A mark scheme becomes criteria that can be ticked."""

import pytest
from traitlets.config import Config

from autograder.marking.rubrics import FULL_MARKS, RubricError, rubric, split_scheme

SCHEME = """**Mark scheme**

- **0.5** The filter is the *template*.
- **1** An inner product. 0.5 for only
  one half of this.
- **0.5** A map of the image.

Earns nothing: "it blurs".
"""


def test_items_are_criteria() -> None:
    """Points and texts come in the scheme's order; the rest is notes; its heading goes."""
    made = rubric(SCHEME, 2, "here")
    assert [criterion.points for criterion in made.criteria] == [0.5, 1, 0.5]
    assert made.criteria[0].text == "The filter is the *template*."
    assert made.criteria[1].text.endswith("only\none half of this.")
    assert made.notes == 'Earns nothing: "it blurs".'


def test_named_halves_are_steps() -> None:
    """What a text gives for less than everything can be given; else it is all or nothing."""
    made = rubric(SCHEME, 2, "here")
    assert [criterion.steps for criterion in made.criteria] == [(0, 0.5), (0, 0.5, 1), (0, 0.5)]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("Why, 0.5 for each of three reasons", (0, 0.5, 1, 1.5)),
        ("All of it. 1 point if only named", (0, 1, 1.5)),
        ("n = 200 images, 2 to 3 points for that", (0, 1.5)),
        ("a window of 0.5 and 1 x 1", (0, 1.5)),
    ],
)
def test_only_points_below_the_most_are_steps(text: str, steps: tuple[float, ...]) -> None:
    """Numbers that are no points, or no fewer points, are no steps."""
    assert rubric(f"- **1.5** {text}", 1.5, "here").criteria[0].steps == steps


@pytest.mark.parametrize(
    "mark", ["- **2**", "* **2 points**", "+ **2:**", "- __2 pts__", "- **2,0** "]
)
def test_items_are_written_in_many_ways(mark: str) -> None:
    """The list's sign, the noun and a decimal comma are the author's choice."""
    (criterion,) = rubric(f"{mark} Something.", 2, "here").criteria
    assert (criterion.points, criterion.text) == (2, "Something.")


def test_a_scheme_without_a_list_is_one_criterion() -> None:
    """All points at once, by the scheme's text."""
    made = rubric("Points for the width.\n\n- no points here", 3, "here")
    assert made.criteria[0].points == 3
    assert made.criteria[0].steps == (0, 3)
    assert made.criteria[0].text.startswith("Points for the width.")


def test_no_scheme_is_full_marks() -> None:
    """A question without a scheme can be marked all the same."""
    assert rubric("", 3, "here").criteria[0].text == FULL_MARKS


def test_no_points_is_no_criterion() -> None:
    """What is worth nothing has nothing to tick."""
    assert rubric("", 0, "here").criteria == ()


def test_criteria_must_add_up() -> None:
    """One line says where, what was expected, what was found, and what to do."""
    with pytest.raises(
        RubricError, match=r"^here: .* 3 points, received 0.5 \+ 1 \+ 0.5 = 2; mend"
    ):
        rubric(SCHEME, 3, "here")


def test_a_criterion_is_worth_something() -> None:
    """An item of no points could be ticked for nothing."""
    with pytest.raises(RubricError, match=r"more than 0 points each, received 2 \+ 0"):
        rubric("- **2** a\n- **0** b", 2, "here")


def test_points_in_thirds_add_up() -> None:
    """Rounding is no mistake of the author's."""
    assert len(rubric("- **0.1** a\n- **0.2** b", 0.3, "here").criteria) == 2


def test_scheme_is_cut_out() -> None:
    """What stands between the delimiters is the scheme, several regions in one."""
    source = "Why?\n=== BEGIN MARK SCHEME ===\na\n=== END MARK SCHEME ===\nSay."
    assert split_scheme(source, Config()) == ("Why?\nSay.", "a")
    assert split_scheme("Why?", Config()) == ("Why?", "")


def test_delimiters_are_the_courses() -> None:
    """nbgrader's settings for them hold here as well."""
    config = Config()
    config.ClearMarkScheme.begin_mark_scheme_delimeter = "<<<"
    config.ClearMarkScheme.end_mark_scheme_delimeter = ">>>"
    assert split_scheme("Why?\n<<<\na\n>>>", config) == ("Why?", "a")
