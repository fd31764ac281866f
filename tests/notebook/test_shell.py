"""What NotebookShell adds to a kernel's behaviour, which test_conformance.py compares: bounds,
order, and a record whatever a cell does."""

import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from autograder.notebook.outputs import OutputLimit
from autograder.notebook.shell import CellRecord, NotebookShell

Records = list[dict[str, Any]]
Run = Callable[..., Records]

TRUNCATED = "… output truncated: {} bytes more were printed\n"


@pytest.fixture(scope="module")
def shell() -> NotebookShell:
    return NotebookShell()


@pytest.fixture
def run(shell: NotebookShell, tmp_path: Path) -> Run:
    """Runs cells as the autograder does, in a child forked from the process that made the shell."""

    def run_in_child(*cells: str, limit: OutputLimit | None = None, wrap: str = "") -> Records:
        file = tmp_path / "records.json"
        pid = os.fork()
        if pid == 0:
            _run_and_exit(shell, cells, limit or OutputLimit(), wrap, file)
        assert os.waitpid(pid, 0)[1] == 0, file.with_suffix(".error").read_text()
        records: Records = json.loads(file.read_text())
        return records

    return run_in_child


def _run_and_exit(
    shell: NotebookShell, cells: tuple[str, ...], limit: OutputLimit, wrap: str, file: Path
) -> None:
    try:
        exec(wrap)
        with shell:
            records = [_plain(shell.run(dedent(cell).strip("\n"), limit)) for cell in cells]
        file.write_text(json.dumps(records))
        os._exit(0)
    except BaseException:
        file.with_suffix(".error").write_text(traceback.format_exc())
        os._exit(1)


def _plain(record: CellRecord) -> dict[str, Any]:
    return {
        "run": record.run,
        "outputs": record.outputs,
        "count": record.execution_count,
        "error": record.error,
        "result": record.result if isinstance(record.result, int | str) else None,
        "exception": repr(type(record.exception)) if record.exception else None,
        "updates": [(u.run, u.output, u.data) for u in record.updates],
        "exits": record.exits,
        "wall_s": record.wall_s,
    }


def texts(record: dict[str, Any]) -> list[tuple[str, str]]:
    """The record's streams as (name, text), other outputs as (type, text/plain or ename)."""
    return [
        (output["name"], output["text"])
        if output["output_type"] == "stream"
        else (output["output_type"], output.get("ename") or output["data"].get("text/plain"))
        for output in record["outputs"]
    ]


def test_a_record_says_what_the_cell_did(run: Run) -> None:
    """Count, result, error and exception are those of the cell; one without code is not run."""
    value, blank, quiet, failed, syntax, last = run("6 * 7", " \n", "5;", "1/0", "1 +", "'end'")
    assert (value["count"], value["result"], value["error"]) == (1, 42, None)
    assert (blank["count"], blank["outputs"], blank["error"]) == (None, [], None)
    assert (quiet["count"], quiet["result"], quiet["outputs"]) == (2, None, [])
    assert failed["error"] == ["ZeroDivisionError", "division by zero"]
    assert failed["exception"] == "<class 'ZeroDivisionError'>"
    assert syntax["error"][0] == "SyntaxError"
    assert (last["run"], last["count"], last["result"]) == (5, 5, "end")


def test_streams_keep_the_order_that_a_kernel_loses(run: Run) -> None:
    """stdout, stderr, displays and writes from below stand in the order they were made."""
    [record] = run("""
        import os, sys
        print("1")
        print("2", file=sys.stderr)
        os.write(1, b"3\\n"); print("4")
        display("5")
        os.write(2, b"6\\n"); print("7", file=sys.stderr); os.system("echo 8")
        print("9")
    """)
    assert texts(record) == [
        ("stdout", "1\n"),
        ("stderr", "2\n"),
        ("stdout", "3\n4\n"),
        ("display_data", "'5'"),
        ("stderr", "6\n7\n"),
        ("stdout", "8\n9\n"),
    ]


def test_updates_name_the_earlier_cells_outputs(run: Run) -> None:
    """An update of another cell's display is in `updates`; of one's own, in the outputs."""
    first, second = run(
        "print('x'); h = display('one', display_id='a')",
        "h.update('two'); h.update('three'); k = display('p', display_id='b'); k.update('q')",
    )
    assert texts(first) == [("stdout", "x\n"), ("display_data", "'one'")]
    assert second["updates"] == [[0, 1, {"text/plain": "'three'"}]]
    assert texts(second) == [("display_data", "'q'")]


