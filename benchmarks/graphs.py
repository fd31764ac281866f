"""How fast the architecture of 1,000 handed-in models is judged, without their framework.

    python -m benchmarks.graphs [--models 1000]

Keras builds a dozen models in one process; their snapshots, with every layer called otherwise, are
what a class hands in. A fresh process judges them, from the files of each snapshot (in memory, as
they come to where hand-ins are graded) to the finding. Prints CPU seconds for each step and what
was found; the goal is 2 s for all of them.
"""

from __future__ import annotations

import argparse
import hashlib
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

from autograder import snapshot
from autograder.artifacts import ModelData
from autograder.checks import Finding, architecture, at_least, at_most, between

FRAMEWORKS = {"keras", "tensorflow", "torch", "jax"}
# How many of a hundred models are of a sort, as the questions of a course ask for them.
MIX = {"plain": 35, "normalized": 20, "vgg16": 20, "inception": 15, "residual": 10}
VARIANTS = 3
INDEX = "index"
STEPS = ("snapshot", "graph", "check", "drawing")
BUDGET = snapshot.Budget(max_bytes=1 << 30)

Files = dict[str, bytes]  # of one snapshot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.judge:
        judge(arguments.judge)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(hand_ins(arguments.models), Path(folder))
        subprocess.run([sys.executable, "-m", "benchmarks.graphs", "--judge", folder], check=True)


def write(submissions: list[Files], folder: Path) -> None:
    """What they share is written once, as in a course's runs/."""
    for files in submissions:
        for name, data in files.items():
            if name != snapshot.DOCUMENT and not (folder / name).exists():
                (folder / name).write_bytes(data)
    index = [[files[snapshot.DOCUMENT].decode(), *files.keys()] for files in submissions]
    (folder / INDEX).write_text(json.dumps(index))


def read(folder: Path) -> list[Files]:
    pieces = {path.name: path.read_bytes() for path in folder.iterdir()}
    index = json.loads(pieces[INDEX])
    return [
        {name: pieces.get(name, document.encode()) for name in names} for document, *names in index
    ]


def judge(folder: Path) -> None:
    """Judge every model of a folder, from snapshot to finding.

    In CPU seconds: what the wall clock shows on a machine where nothing else runs.
    """
    submissions = read(folder)
    spent = dict.fromkeys(STEPS, 0.0)
    found: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for files in submissions:
        marks = [time.process_time()]
        model = snapshot.load(files, BUDGET)
        assert isinstance(model, ModelData), model
        marks.append(time.process_time())
        layers = model.graph.layers
        marks.append(time.process_time())
        finding = ask(model)
        marks.append(time.process_time())
        drawn = model.graph._repr_svg_()
        marks.append(time.process_time())
        for step, (begin, end) in zip(STEPS, itertools.pairwise(marks), strict=True):
            spent[step] += end - begin
        size = sum(len(data) for name, data in files.items() if name.endswith(".json"))
        found.update(JSON=size, layers=len(layers), drawn=len(drawn))
        outcomes[finding.outcome] += 1
    imported = FRAMEWORKS & sys.modules.keys()
    assert not imported, f"judging imported {imported}"
    report(len(submissions), spent, found, outcomes)


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
    judged = sum(spent.values()) - spent["drawing"]
    print(f"{count:,} models judged in {judged:.2f} CPU s, without importing a framework;")
    print(f"drawn for their feedback in {spent['drawing']:.2f} CPU s")
    for step in STEPS:
        print(f"  {step:16} {spent[step]:5.2f} s   {1000 * spent[step] / count:5.2f} ms a model")
    print(
        f"  a model: {found['layers'] / count:.1f} layers, "
        f"{found['JSON'] / count / 1000:.1f} KB of JSON, "
        f"{found['drawn'] / count / 1000:.1f} KB drawn"
    )
    print("  " + ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items()))


def hand_ins(count: int) -> list[Files]:
    """The snapshots of `count` models: the mix, every layer with a name of its own."""
    rng = random.Random(0)
    templates = {sort: [build(sort, seed) for seed in range(VARIANTS)] for sort in MIX}
    sorts = rng.choices(list(MIX), list(MIX.values()), k=count)
    return [renamed(rng.choice(templates[sort]), f"_{rng.randrange(10**6)}") for sort in sorts]


def renamed(files: Files, suffix: str) -> Files:
    """A snapshot as another student's: its layers have other names, its weights are equal."""
    document = json.loads(files[snapshot.DOCUMENT])
    config = files[document["config"]].decode()
    names = {name: name + suffix for name in re.findall(r'"name":"(\w+)"', config)}
    config = re.sub(r'"(\w+)"', lambda found: f'"{names.get(found[1], found[1])}"', config)
    others = {
        n: data for n, data in files.items() if n not in (snapshot.DOCUMENT, document["config"])
    }
    document["config"] = hashlib.sha256(config.encode()).hexdigest() + ".json"
    document["weights"] = [
        ["/".join(names.get(part, part) for part in layer.split("/")), *rest]
        for layer, *rest in document["weights"]
    ]
    return {
        snapshot.DOCUMENT: json.dumps(document).encode(),
        document["config"]: config.encode(),
        **others,
    }


def build(sort: str, seed: int) -> Files:
    """A model as a student might build it, written down."""
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
    return snapshot.save(snapshot.write(model, BUDGET))


if __name__ == "__main__":
    main()
