"""The untrusted side of an execution: what is large is told once."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from autograder.execution import child
from autograder.notebook.shell import NotebookShell
from autograder.snapshot import is_named_rightly

REQUEST: dict[str, Any] = {
    "cells": [
        {"index": 0, "source": "import numpy as np\na = np.arange(4)\nb = [a, a + 1]"},
        {"index": 1, "grade_id": "test_1", "names": ["a", "b"]},
        {"index": 2, "source": "a[0] = 9"},
        {"index": 3, "grade_id": "test_2", "names": ["a", "b", "c"]},
    ],
    "files": [],
    "output_bytes": 1000,
    "answer_bytes": 100_000,
    "gpu_memory_fraction": 1.0,
}


class FakeLine:
    """A line that keeps what is sent; any other call is a mistake."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    def parcel(self) -> dict[str, bytes]:
        return {"request.json": json.dumps(REQUEST).encode()}

    def begin_step(self, name: str) -> None:
        pass

    def end_step(self, name: str) -> None:
        pass

    def send(self, name: str, data: bytes) -> None:
        self.sent.append((name, data))


def test_each_piece_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first answer that has it; after that its name is enough."""
    monkeypatch.setattr(child, "notebook_shell", NotebookShell)
    line = FakeLine()
    child.task(line)  # type: ignore[arg-type]
    pieces = {
        name.removeprefix("object/"): at
        for at, (name, _) in enumerate(line.sent)
        if name.startswith("object/")
    }
    assert len(pieces) == 3  # a, a + 1, and a once it was changed
    assert sum(name.startswith("object/") for name, _ in line.sent) == 3
    assert all(is_named_rightly(name, line.sent[at][1]) for name, at in pieces.items())
    for at, (name, data) in enumerate(line.sent):
        *place, file = name.split("/")
        if place[:1] == ["answers"] and file != "value.json":
            assert data == b""
            assert pieces[file] < at
    places = [name for name, _ in line.sent if name.startswith("answers/") and "npy" in name]
    assert [place.split("/")[1:3] for place in places] == [
        *(["test_1", "a"], ["test_1", "b"], ["test_1", "b"]),
        *(["test_2", "a"], ["test_2", "b"], ["test_2", "b"]),
    ]
    changed = np.array([9, 1, 2, 3]).tobytes()
    assert sum(data.endswith(changed) for _, data in line.sent) == 1
