"""Dockerfile and autograder.def: both are install.sh, on what the locks name."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from containers import locks

ROOT = Path(__file__).parents[2]
CONTAINERS = ROOT / "containers"
INSTALL = CONTAINERS / "install.sh"
DOCKERFILE = (CONTAINERS / "Dockerfile").read_text()
DEFINITION = (CONTAINERS / "autograder.def").read_text()
SECTIONS = {
    "arguments",
    "environment",
    "files",
    "help",
    "labels",
    "post",
    "pre",
    "runscript",
    "setup",
    "startscript",
    "test",
}


@pytest.mark.parametrize("script", ["install.sh", "student.sbatch", "student-jupyter.sbatch"])
def test_scripts_can_be_parsed(script: str) -> None:
    """bash finds no mistake in their form, and they may be executed where that is wanted."""
    subprocess.run(["bash", "-n", str(CONTAINERS / script)], check=True)
    assert (CONTAINERS / script).read_text().startswith("#!")
    assert INSTALL.stat().st_mode & 0o111


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--variant", "rocm"], "--variant: expected cpu or cuda, found 'rocm'"),
        (["--variant"], "--variant needs a value"),
        (["--data", "nothing.zip"], "expected none, small or an archive in containers/"),
        (["--gpu", "yes"], "expected --variant or --data, found --gpu"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_done(options: list[str], told: str) -> None:
    """One line, and exit code 2."""
    done = subprocess.run([str(INSTALL), *options], capture_output=True, text=True)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_install_reads_is_in_both_images() -> None:
    """Each file that install.sh or the build of the wheel reads is copied, and nothing else."""
    copied = {
        name
        for line in re.findall(r"^COPY (.+) /opt/kit/\S*$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    }
    listed = dict(re.findall(r"^    (\S+) /opt/kit/(\S+)$", _section("files"), re.MULTILINE))
    assert copied == listed.keys()
    assert all(name == place for name, place in listed.items())
    assert all((ROOT / name).exists() for name in copied)
    text = INSTALL.read_text()
    assert set(re.findall(r'"\$kit/([\w.-]+)"', text)) == {"requirements.lock"} < copied
    read = re.findall(r'"\$containers/([\w.-]+)"', text)
    assert read and all((CONTAINERS / name).is_file() for name in read)
    project = (ROOT / "pyproject.toml").read_text()
    assert set(re.findall(r'^(?:readme|license-files) = \D*?"([^"]+)"', project, re.M)) < copied


def test_both_images_are_made_alike() -> None:
    """From the same base, with the same arguments, by the same line."""
    assert _one(r"^FROM (.+)$", DOCKERFILE) == _one(r"^From: (.+)$", DEFINITION)
    arguments = dict(re.findall(r"^ARG (\w+)=(\w+)$", DOCKERFILE, re.MULTILINE))
    assert arguments == dict(re.findall(r"^    (\w+)=(\w+)$", _section("arguments"), re.MULTILINE))
    assert arguments.keys() == set(re.findall(r"\{\{ (\w+) \}\}", DEFINITION))
    line = _one(r"(/opt/kit/containers/install\.sh .*?) && ", DOCKERFILE)
    assert re.sub(r"\$(\w+)", r"{{ \1 }}", line) in _section("post")


def test_the_definition_has_only_sections_that_apptainer_knows() -> None:
    """A misspelt one would be left out in silence."""
    found = re.findall(r"^%(\w+)$", DEFINITION, re.MULTILINE)
    assert set(found) <= SECTIONS
    assert len(found) == len(set(found))


def test_no_hidden_test_gets_into_an_image() -> None:
    """Nothing is copied but the kit: no source/, hand-ins, gradebook or data, nor all there is."""
    for line in DOCKERFILE.splitlines():
        if line.startswith(("COPY", "ADD")):
            secret = {".", "source", "solutions", "submitted", "runs", "data", "gradebook.db"}
            assert not secret & {name.rstrip("/") for name in line.split()[1:-1]}
            assert not {"course_config.py", "nbgrader_config.py"} & set(line.split())


def test_the_cuda_lock_has_the_kits_tensorflow() -> None:
    """Beside NVIDIA's libraries it names nothing that the other lock does not, or otherwise."""
    cuda = locks.pins(locks.CUDA)
    others = {pin for pin in cuda if not pin[0].startswith("nvidia-")}
    assert others <= locks.pins(locks.KIT), "run `make lock`"
    assert {"tensorflow", "nvidia-cudnn-cu12"} <= {name for name, _ in cuda}


def test_every_locked_package_has_a_hash() -> None:
    """And no lock or image names a place that packages come from."""
    entries = re.split(r"^(?=\S)", locks.CUDA.read_text(), flags=re.MULTILINE)
    assert all("--hash=sha256:" in entry for entry in entries if entry.strip())
    for path in (locks.CUDA, INSTALL, CONTAINERS / "Dockerfile", CONTAINERS / "autograder.def"):
        assert not re.search(r"https?://|index-url|find-links", path.read_text())


def _section(name: str) -> str:
    """The text of a section of the definition."""
    return _one(rf"^%{name}\n(.*?)(?=^%|\Z)", DEFINITION)


def _one(pattern: str, text: str) -> str:
    found = re.findall(pattern, text, re.MULTILINE | re.DOTALL if "(.*?)" in pattern else re.M)
    assert len(found) == 1, (pattern, found)
    return str(found[0])
