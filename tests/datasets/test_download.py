"""Files are fetched once, resumed after a cut, and verified."""

from __future__ import annotations

import errno
import hashlib
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from autograder.datasets import DataError, download
from autograder.datasets.download import CATS_DOGS, CIFAR10, VGG16, Remote, fetch

CONTENT = bytes(range(256)) * 1200  # 307,200 bytes
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
NAME = "data.bin"


class Server(ThreadingHTTPServer):
    """A file server whose faults are set one by one; `seen` holds each request's Range."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.seen: list[str | None] = []
        self.cuts: list[int] = []  # bytes after which the next connections are dropped
        self.codes: list[int] = []  # what the next requests are answered
        self.ranges = True
        self.etag = '"1"'
        self.length = True
        self.content_range: str | None = None
        self.location = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{NAME}"

    def remote(self, **changes: Any) -> Remote:
        values = {"file_name": NAME, "url": self.url, "size": len(CONTENT), "digest": SHA256}
        return Remote(**values | changes)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.seen.append(asked)
        code = self.server.codes.pop(0) if self.server.codes else 200
        if code != 200:
            self.send_response(code)
            self.send_header("Location", self.server.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content, start = self.server.content, 0
        fresh = self.headers.get("If-Range", self.server.etag) == self.server.etag
        if asked and self.server.ranges and fresh:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            stated = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", self.server.content_range or stated)
        else:
            self.send_response(200)
        self.send_header("ETag", self.server.etag)
        if self.server.length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        if self.server.cuts:
            body = body[: self.server.cuts.pop(0)]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "PAUSE_S", 0)
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def names(folder: Path) -> set[str]:
    """What lies there; filelock leaves the lock file behind on some systems."""
    return {path.name for path in folder.iterdir()} - {f"{NAME}.lock"}


WHOLE = {NAME, f"{NAME}.verified"}


def one_line(error: pytest.ExceptionInfo[DataError]) -> None:
    assert len(str(error.value).splitlines()) == 1


# ---- what works


def test_a_file_is_fetched_once(server: Server, tmp_path: Path) -> None:
    """The second call asks nobody, and does not hash it again."""
    path = fetch(server.remote(), tmp_path / "new")
    assert path == tmp_path / "new" / NAME
    assert path.read_bytes() == CONTENT
    assert fetch(server.remote(), tmp_path / "new") == path
    assert server.seen == [None]
    assert names(tmp_path / "new") == WHOLE


def test_a_file_that_was_found_right_is_not_hashed_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it changes."""
    path = fetch(server.remote(), tmp_path)
    hashed: list[Path] = []
    digest = download._digest
    monkeypatch.setattr(download, "_digest", lambda p, r: hashed.append(p) or digest(p, r))
    fetch(server.remote(), tmp_path)
    assert hashed == []
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(DataError, match=f"expected {SHA256}, found sha256:"):
        fetch(server.remote(), tmp_path)
    assert hashed == [path]


def test_md5_and_an_unknown_size_will_do(server: Server, tmp_path: Path) -> None:
    """As VGG16's weights; the server may even send no length."""
    server.length = False
    digest = "md5:" + hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    path = fetch(server.remote(size=None, digest=digest), tmp_path)
    assert path.read_bytes() == CONTENT


def test_progress_is_told(server: Server, tmp_path: Path) -> None:
    """From nothing to everything, with the whole as the server or the catalogue knows it."""
    told: list[tuple[int, int | None]] = []
    fetch(server.remote(size=None), tmp_path, progress=lambda *now: told.append(now))
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_mirror_is_asked_in_place_of_the_original(server: Server, tmp_path: Path) -> None:
    """What comes from it is verified all the same."""
    remote = server.remote(url="https://original.invalid/x")
    assert fetch(remote, tmp_path, source=server.url).read_bytes() == CONTENT


def test_a_redirect_is_followed(server: Server, tmp_path: Path) -> None:
    """To http and https."""
    server.codes, server.location = [302], server.url + "?again"
    assert fetch(server.remote(), tmp_path).read_bytes() == CONTENT


def test_a_local_file_is_verified_and_stays_where_it_is(tmp_path: Path) -> None:
    """It is not copied; with the wrong content it is refused."""
    local = tmp_path / "local.bin"
    local.write_bytes(CONTENT)
    remote = Remote(NAME, "https://original.invalid/x", len(CONTENT), SHA256)
    (tmp_path / "folder").mkdir()
    assert fetch(remote, tmp_path / "folder", source=str(local)) == local
    assert NAME not in names(tmp_path / "folder")
    local.write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match="expected 307200 bytes, found 307199 bytes") as error:
        fetch(remote, tmp_path / "folder", source=str(local))
    one_line(error)
    with pytest.raises(DataError, match="found no file"):
        fetch(remote, tmp_path, source=str(tmp_path / "none"))


