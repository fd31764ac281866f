import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks import Missing, NotAnAnswer, NotUsable, Outcome, explain, is_unanswered

USES: dict[str, Callable[[Any], object]] = {
    "arithmetic": lambda q: q + 1,
    "reflected arithmetic": lambda q: 1 - q,
    "matrix product": lambda q: np.ones((2, 2)) @ q,
    "indexing": lambda q: q[0],
    "iteration": lambda q: list(q),
    "membership": lambda q: 1 in q,
    "length": lambda q: len(q),
    "call": lambda q: q(1),
    "attribute": lambda q: q.shape,
    "the attribute called name": lambda q: q.name,
    "truth": lambda q: bool(q),
    "equality": lambda q: q == 1,
    "inequality": lambda q: q != 1,
    "comparison": lambda q: q < 1,
    "hash": lambda q: {q},
    "int": lambda q: int(q),
    "float": lambda q: float(q),
    "abs": lambda q: abs(q),
    "round": lambda q: round(q),
    "array": lambda q: np.array(q),
    "array in a list": lambda q: np.array([q, 1.0], dtype=float),
    "array comparison": lambda q: np.ones(2) == q,
    "array_equal": lambda q: np.array_equal(q, [1]),
    "testing": lambda q: np.testing.assert_array_equal(q, [1]),
    "ufunc": lambda q: np.add(q, 1),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_any_use_of_a_missing_name_is_refused(use: Callable[[Any], object]) -> None:
    """Whatever a test cell does with a missing name, it hears the name and the reason."""
    with pytest.raises(
        NotAnAnswer, match=r"^q1 is not defined in the notebook: NameError$"
    ) as info:
        use(Missing("q1", "NameError"))
    assert info.value.outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_any_use_of_a_value_that_is_not_data_is_refused(use: Callable[[Any], object]) -> None:
    """A value that could not cross says why, and scores incorrect."""
    with pytest.raises(NotAnAnswer, match=r"^q1 cannot be used as an answer: a lambda$") as info:
        use(NotUsable("q1", "a lambda"))
    assert info.value.outcome is Outcome.INCORRECT


def test_a_missing_name_can_be_looked_at() -> None:
    """repr, copy, pickle and a front end's probing work, so that messages and caches do."""
    missing = Missing("q1")
    assert repr(missing) == "<q1 is not defined in the notebook>"
    assert not hasattr(missing, "_repr_html_")
    for same in (copy.deepcopy(missing), pickle.loads(pickle.dumps(missing))):
        assert explain(same) == explain(missing)


@pytest.mark.parametrize("value", [None, ..., Missing("q1")])
def test_placeholders_are_unanswered(value: object) -> None:
    """None, `...` and a missing name are no attempt."""
    assert is_unanswered(value)


@pytest.mark.parametrize("value", [0, "", [], np.zeros(2), NotUsable("q1", "a lambda")])
def test_anything_else_is_an_attempt(value: object) -> None:
    """Empty, zero or unusable: somebody answered."""
    assert not is_unanswered(value)
