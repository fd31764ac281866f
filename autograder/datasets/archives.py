"""Members of zip and tar.gz archives, read within bounds and never extracted to a path."""

from __future__ import annotations

import contextlib
import gzip
import io
import posixpath
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from autograder.datasets.errors import DataError

MAX_ENTRIES = 100_000

_DIRECTORY_BYTES = 16 * 2**20  # a zip's central directory; Cats vs. Dogs has 25,000 entries, 3 MB
_BLOCK = 2**18
_SLACK = 64 * 2**20  # a tar's headers, padding and the members that are passed over
_AGAIN = "remove the file and fetch it again"
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def zip_members(
    path: Path, wanted: re.Pattern[str], member_bytes: int, total_bytes: int
) -> Iterator[tuple[str, bytes]]:
    """The (name, content) of each file whose whole name matches, 2.jpg before 10.jpg.

    Empty files are among them. Raises DataError, at the latest when the last is asked for, where
    a member has more than `member_bytes`, all of them more than `total_bytes`, a name is wanted
    twice, or any entry leads out of the archive: by its name, or as a link.
    """
    with _readable(path), open(path, "rb") as raw, zipfile.ZipFile(_Short(raw)) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise _too_many(path)
        chosen: dict[str, zipfile.ZipInfo] = {}
        total = 0
        for entry in entries:
            name = _safe_name(path, entry.orig_filename)
            _check_zip_entry(path, entry)
            if entry.is_dir() or not wanted.fullmatch(name):
                continue
            total += entry.file_size
            _check_wanted(path, name, name in chosen, entry.file_size, member_bytes)
            chosen[name] = entry
        _check_total(path, total, total_bytes)
        for name in sorted(chosen, key=_natural):
            with archive.open(chosen[name]) as member:
                content = member.read(member_bytes + 1)
            # zipfile stops at the declared size, and has checked the CRC there
            if len(content) != chosen[name].file_size:
                raise _damaged(path, f"{name} ends early")
            yield name, content


def tar_members(
    path: Path, wanted: re.Pattern[str], member_bytes: int, total_bytes: int
) -> Iterator[tuple[str, bytes]]:
    """The (name, content) of each file of a tar.gz whose whole name matches, in archive order.

    As `zip_members`. The checksum stands at the archive's end: only who has read all of them
    knows that the archive is whole. `total_bytes` and 64 MiB bound what is decompressed at all.
    """
    with _readable(path), gzip.open(path) as unzipped:
        stream = _Forward(unzipped, total_bytes + _SLACK)
        seen: set[str] = set()
        total = count = 0
        # "r:" and not "r|": a stream would hold a header of any length in memory
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for entry in archive:
                count += 1
                if count > MAX_ENTRIES:
                    raise _too_many(path)
                name = _safe_name(path, entry.name)
                _check_tar_entry(path, entry)
                if entry.isdir() or not wanted.fullmatch(name):
                    continue
                total += entry.size
                _check_wanted(path, name, name in seen, entry.size, member_bytes)
                _check_total(path, total, total_bytes)
                seen.add(name)
                yield name, _tar_content(path, archive, entry)
        if stream.last_block != bytes(tarfile.BLOCKSIZE):  # tarfile ends quietly at any of these
            raise _damaged(path, "it ends without the mark of its end")
        while stream.read(_BLOCK):  # to the checksum
            pass


