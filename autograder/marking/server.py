"""`autograder mark`: the marking page, served to this machine alone."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import logging
import signal
import socket
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tornado.httpserver import HTTPServer
from tornado.web import Application

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.database import make_gradebook, open_gradebook, require_released
from autograder.marking.access import Access
from autograder.marking.handlers import Api, Entrance, QuestionPage, Static
from autograder.marking.pages import HERE
from autograder.marking.sessions import Desk, Sources, fit, usual_sources
from autograder.marking.store import Store

_LARGEST_REQUEST = 4 << 20  # bytes: a mark for a whole class


def serve(
    course: Course,
    assignment: str,
    *,
    port: int = 0,
    by: str = "",
    open_browser: bool = True,
    say: Callable[[str], None] = print,
    sources: Sources | None = None,
) -> None:
    """Serve until interrupted (Ctrl+C) or asked to end (SIGTERM).

    port: 0 for any that is free. by: the marker's name, the user's by default. say: gets a line
    with the address. Raises UserError for what cannot be marked, GradebookError for the gradebook.
    """
    with desk(course, assignment, by.strip() or _user(), sources) as ready:
        asyncio.run(_serve(ready, port, open_browser, say))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        raise UserError("--by: expected who marks, found no user's name; add --by NAME") from None


@contextlib.contextmanager
def desk(
    course: Course, assignment: str, marker: str, sources: Sources | None = None
) -> Iterator[Desk]:
    """The assignment's desk, as long as its gradebook is open."""
    course.notebooks(assignment)
    with open_gradebook(course) as gradebook:
        require_released(gradebook.db, course, assignment)
        make_gradebook(course)  # one that an earlier version made lacks the indexes
        store = Store(gradebook.engine, assignment, fit(marker))
        made = Desk(course, assignment, store, sources or usual_sources())
        if not made.questions:
            raise UserError(
                f"{course.source(assignment)}: expected a question that a person marks, found "
                "none; give a cell points and nbgrader's type “Manually graded answer”"
            )
        yield made


@dataclass(frozen=True)
class Listening:
    """A server that answers. port: the one that it has; access: its secrets."""

    server: HTTPServer
    port: int
    access: Access

    def url(self, token: str) -> str:
        return f"http://127.0.0.1:{self.port}/?token={token}"


def listen(ready: Desk, port: int = 0) -> Listening:
    """Answer on 127.0.0.1 from now on; call it where an event loop runs. Raises UserError."""
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        raise UserError(
            f"--port {port}: expected a port that is free, received one that is not: "
            f"{getattr(error, 'strerror', None) or error}; leave it out or choose another"
        ) from None
    listener.setblocking(False)
    port = listener.getsockname()[1]
    access = Access(port)
    server = HTTPServer(_application(ready, access, port), max_body_size=_LARGEST_REQUEST)
    server.add_socket(listener)
    return Listening(server, port, access)


def _application(ready: Desk, access: Access, port: int) -> Application:
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    return Application(
        [
            (r"/", Entrance),
            (r"/questions/([0-9]{1,6})", QuestionPage),
            (r"/api/([0-9]{1,6})/([a-z]+)/?([\w-]{0,100})", Api),
            (r"/static/([\w.-]+)", Static, {"path": str(HERE / "static")}),
        ],
        desk=ready,
        access=access,
        xsrf_cookies=True,
        xsrf_cookie_name=f"autograder-mark-xsrf-{port}",
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Strict", "path": "/"},
    )


async def _serve(ready: Desk, port: int, open_browser: bool, say: Callable[[str], None]) -> None:
    listening = listen(ready, port)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    address = listening.url(listening.access.token)
    say(f"Marking {ready.assignment} as {ready.store.marker}: {address} (Ctrl+C ends it)")
    if open_browser:
        await loop.run_in_executor(None, webbrowser.open, listening.url(listening.access.ticket()))
    try:
        await ended.wait()
    finally:
        listening.server.stop()
        await listening.server.close_all_connections()
