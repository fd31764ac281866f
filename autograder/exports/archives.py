"""Archives that others made: looked at before anything is read, read without being extracted."""

from __future__ import annotations

import errno
import io
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from lzma import LZMAError
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from autograder.course import shown
from autograder.errors import UserError
from autograder.exports.layouts import is_clutter

_MAX_RATIO = 100  # notebooks with pictures pack to a half, texts to a tenth
_SMALL = 1 << 20  # so that a short archive may hold some of zeros
_MAX_MEMBERS = 500_000
_DRIVE = re.compile(r"[A-Za-z]:")
_IS_UTF8 = 0x800
_IS_ENCRYPTED = 0x1
READ_ERRORS = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


_BAD_NAMES = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL)


class ArchiveError(UserError):
    """An archive that is refused as a whole; the message is one line."""


def is_bad_name(error: OSError) -> bool:
    """Whether a file cannot be written for its name, too long or a folder's, not for the disk."""
    return error.errno in _BAD_NAMES


@dataclass
class Archive:
    """The files of an archive by name, those of archives within it as "inner.zip/name".

    remarks: what could not be looked into, by name.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    _file: ZipFile | None = None
    _members: dict[str, tuple[ZipInfo, str]] = field(default_factory=dict)
    _inner: tuple[str, ZipFile] | None = None

    def read(self, name: str) -> bytes:
        """A file's bytes, at most as many as `sizes` says. Raises one of READ_ERRORS."""
        member, outer = self._members[name]
        file = self._open_inner(outer) if outer else self._file
        assert file is not None
        try:
            return file.read(member)
        except (LZMAError, OSError) as error:  # torn, as zlib.error and BadZipFile say of others
            raise BadZipFile(str(error)) from error

    def _open_inner(self, outer: str) -> ZipFile:
        """An archive within, kept until another is asked for."""
        if self._inner is None or self._inner[0] != outer:
            self._inner = (outer, ZipFile(io.BytesIO(self.read(outer))))
        return self._inner[1]


@contextmanager
def open_archive(path: Path, limit_mb: int) -> Iterator[Archive]:
    """The archive at `path`. limit_mb: what an archive within it may come to.

    Raises ArchiveError for what is no archive, leads out of its folder, or is a bomb.
    """
    try:
        file = ZipFile(path)
    except FileNotFoundError:
        raise ArchiveError(f"{path}: expected an archive (.zip), found no such file") from None
    except (OSError, *READ_ERRORS) as error:
        raise ArchiveError(
            f"{path}: expected an archive (.zip), received something else ({_short(error)}); "
            "download it again"
        ) from None
    with file:
        if why := why_unsafe(file, path.stat().st_size):
            raise ArchiveError(f"{path}: {why}; refused, nothing was written")
        archive = Archive(_file=file)
        for member in file.infolist():
            _add(archive, member, limit_mb)
        yield archive


def why_unsafe(file: ZipFile, size: int) -> str:
    """Why nothing should be read from an archive of `size` bytes; "" if it is well."""
    members = file.infolist()
    if len(members) > _MAX_MEMBERS:
        return f"it holds {len(members):,} files, expected at most {_MAX_MEMBERS:,}"
    for member in members:
        name = _name(member)
        if name.startswith("/") or ".." in name.split("/") or _DRIVE.match(name):
            return f"its file {shown(name)} leads out of the folder it is unpacked into"
    total = sum(member.file_size for member in members)
    if total > _MAX_RATIO * max(size, _SMALL):
        return (
            f"{size / 2**20:.1f} MB that unpack to {total / 2**20:,.0f} MB, expected at most "
            f"{_MAX_RATIO} times as much (a zip bomb)"
        )
    return ""


def _add(archive: Archive, member: ZipInfo, limit_mb: int, outer: str = "", cut: str = "") -> None:
    name = _name(member).removeprefix(cut)
    full = f"{outer}/{name}" if outer else name
    if _is_folder(member) or is_clutter(name):
        return
    if member.flag_bits & _IS_ENCRYPTED:
        archive.remarks[full] = "is encrypted; left out"
    elif stat.S_ISLNK(member.external_attr >> 16):
        archive.remarks[full] = "is a symbolic link; left out"
    else:
        archive._members[full] = (member, outer)
        archive.sizes[full] = member.file_size
        if name.lower().endswith(".zip"):
            _look_into(archive, full, outer, limit_mb)


def _look_into(archive: Archive, name: str, outer: str, limit_mb: int) -> None:
    """Put the files of an archive within in its place."""
    size = archive.sizes.pop(name)
    why = "is an archive within an archive within an archive" if outer else ""
    if not why and size > limit_mb << 20:
        why = f"has {size / 2**20:.0f} MB, more than a hand-in may hold ({limit_mb} MB)"
    if not why:
        try:
            inner = ZipFile(io.BytesIO(archive.read(name)))
            why = why_unsafe(inner, size) or _too_large(inner, limit_mb)
        except READ_ERRORS as error:
            why = f"cannot be unpacked ({_short(error)})"
    if why:
        archive.remarks[name] = f"{why}; left out"
        return
    files = [
        member
        for member in inner.infolist()
        if not (_is_folder(member) or is_clutter(_name(member)))
    ]
    cut = _shared_folder([_name(member) for member in files])
    for member in files:
        _add(archive, member, limit_mb, name, cut)


def _too_large(file: ZipFile, limit_mb: int) -> str:
    total = sum(member.file_size for member in file.infolist())
    if total <= limit_mb << 20:
        return ""
    return f"unpacks to {total / 2**20:.0f} MB, more than a hand-in may hold ({limit_mb} MB)"


def _shared_folder(names: list[str]) -> str:
    """The folder that all lie in, such as "cnn/"; "" if they do not."""
    first = {name.partition("/")[0] for name in names if name}
    is_shared = len(first) == 1 and all("/" in name for name in names)
    return f"{first.pop()}/" if is_shared else ""


def _is_folder(member: ZipInfo) -> bool:
    return member.filename.endswith(("/", "\\"))


def _name(member: ZipInfo) -> str:
    """The name as it was meant: UTF-8 that is not marked as such, Windows' separators.

    Without empty parts: what is left of a//b/c below a is no path from the root.
    """
    name = member.filename
    if not member.flag_bits & _IS_UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    name = name.replace("\\", "/")
    root = "/" if name.startswith("/") else ""
    return root + "/".join(part for part in name.split("/") if part not in ("", "."))


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 80 else f"{text[:79]}…"
