"""Large pieces lie on the disk once, whole, for as long as a run holds them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from autograder.execution.objects import LEAST_BYTES, Objects, link
from autograder.snapshot import blob_name

LARGE = b"x" * LEAST_BYTES
NAME = blob_name(LARGE, ".npy")


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / ".objects")


def shared(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / ".objects").rglob("*.npy"))


def test_two_runs_have_one_file(objects: Objects, tmp_path: Path) -> None:
    """The second one is a link to the first one's."""
    for run in "ab":
        objects.put(NAME, LARGE, tmp_path / run)
    assert (tmp_path / "a").samefile(tmp_path / "b")
    assert (tmp_path / ".objects" / NAME[:2] / NAME).samefile(tmp_path / "a")


def test_what_is_small_is_not_shared(objects: Objects, tmp_path: Path) -> None:
    """A link would take as long to make."""
    small = LARGE[1:]
    objects.put(blob_name(small, ".npy"), small, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == small
    assert shared(tmp_path) == []


def test_what_no_run_holds_goes(objects: Objects, tmp_path: Path) -> None:
    """And not before."""
    for run in "ab":
        objects.put(NAME, LARGE, tmp_path / run)
    (tmp_path / "a").unlink()
    objects.sweep()
    assert shared(tmp_path) == [NAME]
    (tmp_path / "b").unlink()
    objects.sweep()
    assert shared(tmp_path) == []


def test_sweeping_where_nothing_is(objects: Objects) -> None:
    """An assignment without large answers has no such folder."""
    objects.sweep()


def test_sweeping_takes_nothing_from_a_run(objects: Objects, tmp_path: Path) -> None:
    """Copying a course unlinks its files from each other; all stay whole."""
    objects.put(NAME, LARGE, tmp_path / "a")
    (tmp_path / "copy").write_bytes((tmp_path / "a").read_bytes())
    (tmp_path / "copy").replace(tmp_path / "a")
    objects.sweep()
    assert (tmp_path / "a").read_bytes() == LARGE
    objects.put(NAME, LARGE, tmp_path / "b")
    assert shared(tmp_path) == [NAME]


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP])
def test_without_hard_links_each_run_has_its_own(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The file system refuses them, or has had enough of one."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    for run in "ab":
        objects.put(NAME, LARGE, tmp_path / run)
        assert (tmp_path / run).read_bytes() == LARGE
    assert not (tmp_path / "a").samefile(tmp_path / "b")
    assert shared(tmp_path) == []


def test_a_file_with_all_the_links_it_may_have_gets_a_successor(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ext4 allows 65,000, which a large class reaches: then the next runs share another copy."""
    real = os.link

    def at_most_three(source: Path, target: Path) -> None:
        if os.stat(source).st_nlink == 3:
            raise OSError(errno.EMLINK, "too many links")
        real(source, target)

    monkeypatch.setattr(os, "link", at_most_three)
    for run in "abcdef":
        objects.put(NAME, LARGE, tmp_path / run)
        assert (tmp_path / run).read_bytes() == LARGE
    assert len({(tmp_path / run).stat().st_ino for run in "abcdef"}) == 3
    assert shared(tmp_path) == [NAME]


def test_what_a_kill_left_between_two_links_goes(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the run that holds it."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(os, "replace", killed)
        objects.put(NAME, LARGE, tmp_path / "a")
    assert len(shared(tmp_path)) == 1
    (tmp_path / "a").unlink()
    objects.sweep()
    assert shared(tmp_path) == []


def test_a_disk_that_fails_is_told(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not mistaken for one without links."""

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(OSError, match="broken"):
        objects.put(NAME, LARGE, tmp_path / "a")


def test_somebody_else_was_first(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the write: both runs are whole, one of the two files is shared."""
    put_by_another, looked = Objects(tmp_path / ".objects"), []
    real = os.link

    def late(source: Path, target: Path) -> None:
        if not looked:
            looked.append(source)
            put_by_another.put(NAME, LARGE, tmp_path / "b")
            raise FileNotFoundError(errno.ENOENT, "not there a moment ago")
        real(source, target)

    monkeypatch.setattr(os, "link", late)
    objects.put(NAME, LARGE, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == LARGE
    assert shared(tmp_path) == [NAME]


def test_swept_while_it_is_taken(
    objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another grading ends between the look at the links and the removal: the run keeps its own."""
    objects.put(NAME, LARGE, tmp_path / "old")
    (tmp_path / "old").unlink()
    real = Path.stat

    def stat(path: Path, **options: bool) -> os.stat_result:
        found = real(path, **options)
        if path.name == NAME and not (tmp_path / "a").exists():
            Objects(tmp_path / ".objects").put(NAME, LARGE, tmp_path / "a")
        return found

    monkeypatch.setattr(Path, "stat", stat)
    objects.sweep()
    monkeypatch.undo()
    assert (tmp_path / "a").read_bytes() == LARGE
    assert shared(tmp_path) == []


def test_a_shared_file_is_not_to_be_edited(objects: Objects, tmp_path: Path) -> None:
    """Changing one run's file would change everybody's."""
    objects.put(NAME, LARGE, tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode & 0o222 == 0


def test_link_tells_whether_it_did(tmp_path: Path) -> None:
    """A source that is not there is no error, a target that is there is one."""
    assert not link(tmp_path / "a", tmp_path / "b")
    (tmp_path / "a").touch()
    assert link(tmp_path / "a", tmp_path / "b")
    with pytest.raises(FileExistsError):
        link(tmp_path / "a", tmp_path / "b")
