"""What the commands print, and what they end with: one line and 2 for a user's mistake."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support import (
    ASSIGNMENT,
    RIGHT,
    Said,
    autograder,
    build,
    copy_released,
    edit,
    hand_in,
    one,
    write,
)
from typer.testing import CliRunner

from autograder import cli, terminal
from autograder.__main__ import main as console_script
from autograder.engines import Item, Slot
from autograder.engines.slots import Slots
from autograder.grading.gradebook import Record
from autograder.isolation import Walls, survey


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Released, and one student handed in."""
    root = copy_released(tmp_path / "course")
    hand_in(root, "s")
    return root


def _is_a_mistake(said: Said, *parts: str) -> None:
    """Exit code 2 and one line, which has all of `parts` in it."""
    assert said.code == 2, said.text
    assert len(said.text.splitlines()) == 1, said.text
    assert said.text.startswith("autograder: ")
    for part in parts:
        assert part in said.text


def _configure(course: Path, line: str) -> None:
    with (course / "course_config.py").open("a") as file:
        file.write(f"{line}\n")


COMMANDS = ("release", "grade", "scores", "feedback")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_is_no_course(command: str, tmp_path: Path) -> None:
    """The line names the folder and --course."""
    said = autograder(command, course=tmp_path / "elsewhere")
    _is_a_mistake(said, "elsewhere: expected a course directory", "--course")


def test_a_file_that_is_no_course(course: Path) -> None:
    """--course takes the folder, not the file in it."""
    said = autograder("grade", course=course / "course_config.py")
    _is_a_mistake(said, "expected a course directory")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_assignment(command: str, course: Path) -> None:
    """The line says which there are."""
    said = autograder(command, course=course, assignment="sp")
    _is_a_mistake(said, "assignment 'sp'", f"the assignments here are: {ASSIGNMENT}")


@pytest.mark.parametrize("name", ["", ".", "../source/ps", "ps/", "ps\n", "*"])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_impossible_assignment(command: str, name: str, course: Path) -> None:
    """A path or a pattern is no assignment's name."""
    result = CliRunner().invoke(cli.app, [command, name, "--course", str(course)])
    assert result.exit_code == 2
    assert f"{name!r}" in result.output
    assert "the assignments here are: ps" in result.output


def test_a_setting_that_does_not_exist(course: Path) -> None:
    """The line names it, and those that exist."""
    _configure(course, "c.Autograder.wokers = 3")
    _is_a_mistake(
        autograder("grade", course=course), "c.Autograder.wokers is not a setting", "workers"
    )


def test_a_setting_of_the_wrong_type(course: Path) -> None:
    """The line names the setting and both types."""
    _configure(course, "c.Autograder.memory_mb = '4 GB'")
    _is_a_mistake(autograder("grade", course=course), "'memory_mb'", "expected an int", "'4 GB'")


def test_a_setting_out_of_range(course: Path) -> None:
    """A limit that nothing could keep is refused."""
    _configure(course, "c.Autograder.cell_timeout_s = -1")
    _is_a_mistake(autograder("grade", course=course), "cell_timeout_s", "-1")


def test_a_config_that_is_no_python(course: Path) -> None:
    """The line names the file and the line in it."""
    _configure(course, "c.Autograder.workers = = 2")
    lines = (course / "course_config.py").read_text().count("\n")
    _is_a_mistake(
        autograder("grade", course=course), "course_config.py", f"line {lines}", "SyntaxError"
    )


def test_a_config_that_raises(course: Path) -> None:
    """So it does for a mistake that shows when it runs."""
    _configure(course, "c.Autograder.workers = wrkers")
    _is_a_mistake(autograder("grade", course=course), "course_config.py", "'wrkers'")


def test_a_config_that_is_missing(course: Path) -> None:
    """nbgrader_config.py loads course_config.py; without it there are no settings."""
    (course / "course_config.py").unlink()
    _is_a_mistake(autograder("grade", course=course), "course_config.py")


def test_an_assignment_that_was_not_released(tmp_path: Path) -> None:
    """It must be in the gradebook before scores can be."""
    root = build(tmp_path / "course")
    (root / "submitted" / "s" / ASSIGNMENT).mkdir(parents=True)
    _is_a_mistake(autograder("grade", course=root), "expected the gradebook", "autograder release")


@pytest.mark.parametrize("options", [["grade"], ["scores"], ["mark"], ["export", "--to", "csv"]])
def test_an_assignment_that_is_not_in_the_gradebook(options: list[str], course: Path) -> None:
    """The same where another one is."""
    shutil.copytree(course / "source" / ASSIGNMENT, course / "source" / "next")
    said = autograder(*options, course=course, assignment="next")
    _is_a_mistake(said, "gradebook.db: assignment 'next'", "autograder release next")


def test_a_source_that_changed_since_its_release(course: Path) -> None:
    """Its points and tests are not those of the gradebook; nothing is graded."""
    edit(course / "source" / ASSIGNMENT / "one.ipynb", "why_question", "And why not?")
    said = autograder("grade", course=course)
    _is_a_mistake(said, "one.ipynb has changed since it was released", "autograder release ps")
    assert not (course / "runs" / ASSIGNMENT / "s").exists()


