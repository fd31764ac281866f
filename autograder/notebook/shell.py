"""Runs the code cells of one notebook in this process, as a Jupyter kernel would, without ZMQ."""

import asyncio
import builtins
import fnmatch
import getpass
import importlib
import os
import pdb
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ipykernel import eventloops, zmqshell
from ipykernel.compiler import XCachingCompiler
from ipykernel.kernelbase import Kernel
from IPython.core import debugger
from IPython.core.error import UsageError
from IPython.core.interactiveshell import ExecutionResult, _asyncio_runner
from IPython.core.profiledir import ProfileDir
from jupyter_client.session import DELIM, Session
from traitlets import observe
from traitlets.config import Config

from autograder.notebook.outputs import CellOutputs, Displays, Output, OutputLimit, Update, clipped
from autograder.notebook.streams import Capture

_DEFAULT_LIMIT = OutputLimit()
_BETWEEN_CELLS = "no cell"
_INLINE = "module://matplotlib_inline.backend_inline"
_PACKAGE_FOLDERS = {"site-packages", "dist-packages"}
_ERROR_BYTES = 10_000
_UNPRINTABLE = "<the exception's text could not be made>"


@dataclass(frozen=True)
class CellRecord:
    """What one cell did.

    run: how many times `run` had been called before; `Update.run` refers to it.
    outputs: nbformat v4 outputs, JSON-able.
    execution_count: the number that Jupyter shows; None for a cell with no code, which is not run.
    error: (ename, evalue), each of 10 kB at most, where a kernel would reply "error"; else None.
    result: the value of the last expression; None if there is none or a semicolon hides it.
    exception: what the cell raised, if anything.
    updates: new content for outputs of earlier cells (display_id).
    exits: the cell asked for the kernel's end (`exit()`, `quit()`).
    wall_s: seconds it took.
    """

    run: int
    outputs: list[Output] = field(default_factory=list)
    execution_count: int | None = None
    error: tuple[str, str] | None = None
    result: object = None
    exception: BaseException | None = None
    updates: tuple[Update, ...] = ()
    exits: bool = False
    wall_s: float = 0.0


