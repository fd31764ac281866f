"""What gradings compute and share: only arrays, under digests, within bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.grading import features as module
from autograder.grading.features import FeatureFolder

KEY = "0123456789abcdef" * 4
ARRAY = b"\x93NUMPY" + bytes(100)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "small" / ".features"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


def test_an_array_is_kept(folder: Path) -> None:
    """The first under its key; another grading may have been faster."""
    for data in (ARRAY, ARRAY + b"other"):
        FeatureFolder(folder).add(KEY, data)
    assert names(folder) == [f"{KEY}.npy"]
    assert (folder / f"{KEY}.npy").read_bytes() == ARRAY


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("", ARRAY),
        ("..", ARRAY),
        ("../" + KEY, ARRAY),
        (KEY[1:], ARRAY),
        (KEY.upper(), ARRAY),
        (KEY + "\n", ARRAY),
        (KEY + "/x", ARRAY),
        (KEY, b""),
        (KEY, b"\x80\x04pickle"),
        (KEY, b"PK\x03\x04"),
        (KEY, ARRAY + bytes(1 << 20)),
    ],
)
def test_what_is_no_array_under_a_digest_is_passed_over(
    folder: Path, key: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file, no folder."""
    monkeypatch.setattr(module, "MOST_MB", 1)
    FeatureFolder(folder).add(key, data)
    assert not folder.parent.exists()


def test_the_oldest_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many different ones come, the folder stays as large as it may be."""
    monkeypatch.setattr(module, "_MOST_BYTES_IN_ALL", 3 * len(ARRAY))
    for number in range(6):
        FeatureFolder(folder).add(f"{number}" * 64, ARRAY)
        os.utime(folder / f"{str(number) * 64}.npy", (number, number))
    assert names(folder) == [f"{number * 64}.npy" for number in "345"]


def test_what_a_kill_leaves_goes(folder: Path) -> None:
    """A part that nobody is writing any more; one that may still be written stays."""
    folder.mkdir(parents=True)
    for name, age in (("old", 10), ("new", None)):
        (folder / f".{KEY}.npy.{name}").touch()
        if age:
            os.utime(folder / f".{KEY}.npy.{name}", (age, age))
    FeatureFolder(folder).add(KEY, ARRAY)
    assert names(folder) == [f".{KEY}.npy.new", f"{KEY}.npy"]


def test_a_full_disk_stops_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They will be computed again."""

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(module, "write_atomic", full)
    FeatureFolder(folder).add(KEY, ARRAY)
    assert names(folder) == []
