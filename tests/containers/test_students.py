"""The scripts that students hand to sbatch, run here beside a program that is called apptainer."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

CONTAINERS = Path(__file__).parents[2] / "containers"
# Of sbatch's options, those that such a script may need.
OPTIONS = {"account", "cpus-per-task", "gres", "job-name", "mem", "output", "partition", "time"}
# Writes down its arguments, and what is told meanwhile about the server.
FAKE = """#!/bin/bash
printf '%s\\n' "$@" >"$SEEN/arguments"
env >"$SEEN/environment"
cp --preserve=mode jupyter-*.txt "$SEEN/" 2>/dev/null || true
"""


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the fake apptainer leaves what it saw; the working directory has a notebook."""
    for name in ("bin", "seen", "my work"):
        (tmp_path / name).mkdir()
    fake = tmp_path / "bin" / "apptainer"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    (tmp_path / "my work" / "cnn.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path / "my work")
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    for name in ("AUTOGRADER_IMAGE", "AUTOGRADER_DATA", "AUTOGRADER_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "seen"


@pytest.mark.parametrize("script", ["student.sbatch", "student-jupyter.sbatch"])
def test_options_are_sbatchs(script: str) -> None:
    """They stand before the first command, where sbatch looks, and are spelt as it spells them."""
    head, _, rest = (CONTAINERS / script).read_text().partition("\nIMAGE=")
    found = re.findall(r"^#SBATCH --([a-z-]+)=\S+$", head, re.MULTILINE)
    assert {"gres", "time", "mem"} <= set(found) <= OPTIONS
    assert len(found) == head.count("#SBATCH")
    assert "#SBATCH" not in rest


def test_a_notebook_is_run_with_its_folder_and_the_data(
    seen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The data can only be read; what was trained and the new notebook stay in its folder."""
    monkeypatch.setenv("AUTOGRADER_DATA", "/shared/images")
    done = run("student.sbatch", "cnn.ipynb")
    assert done.returncode == 0, done.stderr
    arguments = (seen / "arguments").read_text().splitlines()
    folder = tmp_path / "my work"
    assert {"--nv", str(folder), "/shared/images:/shared/images:ro"} <= set(arguments)
    assert f"AUTOGRADER_TRAINED={folder}/trained" in arguments
    assert "AUTOGRADER_PROFILE=full" in arguments
    assert arguments[-3:] == ["--output", "cnn.done.ipynb", "cnn.ipynb"]


def test_data_in_the_image_are_not_bound(seen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing of that name on the node."""
    monkeypatch.setenv("AUTOGRADER_DATA", "/opt/autograder-data")
    assert run("student.sbatch", "cnn.ipynb").returncode == 0
    arguments = (seen / "arguments").read_text().splitlines()
    assert arguments.count("--bind") == 1
    assert "AUTOGRADER_DATA=/opt/autograder-data" in arguments


def test_a_wrong_notebook_is_one_line(seen: Path) -> None:
    """Nothing is run."""
    done = run("student.sbatch", "other.ipynb")
    assert done.returncode == 2
    assert done.stderr == "other.ipynb: expected a notebook, found no such file\n"
    assert not (seen / "arguments").exists()


def test_the_way_to_jupyter_is_told_to_its_owner_alone(seen: Path) -> None:
    """The token is in no command line and no log; the file that has it ends with the job."""
    done = run("student-jupyter.sbatch")
    assert done.returncode == 0, done.stderr
    (told,) = seen.glob("jupyter-*.txt")
    assert told.stat().st_mode & 0o077 == 0
    token = re.findall(r"token=([0-9a-f]{48})$", told.read_text(), re.MULTILINE)
    assert len(token) == 1
    environment = (seen / "environment").read_text()
    assert f"APPTAINERENV_JUPYTER_TOKEN={token[0]}" in environment
    assert token[0] not in (seen / "arguments").read_text() + done.stdout + done.stderr
    assert not list(Path.cwd().glob("jupyter-*.txt"))


def test_jupyters_port_is_the_one_that_is_told(seen: Path) -> None:
    """Another port than the tunnel's would be of no use."""
    run("student-jupyter.sbatch")
    (told,) = seen.glob("jupyter-*.txt")
    (port,) = re.findall(r"localhost:(\d+)/", told.read_text())
    assert f"--port={port}" in (seen / "arguments").read_text()
    assert 1024 < int(port) < 65536


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a job does: the script, in the folder that sbatch was called in."""
    environment = os.environ | {"SLURM_JOB_ID": "4711", "USER": "student"}
    command = ["bash", str(CONTAINERS / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
