"""A headless Chromium that is worked as a person would: pages, keys, clicks, pictures."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import tempfile
import threading
import urllib.request
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import websocket  # speaks the DevTools protocol

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_PATIENCE_S = 120  # far more than it takes
_QUIET = (  # no window, nothing asked of any host but this one
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_CODES = {"Enter": 13, "Escape": 27}
_SETTLED = "[...document.images].every(each => each.complete || each.loading === 'lazy')"


class Tab:
    """One page. AssertionError for what does not happen.

    errors: what its scripts failed with. asked: the addresses that it wanted to load.
    """

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(
            address, timeout=_PATIENCE_S, suppress_origin=True
        )
        self._ids = itertools.count(1)
        self.errors: list[str] = []
        self.asked: list[str] = []
        for domain in ("Page", "Runtime", "Network"):
            self._call(f"{domain}.enable")

    def close(self) -> None:
        self._socket.close()

    def open(self, url: str) -> None:
        """Go to `url`; returns when the page and its scripts are loaded."""
        self._call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; of a promise, what it comes to."""
        options = {"returnByValue": True, "awaitPromise": True}
        done = self._call("Runtime.evaluate", expression=script, **options)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def wait(self, condition: str) -> None:
        """Until a JavaScript expression is true; asked anew where a page is left meanwhile."""
        looking = f"""new Promise((found, failed) => {{
            const end = Date.now() + {_PATIENCE_S / 2 * 1000};
            (function look() {{
                try {{ if ({condition}) return found(true); }} catch {{ }}
                Date.now() > end ? found(false) : setTimeout(look, 15);
            }})();
        }})"""
        options = {"returnByValue": True, "awaitPromise": True}
        for _ in range(5):
            done = self._call("Runtime.evaluate", strict=False, expression=looking, **options)
            if "value" in done.get("result", {}):
                shown = "location.href + ' ' + document.body.innerText"
                assert done["result"]["value"], f"{condition}: {self.run(shown)}"
                return
        raise AssertionError(condition)

    def settle(self) -> None:
        """Until each picture in sight is shown or has failed, and what waits for that has run."""
        self.wait(_SETTLED)
        self.run("new Promise(done => setTimeout(done, 50))")

    def click(self, selector: str) -> None:
        """Press an element, which then has the focus.

        Not by the mouse: formgrader moves the page under it, in its own time.
        """
        element = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{element}.focus(); {element}.click()")

    def leave(self) -> None:
        """Take the focus away, as one does who clicks elsewhere."""
        self.run("document.activeElement.blur()")

    def press(self, *keys: str) -> None:
        for key in keys:
            what = {"key": key, "windowsVirtualKeyCode": _CODES.get(key, ord(key[0].upper()))}
            text = {"text": "\r" if key == "Enter" else key} if key != "Escape" else {}
            self._call("Input.dispatchKeyEvent", type="keyDown", **what, **text)
            self._call("Input.dispatchKeyEvent", type="keyUp", **what)

    def write(self, text: str) -> None:
        """As typed into what has the focus."""
        self._call("Input.insertText", text=text)

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)}).innerText"))

    def html(self) -> str:
        """The page as it stands, when all its pictures are shown or have failed."""
        self.settle()
        return str(self.run("document.documentElement.outerHTML"))

    def show(
        self, width: int, scheme: str = "light", media: str = "screen", height: int = 900
    ) -> None:
        """The window's size in pixels, the colour scheme, and "screen" or "print"."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self._call("Emulation.setDeviceMetricsOverride", **size, mobile=width < 600)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", media=media, features=features)

    def picture(self, path: Path, whole: bool = True, of: str = "") -> None:
        """A PNG: all of the page; or what the window shows; or what a selector finds."""
        shown: dict[str, Any] = {"captureBeyondViewport": whole or bool(of)}
        if of:
            box = f"document.querySelector({json.dumps(of)}).getBoundingClientRect()"
            corner = "x: b.x + scrollX, y: b.y + scrollY"
            size = "width: b.width, height: b.height"
            shown["clip"] = self.run(f"(b => ({{{corner}, {size}, scale: 1}}))({box})")
        said = self._call("Page.captureScreenshot", **shown)
        path.write_bytes(base64.b64decode(said["data"]))

    def _call(self, method: str, strict: bool = True, **params: Any) -> dict[str, Any]:
        number = self._send(method, **params)
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == number:
                assert not strict or "error" not in said, said
                return dict(said.get("result", {}))
            self._note(said.get("method"), said.get("params"))

    def _note(self, event: str | None, told: Any) -> None:
        if event == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told))
        elif event == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif event == "Page.javascriptDialogOpening":
            self._send("Page.handleJavaScriptDialog", accept=True)

    def _send(self, method: str, **params: Any) -> int:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        return number


class Chromium:
    """A running browser; tabs share its cookies."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tabs: list[Tab] = []

    def tab(self, url: str = "about:blank") -> Tab:
        new = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new", method="PUT")
        with urllib.request.urlopen(new, timeout=_PATIENCE_S) as answer:
            tab = Tab(json.loads(answer.read())["webSocketDebuggerUrl"])
        self._tabs.append(tab)
        tab.open(url)
        return tab

    def close(self) -> None:
        for tab in self._tabs:
            tab.close()


@contextlib.contextmanager
def chromium() -> Iterator[Chromium]:
    """As long as the context lasts."""
    assert CHROMIUM is not None
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        subprocess.Popen(
            [CHROMIUM, *_QUIET, f"--user-data-dir={profile}", "--remote-debugging-port=0"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        ) as process,
    ):
        try:
            assert process.stderr is not None
            said = next((line for line in process.stderr if "DevTools listening" in line), "")
            assert said, f"{CHROMIUM} does not start"
            # Its later complaints are read as well: a full pipe would stop it.
            threading.Thread(target=deque, args=(process.stderr, 0), daemon=True).start()
            with contextlib.closing(Chromium(int(said.split("127.0.0.1:")[1].split("/")[0]))) as it:
                yield it
        finally:
            process.terminate()
