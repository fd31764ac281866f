"""One notebook of one hand-in on its way: what is due of it, and the doing of that.

    plan → execute → grade

Each stage turns files into files and leaves behind a key, made of all that it read (keys.py); what
has not changed is not done again. May run in several threads, and in several processes: the first
to put a run in its place wins (execution/runs.py).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course import Course, Files, HandIn
from autograder.data import CourseData
from autograder.errors import UserError
from autograder.execution.execute import execute, limits
from autograder.execution.nursery import Nursery
from autograder.execution.objects import Objects
from autograder.execution.places import sweep_abandoned
from autograder.execution.runs import LAYOUT, Run, find_run, load_run, save_empty_run
from autograder.grading.features import FeatureFolder
from autograder.grading.grade import grade, grade_unrun, needed_frameworks
from autograder.grading.scores import NOT_ATTEMPTED, NOT_GRADED, NotebookScores, load
from autograder.isolation import NO_WALLS, IsolationError, Slot, WarmProcess, WarmProcessDied
from autograder.notebook.master import Master, load_master
from autograder.notebook.plan import Plan
from autograder.pipeline import keys
from autograder.pipeline.reader import Prepared, Reader

_NOT_YET = "not done yet"
_OTHER_BUDGET = "it was stopped, and has another budget now"
_LIMITS = "the limits of grading"
_KILLED = "its warm process was killed three times: is there enough memory?"
_UNGRADED = "the warm process that graded it was killed three times: is there enough memory?"
_WRITING_S = 3600.0  # a run that is younger than its time and this may still be written
_HERE = Slot()


class PipelineError(UserError):
    """Grading cannot go on; the message is one line: what is the matter and what to do."""


@dataclass(frozen=True)
class Result:
    """What became of one notebook of one hand-in.

    executed, graded: whether that was done now (else it was done before). remarks: what a person
    should look at; empty for a notebook that went through smoothly. wall_s: how long its run took,
    whenever that was.
    """

    hand_in: HandIn
    notebook: str
    prepared: Prepared
    scores: NotebookScores
    executed: bool
    graded: bool
    remarks: tuple[str, ...]
    wall_s: float = 0.0


@dataclass(frozen=True)
class Look:
    """What there is of a notebook already, and why the rest is due; "" where it is not.

    run_key: of the run that it takes. run, scores: those in place, if they still hold.
    """

    prepared: Prepared
    run_key: str
    run: Run | None
    scores: NotebookScores | None
    why_run: str
    why_grade: str


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
        self._reader = Reader(course, name, self.masters)
        data = CourseData(course)
        self._data = data.keys(name)
        self._features = FeatureFolder(data.features)
        self._objects = Objects(course.runs(name) / ".objects")

    def prepare(self, hand_in: HandIn, notebook: str) -> Prepared:
        """Read and restore one notebook. What is wrong with it becomes its `problem`."""
        return self._reader.prepare(hand_in, notebook)

    def hand_in(self, student: str) -> HandIn:
        """Where a student's hand-in lies, or would lie."""
        return HandIn(student, self.name, self.course.path("submitted", student, self.name))

    def files(self, hand_in: HandIn) -> Files:
        """What lies beside a hand-in's notebooks when they run."""
        return self._reader.files(hand_in)

    def look(
        self,
        prepared: Prepared,
        hand_in: HandIn,
        notebook: str,
        walled: bool,
        only_look: bool = False,
    ) -> Look:
        """What is due of a notebook. Runs nothing.

        walled: whether it is to run behind walls. only_look: leave a run beside its place that a
        kill has kept from it.
        """
        place = self.course.run(hand_in, notebook)
        if prepared.problem:
            return self._look_at_nothing(prepared, place)
        run_key = self._run_key(prepared, walled)
        bounds = limits(self.course.settings, notebook, prepared.plan)
        run = load_run(place) if only_look else find_run(place, run_key, bounds)
        if run is None or not run.holds_for(run_key, bounds):
            return Look(prepared, run_key, None, None, *(_why_run(place, run_key),) * 2)
        scores = load(place / "scores.json")
        why = _why_grade(scores, self._scores_key(prepared.plan, place))
        return Look(prepared, run_key, run, None if why else scores, "", why)

    def settled(self, look: Look, hand_in: HandIn, notebook: str) -> Result | None:
        """What has become of a notebook, where that takes no running and no grading; else None."""
        if look.prepared.problem:
            return self._without_running(look, hand_in, notebook)
        if look.run is None or look.scores is None:
            return None
        return _result(look, hand_in, notebook, look.run, look.scores)

    def work(self, hand_in: HandIn, notebook: str, nursery: Nursery, slot: Slot = _HERE) -> Result:
        """Plan, execute and grade one notebook, as far as that is due."""
        return self.work_on(self.prepare(hand_in, notebook), hand_in, notebook, nursery, slot)

    def work_on(
        self,
        prepared: Prepared,
        hand_in: HandIn,
        notebook: str,
        nursery: Nursery,
        slot: Slot = _HERE,
    ) -> Result:
        """The same for a notebook that has been read already."""
        look = self.look(prepared, hand_in, notebook, nursery.walls != NO_WALLS)
        if prepared.problem:
            return self._without_running(look, hand_in, notebook)
        place = self.course.run(hand_in, notebook)
        run = look.run
        try:
            run = run or self._execute(look, place, nursery, slot)
            scores = look.scores or self._grade(prepared.plan, run, place, nursery, slot)
        except WarmProcessDied:
            if run is None:
                return self.give_up(hand_in, notebook, _KILLED)
            return self.leave_ungraded(look, hand_in, notebook, run, _UNGRADED)
        except IsolationError as error:
            raise PipelineError(
                f"{hand_in.student}, {notebook}: {error}; "
                "`autograder doctor` tells which walls stand"
            ) from error
        return _result(look, hand_in, notebook, run, scores)

    def sweep(self) -> None:
        """Remove what runs that are no more have left; at any time."""
        settings = self.course.settings
        budgets = [budget.get("notebook_timeout_s", 0.0) for budget in settings.budgets.values()]
        longest_s = max(settings.notebook_timeout_s, *budgets, 0.0)
        sweep_abandoned(self.course.runs(self.name), longest_s + _WRITING_S)
        self._objects.sweep()

    def give_up(self, hand_in: HandIn, notebook: str, problem: str) -> Result:
        """What becomes of a notebook that was not graded for no fault of its own."""
        prepared = self._reader.unusable(notebook, problem, "unreadable")
        look = self._look_at_nothing(prepared, self.course.run(hand_in, notebook))
        return self._without_running(look, hand_in, notebook)

    def leave_ungraded(
        self, look: Look, hand_in: HandIn, notebook: str, run: Run, problem: str
    ) -> Result:
        """The same for one whose grading alone came to nothing: its run stays for the next time."""
        place = self.course.run(hand_in, notebook)
        scores = grade_unrun(look.prepared.plan, NOT_GRADED, problem, place, key="")
        look = replace(look, prepared=replace(look.prepared, problem=problem))
        return _result(look, hand_in, notebook, run, scores)

    def _run_key(self, prepared: Prepared, walled: bool) -> str:
        readable = self.course.settings.readable
        return keys.key(
            {
                **keys.of_cells(prepared.plan),
                "files beside the notebook": keys.flat(prepared.files.contents),
                "data sets": self._data,
                "environment": keys.flat(self.course.settings.environment),
                "walls": ["walled in" if walled else "no isolation"],
                "layout of runs": [LAYOUT],
                **({"what else may be read": sorted(readable)} if readable else {}),
            }
        )

    def _scores_key(self, plan: Plan, place: Path) -> str:
        settings = self.course.settings
        return keys.key(
            {
                "the run": [(place / "run.json").read_bytes()],
                "tests": [plan.grading_key()],
                "files beside the source": keys.flat(self._reader.beside),
                "data sets": self._data,
                "the kit's checks": [keys.judges_digest()],
                _LIMITS: [f"{settings.grading_timeout_s:g} s, {settings.memory_mb} MB"],
            }
        )

    def _execute(self, look: Look, place: Path, nursery: Nursery, slot: Slot) -> Run:
        plan, files = look.prepared.plan, look.prepared.files.contents

        def work(warm: WarmProcess) -> Run:
            with _turn(nursery, slot):
                return execute(
                    warm,
                    plan,
                    files,
                    self.course.settings,
                    place,
                    look.run_key,
                    self._objects,
                    notebook=place.name,
                    slot=slot,
                )

        return nursery.run(work, [step.source for step in plan.steps if step.kind != "text"])

    def _grade(
        self, plan: Plan, run: Run, place: Path, nursery: Nursery, slot: Slot
    ) -> NotebookScores:
        settings, key = self.course.settings, self._scores_key(plan, place)
        beside = self._reader.beside

        def work(warm: WarmProcess) -> NotebookScores:
            return grade(warm, plan, run, place, settings, key, self._features, beside, slot=slot)

        sources = [step.source for step in plan.steps if step.kind == "test" or step.independent]
        return nursery.run(work, sources, needed_frameworks(plan, place))

    def _look_at_nothing(self, prepared: Prepared, place: Path) -> Look:
        """At a notebook that is missing or cannot be read: nothing to run."""
        key = keys.key(
            {
                "what was found": [prepared.state, prepared.problem],
                "tests": [prepared.plan.grading_key()],
            }
        )
        scores = load(place / "scores.json")
        why = prepared.problem if _why_grade(scores, key) else ""
        return Look(prepared, key, None, None if why else scores, "", why)

    def _without_running(self, look: Look, hand_in: HandIn, notebook: str) -> Result:
        prepared, scores = look.prepared, look.scores
        if scores is None:
            place = self.course.run(hand_in, notebook)
            save_empty_run(place, look.run_key)
            outcome = NOT_ATTEMPTED if prepared.state == "missing" else NOT_GRADED
            scores = grade_unrun(prepared.plan, outcome, prepared.problem, place, look.run_key)
        graded = look.scores is None
        return Result(hand_in, notebook, prepared, scores, False, graded, prepared.remarks)


