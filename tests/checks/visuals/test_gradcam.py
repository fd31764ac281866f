import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.artifacts import ModelData
from autograder.checks import Finding, Missing, Outcome, reference
from autograder.checks.visuals import layerwise
from autograder.checks.visuals.class_maps import class_map
from autograder.checks.visuals.gradcam import gradcam

from .small_cnns import cnn, nested, pictures

CLASS = 2
IMAGE = pictures()[0][6]  # of class 2
OTHER_IMAGE = pictures()[0][10]
Heatmap = Callable[[], Any]


def raw(layer: str = "third", probability: bool = False, class_index: int = CLASS) -> Any:
    """Grad-CAM's weighted sum on the layer's own grid, of either sign."""
    graph = layerwise.graph_of(cnn())
    batch = IMAGE[np.newaxis]
    return class_map(cnn(), graph, batch, class_index, layer, probability=probability)


def rectified(**options: Any) -> Any:
    found = np.maximum(raw(**options), 0)
    return found / found.max()


def enlarged(size: tuple[int, int], how: str) -> Any:
    from PIL import Image

    image = Image.fromarray(rectified().astype(np.float32))
    return np.asarray(image.resize(size, Image.Resampling[how]))


def overlay() -> Any:
    heat = reference.gradcam(cnn(), IMAGE, CLASS)
    return 0.6 * IMAGE + 0.4 * np.stack([heat, 0 * heat, 1 - heat], axis=-1)


should_pass: dict[str, Heatmap] = {
    "the reference's": lambda: reference.gradcam(cnn(), IMAGE, CLASS),
    "on the layer's own grid": rectified,
    "not normalised": lambda: np.maximum(raw(), 0),
    "without a ReLU": raw,
    "of the probability": lambda: rectified(probability=True),
    "behind the pooling's layer": lambda: reference.gradcam(cnn(), IMAGE, CLASS, "third"),
    "in 0..255": lambda: np.uint8(255 * rectified()),
    "nearest neighbours": lambda: enlarged((32, 32), "NEAREST"),
    "bicubic, larger": lambda: enlarged((150, 120), "BICUBIC"),
    "Lanczos": lambda: enlarged((64, 64), "LANCZOS"),
    "with a batch axis": lambda: rectified()[np.newaxis],
    "with a channel axis": lambda: rectified()[..., np.newaxis],
    "a nested list": lambda: rectified().tolist(),
}

should_fail: dict[str, tuple[Heatmap, str]] = {
    "blank": (lambda: np.zeros((32, 32)), "^Every entry of the heatmap is 0.* the gradient of a"),
    "constant": (lambda: np.full((32, 32), 0.5), "^Every entry of the heatmap is 0.5"),
    "noise": (
        lambda: np.random.default_rng(0).random((32, 32)),
        r"^The correlation with the heatmap computed again is -?0\.\d\d; expected at least 0\.95",
    ),
    "another class": (
        lambda: reference.gradcam(cnn(), IMAGE, 0),
        "^This is the heatmap of class 0, and class 2 is asked for",
    ),
    "inverted": (lambda: 1 - rectified(), "^The heatmap is inverted: low where the network looks"),
    "transposed": (lambda: reference.gradcam(cnn(), IMAGE, CLASS).T, "^The heatmap is transposed"),
    "upside down": (lambda: rectified()[::-1], "^The heatmap is upside down"),
    "another model": (
        lambda: reference.gradcam(cnn(1), IMAGE, CLASS),
        r"^The correlation .* is -?0\.\d\d;",
    ),
    "another image": (
        lambda: reference.gradcam(cnn(), OTHER_IMAGE, CLASS),
        r"^The correlation .* is -?0\.\d\d;",
    ),
    "an earlier layer": (
        lambda: reference.gradcam(cnn(), IMAGE, CLASS, "first"),
        r"^(The correlation .* is -?0\.\d\d|Every entry).*(the last convolution|the gradient of)",
    ),
    "not weighted": (
        lambda: reference.activations(cnn(), IMAGE)["third"].mean(axis=-1),
        "^This is the mean of the maps; they are not weighted",
    ),
    "saliency": (
        lambda: reference.saliency(cnn(), IMAGE, CLASS),
        "^This is the gradient with respect to the image",
    ),
    "laid over the image": (overlay, r"\(32, 32, 3\): it is a picture in colours"),
    "a row": (
        lambda: np.arange(9.0),
        r"The heatmap has the shape \(9,\); expected \(height, width\)",
    ),
    "not finite": (lambda: rectified() / 0 * 0, "The heatmap holds NaN or infinite values"),
    "text": (lambda: "heatmap.png", "The heatmap is of type str, not an array of numbers"),
}


