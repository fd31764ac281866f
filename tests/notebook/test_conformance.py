"""The same cells through nbclient with a real kernel and through NotebookShell: equal outputs.

Both run in an empty folder of their own, with the same environment. What is normalised, and why:

- addresses, process ids, the folder and the kernel's connection file differ between any two runs
- the durations that %time and %timeit print
- a recursion's depth when it fails: the frames below the cell's count too
- neighbouring streams of one name are joined: where ipykernel cuts them depends on its 0.2 s clock
- between two other outputs, what was printed on stdout is compared with what was printed on
  stdout, and likewise stderr: ipykernel holds each in a buffer of its own and so loses their
  order, which NotebookShell keeps (test_shell.py shows it)
- a traceback's frames inside ipykernel's stream, in whose place is ours

`DELIBERATE` (in conformance/sequences.py) holds cells whose outputs differ on purpose, with the
reasons. Three more cannot run here, since nbclient does not survive them (test_shell.py shows what
we do): after exit() the cells that follow run (nbclient runs those that start within 0.1 s, then
raises DeadKernelError); sys.stdout = None does no harm (a kernel never answers again); a display
whose text/plain is no text is shown as JSON (nbclient raises a validation error).
"""

import json
import os
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from conformance.sequences import DELIBERATE, SEQUENCES

Output = dict[str, Any]

_RUNNERS = Path(__file__).parent / "conformance"
_FRAME_IN_STREAM = re.compile(r"(ipykernel/iostream|autograder/notebook/streams)\.py")
_VARYING = [
    (re.compile(r"\b(object at|at) (0x)?[0-9a-f]{6,}"), "at 0x"),
    (re.compile(r"ipykernel_\d+"), "ipykernel_0"),
    (re.compile(r"-f \S+\.json"), "-f kernel.json"),
    (re.compile(r"\b[0-9][0-9.e+]* (ns|μs|ms|s)\b"), "0 s"),
]


def _run(runner: str, sequences: dict[str, list[str]], root: Path) -> dict[str, Any]:
    job = {"root": str(root / runner), "sequences": sequences}
    (root / runner).mkdir()
    done = subprocess.run(
        [sys.executable, _RUNNERS / f"run_{runner}.py"],
        input=json.dumps(job),
        env=_environment(root),
        text=True,
        capture_output=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name: json.loads((root / runner / f"{name}.json").read_text()) for name in sequences}


def _environment(root: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "MPLBACKEND"))}
    checkout = str(Path(__file__).parents[2])
    return kept | {"IPYTHONDIR": str(root / "ipython"), "PYTHONPATH": checkout}


def _normalised(outputs: list[Output], root: Path) -> list[Output]:
    regrouped: list[Output] = []
    streams: dict[str, str] = {}
    for output in [*outputs, None]:
        if output is not None and output["output_type"] == "stream":
            streams[output["name"]] = streams.get(output["name"], "") + output["text"]
            continue
        for name, text in sorted(streams.items()):
            regrouped.append({"output_type": "stream", "name": name, "text": text})
        streams.clear()
        if output is not None:
            regrouped.append(_with_plain_traceback(dict(output)))
    text = json.dumps(regrouped, sort_keys=True, ensure_ascii=False)
    text = re.sub(rf"{re.escape(str(root))}/(shell|kernel)\b", "/root", text)
    for pattern, constant in _VARYING:
        text = pattern.sub(constant, text)
    normalised: list[Output] = json.loads(text)
    return normalised


def _with_plain_traceback(output: Output) -> Output:
    if output["output_type"] == "error":
        frames = [frame for frame in output["traceback"] if not _FRAME_IN_STREAM.search(frame)]
        output["traceback"] = [frame for frame, _ in groupby(frames)]  # of a recursion, one
    return output


def _from_difference(outputs: list[Output], others: list[Output]) -> str:
    one, other = str(outputs), str(others)
    at = next((i for i, pair in enumerate(zip(one, other, strict=False)) if len({*pair}) > 1), 0)
    return f"…{one[max(0, at - 200) : at + 200]}…"


Outputs = dict[str, list[tuple[str, list[Output], list[Output]]]]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """By sequence, for each cell: its source, nbclient's outputs and the shell's."""
    root = tmp_path_factory.mktemp("conformance")
    every = SEQUENCES | {name: cells for name, (_, cells) in DELIBERATE.items()}
    sequences = {n: [dedent(cell).strip("\n") for cell in cells] for n, cells in every.items()}
    expected, found = _run("kernel", sequences, root), _run("shell", sequences, root)
    return {
        name: [
            (cell, _normalised(theirs, root), _normalised(ours, root))
            for cell, theirs, ours in zip(cells, expected[name], found[name], strict=True)
        ]
        for name, cells in sequences.items()
    }


@pytest.mark.parametrize("name", SEQUENCES)
def test_outputs_equal_those_of_nbclient_with_a_kernel(name: str, outputs: Outputs) -> None:
    """Every cell of the sequence has the outputs that nbclient records, up to the normalisation."""
    differing = [
        f"--- {cell}\n    nbclient: {_from_difference(theirs, ours)}\n"
        f"    shell:    {_from_difference(ours, theirs)}"
        for cell, theirs, ours in outputs[name]
        if theirs != ours
    ]
    assert not differing, "\n".join(differing)


@pytest.mark.parametrize("name", DELIBERATE)
def test_deliberate_differences_are_still_there(name: str, outputs: Outputs) -> None:
    """A cell listed as differing differs: were it not so, it should move to SEQUENCES."""
    _, theirs, ours = outputs[name][-1]
    assert theirs != ours
