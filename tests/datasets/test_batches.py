"""CIFAR-10's batches are read without trusting them, and written as Python 2 wrote them."""

from __future__ import annotations

import copy
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from autograder.datasets import DataError
from autograder.datasets.batches import Batch, read_batch, read_meta, write_batch, write_meta

from .archives import LABELS, cifar10_batch, pickle_bomb

BATCH = cifar10_batch(25, np.random.default_rng(1), "training batch 1 of 5")
WHERE = "cifar-10-python.tar.gz: data_batch_1"


def plain(**changes: object) -> dict[str, object]:
    return {
        "data": BATCH.data,
        "labels": BATCH.labels,
        "filenames": BATCH.filenames,
        "batch_label": BATCH.batch_label,
    } | changes


def same(found: Batch, expected: Batch) -> bool:
    return np.array_equal(found.data, expected.data) and all(
        getattr(found, name) == getattr(expected, name)
        for name in ("labels", "filenames", "batch_label")
    )


# ---- writing


def test_what_is_written_is_read_again() -> None:
    """Also many pictures, whose array needs a long string; deterministically."""
    for n in (0, 1, 25, 300):
        batch = cifar10_batch(n, np.random.default_rng(n), "testing batch 1 of 1")
        found = read_batch(write_batch(batch), WHERE)
        assert same(found, batch)
        assert (found.data.dtype, found.data.flags.c_contiguous) == (np.uint8, True)
        assert write_batch(found) == write_batch(copy.deepcopy(batch))


@pytest.mark.parametrize(("encoding", "kind"), (("bytes", bytes), ("latin1", str)))
def test_students_pickle_load_reads_it_as_the_original(encoding: str, kind: type) -> None:
    """Warnings are errors here: NumPy has none about it."""
    found = pickle.loads(write_batch(BATCH), encoding=encoding)
    keys = {kind("batch_label", "ascii") if kind is bytes else "batch_label"}
    keys |= {key.encode() if kind is bytes else key for key in ("data", "labels", "filenames")}
    assert found.keys() == keys
    values = {key.decode() if isinstance(key, bytes) else key: v for key, v in found.items()}
    assert type(values["data"]) is np.ndarray
    assert np.array_equal(values["data"], BATCH.data)
    assert values["data"].dtype == np.uint8
    assert values["labels"] == BATCH.labels
    assert {type(label) for label in values["labels"]} == {int}
    assert {type(name) for name in values["filenames"]} == {kind}


