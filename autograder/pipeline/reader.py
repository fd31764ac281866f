"""Hand-ins as they lie there, read and restored: what there is to run, or why there is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from autograder.checks.predictions.thresholds import FILE as THRESHOLDS
from autograder.course import Course, Files, HandIn, read_files, read_plain, shown
from autograder.grading.gradebook import State
from autograder.grading.timestamps import read_timestamp
from autograder.notebook.master import Master
from autograder.notebook.plan import Plan, make_plan
from autograder.notebook.reading import NotebookError, read_notebook
from autograder.notebook.sanitise import Sanitised, sanitise

_FOR_TESTS = frozenset({THRESHOLDS})  # of the files beside the notebooks; released like all others
_LARGE_MB = 20  # a notebook with outputs is rarely larger
_LARGE = "{} has {} MB; the outputs saved in it were left out, it was graded from its code"


@dataclass(frozen=True)
class Prepared:
    """A hand-in's notebook ready to be executed, or the reason why it cannot be."""

    sanitised: Sanitised
    plan: Plan
    files: Files
    problem: str = ""
    state: State = "graded"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of the hand-in, a line each."""
        first = (self.problem,) if self.problem else self.sanitised.remarks
        return (*first, *self.files.remarks)


class Reader:
    """Reads the hand-ins of one assignment. Raises CourseError where the source is wrong."""

    def __init__(self, course: Course, assignment: str, masters: Mapping[str, Master]) -> None:
        self.beside = course.beside(assignment)
        self._course = course
        self._masters = masters
        self._kept = course.kept(assignment)

    def prepare(self, hand_in: HandIn, notebook: str) -> Prepared:
        """Read and restore one notebook. What is wrong with it becomes its `problem`."""
        files = self.files(hand_in)
        state: State
        try:
            sanitised = self._restore(hand_in, notebook)
            return Prepared(sanitised, make_plan(sanitised.notebook), files)
        except FileNotFoundError:
            problem, state = self._not_handed_in(hand_in, notebook), "missing"
        except (NotebookError, OSError) as error:
            why = getattr(error, "strerror", None) or error
            problem, state = f"{notebook}.ipynb cannot be read: {why}", "unreadable"
        return self.unusable(notebook, problem, state, files)

    def unusable(
        self, notebook: str, problem: str, state: State, files: Files | None = None
    ) -> Prepared:
        """The author's notebook in the place of one that there is none of, or none to be read."""
        graded = self._masters[notebook].graded
        nothing = Files({}, ())
        return Prepared(Sanitised(graded, ()), make_plan(graded), files or nothing, problem, state)

    def files(self, hand_in: HandIn) -> Files:
        """The files beside the notebooks, and what is odd about them or about the timestamp.

        As in nbgrader's autograde, the author's files take the place of a student's. What only
        tests read is not among them: where it changes, nobody's code is run again.
        """
        ignore = tuple(self._course.directory.ignore)
        files = read_files(hand_in.folder, self._course.settings.hand_in_mb, ignore)
        files = replace(files, contents=self._with_ours(files.contents))
        remark = read_timestamp(hand_in.folder).remark
        return replace(files, remarks=(*files.remarks, remark)) if remark else files

    def _restore(self, hand_in: HandIn, notebook: str) -> Sanitised:
        path = hand_in.folder / f"{notebook}.ipynb"
        data = read_plain(path, self._course.settings.hand_in_mb << 20)
        sanitised = sanitise(read_notebook(data), self._masters[notebook])
        if len(data) <= _LARGE_MB << 20:
            return sanitised
        remark = _LARGE.format(path.name, len(data) >> 20)
        return replace(sanitised, remarks=(remark, *sanitised.remarks))

    def _not_handed_in(self, hand_in: HandIn, notebook: str) -> str:
        """That the notebook is missing, and which other notebooks lie there instead."""
        found = sorted(path.name for path in hand_in.folder.glob("*.ipynb"))
        strange = [shown(name) for name in found if name[: -len(".ipynb")] not in self._masters]
        instead = f"; found {', '.join(strange)}, which is not looked at" if strange else ""
        return f"{notebook}.ipynb was not handed in{instead}"

    def _with_ours(self, handed_in: Mapping[str, bytes]) -> dict[str, bytes]:
        kept = self._kept & handed_in.keys()
        ours = {name: data for name, data in self.beside.items() if name not in kept}
        theirs = {
            name: data
            for name, data in handed_in.items()
            if not any(_is_in_the_way(name, other) for other in ours)
        }
        return {name: data for name, data in (theirs | ours).items() if name not in _FOR_TESTS}


def _is_in_the_way(name: str, other: str) -> bool:
    """Whether of two files, by their relative paths, one would need a folder where the other is."""
    return name.startswith(f"{other}/") or other.startswith(f"{name}/")
