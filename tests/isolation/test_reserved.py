"""What is reserved: read by a task that has the right to it, out of reach of every other."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.isolation import NO_WALLS, IsolationError, Walls
from isolation import ask, holes
from isolation.targets import SECRET_TEXT, with_targets

NAME = "images.npy"


@pytest.fixture(params=["/tmp", "/dev/shm", "/var/tmp"])
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """{open, data/{open, secret/images.npy, secret/deep/open}} and `link` to data/secret.

    In places that every room has for itself, and in one that it has not.
    """
    if not os.access(request.param, os.W_OK):
        pytest.skip(f"cannot make a directory in {request.param}")
    folder = Path(tempfile.mkdtemp(dir=request.param))
    folder.chmod(0o755)
    for name in ("open", "data/open", f"data/secret/{NAME}", "data/secret/deep/open"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(SECRET_TEXT if name.endswith(NAME) else "open")
        (folder / name).chmod(0o666)
    (folder / "link").symlink_to(folder / "data/secret")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["full", "landlocked", "namespaces alone"])
def kind(request: pytest.FixtureRequest, walls: Walls) -> Walls:
    """Each combination of walls that student code may be run behind."""
    kinds = {
        "full": walls,
        "landlocked": replace(walls, namespaces=False, cgroup=None),
        "namespaces alone": replace(walls, landlock=0, seccomp=False, cgroup=None),
    }
    found = kinds[request.param]
    if found.refuses or (request.param != "landlocked" and not found.namespaces):
        pytest.skip("this machine does not have such walls")
    return found


@pytest.mark.parametrize("readable", [[], ["."]], ids=["apart", "inside what is readable"])
def test_what_is_reserved_has_no_hole(kind: Walls, folder: Path, readable: list[str]) -> None:
    """All of holes.RESERVED, and the secret is untouched; who has the right reads it meanwhile."""
    secret = folder / "data/secret" / NAME
    names = {"RESERVED": str(secret.parent), "SECRET": str(secret)}
    attempts = holes.RESERVED | (holes.RESERVED_SIZES if kind.namespaces else {})
    hold = f"kept = open({str(secret)!r})\nline.send('ready', kept.read().encode())\ntime.sleep(60)"
    ready = threading.Event()
    with ask.start(
        kind, readable=[folder / name for name in readable], reserved=[secret.parent]
    ) as warm:

        def grade() -> None:
            task, parcel = "isolation.tasks:answer", {"code.py": hold.encode()}
            with contextlib.suppress(IsolationError):  # it is ended together with `warm`
                warm.run(task, parcel, ask.SMALL, lambda *_: ready.set(), reserved=True)

        grader = threading.Thread(target=grade)
        grader.start()
        assert ready.wait(10)
        found = {n: ask.find(warm, with_targets(code, names)) for n, code in attempts.items()}
    grader.join()
    listed = {name: found[name] for name in found if found[name] == "did it: []"}
    assert set(listed) <= {"list it"}  # of the cover
    refused = {name for name, came in found.items() if came in holes.REFUSED}
    assert {name: found[name] for name in found.keys() - listed.keys() - refused} == {}
    assert secret.read_text() == SECRET_TEXT


def _seen(walls: Walls, folder: Path, *, right: bool, **settings: list[Path]) -> set[str]:
    """Which files of `folder` a task reads, the secret ones through the link too."""
    names = ["open", "data/open", f"data/secret/{NAME}", "data/secret/deep/open", f"link/{NAME}"]
    code = (
        f"os.chdir({str(folder)!r}) if os.path.exists({str(folder)!r}) else None\n"
        f"came = {{n: attempt(lambda: open(n).read()) for n in {names!r}}}\n"
        f"found = [n for n in came if 'open' in came[n] or {SECRET_TEXT!r} in came[n]]"
    )
    with ask.start(walls, **settings) as warm:
        return set(ask.find(warm, code, reserved=right))


SECRET = {f"data/secret/{NAME}", "data/secret/deep/open"}
BY_LINK = {f"link/{NAME}"}


@pytest.mark.parametrize(
    ("readable", "hidden", "reserved", "everybody", "some"),
    [
        pytest.param([], [], ["data/secret"], set(), SECRET, id="alone"),
        pytest.param([], [], ["link"], set(), SECRET | BY_LINK, id="by a link"),
        pytest.param(["link"], [], ["data/secret"], set(), SECRET | BY_LINK, id="a link to it"),
        pytest.param(["data"], [], ["data/secret"], {"data/open"}, SECRET, id="inside"),
        pytest.param(["data/secret"], [], ["data/secret"], set(), SECRET, id="the same"),
        pytest.param(["data/secret/deep"], [], ["data/secret"], set(), SECRET, id="around"),
        pytest.param([], ["."], ["data/secret"], set(), SECRET, id="inside a hidden one"),
        pytest.param(
            ["data"], ["."], ["data/secret"], {"data/open"}, SECRET, id="inside both, data shown"
        ),
        pytest.param(
            ["."], ["data"], ["data/secret"], {"open"}, SECRET | BY_LINK, id="inside both"
        ),
        pytest.param(
            ["data"],
            ["data/secret/deep"],
            ["data/secret"],
            {"data/open"},
            {f"data/secret/{NAME}"},
            id="around a hidden one",
        ),
        pytest.param(
            ["data"],
            [],
            [f"data/secret/{NAME}"],
            {"data/open", "data/secret/deep/open"},
            {f"data/secret/{NAME}"},
            id="a file",
        ),
    ],
)
def test_only_who_has_the_right_sees_it(
    readable: list[str],
    hidden: list[str],
    reserved: list[str],
    everybody: set[str],
    some: set[str],
    kind: Walls,
    folder: Path,
) -> None:
    """Wherever it lies, and whatever leads to it; hidden things in it stay hidden."""
    if not kind.namespaces and f"data/secret/{NAME}" in some:
        some = some | BY_LINK  # all links are there, and lead where they lead
    settings = {
        "readable": [folder / name for name in readable],
        "hidden": [folder / name for name in hidden],
        "reserved": [folder / name for name in reserved],
    }
    assert _seen(kind, folder, right=False, **settings) == everybody
    assert _seen(kind, folder, right=True, **settings) == everybody | some


def test_who_has_the_right_cannot_write(kind: Walls, folder: Path) -> None:
    """Neither to what is reserved nor beside it."""
    secret = folder / "data/secret" / NAME
    code = (
        f"secret = {str(secret)!r}\n"
        "found = [attempt(lambda: open(secret).read()),\n"
        "         attempt(lambda: open(secret, 'a')), attempt(lambda: open(secret + '2', 'w')),\n"
        "         attempt(lambda: os.unlink(secret)), attempt(lambda: os.truncate(secret, 0))]"
    )
    with ask.start(kind, reserved=[secret.parent]) as warm:
        read, *changed = ask.find(warm, code, reserved=True)
    assert read == f"did it: {SECRET_TEXT!r}"
    assert set(changed) <= set(holes.REFUSED)
    assert secret.read_text() == SECRET_TEXT


def test_what_turns_up_later_is_not_shown(kind: Walls, folder: Path) -> None:
    """A reserved directory that is made inside a readable one after the start, or is nowhere."""
    later = folder / "data/later"
    reserved = [later, Path("/nowhere/at/all")]
    with ask.start(kind, readable=[folder / "data"], reserved=reserved) as warm:
        later.mkdir()
        (later / NAME).write_text(SECRET_TEXT)
        came = ask.find(warm, f"found = attempt(lambda: open({str(later / NAME)!r}).read())")
        beside = ask.find(warm, f"found = open({str(folder / 'data/open')!r}).read()")
    assert came in holes.REFUSED
    assert beside == "open"


def test_the_root_cannot_be_reserved_by_mistake(kind: Walls) -> None:
    """Not even Python can be read then; it does not mean that everything is shown."""
    came = "FileNotFoundError"
    with contextlib.suppress(IsolationError), ask.start(kind, reserved=[Path("/")]) as warm:
        came = ask.find(warm, f"found = attempt(lambda: open({os.__file__!r}).read(9))")
    assert came in holes.REFUSED


def test_without_walls_nothing_is_kept_from_anybody(folder: Path) -> None:
    """So the attempts above fail for the walls, not for want of something to find."""
    secret = folder / "data/secret" / NAME
    names = {"RESERVED": str(secret.parent), "SECRET": str(secret)}
    reading = ("read it", "list it", "walk to it", "through a link", "with dots", "from inside")
    handles = ("by a handle on the path", "from a handle on its directory", "climb with dots")
    attempts = {name: holes.RESERVED[name] for name in (*reading, *handles)} | holes.RESERVED_SIZES
    with ask.start(NO_WALLS, reserved=[secret.parent]) as warm:
        for name, code in attempts.items():
            assert "did it" in ask.find(warm, with_targets(code, names)), name
