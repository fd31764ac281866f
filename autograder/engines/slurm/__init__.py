"""Slurm as an engine: job arrays that are found again, and files."""

from autograder.engines.slurm.chunks import DoneLines, read_chunk
from autograder.engines.slurm.commands import Scheduler
from autograder.engines.slurm.engine import SlurmEngine, Worker
from autograder.engines.slurm.script import Needs

__all__ = ["DoneLines", "Needs", "Scheduler", "SlurmEngine", "Worker", "read_chunk"]
