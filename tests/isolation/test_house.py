"""What of this machine a task sees: exactly the paths that were named, minus what is hidden."""

from __future__ import annotations

import os
import shutil
import site
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.isolation import Walls, house
from isolation import ask


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """course/{data/d, source/{hidden, data/x, deep/e}} and `link` to it, all world-readable."""
    course = tmp_path / "course"
    for name in ("data/d", "source/hidden", "source/data/x", "source/deep/e"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).write_text(name)
    (tmp_path / "link").symlink_to(course)
    for path in [*tmp_path.parents, tmp_path]:
        if path.is_relative_to("/tmp/") and path != Path("/tmp"):
            path.chmod(0o755)
    return course


def _kind(kind: str, walls: Walls) -> Walls:
    found = walls if kind == "full" else replace(walls, namespaces=False, cgroup=None)
    if found.refuses or (kind == "full" and not found.namespaces):
        pytest.skip("this machine does not have such walls")
    return found


def _seen(walls: Walls, course: Path, **settings: list[Path]) -> dict[str, bool]:
    """Which of the files a task can read, by their real path and through the link."""
    names = ["data/d", "source/hidden", "source/data/x", "source/deep/e"]
    paths = {
        name: [str(place / name) for place in (course, course.parent / "link")] for name in names
    }
    code = (
        f"found = {{}}\nfor name, paths in {paths!r}.items():\n"
        "    came = [attempt(lambda: open(path).read()) for path in paths]\n"
        "    found[name] = [c.startswith('did it') for c in came]\n"
    )
    with ask.start(walls, **settings) as warm:
        found: dict[str, list[bool]] = ask.find(warm, code)
    return {name: any(came) for name, came in found.items()}


@pytest.mark.parametrize("kind", ["full", "landlocked"])
@pytest.mark.parametrize("through", ["course", "link"])
@pytest.mark.parametrize("hide", ["course", "link"])
def test_hidden_wins_over_what_holds_it(
    kind: str, through: str, hide: str, walls: Walls, course: Path
) -> None:
    """Named by its real path or through a link, on either side."""
    readable, hidden = course.parent / through, course.parent / hide / "source"
    seen = _seen(_kind(kind, walls), course, readable=[readable], hidden=[hidden])
    assert seen == {
        "data/d": True,
        "source/hidden": False,
        "source/data/x": False,
        "source/deep/e": False,
    }


@pytest.mark.parametrize("kind", ["full", "landlocked"])
def test_what_is_named_below_a_hidden_directory_is_shown(
    kind: str, walls: Walls, course: Path
) -> None:
    """The more specific path wins: a Python inside a course directory still works."""
    settings = {
        "readable": [course, course / "source/data"],
        "hidden": [course, course / "source/deep"],
    }
    seen = _seen(_kind(kind, walls), course, **settings)
    assert seen == {
        "data/d": False,
        "source/hidden": False,
        "source/data/x": True,
        "source/deep/e": False,
    }


@pytest.mark.parametrize("kind", ["full", "landlocked"])
def test_a_file_can_be_hidden(kind: str, walls: Walls, course: Path) -> None:
    """And a path that is nowhere does no harm."""
    hidden = [course / "source/hidden", course / "missing", Path("/nowhere/at/all")]
    walls = _kind(kind, walls)
    with ask.start(walls, readable=[course], hidden=hidden) as warm:
        code = f"found = attempt(lambda: open({str(hidden[0])!r}).read())"
        assert ask.find(warm, code) in ("PermissionError", "did it: ''")
        code = f"found = open({str(course / 'source/data/x')!r}).read()"
        assert ask.find(warm, code) == "source/data/x"


def test_hidden_directories_look_empty(walls: Walls, course: Path) -> None:
    """Not even names are seen."""
    walls = _kind("full", walls)
    with ask.start(walls, readable=[course], hidden=[course / "source"]) as warm:
        code = f"found = attempt(lambda: os.listdir({str(course / 'source')!r}))"
        assert ask.find(warm, code) == "did it: []"
        code = f"found = attempt(lambda: open({str(course / 'source/x')!r}, 'w'))"
        assert ask.find(warm, code) in ("OSError", "PermissionError")


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm", "/home/student"])
def test_what_is_readable_stays_so_below_a_private_directory(
    place: str, walls: Walls, request: pytest.FixtureRequest
) -> None:
    """A Python installed below /tmp: it can be read and not changed, and /tmp is private still."""
    if not walls.namespaces or not os.access(place, os.W_OK):
        pytest.skip("cannot make a directory there, or no namespaces")
    folder = Path(place) / f"autograder-test-{os.getpid()}"
    (folder / "inner").mkdir(parents=True)
    request.addfinalizer(lambda: shutil.rmtree(folder))
    (folder / "inner/file").write_text("text")
    (folder / "link").symlink_to(folder / "inner")
    code = (
        f"folder = Path({str(folder)!r})\n"
        "found = [attempt(lambda: (folder / 'inner/file').read_text()),\n"
        "         attempt(lambda: (folder / 'link/file').read_text()),\n"
        "         attempt(lambda: (folder / 'inner/file').write_text('x')),\n"
        "         attempt(lambda: (folder / 'inner/new').write_text('x')),\n"
        "         attempt(lambda: os.unlink(folder / 'inner/file')),\n"
        "         attempt(lambda: os.rmdir(folder / 'inner')),\n"
        "         [n for n in os.listdir(folder.parent) if n != 'w'][:3]]"
    )
    with ask.start(walls, readable=[folder / "inner", folder / "link"]) as warm:
        read, through_link, *others, beside = ask.find(warm, code)
    assert read == through_link == "did it: 'text'"
    assert not any(came.startswith("did it") for came in others)
    assert folder.name in beside
    assert (folder / "inner/file").read_text() == "text"


def test_python_and_the_package_are_visible() -> None:
    """Wherever they are installed."""
    shown = house.visible()
    import autograder

    for needed in (sys.prefix, sys.base_prefix, autograder.__path__[0], os.__file__):
        path = Path(needed).resolve()
        assert any(path.is_relative_to(place) for place in shown), needed
    assert Path("/etc/shadow") not in shown
    assert Path.home() not in shown


def test_a_prefix_behind_a_link_is_shown_with_it(tmp_path: Path) -> None:
    """Both names are needed: that of the link and what it leads to."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    shown = house.visible([tmp_path / "link"])
    assert {tmp_path / "link", (tmp_path / "real").resolve()} <= set(shown)


def test_packages_of_the_user_are_visible_where_they_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip install --user puts them outside of Python's prefix."""
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(tmp_path))
    assert tmp_path not in house.visible()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert tmp_path in house.visible()


def test_only_the_outermost_paths_are_kept() -> None:
    """What lies below another is shown with it."""
    paths = [Path("/a"), Path("/a/b"), Path("/ab"), Path("/c/d")]
    assert house.outermost(paths) == (Path("/a"), Path("/ab"), Path("/c/d"))


def test_a_directory_with_something_hidden_becomes_its_other_entries(course: Path) -> None:
    """That is how a wall that can only allow leaves something out; links lead nowhere then."""
    (course / "to_source").symlink_to(course / "source")
    found = house.apart([course], [course / "source/deep"])
    assert found == (course / "data", course / "source/data", course / "source/hidden")
    assert house.apart([course], [course.parent]) == (course,)
    assert house.apart([course / "data"], [course / "data"]) == ()
