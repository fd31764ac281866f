import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.artifacts import ModelData
from autograder.checks import Finding, Missing, NotUsable, Outcome, at_least, reference
from autograder.checks.visuals.activations import activations

from .small_cnns import cnn, nested, pictures

IMAGE = pictures()[0][6]
OTHER_IMAGE = pictures()[0][7]
Maps = Callable[[], Any]


def right(*layers: str, image: Any = IMAGE, model: Callable[[], Any] = cnn) -> dict[str, Any]:
    return reference.activations(model(), image, layers)


def scaled(array: Any) -> Any:
    """As many display it: each channel about its mean, stretched and clipped."""
    centred = array - array.mean(axis=(0, 1))
    return np.clip(centred / (array.std(axis=(0, 1)) + 1e-5) * 64 + 128, 0, 255).astype("uint8")


def stretched(array: Any) -> Any:
    return (array - array.min()) / np.ptp(array)


def tensor(array: Any) -> Any:
    import keras

    return keras.ops.convert_to_tensor(array[np.newaxis])


should_pass: dict[str, tuple[Maps, dict[str, Any]]] = {
    "a dict": (lambda: right("first", "third"), {}),
    "with a batch axis": (lambda: {k: v[None] for k, v in right("first", "second").items()}, {}),
    "live tensors": (lambda: {k: tensor(v) for k, v in right("first", "third").items()}, {}),
    "a list": (lambda: list(right("third", "first", "second").values()), {"depths": at_least(3)}),
    "one array": (lambda: right("second")["second"], {"depths": 1}),
    "half precision": (
        lambda: {k: v.astype(np.float16) for k, v in right("first", "third").items()},
        {},
    ),
    "pooling and activation layers": (lambda: right("pool", "rectified"), {}),
    "titles for names": (
        lambda: dict(zip(("Layer 1", "Layer 2"), right("first", "second").values(), strict=True)),
        {},
    ),
    "nested lists": (lambda: {k: v.tolist() for k, v in right("first", "third").items()}, {}),
    "an image with a batch axis": (lambda: right("first", "third"), {"image": IMAGE[np.newaxis]}),
}

should_fail: dict[str, tuple[Maps, dict[str, Any], float, str]] = {
    "one depth": (
        lambda: right("first", "pool"),
        {},
        0.5,
        "^2 of 2 arrays are right: first and pool, from 1 depth. 1 depth; expected at least 2",
    ),
    "another image": (
        lambda: right("first", "third", image=OTHER_IMAGE),
        {},
        0,
        "^0 of 2 arrays .*first: it differs by .* % from what first puts out .* another image",
    ),
    "another model": (
        lambda: right("first", "third", model=lambda: cnn(1)),
        {},
        0,
        "third: it differs by .* % from what third puts out for this image",
    ),
    "copied twice": (
        lambda: {"first": right("first")["first"], "second": right("first")["first"]},
        {},
        0.25,
        "second: these are the activations of first",
    ),
    "names exchanged": (
        lambda: dict(zip(("third", "first"), right("first", "third").values(), strict=True)),
        {},
        0,
        "third: these are the activations of first.* first: these are the activations of third",
    ),
    "channels first": (
        lambda: {k: np.moveaxis(v, -1, 0) for k, v in right("first", "second").items()},
        {},
        0,
        "first: the channels come first; they belong last",
    ),
    "one channel": (
        lambda: {k: v[..., 3] for k, v in right("first", "second").items()},
        {},
        0,
        "second: this is a single channel of second",
    ),
    "stretched for display": (
        lambda: {k: stretched(v) for k, v in right("second", "third").items()},
        {},
        0,
        "second: it follows second channel by channel, but .* scaled for display.*before they",
    ),
    "standardised for display": (
        lambda: {k: scaled(v) for k, v in right("second", "third").items()},
        {},
        0,
        "second: it follows second channel by channel",
    ),
    "an image in 0..255": (
        lambda: right("first", "third", image=IMAGE * 255),
        {},
        0,
        "first: these are the activations for the image with its pixel values multiplied by 255",
    ),
    "an image in BGR": (
        lambda: right("first", "third", image=IMAGE[..., ::-1]),
        {},
        0,
        "its colour channels in reverse order",
    ),
    "blank": (
        lambda: {k: np.ones_like(v) for k, v in right("first", "third").items()},
        {},
        0,
        "first: every entry is 1",
    ),
    "another shape": (
        lambda: {"first": np.ones((4, 5, 8)) * np.arange(8), **right("third")},
        {},
        0.25,
        r"first: it has the shape \(4, 5, 8\); expected \(30, 30, 8\)",
    ),
    "of no layer": (lambda: [np.arange(7.0)], {}, 0, r"array 1: .* \(7,\), which none of the"),
    "not finite": (
        lambda: {"first": right("first")["first"] * np.nan, **right("third")},
        {},
        0.25,
        "first: it holds NaN or infinite values",
    ),
    "text": (lambda: {"first": "second"}, {}, 0, "first: it is of type str, not an array"),
    "no array": (dict, {}, 0, "There are no arrays in it"),
    "too many": (lambda: [1.0] * 65, {}, 0, "There are more than 64 arrays"),
    "not data": (
        lambda: NotUsable("maps", "it is a lambda"),
        {},
        0,
        "^maps cannot be used.*lambda",
    ),
    "no model": (lambda: right("first"), {"model": 3}, 0, "The model "),
    "an image that does not fit": (
        lambda: right("first", "third"),
        {"image": IMAGE[:20]},
        0,
        r"The image has the shape \(20, 32, 3\); expected \(32, 32, 3\)",
    ),
    "text for an image": (lambda: right("first"), {"image": "cat.png"}, 0, "The image is of type"),
}


