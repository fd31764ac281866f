"""This machine's GPUs, as nvidia-smi lists them and CUDA_VISIBLE_DEVICES, or Slurm with it, allows.

https://docs.nvidia.com/deploy/nvidia-smi and, for the variable, appendix "CUDA Environment
Variables" of https://docs.nvidia.com/cuda/cuda-programming-guide.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_COMMAND = "nvidia-smi"
_QUERY = ("--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits")
_TIMEOUT_S = 60.0  # without the persistence mode, a driver that was asleep takes tens of seconds
_UNKNOWN = "a GPU"
_PART = "a part of a GPU"  # MIG: nvidia-smi lists whole ones


@dataclass(frozen=True)
class GPU:
    """What may be worked on. identifier: for CUDA_VISIBLE_DEVICES. memory_mb: 0 if not known."""

    identifier: str
    name: str
    memory_mb: int = 0


@dataclass(frozen=True)
class Found:
    """The GPUs that may be used, in their order. missing: why there are none; else empty."""

    gpus: tuple[GPU, ...] = ()
    missing: str = ""


class _NotListedError(Exception):
    """nvidia-smi is of no use; the message says why."""


def find_gpus(environment: Mapping[str, str] = os.environ, devices: Path = Path("/dev")) -> Found:
    """The GPUs that a program started in `environment` would see. Raises nothing.

    Where nvidia-smi cannot be asked, the entries of CUDA_VISIBLE_DEVICES count if `devices` has an
    NVIDIA GPU at all: a container may lack the command, while a variable may be left over. Indices
    are nvidia-smi's, which counts only what Slurm's control groups let through, as Slurm does.
    """
    wanted = environment.get("CUDA_VISIBLE_DEVICES")
    visible = None if wanted is None else [entry.strip() for entry in wanted.split(",")]
    if visible and visible[0] in ("", "-1"):
        return Found(missing="CUDA_VISIBLE_DEVICES hides all GPUs")
    try:
        listed = _listed(environment)
    except _NotListedError as error:
        if visible and any(devices.glob("nvidia[0-9]*")):
            return Found(tuple(GPU(entry, _name(entry)) for entry in visible))
        return Found(missing=str(error))
    if not listed:
        return Found(missing=f"{_COMMAND} lists no GPU")
    gpus = tuple(listed.values()) if visible is None else _chosen(listed, visible)
    return Found(
        gpus, "" if gpus else f"CUDA_VISIBLE_DEVICES={wanted} names none of this machine's"
    )


def _listed(environment: Mapping[str, str]) -> dict[str, GPU]:
    """All GPUs that nvidia-smi sees, by index."""
    program = shutil.which(_COMMAND, path=environment.get("PATH"))
    if program is None:
        raise _NotListedError(f"{_COMMAND} is not on PATH")
    try:
        asked = subprocess.run(
            [program, *_QUERY], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _NotListedError(f"{_COMMAND} does not answer: {error}") from error
    if asked.returncode:
        said = (asked.stdout + asked.stderr).strip().splitlines() or ["nothing"]
        raise _NotListedError(f"{_COMMAND} ended with {asked.returncode} and said: {said[0]}")
    return dict(_read(row) for row in csv.reader(asked.stdout.splitlines(), skipinitialspace=True))


def _read(row: Sequence[str]) -> tuple[str, GPU]:
    try:
        index, uuid, name, memory_mb = row
    except ValueError:
        raise _NotListedError(
            f"{_COMMAND}: expected index, uuid, name and memory; received {', '.join(row)!r}"
        ) from None
    # "[N/A]" where the GPU has no memory of its own
    return index, GPU(uuid, name, int(memory_mb) if memory_mb.isdecimal() else 0)


def _chosen(listed: Mapping[str, GPU], visible: Sequence[str]) -> tuple[GPU, ...]:
    """Those that CUDA would show: it stops at the first entry that is none of them."""
    chosen: list[GPU] = []
    for entry in visible:
        gpu = _named(listed, entry)
        if gpu is None or gpu in chosen:
            break
        chosen.append(gpu)
    return tuple(chosen)


def _named(listed: Mapping[str, GPU], entry: str) -> GPU | None:
    """An index, a UUID or its beginning; a MIG device is taken at its word."""
    if entry in listed:
        return listed[entry]
    if entry.startswith("MIG-"):
        return GPU(entry, _PART)
    begin = [gpu for gpu in listed.values() if gpu.identifier.startswith(entry)]
    return begin[0] if entry.startswith("GPU-") and len(begin) == 1 else None


def _name(entry: str) -> str:
    return _PART if entry.startswith("MIG-") else _UNKNOWN
