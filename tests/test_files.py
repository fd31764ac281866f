"""Files that are never half-written."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.files import replace_folder, write_atomic, write_below

# Writes and dies at the call that is named.
_KILLED = """
import os, sys
from pathlib import Path
from autograder import files
def die(*_, **__):
    os._exit(9)
owner, name = sys.argv[1].split(".")
setattr(getattr(files, owner), name, die)
if sys.argv[2] == "file":
    files.write_atomic(Path(sys.argv[3]), b"new" * 100_000)
else:
    files.replace_folder(Path(sys.argv[3]), Path(sys.argv[4]))
"""


def die_at(call: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, call, *arguments])
    assert done.returncode == 9


def test_a_file_is_written_where_there_was_no_folder(tmp_path: Path) -> None:
    """Others may read it; nothing else is left."""
    path = tmp_path / "a" / "b" / "file"
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert os.listdir(path.parent) == ["file"]


def test_a_file_replaces_the_one_before(tmp_path: Path) -> None:
    """A link is replaced, not followed."""
    other, path = tmp_path / "other", tmp_path / "file"
    other.write_bytes(b"old")
    path.symlink_to(other)
    write_atomic(path, b"new")
    assert (other.read_bytes(), path.read_bytes()) == (b"old", b"new")


@pytest.mark.parametrize("call", ["os.fsync", "os.chmod", "os.replace"])
def test_a_kill_leaves_the_old_file(tmp_path: Path, call: str) -> None:
    """Whole, wherever it comes in between."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    die_at(call, "file", str(path))
    assert path.read_bytes() == b"old"


def test_an_error_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no temporary one beside it."""

    def refuse(*_: object) -> None:
        raise OSError("no space left")

    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="no space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["/tmp/out", "../out", "a/../../out"])
def test_nothing_is_written_outside_of_the_folder(tmp_path: Path, name: str) -> None:
    """Whoever gave the name."""
    with pytest.raises(ValueError, match="leads out"):
        write_below(tmp_path / "in", {name: b"x"})


@pytest.mark.parametrize("call", ["mkstemp", "replace"])
def test_a_full_disk_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Not the one beside it, which is gone by then."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile if call == "mkstemp" else os, call, refuse)
    with pytest.raises(OSError) as refused:
        write_atomic(tmp_path / "file", b"new")
    assert refused.value.filename == str(tmp_path / "file")
    assert refused.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []


def folder(path: Path, word: str) -> Path:
    (path / "inner").mkdir(parents=True)
    (path / "inner" / word).write_text(word)
    return path


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    """Nothing of the old one is left, and the new one is no longer where it was."""
    new, old = folder(tmp_path / "new", "new"), folder(tmp_path / "x" / "old", "old")
    replace_folder(new, old)
    assert os.listdir(old / "inner") == ["new"]
    assert not new.exists()


def test_a_folder_goes_where_there_was_none(tmp_path: Path) -> None:
    """Nor the folder above it."""
    place = tmp_path / "x" / "y"
    replace_folder(folder(tmp_path / "new", "new"), place)
    assert os.listdir(place / "inner") == ["new"]


def test_a_kill_in_between_leaves_the_new_folder(tmp_path: Path) -> None:
    """Whole, where it was made."""
    new, old = folder(tmp_path / "new", "new"), folder(tmp_path / "old", "old")
    die_at("os.rename", "folder", str(new), str(old))
    assert (new / "inner" / "new").read_text() == "new"
