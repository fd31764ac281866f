"""A generator is gone through twice, whatever framework it is of; what is none says why."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.artifacts import BatchesData, NotDataError
from autograder.artifacts.generators.passes import MAX_SECONDS, classes_of, run_through
from autograder.artifacts.generators.sources import is_generator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of TensorFlow's import are not ours

IMAGES = np.random.default_rng(0).random((10, 4, 5, 3), dtype=np.float32)
LABELS = np.arange(10) % 2
Make = Callable[[], Any]


def digests(images: np.ndarray) -> tuple[str, ...]:
    """As the docstring of `digest` says, for images without anything odd."""
    head = f"{images.dtype} {images.shape[1:]}\n".encode()
    return tuple(hashlib.sha256(head + image.tobytes()).hexdigest() for image in images)


def tf_dataset() -> Any:
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))


def py_dataset(images: np.ndarray = IMAGES, labels: np.ndarray = LABELS, **methods: Any) -> Any:
    import keras

    class Sequence(keras.utils.PyDataset):
        def __len__(self) -> int:
            return -(-len(images) // 4)

        def __getitem__(self, index: int) -> Any:
            part = slice(4 * index, 4 * index + 4)
            return images[part], labels[part]

    return type("Mine", (Sequence,), methods)()


def numpy_iterator() -> Any:
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator().flow(IMAGES, LABELS, batch_size=4, shuffle=False)


generators: dict[str, Make] = {
    "tf.data": lambda: tf_dataset().batch(4),
    "tf.data, mapped and prefetched": lambda: (
        tf_dataset().batch(4).map(lambda x, y: (x, y)).prefetch(1)
    ),
    "tf.data of a length not known": lambda: tf_dataset().filter(lambda *_: True).batch(4),
    "PyDataset": py_dataset,
    "ImageDataGenerator.flow": numpy_iterator,
    "a list of batches": lambda: [
        (IMAGES[start : start + 4], LABELS[start : start + 4]) for start in (0, 4, 8)
    ],
    "with sample weights": lambda: tf_dataset().map(lambda x, y: (x, y, 1.0)).batch(4),
}


@pytest.mark.parametrize("make", generators.values(), ids=generators.keys())
def test_a_generator_becomes_data(make: Make) -> None:
    """The first batch, the counts and each image's digest, in both passes."""
    data = BatchesData.of(make())
    np.testing.assert_array_equal(data.images, IMAGES[:4])
    np.testing.assert_array_equal(data.labels, LABELS[:4])
    assert (data.count, data.batches, data.dtype) == (10, 3, "float32")
    assert (data.low, data.high) == (IMAGES.min(), IMAGES.max())
    assert data.label_counts == {0: 5, 1: 5}
    assert data.passes == (digests(IMAGES),) * 2
    assert data.sources is None


