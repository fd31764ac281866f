"""A course's data sets: which its assignments use, where they lie, what is hidden, who may see it.

The settings decide, and the environment variables AUTOGRADER_DATA and AUTOGRADER_PROFILE before
them. Notebooks find the same two variables in their environment.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from autograder.artifacts.models.features import FOLDER_VARIABLE
from autograder.course import Course
from autograder.datasets.catalogue import RECIPES
from autograder.datasets.download import Progress
from autograder.datasets.errors import DataError
from autograder.datasets.packing import pack
from autograder.datasets.preparing import Recipe, prepare, prepared, verify
from autograder.datasets.splits import Hidden
from autograder.datasets.store import FULL, Store, writing
from autograder.execution.nursery import Nursery
from autograder.isolation import Walls

_SHOWN = 5
_MENTIONS = re.compile(r"\b(cats_dogs|cifar10|pretrained_vgg16)\b")
_MEASURED_ON = re.compile(  # in a notebook's JSON, where quotes are escaped
    r"""\b(?:accuracy|reported)\(.{0,300}?["'](cats_dogs|cifar10)\\?["']""", re.DOTALL
)


class CourseData:
    """The data of the course `course`. Raises DataError where a setting is wrong."""

    def __init__(self, course: Course, environment: Mapping[str, str] = os.environ) -> None:
        self._course = course
        self._settings = course.settings
        environment = {**environment, **course.environment}
        for setting in ("evaluation_images", "data_sources"):
            if unknown := set(getattr(self._settings, setting)) - RECIPES.keys():
                raise DataError(
                    f"course_config.py: c.Autograder.{setting}: expected data sets out of "
                    f"{', '.join(RECIPES)}, found {min(unknown)!r}"
                )
        root = environment.get("AUTOGRADER_DATA") or self._settings.data_directory
        profile = environment.get("AUTOGRADER_PROFILE") or self._settings.profile
        self.store = Store(course.root / Path(root).expanduser(), profile)

    @property
    def readable(self) -> tuple[Path, ...]:
        """What students' code may read."""
        return (self.store.root / "students",)

    @property
    def reserved(self) -> tuple[Path, ...]:
        """What only tests may read."""
        return (self.store.root / "evaluation",)

    @property
    def features(self) -> Path:
        """What tests have computed of hidden images; of what is reserved, too."""
        return self.store.evaluation(".features")

    @property
    def environment(self) -> dict[str, str]:
        """What notebooks and tests find in os.environ."""
        return {
            "AUTOGRADER_DATA": str(self.store.root),
            "AUTOGRADER_PROFILE": self.store.profile,
            FOLDER_VARIABLE: str(self.features),
        }

    def used_by(self, assignment: str) -> list[Recipe]:
        """The data sets that an assignment's notebooks import, or measure models on."""
        texts = [path.read_text() for path in self._course.notebooks(assignment)]
        imported = {
            name.removeprefix("pretrained_")
            for text in texts
            if "autograder.datasets" in text
            for name in _MENTIONS.findall(text)
        }
        found = imported.union(*map(_MEASURED_ON.findall, texts))
        return [recipe for name, recipe in RECIPES.items() if name in found]

    def recipes(self, assignment: str | None) -> list[Recipe]:
        """The data sets of an assignment, or all."""
        return list(RECIPES.values()) if assignment is None else self.used_by(assignment)

    def describe(self, recipe: Recipe) -> str:
        """What is there of a data set, in a few words."""
        manifest = prepared(recipe, self.store, self._hidden(recipe))
        if manifest is None:
            return "not prepared"
        told = [str(self.store.students(recipe.name))]
        if images := manifest.get("images"):
            told.append(", ".join(f"{count:,} {name}" for name, count in images.items()))
        if recipe.evaluation_images:
            told.append(f"{self._hidden(recipe).images:,} hidden")
        if left_out := manifest.get("left out"):
            told.append(f"{len(left_out)} left out: {', '.join(left_out[:_SHOWN])}")
        if manifest.get("duplicates"):
            told.append(f"{manifest['duplicates']} not hidden, being there twice")
        return "; ".join(told)

    def places(self) -> dict[str, str]:
        """The profile, the folders, and the state of each data set."""
        return {
            "profile": self.store.profile,
            "students read": str(self.readable[0]),
            "hidden": str(self.reserved[0]),
            "downloads": str(self.store.downloads),
            **{name: self.describe(recipe) for name, recipe in RECIPES.items()},
        }

    def verify(self, recipe: Recipe) -> list[str]:
        """What is wrong with a data set's files, a line each."""
        wrong = verify(self.store.students(recipe.name))
        if recipe.evaluation_images and not wrong:
            wrong += verify(self.store.evaluation(recipe.name))
        return wrong

    def pack(self, assignment: str, target: Path | None = None) -> tuple[Path, int]:
        """Write the students' archive of an assignment: the file and its size in bytes."""
        names = [recipe.name for recipe in self.used_by(assignment)]
        if not names:
            raise DataError(
                f"{assignment}: its notebooks use no data set; there is nothing to pack"
            )
        target = target or self.store.root / f"{assignment}-{self.store.profile}.zip"
        return target, pack(self.store, names, target)

    def is_prepared(self, recipe: Recipe) -> bool:
        return prepared(recipe, self.store, self._hidden(recipe)) is not None

    def prepare(self, recipe: Recipe, progress: Progress | None = None) -> None:
        """Make what students read and what is hidden from them, unless it is there."""
        source = self._settings.data_sources.get(recipe.name)
        if source and "://" not in source:
            source = str(self._course.root / Path(source).expanduser())
        prepare(recipe, self.store, self._hidden(recipe), source, progress)

    def ensure(self, assignment: str, say: Callable[[str], None]) -> None:
        """Have ready what an assignment needs. Raises DataError where that takes a download."""
        for recipe in self.used_by(assignment):
            if self.is_prepared(recipe):
                continue
            if self.store.profile == FULL:
                raise DataError(
                    f"{self.store.students(recipe.name)}: {recipe.name} is not prepared as "
                    f"course_config.py asks; run `autograder data prepare {assignment}`"
                )
            say(f"preparing {recipe.name}")
            self.prepare(recipe)
        if self.used_by(assignment):
            self._make_room_for_features()

    def _make_room_for_features(self) -> None:
        """A warm process shows its tasks what is reserved only if it is there when it starts."""
        with writing(self.features):
            self.features.mkdir(parents=True, exist_ok=True)

    def keys(self, assignment: str) -> list[str]:
        """What tells the data that an assignment's notebooks and tests read from other data."""
        return [
            f"{self.store.profile} {recipe.name} {recipe.version} {self._hidden(recipe).key()}"
            for recipe in self.used_by(assignment)
        ]

    def _hidden(self, recipe: Recipe) -> Hidden:
        images = self._settings.evaluation_images.get(recipe.name, recipe.evaluation_images)
        return Hidden(images, self._secret)

    @cached_property
    def _secret(self) -> str:
        """The secret of the settings, or one that is made once for this data directory."""
        if self._settings.evaluation_secret:
            return str(self._settings.evaluation_secret)
        path = self.store.root / "secret"
        with writing(self.store.root):
            if not path.exists():  # the folder may be read-only
                path.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileExistsError):
                    _write_new(path, secrets.token_hex(16))
            return path.read_text()


def _write_new(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all, unless there is one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.touch(mode=0o600)
        temporary.write_text(text)
        os.link(temporary, path)
    finally:
        temporary.unlink()


def open_nursery(
    course: Course,
    assignment: str,
    walls: Walls,
    say: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
) -> Nursery:
    """Warm processes for an assignment, whose tasks find the data that it needs. Close it.

    environment: what this machine makes of them, such as the number of threads.
    """
    data = CourseData(course)
    data.ensure(assignment, say)
    return Nursery(
        course.settings,
        walls,
        [course.root],
        readable=data.readable,
        reserved=data.reserved,
        environment={**(environment or {}), **data.environment},
    )
