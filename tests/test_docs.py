"""docs/: what the pages tell people to type is the kit's, and links lead somewhere."""

from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from support import ROOT
from typer.testing import CliRunner

from autograder import checks
from autograder.cli import app
from autograder.settings import Autograder, Slurm

PAGES = sorted((ROOT / "docs").glob("*.md"))
ROLES = ("instructor", "ta", "student", "cluster-admin", "write-an-assignment")
SETTINGS = {kind.__name__: kind for kind in (Autograder, Slurm, CourseDirectory)}
GROUPS = ("data", "runs")
INNER = {"as_array", "explain", "is_unanswered"}  # for those who write a check
DESK = {"grade", "mark", "report", "similarity", "feedback", "export", "collect", "check"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file, and to a heading that is there."""
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith("http"):
            continue
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if heading:
            assert heading in _anchors(target), link


def test_commands_are_the_kits() -> None:
    """Each `autograder …` in a block names a command, with options that it takes."""
    told = [line for page in PAGES for line in _commands(page.read_text())]
    assert {shlex.split(line)[0] for line in told} >= DESK
    for line in told:
        _check(line)


def test_settings_are_settings() -> None:
    """Each `c.Autograder…` and `c.Slurm…`, and the values beside them."""
    text = "\n".join((ROOT / "docs" / f"{role}.md").read_text() for role in ROLES)
    kinds = "|".join(SETTINGS)
    for kind, name in re.findall(rf"\bc\.({kinds})\.(\w+)", text):
        assert name in SETTINGS[kind].class_trait_names(config=True), f"c.{kind}.{name}"
    values = re.findall(rf"\bc\.({kinds})\.(\w+) = ([^`'\n]+)", text)
    assert len(values) >= 4
    for kind, name, value in values:
        SETTINGS[kind](**{name: eval(value)})  # raises where a value is refused


def test_checks_are_checks() -> None:
    """What the page's table lists can be imported; every function there is, it names."""
    page = (ROOT / "docs" / "checks.md").read_text()
    told = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))))
    assert told <= set(checks.__all__)
    functions = {name for name in checks.__all__ if inspect.isfunction(getattr(checks, name))}
    assert {name for name in functions - INNER if not re.search(rf"\b{name}\b", page)} == set()


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_a_short_page(role: str) -> None:
    """One to read in a few minutes, led to from the README."""
    path = ROOT / "docs" / f"{role}.md"
    assert f"docs/{role}.md" in (ROOT / "README.md").read_text()
    if role != "write-an-assignment":  # that one holds a notebook
        assert len(path.read_text().split()) < 900


def _commands(text: str) -> list[str]:
    """What follows `autograder` in the blocks of a page, a line each."""
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    lines = "\n".join(blocks).splitlines()
    return [found[1] for line in lines if (found := re.search(r"\bautograder ([a-z].*)", line))]


def _check(line: str) -> None:
    """Fail where a command line's command or one of its options is none of the kit's."""
    words = shlex.split(line)
    name = words[:2] if words[0] in GROUPS else words[:1]
    known = CliRunner().invoke(app, [*name, "--help"], terminal_width=200)
    assert known.exit_code == 0, line
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"{option}(?![\w-])", known.output), f"{line}: {option}"


def _anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}
