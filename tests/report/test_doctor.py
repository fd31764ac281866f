"""What `autograder doctor` finds beside the walls."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import build

from autograder.report.doctor import examine


def _by_name(root: Path) -> dict[str, tuple[bool, str]]:
    return {finding.what: (finding.is_well, finding.found) for finding in examine(root)}


def test_a_course_that_can_be_graded(tmp_path: Path) -> None:
    """Its assignments, its settings, the packages."""
    found = _by_name(build(tmp_path, "c.Autograder.workers = 3"))
    assert found["course"] == (True, f"{tmp_path}: ps")
    assert found["engine"] == (True, "local")
    assert found["notebooks at a time"][1].startswith("3 on processors")
    assert found["nbgrader"][0]
    assert found["Python"][0]


def test_a_course_without_assignments(tmp_path: Path) -> None:
    """There is nothing to grade."""
    root = build(tmp_path)
    (root / "source").rename(root / "sources")
    assert _by_name(root)["course"] == (False, f"{root}: no assignments in source/")


def test_a_course_that_cannot_be_read(tmp_path: Path) -> None:
    """The line that every command would end with."""
    is_well, found = _by_name(build(tmp_path, "c.Autograder.workers = -3"))["course"]
    assert not is_well
    assert "workers" in found


def test_a_budget_of_no_notebook(tmp_path: Path) -> None:
    """It would hold for nothing, so a slip of the pen is told."""
    line = "c.Autograder.budgets = {{'one': {{'memory_mb': 99}}, {other!r}: {{}}}}"
    assert "budgets" not in _by_name(build(tmp_path / "none"))
    found = _by_name(build(tmp_path / "well", line.format(other="two")))
    assert found["budgets"] == (True, "one, two")
    found = _by_name(build(tmp_path / "slip", line.format(other="tow")))
    assert found["budgets"] == (False, "no such notebook in source/: tow")


def test_isolation_that_is_switched_off(tmp_path: Path) -> None:
    """Is a choice, and is told."""
    found = _by_name(build(tmp_path, "c.Autograder.isolation = False"))
    assert found["isolation"] == (False, "False")


def test_gpus_that_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their names and memory, and how many notebooks share it."""
    root = build(tmp_path / "course", "c.Autograder.workers = 3\nc.Autograder.slots_per_gpu = 2")
    _commands(tmp_path, monkeypatch, **{"nvidia-smi": "echo 0, GPU-1, Tesla T4, 15360"})
    found = _by_name(root)
    assert found["GPUs"] == (True, "Tesla T4 (15 GB for 2 notebooks)")
    assert found["notebooks at a time"][1].startswith("3 on processors, 2 on GPUs; ")


def test_gpus_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is well, unless the real images are to be trained on or a number was named."""
    _commands(tmp_path, monkeypatch)
    why = "nvidia-smi is not on PATH"
    assert _by_name(build(tmp_path / "small"))["GPUs"] == (True, why)
    full = 'c.Autograder.profile = "full"'
    is_well, found = _by_name(build(tmp_path / "full", full))["GPUs"]
    assert not is_well
    assert found.startswith(f"{why}; expected one for c.Autograder.profile")
    is_well, found = _by_name(build(tmp_path / "two", "c.Autograder.gpus = 2"))["GPUs"]
    assert not is_well
    assert found == f"{why}; expected c.Autograder.gpus = 2"
    none = _by_name(build(tmp_path / "none", f"{full}\nc.Autograder.gpus = 0"))["GPUs"]
    assert none == (True, "none, by c.Autograder.gpus = 0")


def test_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its commands must be there, but for sacct; this machine's GPUs do not matter."""
    commands = {"sbatch": "exit 1", "squeue": "exit 1"}
    folder = _commands(tmp_path, monkeypatch, **commands)
    found = _by_name(build(tmp_path / "course", 'c.Autograder.engine = "slurm"'))
    assert found["engine"] == (True, "slurm")
    assert found["sbatch"] == (True, str(folder / "sbatch"))
    assert found["scancel"] == (False, "not on PATH")
    assert found["sacct"] == (True, "not on PATH")
    assert "GPUs" not in found


def _commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> Path:
    """A PATH with these commands alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return folder


def test_alembic_that_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nbgrader needs it by name for a new gradebook."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _by_name(build(tmp_path))["alembic (nbgrader calls it)"] == (False, "not on PATH")
