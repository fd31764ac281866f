"""A solution changed in a place or two: wrong on purpose, or right in another way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Points = float | tuple[float, float]


@dataclass(frozen=True)
class Edit:
    """In the answer cell `cell`, `old`, which stands there exactly once, becomes `new`."""

    cell: str
    old: str
    new: str


@dataclass(frozen=True)
class Case:
    """Edits to a solution, and what they cost.

    again: cells that are run again though they are not edited, since they use what was.
    loses: points lost by test cell, or (least, most) where chance has a say; every other test
    cell in `tests` keeps all of its points. says: a regular expression for what a card that loses
    points must tell; "" for a variant, which loses none.
    """

    name: str
    edits: tuple[Edit, ...]
    loses: Mapping[str, Points] = field(default_factory=dict)
    says: str = ""
    again: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def judged(self) -> tuple[str, ...]:
        """The test cells to judge."""
        return tuple(dict.fromkeys((*self.loses, *self.tests)))

    def sources(self, solution: Mapping[str, str]) -> dict[str, str]:
        """The cells to run, by grade_id, in the order of the notebook.

        solution: the source of each answer cell. ValueError where an edit finds no place, or two.
        """
        changed = {name: solution[name] for name in self.again}
        for edit in self.edits:
            source = changed.get(edit.cell, solution[edit.cell])
            if source.count(edit.old) != 1:
                raise ValueError(
                    f"{self.name}: expected {edit.old!r} once in cell {edit.cell!r}, "
                    f"found it {source.count(edit.old)} times"
                )
            changed[edit.cell] = source.replace(edit.old, edit.new)
        return {name: changed[name] for name in solution if name in changed}
