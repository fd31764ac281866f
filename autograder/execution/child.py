"""The untrusted side, inside the walls: run a student's notebook, write down what tests will read.

Everything that a student's code can do, it can do to this process too; so what is sent from here is
a claim, never a score.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from autograder import snapshot
from autograder.files import write_below
from autograder.isolation import Line
from autograder.notebook.accelerator import share_gpu
from autograder.notebook.outputs import OutputLimit
from autograder.notebook.shell import NotebookShell
from autograder.notebook.warm import notebook_shell


def task(line: Line) -> None:
    """Run the cells of "request.json"; send a "cell" for each, and the answers at each test cell.

    "request.json" holds {"cells": Plan.execution(), "files": […], "output_bytes": …,
    "answer_bytes": …, "gpu_memory_fraction": …}; "file/0", "file/1", … are put into the work
    directory first, under the paths that "files" has for them.
    """
    parcel = line.parcel()
    request = json.loads(parcel.pop("request.json"))
    named = enumerate(request["files"])
    write_below(Path(), {name: parcel.pop(f"file/{number}") for number, name in named})
    share_gpu(request["gpu_memory_fraction"])
    limit = OutputLimit(bytes=request["output_bytes"])
    budget = snapshot.Budget(max_bytes=request["answer_bytes"])
    with notebook_shell() as shell:
        ran: list[int] = []  # the index of each cell that was run, in order
        sent: set[str] = set()  # the pieces that the other side has
        for cell in request["cells"]:
            if "names" in cell:
                send_answers(line, cell, shell.namespace, budget, sent)
            else:
                ran.append(cell["index"])
                _run(line, cell, shell, limit, ran)


def _run(
    line: Line, cell: dict[str, Any], shell: NotebookShell, limit: OutputLimit, ran: list[int]
) -> None:
    index = cell["index"]
    line.begin_step(f"cell {index + 1}")
    record = shell.run(cell["source"], limit)
    line.end_step(f"cell {index + 1}")
    sent = {
        "index": index,
        "outputs": record.outputs,
        "execution_count": record.execution_count,
        "error": record.error,
        "wall_s": record.wall_s,
        "updates": [
            {**dataclasses.asdict(update), "index": ran[update.run]} for update in record.updates
        ],
    }
    line.send("cell", json.dumps(sent).encode())


def send_answers(
    line: Line,
    cell: dict[str, Any],
    namespace: dict[str, Any],
    budget: snapshot.Budget,
    sent: set[str],
) -> None:
    """Each name's document, and the pieces that it refers to: those not in `sent` in full."""
    line.begin_step(f"the answers for {cell['grade_id']}")
    for name in cell["names"]:
        if name in namespace:
            files = snapshot.save(snapshot.write(namespace[name], budget))
            document = files.pop(snapshot.DOCUMENT)
            for file, data in files.items():
                if file not in sent:
                    line.send(f"object/{file}", data)
            sent.update(files)
            place = f"answers/{cell['grade_id']}/{name}"
            line.send(f"{place}/{snapshot.DOCUMENT}", document)
            for file in files:
                line.send(f"{place}/{file}", b"")
    line.send(f"reached/{cell['grade_id']}", b"")
    line.end_step(f"the answers for {cell['grade_id']}")
