"""Warm processes are started for what code imports, once, and shared."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.execution import frameworks
from autograder.execution import nursery as module
from autograder.execution.nursery import Nursery
from autograder.isolation import NO_WALLS, IsolationError, WarmProcessDied
from autograder.settings import Autograder


class Started:
    """Stands for a warm process."""

    def __init__(self, preload: list[str], **settings: Any) -> None:
        self.preload = preload
        self.settings = settings
        self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def nursery(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nursery]:
    """A nursery whose processes are no processes, and in which everything is installed."""
    monkeypatch.setattr(module, "WarmProcess", Started)
    for at in (module, frameworks):
        monkeypatch.setattr(at, "is_installed", lambda name: name != "jax")
    with Nursery(Autograder(), NO_WALLS, []) as made:
        yield made


def test_a_framework_is_imported_for_code_that_imports_it(nursery: Nursery) -> None:
    """As a statement in code, and in the JSON of a notebook."""
    for source in ("import tensorflow as tf", '"from tensorflow import keras\\n",'):
        assert "tensorflow" in nursery.warm_for([source]).preload


@pytest.mark.parametrize("source", ["tensorflow", "# we use torch here", "import numpy as np"])
def test_a_framework_that_is_only_mentioned_is_not_imported(nursery: Nursery, source: str) -> None:
    """Prose and comments do not make anybody wait."""
    assert not {"tensorflow", "torch"} & set(nursery.warm_for([source]).preload)


def test_what_is_not_installed_is_not_asked_for(nursery: Nursery) -> None:
    """Each framework that a hand-in can name must not cost a process of its own."""
    assert nursery.warm_for(["import jax"]) is nursery.warm_for(["1 + 1"])


def test_a_process_that_has_imported_more_will_do(nursery: Nursery) -> None:
    """Two frameworks at once serve code that needs one of them."""
    both = nursery.warm_for(["import tensorflow", "import keras"])
    assert nursery.warm_for(["import keras"]) is both


def test_code_without_a_framework_gets_a_light_process(nursery: Nursery) -> None:
    """It is forked faster than one that holds a framework."""
    heavy = nursery.warm_for(["import tensorflow"])
    assert nursery.warm_for(["1 + 1"]) is not heavy


def test_what_no_source_imports_can_be_asked_for(nursery: Nursery) -> None:
    """By name; a process that has it anyway will do."""
    light = nursery.warm_for(["1 + 1"], also=[])
    assert nursery.warm_for(["1 + 1"], also=["keras"]) is nursery.warm_for(["import keras"])
    assert "keras" not in light.preload  # type: ignore[attr-defined]
    both = nursery.warm_for(["import torch, keras"])
    assert nursery.warm_for(["import torch"], also=["keras"]) is both


def test_prefetch_starts_what_is_asked_for_later(nursery: Nursery) -> None:
    """The process that was begun early is the one that is handed out."""
    nursery.prefetch(["import tensorflow"])
    first = nursery.warm_for(["import tensorflow"])
    assert nursery.warm_for(["import tensorflow"]) is first


def test_threads_share_one_process(nursery: Nursery) -> None:
    """However many ask at the same time, one is started."""
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(nursery.warm_for(["import keras"])))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(warm) for warm in found}) == 1


def test_a_start_that_fails_is_told_to_everyone_who_asks(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefetching swallows nothing: the reason comes up where the process is needed."""

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no walls today")

    monkeypatch.setattr(module, "WarmProcess", fail)
    nursery.prefetch(["import keras"])
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no walls today"):
            nursery.warm_for(["import keras"])


