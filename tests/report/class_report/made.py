"""Answers as a run keeps them, without a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.report.class_report.handed import Handed, answers
from autograder.snapshot import Budget, blob_name, save, write


def put(run: Path, grade_id: str, name: str, files: dict[str, bytes]) -> None:
    """Write an answer's files into the run in a folder."""
    folder = run / "answers" / grade_id / name
    folder.mkdir(parents=True)
    for file, data in files.items():
        (folder / file).write_bytes(data)


def hand_over(run: Path, value: object, grade_id: str = "test_a", name: str = "a") -> Handed:
    """The value as a student's answer."""
    put(run, grade_id, name, save(write(value, Budget())))
    return next(each for each in answers(run, [grade_id]) if each.name == name)


def hand_over_model(run: Path, config: dict[str, Any], name: str = "cnn") -> Handed:
    """A model of this config, without weights."""
    data = json.dumps(config).encode()
    blob = blob_name(data, ".json")
    document = {"kind": "model", "config": blob, "steps": None, "weights": []}
    put(run, "test_a", name, {"value.json": json.dumps(document).encode(), blob: data})
    return next(each for each in answers(run, ["test_a"]) if each.name == name)


def model(filters: int, name: str) -> dict[str, Any]:
    """The config of a convolution and a Dense layer, all named after `name`."""
    layers = [
        _layer("InputLayer", f"{name}_in", batch_shape=[None, 8, 8, 3]),
        _layer("Conv2D", f"{name}_conv", filters=filters, kernel_size=[3, 3], activation="relu"),
        _layer("Flatten", f"{name}_flat"),
        _layer("Dense", f"{name}_out", units=1, activation="sigmoid"),
    ]
    config = {"name": name, "layers": layers}
    return {"module": "keras", "class_name": "Sequential", "config": config}


def _layer(kind: str, name: str, **settings: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **settings}}
