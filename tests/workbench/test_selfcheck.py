"""`autograder check`: notebooks run in real kernels."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import compute_checksum
from support import cell, notebook, write

from autograder.errors import UserError
from autograder.workbench import command
from autograder.workbench.selfcheck import check
from workbench.quiz import answer, asked, card, explanation, hand_out

FORM = "require(form(a, shape=(2,)))"
VALUE = "expect(1, equal(a, [6, 7]))"


def checked(path: Path, **options: int) -> tuple[int, list[str]]:
    """The exit code and what was said."""
    said: list[str] = []
    return check(path, said.append, **options), said


def test_all_that_is_visible_passes(tmp_path: Path) -> None:
    """Code 0: a line for each card, what people mark, how much is complete; no file changes."""
    path = hand_out(
        tmp_path / "one.ipynb",
        answer("a", "a = [6, int(open('seven.txt').read())]"),
        asked("test_a", card("Question a", 2, FORM, VALUE)),
        asked("test_plain", "assert a[0] == 6", 1),
        explanation("why", "Because."),
        explanation("how", "YOUR ANSWER HERE"),
    )
    (tmp_path / "seven.txt").write_text("7")
    before = path.read_bytes()
    assert checked(path) == (
        0,
        [
            "✓ Question a: 1 of 1 point, 1 point by hidden tests",
            "✓ test_plain: passed, as far as it can be seen",
            "2 answers marked by a person, 6 points; still empty: how",
            "2 of 2 questions complete, by the visible tests; "
            "after hand-in hidden tests decide 1 point of 1 question",
        ],
    )
    assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["one.ipynb", "seven.txt"]


def test_what_goes_wrong_is_told_in_its_place(tmp_path: Path) -> None:
    """Code 1; errors in one line with cell and line, and the run goes on after them."""
    path = hand_out(
        tmp_path / "one.ipynb",
        answer("a", "a = [6]\n\na + nump"),
        asked("test_a", card("Question a", 2, FORM, VALUE)),
        asked("test_plain", "assert len(a) == 2, 'two numbers'", 1),
        answer("ask", "b = input()"),
        answer("broken", "b = = 2"),
    )
    code, said = checked(path)
    assert code == 1
    assert said[0] == "✗ cell 2 (a): line 3: NameError: name 'nump' is not defined"
    assert said[1] == "✗ Question a: 0 of 1 point, 1 point by hidden tests"
    assert said[2].startswith("    asked: the answer is a list of 2 numbers")
    plain = "✗ test_plain: its test in cell 4 (test_plain) ended in line 1: "
    assert f"{plain}AssertionError: two numbers" in said
    assert any(line.startswith("✗ cell 5 (ask): line 1: StdinNotImplemented") for line in said)
    assert "✗ cell 6 (broken): line 1: SyntaxError: invalid syntax" in said
    assert said[-1].startswith("0 of 2 questions complete")
    assert not any("Traceback" in line for line in said)


def test_verbose_gives_tracebacks(tmp_path: Path) -> None:
    """Without their colours."""
    tests = asked("test_a", card("Question a", 2, FORM))
    path = hand_out(tmp_path / "one.ipynb", answer("a", "a = [6, 7]\n1 / 0"), tests)
    code, said = checked(path, verbose=True)
    assert code == 1  # all tests pass, but a cell does not run
    assert "----> 2 1 / 0" in said[1]
    assert "\x1b" not in said[1]
    assert said[2:5][0].startswith("✓ Question a")
    assert said[3].startswith("    asked:")


def test_a_cell_that_takes_too_long(tmp_path: Path) -> None:
    """It is interrupted, and the rest is run; its own limit comes before the command's."""
    endless = answer("a", "a = [6, 7]\nimport threading\nthreading.Event().wait()")
    endless.metadata["autograder"] = {"timeout_s": 1}
    path = hand_out(tmp_path / "one.ipynb", endless, asked("test_a", card("Question a", 2, FORM)))
    code, said = checked(path, timeout_s=0)
    assert code == 1
    assert said[0] == "✗ cell 2 (a): took more than 1 s and was interrupted"
    assert said[1].startswith("✓ Question a")


def test_a_kernel_that_dies(tmp_path: Path) -> None:
    """What cannot be run is told, and counted as not tested."""
    dies = answer("a", "import os\nos._exit(1)")
    path = hand_out(tmp_path / "one.ipynb", dies, asked("test_a", card("Question a", 2, FORM)))
    code, said = checked(path)
    assert code == 1
    assert said[0] == (
        "✗ cell 2 (a): its kernel died: out of memory, or a crash of a library; "
        "the cells after it were not run"
    )
    assert len(said) == 3
    assert said[-2] == "1 question not tested"
    assert said[-1] == "0 of 1 question complete, by the visible tests"


