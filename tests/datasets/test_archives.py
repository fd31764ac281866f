"""Archives are read within bounds, and lead nowhere."""

from __future__ import annotations

import gzip
import re
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.datasets import DataError, archives
from autograder.datasets.archives import tar_members, zip_members

from .archives import cats_dogs_zip, cifar10_tar, member, write_tar, write_zip

MIB = 2**20
PETS = re.compile(r"PetImages/(Cat|Dog)/[0-9]+\.jpg")
ANY = re.compile(".*")
TEXT = re.compile(r".*\.txt")


def unzipped(path: Path, wanted: re.Pattern[str] = ANY, each: int = MIB, total: int = MIB):
    return list(zip_members(path, wanted, each, total))


def untarred(path: Path, wanted: re.Pattern[str] = ANY, each: int = MIB, total: int = MIB):
    return list(tar_members(path, wanted, each, total))


def one_line(path: Path, error: pytest.ExceptionInfo[DataError]) -> None:
    assert str(error.value).startswith(f"{path}: expected ")
    assert len(str(error.value).splitlines()) == 1


# ---- what is read


def test_a_zips_pictures_come_in_natural_order(tmp_path: Path) -> None:
    """2.jpg before 10.jpg, empty files among them, and nothing of Thumbs.db."""
    path = tmp_path / "pets.zip"
    files = cats_dogs_zip(path, per_class=11, empty=True)
    found = unzipped(path, PETS)
    assert dict(found) == files
    assert [name for name, _ in found][:12] == [f"PetImages/Cat/{n}.jpg" for n in range(12)]
    assert dict(found)["PetImages/Cat/11.jpg"] == b""


def test_names_of_any_kind_have_an_order(tmp_path: Path) -> None:
    """With digits and without, first or last, with zeros in front or too many for int()."""
    path = tmp_path / "a.zip"
    names = ["", "9" * 5000, "a", "a1", "a01", "a1b", "a2", "a10", "b"]
    write_zip(path, {f"{name}x": b"" for name in reversed(names)})
    found = [name for name, _ in unzipped(path)]
    assert [n for n in found if n[0] == "a"] == ["a1bx", "a01x", "a1x", "a2x", "a10x", "ax"]


def test_a_tars_members_come_in_archive_order(tmp_path: Path) -> None:
    """The folder and the readme are passed over."""
    path = tmp_path / "cifar.tar.gz"
    files = cifar10_tar(path, per_batch=3)
    found = untarred(path, re.compile(r"cifar-10-batches-py/(\w+_batch(_\d)?|batches\.meta)"))
    assert [name for name, _ in found] == [name for name in files if "readme" not in name]
    assert all(files[name] == content for name, content in found)


def test_a_leading_dot_is_taken_off(tmp_path: Path) -> None:
    """tar's own way of naming: ./folder/file."""
    path = tmp_path / "a.tar.gz"
    write_tar(path, [member("./folder/a.txt", b"a"), member("./folder/b.txt", b"")])
    assert untarred(path, TEXT) == [("folder/a.txt", b"a"), ("folder/b.txt", b"")]


def test_members_of_block_size_are_whole(tmp_path: Path) -> None:
    """Contents that end where a block of 512 bytes or of the reader ends."""
    path = tmp_path / "a.tar.gz"
    sizes = (511, 512, 513, 2**18 - 512, 2**18, 2**18 + 512, 700_000)
    contents = [bytes([i]) * size for i, size in enumerate(sizes)]
    write_tar(path, [member(f"{i}.txt", content) for i, content in enumerate(contents)])
    assert [content for _, content in untarred(path, total=2 * MIB)] == contents
    assert untarred(path, re.compile("6.txt")) == [("6.txt", contents[6])]


# ---- what leads out


BAD_NAMES = ("../a.txt", "b/../../a.txt", "/etc/a.txt", "b\\a.txt", "C:/a.txt", "c:a.txt")


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("wanted", (ANY, re.compile("good")))
def test_a_name_that_leads_out_is_refused(
    tmp_path: Path, name: str, wanted: re.Pattern[str]
) -> None:
    """In both kinds of archive, whether the entry is wanted or not."""
    zipped, tarred = tmp_path / "a.zip", tmp_path / "a.tar.gz"
    write_zip(zipped, {"good": b"", name: b"bad"})
    write_tar(tarred, [member("good"), member(name, b"bad")])
    for path, read in ((zipped, unzipped), (tarred, untarred)):
        with pytest.raises(DataError, match="expected names inside the archive, found") as error:
            read(path, wanted)
        one_line(path, error)


