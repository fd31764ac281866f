"""Trainings that were done, one .npz file each: the weights that moved, and the history."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.datasets.store import cache
from autograder.files import replacing
from autograder.workbench.contents import near
from autograder.workbench.identity import Identity

Array = NDArray[Any]
History = dict[str, list[float]]

MAX_BYTES = 2_000_000_000  # of all files together
_KINDS = "fiub"
_SHOWN = 16  # digits of a digest in a file's name


@dataclass(frozen=True)
class Trained:
    """weights: by their number in model.weights, those that moved; when: Unix time, seconds."""

    weights: Mapping[int, Array]
    history: History
    when: float


class DamagedError(Exception):
    """A file is not what was kept there."""


@dataclass(frozen=True)
class Shelf:
    """The folder of kept trainings."""

    folder: Path
    max_bytes: int = MAX_BYTES

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Shelf:
        """The folder that AUTOGRADER_TRAINED names, else trained/ in the kit's cache."""
        folder = environment.get("AUTOGRADER_TRAINED") or cache(environment) / "trained"
        return cls(Path(folder).expanduser())

    def candidates(self, stem: str, identity: Identity) -> Iterator[Path]:
        """The files that may hold a training: one, or several that differ in computed features."""
        if not identity.sums:
            path = self.place(stem, identity)
            yield from [path] if path.is_file() else []
        else:
            yield from sorted(self.folder.glob(f"{_beginning(stem, identity)}-*.npz"))

    def place(self, stem: str, identity: Identity) -> Path:
        """Where a training is to lie."""
        beginning = _beginning(stem, identity)
        sums = hashlib.sha256(repr(identity.sums).encode()).hexdigest()
        end = f"-{sums[:8]}" if identity.sums else ""
        return self.folder / f"{beginning}{end}.npz"

    def keep(self, stem: str, identity: Identity, trained: Trained) -> Path:
        """Writes a training down; removes the files used longest ago where there are too many.

        Raises OSError.
        """
        path = self.place(stem, identity)
        told = {
            "identity": identity.digest,
            "sums": identity.sums,
            "history": trained.history,
            "when": trained.when,
        }
        named = {str(number): array for number, array in trained.weights.items()}
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, allow_pickle=False, told=np.array(json.dumps(told)), **named)
        self._make_room(path)
        return path

    def _make_room(self, newest: Path) -> None:
        with contextlib.suppress(OSError):
            found = [(file.stat(), file) for file in self.folder.glob("*.npz")]
            left = sum(stat.st_size for stat, _ in found)
            for stat, file in sorted(found, key=lambda each: each[0].st_mtime):
                if left > self.max_bytes and file != newest:
                    file.unlink()
                    left -= stat.st_size


def read(path: Path, identity: Identity, shapes: list[tuple[int, ...]]) -> Trained | None:
    """What is kept at `path`; None where it is another training, of other computed features.

    shapes: of model.weights. Raises DamagedError.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as kept:
            told = json.loads(str(kept["told"]))
            if not near(tuple(told["sums"]), identity.sums):
                return None
            weights = {int(number): kept[number] for number in kept.files if number != "told"}
        trained = Trained(weights, dict(told["history"]), float(told["when"]))
    except Exception as error:  # NumPy and zipfile raise some ten kinds
        raise DamagedError from error
    fit = all(_fits(array, n, shapes) for n, array in weights.items())
    if told.get("identity") != identity.digest or not fit:
        raise DamagedError
    with contextlib.suppress(OSError):
        os.utime(path)
    return trained


def _fits(array: Array, number: int, shapes: list[tuple[int, ...]]) -> bool:
    return (
        number in range(len(shapes))
        and array.shape == shapes[number]
        and array.dtype.kind in _KINDS
    )


def stem_of(name: str) -> str:
    """A name as the beginning of a file's name."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", name).lstrip(".")[:60] or "model"


def _beginning(stem: str, identity: Identity) -> str:
    return f"{stem}-{identity.digest[:_SHOWN]}"
