"""The report's sections as the template takes them: texts, numbers and charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from autograder.checks import Outcome
from autograder.checks.wording import legible, rounded
from autograder.report.class_report.accuracies import Compared
from autograder.report.class_report.charts import Part, accuracies, histogram, spans, stacked
from autograder.report.class_report.gathering import Gathered
from autograder.report.class_report.lessons import told
from autograder.report.class_report.marks import CellMarks
from autograder.report.class_report.outcomes import MOST_NAMES, Key, Mistaken
from autograder.report.class_report.questions import Question
from autograder.report.class_report.times import Times

WAITS = "waits for a person"
STYLES = {
    Outcome.CORRECT: "correct",
    Outcome.PARTLY_CORRECT: "partly",
    Outcome.INCORRECT: "incorrect",
    Outcome.NOT_ATTEMPTED: "blank",
    Outcome.COULD_NOT_BE_GRADED: "failed",
}
_HARDEST = 5
_BINS = 50  # of accuracies: 2 % each
_LONGEST = 400


@dataclass(frozen=True)
class QuestionRow:
    """One question. mean: of its points, in percent, None where nobody has any yet."""

    question: Question
    parts: tuple[Part, ...]
    chart: Markup
    mean: float | None
    marks: CellMarks
    waiting: int
    mistake: str = ""

    @property
    def blank(self) -> int:
        """Students who left it as it was."""
        return sum(part.count for part in self.parts if part.style == "blank")

    @property
    def tried(self) -> int:
        """Students who have points for something else than what was given out."""
        return max(self.marks.given - self.blank, 0)

    @property
    def mean_of_tries(self) -> float:
        """In percent; 100 where nobody has tried."""
        return min(100 * self.marks.shares.sum / self.tried, 100.0) if self.tried else 100.0

    @property
    def points(self) -> str:
        return rounded(self.question.points) if self.question.points else "bonus"


@dataclass(frozen=True)
class MistakeRow:
    """A misconception. where: titles of questions with how many students there."""

    title: str
    what_happened: str
    advice: str
    students: int
    where: tuple[tuple[str, int], ...]
    names: tuple[str, ...]
    rest: int
    chart: Markup


@dataclass(frozen=True)
class TimeRow:
    notebook: str
    times: Times
    chart: Markup
    gpu_h: float


@dataclass(frozen=True)
class FailureRow:
    """What could not be graded, and why. student: "" where nobody is to be named."""

    student: str
    notebook: str
    title: str
    reason: str
    cases: int = 1


def totals(found: Gathered) -> Markup:
    """The histogram of totals, ten percent a bar; above 100 % is a bonus, and in the last bar."""
    spread = found.marks.totals
    counts = spread.counts([10.0 * step for step in range(11)])
    edges = ["0 %", *(str(10 * step) for step in range(1, 11))]
    median = min(max(spread.median / 100, 0.0), 1.0)
    return histogram("Totals in percent of the points", edges, counts, [("median", median)])


def total_rows(found: Gathered) -> list[tuple[str, int]]:
    counts = found.marks.totals.counts([10.0 * step for step in range(11)])
    names = [f"{10 * step} to {10 * step + 10} %" for step in range(10)]
    return list(zip([*names[:-1], "90 % and more"], counts, strict=True))


def question_rows(found: Gathered) -> list[QuestionRow]:
    """A row for each question, in the order of the notebooks."""
    common = _most_common(found.outcomes.mistakes)
    return [
        question_row(
            question,
            found.outcomes.tests.get(question.key, Counter()),
            found.marks.cells.get(question.key, CellMarks(question.points)),
            common.get(question.key, ""),
        )
        for question in found.outline.questions
    ]


def question_row(
    question: Question, outcomes: Counter[str], marks: CellMarks, mistake: str = ""
) -> QuestionRow:
    """outcomes: how many students' tests came to what, for a question with a test."""
    parts: tuple[Part, ...]
    if question.is_by_hand:
        parts = (
            Part("with all points", "correct", marks.full),
            Part("with some points", "partly", marks.part),
            Part("without points", "incorrect", marks.none),
            Part("not attempted", "blank", marks.blank),
            Part(WAITS, "waiting", marks.waiting),
        )
    else:
        parts = tuple(Part(str(each), style, outcomes[each]) for each, style in STYLES.items())
    # Else a mean is that of empty answers.
    is_seen = not question.is_by_hand or marks.marked or not marks.waiting
    has_mean = marks.given and question.points and is_seen
    title = f"{question.title} ({question.grade_id})"
    return QuestionRow(
        question,
        parts,
        stacked(title, parts),
        100 * marks.shares.mean if has_mean else None,
        marks,
        marks.waiting if question.is_by_hand else 0,
        mistake,
    )


