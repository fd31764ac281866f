"""An engine on the fake Slurm, with a clock that only its own sleeping moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.engines import Finished, Item
from autograder.engines.slurm import Scheduler, SlurmEngine, Worker
from autograder.settings import Slurm
from tests.engines.slurm.fake import FakeSlurm

Step = Callable[[], object]


def items(count: int, accelerated: bool = False) -> list[Item]:
    """Items of students s0, s1, …, short enough to lie in one chunk."""
    return [Item(f"s{number}", "nb", 1.0, accelerated) for number in range(count)]


def nothing() -> None:
    """Time passes."""


class Scene:
    """Runs an engine; each time that it sleeps, the next step happens."""

    def __init__(self, folder: Path, slurm: FakeSlurm, **settings: Any) -> None:
        self.folder, self.slurm = folder / ".slurm", slurm
        self.settings = Slurm(poll_s=5.0, **settings)
        self.told: list[str] = []
        self.now_s = 0.0
        self.visible = lambda item: (item.student, item.notebook) in slurm.results
        self._steps: list[Step] = []

    def run(self, wanted: list[Item], *steps: Step) -> list[Finished[str]]:
        """All results; the last step goes on happening for an hour of the clock's time."""
        self._steps = list(steps)
        return list(self.engine().run(wanted))

    def engine(self, *steps: Step, slots: int = 1) -> SlurmEngine[str]:
        self._steps = list(steps) or self._steps
        scheduler = Scheduler(
            self.slurm, tell=self.told.append, clock=lambda: self.now_s, sleep=self._sleep_only
        )
        return SlurmEngine(
            scheduler,
            self.folder,
            Worker(lambda chunk: ["/opt/venv/bin/python", "--chunk", str(chunk)], slots),
            lambda item: f"value of {item.student}" if self.visible(item) else None,
            self.settings,
            tell=self.told.append,
            grace_s=12.0,
            clock=lambda: self.now_s,
            sleep=self._sleep,
        )

    def batches(self) -> list[str]:
        """What the ledger holds."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []

    def _sleep_only(self, seconds: float) -> None:
        self.now_s += seconds

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds
        assert self.now_s < 3600, "the engine waits for something that never comes"
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        step()


def values(results: list[Finished[str]]) -> list[str]:
    """The students that were done, in order; a test's own words for what was given up."""
    return sorted(each.item.student for each in results if each.value and not each.problem)
