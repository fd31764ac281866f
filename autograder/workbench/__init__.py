"""What a notebook uses while it is worked on: what runs here, a seed, training once, all cards.

NumPy is enough to import it.
"""

from autograder.workbench.overview import check_notebook
from autograder.workbench.readiness import ready
from autograder.workbench.seeds import seed
from autograder.workbench.training import train_once

__all__ = ["check_notebook", "ready", "seed", "train_once"]
