"""The way through, stage by stage: what is due, what is done, what comes next.

    plan → execute → grade → record

Each stage turns files into files and leaves behind the digest of what it read; what has not changed
is not done again. `Assignment.work` does the first three for one notebook of one hand-in and may
run in several threads; `grade_assignment` runs it over a class and is the single writer that
records.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import autograder
from autograder.checks.predictions.thresholds import FILE as THRESHOLDS
from autograder.course import Course, Files, HandIn, Refusal, digest, read_files, read_plain, shown
from autograder.data import CourseData
from autograder.engines import LocalEngine
from autograder.errors import UserError
from autograder.execution.execute import execute, limits
from autograder.execution.nursery import Nursery
from autograder.execution.objects import Objects
from autograder.execution.runs import LAYOUT, Run, load_run, save_empty_run
from autograder.grading.features import FeatureFolder
from autograder.grading.grade import grade, grade_unrun, needed_frameworks
from autograder.grading.gradebook import Record, State
from autograder.grading.scores import NOT_ATTEMPTED, NOT_GRADED, NotebookScores, load
from autograder.grading.timestamps import read_timestamp
from autograder.isolation import NO_WALLS, IsolationError
from autograder.notebook.master import Master, load_master
from autograder.notebook.plan import Plan, make_plan
from autograder.notebook.reading import NotebookError, read_notebook
from autograder.notebook.sanitise import Sanitised, sanitise

_JUDGES = (
    "artifacts",
    "checks",
    "datasets",
    "graphs",
    "grading",
    "snapshot",
)  # the packages that decide a score
_FOR_TESTS = frozenset({THRESHOLDS})  # of the files beside the notebooks; released like all others
_LARGE_MB = 20  # a notebook with outputs is rarely larger
_LARGE = "{} has {} MB; the outputs saved in it were left out, it was graded from its code"


class PipelineError(UserError):
    """Grading cannot go on; the message is one line: what is the matter and what to do."""


@dataclass(frozen=True)
class Result:
    """What became of one notebook of one hand-in.

    executed, graded: whether that was done now (else it was done before). remarks: what a person
    should look at; empty for a notebook that went through smoothly.
    """

    hand_in: HandIn
    notebook: str
    scores: NotebookScores
    executed: bool
    graded: bool
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Prepared:
    """A hand-in's notebook ready to be executed, or the reason why it cannot be."""

    sanitised: Sanitised
    plan: Plan
    files: Files
    problem: str = ""
    state: State = "graded"