def test_a_changed_test_is_told(tmp_path: Path) -> None:
    """Code 1 though all passes: the author's code is compared with what was given out.

    Answers may change, so may a test without a digest; the digest is nbgrader's own.
    """
    cells = [
        cell("code", "window", "width = 2", locked=True),
        answer("a", "a = ..."),
        asked("test_a", "assert len(a) == width", 1),
        asked("test_b", "assert a", 2.5),
    ]
    for each in cells:
        each.metadata.nbgrader["checksum"] = compute_checksum(each)
    cells[1].source = "a = [6, 7]"
    path = hand_out(tmp_path / "one.ipynb", *cells)
    assert checked(path)[0] == 0
    cells[2].source += " or True"
    cells[0].source = "width = 3"
    code, said = checked(hand_out(path, *cells))
    assert code == 1
    assert said[0].startswith(
        "✗ not as it was given out: cell 2 (window), cell 4 (test_a); grading takes the original"
    )
    assert said[1].startswith("✓ test_a")


@pytest.mark.parametrize("settings", ["text", {"grade": True}, {"grade": True, "points": []}])
def test_settings_that_nbgrader_did_not_write(tmp_path: Path, settings: object) -> None:
    """What a tool or a hand left in the metadata stops nothing."""
    odd = answer("odd", "a = 1")
    odd.metadata.nbgrader = settings
    odd.metadata["autograder"] = {"timeout_s": float("inf")}
    text = explanation("why", "Because.")
    text.metadata.nbgrader = settings
    said = checked(hand_out(tmp_path / "one.ipynb", odd, text, asked("t", "assert a")))[1]
    assert "✓ t: passed, as far as it can be seen" in said


def test_the_same_table_in_the_notebook(tmp_path: Path) -> None:
    """`check_notebook` in a last cell finds the cards of the cells before it, and a table is shown.

    The kernel is one as Jupyter starts it.
    """
    last = answer("last", "from autograder.workbench import check_notebook\ncheck_notebook()")
    path = hand_out(
        tmp_path / "one.ipynb",
        answer("a", "a = [6]"),
        asked("test_a", card("Question a", 2, FORM)),
        last,
    )
    from nbclient import NotebookClient

    ran = NotebookClient(nbformat.read(path, as_version=4), timeout=60).execute()
    (output,) = ran.cells[-1].outputs
    text = output.data["text/plain"]
    assert text.startswith("✗ Question a: incorrect, 2 points by hidden tests")
    assert text.endswith("after hand-in hidden tests decide 2 points of 1 question")
    assert "<table" in output.data["text/html"]


def test_ctrl_c_ends_the_kernel_too(tmp_path: Path) -> None:
    """One line, code 130; what was said before holds."""
    path = hand_out(
        tmp_path / "one.ipynb",
        answer("a", "import os\na = [6, 7]\nopen('pid', 'w').write(str(os.getpid()))"),
        asked("test_a", card("Question a", 2, FORM)),
        answer("b", "import threading\nthreading.Event().wait()"),
    )
    started = [sys.executable, "-m", "autograder.workbench.command", str(path)]
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("✓ Question a")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 130
    assert rest.startswith("interrupted in cell ")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("no.ipynb", None, "no such file"),
        ("a.ipynb", b"\x89PNG", "'utf-8' codec"),
        ("a.ipynb", b"{", "Expecting property name"),
        ("a.ipynb", b"[]", "another kind of file"),
        ("a.ipynb", b'{"nbformat": 3, "worksheets": []}', "another kind of file"),
        ("a.ipynb", b'{"nbformat": 4, "cells": 3}', ""),
        ("a.ipynb", b"[" * 100_000, ""),
    ],
)
def test_what_is_no_notebook(tmp_path: Path, name: str, content: bytes | None, found: str) -> None:
    """One line: where, what was expected and found, what to do."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="expected a notebook of Jupyter") as error:
        checked(tmp_path / name)
    assert found in str(error.value)
    assert "\n" not in str(error.value)


def test_a_notebook_without_tests_or_in_another_language(tmp_path: Path) -> None:
    """Neither is what the instructor gave out."""
    path = hand_out(tmp_path / "one.ipynb", answer("a", "a = 1"))
    with pytest.raises(UserError, match="expected test cells, found none"):
        checked(path)
    julia = notebook(asked("test_a", "1"))
    julia.metadata.kernelspec.language = "julia"
    write(julia, path)
    with pytest.raises(UserError, match="in Python, found one in julia"):
        checked(path)


def test_the_command_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where only the student's part is installed: one line and code 2 for a mistake."""
    assert command.main([str(tmp_path / "no.ipynb")]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("autograder: ") and captured.err.count("\n") == 1
    for wrong in ([], ["theory.ipynb", "--timeout", "0"]):
        with pytest.raises(SystemExit) as ended:
            command.main(wrong)
        assert ended.value.code == 2


def test_a_console_without_the_signs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """They become question marks, not an error."""
    monkeypatch.setenv("COLUMNS", "40")
    with open(os.dup(1), "w", encoding="cp1252") as console:
        monkeypatch.setattr(sys, "stdout", console)
        command.say("✓ Question a: correct\n    found: " + "word " * 12)
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "? Question a: correct"
    assert lines[2].startswith("      word")


def test_it_needs_neither_walls_nor_nbgrader() -> None:
    """So that it runs on Windows and macOS, with the student's part of the kit."""
    heavy = {"nbgrader", "typer", "rich", "tensorflow", "keras"}
    code = (
        "import sys, autograder.workbench.command, autograder.workbench.kernel\n"
        f"print(sorted({heavy!r} & sys.modules.keys()))\n"
        "print(sorted(n for n in sys.modules if n.startswith('autograder.i')))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n[]\n"
