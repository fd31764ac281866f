"""A run as files, and the recorder that believes nothing of what it is sent."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.execution.answers import load_answers
from autograder.execution.objects import Objects
from autograder.execution.runs import Recorder, find_run, load_cells, load_run, save_empty_run
from autograder.isolation import NO_WALLS, Ending, Limits
from autograder.snapshot import blob_name

DONE = Ending("done", "", 1.0, 0.5, 20.0)
EXPECTED = {"test_q1": frozenset({"q1"}), "test_q2": frozenset({"q2", "x"})}
DATA = b"data" * 2000
NAME = blob_name(DATA, ".npy")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "ann" / "theory"


@pytest.fixture
def recorder(place: Path) -> Iterator[Recorder]:
    with recording(place) as recorder:
        yield recorder


def recording(place: Path) -> Recorder:
    return Recorder(place, EXPECTED, 5, Objects(place.parent.parent / ".objects"))


def finish(recorder: Recorder, ending: Ending = DONE) -> None:
    recorder.finish("key", "walls", Limits(), ending)


def cell(index: object, text: str = "") -> bytes:
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
    return json.dumps({"index": index, "outputs": outputs}).encode()


def tree(place: Path) -> set[str]:
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}


def test_what_is_recorded_is_loaded(recorder: Recorder, place: Path) -> None:
    """The run, its cells and its answers."""
    recorder.receive("cell", cell(1, "hello"))
    recorder.receive("answers/test_q1/q1/value.json", b"{}")
    recorder.receive(f"object/{NAME}", DATA)
    recorder.receive(f"answers/test_q1/q1/{NAME}", b"")
    recorder.receive("reached/test_q1", b"")
    finish(recorder)
    run = load_run(place)
    assert run is not None
    assert (run.key, run.reached, run.ending, run.stopped) == ("key", ("test_q1",), DONE, "")
    assert load_cells(place)[1]["outputs"][0]["text"] == "hello"
    answers = load_answers(place)
    found = {file: answers.pieces[piece] for file, piece in answers.files["test_q1/q1"].items()}
    assert found == {"value.json": b"{}", NAME: DATA}
    assert tree(place) == {
        "run.json",
        "cells.jsonl",
        "answers/test_q1/q1/value.json",
        f"answers/test_q1/q1/{NAME}",
    }


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "x",
        "run.json",
        "scores.json",
        "score",
        "cell/../x",
        "answers",
        "answers/",
        "answers/../../x",
        "answers/test_q1/../../x",
        "answers/test_q1/q1/..",
        "answers/test_q1/q1/../x",
        "answers/test_q1/q1/x.py",
        "answers/test_q1/q1/value.json/x",
        "answers/test_q1/q1/0.npy",
        f"answers/test_q1/q1/{NAME}",
        f"answers/test_q1/q1/{NAME}\n",
        f"object/{NAME}",
        f"object/../{NAME}",
        "object/",
        "object/value.json",
        "answers/test_q1/q2/value.json",
        "answers/test_q1/x/value.json",
        "answers/nope/q1/value.json",
        "/answers/test_q1/q1/value.json",
        "answers//test_q1/q1/value.json",
        "reached/../../x",
        "reached/nope",
    ],
)
def test_names_that_were_not_asked_for_leave_nothing(
    recorder: Recorder, place: Path, name: str
) -> None:
    """No file, no folder, nothing reached."""
    recorder.receive(name, b"FORGED")
    finish(recorder)
    assert tree(place.parent.parent) == {"ann/theory/run.json", "ann/theory/cells.jsonl"}
    assert (place / "cells.jsonl").read_bytes() == b""
    assert load_run(place).reached == ()  # type: ignore[union-attr]


def test_the_first_answer_counts(recorder: Recorder, place: Path) -> None:
    """What is sent again is passed over, as is a cell's second record."""
    for word in (b"first", b"second"):
        recorder.receive("answers/test_q1/q1/value.json", word)
        recorder.receive("cell", cell(0, word.decode()))
        recorder.receive("reached/test_q1", b"")
    finish(recorder)
    assert list(load_answers(place).pieces.values()) == [b"first"]
    assert load_cells(place)[0]["outputs"][0]["text"] == "first"
    assert load_run(place).reached == ("test_q1",)  # type: ignore[union-attr]


@pytest.mark.parametrize("index", [-1, 5, 10**20, True, "0", None, 0.0])
def test_cells_that_do_not_exist_are_passed_over(
    recorder: Recorder, place: Path, index: object
) -> None:
    """A record belongs to one of the notebook's cells."""
    recorder.receive("cell", cell(index))
    finish(recorder)
    assert load_cells(place) == {}


def test_nested_records_are_passed_over(recorder: Recorder, place: Path) -> None:
    """However deep: what can be read but not written would end everybody's grading."""
    for depth in [*range(800, 1100), 100_000]:
        nested = "[" * depth + "]" * depth
        recorder.receive("cell", b'{"index": 0, "outputs": [], "x": %s}' % nested.encode())
        recorder.receive("cell", b'{"index": 1, "outputs": %s}' % nested.encode())
    finish(recorder)
    assert all(cell["outputs"] == [] for cell in load_cells(place).values())


