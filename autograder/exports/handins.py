"""The files of an archive sorted by student: which of them count, and under what name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from autograder.course import shown, why_not_an_id
from autograder.exports.layouts import Place, find_place, is_clutter, notebook_name
from autograder.exports.metadata import Submission
from autograder.exports.roster import Roster

TIME = "timestamp.txt"  # nbgrader's; the time is not the student's to say


@dataclass
class Collected:
    """A student's hand-in. files: where each comes from, by its path in the hand-in.

    time: in UTC, as nbgrader's timestamp.txt holds it; "" where the archive tells none.
    """

    student: str
    files: dict[str, str] = field(default_factory=dict)
    is_late: bool = False
    time: str = ""
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Sorted:
    """All hand-ins by student, and lines on what is in none of them."""

    hand_ins: dict[str, Collected]
    remarks: tuple[str, ...]


def sort_files(
    layout: str,
    names: Iterable[str],
    notebooks: Collection[str],
    roster: Roster,
    metadata: Mapping[str, Submission],
) -> Sorted:
    """Sort the files of a `layout` ("canvas", "moodle", "gradescope").

    notebooks: the names of the assignment's. metadata: Gradescope's, by hand-in. Of several
    versions of a file the newest counts.
    """
    places: dict[str, list[Place]] = defaultdict(list)
    strange = []
    for name in sorted(names):
        if place := find_place(layout, name):
            places[place.lms_id].append(place)
        elif not is_clutter(name) and not name.endswith(".yml"):
            strange.append(name)
    hand_ins: dict[str, Collected] = {}
    remarks = [f"{shown(name)}: no file that {layout} names so; left out" for name in strange]
    for lms_id, mine in places.items():
        submission = metadata.get(lms_id)
        for who in _students(lms_id, submission, roster):
            if isinstance(who, str):
                remarks.append(f"{_called(mine[0])}: {who}")
                continue
            made = _hand_in(who.student, mine, notebooks, submission)
            if who.student in hand_ins:
                remarks.append(f"{who.student}: handed in twice; the first is taken")
            hand_ins.setdefault(who.student, made)
    return Sorted(dict(sorted(hand_ins.items())), tuple(remarks))


@dataclass(frozen=True)
class _Known:
    student: str


def _students(lms_id: str, submission: Submission | None, roster: Roster) -> Iterable[_Known | str]:
    """Whose a hand-in is: a student each, or why it is nobody's."""
    people = [(p.sid, p.email) for p in submission.people] if submission else [(lms_id, "")]
    if not people:
        yield "the list names nobody who handed it in; left out"
    for sid, email in people:
        known = roster.find_person(email, sid) if submission else roster.find(lms_id)
        student = (sid or email) if roster.is_empty else known
        if not student:
            called = " or ".join(filter(None, (sid, email))) or lms_id
            yield f"{shown(called)} is not in the roster; add it (--roster), then collect again"
        elif why := why_not_an_id(student):
            yield f"{shown(student)}: {why}"
        else:
            yield _Known(student)


def _hand_in(
    student: str, places: list[Place], notebooks: Collection[str], submission: Submission | None
) -> Collected:
    made = Collected(student, is_late=any(place.is_late for place in places))
    made.time = submission.time if submission else ""
    versions: dict[str, list[tuple[_Age, Place]]] = defaultdict(list)
    for place in places:
        target, age = _target(place, notebooks)
        if target != TIME:
            versions[target].append((age, place))
    for target, found in versions.items():
        newest, place = max(found, key=itemgetter(0))
        made.files[target] = place.source
        rivals = sum(age[0] == newest[0] for age, _ in found)
        if rivals > 1:  # nothing tells which came last
            made.remarks.append(f"{rivals} files are {shown(target)}; {shown(place.path)} is taken")
    made.remarks += _strange(
        {path[:-6] for path in made.files if path.endswith(".ipynb")}, notebooks
    )
    return made


_Age = tuple[int, int, int]  # the system's number; which by its name; the less deep, the better


def _target(place: Place, notebooks: Collection[str]) -> tuple[str, _Age]:
    """The path in the hand-in, and which version of it this is."""
    path = place.path.rpartition(".zip/")[2]
    depth = -place.path.count("/")
    found = notebook_name(path, notebooks)
    if not found:
        return path, (place.number, 0, depth)
    return f"{found[0]}.ipynb", (place.number, found[1], depth)


def _strange(found: set[str], notebooks: Collection[str]) -> Iterable[str]:
    """Lines on notebooks that are none of the assignment's, or that there is none."""
    expected = ", ".join(sorted(notebooks))
    if not found:
        yield f"no notebook in it; expected {expected}"
    for name in sorted(found - set(notebooks)):
        yield f"{shown(name)}.ipynb is none of {expected}; rename it if it is one"


def _called(place: Place) -> str:
    return f"{place.lms_id} ({shown(place.who)})" if place.who else place.lms_id