def test_the_slipping_archives_slip_nowhere(tmp_path: Path) -> None:
    """The helpers' own zip-slip entries."""
    (tmp_path / "in").mkdir()
    zipped, tarred = tmp_path / "in" / "a.zip", tmp_path / "in" / "a.tar.gz"
    cats_dogs_zip(zipped, slip=True)
    cifar10_tar(tarred, per_batch=1, slip=True)
    with pytest.raises(DataError, match="slipped"):
        unzipped(zipped, PETS)
    with pytest.raises(DataError, match="slipped"):
        untarred(tarred)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.tar.gz", "a.zip", "in"]


@pytest.mark.parametrize(
    "kind", (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
)
def test_a_link_or_device_in_a_tar_is_refused(tmp_path: Path, kind: bytes) -> None:
    """Wanted or not."""
    path = tmp_path / "a.tar.gz"
    entry, content = member("a.link")
    entry.type, entry.linkname = kind, "good"
    write_tar(path, [member("good"), (entry, content)])
    with pytest.raises(DataError, match=r"found 'a\.link', a link or a device"):
        untarred(path, re.compile("good"))


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    """Unix marks it in the attributes."""
    path = tmp_path / "a.zip"
    entry = zipfile.ZipInfo("a.link")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(DataError, match=r"found 'a\.link', a link or a device"):
        unzipped(path, TEXT)


def test_a_name_that_is_wanted_twice_is_refused(tmp_path: Path) -> None:
    """Also where the names differ but lead to one file; others may come twice."""
    zipped, tarred = tmp_path / "a.zip", tmp_path / "a.tar.gz"
    write_zip(zipped, {"a.txt": b"1", "./a.txt": b"2"})
    write_tar(tarred, [member("a.txt", b"1"), member("a.txt", b"2")])
    for path, read in ((zipped, unzipped), (tarred, untarred)):
        with pytest.raises(DataError, match=r"found 'a\.txt' twice"):
            read(path)
        assert read(path, re.compile("b")) == []


# ---- bounds


def test_a_large_member_is_refused(tmp_path: Path) -> None:
    """Exactly the bound is allowed."""
    zipped, tarred = tmp_path / "a.zip", tmp_path / "a.tar.gz"
    write_zip(zipped, {"a.txt": bytes(1000)})
    write_tar(tarred, [member("a.txt", bytes(1000))])
    for path, read in ((zipped, unzipped), (tarred, untarred)):
        assert read(path, ANY, 1000) == [("a.txt", bytes(1000))]
        with pytest.raises(DataError, match=r"at most 999 bytes, found 'a\.txt' of 1000"):
            read(path, ANY, 999)


def test_a_large_sum_is_refused(tmp_path: Path) -> None:
    """Exactly the bound is allowed; what is not wanted does not count."""
    zipped, tarred = tmp_path / "a.zip", tmp_path / "a.tar.gz"
    write_zip(zipped, {"a.txt": bytes(600), "b.txt": bytes(400), "c": bytes(5000)})
    write_tar(tarred, [member(n, bytes(s)) for n, s in (("a.txt", 600), ("c", 9), ("b.txt", 400))])
    for path, read in ((zipped, unzipped), (tarred, untarred)):
        assert len(read(path, TEXT, 600, 1000)) == 2
        with pytest.raises(DataError, match="at most 999 bytes in all, found 1000 or more"):
            read(path, TEXT, 600, 999)


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wanted or not."""
    monkeypatch.setattr(archives, "MAX_ENTRIES", 2)
    zipped, tarred = tmp_path / "a.zip", tmp_path / "a.tar.gz"
    write_zip(zipped, dict.fromkeys("abc", b""))
    write_tar(tarred, [member(name) for name in "abc"])
    for path, read in ((zipped, unzipped), (tarred, untarred)):
        with pytest.raises(DataError, match="expected at most 2 entries, found more"):
            read(path, TEXT)


def test_a_zip_that_understates_a_size_gives_no_more_than_it_states(tmp_path: Path) -> None:
    """A bomb of 50 MB that claims 10 bytes fails by its checksum, not by its size."""
    path = tmp_path / "a.zip"
    write_zip(path, {"a.txt": bytes(50 * MIB)})
    whole = path.read_bytes()
    path.write_bytes(whole.replace(struct.pack("<I", 50 * MIB), struct.pack("<I", 10)))
    with pytest.raises(DataError, match="found it damaged"):
        unzipped(path)


def test_a_zip_compressed_otherwise_is_refused(tmp_path: Path) -> None:
    """bz2 and lzma have no bound on what one block gives."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.txt", b"a")
    with pytest.raises(DataError, match="compressed by method 12"):
        unzipped(path)