def test_a_torch_loader_becomes_data() -> None:
    """Batches come as tensors; the channels stay where they are, and so does torch's seed."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    pairs = torch.utils.data.TensorDataset(torch.tensor(IMAGES), torch.tensor(LABELS))
    loader = torch.utils.data.DataLoader(pairs, batch_size=4, shuffle=True)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    data = BatchesData.of(loader)
    assert data.passes[0] != data.passes[1]
    assert {*data.passes[0]} == {*data.passes[1]} == {*digests(IMAGES)}
    assert torch.equal(torch.get_rng_state(), before)


def test_a_pair_of_arrays_is_one_batch() -> None:
    """Of which the first 64 images are kept."""
    many = np.concatenate([IMAGES] * 7)
    data = BatchesData.of((many, np.tile(LABELS, 7)))
    assert (data.count, data.batches, len(data.images), len(data.labels)) == (70, 1, 64, 64)
    assert len({*data.passes[0]}) == 10


def test_large_images_are_kept_few() -> None:
    """At most 4 MB of them, and one at least; all are counted."""
    data = BatchesData.of((np.zeros((5, 400, 400, 3), np.float64), np.zeros(5)))
    assert (data.count, len(data.images)) == (5, 1)


def test_a_shuffled_dataset_comes_in_another_order() -> None:
    """The two passes are two epochs."""
    data = BatchesData.of(tf_dataset().shuffle(10, seed=1).batch(4))
    assert data.passes[0] != data.passes[1]
    assert {*data.passes[0]} == {*data.passes[1]}


def test_epochs_end_as_in_training() -> None:
    """A PyDataset is told when an epoch begins and ends, and may change with it."""
    told: list[str] = []
    BatchesData.of(
        py_dataset(
            on_epoch_begin=lambda self: told.append("begin"),
            on_epoch_end=lambda self: told.append("end"),
        )
    )
    assert told == ["begin", "end"] * 2


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array([0, 1, 1], np.uint8), [0, 1, 1]),
        (np.array([0.0, 1.0]), [0, 1]),
        (np.array([[0.0], [1.0]], np.float32), [0, 1]),
        (np.array([True, False]), [1, 0]),
        (np.array([-1, 1]), [-1, 1]),
        (np.eye(3, dtype=np.float32), [0, 1, 2]),
        (np.array([[0.3, 0.7], [0.9, 0.1]]), [1, 0]),
    ],
    ids=["integers", "floats", "a column", "bools", "signs", "one-hot", "mixed up"],
)
def test_labels_become_classes(labels: np.ndarray, classes: list[int]) -> None:
    """Whole numbers as they are, rows by their greatest entry."""
    assert classes_of(labels).tolist() == classes


@pytest.mark.parametrize(
    "labels",
    [[0.5, 1], [[1, 1], [0, 0]], [[2, -1], [0, 1]], [np.nan, 1], [1e300, 1], np.zeros((2, 0))],
    ids=["between", "several", "negative", "nan", "huge", "none"],
)
def test_other_labels_are_refused(labels: Any) -> None:
    """What is neither whole numbers nor one-hot rows."""
    with pytest.raises(NotDataError, match="neither whole numbers"):
        classes_of(np.array(labels))


def test_sources_are_the_ends_of_paths(tmp_path: Path) -> None:
    """Of image_dataset_from_directory and flow_from_directory alike."""
    import keras
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    for name in ("Cat", "Dog"):
        (tmp_path / "train" / name).mkdir(parents=True)
        for number in range(2):
            keras.utils.save_img(tmp_path / "train" / name / f"{number}.png", IMAGES[number])
    expected = ("train/Cat/0.png", "train/Cat/1.png", "train/Dog/0.png", "train/Dog/1.png")
    dataset = keras.utils.image_dataset_from_directory(
        tmp_path / "train", image_size=(8, 8), shuffle=False, verbose=False
    )
    assert BatchesData.of(dataset).sources == expected
    flow = ImageDataGenerator().flow_from_directory(tmp_path / "train", (8, 8))
    data = BatchesData.of(flow)
    assert data.sources == expected
    assert data.labels.shape == (4, 2)


def test_random_states_stay_as_they_were() -> None:
    """A notebook's numbers do not depend on whether its generators were looked at."""

    def wild(self: Any) -> None:
        np.random.seed(random.randrange(100))

    random.seed(7)
    np.random.seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist()
    BatchesData.of(py_dataset(on_epoch_end=wild))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def raising(error: BaseException) -> Any:
    def on_epoch_begin(self: Any) -> None:
        raise error

    return py_dataset(on_epoch_begin=on_epoch_begin)


class MuteError(ValueError):
    def __str__(self) -> str:
        raise RuntimeError("no")


def only_once() -> Any:
    left = [3]

    def __len__(self: Any) -> int:  # noqa: N807
        return left.pop() if left else 0

    return py_dataset(__len__=__len__)


def growing() -> Any:
    lengths = itertools.count(2)
    return py_dataset(__len__=lambda self: next(lengths))


