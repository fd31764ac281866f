"""One bench for all cases: its models are trained once in a test run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .bench import NOTEBOOKS, Bench


@pytest.fixture(scope="session")
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """With the notebooks that the selected tests ask for."""
    asked = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = tuple(name for name in NOTEBOOKS if name in [p.get("notebook") for p in asked])
    with pytest.MonkeyPatch.context() as kept:  # what it sets in the environment ends with it
        kept.setenv("AUTOGRADER_PROFILE", "small")
        with Bench(tmp_path_factory.mktemp("bench"), wanted) as opened:
            yield opened