def test_two_at_once_fetch_once(server: Server, tmp_path: Path) -> None:
    """The second waits for the first."""
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(server.remote(), tmp_path), range(4)))
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert server.seen == [None]


def test_another_process_that_never_ends_is_named(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the lock; this one waits for a while only."""
    monkeypatch.setattr(download, "LOCK_TIMEOUT_S", 0.05)
    with (
        download._locked(tmp_path / NAME),
        pytest.raises(DataError, match="another process has been fetching it"),
    ):
        fetch(server.remote(), tmp_path)


# ---- cuts


def test_a_dropped_connection_is_taken_up_again(server: Server, tmp_path: Path) -> None:
    """From where it ended, without beginning again."""
    server.cuts = [100_000, 50_000]
    assert fetch(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.seen == [None, "bytes=100000-", "bytes=150000-"]
    assert names(tmp_path) == WHOLE


def test_the_next_call_goes_on_after_a_cut(server: Server, tmp_path: Path) -> None:
    """What came is kept, and said to be kept by its name alone."""
    server.cuts = [100_000, *[0] * 20]
    with pytest.raises(DataError, match=r"ended after 100000 of 307200 bytes, 5 times") as error:
        fetch(server.remote(), tmp_path)
    one_line(error)
    assert names(tmp_path) == {f"{NAME}.part"}
    server.cuts, server.seen = [], []
    assert fetch(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.seen == ["bytes=100000-"]
    assert names(tmp_path) == WHOLE


def test_a_server_without_ranges_begins_again(server: Server, tmp_path: Path) -> None:
    """The part is not put in front of the whole."""
    server.cuts, server.ranges = [100_000], False
    assert fetch(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.seen == [None, "bytes=100000-"]


def test_a_file_that_changes_in_between_begins_again(server: Server, tmp_path: Path) -> None:
    """If-Range says which one the part is of."""
    server.content, server.cuts = CONTENT[::-1], [100_000]

    def changed(done: int, _: int | None) -> None:
        if done == 100_000:
            server.content, server.etag = CONTENT, '"2"'

    assert fetch(server.remote(), tmp_path, progress=changed).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "stated", ("bytes 0-9/307200", "bytes 100000-307199/400000", "nonsense", "bytes 100000-1/*")
)
def test_another_range_than_asked_for_is_not_appended(
    server: Server, tmp_path: Path, stated: str
) -> None:
    """Content-Range is checked; where it lies about the bytes themselves, the digest tells."""
    server.cuts, server.content_range = [100_000], stated
    assert fetch(server.remote(), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("part", (b"x" * 1000, b"x" * 307_200, b"x" * 400_000))
def test_another_files_part_is_given_up(server: Server, tmp_path: Path, part: bytes) -> None:
    """Its rest makes no sense; the file is fetched once more, from the start."""
    (tmp_path / f"{NAME}.part").write_bytes(part)
    assert fetch(server.remote(), tmp_path).read_bytes() == CONTENT
    assert names(tmp_path) == WHOLE


def test_a_part_beyond_the_end_is_given_up(server: Server, tmp_path: Path) -> None:
    """HTTP 416, where the size is not known beforehand."""
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT)
    assert fetch(server.remote(size=None), tmp_path).read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(server: Server, tmp_path: Path) -> None:
    """503 passes."""
    server.codes = [503, 429]
    assert fetch(server.remote(), tmp_path).read_bytes() == CONTENT
    assert len(server.seen) == 3


# ---- what fails


def test_a_wrong_file_is_not_kept(server: Server, tmp_path: Path) -> None:
    """Both digests are named; no part is left to go on from."""
    server.content = CONTENT[::-1]
    found = hashlib.sha256(server.content).hexdigest()
    match = f"found: sha256:{found} in place of {SHA256}"
    with pytest.raises(DataError, match=match) as error:
        fetch(server.remote(), tmp_path)
    one_line(error)
    assert names(tmp_path) == set()


def test_a_wrong_file_put_by_hand_is_named_and_kept(server: Server, tmp_path: Path) -> None:
    """It is the user's; nobody is asked for another."""
    (tmp_path / NAME).write_bytes(b"wrong")
    with pytest.raises(DataError, match=r"expected 307200 bytes, found 5 bytes.*remove the file"):
        fetch(server.remote(), tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"wrong"
    assert server.seen == []


def test_a_missing_file_is_not_asked_for_again(server: Server, tmp_path: Path) -> None:
    """404: the address, the place to put the file by hand, and its digest."""
    server.codes = [404]
    with pytest.raises(DataError, match="found: HTTP 404 Not Found; ") as error:
        fetch(server.remote(), tmp_path)
    one_line(error)
    assert str(error.value).startswith(f"{server.url}: expected {NAME}")
    assert f"by hand at {tmp_path / NAME} ({SHA256})" in str(error.value)
    assert len(server.seen) == 1
    assert names(tmp_path) == set()


def test_no_server_is_one_line(server: Server, tmp_path: Path) -> None:
    """Nothing listens on this port any more."""
    with Server() as other:
        url = other.url
    with pytest.raises(DataError, match=f"{url}: .*refused.*by hand") as error:
        fetch(server.remote(url=url), tmp_path)
    one_line(error)


def test_a_silent_server_is_given_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the connection, and says nothing."""
    monkeypatch.setattr(download, "TIMEOUT_S", 0.05)
    waiting = ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # listens; nobody answers
    try:
        url = f"http://127.0.0.1:{waiting.server_port}/"
        with pytest.raises(DataError, match="timed out, 5 times"):
            fetch(server.remote(url=url), tmp_path)
    finally:
        waiting.server_close()


@pytest.mark.parametrize(
    "url",
    ("file:///etc/passwd", "ftp://127.0.0.1/x", "data://text/x", "http:///x", "s3://a/b", "://x"),
)
def test_only_http_is_spoken(server: Server, tmp_path: Path, url: str) -> None:
    """As a source, and in the catalogue."""
    for remote, source in ((server.remote(), url), (server.remote(url=url), None)):
        with pytest.raises(DataError, match="expected an http or https address") as error:
            fetch(remote, tmp_path, source=source)
        one_line(error)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("location", ("file:///etc/passwd", "ftp://127.0.0.1:1/x"))
def test_a_redirect_to_anything_else_is_not_followed(
    server: Server, tmp_path: Path, location: str
) -> None:
    """Also not to ftp, which urllib itself would follow."""
    server.codes, server.location = [302], location
    with pytest.raises(DataError, match=r"HTTP 302|unknown url type"):
        fetch(server.remote(), tmp_path)


@pytest.mark.parametrize("url", ("http://[::1/x", "http://127.0.0.1:port/x", "http://a b/\n"))
def test_a_malformed_address_is_one_line(server: Server, tmp_path: Path, url: str) -> None:
    """Whatever urllib raises of it."""
    with pytest.raises(DataError, match="check the network") as error:
        fetch(server.remote(), tmp_path, source=url)
    one_line(error)


def test_more_bytes_than_the_file_has_are_not_written(server: Server, tmp_path: Path) -> None:
    """Announced or not."""
    server.content = CONTENT + b"x"
    with pytest.raises(DataError, match="a file of 307201 bytes in place of 307200"):
        fetch(server.remote(), tmp_path)
    server.length = False
    with pytest.raises(DataError, match=r"found: more than \d+ bytes"):
        fetch(server.remote(), tmp_path)
    assert names(tmp_path) == set()


def test_a_file_of_unknown_size_is_bounded(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4 GiB, or less for a test."""
    monkeypatch.setattr(download, "MAX_BYTES", 100_000)
    server.length = False
    with pytest.raises(DataError, match=r"found: more than \d+ bytes"):
        fetch(server.remote(size=None), tmp_path)
    assert names(tmp_path) == set()


@pytest.mark.parametrize(
    ("code", "mend"),
    ((errno.ENOSPC, "make room on the disk"), (errno.EIO, "check the folder's permissions")),
)
def test_a_full_disk_keeps_no_part(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, mend: str
) -> None:
    """It would fill the disk for good."""
    append = download._append

    def full(file: Any, chunk: bytes) -> None:
        append(file, chunk[:10])
        raise OSError(code, "No space left on device")

    monkeypatch.setattr(download, "_append", full)
    match = re.escape(f"{tmp_path / NAME}: expected") + f".*No space left.*{mend}"
    with pytest.raises(DataError, match=match) as error:
        fetch(server.remote(), tmp_path)
    one_line(error)
    assert names(tmp_path) == set()


def test_a_folder_that_cannot_be_is_one_line(server: Server, tmp_path: Path) -> None:
    """Its parent is a file. (Permission bits do not bind root, who runs the tests in CI.)"""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="expected a folder that can be written") as error:
        fetch(server.remote(), tmp_path / "file" / "folder")
    one_line(error)
    assert server.seen == []


def test_a_folder_in_the_files_place_is_one_line(server: Server, tmp_path: Path) -> None:
    """Whatever the system calls it."""
    (tmp_path / NAME).mkdir()
    with pytest.raises(DataError, match=f"{NAME}: expected "):
        fetch(server.remote(), tmp_path)


@pytest.mark.parametrize("remote", (CATS_DOGS, CIFAR10, VGG16))
def test_the_catalogue_is_well_formed(remote: Remote) -> None:
    """https, the address's last part as the name, and a whole digest."""
    assert remote.url.startswith("https://")
    assert remote.url.endswith("/" + remote.file_name)
    assert re.fullmatch("sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", remote.digest)
