"""How pictures excite the filters of a layer, against noise, each other and the reference's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import NotDataError
from autograder.checks.visuals import layerwise, reference
from autograder.checks.visuals.pictures import Floats, correlation

if TYPE_CHECKING:
    import keras

NOISE_IMAGES = 100
PERCENTILE = 95
AS_GOOD = 0.8  # of what the reference's own ascent reaches
AS_FIRST = 0.9  # of what the best of the other patterns reaches
COPIES = 0.995  # correlation
FLAT = 0.002  # of the range: standard deviation of a picture of one colour
MAX_SIDE = 96  # pixels; of larger pictures the middle is judged, as they are textures
MAX_JUDGED = 16
MIN_JUDGED = 4
MAX_PIXELS = 16 * 64 * 64  # of all judged pictures, each of which is compared with 100 of noise
MAX_FED = 512 * 512  # pixels of a picture that is brought to the model's size
ONE_COLOUR = 0.05  # of the range: how far most of the pixels may lie from the commonest colour
SEED = 4
_BATCH = 50

NO_SIZE = "does not take pictures of this size"
BLANK = "a picture of one colour"
COPY = "the same picture as for filter {other}"
LIKE_NOISE = "excites its filter no more than noise of the same mean and spread does"
NOT_FIRST = "the pattern for filter {other} excites it more"


@dataclass(frozen=True, eq=False)
class Patterns:
    """Patterns (n, height, width, channels) and the filter of each."""

    pictures: Floats
    filters: list[int]

    def chosen(self) -> Patterns:
        """At most MAX_JUDGED of them, fewer if they are large, spread over all."""
        pixels = int(np.prod(self.pictures.shape[1:3]))
        most = int(np.clip(MAX_PIXELS // pixels, MIN_JUDGED, MAX_JUDGED))
        count = len(self.filters)
        some = np.linspace(0, count - 1, min(count, most)).round().astype(int)
        return Patterns(self.pictures[some], [self.filters[each] for each in some])

    def scaled(self, value_range: tuple[float, float], inputs: tuple[float, float]) -> Patterns:
        """In the range that the model takes."""
        unit = (self.pictures - value_range[0]) / (value_range[1] - value_range[0])
        return Patterns(mapped(unit, inputs), self.filters)

    def fitted(self, model: keras.Model, layer: str) -> Patterns:
        """Their middles; at the model's size, where the layers up to this one take no other."""
        height, width = self.pictures.shape[1:3]
        top, left = max(0, height - MAX_SIDE) // 2, max(0, width - MAX_SIDE) // 2
        middle = self.pictures[:, top : top + MAX_SIDE, left : left + MAX_SIDE]
        try:
            layerwise.outputs_of(model, middle[:1], {layer})
            return Patterns(middle, self.filters)
        except Exception:  # each backend and layer has its own
            rows, columns, _ = layerwise.input_size(model)
        if rows is None or columns is None or rows * columns > MAX_FED:
            raise NotDataError(NO_SIZE)
        planes = np.moveaxis(self.pictures, -1, 1).reshape(-1, height, width)
        small = np.stack([reference.resized(each, (rows, columns)) for each in planes])
        small = small.reshape(len(self.pictures), -1, rows, columns)
        return Patterns(np.moveaxis(small, 1, -1), self.filters)


