"""What a notebook's first cell says."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from autograder.workbench import devices, readiness, ready

Hide = Callable[..., None]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the machine that tests run on."""
    for name in ("KERAS_BACKEND", "AUTOGRADER_PROFILE", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "data"))


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Hide:
    """Modules as if they were not installed; all others as if they were."""

    def hidden(*modules: str) -> None:
        monkeypatch.setattr(readiness, "_is_found", lambda module: module not in modules)

    return hidden


def test_missing_packages_are_told_by_the_names_they_install_under(hide: Hide) -> None:
    """PIL is pillow; one line says what to run, and that the kernel must be restarted."""
    hide("PIL", "matplotlib")
    with pytest.raises(UsageError) as error:
        ready("keras", "matplotlib", "PIL")
    assert str(error.value) == (
        "missing here: matplotlib, PIL; run `%pip install matplotlib pillow` in a cell, "
        "then restart the kernel"
    )


def test_missing_keras_comes_with_what_it_computes_with(hide: Hide) -> None:
    """Keras alone is of no use."""
    hide("keras", "tensorflow", "torch")
    with pytest.raises(UsageError, match=r"`%pip install keras tensorflow`"):
        ready("keras")


def test_module_that_is_not_installed_is_found_missing() -> None:
    """By Python's own search; a part of a missing package too."""
    with pytest.raises(UsageError, match=r"missing here: no_such_module, no_such\.part;"):
        ready("json", "no_such_module", "no_such.part")


def test_missing_backend(hide: Hide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it was chosen, how to install it, and which other could be taken."""
    hide("jax", "torch")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(UsageError) as error:
        ready("keras")
    assert str(error.value) == (
        "Keras is set to compute with jax (KERAS_BACKEND), which is missing here; run "
        "`%pip install jax` in a cell, then restart the kernel, or set KERAS_BACKEND to tensorflow"
    )


def test_backend_that_keras_was_configured_with(hide: Hide, tmp_path: Path) -> None:
    """keras.json counts where KERAS_BACKEND is not set."""
    hide("torch")
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras/keras.json").write_text(json.dumps({"backend": "torch"}))
    with pytest.raises(UsageError, match=r"compute with torch \(.*keras\.json\), which is missing"):
        ready("keras")


def test_unknown_backend(hide: Hide, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt one is told before Keras falls over it."""
    hide()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflw")
    with pytest.raises(UsageError, match="expected one of tensorflow, jax, torch, found 'tensorfl"):
        ready("keras")


def test_keras_that_is_too_old(hide: Hide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras 2 has other layers and other formats."""
    hide()
    monkeypatch.setattr(readiness, "_version", lambda package: "2.15.0")
    with pytest.raises(UsageError, match=r"Keras 2\.15\.0 is too old, .*install --upgrade keras`"):
        ready("keras")


def test_keras_that_cannot_be_imported(hide: Hide, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error stands in the line, and no traceback."""

    def broken(name: str) -> Any:
        raise ImportError("libcudart.so is missing\nand more")

    hide()
    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(UsageError) as error:
        ready("keras")
    assert "importing it fails (ImportError: libcudart.so is missing); run" in str(error.value)


def test_unknown_profile_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of the data sets."""
    monkeypatch.setenv("AUTOGRADER_PROFILE", "medium")
    with pytest.raises(UsageError, match="expected small or full, found 'medium'"):
        ready()


def test_gpus_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Students see what their training will run on."""
    pytest.importorskip("keras")
    monkeypatch.setattr(readiness, "gpus", lambda backend: ["NVIDIA T4", "NVIDIA T4"])
    ready("keras")
    assert "; 2 GPUs: NVIDIA T4, NVIDIA T4\n" in capsys.readouterr().out


def test_driver_that_fails_means_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the backend is unknown."""

    def failing() -> list[str]:
        raise RuntimeError("CUDA_ERROR_NO_DEVICE")

    monkeypatch.setattr(devices, "_jax", failing)
    assert devices.gpus("jax") == devices.gpus("openvino") == []


def test_profile_and_folder_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Also that nothing lies there yet; without whose machine it is."""
    ready()
    shown = "$AUTOGRADER_DATA/students/small"
    assert capsys.readouterr().out == f"Profile small: images will lie in {shown}\n"
    (tmp_path / "data/students/small").mkdir(parents=True)
    ready()
    assert capsys.readouterr().out == f"Profile small: images lie in {shown}\n"


def test_the_home_directory_is_not_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The notebook's outputs are handed in."""
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    ready()
    assert "in ~/.cache/autograder/students/small\n" in capsys.readouterr().out


def test_in_a_fresh_kernel(tmp_path: Path) -> None:
    """It says what runs here, and TensorFlow's own noise stays away."""
    pytest.importorskip("keras")
    done = subprocess.run(
        [sys.executable, "-c", "from autograder.workbench import ready; ready('keras', 'numpy')"],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("Keras 3.") and "; no GPU: training runs on " in first
    assert second.startswith("Profile small: ")
    assert done.stderr == ""
