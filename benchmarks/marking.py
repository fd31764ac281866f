"""The marking page with a large class: how long each request takes.

    python -m benchmarks.marking [--answers 1000] [--times 20]

Prints milliseconds of each request, the first, the median and the worst, and what opening the
question takes once (reading the answers, grouping them). One answer in ten is long, one has a
megabyte, and all others are one group.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from autograder.course import Course
from autograder.marking.contract import Answer, Criterion, Question, Rubric
from autograder.marking.server import Listening, desk, listen
from autograder.marking.sessions import Sources
from benchmarks.gradebooks import ASSIGNMENT, make_class

_RUBRIC = Rubric((Criterion(1.0, "The filter is the template.", (0.0, 0.5, 1.0)),) * 2)
_QUESTION = Question("theory", "why_0", "Why", "Why?", 2.0, _RUBRIC)
_WORDS = ("filter", "kernel", "window", "patch", "image", "value", "pattern", "template")


def main() -> None:
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--times", type=int, default=20)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # SQLAlchemy's, on nbgrader's queries
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        course = make_class(folder / "course", arguments.answers)
        with desk(course, ASSIGNMENT, "tutor", _sources(arguments.answers)) as ready:
            print(f"{arguments.answers} answers, {os.cpu_count()} CPUs")
            print(f"  {'opening the question, once':28} {_once_ms(lambda: ready.open(0)):8.1f} ms")
            asyncio.run(_measure(listen, ready, arguments.times))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sources(many: int) -> Sources:
    from autograder.marking.groups import groups
    from autograder.marking.suggestions import suggestions

    return Sources(lambda course, assignment: (_QUESTION,), _answers(many), groups, suggestions)


def _answers(many: int) -> Callable[[Course, str, Question], Iterable[Answer]]:
    def answers(course: Course, assignment: str, question: Question) -> Iterator[Answer]:
        for number in range(many):
            chosen = random.Random(number if number % 10 == 0 else 1)  # else alike
            words = [f"{chosen.choice(_WORDS)}{chosen.randrange(400)}" for _ in range(120)]
            text = " ".join(words) + f" {number}"
            text *= 1_000 if number == 10 else 10 if number % 10 == 0 else 1
            yield Answer(f"k{number}", f"student-{number:05}", text)

    return answers


async def _measure(listen: Callable[..., Listening], ready: Any, times: int) -> None:
    listening = listen(ready)
    client = _Client(listening)
    await client.enter()
    largest = ready.open(0).groups[0]
    requests: dict[str, Callable[[int], Any]] = {
        "overview": lambda turn: client.get("/"),
        "question": lambda turn: client.get("/questions/1"),
        "index of all answers": lambda turn: client.get("/api/1/index"),
        "states of all answers": lambda turn: client.get("/api/1/states"),
        "50 excerpts": lambda turn: client.get(f"/api/1/excerpts?from={50 * turn}"),
        "an answer": lambda turn: client.get(f"/api/1/answers/{largest[turn]}"),
        "a long answer": lambda turn: client.get(f"/api/1/answers/k{10 * turn + 20}"),
        "an answer of a megabyte": lambda turn: client.get("/api/1/answers/k10"),
        "100 members of a group": lambda turn: client.get(
            f"/api/1/members/0?from={100 * (turn % 8)}"
        ),
        "saving a mark": lambda turn: client.mark([largest[turn]]),
        f"marking a group ({len(largest)})": lambda turn: client.mark(largest),
        "undo": lambda turn: client.undo(),
    }
    print(f"  {'ms':28} {'first':>8} {'median':>8} {'worst':>8}")
    for name, ask in requests.items():
        taken = [await ask(turn) for turn in range(times)]
        print(f"  {name:28} {taken[0]:8.1f} {statistics.median(taken):8.1f} {max(taken):8.1f}")
    listening.server.stop()


class _Client:
    """Milliseconds of each request, without what it asks for beforehand."""

    def __init__(self, listening: Listening) -> None:
        self._base = f"http://127.0.0.1:{listening.port}"
        self._listening = listening
        self._headers = {"Content-Type": "application/json"}

    async def enter(self) -> None:
        access = self._listening.access
        self._headers["Cookie"] = f"{access.cookie}={access.secret}"
        answered = await self._ask("/")
        cookie = answered.headers["Set-Cookie"].partition(";")[0]
        self._headers["Cookie"] += f"; {cookie}"
        found = re.findall('name="xsrf" content="([^"]+)"', answered.body.decode())
        self._headers["X-XSRFToken"] = found[0]

    async def get(self, path: str) -> float:
        begin = time.perf_counter()
        await self._ask(path)
        return 1000 * (time.perf_counter() - begin)

    async def mark(self, keys: Sequence[str]) -> float:
        seen = await self._seen(keys)
        mark = {"seen": seen, "points": 1.5, "steps": [1.0, 0.5], "comment": "Why?"}
        begin = time.perf_counter()
        await self._ask("/api/1/marks", mark)
        return 1000 * (time.perf_counter() - begin)

    async def _seen(self, keys: Sequence[str]) -> dict[str, str]:
        if len(keys) == 1:
            states = [json.loads((await self._ask(f"/api/1/answers/{keys[0]}")).body)]
        else:
            parts = [f"/api/1/members/0?from={begin}" for begin in range(0, len(keys), 100)]
            states = [each for part in parts for each in json.loads((await self._ask(part)).body)]
        return {state["key"]: state["entry"]["seen"] for state in states}

    async def undo(self) -> float:
        states = json.loads((await self._ask("/api/1/states")).body)
        begin = time.perf_counter()
        await self._ask("/api/1/undo", {"batch": states["undo"]})
        return 1000 * (time.perf_counter() - begin)

    async def _ask(self, path: str, body: Any = None) -> HTTPResponse:
        data = None if body is None else json.dumps(body)
        method = "GET" if body is None else "POST"
        url = f"{self._base}{path}"
        return await AsyncHTTPClient().fetch(
            HTTPRequest(url, method=method, headers=self._headers, body=data)
        )


def _once_ms(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