def _tar_content(path: Path, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    member = archive.extractfile(entry)
    assert member is not None  # a regular file
    content = bytearray()
    with member:
        while len(content) < entry.size:
            block = member.read(min(_BLOCK, entry.size - len(content)))
            if not block:
                raise _damaged(path, f"{entry.name} ends early")
            content += block
    return bytes(content)


class _Short(io.BufferedIOBase):
    """A file of which nothing long is read at once: zipfile reads the whole directory in one go."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0 or size > _DIRECTORY_BYTES:
            here = self._file.tell()
            left = self._file.seek(0, io.SEEK_END) - here
            self._file.seek(here)
            if left > _DIRECTORY_BYTES:
                raise zipfile.BadZipFile("a directory that is too long")
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


class _Forward(io.BufferedIOBase):
    """Decompressed bytes, front to back, no more than `limit` of them, none twice.

    tarfile steps one byte back before each header, which would make gzip start over.
    """

    def __init__(self, file: gzip.GzipFile, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._position = 0  # in the file; the reader's is one less while `_back`
        self._back = False
        self.last_block = b""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= 4 * _BLOCK:
            raise tarfile.ReadError("a header that is too long")
        if size == 0:
            return b""
        head = self.last_block[-1:] if self._back else b""
        self._back = False
        data = head + self._next(size - len(head))
        self.last_block = data
        return data

    def _next(self, size: int) -> bytes:
        data = self._file.read(size)
        self._position += len(data)
        if self._position > self._limit:
            raise tarfile.ReadError(f"more than {self._limit} bytes, decompressed")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or offset < self._position - 1:
            raise tarfile.ReadError("a header that points back")
        if offset == self._position - 1:
            self._back = bool(self.last_block)
            return offset
        self._back = False
        while self._position < offset:
            data = self._next(min(_BLOCK, offset - self._position))
            if not data:
                raise tarfile.ReadError("the archive ends early")
            self.last_block = data
        return offset

    def tell(self) -> int:
        return self._position - self._back

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


# ---- what an entry may be


def _safe_name(path: Path, name: str) -> str:
    parts = name.split("/")
    # a colon is a drive's or, in Windows, another stream's
    if name.startswith("/") or ".." in parts or re.search(r"[\\\0]|^[A-Za-z]:", name):
        raise DataError(
            f"{path}: expected names inside the archive, found {name[:200]!r}; "
            f"this is not the archive it should be, {_AGAIN}"
        )
    return posixpath.normpath(name)


def _check_zip_entry(path: Path, entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.create_system == 3 and kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _no_file(path, entry.orig_filename)
    if entry.flag_bits & 0x41:  # encrypted, strongly encrypted
        raise DataError(
            f"{path}: expected files without a password, found {entry.orig_filename[:200]!r} "
            f"encrypted; {_AGAIN}"
        )
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # bz2 and lzma give a block of any size at once
        raise DataError(
            f"{path}: expected files stored or deflated, found {entry.orig_filename[:200]!r} "
            f"compressed by method {entry.compress_type}; {_AGAIN}"
        )


def _check_tar_entry(path: Path, entry: tarfile.TarInfo) -> None:
    if not (entry.isreg() or entry.isdir()) or entry.issparse():
        raise _no_file(path, entry.name)
    if entry.size < 0:
        raise _damaged(path, f"{entry.name[:200]!r} of {entry.size} bytes")


def _check_wanted(path: Path, name: str, again: bool, size: int, member_bytes: int) -> None:
    if again:
        raise DataError(f"{path}: expected each file once, found {name!r} twice; {_AGAIN}")
    if size > member_bytes:
        raise DataError(
            f"{path}: expected files of at most {member_bytes} bytes, "
            f"found {name!r} of {size}; {_AGAIN}"
        )


def _check_total(path: Path, total: int, total_bytes: int) -> None:
    if total > total_bytes:
        raise DataError(
            f"{path}: expected at most {total_bytes} bytes in all, found {total} or more; {_AGAIN}"
        )


def _natural(name: str) -> tuple[list[tuple[str, int, str]], str]:
    """10 after 2; digits are compared as text, since int() refuses very many."""
    texts = re.split("[0-9]+", name)
    numbers = [digits.lstrip("0") for digits in re.findall("[0-9]+", name)]
    return [(a, len(b), b) for a, b in zip(texts, [*numbers, ""], strict=True)], name


# ---- errors


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected an archive, found no file; fetch it first") from error
    except gzip.BadGzipFile as error:
        raise _damaged(path, _text(error)) from error
    except OSError as error:
        raise DataError(
            f"{path}: expected an archive that can be read, found: {error.strerror or error}; "
            f"check the file and its permissions"
        ) from error
    except _BROKEN as error:
        raise _damaged(path, _text(error)) from error


def _damaged(path: Path, found: str) -> DataError:
    return DataError(f"{path}: expected a whole archive, found it damaged ({found}); {_AGAIN}")


def _no_file(path: Path, name: str) -> DataError:
    return DataError(
        f"{path}: expected files and folders, found {name[:200]!r}, a link or a device; "
        f"this is not the archive it should be, {_AGAIN}"
    )


def _too_many(path: Path) -> DataError:
    return DataError(f"{path}: expected at most {MAX_ENTRIES} entries, found more; {_AGAIN}")


def _text(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
