"""The pictures in docs/images of the real pages, at work on a class of invented students.

    python tests/screenshots.py [COURSE]

COURSE is a graded course, best the one that `make demo` leaves (the default, build/demo); it is
copied, and ten invented hand-ins of the theory notebook are graded in the copy. Without trained
models in it, the class report has no galleries. Not collected by pytest: needs Chromium, a minute.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from browser.chromium import CHROMIUM, Chromium, Tab, chromium
from browser.formgrader import server
from nbgrader.api import Gradebook
from PIL import Image
from support import environment

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
LABELLED = ROOT / "tests" / "marking" / "labelled"
STUDENTS = ["amelie", "bruno", "chidi", "dana", "emil", "farah", "goran", "hana", "ines", "jonas"]
KINDS = [
    "perfect",
    "known-mistakes",
    "student-1",
    "perfect",
    "student-2",
]  # whose numbers
COPY, ORIGINAL = "hana", "chidi"  # who has whose words
MARKED = "amelie"  # whose feedback is shown
WIDE, PHONE = {"width": 1400, "height": 900}, {"width": 400, "height": 800}  # pixels
NEEDED = "expected Chromium, found none; install it: apt-get install chromium"
UNGRADED = "{course}: expected a graded course with an assignment cnn; run: python -m demo theory"
RUN_ALL = "jp-button[data-command='notebook:restart-run-all']"
KERNEL_IS_THERE = """(async () => {
    for (let found = []; !found.some(each => each.execution_state === "idle"); )
        found = await (await fetch("/api/kernels")).json();
    await new Promise(done => setTimeout(done, 1000));  // until JupyterLab has heard of it
})()"""
SETTINGS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
LAB_SETTINGS = f".jupyter/lab/user-settings/{SETTINGS}"  # asks no other host for news or updates
TOP = "document.body"
PAIR = f"[...document.querySelectorAll('.pair')].find(e => e.textContent.includes({COPY!r}))"
WRONG = "q2 = [[45, 45], [54, 54]]\n"


def main(course: Path) -> None:
    if CHROMIUM is None:
        sys.exit(NEEDED)
    if not (course / "gradebook.db").is_file() or not (course / "release" / "cnn").is_dir():
        sys.exit(UNGRADED.format(course=course))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, chromium() as browser:
        made = Path(folder) / "course"
        shutil.copytree(course, made, ignore=shutil.ignore_patterns(".jupyter"))
        make_class(made)
        for take in (pages, marking_page, formgrader_page, notebook_page):
            take(made, browser)
    for path in sorted(IMAGES.glob("*.png")):
        print(f"{path.stat().st_size / 1000:4.0f} kB  {path.relative_to(ROOT)}")


def make_class(course: Path) -> None:
    """Ten students with the demo's numbers and the labelled answers, graded; one is marked."""
    for name in ("course_config.py", "nbgrader_config.py"):
        shutil.copy(ROOT / name, course)
    words = {path.stem: texts(path) for path in LABELLED.glob("q*.md")}
    stubs = explanations(course / "release" / "cnn" / "theory.ipynb")
    for number, student in enumerate(STUDENTS):
        kind = KINDS[number % len(KINDS)]
        notebook = nbformat.read(course / "submitted" / kind / "cnn" / "theory.ipynb", 4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in words:
                cell.source = words[name][STUDENTS.index(ORIGINAL if student == COPY else student)]
            elif name in stubs:
                cell.source = stubs[name]
        place = course / "submitted" / student / "cnn" / "theory.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(notebook, place)
    chosen = [option for student in STUDENTS for option in ("--student", student)]
    autograder("grade", course, *chosen)
    mark(course)
    for command in ("feedback", "report", "similarity"):
        autograder(command, course)


def texts(labelled: Path) -> list[str]:
    """The answers in a file of them; each stands below a line of what it earns."""
    blocks = labelled.read_text().split("=== ")[1:]
    return [block.partition("\n")[2].strip() for block in blocks]


def explanations(notebook: Path) -> dict[str, str]:
    """The text cells that people mark, by name, as they are in a notebook."""
    cells = nbformat.read(notebook, as_version=4).cells
    graded = (cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade"))
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in graded
        if cell.cell_type == "markdown"
    }


def mark(course: Path) -> None:
    """Points and a comment for one student's first explanation."""
    with Gradebook(f"sqlite:///{course}/gradebook.db", "deep-learning") as book:
        grade = book.find_grade("q9", "theory", "cnn", MARKED)
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        comment = book.find_comment("q9", "theory", "cnn", MARKED)
        comment.manual_comment = "Well put. Say also which of these numbers are learned."
        book.db.commit()


def pages(course: Path, browser: Chromium) -> None:
    """What is written into files: feedback, wide and on a phone, class report, similarity."""
    written = {
        "feedback": (course / "feedback" / MARKED / "cnn" / "theory.html", TOP, WIDE),
        "feedback-phone": (course / "feedback" / MARKED / "cnn" / "theory.html", TOP, PHONE),
        "report": (course / "report" / "cnn" / "index.html", TOP, WIDE),
        "similarity": (course / "report" / "cnn" / "similarity.html", PAIR, WIDE),
    }
    for name, (path, shown, size) in written.items():
        tab = browser.tab()
        tab.show(**size)
        tab.open(path.as_uri())
        tab.run(f"({shown}).scrollIntoView()")
        keep(tab, name)


def marking_page(course: Path, browser: Chromium) -> None:
    """`autograder mark` on a question with groups, the first one ticked in part."""
    options = ["--no-browser", "--by", "tutor"]
    with started("mark", course, *options) as address:
        tab = browser.tab(address)
        tab.show(**WIDE)
        tab.wait("document.querySelector('a[href^=\"/questions/\"]')")
        tab.run("[...document.links].find(a => a.innerText.includes('12')).click()")
        tab.wait("document.body.dataset.answer && !document.body.dataset.busy")
        tab.press("1", "2")
        keep(tab, "mark")
        tab.open("about:blank")


def formgrader_page(course: Path, browser: Chromium) -> None:
    """formgrader on the answer that is marked."""
    with Gradebook(f"sqlite:///{course}/gradebook.db", "deep-learning") as book:
        entry = book.find_submission_notebook("theory", "cnn", MARKED).id
    with server(course) as url:
        tab = browser.tab()
        tab.show(**WIDE)
        tab.open(f"{url}/formgrader/submissions/{entry}/")
        tab.wait("window.formgrader && formgrader.grades?.loaded && formgrader.comments?.loaded")
        tab.wait("!$(':animated').length")
        tab.run("$('body, html').scrollTop($('#q9-comment').offset().top - 700)")
        keep(tab, "formgrader")
        tab.open("about:blank")


def notebook_page(course: Path, browser: Chromium) -> None:
    """The release in JupyterLab: a wrong answer, and the card that its test shows."""
    desk = course.parent / "my work"
    (desk / LAB_SETTINGS).parent.mkdir(parents=True)
    (desk / LAB_SETTINGS).write_text('{"fetchNews": "false", "checkForUpdates": false}')
    shutil.copy(course / "release" / "cnn" / "theory.ipynb", desk)
    notebook = nbformat.read(desk / "theory.ipynb", as_version=4)
    next(cell for cell in notebook.cells if cell.id == "q2").source = WRONG
    nbformat.write(notebook, desk / "theory.ipynb")
    with server(desk) as url:
        tab = browser.tab()
        tab.show(**WIDE)
        tab.open(f"{url}/lab/tree/theory.ipynb")
        run_all(tab)
        keep(tab, "notebook")
        tab.open("about:blank")


def run_all(tab: Tab) -> None:
    """Restart and run all, by the button; then the card of the wrong answer is in sight."""
    tab.wait(f"document.querySelector({RUN_ALL!r})")
    tab.run(KERNEL_IS_THERE)
    tab.settle()
    press = "dispatchEvent(new MouseEvent('mousedown', {bubbles: true}))"  # it waits for no click
    tab.run(f"document.querySelector({RUN_ALL!r}).{press}")
    tab.wait("document.querySelector('.jp-Dialog .jp-mod-accept')")
    tab.click(".jp-Dialog .jp-mod-accept")
    found = "find(each => each.textContent.includes('Received an array of shape (2, 2)'))"
    card = f"[...document.querySelectorAll('.jp-OutputArea')].{found}"
    tab.wait(card)
    tab.run(f"{card}.scrollIntoView({{block: 'end'}})")


@contextlib.contextmanager
def started(command: str, course: Path, *options: str) -> Iterator[str]:
    """The address that a command prints, as long as the context lasts."""
    arguments = [sys.executable, "-m", "autograder", command, "cnn", *options]
    with subprocess.Popen(
        [*arguments, "--course", str(course)], stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        try:
            assert process.stderr is not None
            yield next(w for line in process.stderr for w in line.split() if "http://" in w)
        finally:
            process.terminate()


def autograder(command: str, course: Path, *options: str) -> None:
    arguments = [sys.executable, "-m", "autograder", command, "cnn", *options]
    done = subprocess.run([*arguments, "--course", str(course)], env=environment())
    if done.returncode not in (0, 1):  # 1: something needs a person
        sys.exit(done.returncode)


def keep(tab: Tab, name: str) -> None:
    """What the window shows, in 256 colours."""
    tab.settle()
    path = IMAGES / f"{name}.png"
    tab.picture(path, whole=False)
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build" / "demo")
