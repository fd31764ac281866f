"""The class report as one file: report/<assignment>/index.html, which loads nothing."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from autograder.checks.card_html import BADGES
from autograder.checks.wording import legible, rounded
from autograder.course import Course
from autograder.files import write_atomic
from autograder.report.class_report import pictures, sections
from autograder.report.class_report.gathering import Gathered, gather
from autograder.report.class_report.outcomes import MOST_FAILURES

_HERE = Path(__file__).parent
_LONGEST = 400


def write_class_report(course: Course, assignment: str, *, names: bool = False) -> Path:
    """Write the report on a graded assignment; returns report/<assignment>/index.html.

    names: also tell which students are behind the counts. Raises CourseError, GradebookError,
    NoClassError and other UserErrors, in one line.
    """
    found = gather(course, assignment)
    page = _template().render(_told(course, assignment, found, names=names))
    path = course.root / "report" / assignment / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, page.encode(errors="replace"))
    return path


def _told(course: Course, assignment: str, found: Gathered, *, names: bool) -> dict[str, Any]:
    questions = sections.question_rows(found)
    settings = course.settings
    times = sections.time_rows(found, settings.slots_per_gpu)
    return {
        "assignment": assignment,
        "made": f"{datetime.now():%d %B %Y, %H:%M}",
        "profile": settings.profile,
        "with_names": names,
        "found": found,
        "marks": found.marks,
        "totals": sections.totals(found),
        "total_rows": sections.total_rows(found),
        "questions": questions,
        "hardest": sections.hardest(questions),
        "waiting": [row for row in questions if row.waiting],
        "mistakes": sections.mistake_rows(found, names=names),
        "accuracies": list(sections.accuracy_charts(found)),
        "architectures": list(pictures.architectures(found, names=names)),
        "gallery": list(pictures.gallery(found, names=names)),
        "times": times,
        "gpu_hours": sum(row.gpu_h for row in times),
        "failures": sections.failures(found, names=names),
        "failures_left_out": max(found.outcomes.failed - MOST_FAILURES, 0),
        "badges": {str(outcome): symbol for outcome, (symbol, _) in BADGES.items()},
        "waits": sections.WAITS,
    }


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "points": rounded,
        "clock": clock,
        "share": lambda share: f"{100 * share:.1f} %",
        "legible": lambda text: legible(str(text), _LONGEST),
    }
    return environment.get_template("template.html")


def clock(seconds: float) -> str:
    """Seconds as a person says them: 48 s, 3 min 5 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
