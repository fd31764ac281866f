"""How fast the architecture of 1,000 handed-in models is judged, without their framework.

    python -m benchmarks.graphs [--models 1000]

Keras builds a dozen models in one process; their configs, with names and numbers of filters
changed in the text, are what a class hands in. A fresh process judges them. Prints CPU seconds for
each step and what was found; the goal is 2 s for all of them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from autograder.artifacts import ModelData
from autograder.checks import Finding, architecture, at_least, at_most, between

FRAMEWORKS = {"keras", "tensorflow", "torch", "jax"}
# How many of a hundred models are of a sort, as the questions of a course ask for them.
MIX = {"plain": 35, "normalized": 20, "vgg16": 20, "inception": 15, "residual": 10}
VARIANTS = 3
STEPS = ("reading JSON", "graph", "check", "drawing")


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
        path.write_text("\n".join(hand_ins(arguments.models)))
        subprocess.run(
            [sys.executable, "-m", "benchmarks.graphs", "--judge", str(path)], check=True
        )


def judge(path: Path) -> None:
    """Judge every model of a file, one JSON config a line, from text to finding.

    In CPU seconds: what the wall clock shows on a machine where nothing else runs.
    """
    texts = path.read_text().splitlines()
    spent = dict.fromkeys(STEPS, 0.0)
    found: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for text in texts:
        marks = [time.process_time()]
        model = ModelData(config=json.loads(text), tensors={})
        marks.append(time.process_time())
        layers = model.graph.layers
        marks.append(time.process_time())
        finding = ask(model)
        marks.append(time.process_time())
        drawn = model.graph._repr_svg_()
        marks.append(time.process_time())
        for step, (begin, end) in zip(STEPS, itertools.pairwise(marks), strict=True):
            spent[step] += end - begin
        found.update(JSON=len(text), layers=len(layers), drawn=len(drawn))
        outcomes[finding.outcome] += 1
    imported = FRAMEWORKS & sys.modules.keys()
    assert not imported, f"judging imported {imported}"
    report(len(texts), spent, found, outcomes)


def ask(model: ModelData) -> Finding:
    """What a question might ask of any of them."""
    return architecture(
        model,
        Conv2D=at_least(2),
        pooling=at_least(1),
        normalization=between(0, 40),
        output=[("sigmoid", 1), ("softmax", 2)],
        order=("Conv2D", ("Flatten", "GlobalAveragePooling2D"), "Dense"),
        inception=between(1, 2),
        residual=0,
        parameters=at_most(2_000_000),
        picture=False,
    )


def report(
    count: int, spent: dict[str, float], found: Counter[str], outcomes: Counter[str]
) -> None:
    cpu_s = sum(spent.values())
    print(f"{count:,} models judged in {cpu_s:.2f} CPU s, without importing a framework")
    for step in STEPS:
        print(f"  {step:16} {spent[step]:5.2f} s   {1000 * spent[step] / count:5.2f} ms a model")
    print(
        f"  a model: {found['layers'] / count:.1f} layers, "
        f"{found['JSON'] / count / 1000:.1f} KB of JSON, "
        f"{found['drawn'] / count / 1000:.1f} KB drawn"
    )
    print("  " + ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items()))


def hand_ins(count: int) -> list[str]:
    """The JSON of `count` models: the mix, with other names and other numbers of filters."""
    rng = random.Random(0)
    templates = {sort: [build(sort, seed) for seed in range(VARIANTS)] for sort in MIX}
    sorts = rng.choices(list(MIX), list(MIX.values()), k=count)
    return [varied(rng.choice(templates[sort]), rng) for sort in sorts]


def varied(text: str, rng: random.Random) -> str:
    """A config as another student's: every layer called otherwise, wider or narrower."""
    factor, suffix = rng.choice([1, 2, 4]), f"_{rng.randrange(10**6)}"
    names = {name: name + suffix for name in re.findall(r'"name": "(\w+)"', text)}
    text = re.sub(r'"(\w+)"', lambda found: f'"{names.get(found[1], found[1])}"', text)
    return re.sub(r'"filters": (\d+)', lambda found: f'"filters": {factor * int(found[1])}', text)


def build(sort: str, seed: int) -> str:
    """A model as a student might build it: the JSON of its config."""
    import keras
    from keras import layers

    keras.backend.clear_session()
    rng = random.Random(seed)

    def conv(x: Any, size: int = 3, filters: int = 8) -> Any:
        x = layers.Conv2D(filters, size, padding="same")(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    def plain(x: Any) -> Any:
        for step in range(rng.randint(2, 4)):
            x = layers.Conv2D(8 * 2**step, 3, activation="relu")(x)
            x = layers.MaxPooling2D()(x)
        return layers.Dropout(0.5)(layers.Dense(64, activation="relu")(layers.Flatten()(x)))

    def normalized(x: Any) -> Any:
        x = layers.RandomFlip("horizontal")(layers.Rescaling(1 / 255)(x))
        for _ in range(rng.randint(3, 5)):
            x = layers.Dropout(0.2)(layers.MaxPooling2D(padding="same")(conv(x)))
        return layers.Dense(32, activation="relu")(layers.Flatten()(x))

    def inception(x: Any) -> Any:
        x = layers.MaxPooling2D()(conv(x))
        for _ in range(rng.randint(1, 3)):
            pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
            branches = [conv(x, 1), conv(conv(x, 1)), conv(conv(x, 1), 5), conv(pooled, 1)]
            x = layers.MaxPooling2D()(layers.Concatenate()(branches))
        return layers.GlobalAveragePooling2D()(x)

    def residual(x: Any) -> Any:
        x = conv(x)
        for _ in range(rng.randint(2, 5)):
            x = layers.ReLU()(layers.Add()([x, conv(conv(x))]))
        return layers.GlobalAveragePooling2D()(x)

    def vgg16(x: Any) -> Any:
        base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(128, 128, 3))
        return layers.Dense(128, activation="relu")(layers.Flatten()(base(x)))

    bodies = {
        "plain": plain,
        "normalized": normalized,
        "inception": inception,
        "residual": residual,
        "vgg16": vgg16,
    }
    x = keras.Input((128, 128, 3))
    model = keras.Model(x, layers.Dense(1, activation="sigmoid")(bodies[sort](x)))
    # Some students write the same as a Sequential.
    if sort in ("plain", "normalized") and seed % 2:
        model = keras.Sequential([keras.Input((128, 128, 3)), *model.layers[1:]])
    return str(model.to_json())


if __name__ == "__main__":
    main()
