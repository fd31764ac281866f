"""Files between a grading and its tasks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.engines import Item
from autograder.engines.slurm import DoneLines, read_chunk
from autograder.engines.slurm.chunks import Done, DoneReader, Try, read_tries, write_chunk
from autograder.errors import UserError

ITEMS = [Item("ada", "theory", 1.5), Item("ümit", "cats and dogs", 60.0, accelerated=True)]


def test_a_chunk_comes_back_as_it_was(tmp_path: Path) -> None:
    """Items in order, all of their fields, and how often they failed."""
    tries = [Try(ITEMS[0]), Try(ITEMS[1], failures=2)]
    write_chunk(tmp_path / "chunk-0.json", tries)
    assert read_tries(tmp_path / "chunk-0.json") == tries
    assert read_chunk(tmp_path / "chunk-0.json") == ITEMS


@pytest.mark.parametrize("text", ["", "{}x", '[{"student": "ada"}]', "[1]", None])
def test_what_is_no_chunk_is_one_line(tmp_path: Path, text: str | None) -> None:
    """Torn, of another version, or not there."""
    path = tmp_path / "chunk-0.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=r"chunk-0\.json: expected a list of notebooks to grade"):
        read_chunk(path)


def _lines(folder: Path, task: str = "0", restart: str = "0") -> DoneLines:
    names = {"SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": task}
    return DoneLines(folder / f"chunk-{task}.json", {**names, "SLURM_RESTART_COUNT": restart})


def test_lines_are_read_while_they_come(tmp_path: Path) -> None:
    """Each once, as soon as it is written, with the problem if there was one."""
    reader = DoneReader(tmp_path)
    with _lines(tmp_path) as lines:
        lines.add(ITEMS[0])
        assert list(reader.new()) == [Done(("ada", "theory"))]
        lines.add(ITEMS[1], "no GPU")
        assert list(reader.new()) == [Done(("ümit", "cats and dogs"), "no GPU")]
        assert list(reader.new()) == []


def test_each_attempt_writes_a_file_of_its_own(tmp_path: Path) -> None:
    """A requeued copy beside the first one: two files, and what both tell."""
    with _lines(tmp_path) as one, _lines(tmp_path, restart="1") as two:
        one.add(ITEMS[0])
        two.add(ITEMS[0])
        assert one.path != two.path
    assert len(list(DoneReader(tmp_path).new())) == 2


def test_lines_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written and synced before `add` returns."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    with _lines(tmp_path) as lines:
        lines.add(ITEMS[0])
        assert synced == [lines.path.stat().st_size] and synced[0] > 0


def test_a_torn_line_is_left_for_later(tmp_path: Path) -> None:
    """Its rest may be on its way."""
    reader, path = DoneReader(tmp_path), tmp_path / "chunk-0.7_0.0.n1.9.done"
    line = b'{"student": "ada", "notebook": "theory", "problem": ""}\n'
    path.write_bytes(line + line[:20])
    assert len(list(reader.new())) == 1
    path.write_bytes(line + line)
    assert len(list(reader.new())) == 1


def test_rubbish_is_passed_over(tmp_path: Path) -> None:
    """What a node's crash left does not hide the lines behind it."""
    line = b'{"student": "ada", "notebook": "theory", "problem": ""}\n'
    (tmp_path / "chunk-0.7_0.0.n1.9.done").write_bytes(b"\0\0\n[1]\n{}\n\xff\n" + line)
    assert list(DoneReader(tmp_path).new()) == [Done(("ada", "theory"))]


def test_only_wanted_chunks_are_read(tmp_path: Path) -> None:
    """Files of chunks that are done need no more looks."""
    for task in ("1", "11"):
        with _lines(tmp_path, task) as lines:
            lines.add(ITEMS[0])
    assert len(list(DoneReader(tmp_path).new(lambda index: index == 1))) == 1


def test_lines_need_an_open_file(tmp_path: Path) -> None:
    """A mistake of the program, not a silent loss."""
    with pytest.raises(ValueError, match="inside `with DoneLines"):
        _lines(tmp_path).add(ITEMS[0])
