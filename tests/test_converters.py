"""nbgrader's converters, called quietly."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.converters import BaseConverter, GenerateAssignment
from support import ASSIGNMENT, SOLUTION_LINE, STUB, build, find, one, write
from traitlets.config import Config

from autograder.converters import ConversionError, convert, make_notebooks
from autograder.course import Course


class Failing(BaseConverter):  # type: ignore[misc]
    """Says what went wrong in a log, then ends as nbgrader's do."""

    def start(self) -> None:
        self.log.info("Converting")
        self.log.error("There was an error processing assignment: /somewhere")
        self.log.error("The kernel died.\nIn cell 3.")
        self.log.error("Another error")
        raise RuntimeError("Please see the log")


class Raising(BaseConverter):  # type: ignore[misc]
    """Raises without a word."""

    def start(self) -> None:
        raise KeyError("solution")


class Logging(BaseConverter):  # type: ignore[misc]
    """Logs a whole traceback."""

    def start(self) -> None:
        self.log.error("Traceback (most recent call last):\n  File x\nValueError: no points")
        raise ValueError("no points")


@pytest.mark.parametrize(
    ("converter", "message"),
    [
        (Failing, "Failing of 'ps': The kernel died."),
        (Raising, "Raising of 'ps': KeyError: 'solution'"),
        (Logging, "Logging of 'ps': ValueError: no points"),
    ],
)
def test_a_failure_is_one_line(
    converter: type[BaseConverter],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first that tells what went wrong; nothing is printed."""
    course = Course(build(tmp_path))
    with pytest.raises(ConversionError) as raised:
        convert(converter, course, ASSIGNMENT)
    assert str(raised.value) == message
    assert capsys.readouterr() == ("", "")


def test_other_directories(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """They hold for this conversion; the course's own and its settings stay as they were."""
    course = Course(build(tmp_path / "course"))
    elsewhere = {
        "release_directory": str(tmp_path / "elsewhere"),
        "db_url": f"sqlite:///{tmp_path}/other.db",
    }
    before = repr(course.config)
    settings = Config()
    settings.ClearSolutions.code_stub = {"python": "# other stub"}
    convert(GenerateAssignment, course, ASSIGNMENT, elsewhere, settings)
    assert "# other stub" in (tmp_path / "elsewhere" / ASSIGNMENT / "one.ipynb").read_text()
    assert not (tmp_path / "course" / "release").exists()
    assert not course.directory.root.endswith("elsewhere")
    assert not (tmp_path / "course" / "gradebook.db").exists()
    assert repr(course.config) == before
    assert capfd.readouterr() == ("", "")


def test_a_second_conversion_overwrites(tmp_path: Path) -> None:
    """What was there is replaced, without asking."""
    course = Course(build(tmp_path, one=one()))
    directories = {"db_url": f"sqlite:///{tmp_path}/other.db"}
    convert(GenerateAssignment, course, ASSIGNMENT, directories)
    made: NotebookNode = one()
    made.cells[0].source = "from autograder import checks"
    write(made, tmp_path / "source" / ASSIGNMENT / "one.ipynb")
    convert(GenerateAssignment, course, ASSIGNMENT, directories)
    path = tmp_path / "release" / ASSIGNMENT / "one.ipynb"
    assert "from autograder import checks" in path.read_text()


def test_notebooks_are_made_without_running_anything(tmp_path: Path) -> None:
    """Release and solutions in a folder of their own; the course stays as it was."""
    course = Course(build(tmp_path / "course", one=one()))
    make_notebooks(course, ASSIGNMENT, tmp_path / "stage")
    release, solution = (
        nbformat.read(tmp_path / "stage" / step / ASSIGNMENT / "one.ipynb", as_version=4)
        for step in ("release", "solution")
    )
    assert find(release, "a").source == STUB
    assert SOLUTION_LINE in find(solution, "a").source
    assert [c.outputs for c in solution.cells if c.cell_type == "code"] == [[], [], []]
    assert {path.name for path in course.root.iterdir()} == {
        *("course_config.py", "nbgrader_config.py", "source")
    }