@pytest.mark.parametrize(
    "flood",
    [
        "for _ in range(1_000): print('x' * 999_999)",
        "import subprocess; p = subprocess.run(['head', '-c', '1000000000', '/dev/zero'])",
        """
        import ctypes
        libc = ctypes.CDLL(None); block = b'x' * 1_000_000
        for _ in range(1_000): libc.write(1, block, len(block))
        """,
    ],
    ids=["python", "subprocess", "c"],
)
def test_a_flood_of_output_is_cut_and_counted_in_constant_memory(run: Run, flood: str) -> None:
    """Of 1 GB the first bytes are kept, the rest is counted, and nothing blocks or piles up."""
    peak = "import resource; resource.getrusage(resource.RUSAGE_SELF).ru_maxrss"
    before, flooded, after, last = run(
        peak, flood, peak, "print('after')", limit=OutputLimit(bytes=100_000)
    )
    [(name, text)] = texts(flooded)
    assert name == "stdout"
    assert len(text[:100_000].strip("x\0")) == 0
    assert text[100_000:] == "\n" + TRUNCATED.format(1_000_000_000 - 100_000)
    assert after["result"] - before["result"] < 50_000  # kB
    assert texts(last) == [("stdout", "after\n")]


def test_the_error_is_kept_after_a_flood(run: Run) -> None:
    """A traceback follows the line that says how much was cut."""
    [record] = run("print('ä' * 1_000); display('y'); 1/0", limit=OutputLimit(bytes=11))
    assert texts(record) == [
        ("stdout", "äääää\n" + TRUNCATED.format(2_001 - 10 + _size_of_display("'y'"))),
        ("error", "ZeroDivisionError"),
    ]


