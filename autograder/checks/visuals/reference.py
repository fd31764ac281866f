"""What a network sees, computed: activations, filters' patterns, Grad-CAM, saliency.

Written with keras.ops, so they run on TensorFlow, JAX and PyTorch alike. `model` is always a
keras.Model (Sequential or functional, nested models included) or a ModelData, with one input of
images and one output of class scores. It runs in inference mode and is left as it was. Each
function raises NotDataError where the model is not of this kind or a layer is not in it.

Sources:
    Erhan, Bengio, Courville & Vincent 2009, Visualizing higher-layer features of a deep network
    Simonyan, Vedaldi & Zisserman 2013, Deep inside convolutional networks, arXiv:1312.6034
    Zeiler & Fergus 2013, Visualizing and understanding convolutional networks, arXiv:1311.2901
    Mordvintsev, Olah & Tyka 2015, Inceptionism: the gradient made smoother, the image shifted
    Selvaraju et al. 2017, Grad-CAM, arXiv:1610.02391
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import NotDataError
from autograder.checks.visuals import layerwise
from autograder.checks.visuals.class_maps import class_map, input_gradient, last_map_layer
from autograder.checks.visuals.gradients import Scalar, gradient
from autograder.checks.visuals.layerwise import Call, Tensor

if TYPE_CHECKING:
    import keras

    from autograder.artifacts import ModelData

Floats = NDArray[np.float32]

NO_FILTERS = "has a layer {layer}, which puts out no maps"

DEFAULT_SIZE = 64  # pixels a side, of a pattern for a model that takes images of any size
_LEAK = 0.1  # of what lies below 0: without it a filter that is silent at first would stay so
_NOISE = 0.05  # standard deviation about grey
_SHIFT = 3  # pixels
_BLUR = np.array([1, 4, 6, 4, 1], np.float32) / 16


def activations(
    model: keras.Model | ModelData, image: NDArray[Any], layers: Sequence[str | int] | None = None
) -> dict[str, NDArray[Any]]:
    """What layers put out for an image (Zeiler & Fergus 2013), by the layers' names.

    image: (height, width, channels) or (1, height, width, channels), as it is fed to the model.
    layers: names, "vgg16/block1_conv1" or "block1_conv1" in a nested model, or numbers that count
    the convolutions; None for every convolution. Each output is (height, width, filters).
    """
    graph = layerwise.graph_of(model)
    names = [layer.id for layer in graph.convolutions] if layers is None else layers
    wanted = [layerwise.layer_id(graph, name) for name in names]
    found = layerwise.outputs_of(layerwise.live(model), batch_of_one(image), set(wanted))
    return {name: found[name][0] for name in wanted}


def filter_pattern(
    model: keras.Model | ModelData, layer: str | int, filter: int, **options: Any
) -> Floats:
    """The picture that excites one filter: (height, width, 3). Options as of filter_patterns."""
    pattern: Floats = filter_patterns(model, layer, [filter], **options)[0]
    return pattern


def filter_patterns(
    model: keras.Model | ModelData,
    layer: str | int,
    filters: Sequence[int] | None = None,
    *,
    size: tuple[int, int] | None = None,
    steps: int = 60,
    rate: float = 0.03,
    inputs: tuple[float, float] = (0.0, 1.0),
    seed: int = 0,
) -> Floats:
    """The pictures that excite filters, (n, height, width, channels), float32 in 0..1.

    Gradient ascent on the mean of the filter's output behind a leaky ReLU, from grey noise (Erhan
    et al. 2009; Simonyan et al. 2013, section 2). The gradient is smoothed and
    brought to a root mean square of 1, the picture shifted by a few pixels at every step
    (Mordvintsev et al. 2015): without that, patterns are speckle. One entry moves by about `rate`
    at each of the `steps`.

    layer: a name, or a number that counts the convolutions. filters: their numbers; None for all.
    size: (height, width) of the pictures; None for the model's. inputs: the range of pixel values
    that the model takes: a pattern's 0..1 is fed to it as that. The same seed gives the same
    pictures.
    """
    from keras import ops

    name = layerwise.layer_id(layerwise.graph_of(model), layer)
    kmodel = layerwise.live(model)
    height, width, channels = layerwise.input_size(kmodel)
    height, width = size or (height or DEFAULT_SIZE, width or DEFAULT_SIZE)
    chosen, response = _mean_response(kmodel, name, filters, channels or 3, inputs)
    rise = gradient(response)
    rng = np.random.default_rng(seed)
    shape = (len(chosen), height, width, channels or 3)
    pictures = ops.convert_to_tensor(
        (0.5 + rng.normal(0, _NOISE, shape)).clip(0, 1).astype(np.float32)
    )
    for _ in range(steps):
        shift = [int(each) for each in rng.integers(-_SHIFT, _SHIFT + 1, 2)]
        slope = _smoothed(rise(ops.roll(pictures, shift, axis=(1, 2))))
        slope = ops.roll(slope, [-each for each in shift], axis=(1, 2))
        size_of_slope = ops.sqrt(ops.mean(ops.square(slope), axis=(1, 2, 3), keepdims=True))
        pictures = ops.clip(pictures + rate * slope / (size_of_slope + 1e-12), 0, 1)
    result: Floats = ops.convert_to_numpy(pictures)
    return result


def gradcam(
    model: keras.Model | ModelData,
    image: NDArray[Any],
    class_index: int,
    layer: str | int | None = None,
) -> Floats:
    """Where the network sees a class: a heatmap (height, width) of the image's size, in 0..1.

    Selvaraju et al. 2017: the maps of a layer, weighted by the mean gradient of the class's score
    with respect to each, added up; what speaks against the class is cut off; the greatest entry is
    1, and where nothing speaks for the class all are 0. The score is taken before a softmax or
    sigmoid. A model with one output has the score for class 1; that for class 0 is its negative.

    image: (height, width, channels) or (1, height, width, channels), as it is fed to the model.
    layer: None for the last convolution with the normalisation and activation that follow it.
    ValueError for a class that the model does not have.
    """
    batch = batch_of_one(image)
    graph = layerwise.graph_of(model)
    kmodel = layerwise.live(model)
    name = (
        last_map_layer(kmodel, graph, batch) if layer is None else layerwise.layer_id(graph, layer)
    )
    found = np.maximum(class_map(kmodel, graph, batch, class_index, name), 0)
    return resized(_up_to_one(found), batch.shape[1:3])


def saliency(model: keras.Model | ModelData, image: NDArray[Any], class_index: int) -> Floats:
    """Which pixels the score of a class depends on: (height, width), in 0..1.

    Simonyan et al. 2013, section 3: the gradient of the score with respect to the image, of each
    pixel the greatest absolute value over the channels. Image and score as for gradcam.
    """
    graph, kmodel = layerwise.graph_of(model), layerwise.live(model)
    slope = input_gradient(kmodel, graph, batch_of_one(image), class_index)
    return _up_to_one(np.abs(slope).max(axis=-1))


def batch_of_one(image: NDArray[Any]) -> NDArray[Any]:
    """An image with the batch axis. ValueError for anything that is not one image."""
    array = np.asarray(image)
    batch = array[np.newaxis] if array.ndim == 3 else array
    if batch.ndim != 4 or len(batch) != 1:
        raise ValueError(f"image: expected (height, width, channels), received shape {array.shape}")
    return batch


def resized(plane: Floats, size: tuple[int, int], how: str = "bilinear") -> Floats:
    """A plane (height, width) at another size; made smaller, the average of what it covers."""
    from keras import ops

    given = ops.convert_to_tensor(plane[np.newaxis, :, :, np.newaxis].astype(np.float32))
    result: Floats = ops.convert_to_numpy(
        ops.image.resize(given, size, how, antialias=True, data_format="channels_last")
    )
    return result[0, :, :, 0]


def filter_count(model: keras.Model, layer: str) -> int:
    """How many filters the layer with this id has."""
    height, width, channels = layerwise.input_size(model)
    probe = np.zeros((1, height or DEFAULT_SIZE, width or DEFAULT_SIZE, channels or 3), np.float32)
    maps = layerwise.outputs_of(model, probe, {layer})[layer]
    if maps.ndim != 4:
        raise NotDataError(NO_FILTERS.format(layer=layer))
    return int(maps.shape[-1])


def _mean_response(
    model: keras.Model,
    name: str,
    filters: Sequence[int] | None,
    channels: int,
    inputs: tuple[float, float],
) -> tuple[list[int], Scalar]:
    """The filters' numbers, and the sum of each one's mean output for its own picture."""
    from keras import ops

    low, high = inputs
    before = layerwise.without_activation(layerwise.find_layer(model, name))
    count = filter_count(model, name)
    chosen = list(range(count)) if filters is None else [int(each) for each in filters]
    if not chosen or not all(0 <= each < count for each in chosen):
        raise ValueError(f"filters: expected numbers from 0 to {count - 1}, received {filters}")
    own = ops.convert_to_tensor(np.eye(count, dtype=np.float32)[chosen])  # (n, filters)

    def response(pictures: Tensor) -> Tensor:
        found: dict[str, Tensor] = {}

        def keep(call: Call, output: Tensor) -> Tensor:
            if call.id == name:
                found[name] = before(call, output)
            return output

        layerwise.run_until(model, low + (high - low) * pictures, keep, {name})
        maps = ops.cast(found[name], "float32")
        return ops.sum(ops.mean(ops.leaky_relu(maps, _LEAK), axis=(1, 2)) * own)

    return chosen, response


def _smoothed(slope: Tensor) -> Tensor:
    """A gradient (n, height, width, channels) after a Gaussian blur of 5×5."""
    from keras import ops

    channels = slope.shape[-1]
    kernel = np.outer(_BLUR, _BLUR)[:, :, np.newaxis, np.newaxis].repeat(channels, axis=2)
    return ops.depthwise_conv(
        slope, ops.convert_to_tensor(kernel), padding="same", data_format="channels_last"
    )


def _up_to_one(plane: Floats) -> Floats:
    greatest = float(plane.max())
    return np.asarray(plane / greatest if greatest > 0 else plane, np.float32)
