"""Limits hold, whatever a task does, and its ending says which it was."""

from __future__ import annotations

import signal
import time

import pytest

from autograder.isolation import IsolationError, Limits, WarmProcess, run
from isolation import ask

WALLED = ["full", "uncounted", "landlocked"]
ALL = ["full", "landlocked", "unwalled"]


@pytest.fixture(params=WALLED)
def walled(request: pytest.FixtureRequest) -> WarmProcess:
    found: WarmProcess = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=ALL)
def warm(request: pytest.FixtureRequest) -> WarmProcess:
    found: WarmProcess = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill half a second after the interrupt."""
    monkeypatch.setattr(run, "GRACE_S", 0.5)


def test_a_task_that_returns_is_done(warm: WarmProcess) -> None:
    """Its pieces arrive in order, with what it used."""
    told = ask.ask(warm, "for n in range(5): line.send(str(n), bytes(n))\nfound = sorted(parcel)")
    assert told.ending.how == "done"
    assert told.ending.detail == ""
    assert told.names == ["0", "1", "2", "3", "4", "found"]
    assert told.found == ["code.py"]
    assert 0 < told.ending.cpu_s < told.ending.wall_s + 0.1
    assert told.ending.peak_mb > 1


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("1 / 0", "exit code 1"),
        ("os._exit(7)", "exit code 7"),
        ("line.send('found', b'1'); ctypes.string_at(0)", "SIGSEGV"),
    ],
)
def test_a_task_that_ends_otherwise_died(warm: WarmProcess, code: str, detail: str) -> None:
    """And the ending says how."""
    ending = ask.ask(warm, code).ending
    assert ending.how == "died"
    assert detail in ending.detail


def test_a_signal_without_a_name_is_told_by_its_number(unwalled: WarmProcess) -> None:
    """Real-time signals have none."""
    number = signal.SIGRTMIN + 3
    ending = ask.ask(unwalled, f"os.kill(os.getpid(), {number})").ending
    assert (ending.how, ending.detail) == ("died", f"killed by signal {number}")


def test_a_large_parcel_arrives_while_the_task_sends(full: WarmProcess) -> None:
    """Neither end waits for the other forever."""
    parcel = {
        "code.py": b"line.send('back', parcel['large'][::-1])",
        "large": bytes(range(256)) * 10_000,
        "empty": b"",
    }
    told = ask.run(full, "answer", parcel)
    assert dict(told.pieces)["back"] == parcel["large"][::-1]


def test_a_task_that_never_takes_its_parcel_is_not_waited_for(warm: WarmProcess) -> None:
    """Its deadline holds all the same."""
    began = time.monotonic()
    ending = ask.run(warm, "sleep_first", {"large": bytes(1 << 22)}, wall_s=0.5).ending
    assert ending.how == "time"
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        "while True: pass",
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); time.sleep(60)",
        "for n in {1, 2, 3, 10, 12, 15}: signal.signal(n, lambda *_: None)\n"
        "while True: time.sleep(1)",
        "while True: line.begin_step('again'); line.end_step('again')",
    ],
)
def test_a_task_that_hangs_is_killed_at_its_deadline(warm: WarmProcess, code: str) -> None:
    """Whatever it does with signals, and however often it says that a step begins."""
    ending = ask.ask(warm, code, wall_s=0.4).ending
    assert (ending.how, ending.detail) == ("time", "over 0.4 s in all")
    assert ending.wall_s < 3


def test_a_step_over_its_time_is_interrupted(warm: WarmProcess) -> None:
    """Like Ctrl-C; the next step runs, and the ending counts it."""
    told = ask.ask(
        warm,
        "line.begin_step('cell 1')\n"
        "try: time.sleep(30)\n"
        "except KeyboardInterrupt: line.send('interrupted', b'')\n"
        "line.end_step('cell 1')\n"
        "line.begin_step('cell 2')\nline.end_step('cell 2')\nfound = 2",
        step_s=0.3,
    )
    assert told.names == ["interrupted", "found"]
    assert told.ending.how == "done"
    assert told.ending.interrupted == 1


def test_a_step_may_have_a_time_of_its_own(warm: WarmProcess) -> None:
    """By its name, longer or shorter than that of all others."""
    told = ask.ask(
        warm,
        "for name in ('cell 1', 'cell 2'):\n"
        "    line.begin_step(name)\n"
        "    try: time.sleep(0.6)\n"
        "    except KeyboardInterrupt: line.send(name, b'')\n"
        "    line.end_step(name)\n"
        "found = 2",
        step_s=0.2,
        steps_s={"cell 2": 60.0},
    )
    assert told.names == ["cell 1", "found"]
    assert told.ending.interrupted == 1


@pytest.mark.usefixtures("impatient")
def test_a_step_that_ignores_the_interrupt_is_killed(warm: WarmProcess) -> None:
    """After the time of grace; what was sent before stays."""
    told = ask.ask(
        warm,
        "line.send('before', b'')\nline.begin_step('cell 3')\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(30)",
        step_s=0.3,
    )
    assert told.names == ["before"]
    assert told.ending.how == "time"
    assert told.ending.detail == "cell 3 over 0.3 s, and did not stop"


def test_an_interrupt_that_comes_late_does_not_hit_the_next_step(unwalled: WarmProcess) -> None:
    """It belongs to the step that it was meant for, or to none."""
    told = ask.ask(
        unwalled,
        "line.begin_step('one'); line.end_step('one')\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "line.begin_step('two')\ntime.sleep(0.05)\nline.end_step('two')\nfound = 2",
    )
    assert told.found == 2


def test_processor_time_is_limited(full: WarmProcess) -> None:
    """And told apart from being killed for another reason."""
    ending = ask.ask(full, "while True: pass", cpu_s=1).ending
    assert (ending.how, ending.detail) == ("time", "over 1 s of processor time")


MEMORY_BOMBS = {
    "objects": "kept = []\nwhile True: kept.append(bytearray(b'x') * 10_000_000)",
    "a private mapping": "m = mmap.mmap(-1, 1 << 30, mmap.MAP_PRIVATE)\nm.write(b'x' * (1 << 30))",
    "a shared mapping": (
        "m = mmap.mmap(-1, 1 << 30)\nfor n in range(1 << 10): m.write(b'x' * (1 << 20))"
    ),
    "many processes": (
        "for n in range(8):\n"
        "    if os.fork() == 0: kept = bytearray(b'x') * 60_000_000; time.sleep(2)\n"
        "while True:\n"
        "    try: os.wait()\n"
        "    except ChildProcessError: os._exit(1)"
    ),
}
COUNTED_BOMBS = {
    "memfd": ("h = os.memfd_create('x')\nwhile True: os.write(h, bytes(1 << 20))"),
    "tmpfs": (
        "for n in range(1000): Path(f'/dev/shm/{n}').write_bytes(bytes(1 << 20)); time.sleep(0.005)"
    ),
}


@pytest.mark.parametrize("bomb", MEMORY_BOMBS)
def test_memory_is_limited(walled: WarmProcess, bomb: str) -> None:
    """However it is taken: by the cgroup, by rlimits or by the watchdog."""
    ending = ask.ask(walled, MEMORY_BOMBS[bomb], memory_mb=200, wall_s=15).ending
    assert ending.how in ("memory", "died"), ending  # MemoryError is a death of its own making
    assert "time" not in ending.detail
    assert ending.wall_s < 12


@pytest.mark.parametrize("kind", ["full", "uncounted"])
@pytest.mark.parametrize("bomb", COUNTED_BOMBS)
def test_memory_that_no_process_shows_is_limited(
    kind: str, bomb: str, request: pytest.FixtureRequest
) -> None:
    """Files in memory count, or cannot be made."""
    warm = request.getfixturevalue(kind)
    ending = ask.ask(warm, COUNTED_BOMBS[bomb], memory_mb=100, disk_mb=400, file_mb=900).ending
    expected = "died" if (kind, bomb) == ("uncounted", "memfd") else "memory"
    assert ending.how == expected, ending


def test_memory_is_told_by_the_kernel(full: WarmProcess) -> None:
    """With a cgroup the ending says that it was memory, and the peak is about the limit."""
    if full.walls.cgroup is None:
        pytest.skip("no cgroup can be made here")
    ending = ask.ask(full, MEMORY_BOMBS["a shared mapping"], memory_mb=150).ending
    assert (ending.how, ending.detail) == ("memory", "over 150 MB of memory")
    assert 120 < ending.peak_mb < 160


def test_a_child_out_of_memory_does_not_cost_the_guard(full: WarmProcess) -> None:
    """The task is the first to go, and the ending is its own, not a failure of the walls."""
    code = (
        "for n in range(15):\n"
        "    if os.fork() == 0:\n"
        "        kept = []\n"
        "        while True: kept.append(bytearray(b'x') * 1_000_000)\n"
        "while True:\n"
        "    try: os.wait()\n"
        "    except ChildProcessError: break\n"
        "found = 'survived'"
    )
    ending = ask.ask(full, code, memory_mb=80).ending
    assert ending.how in ("done", "memory")


FORK_BOMBS = {
    "forever": "while True:\n    try: os.fork()\n    except OSError: time.sleep(0.01)",
    "of threads": (
        "def hang(): time.sleep(30)\n"
        "while True:\n"
        "    try: threading.Thread(target=hang).start()\n"
        "    except RuntimeError: break\n"
        "found = threading.active_count()"
    ),
}


@pytest.mark.parametrize("bomb", FORK_BOMBS)
def test_processes_are_limited(walled: WarmProcess, bomb: str) -> None:
    """Forks fail beyond the limit; nothing of them is left."""
    told = ask.ask(walled, FORK_BOMBS[bomb], processes=40, wall_s=1.5, memory_mb=1000)
    assert told.ending.wall_s < 6
    if told.pieces:
        assert told.found <= 41
    assert ask.find(walled, "found = 'still here'") == "still here"


def test_disk_is_limited_outside_namespaces(landlocked: WarmProcess) -> None:
    """Many files that are each small enough: the watchdog counts them, removed ones too."""
    code = (
        "kept = []\n"
        "for n in range(60):\n"
        "    kept.append(open(f'{n}', 'wb')); kept[-1].write(bytes(1 << 20)); kept[-1].flush()\n"
        "    os.unlink(f'{n}')\n"
        "time.sleep(10)"
    )
    ending = ask.ask(landlocked, code, disk_mb=20).ending
    assert (ending.how, ending.detail) == ("disk", "over 20 MB of disk")


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("while True: line.send('x', bytes(100_000))", "more was sent"),
        ("while True: line.send('x', bytes(50))", "more was sent"),
        ("h = line._channel.fileno()\nos.write(h, b'\\xff' * 100)\ntime.sleep(20)", "no frame"),
        (
            "h = line._channel.fileno()\nos.write(h, bytes([1,0,0,0,0,1,0,0,0,0,0]))\n"
            "time.sleep(20)",
            "more was sent",
        ),
    ],
)
def test_a_flood_is_stopped(warm: WarmProcess, code: str, detail: str) -> None:
    """Too much or malformed; what came before stays."""
    told = ask.ask(warm, f"line.send('first', b'1')\n{code}", outbox_mb=1)
    assert told.ending.how == "flooded"
    assert detail in told.ending.detail
    assert told.pieces[0] == ("first", b"1")
    assert sum(len(data) for _, data in told.pieces) <= 1 << 20


@pytest.mark.parametrize(
    "stray",
    [
        "os.setsid()",
        "os.setsid()\n    if os.fork(): os._exit(0)",
        "os.setsid()\n    signal.pthread_sigmask(0, range(1, 65))\n    if os.fork(): os._exit(0)",
    ],
)
def test_nothing_outlives_a_task(warm: WarmProcess, stray: str, tmp_path: str) -> None:
    """Not a session of its own, not a child that was forked twice."""
    mark = f"stray-{time.monotonic_ns()}"
    code = (
        "if os.fork() == 0:\n"
        f"    {stray}\n"
        f"    os.execv('/bin/sh', ['sh', '-c', 'sleep 100; : {mark}'])\n"
        "time.sleep(0.1)\nfound = 1"
    )
    assert ask.find(warm, code) == 1
    assert not ask.anyone_called(mark)


def test_a_task_killed_at_its_deadline_leaves_nothing(warm: WarmProcess) -> None:
    """The whole tree goes with it."""
    mark = f"stray-{time.monotonic_ns()}"
    code = f"subprocess.run(['sh', '-c', 'sleep 100; : {mark}'], start_new_session=True)"
    assert ask.ask(warm, code, wall_s=0.5).ending.how == "time"
    assert not ask.anyone_called(mark)


@pytest.mark.parametrize("task", ["isolation.tasks:missing", "isolation.missing:task"])
def test_a_task_that_cannot_be_loaded_is_nobody_s_answer(warm: WarmProcess, task: str) -> None:
    """IsolationError, with what Python said; the warm process goes on."""
    with pytest.raises(IsolationError, match="missing"):
        warm.run(task, {}, ask.SMALL, lambda name, data: None)
    assert ask.find(warm, "found = 1") == 1


def test_what_receive_raises_comes_through(warm: WarmProcess) -> None:
    """And the task is dead by then."""
    mark = f"stray-{time.monotonic_ns()}"

    def receive(name: str, data: bytes) -> None:
        raise LookupError("no room for it")

    code = f"line.send('x', b'')\nsubprocess.run(['sh', '-c', 'sleep 100; : {mark}'])"
    with pytest.raises(LookupError, match="no room"):
        warm.run("isolation.tasks:answer", {"code.py": code.encode()}, ask.SMALL, receive)
    assert not ask.anyone_called(mark)


def test_a_work_directory_is_removed_whatever_is_in_it(landlocked: WarmProcess) -> None:
    """Nested deeper than Python recurses, and closed to its owner."""
    code = (
        "found = os.getcwd()\nos.mkdir('closed'); Path('closed/file').touch()\n"
        "for n in range(1500): os.mkdir('d'); os.chdir('d')\n"
    )
    from pathlib import Path

    assert not Path(ask.find(landlocked, code)).exists()


def test_a_name_may_be_anything(uncounted: WarmProcess) -> None:
    """The watchdog reads what processes call themselves, and is not confused."""
    code = (
        "call('prctl', 15, b'\\xff) Z 1 (\\n\\x0b', 0, 0, 0)\n"
        "kept = bytearray(b'x') * 10_000_000\ntime.sleep(0.6)\nfound = 1"
    )
    assert ask.find(uncounted, code) == 1


def test_limits_have_sensible_defaults() -> None:
    """A step may not take longer than all of them together."""
    assert Limits().step_s < Limits().wall_s
