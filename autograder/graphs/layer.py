"""A layer of a graph: one call, and what its settings say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from autograder.graphs import kinds
from autograder.graphs.reading import Shape


@dataclass(frozen=True, eq=False)
class Layer:
    """One call of a layer. `id` is unique in the graph: the names from the outermost model in.

    `output_shape` counts the batch axis, None for a length that is not known; it is None, like
    `parameters`, where nothing is known. A layer that is called twice appears twice: `shares` is
    the id of its first call, and both tell the same `parameters`. `on_path`: lies on a way from an
    input to an output.
    """

    id: str
    name: str
    kind: str
    settings: Mapping[str, Any]
    inputs: tuple[str, ...] = ()
    input_tensors: tuple[int, ...] = ()  # which output of each input; () stands for all the first
    output_shape: Shape | None = None
    parameters: int | None = 0
    trainable_parameters: int | None = 0
    shares: str | None = None
    on_path: bool = True

    @property
    def filters(self) -> int | None:
        return _whole(self.settings.get("filters"))

    @property
    def units(self) -> int | None:
        return _whole(self.settings.get("units"))

    @cached_property
    def kernel_size(self) -> tuple[int, ...] | None:
        """Of a convolution; a pooling's window is its `pool_size`."""
        return self._numbers("kernel_size")

    @cached_property
    def pool_size(self) -> tuple[int, ...] | None:
        return self._numbers("pool_size")

    @cached_property
    def strides(self) -> tuple[int, ...] | None:
        given = self._numbers("strides")
        return self.pool_size if given is None else given

    @cached_property
    def dilation_rate(self) -> tuple[int, ...] | None:
        return self._numbers("dilation_rate")

    @property
    def padding(self) -> str | None:
        padding = self.settings.get("padding")
        return padding if isinstance(padding, str) else None

    @property
    def activation(self) -> str | None:
        """The function's name, "linear" for none; None where the layer can have none."""
        if self.kind in kinds.ACTIVATIONS:
            return kinds.ACTIVATIONS[self.kind]
        given = self.settings.get("activation")
        if isinstance(given, Mapping):  # a layer or a student's function
            inner, called = given.get("class_name"), given.get("config")
            given = called if inner == "function" else kinds.ACTIVATIONS.get(str(inner), inner)
        if given is None and "activation" in self.settings:
            return "linear"
        return given if isinstance(given, str) else None

    @cached_property
    def wrapped(self) -> str | None:
        """The kind of Keras' layer that a wrapper such as TimeDistributed calls."""
        if self.kind not in kinds.WRAPPERS:
            return None
        inner = self.settings.get("layer")
        if not isinstance(inner, Mapping) or str(inner.get("module")).split(".")[0] != "keras":
            return None
        kind = inner.get("class_name")
        return kind if isinstance(kind, str) else None

    @cached_property
    def is_convolution(self) -> bool:
        return self.kind in kinds.CONVOLUTIONS or self.wrapped in kinds.CONVOLUTIONS

    @cached_property
    def details(self) -> tuple[str, ...]:
        """The settings that tell one such layer from another: ("3×3", "16", "relu")."""
        found = [times(self.kernel_size or self.pool_size or ())]
        if self.is_convolution or self.kind in kinds.POOLINGS:
            steps = self.strides
            if steps and max(steps) > 1 and steps != self.pool_size:
                found.append(f"strides {times(steps)}")
        found += [str(each) for each in (self.filters, self.units) if each is not None]
        rate = self.settings.get("rate")
        if self.kind in kinds.REGULARIZERS and isinstance(rate, float | int):
            found.append(f"{rate:.3g}" if abs(rate) < 1e9 else "?")
        activation = self.activation
        if activation not in (None, "linear") and self.kind not in kinds.ACTIVATIONS:
            found.append(activation[:40] if activation else "")
        return tuple(each for each in found if each)

    def describe(self) -> str:
        """conv2d (3×3, 16)"""
        details = f" ({', '.join(self.details)})" if self.details else ""
        return snake(self.kind) + details

    def _numbers(self, key: str) -> tuple[int, ...] | None:
        value = self.settings.get(key)
        if isinstance(value, list | tuple):
            found = [_whole(each) for each in value[:3]]
            known = tuple(each for each in found if each is not None)
            return known if len(known) == len(value) else None
        rank = next((int(letter) for letter in self.kind if letter in "123"), 1)
        single = _whole(value)
        return None if single is None else (single,) * rank


def times(sizes: Iterable[int]) -> str:
    """(3, 3) → "3×3"; one number stands alone."""
    return "×".join(map(str, sizes))


@lru_cache(256)
def snake(kind: str) -> str:
    """MaxPooling2D → max_pooling2d, as Keras names its layers."""
    parted = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