def _result(look: Look, hand_in: HandIn, notebook: str, run: Run, scores: NotebookScores) -> Result:
    remarks = (*look.prepared.remarks, *run.remarks)
    executed, graded = look.run is None, look.scores is None
    wall_s = run.ending.wall_s if run.ending else 0.0
    return Result(hand_in, notebook, look.prepared, scores, executed, graded, remarks, wall_s)


def _why_run(place: Path, key: str) -> str:
    """What is new since the run that lies in `place`, if any does."""
    run = load_run(place)
    if run is None or run.ending is None:  # what was not handed in, or given up, was not run
        return _NOT_YET
    return keys.changed(run.key, key) or _OTHER_BUDGET


def _why_grade(scores: NotebookScores | None, key: str) -> str:
    """What is new since `scores`; "" where grading again would come to the same."""
    if scores is None or not scores.key:
        return _NOT_YET
    changed = keys.changed(scores.key, key)
    is_whole = not any(test.needs_person for test in scores.tests)
    return "" if changed == _LIMITS and is_whole else changed


def _turn(nursery: Nursery, slot: Slot) -> contextlib.AbstractContextManager[object]:
    """So many students' notebooks at a time; whoever has a GPU to work on has had its turn."""
    return contextlib.nullcontext() if slot.gpu else nursery.slots