def test_an_endless_member_that_is_passed_over_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gzip bomb costs no more than the bound, though nobody wants the member."""
    monkeypatch.setattr(archives, "_SLACK", 2 * MIB)
    path = tmp_path / "a.tar.gz"
    write_tar(path, [member("bomb", bytes(20 * MIB)), member("a.txt", b"a")])
    with pytest.raises(DataError, match=f"more than {3 * MIB} bytes, decompressed"):
        untarred(path, TEXT)


def test_a_long_tar_header_is_not_read(tmp_path: Path) -> None:
    """A pax header of 8 MB would be held in memory, several times."""
    path = tmp_path / "a.tar.gz"
    entry, content = member("././@PaxHeader", b"9" * 8 * MIB)
    entry.type = tarfile.XHDTYPE
    write_tar(path, [(entry, content), member("a.txt", b"a")])
    with pytest.raises(DataError, match="a header that is too long"):
        untarred(path)


def test_a_long_zip_directory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """zipfile would read it in one go, and make an object of each entry."""
    path = tmp_path / "a.zip"
    write_zip(path, {f"{i}.txt": b"" for i in range(2000)})
    assert len(unzipped(path)) == 2000
    monkeypatch.setattr(archives, "_DIRECTORY_BYTES", 80_000)
    with pytest.raises(DataError, match="a directory that is too long"):
        unzipped(path)


# ---- damage


def _truncated(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 3
    return data[:middle] + bytes([data[middle] ^ 0x55]) + data[middle + 1 :]


@pytest.mark.parametrize("spoil", (_truncated, _flipped, lambda _: b"", lambda _: b"no" * 4000))
def test_a_damaged_archive_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    """Cut off, a bit turned, empty, or something else."""
    zipped, tarred = tmp_path / "a.zip", tmp_path / "a.tar.gz"
    cats_dogs_zip(zipped)
    cifar10_tar(tarred, per_batch=2)
    for path, read in ((zipped, unzipped), (tarred, untarred)):
        path.write_bytes(spoil(path.read_bytes()))
        with pytest.raises(DataError, match="expected a whole archive, found it damaged") as error:
            read(path)
        one_line(path, error)


def test_any_cut_of_a_tar_is_noticed(tmp_path: Path) -> None:
    """Also one between members, inside a gzip that is whole: tarfile itself ends quietly there."""
    path = tmp_path / "a.tar.gz"
    write_tar(path, [member("a.txt", b"a" * 512), member("b.txt", b"b")])
    whole = gzip.decompress(path.read_bytes())
    for end in (512, 700, 1024, 1536, 2047, 2048):
        path.write_bytes(gzip.compress(whole[:end]))
        with pytest.raises(DataError, match="found it damaged"):
            untarred(path)
    spoilt = bytearray(whole)
    spoilt[1024:1124] = b"x" * 100  # the second header's name
    path.write_bytes(gzip.compress(spoilt))
    with pytest.raises(DataError, match="found it damaged"):
        untarred(path)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    """There is no password to ask for."""
    path = tmp_path / "a.zip"
    write_zip(path, {"a.txt": b"a"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"found 'a\.txt' encrypted"):
        unzipped(path)


def test_a_missing_archive_is_named(tmp_path: Path) -> None:
    """And so is a folder in its place."""
    for read in (unzipped, untarred):
        with pytest.raises(DataError, match="found no file; fetch it first"):
            read(tmp_path / "none")
        with pytest.raises(DataError, match="check the file and its permissions"):
            read(tmp_path)
