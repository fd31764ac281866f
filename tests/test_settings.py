"""What course_config.py may say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support import ROOT, build
from traitlets.config import Config

from autograder.settings import Autograder, SettingsError, load_config, settings


def test_the_course_of_this_project() -> None:
    """nbgrader's settings and the kit's come from one file."""
    config = load_config(ROOT)
    assert config.CourseDirectory.solution_directory == "solutions"
    assert settings(config).cell_timeout_s == 600


def test_a_setting_reaches_the_kit(tmp_path: Path) -> None:
    """By its name, beside nbgrader's own."""
    config = load_config(build(tmp_path, "c.Autograder.workers = 3\nc.ClearSolutions.x = 1"))
    assert settings(config).workers == 3
    assert config.ClearSolutions.x == 1


def test_workers_are_one_for_each_processor() -> None:
    """Unless somebody says otherwise."""
    assert Autograder().slots == len(os.sched_getaffinity(0))
    assert Autograder(workers=7).slots == 7


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("wokers", 2, "c.Autograder.wokers is not a setting; expected one of answer_mb,"),
        ("workers", "two", "'workers' trait of an Autograder instance expected an int"),
        ("workers", -1, "workers"),
        ("memory_mb", 1, "memory_mb"),
        ("cell_timeout_s", 0, "cell_timeout_s"),
        ("notebook_timeout_s", "1 h", "notebook_timeout_s"),
        ("isolation", "no", "'isolation' trait"),
        ("environment", {"A": 1}, "'environment' trait"),
        ("readable", [1], "'readable' trait"),
        ("budgets", {"a": 3}, "'budgets' trait"),
        ("budgets", {3: {}}, "'budgets' trait"),
        ("budgets", {"a": {"memory": 9}}, "'a': 'memory' is no budget; expected one of notebook_"),
        ("budgets", {"a": {"memory_mb": 9.5}}, "memory_mb: expected a whole number of at least 64"),
        ("budgets", {"a": {"memory_mb": 63}}, "a whole number of at least 64, received 63"),
        (
            "budgets",
            {"a": {"cell_timeout_s": 0}},
            "cell_timeout_s: expected a number of at least 0",
        ),
        ("budgets", {"a": {"cell_timeout_s": "1 h"}}, "received '1 h'"),
        ("budgets", {"a": {"cell_timeout_s": True}}, "received True"),
        ("budgets", {"a": {"cell_timeout_s": float("nan")}}, "received nan"),
        ("budgets", {"a": {"cell_timeout_s": float("inf")}}, "received inf"),
    ],
)
def test_what_is_refused(name: str, value: object, message: str) -> None:
    """The line names the setting, what was expected and what was found."""
    with pytest.raises(SettingsError) as raised:
        settings(Config({"Autograder": {name: value}}))
    assert message in str(raised.value)
    assert str(raised.value).startswith("course_config.py: ")
    assert "\n" not in str(raised.value)


def test_all_that_is_wrong_with_budgets_is_told_at_once() -> None:
    """By notebook and entry; what is right is taken as it is."""
    budgets = {"a": {"cell_timeout_s": 1}, "b": {"memory_mb": 64, "notebook_timeout_s": 2.5}}
    assert settings(Config({"Autograder": {"budgets": budgets}})).budgets == budgets
    budgets = {"a": {"cell_timeout_s": -1, "x": 1}, "b": {"memory_mb": 64, "y": 1}}
    with pytest.raises(SettingsError) as raised:
        settings(Config({"Autograder": {"budgets": budgets}}))
    told = str(raised.value).removeprefix("course_config.py: c.Autograder.budgets, ")
    assert [part.split(" ")[:2] for part in told.split("; ") if "'" in part.split(" ")[0]] == [
        ["'a':", "cell_timeout_s:"],
        ["'a':", "'x'"],
        ["'b':", "'y'"],
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("c.x = = 1", "course_config.py, line {n}: cannot be loaded: SyntaxError: invalid syntax"),
        ("c.x = y", "course_config.py, line {n}: cannot be loaded: NameError: name 'y' is not"),
        ("raise SystemExit(3)", "course_config.py, line {n}: cannot be loaded: SystemExit: 3"),
        ("import no_such_module", "course_config.py, line {n}: cannot be loaded: ModuleNotFound"),
    ],
)
def test_a_file_that_cannot_be_run(line: str, message: str, tmp_path: Path) -> None:
    """The line names the file and the line in it."""
    root = build(tmp_path, line)
    number = (root / "course_config.py").read_text().splitlines().index(line) + 1
    with pytest.raises(SettingsError) as raised:
        load_config(root)
    assert message.format(n=number) in str(raised.value)


@pytest.mark.parametrize("name", ["nbgrader_config.py", "course_config.py"])
def test_a_file_that_is_missing(name: str, tmp_path: Path) -> None:
    """Without either it is no course."""
    root = build(tmp_path)
    (root / name).unlink()
    with pytest.raises(SettingsError, match=f"found no {name} in it"):
        load_config(root)


def test_every_setting_has_a_help_text() -> None:
    """The module is where an instructor looks them up."""
    traits = Autograder.class_traits(config=True)
    own = {name: t for name, t in traits.items() if t.this_class is Autograder}
    assert own
    for name, trait in own.items():
        assert trait.help.endswith("."), name
