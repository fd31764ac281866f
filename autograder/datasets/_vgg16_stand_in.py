"""How the stand-in for VGG16's ImageNet weights is made.

1. Figures are drawn: species of random outlines set together at random, in any colour and texture.
2. A VGG16 of a quarter of the channels, with batch normalisation, learns to tell the species apart.
3. The normalisation is folded into the kernels, and these become the first quarter of each layer
   of a VGG16. The other channels are random orthogonal filters of all channels below them, scaled
   and shifted on drawn figures to mean 0 and deviation 1 before the ReLU, layer by layer, as in
   Mishkin & Matas, "All you need is a good init", arXiv:1511.06422.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Layers = list[tuple[Array, Array]]  # kernel (3, 3, in, out) and bias (out,) of each convolution

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels, convolutions
_WIDTHS = tuple(width for width, depth in BLOCKS for _ in range(depth))
_POOLED = tuple(int(end) - 1 for end in np.cumsum([depth for _, depth in BLOCKS]))
_IMAGENET_BGR = np.array([103.939, 116.779, 123.68], dtype=np.float32)
_SPREAD = 64.0  # about the deviation of preprocessed pixels
_PARTS = 5
_CORNERS = 64  # radii of an outline
_HARMONICS = 6


@dataclass(frozen=True)
class Recipe:
    """What the making costs. thinner: what the trained network's channels are divided by."""

    species: int = 32
    images: int = 8192
    side: int = 32
    steps: int = 1536
    batch_size: int = 32
    learning_rate: float = 3e-3
    thinner: int = 4
    scaling_images: int = 64
    scaling_side: int = 64


@dataclass(frozen=True)
class Species:
    """Figures of some parts, the first of which is the body."""

    outlines: Array  # (species, parts, corners), radii about 1
    places: Array  # (species, parts, 2)
    sizes: Array  # (species, parts), 0 where the part is missing
    lights: Array  # (species, parts), 0..1


def make(seed: int, recipe: Recipe) -> Layers:
    """The 13 convolutions of a VGG16, for pixels passed through its preprocess_input."""
    rng = np.random.default_rng([seed, 1])
    trained = train(seed, recipe)
    return widen(trained, scaling_figures(seed, recipe), rng)


def scaling_figures(seed: int, recipe: Recipe) -> Array:
    """Preprocessed figures of other species than those of the training: (n, side, side, 3)."""
    rng = np.random.default_rng([seed, 2])
    labels = rng.integers(0, recipe.species, recipe.scaling_images)
    return _preprocessed(draw(invent(recipe.species, rng), labels, recipe.scaling_side, rng))


def invent(count: int, rng: np.random.Generator) -> Species:
    """Random species: outlines of random harmonics, at random places about the body."""
    angles = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    orders = np.arange(1, _HARMONICS + 1)
    heights = 0.45 * rng.normal(0, 1, (count, _PARTS, _HARMONICS)) / orders**0.8
    heights[:, 0] *= 0.35  # bodies are rounder
    phases = rng.uniform(0, 2 * np.pi, (count, _PARTS, _HARMONICS))
    waves = heights[..., None] * np.cos(orders[:, None] * angles + phases[..., None])
    turns = rng.uniform(0, 2 * np.pi, (count, _PARTS))
    distances = rng.uniform(0.2, 1.1, (count, _PARTS))
    distances[:, 0] = 0
    sizes = rng.uniform(0.18, 0.5, (count, _PARTS)) * (rng.random((count, _PARTS)) < 0.9)
    sizes[:, 0] = rng.uniform(0.7, 1.0, count)
    places = distances[..., None] * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    return Species(
        np.exp(waves.sum(axis=2)).astype(np.float32),
        places.astype(np.float32),
        sizes.astype(np.float32),
        rng.random((count, _PARTS)).astype(np.float32),
    )