@dataclass(frozen=True, eq=False)
class Excitation:
    """How patterns, noise and the reference's own patterns excite one layer's filters.

    given: in the range `inputs`.
    """

    given: Patterns
    model: keras.Model
    layer: str
    inputs: tuple[float, float]

    def means(self, images: Floats) -> Floats:
        """Each filter's mean output for each image, (images, filters)."""
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        outputs = [layerwise.outputs_of(self.model, part, {self.layer}) for part in parts]
        return np.concatenate(
            [each[self.layer].astype(np.float32).mean(axis=(1, 2)) for each in outputs]
        )

    @cached_property
    def by_patterns(self) -> Floats:
        """Of each judged filter, for each pattern: (patterns, filters), its own on the diagonal."""
        return self.means(self.given.pictures)[:, self.given.filters]

    @cached_property
    def own(self) -> Floats:
        return np.diagonal(self.by_patterns)

    @cached_property
    def by_grey(self) -> Floats:
        """For faint grey noise, with which an ascent begins: (images, filters)."""
        shape = (16, *self.given.pictures.shape[1:])
        grey = np.random.default_rng(SEED).uniform(0.4, 0.6, shape).astype(np.float32)
        return self.means(mapped(grey, self.inputs))[:, self.given.filters]

    @cached_property
    def silent(self) -> NDArray[np.bool_]:
        return np.asarray((self.by_grey == 0).mean(axis=0) > 0.9)

    @cached_property
    def beyond_noise(self) -> NDArray[np.bool_]:
        rng = np.random.default_rng(SEED)
        found = []
        for picture, own, number in zip(
            self.given.pictures, self.own, self.given.filters, strict=True
        ):
            copies = np.repeat(picture.reshape(1, -1), NOISE_IMAGES, axis=0)
            noise = rng.permuted(copies, axis=1).reshape(NOISE_IMAGES, *picture.shape)
            found.append(own > np.percentile(self.means(noise)[:, number], PERCENTILE))
        return np.array(found)

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Whether no other pattern excites the filter more, or hardly more."""
        others = np.where(np.eye(len(self.own), dtype=bool), -np.inf, self.by_patterns)
        best, grey = others.max(axis=0), self.by_grey.mean(axis=0)
        near = (self.own > grey) & (self.own - grey >= AS_FIRST * (best - grey))
        return np.asarray((self.own > best) | near)

    @cached_property
    def copy_of(self) -> list[int | None]:
        """For each pattern the filter of an earlier one that is the same picture."""
        pictures, filters = self.given.pictures, self.given.filters
        return [
            next(
                (filters[e] for e in range(i) if _alike(pictures[e], pictures[i])),
                None,
            )
            for i in range(len(pictures))
        ]

    def as_good(self, numbers: list[int]) -> dict[int, bool]:
        """Whether the patterns with these numbers do about as well as the reference's own."""
        if not numbers:
            return {}
        filters = [self.given.filters[each] for each in numbers]
        size = self.given.pictures.shape[1:3]
        best = reference.filter_patterns(
            self.model, self.layer, filters, size=size, inputs=self.inputs, seed=SEED
        )
        reached = np.diagonal(self.means(mapped(best, self.inputs))[:, filters])
        grey, own = self.by_grey.mean(axis=0)[numbers], self.own[numbers]
        good = (reached > grey) & (own - grey >= AS_GOOD * (reached - grey))
        return dict(zip(numbers, good.tolist(), strict=True))

    def _is_plain(self, picture: Floats) -> bool:
        """Whether most of a picture is of one colour: several filters may want the same."""
        off = np.abs(picture - np.median(picture, axis=(0, 1))).max(axis=-1)
        limit = ONE_COLOUR * (self.inputs[1] - self.inputs[0])
        return float((off <= limit).mean()) > 0.8

    @cached_property
    def problems(self) -> list[str]:
        """What is the matter with each pattern, "" where it is right."""
        doubtful = [
            each
            for each, copied in enumerate(self.copy_of)
            if not self.silent[each] and (copied is not None or not self.beyond_noise[each])
        ]
        good = self.as_good(doubtful)
        return [self._problem(each, good.get(each, False)) for each in range(len(self.own))]

    def _problem(self, each: int, as_good: bool) -> str:
        picture, copied = self.given.pictures[each], self.copy_of[each]
        if copied is not None and not (as_good and self._is_plain(picture)):
            return COPY.format(other=copied)
        if not as_good:
            if picture.std() <= FLAT * (self.inputs[1] - self.inputs[0]):
                return BLANK
            if not self.beyond_noise[each]:
                return LIKE_NOISE
        if not self.first[each]:
            return NOT_FIRST.format(
                other=self.given.filters[int(self.by_patterns[:, each].argmax())]
            )
        return ""


def mapped(unit: Floats, inputs: tuple[float, float]) -> Floats:
    """From 0..1 to the range that the model takes."""
    return (inputs[0] + (inputs[1] - inputs[0]) * unit).astype(np.float32)


def _alike(first: Floats, second: Floats) -> bool:
    if not np.ptp(first) or not np.ptp(second):
        return bool(np.array_equal(first, second))
    return correlation(first, second) >= COPIES
