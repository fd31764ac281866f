"""The kit's main job on a small class: release, hand-ins, grading, feedback, report.

    python -m demo            all notebooks; about ten minutes on two processors
    python -m demo theory     the theory notebook alone; seconds

Works in build/demo, a course directory of its own; the checkout stays as it is.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from demo import programming, theory

ROOT = Path(__file__).parent.parent
COURSE = ROOT / "build" / "demo"


def main(theory_alone: bool) -> int:
    """Run the demo; 0 if every hand-in scored as it should."""
    started = time.monotonic()
    make_course(theory_alone)
    run("release", "cnn", "--keep-solutions")
    parts = [theory] if theory_alone else [theory, programming]
    for part in parts:
        part.make_hand_ins(COURSE)
    run("grade", "cnn", "--verbose", may_complain=True)
    run("feedback", "cnn")
    run("report", "cnn")
    run("scores", "cnn")
    rows = json.loads(run("scores", "cnn", "--format", "json", quiet=True))
    wrong = [line for part in parts for line in part.compare(rows)]
    print("\n".join(wrong) or "All hand-ins scored as they should.")
    place = COURSE.relative_to(ROOT)
    print(f"Feedback: {place}/feedback/<student>/cnn/<notebook>.html")
    print(f"The class: {place}/report/cnn/index.html")
    print(f"Mark the explanations: .venv/bin/autograder mark cnn --course {place}")
    print(f"{(time.monotonic() - started) / 60:.1f} minutes")
    return 1 if wrong else 0


def make_course(theory_alone: bool) -> None:
    """source/, and the solutions as they were run for it; data sets that are there are kept."""
    for left in COURSE.glob("*"):
        if left.name != "data":
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    for tree in ("source", "solutions"):
        only = "theory.ipynb" if theory_alone else "*"
        for path in (ROOT / tree / "cnn").glob(only):
            place = COURSE / tree / "cnn" / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, COURSE)


def run(*arguments: str, may_complain: bool = False, quiet: bool = False) -> str:
    """Run `autograder` in the demo's course; ends the demo where it fails."""
    print(f"$ autograder {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "autograder", *arguments, "--course", str(COURSE)]
    done = subprocess.run(command, stdout=subprocess.PIPE if quiet else None, text=True)
    if done.returncode not in ((0, 1) if may_complain else (0,)):
        sys.exit(done.returncode)
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main(theory_alone="theory" in sys.argv[1:]))
