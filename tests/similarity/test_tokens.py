"""What a copy cannot change by renaming or formatting, and what it can."""

import pytest

from autograder.similarity.tokens import code_tokens, word_tokens

ORIGINAL = """
def total(values, scale=2):
    # adds them up
    result = 0
    for value in values:
        result += scale * value.mean()
    return keras.ops.sum([result, "sum"])
"""


def values(text: str) -> list[str]:
    return [token.value for token in code_tokens(text)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("result", "s"),
        ("total", "f"),
        ("# adds them up", "# something else\n    # in two lines"),
        ("values, scale=2):", 'values, scale=2):\n    """A docstring\n    of two lines."""\n'),
        ('"sum"', "'another text'"),
        ('[result, "sum"]', '[\n        result,\n        "sum",\n    ]'),
        ("    ", "\t"),
    ],
)
def test_what_a_copy_changes_without_thought_is_equal(old: str, new: str) -> None:
    """Own names, comments, docstrings, strings, line breaks and white space."""
    changed = ORIGINAL.replace(old, new)
    assert changed != ORIGINAL
    assert values(changed) == values(ORIGINAL)


@pytest.mark.parametrize(
    ("old", "new"),
    [("mean", "max"), ("+=", "-="), ("sum([", "prod(["), ("scale=2", "scale=3"), ("for", "while")],
)
def test_what_a_program_does_is_told_apart(old: str, new: str) -> None:
    """Attributes of libraries, operators, numbers and keywords."""
    assert values(ORIGINAL.replace(old, new)) != values(ORIGINAL)


def test_arguments_of_libraries_are_kept() -> None:
    """`activation=` says something, the student's own `n_filters` nothing."""
    assert values("Dense(n_filters, activation=chosen)") == [
        *("Dense", "(", "•", ",", "activation", "=", "•", ")")
    ]


@pytest.mark.parametrize(
    "text",
    ["%matplotlib inline\n!ls | wc", "f(((", "'''never closed", '"\\', "\x00\x07", "£ = 2 ¾ ½", ""],
)
def test_whatever_stands_in_a_cell_has_tokens(text: str) -> None:
    """Magics, brackets and strings that are never closed, control characters, nothing."""
    for token in code_tokens(text):
        assert 0 <= token.start < token.end <= len(text)


def test_places_are_those_of_the_text() -> None:
    """start and end cut the word out of the original."""
    text = "Die STRASSE, die Straße."
    assert [text[t.start : t.end] for t in word_tokens(text)] == ["Die", "STRASSE", "die", "Straße"]
    assert len({t.value for t in word_tokens(text)}) == 2
