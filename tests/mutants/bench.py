"""Judges changed solutions: models are trained once, by one worker for each notebook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from support import ROOT

from autograder.course import Course
from autograder.data import CourseData
from autograder.execution.runs import load_run
from autograder.grading.features import FeatureFolder
from autograder.grading.grade import grade, needed_frameworks
from autograder.grading.scores import TestScore
from autograder.notebook.master import load_master
from autograder.notebook.plan import Plan, make_plan
from autograder.notebook.reading import read_notebook
from autograder.solutions import open_own_nursery

from .cases import Case

ASSIGNMENT = "cnn"
NOTEBOOKS = ("cats_and_dogs", "cifar10")


@dataclass(frozen=True)
class Judged:
    """What became of a case: the scores by test cell, and what its cells raised, or ""."""

    scores: dict[str, TestScore]
    raised: str


class Bench:
    """A copy of the course in `root`, whose solutions of `notebooks` are run once; close it."""

    def __init__(self, root: Path, notebooks: tuple[str, ...] = NOTEBOOKS) -> None:
        shutil.copytree(ROOT / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
        for name in ("course_config.py", "nbgrader_config.py"):
            shutil.copy(ROOT / name, root)
        self._root = root
        self._notebooks = notebooks
        self._resources = ExitStack()
        self._workers: dict[str, subprocess.Popen[str]] = {}
        self._cases = 0

    def __enter__(self) -> Self:
        self._course = Course(self._root)
        nursery = open_own_nursery(self._course, ASSIGNMENT, lambda _: None)
        self._nursery = self._resources.enter_context(nursery)
        self._data = CourseData(self._course)
        for notebook in self._notebooks:  # both at once: there is a processor for each
            self._workers[notebook] = self._start(notebook)
        self._plans = {name: make_plan(self._master(name)) for name in self._notebooks}
        self._solutions = {name: _answers(self._path(name)) for name in self._notebooks}
        self._waiting = set(self._notebooks)
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.kill()
            worker.communicate()
        self._resources.close()

    def tests(self, notebook: str) -> list[str]:
        """The grade_ids of a notebook's test cells."""
        return [str(s.grade_id) for s in self._plans[notebook].steps if s.kind == "test"]

    def judge(self, notebook: str, case: Case) -> Judged:
        """Run what `case` changes and judge its tests."""
        self._cases += 1
        place = self._root / "runs" / notebook / str(self._cases)
        sources = case.sources(self._solutions[notebook])
        request = {"place": str(place), "cells": list(sources.values()), "tests": case.judged}
        raised = self._ask(notebook, request)
        return Judged(self._grade(notebook, case.judged, place), raised)

    def _grade(self, notebook: str, tests: tuple[str, ...], place: Path) -> dict[str, TestScore]:
        steps = self._plans[notebook].steps
        plan = Plan(tuple(s for s in steps if s.independent or s.grade_id in tests))
        sources = [step.source for step in plan.steps]
        warm = self._nursery.warm_for(sources, needed_frameworks(plan, place))
        run = load_run(place)
        assert run is not None
        features = FeatureFolder(self._data.features)
        beside = self._course.beside(ASSIGNMENT)
        scores = grade(warm, plan, run, place, self._course.settings, "", features, beside)
        return {score.grade_id: score for score in scores.tests}

    def _start(self, notebook: str) -> subprocess.Popen[str]:
        trained = self._root / "trained"
        return subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.worker", self._path(notebook), self._root],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                **self._data.environment,
                "AUTOGRADER_TRAINED": os.environ.get("AUTOGRADER_TRAINED", str(trained)),
                "TF_CPP_MIN_LOG_LEVEL": "3",
            },
        )

    def _ask(self, notebook: str, request: dict[str, object]) -> str:
        """The worker's reply, once it has run the solution."""
        worker = self._workers[notebook]
        assert worker.stdin and worker.stdout
        if notebook in self._waiting:
            self._reply(notebook)
            self._waiting.remove(notebook)
        worker.stdin.write(json.dumps(request) + "\n")
        worker.stdin.flush()
        return self._reply(notebook)

    def _reply(self, notebook: str) -> str:
        worker = self._workers[notebook]
        assert worker.stdout
        line = worker.stdout.readline()
        if not line:
            raise RuntimeError(f"{notebook}: its worker has ended; see what it printed")
        return str(json.loads(line)["raised"])

    def _path(self, notebook: str) -> Path:
        return self._root / "source" / ASSIGNMENT / f"{notebook}.ipynb"

    def _master(self, notebook: str):
        return load_master(self._path(notebook), self._course.config).graded


def _answers(path: Path) -> dict[str, str]:
    """The answer cells of a source notebook that are code, by grade_id."""
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in read_notebook(path).cells
        if cell.cell_type == "code" and cell.metadata.nbgrader.get("solution")
    }
