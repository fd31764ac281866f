"""The warm processes of one grading: started when a notebook needs what they have imported.

A notebook without a framework need not wait for one to be imported; so there is a warm process for
each set of frameworks that notebooks mention, as a rule one or two.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from autograder.execution.execute import WARM_UP
from autograder.isolation import IsolationError, Walls, WarmProcess
from autograder.settings import Autograder

_INLINE = "module://matplotlib_inline.backend_inline"  # what Jupyter sets for its kernels


class Nursery:
    """Starts warm processes as they are needed and keeps them until it is closed.

    hidden: directories that no task may see, whatever else it may read.
    """

    def __init__(self, settings: Autograder, walls: Walls, hidden: Iterable[Path]) -> None:
        self.walls = walls
        self._settings = settings
        self._hidden = tuple(hidden)
        self._starting = threading.Lock()
        self._warm: dict[tuple[str, ...], WarmProcess] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm_for(self, sources: Iterable[str]) -> WarmProcess:
        """The warm process for code that mentions what `sources` mention. Thread-safe."""
        text = "\n".join(sources)
        frameworks = tuple(
            name
            for name in self._settings.warm_frameworks
            if _is_installed(name) and re.search(rf"\b{re.escape(name.split('.')[0])}\b", text)
        )
        with self._starting:
            if frameworks not in self._warm:
                self._warm[frameworks] = self._start(frameworks)
            return self._warm[frameworks]

    def prefetch(self, sources: Iterable[str]) -> None:
        """Begin to start what `sources` will need, and return at once."""
        texts = list(sources)
        threading.Thread(target=self._try_to_warm_for, args=(texts,), daemon=True).start()

    def close(self) -> None:
        with self._starting:
            self._close()

    def _try_to_warm_for(self, sources: list[str]) -> None:
        # whoever really needs it will try again, and be told
        with contextlib.suppress(IsolationError):
            self.warm_for(sources)

    def _close(self) -> None:
        for warm in self._warm.values():
            warm.close()
        self._warm.clear()

    def _start(self, frameworks: tuple[str, ...]) -> WarmProcess:
        wanted = [*self._settings.warm_imports, *frameworks]
        return WarmProcess(
            preload=[*filter(_is_installed, wanted), WARM_UP],
            walls=self.walls,
            readable=[Path(path) for path in self._settings.readable],
            hidden=self._hidden,
            environment={"MPLBACKEND": _INLINE, **self._settings.environment},
        )


def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module.split(".")[0]) is not None
