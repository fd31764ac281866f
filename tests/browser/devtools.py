"""A page in headless Chromium that a test works as a person would: clicks, types, waits, looks."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

from browser.formgrader import CHROMIUM, QUIET

_TIMEOUT_S = 60


class Page:
    """One tab, spoken to by the DevTools protocol."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._numbers = itertools.count()
        self._send("Page.enable")

    def open(self, url: str) -> None:
        """Go to `url`; returns when the page and its scripts are loaded."""
        self._until_loaded(self._post("Page.navigate", url=url))

    def follow(self, selector: str) -> None:
        """Press a link; returns when the page behind it is loaded."""
        script = f"document.querySelector({json.dumps(selector)}).click()"
        self._until_loaded(self._post("Runtime.evaluate", expression=script))

    def evaluate(self, script: str) -> Any:
        """The value of an expression; a promise is waited for. AssertionError where it throws."""
        said = self._send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Return as soon as a JavaScript expression is true. AssertionError after a minute."""
        met = self.evaluate(
            f"""new Promise(done => {{
                const end = Date.now() + {1000 * _TIMEOUT_S};
                const look = () => {{
                    if ({condition}) done(true);
                    else if (Date.now() > end) done(false);
                    else setTimeout(look, 20);
                }};
                look();
            }})"""
        )
        shown = "location.href + ' ' + document.body.innerText"
        assert met, f"{condition} did not come true: {self.evaluate(shown)}"

    def click(self, selector: str) -> None:
        """Press an element, which then has the focus.

        Not by the mouse: formgrader moves the page under it, in its own time.
        """
        element = f"document.querySelector({json.dumps(selector)})"
        self.evaluate(f"{element}.focus(); {element}.click()")

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._send("Input.insertText", text=text)

    def leave(self) -> None:
        """Take the focus away, as one does who clicks elsewhere."""
        self.evaluate("document.activeElement.blur()")

    def show(self, width: int, scheme: str = "light", media: str = "screen") -> None:
        """The window's width in pixels, the colour scheme, and "screen" or "print"."""
        self._send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._send("Emulation.setEmulatedMedia", media=media, features=features)

    def picture(self, path: Path) -> None:
        """The whole page as a PNG."""
        said = self._send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(b64decode(said["data"]))

    def _until_loaded(self, number: int) -> None:
        """Return when message `number` is answered and a page is loaded after it."""
        waiting = {number, "Page.loadEventFired"}
        while waiting:
            said = json.loads(self._socket.recv())
            waiting -= {said.get("id"), said.get("method")}

    def _post(self, method: str, **parameters: Any) -> int:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        return number

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = self._post(method, **parameters)
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == number:
                assert "error" not in said, said["error"]
                return dict(said["result"])


@contextlib.contextmanager
def chromium() -> Iterator[Page]:
    """A browser with one empty page, as long as the context lasts."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ["--remote-debugging-port=0", "--remote-allow-origins=*", "about:blank"]
        command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", *options]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, **quiet) as process:
            try:
                socket = create_connection(_address(Path(profile), process), timeout=2 * _TIMEOUT_S)
                with contextlib.closing(socket):
                    yield Page(socket)
            finally:
                process.terminate()


def _address(profile: Path, process: subprocess.Popen[bytes]) -> str:
    """The page's socket; Chromium writes its port into a file once it listens."""
    from urllib.request import urlopen

    file, deadline = profile / "DevToolsActivePort", time.monotonic() + _TIMEOUT_S
    while not (file.is_file() and file.read_text().strip()):
        assert process.poll() is None, "Chromium ended"
        assert time.monotonic() < deadline, "Chromium does not listen"
        time.sleep(0.05)
    port = file.read_text().split()[0]
    while True:
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=_TIMEOUT_S) as answer:
            pages = [each for each in json.loads(answer.read()) if each["type"] == "page"]
        if pages:
            return str(pages[0]["webSocketDebuggerUrl"])
        assert time.monotonic() < deadline, "Chromium opens no page"
