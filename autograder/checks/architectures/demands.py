"""What a question may demand of a model's architecture, and what was found of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Protocol

from autograder.artifacts import ModelData
from autograder.checks.amounts import Amount
from autograder.checks.architectures.advice import (
    advice_on_inception,
    advice_on_order,
    advice_on_output,
    advice_on_parameters,
    advice_on_residual,
)
from autograder.checks.architectures.layer_groups import Group, counted, listed
from autograder.checks.wording import Shape
from autograder.graphs import (
    InceptionBlock,
    ModelGraph,
    ResidualBlock,
    inception_blocks,
    residual_blocks,
)
from autograder.graphs.reading import show_shape

MAX_BLOCKS_NAMED = 3


@dataclass(frozen=True)
class Verdict:
    """Whether a demand is met, what was found, and what to try where it is not."""

    is_met: bool
    found: str
    advice: str = ""


class Demand(Protocol):
    """`asked` continues "the model has"; `expected` stands after "expected"."""

    @property
    def asked(self) -> str: ...
    @property
    def expected(self) -> str: ...
    def judge(self, model: ModelData) -> Verdict: ...


@dataclass(frozen=True)
class Count:
    """So many layers of a group, on a way from the input to the output."""

    group: Group
    wanted: Amount

    @property
    def asked(self) -> str:
        return counted(self.wanted, self.group.one, self.group.several)

    @property
    def expected(self) -> str:
        return str(self.wanted)

    def judge(self, model: ModelData) -> Verdict:
        members = self.group.members(model.graph)
        used = {layer.id for layer in model.graph.used}
        layers = [layer for layer in members if layer.id in used]
        dead = len(members) - len(layers)
        found = _number(len(layers), self.group.one, self.group.several)
        if layers:
            found += f": {listed(layers)}"
        if dead:
            found += f" ({dead} more on no way from the input to the output)"
        return Verdict(self.wanted.allows(len(layers)), found)


@dataclass(frozen=True)
class Blocks:
    """So many blocks of a sort, which `find` finds; `advise` says why there are too few."""

    name: str
    find: Callable[[ModelGraph], Sequence[InceptionBlock | ResidualBlock]]
    advise: Callable[[ModelGraph], str]
    wanted: Amount

    @property
    def asked(self) -> str:
        return counted(self.wanted, self.name, f"{self.name}s")

    @property
    def expected(self) -> str:
        return str(self.wanted)

    def judge(self, model: ModelData) -> Verdict:
        blocks = self.find(model.graph)
        found = _number(len(blocks), self.name, f"{self.name}s")
        found += _ends([block.merge for block in blocks])
        advice = self.advise(model.graph) if len(blocks) < self.wanted.least else ""
        return Verdict(self.wanted.allows(len(blocks)), found, advice)


def inception(wanted: Amount) -> Blocks:
    return Blocks("inception block", inception_blocks, advice_on_inception, wanted)


def residual(wanted: Amount) -> Blocks:
    return Blocks("residual block", residual_blocks, advice_on_residual, wanted)


@dataclass(frozen=True)
class Order:
    """Layers of these groups one after another, whatever stands between, on one way."""

    names: tuple[str, ...]
    groups: tuple[tuple[Group, ...], ...]

    @property
    def asked(self) -> str:
        return f"{self.expected} in this order"

    @property
    def expected(self) -> str:
        return " → ".join(self.names)

    def judge(self, model: ModelData) -> Verdict:
        reached = self._reached(model.graph)
        if reached == len(self.names):
            return Verdict(True, self.asked)
        before, missing = self.names[:reached], self.names[reached]
        found = f"{' → '.join(before)}, but no {missing} after it" if before else f"no {missing}"
        exists = any(one.holds(la) for one in self.groups[reached] for la in model.graph.used)
        return Verdict(False, found, advice_on_order(model.graph, before, missing, exists))

    def _reached(self, graph: ModelGraph) -> int:
        """How many of the names, from the first, one way from the input passes in order."""
        best: dict[str, int] = {}
        for layer in graph.layers:
            if not layer.on_path:
                continue
            count = max((best.get(each, 0) for each in layer.inputs), default=0)
            if count < len(self.groups) and any(one.holds(layer) for one in self.groups[count]):
                count += 1
            best[layer.id] = count
        return max((best.get(each, 0) for each in graph.output_ids), default=0)


@dataclass(frozen=True)
class Output:
    """One output of shape (batch, units) with an activation: any of several such pairs."""

    choices: tuple[tuple[str, int], ...]

    @property
    def asked(self) -> str:
        return f"an output of {self.expected}"

    @property
    def expected(self) -> str:
        return " or ".join(_output(*choice) for choice in self.choices)

    def judge(self, model: ModelData) -> Verdict:
        is_met, found = self._look(model.graph)
        return Verdict(is_met, found, "" if is_met else advice_on_output(model.graph, self.choices))

    def _look(self, graph: ModelGraph) -> tuple[bool, str]:
        if len(graph.outputs) != 1:
            return False, f"{len(graph.outputs)} outputs"
        shape = graph.outputs[0].output_shape
        activation = graph.output_activation or "linear"
        if shape is None or len(shape) != 2 or shape[1] is None:
            return False, f"an output of {_activation(activation)} and {_shape(shape)}"
        return (
            activation,
            shape[1],
        ) in self.choices, f"an output of {_output(activation, shape[1])}"


@dataclass(frozen=True)
class InputShape:
    """One input of this shape, without the batch axis; None stands for any length."""

    shape: Shape

    @property
    def asked(self) -> str:
        return f"an input of {self.expected}"

    @property
    def expected(self) -> str:
        return "×".join("any" if each is None else str(each) for each in self.shape)

    def judge(self, model: ModelData) -> Verdict:
        inputs = model.graph.inputs
        if len(inputs) != 1:
            return Verdict(False, _number(len(inputs), "input", "inputs"))
        given = inputs[0].output_shape
        return Verdict(self._fits(given), f"an input of {show_shape(given)}")

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
        return counted(self.wanted, "parameter", "parameters")

    @property
    def expected(self) -> str:
        return str(self.wanted)

    def judge(self, model: ModelData) -> Verdict:
        count = model.graph.parameters
        if count is None:
            count = sum(prod(tensor.shape) for tensor in model.tensors.values())
        is_met = self.wanted.allows(count)
        is_large = self.wanted.most is not None and count > self.wanted.most
        advice = advice_on_parameters(model.graph, count) if is_large else ""
        return Verdict(is_met, _number(count, "parameter", "parameters"), advice)


def _number(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}" if count else f"no {one}"


def _ends(merges: Sequence[str]) -> str:
    """Where blocks end, by the names of their last layers."""
    if not merges:
        return ""
    rest = len(merges) - MAX_BLOCKS_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f", ending in {', '.join(merges[:MAX_BLOCKS_NAMED])}{more}"


def _output(activation: str, units: int) -> str:
    return f"{_number(units, 'unit', 'units')} with {_activation(activation)}"


def _activation(name: str) -> str:
    return "no activation" if name == "linear" else name


def _shape(shape: Shape | None) -> str:
    return "unknown shape" if shape is None else f"shape {show_shape(shape)}"
