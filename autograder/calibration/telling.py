"""A calibration in lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from autograder.calibration.proposals import Proposal
from autograder.calibration.seeds import LEAST_SEEDS, Seed
from autograder.checks.predictions.thresholds import Threshold

_FEW = "{count} seeds say little about the spread: expected at least {least} for thresholds to use"


def tell(
    seeds: Sequence[Seed], proposals: Sequence[Proposal], now: Mapping[str, Threshold]
) -> Iterator[str]:
    """A line for each seed, each loss and each part. now: the thresholds in use, by name."""
    for seed in seeds:
        yield f"seed {seed.number}: {seed.points:g} of {seed.max_points:g} points"
        yield from (f"    {line}" for line in seed.lost)
    for proposal in proposals:
        yield from _part(proposal, now.get(proposal.name))
    measured = {proposal.name for proposal in proposals}
    for name in sorted(now.keys() - measured):
        yield f"{name}: measured by no test; stays as it is"
    if len(seeds) < LEAST_SEEDS:
        yield _FEW.format(count=len(seeds), least=LEAST_SEEDS)


def _part(proposal: Proposal, now: Threshold | None) -> Iterator[str]:
    shares = ", ".join(_percent(share) for share in proposal.accuracies.values())
    seeds = len(proposal.accuracies)
    spread = f"; mean {_percent(proposal.mean)}, sd {_percent(proposal.sd)}" if seeds > 1 else ""
    yield f"{proposal.name}: {shares}{spread}; {proposal.images:,} images"
    if proposal.threshold:
        told = f"floor {proposal.floor:.2f}, full {proposal.full:.2f}"
        before = f"; now {now.floor:.2f}, {now.full:.2f}" if now else ""
        yield f"    proposed: {told}{before}"
    else:
        yield f"    nothing to propose: {proposal.problem}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
