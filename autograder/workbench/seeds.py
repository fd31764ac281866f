"""The seed that a notebook starts from."""

from __future__ import annotations

import os
from collections.abc import Mapping

from autograder.errors import UserError

HIGHEST = 2**32 - 1  # NumPy's


def seed(environment: Mapping[str, str] = os.environ) -> int:
    """AUTOGRADER_SEED, from 0 to 4,294,967,295; 0 where it is not set.

    `autograder calibrate` runs the solutions with several. Raises UserError for anything else.
    """
    text = environment.get("AUTOGRADER_SEED") or "0"
    if not (text.isascii() and text.isdigit() and int(text) <= HIGHEST):
        raise UserError(
            f"AUTOGRADER_SEED: expected a whole number from 0 to {HIGHEST:,}, found {text!r}; "
            "set it to one, or not at all"
        )
    return int(text)
