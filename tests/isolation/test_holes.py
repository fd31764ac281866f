"""Every hole of holes.py is closed, by each kind of walls that holds students' code."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.isolation import WarmProcess
from isolation import ask, holes
from isolation.targets import SECRET_TEXT, targets, with_targets

ALL = holes.FILES | holes.NETWORK | holes.KERNEL | holes.PROCESSES


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    with targets(tmp_path_factory.mktemp("course")) as found:
        yield found


def _try_all(warm: WarmProcess, target: dict[str, object]) -> dict[str, str]:
    """What came of each hole that was not refused."""
    names = target | {"LANDLOCK": warm.walls.landlock}
    found = {name: ask.find(warm, with_targets(code, names)) for name, code in ALL.items()}
    return {name: came for name, came in found.items() if came not in holes.REFUSED}


def test_full_walls_have_no_hole(full: WarmProcess, target: dict[str, object]) -> None:
    """Each attempt raises, and the secret is untouched."""
    assert _try_all(full, target) == {}
    assert Path(str(target["SECRET"])).read_text() == SECRET_TEXT


def test_landlock_and_seccomp_alone_have_no_hole(
    landlocked: WarmProcess, target: dict[str, object]
) -> None:
    """Without namespaces the same attempts raise."""
    assert _try_all(landlocked, target) == {}
    assert Path(str(target["SECRET"])).read_text() == SECRET_TEXT


def test_the_attempts_succeed_without_walls(tmp_path: Path) -> None:
    """The targets are there: here, outside, what reaches them does reach them."""
    with targets(tmp_path) as found:
        assert Path(str(found["SECRET"])).read_text() == SECRET_TEXT
        with socket.create_connection(("127.0.0.1", int(str(found["TCP"]))), timeout=5):
            pass
        with socket.socket(socket.AF_UNIX) as unix, socket.socket(socket.AF_UNIX) as abstract:
            unix.connect(str(found["SOCKET"]))
            abstract.connect("\0" + str(found["ABSTRACT"]))


@pytest.mark.parametrize("kind", ["full", "landlocked"])
def test_a_secret_in_the_home_directory_is_out_of_reach(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Nor can the home of whoever grades be listed."""
    warm = request.getfixturevalue(kind)
    secret = Path.home() / f".autograder-test-{os.getpid()}"
    secret.write_text(SECRET_TEXT)
    try:
        read = ask.find(warm, f"found = attempt(lambda: open({str(secret)!r}).read())")
        listed = ask.find(warm, f"found = attempt(lambda: os.listdir({str(Path.home())!r}))")
    finally:
        secret.unlink()
    assert read in holes.REFUSED
    assert secret.name not in listed


@pytest.mark.parametrize("kind", ["full", "landlocked"])
def test_the_project_s_own_files_are_out_of_reach(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Only the package can be read, not what lies beside it (sources, solutions, a gradebook)."""
    import autograder

    beside = Path(autograder.__file__).parents[1] / "pyproject.toml"
    assert beside.exists()
    code = f"found = attempt(lambda: open({str(beside)!r}).read())"
    assert ask.find(request.getfixturevalue(kind), code) in holes.REFUSED


@pytest.mark.parametrize("kind", ["full", "landlocked"])
def test_privileges_are_given_up(kind: str, request: pytest.FixtureRequest) -> None:
    """No capability, no new privilege, not root; a set-user-ID program gains nothing."""
    status, user, gained = ask.find(
        request.getfixturevalue(kind),
        "lines = open('/proc/self/status').read().splitlines()\n"
        "status = {k: v.strip() for k, _, v in (l.partition(':') for l in lines)}\n"
        "su = subprocess.run(['su', '-c', 'id -u'], capture_output=True, stdin=-3, text=True)\n"
        "found = [status, os.getresuid() + os.getresgid(), su.stdout]",
    )
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == int(status["CapAmb"], 16) == 0
    assert int(status["CapInh"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert 0 not in user
    assert gained == ""
    if kind != "landlocked":  # there, nobody has a right to shrink the set, nor to use it
        assert int(status["CapBnd"], 16) == 0


@pytest.mark.parametrize("kind", ["full", "landlocked"])
def test_the_starter_s_environment_is_unknown(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither os.environ nor any environ or cmdline below /proc shows it."""
    monkeypatch.setenv("AUTOGRADER_SECRET", SECRET_TEXT)
    texts, environment, work = ask.find(
        request.getfixturevalue(kind),
        "texts = []\n"
        "for number in filter(str.isdigit, os.listdir('/proc')):\n"
        "    for name in ('environ', 'cmdline'):\n"
        "        try: texts.append(Path('/proc', number, name).read_text(errors='replace'))\n"
        "        except OSError: pass\n"  # not ours to read, or gone by now
        "found = [texts, dict(os.environ), os.getcwd()]",
    )
    assert not any(SECRET_TEXT in text for text in texts)
    assert set(environment) == {"PATH", "LANG", "HOME", "USER", "LOGNAME", "TMPDIR"}
    assert environment["HOME"] == work


@pytest.mark.parametrize("kind", ["full", "landlocked", "unwalled"])
def test_no_file_is_inherited_but_the_line(kind: str, request: pytest.FixtureRequest) -> None:
    """Standard streams lead nowhere; one socket is the line. Nothing is passed to programs."""
    own, passed = ask.find(
        request.getfixturevalue(kind),
        "def look():\n"
        "    return {h: os.readlink(f'/proc/self/fd/{h}') for h in os.listdir('/proc/self/fd')\n"
        "            if os.path.lexists(f'/proc/self/fd/{h}')}\n"
        "own = look()\n"
        "passed = subprocess.run(['ls', '/proc/self/fd'], close_fds=False, stdout=-1, text=True)\n"
        "found = [own, passed.stdout.split()]",
    )
    others = {handle: place for handle, place in own.items() if place != "/dev/null"}
    assert len(others) == 1
    assert all(place.startswith("socket:") for place in others.values())
    assert set(passed) <= {"0", "1", "2", "3"}


@pytest.mark.parametrize("kind", ["full", "landlocked"])
def test_what_a_notebook_needs_still_works(kind: str, request: pytest.FixtureRequest) -> None:
    """Threads, programs, asyncio, pipes between processes, copies, time and random numbers."""
    found = ask.find(
        request.getfixturevalue(kind),
        "import asyncio\n"
        "async def later():\n"
        "    await asyncio.sleep(0)\n"
        "    return 'async'\n"
        "Path('a').write_text('text')\n"
        "shutil.copy2('a', 'b')\n"
        "with tempfile.NamedTemporaryFile('w') as file: file.write('x')\n"
        "done = []\n"
        "thread = threading.Thread(target=done.append, args=['thread'])\n"
        "thread.start(); thread.join()\n"
        "ours, theirs = multiprocessing.Pipe()\n"
        "child = os.fork()\n"
        "if child == 0: theirs.send('pipe'); os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "found = [asyncio.run(later()), Path('b').read_text(), done[0], ours.recv(),\n"
        "         subprocess.check_output(['echo', 'program'], text=True).strip(),\n"
        "         len(os.urandom(4)), os.path.expanduser('~') == os.getcwd()]",
    )
    assert found == ["async", "text", "thread", "pipe", "program", 4, True]
