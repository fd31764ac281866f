"""What frameworks are told of their part of a GPU; no GPU is needed to see it."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from autograder.notebook.accelerator import share_gpu

TENSORFLOW = """
import keras
import tensorflow as tf
from tensorflow.python.eager import context

assert context._context is None  # CUDA does not survive the fork of a process that has begun it
from autograder.notebook.accelerator import share_gpu

share_gpu(0.45)
model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
model.compile(loss="mse")
model.fit(tf.ones((4, 2)), tf.ones((4, 1)), verbose=0)
assert tf.config.list_logical_devices("CPU")
print(context.context().config.gpu_options.per_process_gpu_memory_fraction)
"""


def run(code: str) -> list[str]:
    """The lines that a new interpreter prints."""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout.split()


def test_tensorflow_is_told_its_part() -> None:
    """What its session configuration says afterwards; importing it has looked for no device."""
    pytest.importorskip("tensorflow")
    assert run(TENSORFLOW) == ["0.45"]


@pytest.mark.parametrize(("has_gpu", "expected"), [(True, [0.3]), (False, [])])
def test_torch_is_told_its_part(
    monkeypatch: pytest.MonkeyPatch, has_gpu: bool, expected: list[float]
) -> None:
    """Where it sees a GPU; without one it would raise."""
    told: list[float] = []
    cuda = SimpleNamespace(
        is_available=lambda: has_gpu, set_per_process_memory_fraction=told.append
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    share_gpu(0.3)
    assert told == expected


def test_who_is_alone_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frameworks are left as they are: these here would raise at a touch."""
    for name in ("torch", "tensorflow"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace())
    share_gpu(1.0)


def test_nothing_is_imported_for_it() -> None:
    """A theory notebook does not wait for TensorFlow."""
    code = (
        "import sys\nfrom autograder.notebook.accelerator import share_gpu\nshare_gpu(0.5)\n"
        "print(sorted({'tensorflow', 'torch', 'jax', 'keras'} & set(sys.modules)))"
    )
    assert run(code) == ["[]"]
