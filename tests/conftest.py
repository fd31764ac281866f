"""What all tests find: this environment's scripts on PATH, where nbgrader looks for alembic."""

from __future__ import annotations

import os

from support import environment

os.environ.update(environment())
