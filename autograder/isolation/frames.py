"""What goes over the line between a parent and a task: named pieces of bytes, in order.

The only thing that crosses a wall. The parent's end trusts nothing: a frame that is malformed or
too much is the end of the conversation, and what came before it stays.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Literal

DATA, STEP_BEGINS, STEP_ENDS = 1, 2, 3
_HEADER = struct.Struct(">BHQ")
_LONGEST_NAME = 512
_CHUNK = 1 << 16


class FloodError(Exception):
    """More was sent than may be, or something that is no frame."""


@dataclass(frozen=True)
class Frame:
    kind: Literal[1, 2, 3]
    name: str
    data: bytes


def encode(kind: int, name: str, size: int) -> bytes:
    """The bytes that announce a frame; its `size` bytes of data follow."""
    encoded = name.encode()
    return _HEADER.pack(kind, len(encoded), size) + encoded


class Line:
    """A task's end of the line: it takes its parcel, then tells what it has to tell."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def parcel(self) -> dict[str, bytes]:
        """All that the parent sent, by name; blocks until it has sent everything."""
        decoder = Decoder(limit=1 << 62)
        found: dict[str, bytes] = {}
        while chunk := self._channel.recv(_CHUNK):
            found.update((frame.name, frame.data) for frame in decoder.feed(chunk))
        return found

    def send(self, name: str, data: bytes) -> None:
        self._send(DATA, name, data)

    def begin_step(self, name: str) -> None:
        """From here until end_step, the limit on a step's time runs."""
        self._send(STEP_BEGINS, name, b"")

    def end_step(self, name: str) -> None:
        self._send(STEP_ENDS, name, b"")

    def _send(self, kind: int, name: str, data: bytes) -> None:
        self._channel.sendall(encode(kind, name, len(data)))
        self._channel.sendall(data)


class Decoder:
    """Bytes in, whole frames out. Raises FloodError past `limit` bytes or on a malformed frame."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[Frame]:
        self._left -= len(chunk)
        if self._left < 0:
            raise FloodError("more was sent than may be")
        self._buffer += chunk
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        if len(self._buffer) < _HEADER.size:
            return None
        kind, name_size, size = _HEADER.unpack_from(self._buffer)
        if kind not in (DATA, STEP_BEGINS, STEP_ENDS) or name_size > _LONGEST_NAME:
            raise FloodError("something was sent that is no frame")
        if size > self._left + len(self._buffer):
            raise FloodError(f"a piece of {size} bytes was announced, more than may be sent")
        start = _HEADER.size + name_size
        if len(self._buffer) < start + size:
            return None
        try:
            name = self._buffer[_HEADER.size : start].decode()
        except UnicodeDecodeError:
            raise FloodError("a name was sent that is not UTF-8") from None
        data = bytes(self._buffer[start : start + size])
        del self._buffer[: start + size]
        return Frame(kind, name, data)
