"""How fast 1,000 handed-in models are read and searched for blocks, without their framework.

    python -m benchmarks.graphs [--models 1000]

Keras makes the configs in one process; a fresh one judges them. Prints seconds and what was found.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from autograder.graphs import ModelGraph, inception_blocks, residual_blocks

FRAMEWORKS = {"keras", "tensorflow", "torch", "jax"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.judge:
        judge(arguments.judge)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "models.jsonl"
        path.write_text("\n".join(make(seed) for seed in range(arguments.models)))
        subprocess.run(
            [sys.executable, "-m", "benchmarks.graphs", "--judge", str(path)], check=True
        )


def judge(path: Path) -> None:
    """Read and search every model of a file, one JSON config a line."""
    began = time.perf_counter()
    configs = [json.loads(line) for line in path.read_text().splitlines()]
    parsed_s = time.perf_counter() - began
    began = time.perf_counter()
    found: Counter[str] = Counter()
    for config in configs:
        graph = ModelGraph.from_keras(config)
        found["layers"] += len(graph.layers)
        found["inception blocks"] += len(inception_blocks(graph))
        found["residual blocks"] += len(residual_blocks(graph))
    wall_s = time.perf_counter() - began
    imported = FRAMEWORKS & sys.modules.keys()
    assert not imported, f"judging imported {imported}"
    print(f"{len(configs)} models judged in {wall_s:.2f} s, without importing a framework")
    print(
        f"  {1000 * wall_s / len(configs):.2f} ms a model; reading the JSON took {parsed_s:.2f} s"
    )
    print("  " + ", ".join(f"{count:,} {what}" for what, count in found.items()))


def make(seed: int) -> str:
    """A model as a student might build it: plain, inception or residual, of varied depth."""
    import keras
    from keras import layers

    keras.backend.clear_session()
    rng = random.Random(seed)

    def conv(x: Any, size: int, filters: int) -> Any:
        x = layers.Conv2D(filters, size, padding="same")(x)
        if rng.random() < 0.5:
            x = layers.BatchNormalization()(x)
        return layers.ReLU()(x)

    x = inputs = keras.Input((64, 64, 3))
    filters = rng.choice([8, 16, 32])
    x = conv(x, 3, filters)
    for _ in range(rng.randint(1, 5)):
        kind = rng.choice(["plain", "inception", "residual"])
        if kind == "plain":
            x = layers.MaxPooling2D(padding="same")(conv(x, 3, filters))
        elif kind == "inception":
            branches = [conv(conv(x, 1, 8), size, 8) for size in (1, 3, 5)]
            x = conv(layers.Concatenate()(branches), 1, filters)
        else:
            x = x + conv(conv(x, 3, filters), 3, filters)
    outputs = layers.Dense(1, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
    return str(keras.Model(inputs, outputs).to_json())


if __name__ == "__main__":
    main()
