"""Who may ask the marking page: those with a token from the command, later with a cookie."""

from __future__ import annotations

import hmac
import secrets
import threading


class Access:
    """The secrets of one `autograder mark`.

    token: printed by the command, good as long as it runs. cookie, secret: the name and content of
    the cookie that a browser keeps; other ports of this machine share its cookies, so it is named
    after this one's.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self.cookie = f"autograder-mark-{port}"
        self.secret = secrets.token_urlsafe(32)
        self._tickets: set[str] = set()
        self._lock = threading.Lock()

    def ticket(self) -> str:
        """A token that is good once: others on this machine see what a browser is started with."""
        made = secrets.token_urlsafe(32)
        with self._lock:
            self._tickets.add(made)
        return made

    def admits(self, token: str) -> bool:
        with self._lock:
            if token in self._tickets:
                self._tickets.remove(token)
                return True
        return _same(token, self.token)

    def knows(self, cookie: str | None) -> bool:
        return cookie is not None and _same(cookie, self.secret)


def _same(one: str, other: str) -> bool:
    """Compared in a time that says nothing about where they differ."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
