"""Things on this machine that walled-in code must not reach: a secret file, listening sockets."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECRET_TEXT = "the hidden tests"


@contextlib.contextmanager
def targets(folder: Path) -> Iterator[dict[str, object]]:
    """The names that holes.py wants, all world-readable and listening on this machine only."""
    folder.chmod(0o755)
    secret = folder / "secret.txt"
    secret.write_text(SECRET_TEXT)
    secret.chmod(0o666)
    # the path of a Unix socket may have 107 bytes only
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place.chmod(0o755)
        abstract = f"autograder-{uuid.uuid4().hex}"
        listening: dict[str, tuple[int, int, Any]] = {
            "TCP": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "UDP": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "SOCKET": (socket.AF_UNIX, socket.SOCK_STREAM, str(place / "s")),
            "SOCKET.d": (socket.AF_UNIX, socket.SOCK_DGRAM, str(place / "s.d")),
            "ABSTRACT": (socket.AF_UNIX, socket.SOCK_STREAM, "\0" + abstract),
        }
        found: dict[str, object] = {"SECRET": str(secret), "PARENT": os.getpid()}
        for name, (family, kind, address) in listening.items():
            opened = stack.enter_context(socket.socket(family, kind))
            opened.bind(address)
            if kind == socket.SOCK_STREAM:
                opened.listen()
            if family == socket.AF_INET:
                found[name] = opened.getsockname()[1]
        for path in place.iterdir():
            path.chmod(0o777)
        yield found | {"SOCKET": str(place / "s"), "ABSTRACT": abstract}


def with_targets(code: str, found: dict[str, object]) -> str:
    """`code` that knows the targets."""
    return "\n".join([*(f"{name} = {value!r}" for name, value in found.items()), code])
