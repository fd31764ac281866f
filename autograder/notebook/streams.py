"""Captures what a process prints, from Python and from below, in the order it was printed."""

import codecs
import contextvars
import fcntl
import os
import select
import struct
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

from ipykernel import iostream

STDOUT, STDERR = 1, 2
NAMES = {STDOUT: "stdout", STDERR: "stderr"}

_PIPE_BYTES = 1 << 20
_CHUNK = 1 << 16

# name, text, and the header of the cell that printed it (empty for text from a file descriptor)
Sink = Callable[[str, str, dict[str, Any]], None]


class Capture:
    """Points file descriptors 1 and 2 at pipes and replaces sys.stdout and sys.stderr.

    Text printed from Python goes to the sink at once. Before that, and whenever asked to, `drain`
    hands on what the pipes hold, so that text from C code or a subprocess that was written before
    a Python print stands before it. A thread drains at all other times, so that no writer blocks.
    Between bytes that stood in both pipes at one time the order is unknown: stdout comes first.

    The sink is called with the lock held.
    """

    def __init__(self, sink: Sink, lock: threading.RLock) -> None:
        self._sink = sink
        self._lock = lock
        self._undo = ExitStack()
        self._pipes: dict[int, int] = {}  # 1 or 2 → the end of its pipe that we read
        self._decoders: dict[int, codecs.IncrementalDecoder] = {}
        self._pid = -1
        self.streams: dict[int, OutStream] = {}

    def start(self) -> None:
        """Redirects, and starts the thread; call it in the process that prints."""
        self._pid = os.getpid()
        _flush_quietly(sys.stdout, sys.stderr)
        self._silence_stdin()
        for target, name in NAMES.items():
            self._redirect(target)
            self._undo.callback(setattr, sys, name, getattr(sys, name))
            setattr(sys, name, self.streams[target])
        self._start_thread()

    def stop(self) -> None:
        """Hands on what was printed until now, and puts everything back as before `start`."""
        _flush_quietly(sys.__stdout__, sys.__stderr__)
        self._undo.close()

    def drain(self) -> None:
        """Hands on what the pipes hold at this moment, and no more: a writer may never stop."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            for target, source in list(self._pipes.items()):
                self._drain_one(target, source)

    def finish(self) -> None:
        """Drains, and hands on an unfinished UTF-8 sequence as U+FFFD."""
        self.drain()
        with self._lock:
            for target, decoder in self._decoders.items():
                self._hand_on(target, decoder.decode(b"", final=True))

    def write(self, target: int, text: str, header: dict[str, Any]) -> None:
        """Takes text that was printed from Python."""
        if os.getpid() != self._pid:  # a child that was forked by a cell: its parent collects
            _write_all(self.streams[target].fileno(), text)
            return
        with self._lock:
            self.drain()
            self._sink(NAMES[target], text, header)

    def _hand_on(self, target: int, text: str) -> None:
        if text:
            self._sink(NAMES[target], text, {})

    def _drain_one(self, target: int, source: int) -> None:
        try:
            waiting = struct.unpack("i", fcntl.ioctl(source, termios.FIONREAD, b"\0\0\0\0"))[0]
            while waiting > 0:
                data = os.read(source, min(waiting, _CHUNK))
                waiting = waiting - len(data) if data else 0
                self._hand_on(target, self._decoders[target].decode(data))
        except OSError:  # closed behind our back by the code that is being run
            self._pipes.pop(target, None)

    def _redirect(self, target: int) -> None:
        source, sink = os.pipe()
        os.set_blocking(source, False)
        with suppress(OSError):  # larger than the user may have: keep the default
            fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._replace(target, sink)
        self._pipes[target] = source
        self._decoders[target] = codecs.getincrementaldecoder("utf-8")("replace")
        self.streams[target] = OutStream(self, target, sink)
        self._undo.callback(_close_quietly, source)
        self._undo.callback(_close_quietly, sink)

    def _silence_stdin(self) -> None:
        # The empty pipe reads as the end of a file, and needs no /dev/null.
        source, sink = os.pipe()
        os.close(sink)
        self._replace(0, source)
        os.close(source)

    def _replace(self, target: int, by: int) -> None:
        try:
            original = os.dup(target)
        except OSError:
            self._undo.callback(_close_quietly, target)
        else:
            self._undo.callback(_close_quietly, original)
            self._undo.callback(_put_back, original, target)
        os.dup2(by, target)

    def _start_thread(self) -> None:
        done, wake = os.pipe()
        thread = threading.Thread(target=self._watch, args=(done,), name="output", daemon=True)
        self._undo.callback(_close_quietly, done)
        self._undo.callback(_close_quietly, wake)
        self._undo.callback(self.finish)
        self._undo.callback(thread.join, timeout=1)
        self._undo.callback(_write_all, wake, "done")
        thread.start()

    def _watch(self, done: int) -> None:
        poll = select.poll()
        for source in (done, *self._pipes.values()):
            poll.register(source, select.POLLIN)
        while True:
            for source, event in poll.poll():
                if source == done:
                    return
                if not event & select.POLLIN:  # closed behind our back: polling on would spin
                    poll.unregister(source)
            self.drain()


class OutStream(iostream.OutStream):  # type: ignore[misc]
    """ipykernel's stream as far as user code can see, but writing to a `Capture`.

    `fileno` is another name of the captured descriptor, so that a subprocess that is given this
    stream is captured too (ipykernel gives it the kernel's own terminal, which no notebook shows).
    """

    def __init__(self, capture: Capture, target: int, descriptor: int) -> None:
        # The inherited constructor would want an I/O thread and ZMQ; these are the attributes that
        # the inherited methods read.
        self.name = NAMES[target]
        self.session = None
        self.echo = None
        self.pub_thread: Capture | None = capture  # None once closed
        self._capture = capture
        self._target = target
        self._descriptor = descriptor
        self._isatty = self._should_watch = False
        self._exc = None
        self._local = threading.local()
        self._parent_header = contextvars.ContextVar[dict[str, Any]]("parent_header")
        self._parent_header_global: dict[str, Any] = {}

    def fileno(self) -> int:
        return self._descriptor

    def write(self, string: str) -> int:
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if self.pub_thread is None:
            raise ValueError("I/O operation on closed file")
        self._capture.write(self._target, str.__str__(string), self.parent_header)
        return len(string)

    def flush(self) -> None:
        self._capture.drain()


# Libraries tell Jupyter by this name (click by the module of sys.stdout's class, for one).
OutStream.__module__ = iostream.OutStream.__module__


def _flush_quietly(*streams: Any) -> None:
    for stream in streams:
        with suppress(Exception):
            stream.flush()


def _put_back(original: int, target: int) -> None:
    with suppress(OSError):
        os.dup2(original, target)


def _close_quietly(descriptor: int) -> None:
    with suppress(OSError):
        os.close(descriptor)


def _write_all(descriptor: int, text: str) -> None:
    data = memoryview(text.encode(errors="replace"))
    with suppress(OSError):
        while data:
            data = data[os.write(descriptor, data) :]
