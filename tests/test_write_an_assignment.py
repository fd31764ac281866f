"""docs/write-an-assignment.md: whoever follows it gets what it promises."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbformat import NotebookNode
from support import ROOT, autograder, cell, edit, environment, notebook, write

pytestmark = pytest.mark.timeout(900)  # a minute of computing, on a machine that has more to do

PAGE = (ROOT / "docs" / "write-an-assignment.md").read_text()
NOTEBOOK = Path("tiny", "first.ipynb")
KINDS = {
    "Read-only": {"locked": True},
    "Autograded answer": {"solution": True},
    "Manually graded answer": {"solution": True, "grade": True},
    "Autograded tests": {"grade": True, "locked": True},
}
BLOCK = r"\n(?:[^`#\n][^\n]*\n|\n)*```(?:python|markdown)\n(?P<source>.*?)\n```"
CELL = re.compile(
    r"^#### `(?P<name>\w+)` · (?P<kind>[\w -]+?)(?: · (?P<points>\d+) points)?"
    rf" · (?P<language>code|markdown)\n{BLOCK}",
    re.MULTILINE | re.DOTALL,
)
ANSWER = re.compile(rf"^#### Ada's `(?P<name>\w+)`\n{BLOCK}", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Followed:
    """The course that the page leads to, and what each of its commands printed."""

    course: Path
    said: dict[str, str]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """All of the page, in its order; commands that exit otherwise than they should fail."""
    course = tmp_path_factory.mktemp("course")
    said: dict[str, str] = {}
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE):
        title, _, text = part.partition("\n")
        if title == "The notebook":
            write(source(), course / "source" / NOTEBOOK)
        for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
            if "check" in block:  # what the page has told to do before
                _answer(course / "submitted" / "ada" / NOTEBOOK)
            for line in block.splitlines():
                said[line] = _do(line, course)
    return Followed(course, said)


def source() -> NotebookNode:
    """The notebook that the page's cells make."""
    cells = []
    for found in CELL.finditer(PAGE):
        kind = "code" if found["language"] == "code" else "markdown"
        points = float(found["points"]) if found["points"] else None
        flags = KINDS[found["kind"]]
        cells.append(cell(kind, found["name"], found["source"], points, **flags))
    return notebook(*cells)


def test_every_cell_of_the_page_is_taken() -> None:
    """A heading that is spelt otherwise would drop its cell silently."""
    headings = re.findall(r"^#### ", PAGE, re.MULTILINE)
    assert len(headings) == len(source().cells) + len(ANSWER.findall(PAGE)) == 12
    blocks = re.findall(r"^```(?:python|markdown)$", PAGE, re.MULTILINE)
    assert len(blocks) == len(headings)


def test_the_types_are_those_of_create_assignment() -> None:
    """nbgrader's own words, in the extension whose menu the page tells to choose from."""
    extension = Path(sys.prefix, "share", "jupyter", "labextensions", "@jupyter", "nbgrader")
    menus = "".join(path.read_text() for path in extension.glob("static/*.js"))
    assert [kind for kind in KINDS if f'"{kind}"' not in menus] == []


def test_the_release_keeps_the_secrets(followed: Followed) -> None:
    """Neither solution, hidden test nor mark scheme; the form stays."""
    text = (followed.course / "release" / NOTEBOOK).read_text()
    for secret in ("whole-array", "Earns nothing", "axis=0", "accuracy(net", "Conv2D(16"):
        assert secret not in text
    assert "form(scaled, shape=(4, 2))" in text
    assert "8 points, 6 of them" in followed.said["autograder release tiny"]


def test_the_scores_are_those_that_the_page_tells(followed: Followed) -> None:
    """Ada's wrong axis is diagnosed, her network has full points, her explanation waits."""
    rows = scores_of(followed.course)
    assert rows["test_scaled"]["points"] == 0
    assert str(rows["test_scaled"]["message"]).startswith("Mean and deviation were taken over all")
    assert rows["test_net"]["points"] == 4
    assert re.search(r"^.*\bada\b.* 4 .*\b1\b", followed.said["autograder scores tiny"], re.M)
    page = followed.course / "feedback" / "ada" / "tiny" / "first.html"
    assert "ean and deviation were taken over all numbers at once" in page.read_text()


def test_the_self_check_tells_what_can_be_seen(followed: Followed) -> None:
    """The forms are right, so all that is visible passes; the rest is for hidden tests."""
    (told,) = (text for line, text in followed.said.items() if "autograder check" in line)
    assert "✓ (a) Standardise: form correct, 2 points by hidden tests" in told
    assert "✓ (c) A small network: 2 of 2 points, 2 points by hidden tests" in told


def test_nothing_is_left_to_do(followed: Followed) -> None:
    """The last command, after a grading: all unchanged."""
    assert "0 to run, 0 to grade, 1 unchanged" in followed.said["autograder grade tiny --dry-run"]


def scores_of(course: Path) -> dict[str, dict[str, object]]:
    """By grade_id, as `autograder scores --format json` tells them."""
    said = autograder("scores", "--format", "json", course=course, assignment="tiny")
    return {row["grade_id"]: row for row in json.loads(said.text)}


def _answer(path: Path) -> None:
    """Fill Ada's answers into her notebook."""
    for found in ANSWER.finditer(PAGE):
        edit(path, found["name"], found["source"])


def _do(line: str, course: Path) -> str:
    """Run a line of the page in the course; what it printed."""
    if line.startswith(("KIT=", "export PATH")):  # this checkout, this environment
        return ""
    ran = subprocess.run(
        ["bash", "-c", line],
        cwd=course,
        env={**environment(), "KIT": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{line}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout
