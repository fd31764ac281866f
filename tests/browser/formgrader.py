"""A Jupyter server with formgrader and JupyterLab on a course."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support import environment


@contextlib.contextmanager
def server(course: Path) -> Iterator[str]:
    """Its address; without a password, on this machine alone, as long as the context lasts."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = [
        *("--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"),
        *("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"),
    ]
    private = course / ".jupyter"
    private.mkdir(exist_ok=True)
    log = private / "server.log"
    folders = {
        name: str(private) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "HOME")
    } | {"JUPYTER_RUNTIME_DIR": str(private / "runtime")}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", *options],
            cwd=course,
            env=environment() | folders,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            _wait_until_up(f"{url}/api/status", process, log)
            yield url
        finally:
            process.terminate()


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def ask(url: str, method: str = "GET") -> Any:
    """What formgrader's interface answers."""
    request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())
