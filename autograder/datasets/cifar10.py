"""CIFAR-10: small pictures of ten classes, or the shapes and textures drawn in their place.

Profile full: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009,
https://www.cs.toronto.edu/~kriz/cifar.html, free to use with that citation; 50,000 training images
less the hidden ones, and the 10,000 of the official test batch.
Profile small: 4,000 drawn training images and 1,000 for the test, in files of the same kind.

The folder holds the pickled batches as the original archive does. Each, read with
`pickle.load(file, encoding="bytes")`, is a dict: b"data" is a uint8 array (n, 3072), a row per
image: 1,024 red values, then the green, then the blue ones, row by row of the picture; b"labels" is
a list of n integers from 0 to 9. batches.meta holds b"label_names".
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.datasets.archives import tar_members
from autograder.datasets.batches import Batch, read_batch, read_meta, write_batch, write_meta
from autograder.datasets.download import CIFAR10
from autograder.datasets.errors import DataError
from autograder.datasets.images import mapped
from autograder.datasets.preparing import Recipe, Stage, students_folder
from autograder.datasets.splits import Candidate, choose_hidden, generator
from autograder.datasets.store import SMALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES = 10
TRAINING_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))

_TEST, _META, _FOLDER = "test_batch", "batches.meta", "cifar-10-batches-py"
_WANTED = re.compile(rf"{_FOLDER}/(data_batch_[1-5]|{_TEST}|{re.escape(_META)})")
_MEMBER_BYTES, _TOTAL_BYTES = 64 << 20, 512 << 20
_DRAWN = {**dict.fromkeys(TRAINING_BATCHES, 800), _TEST: 1000}

Pictures = tuple["NDArray[np.uint8]", "NDArray[np.uint8]"]


def folder() -> Path:
    """The folder with data_batch_1 to data_batch_5, test_batch and batches.meta.

    Do not write into it. Prepared on first use. Raises DataError where that fails.
    """
    return students_folder(RECIPE) / _FOLDER


def class_names() -> tuple[str, ...]:
    """The ten names that belong to the labels 0 to 9, as batches.meta has them."""
    path = folder() / _META
    return read_meta(path.read_bytes(), str(path))


def load() -> tuple[Pictures, Pictures]:
    """The training images and the official test images.

    Returns `(x_train, y_train), (x_test, y_test)`, uint8 arrays of the shapes (n, 32, 32, 3), RGB
    in 0..255, and (n,), labels from 0 to 9. They are mapped from files, read-only.
    """
    place = students_folder(RECIPE)
    return read(place, "train"), read(place, "test")


def read(place: Path, part: str) -> Pictures:
    """One part of a prepared folder: "train" and "test" of the students', "hidden" of the other."""
    return mapped(place / f"{part}-images.npy"), np.load(place / f"{part}-labels.npy")


def _fill(stage: Stage) -> dict[str, Any]:
    """Write the batches without the hidden images, and arrays of both parts."""
    candidates: dict[str, Batch]
    if stage.profile == SMALL:
        drawn = stage.students.parent / CIFAR10.file_name
        _draw(drawn, _DRAWN, lambda name: generator(f"{RECIPE.name}, {name}"))
        batches, names = _unpack(drawn)
        # Whoever has the kit can draw these; so the hidden ones are drawn from the secret.
        _draw(drawn, {_TEST: stage.hidden.images}, stage.hidden.generator)
        candidates, _ = _unpack(drawn)
        drawn.unlink()
        taken, duplicates = _choose(candidates, stage, elsewhere=batches.values())
    else:
        batches, names = _unpack(stage.archive())
        if missing := {*TRAINING_BATCHES, _TEST} - set(batches):
            raise DataError(f"{CIFAR10.file_name}: expected {_FOLDER}/{min(missing)}, found none")
        candidates = {name: batches[name] for name in TRAINING_BATCHES}
        taken, duplicates = _choose(candidates, stage, elsewhere=[batches[_TEST]])
        for name, indices in taken.items():
            kept = np.setdiff1d(np.arange(len(batches[name].labels)), indices)
            batches[name] = _rows(batches[name], kept)
    _write(stage.students / _FOLDER, batches, names)
    _save(stage.students, "train", [batches[name] for name in TRAINING_BATCHES])
    _save(stage.students, "test", [batches[_TEST]])
    hidden = [_rows(candidates[name], indices) for name, indices in taken.items()]
    _save(stage.evaluation, "hidden", hidden)
    counts = {name: len(batch.labels) for name, batch in batches.items()}
    return {"images": counts, "duplicates": duplicates}


