"""The marking page served in this process, and a browser without a picture."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from autograder.marking.server import Listening, listen
from autograder.marking.sessions import Desk


@contextmanager
def serving(desk: Desk, port: int = 0) -> Iterator[Listening]:
    """Answers in a thread of its own as long as the context lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        listening = asyncio.run_coroutine_threadsafe(_listen(desk, port), loop).result()
        yield listening
        asyncio.run_coroutine_threadsafe(_close(listening), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _listen(desk: Desk, port: int) -> Listening:
    return listen(desk, port)


async def _close(listening: Listening) -> None:
    listening.server.stop()
    await listening.server.close_all_connections()


@dataclass(frozen=True)
class Answered:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)


@dataclass
class Browser:
    """Keeps cookies, follows nothing; xsrf: what its page said."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    xsrf: str = ""

    def ask(self, path: str, body: str | None = None, method: str = "", **headers: str) -> Answered:
        """GET, or POST of a body; headers by their names with _ for -."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookies} | {name.replace("_", "-"): v for name, v in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            data = None if body is None else body.encode()
            connection.request(method or ("POST" if data else "GET"), path, data, sent)
            response = connection.getresponse()
            answered = Answered(response.status, response.headers, response.read().decode())
        finally:
            connection.close()
        for cookie in answered.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return answered

    def enter(self, listening: Listening) -> Answered:
        """By the address that the command printed; then the overview."""
        self.ask(f"/?token={listening.access.token}")
        overview = self.ask("/")
        self.xsrf = re.findall('name="xsrf" content="([^"]+)"', overview.text)[0]
        return overview

    def post(self, path: str, **body: Any) -> Answered:
        kind = "application/json"
        return self.ask(path, json.dumps(body), Content_Type=kind, X_XSRFToken=self.xsrf)
