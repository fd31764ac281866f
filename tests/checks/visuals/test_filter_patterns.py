import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from autograder.artifacts import ModelData
from autograder.checks import Finding, Missing, Outcome, reference
from autograder.checks.visuals import layerwise
from autograder.checks.visuals.filter_patterns import filter_patterns
from autograder.checks.visuals.gradients import gradient

from .small_cnns import FILTERS, cnn, nested

COUNT = 8  # filters of each layer that are looked at
Patterns = Callable[[], Any]
Options = dict[str, Any]


@cache
def made(layer: str = "second", seed: int = 0, model: Callable[[], Any] = cnn) -> Any:
    return reference.filter_patterns(model(), layer, range(COUNT), seed=seed)


@cache
def plain(layer: str = "second") -> Any:
    """As in a tutorial: the mean activation's gradient, divided by its norm, 30 long steps."""
    from keras import ops

    rng = np.random.default_rng(2)
    start = rng.uniform(0.4, 0.6, (COUNT, 32, 32, 3)).astype(np.float32)

    def response(images: Any) -> Any:
        for each in cnn().layers:
            images = each(images)
            if each.name == layer:
                break
        return ops.sum(ops.diagonal(ops.mean(images, axis=(1, 2))))

    rise = gradient(response)
    images = ops.convert_to_tensor(start)
    for _ in range(30):
        slope = rise(images)
        norm = ops.sqrt(ops.sum(ops.square(slope), axis=(1, 2, 3), keepdims=True))
        images = images + 10 * slope / (norm + 1e-8)
    return ops.convert_to_numpy(images)


def deprocessed(patterns: Any) -> Any:
    """Brought to a picture as many tutorials do: mean 0.5, standard deviation 0.15, clipped."""
    axes = (1, 2, 3)
    centred = patterns - patterns.mean(axes, keepdims=True)
    return np.clip(0.5 + 0.15 * centred / (centred.std(axes, keepdims=True) + 1e-5), 0, 1)


def noise(low: float = 0, high: float = 1) -> Any:
    return np.random.default_rng(7).uniform(low, high, (COUNT, 32, 32, 3))


should_pass: dict[str, tuple[Patterns, Options]] = {
    "the reference's": (made, {}),
    "of another seed": (lambda: made(seed=5), {}),
    "of the first layer": (lambda: made("first"), {"layer": "first"}),
    "of the last layer, by number": (lambda: made("third"), {"layer": -1}),
    "plain ascent, clipped": (lambda: plain().clip(0, 1), {}),
    "plain ascent, deprocessed": (lambda: deprocessed(plain()), {}),
    "plain ascent, deeper": (lambda: deprocessed(plain("third")), {"layer": "third"}),
    "in 0..255": (lambda: np.uint8(255 * made()), {"value_range": (0, 255)}),
    "a list": (lambda: list(made()), {}),
    "a dict": (lambda: {each: made()[each] for each in (6, 2, 4, 0)}, {}),
    "chosen filters": (lambda: made()[[5, 1, 3, 6]], {"filters": [5, 1, 3, 6]}),
    "of another size": (
        lambda: reference.filter_patterns(cnn(), "second", range(6), size=(24, 40)),
        {},
    ),
    "larger than is judged": (
        lambda: reference.filter_patterns(cnn(), "second", range(5), size=(110, 100), steps=20),
        {},
    ),
    "all of a layer": (
        lambda: reference.filter_patterns(cnn(), "third", steps=30),
        {"layer": "third", "number": FILTERS[2]},
    ),
}

should_fail: dict[str, tuple[Patterns, Options, str]] = {
    "noise": (
        noise,
        {},
        "Filter 3: excites its filter no more than noise of the same mean and spread does",
    ),
    "faint noise": (lambda: noise(0.45, 0.55), {}, "no more than noise"),
    "blank": (lambda: np.full((COUNT, 32, 32, 3), 0.5), {}, "Filter 0: a picture of one colour"),
    "copies of one": (
        lambda: made()[[2] * COUNT],
        {},
        "Filter 4: the same picture as for filter 0",
    ),
    "of another model": (lambda: made(model=lambda: cnn(1)), {}, "of 8 patterns excite their own"),
    "of another layer": (lambda: made("third"), {}, "Filter .: .* no more than noise|excites it"),
    "of other filters": (
        lambda: np.roll(made(), 1, axis=0),
        {},
        "Filter .: the pattern for filter . excites it more",
    ),
    "too few": (lambda: made()[:3], {}, "^There are 3 patterns; expected at least 4"),
    "out of range": (lambda: 255 * made(), {}, "^The values lie in 0 to 255; expected 0 to 1"),
    "centred on zero": (lambda: made() - 0.5, {}, "^The values lie in -0.5 to 0.5; expected"),
    "not finite": (lambda: np.where(made() > 0.9, np.nan, made()), {}, "holds NaN or infinite"),
    "without colours": (
        lambda: made()[..., :1],
        {},
        r"^The patterns have the shape \(8, 32, 32, 1\); expected \(n, height, width, 3\)",
    ),
    "one picture": (lambda: made()[0], {}, r"have the shape \(32, 32, 3\); expected \(n, height"),
    "tiny": (lambda: made()[:, :3, :3], {}, "^The patterns are 3×3; expected 4 to 512"),
    "of unequal shapes": (
        lambda: [made()[0], made()[1, 1:]],
        {},
        r"list of arrays of different shapes, such as \(32, 32, 3\) and \(31, 32, 3\)",
    ),
    "a filter too many": (
        lambda: {20: made()[0], **dict(enumerate(made()[1:4]))},
        {},
        "The layer has 16 filters, numbered 0 to 15",
    ),
    "filters of another number": (
        made,
        {"filters": [1, 2]},
        "There are 8 patterns for 2 filters",
    ),
    "filters by name": (lambda: {"a": made()[0]}, {}, "not given by their numbers"),
    "no such layer": (made, {"layer": "fourth"}, "The model has no layer 'fourth'; its layers are"),
    "text": (lambda: "patterns.png", {}, "The answer is of type str"),
}