def draw(species: Species, labels: NDArray[np.int64], side: int, rng: np.random.Generator) -> Array:
    """Figures of the labels' species: (n, side, side, 3) RGB, 0..255, each in its own colours,
    place, size, turn, scene and noise; half of them mirrored."""
    count = len(labels)

    def uniform(low: float, high: float, *last: int) -> Array:
        return rng.uniform(low, high, (count, 1, 1, *last)).astype(np.float32)

    line = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    across, down = line[None, None, :], line[None, :, None]
    slant = uniform(0, 2 * np.pi)
    picture = _scene(uniform, np.cos(slant) * across + np.sin(slant) * down)

    scale, turn = uniform(0.5, 0.8), uniform(-0.4, 0.4)
    mirrored = np.where(rng.random((count, 1, 1)) < 0.5, -1, 1).astype(np.float32)
    right = (across - uniform(-0.2, 0.2)) / scale * mirrored
    below = (down - uniform(-0.2, 0.2)) / scale
    x = np.cos(turn) * right + np.sin(turn) * below
    y = np.cos(turn) * below - np.sin(turn) * right

    body = uniform(0, 255, 3)
    for part in range(_PARTS):
        cover = _cover(species, labels, part, x, y, rng) * scale * side / 2 + 0.5
        cover *= species.sizes[labels, part][:, None, None] > 0
        colour = body
        if part:
            shade = 0.25 + 1.5 * species.lights[labels, part][:, None, None, None]
            own = rng.random((count, 1, 1, 1)) < 0.3
            colour = np.where(own, uniform(0, 255, 3), body * shade)
        along = np.cos(slant + part) * x + np.sin(slant + part) * y
        texture = 1 + uniform(0, 0.35) * np.sin(uniform(3, 25) * along)
        painted = np.clip(colour * texture[..., None], 0, 255)
        picture += (painted - picture) * np.clip(cover, 0, 1)[..., None]
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    clipped: Array = np.clip(picture + noise * uniform(0, 20, 1), 0, 255)
    return clipped.astype(np.float32)


def _scene(uniform: Any, ramp: Array) -> Array:
    first = uniform(0, 255, 3)
    second = np.clip(first + uniform(-70, 70, 3), 0, 255)
    stripes = uniform(0, 1) * np.sin(uniform(2, 18) * ramp + uniform(0, 6))
    mix = np.clip(0.5 + 0.4 * ramp + 0.4 * stripes, 0, 1)[..., None]
    scene: Array = first * mix + second * (1 - mix)
    return scene


def _cover(
    species: Species,
    labels: NDArray[np.int64],
    part: int,
    x: Array,
    y: Array,
    rng: np.random.Generator,
) -> Array:
    """How far inside the part's outline each pixel lies: (n, side, side)."""
    count = len(labels)
    places = species.places[labels, part] + rng.normal(0, 0.04, (count, 2)).astype(np.float32)
    sizes = species.sizes[labels, part] * np.exp(rng.normal(0, 0.08, count)).astype(np.float32)
    wobble = np.exp(rng.normal(0, 0.04, (count, _CORNERS))).astype(np.float32)
    outlines = species.outlines[labels, part] * wobble * sizes[:, None]
    right, below = x - places[:, 0, None, None], y - places[:, 1, None, None]
    corners = (np.arctan2(below, right) * (_CORNERS / (2 * np.pi))).astype(np.int64) % _CORNERS
    radii = np.take_along_axis(outlines, corners.reshape(count, -1), axis=1).reshape(x.shape)
    inside: Array = radii - np.hypot(right, below)
    return inside


def _preprocessed(pictures: Array) -> Array:
    """What keras.applications.vgg16.preprocess_input makes of RGB, 0..255."""
    return pictures[..., ::-1] - _IMAGENET_BGR


def train(seed: int, recipe: Recipe) -> Layers:
    """The 13 convolutions of a thin VGG16 that has learnt to tell drawn species apart."""
    import keras

    rng = np.random.default_rng([seed, 3])
    species = invent(recipe.species, rng)
    labels = rng.integers(0, recipe.species, recipe.images)
    pictures = np.concatenate(
        [
            _preprocessed(draw(species, labels[start : start + 128], recipe.side, rng)) / _SPREAD
            for start in range(0, recipe.images, 128)
        ]
    ).astype(np.float32)
    network = _thin(seed, recipe)
    # Named, so that a notebook's own layers and optimisers keep the names they would have had.
    optimizer = keras.optimizers.Adam(recipe.learning_rate, name="stand_in_adam")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="stand_in_loss")
    network.compile(optimizer, loss, jit_compile=keras.backend.backend() == "jax")
    turns = recipe.images // recipe.batch_size
    order = rng.permutation(recipe.images)
    for step in range(recipe.steps):
        if step and step % turns == 0:
            order = rng.permutation(recipe.images)
        start = step % turns * recipe.batch_size
        chosen = order[start : start + recipe.batch_size]
        warm = min(1.0, 8 * (step + 1) / recipe.steps)
        optimizer.learning_rate = recipe.learning_rate * warm * (1 - step / recipe.steps)
        network.train_on_batch(pictures[chosen], labels[chosen])
    return _folded(network)


