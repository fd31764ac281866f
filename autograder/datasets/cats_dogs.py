"""Cats and dogs: photographs of two classes, or the heads that are drawn in their place.

Profile full: the Asirra images that Microsoft and Petfinder published (Elson et al., "Asirra: a
CAPTCHA that exploits interest-aligned manual image categorization", CCS 2007): 12,500 of each
class less the hidden ones and those that cannot be decoded, of all sizes up to about 500 × 500;
https://www.microsoft.com/en-us/download/details.aspx?id=54765, under Microsoft's research licence.
Profile small: 700 drawn heads of each class, 72 to 112 pixels a side, in files of the same kind.

    from autograder.datasets import cats_dogs

    images, labels = cats_dogs.load()  # arrays
    files = cats_dogs.paths()          # or files, in the same order
    keras.utils.image_dataset_from_directory(cats_dogs.folder(), ...)
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autograder.datasets.archives import zip_members
from autograder.datasets.download import CATS_DOGS
from autograder.datasets.images import Decoder, decoded
from autograder.datasets.photos import (
    Undecodable,
    as_jpeg,
    decode,
    is_plain_rgb_jpeg,
    pixel_digest,
    quiet,
)
from autograder.datasets.preparing import Recipe, Stage, students_folder
from autograder.datasets.splits import Candidate, choose_hidden, generator
from autograder.datasets.store import FULL, SMALL, Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASS_NAMES: tuple[Literal["cat"], Literal["dog"]] = ("cat", "dog")  # label 0, label 1

_SIZES = {SMALL: (64, 64), FULL: (150, 150)}  # (height, width) that are decoded beforehand
_FOLDERS = ("Cat", "Dog")
_WANTED = re.compile(r"PetImages/(Cat|Dog)/(\d+)\.jpg")
_MEMBER_BYTES, _TOTAL_BYTES = 32 << 20, 4 << 30
_DRAWN_PER_CLASS = 700
_AT_A_TIME = 64


def image_size() -> tuple[int, int]:
    """The (height, width) that `load` gives unless told otherwise: 150 × 150; small: 64 × 64."""
    return _SIZES[Store.from_environment().profile]


def folder() -> Path:
    """The folder with the subfolders Cat and Dog: RGB JPEG files, all of which can be decoded.

    It is what keras.utils.image_dataset_from_directory takes, whose labels are then 0 for Cat and
    1 for Dog. Do not write into it. Prepared on first use. Raises DataError where that fails.
    """
    return students_folder(RECIPE) / "PetImages"


def paths() -> list[Path]:
    """The files, all cats before all dogs, in the order of `load`."""
    return _files(students_folder(RECIPE))


def load(image_size: tuple[int, int] | None = None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """All images that you may use, and their labels.

    image_size: (height, width). A size other than that of `image_size()` is decoded once and kept.

    Returns `(images, labels)`: uint8 arrays of the shapes (n, height, width, 3), RGB in 0..255, and
    (n,), 0 for a cat and 1 for a dog. The images are mapped from a file, read-only: take the batch
    that you need, such as `images[indices]`, and memory stays small. Raises DataError.
    """
    store = Store.from_environment()
    return read(students_folder(RECIPE, store), image_size or _SIZES[store.profile])


def read(
    place: Path, image_size: tuple[int, int], how: Decoder = decoded
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """What `load` returns, of the images in a prepared folder, the students' or the hidden one.

    how: `images.decoded`, which keeps what it decodes, or `images.in_memory`.
    """
    files = _files(place)
    labels = [_FOLDERS.index(path.parent.name) for path in files]
    return how(files, image_size, place), np.array(labels, np.uint8)


def _files(place: Path) -> list[Path]:
    found = (place / "PetImages").glob("*/*.jpg")
    return sorted(found, key=lambda path: (path.parent.name, int(path.stem)))


def _fill(stage: Stage) -> dict[str, Any]:
    """Unpack what can be decoded, and put the hidden part aside."""
    pool: list[Candidate]
    if stage.profile == SMALL:
        drawn = stage.students.parent / CATS_DOGS.file_name
        _draw(drawn, _DRAWN_PER_CLASS, lambda name: generator(f"{RECIPE.name}, {name}"))
        pool, left_out = _unpack(drawn, stage.students)
        # Whoever has the kit can draw these; so the hidden ones are drawn from the secret.
        _draw(drawn, stage.hidden.images // 2, stage.hidden.generator, first=_DRAWN_PER_CLASS)
        candidates, _ = _unpack(drawn, stage.evaluation)
        elsewhere = [candidate.pixels for candidate in pool]
        _, duplicates = choose_hidden(candidates, stage.hidden, len(CLASS_NAMES), elsewhere)
        drawn.unlink()
    else:
        pool, left_out = _unpack(stage.archive(), stage.students)
        chosen, duplicates = choose_hidden(pool, stage.hidden, len(CLASS_NAMES))
        for index in chosen:
            target = stage.evaluation / pool[index].name
            target.parent.mkdir(parents=True, exist_ok=True)
            (stage.students / pool[index].name).rename(target)
    for place in (stage.students, stage.evaluation):
        if _files(place):
            read(place, _SIZES[stage.profile])
    counts = {name: len(list((stage.students / "PetImages" / name).iterdir())) for name in _FOLDERS}
    return {"images": counts, "left out": left_out, "duplicates": duplicates}


def _unpack(archive: Path, place: Path) -> tuple[list[Candidate], list[str]]:
    """Write what can be decoded below `place`, as RGB; tell what is there and what was left out."""
    candidates, left_out = [], []
    for name in _FOLDERS:
        (place / "PetImages" / name).mkdir(parents=True)
    with quiet(), ThreadPoolExecutor() as pool:
        for part in _parts(zip_members(archive, _WANTED, _MEMBER_BYTES, _TOTAL_BYTES)):
            for (name, _), found in zip(part, pool.map(_checked, part), strict=True):
                if isinstance(found, Undecodable):
                    left_out.append(f"{name}: {found}")
                else:
                    data, pixels = found
                    (place / name).write_bytes(data)
                    candidates.append(Candidate(name, _FOLDERS.index(name.split("/")[1]), pixels))
    return candidates, left_out


def _parts(members: Iterator[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    part = []
    for member in members:
        part.append(member)
        if len(part) == _AT_A_TIME:
            yield part
            part = []
    yield part


def _checked(member: tuple[str, bytes]) -> tuple[bytes, str] | Undecodable:
    """The file to keep and the digest of its pixels. Grayscale and CMYK are written anew as RGB."""
    _, data = member
    try:
        image = decode(data)
        if not is_plain_rgb_jpeg(data):
            data = as_jpeg(image)
            image = decode(data)
    except Undecodable as error:
        return error
    return data, pixel_digest(image)


def _draw(
    archive: Path,
    per_class: int,
    generator_for: Callable[[str], np.random.Generator],
    first: int = 0,
) -> None:
    """Write drawn heads as the original's archive has its photographs."""
    from autograder.datasets.synthetic import draw_head

    with zipfile.ZipFile(archive, "w") as file:
        for kind in CLASS_NAMES:
            for number in range(first, first + per_class):
                member = f"PetImages/{kind.title()}/{number}.jpg"
                rng = generator_for(member)
                file.writestr(member, as_jpeg(draw_head(kind, rng), int(rng.integers(80, 96))))


RECIPE = Recipe("cats_dogs", 1, CATS_DOGS, _fill, evaluation_images=1000, smallest_share=2)
