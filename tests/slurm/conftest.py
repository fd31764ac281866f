"""The cluster that these tests share.

Where a program is missing, or the system cannot, they are skipped, with the reason; a cluster that
should start and does not is a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .cluster import Cluster, missing
from .submitter import Grading


@pytest.fixture(scope="session")
def running_cluster() -> Iterator[Cluster]:
    """One cluster for the whole session: it is up in a second."""
    if reason := missing():
        pytest.skip(f"no Slurm cluster here: {reason}")
    with Cluster.start() as cluster:
        yield cluster


@pytest.fixture
def cluster(running_cluster: Cluster) -> Iterator[Cluster]:
    """The cluster with all nodes idle and nothing in the queue, whatever the last test did."""
    running_cluster.restore()
    yield running_cluster
    running_cluster.restore()


@pytest.fixture
def on_cluster(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The cluster, which Slurm's commands called by this very process find as well."""
    for name in ("SLURM_CONF", "PATH"):
        monkeypatch.setenv(name, cluster.environment[name])
    return cluster


@pytest.fixture
def grading(cluster: Cluster, tmp_path: Path) -> Iterator[Grading]:
    """A grading without notebooks, to be started."""
    grading = Grading(cluster, tmp_path)
    yield grading
    grading.kill()
