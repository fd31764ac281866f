"""What was submitted, on the disk: a grading that was killed finds its jobs again.

    <folder>/0001-5e2a91c0/             a batch: one job array
        chunk-0.json …                  what its tasks work on
        chunk-0.17_0.0.node1.99.done    what a task has done
        script.sh, logs/17_0.log
        job                             the array's id, once sbatch has told it
        over                            nothing of it counts any more, but somebody may read logs

A batch's id is in its job's name, so that the job is found where a kill came between sbatch and
`job`. A batch whose folder is gone is withdrawn: its tasks end at once.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.engines.slurm.chunks import Try, chunk_name, write_chunk
from autograder.errors import UserError
from autograder.files import write_atomic

PREFIX = "autograder-"
_STAGE = ".new-"


@dataclass(frozen=True)
class Batch:
    """One job array. job: its id, "" while nobody knows whether there is one."""

    folder: Path
    job: str = ""

    @property
    def name(self) -> str:
        """Its job's name."""
        return PREFIX + self.folder.name

    @property
    def script(self) -> Path:
        """Its batch script."""
        return self.folder / "script.sh"

    def chunk(self, index: int) -> Path:
        """The chunk file of a task."""
        return self.folder / chunk_name(index)

    def chunks(self) -> dict[int, Path]:
        """All chunk files, by the index of their task."""
        paths = self.folder.glob("chunk-*.json")
        return {int(path.stem.removeprefix("chunk-")): path for path in sorted(paths)}

    def log(self, job: str, index: int) -> Path:
        """What a task printed."""
        return self.folder / "logs" / f"{job}_{index}.log"


class Ledger:
    """The batches of an assignment, below `folder`. One process at a time may use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def batches(self) -> list[Batch]:
        """Those whose jobs may be at work, oldest first."""
        folders = [path for path in self._all() if not path.name.startswith(_STAGE)]
        return [_load(path) for path in folders if not (path / "over").exists()]

    def sweep(self) -> None:
        """Remove what a kill left half-written, and batches that were kept for their logs."""
        for path in self._all():
            if path.name.startswith(_STAGE) or (path / "over").exists():
                shutil.rmtree(path, ignore_errors=True)

    def add(self, chunks: Sequence[Sequence[Try]], script: Callable[[Batch], str]) -> Batch:
        """A new batch, not submitted yet. Raises UserError when it cannot be written."""
        number = max((_number(path) for path in self._all()), default=0) + 1
        batch = Batch(self._folder / f"{number:04d}-{secrets.token_hex(4)}")
        stage = self._folder / f"{_STAGE}{batch.folder.name}"
        try:
            (stage / "logs").mkdir(parents=True)
            for index, chunk in enumerate(chunks):
                write_chunk(stage / chunk_name(index), chunk)
            (stage / batch.script.name).write_text(script(batch), encoding="utf-8")
            os.rename(stage, batch.folder)
        except OSError as error:
            shutil.rmtree(stage, ignore_errors=True)
            raise _unwritten(self._folder, error) from error
        return batch

    def submitted(self, batch: Batch, job: str) -> Batch:
        """Write down that `batch` is the job of this id."""
        try:
            write_atomic(batch.folder / "job", f"{job}\n".encode())
        except OSError as error:
            raise _unwritten(self._folder, error) from error
        return replace(batch, job=job)

    def keep_logs(self, batch: Batch) -> None:
        """Nothing of `batch` counts any more; its logs stay until the next grading."""
        with contextlib.suppress(OSError):
            (batch.folder / "over").touch()

    def remove(self, batch: Batch) -> None:
        """Forget `batch`; where none is left, the folder as well."""
        gone = batch.folder.with_name(_STAGE + batch.folder.name)  # withdrawn at one instant
        with contextlib.suppress(OSError):
            os.rename(batch.folder, gone)
        shutil.rmtree(gone, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _all(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if path.is_dir())


def _load(folder: Path) -> Batch:
    try:
        return Batch(folder, (folder / "job").read_text(encoding="utf-8").strip())
    except OSError:
        return Batch(folder)


def _number(path: Path) -> int:
    digits = path.name.removeprefix(_STAGE).partition("-")[0]
    return int(digits) if digits.isdecimal() else 0


def _unwritten(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"{folder}: what Slurm's tasks are to do could not be written: {error.strerror or error}; "
        "make room or mend the folder and run the command again: what is done is kept"
    )
