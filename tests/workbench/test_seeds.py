"""The seed that a notebook starts from."""

import pytest

from autograder.errors import UserError
from autograder.workbench import seed


def test_seed_is_the_environments_or_zero() -> None:
    """So that calibration can run the same notebook with several."""
    assert seed({}) == seed({"AUTOGRADER_SEED": ""}) == 0
    assert seed({"AUTOGRADER_SEED": "12"}) == 12


@pytest.mark.parametrize("text", ["-1", "1.5", "one", "4294967296", "²"])
def test_seed_that_is_none_is_one_line(text: str) -> None:
    """Keras takes whole numbers of 32 bits."""
    with pytest.raises(UserError, match=r"AUTOGRADER_SEED: expected a whole number .* found"):
        seed({"AUTOGRADER_SEED": text})