class Assignment:
    """One assignment's notebooks, and the work on its hand-ins.

    Raises CourseError or NotebookError where the source is wrong.
    """

    def __init__(self, course: Course, name: str) -> None:
        self.course = course
        self.name = name
        self.masters: dict[str, Master] = {
            path.stem: load_master(path, course.config) for path in course.notebooks(name)
        }
        data = CourseData(course)
        self._data = data.keys(name)
        self._features = FeatureFolder(data.features)
        self._objects = Objects(course.runs(name) / ".objects")
        self._beside = course.beside(name)
        self._kept = course.kept(name)

    def prepare(self, hand_in: HandIn, notebook: str) -> Prepared:
        """Read and restore one notebook. What is wrong with it becomes its `problem`."""
        master = self.masters[notebook]
        files = self.files(hand_in)
        state: State
        try:
            path = hand_in.folder / f"{notebook}.ipynb"
            data = read_plain(path, self.course.settings.hand_in_mb << 20)
            sanitised = sanitise(read_notebook(data), master)
            if len(data) > _LARGE_MB << 20:
                sanitised = replace(
                    sanitised,
                    remarks=(_LARGE.format(path.name, len(data) >> 20), *sanitised.remarks),
                )
            return Prepared(sanitised, make_plan(sanitised.notebook), files)
        except FileNotFoundError:
            problem, state = self._not_handed_in(hand_in, notebook), "missing"
        except (NotebookError, OSError) as error:
            why = getattr(error, "strerror", None) or error
            problem, state = f"{notebook}.ipynb cannot be read: {why}", "unreadable"
        return self._unusable(notebook, files, problem, state)

    def work(self, hand_in: HandIn, notebook: str, nursery: Nursery) -> Result:
        """Plan, execute and grade one notebook, as far as that is due."""
        prepared = self.prepare(hand_in, notebook)
        return self.work_on(prepared, hand_in, notebook, nursery)

    def work_on(
        self, prepared: Prepared, hand_in: HandIn, notebook: str, nursery: Nursery
    ) -> Result:
        place = self.course.run(hand_in, notebook)
        remarks = (*prepared.sanitised.remarks, *prepared.files.remarks)
        if prepared.problem:
            return self._without_running(prepared, hand_in, notebook, place)
        try:
            run, executed = self._execute(prepared, place, nursery)
            scores, graded = self._grade(prepared.plan, run, place, nursery)
        except IsolationError as error:
            raise PipelineError(
                f"{hand_in.student}, {notebook}: {error}; "
                "`autograder doctor` tells which walls stand"
            ) from error
        return Result(hand_in, notebook, scores, executed, graded, (*remarks, *run.remarks))

    def sweep(self) -> None:
        """Remove what runs that are no more have left; at any time."""
        self._objects.sweep()

    def give_up(self, hand_in: HandIn, notebook: str, error: Exception) -> tuple[Prepared, Result]:
        """What becomes of a notebook that the kit itself failed on: a person has to look at it."""
        problem = f"the autograder failed on it, which is a bug: {type(error).__name__}: {error}"
        prepared = self._unusable(notebook, Files({}, ()), problem, "unreadable")
        place = self.course.run(hand_in, notebook)
        return prepared, self._without_running(prepared, hand_in, notebook, place)

    def _unusable(self, notebook: str, files: Files, problem: str, state: State) -> Prepared:
        """The author's notebook in the place of one that there is none of, or none to be read."""
        graded = self.masters[notebook].graded
        return Prepared(Sanitised(graded, ()), make_plan(graded), files, problem, state)

    def _not_handed_in(self, hand_in: HandIn, notebook: str) -> str:
        """That the notebook is missing, and which other notebooks lie there instead."""
        found = sorted(path.name for path in hand_in.folder.glob("*.ipynb"))
        strange = [shown(name) for name in found if name[: -len(".ipynb")] not in self.masters]
        instead = f"; found {', '.join(strange)}, which is not looked at" if strange else ""
        return f"{notebook}.ipynb was not handed in{instead}"

    def files(self, hand_in: HandIn) -> Files:
        """The files beside the notebooks, and what is odd about them or about the timestamp.

        As in nbgrader's autograde, the author's files take the place of a student's. What only
        tests read is not among them: where it changes, nobody's code is run again.
        """
        ignore = tuple(self.course.directory.ignore)
        files = read_files(hand_in.folder, self.course.settings.hand_in_mb, ignore)
        files = replace(files, contents=self._with_ours(files.contents))
        remark = read_timestamp(hand_in.folder).remark
        return replace(files, remarks=(*files.remarks, remark)) if remark else files

    def _with_ours(self, handed_in: Mapping[str, bytes]) -> dict[str, bytes]:
        kept = self._kept & handed_in.keys()
        ours = {name: data for name, data in self._beside.items() if name not in kept}
        theirs = {
            name: data
            for name, data in handed_in.items()
            if not any(_is_in_the_way(name, other) for other in ours)
        }
        return {name: data for name, data in (theirs | ours).items() if name not in _FOR_TESTS}

    def _execute(self, prepared: Prepared, place: Path, nursery: Nursery) -> tuple[Run, bool]:
        contents = prepared.files.contents
        key = digest(
            prepared.plan.execution_key(),
            LAYOUT,
            *_flat(contents),
            "no isolation" if nursery.walls == NO_WALLS else "walled in",
            *self._data,
            *_flat(self.course.environment),
        )
        bounds = limits(self.course.settings)
        run = load_run(place)
        if run is not None and run.holds_for(key, bounds):
            return run, False
        sources = [step.source for step in prepared.plan.steps if step.kind != "text"]
        warm = nursery.warm_for(sources)
        with nursery.slots:
            run = execute(
                warm, prepared.plan, contents, self.course.settings, place, key, self._objects
            )
        return run, True

    def _grade(
        self, plan: Plan, run: Run, place: Path, nursery: Nursery
    ) -> tuple[NotebookScores, bool]:
        ran = (place / "run.json").read_bytes()
        key = digest(plan.grading_key(), ran, judges_digest(), *self._data, *_flat(self._beside))
        scores = load(place / "scores.json")
        if scores is not None and scores.key == key:
            return scores, False
        sources = [step.source for step in plan.steps if step.kind == "test" or step.independent]
        warm = nursery.warm_for(sources, needed_frameworks(plan, place))
        settings = self.course.settings
        scores = grade(warm, plan, run, place, settings, key, self._features, self._beside)
        return scores, True

    def _without_running(
        self, prepared: Prepared, hand_in: HandIn, notebook: str, place: Path
    ) -> Result:
        """A notebook that is missing or cannot be read: nothing to run, nothing to grade."""
        outcome = NOT_ATTEMPTED if prepared.state == "missing" else NOT_GRADED
        key = digest(outcome, prepared.problem, prepared.plan.grading_key())
        scores = load(place / "scores.json")
        remarks = (prepared.problem, *prepared.files.remarks)
        graded = False
        if scores is None or scores.key != key:
            graded = True
            save_empty_run(place, key)
            scores = grade_unrun(prepared.plan, outcome, prepared.problem, place, key)
        return Result(hand_in, notebook, scores, executed=False, graded=graded, remarks=remarks)


