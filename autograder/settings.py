"""What course_config.py may set, beside nbgrader's own settings.

c = get_config()
c.Autograder.workers = 4
c.Autograder.cell_timeout_s = 300
"""

from __future__ import annotations

import math
import os
import traceback
from pathlib import Path
from typing import Any, TypeVar

from traitlets import Bool, Dict, Enum, Float, Integer, List, TraitError, Unicode, validate
from traitlets.config import Config, Configurable, PyFileConfigLoader

from autograder.errors import UserError


class SettingsError(UserError):
    """A setting, or the file it stands in, is wrong; the message is one line for the instructor."""


BUDGETS = ("notebook_timeout_s", "cell_timeout_s", "memory_mb")  # a notebook may have its own


class Autograder(Configurable):  # type: ignore[misc]
    """How hand-ins are run and graded. Sizes in MB are 2**20 bytes, times are wall-clock."""

    engine = Enum(
        ("local", "slurm"), "local", help="Where hand-ins are run: on this machine or by Slurm."
    ).tag(config=True)
    workers = Integer(
        0, min=0, help="Hand-ins at work at the same time; 0: one for each processor."
    ).tag(config=True)
    gpus = Integer(
        -1, min=-1, help="GPUs of this machine to work on; -1: all that are found, 0: none."
    ).tag(config=True)
    slots_per_gpu = Integer(
        1, min=1, help="Notebooks at work on one GPU; each gets its part of the memory."
    ).tag(config=True)
    isolation = Bool(
        True,
        help="Run student code only behind walls. Without, every result says so.",
    ).tag(config=True)
    warm_imports = List(
        Unicode(),
        [
            "numpy",
            "matplotlib.pyplot",
            "PIL.Image",
            "safetensors.numpy",
            "autograder.grading.child",
        ],
        help="Modules imported once, before the first hand-in.",
    ).tag(config=True)
    warm_frameworks = List(
        Unicode(),
        ["tensorflow", "keras", "torch", "jax"],
        help="The same, but only for notebooks that mention them.",
    ).tag(config=True)
    notebook_timeout_s = Float(1200.0, min=0.1, help="Time for one notebook.").tag(config=True)
    cell_timeout_s = Float(300.0, min=0.1, help="Time for one cell.").tag(config=True)
    grading_timeout_s = Float(900.0, min=0.1, help="Time to grade one notebook's answers.").tag(
        config=True
    )
    memory_mb = Integer(4096, min=64, help="Memory of one notebook.").tag(config=True)
    disk_mb = Integer(1024, min=1, help="What one notebook may write.").tag(config=True)
    processes = Integer(512, min=8, help="Processes and threads of one notebook.").tag(config=True)
    answers_mb = Integer(
        512,
        min=1,
        help="What one notebook's answers and outputs may come to; what answers share counts once.",
    ).tag(config=True)
    answer_mb = Integer(256, min=1, help="What one answer may come to.").tag(config=True)
    cell_output_mb = Integer(4, min=1, help="What one cell's outputs may come to.").tag(config=True)
    hand_in_mb = Integer(
        200, min=1, help="What the files of one hand-in may come to, notebooks included."
    ).tag(config=True)
    readable = List(
        Unicode(), [], help="Files and folders that student code may read, beside Python's own."
    ).tag(config=True)
    environment = Dict(
        key_trait=Unicode(), value_trait=Unicode(), help="Environment variables of student code."
    ).tag(config=True)

    profile = Enum(
        ("small", "full"),
        "small",
        help="Data sets: drawn stand-ins (small) or the real images (full).",
    ).tag(config=True)
    data_directory = Unicode(
        "data", help="Where data sets are kept; relative to the course directory."
    ).tag(config=True)
    data_sources = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="A mirror's address or a local copy of an original archive, by data set.",
    ).tag(config=True)
    evaluation_images = Dict(
        key_trait=Unicode(),
        value_trait=Integer(min=0),
        help="How many images are hidden from students, by data set; as many of each class.",
    ).tag(config=True)
    evaluation_secret = Unicode(
        "",
        help="Decides which images are hidden; empty: one that is made for the data directory. "
        "Machines that are to grade alike need the same.",
    ).tag(config=True)

    budgets = Dict(
        key_trait=Unicode(),
        value_trait=Dict(),
        help="Other limits for some notebooks, such as "
        '{"cifar10": {"notebook_timeout_s": 3600, "memory_mb": 8192}}.',
    ).tag(config=True)

    @validate("budgets")  # type: ignore[untyped-decorator]
    def _check_budgets(self, proposal: Any) -> Any:
        wrong = [
            f"{notebook!r}: {problem}"
            for notebook, budget in proposal["value"].items()
            for name, amount in budget.items()
            if (problem := self._wrong_budget(name, amount))
        ]
        if wrong:
            raise TraitError(f"c.Autograder.budgets, {'; '.join(wrong)}")
        return proposal["value"]

    def _wrong_budget(self, name: object, amount: object) -> str:
        """What is wrong with an entry of a notebook's budget; "" if it could be the setting's."""
        if name not in BUDGETS:
            return f"{name!r} is no budget; expected one of {', '.join(BUDGETS)}"
        trait = self.traits()[name]
        is_whole = isinstance(trait, Integer)
        kinds = int if is_whole else (int, float)
        if isinstance(amount, kinds) and not isinstance(amount, bool) and amount >= trait.min:
            return "" if amount < math.inf else f"{name}: expected a number, received {amount!r}"
        kind = "a whole number" if is_whole else "a number"
        return f"{name}: expected {kind} of at least {trait.min:g}, received {amount!r}"

    @property
    def slots(self) -> int:
        """Hand-ins at work at the same time."""
        return self.workers or len(os.sched_getaffinity(0))


