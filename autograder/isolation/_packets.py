"""The packets between a parent, its warm process and the guards: JSON and file descriptors."""

from __future__ import annotations

import array
import json
import os
import socket
from collections.abc import Sequence
from typing import Any

_LARGEST_PACKET = 1 << 16
_MOST_HANDLES = 16


def send_packet(channel: socket.socket, message: dict[str, Any], handles: Sequence[int]) -> None:
    """Send all of it or raise OSError; `handles` stay open here."""
    ancillary = []
    if handles:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", handles))]
    channel.sendmsg([json.dumps(message).encode()], ancillary, socket.MSG_NOSIGNAL)


def receive_packet(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next message and the file descriptors sent with it; None when the other side is gone."""
    try:
        data, handles, _, _ = socket.recv_fds(channel, _LARGEST_PACKET, _MOST_HANDLES)
    except ConnectionError:
        return None
    for handle in handles:
        os.set_inheritable(handle, False)
    return (json.loads(data), list(handles)) if data else None


def close_all(handles: Sequence[int]) -> None:
    for handle in handles:
        os.close(handle)
