"""A folder gets to its place whole; the first one wins; a kill leaves something to go on with."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.execution import places
from autograder.execution.places import discard, left_beside, new_folder, put, sweep_abandoned

WHOLE = "whole"
DAY_S = 86_400.0
STEPS = range(1, 7)  # of replacing: rename fails, aside, its age, rename, sync, empty


class KilledError(BaseException):
    """Stands for a SIGKILL: nothing that comes after it is done."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "ann" / "theory"


def written(place: Path, text: str) -> Path:
    """A whole folder beside `place`."""
    folder = new_folder(place)
    (folder / "more").mkdir()
    (folder / "more" / "file").write_text(text)
    (folder / WHOLE).write_text(text)
    return folder


def text_in(folder: Path) -> str:
    path = folder / WHOLE
    return path.read_text() if path.is_file() else ""


def holds(text: str) -> Callable[[Path], bool]:
    return lambda folder: text_in(folder) == text


def put_text(place: Path, text: str) -> None:
    put(written(place, text), place, holds(text), WHOLE)


def beside(place: Path) -> list[str]:
    return sorted(path.name for path in place.parent.iterdir() if path != place)


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_what_is_put_is_in_its_place(place: Path) -> None:
    """And nothing beside it."""
    put_text(place, "new")
    assert text_in(place) == "new"
    assert beside(place) == []


def test_the_first_that_will_do_stays(place: Path) -> None:
    """The second is left over, for its writer to discard."""
    put_text(place, "new")
    inode = place.stat().st_ino
    second = written(place, "new")
    put(second, place, holds("new"), WHOLE)
    assert place.stat().st_ino == inode
    assert text_in(second) == "new"


def test_another_is_replaced(place: Path) -> None:
    """Nothing of it is left but its name, which tells those who come late."""
    put_text(place, "old")
    inode = place.stat().st_ino
    put_text(place, "new")
    assert text_in(place) == "new"
    assert beside(place) == [f".theory.{inode}.replaced"]
    assert os.listdir(place.parent / beside(place)[0]) == ["replaced"]


def test_what_is_replaced_is_not_whole_from_the_first_step_on(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is emptied nobody takes it for a whole one, however it sorts on the disk."""
    put_text(place, "old")
    (place / "scores").write_text("old")
    removed: list[str] = []
    monkeypatch.setattr(Path, "unlink", lambda path, **_: removed.append(path.name))
    put_text(place, "new")
    assert removed[0] == WHOLE


@pytest.mark.parametrize("leave", [False, True])
def test_what_is_not_whole_is_replaced(place: Path, leave: bool) -> None:
    """A folder without the file that is written last, or with nothing at all."""
    place.mkdir(parents=True)
    if leave:
        (place / "more").write_text("half")
    put_text(place, "new")
    assert text_in(place) == "new"


def test_somebody_else_has_put_it_there(place: Path) -> None:
    """Who looks for a whole folder takes it while its writer still holds it."""
    folder = written(place, "new")
    os.rename(folder, place)
    put(folder, place, holds("new"), WHOLE)
    assert text_in(place) == "new"


def test_a_folder_that_was_taken_away_is_an_error(place: Path) -> None:
    """Nothing pretends to have been written."""
    folder = written(place, "new")
    discard(folder)
    with pytest.raises(FileNotFoundError):
        put(folder, place, holds("new"), WHOLE)


def test_who_comes_late_does_not_take_the_new_for_the_old(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another replaces the old one between our look at it and our moving it aside."""
    put_text(place, "old")
    real, looked = os.rename, []

    def late(source: Path, target: Path) -> None:
        if str(target).endswith(".replaced") and not looked:
            looked.append(source)
            put_text(place, "new")
        real(source, target)

    monkeypatch.setattr(os, "rename", late)
    ours = written(place, "new")
    put(ours, place, holds("new"), WHOLE)
    assert looked
    assert text_in(place) == "new"
    assert ours.exists(), "the other's was there first, and stays"


def test_many_at_the_same_instant(place: Path) -> None:
    """One wins, none fails, whatever lay there before."""
    put_text(place, "old")
    together, failed = threading.Barrier(8), []

    def race() -> None:
        try:
            together.wait(20)
            put_text(place, "new")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert text_in(place) == "new"
    assert sum(name.endswith(".writing") for name in beside(place)) == 7


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_leaves_something_whole(
    place: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """At each step of a replacement: the old one or the new one is in its place or beside it."""
    put_text(place, "old")
    folder, steps = written(place, "new"), itertools.count(1)
    for owner, name in ((os, "rename"), (os, "utime"), (os, "unlink"), (places, "sync")):
        monkeypatch.setattr(owner, name, dying(getattr(owner, name), steps, step))
    with pytest.raises(KilledError):
        put(folder, place, holds("new"), WHOLE)
    monkeypatch.undo()
    found = [text_in(path) for path in (place, *left_beside(place))]
    assert "new" in found
    put_text(place, "new")
    assert text_in(place) == "new"


def dying(
    call: Callable[..., object], steps: itertools.count[int], last: int
) -> Callable[..., object]:
    def step(*arguments: object, **named: object) -> object:
        if next(steps) >= last:
            raise KilledError
        return call(*arguments, **named)

    return step


def test_what_lies_beside_belongs_to_one_place(place: Path) -> None:
    """Not to another whose name begins alike, and no rubbish."""
    ours = written(place, "a")
    written(place.with_name("theory.two"), "b")
    written(place.with_name("theory2"), "c")
    (place.parent / ".theory.abc.rubbish").mkdir()
    (place.parent / ".theory.swp").write_text("an editor's")
    assert list(left_beside(place)) == [ours]
    assert list(left_beside(place.parent.with_name("nobody") / "theory")) == []


def test_a_sweep_takes_what_is_old(place: Path) -> None:
    """Only what was written beside a place, and nothing that may belong to somebody alive."""
    put_text(place, "old")
    put_text(place, "new")
    (old, young) = written(place, "a"), written(place, "b")
    strange = place.parent / ".keep"
    strange.mkdir()
    for path in (place, old, strange, *place.parent.glob("*.replaced")):
        age(path, 2 * DAY_S)
    sweep_abandoned(place.parent.parent, DAY_S)
    assert sorted(place.parent.iterdir()) == sorted([place, young, strange])


def test_rubbish_of_a_sweep_that_was_killed_goes_with_the_next(place: Path) -> None:
    """Even if a folder of that name is in the way."""
    folder = written(place, "a")
    rubbish = written(place, "b").rename(folder.with_suffix(".rubbish"))
    for path in (folder, rubbish):
        age(path, 2 * DAY_S)
    for _ in range(2):
        sweep_abandoned(place.parent.parent, DAY_S)
    assert beside(place) == []
