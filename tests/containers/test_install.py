"""install.sh on a bare Debian; then the kit that it installed grades a class there.

Downloads the locked packages (some 700 MB where pip has no cache of them) and takes minutes: only
when asked for by AUTOGRADER_TEST_CONTAINERS=1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from containers import bare_root, locks

ROOT = Path(__file__).parents[2]
ASKED = "AUTOGRADER_TEST_CONTAINERS"
PYTHON = "/opt/autograder/bin/python"
# What a course and the demo consist of: without autograder/, so that the installed kit is found.
COURSE = ("demo", "source", "solutions", "course_config.py", "nbgrader_config.py")

pytestmark = [
    pytest.mark.skipif(not os.environ.get(ASKED), reason=f"takes minutes; asked for by {ASKED}=1"),
    pytest.mark.skipif(bool(bare_root.missing()), reason=bare_root.missing()),
    pytest.mark.timeout(3000),
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bare_root.BareRoot]:
    """A bare root that install.sh has been run in."""
    folder = tmp_path_factory.mktemp("bare")
    try:
        root = bare_root.make(folder / "root")
        _copy_kit(root.path / "kit")
        options = ("--variant", "cpu", "--data", "small")
        done = root.run("/kit/containers/install.sh", *options, timeout_s=1800)
        assert done.returncode == 0, done.stdout[-4000:]
        yield root
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # gigabytes


def _copy_kit(place: Path) -> None:
    """The checkout as it is, without what git ignores."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        if (path := ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place / name)


def test_what_is_installed_is_the_lock(installed: bare_root.BareRoot) -> None:
    """Every package stands in the lock with its version; nothing is left of the installation."""
    frozen = installed.run(PYTHON, "-m", "pip", "list", "--format=freeze", timeout_s=300).stdout
    found = set(locks.pins_in(frozen))
    others = {name for name, _ in found - locks.pins(locks.KIT)}
    assert others == {"pip", "autograder"}  # which came with Python, and what is tested
    assert {"tensorflow", "nbgrader", "jupyterlab"} <= {name for name, _ in found}
    assert not list((installed.path / "var/lib/apt/lists").iterdir())
    assert not (installed.path / "root/.cache/pip").exists()


def test_students_find_their_data_and_nothing_hidden(installed: bare_root.BareRoot) -> None:
    """The image holds the stand-ins that notebooks read, and no folder beside them."""
    data = installed.path / "opt/autograder-data"
    assert [path.name for path in data.iterdir()] == ["students"]
    names = {path.name for path in (data / "students" / "small").iterdir()}
    assert names == {"cats_dogs", "cifar10", "vgg16"}


@pytest.mark.parametrize("user", ["root", "user"])
def test_a_class_is_graded(installed: bare_root.BareRoot, user: str) -> None:
    """Walls stand, the demo's theory is released, and its hand-ins score as they should.

    As root of a container, as in Docker, and as an ordinary user of one, as in Apptainer.
    """
    run = installed.run if user == "root" else installed.run_as_user
    cwd = f"/course-{user}"
    _make_course(installed.path / "kit", installed.path / cwd[1:])
    doctor = run("/opt/autograder/bin/autograder", "doctor", timeout_s=300, cwd=cwd)
    assert doctor.returncode == 0, doctor.stdout
    demo = run(PYTHON, "-m", "demo", "theory", timeout_s=900, cwd=cwd)
    assert demo.returncode == 0, demo.stdout[-4000:]
    assert "All hand-ins scored as they should." in demo.stdout


def _make_course(kit: Path, course: Path) -> None:
    """What everybody may write in."""
    course.mkdir()
    for name in COURSE:
        copy = shutil.copytree if (kit / name).is_dir() else shutil.copy
        copy(kit / name, course / name)
    for path in (course, *course.rglob("*")):
        path.chmod(0o777)
