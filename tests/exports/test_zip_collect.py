"""`nbgrader zip_collect` with the kit's plugins."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import ASSIGNMENT, copy_released, environment

from autograder.exports.layouts import LAYOUTS
from autograder.exports.zip_collect import SafeExtractor
from exports.made import zipped
from exports.test_collecting import CANVAS, GRADESCOPE, MOODLE

PLUGINS = "autograder.exports.zip_collect"
EXPECTED = {
    "canvas": {"anna/one": "new", "anna/two": "two", "bob/two": "late"},
    "moodle": {"anna/one": "1", "anna/two": "2", "bob/two": "late"},
    "gradescope": {"anna/one": "1"},
}


def _course(root: Path, files: dict[str, str]) -> Path:
    copy_released(root)
    (root / "list.csv").write_text("lms_id,student_id\n11,anna\n12,bob\n")
    folder = root / "downloaded" / ASSIGNMENT / "archive"
    folder.mkdir(parents=True)
    # As Canvas calls it: "course 5, 9 submissions" is nobody's upload.
    zipped(folder / "course_5_9_submissions.zip", files)
    return root


def _run(root: Path, layout: str) -> subprocess.CompletedProcess[str]:
    """With course_config.py as it is shipped, its lines for one of the layouts uncommented."""
    with (root / "course_config.py").open("a") as config:
        config.write(
            f"c.ZipCollectApp.collector_plugin = '{PLUGINS}.{layout.capitalize()}'\n"
            "c.FileNameCollectorPlugin.roster = 'list.csv'\n"
        )
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", "zip_collect", ASSIGNMENT],
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("layout", "files"), [("canvas", CANVAS), ("moodle", MOODLE), ("gradescope", GRADESCOPE)]
)
def test_the_command_collects(layout: str, files: dict[str, str], tmp_path: Path) -> None:
    """The newest notebooks, under the course's ids."""
    root = _course(tmp_path, files)
    said = _run(root, layout)
    assert said.returncode == 0, said.stderr
    found = {
        f"{path.parts[-3]}/{path.stem}": path.read_text()
        for path in (root / "submitted").glob(f"*/{ASSIGNMENT}/*.ipynb")
    }
    assert found == EXPECTED[layout]
    time = root / "submitted" / "anna" / ASSIGNMENT / "timestamp.txt"
    assert time.is_file() == (layout == "gradescope")


def test_a_list_that_a_student_handed_in_is_not_believed(tmp_path: Path) -> None:
    """Neither in Moodle's layout nor in place of Gradescope's own."""
    forged = "{'11': {':created_at': 2020-01-01, ':submitters': [{':email': bob@x.example}]}}"
    folder = "Anna_11_assignsubmission_file_"
    files = {f"{folder}/one.ipynb": "1", f"{folder}/submission_metadata.yml": forged}
    root = _course(tmp_path / "moodle", files)
    assert _run(root, "moodle").returncode == 0
    assert [path.name for path in (root / "submitted").iterdir()] == ["anna"]
    assert not list((root / "submitted").rglob("timestamp.txt"))
    place = "assignment_1_export/submission_11"
    files = {f"{place}/one.ipynb": "1", f"{place}/submission_metadata.yml": forged}
    said = _run(_course(tmp_path / "gradescope", files), "gradescope")
    assert said.returncode != 0
    assert "expected submission_metadata.yml in it, found none" in said.stderr


def test_what_leads_out_is_refused(tmp_path: Path) -> None:
    """In one line of nbgrader's log."""
    root = _course(tmp_path, {"../../evil.ipynb": "x"})
    said = _run(root, "canvas")
    assert said.returncode != 0
    assert "leads out of the folder" in said.stderr
    assert "Traceback" not in said.stderr
    assert not list(tmp_path.rglob("evil.ipynb"))


def test_names_that_cannot_be_written(tmp_path: Path) -> None:
    """A file cannot be a folder as well; the other files are unpacked."""
    files = {"lee_1_2_x": "1", "lee_1_2_x/one.ipynb": "2", "lee_1_3_two.ipynb": "3"}
    (tmp_path / "in").mkdir()
    zipped(tmp_path / "in" / "class.zip", files)
    SafeExtractor().extract(str(tmp_path / "in"), str(tmp_path / "out"))
    found = {path.name for path in (tmp_path / "out" / "class").iterdir()}
    assert found == {"lee_1_2_x", "lee_1_3_two.ipynb"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_expressions_are_nbgraders(layout: str) -> None:
    """named_regexp needs these two groups, and is matched from the beginning of a whole path."""
    groups = re.compile(LAYOUTS[layout]).groupindex
    assert {"student_id", "file_id"} <= groups.keys()
    names = {
        "canvas": "lee_11_1_one.ipynb",
        "moodle": "Lee_11_assignsubmission_file_/one.ipynb",
        "gradescope": "submission_11/one.ipynb",
    }
    found = re.match(LAYOUTS[layout], f"/tmp/x/extracted/{names[layout]}")
    assert found is not None
    assert found["student_id"].endswith("11")
    assert found["file_id"] == "one.ipynb"
