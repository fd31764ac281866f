"""What a check found, in the closed vocabulary that cards, tables and statistics share."""

from dataclasses import dataclass
from enum import StrEnum

from autograder.checks.wording import sentences


class Outcome(StrEnum):
    """The five things that can become of a question."""

    CORRECT = "correct"
    PARTLY_CORRECT = "partly correct"
    INCORRECT = "incorrect"
    NOT_ATTEMPTED = "not attempted"
    COULD_NOT_BE_GRADED = "could not be graded"


@dataclass(frozen=True)
class Measurement:
    """An accuracy that a check has counted: a share in 0..1 of so many images.

    threshold: the name in thresholds.json that it was held against, or "". classes: how many
    there are, so 1 / classes is what guessing gives.
    """

    threshold: str
    accuracy: float
    images: int
    classes: int


@dataclass(frozen=True)
class Finding:
    """What one check found; checks are pure functions that return one.

    `asked` and `found` are plain text for the student, `advice` what to try next. `fraction`, in
    [0, 1], is the share of the points that is earned; without it a correct answer earns all and
    any other none. `mistake` is the slug of a diagnosed misconception. `details` are shown one by
    one below `found`: each mismatch of a list of demands. `picture` is an SVG that the kit has
    drawn, with nothing of a student's in it that is not escaped. `measured` is for those who set
    thresholds; students' pages do not show it.
    """

    outcome: Outcome
    asked: str
    found: str
    advice: str = ""
    fraction: float | None = None
    mistake: str | None = None
    details: tuple[str, ...] = ()
    picture: str = ""
    measured: Measurement | None = None


def incorrect(asked: str, found: str, advice: str = "") -> Finding:
    """The finding on an answer that earns nothing, for one reason."""
    return Finding(Outcome.INCORRECT, asked, sentences(found), advice)


@dataclass(frozen=True, eq=False)
class Mistake:
    """A known misconception: the wrong answer it leads to, and what to tell who gives it.

    `wrong_answer` is anything that `as_array` reads. Neither text may give the right answer away.
    """

    slug: str
    wrong_answer: object
    what_happened: str
    advice: str