def test_a_fresh_interpreter_loads_it_without_warning(tmp_path: Path) -> None:
    """numpy.core.multiarray warns, if at all, when it is first imported."""
    path = tmp_path / "data_batch_1"
    path.write_bytes(write_batch(BATCH))
    code = "import pickle, sys; print(len(pickle.load(open(sys.argv[1],'rb'), encoding='bytes')))"
    # -W error::ResourceWarning would be about `open` in this line of code
    options = ("-W", "error", "-W", "ignore::ResourceWarning")
    done = subprocess.run(
        [sys.executable, *options, "-c", code, path], capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("4", "")


def test_the_meta_file_is_as_the_original() -> None:
    """Its three keys, in both encodings."""
    data = write_meta(LABELS, 10_000)
    assert read_meta(data, WHERE) == tuple(LABELS)
    found = pickle.loads(data, encoding="bytes")
    assert found == {
        b"num_cases_per_batch": 10_000,
        b"label_names": [name.encode() for name in LABELS],
        b"num_vis": 3072,
    }
    assert pickle.loads(data, encoding="latin1")["label_names"] == list(LABELS)


def test_what_is_no_batch_is_not_written() -> None:
    """The caller's mistake."""
    with pytest.raises(ValueError, match="as many labels"):
        write_batch(Batch(BATCH.data, [1], BATCH.filenames, "x"))
    with pytest.raises(ValueError, match="uint8"):
        write_batch(Batch(BATCH.data / 255, BATCH.labels, BATCH.filenames, "x"))


# ---- reading


def original(batch: Batch) -> bytes:
    """As Python 2's cPickle: references numbered, dtype's flags ints, lists in pieces."""
    data = write_batch(batch)
    data = data.replace(b"U\x02u1\x89\x88\x87R", b"U\x02u1q\x0aK\x00K\x01\x87q\x0bRq\x0c")
    data = data.replace(b"}(", b"}q\x01(", 1).replace(b"_reconstruct\n", b"_reconstruct\nq\x05")
    return data.replace(b"](", b"]q\x06(")


def test_the_originals_spelling_is_read() -> None:
    """BINPUT all over, and the ints 0 and 1 for dtype's flags."""
    assert original(BATCH) != write_batch(BATCH)
    assert same(read_batch(original(BATCH), WHERE), BATCH)


@pytest.mark.parametrize("protocol", (3, 4, 5))
def test_python_3_pickles_with_text_keys_are_read(protocol: int) -> None:
    """As a mirror may have saved them again; protocol 5 names NumPy's _frombuffer and is not."""
    data = pickle.dumps(plain(), protocol=protocol)
    if protocol == 5:
        with pytest.raises(
            DataError, match=r"numpy\._core\.numeric\._frombuffer|opcode BYTEARRAY8"
        ):
            read_batch(data, WHERE)
    else:
        assert same(read_batch(data, WHERE), BATCH)


def test_an_array_in_fortran_order_is_read() -> None:
    """NumPy keeps the order in a pickle."""
    data = pickle.dumps(plain(data=np.asfortranarray(BATCH.data)), protocol=4)
    found = read_batch(data, WHERE)
    assert same(found, BATCH)
    assert found.data.flags.c_contiguous


def test_a_bomb_is_named_and_does_not_go_off(capsys: pytest.CaptureFixture[str]) -> None:
    """In the words of the pickle: what it wanted to call."""
    with pytest.raises(DataError, match=r"data_batch_1: expected .*, found __builtin__\.print"):
        read_batch(pickle_bomb(), WHERE)
    assert capsys.readouterr().out == ""
    with pytest.raises(DataError, match=r"found os\.system"):
        read_batch(b"cos\nsystem\n(U\x04truetR.", WHERE)
    with pytest.raises(DataError, match=r"found os\.system"):
        read_meta(b"(U\x04trueios\nsystem\n.", WHERE)
    with pytest.raises(DataError, match=r"found os\.system"):
        read_batch(b"\x80\x04\x8c\x02os\x8c\x06system\x93.", WHERE)


HEAD = b"\x80\x02"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"


@pytest.mark.parametrize(
    ("data", "found"),
    (
        (HEAD + b"cbuiltins\ngetattr\n.", r"builtins\.getattr"),
        (HEAD + b"cnumpy\nndarray\nK\x01\x85R.", "damaged"),  # no shape of one's own
        (HEAD + b"cnumpy\nload\n.", r"numpy\.load"),
        (HEAD + b"cnumpy.core.multiarray\nscalar\n.", r"numpy\.core\.multiarray\.scalar"),
        (HEAD + b"cnumpy\ndtype\nU\x01O\x85R.", "dtype b'O'"),
        (HEAD + b"U\x02idQ.", "the opcode BINPERSID"),
        (b"Pid\n.", "the opcode PERSID"),
        (HEAD + b"\x82\x01.", "the opcode EXT1"),
        (HEAD + b"cnumpy\nndarray\n)\x81.", "the opcode NEWOBJ"),
        (HEAD + b"}r\xff\xff\xff\x7f.", "LONG_BINPUT 2147483647"),
        (HEAD + b"]" + b"h\x00" * 17 + b".", "more than 16 references"),
        (HEAD + b"cnumpy\nndarray\nN}U\x01aK\x01s\x86b.", "damaged"),  # attributes of a stand-in
        (b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b".", "damaged"),  # BINBYTES8
        (HEAD + b"T\xff\xff\xff\x7fabc.", "damaged"),
        (HEAD + b"](K\x01", "damaged"),
        (HEAD, "damaged"),
        (b"", "damaged"),
        (b"<html>not found</html>", "damaged"),
        (HEAD + b"K\x07.", "expected a dictionary, found int"),
        (HEAD + ARRAY + b".", "expected a dictionary, found _Array"),
        (HEAD + ARRAY + b"K\x01b.", "an array of another form"),
    ),
)
def test_a_tampered_pickle_is_refused(data: bytes, found: str) -> None:
    """One line, before anything of it is built."""
    with pytest.raises(DataError, match=found) as error:
        read_batch(data, WHERE)
    assert str(error.value).startswith(f"{WHERE}: expected ")
    assert len(str(error.value).splitlines()) == 1


def _reshaped(shape: bytes) -> bytes:
    return write_batch(BATCH).replace(b"K\x19M\x00\x0c\x86", shape)


@pytest.mark.parametrize(
    ("shape", "found"),
    (
        (b"K\x1aM\x00\x0c\x86", r"shape \(26, 3072\) in 76800 bytes"),
        (b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", "shape"),
        (b"J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86", r"shape \(-1, -1\)"),
        (b"N", "shape NoneType"),
        (b"\x89\x88\x86", r"shape \(0, 1\)|shape \(False, True\)"),
        (b"K\x05M\x00\x0fK\x04\x87", r"shape \(5, 3840, 4\)"),
        (b"M\x00\x0cK\x19\x86", r"expected data of shape \(n, 3072\), found \(3072, 25\)"),
    ),
)
def test_a_shape_that_is_not_the_datas_is_refused(shape: bytes, found: str) -> None:
    """No memory is taken for what the file does not hold."""
    assert same(read_batch(_reshaped(b"K\x19M\x00\x0c\x86"), WHERE), BATCH)
    with pytest.raises(DataError, match=found):
        read_batch(_reshaped(shape), WHERE)


def test_a_shared_tuple_is_not_hashed_for_ever() -> None:
    """Two to the power of 40 visits, in 200 bytes."""
    body = b")q\x00" + b"".join(b"h%ch%c\x86q%c" % (i, i, i + 1) for i in range(40))
    with pytest.raises(DataError, match="more than 16 references"):
        read_batch(HEAD + b"}" + body + b"K\x01s.", WHERE)


def test_a_large_pickle_is_not_opened() -> None:
    """64 MiB; the originals have 30."""
    with pytest.raises(DataError, match="at most 67108864 bytes, found 67108865"):
        read_batch(bytes(2**26 + 1), WHERE)


SHORT = BATCH.filenames[1:]


@pytest.mark.parametrize(
    ("change", "found"),
    (
        ({"labels": [10, *BATCH.labels[1:]]}, r"a list of ints in 0\.\.9, found 10"),
        ({"labels": [-1, *BATCH.labels[1:]]}, "found -1"),
        ({"labels": [True, *BATCH.labels[1:]]}, "found bool"),
        ({"labels": ["3", *BATCH.labels[1:]]}, "found str"),
        ({"labels": tuple(BATCH.labels)}, "found tuple"),
        ({"labels": [10**300]}, "found int"),
        ({"filenames": SHORT}, "found 25 rows, 25 labels, 24 filenames"),
        ({"filenames": "text"}, "filenames: a list, found str"),
        ({"filenames": [None] * 25}, "filenames: text, found NoneType"),
        ({"data": BATCH.data[:, :3000]}, r"found \(25, 3000\)"),
        ({"data": BATCH.data.tobytes()}, "found bytes"),
        ({"data": BATCH.data.astype(np.float32)}, "an array of dtype 'f4'"),
        ({"data": None}, "found NoneType"),
        ({"batch_label": 3}, "batch_label: text, found int"),
    ),
)
def test_contents_that_are_no_batch_are_refused(change: dict[str, object], found: str) -> None:
    """Keys, shapes, types, the range of labels, equal lengths."""
    with pytest.raises(DataError, match=found):
        read_batch(pickle.dumps(plain(**change), protocol=4), WHERE)


def test_missing_keys_are_named() -> None:
    """What was expected, and what there is."""
    batch = plain()
    del batch["labels"]
    with pytest.raises(DataError, match=r"keys data, labels, .*found batch_label, data, filenames"):
        read_batch(pickle.dumps(batch, protocol=4), WHERE)
    with pytest.raises(DataError, match="the keys: text, found int"):
        read_batch(pickle.dumps({1: 2}, protocol=4), WHERE)
    with pytest.raises(DataError, match="label_names: a list of 10, found 9"):
        read_meta(write_meta(LABELS[:9], 3), WHERE)
    with pytest.raises(DataError, match="the keys label_names, found data"):
        read_meta(pickle.dumps({"data": 3}, protocol=4), WHERE)


@pytest.mark.parametrize("spoil", (lambda d, i: d[:i], lambda d, i: d[:i] + b"\xff" + d[i + 1 :]))
def test_damage_is_a_data_error_or_another_batch(spoil: Callable[[bytes, int], bytes]) -> None:
    """Nothing else is raised, wherever the damage is."""
    data = write_batch(cifar10_batch(2, np.random.default_rng(0), "x"))
    for i in (*range(200), *range(len(data) - 120, len(data))):
        try:
            assert read_batch(spoil(data, i), WHERE).data.shape == (2, 3072)
        except DataError as error:
            assert len(str(error).splitlines()) == 1