def test_what_is_given_goes_to_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside what the settings say, which have the last word on the environment."""
    monkeypatch.setattr(module, "WarmProcess", Started)
    settings = Autograder(readable=["/set"], environment={"A": "set", "B": "set"})
    given = {"MPLBACKEND": "agg", "B": "given", "C": "given"}
    with Nursery(
        settings,
        NO_WALLS,
        [Path("/course")],
        reserved=[Path("/data/hidden")],
        readable=[Path("/data")],
        environment=given,
    ) as nursery:
        warm: Any = nursery.warm_for([])
    assert warm.settings["readable"] == (Path("/set"), Path("/data"))
    assert warm.settings["reserved"] == (Path("/data/hidden"),)
    assert warm.settings["hidden"] == (Path("/course"),)
    assert warm.settings["environment"] == {
        "MPLBACKEND": "agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "A": "set",
        "B": "set",
        "C": "given",
    }


def test_closing_ends_all_of_them(nursery: Nursery) -> None:
    """Nothing stays behind."""
    started = [nursery.warm_for([source]) for source in ("", "import torch")]
    nursery.close()
    assert all(warm.closed for warm in started)


def test_what_closing_has_killed_does_not_begin_again(nursery: Nursery) -> None:
    """Nothing is started for it any more, and it does not look as if it had killed its process."""
    given: list[Any] = []

    def work(warm: Any) -> None:
        given.append(warm)
        nursery.close()
        raise WarmProcessDied("the warm process died")

    with pytest.raises(IsolationError, match="have been ended") as caught:
        nursery.run(work, [])
    assert not isinstance(caught.value, WarmProcessDied)
    assert len(given) == 1


class Mortal:
    """Work that notes the processes it was given, and loses the first `deaths` of them."""

    def __init__(self, deaths: int) -> None:
        self.given: list[Any] = []
        self._deaths = deaths

    def __call__(self, warm: Any) -> str:
        self.given.append(warm)
        if len(self.given) <= self._deaths:
            raise WarmProcessDied("the warm process died")
        return "done"


def test_work_is_done_with_what_all_share(nursery: Nursery) -> None:
    """As long as nothing dies, there is one process."""
    work = Mortal(0)
    assert [nursery.run(work, ["import keras"]) for _ in range(2)] == ["done", "done"]
    assert work.given == [nursery.warm_for(["import keras"])] * 2


def test_work_begins_again_with_another_process(nursery: Nursery) -> None:
    """The dead one is reaped and handed out no more."""
    work = Mortal(1)
    assert nursery.run(work, [], also=["keras"]) == "done"
    dead, second = work.given
    assert dead.closed and not second.closed
    assert "keras" in second.preload
    assert nursery.warm_for(["import keras"]) is second


def test_the_last_try_has_a_process_of_its_own(nursery: Nursery) -> None:
    """What it is done with is nobody else's, and ends with it."""
    work = Mortal(2)
    assert nursery.run(work, []) == "done"
    assert len(set(map(id, work.given))) == 3
    assert all(warm.closed for warm in work.given)
    assert nursery.warm_for([]) not in work.given


def test_what_kills_each_process_is_given_up(nursery: Nursery) -> None:
    """After three tries it says so, instead of going on for ever."""
    work = Mortal(99)
    with pytest.raises(WarmProcessDied):
        nursery.run(work, [])
    assert len(work.given) == 3
    assert all(warm.closed for warm in work.given)


def test_walls_that_cannot_be_built_are_not_tried_again(nursery: Nursery) -> None:
    """They will not stand the next time either."""
    given: list[Any] = []

    def work(warm: Any) -> None:
        given.append(warm)
        raise IsolationError("a wall could not be built")

    with pytest.raises(IsolationError, match="could not be built"):
        nursery.run(work, [])
    assert len(given) == 1


def test_a_process_that_is_killed_while_it_starts_is_started_again(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was begun early, too: its end is not told to everyone who asks."""
    starts: list[Started] = []

    def start(preload: list[str], **settings: Any) -> Started:
        starts.append(Started(preload, **settings))
        if len(starts) == 1:
            raise WarmProcessDied("the warm process was killed while it started")
        return starts[-1]

    monkeypatch.setattr(module, "WarmProcess", start)
    assert nursery.run(Mortal(0), []) == "done"
    assert len(starts) == 2


def test_threads_replace_a_dead_process_once(nursery: Nursery) -> None:
    """All who lost it go on with the same new one."""
    together = threading.Barrier(4)
    lost: Any = nursery.warm_for([])
    found: list[Any] = []

    def work(warm: Any) -> None:
        if warm is lost:
            together.wait(20)
            raise WarmProcessDied("the warm process died")
        found.append(warm)

    threads = [threading.Thread(target=nursery.run, args=[work, []]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 4
    assert len(set(map(id, found))) == 1
