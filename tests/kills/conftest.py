"""A process that grades for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kills.grader import Grader, grader


@pytest.fixture(scope="session")
def grading() -> Iterator[Grader]:
    with grader() as started:
        yield started
