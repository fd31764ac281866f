"""What a feedback page costs: nbgrader's own against the kit's, and a class of them.

    python -m benchmarks.feedback --students 300

The pages are of the course's own solutions, each student's with other words in answers and cards,
so that little of a page is like another's. One process; a class by `autograder feedback` uses all.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config

from autograder.converters import convert
from autograder.course import Course
from autograder.files import write_atomic
from autograder.grading.database import make_gradebook, open_gradebook, patient_url
from autograder.grading.submissions import enter_submission, hold_notebook
from autograder.report.feedback import write_feedback

ROOT = Path(__file__).parent.parent
ASSIGNMENT = "cnn"
_OLD = Config()
_OLD.GenerateFeedback.exporter_class = "nbconvert.exporters.HTMLExporter"
_OLD.HTMLExporter.extra_template_basedirs = [template_path]
_OLD.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "autograder.nbgrader.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]


def make_course(root: Path, students: int) -> Course:
    """A course at `root` in which `students` are graded; their notebooks are the solutions."""
    shutil.copytree(ROOT / "source" / ASSIGNMENT, root / "source" / ASSIGNMENT)
    for name in ("nbgrader_config.py", "course_config.py"):
        shutil.copy(ROOT / name, root)
    course = Course(root)
    make_gradebook(course)
    convert(GenerateAssignment, course, ASSIGNMENT, {"db_url": patient_url(course)})
    solutions = {p.stem: p.read_text() for p in (ROOT / "solutions" / ASSIGNMENT).glob("*.ipynb")}
    with open_gradebook(course) as gradebook:
        for number in range(students):
            _enter(gradebook, f"student-{number:04}", tuple(solutions))
    for number in range(students):
        folder = course.path("autograded", f"student-{number:04}", ASSIGNMENT)
        for name, text in solutions.items():
            write_atomic(folder / f"{name}.ipynb", _personal(text, number).encode())
    return course


def _enter(gradebook: Gradebook, student: str, notebooks: tuple[str, ...]) -> None:
    submission = enter_submission(gradebook, ASSIGNMENT, student, None)
    for name in notebooks:
        for grade in hold_notebook(gradebook, submission, name).grades:
            grade.auto_score, grade.needs_manual_grade = 1.0, False
    gradebook.db.commit()


def _personal(text: str, number: int) -> str:
    """The notebook with the student's number in all that a student writes or is told."""
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if not cell.metadata.get("nbgrader", {}).get("locked"):
            cell.source += f"\n# {number}"
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                data["text/html"] = data["text/html"].replace(
                    "<b>Found:</b>", f"<b>F:</b> {number}"
                )
    return str(nbformat.writes(notebook))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=20)
    parser.add_argument("--old", action="store_true", help="nbgrader's page as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "course", options.students)
        if options.old:
            _tell(
                "nbgrader",
                lambda: convert(GenerateFeedback, course, ASSIGNMENT, settings=_OLD),
                course,
            )
        _tell("one process", lambda: convert(GenerateFeedback, course, ASSIGNMENT), course)
        _tell("autograder feedback", lambda: write_feedback(course, ASSIGNMENT), course)


def _tell(name: str, make: object, course: Course) -> None:
    begin, begin_cpu = time.perf_counter(), time.process_time()
    make()  # type: ignore[operator]
    wall_s, cpu_s = time.perf_counter() - begin, time.process_time() - begin_cpu
    pages = list(course.root.glob("feedback/*/*/*.html"))
    size_kb = sum(page.stat().st_size for page in pages) / len(pages) / 1024
    print(
        f"{name:20} {len(pages):5} pages  {wall_s:7.1f} s  {1000 * wall_s / len(pages):6.0f} ms "
        f"a page ({1000 * cpu_s / len(pages):.0f} ms of processor)  {size_kb:.0f} kB each"
    )


if __name__ == "__main__":
    main()
