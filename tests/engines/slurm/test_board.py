"""Who has what, and when a task has ended."""

from __future__ import annotations

from pathlib import Path

from autograder.engines import Item
from autograder.engines.slurm.answers import Task
from autograder.engines.slurm.board import Board, Chunk
from autograder.engines.slurm.chunks import Try, key_of
from autograder.engines.slurm.ledger import Batch

ITEMS = [Item(name, "nb") for name in ("ada", "bob", "cem", "dua")]
RUNNING = [Task("a-1", "11", 0, "RUNNING")]
ENDED = [Task("a-1", "11", 0, "NODE_FAIL")]


def _chunk(*missing: Try, size: int = 4) -> Chunk:
    return Chunk(Batch(Path("a-1")), 0, size, {key_of(each.item): each for each in missing})


def test_a_task_has_ended_after_three_looks() -> None:
    """Even when they are far apart."""
    chunk = _chunk()
    ended = []
    for now_s in (0.0, 100.0, 200.0):
        chunk.see(ENDED, now_s)
        ended.append(chunk.ended(now_s, grace_s=30))
    assert ended == [False, False, True]


def test_a_task_has_ended_after_the_grace() -> None:
    """Even when many looks were quick; what has left the queue has ended, too."""
    chunk = _chunk()
    for now_s in range(30):
        chunk.see([], float(now_s))
        assert not chunk.ended(float(now_s), grace_s=30)
    chunk.see([], 30.0)
    assert chunk.ended(30.0, grace_s=30)


def test_a_requeued_task_has_not_ended() -> None:
    """Looks and time count from its last end."""
    chunk = _chunk()
    for now_s, tasks in ((0.0, ENDED), (50.0, ENDED), (60.0, RUNNING), (70.0, ENDED)):
        chunk.see(tasks, now_s)
        assert not chunk.ended(now_s, grace_s=30)
    chunk.see(ENDED, 71.0)
    chunk.see(ENDED, 72.0)
    assert not chunk.ended(72.0, grace_s=30)
    chunk.see(ENDED, 100.0)
    assert chunk.ended(100.0, grace_s=30)


def test_one_copy_at_work_is_enough() -> None:
    """Of two jobs of a name, one runs: nothing has ended."""
    chunk = _chunk()
    for now_s in (0.0, 50.0, 100.0):
        chunk.see([*RUNNING, *ENDED], now_s)
    assert not chunk.ended(100.0, grace_s=30)


def test_a_task_that_did_a_part_is_blamed_for_one() -> None:
    """Only the first of what it left counts as failed: the rest was not begun."""
    retry = _chunk(*map(Try, ITEMS[:2])).again(retries=3)
    assert (retry.alone, retry.together) == ([Try(ITEMS[0], 1)], [Try(ITEMS[1], 0)])


def test_a_task_that_did_nothing_is_blamed_for_all() -> None:
    """Else a cluster where every task dies would take as many rounds as there are items."""
    retry = _chunk(*map(Try, ITEMS)).again(retries=3)
    assert retry.alone == [Try(ITEMS[0], 1)]
    assert retry.together == [Try(item, 1) for item in ITEMS[1:]]


def test_what_failed_often_is_alone() -> None:
    """From the second failure on, and in its last try: so that it is blamed for itself alone."""
    twice = _chunk(*(Try(item, 1) for item in ITEMS)).again(retries=3)
    last = _chunk(*map(Try, ITEMS)).again(retries=1)
    assert len(twice.alone) == len(last.alone) == 4


def test_what_failed_too_often_is_given_up() -> None:
    """After its first try and all retries."""
    assert _chunk(Try(ITEMS[0], 3), size=1).again(retries=3).given_up == [Try(ITEMS[0], 4)]


def test_an_item_belongs_to_the_newest_batch(tmp_path: Path) -> None:
    """The older one misses it no more; what is not due belongs to nobody."""
    board = Board(ITEMS[:3])
    board.take(Batch(tmp_path / "0001-a"), {0: [Try(ITEMS[0]), Try(ITEMS[1]), Try(ITEMS[3])]})
    board.take(Batch(tmp_path / "0002-b"), {0: [Try(ITEMS[1], 1)]})
    assert {chunk.batch.folder.name: list(chunk.missing) for chunk in board.at_work()} == {
        "0001-a": [("ada", "nb")],
        "0002-b": [("bob", "nb")],
    }
    assert board.unowned() == [ITEMS[2]]


def test_batches_without_anything_due_are_not_asked_for(tmp_path: Path) -> None:
    """Their jobs may be of no interest any more."""
    board = Board(ITEMS[:2])
    board.take(Batch(tmp_path / "0001-a"), {0: [Try(ITEMS[0])]})
    board.take(Batch(tmp_path / "0002-b"), {0: [Try(ITEMS[1])]})
    board.drop(ITEMS[0])
    assert board.names() == ["autograder-0002-b"]