def test_a_notebook_that_is_new_since_the_release(course: Path) -> None:
    """A whole notebook more is a change as well."""
    write(one(), course / "source" / ASSIGNMENT / "three.ipynb")
    _is_a_mistake(autograder("grade", course=course), "three.ipynb has changed", "release")


def test_a_source_that_is_no_notebook(course: Path) -> None:
    """The author's mistake is told as a student's is."""
    (course / "source" / ASSIGNMENT / "one.ipynb").write_text("{")
    for command in ("release", "grade"):
        _is_a_mistake(autograder(command, course=course), "one.ipynb", "expected a notebook")


def _patience(course: Path, seconds: float) -> None:
    """Wait only so long for a lock."""
    url = f"sqlite:///{course}/gradebook.db?timeout={seconds}"
    _configure(course, f"c.CourseDirectory.db_url = {url!r}")


@contextlib.contextmanager
def _locked(gradebook: Path) -> Iterator[None]:
    """Another program is writing to the gradebook."""
    with contextlib.closing(sqlite3.connect(gradebook)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


def _corrupt(gradebook: Path) -> None:
    gradebook.write_bytes(b"this is not a database" * 100)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_corrupt_gradebook(command: str, course: Path) -> None:
    """The line names the file; what lies beside it is as it was."""
    autograder("grade", course=course)
    release = sorted((course / "release").rglob("*"))
    _corrupt(course / "gradebook.db")
    said = autograder(command, course=course)
    _is_a_mistake(said, f"{course}/gradebook.db: the gradebook cannot be", "not a database")
    assert sorted((course / "release").rglob("*")) == release


def test_a_locked_gradebook(course: Path) -> None:
    """Grading gives up after a while and says why; started again, it goes on."""
    _patience(course, 0.1)
    with _locked(course / "gradebook.db"):
        _is_a_mistake(autograder("grade", course=course), "gradebook.db", "database is locked")
    assert autograder("grade", course=course).code == 0


def test_a_gradebook_that_is_locked_on_the_way(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same when it is opened in time but cannot be written to later."""
    _patience(course, 0.1)
    save = Record.save
    with contextlib.ExitStack() as locks:

        def save_while_locked(*args: object) -> None:
            locks.enter_context(_locked(course / "gradebook.db"))
            save(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(Record, "save", save_while_locked)
        _is_a_mistake(autograder("grade", course=course), "gradebook.db", "database is locked")
    monkeypatch.undo()
    said = autograder("grade", course=course)
    assert said.code == 0
    assert "2 run" not in said.text  # what was done before was kept


def test_feedback_before_grading(course: Path) -> None:
    """There is nothing to show yet, and the line says what to do."""
    _is_a_mistake(autograder("feedback", course=course), "autograder grade ps")


def test_scores_before_the_release(tmp_path: Path) -> None:
    """Asking for scores does not make a gradebook."""
    root = build(tmp_path / "course")
    _is_a_mistake(autograder("scores", course=root), "expected the gradebook", "release")
    assert not (root / "gradebook.db").exists()


@pytest.mark.parametrize(
    "options",
    [["--workers", "0"], ["--workers", "many"], ["--format", "xml"], ["--no-such-option"]],
)
def test_wrong_options(options: list[str], course: Path) -> None:
    """Typer says which, and ends with 2."""
    command = "scores" if "--format" in options else "grade"
    said = autograder(command, *options, course=course)
    assert said.code == 2
    assert options[0] in said.text
    assert "Traceback" not in said.text


def test_nothing_handed_in(tmp_path: Path) -> None:
    """No fault, but the line says where hand-ins are looked for."""
    root = copy_released(tmp_path / "course")
    said = autograder("grade", course=root)
    assert said.code == 0
    assert f"no hand-ins; expected folders such as {root}/submitted/<student>/ps" in said.text


def test_grading_prints_one_line_when_all_is_well(course: Path) -> None:
    """Quiet where it is not a terminal: no bar, no progress."""
    said = autograder("grade", course=course)
    assert said.code == 0
    assert said.text == ("1 hand-ins, 2 notebooks: 2 run, 2 graded, 0 unchanged; 0 need a person\n")


def test_the_time_left_learns_from_what_is_unchanged() -> None:
    """On one machine that comes in its turn: what waits is likely to be unchanged as well."""
    items = [Item(str(number), "one", 600.0) for number in range(100)]
    unchanged: Any = SimpleNamespace(executed=False, wall_s=0.0)
    left = {}
    for mixed in (True, False):
        with terminal.progress_bar(items, Slots((Slot(),)), mixed) as progress:
            left[mixed] = [progress.finished(item, unchanged) for item in items[:40]][-1]
    assert left[False].startswith("; about 10 h")
    assert left[True].endswith(" min left")


def test_only_the_named_students_are_graded(course: Path) -> None:
    """--student may be given several times."""
    for student in ("t", "u"):
        hand_in(course, student)
    said = autograder("grade", "--student", "s", "--student", "u", course=course)
    assert said.text.startswith("2 hand-ins, 4 notebooks")
    assert {path.name for path in (course / "autograded").iterdir()} == {"s", "u"}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two students with names that table formats stumble over."""
    root = copy_released(tmp_path_factory.mktemp("cli"))
    hand_in(root, "a,b")
    hand_in(root, "wrong", {**RIGHT, "a": "a = [6, 8]", "b": "b = 'x,\"y'"})
    assert autograder("grade", course=root).code == 0
    return root


def test_scores_as_json(graded: Path) -> None:
    """An object per student and test cell."""
    said = autograder("scores", "--format", "json", course=graded)
    rows = json.loads(said.text)
    assert [(row["student"], row["grade_id"]) for row in rows] == [
        ("a,b", "test_a"),
        ("a,b", "test_b"),
        ("wrong", "test_a"),
        ("wrong", "test_b"),
    ]
    assert rows[0] == {
        "student": "a,b",
        "notebook": "one",
        "grade_id": "test_a",
        "points": 2.0,
        "max_points": 2.0,
        "outcome": "correct",
        "message": "correct",
    }
    assert (rows[3]["points"], rows[3]["outcome"]) == (0.0, "incorrect")


def test_scores_as_csv(graded: Path) -> None:
    """A line per student; what has a comma in it is quoted."""
    said = autograder("scores", "--format", "csv", course=graded)
    assert '"a,b",3.0' in said.text
    rows = list(csv.DictReader(io.StringIO(said.text)))
    assert [row["student"] for row in rows] == ["a,b", "wrong"]
    assert (rows[0]["tests"], rows[0]["max_points"], rows[0]["waiting"]) == ("3.0", "6.0", "1")


def test_scores_as_a_table(graded: Path) -> None:
    """One row per student, on one line each."""
    said = autograder("scores", course=graded)
    (line,) = [line for line in said.text.splitlines() if "a,b" in line]
    assert [part.strip() for part in line.strip("│").split("│")] == [
        *("a,b", "3", "0", "0", "3", "6", "1")
    ]


def test_without_isolation_every_result_says_so(course: Path) -> None:
    """What ran unprotected needs a person, and says so again when it is not run again."""
    said = autograder("grade", "--no-isolation", course=course)
    assert said.code == 1
    assert [line for line in said.lines if "ran without isolation" in line] == list(said.lines)
    assert len(said.lines) == 2
    again = autograder("grade", "--no-isolation", course=course)
    assert sorted(again.lines) == sorted(said.lines)
    assert "0 run" in again.text


def test_a_run_without_walls_does_not_count_behind_them(course: Path) -> None:
    """Grading with isolation runs the notebook anew."""
    autograder("grade", "--no-isolation", course=course)
    said = autograder("grade", course=course)
    assert said.code == 0
    assert "2 run" in said.text


def test_a_machine_without_walls_refuses(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Student code is not run unprotected unless somebody says so."""
    nothing = Walls(namespaces=False, landlock=0, seccomp=False, cgroup=None)
    monkeypatch.setattr(cli.grading, "survey", lambda: nothing)
    _is_a_mistake(autograder("grade", course=course), "no walls", "--no-isolation")
    assert not (course / "runs" / ASSIGNMENT / "s").exists()


def test_doctor_finds_a_course_well(course: Path) -> None:
    """Walls, packages and the course; 0 where student code can be run."""
    said = autograder("doctor", course=course, assignment="")
    assert said.code == int(survey().refuses)
    for word in ("files", "network", "nbgrader", "alembic", ASSIGNMENT):
        assert word in said.text


def test_doctor_finds_no_course(tmp_path: Path) -> None:
    """1, and the line that the other commands would end with."""
    said = autograder("doctor", course=tmp_path, assignment="")
    assert said.code == 1
    assert "expected a course directory" in said.text


def test_help_tells_exit_codes() -> None:
    """`autograder --help` names every command and documents what they end with."""
    result = CliRunner().invoke(cli.app, ["--help"])
    for word in (
        *COMMANDS,
        "doctor",
        "0 done",
        "1 something needs a person",
        "2 wrong usage",
        "130",
    ):
        assert word in " ".join(result.output.replace("│", " ").split())


def test_an_interrupt_while_modules_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends as one that comes later: code 130, no traceback."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupt)
    monkeypatch.setattr(sys, "argv", ["autograder", "scores", "cnn"])
    with pytest.raises(SystemExit) as ended:
        console_script()
    assert ended.value.code == 130


def test_the_console_script_in_a_bare_environment(course: Path) -> None:
    """Without the virtual environment's scripts on PATH too it finds alembic, as nbgrader must."""
    script = Path(sys.executable).parent / "autograder"
    done = subprocess.run(
        [script, "doctor"],
        cwd=course,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == int(survey().refuses), done.stderr
    assert f"alembic (nbgrader calls it): {script.parent}/alembic" in done.stdout
