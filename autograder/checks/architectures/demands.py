"""What a question may demand of a model's architecture, and what was found of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Protocol

from autograder.artifacts import ModelData
from autograder.checks.amounts import Amount
from autograder.checks.architectures.adding import advice_on_count, how_to_add
from autograder.checks.architectures.advice import (
    MORE,
    advice_on_inception,
    advice_on_input,
    advice_on_order,
    advice_on_output,
    advice_on_parameters,
    advice_on_residual,
)
from autograder.checks.architectures.layer_groups import Group
from autograder.checks.aspects import Aspect
from autograder.checks.wording import Shape, count, listed
from autograder.graphs import (
    InceptionBlock,
    Layer,
    ModelGraph,
    ResidualBlock,
    inception_blocks,
    residual_blocks,
)
from autograder.graphs.reading import show_shape

MAX_LAYERS_NAMED = 4
MAX_BLOCKS_NAMED = 3


class Demand(Protocol):
    """`asked` continues "the model has"; `judge` says how far a model has it.

    is_need: something must be there, in contrast to a limit.
    """

    @property
    def asked(self) -> str: ...
    @property
    def is_need(self) -> bool: ...
    def judge(self, model: ModelData) -> Aspect: ...


@dataclass(frozen=True)
class Count:
    """So many layers of a group, on a way from the input to the output."""

    group: Group
    wanted: Amount

    @property
    def asked(self) -> str:
        return self.wanted.of(self.group.one)

    @property
    def is_need(self) -> bool:
        return self.wanted.least > 0

    def judge(self, model: ModelData) -> Aspect:
        members = self.group.members(model.graph)
        used = {layer.id for layer in model.graph.used}
        layers = [layer for layer in members if layer.id in used]
        dead = [layer for layer in members if layer.id not in used]
        found = count(len(layers), self.group.one)
        if layers:
            found += f": {listed(_alike(layers), MAX_LAYERS_NAMED)}"
        if dead:
            found += f" ({len(dead)} more on no way from the input to the output)"
        if self.wanted.allows(len(layers)):
            return Aspect(1, found)
        advice = advice_on_count(model.graph, self.group, self.wanted, layers, dead)
        return Aspect.of(0, found, str(self.wanted), advice)


@dataclass(frozen=True)
class Blocks:
    """So many blocks of a sort, which `find` finds; `advise` says why they are not as many."""

    name: str
    find: Callable[[ModelGraph], Sequence[InceptionBlock | ResidualBlock]]
    advise: Callable[[ModelGraph, Sequence[str], Amount], str]
    wanted: Amount

    @classmethod
    def inception(cls, wanted: Amount) -> Blocks:
        return cls("inception block", inception_blocks, advice_on_inception, wanted)

    @classmethod
    def residual(cls, wanted: Amount) -> Blocks:
        return cls("residual block", residual_blocks, advice_on_residual, wanted)

    @property
    def asked(self) -> str:
        return self.wanted.of(self.name)

    @property
    def is_need(self) -> bool:
        return self.wanted.least > 0

    def judge(self, model: ModelData) -> Aspect:
        blocks = self.find(model.graph)
        found = count(len(blocks), self.name)
        merges = [block.merge for block in blocks]
        if blocks:
            found += f", ending in {listed(merges, MAX_BLOCKS_NAMED)}"
        if self.wanted.allows(len(blocks)):
            return Aspect(1, found)
        advice = self.advise(model.graph, merges, self.wanted)
        return Aspect.of(0, found, str(self.wanted), advice)


@dataclass(frozen=True)
class Order:
    """Layers of these groups one after another, whatever stands between, on one way."""

    names: tuple[str, ...]
    groups: tuple[tuple[Group, ...], ...]

    @property
    def asked(self) -> str:
        return f"{' → '.join(self.names)} in this order"

    @property
    def is_need(self) -> bool:
        return True

    def judge(self, model: ModelData) -> Aspect:
        reached = self._reached(model.graph)
        if reached == len(self.names):
            return Aspect(1, self.asked)
        before, missing = self.names[:reached], self.names[reached]
        found = f"{' → '.join(before)}, but no {missing} after it" if before else f"no {missing}"
        groups = self.groups[reached]
        exists = any(one.holds(la) for one in groups for la in model.graph.used)
        advice = advice_on_order(model.graph, before, missing, exists) or how_to_add(groups[0])
        return Aspect.of(0, found, " → ".join(self.names), advice)

    def _reached(self, graph: ModelGraph) -> int:
        """How many of the names, from the first, one way from the input passes in order."""
        best: dict[str, int] = {}
        for layer in graph.layers:
            if not layer.on_path:
                continue
            passed = max((best.get(each, 0) for each in layer.inputs), default=0)
            if passed < len(self.groups) and any(one.holds(layer) for one in self.groups[passed]):
                passed += 1
            best[layer.id] = passed
        return max((best.get(each, 0) for each in graph.output_ids), default=0)


@dataclass(frozen=True)
class Output:
    """One output of shape (batch, units) with an activation: any of several such pairs."""

    choices: tuple[tuple[str, int], ...]

    @property
    def asked(self) -> str:
        return f"an output of {self._expected}"

    @property
    def _expected(self) -> str:
        return " or ".join(_output(*choice) for choice in self.choices)

    @property
    def is_need(self) -> bool:
        return True

    def judge(self, model: ModelData) -> Aspect:
        graph = model.graph
        is_met, found = self._look(graph)
        advice = "" if is_met else advice_on_output(graph, self.choices)
        return Aspect.of(is_met, found, self._expected, advice)

    def _look(self, graph: ModelGraph) -> tuple[bool, str]:
        if len(graph.outputs) != 1:
            return False, f"{len(graph.outputs)} outputs"
        shape = graph.outputs[0].output_shape
        activation = graph.output_activation or "linear"
        if shape is None:
            return False, f"an output of unknown shape with {_activation(activation)}"
        if len(shape) != 2 or shape[1] is None:
            return False, f"an output of {show_shape(shape)} with {_activation(activation)}"
        choice = activation, shape[1]
        return choice in self.choices, f"an output of {_output(*choice)}"


@dataclass(frozen=True)
class InputShape:
    """One input of this shape, without the batch axis; None stands for any length."""

    shape: Shape

    @property
    def asked(self) -> str:
        return f"an input of {self._expected}"

    @property
    def _expected(self) -> str:
        return "×".join("any" if each is None else str(each) for each in self.shape)

    @property
    def is_need(self) -> bool:
        return True

    def judge(self, model: ModelData) -> Aspect:
        inputs = model.graph.inputs
        advice = advice_on_input(model.graph, self.shape)
        if len(inputs) != 1:
            return Aspect.of(0, count(len(inputs), "input"), f"one, of {self._expected}", advice)
        given = inputs[0].output_shape
        found = f"an input of {show_shape(given)}"
        return Aspect.of(self._fits(given), found, self._expected, advice)

    def _fits(self, given: Shape | None) -> bool:
        """A length that the model leaves open takes any."""
        return (
            given is not None
            and len(given) == len(self.shape) + 1
            and all(
                a is None or b is None or a == b for a, b in zip(given[1:], self.shape, strict=True)
            )
        )


@dataclass(frozen=True)
class Parameters:
    """So many weights in all, as model.count_params()."""

    wanted: Amount

    @property
    def asked(self) -> str:
        return self.wanted.of("parameter")

    @property
    def is_need(self) -> bool:
        return self.wanted.least > 0

    def judge(self, model: ModelData) -> Aspect:
        number = parameters_of(model)
        is_large = self.wanted.most is not None and number > self.wanted.most
        advice = advice_on_parameters(model.graph, number) if is_large else MORE
        found = count(number, "parameter")
        return Aspect.of(self.wanted.allows(number), found, str(self.wanted), advice)


def _alike(layers: Sequence[Layer]) -> Iterator[str]:
    """What each layer is; those that are told alike once, "4 × batch_normalization"."""
    for told, number in Counter(layer.describe() for layer in layers).items():
        yield f"{number} × {told}" if number > 1 else told


def parameters_of(model: ModelData) -> int:
    """How many weights a model has, trainable or not. Raises GraphError, NotDataError."""
    number = model.graph.parameters
    if number is None:
        return sum(prod(tensor.shape) for tensor in model.tensors.values())
    return number


def _output(activation: str, units: int) -> str:
    return f"{count(units, 'unit')} with {_activation(activation)}"


def _activation(name: str) -> str:
    return "no activation" if name == "linear" else name
