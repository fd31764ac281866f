"""Which cells are whose, and which names cross from the student's side to a test cell.

The student's code and all of the instructor's code but the tests run in the sandbox, in the order
of the notebook. The tests and the instructor's *independent* cells, those that need nothing from
the student, run on the trusted side. Whatever else a test cell reads crosses as data.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from nbformat import NotebookNode
from nbgrader import utils

from autograder.notebook.master import bears_its_checksum, own_timeout_s
from autograder.notebook.names import Names, analyse
from autograder.notebook.reading import NotebookError

Kind = Literal["student", "instructor", "test", "text"]


@dataclass(frozen=True)
class Step:
    """A cell, and what it is to grading.

    `index` counts cells from 0. `kind` is "student" (solutions and added code), "instructor"
    (locked code), "test", or "text" (all that is not code, answers included). `points` is None
    for cells without. `reads` are, for a test, the names that cross; for an instructor's cell,
    all that it reads from outside. `independent` holds for instructor's cells that need nothing
    from the student. `unedited` holds for solutions left as they were released, and for tests
    that follow nothing but such solutions. `timeout_s` is the time that the author gives this one
    cell; None for what all cells have.
    """

    index: int
    kind: Kind
    source: str
    grade_id: str | None = None
    points: float | None = None
    reads: frozenset[str] = frozenset()
    independent: bool = False
    unedited: bool = False
    timeout_s: float | None = None


@dataclass(frozen=True)
class Plan:
    """The steps of a notebook, one per cell, in order."""

    steps: tuple[Step, ...]

    def execution(self) -> list[dict[str, Any]]:
        """For the sandbox, JSON-able: `{"index", "source"}` for each cell to run, and where a test
        stands, `{"index", "grade_id", "names"}`. No test's source is in it."""
        return [
            {"index": s.index, "grade_id": s.grade_id, "names": sorted(s.reads)}
            if s.kind == "test"
            else {"index": s.index, "source": s.source}
            for s in self.steps
            if s.kind != "text"
        ]

    def grading(self) -> list[dict[str, Any]]:
        """For the trusted side, JSON-able: `{"index", "source"}` for each independent cell, and
        `{"index", "grade_id", "points", "source", "names"}` for each test."""
        return [
            {
                "index": s.index,
                "grade_id": s.grade_id,
                "points": s.points,
                "source": s.source,
                "names": sorted(s.reads),
            }
            if s.kind == "test"
            else {"index": s.index, "source": s.source}
            for s in self.steps
            if s.kind == "test" or s.independent
        ]

    def execution_key(self) -> str:
        """SHA-256 in hex of what the sandbox runs: the same key, the same run."""
        return _key(self.execution())

    def grading_key(self) -> str:
        """SHA-256 in hex of what the trusted side runs."""
        return _key(self.grading())


def make_plan(nb: NotebookNode) -> Plan:
    """The plan of a sanitised notebook. The student's code is not parsed and may be anything.

    Raises `NotebookError` if an instructor's cell is not Python or has `from module import *`.
    """
    ledger = _Ledger()
    return Plan(tuple(ledger.step(index, cell) for index, cell in enumerate(nb.cells)))


def find_clashes(plan: Plan) -> list[str]:
    """Answers that a test would not get, because an earlier test binds their name; a line each.

    For the plan of a solved notebook: what a test cell binds is taken for the instructor's.
    """
    answers: set[str] = set()
    tests: dict[str, str] = {}
    clashes = []
    for step in plan.steps:
        if step.kind == "student":
            with suppress(SyntaxError):  # then it does not run either
                answers |= analyse(step.source).binds
        if step.kind == "test":
            names = analyse(step.source)
            clashes += [
                f"{step.grade_id} reads the answer {name!r}, but {tests[name]} binds that name; "
                "call it something else there"
                for name in sorted(names.reads & answers & tests.keys())
            ]
            tests |= dict.fromkeys(names.binds, str(step.grade_id))
    return clashes


def _key(steps: list[dict[str, Any]]) -> str:
    canonical = json.dumps(steps, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass
class _Ledger:
    """Whose each name is, and whether anything was edited, as the cells go by."""

    trusted: set[str] = field(default_factory=set)  # bound by independent cells
    tests: set[str] = field(default_factory=set)  # bound by test cells
    edits: list[bool] = field(default_factory=list)  # student's cells that the next test follows
    tested: bool = False  # a test came since the last student's cell

    def step(self, index: int, cell: NotebookNode) -> Step:
        kind = _kind(cell)
        settings = cell.metadata.get("nbgrader") or {}
        grade_id = settings.get("grade_id")
        points = float(settings["points"]) if utils.is_grade(cell) else None
        if kind == "instructor":
            return self._instructor(index, cell, grade_id)
        if kind == "test":
            return self._test(index, cell, grade_id, points)
        unedited = _is_unedited(cell)
        if kind == "student":
            self._note_edit(cell, unedited)
        time = own_timeout_s(cell)
        return Step(index, kind, cell.source, grade_id, points, unedited=unedited, timeout_s=time)

    def _instructor(self, index: int, cell: NotebookNode, grade_id: str | None) -> Step:
        names = _names(cell, index)
        independent = names.reads <= self.trusted
        if independent:
            self.trusted |= names.binds
        else:  # what it binds hangs on the student's names, so it crosses like them
            self.trusted -= names.binds
        self.tests -= names.binds
        return Step(
            index,
            "instructor",
            cell.source,
            grade_id,
            reads=names.reads,
            independent=independent,
            timeout_s=own_timeout_s(cell),
        )

    def _test(
        self, index: int, cell: NotebookNode, grade_id: str | None, points: float | None
    ) -> Step:
        names = _names(cell, index)
        crossing = names.reads - self.trusted - self.tests
        self.tests |= names.binds
        self.tested = True
        unedited = bool(self.edits) and not any(self.edits)
        return Step(index, "test", cell.source, grade_id, points, crossing, unedited=unedited)

    def _note_edit(self, cell: NotebookNode, unedited: bool) -> None:
        if not (cell.source.strip() or utils.is_solution(cell)):  # an empty cell that was added
            return
        if self.tested:  # tests in a row share the cells before the first of them
            self.edits, self.tested = [], False
        self.edits.append(not unedited)


def _kind(cell: NotebookNode) -> Kind:
    if cell.cell_type != "code":
        return "text"
    if utils.is_solution(cell):
        return "student"
    if utils.is_grade(cell):
        return "test"
    return "instructor" if utils.is_locked(cell) else "student"


def _is_unedited(cell: NotebookNode) -> bool:
    return bool(utils.is_solution(cell)) and bears_its_checksum(cell)


def _names(cell: NotebookNode, index: int) -> Names:
    where = f"cell '{cell.metadata.nbgrader['grade_id']}' (number {index + 1})"
    try:
        names = analyse(cell.source)
    except SyntaxError as error:
        line = f" in line {error.lineno}" if error.lineno else ""
        raise NotebookError(
            f"{where}: expected Python, received '{error.msg}'{line}; mend the source notebook"
        ) from None
    if names.star_imports:
        raise NotebookError(
            f"{where}: expected imports by name, received 'from {names.star_imports[0]} import *';"
            " name what the cell needs, so that the kit can tell it from the student's names"
        )
    return names