should_fail: dict[str, tuple[Make, str]] = {
    "a generator": (lambda: ((IMAGES, LABELS) for _ in "ab"), "run through only once"),
    "an iterator": (lambda: iter([(IMAGES, LABELS)]), "run through only once"),
    "a zip": (lambda: zip(IMAGES, LABELS, strict=True), "run through only once"),
    "an iterator of TensorFlow": (lambda: iter(tf_dataset().batch(4)), "run through only once"),
    "repeated": (lambda: tf_dataset().batch(4).repeat(), r"never ends; leave \.repeat\(\) away"),
    "a PyDataset without an end": (
        lambda: py_dataset(num_batches=None),
        r"never ends; leave \.repeat\(\) away",
    ),
    "not batched": (tf_dataset, r"gives single images.*\.batch\(32\)"),
    "no labels": (lambda: IMAGES, r"without labels"),
    "a dataset without labels": (
        lambda: tf_dataset().map(lambda x, y: x).batch(4),
        r"gives a EagerTensor where batches of \(images, labels\)",
    ),
    "dicts": (lambda: [{"image": IMAGES}], r"a dict where batches of \(images, labels\)"),
    "too many parts": (lambda: [(IMAGES, LABELS, 1, 2)], "a tuple of 4 where"),
    "flat images": (lambda: (IMAGES.reshape(10, -1), LABELS), r"arrays of shape \(10, 60\) where"),
    "no channels": (
        lambda: (IMAGES[..., 0], LABELS),
        r"\(10, 4, 5\) where.*images\[\.\.\., None\]",
    ),
    "text for labels": (lambda: (IMAGES, np.array(list("abcdefghij"))), "labels of type str"),
    "objects": (lambda: (np.array([None]), LABELS), "images of type object"),
    "too few labels": (lambda: (IMAGES, LABELS[:9]), "a batch of 10 images and 9 labels"),
    "one label for all": (lambda: (IMAGES, np.int64(1)), "a batch of 10 images and 1 labels"),
    "shares as labels": (lambda: (IMAGES, LABELS / 2), "neither whole numbers"),
    "NaN": (lambda: (IMAGES * np.float32("nan"), LABELS), "NaN or infinite"),
    "nothing": (list, "is of type list"),
    "an empty dataset": (lambda: tf_dataset().take(0).batch(4), "gives no images"),
    "only one run": (only_once, "gave images once and none the second time"),
    "another length each time": (
        growing,
        r"gave 8 images the first time and 10 the second",
    ),
    "images of two sizes": (
        lambda: [(IMAGES, LABELS), (IMAGES[:, :2], LABELS)],
        r"shape \(4, 5, 3\) float32 and of shape \(2, 5, 3\) float32; make them alike",
    ),
    "ragged lists": (lambda: [([[1], [1, 2]], [0, 1])], "cannot be run through: ValueError"),
    "too many": (
        lambda: (np.zeros((60_001, 1, 1, 1), np.uint8), np.zeros(60_001)),
        "more than 60,000 images",
    ),
    "too many classes": (
        lambda: (np.zeros((1_001, 1, 1, 1), np.uint8), np.arange(1_001)),
        "more than 1,000 classes",
    ),
    "a number": (lambda: 5, "is of type int, which is no data generator"),
    "an error": (
        lambda: raising(ValueError("bad\nvery")),
        "^cannot be run through: ValueError: bad$",
    ),
    "an error that cannot be told": (
        lambda: raising(MuteError()),
        "^cannot be run through: MuteError$",
    ),
    "an exit": (lambda: raising(SystemExit(3)), "cannot be run through: SystemExit: 3"),
}


@pytest.mark.parametrize("make, message", should_fail.values(), ids=should_fail.keys())
def test_what_is_no_generator_is_refused(make: Make, message: str) -> None:
    """One sentence says what it is and what to hand in."""
    with pytest.raises(NotDataError, match=message) as caught:
        BatchesData.of(make())
    assert "\n" not in str(caught.value)


def test_a_slow_generator_is_stopped() -> None:
    """A pass ends with the first batch after its time is up."""
    ticks = iter([0, 20, 40, 61, 80])

    def batches() -> Iterator[Any]:
        while True:
            yield IMAGES, LABELS

    with pytest.raises(NotDataError, match=f"more than {MAX_SECONDS} seconds.*after 30 images"):
        run_through(batches(), clock=lambda: next(ticks))


def test_endless_batches_are_stopped() -> None:
    """A dataset that does not say that it never ends is stopped by its count."""
    batch = (np.zeros((1_000, 1, 1, 1), np.uint8), np.zeros(1_000))
    with pytest.raises(NotDataError, match=r"more than 60,000 images.*\.repeat"):
        run_through(itertools.repeat(batch))


def test_a_class_that_only_says_that_it_is_tensorflows_is_none() -> None:
    """A class is known by itself, not by its name."""
    liar = type("DatasetV2", (), {"__module__": "tensorflow.python.data.ops.dataset_ops"})
    assert not is_generator(liar())
    assert is_generator(tf_dataset())
    assert not is_generator([(IMAGES, LABELS)])


def test_half_precision_comes_as_it_is_or_wider() -> None:
    """bfloat16, which NumPy does not have, becomes float32; other byte orders the native one."""
    import tensorflow as tf

    assert BatchesData.of((tf.cast(IMAGES, tf.bfloat16), LABELS)).dtype == "float32"
    assert BatchesData.of((IMAGES.astype(np.float16), LABELS)).dtype == "float16"
    swapped = BatchesData.of((IMAGES.astype(">f4"), LABELS))
    assert swapped.passes[0] == digests(IMAGES)


def test_importing_takes_numpy_alone() -> None:
    """See tests/checks/test_imports.py for how; here, that recognising imports nothing."""
    before = {*sys.modules}
    assert not is_generator(object())
    assert {*sys.modules} == before
