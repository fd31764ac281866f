"""The weights of a live Keras model, and the names under which they cross."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from autograder.artifacts.classes import is_a

MODELS = (
    ("keras.src.models.sequential", "Sequential"),
    ("keras.src.models.functional", "Functional"),
)


class Weight(NamedTuple):
    """One variable of a layer. layer: its name, those of the models that it is nested in before."""

    layer: str
    name: str
    variable: Any

    @property
    def path(self) -> str:
        """vgg16/block1_conv1/kernel"""
        return f"{self.layer}/{self.name}"


def is_model(value: object) -> bool:
    """Whether it is a Sequential or functional Keras model, or of a subclass of these."""
    return any(is_a(value, *known) for known in MODELS)


def weights_of(model: Any, prefix: str = "") -> Iterator[Weight]:
    """All weights in the model's order; seeds and the states of metrics and optimisers are none.

    Where a layer holds several variables of one name, as Bidirectional does, the second is
    "kernel_2". The names depend on nothing but the layers' names and the variables' order, so those
    of a model that is rebuilt from its config are the same.
    """
    for layer in model.layers:
        where = f"{prefix}{layer.name}"
        if is_model(layer):
            yield from weights_of(layer, f"{where}/")
            continue
        seen: Counter[str] = Counter()
        for variable in layer.weights:
            seen[variable.name] += 1
            number = f"_{seen[variable.name]}" if seen[variable.name] > 1 else ""
            yield Weight(where, f"{variable.name}{number}", variable)
