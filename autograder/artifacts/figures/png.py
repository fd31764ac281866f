"""Pictures as PNG files (https://www.w3.org/TR/png-3/) of one form, as `to_png` writes them.

Any program shows them, yet reading needs no decoder of everything that PNG allows: three chunks in
a fixed order, 8-bit RGB, every row the difference to the one above. So a forged file has nothing to
attack but zlib and a running sum, and nothing is unpacked before the sizes fit together.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

MAX_SIDE = 1_600  # pixels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB = 2
UP = 2  # the filter that keeps of each byte the difference to the byte above
_HEAD = len(SIGNATURE) + 25
_CHUNK = 12  # length, name and checksum of a chunk


class PngError(ValueError):
    """Raised when bytes are not a PNG file of this form, in one line."""


def to_png(pixels: NDArray[np.uint8]) -> bytes:
    """The file of a (height, width, 3) picture; equal pictures make equal bytes.

    Raises PngError if it is empty or has more than MAX_SIDE pixels a side.
    """
    height, width, _ = pixels.shape
    _check_size(width, height)
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    flat = pixels.reshape(height, -1)
    rows[:, 0] = UP
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])  # modulo 256
    return _head(width, height) + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + _TAIL


def size_of(png: bytes) -> tuple[int, int]:
    """(width, height) of a file, which may be forged. Raises PngError."""
    if not png.startswith(SIGNATURE) or len(png) < _HEAD + _CHUNK + len(_TAIL):
        raise PngError("not a PNG file")
    width, height = struct.unpack(">II", png[16:24])
    _check_size(width, height)
    if png[:_HEAD] != _head(width, height):
        raise PngError("expected 8-bit RGB without interlacing")
    return width, height


def from_png(png: bytes) -> NDArray[np.uint8]:
    """The (height, width, 3) picture in a file, which may be forged. Raises PngError."""
    width, height = size_of(png)
    body = png[_HEAD + 8 : -len(_TAIL) - 4]
    if png[_HEAD:] != _chunk(b"IDAT", body) + _TAIL:
        raise PngError("expected one chunk of pixels with its checksum, then the end")
    rows = np.frombuffer(_unpacked(body, height * (1 + 3 * width)), np.uint8).reshape(height, -1)
    if (rows[:, 0] != UP).any():
        raise PngError("expected rows that are differences to the one above")
    flat: NDArray[np.uint8] = np.add.accumulate(rows[:, 1:], axis=0, dtype=np.uint8)  # modulo 256
    return flat.reshape(height, width, 3)


def _unpacked(body: bytes, size: int) -> bytes:
    """Unpacks one byte more than there may be at most, whatever the file would grow to."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(body, size + 1)
    except zlib.error as error:
        raise PngError(f"pixels that zlib does not unpack: {error}") from error
    if len(data) != size or not unpacker.eof or unpacker.unused_data:
        raise PngError(f"pixels that do not unpack to {size:,} bytes")
    return data


def _check_size(width: int, height: int) -> None:
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise PngError(f"{width:,} × {height:,} pixels, expected 1 to {MAX_SIDE:,} a side")


def _head(width: int, height: int) -> bytes:
    return SIGNATURE + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, RGB, 0, 0, 0))


def _chunk(name: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


_TAIL = _chunk(b"IEND", b"")
