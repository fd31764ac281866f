"""timestamp.txt as nbgrader, zips and people write it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from autograder.grading.timestamps import Timestamp, read_timestamp

NOON = datetime(2026, 1, 31, 12)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31 12:00:00 UTC\n",
        "2026-01-31 12:00:00.000000 UTC",
        "2026-01-31 12:00:00",
        "2026-01-31T12:00:00Z",
        "2026-01-31T13:00:00+01:00",
        "2026-01-31 13:00:00 Europe/Amsterdam",
        "January 31, 2026 12:00",
        "\ufeff2026-01-31 12:00:00 UTC",
    ],
)
def test_formats(text: str, tmp_path: Path) -> None:
    """All mean noon in Greenwich."""
    (tmp_path / "timestamp.txt").write_text(text, encoding="utf-8")
    assert read_timestamp(tmp_path) == Timestamp(NOON)


def test_none(tmp_path: Path) -> None:
    """No file is no fault."""
    assert read_timestamp(tmp_path) == Timestamp(None)


@pytest.mark.parametrize(
    ("data", "received"),
    [
        (b"", "received nothing;"),
        (b"yesterday evening", "received yesterday evening;"),
        (b"31.31.2026", "received 31.31.2026;"),
        (b"99999999999999999999", "received 99999999999999999999;"),
        (b"2026-01-31\n12 o'clock\n", 'received "2026-01-31\\n12 o'),
        (b"\xff\xfe\x00", "it is no text;"),
        (b"2026-01-31 " * 1000, "expected at most"),
    ],
)
def test_what_says_nothing(data: bytes, received: str, tmp_path: Path) -> None:
    """One line, and the student is not late."""
    (tmp_path / "timestamp.txt").write_bytes(data)
    found = read_timestamp(tmp_path)
    assert found.time is None
    assert received in found.remark
    assert found.remark.isprintable()
    assert found.remark.endswith("taken as handed in on time")


def test_what_is_no_file(tmp_path: Path) -> None:
    """Nothing is read through a link, and a pipe is not waited for."""
    (tmp_path / "other.txt").write_text("2026-01-31 12:00:00 UTC")
    (tmp_path / "timestamp.txt").symlink_to(tmp_path / "other.txt")
    assert "it is a symbolic link" in read_timestamp(tmp_path).remark
    (tmp_path / "timestamp.txt").unlink()
    os.mkfifo(tmp_path / "timestamp.txt")
    assert "it is not a plain file" in read_timestamp(tmp_path).remark
