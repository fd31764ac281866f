"""The page as a whole, on small classes."""

from __future__ import annotations

import dataclasses
import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support import ASSIGNMENT, build, copy_graded, copy_released, edit, gradebook

from autograder.checks import Outcome
from autograder.course import Course
from autograder.errors import UserError
from autograder.grading import scores
from autograder.report.class_report import write_class_report
from autograder.report.class_report.marks import CellMarks
from autograder.report.class_report.page import clock
from autograder.report.class_report.questions import Question
from autograder.report.class_report.sections import hardest, question_row

from .made import hand_over, hand_over_model, model

EVIL = '<script>alert(1)</script>\u202eevil & "quoted"'
LOOKED_AT = 'card = scorecard("Question a", points=2)\nactivations(maps, a, a)\ncard'
MEASURED = {"threshold": "one/a", "accuracy": 0.83, "images": 1000, "classes": 2}


class Page(HTMLParser):
    """Tags with their attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[Mapping[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def written(root: Path, *, names: bool = False) -> Page:
    return Page(write_class_report(Course(root), ASSIGNMENT, names=names).read_text())


def rewrite(root: Path, **changed: Any) -> None:
    """Change what the one test of notebook `one` came to."""
    path = Course(root).runs(ASSIGNMENT) / "s" / "one" / "scores.json"
    found = scores.load(path)
    assert found is not None
    (test,) = found.tests
    made = dataclasses.replace(test, **changed)
    scores.save(path, scores.NotebookScores(found.key, (made,)))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """One student, whose run has numbers only."""
    return copy_graded(tmp_path)


@pytest.fixture
def full(bare: Path) -> Path:
    """One student with everything that a report tells of."""
    run = Course(bare).runs(ASSIGNMENT) / "s" / "one"
    edit(bare / "source" / ASSIGNMENT / "one.ipynb", "test_a", LOOKED_AT)
    maps = {EVIL: np.random.default_rng(0).random((8, 8, 4))}
    hand_over(run, maps, "test_a", "maps")
    hand_over(run, Image.new("RGB", (60, 40)), "test_a", "curves")
    hand_over_model(run, model(8, EVIL))
    row = {"mistake": "dilation-ignored", "advice": EVIL, "measured": MEASURED}
    rewrite(bare, outcome="could not be graded", message=EVIL, rows=(row, {"mistake": EVIL}))
    limits = {"floor": 0.6, "full": 0.8, "mean": 0.9, "sd": 0.01, "seeds": 5, "images": 1000}
    thresholds = bare / "source" / ASSIGNMENT / "thresholds.json"
    thresholds.write_text(json.dumps({"small": {"one/a": limits}}))
    return bare


def test_a_class_of_one_without_models_has_a_page(bare: Path) -> None:
    """Sections that there is nothing to say in are left out, from the navigation too."""
    page = written(bare)
    assert "Question a" in page.text
    assert "Why is it so?" not in page.text
    links = {link["href"] for link in page.all("a")}
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {"#totals", "#questions", "#times", "#ungraded", "#waiting"} <= links
    assert not {"#gallery", "#architectures", "#accuracies", "#misconceptions"} & links
    assert {str(link)[1:] for link in links} <= ids


def test_all_that_there_is_has_its_place(full: Path) -> None:
    """Misconceptions with their lesson, accuracies with what they are held against, pictures."""
    text = " ".join(written(full).text.split())
    for told in (
        "its dilation rate was ignored",
        "median 83.0 %",
        "Points from 60.0 %, all at 80.0 %",
        "Solution 90.0 % ± 1.0 %",
        "conv2d (3×3, 8, relu) → flatten → dense (1, sigmoid)",
        "activation maps: 1 of 1",
        "figure: 1 of 1",
        "autograder mark ps",
    ):
        assert told in text


def test_what_students_wrote_is_text(full: Path) -> None:
    """No tag of theirs, no script, no event handler; what turns text around is taken out."""
    page = written(full, names=True)
    assert not page.all("script")
    assert "\u202e" not in page.html
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]


def test_nothing_is_loaded(full: Path) -> None:
    """Pictures are data, links lead to the page itself, and a policy says so to the browser."""
    page = written(full)
    assert {str(image["src"])[:11] for image in page.all("img")} == {"data:image/"}
    assert all(str(link["href"]).startswith("#") for link in page.all("a"))
    assert not page.all("link")
    assert "url(" not in re.sub(r"url\(#p-[a-z]+\)", "", page.html)
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert str(policy).startswith("default-src 'none'; img-src data:;")


def test_nobody_is_named_unless_asked_for(bare: Path) -> None:
    """Not where something could not be graded either; the reason and a count stand there."""
    folder = Course(bare).runs(ASSIGNMENT)
    hand_over_model(folder / "s" / "one", model(8, "zacharias"))
    (bare / "submitted" / "philippa" / ASSIGNMENT).mkdir(parents=True)
    row = {"mistake": "dilation-ignored", "advice": ""}
    rewrite(bare, rows=(row,), outcome="could not be graded", message="the test failed")
    page = written(bare)
    assert "<bdi>s</bdi>" not in page.html
    assert "the test failed" in page.text
    diagrams = [str(image["src"]).partition("base64,")[2] for image in page.all("img")]
    assert diagrams
    drawn = "".join(b64decode(data).decode() for data in diagrams)
    assert "zacharias" not in page.html + drawn
    assert "philippa" not in page.html
    named = written(bare, names=True).html
    assert named.count("<bdi>s</bdi>") == 3  # misconception, architecture, not graded
    assert "<bdi>philippa</bdi>" in named


def test_what_a_person_has_graded_is_open_no_longer(bare: Path) -> None:
    """A test that failed is listed until somebody has given its points."""
    rewrite(bare, outcome="could not be graded", message="the test failed")
    with gradebook(bare) as book:
        grade = book.find_grade("test_a", "one", ASSIGNMENT, "s")
        grade.auto_score, grade.needs_manual_grade = None, True
        book.db.commit()
        assert "the test failed" in written(bare).text
        grade.manual_score, grade.needs_manual_grade = 1.0, False
        book.db.commit()
    text = written(bare).text
    assert "the test failed" not in text
    assert "1 answer that no test could grade has points from a person." in text


def test_it_can_be_read_without_seeing_it(full: Path) -> None:
    """Charts and pictures have texts, headings go down by one, tables have captions or heads."""
    page = written(full)
    charts = [svg for svg in page.all("svg") if svg.get("aria-hidden") != "true"]
    told = [svg for svg in charts if svg.get("role") == "img"]
    assert told
    assert all(svg["aria-label"] for svg in told)
    assert all(image["alt"] for image in page.all("img"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(head.get("scope") for head in page.all("th"))


def test_marks_change_what_waits(bare: Path) -> None:
    """A marked explanation waits no longer, and its points are in the totals."""
    assert "autograder mark" in written(bare).text
    with gradebook(bare) as book:
        grade = book.find_grade("why", "one", ASSIGNMENT, "s")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        book.db.commit()
    text = " ".join(written(bare).text.split())
    assert "All answers are marked." in text
    assert "Mean 75.0 %" in text  # 2 + 1.5 + 1 of 6 points


def test_a_hand_in_without_grades_is_told(bare: Path) -> None:
    """It is in no tally."""
    (bare / "submitted" / "late" / ASSIGNMENT).mkdir(parents=True)
    page = written(bare, names=True)
    assert "late" in page.text
    assert "not graded yet" in page.text


def test_alike_failures_are_one_line(bare: Path) -> None:
    """With how many they are."""
    for student in ("t", "u"):
        (bare / "submitted" / student / ASSIGNMENT).mkdir(parents=True)
    assert written(bare).html.count("not graded yet") == 1
    assert written(bare, names=True).html.count("not graded yet") == 2


def test_empty_answers_alone_are_no_mean() -> None:
    """While the others wait; as soon as one is marked they count."""
    question = Question("one", "why", "Why?", 2.0, is_by_hand=True)
    marks = CellMarks(2.0)
    marks.add(0.0, is_waiting=True, is_blank=True)
    marks.add(0.0, is_waiting=False, is_blank=True)
    assert question_row(question, Counter(), marks).mean is None
    marks.add(2.0, is_waiting=False, is_blank=False)
    assert question_row(question, Counter(), marks).mean == 50


def test_who_did_not_try_makes_no_question_hard() -> None:
    """A question that many left out is not above one that many got wrong."""
    rows = []
    for name, points, blank in (("left", (2.0, 1.0, 0.0, 0.0), 2), ("hard", (1.0,) * 4, 0)):
        question, marks = Question("one", name, name, 2.0, is_by_hand=False), CellMarks(2.0)
        for score in points:
            marks.add(score, is_waiting=False, is_blank=False)
        outcomes = Counter({Outcome.CORRECT: 4 - blank, Outcome.NOT_ATTEMPTED: blank})
        rows.append(question_row(question, outcomes, marks))
    hard, left = hardest(rows)
    assert (hard.question.grade_id, hard.mean_of_tries, hard.tried) == ("hard", 50, 4)
    assert (left.question.grade_id, left.mean_of_tries, left.tried) == ("left", 75, 2)


@pytest.mark.parametrize("is_released", [True, False])
def test_no_class_is_one_line(tmp_path: Path, is_released: bool) -> None:
    """With what to do; no page is written."""
    root = copy_released(tmp_path) if is_released else build(tmp_path)
    with pytest.raises(UserError) as refused:
        write_class_report(Course(root), ASSIGNMENT)
    assert "run `autograder grade ps` first" in str(refused.value) or not is_released
    assert "\n" not in str(refused.value)
    assert not (root / "report").exists()


def test_thresholds_that_cannot_be_read_are_one_line(full: Path) -> None:
    """They name the file."""
    (full / "source" / ASSIGNMENT / "thresholds.json").write_text("{")
    with pytest.raises(UserError, match=r"thresholds\.json: expected JSON"):
        write_class_report(Course(full), ASSIGNMENT)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0 s"), (9.96, "10.0 s"), (48, "48 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")],
)
def test_times_are_told_as_people_do(seconds: float, told: str) -> None:
    """In two units at most."""
    assert clock(seconds) == told