def hardest(rows: Sequence[QuestionRow]) -> list[QuestionRow]:
    """Those that gave who tried them the smallest share of their points, where all are marked."""
    told_of = [
        row for row in rows if row.mean is not None and row.mean_of_tries < 100 and not row.waiting
    ]
    return sorted(told_of, key=lambda row: row.mean_of_tries)[:_HARDEST]


def mistake_rows(found: Gathered, *, names: bool) -> list[MistakeRow]:
    """The misconceptions that were diagnosed, the most frequent first."""
    titles = {question.key: question.title for question in found.outline.questions}
    count = len(found.marks.students)
    rows = [
        _mistake_row(slug, mistake, titles, count, names=names)
        for slug, mistake in found.outcomes.mistakes.items()
    ]
    return sorted(rows, key=lambda row: (-row.students, row.title))


def _mistake_row(
    slug: str, mistake: Mistaken, titles: dict[Key, str], students: int, *, names: bool
) -> MistakeRow:
    lesson = told(slug, mistake.advice)
    where = tuple((titles.get(key, key[1]), count) for key, count in mistake.where.most_common(6))
    parts = (
        Part("students", "partly", mistake.students),
        Part("others", "none", students - mistake.students),
    )
    return MistakeRow(
        lesson.title,
        lesson.what_happened,
        lesson.advice,
        mistake.students,
        where,
        tuple(mistake.names) if names else (),
        max(mistake.students - MOST_NAMES, 0),
        stacked(lesson.title, parts),
    )


def accuracy_charts(found: Gathered) -> Iterator[tuple[Compared, Markup]]:
    edges = [step / _BINS for step in range(_BINS + 1)]
    for one in found.accuracies:
        yield one, accuracies(one, one.accuracies.counts(edges))


def time_rows(found: Gathered, slots_per_gpu: int) -> list[TimeRow]:
    """A row for each notebook that ran, all on one scale."""
    ran = {name: times for name, times in found.times.items() if len(times.wall_s)}
    longest = max((times.wall_s.most for times in ran.values()), default=0.0)
    return [
        TimeRow(
            name,
            times,
            spans(f"Run times of {name}", times.wall_s, longest, "s"),
            times.gpu_s / 3600 / slots_per_gpu,
        )
        for name, times in ran.items()
    ]


def failures(found: Gathered, *, names: bool) -> list[FailureRow]:
    """What could not be graded: cases of the same reason together, unless students are named."""
    counts: Counter[FailureRow] = Counter(_failures(found, names=names))
    return [replace(row, cases=count) for row, count in counts.items()]


def _failures(found: Gathered, *, names: bool) -> Iterator[FailureRow]:
    titles = {question.key: question.title for question in found.outline.questions}
    for each in found.outcomes.failures:
        title = titles.get((each.notebook, each.grade_id), each.grade_id)
        student = each.student if names else ""
        yield FailureRow(student, each.notebook, title, legible(each.reason, _LONGEST))
    for folder, reason in found.ungraded:
        yield FailureRow(
            folder if names else "", "", "the whole hand-in", legible(reason, _LONGEST)
        )


def _most_common(mistakes: dict[str, Mistaken]) -> dict[Key, str]:
    """The title of the most frequent misconception in each question."""
    best: dict[Key, tuple[int, str]] = {}
    for slug, mistake in mistakes.items():
        for key, count in mistake.where.items():
            best[key] = max(best.get(key, (0, "")), (count, told(slug, "").title))
    return {key: title for key, (_, title) in best.items()}
