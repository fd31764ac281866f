"""The kit's main job on a small class: release, hand-ins, grading, scores, feedback.

Works in build/demo, a course directory of its own; the checkout stays as it is.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from demo.hand_ins import (
    HOSTILE,
    KNOWN_MISTAKES,
    assignments,
    fill,
    hand_in,
    real_answers,
    solutions,
)

ROOT = Path(__file__).parent.parent
COURSE = ROOT / "build" / "demo"


def main() -> int:
    """Run the demo; 0 if every real hand-in scored as it should."""
    make_course()
    run("release", "cnn")
    make_hand_ins()
    run("grade", "cnn", may_complain=True)
    run("feedback", "cnn")
    run("scores", "cnn")
    return compare()


def make_course() -> None:
    shutil.rmtree(COURSE, ignore_errors=True)
    COURSE.mkdir(parents=True)
    shutil.copytree(ROOT / "source", COURSE / "source")
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, COURSE)


def make_hand_ins() -> None:
    """Two real students, and beside them one of each kind."""
    released = nbformat.read(COURSE / "release" / "cnn" / "theory.ipynb", as_version=4)
    solved = nbformat.read(COURSE / "solutions" / "cnn" / "theory.ipynb", as_version=4)
    submitted = COURSE / "submitted"
    for entry in real_answers():
        hand_in(fill(released, assignments(entry["answers"])), submitted, entry["student"])
    hand_in(fill(released, solutions(solved)), submitted, "perfect")
    hand_in(released, submitted, "unedited")
    hand_in(fill(released, assignments(KNOWN_MISTAKES)), submitted, "known-mistakes")
    hand_in(fill(released, HOSTILE), submitted, "hostile")


def compare() -> int:
    """Print each test's outcome; 1 if a real hand-in did not score as it should."""
    text = run("scores", "cnn", "--format", "json", quiet=True)
    rows = json.loads(text)
    outcomes = {(row["student"], row["grade_id"]): row["outcome"] for row in rows}
    for row in rows:
        if row["student"] in ("known-mistakes", "hostile"):
            print(f"{row['student']:15} {row['grade_id']:9} {row['outcome']}: {row['message']}")
    wrong = [
        f"{entry['student']}, {name}: expected {expected}, got {got}"
        for entry in real_answers()
        for name, expected in entry["expect"].items()
        if (got := outcomes[entry["student"], f"test_{name}"]) != expected
    ]
    print("\n".join(wrong) or "The real hand-ins scored as their teachers expect.")
    print(f"Feedback: {COURSE.relative_to(ROOT)}/feedback/<student>/cnn/theory.html")
    return 1 if wrong else 0


def run(*arguments: str, may_complain: bool = False, quiet: bool = False) -> str:
    """Run `autograder` in the demo's course; ends the demo where it fails."""
    print(f"$ autograder {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "autograder", *arguments, "--course", str(COURSE)]
    done = subprocess.run(command, stdout=subprocess.PIPE if quiet else None, text=True)
    if done.returncode not in ((0, 1) if may_complain else (0,)):
        sys.exit(done.returncode)
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main())
