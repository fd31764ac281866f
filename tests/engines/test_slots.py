"""How a machine is divided: GPUs, their memory, processors."""

from __future__ import annotations

import os

import pytest

from autograder.engines.accelerators import GPU, Found
from autograder.engines.slots import (
    Slots,
    find_slots,
    refuse_full_without_gpu,
    usable_processors,
)
from autograder.errors import UserError
from autograder.settings import Autograder

TWO = Found((GPU("GPU-a", "A100", 81920), GPU("GPU-b", "T4", 15360)))
NONE = Found(missing="nvidia-smi is not on PATH")


def slots(
    found: Found = NONE, processors: int = 8, items: int | None = None, **settings: object
) -> Slots:
    return find_slots(Autograder(**settings), items, found=found, processors=processors)


def test_without_a_gpu() -> None:
    """A slot for each processor, each with one thread; nothing is said of GPUs to tasks."""
    found = slots()
    assert (len(found.plain), found.accelerated, found.threads) == (8, (), 1)
    assert found.plain[0].environment == {}
    assert set(found.common.values()) == {"1"}
    assert {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"} <= set(
        found.common
    )


def test_processors_are_divided() -> None:
    """Among all slots; no more slots than there are notebooks, and never less than one thread."""
    assert slots(workers=2).threads == 4
    assert slots(workers=3).threads == 2
    assert slots(workers=3).common["OMP_NUM_THREADS"] == "2"
    assert slots(workers=20).threads == 1
    assert slots(items=2).threads == 4
    assert slots(items=100).threads == 1
    assert slots(items=0).threads == 8
    assert slots(TWO, workers=2).threads == 2


def test_a_gpu_keeps_a_processor() -> None:
    """So that it does not wait for notebooks that use none; c.Autograder.workers says otherwise."""
    found = slots(TWO)
    assert (len(found.accelerated), len(found.plain), found.threads) == (2, 6, 1)
    assert len(slots(TWO, processors=1).plain) == 1
    assert len(slots(TWO, workers=8).plain) == 8


def test_slots_take_turns_on_gpus() -> None:
    """So two notebooks have a GPU each; each slot sees one GPU."""
    found = slots(TWO, slots_per_gpu=2).accelerated
    assert [slot.gpu for slot in found] == ["GPU-a", "GPU-b", "GPU-a", "GPU-b"]
    assert [slot.environment["CUDA_VISIBLE_DEVICES"] for slot in found] == [
        slot.gpu for slot in found
    ]


def test_memory_is_divided() -> None:
    """Nine tenths of it; alone, a notebook may have all, but takes it as it needs it."""
    (alone, _) = slots(TWO).accelerated
    assert alone.memory_fraction == 1.0
    assert alone.environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    assert alone.environment["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    shared = slots(TWO, slots_per_gpu=3).accelerated[0]
    assert shared.memory_fraction == pytest.approx(0.3)
    assert shared.environment["XLA_CLIENT_MEM_FRACTION"] == "0.3"


def test_a_plain_slot_sees_no_gpu() -> None:
    """Where there is one, also where none of them is to be worked on."""
    for settings in ({}, {"gpus": 0}):
        found = slots(TWO, **settings)
        assert found.plain[0].environment == {"CUDA_VISIBLE_DEVICES": "-1"}


def test_some_gpus_are_left_to_others() -> None:
    """The first ones are worked on; none, without a word, with 0."""
    assert [gpu.name for gpu in slots(TWO, gpus=1).gpus] == ["A100"]
    assert len(slots(TWO, gpus=5).accelerated) == 2
    found = slots(TWO, gpus=0)
    assert (found.accelerated, found.missing) == ((), "")


def test_the_instructors_environment_wins() -> None:
    """What it sets, a slot does not; JAX gets no second name for what has one."""
    environment = {
        "OMP_NUM_THREADS": "7",
        "CUDA_VISIBLE_DEVICES": "0,1",
        "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.5",
    }
    found = slots(TWO, environment=environment)
    assert "OMP_NUM_THREADS" not in found.common
    assert "MKL_NUM_THREADS" in found.common
    assert found.plain[0].environment == {}
    assert not {*environment, "XLA_CLIENT_MEM_FRACTION"} & set(found.accelerated[0].environment)


def test_the_instructor_may_hide_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tasks: then none is looked for, and this is why."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    found = find_slots(Autograder(environment={"CUDA_VISIBLE_DEVICES": ""}))
    assert found.missing == "CUDA_VISIBLE_DEVICES hides all GPUs"


def test_processors_of_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the system lets it use; with Slurm, no more than it was given."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 4, 5})
    assert usable_processors({}) == 3
    assert usable_processors({"SLURM_CPUS_PER_TASK": "2"}) == 2
    for nonsense in ("64", "0", "?"):
        assert usable_processors({"SLURM_CPUS_PER_TASK": nonsense}) == 3


def test_the_real_images_want_a_gpu() -> None:
    """One line: what was looked for, and what to set."""
    with pytest.raises(UserError, match="nvidia-smi is not on PATH") as raised:
        refuse_full_without_gpu("full", slots())
    for hint in ('profile = "small"', 'engine = "slurm"', "gpus = 0"):
        assert hint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_is_not_refused() -> None:
    """Stand-ins, a GPU, and whoever says that processors will do."""
    refuse_full_without_gpu("small", slots())
    refuse_full_without_gpu("full", slots(TWO))
    refuse_full_without_gpu("full", slots(gpus=0))