def text(finding: Finding) -> str:
    return f"{finding.found} {finding.advice}"


@pytest.mark.parametrize("heatmap", should_pass.values(), ids=should_pass.keys())
def test_every_way_to_compute_gradcam_passes(heatmap: Heatmap) -> None:
    """Scale, grid, ReLU, the score's place and the way of enlarging are free."""
    finding = gradcam(heatmap(), cnn(), IMAGE, CLASS)
    assert finding.outcome is Outcome.CORRECT, text(finding)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")  # made on purpose
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("heatmap, message", should_fail.values(), ids=should_fail.keys())
def test_other_heatmaps_fail(heatmap: Heatmap, message: str) -> None:
    """Each for its own reason."""
    finding = gradcam(heatmap(), cnn(), IMAGE, CLASS)
    assert finding.outcome is Outcome.INCORRECT
    assert re.search(message, text(finding)), text(finding)


def test_a_single_sigmoid_has_two_classes() -> None:
    """The score of class 0 is the negative of that of class 1."""
    image = IMAGE * 255
    for index in (0, 1):
        heatmap = reference.gradcam(nested(), image, index)
        assert gradcam(heatmap, nested(), image, index).outcome is Outcome.CORRECT
        wrong = gradcam(heatmap, nested(), image, 1 - index)
        assert wrong.outcome is Outcome.INCORRECT
        assert f"This is the heatmap of class {index}" in wrong.found or not heatmap.any()


def test_blank_is_right_where_nothing_speaks_for_the_class() -> None:
    """A head whose weights are all negative finds no evidence for its class."""
    import keras

    model = keras.models.clone_model(nested())
    weights = nested().get_weights()
    weights[-2] = -np.abs(weights[-2])
    model.set_weights(weights)
    image = IMAGE * 255
    assert not reference.gradcam(model, image, 1).any()
    finding = gradcam(np.zeros((8, 8)), model, image, 1)
    assert finding.outcome is Outcome.CORRECT
    assert "Nothing in the image speaks for the class" in finding.found


def test_both_sides_say_the_same() -> None:
    """A live model and its data give equal findings, right and wrong."""
    live = ModelData.of(cnn())
    data = ModelData(live.config, live.tensors)
    for heatmap in (rectified(), 1 - rectified()):
        assert gradcam(heatmap, cnn(), IMAGE, CLASS) == gradcam(heatmap, data, IMAGE, CLASS)


def test_what_the_model_cannot_tell_is_said() -> None:
    """A class too many, a model without convolutions, an image of another size."""
    import keras

    dense = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()])
    dense.add(keras.layers.Dense(2))
    heat = rectified()
    assert "tells 4 classes apart" in gradcam(heat, cnn(), IMAGE, 4).found
    assert "has no convolution that puts out maps" in gradcam(heat, dense, IMAGE, 1).found
    assert "The image has the shape" in gradcam(heat, cnn(), IMAGE[:9], 1).found


@pytest.mark.parametrize("answer", [None, ..., Missing("heatmap")])
def test_no_answer_is_not_attempted(answer: object) -> None:
    """For the heatmap, the model and the image."""
    for given in ((answer, cnn(), IMAGE), (IMAGE, answer, IMAGE), (rectified(), cnn(), answer)):
        assert gradcam(*given, CLASS).outcome is Outcome.NOT_ATTEMPTED
