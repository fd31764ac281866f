"""One server for all tests here, and a course whose gradebook it keeps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import autograder, copy_released

from postgres.server import Server, server, why_not


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    if reason := why_not():
        pytest.skip(reason)
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> tuple[Path, str]:
    """A course released into a database of its own, and the database's name."""
    database = postgres.make_database()
    root = copy_released(tmp_path_factory.mktemp("released"), _setting(postgres, database))
    (root / "gradebook.db").unlink()
    said = autograder("release", course=root)
    assert said.code == 0, said.text
    return root, database


@pytest.fixture
def course(tmp_path: Path, postgres: Server, released: tuple[Path, str]) -> Path:
    """A copy of it, with a copy of the database; nobody has handed in."""
    root, database = released
    course = tmp_path / "course"
    shutil.copytree(root, course)
    with (course / "course_config.py").open("a") as file:
        file.write(_setting(postgres, postgres.make_database(like=database)))
    return course


def _setting(postgres: Server, database: str) -> str:
    return f"c.CourseDirectory.db_url = {postgres.url(database)!r}\n"
