"""The architectures of a class: models grouped by the structure of their graphs."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder.graphs import GraphError, ModelGraph
from autograder.report.class_report.handed import Handed, piece
from autograder.report.class_report.outcomes import MOST_NAMES
from autograder.snapshot import DOCUMENT, SnapshotError
from autograder.snapshot.models import parse_config

_KEPT = 1000  # configs whose structure is remembered
_DEPTH = 4  # of lists and dicts around a model
Place = tuple[str, str, str]  # notebook, grade_id, the answer's name


@dataclass
class Structure:
    """Models of one structure. example: an answer that holds one, config: the piece it is in."""

    example: Handed
    config: str
    models: int = 0
    names: list[str] = field(default_factory=list)

    @property
    def graph(self) -> ModelGraph:
        """Raises GraphError or SnapshotError."""
        return ModelGraph.from_keras(parse_config(piece(self.example, self.config)))


@dataclass
class Architectures:
    """Running tallies by the answer that the models were handed in as. unreadable: no graphs."""

    seen: dict[Place, dict[str, Structure]] = field(default_factory=dict)
    unreadable: int = 0
    _known: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def take(self, student: str, notebook: str, handed: Handed) -> None:
        """Count the models in one answer."""
        for document in _models(handed.document):
            config = document.get("config")
            try:
                digest = self._digest(handed, config)
            except (GraphError, SnapshotError):
                self.unreadable += 1
                continue
            place = notebook, handed.grade_id, handed.name
            kinds = self.seen.setdefault(place, {})
            found = kinds.setdefault(digest, Structure(handed, str(config)))
            found.models += 1
            if len(found.names) < MOST_NAMES and student not in found.names:
                found.names.append(student)

    def _digest(self, handed: Handed, config: Any) -> str:
        """A piece is named by its content, so equal names are equal models."""
        if not isinstance(config, str):
            raise SnapshotError(f"{DOCUMENT}: a model's config is no piece")
        if config in self._known:
            self._known.move_to_end(config)
            return self._known[config]
        graph = ModelGraph.from_keras(parse_config(piece(handed, config)))
        self._known[config] = digest = structure(graph)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return digest


def structure(graph: ModelGraph) -> str:
    """A digest of a graph's layers and how they hang together, whatever they are called."""
    number = {layer.id: place for place, layer in enumerate(graph.layers)}
    told = [
        (
            layer.kind,
            layer.wrapped,
            layer.details,
            tuple(number[each] for each in layer.inputs),
            number.get(layer.shares or ""),
        )
        for layer in graph.layers
    ]
    ends = [number[each] for each in graph.output_ids]
    return hashlib.sha256(repr((told, ends)).encode()).hexdigest()


def _models(document: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict) or depth > _DEPTH:
        return
    if document.get("kind") == "model":
        yield document
    for field_name in ("items", "values"):
        inner = document.get(field_name)
        for each in inner if isinstance(inner, list) else ():
            yield from _models(each, depth + 1)