def test_updates_reach_displays_only(recorder: Recorder, place: Path) -> None:
    """New content for printed text, or for what is not there, is passed over."""
    display = {"output_type": "display_data", "data": {"text/plain": "old"}, "metadata": {}}
    printed = {"output_type": "stream", "name": "stdout", "text": "a"}
    new = {"data": {"text/plain": "new"}, "metadata": {}}
    places = [(0, 0), (0, 1), (0, 9), (4, 0)]
    updates = [{"index": index, "output": output, **new} for index, output in places]
    record = {"index": 0, "outputs": [printed, display], "updates": updates}
    recorder.receive("cell", json.dumps(record).encode())
    finish(recorder)
    assert load_cells(place)[0]["outputs"] == [printed, {**display, **new}]


def test_how_it_ended_is_one_printable_line(recorder: Recorder, place: Path) -> None:
    """The name of a step, which student code can choose, may be in it."""
    detail = "\x1b[2J\x1b[31mall is well\r\n\u202e" + "x" * 1000
    finish(recorder, dataclasses.replace(DONE, how="time", detail=detail))
    run = load_run(place)
    assert run is not None
    assert run.stopped.isprintable()
    assert "all is well" in run.stopped
    assert len(run.stopped) <= 200
    assert run.remarks == (f"the notebook was stopped: {run.stopped}",)


def test_a_run_replaces_the_one_before(place: Path) -> None:
    """Nothing of the old one is left."""
    for word in ("old", "new"):
        with recording(place) as recorder:
            data = word.encode() * 2000
            recorder.receive(f"object/{blob_name(data, '.npy')}", data)
            recorder.receive(f"answers/test_q1/q1/{blob_name(data, '.npy')}", b"")
            recorder.finish(word, "walls", Limits(), DONE)
    assert load_run(place).key == "new"  # type: ignore[union-attr]
    assert list(load_answers(place).pieces.values()) == [b"new" * 2000]


def test_a_run_that_fails_leaves_the_one_before(place: Path) -> None:
    """And no folder of its own."""
    save_empty_run(place, "before")
    with pytest.raises(OSError), recording(place) as recorder:
        recorder.receive("answers/test_q1/q1/value.json", b"x")
        raise OSError
    assert load_run(place).key == "before"  # type: ignore[union-attr]
    assert [path.name for path in place.parent.iterdir()] == ["theory"]


def test_the_first_to_finish_wins(place: Path) -> None:
    """Of two copies of the same work: both return what is in place, and nothing else is left."""
    with recording(place) as first, recording(place) as second:
        kept = first.finish("key", "first", Limits(), DONE)
        second.receive("cell", cell(1))
        assert second.finish("key", "second", Limits(), DONE) == kept
    assert load_run(place) == kept
    assert load_cells(place) == {}
    assert [path.name for path in place.parent.iterdir()] == ["theory"]


def test_a_stopped_run_gives_way_where_more_is_allowed(place: Path) -> None:
    """It holds for the limits that stopped it alone."""
    stopped = dataclasses.replace(DONE, how="time", detail="over 1 s")
    for wall_s, ending in ((1.0, stopped), (9.0, DONE), (1.0, stopped)):
        with recording(place) as recorder:
            recorder.finish("key", "walls", Limits(wall_s=wall_s), ending)
    assert load_run(place).ending == DONE  # type: ignore[union-attr]


def test_a_run_without_execution_is_kept_too(place: Path) -> None:
    """What was graded of it stays beside it."""
    save_empty_run(place, "key")
    (place / "scores.json").write_text("{}")
    save_empty_run(place, "key")
    assert (place / "scores.json").exists()
    save_empty_run(place, "other")
    assert not (place / "scores.json").exists()


def test_who_writes_leaves_the_folders_of_others(place: Path) -> None:
    """They may be alive, on another machine."""
    with recording(place) as alive:
        alive.receive("answers/test_q1/q1/value.json", b"{}")
        with recording(place) as other:
            finish(other)
        run = alive.finish("other", "walls", Limits(), DONE)
    assert run.key == "other"
    assert "answers/test_q1/q1/value.json" in tree(place)


