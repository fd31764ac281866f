"""Run times from a run's files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from autograder.execution.runs import Run
from autograder.isolation import Ending, Limits
from autograder.report.class_report.times import Times


def made(folder: Path, ending: Ending | None, *cells: dict[str, object], gpu: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    run = Run("key", "walls", Limits(), ending, (), gpu)
    (folder / "run.json").write_text(json.dumps(dataclasses.asdict(run)))
    lines = [json.dumps({"index": n, **cell, "updates": []}) for n, cell in enumerate(cells)]
    (folder / "cells.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def test_times_are_those_of_the_run(tmp_path: Path) -> None:
    """The longest cell is found however much the cells have put out."""
    ending = Ending("done", "", 12.5, 10.0, 300.0)
    loud = {"outputs": ["x" * 3_000_000], "wall_s": 9.5}
    forged = {"outputs": ['"wall_s": 99.0, "updates": '], "wall_s": 2.0}
    times = Times()
    times.take("s", made(tmp_path / "s", ending, loud, forged))
    assert (times.wall_s.sum, times.cpu_s.sum, times.peak_mb.most) == (12.5, 10.0, 300.0)
    assert times.longest_cell_s.most == 9.5


def test_time_on_a_gpu_is_what_the_run_says(tmp_path: Path) -> None:
    """A run on processors takes none."""
    times, ending = Times(), Ending("done", "", 60.0, 60.0, 300.0)
    for student, gpu in (("s", "GPU-1"), ("t", "")):
        times.take(student, made(tmp_path / student, ending, gpu=gpu))
    assert (times.gpu_s, times.wall_s.sum) == (60.0, 120.0)


def test_what_was_stopped_is_counted_by_reason(tmp_path: Path) -> None:
    """With who it was, for the report with names."""
    times = Times()
    for student in ("s", "t"):
        ending = Ending("time", "over its time", 60.0, 60.0, 300.0)
        times.take(student, made(tmp_path / student, ending))
    assert times.stopped == {"over its time": 2}
    assert times.stopped_names == ["s", "t"]


def test_what_never_ran_took_no_time(tmp_path: Path) -> None:
    """A notebook that was not handed in has a run without an ending; or none."""
    times = Times()
    times.take("s", made(tmp_path / "s", None))
    times.take("t", tmp_path / "t")
    assert len(times.wall_s) == 0
