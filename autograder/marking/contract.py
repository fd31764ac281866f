"""What is to be marked by hand, as data: a question, its rubric, the students' answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Criterion:
    """One point of a mark scheme.

    points: what it is worth at most, > 0. text: markdown. steps: the points that may be given for
    it, rising, 0.0 first, `points` last; more than two where the scheme names a half.
    """

    points: float
    text: str
    steps: tuple[float, ...]


@dataclass(frozen=True)
class Rubric:
    """A mark scheme: its criteria in order; notes is the markdown that is no criterion."""

    criteria: tuple[Criterion, ...]
    notes: str = ""


@dataclass(frozen=True)
class Question:
    """A cell that is graded by hand.

    prompt: markdown, without the mark scheme. is_task: nbgrader's task cell, whose answer may be
    several cells. attachments: the prompt's pictures, as an answer's.
    """

    notebook: str
    grade_id: str
    title: str
    prompt: str
    max_points: float
    rubric: Rubric
    is_task: bool = False
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """One student's answer to one question.

    key: stands for the student where names are not shown; the same for a student in one question,
    different from question to question. text: markdown (or code) as handed in, of any length.
    attachments: nbformat's, by file name: {media type: base64}. is_empty: untouched or blank.
    """

    key: str
    student: str
    text: str
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    is_empty: bool = False
    is_code: bool = False


@dataclass(frozen=True)
class Group:
    """Answers that read alike, by their keys, the most typical first."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class Suggestion:
    """A criterion that an answer seems to touch; it helps the eye and scores nothing.

    criterion: its index in the rubric. strength: in (0, 1]. spans: (start, end) of the words in
    the answer's text that say so, in order, apart.
    """

    criterion: int
    strength: float
    spans: tuple[tuple[int, int], ...]
