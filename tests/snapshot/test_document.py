"""The text of a document is bounded before it is parsed."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from autograder.snapshot import Budget, SnapshotError, load
from autograder.snapshot.document import parse, to_text

from .crossing import BUDGET

FORGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "value.json: not JSON: Expecting value at character 0"),
    "cut": (b'{"kind": "int", "val', "not JSON: Unterminated string"),
    "two documents": (b'{"kind":"none"}{}', "not JSON: Extra data"),
    "not ASCII": ('{"kind": "str", "value": "é"}'.encode(), "byte 26 is not ASCII"),
    "UTF-16": ('{"kind":"none"}'.encode("utf-16"), "byte 0 is not ASCII"),
    "NaN": (b'{"kind":"float","value":NaN}', "NaN is not a number that can cross"),
    "infinity": (b'{"kind":"float","value":-Infinity}', "-Infinity is not a number"),
    "1e400": (b'{"kind":"float","value":1e400}', "too long or too large"),
    "long float": (b'{"kind":"float","value":0.%s}' % (b"1" * 50_000), "too long or too large"),
    "long int": (b'{"kind":"int","value":%s}' % (b"1" * 50_000), "a number of 50,000 digits"),
    "field twice": (b'{"kind":"int","value":1,"value":2}', "an object with the same field twice"),
    "depth bomb": (b"[" * 90_000, "nested more than 14 levels deep"),
    "depth bomb of objects": (b'{"a":' * 15_000, "nested more than 14 levels deep"),
    "many lists": (b"[" + b"[]," * 20_000 + b"[]]", "more than 8,016 strings, brackets"),
    "many texts": (b"[" + b'"",' * 20_000 + b'""]', "more than 8,016 strings, brackets"),
    "too long": (b" " * 100_001, "100,001 bytes in all, expected at most 100,000"),
    "control character": (b'{"kind":"str","value":"\n"}', "not JSON: Invalid control"),
    "list": (b"[]", "snapshot, the value: expected an object, received list"),
}


@pytest.mark.parametrize(("data", "error"), FORGED.values(), ids=FORGED)
def test_forged_text_is_refused(data: bytes, error: str) -> None:
    """One line says what is wrong."""
    with pytest.raises(SnapshotError) as raised:
        load({"value.json": data}, BUDGET)
    assert error in str(raised.value)
    assert "\n" not in str(raised.value)


def test_brackets_within_text_do_not_count() -> None:
    """Only structure is counted, so text of brackets, quotes and commas crosses."""
    text = '[{",\\"' * 2_000
    assert parse(to_text({"kind": "str", "value": text}).encode(), BUDGET) == {
        "kind": "str",
        "value": text,
    }


@pytest.mark.parametrize(
    "piece",
    [b"[],", b'"",', b'\\"\\\\" ', b'"\\"', b"0,", b'{"a":0},', b'"\\ud83d\\ude00",', b"[["],
    ids=ascii,
)
def test_parsing_stays_within_a_multiple_of_the_budget(piece: bytes) -> None:
    """Text that would unfold to a hundred times its size is refused first, in linear time."""
    budget = Budget(max_bytes=4_000_000, max_items=2_000)
    data = b"[" + piece * ((budget.max_bytes - 1) // len(piece))
    tracemalloc.start()
    started_s = time.process_time()
    with pytest.raises(SnapshotError):
        parse(data, budget)
    used_s = time.process_time() - started_s
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * budget.max_bytes
    assert used_s < 5
