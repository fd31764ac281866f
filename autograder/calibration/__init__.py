"""How well the solutions do with different seeds, and the thresholds that follow from it."""

from autograder.calibration.proposals import Proposal, propose
from autograder.calibration.seeds import Seed, refuse_too_few, run_seeds
from autograder.calibration.tables import find_wrong_tables, refresh_tables
from autograder.calibration.telling import tell
from autograder.calibration.writing import thresholds_of, write_thresholds

__all__ = [
    "Proposal",
    "Seed",
    "find_wrong_tables",
    "propose",
    "refresh_tables",
    "refuse_too_few",
    "run_seeds",
    "tell",
    "thresholds_of",
    "write_thresholds",
]
