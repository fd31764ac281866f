"""Runs sequences of cells through NotebookShell, each in a child forked from one warm process.

Reads {"root": folder, "sequences": {name: cells}}; writes root/name.json: each cell's outputs.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot  # noqa: F401, as the autograder's warm process does
import numpy  # noqa: F401

from autograder.notebook.shell import NotebookShell


def run(shell: NotebookShell, cells: list[str]) -> list[list[dict[str, Any]]]:
    outputs: list[list[dict[str, Any]]] = []
    with shell:
        for cell in cells:
            record = shell.run(cell)
            for update in record.updates:
                earlier = outputs[update.run][update.output]
                earlier.update(data=update.data, metadata=update.metadata)
            outputs.append(record.outputs)
    return outputs


def main() -> None:
    job = json.load(sys.stdin)
    shell = NotebookShell()
    for name, cells in job["sequences"].items():
        folder = Path(job["root"], name)
        folder.mkdir(parents=True)
        pid = os.fork()
        if pid == 0:
            os.chdir(folder)
            folder.with_suffix(".json").write_text(json.dumps(run(shell, cells)))
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            sys.exit(f"the child died that ran: {name}")


main()
