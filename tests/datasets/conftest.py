"""Data directories made from small archives, and the real modules pointed at them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from autograder.datasets import cats_dogs, cifar10
from autograder.datasets.download import Remote
from autograder.datasets.preparing import Recipe, file_digest


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own data directory."""
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("AUTOGRADER_PROFILE", raising=False)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_PROFILE", "full")


@pytest.fixture
def few_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins of a few images, that are drawn in a moment."""
    monkeypatch.setattr(cats_dogs, "_DRAWN_PER_CLASS", 6)
    drawn = {**dict.fromkeys(cifar10.TRAINING_BATCHES, 20), "test_batch": 30}
    monkeypatch.setattr(cifar10, "_DRAWN", drawn)


@pytest.fixture
def archive_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Make a data set take an archive of the test's for the original one."""

    def use(module: ModuleType, archive: Path, hidden: int) -> Recipe:
        old = module.RECIPE
        remote = Remote(
            archive.name,
            "http://127.0.0.1:1/none",
            archive.stat().st_size,
            f"sha256:{file_digest(archive)}",
        )
        recipe = replace(old, remote=remote, evaluation_images=hidden)
        monkeypatch.setattr(module, "RECIPE", recipe)
        downloads = tmp_path / "data/downloads"
        downloads.mkdir(parents=True, exist_ok=True)
        archive.replace(downloads / archive.name)
        return recipe

    yield use