def text(finding: Finding) -> str:
    return " ".join([finding.found, *finding.details, finding.advice])


def judge(patterns: Any, options: Options) -> Finding:
    return filter_patterns(patterns, cnn(), **{"layer": "second", **options})


@pytest.mark.parametrize("patterns, options", should_pass.values(), ids=should_pass.keys())
def test_patterns_of_the_right_filters_pass(patterns: Patterns, options: Options) -> None:
    """However the ascent is done and the patterns are handed in."""
    finding = judge(patterns(), options)
    assert finding.outcome is Outcome.CORRECT, text(finding)


@pytest.mark.parametrize("patterns, options, message", should_fail.values(), ids=should_fail.keys())
def test_other_pictures_fail(patterns: Patterns, options: Options, message: str) -> None:
    """Each for its own reason, and without points."""
    finding = judge(patterns(), options)
    assert finding.outcome is Outcome.INCORRECT, text(finding)
    assert not finding.fraction
    assert re.search(message, text(finding)), text(finding)


def test_half_of_the_patterns_earn_half_of_the_points() -> None:
    """Between 45 and 60 per cent right ones, their share."""
    patterns = made().copy()
    patterns[4:] = noise()[4:]
    finding = judge(patterns, {})
    assert finding.outcome is Outcome.PARTLY_CORRECT
    assert finding.fraction == pytest.approx(0.5)
    assert [detail.split(":")[0] for detail in finding.details] == [
        "Filter 4",
        "Filter 5",
        "Filter 6",
        "Filter 7",
    ]


def test_filters_that_nothing_excites_are_not_counted() -> None:
    """Dead filters are excused, and said to be so; a layer of nothing else cannot be judged."""
    import keras

    model = keras.models.clone_model(cnn())
    model.set_weights(cnn().get_weights())
    kernel, bias = model.get_layer("third").get_weights()
    bias[:3] = -1000
    model.get_layer("third").set_weights([kernel, bias])
    patterns = made("third")
    finding = filter_patterns(patterns, model, "third")
    assert finding.outcome is Outcome.CORRECT, text(finding)
    assert re.search(r"of [1-5] patterns .* Not counted: \d filters? more, silent", finding.found)
    bias[:] = -1000
    model.get_layer("third").set_weights([kernel, bias])
    finding = filter_patterns(patterns, model, "third")
    assert finding.outcome is Outcome.INCORRECT
    assert "8 of 8 filters are silent for grey noise" in finding.found


def test_a_plain_colour_is_right_for_a_filter_that_wants_it() -> None:
    """A filter that measures brightness is excited most by white, which noise of the same mean and
    spread cannot differ from."""
    import keras

    model = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(4, 3, name="sums")])
    kernel = np.full((3, 3, 3, 4), 0.1, np.float32)
    kernel[..., 1] *= -1
    kernel[:, :, 0, 2] = kernel[:, :, 1, 3] = -0.5
    model.layers[0].set_weights([kernel, np.zeros(4, np.float32)])
    patterns = reference.filter_patterns(model, "sums")
    assert patterns[0].min() > 0.99
    assert filter_patterns(patterns, model, "sums").outcome is Outcome.CORRECT
    swapped = patterns[[1, 0, 3, 2]]
    assert filter_patterns(swapped, model, "sums").outcome is Outcome.INCORRECT


def test_a_model_that_scales_its_input_takes_the_patterns_in_its_range() -> None:
    """inputs= brings patterns in 0..1 to the 0..255 that the model takes."""
    options = {"inputs": (0.0, 255.0)}
    patterns = reference.filter_patterns(nested(), "third", range(COUNT), **options)
    finding = filter_patterns(patterns, nested(), "third", **options)
    assert finding.outcome is Outcome.CORRECT, text(finding)
    assert layerwise.layer_id(layerwise.graph_of(nested()), "third") == "base/third"


def test_both_sides_say_the_same() -> None:
    """A live model and its data give equal findings, right and wrong."""
    live = ModelData.of(cnn())
    data = ModelData(live.config, live.tensors)
    for patterns in (made(), np.roll(made(), 1, axis=0)):
        assert judge(patterns, {}) == filter_patterns(patterns, data, "second")


@pytest.mark.parametrize("answer", [None, ..., Missing("patterns")])
def test_no_answer_is_not_attempted(answer: object) -> None:
    """For the patterns, the model and the layer."""
    for given in ((answer, cnn(), 0), (noise(), answer, 0), (noise(), cnn(), answer)):
        assert filter_patterns(*given).outcome is Outcome.NOT_ATTEMPTED