def _thin(seed: int, recipe: Recipe) -> Any:
    import keras

    x = inputs = keras.Input((recipe.side, recipe.side, 3), name="stand_in_input")
    for number, width in enumerate(_WIDTHS):
        kernels = keras.initializers.HeNormal(seed=1000 * seed + number)
        x = keras.layers.Conv2D(
            width // recipe.thinner,
            3,
            padding="same",
            use_bias=False,
            kernel_initializer=kernels,
            name=f"conv_{number}",
        )(x)
        x = keras.layers.BatchNormalization(momentum=0.9, name=f"norm_{number}")(x)
        x = keras.layers.ReLU(name=f"relu_{number}")(x)
        if number in _POOLED:
            x = keras.layers.MaxPooling2D(2, name=f"pool_{number}")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    start = keras.initializers.GlorotUniform(seed=1000 * seed + 999)
    x = keras.layers.Dense(recipe.species, kernel_initializer=start, name="species")(x)
    return keras.Model(inputs, x, name="stand_in_thin")


def _folded(network: Any) -> Layers:
    layers: Layers = []
    for number in range(len(_WIDTHS)):
        norm = network.get_layer(f"norm_{number}")
        (kernel,) = network.get_layer(f"conv_{number}").get_weights()
        gamma, beta, mean, variance = norm.get_weights()
        gain = gamma / np.sqrt(variance + np.float32(norm.epsilon))
        if number == 0:
            kernel = kernel / np.float32(_SPREAD)
        layers.append(((kernel * gain).astype(np.float32), (beta - mean * gain).astype(np.float32)))
    return layers


def widen(trained: Layers, figures: Array, rng: np.random.Generator) -> Layers:
    """A VGG16 whose first channels are `trained`'s, if any, and the others random.

    figures: (n, side, side, 3), preprocessed; the random channels are scaled on them.
    """
    import keras

    def convolved(x: Array, kernel: Array) -> Array:
        answer = keras.ops.convert_to_numpy(keras.ops.conv(x, kernel, padding="same"))
        return np.asarray(answer, dtype=np.float32)

    layers: Layers = []
    x = figures
    for number, width in enumerate(_WIDTHS):
        kernel = _orthogonal(x.shape[-1], width, rng)
        bias = np.zeros(width, dtype=np.float32)
        taken = 0
        if trained:
            own, own_bias = trained[number]
            taken = len(own_bias)
            kernel[..., :taken] = 0
            kernel[:, :, : own.shape[2], :taken] = own
            bias[:taken] = own_bias
        answers = convolved(x, kernel)
        random = answers[..., taken:]
        gain = 1 / (random.std(axis=(0, 1, 2)) + np.float32(1e-6))
        kernel[..., taken:] *= gain
        bias[taken:] = -random.mean(axis=(0, 1, 2)) * gain
        answers[..., taken:] *= gain
        x = np.maximum(answers + bias, 0)
        if number in _POOLED:
            count, height, breadth, _ = x.shape
            halves = x[:, : height // 2 * 2, : breadth // 2 * 2]
            x = halves.reshape(count, height // 2, 2, breadth // 2, 2, width).max(axis=(2, 4))
        layers.append((kernel, bias))
    return layers


def _orthogonal(inputs: int, outputs: int, rng: np.random.Generator) -> Array:
    tall = rng.standard_normal((max(9 * inputs, outputs), min(9 * inputs, outputs)))
    # Orthogonal by Cholesky, which is some times faster here than numpy.linalg.qr.
    columns = tall @ np.linalg.inv(np.linalg.cholesky(tall.T @ tall)).T
    if 9 * inputs < outputs:
        columns = columns.T
    return columns.reshape(3, 3, inputs, outputs).astype(np.float32)
