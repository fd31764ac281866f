"""Small archives in the originals' formats, whole and spoilt."""

from __future__ import annotations

import io
import pickle
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from autograder.datasets.batches import Batch, write_batch, write_meta

LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SLIP = "../slipped.txt"


def picture(rng: np.random.Generator, size: tuple[int, int] = (24, 32)) -> Image.Image:
    """Smooth colours, (height, width), different every time."""
    small = rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size[::-1], Image.Resampling.BICUBIC)


def encoded(image: Image.Image, file_format: str = "JPEG") -> bytes:
    file = io.BytesIO()
    image.save(file, format=file_format)
    return file.getvalue()


def cats_dogs_zip(
    path: Path,
    per_class: int = 4,
    rng: np.random.Generator | None = None,
    *,
    empty: bool = False,
    undecodable: bool = False,
    cmyk: bool = False,
    gray: bool = False,
    duplicate: bool = False,
    slip: bool = False,
) -> dict[str, bytes]:
    """Write PetImages/{Cat,Dog}/N.jpg, as Microsoft's archive has; returns these files.

    Each oddity is one more file among the cats, numbered from `per_class` on, in this order; a
    duplicate repeats Cat/0.jpg. `slip` adds an entry that leads out of the archive.
    """
    rng = rng or np.random.default_rng(0)
    files = {
        f"PetImages/{kind}/{number}.jpg": encoded(picture(rng))
        for kind in ("Cat", "Dog")
        for number in range(per_class)
    }
    odd: list[bytes] = []
    if empty:
        odd.append(b"")
    if undecodable:
        odd.append(b"\xff\xd8\xff\xe0 no picture")
    if cmyk:
        odd.append(encoded(picture(rng).convert("CMYK")))
    if gray:
        odd.append(encoded(picture(rng).convert("L")))
    if duplicate:
        odd.append(files["PetImages/Cat/0.jpg"])
    files |= {f"PetImages/Cat/{n}.jpg": content for n, content in enumerate(odd, per_class)}
    others = {"PetImages/Cat/Thumbs.db": b"db", "readme[1].txt": b"read me"}
    write_zip(path, files | others | ({SLIP: b"slipped"} if slip else {}))
    return files


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def cifar10_batch(n: int, rng: np.random.Generator, batch_label: str) -> Batch:
    """`n` pictures of one random colour each."""
    colours = rng.integers(0, 256, (n, 3, 1), dtype=np.uint8)
    labels = [int(label) for label in rng.permutation(np.arange(n) % 10)]
    return Batch(
        data=np.repeat(colours, 1024, axis=2).reshape(n, 3072),
        labels=labels,
        filenames=[f"{LABELS[label]}_s_{i:06}.png" for i, label in enumerate(labels)],
        batch_label=batch_label,
    )


def cifar10_files(
    per_batch: int = 20, rng: np.random.Generator | None = None, *, bomb: bool = False
) -> dict[str, bytes]:
    """The members of the original; with `bomb`, data_batch_3 runs a command where it can."""
    rng = rng or np.random.default_rng(0)
    names = {f"data_batch_{i}": f"training batch {i} of 5" for i in range(1, 6)}
    names["test_batch"] = "testing batch 1 of 1"
    files = {
        name: write_batch(cifar10_batch(per_batch, rng, label)) for name, label in names.items()
    }
    if bomb:
        files["data_batch_3"] = pickle_bomb()
    files = {"batches.meta": write_meta(LABELS, per_batch)} | files
    files["readme.html"] = b"<meta http-equiv='REFRESH' content='0'>"
    return {f"cifar-10-batches-py/{name}": content for name, content in files.items()}


def cifar10_tar(
    path: Path,
    per_batch: int = 20,
    rng: np.random.Generator | None = None,
    *,
    bomb: bool = False,
    slip: bool = False,
) -> dict[str, bytes]:
    """Write cifar-10-batches-py/ as a tar.gz; returns the members."""
    files = cifar10_files(per_batch, rng, bomb=bomb)
    folder = tarfile.TarInfo("cifar-10-batches-py")
    folder.type = tarfile.DIRTYPE
    extra = [member(SLIP, b"slipped")] if slip else []
    write_tar(path, [(folder, b""), *(member(*item) for item in files.items()), *extra])
    return files


def member(name: str, content: bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    return entry, content


def write_tar(path: Path, entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> None:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for entry, content in entries:
            archive.addfile(entry, io.BytesIO(content))


class _Command:
    def __init__(self, call: object, *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call, self.arguments


def pickle_bomb(call: object = print, *arguments: object) -> bytes:
    """A pickle that calls what it names as soon as it is loaded the usual way."""
    return pickle.dumps({"data": _Command(call, *(arguments or ("boom",)))}, protocol=2)
