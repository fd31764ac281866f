"""The text of the batch script: what a job array asks for, and the command of its tasks."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf
from pathlib import Path

from autograder.engines.slurm.chunks import chunk_name
from autograder.settings import Slurm

PLACEHOLDER = "chunk-of-this-task.json"
WARNING_S = 60  # a task is ended so long before its time is over

_CHUNK = f'chunk="$folder"/{chunk_name(0).replace("0", "$SLURM_ARRAY_TASK_ID")}'
_PASSED = (  # what tasks read of the environment; a container starts with none
    "SLURM_JOB_ID SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID SLURM_RESTART_COUNT SLURM_CPUS_PER_TASK "
    "CUDA_VISIBLE_DEVICES ${!AUTOGRADER_@}"
)
_CONTAINER = f"""
for name in {_PASSED}; do
    if [ -n "${{!name+set}}" ]; then export "APPTAINERENV_$name=${{!name}}"; fi
done
# Apptainer's own /tmp holds 64 MB
scratch="${{TMPDIR:-/tmp}}/autograder-$UID"
mkdir -p -m 700 "$scratch"
[ -O "$scratch" ] || {{ echo "$scratch: expected a folder of user $UID" >&2; exit 1; }}
"""


@dataclass(frozen=True)
class Needs:
    """What a chunk may take at most: wall-clock seconds, and MB (2**20 bytes) at the same time."""

    time_s: float
    memory_mb: int


@dataclass(frozen=True)
class Array:
    """A job array. folder: where its chunk files lie. parallel: tasks at the same time, 0: any."""

    name: str
    folder: Path
    tasks: int
    parallel: int = 0
    accelerated: bool = False
    needs: Needs | None = None


def batch_script(
    settings: Slurm, array: Array, argv: Sequence[str], binds: Iterable[Path] = ()
) -> str:
    """The script of `array`. argv: a task's command, with the word `array.folder / PLACEHOLDER`
    where its chunk file comes. binds: what a container finds at the same path, and may write to.
    """
    lines = ["#!/bin/bash", *(f"#SBATCH {line}" for line in _requests(settings, array)), ""]
    lines += [f"folder={shlex.quote(str(array.folder))}", _CHUNK]
    lines += ["# withdrawn: the grading that submitted it was killed before it knew of it"]
    lines += ['[ -e "$chunk" ] || exit 0']
    # Slurm requeues for ever, and a notebook may be what its nodes die of
    often = '{ echo "Slurm has started this task too often" >&2; exit 75; }'
    lines += [f'[ "${{SLURM_RESTART_COUNT:-0}}" -le {settings.retries} ] || {often}']
    lines += [*settings.setup]
    if settings.container:
        lines += [_CONTAINER.strip()]
    chunk = str(array.folder / PLACEHOLDER)
    words = ['"$chunk"' if word == chunk else shlex.quote(word) for word in argv]
    if settings.container:
        words = [*_container(settings, array, binds), *words]
    return "\n".join([*lines, f"exec {' '.join(words)} </dev/null", ""])


def _container(settings: Slurm, array: Array, binds: Iterable[Path]) -> list[str]:
    """The words before the command: a wall around the worker, without a network."""
    words = ["apptainer exec --containall --net --network none"]
    words += ["--nv"] if array.accelerated and settings.gpus else []
    words += ['--workdir "$scratch"']
    words += [f"--bind {shlex.quote(str(path))}" for path in binds]
    return [*words, shlex.quote(settings.container)]


def _requests(settings: Slurm, array: Array) -> list[str]:
    """Options of sbatch, the instructor's last: the last of two counts."""
    log = str(array.folder).replace("%", "%%") + "/logs/%A_%a.log"
    at_once = f"%{array.parallel}" if array.parallel else ""
    needs = array.needs
    memory_mb = settings.memory_gb * 1024 or (needs.memory_mb if needs else 0)
    partition = (not array.accelerated and settings.cpu_partition) or settings.partition
    limit = settings.time or (str(ceil(needs.time_s / 60)) if needs else "")
    gpus = settings.gpus if array.accelerated else 0
    requests = [
        f"--job-name={array.name}",
        f"--array=0-{array.tasks - 1}{at_once}",
        "--nodes=1",
        "--ntasks=1",
        f"--cpus-per-task={settings.cpus}",
        "--requeue",
        "--open-mode=append",
        f"--output={_quoted(log)}",
        f"--chdir={_quoted(str(array.folder))}",
        f"--partition={_quoted(partition)}" if partition else "",
        f"--account={_quoted(settings.account)}" if settings.account else "",
        f"--time={_quoted(limit)}" if limit else "",
        f"--mem={ceil(memory_mb)}M" if memory_mb else "",
        f"--gres=gpu:{gpus}" if gpus else "",
        # To the worker alone: at the end Slurm signals everybody, and a notebook that ends before
        # its worker seems to have failed. It may come a minute early: of a short time nothing
        # would be left.
        f"--signal=B:TERM@{WARNING_S}" if _seconds(limit) >= 5 * WARNING_S else "",
        *settings.options,
    ]
    return [request for request in requests if request]


def _quoted(text: str) -> str:
    """As sbatch reads it: in quotes only where it must be, for a shell's rules are not all its."""
    return text if shlex.quote(text) == text else f'"{text}"'


def _seconds(limit: str) -> float:
    """A time of Slurm, such as "90", "30:00", "4:00:00" or "1-12"; inf for none or another form."""
    days, dash, clock = limit.rpartition("-")
    try:
        numbers = [int(number) for number in clock.split(":")]
        if dash:
            hours, minutes, seconds = (*numbers, 0, 0)[:3]
        elif len(numbers) == 1:
            hours, minutes, seconds = 0, numbers[0], 0
        else:
            hours, minutes, seconds = (0, *numbers)[-3:]
        return 86400 * int(days or 0) + 3600 * hours + 60 * minutes + seconds
    except ValueError:
        return inf
