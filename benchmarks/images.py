"""An epoch over 2,000 + 2,000 images at 150 px: JPEG files decoded each time, or a mapped array.

    python -m benchmarks.images [--images 4000]

The files are of the original's usual size, about 500 × 375. Both ways give shuffled batches of 32,
float32 in 0..255, and the first epoch of each is left out: the page cache is warm.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from autograder.datasets.images import decoded
from autograder.datasets.photos import as_jpeg
from autograder.datasets.synthetic import draw_head

_SIZE = (150, 150)
_BATCH = 32
_DRAWN = 64  # pictures, each written many times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4000)
    number = parser.parse_args().images
    with tempfile.TemporaryDirectory() as folder:
        files = _write(Path(folder), number)
        started = time.perf_counter()
        images = decoded(files, _SIZE, Path(folder))
        made = time.perf_counter() - started
        before = _memory_mb()
        mapped = _time(lambda: _mapped(images))
        grown = _memory_mb() - before
        usual = _time(_from_directory(Path(folder)))
    print(f"{number} images of {_SIZE[0]} × {_SIZE[1]}, batches of {_BATCH}, an epoch each")
    print(f"  image_dataset_from_directory  {usual:6.2f} s")
    print(f"  cats_dogs.load()              {mapped:6.2f} s, made once in {made:.1f} s")
    print(f"  ratio                         {usual / mapped:6.1f}")
    print(f"  memory: {grown:.0f} MB more after two epochs")


def _write(folder: Path, number: int) -> list[Path]:
    rng = np.random.default_rng(0)
    pictures = [
        as_jpeg(draw_head("cat" if index % 2 else "dog", rng).resize((500, 375)))
        for index in range(_DRAWN)
    ]
    files = []
    for index in range(number):
        path = folder / ("Cat" if index % 2 else "Dog") / f"{index}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pictures[index % _DRAWN])
        files.append(path)
    return files


def _mapped(images: np.ndarray) -> Iterator[np.ndarray]:
    order = np.random.default_rng(0).permutation(len(images))
    for start in range(0, len(order), _BATCH):
        yield images[np.sort(order[start : start + _BATCH])].astype(np.float32)


def _from_directory(folder: Path) -> Callable[[], Iterator[object]]:
    import keras

    dataset = keras.utils.image_dataset_from_directory(
        folder, image_size=_SIZE, batch_size=_BATCH, verbose=False
    )
    return lambda: iter(dataset)


def _time(epoch: Callable[[], Iterator[object]]) -> float:
    """Seconds for the second epoch."""
    for _ in range(2):
        started = time.perf_counter()
        for batch in epoch():
            assert batch is not None
        seconds = time.perf_counter() - started
    return seconds


def _memory_mb() -> float:
    """What this process alone holds; pages of mapped files belong to all."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


if __name__ == "__main__":
    main()
