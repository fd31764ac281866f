"""One grading of all hostile hand-ins, two at a time, between honest ones."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import support

from autograder.isolation import survey
from hostile import edits, quiz
from hostile.attacks import ATTACKS, Attack

HONEST = ("aa-honest", "mm-honest", "zz-honest")  # graded first, in the middle and last


@dataclass(frozen=True)
class Graded:
    """What became of a class with hostile students in it.

    said: what `autograder grade` printed, and then `autograder feedback`. heard: what reached the
    listeners on this machine.
    """

    course: Path
    said: support.Said
    said_then: support.Said
    scores: dict[tuple[str, str], dict[str, Any]]
    heard: list[str]

    def run(self, student: str) -> Path:
        return self.course / "runs" / support.ASSIGNMENT / student / "quiz"

    def cells(self, student: str) -> str:
        """What the student's cells did, as it was recorded."""
        return (self.run(student) / "cells.jsonl").read_text()

    def page(self, student: str) -> str:
        """The feedback that the student gets to see."""
        path = self.course / "feedback" / student / support.ASSIGNMENT / "quiz.html"
        return path.read_text()

    def points(self, student: str) -> dict[str, float]:
        return {name: self.scores[student, name]["points"] for name in quiz.POINTS}

    def message(self, student: str, grade_id: str) -> str:
        message: str = self.scores[student, grade_id]["message"]
        return message


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Everybody's hand-in, graded once, and everybody's feedback."""
    if survey().refuses:
        pytest.skip("this machine puts no walls around files and network")
    course = quiz.make_course(tmp_path_factory.mktemp("hostile") / "course")
    for student in HONEST:
        folder = quiz.hand_in(course, student, quiz.RIGHT, own=f"# {quiz.OTHERS}")
        (folder / "notes.txt").write_text(quiz.OTHERS)
    with _listeners(course) as (port, heard):
        _hand_in_all(course, port)
        said = support.autograder("grade", course=course)
    said_then = support.autograder("feedback", course=course)
    return Graded(course, said, said_then, support.scores(course), heard)


def _hand_in_all(course: Path, port: int) -> None:
    for student, attack in ATTACKS.items():
        filled = _fill(attack, course, port)
        quiz.hand_in(course, student, filled.answers, own=filled.own, last=filled.last)
    for student, edit in edits.EDITS.items():
        edits.hand_in_edited(course, student, edit)
    edits.hand_in_links(course, "hands-in-links")
    edits.hand_in_a_link(course, "is-a-link")
    edits.hand_in_modules(course, "hands-in-modules")


def _fill(attack: Attack, course: Path, port: int) -> Attack:
    own = attack.own.replace("ROOT", str(course)).replace("PORT", str(port))
    return Attack(attack.answers, own, attack.last)


@contextlib.contextmanager
def _listeners(course: Path) -> Iterator[tuple[int, list[str]]]:
    """A port on which this machine listens by TCP and UDP, and what has come in at the end."""
    heard: list[str] = []
    with contextlib.ExitStack() as stack:
        port = 0
        for family, kind in (
            (socket.AF_INET, socket.SOCK_STREAM),
            (socket.AF_INET, socket.SOCK_DGRAM),
            (socket.AF_UNIX, socket.SOCK_STREAM),
        ):
            listener = stack.enter_context(socket.socket(family, kind))
            listener.setblocking(False)
            inet = family == socket.AF_INET
            listener.bind(("127.0.0.1", port) if inet else f"\0hostile-{port}")
            port = listener.getsockname()[1] if inet else port
            if kind == socket.SOCK_STREAM:
                listener.listen()
            stack.callback(_ask, listener, heard)
        yield port, heard


def _ask(listener: socket.socket, heard: list[str]) -> None:
    with contextlib.suppress(BlockingIOError):
        if listener.type == socket.SOCK_STREAM:
            caller, _ = listener.accept()
            caller.close()
        else:
            listener.recv(100)
        heard.append(f"somebody called {listener.family.name} {listener.type.name}")
