"""The built wheel, alone in new environments: what a student installs, and the commands.

Run by `make wheel-test`; not collected by pytest, since it installs packages.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
_STUDENT = """
import numpy as np
from autograder.checks import equal, form, scorecard
card = scorecard("Question", points=2)
card.require(form([[1, 2]], shape=(1, 2)))
card.expect(2, equal([[1, 2]], np.array([[1, 2]])))
assert repr(card) == "2.0", card
assert "Question" in card._repr_html_()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, ROOT)
        (wheel,) = place.glob("*.whl")
        python = place / "venv" / "bin" / "python"
        venv.create(place / "venv", with_pip=True)
        run(python, "-m", "pip", "install", "--quiet", "--constraint", constraints(place), wheel)
        run(python, "-c", _STUDENT)
        bare = subprocess.run(
            [python.with_name("autograder"), "doctor"], capture_output=True, text=True, cwd=place
        )
        if bare.returncode == 0 or "pip install" not in bare.stderr or "Traceback" in bare.stderr:
            sys.exit(f"without its extra the command should say what to install: {bare.stderr}")
    print("wheel: a student's check runs on numpy alone, and the commands say what they need")


def constraints(place: Path) -> Path:
    """The locked versions without their hashes."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line.rstrip(" \\") for line in lines if "==" in line and not line.startswith(" ")]
    path = place / "constraints.txt"
    path.write_text("\n".join(pins))
    return path


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
