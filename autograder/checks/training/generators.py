"""Whether data generators give what was asked for: sizes, shapes, values, labels, own images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from autograder.artifacts import BatchesData
from autograder.checks.amounts import Amount, amount
from autograder.checks.aspects import Aspect, judged
from autograder.checks.findings import Finding
from autograder.checks.training.balance import equal_shares, in_words, is_balanced
from autograder.checks.training.parts import NAMES, read_parts
from autograder.checks.wording import Shape, count, fits, listed
from autograder.checks.wording import sizes as show_sizes

ANY_SIZE = Amount(1)
RANGE_SLACK = 0.01  # of the range: interpolation may go beyond it by a little
LEAST_USED = 0.05  # of the range
LEAKED = 0.5  # of the points at most where an image is in two parts
LEAST_DIFFERENT = 0.9  # of the images of a part
# Public data sets hold some pictures twice, under two names.
MOST_COMMON = 0.005  # of the smaller part
LEAST_TO_BE_MIXED = 12  # labels

ADVICE_SIZE = "Count the images that each generator gets, and give each of them once an epoch."
ADVICE_SHAPE = "Look at one batch: next(iter(generator))[0].shape."
ADVICE_CHANNELS_LAST = "Move the channels to the end: np.moveaxis(images, 1, -1)."
ADVICE_DTYPE = 'Give floating-point numbers: images.astype("float32").'
ADVICE_RANGE = "Look at images.min() and images.max() of one batch, and scale by what they tell."
ADVICE_TWICE = "The images may be scaled twice: look at images.max() before and after scaling."
ADVICE_LABELS = "Look at the labels of one batch, and at how many there are of each class."
ADVICE_DISJOINT = "Split the list of images first; then give each part its own generator."
ADVICE_SHUFFLE = "Shuffle the training images anew in every epoch, so that batches differ."


@dataclass(frozen=True)
class _Wanted:
    """What one part must be like."""

    size: Amount
    image_shape: Shape | None
    value_range: tuple[float, float] | None
    classes: int | None
    balance: float | None


def generators(
    train: object,
    validation: object,
    test: object,
    *,
    sizes: Sequence[int | Amount] | None = None,
    image_shape: Shape | None = None,
    value_range: tuple[float, float] | None = (0, 1),
    classes: int | None = 2,
    balance: float | None = 0.1,
    disjoint: bool = True,
    shuffled: bool = False,
) -> Finding:
    """Whether the generators of the three parts give what the question asks for.

    sizes=(2000, 1000, at_least(500))   # images in one epoch of train, validation and test
    image_shape=(150, 150, 3)           # of each image; None for any length
    value_range=(0, 1)                  # floating-point values in it; (0, 255) takes integers too
    classes=2                           # labels 0 and 1, or one-hot rows of two
    balance=0.1                         # shares of 0.4 to 0.6 of two classes, 0.08 to 0.12 of ten,
                                        # or as near as a random draw of so many images comes
    disjoint=True                       # no image in two parts, by content and by file; else half
                                        # of the points at most
    shuffled=True                       # advice, no points, where training keeps its order and
                                        # is no pair of arrays, which model.fit shuffles

    None leaves a demand out. Content: the SHA-256 of images, over two epochs of each generator; one
    image in 200 may be in two parts, since public data sets hold some twice. Files: by the last
    parts of their paths, where the generators tell them; so they are known though augmented.
    """
    wanted = [
        _Wanted(amount(size), image_shape, value_range, classes, balance)
        for size in (sizes if sizes is not None else (ANY_SIZE,) * len(NAMES))
    ]
    if len(wanted) != len(NAMES):
        raise ValueError(f"sizes are those of {', '.join(NAMES)}; received {len(wanted)}")
    asked = _asked(wanted, disjoint)
    parts = read_parts(train, validation, test, asked)
    if isinstance(parts, Finding):
        return parts
    aspects: list[Aspect] = []
    for name, each in zip(NAMES, wanted, strict=True):
        if name in parts.data:
            aspects += [aspect(name, parts.data[name], each) for aspect in PER_PART]
        else:
            aspects.append(parts.lacking(name, weight=len(PER_PART)))
    most = 1.0
    if disjoint:
        aspects.append(apart := _disjoint(parts.data))
        most = LEAKED + (1 - LEAKED) * apart.share
    if shuffled and "training" in parts.data:
        aspects.append(_order(parts.data["training"]))
    return judged(asked, aspects, most=most)


def _asked(wanted: Sequence[_Wanted], disjoint: bool) -> str:
    """the training, validation and test generators give 60, 30 and 20 images; values 0 to 1; …"""
    sizes = [str(each.size).removeprefix("exactly ") for each in wanted]
    shape, values, classes = wanted[0].image_shape, wanted[0].value_range, wanted[0].classes
    images = (
        "images" if all(each.size == ANY_SIZE for each in wanted) else f"{listed(sizes)} images"
    )
    parts = (
        f"{images} of shape {show_sizes(shape)}" if shape else images,
        f"values {values[0]:g} to {values[1]:g}" if values else "",
        count(classes, "class", "classes") if classes else "",
        "no image in two parts" if disjoint else "",
    )
    return f"the {listed(NAMES)} generators give {'; '.join(filter(None, parts))}"


def _size(name: str, data: BatchesData, wanted: _Wanted) -> Aspect:
    found = count(data.count, f"{name} image")
    if not wanted.size.allows(data.count):
        return Aspect.of(0, found, str(wanted.size), ADVICE_SIZE)
    different = max(len(set(each)) for each in data.passes)
    if different < LEAST_DIFFERENT * data.count:
        return Aspect(0, f"{found}, but only {different:,} different ones", ADVICE_SIZE)
    return Aspect(1, f"{found} of shape {show_sizes(data.images.shape[1:])}")


def _images(name: str, data: BatchesData, wanted: _Wanted) -> Aspect:
    shape = data.images.shape[1:]
    if wanted.image_shape is not None and not fits(shape, wanted.image_shape):
        found, expected = show_sizes(shape), show_sizes(wanted.image_shape)
        turned = fits((*shape[1:], *shape[:1]), wanted.image_shape)
        advice = ADVICE_CHANNELS_LAST if turned else ADVICE_SHAPE
        return Aspect.of(0, f"{name} images have the shape {found}", expected, advice)
    may_be_whole = wanted.value_range is None or wanted.value_range[1] >= 255
    if not (may_be_whole or data.dtype.startswith("float")):
        found = f"{name} images are of type {data.dtype}"
        return Aspect.of(0, found, "floating-point numbers", ADVICE_DTYPE)
    return Aspect()


def _values(name: str, data: BatchesData, wanted: _Wanted) -> Aspect:
    if wanted.value_range is None:
        return Aspect()
    low, high = wanted.value_range
    width, expected = high - low, f"{low:g} to {high:g}"
    found = f"{name} images hold values from {data.low:.4g} to {data.high:.4g}"
    if data.low < low - RANGE_SLACK * width or data.high > high + RANGE_SLACK * width:
        return Aspect.of(0, found, expected, ADVICE_RANGE)
    if data.high - data.low < LEAST_USED * width:
        return Aspect(0, f"{found}, hardly any of {expected}", ADVICE_TWICE)
    return Aspect()


def _labels(name: str, data: BatchesData, wanted: _Wanted) -> Aspect:
    if wanted.classes is None:
        return Aspect()
    found = f"{name} labels: {in_words(data.label_counts)}"
    if set(data.label_counts) != set(range(wanted.classes)):
        return Aspect.of(0, found, f"every class from 0 to {wanted.classes - 1}", ADVICE_LABELS)
    shares = equal_shares(wanted.classes)
    if wanted.balance is not None and not is_balanced(data.label_counts, shares, wanted.balance):
        return Aspect.of(0, found, "about as many of each", ADVICE_LABELS)
    return Aspect()


PER_PART = (_size, _images, _values, _labels)


def _disjoint(data: Mapping[str, BatchesData]) -> Aspect:
    shared = [
        f"{one} and {other} have {count(number, 'image')} in common"
        for (one, first), (other, second) in combinations(data.items(), 2)
        if (number := _common(first, second))
    ]
    return Aspect(0, "; ".join(shared), ADVICE_DISJOINT) if shared else Aspect()


def _common(first: BatchesData, second: BatchesData) -> int:
    """How many images two parts share, by file or, beyond what is let pass, by content."""
    files = len(set(first.sources or ()) & set(second.sources or ()))
    one, other = (set(data.passes[0]) | set(data.passes[1]) for data in (first, second))
    same = len(one & other)
    return max(files, same if same > MOST_COMMON * min(first.count, second.count) else 0)


def _order(train: BatchesData) -> Aspect:
    """Costs nothing; augmented images never come again, so that their order cannot be seen.

    Of one batch, such as a pair of arrays, there is no order: model.fit shuffles that by itself.
    """
    if train.batches == 1:
        return Aspect()
    labels = train.labels.reshape(len(train.labels), -1)
    if len(labels) >= LEAST_TO_BE_MIXED and (labels == labels[0]).all():
        return Aspect(1, "the first training batch holds one class only", ADVICE_SHUFFLE)
    if train.count > 1 and train.passes[0] == train.passes[1]:
        return Aspect(1, "training images come in the same order each time", ADVICE_SHUFFLE)
    return Aspect()
