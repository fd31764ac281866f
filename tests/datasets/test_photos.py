"""Photos are decoded strictly, and alike every time."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from autograder.datasets import photos
from autograder.datasets.photos import (
    Undecodable,
    as_jpeg,
    decode,
    is_plain_rgb_jpeg,
    pixel_digest,
    resize,
)

from .archives import encoded, picture

PHOTO = picture(np.random.default_rng(7), (40, 60))


def close(image: Image.Image, other: Image.Image, tolerance: float = 4.0) -> bool:
    difference = np.asarray(image, float) - np.asarray(other, float)
    return bool(np.abs(difference).mean() < tolerance)


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [(mode, "PNG") for mode in ("RGB", "L", "P", "LA", "RGBA", "1")]
    + [(mode, "JPEG") for mode in ("RGB", "L", "CMYK")],
)
def test_each_mode_becomes_rgb(mode: str, file_format: str) -> None:
    """Gray, palette, transparency and CMYK."""
    image = PHOTO.convert(mode)
    found = decode(encoded(image, file_format))
    assert (found.mode, found.size) == ("RGB", PHOTO.size)
    assert close(found, image.convert("RGB"), tolerance=20 if mode == "1" else 4)


def test_adobes_inverted_cmyk_is_not_a_negative() -> None:
    """Pillow writes and reads CMYK as Adobe does, inverted."""
    data = encoded(PHOTO.convert("CMYK"))
    assert b"Adobe" in data
    assert close(decode(data), PHOTO)


def test_sixteen_bits_of_gray_keep_their_upper_eight() -> None:
    """Pillow's own conversion would clip all above 255."""
    gray = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)
    found = decode(encoded(Image.fromarray(gray), "PNG"))
    assert np.array_equal(np.asarray(found)[..., 0], gray >> 8)


def test_the_orientation_is_not_applied() -> None:
    """Pixels stay as they are stored, and the metadata is gone."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    file = io.BytesIO()
    PHOTO.save(file, "JPEG", exif=exif, comment=b"hello")
    found = decode(file.getvalue())
    assert found.size == PHOTO.size
    assert found.info == {}


def test_corrupt_metadata_does_not_warn() -> None:
    """Warnings are errors here; Microsoft's cats have such EXIF."""
    file = io.BytesIO()
    PHOTO.save(file, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01\x03")
    assert decode(file.getvalue()).size == PHOTO.size


def _huge(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(head))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + encoded(PHOTO.convert("L"), "PNG")[33:]
    )


JPEG = encoded(PHOTO)
PNG = encoded(PHOTO, "PNG")


@pytest.mark.parametrize(
    ("data", "reason"),
    (
        (b"", "the file is empty"),
        (b"no picture", "neither JPEG nor PNG"),
        (JPEG[:2], "neither JPEG nor PNG"),
        (JPEG[: len(JPEG) // 2], "(?i)truncated"),
        (PNG[: len(PNG) // 2], "(?i)truncated"),
        (PNG[:200] + b"????" + PNG[204:], "(?i)broken|checksum|truncated"),
        (encoded(PHOTO, "GIF"), "neither JPEG nor PNG"),
        (encoded(PHOTO, "BMP"), "neither JPEG nor PNG"),
        (_huge(4001, 4000), "4001 x 4000 is more than 16,000,000 pixels"),
        (_huge(12_000, 12_000), "more than 16,000,000 pixels"),
        (_huge(60_000, 60_000), "decompression bomb"),
    ),
)
def test_what_is_no_whole_picture_is_refused(data: bytes, reason: str) -> None:
    """Empty, cut, damaged, of another format, or too large."""
    with pytest.raises(Undecodable, match=reason) as error:
        decode(data)
    assert 0 < len(str(error.value)) < 250


def test_every_cut_is_noticed() -> None:
    """Pillow would leave the rest gray if it were told to; nobody tells it to."""
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    decode(JPEG)
    for end in range(0, len(JPEG) - 64, 97):
        with pytest.raises(Undecodable):
            decode(JPEG[:end])


def test_random_damage_is_undecodable_or_a_picture() -> None:
    """Nothing else is raised, whatever Pillow's decoders raise."""
    rng = np.random.default_rng(3)
    for original in (JPEG, PNG):
        for _ in range(150):
            data = bytearray(original)
            for place in rng.integers(0, len(data), 3):
                data[place] = rng.integers(0, 256)
            try:
                assert decode(bytes(data)).mode == "RGB"
            except Undecodable:
                continue


def test_memory_is_not_the_pictures_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A photo is not counted as broken because the machine is full."""

    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", full)
    with pytest.raises(MemoryError):
        decode(JPEG)


def test_only_an_rgb_jpeg_is_plain() -> None:
    """What else there is must be encoded anew."""
    assert is_plain_rgb_jpeg(JPEG)
    for other in (PNG, encoded(PHOTO.convert("L")), encoded(PHOTO.convert("CMYK")), b"", b"no"):
        assert not is_plain_rgb_jpeg(other)


def test_encoding_is_deterministic_and_plain() -> None:
    """Equal pixels give equal bytes, whatever came with them."""
    other = PHOTO.copy()
    other.info["comment"] = b"hello"
    other.info["dpi"] = (300, 300)
    assert as_jpeg(PHOTO) == as_jpeg(other)
    assert other.info["comment"] == b"hello"
    assert is_plain_rgb_jpeg(as_jpeg(PHOTO))
    assert close(decode(as_jpeg(PHOTO)), PHOTO)
    assert len(as_jpeg(PHOTO, quality=20)) < len(as_jpeg(PHOTO))


def test_resizing_gives_height_and_width_in_this_order() -> None:
    """The whole picture, of any aspect."""
    found = resize(PHOTO, (10, 30))
    assert (found.shape, found.dtype) == ((10, 30, 3), np.uint8)
    assert np.abs(found.mean((0, 1)) - np.asarray(PHOTO).mean((0, 1))).max() < 3
    assert resize(PHOTO.convert("L"), (1, 1)).shape == (1, 1, 3)
    with pytest.raises(ValueError, match="at least"):
        resize(PHOTO, (0, 5))


def test_resizing_is_antialiased() -> None:
    """A fine chequerboard becomes gray, and not black or white."""
    board = np.indices((256, 256)).sum(0) % 2 * 255
    image = Image.fromarray(board.astype(np.uint8)).convert("RGB")
    small = resize(image, (16, 16)).astype(int)
    assert np.abs(small - 127).max() <= 12


def test_the_digest_is_of_shape_and_pixels() -> None:
    """Equal for equal pixels, whatever the file; different for another shape of equal bytes."""
    again = decode(PNG)
    assert pixel_digest(PHOTO) == pixel_digest(again)
    again.putpixel((0, 0), (1, 2, 3))
    assert pixel_digest(PHOTO) != pixel_digest(again)
    flat = Image.new("RGB", (4, 9))
    assert pixel_digest(flat) != pixel_digest(Image.new("RGB", (9, 4)))


def test_pillow_is_needed_only_to_decode() -> None:
    """The module itself has none of it."""
    assert not hasattr(photos, "Image")
