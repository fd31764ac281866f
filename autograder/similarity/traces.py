"""What running two notebooks has left alike: figures, weights and training histories, by digest.

Read from the answers of the runs, of which nothing is believed: a file that makes no sense is
passed over. What the author's solution or the unedited release comes to as well says nothing of
two students: it follows from the data, or is the pretrained network.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.course import REHEARSAL, digest
from autograder.similarity.rarity import most_sharing, rarity
from autograder.snapshot import DOCUMENT, is_blob_name

TraceKind = Literal["figure", "weights", "history"]
_LEAST_BYTES = 1_024  # of a layer's file: a smaller one may be equal by chance (zeros and ones)
_LEAST_FLOATS = 4  # of a history: epochs times curves
_MOST_BYTES = 4 << 20  # of a document
_MOST_NODES = 20_000  # of a document that are looked at


@dataclass(frozen=True)
class Trace:
    """Something that a run came to. digest: of its content; png: a figure's file.

    place: "<notebook> · <grade_id> · <name>"; what: the layer or curve, or what a figure holds.
    """

    kind: TraceKind
    digest: str
    place: str
    what: str
    png: Path | None = None


@dataclass(frozen=True)
class Rare:
    """What two students' runs share. sharing: how many hand-ins have it; weight: its rarity."""

    kind: TraceKind
    digest: str
    sharing: int
    weight: float


def traces(run: Path) -> dict[str, Trace]:
    """The traces of one notebook's run, by digest; the first of several alike."""
    found: dict[str, Trace] = {}
    for path in sorted((run / "answers").glob(f"*/*/{DOCUMENT}")):
        for trace in _traces_in(path, run.name):
            found.setdefault(trace.digest, trace)
    return found


def given(runs: Path) -> frozenset[str]:
    """The digests that the author's own solution and the unedited release come to."""
    places = {path.parents[3] for path in runs.glob(f"{REHEARSAL}/*/*/*/answers/*/*/{DOCUMENT}")}
    return frozenset(found for place in sorted(places) for found in traces(place))


class Traces:
    """The digests of a class: who has which. The traces themselves are read again for a pair."""

    def __init__(self, discounted: frozenset[str]) -> None:
        self._discounted = discounted
        self._owners: dict[tuple[TraceKind, str], list[int]] = defaultdict(list)
        self._hand_ins = 0

    def add(self, student: int, found: Mapping[str, Trace]) -> None:
        """A hand-in's traces; students come in the order of their numbers."""
        self._hand_ins += 1
        for each in found.values():
            if each.digest not in self._discounted:
                self._owners[each.kind, each.digest].append(student)

    def pairs(self) -> dict[tuple[int, int], list[Rare]]:
        """What is rare and shared, by two students, the lower number first."""
        found: dict[tuple[int, int], list[Rare]] = defaultdict(list)
        most = most_sharing(self._hand_ins)
        for (kind, name), owners in self._owners.items():
            if 2 <= len(owners) <= most:
                rare = Rare(kind, name, len(owners), rarity(len(owners), self._hand_ins))
                for pair in itertools.combinations(owners, 2):
                    found[pair].append(rare)
        return found


def _traces_in(path: Path, notebook: str) -> Iterator[Trace]:
    grade_id, name = path.parts[-3:-1]
    place = f"{notebook} · {grade_id} · {name}"
    for what, node in _nodes(_load(path)):
        kind = node.get("kind")
        if kind == "model":
            yield from _layers(node, path, place)
        elif kind == "figure":
            yield from _figure(node, path, place)
        elif kind == "list" and (values := _floats(node)):
            yield Trace("history", digest("history", *values), place, what)


def _load(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _nodes(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a document that have a kind, with the key that each stands under."""
    waiting: list[tuple[str, Any]] = [("", document)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        what, node = waiting.pop()
        if isinstance(node, list):
            waiting += [(what, each) for each in reversed(node)]
        elif isinstance(node, dict):
            if isinstance(node.get("kind"), str):
                yield what, node
            waiting += _inner(what, node)


def _inner(what: str, node: dict[str, Any]) -> list[tuple[str, Any]]:
    keys, values = node.get("keys"), node.get("values")
    if isinstance(keys, list) and isinstance(values, list):
        names = [_text(key.get("value"))[:80] if isinstance(key, dict) else "" for key in keys]
        return list(reversed(list(zip(names, values, strict=False))))
    return [(what, each) for name, each in node.items() if name in ("items", "values", "value")]


def _layers(node: dict[str, Any], path: Path, place: str) -> Iterator[Trace]:
    """Of a model that was trained, or does not say; small layers are left out."""
    weights = node.get("weights")
    if node.get("steps") == 0 or not isinstance(weights, list):
        return
    for entry in weights:
        if (
            isinstance(entry, list)
            and len(entry) == 3
            and all(isinstance(e, str) for e in entry[:2])
        ):
            layer, blob = entry[:2]
            if is_blob_name(blob) and _size(path.with_name(blob)) >= _LEAST_BYTES:
                yield Trace("weights", blob, place, layer[:80])


def _figure(node: dict[str, Any], path: Path, place: str) -> Iterator[Trace]:
    """A figure by the data that all its panels show, under any title; without them, its pixels.

    As a whole: two students' galleries of mistakes may well have one hard image in common.
    """
    blob, axes = node.get("png"), node.get("axes")
    if not (isinstance(blob, str) and is_blob_name(blob)):
        return
    panels = [each for each in axes if isinstance(each, dict)] if isinstance(axes, list) else []
    shown = [content for each in panels if (content := _text(each.get("content")))]
    if shown:
        what = f"{len(shown)} panel{'s' * (len(shown) > 1)}, the same data in each"
        yield Trace(
            "figure", digest("figure", *map(_bytes, shown)), place, what, path.with_name(blob)
        )
    elif axes is None:
        yield Trace("figure", blob, place, "a picture, the same pixels", path.with_name(blob))


def _floats(node: dict[str, Any]) -> list[str]:
    """The numbers of a list as text, if it can only be a curve: fractions, not all the same."""
    items = node.get("items")
    if not isinstance(items, list) or len(items) < _LEAST_FLOATS:
        return []
    values = [each.get("value") if isinstance(each, dict) else None for each in items]
    floats = [each for each in values if isinstance(each, float)]
    is_curve = len(floats) == len(values) and len(set(floats)) >= _LEAST_FLOATS
    return [repr(each) for each in floats] if is_curve else []


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _bytes(text: str) -> bytes:
    """Also of what is no text: half a pair of surrogates, which JSON allows."""
    return text.encode("utf-8", "surrogatepass")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
