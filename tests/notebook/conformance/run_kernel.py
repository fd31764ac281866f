"""Runs sequences of cells through nbclient, each in a kernel of its own, of this same Python.

Reads {"root": folder, "sequences": {name: cells}}; writes root/name.json: each cell's outputs.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

KERNELS_AT_ONCE = 2


def write_kernelspec(kernels: Path) -> None:
    """Makes a kernel named "here", so that none that is installed on this machine is used."""
    folder = kernels / "here"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "here", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))


async def run(cells: list[str], folder: Path, kernels: Path) -> None:
    folder.mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    specs = KernelSpecManager(kernel_dirs=[str(kernels)], ensure_native_kernel=False)
    # Files, rather than ports, of which two kernels that start at one time may pick the same.
    connection = tempfile.mkdtemp(prefix="k") + "/kernel.json"
    manager = AsyncKernelManager(
        kernel_name="here",
        kernel_spec_manager=specs,
        connection_file=connection,
        transport="ipc",
    )
    pids: list[int] = []
    client = NotebookClient(
        notebook,
        km=manager,
        allow_errors=True,
        timeout=60,
        resources={"metadata": {"path": str(folder)}},
        on_notebook_start=lambda **_: pids.append(manager.provisioner.pid),
    )
    # What a kernel writes to its own terminal is of no interest.
    await client.async_execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with suppress(ProcessLookupError):  # one whose stderr is closed does not end when it is asked
        os.kill(pids[0], signal.SIGKILL)
    shutil.rmtree(Path(connection).parent)
    outputs = [cell.outputs for cell in notebook.cells]
    folder.with_suffix(".json").write_text(json.dumps(outputs))


async def main() -> None:
    job = json.load(sys.stdin)
    root = Path(job["root"])
    write_kernelspec(root / "kernels")
    turn = asyncio.Semaphore(KERNELS_AT_ONCE)

    async def run_in_turn(name: str, cells: list[str]) -> None:
        async with turn:
            await run(cells, root / name, root / "kernels")

    await asyncio.gather(*(run_in_turn(*item) for item in job["sequences"].items()))


asyncio.run(main())
