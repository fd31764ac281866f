"""A cell's record as a student's process claims it."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.execution.records import read_record

STREAM = {"output_type": "stream", "name": "stdout", "text": "a\n"}
ERROR = {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["E"]}
RESULT = {
    "output_type": "execute_result",
    "execution_count": 3,
    "data": {"text/plain": "4", "application/json": {"a": [1, {"b": None}]}},
    "metadata": {"image/png": {"width": 4}},
}
DISPLAY = {"output_type": "display_data", "data": {"image/png": "AAAA"}, "metadata": {}}


def record(**changes: Any) -> dict[str, Any]:
    whole = {
        "index": 0,
        "outputs": [STREAM, ERROR, RESULT, DISPLAY],
        "execution_count": 3,
        "error": ["E", ""],
        "wall_s": 0.5,
        "updates": [{"index": 0, "output": 2, "data": {"text/plain": "5"}, "metadata": {}}],
    }
    return whole | changes


def read(**changes: Any) -> dict[str, Any]:
    found = read_record(json.dumps(record(**changes)).encode())
    assert found is not None
    return found


def test_an_honest_record_stays_as_it_is() -> None:
    """Nothing of what the shell makes is lost."""
    assert read() == record()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"index": ' + b"1" * 5_000 + b', "outputs": []}',
        b'{"outputs": []}',
        *(
            json.dumps(record(index=index)).encode()
            for index in (None, True, -1, 1.0, "0", [0], 10**10)
        ),
        json.dumps(record(outputs={})).encode(),
        json.dumps(record(updates=None)).encode(),
    ],
)
def test_what_is_no_record_is_none(data: bytes) -> None:
    """Whatever was sent in place of one."""
    assert read_record(data) is None


@pytest.mark.parametrize(
    "output",
    [
        None,
        3,
        "text",
        [],
        {},
        {"output_type": "evil"},
        {"output_type": ["stream"]},
        STREAM | {"name": "stdin"},
        STREAM | {"name": []},
        STREAM | {"text": None},
        ERROR | {"traceback": "E"},
        ERROR | {"traceback": [1]},
        ERROR | {"ename": 3},
        DISPLAY | {"data": []},
        {"output_type": "display_data"},
    ],
)
def test_outputs_that_are_none_are_dropped(output: object) -> None:
    """The others stay."""
    assert read(outputs=[output, STREAM])["outputs"] == [STREAM]


def deep(levels: int) -> Any:
    return json.loads('{"a": [' * levels + "]}" * levels)


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {"text/html": 5, "text/plain": "x"}},
        {"data": {"text/html": ["a"], "text/plain": "x"}},
        {"data": {"application/json": deep(40), "text/plain": "x"}},
        {"data": {"application/vnd.x+json": [[[deep(40)]]], "text/plain": "x"}},
        {"data": {"text/plain": "x"}, "metadata": deep(40)},
        {"data": {"text/plain": "x"}, "metadata": [1]},
        {"data": {"text/plain": "x"}, "transient": {"display_id": "1"}},
        {"data": {"text/plain": "x"}, "execution_count": "4"},
    ],
)
def test_a_display_keeps_what_nbformat_takes(changes: dict[str, Any]) -> None:
    """What is left is a valid notebook that no reader stumbles over."""
    found = read(outputs=[{**DISPLAY, "metadata": {}, **changes}])["outputs"]
    assert found == [{"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}]
    cell = new_code_cell("", outputs=[nbformat.from_dict(output) for output in found])
    nbformat.validate(new_notebook(cells=[cell]))


@pytest.mark.parametrize(
    "error", [5, "E", ["E"], ["E", "", ""], [None, ""], {"E": ""}, [["E"], ["x"]]]
)
def test_an_error_is_two_texts(error: object) -> None:
    """Anything else is none."""
    assert read(error=error)["error"] is None


@pytest.mark.parametrize("count", ["4", -1, 4.0, True, [], 10**30])
def test_a_count_is_a_number(count: object) -> None:
    """Anything else is none."""
    assert read(execution_count=count)["execution_count"] is None


@pytest.mark.parametrize("wall_s", ["1", None, float("nan"), float("inf"), 10**400, []])
def test_a_time_is_finite(wall_s: object) -> None:
    """Anything else counts as no time at all."""
    assert read(wall_s=wall_s)["wall_s"] == 0.0


@pytest.mark.parametrize(
    "changes", [{"index": "0"}, {"index": True}, {"output": -1}, {"output": []}, {"data": 3}]
)
def test_updates_say_which_output(changes: dict[str, Any]) -> None:
    """Those that do not are dropped."""
    (update,) = record()["updates"]
    assert read(updates=[3, {**update, **changes}, update])["updates"] == [update]


def test_outputs_are_counted() -> None:
    """A cell has room for as many as anybody looks at."""
    assert len(read(outputs=[STREAM] * 5_000)["outputs"]) == 2_000
