"""The warm processes of one grading: started when a notebook needs what they have imported.

A notebook without a framework need not wait for one to be imported; so there is a warm process for
each set of frameworks that notebooks mention, as a rule one or two.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from autograder.execution.execute import WARM_UP
from autograder.execution.frameworks import imported_by, is_installed
from autograder.isolation import IsolationError, Walls, WarmProcess, WarmProcessDied
from autograder.settings import Autograder

Value = TypeVar("Value")

_TRIES = 3  # of one piece of work: warm processes are killed by accident, but not on and on
_INLINE = "module://matplotlib_inline.backend_inline"  # what Jupyter sets for its kernels


@dataclass(frozen=True)
class _Warmth:
    """A warm process, or the promise of one, and the frameworks that it has imported."""

    frameworks: frozenset[str]
    future: Future[WarmProcess]


class Nursery:
    """Starts warm processes as they are needed and keeps them until it is closed.

    hidden: directories that no task may see, whatever else it may read.
    reserved: what only grading sees, never a student's notebook.
    readable, environment: for all tasks, beside what the settings say (which go first).
    """

    def __init__(
        self,
        settings: Autograder,
        walls: Walls,
        hidden: Iterable[Path],
        *,
        reserved: Iterable[Path] = (),
        readable: Iterable[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.walls = walls
        self._settings = settings
        self._hidden = tuple(hidden)
        self._reserved = tuple(reserved)
        self._readable = (*map(Path, settings.readable), *readable)
        self._environment = {
            "MPLBACKEND": _INLINE,
            "TF_CPP_MIN_LOG_LEVEL": "3",  # its C++ side tells every notebook that there is no GPU
            **(environment or {}),
            **settings.environment,
        }
        self.slots = threading.BoundedSemaphore(settings.slots)  # students' notebooks at a time
        self._choosing = threading.Lock()
        self._is_closed = False
        self._warm: dict[frozenset[str], Future[WarmProcess]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self,
        work: Callable[[WarmProcess], Value],
        sources: Iterable[str],
        also: Iterable[str] = (),
    ) -> Value:
        """What `work` returns, given a warm process as from `warm_for`. Thread-safe.

        If the process is killed meanwhile (somebody was short of memory), `work` begins again with
        another, at most twice more. The last one is there for it alone: then no other task is to
        blame. Raises WarmProcessDied if that is killed as well, IsolationError once the nursery is
        closed, and what `work` raises.
        """
        wanted = self._wanted(sources, also)
        for _ in range(_TRIES - 1):
            found = self._share(wanted)
            try:
                return work(found.future.result())
            except WarmProcessDied:
                self._forget(found)
        self._refuse_if_closed()
        with contextlib.closing(self._start(wanted)) as own:
            return work(own)

    def warm_for(self, sources: Iterable[str], also: Iterable[str] = ()) -> WarmProcess:
        """A warm process that has imported the frameworks which `sources` import. Thread-safe.

        also: frameworks that will be imported though no source says so. Raises IsolationError
        where it cannot be started.
        """
        return self._share(self._wanted(sources, also)).future.result()

    def prefetch(self, sources: Iterable[str]) -> None:
        """Begin to start what `sources` will need, and what grading needs; return at once."""
        for text in ("\n".join(sources), ""):
            found, is_new = self._choose(self._frameworks(text))
            if is_new:
                threading.Thread(target=self._start_into, args=(found,), daemon=True).start()

    def close(self) -> None:
        """End all warm processes, those too that are still starting, and start no others."""
        with self._choosing:
            self._is_closed = True
            futures, self._warm = list(self._warm.values()), {}
        for future in futures:
            if future.exception() is None:
                future.result().close()

    def _wanted(self, sources: Iterable[str], also: Iterable[str]) -> frozenset[str]:
        imports = (f"import {name}" for name in also)
        return self._frameworks("\n".join([*sources, *imports]))

    def _share(self, frameworks: frozenset[str]) -> _Warmth:
        """The warm process that all share, started if there is none yet."""
        found, is_new = self._choose(frameworks)
        if is_new:
            self._start_into(found)
        return found

    def _forget(self, dead: _Warmth) -> None:
        """Hand it out no more; others may have noticed before."""
        with self._choosing:
            if self._warm.get(dead.frameworks) is not dead.future:
                return
            del self._warm[dead.frameworks]
        with contextlib.suppress(IsolationError):  # it may have died while it started
            dead.future.result().close()

    def _frameworks(self, text: str) -> frozenset[str]:
        return imported_by(text, self._settings.warm_frameworks)

    def _choose(self, frameworks: frozenset[str]) -> tuple[_Warmth, bool]:
        """The warm process for `frameworks`, and whether it is the caller's to start.

        One that has imported more will do, save where nothing is needed: then a light one, which
        is forked faster.
        """
        with self._choosing:
            self._refuse_if_closed()
            for imported, future in self._warm.items():
                if imported == frameworks or (frameworks and frameworks < imported):
                    return _Warmth(imported, future), False
            self._warm[frameworks] = Future()
            return _Warmth(frameworks, self._warm[frameworks]), True

    def _refuse_if_closed(self) -> None:
        """What loses its process to `close` is not to begin again."""
        if self._is_closed:
            raise IsolationError("the warm processes have been ended")

    def _start_into(self, warmth: _Warmth) -> None:
        try:
            warmth.future.set_result(self._start(warmth.frameworks))
        except BaseException as error:  # raised again for whoever asks for the result
            warmth.future.set_exception(error)

    def _start(self, frameworks: frozenset[str]) -> WarmProcess:
        ordered = [name for name in self._settings.warm_frameworks if name in frameworks]
        wanted = [*self._settings.warm_imports, *ordered]
        return WarmProcess(
            preload=[*filter(is_installed, wanted), *WARM_UP],
            walls=self.walls,
            readable=self._readable,
            hidden=self._hidden,
            reserved=self._reserved,
            environment=self._environment,
        )
