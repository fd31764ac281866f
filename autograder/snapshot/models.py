"""Keras models: their config, and their weights in one file for each layer.

So a content-addressed store keeps a layer that a whole class has left frozen once. No framework is
imported; what is read is not a model yet but `ModelData`, and an object of Keras only when a check
asks for it: see autograder.artifacts.models.restoring.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from autograder.artifacts import ModelData, NotDataError
from autograder.artifacts.classes import is_a
from autograder.artifacts.models.allowed import MAX_DEPTH, MAX_LAYERS
from autograder.artifacts.models.describing import KERAS_MODEL, MAX_CONFIG
from autograder.snapshot.budget import Meter
from autograder.snapshot.document import TOKENS_PER_ITEM, loads
from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.npy import Array
from autograder.snapshot.outcome import RefusedError, SnapshotError
from autograder.snapshot.reader import Reader, quoted
from autograder.snapshot.safetensors import (
    Stored,
    StoredTensors,
    TensorsError,
    read_header,
    to_safetensors,
)
from autograder.snapshot.scribe import Scribe

MAX_TOKENS = 400_000  # brackets and commas in a config
MAX_STEPS = 10**12
MAX_NAME = 300


def _matches(value: object) -> bool:
    return is_a(value, *KERAS_MODEL)


def _write_model(value: Any, scribe: Scribe) -> Document:
    try:
        data = ModelData.of(value)
    except NotDataError as reason:
        raise RefusedError(str(reason)) from reason
    config = json.dumps(data.config, allow_nan=False, separators=(",", ":")).encode("ascii")
    _spend_config(config, scribe.meter)
    layers: dict[str, dict[str, Array]] = {}
    for path, array in data.tensors.items():
        scribe.meter.spend_shape(array.shape)
        scribe.meter.check_bytes(array.nbytes)
        layer, _, name = path.rpartition("/")
        layers.setdefault(layer, {})[name] = array
    return {
        "config": scribe.blob(config, ".json"),
        "steps": data.steps,
        "weights": [
            [layer, scribe.blob(to_safetensors(tensors), ".safetensors"), list(tensors)]
            for layer, tensors in layers.items()
        ],
    }


def _read_model(document: Document, reader: Reader) -> ModelData:
    name, steps, weights = reader.fields(document, config=str, steps=object, weights=list)
    if steps is not None and not (type(steps) is int and 0 <= steps <= MAX_STEPS):
        reader.fail("steps: expected None or a count")
    data = reader.blob(name, ".json")
    try:
        config = parse_config(data)
        layers = frozenset(_layers_of(config, "", 0))
    except SnapshotError as error:
        reader.fail(f"config: {error}")
    _spend_config(data, reader.meter)
    return ModelData(config, _read_weights(weights, layers, reader), steps)


def _read_weights(weights: list[Any], layers: frozenset[str], reader: Reader) -> StoredTensors:
    reader.meter.check_items(len(weights))
    stored: dict[str, Stored] = {}
    left = set(layers)
    for entry in weights:
        if type(entry) is not list or [type(each) for each in entry] != [str, str, list]:
            reader.fail("weights: expected [layer, blob, names]")
        layer, blob, names = entry
        if layer not in left:
            reader.fail(f"weights of {quoted(layer)}, which is no layer or has come before")
        left.remove(layer)
        found = _read_layer(reader, blob)
        if any(type(name) is not str for name in names) or sorted(names) != sorted(found):
            reader.fail(f"weights of {quoted(layer)}: other names than its file has")
        stored.update((f"{layer}/{name}", found[name]) for name in names)
    return StoredTensors(stored)


def _read_layer(reader: Reader, blob: str) -> dict[str, Stored]:
    try:
        found = read_header(reader.blob(blob, ".safetensors"))
    except TensorsError as error:
        reader.fail(f"{quoted(blob)}: {error}")
    for each in found.values():
        reader.meter.spend_shape(each.shape)
    return found


def parse_config(data: bytes) -> dict[str, Any]:
    """Trusted side: the JSON of a config, which may be anything at all.

    Raises:
        SnapshotError: It is too large, too deep, not ASCII or not JSON, or holds NaN, an infinity,
            a number that is too long or the same field twice.
    """
    if len(data) > MAX_CONFIG or _tokens(data) > MAX_TOKENS:
        raise SnapshotError("too large")
    config = loads(data)
    if type(config) is not dict:
        raise SnapshotError("not an object")
    return config


def _spend_config(data: bytes, meter: Meter) -> None:
    """Counts what stands in a config as values: each model of a list has one, if in one file."""
    for _ in range(_tokens(data) // TOKENS_PER_ITEM):
        meter.spend_item()


def _tokens(data: bytes) -> int:
    return sum(map(data.count, (b"[", b"{", b",")))


def _layers_of(entry: dict[str, Any], prefix: str, depth: int) -> Iterator[str]:
    """The paths of the layers that may have weights, as `weights_of` gives them for a model."""
    config = entry.get("config")
    layers = config.get("layers") if type(config) is dict else None
    if type(layers) is not list or len(layers) > MAX_LAYERS or depth > MAX_DEPTH:
        raise SnapshotError("not that of a model, or one that is too large")
    for layer in layers:
        if type(layer) is not dict or type(layer.get("config")) is not dict:
            raise SnapshotError("a layer without a config")
        name = layer["config"].get("name")
        if type(name) is not str or len(name) > MAX_NAME:
            raise SnapshotError("a layer without a name")
        if "layers" in layer["config"]:
            yield from _layers_of(layer, f"{prefix}{name}/", depth + 1)
        else:
            yield f"{prefix}{name}"


MODEL = Kind("model", _matches, _write_model, _read_model)
