"""One bench for all cases: its models are trained once in a test run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from support import ROOT

from .bench import NOTEBOOKS, Bench


@pytest.fixture(scope="package")
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """With the notebooks that the selected tests ask for.

    Data sets lie where AUTOGRADER_DATA says, else in build/data, so that they are drawn once.
    """
    asked = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = tuple(name for name in NOTEBOOKS if name in [p.get("notebook") for p in asked])
    data = os.environ.get("AUTOGRADER_DATA", str(ROOT / "build" / "data"))
    with pytest.MonkeyPatch.context() as patch:  # for these tests alone
        patch.setenv("AUTOGRADER_PROFILE", "small")
        patch.setenv("AUTOGRADER_DATA", data)
        with Bench(tmp_path_factory.mktemp("bench"), wanted) as opened:
            yield opened
