"""Gradescope's submission_metadata.yml: who handed in what, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from autograder.errors import UserError
from autograder.exports.layouts import METADATA, find_place


@dataclass(frozen=True)
class Person:
    """One of those who handed in together. sid: the student number that Gradescope keeps."""

    sid: str
    email: str


@dataclass(frozen=True)
class Submission:
    """A hand-in. time: in UTC, as nbgrader's timestamp.txt holds it; "" where there is none."""

    people: tuple[Person, ...]
    time: str


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Plain values alone; of Ruby's objects, what they hold."""


def _ruby(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!ruby/", _ruby)


def find_metadata(names: Iterable[str], where: str) -> str:
    """The name of the list among an archive's files; students may hand in files so called.

    Raises UserError where there is none.
    """
    found = [n for n in names if Path(n).name == METADATA and not find_place("gradescope", n)]
    if not found:
        raise UserError(
            f"{where}: expected {METADATA} in it, found none; download it from Gradescope with "
            "Export Submissions"
        )
    return min(found, key=lambda name: name.count("/"))


def read_metadata(data: bytes, where: str) -> dict[str, Submission]:
    """The hand-ins by their folder, "submission_42". Raises UserError."""
    try:
        read = yaml.load(data, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        reason = " ".join(str(error).split())[:80]
        raise UserError(f"{where}: expected Gradescope's list, cannot be read: {reason}") from None
    if not isinstance(read, Mapping):
        raise UserError(f"{where}: expected Gradescope's list of hand-ins, received another file")
    return {
        str(name): Submission(_people(entry.get(":submitters")), _time(entry.get(":created_at")))
        for name, entry in read.items()
        if isinstance(entry, Mapping)
    }


def _people(entries: object) -> tuple[Person, ...]:
    listed = entries if isinstance(entries, list) else []
    return tuple(
        Person(str(entry.get(":sid") or "").strip(), str(entry.get(":email") or "").strip())
        for entry in listed
        if isinstance(entry, Mapping)
    )


def _time(value: object) -> str:
    """A time, or Ruby's TimeWithZone, in which "utc" is one."""
    if isinstance(value, Mapping):
        return _time(value.get("utc"))
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return ""
    if not isinstance(value, datetime):
        return ""
    in_utc = value.astimezone(UTC) if value.tzinfo else value
    return f"{in_utc.replace(tzinfo=None).isoformat(' ', 'microseconds')} UTC"
