"""Checks activations that a student has visualised: are they what the model's layers put out?"""

from __future__ import annotations

from typing import Any

from autograder.artifacts import NotDataError
from autograder.checks.amounts import Amount, amount, at_least
from autograder.checks.findings import Finding, Outcome, incorrect
from autograder.checks.subjects import model_data, no_data
from autograder.checks.visuals import layerwise
from autograder.checks.visuals.matching import Matched, Matching
from autograder.checks.visuals.pictures import read_image
from autograder.checks.wording import count, listed, sentences, shown

TWO_OR_MORE = at_least(2)
MAX_MAPS = 64

ADVICE = (
    "Take the arrays from a model whose outputs are the layers' outputs, for this very image, and "
    "hand them in before they are scaled for display."
)
ADVICE_DEPTHS = "Choose convolution layers at different depths: one near the input, one further on."
ADVICE_FORM = "Hand in a dict from layer names to arrays, such as {'conv2d': activation}."

TOO_MANY = f"There are more than {MAX_MAPS} arrays; choose some of them."
NONE = "There are no arrays in it."


def activations(
    maps: object, model: object, image: object, depths: int | Amount = TWO_OR_MORE
) -> Finding:
    """Whether arrays are what a model's layers put out for an image; they are computed again.

        activations({"conv2d": a, "conv2d_2": b}, cnn, image)     # at two depths
        activations([a, b, c], cnn, image, depths=at_least(3))    # matched by shape and value
        activations({"block1_conv1": a}, vgg, image, depths=1)    # a layer of a nested model

    maps: a dict from layer names to arrays, a list of arrays, or one array; each (height, width,
    channels), a batch axis of 1 in front or not. image: as it is fed to the model. The outputs of
    convolutions and of what follows them count: normalisation, activation, pooling, merging. A
    layer's depth is the number of convolutions on the longest way to it, itself included.

    An array is right if its distance from the layer's output is at most 2 % of the output's norm.
    Through VGG16's 13 layers float16 comes to 0.1 % and bfloat16 to 0.7 %; in the first layer of a
    small CNN, the nearest of 200 other images and one more epoch of training both come to 13 %.

    The fraction is the share of arrays that are right, less where there are too few depths.
    """
    wanted = amount(depths)
    asked = f"the arrays are activations of the model's layers, from {wanted.of('depth')}"
    data = model_data(model, asked)
    if isinstance(data, Finding):
        return data
    if finding := no_data(maps, asked, ADVICE_FORM):
        return finding
    named = _named(maps)
    if isinstance(named, str):
        return incorrect(asked, named, ADVICE_FORM)
    try:
        graph, kmodel = layerwise.graph_of(data), layerwise.live(data)
        batch = read_image(image, kmodel, asked)
        if isinstance(batch, Finding):
            return batch
        matching = Matching.of(graph, kmodel, batch)
        return _finding([matching.match(name, value) for name, value in named], wanted, asked)
    except NotDataError as error:
        return incorrect(asked, f"The model {error}")


def _named(maps: Any) -> list[tuple[str | None, object]] | str:
    """The arrays with their names, where they have any; a sentence where there are none."""
    if isinstance(maps, dict):
        found = [(key if isinstance(key, str) else None, each) for key, each in maps.items()]
    else:
        found = [(None, each) for each in (maps if isinstance(maps, list | tuple) else [maps])]
    if not found:
        return NONE
    return TOO_MANY if len(found) > MAX_MAPS else found


def _finding(arrays: list[Matched], wanted: Amount, asked: str) -> Finding:
    right = [each for each in arrays if each.layer]
    depths = sorted({each.depth for each in right})
    details = [
        sentences(f"{each.label or f'array {number}'}: {each.problem}")
        for number, each in enumerate(arrays, start=1)
        if each.problem
    ]
    are = "is" if len(right) == 1 else "are"
    found = f"{len(right)} of {count(len(arrays), 'array')} {are} right"
    if right:
        layers = listed(dict.fromkeys(shown(each.layer) for each in right))
        found += f": {layers}, from {count(len(depths), 'depth')}"
    if right and not wanted.allows(len(depths)):
        details.append(f"{count(len(depths), 'depth')}; expected {wanted}.")
    if not details:
        return Finding(Outcome.CORRECT, asked, sentences(found))
    share = len(right) / len(arrays) * wanted.share(len(depths))
    return Finding(
        Outcome.PARTLY_CORRECT if share else Outcome.INCORRECT,
        asked,
        sentences(found),
        ADVICE if len(right) < len(arrays) else ADVICE_DEPTHS,
        share,
        details=tuple(details),
    )
