"""The instructor's desk for a whole class: report, feedback and export, beside stock nbgrader's.

    python -m benchmarks.desk [--students 100 300] [--sample 10]

Each command is a process of its own, as in a terminal: seconds, and the peak memory of it and all
its children (shared pages counted once). With other work on the machine, seconds of processors say
more than those of the clock. Report and export are of a made-up class with models,
figures and long outputs (benchmarks.report), feedback is of the course's own solutions, each with
other words (benchmarks.feedback); three notebooks a student in both. Stock nbgrader writes the
feedback of a sample and the grades of all. Needs some 25 MB of disk a student, while it runs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import feedback, gradebooks, report

_POLL_S = 0.1
_STOCK = """
c.GenerateFeedback.exporter_class = "nbconvert.exporters.HTMLExporter"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.sanitize_html = False
c.HTMLExporter.filters = {}
del c.HTMLExporter["extra_template_basedirs"]
"""


@dataclass(frozen=True)
class Timing:
    """peak_mb: of the command and its children together, at the same moment."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--sample", type=int, default=10, help="students of stock's feedback")
    options = parser.parse_args()
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        stock_s = stock_feedback(Path(folder) / "stock", options.sample)
    for students in options.students:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            compare(Path(folder), students, stock_s)


def compare(folder: Path, students: int, stock_s: float) -> None:
    """Print what a class of `students` takes; stock_s: stock's feedback, for a student."""
    print(f"{students} students × {len(gradebooks.NOTEBOOKS)} notebooks", flush=True)
    large = report.make(folder / "large", students)
    made = tell("report", timed(large, "autograder", "report", gradebooks.ASSIGNMENT))
    export = ("autograder", "export", gradebooks.ASSIGNMENT, "--to", "csv")
    exported = tell("export", timed(large, *export))
    stock = tell("nbgrader export", timed(large, "nbgrader", "export"))
    pages = feedback.make_course(folder / "course", students).root
    written = tell("feedback", timed(pages, "autograder", "feedback", feedback.ASSIGNMENT))
    found = len(list(pages.glob("feedback/*/*/*.html")))
    if found != 3 * students:
        sys.exit(f"{pages}: expected {3 * students} pages, found {found}")
    print(f"  together        {made.wall_s + exported.wall_s + written.wall_s:7.1f} s")
    print(f"  feedback, ratio to stock {stock_s * students / written.wall_s:.1f}")
    print(f"  export, ratio to stock   {stock.wall_s / exported.wall_s:.1f}", flush=True)


def stock_feedback(root: Path, students: int) -> float:
    """Seconds that `nbgrader generate_feedback` takes for a student, with its own template."""
    course = feedback.make_course(root, students).root
    with (course / "course_config.py").open("a") as config:
        config.write(_STOCK)
    print(f"stock nbgrader, {students} students × 3 notebooks", flush=True)
    command = ("nbgrader", "generate_feedback", feedback.ASSIGNMENT)
    return tell("its feedback", timed(course, *command)).wall_s / students


def tell(name: str, timing: Timing) -> Timing:
    spent = f"{timing.wall_s:7.1f} s ({timing.cpu_s:.1f} s of processors)"
    print(f"  {name:15} {spent}  {timing.peak_mb:6.0f} MB", flush=True)
    return timing


def timed(course: Path, *command: str) -> Timing:
    """Run a console script in `course`; it must not fail."""
    begun, used_s, peak_mb = time.monotonic(), _cpu_s(), 0.0
    null = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=course, stdout=null, stderr=null) as process:
        while process.poll() is None:
            peak_mb = max(peak_mb, sum(_memory_mb(pid) for pid in _tree(process.pid)))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Timing(time.monotonic() - begun, _cpu_s() - used_s, peak_mb)


def _cpu_s() -> float:
    """Of all commands that have ended, and of their children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _memory_mb(pid: int) -> float:
    """A shared page counts for each of its users in part."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
