"""Warm processes are started for what code imports, once, and shared."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.execution import nursery as module
from autograder.execution.nursery import Nursery
from autograder.isolation import NO_WALLS
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
    monkeypatch.setattr(module, "_is_installed", lambda name: name != "jax")
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
