"""The check of a model's architecture: what it is made of, in which order, of what size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograder.artifacts import NotDataError
from autograder.checks.amounts import Amount, amount
from autograder.checks.architectures.demands import (
    Blocks,
    Count,
    Demand,
    InputShape,
    Order,
    Output,
    Parameters,
)
from autograder.checks.architectures.layer_groups import Group, group
from autograder.checks.aspects import Aspect, judged
from autograder.checks.findings import Finding, Outcome, incorrect
from autograder.checks.subjects import model_data
from autograder.checks.wording import Shape, opening
from autograder.graphs import GraphError, ModelGraph

MAX_LAYERS_DRAWN = 400
ADVICE_MODEL = (
    "Hand in the model itself, built of Keras' own layers: keras.Sequential([keras.Input(…), …]) "
    "or keras.Model(inputs, outputs)."
)

OutputChoice = tuple[str | None, int]
Step = str | tuple[str, ...]

# Activations that are a question's to ask for, and Keras' name for each.
ACTIVATIONS: dict[str | None, str] = {
    None: "linear",
    "linear": "linear",
    "logits": "linear",
    "relu": "relu",
    "sigmoid": "sigmoid",
    "softmax": "softmax",
    "tanh": "tanh",
}


def architecture(
    model: object,
    *,
    order: Sequence[Step] | None = None,
    output: OutputChoice | list[OutputChoice] | None = None,
    input_shape: Shape | None = None,
    inception: int | Amount | None = None,
    residual: int | Amount | None = None,
    parameters: int | Amount | None = None,
    all_or_nothing: bool = False,
    picture: bool = True,
    what: str = "the model",
    **layers: int | Amount,
) -> Finding:
    """Whether a model has the architecture that is asked for; nested models are looked into.

        architecture(cnn, Conv2D=at_least(2))         # two or more Conv2D
        architecture(cnn, Dense=between(1, 3))        # one to three
        architecture(cnn, Flatten=1, Dropout=0)       # exactly one, and none
        architecture(cnn, convolution=at_least(2))    # of any sort: Conv2D, SeparableConv2D, …
        architecture(cnn, pooling=at_least(1))        # max, average, global
        architecture(cnn, output=("sigmoid", 1))      # one output of one unit
        architecture(cnn, output=[("sigmoid", 1), ("softmax", 2)])           # either
        architecture(cnn, output=("logits", 10))      # no activation
        architecture(cnn, order=("Conv2D", "Flatten", "Dense"))              # on one way, in turn
        architecture(cnn, order=("Conv2D", ("Flatten", "GlobalAveragePooling2D"), "Dense"))
        architecture(cnn, input_shape=(None, None, 3))                       # any height and width
        architecture(cnn, inception=between(1, 2), residual=0)
        architecture(cnn, parameters=at_most(2_000_000))

    `layers`: amounts of a Keras layer kind, or of the groups convolution, pooling, normalization,
    augmentation, dropout, regularization (also by kernel_regularizer and its like); a Reshape that
    makes a vector is a Flatten. A layer counts once however often it is called, and only where it
    lies on a way from the input to the output.
    Blocks are found by structure: see autograder.graphs.

    The finding's `fraction` is the share of the needs that are met. Limits (residual=0, at_most),
    which any empty model keeps, earn nothing beside needs, and each that is broken costs as much as
    a need. all_or_nothing=True gives no share. `picture` shows the model, its blocks outlined; it
    is left out of large models, and with picture=False. ValueError for what no model can be asked
    for, TypeError for what is no amount.
    """
    asked_for = {
        "order": order,
        "output": output,
        "input_shape": input_shape,
        "inception": inception,
        "residual": residual,
        "parameters": parameters,
    }
    demands = _demands(layers, {key: each for key, each in asked_for.items() if each is not None})
    asked = f"{what} has {', '.join(demand.asked for demand in demands)}"
    data = model_data(model, asked, what)
    if isinstance(data, Finding):
        return replace(data, advice=data.advice or ADVICE_MODEL)
    try:
        finding = _weighed(asked, demands, [demand.judge(data) for demand in demands])
    except GraphError as error:
        return incorrect(asked, f"{opening(what)} cannot be read: {error}", ADVICE_MODEL)
    except NotDataError as error:
        return incorrect(asked, f"{opening(what)} {error}", ADVICE_MODEL)
    if all_or_nothing and finding.fraction is not None:
        finding = replace(finding, outcome=Outcome.INCORRECT, fraction=0.0)
    return replace(finding, picture=_picture(data.graph) if picture else "")


def _weighed(asked: str, demands: Sequence[Demand], aspects: Sequence[Aspect]) -> Finding:
    """The finding of all demands, whose fraction is that of the needs less the broken limits."""
    finding = judged(asked, aspects)
    needs = [each.share for demand, each in zip(demands, aspects, strict=True) if demand.is_need]
    if finding.fraction is None or not needs:
        return finding
    broken = sum(
        1 - each.share for demand, each in zip(demands, aspects, strict=True) if not demand.is_need
    )
    fraction = max(sum(needs) - broken, 0) / len(needs)
    outcome = Outcome.PARTLY_CORRECT if fraction else Outcome.INCORRECT
    return replace(finding, outcome=outcome, fraction=fraction)


def _demands(layers: Mapping[str, int | Amount], others: Mapping[str, Any]) -> list[Demand]:
    """What is asked for, in the order of the card; `others` by the names of their arguments."""
    make: dict[str, Callable[[Any], Demand]] = {
        "order": lambda steps: Order(*_steps(steps)),
        "output": lambda output: Output(_choices(output)),
        "input_shape": lambda shape: InputShape(tuple(shape)),
        "inception": lambda wanted: Blocks.inception(amount(wanted)),
        "residual": lambda wanted: Blocks.residual(amount(wanted)),
        "parameters": lambda wanted: Parameters(amount(wanted)),
    }
    demands: list[Demand] = [Count(group(kind), amount(wanted)) for kind, wanted in layers.items()]
    demands += [make[key](wanted) for key, wanted in others.items()]
    if not demands:
        raise ValueError("architecture() was asked for nothing; name a layer, such as Conv2D=2")
    return demands


def _steps(order: Sequence[Step]) -> tuple[tuple[str, ...], tuple[tuple[Group, ...], ...]]:
    """The steps' names for people, and the groups that each may be of."""
    if isinstance(order, str) or not order:
        raise ValueError(f'order is a tuple such as ("Conv2D", "Flatten", "Dense"), not {order!r}')
    steps = [(step,) if isinstance(step, str) else tuple(step) for step in order]
    names = tuple(" or ".join(step) for step in steps)
    return names, tuple(tuple(group(name) for name in step) for step in steps)


def _choices(output: OutputChoice | list[OutputChoice]) -> tuple[tuple[str, int], ...]:
    """The pairs with Keras' names of their activations."""
    choices = output if isinstance(output, list) else [output]
    found = []
    for each in choices:
        activation, units = each
        if activation not in ACTIVATIONS or type(units) is not int or units < 1:
            raise ValueError(
                'output is a pair such as ("sigmoid", 1), or a list of pairs, with an activation '
                f"of {', '.join(map(repr, ACTIVATIONS))}; received {each!r}"
            )
        found.append((ACTIVATIONS[activation], units))
    if not found:
        raise ValueError("output is an empty list")
    return tuple(found)


def _picture(graph: ModelGraph) -> str:
    return graph._repr_svg_() if len(graph.layers) <= MAX_LAYERS_DRAWN else ""
