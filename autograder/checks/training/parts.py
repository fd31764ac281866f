"""The three parts of a data set, as the generators that a student made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.artifacts import BatchesData
from autograder.checks.aspects import Aspect
from autograder.checks.findings import Finding, Outcome
from autograder.checks.subjects import batches_data

NAMES = ("training", "validation", "test")
OF_A_TYPE = "the value is of type"
ADVICE_GENERATOR = (
    "A data generator gives all of its images in every epoch, a plain Python generator only once: "
    "hand in a tf.data.Dataset, a keras.utils.PyDataset or the pair (images, labels)."
)


@dataclass(frozen=True)
class Parts:
    """data: what the generators that could be read gave, by NAMES. unread: why the others not."""

    data: Mapping[str, BatchesData]
    unread: Mapping[str, Finding]

    def lacking(self, name: str, weight: int = 1) -> Aspect:
        """What to tell of a generator that could not be read."""
        finding = self.unread[name]
        found = finding.found
        if finding.outcome is Outcome.NOT_ATTEMPTED:
            found = f"there is no {name} generator yet"
        # A cell that has raised is told in the same place, and needs other advice.
        is_other_value = OF_A_TYPE in found
        advice = finding.advice or (ADVICE_GENERATOR if is_other_value else "")
        return Aspect(0, found, advice, weight)


def read_parts(train: object, validation: object, test: object, asked: str) -> Parts | Finding:
    """Goes through all three generators; a Finding where none was handed in."""
    data: dict[str, BatchesData] = {}
    unread: dict[str, Finding] = {}
    for name, generator in zip(NAMES, (train, validation, test), strict=True):
        found = batches_data(generator, asked, f"the {name} generator")
        if isinstance(found, Finding):
            unread[name] = found
        else:
            data[name] = found
    outcomes = {finding.outcome for finding in unread.values()}
    if not data and outcomes == {Outcome.NOT_ATTEMPTED}:
        return unread[NAMES[0]]
    return Parts(data, unread)
