"""The requests of the marking page: who may ask, and what is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from autograder.errors import UserError
from autograder.marking import pages
from autograder.marking.access import Access
from autograder.marking.marks import ConflictError, Mark, NotGradedError
from autograder.marking.sessions import Desk, MarkingError, fit, plain

_T = TypeVar("_T")
_HOSTS = ("127.0.0.1", "localhost", "::1")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-DNS-Prefetch-Control": "off",  # a look at an answer's link would tell its host's name server
}


class Guarded(RequestHandler):
    """Answers those alone who came by the address that the command printed."""

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        # A page elsewhere may have its own name resolve to this machine.
        if urlsplit(f"//{self.request.host}").hostname not in _HOSTS:
            raise HTTPError(403, reason="Not this machine's name")
        access: Access = self.settings["access"]
        if not access.knows(self.get_cookie(access.cookie)):
            raise HTTPError(403, reason="Open the address that autograder mark printed")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}: {self._reason}\n")


class Static(Guarded, StaticFileHandler):
    """The page's script and styles."""

    def prepare(self) -> None:
        Guarded.prepare(self)


class Page(Guarded):
    """A handler that works in a thread, so that a database or a grouping keeps nobody waiting."""

    @property
    def desk(self) -> Desk:
        desk: Desk = self.settings["desk"]
        return desk

    @property
    def xsrf(self) -> str:
        return self.xsrf_token.decode()

    async def aside(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(None, work)


class Entrance(Page):
    """The overview; the first time, with the token in the address."""

    def prepare(self) -> None:
        access: Access = self.settings["access"]
        token = self.get_query_argument("token", None)
        is_here = urlsplit(f"//{self.request.host}").hostname in _HOSTS
        if token is None or not is_here or not access.admits(token):
            super().prepare()
            return
        self.set_cookie(access.cookie, access.secret, httponly=True, samesite="Strict", path="/")
        self.redirect("/")

    async def get(self) -> None:
        xsrf = self.xsrf
        try:
            self.finish(await self.aside(lambda: pages.overview(self.desk, xsrf)))
        except SQLAlchemyError as error:
            self.set_status(503)
            self.finish(pages.trouble(self.desk, xsrf, _refused(error)))


class QuestionPage(Page):
    async def get(self, number: str) -> None:
        try:
            self.finish(pages.question_page(self.desk, int(number) - 1, self.xsrf))
        except MarkingError as error:
            raise HTTPError(404, reason=str(error)) from None


class Api(Page):
    """Data for the page's script: GET /api/<question>/<what>/…, and POST to change something."""

    async def get(self, number: str, what: str, which: str) -> None:
        names = self.get_query_argument("names", "") == "1"
        begin = _integer(self.get_query_argument("from", "0"))
        await self._answer(lambda: self._look(int(number) - 1, what, which, begin, names))

    async def post(self, number: str, what: str, which: str) -> None:
        if not self.request.headers.get("Content-Type", "").startswith("application/json"):
            raise HTTPError(415)
        try:
            asked = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise HTTPError(400, reason="Expected JSON") from None
        if not isinstance(asked, dict):
            raise HTTPError(400, reason="Expected a JSON object")
        try:
            await self._answer(lambda: self._change(int(number) - 1, what, asked))
        except ConflictError as error:
            opened = self.desk.open(int(number) - 1)
            self._send(409, {"conflicts": pages.entries_data(opened, error.entries)})

    async def _answer(self, work: Callable[[], Any]) -> None:
        """What `work` returns, or in one line why it cannot be done."""
        try:
            self._send(200, await self.aside(work))
        except SQLAlchemyError as error:
            self._send(503, {"message": f"{_refused(error)}; nothing is saved"})
        except NotGradedError as error:
            self._send(400, {"message": _not_graded(error, self.desk.assignment)})
        except UserError as error:
            self._send(400, {"message": str(error)})

    def _look(self, number: int, what: str, which: str, begin: int, names: bool) -> Any:
        opened = self.desk.open(number)
        match what:
            case "index":
                return pages.index(self.desk, number, opened)
            case "states":
                return pages.states(self.desk, number, opened)
            case "excerpts":
                return pages.excerpts(opened, begin)
            case "members":
                group = _integer(which)
                return pages.members(self.desk, number, opened, group, begin, names)
            case "answers":
                return pages.answer(self.desk, number, opened, which, names)
            case "whole":
                return {"text": plain(opened.answer(which).text)}
        raise HTTPError(404)

    def _change(self, number: int, what: str, asked: dict[str, Any]) -> Any:
        question = self.desk.question(number)
        match what:
            case "marks":
                return self._save(number, asked)
            case "undo":
                opened = self.desk.open(number)
                undone = self.desk.undo(number, plain(str(asked.get("batch"))))
                return {
                    "entries": pages.entries_data(opened, undone.entries),
                    "kept": pages.entries_data(opened, undone.kept),
                }
            case "phrases":
                if text := fit(str(asked.get("text", ""))):
                    self.desk.store.keep_phrase(question, text)
            case "drop":
                self.desk.store.drop_phrase(question, _integer(asked.get("number")))
            case "again":
                self.desk.read_again(number)
                return {}
            case _:
                raise HTTPError(404)
        return [vars(phrase) for phrase in self.desk.store.phrases(question)]

    def _save(self, number: int, asked: dict[str, Any]) -> dict[str, Any]:
        saved = self.desk.save(number, *_wanted(asked))
        entries = pages.entries_data(self.desk.open(number), saved.entries)
        return {"batch": saved.batch, "entries": entries}

    def _send(self, status: int, data: Any) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(data))


def _wanted(asked: dict[str, Any]) -> tuple[dict[str, str], Mark]:
    """What the script sent as {"seen": {key: …}, "points": …, "steps": […], "comment": …}."""
    try:
        points = asked["points"]
        seen = {str(key): str(state) for key, state in asked["seen"].items()}
        steps = tuple(float(step) for step in asked["steps"])
        mark = Mark(None if points is None else float(points), steps, str(asked["comment"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise MarkingError(
            "expected answers, points, steps and a comment, received something else; "
            "load the page again"
        ) from None
    if not seen:
        raise MarkingError("expected at least one answer, received none")
    return seen, mark


def _integer(text: object) -> int:
    """Raises MarkingError for anything else."""
    if isinstance(text, str | int) and str(text).isdecimal() and len(str(text)) < 10:
        return int(text)
    raise MarkingError("expected a whole number; load the page again")


def _refused(error: SQLAlchemyError) -> str:
    said = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
    return f"the gradebook cannot be used: {said}"


def _not_graded(error: NotGradedError, assignment: str) -> str:
    return (
        f"{len(error.students)} of these answers are not in the gradebook; nothing is saved; "
        f"run `autograder grade {assignment}`, then read the answers again"
    )
