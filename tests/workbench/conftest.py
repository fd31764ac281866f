"""Each test keeps its trainings in a folder of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "trained"
    monkeypatch.setenv("AUTOGRADER_TRAINED", str(folder))
    return folder
