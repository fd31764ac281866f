"""Archives that others made, hostile ones too."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from autograder.exports.archives import READ_ERRORS, ArchiveError, open_archive
from exports.made import zipped


def _bytes(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_files_are_read_without_being_unpacked(tmp_path: Path) -> None:
    """Also those of an archive within, whose own folder does not count; no clutter, no folders."""
    inner = _bytes(
        {"cnn/": b"", "cnn/theory": b"one", "cnn/data/x": b"two", "__MACOSX/cnn/theory": b"no"}
    )
    path = zipped(tmp_path / "x.zip", {"a/b": "three", ".DS_Store": "no", "hw.zip": inner})
    with open_archive(path, 1) as archive:
        assert archive.sizes == {"a/b": 5, "hw.zip/theory": 3, "hw.zip/data/x": 3}
        assert archive.read("hw.zip/theory") == b"one"
        assert archive.read("a/b") == b"three"
        assert archive.remarks == {}
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "a\\..\\..\\x", "C:\\x", "c:x", "a/.."]
)
def test_what_leads_out_is_refused(name: str, tmp_path: Path) -> None:
    """As a whole, in one line."""
    path = zipped(tmp_path / "x.zip", {"well": "1", name: "2"})
    with (
        pytest.raises(
            ArchiveError, match=r"leads out of the folder.*nothing was written"
        ) as caught,
        open_archive(path, 1),
    ):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a//etc/x", "a/./etc/x", "x.zip//etc/x", "a\\\\etc\\x"])
def test_no_name_within_begins_at_the_root(name: str, tmp_path: Path) -> None:
    """Also not what is left of one below a folder that all share."""
    path = zipped(tmp_path / "x.zip", {"hw.zip": _bytes({name: b"1"})})
    with open_archive(path, 1) as archive:
        (found,) = archive.sizes
        assert found.startswith("hw.zip/") and "//" not in found


def test_a_torn_member_is_a_bad_archive(tmp_path: Path) -> None:
    """However it was packed."""
    for kind in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED):
        path = tmp_path / f"{kind}.zip"
        with zipfile.ZipFile(path, "w", kind) as made:
            made.writestr("a", bytes(range(256)) * 40)
        data = bytearray(path.read_bytes())
        data[45:90] = b"\xff" * 45
        path.write_bytes(data)
        with open_archive(path, 1) as archive, pytest.raises(READ_ERRORS):
            archive.read("a")


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """By what it says it unpacks to, before anything is."""
    path = zipped(tmp_path / "x.zip", {"zeros": bytes(150 << 20)})
    with (
        pytest.raises(ArchiveError, match=r"0.1 MB that unpack to 150 MB.*bomb"),
        open_archive(path, 1000),
    ):
        pass


def test_a_bomb_within_is_its_students_alone(tmp_path: Path) -> None:
    """The class is read; that file is told. So is one that leads out, and a third layer."""
    files = {
        "bomb.zip": _bytes({"zeros": bytes(3 << 20)}),
        "out.zip": zipped(tmp_path / "out", {"../x": "1"}).read_bytes(),
        "deep.zip": zipped(tmp_path / "deep", {"inner.zip": _bytes({"x": b"1"})}).read_bytes(),
        "torn.zip": _bytes({"x": b"1"})[:20],
        "well": b"1",
    }
    with open_archive(zipped(tmp_path / "x.zip", files), 2) as archive:
        assert archive.sizes.keys() == {"well"}
        assert archive.remarks["bomb.zip"].startswith("unpacks to 3 MB, more than a hand-in may")
        assert "leads out" in archive.remarks["out.zip"]
        assert "within an archive" in archive.remarks["deep.zip/inner.zip"]
        assert archive.remarks["torn.zip"].startswith("cannot be unpacked")


def test_links_and_secrets_are_left_out(tmp_path: Path) -> None:
    """A link is no file, and nobody gave the password."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as made:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("secret", "1")
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1  # the second member's flags: encrypted
    path.write_bytes(data)
    with open_archive(path, 1) as archive:
        assert archive.sizes == {}
        assert archive.remarks.keys() == {"link", "secret"}


def test_names_in_unmarked_utf8(tmp_path: Path) -> None:
    """As Canvas packs them."""
    path = zipped(tmp_path / "x.zip", {"XXXXller": "1"})
    path.write_bytes(path.read_bytes().replace(b"XXXX", "MÜ_".encode()))
    with open_archive(path, 1) as archive:
        assert list(archive.sizes) == ["MÜ_ller"]


@pytest.mark.parametrize(("data", "said"), [(None, "no such file"), (b"<html>", "something else")])
def test_what_is_no_archive(data: bytes | None, said: str, tmp_path: Path) -> None:
    """A login page, saved; a slip of the pen."""
    path = tmp_path / "x.zip"
    if data:
        path.write_bytes(data)
    with pytest.raises(ArchiveError, match=said), open_archive(path, 1):
        pass