def test_all_is_on_the_disk_before_it_is_in_place(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut leaves no run whose files are empty, and no run.json before what it vouches for.

    A piece that another run has shared was on the disk when that was put in its place.
    """
    safe: set[int] = set()  # inodes
    renamed: list[str] = []
    sync, rename, replace = os.fsync, os.rename, os.replace

    def note_sync(handle: int) -> None:
        sync(handle)
        safe.add(os.fstat(handle).st_ino)

    def note_rename(source: Any, target: Any) -> None:
        if Path(target) == place:
            unsafe = [p for p in (source, *Path(source).rglob("*")) if p.stat().st_ino not in safe]
            assert unsafe == []
            renamed.append("run")
        rename(source, target)
        safe.discard(place.parent.stat().st_ino)

    def note_replace(source: Any, target: Any) -> None:
        assert os.stat(source).st_ino in safe
        if Path(target).name == "run.json":
            others = [p for p in Path(target).parent.rglob("*") if p != Path(source)]
            assert [p for p in others if p.stat().st_ino not in safe] == []
            renamed.append("run.json")
        replace(source, target)
        safe.discard(Path(target).parent.stat().st_ino)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "rename", note_rename)
    monkeypatch.setattr(os, "replace", note_replace)
    with recording(place) as recorder:
        recorder.receive("cell", cell(1, "hello"))
        recorder.receive("answers/test_q1/q1/value.json", b"{}")
        recorder.receive(f"object/{NAME}", DATA)
        recorder.receive(f"answers/test_q1/q1/{NAME}", b"")
        finish(recorder)
    assert renamed == ["run.json", "run"]
    assert place.parent.stat().st_ino in safe


class KilledError(BaseException):
    """Stands for a SIGKILL: of what comes after it nothing is done."""


@pytest.mark.parametrize("step", range(1, 6))
def test_a_kill_costs_no_run_that_is_whole(
    place: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """While one run takes the place of another: one that holds for either key is found again.

    The steps: run.json, in vain into the place, the old one aside, into the place, emptying.
    """
    save_empty_run(place, "before")
    recorder, steps = recording(place), itertools.count(1)
    recorder.receive("answers/test_q1/q1/value.json", b"{}")
    for name in ("replace", "rename", "unlink"):
        monkeypatch.setattr(os, name, dying(getattr(os, name), steps, step))
    with pytest.raises(KilledError):
        recorder.finish("key", "walls", Limits(), DONE)
    monkeypatch.undo()
    if step == 1:
        assert find_run(place, "key", Limits()) is None
        assert find_run(place, "before", Limits()) is not None
    else:
        assert find_run(place, "key", Limits()) == load_run(place)
        assert load_run(place).key == "key"  # type: ignore[union-attr]
        assert "answers/test_q1/q1/value.json" in tree(place)
    recorder.__exit__()


def dying(call: Any, steps: Any, last: int) -> Any:
    def step(*arguments: Any, **named: Any) -> Any:
        if next(steps) >= last:
            raise KilledError
        return call(*arguments, **named)

    return step


def test_a_run_that_was_moved_aside_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before the new one took its place; then the source is as it was before."""
    save_empty_run(place, "before")
    with recording(place) as recorder, pytest.raises(KilledError):
        monkeypatch.setattr(os, "utime", dying(os.utime, itertools.count(1), 1))
        recorder.finish("key", "walls", Limits(), DONE)
    monkeypatch.undo()
    assert load_run(place) is None
    assert find_run(place, "before", Limits()) == load_run(place)
    assert load_run(place).key == "before"  # type: ignore[union-attr]


def test_what_is_found_holds_for_the_key(place: Path) -> None:
    """Neither a run in place nor one beside it is taken for another."""
    assert find_run(place, "key", Limits()) is None
    run = save_empty_run(place, "key")
    assert find_run(place, "key", Limits()) == run
    assert find_run(place, "other", Limits()) is None
    place.rename(place.with_name(".theory.abc.writing"))
    assert find_run(place, "other", Limits()) is None
    assert not place.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"key": "k", "ending": 3}'])
def test_a_run_that_is_not_complete_is_none(place: Path, content: bytes) -> None:
    """So the notebook is run again."""
    place.mkdir(parents=True)
    (place / "run.json").write_bytes(content)
    assert load_run(place) is None
    assert load_run(place / "nowhere") is None


def test_a_run_holds_for_what_it_was_made_of(place: Path) -> None:
    """One that was stopped is tried again when it may use more; one that was not is kept."""
    done = save_empty_run(place, "key")
    stopped = dataclasses.replace(
        done, limits=Limits(), ending=dataclasses.replace(DONE, how="time", detail="over 1 s")
    )
    assert done.holds_for("key", Limits(wall_s=9))
    assert not done.holds_for("other", Limits())
    assert stopped.holds_for("key", Limits())
    assert not stopped.holds_for("key", Limits(wall_s=9))
    hung = dataclasses.replace(
        done, limits=Limits(), ending=dataclasses.replace(DONE, interrupted=1)
    )
    assert hung.holds_for("key", Limits())
    assert not hung.holds_for("key", Limits(step_s=9))


def test_remarks_say_what_a_person_should_know(place: Path) -> None:
    """That there were no walls, that cells were interrupted."""
    run = save_empty_run(place, "key")
    assert run.remarks == ()
    ran = dataclasses.replace(
        run, walls=NO_WALLS.summary(), ending=dataclasses.replace(DONE, interrupted=2)
    )
    assert "without isolation" in ran.remarks[0]
    assert "2 of its cells ran over time" in ran.remarks[1]
