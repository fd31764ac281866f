"""Photos: decoded strictly to RGB, resized, encoded, told apart by their pixels.

`warnings.catch_warnings` is the process's, not the thread's: decode in processes, not in threads.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 16_000_000


class Undecodable(ValueError):  # noqa: N818 - a verdict on a file, which its caller counts
    """Not a JPEG or PNG that can be read to its last pixel; the text is a short reason."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without Pillow's warnings (broken EXIF, large size, …), that a caller can do nothing about.

    Python's filters belong to the whole process: where several threads decode, put it around them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def decode(data: bytes) -> Image.Image:
    """The picture of a JPEG or PNG file as RGB, without metadata; raises Undecodable.

    A file that ends early is an error, not a picture with a grey rest. Pixels stay as they are
    stored: an EXIF orientation is not applied, as TensorFlow's decoders do not apply it either.
    Transparency is dropped; of 16 bits per channel the upper 8 are kept.
    """
    with _opened(data) as image:
        image.load()
        # 16 bits of gray would be clipped at 255
        deep = image.mode.startswith("I")
        rgb = _from_gray(np.asarray(image)) if deep else image.convert("RGB")
        rgb.info.clear()
        return rgb


def is_plain_rgb_jpeg(data: bytes) -> bool:
    """Whether the file is a JPEG of three channels, RGB: one to be copied byte for byte.

    Reads the header alone; `decode` tells whether the rest is sound. CMYK, grayscale and
    multi-picture files are not plain.
    """
    try:
        with _opened(data) as image:
            return image.format == "JPEG" and image.mode == "RGB"
    except Undecodable:
        return False


def as_jpeg(image: Image.Image, quality: int = 92) -> bytes:
    """The picture as a JPEG file without metadata: equal pixels give equal bytes."""
    plain = image.convert("RGB")
    plain.info.clear()  # a comment would be written
    file = io.BytesIO()
    plain.save(file, format="JPEG", quality=quality, subsampling="4:2:0")
    return file.getvalue()


def resize(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """The whole picture, (height, width, 3) uint8, in 0..255; `size` is (height, width).

    Bilinear with antialiasing. The aspect ratio is not kept, as
    `keras.utils.image_dataset_from_directory` does not keep it by default.
    """
    from PIL import Image

    height, width = size
    if height < 1 or width < 1:
        raise ValueError(f"expected a size of at least (1, 1), found {size}")
    small = image.convert("RGB").resize(
        (width, height),
        Image.Resampling.BILINEAR,
        reducing_gap=3.0,  # Pillow: "almost indistinguishable", and faster on large photos
    )
    return np.array(small)  # (height, width, 3)


def pixel_digest(image: Image.Image) -> str:
    """The SHA-256 of the picture's shape and RGB pixels, in hexadecimal digits."""
    found = hashlib.sha256(f"{image.height}x{image.width}x3:".encode())
    found.update(image.convert("RGB").tobytes())
    return found.hexdigest()


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The picture with its header read; what goes wrong while it is open is its fault."""
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise Undecodable("the file is empty")
    try:
        with quiet(), Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Undecodable(
                    f"{image.width} x {image.height} is more than {MAX_PIXELS:,} pixels"
                )
            yield image
    except Undecodable:
        raise
    except UnidentifiedImageError as error:
        raise Undecodable("neither JPEG nor PNG") from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, struct.error, ...
        reason = " ".join(str(error).split())[:200]
        raise Undecodable(reason or type(error).__name__) from error


def _from_gray(gray: np.ndarray) -> Image.Image:
    """From (height, width) of 16 bits."""
    from PIL import Image

    return Image.fromarray((gray.astype(np.uint32) >> 8).astype(np.uint8)).convert("RGB")
