"""A submission restored to the author's notebook, with the student's answers in it.

The cells are those of nbgrader's Autograde.sanitize_preprocessors with add_missing_cells on, save
where nbgrader stumbles over a submission or is misled by it:

- locked text and solutions that were deleted come back as well, without a notice in their source;
- locked and test cells that were moved stand in the author's order again: what a test cell takes
  from the instructor's cells before it must not become the student's to define;
- settings that make nbgrader stop, such as points in a solution cell, are the master's again.

The result always passes CheckCellMetadata, which takes longer than all of this, so it is not run.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nbformat import NotebookNode, from_dict
from nbgrader import utils

from autograder.notebook.master import Master, bears_its_checksum
from autograder.notebook.reading import CELL_TYPES, clean_attachments, clean_text

_VALID_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_FLAGS = ("grade", "solution", "locked", "task")


@dataclass(frozen=True)
class Sanitised:
    """The restored notebook, and what was done to it, in one line each."""

    notebook: NotebookNode
    remarks: tuple[str, ...]


class _Slot(NamedTuple):
    """A cell, and the master's cell that it is; None if it is the student's own."""

    cell: Any
    grade_id: str | None


def sanitise(submitted: NotebookNode, master: Master) -> Sanitised:
    """Restore what the student was not to change; `submitted` itself is left as it is.

    Every marked cell of the master is there exactly once. Locked and test cells have the master's
    source, type and settings; solutions have the student's source (the last of several), or the
    unedited stub. All other cells are the student's own and lose their metadata. Outputs are gone.
    """
    remarks: list[str] = []
    slots = _claimed(submitted.cells, master, remarks)
    slots, moved = _without_moved(slots, master)
    slots = [_restored(slot, master, remarks) for slot in slots]
    _add_missing(slots, master, moved, remarks)
    _set_ids(slots)
    notebook = NotebookNode(
        nbformat=4,
        nbformat_minor=5,
        metadata=from_dict(master.graded.metadata),
        cells=[slot.cell for slot in slots],
    )
    return Sanitised(notebook, tuple(remarks))


def _claimed(cells: Iterable[Any], master: Master, remarks: list[str]) -> list[_Slot]:
    """Each cell with the `grade_id` that it bears; of several with one, the last has it."""
    slots = [_Slot(cell, _known_id(cell, master)) for cell in cells]
    last = {slot.grade_id: i for i, slot in enumerate(slots)}
    counts = Counter(slot.grade_id for slot in slots if slot.grade_id)
    for grade_id, count in counts.items():
        if count > 1:
            remarks.append(f"{_named(grade_id, master)} was there {count} times; the last counts")
    unknown = sum(slot.grade_id is None and _is_marked(slot.cell) for slot in slots)
    if unknown:
        remarks.append(
            f"{unknown} cell{'s' * (unknown > 1)} with grading settings that are not the"
            " assignment's; treated as the student's own"
        )
    return [s if last[s.grade_id] == i else _Slot(s.cell, None) for i, s in enumerate(slots)]


def _settings(cell: Any) -> dict[str, Any]:
    """A cell's nbgrader metadata; empty where they are not what nbgrader writes."""
    metadata = cell.get("metadata")
    settings = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return settings if isinstance(settings, dict) else {}


def _known_id(cell: Any, master: Master) -> str | None:
    settings = _settings(cell)
    grade_id = settings.get("grade_id")
    points = settings.get("points", 0)
    sound = (
        isinstance(grade_id, str)
        and all(isinstance(settings.get(flag, False), bool) for flag in _FLAGS)
        and isinstance(points, int | float)
        and not isinstance(points, bool)
    )
    return grade_id if sound and grade_id in master.cells else None


def _is_marked(cell: Any) -> bool:
    return any(_settings(cell).get(flag) for flag in _FLAGS)


def _named(grade_id: str, master: Master) -> str:
    cell = master.cells[grade_id]
    if utils.is_task(cell):
        kind = "task"
    elif utils.is_solution(cell):
        kind = "answer" if utils.is_grade(cell) else "solution"
    else:
        kind = "test" if utils.is_grade(cell) else "locked"
    return f"{kind} cell '{grade_id}'"


def _without_moved(slots: list[_Slot], master: Master) -> tuple[list[_Slot], frozenset[str]]:
    """The slots without the locked cells that left the master's order, and their ids.

    As few as possible are taken out: the longest run in the master's order stays.
    """
    rank = {grade_id: i for i, grade_id in enumerate(master.cells)}
    locked = [slot.grade_id for slot in slots if _is_locked(slot.grade_id, master)]
    kept = _longest_increasing([rank[grade_id] for grade_id in locked if grade_id])
    moved = frozenset(grade_id for grade_id in locked if grade_id and rank[grade_id] not in kept)
    return [slot for slot in slots if slot.grade_id not in moved], moved


def _is_locked(grade_id: str | None, master: Master) -> bool:
    return grade_id is not None and bool(utils.is_locked(master.cells[grade_id]))


