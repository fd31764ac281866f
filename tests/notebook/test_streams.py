"""What is printed, from Python and from below, arrives in order, completely and once."""

import ctypes
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from autograder.notebook.streams import Capture

Printed = list[tuple[str, str]]


class Recorder:
    """A sink that joins what it is given."""

    def __init__(self) -> None:
        self.printed: Printed = []
        self.arrived = threading.Event()

    def __call__(self, name: str, text: str, header: dict[str, Any]) -> None:
        if self.printed and self.printed[-1][0] == name:
            text = self.printed.pop()[1] + text
        self.printed.append((name, text))
        self.arrived.set()


@contextmanager
def captured() -> Iterator[tuple[Capture, Recorder]]:
    recorder = Recorder()
    capture = Capture(recorder, threading.RLock())
    capture.start()
    try:
        yield capture, recorder
    finally:
        capture.stop()


@pytest.fixture(autouse=True)
def _fds_are_ours(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Leaves pytest's own capture out: these tests redirect the descriptors themselves."""
    with capfd.disabled():
        yield


def printed(act: Callable[[], object]) -> Printed:
    with captured() as (_, recorder):
        act()
    return recorder.printed


def test_python_and_descriptor_writes_keep_their_order() -> None:
    """Text written to descriptor 1 stands between the prints before and after it."""

    def act() -> None:
        for number in range(50):
            print(f"p{number}")
            os.write(1, f"d{number}\n".encode())

    expected = "".join(f"p{n}\nd{n}\n" for n in range(50))
    assert printed(act) == [("stdout", expected)]


def test_stdout_and_stderr_keep_their_order() -> None:
    """Prints on both streams arrive in the order in which they were printed."""

    def act() -> None:
        print("a")
        print("b", file=sys.stderr)
        os.write(2, b"c\n")
        print("d")

    assert printed(act) == [("stdout", "a\n"), ("stderr", "b\nc\n"), ("stdout", "d\n")]


def test_c_and_subprocess_writes_are_captured_in_order() -> None:
    """printf with fflush, and a subprocess's output, stand where they were written."""
    libc = ctypes.CDLL(None)

    def act() -> None:
        print("python")
        libc.printf(b"c\n")
        libc.fflush(None)
        subprocess.run(["echo", "child"], check=True)
        subprocess.run(["echo", "given"], stdout=sys.stdout, check=True)
        os.system("echo system")

    assert printed(act) == [("stdout", "python\nc\nchild\ngiven\nsystem\n")]


def test_invalid_utf8_is_replaced_and_split_characters_are_joined() -> None:
    """A bad byte becomes U+FFFD; a character that comes in two writes is one character."""

    with captured() as (_, recorder):
        os.write(1, b"\xff \xe2")
        assert recorder.arrived.wait(10)
        os.write(1, b"\x82\xac \xe2")
    assert recorder.printed == [("stdout", "\ufffd € \ufffd")]


def test_a_writer_that_is_not_python_never_blocks() -> None:
    """More than a pipe holds can be written at once while Python waits."""
    command = "import sys; sys.stdout.buffer.write(b'x' * 5_000_000)"

    def act() -> None:
        subprocess.run([sys.executable, "-c", command], check=True, timeout=30)

    assert printed(act) == [("stdout", "x" * 5_000_000)]


def test_a_print_is_not_held_up_by_a_writer_that_never_stops() -> None:
    """Before a print, only what waits in the pipe at that moment is handed on."""
    flooded, printed = threading.Event(), threading.Event()

    def sink(name: str, text: str, header: dict[str, Any]) -> None:
        flooded.set()
        if "x" in text:
            printed.set()

    capture = Capture(sink, threading.RLock())
    capture.start()
    with subprocess.Popen(["yes"]) as process:
        assert flooded.wait(10)
        print("x")
        assert printed.is_set()
        process.kill()
    capture.stop()


def test_a_forked_child_prints_through_its_parent() -> None:
    """What a child prints, with Python's print too, is collected once."""

    def act() -> None:
        print("before")
        if (pid := os.fork()) == 0:
            print("child")
            os._exit(0)
        os.waitpid(pid, 0)
        print("after")

    assert printed(act) == [("stdout", "before\nchild\nafter\n")]


def test_threads_print_whole_lines() -> None:
    """A single write of a thread is never torn."""

    def act() -> None:
        lines = [f"{n}" * 50 + "\n" for n in range(8)]
        threads = [
            threading.Thread(target=lambda line=line: [sys.stdout.write(line) for _ in range(100)])
            for line in lines
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    (_, text), *rest = printed(act)
    assert not rest
    assert sorted(text.split()) == sorted(str(n) * 50 for n in range(8) for _ in range(100))


def test_output_arrives_without_a_drain() -> None:
    """The thread hands on what is written while Python code does something else."""
    with captured() as (_, recorder):
        os.write(1, b"x")
        assert recorder.arrived.wait(10)


def test_stop_puts_descriptors_and_streams_back() -> None:
    """Afterwards descriptors 0 to 2 are the files that they were, and none has been left open."""
    before = [os.fstat(fd).st_ino for fd in range(3)], sys.stdout, sys.stderr
    open_before = len([*Path("/proc/self/fd").iterdir()])
    printed(lambda: print("x"))
    assert ([os.fstat(fd).st_ino for fd in range(3)], sys.stdout, sys.stderr) == before
    assert len([*Path("/proc/self/fd").iterdir()]) == open_before


@pytest.mark.parametrize("descriptor", [1, 2])
def test_closing_a_descriptor_harms_no_print(descriptor: int) -> None:
    """Python's prints arrive although descriptor 1 or 2 has been closed."""

    def act() -> None:
        os.close(descriptor)
        print("still")
        print("here", file=sys.stderr)

    assert printed(act) == [("stdout", "still\n"), ("stderr", "here\n")]


def test_closing_every_descriptor_does_not_spin() -> None:
    """The thread gives up on pipes that were closed behind its back, rather than poll forever."""
    if (pid := os.fork()) == 0:
        with captured():
            os.closerange(3, 100)
            before = time.process_time()
            time.sleep(0.3)
            os._exit(0 if time.process_time() - before < 0.1 else 1)
    assert os.waitpid(pid, 0)[1] == 0


def test_the_stream_looks_like_ipykernels() -> None:
    """No tty, no buffer, UTF-8, and the class by which libraries recognise Jupyter."""

    def act() -> None:
        stream = sys.stdout
        assert not stream.isatty()
        assert not hasattr(stream, "buffer")
        assert stream.encoding == "UTF-8"
        assert os.fstat(stream.fileno())
        assert type(stream).__module__.startswith("ipykernel.")
        assert isinstance(stream, io.TextIOBase)
        assert stream.write("äb") == 2
        with pytest.raises(TypeError, match="must be str"):
            stream.write(b"x")  # type: ignore[arg-type]
        stream.close()
        with pytest.raises(ValueError, match="closed file"):
            stream.write("x")

    assert printed(act) == [("stdout", "äb")]


def test_standard_input_is_at_its_end() -> None:
    """Reading descriptor 0 gives nothing, at once."""
    with captured():
        assert os.read(0, 10) == b""