def _flat(named: Mapping[str, bytes] | Mapping[str, str]) -> Iterator[bytes | str]:
    for name in sorted(named):
        yield name
        yield named[name]


def _is_in_the_way(name: str, other: str) -> bool:
    """Whether of two files, by their relative paths, one would need a folder where the other is."""
    return name.startswith(f"{other}/") or other.startswith(f"{name}/")


@functools.cache
def judges_digest() -> str:
    """The digest of the kit's code that decides a score: when it changes, all is graded again."""
    package = Path(autograder.__file__).parent
    files = sorted(path for name in _JUDGES for path in (package / name).rglob("*.py"))
    return digest(*(path.read_bytes() for path in files))


def grade_assignment(
    course: Course, name: str, nursery: Nursery, students: tuple[str, ...] = ()
) -> Grading:
    """Prepare the grading of an assignment; iterate over it to get it done."""
    return Grading(course, Assignment(course, name), nursery, *course.hand_ins(name, students))


class Grading:
    """A class's hand-ins on their way into the gradebook: iterate to see each result recorded.

    total: notebooks to look at. refused: folders that are no hand-in.
    """

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        nursery: Nursery,
        hand_ins: list[HandIn],
        refused: list[Refusal],
    ) -> None:
        self.refused = refused
        self.total = len(hand_ins) * len(assignment.masters)
        self._course = course
        self._assignment = assignment
        self._nursery = nursery
        self._hand_ins = hand_ins

    def __iter__(self) -> Iterator[Result]:
        """Do what is due, record each result, yield it."""
        # Half of them run students' code (see Nursery.slots), the others grade meanwhile: much of
        # both is waiting for the kernel to put up walls.
        engine = LocalEngine(2 * self._course.settings.slots)
        with (
            only_one(self._course.runs(self._assignment.name)),
            Record(self._course, self._assignment.name, self._assignment.masters) as record,
        ):
            for prepared, result in engine.run(self._work, self._items()):
                notebook = prepared.sanitised.notebook
                state = prepared.state
                record.save(
                    result.hand_in, result.notebook, notebook, result.scores, result.remarks, state
                )
                yield result
            self._assignment.sweep()

    def _items(self) -> Iterator[tuple[HandIn, str]]:
        for hand_in in self._hand_ins:
            for notebook in self._assignment.masters:
                yield hand_in, notebook

    def _work(self, item: tuple[HandIn, str]) -> tuple[Prepared, Result]:
        hand_in, notebook = item
        try:
            prepared = self._assignment.prepare(hand_in, notebook)
            return prepared, self._assignment.work_on(prepared, hand_in, notebook, self._nursery)
        except UserError:
            raise
        except Exception as error:  # one hand-in must not end the grading of all others
            return self._assignment.give_up(hand_in, notebook, error)


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the grading of an assignment; another that is at work is waited for."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
