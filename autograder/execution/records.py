"""A cell's record as a student's process claims it: what passes here can be stored and shown.

What follows (autograded/, formgrader, feedback) takes a record for what the shell made. A process
that student code has got hold of may send anything instead; what is not a record is dropped.
"""

from __future__ import annotations

import json
import math
from typing import Any

_MOST_OUTPUTS = 2_000
_MOST_DEPTH = 30  # of JSON that a cell displays
_LARGEST_COUNT = 1_000_000_000
_STREAMS = ("stdout", "stderr")


def read_record(data: bytes) -> dict[str, Any] | None:
    """The record in `data`, with sound outputs only; None where it is no cell's record at all.

    Its keys are "index" (an int of at least 0), "outputs" (nbformat's), "execution_count" (an int
    or None), "error" ([name, text] or None), "wall_s" (a finite float) and "updates" of displays:
    objects of "index" and "output" (which output of which cell), "data" and "metadata".
    """
    try:
        record = json.loads(data, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not _is_count(index := record.get("index")):
        return None
    outputs, updates = record.get("outputs"), record.get("updates", [])
    error, wall_s = record.get("error"), record.get("wall_s")
    if not isinstance(outputs, list) or not isinstance(updates, list):
        return None
    return {
        "index": index,
        "outputs": [made for output in outputs[:_MOST_OUTPUTS] if (made := _output(output))],
        "execution_count": _count(record.get("execution_count")),
        "error": error if _is_texts(error, 2) else None,
        "wall_s": wall_s if type(wall_s) is float and math.isfinite(wall_s) else 0.0,
        "updates": [made for update in updates[:_MOST_OUTPUTS] if (made := _update(update))],
    }


def _output(output: Any) -> dict[str, Any] | None:
    """One output with the fields that nbformat gives its type; None where they are not there."""
    if not isinstance(output, dict):
        return None
    kind = output.get("output_type")
    if kind == "stream":
        name, text = output.get("name"), output.get("text")
        is_sound = name in _STREAMS and isinstance(text, str)
        return {"output_type": "stream", "name": name, "text": text} if is_sound else None
    if kind == "error":
        fields = {key: output.get(key) for key in ("ename", "evalue", "traceback")}
        is_sound = _is_texts([fields["ename"], fields["evalue"]]) and _is_texts(fields["traceback"])
        return {"output_type": "error", **fields} if is_sound else None
    if kind in ("display_data", "execute_result"):
        return _display(kind, output)
    return None


def _display(kind: str, output: dict[str, Any]) -> dict[str, Any] | None:
    shown = _bundle(output)
    if shown is None:
        return None
    counted = {"execution_count": _count(output.get("execution_count"))}
    return {"output_type": kind, **shown, **(counted if kind == "execute_result" else {})}


def _update(update: Any) -> dict[str, Any] | None:
    """New content for an output of an earlier cell; None where it says not which."""
    if not isinstance(update, dict):
        return None
    place = {key: update.get(key) for key in ("index", "output")}
    shown = _bundle(update)
    return {**place, **shown} if shown and all(map(_is_count, place.values())) else None


def _bundle(output: dict[str, Any]) -> dict[str, Any] | None:
    """What is displayed, by media type, with its metadata; None where there is none."""
    data, metadata = output.get("data"), output.get("metadata")
    if not isinstance(data, dict):
        return None
    return {
        "data": {name: value for name, value in data.items() if _is_shown(name, value)},
        "metadata": metadata if isinstance(metadata, dict) and _is_flat(metadata) else {},
    }


def _is_shown(media_type: str, value: object) -> bool:
    """Whether nbformat takes the value for this media type: text, or JSON where it says so."""
    is_json = media_type == "application/json" or media_type.endswith("+json")
    return isinstance(value, str) or (is_json and _is_flat(value))


def _is_flat(value: object) -> bool:
    """Whether JSON is nested so little that whoever walks through it will not stumble."""
    level: list[Any] = [value]
    for _ in range(_MOST_DEPTH):
        inner = [part.values() if isinstance(part, dict) else part for part in level]
        level = [part for parts in inner if not _is_plain(parts) for part in parts]
        if not level:
            return True
    return False


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_texts(value: object, length: int | None = None) -> bool:
    """Whether it is a list of texts, of this length if one is given."""
    is_list = isinstance(value, list) and all(isinstance(part, str) for part in value)
    return is_list and (length is None or len(value) == length)  # type: ignore[arg-type]


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST_COUNT


def _count(value: object) -> object:
    return value if _is_count(value) else None
