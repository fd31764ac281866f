"""Files from the network: fetched once, resumed after a cut, verified by their digest."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from autograder.datasets.errors import DataError
from autograder.files import write_atomic

Progress = Callable[[int, int | None], None]

TIMEOUT_S = 30.0
LOCK_TIMEOUT_S = 3600.0
PAUSE_S = 1.0
RETRIES = 4  # in a row that bring less than _GAIN bytes each
MAX_BYTES = 4 * 2**30  # where the size is not known

_CHUNK = 2**16
_GAIN = 2**20
_TRY_LATER = {408, 429, 500, 502, 503, 504}
_CUT = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


@dataclass(frozen=True)
class Remote:
    """A file on the network; `digest` is "sha256:<hex>" or "md5:<hex>", `size` is in bytes."""

    file_name: str
    url: str
    size: int | None
    digest: str


# Asirra: A CAPTCHA that Exploits Interest-Aligned Manual Image Categorization (Elson et al., 2007)
CATS_DOGS = Remote(
    "kagglecatsanddogs_5340.zip",
    "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
    "kagglecatsanddogs_5340.zip",
    824_887_076,
    "sha256:b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
)
# Learning Multiple Layers of Features from Tiny Images (Krizhevsky, 2009)
CIFAR10 = Remote(
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    None,
    "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
)
# Very Deep Convolutional Networks for Large-Scale Image Recognition (Simonyan, Zisserman, 2014)
VGG16 = Remote(
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    None,
    "md5:6d6bbae143d832006294945121d1f1fc",
)


class _DroppedError(Exception):
    """The connection ended early; what came so far is kept."""


class _StartAgainError(Exception):
    """What there is of the file is of no use with what the server now sends."""


def fetch(
    remote: Remote, folder: Path, source: str | None = None, progress: Progress | None = None
) -> Path:
    """The verified file: `folder / remote.file_name`, downloaded where it is not there yet.

    `source` is a mirror's http(s) address, or the path of a local file, which is verified and
    returned where it is. `progress(done, total)` is called with bytes; `total` may be None.
    After a cut the `.part` file stays, and the next call goes on from there. Raises DataError.
    """
    if source is not None and "://" not in source:
        path = Path(source).expanduser()
        if not path.is_file():
            raise DataError(
                f"{path}: expected the file {remote.file_name}, found no file; "
                f"give the path of the file, or an http(s) address"
            )
        _verify(path, remote, folder)
        return path
    url = source or remote.url
    if not re.match(r"https?://[^/]", url, re.IGNORECASE):
        raise DataError(
            f"{_line(url)}: expected an http or https address, or the path of a file; "
            f"give one of these as the source of {remote.file_name}"
        )
    path = folder / remote.file_name
    if _there(path):
        _verify(path, remote, folder)
        return path
    with _locked(path):
        if _there(path):  # another process fetched it while this one waited
            _verify(path, remote, folder)
        else:
            _download(_Download(remote, url, path, progress))
            _remember(path, remote, folder)
    return path


# ---- what is there already


def _there(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError as error:  # a null byte, say
        raise DataError(f"{_line(path)}: expected a path, found {error}; name a folder") from error


def _verify(path: Path, remote: Remote, folder: Path) -> None:
    """Hash the file, unless it is the one that was found right the last time."""
    try:
        if _remembered(folder, remote) == _verdict(path, remote):
            return
        size = path.stat().st_size
        if remote.size not in (None, size):
            _refuse(path, remote, f"{remote.size} bytes", f"{size} bytes")
        found = _digest(path, remote)
    except OSError as error:
        raise DataError(
            f"{path}: expected to read {remote.file_name}, found: {_reason(error)}; "
            f"check the file and its permissions"
        ) from error
    if found != remote.digest:
        _refuse(path, remote, remote.digest, found)
    _remember(path, remote, folder)


def _remember(path: Path, remote: Remote, folder: Path) -> None:
    """Spare the next call the hashing; where nothing can be written, it hashes again."""
    with contextlib.suppress(OSError):
        write_atomic(_note(folder, remote), json.dumps(_verdict(path, remote)).encode())


def _remembered(folder: Path, remote: Remote) -> object:
    try:
        return json.loads(_note(folder, remote).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _note(folder: Path, remote: Remote) -> Path:
    return folder / f"{remote.file_name}.verified"


def _verdict(path: Path, remote: Remote) -> dict[str, object]:
    status = path.stat()
    return {
        "path": str(path.absolute()),
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "digest": remote.digest,
    }


def _refuse(path: Path, remote: Remote, expected: str, found: str) -> NoReturn:
    raise DataError(
        f"{path}: expected {expected}, found {found}: this is not {remote.file_name}, or only "
        f"a part of it; remove the file and run this again, or put the right one there"
    )


def _digest(path: Path, remote: Remote) -> str:
    algorithm = remote.digest.partition(":")[0]
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False))
    return f"{algorithm}:{found.hexdigest()}"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    import filelock

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(f"{path}.lock")
        lock.acquire(timeout=LOCK_TIMEOUT_S)
    except filelock.Timeout as error:
        raise DataError(
            f"{path}: another process has been fetching it for {LOCK_TIMEOUT_S:.0f} s; "
            f"wait for it or end it, then run this again"
        ) from error
    except (OSError, NotImplementedError, ValueError) as error:
        raise DataError(_cannot_write(path, error)) from error
    try:
        yield
    finally:
        lock.release()


# ---- the download


@dataclass
class _Download:
    remote: Remote
    url: str
    path: Path
    progress: Progress | None
    validator: str | None = None  # the ETag or date of what this process has of the file

    @property
    def part(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def bound(self) -> int:
        return MAX_BYTES if self.remote.size is None else self.remote.size

    def failed(self, found: str) -> DataError:
        return DataError(
            f"{_line(self.url)}: expected {self.remote.file_name}, found: {found}; check the "
            f"network and run this again, or put the file by hand at {self.path} "
            f"({self.remote.digest})"
        )


def _download(job: _Download) -> None:
    """Fill the part file, verify it and give it its name."""
    inherited = _part_size(job) > 0
    while True:
        _fill(job)
        try:
            found = _digest(job.part, job.remote)
            if found == job.remote.digest:
                os.replace(job.part, job.path)
                return
        except OSError as error:
            raise DataError(_cannot_write(job.path, error)) from error
        _drop_part(job)
        if not inherited:
            raise job.failed(f"{found} in place of {job.remote.digest}")
        inherited = False  # the old part may have been another file's: once more from the start


def _fill(job: _Download) -> None:
    failures = 0
    while True:
        before = _part_size(job)
        if before == job.remote.size:
            return
        try:
            _receive(job, before)
            return
        except _StartAgainError as error:
            _drop_part(job)
            failures, reason = failures + 1, str(error)
        except _DroppedError as error:
            gained = _part_size(job) - before
            failures, reason = (0 if gained >= _GAIN else failures + 1), str(error)
        if failures > RETRIES:
            raise job.failed(f"{reason}, {failures} times")
        time.sleep(PAUSE_S * failures)


def _receive(job: _Download, start: int) -> None:
    """One request: append to the part file from byte `start` on, to the end of the file."""
    if start > job.bound:
        raise _StartAgainError("a part larger than the file")
    with _open(job, start) as response:
        start, total = _extent(job, response, start)
        validator = response.headers.get("ETag") or response.headers.get("Last-Modified")
        # A weak ETag may not be sent as If-Range (RFC 9110, 13.1.5).
        job.validator = validator if validator and not validator.startswith("W/") else None
        with _written(job):
            file = open(job.part, "ab" if start else "wb", buffering=0)  # noqa: SIM115 - below
        with file:
            done = start
            _tell(job, done, total)
            for chunk in _chunks(response):
                done += len(chunk)
                if done > (job.bound if total is None else total):
                    _drop_part(job, file)
                    raise job.failed(f"more than {done - len(chunk)} bytes")
                with _written(job, file):
                    _append(file, chunk)
                _tell(job, done, total)
            with _written(job, file):
                os.fsync(file.fileno())
    if total is not None and done < total:
        raise _DroppedError(f"the connection ended after {done} of {total} bytes")


def _open(job: _Download, start: int) -> http.client.HTTPResponse:
    headers = {"User-Agent": "autograder", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if job.validator:
            headers["If-Range"] = job.validator
    try:
        request = urllib.request.Request(job.url, headers=headers)
        response = _opener().open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:
            raise _StartAgainError("a part that the server cannot continue") from error
        if error.code in _TRY_LATER:
            raise _DroppedError(f"HTTP {error.code} {_line(error.reason)}") from error
        raise job.failed(f"HTTP {error.code} {_line(error.reason)}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, _CUT):
            raise _DroppedError(_reason(error.reason)) from error
        raise job.failed(_reason(error.reason)) from error
    except (http.client.InvalidURL, ValueError) as error:
        raise job.failed(_reason(error)) from error
    except (http.client.HTTPException, OSError) as error:
        raise _DroppedError(_reason(error)) from error
    assert isinstance(response, http.client.HTTPResponse)
    return response


def _opener() -> urllib.request.OpenerDirector:
    """http and https alone: the default opener would follow a redirect to ftp."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _extent(
    job: _Download, response: http.client.HTTPResponse, start: int
) -> tuple[int, int | None]:
    """Where the response starts in the file, and the file's size as far as anyone says it."""
    total: int | None
    if response.status == 206:
        match = re.fullmatch(
            r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15}|\*)",
            response.headers.get("Content-Range", "").strip(),
        )
        if match is None or int(match[1]) != start:
            raise _StartAgainError("another range than the one asked for")
        total = None if match[2] == "*" else int(match[2])
        if job.remote.size is not None and total not in (None, job.remote.size):
            raise _StartAgainError("a file of another size")
    else:  # the whole file: the server ignores Range, or the file has changed
        start = 0
        length = response.headers.get("Content-Length", "")
        total = int(length) if re.fullmatch("[0-9]{1,15}", length) else None
    if total is not None and (total > job.bound or job.remote.size not in (None, total)):
        raise job.failed(f"a file of {total} bytes in place of {job.remote.size or job.bound}")
    return start, job.remote.size if total is None else total


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body, as it comes."""
    while True:
        try:
            chunk = response.read1(_CHUNK)
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise _DroppedError(_reason(error)) from error
        if not chunk:
            return
        yield chunk


def _tell(job: _Download, done: int, total: int | None) -> None:
    if job.progress is not None:
        job.progress(done, total)


# ---- the part file


def _append(file: BinaryIO, chunk: bytes) -> None:
    """Write all of the chunk; an unbuffered file may take less at a time."""
    view = memoryview(chunk)
    while view:
        view = view[file.write(view) :]


@contextlib.contextmanager
def _written(job: _Download, file: BinaryIO | None = None) -> Iterator[None]:
    """A disk that takes no more leaves no part behind to fill it."""
    try:
        yield
    except OSError as error:
        _drop_part(job, file)
        raise DataError(_cannot_write(job.path, error)) from error


def _part_size(job: _Download) -> int:
    try:
        return job.part.stat().st_size
    except OSError:
        return 0


def _drop_part(job: _Download, file: BinaryIO | None = None) -> None:
    if file is not None:
        file.close()  # Windows removes no open file
    job.validator = None
    with contextlib.suppress(OSError):
        job.part.unlink()


def _cannot_write(path: Path, error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno in (
        errno.ENOSPC,
        getattr(errno, "EDQUOT", None),
    )
    mend = "make room on the disk" if full else "check the folder's permissions"
    return (
        f"{_line(path)}: expected a folder that can be written, found: {_reason(error)}; "
        f"{mend}, or choose another folder"
    )


def _reason(error: object) -> str:
    if isinstance(error, OSError) and error.strerror:
        return _line(error.strerror)
    return _line(error) or type(error).__name__


def _line(text: object) -> str:
    """One line, without what would move a terminal's cursor."""
    return "".join(c if c.isprintable() else " " for c in str(text))[:500].strip()