class Slurm(Configurable):  # type: ignore[misc]
    """What the jobs of `engine = "slurm"` ask for. Empty and 0 leave it to the cluster or the kit.

    c.Slurm.partition = "gpu"
    """

    partition = Unicode("", help="Where notebooks run that use a GPU, and all others unless:").tag(
        config=True
    )
    cpu_partition = Unicode("", help="Where notebooks run that use no GPU.").tag(config=True)
    account = Unicode("", help="Who pays.").tag(config=True)
    time = Unicode(
        "",
        help='A task\'s longest time, such as "04:00:00"; empty: by what its notebooks may take.',
    ).tag(config=True)
    gpus = Integer(1, min=0, help="GPUs of a task whose notebooks use one.").tag(config=True)
    cpus = Integer(4, min=1, help="Processors of a task.").tag(config=True)
    memory_gb = Float(
        0.0, min=0.0, help="Memory of a task; 0: what its notebooks may use at the same time."
    ).tag(config=True)
    parallel = Integer(0, min=0, help="Tasks at the same time; 0: as many as there is room.").tag(
        config=True
    )
    chunk = Integer(200, min=1, help="Most notebooks of one task.").tag(config=True)
    retries = Integer(
        3, min=0, help="How often a notebook is tried again whose task ended before it was done."
    ).tag(config=True)
    poll_s = Float(15.0, min=0.05, help="Seconds between two looks at the queue.").tag(config=True)
    container = Unicode("", help="An Apptainer image to run tasks in.").tag(config=True)
    setup = List(Unicode(), [], help='Shell lines before a task, such as "module load x".').tag(
        config=True
    )
    options = List(Unicode(), [], help='Other options of sbatch, such as "--qos=low".').tag(
        config=True
    )


Kind = TypeVar("Kind", bound=Configurable)


def load_config(root: Path) -> Config:
    """The configuration of the course at `root`: nbgrader_config.py, which loads course_config.py.

    Raises SettingsError with one line when there is none or it cannot be run.
    """
    for name in ("nbgrader_config.py", "course_config.py"):
        if not (root / name).is_file():
            raise SettingsError(
                f"{root}: expected a course directory, found no {name} in it; "
                "run the command in the course's root or name it with --course"
            )
    try:
        return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    except (Exception, SystemExit) as error:  # the file is Python: anything may go wrong in it
        reason = str(error).split(" (", 1)[0] if isinstance(error, SyntaxError) else str(error)
        raise SettingsError(
            f"{_where(root, error)}: cannot be loaded: {type(error).__name__}: {reason}"
        ) from error


def _where(root: Path, error: BaseException) -> str:
    """The file of the course, and the line in it, that `error` comes from."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent == root]
    return f"{ours[-1].filename}, line {ours[-1].lineno}" if ours else f"{root}/nbgrader_config.py"


def settings(config: Config) -> Autograder:
    """The kit's settings in `config`. Raises SettingsError naming the setting that is wrong."""
    return load_settings(Autograder, config)


def slurm_settings(config: Config) -> Slurm:
    """What `config` says of Slurm's jobs. Raises SettingsError naming the setting that is wrong."""
    return load_settings(Slurm, config)


def load_settings(kind: type[Kind], config: Config) -> Kind:
    """A class of settings as `config` has it. Raises SettingsError naming the one that is wrong."""
    known = kind.class_trait_names(config=True)
    for name in config.get(kind.__name__, {}):
        if name not in known:
            raise SettingsError(
                f"course_config.py: c.{kind.__name__}.{name} is not a setting; "
                f"expected one of {', '.join(sorted(known))}"
            )
    try:
        loaded: Kind = kind(config=config)
    except Exception as error:  # TraitError, or ValueError of a validator
        raise SettingsError(f"course_config.py: {error}") from error
    return loaded