def _longest_increasing(numbers: Sequence[int]) -> frozenset[int]:
    """The members of a longest increasing subsequence of distinct `numbers`."""
    tails: list[int] = []  # tails[n]: the smallest number that ends a run of n + 1
    before: dict[int, int | None] = {}
    for number in numbers:
        n = bisect_left(tails, number)
        before[number] = tails[n - 1] if n else None
        tails[n : n + 1] = [number]
    members = set()
    member = tails[-1] if tails else None
    while member is not None:
        members.add(member)
        member = before[member]
    return frozenset(members)


def _restored(slot: _Slot, master: Master, remarks: list[str]) -> _Slot:
    cell, grade_id = slot
    if grade_id is None:
        return _Slot(_own(cell), None)
    restored = _original(grade_id, master)
    if not _is_locked(grade_id, master):
        restored.source = clean_text(cell.get("source")) or ""
        _keep_attachments(cell, restored)
    named = _named(grade_id, master)
    remarks += [f"{named} had {what}; restored" for what in _changes(cell, grade_id, master)]
    return _Slot(restored, grade_id)


def _changes(cell: Any, grade_id: str, master: Master) -> Iterator[str]:
    """What a student did to a cell; of what differs, the author may have changed some since."""
    release = master.release_cells[grade_id]
    is_locked = _is_locked(grade_id, master)
    is_earlier = is_locked and bears_its_checksum(cell)
    compared = _FLAGS if is_earlier else (*_FLAGS, "points")
    now, given = _settings(cell), release.metadata.nbgrader
    if cell.get("cell_type") != release.cell_type:
        yield "another cell type"
    if any((now.get(key) or False) != (given.get(key) or False) for key in compared):
        yield "other grading settings"
    if is_locked and not is_earlier and (clean_text(cell.get("source")) or "") != release.source:
        yield "been changed"


def _original(grade_id: str, master: Master) -> NotebookNode:
    """A new copy of the master's cell; what students edit is the release's, mark schemes gone."""
    is_locked = _is_locked(grade_id, master)
    return from_dict((master.cells if is_locked else master.release_cells)[grade_id])


def _own(cell: Any) -> NotebookNode:
    cell_type = cell.get("cell_type") if cell.get("cell_type") in CELL_TYPES else "raw"
    own = NotebookNode(
        cell_type=cell_type, metadata={}, source=clean_text(cell.get("source")) or ""
    )
    if isinstance(cell.get("id"), str):
        own["id"] = cell["id"]
    if cell_type == "code":
        own.update(execution_count=None, outputs=[])
    _keep_attachments(cell, own)
    return own


def _keep_attachments(cell: Any, kept: NotebookNode) -> None:
    """A picture pasted into a text cell may be the answer. Code cells must not have any."""
    kept.pop("attachments", None)
    attachments = clean_attachments(cell.get("attachments"))
    if attachments and kept.cell_type != "code":
        kept["attachments"] = attachments


def _add_missing(
    slots: list[_Slot], master: Master, moved: frozenset[str], remarks: list[str]
) -> None:
    ids = list(master.cells)
    present = {slot.grade_id for slot in slots}
    for rank, grade_id in enumerate(ids):
        if grade_id not in present:
            slots.insert(
                _place(slots, ids, rank, master), _Slot(_original(grade_id, master), grade_id)
            )
            happened = "moved" if grade_id in moved else "deleted"
            remarks.append(f"{_named(grade_id, master)} had been {happened}; put back")


def _place(slots: list[_Slot], ids: list[str], rank: int, master: Master) -> int:
    """After the master's cell before it, as nbgrader has it, but among its locked neighbours.

    All cells of lower rank are in `slots`. A solution may stand anywhere, so the cell before may
    be beyond a locked one.
    """
    position = {slot.grade_id: i for i, slot in enumerate(slots) if slot.grade_id}
    earlier = [position[i] for i in ids[:rank] if _is_locked(i, master)]
    later = [position[i] for i in ids[rank + 1 :] if i in position and _is_locked(i, master)]
    after = position[ids[rank - 1]] + 1 if rank else 0
    return min(max([after, *(i + 1 for i in earlier)]), min(later, default=len(slots)))


def _set_ids(slots: list[_Slot]) -> None:
    """Valid, distinct cell ids (nbformat 4.5): the master's, the student's where free, or new."""
    used: set[str] = set()
    without: list[tuple[str, NotebookNode]] = []
    numbered = [(i, slot) for i, slot in enumerate(slots, start=1)]
    for i, (cell, grade_id) in sorted(numbered, key=lambda item: item[1].grade_id is None):
        cell_id = cell.get("id")
        if isinstance(cell_id, str) and _VALID_ID.fullmatch(cell_id) and cell_id not in used:
            used.add(cell_id)
        else:
            without.append((grade_id or f"cell-{i}", cell))
    for wish, cell in without:
        cell["id"] = _unused(wish[:56], used)
        used.add(cell["id"])


def _unused(wish: str, used: set[str]) -> str:
    return next(i for n in range(len(used) + 1) if (i := f"{wish}-{n}" if n else wish) not in used)
