"""A headless Chromium that is driven as a person would: pages, keys, clicks, pictures."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import websocket  # Jupyter's own client

from browser.formgrader import CHROMIUM

_PATIENCE_S = 120  # far more than it takes
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_CODES = {"Enter": 13, "Escape": 27}


class Tab:
    """One page. Raises AssertionError for what does not happen and for errors of its scripts."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(
            address, timeout=_PATIENCE_S, suppress_origin=True
        )
        self._ids = itertools.count(1)
        self.errors: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def close(self) -> None:
        self._socket.close()

    def open(self, url: str) -> None:
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
        for _ in range(5):
            options = {"returnByValue": True, "awaitPromise": True}
            done = self._call("Runtime.evaluate", strict=False, expression=looking, **options)
            if "result" in done and "value" in done["result"]:
                assert done["result"]["value"], (
                    f"{condition}: {self.run('document.body.innerText')}"
                )
                return
        raise AssertionError(condition)

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

    def picture(self, path: Path, width: int, height: int = 900, dark: bool = False) -> None:
        """The whole page as a PNG, `width` pixels wide."""
        theme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._call("Emulation.setEmulatedMedia", features=theme)
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self._call("Emulation.setDeviceMetricsOverride", **size, mobile=width < 600)
        data = self._call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def _call(self, method: str, strict: bool = True, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == number:
                assert not strict or "error" not in said, said
                return dict(said.get("result", {}))
            if said.get("method") == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(said["params"]))
            elif said.get("method") == "Page.javascriptDialogOpening":
                self._socket.send(
                    json.dumps(
                        {
                            "id": 0,
                            "method": "Page.handleJavaScriptDialog",
                            "params": {"accept": True},
                        }
                    )
                )


class Chromium:
    """A running browser; tabs share its cookies."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tabs: list[Tab] = []

    def tab(self, url: str) -> Tab:
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
            said = next(line for line in process.stderr if "DevTools listening on" in line)
            browser = Chromium(int(said.split("127.0.0.1:")[1].split("/")[0]))
            yield browser
            browser.close()
        finally:
            process.terminate()
