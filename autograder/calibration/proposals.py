"""What thresholds follow from the accuracies that the solutions have with several seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.calibration.seeds import Seed
from autograder.checks.predictions.thresholds import Threshold

_SD = 3.0  # standard deviations between seeds that a solution may lie below the mean
_Z = 1.645  # and, at 95 %, what the choice of hidden images may take away
_STEP = 0.01


@dataclass(frozen=True)
class Proposal:
    """The accuracies of one part by seed, at least one; on `images` images of `classes` classes."""

    name: str
    accuracies: dict[int, float]
    images: int
    classes: int

    @property
    def mean(self) -> float:
        return statistics.fmean(self.accuracies.values())

    @property
    def sd(self) -> float:
        """The standard deviation between seeds, of a sample (ddof=1); NaN for one seed."""
        values = list(self.accuracies.values())
        return statistics.stdev(values) if len(values) > 1 else math.nan

    @property
    def full(self) -> float:
        """mean − 3·sd − 1.645·√(p(1−p)/n), with p the mean, rounded down to 0.01; at least 0."""
        p = self.mean
        sampling = math.sqrt(p * (1 - p) / self.images)
        return _down(p - _SD * self.sd - _Z * sampling)

    @property
    def floor(self) -> float:
        """Halfway between what guessing gives and `full`, rounded down to 0.01."""
        return _down((1 / self.classes + self.full) / 2)

    @property
    def threshold(self) -> Threshold | None:
        """What to write into thresholds.json; None where nothing can be proposed."""
        if math.isnan(self.sd) or not 1 / self.classes <= self.floor < self.full:
            return None
        return Threshold(
            self.floor,
            self.full,
            round(self.mean, 4),
            round(self.sd, 4),
            len(self.accuracies),
            self.images,
        )

    @property
    def problem(self) -> str:
        """Why there is no threshold; "" where there is one."""
        if math.isnan(self.sd):
            return "one seed says nothing about the spread"
        if self.threshold is None:
            return f"the solutions cannot be told from guessing ({1 / self.classes:.2g})"
        return ""


def propose(seeds: Sequence[Seed]) -> list[Proposal]:
    """One for each name that any seed has measured, in the order of names."""
    names = sorted({name for seed in seeds for name in seed.measured})
    return [_proposal(name, seeds) for name in names]


def _proposal(name: str, seeds: Sequence[Seed]) -> Proposal:
    found = {seed.number: seed.measured[name] for seed in seeds if name in seed.measured}
    each = list(found.values())
    return Proposal(
        name,
        {number: measured.accuracy for number, measured in found.items()},
        min(measured.images for measured in each),
        max(measured.classes for measured in each),
    )


def _down(share: float) -> float:
    """Rounded down to a whole percent; NaN stays NaN."""
    if math.isnan(share):
        return share
    return max(round(math.floor(share / _STEP + 1e-9) * _STEP, 2), 0.0)
