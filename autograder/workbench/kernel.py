"""A kernel that runs the cells of a notebook one by one; by nbclient, on any system."""

from __future__ import annotations

import asyncio
import logging
import math
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from autograder.errors import UserError
from autograder.workbench.cards import plain

STARTUP_TIMEOUT_S = 120
INTERRUPT_TIMEOUT_S = 15  # for a cell to end after it was interrupted

CARD = "__import__('autograder.workbench.cards', fromlist=['CardOf']).CardOf({count})"
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
TEMPORARY = re.compile(r" \(\d+\.py, line \d+\)$")  # the file that IPython compiles a cell as

TIMED_OUT = "took more than {timeout_s} s and was interrupted"
CARD_S = 60  # for a kernel that has just ended a cell
DIED = "its kernel died: out of memory, or a crash of a library"
HANGS = "it did not end when it was interrupted"
NO_START = "the kernel does not start ({error}); try: python -m ipykernel --version"


@dataclass(frozen=True)
class Ended:
    """What became of a cell. error: one line, or "". card: a scorecard that it ended with.

    stops: why no further cell can be run, or "".
    """

    error: str = ""
    traceback: str = ""
    stops: str = ""
    card: dict[str, Any] = field(default_factory=dict)


class ThisPython(KernelSpecManager):
    """Kernels of the Python at work: it has the kit, whatever the notebook's kernel is called."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir="", **get_kernel_dict())


class Kernel:
    """Runs cells of `notebook` in `folder`. timeout_s: for one cell, 0: none."""

    def __init__(self, notebook: Any, folder: Path, timeout_s: int) -> None:
        self._notebook = notebook
        self._folder = folder
        self._timeout_s = timeout_s
        self._timed_out = False
        self._client = NotebookClient(
            notebook,
            km=AsyncKernelManager(kernel_spec_manager=ThisPython()),
            allow_errors=True,
            timeout_func=self._timeout_of,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": "TimeoutError", "evalue": "", "traceback": []},
            iopub_timeout=INTERRUPT_TIMEOUT_S,
            startup_timeout=STARTUP_TIMEOUT_S,
            on_cell_executed=self._note,
            log=_silent(),
        )

    async def __aenter__(self) -> Kernel:
        try:
            # What it writes past Python, such as TensorFlow's log, is no part of the notebook.
            nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            await self._client.async_start_new_kernel(cwd=str(self._folder), **nowhere)
            await self._client.async_start_new_kernel_client()
        except (RuntimeError, OSError) as error:
            await self._stop()
            raise UserError(NO_START.format(error=plain(error))) from None
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def run(self, index: int) -> Ended:
        """Run a cell. Raises CancelledError when interrupted."""
        cell = self._notebook.cells[index]
        self._timed_out = False
        try:
            await self._client.async_execute_cell(cell, index)
        except DeadKernelError:
            task = asyncio.current_task()
            if task and task.cancelling():  # nbclient takes Ctrl-C for a death
                raise asyncio.CancelledError from None
            return Ended(error=DIED, stops=DIED)
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if self._timed_out:
            told = TIMED_OUT.format(timeout_s=self._timeout_of(cell))
            return Ended(error=told, stops="" if errors else HANGS)
        if errors:
            return Ended(error=_line(errors[-1]), traceback=_traceback(errors[-1]))
        try:
            return Ended(card=await asyncio.wait_for(self._card(cell.execution_count), CARD_S))
        except (DeadKernelError, TimeoutError):
            return Ended(error=DIED, stops=DIED)

    async def _card(self, count: int | None) -> dict[str, Any]:
        """What the cell ended with, if it was a card; asked of the kernel as front ends do."""
        if count is None:
            return {}
        asked = {"card": CARD.format(count=count)}
        sent = self._client.kc.execute("", silent=True, user_expressions=asked)
        reply = await self._client.async_wait_for_reply(sent)
        told = reply["content"]["user_expressions"]["card"] if reply else {}
        card: dict[str, Any] = told.get("data", {}).get("application/json", {})
        return card

    async def _stop(self) -> None:
        if self._client.kc is not None:
            self._client.kc.stop_channels()
        if self._client.km.has_kernel:
            await self._client.km.shutdown_kernel(now=True)

    def _timeout_of(self, cell: Any) -> int:
        settings = cell.metadata.get("autograder")
        own = settings.get("timeout_s") if isinstance(settings, dict) else None
        if isinstance(own, int | float) and 0 < own < math.inf:
            return math.ceil(own)
        return self._timeout_s

    def _note(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        self._timed_out = execute_reply["content"].get("ename") == "TimeoutError" and (
            "execution_count" not in execute_reply["content"]
        )


def _line(error: Any) -> str:
    """An error in one line, with the cell's line that it comes from."""
    found = LINE.search(_traceback(error))
    where = f"line {found[1]}: " if found else ""
    said = TEMPORARY.sub("", error.evalue)
    return plain(f"{where}{error.ename}: {said}".rstrip(": "))


def _traceback(error: Any) -> str:
    text = ESCAPES.sub("", "\n".join(error.traceback))
    return "\n".join(
        "".join(c if c.isprintable() else "�" for c in line) for line in text.split("\n")
    )


def _silent() -> logging.Logger:
    """nbclient's complaints are told by the lines above."""
    log = logging.Logger("check")
    log.addHandler(logging.NullHandler())
    return log
