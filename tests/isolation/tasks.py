"""Tasks for the tests. All that they need is imported here, by the warm process."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import encodings.idna  # noqa: F401 - a host name makes Python import it
import json
import mmap
import multiprocessing
import multiprocessing.connection
import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.isolation import Line

MODULES = (
    *(asyncio, contextlib, ctypes, json, mmap, multiprocessing, os, resource),
    *(select, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time),
)
libc = ctypes.CDLL(None, use_errno=True)


def answer(line: Line) -> None:
    """Run "code.py" of the parcel and send what it leaves in `found`, as JSON."""
    parcel = line.parcel()
    names: dict[str, Any] = {module.__name__: module for module in MODULES}
    names |= {"line": line, "parcel": parcel, "attempt": attempt, "call": call, "Path": Path}
    exec(compile(parcel["code.py"], "code.py", "exec"), names)
    line.send("found", json.dumps(names.get("found")).encode())


def attempt(function: Callable[[], object]) -> str:
    """The name of what `function` raised, or "did it: " and its result."""
    try:
        return f"did it: {function()!r}"
    except BaseException as error:
        return type(error).__name__


def call(name: str, *arguments: object) -> int:
    """A function of the C library; OSError if it fails."""
    ctypes.set_errno(0)
    result = int(getattr(libc, name)(*arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def nothing(line: Line) -> None:
    """Take the parcel and be done."""
    line.parcel()


def not_a_module_function() -> None:
    """Takes no line: calling it as a task raises."""


def sleep_first(line: Line) -> None:
    """Does not take its parcel for a long time."""
    time.sleep(60)
    line.parcel()


remembered: list[int] = []


def remember() -> None:
    """For a preload."""
    remembered.append(1)
