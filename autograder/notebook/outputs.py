"""Turns what a cell publishes into nbformat v4 outputs, within a bound."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Output = dict[str, Any]

_TRUNCATED = "… output truncated: {count} bytes more were printed\n"
_TRACEBACK_TRUNCATED = "… traceback truncated"
_SMALLEST_ERROR = 1_000
_SLICE = 1 << 20


@dataclass(frozen=True)
class OutputLimit:
    """What one cell may leave behind: `bytes` of UTF-8 in all, and so many `outputs`.

    Errors have an allowance of their own of the same size, so that a flood of prints never hides
    the traceback that follows it.
    """

    bytes: int = 10_000_000
    outputs: int = 1_000


@dataclass(frozen=True)
class Update:
    """New content for the display output number `output` of the shell's run number `run`."""

    run: int
    output: int
    data: dict[str, Any]
    metadata: dict[str, Any]


@dataclass
class Displays:
    """Where each display_id stands, over all the cells of a notebook: (run, output) pairs."""

    places: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, display_id: str, run: int, output: int) -> None:
        self.places.setdefault(display_id, []).append((run, output))

    def forget(self, run: int) -> None:
        """Drops the places in one cell, whose outputs have been cleared."""
        for display_id, places in self.places.items():
            self.places[display_id] = [place for place in places if place[0] != run]


@dataclass
class _Stream:
    name: str
    text: io.StringIO = field(default_factory=io.StringIO)


class CellOutputs:
    """Collects one cell's outputs as nbclient does, with neighbouring streams joined.

    Not thread-safe: the caller holds a lock.
    """

    def __init__(self, run: int, limit: OutputLimit, displays: Displays) -> None:
        self._run = run
        self._limit = limit
        self._displays = displays
        self._updates: dict[tuple[int, int], Update] = {}
        self._updates_size = 0
        self._clear_next = False
        self._restart()

    def _restart(self) -> None:
        self._entries: list[_Stream | Output] = []
        self._used = 0
        self._error_room = self._limit.bytes
        self._cut: tuple[int, str] | None = None  # where outputs stopped, and on which stream
        self._dropped = 0

    def handle(self, kind: str, content: dict[str, Any]) -> None:
        """Takes the content of one iopub message; a kind that leaves no output is ignored."""
        handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "stream": lambda stream: self.stream(stream["name"], stream["text"]),
            "display_data": self._display,
            "execute_result": self._display,
            "update_display_data": self._update,
            "clear_output": self._clear,
            "error": self._error,
        }
        if kind in handlers:
            handlers[kind](content)

    def stream(self, name: str, text: str) -> None:
        """Adds text that was printed on "stdout" or "stderr"."""
        if not text:
            return
        self._clear_if_due()
        text = _printable(text)
        last = self._entries[-1] if self._entries else None
        joins = isinstance(last, _Stream) and last.name == name
        kept = _head(text, self._room(new_output=not joins))
        if kept:
            entry = last if isinstance(last, _Stream) and joins else _Stream(name)
            entry.text.write(kept)
            if entry is not last:
                self._entries.append(entry)
            self._used += _size(kept)
        if len(kept) < len(text):
            self._drop(_size(text) - _size(kept), name)

    def finish(self) -> tuple[list[Output], tuple[Update, ...]]:
        """Returns the nbformat outputs, and the updates of earlier cells' outputs."""
        entries = list(self._entries)
        if self._cut is not None:
            self._mark(entries, *self._cut)
        return [_as_output(entry) for entry in entries], tuple(self._updates.values())

    def last_error(self) -> tuple[str, str] | None:
        """Returns (ename, evalue) of the last error output, if any."""
        errors = [e for e in self._entries if isinstance(e, dict) and e["output_type"] == "error"]
        return (errors[-1]["ename"], errors[-1]["evalue"]) if errors else None

    def _mark(self, entries: list[_Stream | Output], index: int, name: str) -> None:
        before = entries[index - 1] if index else None
        text = _TRUNCATED.format(count=self._dropped)
        if isinstance(before, _Stream) and not before.text.getvalue().endswith("\n"):
            text = "\n" + text
        if isinstance(before, _Stream) and before.name == name:
            before.text.write(text)
        else:
            entries.insert(index, _Stream(name))
            marker = entries[index]
            assert isinstance(marker, _Stream)
            marker.text.write(text)
        self._cut = None

    def _room(self, new_output: bool) -> int:
        full = new_output and len(self._entries) >= self._limit.outputs
        return 0 if full or self._cut else max(0, self._limit.bytes - self._used)

    def _drop(self, size: int, name: str) -> None:
        # Nothing follows the first output that did not fit, so that what is kept has no holes.
        self._dropped += size
        if self._cut is None:
            self._cut = (len(self._entries), name)

    def _display(self, content: dict[str, Any]) -> None:
        display_id = _display_id(content)
        if display_id is not None:
            self._update(content)
        self._clear_if_due()
        output: Output = {
            "output_type": "display_data",
            "data": _mime_bundle(content["data"]),
            "metadata": content.get("metadata") or {},
        }
        if "execution_count" in content:
            output["output_type"] = "execute_result"
            output["execution_count"] = content["execution_count"]
        size = _json_size(output)
        if size > self._room(new_output=True):
            self._drop(size, "stdout")
            return
        self._used += size
        if display_id is not None:
            self._displays.add(display_id, self._run, len(self._entries))
        self._entries.append(output)

    def _update(self, content: dict[str, Any]) -> None:
        data, metadata = _mime_bundle(content["data"]), content.get("metadata") or {}
        size = _json_size(data) + _json_size(metadata)
        for run, index in self._displays.places.get(_display_id(content) or "", []):
            if run == self._run:
                self._update_here(index, data, metadata, size)
            else:
                self._update_earlier(Update(run, index, data, metadata), size)

    def _update_here(
        self, index: int, data: dict[str, Any], metadata: dict[str, Any], size: int
    ) -> None:
        output = self._entries[index]
        assert isinstance(output, dict)
        grows = size - _json_size(output["data"]) - _json_size(output["metadata"])
        if self._used + grows > self._limit.bytes:
            self._drop(size, "stdout")
            return
        self._used += grows
        output.update(data=data, metadata=metadata)

    def _update_earlier(self, update: Update, size: int) -> None:
        place = (update.run, update.output)
        old = self._updates.get(place)
        grows = size - (_json_size(old.data) + _json_size(old.metadata) if old else 0)
        if self._updates_size + grows > self._limit.bytes:
            self._drop(size, "stdout")
            return
        self._updates_size += grows
        self._updates[place] = update

    def _error(self, content: dict[str, Any]) -> None:
        self._clear_if_due()
        output = _clipped_error(content, self._error_room)
        size = max(_SMALLEST_ERROR, _json_size(output))
        if self._error_room <= 0:
            self._drop(size, "stderr")
            return
        self._error_room -= size
        self._entries.append(output)

    def _clear(self, content: dict[str, Any]) -> None:
        if content.get("wait"):
            self._clear_next = True
        else:
            self._clear_now()

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self._clear_now()

    def _clear_now(self) -> None:
        self._restart()
        self._displays.forget(self._run)


