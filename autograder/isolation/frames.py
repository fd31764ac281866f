"""What goes over the line between a parent and a task: named pieces of bytes, in order.

The only thing that crosses a wall. The parent's end trusts nothing: a frame that is malformed or
too much is the end of the conversation, and what came before it stays. A name is any text that the
task chose: whoever makes a path of it must look at it first.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import struct
from collections.abc import Iterator
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
    """The bytes that announce a frame; its `size` bytes of data follow.

    Raises ValueError where the name is longer than the other end would take.
    """
    encoded = name.encode()
    if len(encoded) > _LONGEST_NAME:
        raise ValueError(f"a name of {len(encoded)} bytes, at most {_LONGEST_NAME} may be sent")
    return _HEADER.pack(kind, len(encoded), size) + encoded


class Line:
    """A task's end of the line: it takes its parcel, then tells what it has to tell.

    A step that takes too long is interrupted as by Ctrl-C. The interrupt reaches the task between
    begin_step and end_step and at no other time, and never in the middle of what is being sent.
    """

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
        while signal.sigtimedwait({signal.SIGINT}, 0):
            pass  # it was meant for the step before this one
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def end_step(self, name: str) -> None:
        with contextlib.suppress(KeyboardInterrupt):  # the step ended just as it was interrupted
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self._send(STEP_ENDS, name, b"")

    def _send(self, kind: int, name: str, data: bytes) -> None:
        header = encode(kind, name, len(data))
        # half a frame would make garbage of all that follows it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._channel.sendall(header)
            self._channel.sendall(data)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Decoder:
    """Bytes in, whole frames out."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """The frames that `chunk` completes, to be taken before the next chunk is fed.

        Raises FloodError after the last whole frame before the malformed one, or before the limit.
        """
        self._buffer += chunk[: self._left]
        excess = len(chunk) > self._left
        self._left -= min(len(chunk), self._left)
        while (frame := self._next()) is not None:
            yield frame
        if excess:
            raise FloodError("more was sent than may be")

    def _next(self) -> Frame | None:
        if len(self._buffer) < _HEADER.size:
            return None
        kind, name_size, size = _HEADER.unpack_from(self._buffer)
        if kind not in (DATA, STEP_BEGINS, STEP_ENDS) or name_size > _LONGEST_NAME:
            raise FloodError("something was sent that is no frame")
        start = _HEADER.size + name_size
        if start + size > self._left + len(self._buffer):
            raise FloodError(f"more was sent than may be (by a piece of {size} bytes)")
        if len(self._buffer) < start + size:
            return None
        try:
            name = self._buffer[_HEADER.size : start].decode()
        except UnicodeDecodeError:
            raise FloodError("a name was sent that is not UTF-8") from None
        with memoryview(self._buffer) as view:  # a slice of the buffer would be one more copy
            data = bytes(view[start : start + size])
        del self._buffer[: start + size]
        return Frame(kind, name, data)
