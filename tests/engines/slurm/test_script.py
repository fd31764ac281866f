"""The batch script: what it asks for, and what it starts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autograder.engines.slurm.script import PLACEHOLDER, Array, Needs, batch_script
from autograder.settings import Slurm


def _script(folder: Path, binds: tuple[Path, ...] = (), argv0: str = "", **settings: Any) -> str:
    array = settings.pop("array", Array("autograder-1", folder, 3))
    argv = [argv0 or "/opt/venv/bin/python", "-m", "autograder", "--chunk"]
    return batch_script(Slurm(**settings), array, [*argv, str(folder / PLACEHOLDER)], binds)


def _requests(script: str) -> set[str]:
    prefix = "#SBATCH "
    return {line.removeprefix(prefix) for line in script.splitlines() if line.startswith(prefix)}


def test_what_is_always_asked_for() -> None:
    """One process with the processors that are set, requeued, its output into the batch's logs."""
    assert _requests(_script(Path("/c/b"), cpus=8)) == {
        *("--job-name=autograder-1", "--array=0-2", "--nodes=1", "--ntasks=1"),
        *("--cpus-per-task=8", "--requeue", "--open-mode=append", "--chdir=/c/b"),
        *("--output=/c/b/logs/%A_%a.log", "--signal=B:TERM@60"),
    }


def test_what_the_settings_ask_for() -> None:
    """Each setting is a request; the instructor's own options come last, where they win."""
    array = Array("autograder-1", Path("/c/b"), 3, parallel=2, accelerated=True)
    settings: dict[str, Any] = {"partition": "gpu", "account": "dl", "time": "4:00:00"}
    options = ["--qos=low", "--cpus-per-task=1"]
    script = _script(Path("/c/b"), array=array, **settings, gpus=2, memory_gb=1.5, options=options)
    assert _requests(script) >= {
        *("--array=0-2%2", "--partition=gpu", "--account=dl", "--time=4:00:00"),
        *("--mem=1536M", "--gres=gpu:2", "--qos=low"),
    }
    assert script.index("--cpus-per-task=4") < script.index("--cpus-per-task=1\n")


def test_what_a_chunk_needs_is_asked_for() -> None:
    """Where the settings say nothing: whole minutes, rounded up, and MB."""
    array = Array("autograder-1", Path("/c/b"), 1, needs=Needs(3601, 9000))
    assert _requests(_script(Path("/c/b"), array=array)) >= {"--time=61", "--mem=9000M"}


def test_no_gpu_is_asked_for_without_need() -> None:
    """Items that use none go to the partition for them, if there is one."""
    script = _script(Path("/c/b"), partition="gpu", cpu_partition="cpu", gpus=1)
    assert "--partition=cpu" in script and "gres" not in script
    assert "--partition=gpu" in _script(Path("/c/b"), partition="gpu")


@pytest.mark.parametrize(
    ("limit", "warned"),
    [
        *(("1", False), ("04:59", False), ("0:04:00", False), ("0-0:2", False)),
        *(("5", True), ("30:00", True), ("1:00:00", True), ("1-0", True), ("UNLIMITED", True)),
    ],
)
def test_a_short_time_is_not_shortened(limit: str, warned: bool) -> None:
    """A task is ended before its time is over, but not when it has just begun."""
    assert ("--signal" in _script(Path("/c/b"), time=limit)) is warned


def test_odd_paths_stay_whole() -> None:
    """Spaces are quoted, and % is no pattern of Slurm's."""
    requests = _requests(_script(Path("/c/50% off")))
    assert requests >= {'--output="/c/50%% off/logs/%A_%a.log"', '--chdir="/c/50% off"'}


def _run(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = folder / "script.sh"
    path.write_text(script)
    subprocess.run(["bash", "-n", path], check=True)
    return subprocess.run(
        ["bash", path],
        env={"PATH": "/usr/bin:/bin", "SLURM_ARRAY_TASK_ID": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _program(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A batch's folder with a name that needs care."""
    path = tmp_path / "it's $HOME"
    path.mkdir()
    (path / "chunk-1.json").write_text("[]")
    return path


def test_the_command_has_its_chunk(folder: Path) -> None:
    """The task's own, after the setup lines."""
    python = _program(folder / "bin" / "python", 'printf "%s\\n" "$@" "$SITE"')
    script = _script(folder, argv0=python, setup=["export SITE=lab", "false"])
    assert _run(script, folder).stdout.splitlines() == [
        *("-m", "autograder", "--chunk", str(folder / "chunk-1.json")),
        "lab",
    ]


def test_a_withdrawn_task_ends_at_once(folder: Path) -> None:
    """Its chunk file is gone: no work, no error."""
    python = _program(folder / "bin" / "python", "echo worked")
    (folder / "chunk-1.json").unlink()
    done = _run(_script(folder, argv0=python), folder)
    assert (done.returncode, done.stdout) == (0, "")


def test_requeueing_has_an_end(folder: Path) -> None:
    """Slurm requeues a task whose node dies for ever; after the retries it ends as failed."""
    python = _program(folder / "bin" / "python", "echo worked")
    script = _script(folder, argv0=python, retries=3)
    assert _run(script, folder, SLURM_RESTART_COUNT="3").stdout == "worked\n"
    done = _run(script, folder, SLURM_RESTART_COUNT="4")
    assert (done.returncode, done.stdout) == (75, "")
    assert "too often" in done.stderr


def _apptainer(folder: Path) -> str:
    """A PATH with an apptainer that prints its arguments, and what it would pass inside."""
    text = 'printf "%s\\n" "$@"; compgen -v APPTAINERENV_; stat -c %a "${@:6:1}" >&2 || true'
    return f"{Path(_program(folder / 'path' / 'apptainer', text)).parent}:/usr/bin:/bin"


def test_a_container_is_walled_in(folder: Path) -> None:
    """No network, no environment but what tasks read, a /tmp that is large enough."""
    course = folder / "my course"
    script = _script(folder, (course,), argv0="python", container="/img/kit.sif")
    environment = {"TMPDIR": str(folder), "AUTOGRADER_X": "1", "SECRET": "s"}
    said = _run(script, folder, PATH=_apptainer(folder), **environment).stdout.splitlines()
    assert said == [
        *("exec", "--containall", "--net", "--network", "none"),
        *("--workdir", f"{folder}/autograder-{os.getuid()}", "--bind", str(course)),
        *("/img/kit.sif", "python", "-m", "autograder", "--chunk", str(folder / "chunk-1.json")),
        *("APPTAINERENV_AUTOGRADER_X", "APPTAINERENV_SLURM_ARRAY_TASK_ID"),
    ]


def test_a_container_has_a_gpu_only_where_one_is_asked_for(folder: Path) -> None:
    """`--nv` with items that use one, and only where tasks have GPUs at all."""
    for accelerated, gpus, nv in ((True, 1, True), (True, 0, False), (False, 1, False)):
        array = Array("autograder-1", folder, 2, accelerated=accelerated)
        script = _script(folder, array=array, container="kit.sif", gpus=gpus)
        assert ("--nv" in script) is nv