def _display_id(content: dict[str, Any]) -> str | None:
    transient = content.get("transient")
    display_id = transient.get("display_id") if isinstance(transient, dict) else None
    return display_id if isinstance(display_id, str) and display_id else None


def clipped(text: str, size: int) -> str:
    """Returns as much of the text as `size` bytes of UTF-8 hold, with lone surrogates replaced."""
    return _head(_printable(text), size)


def _as_output(entry: _Stream | Output) -> Output:
    if isinstance(entry, _Stream):
        return {"output_type": "stream", "name": entry.name, "text": entry.text.getvalue()}
    return entry


def _clipped_error(content: dict[str, Any], room: int) -> Output:
    traceback: list[str] = []
    for line in content["traceback"]:
        kept = clipped(str(line), room)
        room -= _size(kept)
        traceback.append(kept)
        if len(kept) < len(line):
            traceback.append(_TRACEBACK_TRUNCATED)
            break
    return {
        "output_type": "error",
        "ename": clipped(str(content["ename"]), _SMALLEST_ERROR),
        "evalue": clipped(str(content["evalue"]), max(_SMALLEST_ERROR, room)),
        "traceback": traceback,
    }


def _mime_bundle(data: dict[str, Any]) -> dict[str, Any]:
    """Makes every value what nbformat allows: text, a list of lines, or JSON in a JSON type."""
    return {str(mime): _mime_value(str(mime), value) for mime, value in data.items()}


def _mime_value(mime: str, value: Any) -> Any:
    if mime == "application/json" or mime.endswith("+json") or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _printable(text: str) -> str:
    """Replaces lone surrogates, which no UTF-8 file can hold."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def _json_size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode(errors="replace"))


def _size(text: str) -> int:
    """Returns the length in bytes of UTF-8, without a second copy of a long text in memory."""
    if text.isascii():
        return len(text)
    pieces = (text[start : start + _SLICE] for start in range(0, len(text), _SLICE))
    return sum(len(piece.encode(errors="replace")) for piece in pieces)


def _head(text: str, room: int) -> str:
    """Returns as much of the text's beginning as `room` bytes of UTF-8 hold."""
    if room <= 0:
        return ""
    head = text[:room]
    if head.isascii():
        return head
    return head.encode(errors="replace")[:room].decode(errors="ignore")
