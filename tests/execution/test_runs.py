"""A run as files, and the recorder that believes nothing of what it is sent."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.execution.answers import load_answers
from autograder.execution.objects import Objects
from autograder.execution.runs import Recorder, load_cells, load_run, save_empty_run
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


def test_what_a_kill_leaves_goes_with_the_next_run(place: Path) -> None:
    """The folder that was being written, and then the pieces that it alone held."""
    killed = recording(place)
    killed.receive(f"object/{NAME}", DATA)
    killed.receive(f"answers/test_q1/q1/{NAME}", b"")
    with recording(place) as recorder:
        finish(recorder)
    objects = place.parent.parent / ".objects"
    assert list(objects.rglob("*.npy"))
    Objects(objects).sweep()
    assert not list(objects.rglob("*.npy"))
    assert [path.name for path in place.parent.iterdir()] == ["theory"]
    killed.__exit__()


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


def test_remarks_say_what_a_person_should_know(place: Path) -> None:
    """That there were no walls, that cells were interrupted."""
    run = save_empty_run(place, "key")
    assert run.remarks == ()
    ran = dataclasses.replace(
        run, walls=NO_WALLS.summary(), ending=dataclasses.replace(DONE, interrupted=2)
    )
    assert "without isolation" in ran.remarks[0]
    assert "2 of its cells ran over time" in ran.remarks[1]