def text(finding: Finding) -> str:
    return " ".join([finding.found, *finding.details, finding.advice])


def judge(maps: Maps, options: dict[str, Any]) -> Finding:
    given = {"model": cnn(), "image": IMAGE, **options}
    return activations(maps(), given.pop("model"), given.pop("image"), **given)


@pytest.mark.parametrize("maps, options", should_pass.values(), ids=should_pass.keys())
def test_real_activations_pass(maps: Maps, options: dict[str, Any]) -> None:
    """In whatever form they are handed in, all the points."""
    finding = judge(maps, options)
    assert finding.outcome is Outcome.CORRECT, text(finding)
    assert not finding.details


@pytest.mark.parametrize(
    "maps, options, share, message", should_fail.values(), ids=should_fail.keys()
)
def test_other_arrays_fail(maps: Maps, options: dict[str, Any], share: float, message: str) -> None:
    """Each for its own reason; the share of right ones earns points."""
    finding = judge(maps, options)
    assert re.search(message, text(finding)), text(finding)
    assert (finding.fraction or 0) == pytest.approx(share)
    expected = Outcome.PARTLY_CORRECT if share else Outcome.INCORRECT
    assert finding.outcome is expected


@pytest.mark.parametrize("answer", [None, ..., Missing("maps")])
def test_no_answer_is_not_attempted(answer: object) -> None:
    """Neither for the arrays nor for the model."""
    assert activations(answer, cnn(), IMAGE).outcome is Outcome.NOT_ATTEMPTED
    assert activations({}, answer, IMAGE).outcome is Outcome.NOT_ATTEMPTED


def test_both_sides_say_the_same() -> None:
    """A live model and its data give equal findings, right and wrong."""
    live = ModelData.of(cnn())
    data = ModelData(live.config, live.tensors)
    for maps in (right("first", "third"), right("first", "third", image=IMAGE / 255)):
        assert activations(maps, cnn(), IMAGE) == activations(maps, data, IMAGE)


def test_layers_of_a_nested_model_are_found_by_either_name() -> None:
    """With the nested model's name before theirs or without."""
    maps = right("base/first", "base/third", image=IMAGE * 255, model=nested)
    assert activations(maps, nested(), IMAGE * 255).outcome is Outcome.CORRECT
    maps = {name.removeprefix("base/"): array for name, array in maps.items()}
    assert activations(maps, nested(), IMAGE * 255).outcome is Outcome.CORRECT


def test_a_name_cannot_spoil_the_card() -> None:
    """Control characters and long names are shown harmlessly."""
    finding = activations({"a\n\x1b[31m" + "b" * 500: np.ones(3)}, cnn(), IMAGE)
    (detail,) = finding.details
    assert "\n" not in detail and "\x1b" not in detail and len(detail) < 200


def test_a_giant_is_not_run() -> None:
    """A model whose layers put out more than memory holds is refused before it is run."""
    import keras

    layers = [keras.layers.Conv2D(1, 1, name="one"), keras.layers.UpSampling2D(3_000)]
    model = keras.Sequential([keras.Input((4, 4, 3)), *layers])
    finding = activations({"one": np.ones((4, 4, 1))}, model, np.ones((4, 4, 3)))
    assert finding.outcome is Outcome.INCORRECT
    assert re.search("The model puts out 144,000,0.. numbers for one image", finding.found)