def _choose(
    candidates: Mapping[str, Batch], stage: Stage, elsewhere: Iterable[Batch]
) -> tuple[dict[str, NDArray[np.intp]], int]:
    """For each batch the rows to hide, and how many were passed over as duplicates."""
    pool = [
        Candidate(f"{name}/{row}", label, pixels)
        for name, batch in candidates.items()
        for row, (label, pixels) in enumerate(zip(batch.labels, _pixels(batch), strict=True))
    ]
    known = [pixels for batch in elsewhere for pixels in _pixels(batch)]
    chosen, duplicates = choose_hidden(pool, stage.hidden, CLASSES, known)
    rows: dict[str, list[int]] = {name: [] for name in candidates}
    for index in chosen:
        name, row = pool[index].name.split("/")
        rows[name].append(int(row))
    return {name: np.array(found, np.intp) for name, found in rows.items()}, duplicates


def _pixels(batch: Batch) -> list[str]:
    return [hashlib.sha256(row.tobytes()).hexdigest() for row in batch.data]


def _rows(batch: Batch, rows: NDArray[np.intp]) -> Batch:
    return Batch(
        data=batch.data[rows],
        labels=[batch.labels[row] for row in rows],
        filenames=[batch.filenames[row] for row in rows],
        batch_label=batch.batch_label,
    )


def _unpack(archive: Path) -> tuple[dict[str, Batch], tuple[str, ...]]:
    """The batches in an archive by name, and the names of the classes."""
    batches: dict[str, Batch] = {}
    names: tuple[str, ...] = ()
    for member, data in tar_members(archive, _WANTED, _MEMBER_BYTES, _TOTAL_BYTES):
        name = member.split("/")[1]
        if name == _META:
            names = read_meta(data, f"{archive}: {member}")
        else:
            batches[name] = read_batch(data, f"{archive}: {member}")
    if len(names) != CLASSES:
        raise DataError(f"{archive}: expected ten class names in {_META}, found {len(names)}")
    return batches, names


def _write(place: Path, batches: Mapping[str, Batch], names: Sequence[str]) -> None:
    place.mkdir()
    for name, batch in batches.items():
        (place / name).write_bytes(write_batch(batch))
    (place / _META).write_bytes(write_meta(names, len(batches[_TEST].labels)))


def _save(place: Path, part: str, batches: Sequence[Batch]) -> None:
    """Arrays as `load` returns them: the planes of a row become the channels of a pixel."""
    rows = np.concatenate([batch.data for batch in batches])
    images = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (n, height, width, channels)
    np.save(place / f"{part}-images.npy", np.ascontiguousarray(images))
    labels = np.concatenate([np.asarray(batch.labels, np.uint8) for batch in batches])
    np.save(place / f"{part}-labels.npy", labels)


def _draw(
    archive: Path, sizes: Mapping[str, int], generator_for: Callable[[str], np.random.Generator]
) -> None:
    """Write drawn shapes as the original's archive has its pictures, classes in mixed order."""
    from autograder.datasets.synthetic import SHAPE_NAMES, draw_shape

    with tarfile.open(archive, "w:gz", compresslevel=1) as file:
        _add(file, _META, write_meta(SHAPE_NAMES, max(sizes.values())))
        for name, size in sizes.items():
            rng = generator_for(name)
            labels = rng.permutation(np.arange(size) % CLASSES).tolist()
            pictures = [draw_shape(label, rng).transpose(2, 0, 1).ravel() for label in labels]
            batch = Batch(
                data=np.array(pictures, np.uint8).reshape(size, 3072),
                labels=labels,
                filenames=[f"{SHAPE_NAMES[label]}_{row}.png" for row, label in enumerate(labels)],
                batch_label=name.replace("_", " "),
            )
            _add(file, name, write_batch(batch))


def _add(file: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(f"{_FOLDER}/{name}")
    entry.size = len(data)
    file.addfile(entry, BytesIO(data))


RECIPE = Recipe("cifar10", 1, CIFAR10, _fill, evaluation_images=2000, smallest_share=CLASSES)
