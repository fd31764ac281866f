"""Which GPUs are found: nvidia-smi's, as CUDA_VISIBLE_DEVICES restricts them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from autograder.engines.accelerators import GPU, Found, find_gpus

LIST = """\
0, GPU-8f6e1d4a-0000-0000-0000-00000000aaaa, NVIDIA A100-SXM4-80GB, 81920
1, GPU-8f6e77b2-0000-0000-0000-00000000bbbb, Tesla T4, 15360
2, GPU-12340000-0000-0000-0000-00000000cccc, NVIDIA GB10, [N/A]
"""
A100 = GPU("GPU-8f6e1d4a-0000-0000-0000-00000000aaaa", "NVIDIA A100-SXM4-80GB", 81920)
T4 = GPU("GPU-8f6e77b2-0000-0000-0000-00000000bbbb", "Tesla T4", 15360)
GB10 = GPU("GPU-12340000-0000-0000-0000-00000000cccc", "NVIDIA GB10", 0)
ASKED = "--query-gpu=index,uuid,name,memory.total --format=csv,noheader,nounits"


def fake(folder: Path, says: str = LIST, code: int = 0) -> dict[str, str]:
    """An environment whose nvidia-smi knows one question and one answer."""
    program = folder / "nvidia-smi"
    program.write_text(
        f'#!/bin/sh\n[ "$*" = {shlex.quote(ASKED)} ] || {{ echo "not a question: $*"; exit 64; }}\n'
        f"printf '%s' {shlex.quote(says)}\nexit {code}\n"
    )
    program.chmod(0o755)
    return {"PATH": str(folder)}


def test_all_are_found(tmp_path: Path) -> None:
    """With name and memory, unknown where the GPU has none of its own."""
    assert find_gpus(fake(tmp_path)) == Found((A100, T4, GB10))


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("1", (T4,)),
        ("2,0", (GB10, A100)),
        (" 1 , 2 ", (T4, GB10)),
        (T4.identifier, (T4,)),
        ("GPU-8f6e7", (T4,)),
        ("0,7,1", (A100,)),
        ("0,-1,1", (A100,)),
        ("0,0", (A100,)),
        ("MIG-1f,MIG-2a", (GPU("MIG-1f", "a part of a GPU"), GPU("MIG-2a", "a part of a GPU"))),
    ],
)
def test_the_variable_restricts(tmp_path: Path, visible: str, expected: tuple[GPU, ...]) -> None:
    """As CUDA does: indices or UUIDs, also their beginnings, in their order, to the first wrong."""
    found = find_gpus(fake(tmp_path) | {"CUDA_VISIBLE_DEVICES": visible})
    assert found == Found(expected)


@pytest.mark.parametrize("visible", ["7", "GPU-8f6e", "GPU-ffff", "nonsense"])
def test_what_is_not_there_is_not_found(tmp_path: Path, visible: str) -> None:
    """Nor is what could be two; the variable is named."""
    found = find_gpus(fake(tmp_path) | {"CUDA_VISIBLE_DEVICES": visible})
    assert found.gpus == ()
    assert f"CUDA_VISIBLE_DEVICES={visible}" in found.missing


@pytest.mark.parametrize("visible", ["", "-1"])
def test_none_are_wanted(tmp_path: Path, visible: str) -> None:
    """Then nobody asks for them."""
    environment = fake(tmp_path, "must not be read") | {"CUDA_VISIBLE_DEVICES": visible}
    assert find_gpus(environment).missing == "CUDA_VISIBLE_DEVICES hides all GPUs"


def test_no_command_no_gpu(tmp_path: Path) -> None:
    """A variable that is left over makes none, where there is no device."""
    environment = {"PATH": str(tmp_path), "CUDA_VISIBLE_DEVICES": "0"}
    found = find_gpus(environment, devices=tmp_path)
    assert found == Found(missing="nvidia-smi is not on PATH")


def test_a_container_without_the_command(tmp_path: Path) -> None:
    """What Slurm gave it is believed where there are devices; without the variable, nothing is."""
    (tmp_path / "nvidia3").touch()
    environment = {"PATH": str(tmp_path), "CUDA_VISIBLE_DEVICES": "0,MIG-1"}
    expected = (GPU("0", "a GPU"), GPU("MIG-1", "a part of a GPU"))
    assert find_gpus(environment, devices=tmp_path) == Found(expected)
    assert find_gpus({"PATH": str(tmp_path)}, devices=tmp_path).gpus == ()


def test_a_driver_that_does_not_run(tmp_path: Path) -> None:
    """What the command said is told, its first line."""
    environment = fake(tmp_path, "it couldn't talk to the driver.\nMore.\n", code=9)
    found = find_gpus(environment, devices=tmp_path)
    assert found == Found(
        missing="nvidia-smi ended with 9 and said: it couldn't talk to the driver."
    )


def test_a_command_that_cannot_be_run(tmp_path: Path) -> None:
    """Is as good as none."""
    environment = fake(tmp_path)
    (tmp_path / "nvidia-smi").write_text("#!/no/such/interpreter\n")
    assert "nvidia-smi does not answer" in find_gpus(environment, devices=tmp_path).missing


def test_an_answer_that_is_none(tmp_path: Path) -> None:
    """Nothing, or something else than was asked for."""
    assert find_gpus(fake(tmp_path, "")).missing == "nvidia-smi lists no GPU"
    found = find_gpus(fake(tmp_path, "0, GPU-1\n"), devices=tmp_path)
    assert "expected index, uuid, name and memory; received '0, GPU-1'" in found.missing
