"""containers/README.md: what it tells people to type and to set is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from typer.testing import CliRunner

from autograder.cli import app
from autograder.settings import Autograder, Slurm

ROOT = Path(__file__).parents[2]
README = (ROOT / "containers" / "README.md").read_text()
BLOCKS = "\n".join(re.findall(r"^    (.+)$", README, re.MULTILINE))
SETTINGS = {kind.__name__: kind for kind in (Autograder, Slurm, CourseDirectory)}


def test_its_commands_are_the_kits() -> None:
    """Each `autograder …` names a command, with options that this one takes."""
    told = re.findall(r"\bautograder ((?:[a-z]|--).*?)(?: &&|\s+#|`|,|$)", BLOCKS, re.MULTILINE)
    told += re.findall(r"`autograder ([a-z].*?)`", README)
    commands = [line for line in told if not line.startswith((".", "--"))]
    assert {line.split()[0] for line in commands} >= {"data", "release", "grade", "feedback"}
    for line in commands:
        _check(line)


def test_a_dry_run_is_told_as_it_is_spelt() -> None:
    """`--dry-run` stands in a comment beside `autograder grade`."""
    assert "--dry-run" in README
    _check("grade cnn --dry-run")


def test_its_settings_are_settings() -> None:
    """Each `c.Class.name`, and the values that stand beside them."""
    names = re.findall(r"\bc\.(\w+)\.(\w+)", README)
    assert len(names) > 10
    for kind, name in names:
        assert name in SETTINGS[kind].class_trait_names(config=True), f"c.{kind}.{name}"
    for line in re.findall(r"^    c\.(.+)$", README, re.MULTILINE):
        kind, name = line.split(" = ")[0].split(".")
        value = eval(line.split(" = ")[1].split("  #")[0])
        SETTINGS[kind](**{name: value})  # raises where a value is refused


def test_its_files_are_there() -> None:
    """The table lists all files beside it, and links lead somewhere."""
    table = "\n".join(line for line in README.splitlines() if line.startswith("| `"))
    files = {
        path.name for path in (ROOT / "containers").iterdir() if path.suffix not in (".sif", ".zip")
    }
    for name in files - {"README.md", ".gitignore"}:
        assert f"`{name}`" in table, name
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / "containers" / link).exists(), link


def test_from_login_node_to_grades_in_ten_commands() -> None:
    """So it says; what only sets a variable counts too."""
    _, _, text = README.partition("## From login node to grades")
    lines: list[str] = re.findall(r"(?:^    .+\n)+", text, re.MULTILINE)[0].splitlines()
    assert len(lines) <= 10


def _check(line: str) -> None:
    """Fail where a command line's command or one of its options is none of the kit's."""
    words = shlex.split(line)
    options = {word for word in words if word.startswith("--")}
    known = CliRunner().invoke(app, [*_names(words), "--help"], terminal_width=200)
    assert known.exit_code == 0, line
    for option in options:
        assert re.search(rf"{option}(?![\w-])", known.output), f"{line}: {option}"


def _names(words: list[str]) -> list[str]:
    """The command's name; with those that have others below them, that too."""
    return words[:2] if words[0] in ("data", "runs") else words[:1]
