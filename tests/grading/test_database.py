"""The gradebook's database: made once, waited for, named without a password, quick to look up."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from support import ASSIGNMENT, autograder, build, copy_graded, edit, environment

from autograder.course import Course
from autograder.grading.database import INDEXES, gradebook_name, make_gradebook, patient_url

MAKE = """import sys
from pathlib import Path
from autograder.course import Course
from autograder.grading.database import make_gradebook
course = Course(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
make_gradebook(course)
"""


def _course(root: Path, url: str) -> Course:
    return Course(build(root, f"c.CourseDirectory.db_url = {url!r}"))


def test_sqlite_waits_for_other_writers(tmp_path: Path) -> None:
    """For minutes, where its own 5 seconds would end a night's grading."""
    assert make_url(patient_url(Course(build(tmp_path)))).query == {"timeout": "300"}


@pytest.mark.parametrize(
    "url", ["sqlite:////tmp/g.db?timeout=7", "postgresql+psycopg://u:p%40@h/d?connect_timeout=3"]
)
def test_an_address_with_its_own_patience_is_left(url: str, tmp_path: Path) -> None:
    """As is one of a server, password and all."""
    assert patient_url(_course(tmp_path, url)) == url


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://u:geheim@h/d", "postgresql+psycopg://u@h/d?password=geheim"],
)
def test_a_name_has_no_password(url: str, tmp_path: Path) -> None:
    """Wherever in the address it stands."""
    name = gradebook_name(_course(tmp_path, url))
    assert "h/d" in name
    assert "geheim" not in name


def test_two_processes_make_one_gradebook(tmp_path: Path) -> None:
    """At the same moment, where nbgrader alone fails: both end well."""
    build(tmp_path)
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE, str(tmp_path)],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for maker in makers:
        assert maker.stdout is not None
        assert maker.stdout.readline() == "ready\n"
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("go\n")
        maker.stdin.flush()
    for maker in makers:
        maker.communicate(timeout=100)
    assert [maker.returncode for maker in makers] == [0, 0]
    with closing(sqlite3.connect(tmp_path / "gradebook.db")) as db:
        assert db.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
        assert db.execute("SELECT id FROM course").fetchall() == [("deep-learning",)]


def test_look_ups_do_not_read_the_whole_class(tmp_path: Path) -> None:
    """What nbgrader asks all the time is found by an index; grading gives it to old gradebooks."""
    root = copy_graded(tmp_path)
    asked = "EXPLAIN QUERY PLAN SELECT * FROM grade WHERE notebook_id = 'x'"
    with closing(sqlite3.connect(root / "gradebook.db")) as db:
        for name in INDEXES:
            db.execute(f"DROP INDEX {name}")
        assert "SCAN grade" in str(db.execute(asked).fetchall())
    assert autograder("grade", course=root).code == 0
    with closing(sqlite3.connect(root / "gradebook.db")) as db:
        assert "USING INDEX autograder_grade_notebook" in str(db.execute(asked).fetchall())


def test_a_gradebook_that_is_complete_is_not_written(tmp_path: Path) -> None:
    """Nor are its indexes made anew."""
    root = copy_graded(tmp_path)
    before = (root / "gradebook.db").read_bytes()
    make_gradebook(Course(root))
    assert (root / "gradebook.db").read_bytes() == before


def test_a_writer_that_holds_on_for_too_long_is_one_line(tmp_path: Path) -> None:
    """As long as the course sets by its own timeout."""
    root = copy_graded(tmp_path)
    _impatient(root)
    edit(root / "submitted" / "s" / ASSIGNMENT / "two.ipynb", "b", "b = 5")
    with closing(sqlite3.connect(root / "gradebook.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = autograder("grade", course=root)
    assert said.code == 2
    (line,) = said.lines
    assert "gradebook.db: the gradebook cannot be used: database is locked" in line
    assert autograder("grade", course=root).code == 0


def _impatient(root: Path) -> None:
    with (root / "course_config.py").open("a") as file:
        file.write(f"c.CourseDirectory.db_url = 'sqlite:///{root}/gradebook.db?timeout=0.2'\n")


def test_a_writer_that_holds_on_only_delays(tmp_path: Path) -> None:
    """Grading goes on when the other one is done, and loses nothing."""
    root = copy_graded(tmp_path)
    edit(root / "submitted" / "s" / ASSIGNMENT / "two.ipynb", "b", "b = 5")
    shown = root / "autograded" / "s" / ASSIGNMENT / "two.ipynb"
    command = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT, "--course", str(root)]
    with closing(sqlite3.connect(root / "gradebook.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        before = shown.stat().st_mtime_ns
        with subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, text=True
        ) as grading:
            while shown.stat().st_mtime_ns == before:  # it is written before the gradebook is
                assert grading.poll() is None
            other.execute("INSERT INTO student (id) VALUES ('enrolled')")
            other.execute("COMMIT")
            said, _ = grading.communicate(timeout=200)
    assert (grading.returncode, "1 run, 1 graded" in said) == (0, True), said
    assert "s,2.0,0.0,0.0,2.0,6.0,1" in autograder("scores", "--format", "csv", course=root).text
