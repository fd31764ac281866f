"""From an archive to folders that notebooks and tests read: staged, locked, then put in place.

A data set is a `Recipe`: a name, a version and a function that fills two empty folders, the
students' and the hidden one. Whoever has no secret gets the students' folder only.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.datasets.download import Progress, Remote, fetch
from autograder.datasets.errors import DataError
from autograder.datasets.splits import Hidden
from autograder.datasets.store import FULL, MANIFEST, Store, locked, read_manifest, writing
from autograder.files import replace_folder, write_atomic


@dataclass(frozen=True)
class Stage:
    """Where a recipe works: two empty folders, what is to be hidden, and the way to the archive."""

    profile: str
    students: Path
    evaluation: Path
    hidden: Hidden
    archive: Callable[[], Path]


@dataclass(frozen=True)
class Recipe:
    """How a data set is prepared.

    version: to be raised when what `fill` makes changes. fill: fills the folders of a stage and
    returns what the manifest is to tell. evaluation_images: hidden images unless told otherwise
    (0: nothing of this data set is hidden). smallest_share: the number of images must be a multiple
    of it (the number of classes).
    """

    name: str
    version: int
    remote: Remote
    fill: Callable[[Stage], dict[str, Any]]
    evaluation_images: int = 0
    smallest_share: int = 1


def students_folder(recipe: Recipe, store: Store | None = None) -> Path:
    """The prepared students' folder; prepared now where it is not yet.

    Raises DataError where that is impossible.
    """
    store = store or Store.from_environment()
    folder = store.students(recipe.name)
    manifest = read_manifest(folder)
    if manifest is None or manifest.get("version") != recipe.version:
        prepare(recipe, store, progress=_Lines(recipe.remote.file_name))
    return folder


def prepare(
    recipe: Recipe,
    store: Store,
    hidden: Hidden | None = None,
    source: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make the students' folder and, with `hidden`, the hidden one. What is there stays.

    source: a mirror's address or a local copy of the original archive. Returns the manifest of the
    students' folder. Raises DataError.
    """
    students, evaluation = store.students(recipe.name), store.evaluation(recipe.name)
    if hidden and (hidden.images < 0 or hidden.images % recipe.smallest_share):
        raise DataError(
            f"c.Autograder.evaluation_images[{recipe.name!r}]: expected a multiple of "
            f"{recipe.smallest_share} (as many of each class), found {hidden.images}"
        )
    if (found := prepared(recipe, store, hidden)) is not None:
        return found
    with locked(store.root / f".{store.profile}-{recipe.name}.lock"):
        if (found := prepared(recipe, store, hidden)) is not None:  # by whom we waited for
            return found
        with _stage(recipe, store, hidden, source, progress) as stage:
            told = recipe.fill(stage)
            for folder, part in ((stage.students, "students"), (stage.evaluation, "evaluation")):
                _write_manifest(folder, recipe, store, _key(recipe, store, hidden, part), told)
            if hidden and recipe.evaluation_images:
                replace_folder(stage.evaluation, evaluation)
            replace_folder(stage.students, students)
    manifest = read_manifest(students)
    assert manifest is not None
    return manifest


def prepared(recipe: Recipe, store: Store, hidden: Hidden | None = None) -> dict[str, Any] | None:
    """The students' manifest where all that is asked for is there as asked for, else None."""
    found = read_manifest(store.students(recipe.name))
    if found is None or found.get("key") != _key(recipe, store, hidden, "students"):
        return None
    if hidden and recipe.evaluation_images:
        other = read_manifest(store.evaluation(recipe.name))
        if other is None or other.get("key") != _key(recipe, store, hidden, "evaluation"):
            return None
    return found


def _key(recipe: Recipe, store: Store, hidden: Hidden | None, part: str) -> str:
    """What a folder was made from. Students' stand-ins do not depend on what is hidden."""
    chosen = hidden or _public(recipe)
    depends = recipe.evaluation_images and (part == "evaluation" or store.profile == FULL)
    told = [recipe.name, recipe.version, store.profile, chosen.key() if depends else ""]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _public(recipe: Recipe) -> Hidden:
    """The split of those who were told no secret."""
    return Hidden(recipe.evaluation_images, "")


@contextmanager
def _stage(
    recipe: Recipe,
    store: Store,
    hidden: Hidden | None,
    source: str | None,
    progress: Progress | None,
) -> Iterator[Stage]:
    place = store.root / f".preparing-{store.profile}-{recipe.name}"
    if hidden is None:  # of a stand-in, the hidden images need not even be drawn
        hidden = _public(recipe) if store.profile == FULL else Hidden(0, "")
    with writing(store.root):
        shutil.rmtree(place, ignore_errors=True)  # of one that was killed
        try:
            stage = Stage(
                store.profile,
                place / "students",
                place / "evaluation",
                hidden,
                lambda: fetch(recipe.remote, store.downloads, source, progress),
            )
            stage.students.mkdir(parents=True)
            stage.evaluation.mkdir()
            yield stage
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _write_manifest(
    folder: Path, recipe: Recipe, store: Store, key: str, told: dict[str, Any]
) -> None:
    manifest = {
        "data set": recipe.name,
        "version": recipe.version,
        "profile": store.profile,
        "key": key,
        **told,
        "files": {name: file_digest(folder / name) for name in files_below(folder)},
    }
    write_atomic(folder / MANIFEST, json.dumps(manifest, indent=1).encode())


def verify(folder: Path) -> list[str]:
    """What is wrong with a prepared folder, a line each; empty where it is as it was made."""
    manifest = read_manifest(folder)
    if manifest is None:
        return [f"{folder}: not prepared; run `autograder data prepare`"]
    wrong = []
    for name, digest in manifest["files"].items():
        if not (folder / name).is_file():
            wrong.append(f"{folder / name}: missing; run `autograder data prepare` again")
        elif file_digest(folder / name) != digest:
            wrong.append(f"{folder / name}: changed since it was made; delete {folder}, prepare it")
    return wrong


def files_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Lines:
    """Download progress for a notebook: a line for every tenth."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = 0

    def __call__(self, done: int, total: int | None) -> None:
        tenth = 10 * done // total if total else done // (50 << 20)
        if tenth > self._told:
            self._told = tenth
            of = f" of {total >> 20}" if total else ""
            print(f"{self._name}: {done >> 20}{of} MB")
