"""Scratch folders go, and nothing else does."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from autograder.isolation import (
    _folders,
    _owner,
)


def test_folders_of_the_dead_are_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the living, and what only looks similar, stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen(["true"])
    gone.wait()
    orphan = tmp_path / f"{_owner.prefix().replace(f'-{os.getpid()}-', f'-{gone.pid}-')}x"
    (orphan / "work").mkdir(parents=True)
    (tmp_path / "autograder-notes").mkdir()
    ours = Path(_folders.make())
    _folders.sweep()
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "autograder-notes", ours])
    _folders.remove(str(ours))
    assert not ours.exists()


def test_a_link_out_of_a_scratch_folder_is_not_followed(tmp_path: Path) -> None:
    """What it leads to stays, rights and all."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    folder = tmp_path / "scratch"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    _folders.remove(str(folder))
    assert not folder.exists()
    assert outside.stat().st_mode & 0o777 == 0o500
