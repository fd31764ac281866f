"""Where this machine's hand-ins run at the same time: slots on GPUs and slots without.

Processors are divided among the slots. BLAS reads how many threads to use when it is imported, so
the variables that say it belong into the environment of the warm process (`Slots.common`), not of a
task. What CUDA, TensorFlow and JAX read of a GPU they read at their first operation, in the task.

The number of threads decides the order of sums, and so the last digits of what is trained. Who
wants them alike on machines of different size sets the variables in c.Autograder.environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.engines.accelerators import GPU, Found, find_gpus
from autograder.errors import UserError
from autograder.isolation import Slot
from autograder.settings import Autograder

_THREADS = (
    "OMP_NUM_THREADS",  # PyTorch and most of BLAS
    "OPENBLAS_NUM_THREADS",  # NumPy
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # JAX
)
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_USABLE = 0.9  # of a GPU's memory; the rest is for what CUDA keeps for each process
_NO_GPU = (
    'c.Autograder.profile = "full" trains on real images, which wants a GPU: {why}; set '
    'c.Autograder.profile = "small", or c.Autograder.engine = "slurm" where a cluster has GPUs, or '
    "c.Autograder.gpus = 0 if this machine's processors will do"
)


@dataclass(frozen=True)
class Slots:
    """What can be at work at the same time.

    common: for the environment of the warm processes. threads: of each slot. missing: why there is
    no GPU although one was looked for; else empty.
    """

    plain: tuple[Slot, ...]
    accelerated: tuple[Slot, ...] = ()
    common: Mapping[str, str] = field(default_factory=dict)
    threads: int = 1
    gpus: tuple[GPU, ...] = ()
    missing: str = ""


def find_slots(
    settings: Autograder,
    items: int | None = None,
    *,
    found: Found | None = None,
    processors: int | None = None,
) -> Slots:
    """The slots of this machine, or of this task's part of it.

    items: how many notebooks there are to run, if known: slots that stay empty need no processor.
    found, processors: instead of looking. What c.Autograder.environment sets is left as it is.
    """
    found = _look(settings) if found is None else found
    processors = usable_processors() if processors is None else processors
    gpus = found.gpus if settings.gpus < 0 else found.gpus[: settings.gpus]
    accelerated = _accelerated(gpus, settings)
    count = settings.workers or max(1, processors - len(accelerated))  # a GPU wants one to feed it
    plain = _without(settings, {_VISIBLE: "-1"} if found.gpus else {})
    busy = count + len(accelerated) if items is None else min(items, count + len(accelerated))
    threads = max(1, processors // max(1, busy))
    return Slots(
        plain=(Slot(environment=plain),) * count,
        accelerated=accelerated,
        common=_without(settings, dict.fromkeys(_THREADS, str(threads))),
        threads=threads,
        gpus=gpus,
        missing=found.missing if settings.gpus else "",
    )


def usable_processors(environment: Mapping[str, str] = os.environ) -> int:
    """How many this process may use; a Slurm task often sees more than it was given."""
    allowed = len(os.sched_getaffinity(0))
    given = environment.get("SLURM_CPUS_PER_TASK", "")
    return min(allowed, int(given)) if given.isdecimal() and int(given) else allowed


def refuse_full_without_gpu(profile: str, slots: Slots) -> None:
    """Raise UserError where the real images are to be trained on, but not on a GPU by accident."""
    if profile == "full" and slots.missing:
        raise UserError(_NO_GPU.format(why=slots.missing))


def _look(settings: Autograder) -> Found:
    own = {name: value for name, value in settings.environment.items() if name == _VISIBLE}
    return find_gpus({**os.environ, **own})


def _accelerated(gpus: tuple[GPU, ...], settings: Autograder) -> tuple[Slot, ...]:
    """As many for each GPU, which take turns, so that few notebooks are spread over all."""
    return tuple(_on(gpu, settings) for _ in range(settings.slots_per_gpu) for gpu in gpus)


def _on(gpu: GPU, settings: Autograder) -> Slot:
    """TensorFlow and PyTorch learn of their part from the child, see notebook/accelerator.py."""
    fraction = round(_USABLE / settings.slots_per_gpu, 3)
    environment = {
        _VISIBLE: gpu.identifier,
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    if "XLA_PYTHON_CLIENT_MEM_FRACTION" not in settings.environment:  # JAX refuses both names
        environment["XLA_CLIENT_MEM_FRACTION"] = str(fraction)
    shared = settings.slots_per_gpu > 1
    return Slot(gpu.identifier, fraction if shared else 1.0, _without(settings, environment))


def _without(settings: Autograder, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without what the instructor has set."""
    return {name: value for name, value in environment.items() if name not in settings.environment}