def _size_of_display(text: str) -> int:
    output = {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
    return len(json.dumps(output))


def test_the_number_of_outputs_is_bounded(run: Run) -> None:
    """Alternating streams make an output each, up to the limit."""
    [record] = run(
        "import sys\nfor i in range(100): print(i, file=[sys.stdout, sys.stderr][i % 2])",
        limit=OutputLimit(outputs=5),
    )
    assert [text for _, text in texts(record)[:-1]] == [f"{number}\n" for number in range(5)]
    assert texts(record)[-1] == ("stderr", TRUNCATED.format(5 * 2 + 90 * 3))


def test_a_display_that_is_too_large_is_counted(run: Run) -> None:
    """It is dropped whole, and what follows it too."""
    [record] = run(
        "from IPython.display import HTML\nprint('a'); display(HTML('x' * 10_000)); print('b')",
        limit=OutputLimit(bytes=1_000),
    )
    [(name, text)] = texts(record)
    assert name == "stdout"
    assert text.startswith("a\n… output truncated: 10")


def test_cleared_output_does_not_count(run: Run) -> None:
    """A progress display that clears itself goes on for ever."""
    [record] = run(
        """
        from IPython.display import clear_output
        for i in range(100):
            clear_output(wait=True)
            print(i, 'x' * 900)
        """,
        limit=OutputLimit(bytes=1_000),
    )
    assert texts(record) == [("stdout", f"99 {'x' * 900}\n")]


def test_updates_are_bounded(run: Run) -> None:
    """An update that would pass the limit is dropped, of one's own display and of an earlier."""
    first, second = run(
        "h = display('a', display_id=True); h.update('x' * 10_000)",
        "h.update('y' * 10_000)",
        limit=OutputLimit(bytes=1_000),
    )
    assert texts(first)[0] == ("display_data", "'a'")
    assert texts(first)[1][1].startswith("… output truncated: 10")
    assert second["updates"] == []


def test_a_huge_traceback_is_cut(run: Run) -> None:
    """An exception's text is kept only as far as the limit goes, and so are repeated errors."""
    long, many = run(
        "raise ValueError('x' * 1_000_000)",
        "for _ in range(100):\n    try: 1/0\n    except Exception: get_ipython().showtraceback()",
        limit=OutputLimit(bytes=20_000),
    )
    assert len(json.dumps(long["outputs"])) < 100_000
    assert long["error"][0] == "ValueError"
    assert len(long["error"][1]) <= 20_000
    assert len(json.dumps(many["outputs"])) < 100_000


def test_exit_is_reported_and_the_notebook_goes_on(run: Run) -> None:
    """nbclient would run whichever cells start within 0.1 s and then fail."""
    asked, kept, after = run("exit()", "exit(keep_kernel=True)", "'on'")
    assert (asked["exits"], kept["exits"], after["exits"]) == (True, False, False)
    assert after["result"] == "on"


@pytest.mark.parametrize(
    "harm",
    [
        "import sys; sys.stdout = None",
        "import sys; sys.stdout = sys.stderr = object()",
        "import sys; sys.stdout.close(); sys.stderr.close()",
        "import os; os.close(0); os.close(1); os.close(2)",
        "import os; os.closerange(0, 200)",
        "import asyncio; asyncio.get_running_loop().stop()",
        "import asyncio; asyncio.set_event_loop_policy(None); asyncio.set_event_loop(None)",
        "import asyncio; asyncio.get_running_loop()._selector.close()",
        "import signal; signal.signal(signal.SIGINT, lambda *_: 1/0)",
        "import sys; sys.displayhook = sys.excepthook = None",
        "import builtins; builtins.input = builtins.display = None",
        "get_ipython().displayhook.pub_socket = None",
        "import sys; sys.modules.pop('__main__')",
        "import warnings; warnings.simplefilter('error')",
        "%reset -f",
    ],
)
def test_every_cell_gives_a_record_after(harm: str, run: Run) -> None:
    """Whatever a cell did to its process, those after it run and their errors are recorded."""
    _, ran, failed, last = run(harm, "import math\nx = 41 + 1", "raise KeyError('k')", "x;")
    assert ran["error"] is None
    assert failed["exception"] == "<class 'KeyError'>" or failed["error"]
    assert last["error"] is None


def test_hostile_exceptions_give_a_record(run: Run) -> None:
    """An exception whose text cannot be made is an error all the same; a kernel would hang."""
    [record] = run("class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E")
    assert record["error"][0] in ("E", "RuntimeError")
    assert record["outputs"][-1]["output_type"] == "error"


def test_outputs_are_always_valid_in_a_notebook(run: Run) -> None:
    """What nbformat or UTF-8 could not hold is made so that they can."""
    number, surrogate = run(
        "display({'text/plain': 5, 'a/b+json': {'x': [1]}}, raw=True)", "print('a \\ud800')"
    )
    assert number["outputs"][0]["data"] == {"text/plain": "5", "a/b+json": {"x": [1]}}
    assert texts(surrogate) == [("stdout", "a ?\n")]


def test_a_second_interrupt_stops_a_computing_coroutine(run: Run) -> None:
    """The first SIGINT only asks a task to stop at its next await; it may never come to one."""
    busy, after = run(
        """
        import asyncio, os, signal, threading
        for delay_s in (0.2, 0.4):
            threading.Timer(delay_s, os.kill, (os.getpid(), signal.SIGINT)).start()
        await asyncio.sleep(0)
        while True: pass
        """,
        "'on'",
    )
    assert busy["error"][0] == "KeyboardInterrupt"
    assert after["result"] == "on"


def test_an_interrupt_between_cells_does_nothing(shell: NotebookShell) -> None:
    """A time-out's SIGINT that comes too late interrupts neither the record nor the next cell."""
    if (pid := os.fork()) == 0:
        with shell:
            shell.run("1")
            os.kill(os.getpid(), signal.SIGINT)
            os._exit(0 if shell.run("2").result == 2 else 1)
    assert os.waitpid(pid, 0)[1] == 0


def test_tasks_go_on_while_later_cells_run(run: Run) -> None:
    """A task left behind makes progress when a later cell awaits; its prints are its own cell's."""
    _, before, after = run(
        """
        import asyncio
        steps = []
        async def work():
            for step in range(3):
                steps.append(step); print('late'); await asyncio.sleep(0.01)
        task = asyncio.create_task(work())
        """,
        "len(steps)",
        "await task; len(steps)",
    )
    assert (before["result"], after["result"]) == (1, 3)
    assert texts(after) == [("execute_result", "3")]


def test_what_is_printed_between_cells_is_lost_and_blocks_nobody(run: Run) -> None:
    """A process left behind may print without end; later cells run."""
    _, second = run(
        "import subprocess, time; p = subprocess.Popen(['yes'])",
        "p.kill(); p.wait(); time.sleep(0.1); display('x')",
        limit=OutputLimit(bytes=1_000),
    )
    assert second["error"] is None


def test_shell_escapes_work_without_pseudo_terminals(run: Run) -> None:
    """Output, exit status and variables are as with one."""
    cells = (
        "def f():\n    local = 'seen'\n    !echo out $local; echo err >&2; exit 3\nf()",
        "_exit_code",
    )
    without = "def openpty(): raise OSError\nos.openpty = openpty"
    plain, with_pty = run(*cells, wrap=without), run(*cells)
    assert [texts(record) for record in plain] == [texts(record) for record in with_pty]
    assert texts(plain[0]) == [("stdout", "out seen\r\nerr\r\n")]


def test_end_puts_the_process_back() -> None:
    """Streams, signal handler, environment, arguments, path and main module are as before."""

    def state() -> list[object]:
        handler = signal.getsignal(signal.SIGINT)
        main = sys.modules["__main__"]
        return [sys.stdout, sys.argv, sys.path, handler, main, dict(os.environ), sys.breakpointhook]

    before, threads = state(), threading.active_count()
    shell = NotebookShell()
    assert threading.active_count() == threads
    assert state() == before
    with shell:
        assert state() != before
        shell.run("x = 1")
    assert state() == before
    assert threading.active_count() == threads
    assert shell.namespace["x"] == 1


def test_nothing_is_written_at_home(tmp_path: Path) -> None:
    """No file is made in HOME, IPYTHONDIR or the temporary folder; the first two may be missing."""
    code = """
        from autograder.notebook.shell import NotebookShell
        with NotebookShell() as shell:
            for cell in ("1", "1/0", "%cd .", "%who", "!echo x", "x = 2", "%store x", "%history"):
                record = shell.run(cell)
        print(record.outputs[0]["text"].splitlines()[-1])
    """
    missing = {"HOME": "/nowhere", "IPYTHONDIR": "/nowhere/ipython", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        env=missing | {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("%history\n", "")
    assert list(tmp_path.iterdir()) == []
    assert not Path("/nowhere").exists()


def test_a_child_starts_fast(run: Run) -> None:
    """begin() and the first cell take milliseconds; the bound is wide for a busy machine."""
    [record] = run("print(1)")
    assert record["wall_s"] < 0.2