class NotebookShell:
    """An IPython shell for the cells of one notebook.

    Construct it in a warm process: it imports much, but starts no thread and writes no file. Then,
    in a forked child, in the main thread:

        with shell:                       # or begin() and end()
            record = shell.run("1 + 1")

    One event loop lives from `begin` to `end`, and runs while a cell runs, so that a cell's code
    finds it running. Tasks that a cell leaves behind go on while later cells run, and take one turn
    before each. What they and other late comers print between two cells is lost, as nbclient
    loses it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._displays = Displays()
        self._current: CellOutputs | None = None
        self._header = _BETWEEN_CELLS  # of the cell whose output is taken
        self._runs = 0
        self._session = Session(key=b"")
        self._shell = _make_shell(self._session, _Socket(self._session, self._take))
        self._capture = Capture(self._print, self._lock)
        self._undo = ExitStack()

    @property
    def namespace(self) -> dict[str, Any]:
        """The notebook's global variables."""
        namespace: dict[str, Any] = self._shell.user_ns
        return namespace

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Makes this process look like a kernel's: descriptors 0–2, sys, os.environ, SIGINT."""
        self._session.pid = os.getpid()
        self._shell.starting_dir = str(Path.cwd())
        self._shell.history_manager.dir_hist[:] = [self._shell.starting_dir]
        self._undo.callback(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as between the cells
        _enter_main_module(self._shell.user_module, self._undo)
        _set_kernel_environment(self._shell, self._undo)
        _set_debuggers(self._undo)
        _set_system(self._undo)
        _join_matplotlib()
        self._loop = asyncio.new_event_loop()
        self._undo.callback(self._close_loop)
        self._undo.callback(self._capture.stop)
        self._capture.start()

    def end(self) -> None:
        """Undoes `begin`. The namespace stays."""
        self._undo.close()

    def run(self, source: str, limit: OutputLimit = _DEFAULT_LIMIT) -> CellRecord:
        """Runs one cell; whatever its code does, short of ending the process, gives a record.

        SIGINT raises KeyboardInterrupt in the cell (in one with a top-level await, CancelledError).
        """
        run = self._runs
        self._runs += 1
        if not source.strip():
            return CellRecord(run)
        started = time.perf_counter()
        count: int = self._shell.execution_count
        outputs = self._open(run, limit)
        try:
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                result = self._finish_all(self._execute(source, run))
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        except BaseException as error:
            result = self._failure(error)
            self._renew_loop()
        finished, updates = self._close(outputs)
        exception = result.error_before_exec or result.error_in_exec
        return CellRecord(
            run=run,
            outputs=finished,
            execution_count=count,
            error=_describe(exception) or self._display_error(outputs),
            result=result.result,
            exception=exception,
            updates=updates,
            exits=bool(self._shell.exit_now),
            wall_s=time.perf_counter() - started,
        )

    def _open(self, run: int, limit: OutputLimit) -> CellOutputs:
        self._capture.drain()  # what came between the cells belongs to none
        with self._lock:
            self._current = CellOutputs(run, limit, self._displays)
            return self._current

    def _close(self, outputs: CellOutputs) -> tuple[list[Output], tuple[Update, ...]]:
        self._capture.finish()
        self._shell.payload_manager.clear_payload()
        with self._lock:
            self._current = None
            return outputs.finish()

    def _print(self, name: str, text: str, header: dict[str, Any]) -> None:
        if self._current is not None and header.get("msg_id", self._header) == self._header:
            self._current.stream(name, text)

    def _take(self, kind: str, content: dict[str, Any], header: dict[str, Any]) -> None:
        with self._lock:
            if self._current is not None and header.get("msg_id", self._header) == self._header:
                self._current.handle(kind, content)

    def _finish_all(self, cell: Coroutine[Any, Any, ExecutionResult]) -> ExecutionResult:
        task = self._loop.create_task(cell)
        try:
            while not task.done():
                self._turn_until(task)
            return task.result()
        finally:
            task.cancel()

    def _turn_until(self, task: asyncio.Future[Any]) -> None:
        try:
            self._loop.run_until_complete(task)
        except (RuntimeError, KeyboardInterrupt, SystemExit):
            # Unless it is the cell's own: it stopped the loop, or an earlier cell's task raised.
            if task.done() or self._loop.is_closed():
                raise

    def _renew_loop(self) -> None:
        self._close_loop()
        self._loop = asyncio.new_event_loop()

    def _close_loop(self) -> None:
        with suppress(Exception):  # the code may have closed its file descriptors
            self._loop.close()

    async def _execute(self, source: str, run: int) -> ExecutionResult:
        """Runs the source the way ipykernel's do_execute does, inside the running loop."""
        await asyncio.sleep(0)  # a turn for the tasks of earlier cells, still under their header
        self._set_header(f"cell-{run}")
        try:
            with _no_input(self._shell.kernel):
                return await self._run_cell(source)
        finally:
            with suppress(Exception):  # the code may have put anything there
                sys.stdout.flush()
                sys.stderr.flush()
            self._header = _BETWEEN_CELLS

    async def _run_cell(self, source: str) -> Any:
        shell = self._shell
        shell.exit_now = shell._last_traceback_during_displayhook = False
        try:
            transformed, failure = shell.transform_cell(source), None
        except Exception:
            transformed, failure = source, sys.exc_info()
        cell = {"transformed_cell": transformed, "preprocessing_exc_tuple": failure}
        if shell.loop_runner is _asyncio_runner and shell.should_run_async(source, **cell):
            return await self._await(shell.run_cell_async(source, store_history=True, **cell))
        return shell.run_cell(source, store_history=True)

    async def _await(self, cell: Coroutine[Any, Any, ExecutionResult]) -> ExecutionResult:
        task = asyncio.ensure_future(cell)
        result = None
        with _cancelled_by_interrupt(task, self._loop):
            try:
                result = await task
            finally:
                self._shell.events.trigger("post_execute")
                self._shell.events.trigger("post_run_cell", result)
        return result

    def _set_header(self, header: str) -> None:
        self._header = header
        parent = {"header": {"msg_id": self._header, "msg_type": "execute_request"}}
        self._shell.set_parent(parent)
        for stream in self._capture.streams.values():  # also where sys.stdout is another just now
            stream.set_parent(parent)

    def _failure(self, exception: BaseException) -> ExecutionResult:
        """The record's part for an exception that left IPython itself, such as a late SIGINT."""
        result = ExecutionResult(None)
        result.error_in_exec = exception
        ename, evalue = _describe(exception) or ("", "")
        error = {"ename": ename, "evalue": evalue, "traceback": [f"{ename}: {evalue}"]}
        self._take("error", error, {})
        return result

    def _display_error(self, outputs: CellOutputs) -> tuple[str, str] | None:
        # An exception in the last value's repr: the cell has run, but a kernel replies "error".
        return outputs.last_error() if self._shell._last_traceback_during_displayhook else None


class _Socket:
    """Stands in for the iopub socket: hands on each message as `take(kind, content, parent)`."""

    def __init__(
        self, session: Session, take: Callable[[str, dict[str, Any], dict[str, Any]], None]
    ) -> None:
        self._session = session
        self._take = take

    def send_multipart(self, parts: list[bytes], **_: object) -> None:
        start = parts.index(DELIM) + 2  # after the delimiter and the signature
        header, parent, _metadata, content = map(self._session.unpack, parts[start : start + 4])
        self._take(header["msg_type"], content, parent)


class _UnwrittenProfile(ProfileDir):  # type: ignore[misc]
    """A profile directory that is never made."""

    @observe("location")  # type: ignore[untyped-decorator]
    def _location_changed(self, change: object) -> None:
        pass


class _Memory(dict[str, Any]):
    """Stands in for the shell's key-value store on disk (%store, %bookmark, %cd)."""

    def keys(self, pattern: str = "*") -> list[str]:  # type: ignore[override]
        return [key for key in self if fnmatch.fnmatch(key, pattern)]


class _KernelStub:
    """The kernel as the shell and, at most, a cell's code use it."""

    eventloop = None
    _allow_stdin = False
    raw_input = Kernel.raw_input
    getpass = Kernel.getpass


class _Shell(zmqshell.ZMQInteractiveShell):  # type: ignore[misc]
    """ipykernel's shell without a kernel, a profile on disk or a history file."""

    @observe("ipython_dir")  # type: ignore[untyped-decorator]
    def _ipython_dir_changed(self, change: object) -> None:
        pass

    def init_environment(self) -> None:
        """Left to `begin`: this process is not yet the one that runs cells."""

    def enable_gui(self, gui: Any = None) -> None:
        try:
            eventloops.enable_gui(gui, kernel=self.kernel)
        except ValueError as error:
            raise UsageError(str(error)) from error
        self.active_eventloop = gui

    @contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """Keeps no second, unbounded copy of all that is printed (for %notebook)."""
        yield


def _make_shell(session: Session, socket: _Socket) -> Any:
    # rich, tqdm, pandas and others tell a notebook by this class's name.
    _Shell.__name__ = _Shell.__qualname__ = "ZMQInteractiveShell"
    _Shell.__module__ = zmqshell.__name__
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    directory = Path(tempfile.gettempdir()) / "ipython"
    main = sys.modules["__main__"]
    _Shell.clear_instance()
    shell = _Shell.instance(
        config=config,
        ipython_dir=str(directory),
        profile_dir=_UnwrittenProfile(location=str(directory / "profile_default")),
        kernel=_KernelStub(),
        compiler_class=XCachingCompiler,
    )
    sys.modules["__main__"] = main  # the shell has put the notebook's module there
    for publisher in (shell.displayhook, shell.display_pub):
        publisher.session = session
        publisher.pub_socket = socket
    shell.displayhook.topic = b"execute_result"
    shell.db = _Memory()
    shell.extension_manager.load_extension("storemagic")
    shell.user_ns_hidden.update(shell.user_ns)
    _warm(shell)
    return shell


def _warm(shell: Any) -> None:
    """Does what is slow the first time: a cell, a traceback and, if it is imported, a figure."""
    shell.transform_cell("!true\n1")
    try:
        raise ValueError
    except ValueError:
        shell.InteractiveTB.structured_traceback(*sys.exc_info())
    if "matplotlib.pyplot" in sys.modules:
        importlib.import_module("matplotlib.backends.backend_agg")
        sys.modules["matplotlib"].rcsetup.validate_backend(_INLINE)


def _describe(exception: BaseException | None) -> tuple[str, str] | None:
    if exception is None:
        return None
    ename = clipped(type(exception).__name__, _ERROR_BYTES)
    try:
        return ename, clipped(str(exception), _ERROR_BYTES)
    except Exception:
        return ename, _UNPRINTABLE


def _enter_main_module(module: types.ModuleType, undo: ExitStack) -> None:
    undo.callback(sys.modules.__setitem__, "__main__", sys.modules["__main__"])
    sys.modules["__main__"] = module


def _set_kernel_environment(shell: Any, undo: ExitStack) -> None:
    """Sets the variables, the arguments and the import path that code in a kernel finds."""
    undo.callback(os.environ.update, dict(os.environ))
    undo.callback(os.environ.clear)
    zmqshell.ZMQInteractiveShell.init_environment(shell)
    os.environ.setdefault("MPLBACKEND", _INLINE)
    _set(sys, "argv", ["ipykernel_launcher.py", "-f", "kernel.json"], undo)
    # The folder of the notebook comes after the standard library.
    rest = [path for path in sys.path if path]
    packages = (at for at, path in enumerate(rest) if Path(path).name in _PACKAGE_FOLDERS)
    at = next(packages, 0)
    _set(sys, "path", [*rest[:at], "", *rest[at:]], undo)


def _set_debuggers(undo: ExitStack) -> None:
    """Makes pdb ask for input and so fail, as a kernel's does; the plain one would hang.

    breakpoint() does nothing: in a kernel it is debugpy's, to which no debugger is attached.
    """
    for owner, name, value in (
        (debugger, "Pdb", debugger.InterruptiblePdb),
        (pdb, "Pdb", debugger.InterruptiblePdb),
        (pdb, "set_trace", debugger.set_trace),
        (sys, "breakpointhook", lambda *_, **__: None),
    ):
        _set(owner, name, value, undo)


def _set_system(undo: ExitStack) -> None:
    """Lets `!command` work where there are no pseudo-terminals, which a sandbox may not have."""
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        _set(zmqshell, "system", _system_without_pty, undo)


def _set(owner: Any, name: str, value: object, undo: ExitStack) -> None:
    undo.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _join_matplotlib() -> None:
    """Gives a matplotlib that was imported before `begin` the backend that a kernel would."""
    matplotlib, pyplot = sys.modules.get("matplotlib"), sys.modules.get("matplotlib.pyplot")
    backend = os.environ["MPLBACKEND"]
    if pyplot is not None and pyplot._backend_mod is not None:
        pyplot.switch_backend(backend)
    elif matplotlib is not None:
        matplotlib.rcParams["backend"] = backend
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:  # imported without a shell, it has not registered its figures' display
        inline._enable_matplotlib_integration()


@contextmanager
def _no_input(kernel: _KernelStub) -> Iterator[None]:
    """Lets input() and getpass() raise StdinNotImplementedError."""
    with ExitStack() as undo:
        _set(builtins, "input", kernel.raw_input, undo)
        _set(getpass, "getpass", kernel.getpass, undo)
        yield


@contextmanager
def _cancelled_by_interrupt(
    task: asyncio.Future[Any], loop: asyncio.AbstractEventLoop
) -> Iterator[None]:
    """Lets SIGINT cancel the task, which waits and so cannot be interrupted by an exception.

    A second SIGINT raises, for a task that does not wait but computes.
    """
    interrupts = 0

    def cancel(signum: int, frame: types.FrameType | None) -> None:
        nonlocal interrupts
        interrupts += 1
        if interrupts > 1:
            signal.default_int_handler(signum, frame)
        loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGINT, cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _system_without_pty(command: str) -> int:
    """Runs a shell command; prints its output as a terminal would send it; returns its status."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            print(line.replace("\n", "\r\n"), end="", flush=True)
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)
    status = process.wait()
    return 128 - status if status > 128 else status
