"""What was submitted, on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.engines import Item
from autograder.engines.slurm.chunks import Try, read_tries
from autograder.engines.slurm.ledger import Batch, Ledger
from autograder.errors import UserError

CHUNKS = [[Try(Item("ada", "theory"))], [Try(Item("bob", "theory"), 1)]]


def _add(ledger: Ledger) -> Batch:
    return ledger.add(CHUNKS, lambda batch: f"# {batch.name}")


def test_a_batch_is_whole(tmp_path: Path) -> None:
    """Its chunk files, its script and a folder for logs; it is found again by another process."""
    batch = _add(Ledger(tmp_path / "l"))
    assert [read_tries(path) for path in batch.chunks().values()] == CHUNKS
    assert batch.script.read_text() == f"# autograder-{batch.folder.name}"
    assert batch.log("7", 0).parent.is_dir()
    assert Ledger(tmp_path / "l").batches() == [batch] and batch.job == ""


def test_a_job_is_remembered(tmp_path: Path) -> None:
    """Its id, from the moment that it is known."""
    ledger = Ledger(tmp_path / "l")
    batch = ledger.submitted(_add(ledger), "17")
    assert Ledger(tmp_path / "l").batches() == [batch] and batch.job == "17"


def test_batches_are_in_order(tmp_path: Path) -> None:
    """Oldest first, of whatever name."""
    ledger = Ledger(tmp_path / "l")
    assert ledger.batches() == [] and [_add(ledger) for _ in range(12)] == ledger.batches()


def test_a_batch_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """One line, and no part of it."""
    (tmp_path / "l").write_text("in the way")
    with pytest.raises(UserError, match=r"could not be written: .*; make room or mend"):
        _add(Ledger(tmp_path / "l"))
    assert [path.name for path in tmp_path.iterdir()] == ["l"]


def test_logs_are_kept_until_they_are_swept(tmp_path: Path) -> None:
    """Such a batch counts no more, but can be read."""
    ledger = Ledger(tmp_path / "l")
    batch = _add(ledger)
    ledger.keep_logs(batch)
    assert ledger.batches() == [] and batch.folder.exists()
    ledger.sweep()
    assert not batch.folder.exists()


def test_the_last_batch_takes_the_folder_with_it(tmp_path: Path) -> None:
    """Nothing is left of a grading that is complete."""
    ledger = Ledger(tmp_path / "l")
    first, second = _add(ledger), _add(ledger)
    ledger.remove(first)
    assert ledger.batches() == [second]
    ledger.remove(second)
    assert not (tmp_path / "l").exists()
