"""The same walls for an ordinary user, who needs them most: all that is theirs is at stake."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from isolation import ask, holes
from isolation.targets import SECRET_TEXT, targets

USER = 23456
PYTHON = "/usr/bin/python3"
SCRIPT = """
import json, sys, tempfile
sys.path[:0] = {path!r}
from dataclasses import replace
from pathlib import Path
from autograder.isolation import survey
from isolation import ask, holes
from isolation.targets import targets, with_targets

walls = survey()
kinds = {{
    "full": walls,
    "landlocked": replace(walls, namespaces=False, cgroup=None),
    "first Landlock": replace(walls, namespaces=False, cgroup=None, landlock=1),
    "no Landlock": replace(walls, landlock=0),
}}
found = {{"walls": walls.summary()}}
RESERVED, RESERVED_SIZES = holes.RESERVED, holes.RESERVED_SIZES
holes = holes.FILES | holes.NETWORK | holes.KERNEL | holes.PROCESSES
with tempfile.TemporaryDirectory() as folder, targets(Path(folder)) as names:
    data, beside = Path(folder, "data"), dict(names)
    secret = data / "secret" / "images.npy"
    secret.parent.mkdir(parents=True)
    secret.write_text({secret!r})
    beside |= {{"RESERVED": str(secret.parent), "SECRET": str(secret)}}
    for kind, walls in kinds.items():
        if walls.refuses or (kind in ("full", "no Landlock") and not walls.namespaces):
            continue
        names["LANDLOCK"] = 7 if walls.namespaces else walls.landlock
        with ask.start(walls) as warm:
            found[kind] = {{h: ask.find(warm, with_targets(c, names)) for h, c in holes.items()}}
            found[kind + " user"] = ask.find(warm, "found = os.getuid()")
            for how, code in {{
                "memory": "kept = []\\nwhile True: kept.append(bytearray(b'x') * 10_000_000)",
                "forks": "while True:\\n    try: os.fork()\\n    except OSError: time.sleep(1)",
                "chmod": f"found = attempt(lambda: os.chmod({{names['SECRET']!r}}, 0))",
            }}.items():
                ending = ask.ask(warm, code, memory_mb=150, processes=30, wall_s=0.7).ending
                found[f"{{kind}} {{how}}"] = ending.how
            mode = Path(names["SECRET"]).stat().st_mode & 0o777
            found[kind + " mode"] = mode
        reserved = RESERVED | (RESERVED_SIZES if walls.namespaces else {{}})
        with ask.start(walls, readable=[data], reserved=[secret.parent]) as warm:
            tried = {{h: ask.find(warm, with_targets(c, beside)) for h, c in reserved.items()}}
            found[kind + " reserved"] = tried
            code = f"found = open({{str(secret)!r}}).read()"
            found[kind + " right"] = ask.find(warm, code, reserved=True)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the script found out as an ordinary user."""
    if os.getuid() != 0 or not shutil.which("setpriv") or not Path(PYTHON).exists():
        pytest.skip("needs root, setpriv and a Python that everybody may run")
    become = ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups"]
    package = str(Path(ask.__file__).parents[2])
    paths = [package, str(ask.HERE.parent)]
    able = [PYTHON, "-c", f"import sys; sys.path[:0] = {paths!r}; import autograder, isolation.ask"]
    tried = subprocess.run(become + able, capture_output=True, text=True, cwd="/", check=False)
    if tried.returncode:
        pytest.skip(f"an ordinary user cannot run it here: {tried.stderr[-200:]}")
    script = SCRIPT.format(path=paths, secret=SECRET_TEXT)
    ran = subprocess.run(
        [*become, PYTHON, "-W", "error", "-"],
        input=script,
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("kind", ["full", "landlocked", "first Landlock", "no Landlock"])
def test_an_ordinary_user_s_walls_have_no_hole(told: dict[str, Any], kind: str) -> None:
    """All of holes.py, with nothing to protect a file but the walls: everything is the user's."""
    if kind not in told:
        pytest.skip(f"not available to an ordinary user: {told['walls']}")
    assert {n: came for n, came in told[kind].items() if came not in holes.REFUSED} == {}


@pytest.mark.parametrize("kind", ["full", "landlocked", "first Landlock", "no Landlock"])
def test_limits_hold_for_an_ordinary_user(told: dict[str, Any], kind: str) -> None:
    """There is no cgroup for them as a rule: rlimits and the watchdog."""
    if kind not in told:
        pytest.skip(f"not available to an ordinary user: {told['walls']}")
    assert told[f"{kind} memory"] in ("memory", "died")
    assert told[f"{kind} forks"] in ("time", "memory")


@pytest.mark.parametrize("kind", ["full", "landlocked", "first Landlock", "no Landlock"])
def test_rights_on_an_ordinary_user_s_files_stay(told: dict[str, Any], kind: str) -> None:
    """Landlock alone would let chmod through."""
    if kind not in told:
        pytest.skip(f"not available to an ordinary user: {told['walls']}")
    assert told[f"{kind} mode"] == 0o666


@pytest.mark.parametrize("kind", ["full", "landlocked", "first Landlock", "no Landlock"])
def test_what_is_reserved_has_no_hole_for_an_ordinary_user(told: dict[str, Any], kind: str) -> None:
    """All of holes.RESERVED on files that are the user's own; who has the right reads them."""
    if kind not in told:
        pytest.skip(f"not available to an ordinary user: {told['walls']}")
    tried = told[f"{kind} reserved"]
    assert {n for n in tried if tried[n] not in holes.REFUSED} <= {"list it"}  # its cover
    assert tried["list it"] in (*holes.REFUSED, "did it: []")
    assert told[f"{kind} right"] == SECRET_TEXT


def test_the_targets_can_be_made(tmp_path: Path) -> None:
    """So that the others do not pass for the wrong reason."""
    with targets(tmp_path) as found:
        assert set(found) == {"SECRET", "PARENT", "TCP", "UDP", "SOCKET", "ABSTRACT"}
