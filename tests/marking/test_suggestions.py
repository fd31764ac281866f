"""What an answer seems to touch."""

from autograder.marking.answers import READ
from autograder.marking.contract import Criterion, Rubric
from autograder.marking.suggestions import STRENGTH, same_word, suggestions
from benchmarks.grouping import asked_questions, labelled

RUBRIC = Rubric(
    (
        Criterion(
            0.5, "The **filter** is the template (kernel): a pattern of coefficients.", (0, 0.5)
        ),
        Criterion(
            1, "Fewer computations follow; or the receptive field grows. 0.5 if named.", (0, 1)
        ),
    )
)


def found(text: str) -> dict[int, list[str]]:
    """The words that are highlighted, by criterion."""
    return {
        made.criterion: [text[begin:end] for begin, end in made.spans]
        for made in suggestions(RUBRIC, text)
    }


def test_words_of_a_criterion_are_found() -> None:
    """The words are highlighted where they stand, in whatever form."""
    assert found("Here the filters are a Template.") == {0: ["filters", "Template"]}
    assert found("There is a growing receptive field.") == {1: ["growing", "receptive", "field"]}


def test_one_word_is_none() -> None:
    """A single word of several stands there for anything."""
    assert found("A field of flowers.") == {}


def test_how_to_mark_is_not_matter() -> None:
    """The words of "0.5 if named" are no part of what an answer should say."""
    assert found("It is named like that, if named at all.") == {}


def test_both_criteria() -> None:
    """They come in the rubric's order, spans in the text's, apart, strengths within bounds."""
    text = "The field is receptive: it grows. The pattern of coefficients is a template."
    made = suggestions(RUBRIC, text)
    assert [suggestion.criterion for suggestion in made] == [0, 1]
    for suggestion in made:
        assert STRENGTH <= suggestion.strength <= 1
        ends = [place for span in suggestion.spans for place in span]
        assert ends == sorted(set(ends))


def test_only_the_beginning_is_read() -> None:
    """A megabyte costs no more than a page."""
    late = " " * READ + "The pattern of coefficients is a template."
    assert suggestions(RUBRIC, late) == ()


def test_nothing_is_found_in_nothing() -> None:
    """No text, no words, no rubric."""
    for text in ("", "\x00🙂", "<script>"):
        assert suggestions(RUBRIC, text) == ()
    assert suggestions(Rubric(()), "The filter is a template.") == ()


def test_forms_of_a_word() -> None:
    """Endings may differ, beginnings may not."""
    for one, other in (("compute", "computing"), ("filter", "filters"), ("weight", "weighted")):
        assert same_word(one, other)
        assert same_word(other, one)
    for one, other in (("large", "larvae"), ("con", "convolution"), ("input", "output")):
        assert not same_word(one, other)


def test_labelled_answers() -> None:
    """Nine of ten suggestions point at a criterion that earns something, and most of those do."""
    known = asked_questions()
    right = shown = earned = 0
    for name, items in labelled().items():
        for item in items:
            hits = {s.criterion for s in suggestions(known[name].rubric, item.text)}
            met = {number for number, points in enumerate(item.points) if points}
            right, shown, earned = right + len(hits & met), shown + len(hits), earned + len(met)
    assert right > 0.85 * shown
    assert right > 0.6 * earned
