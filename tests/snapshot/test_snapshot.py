"""Whatever can be written is read back equal; whatever is forged is refused in one line."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.snapshot import KINDS, Budget, NotData, SnapshotError, load, read, save, write
from autograder.snapshot.npy import DTYPES

from .crossing import BUDGET, named, same

FINITE: dict[str, Any] = {"allow_nan": False, "allow_infinity": False}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(**FINITE)
    | st.complex_numbers(**FINITE)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
NUMPY_DTYPES = st.sampled_from(list(DTYPES.values()))
ARRAYS = arrays.arrays(
    NUMPY_DTYPES,
    arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    elements=FINITE,
)
NUMPY_SCALARS = NUMPY_DTYPES.flatmap(
    lambda dtype: arrays.from_dtype(dtype, **FINITE).map(dtype.type)
)
KEYS = SCALARS | st.tuples(SCALARS, SCALARS)
VALUES = st.recursive(
    SCALARS | ARRAYS | NUMPY_SCALARS | st.just(...) | st.sets(KEYS) | st.frozensets(KEYS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)

# Time says nothing here: the machine may be busy with other work.
STEADY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ROOMY = Budget(max_bytes=1_000_000, max_elements=100_000, max_depth=20, max_items=2_000)


@STEADY
@given(VALUES)
def test_what_is_written_is_read_back_equal(value: object) -> None:
    """Types, dtypes, shapes, order and the sign of zero included; twice the same bytes."""
    files = save(write(value, ROOMY))
    assert same(load(files, ROOMY), value)
    assert save(write(value, ROOMY)) == files


@STEADY
@given(VALUES)
def test_a_snapshot_is_json_and_numpy(value: object) -> None:
    """`read` takes the document and blobs as they are or as JSON gave them back."""
    snapshot = write(value, ROOMY)
    document = json.loads(json.dumps(snapshot.document))
    assert same(read(document, snapshot.blobs, ROOMY), value)


@STEADY
@given(VALUES, st.builds(Budget, *[st.integers(1_000, 3_000), *[st.integers(1, 20)] * 3]))
def test_whatever_is_written_within_a_budget_is_read_within_it(value: Any, budget: Budget) -> None:
    """The two sides count alike: no honest answer is taken for a forged one."""
    found = load(save(write(value, budget)), budget)
    assert type(found) is NotData or same(found, value)


SEED_VALUE = {
    "R": [1, 2.5, None, ..., True, 1j, "text"],
    (1, "b"): (np.arange(6).reshape(2, 3), np.float32(0.5), {1, 2}, frozenset("a")),
    "G": np.asfortranarray(np.ones((2, 2), bool)),
    "B": np.array([1 + 1j]),
}
SEED = save(write(SEED_VALUE, BUDGET))
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "cut", "insert", "repeat", "delete"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=6) | st.sampled_from([b"[", b"{", b"9" * 99, b'"', b"\\"]),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    for edit, place, new in edits:
        at = int(place * len(data))
        data = {
            "set": data[:at] + new + data[at + len(new) :],
            "cut": data[:at],
            "insert": data[:at] + new + data[at:],
            "repeat": data[:at] + data,
            "delete": data[:at] + data[at + len(new) :],
        }[edit]
    return data


def check_refused_or_read(files: dict[str, bytes], budget: Budget) -> None:
    """Loading returns or raises SnapshotError on purpose, on one line, within bounded memory."""
    tracemalloc.start()
    try:
        load(files, budget)
    except SnapshotError as error:
        assert "could not be read" not in str(error), "caught only by the last net"
        assert len(str(error)) < 450
        assert str(error).isprintable()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 4 * budget.max_bytes


@settings(STEADY, max_examples=400)
@given(st.sampled_from(sorted(SEED)), EDITS)
def test_edited_bytes_are_refused_or_read(name: str, edits: list[tuple[str, float, bytes]]) -> None:
    """Bytes changed, cut, inserted, repeated or removed in any file."""
    check_refused_or_read({**SEED, name: edited(SEED[name], edits)}, BUDGET)


@STEADY
@given(st.dictionaries(st.sampled_from([*SEED, named(3), "x"]), st.binary(max_size=200)))
def test_random_files_are_refused_or_read(files: dict[str, bytes]) -> None:
    """Files of random bytes, under the right names and others."""
    check_refused_or_read(files, BUDGET)


KIND_NAMES = st.sampled_from([*(kind.name for kind in KINDS), "not data", "pickle"])
FIELDS = ["value", "items", "keys", "values", "real", "imag", "dtype", "blob", "array", "reason"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats(**FINITE)
    | st.sampled_from([*SEED, named(3), *DTYPES, "\ud800", "x" * 400])
    | st.text(max_size=5)
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.builds(
            lambda name, fields: {"kind": name, **fields},
            KIND_NAMES,
            st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3),
        )
    ),
    max_leaves=20,
)


@settings(STEADY, max_examples=400)
@given(DOCUMENTS)
def test_forged_documents_are_refused_or_read(document: object) -> None:
    """Well-formed JSON with the right words in the wrong places."""
    files = {**SEED, "value.json": json.dumps(document).encode()}
    check_refused_or_read(files, BUDGET)


def test_a_forged_document_is_refused_by_read_as_well() -> None:
    """A document need not have come through JSON to be judged."""
    documents: list[Any] = [
        None,
        1,
        "x",
        [],
        {},
        {"kind": float("nan")},
        {1: 2},
        {"kind": "list", 1: 2},
    ]
    for document in documents:
        with pytest.raises(SnapshotError, match="snapshot, the value: "):
            read(document, {}, BUDGET)


def test_every_kind_is_named_once() -> None:
    """A document's kind leads to one reader."""
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)
    assert "not data" not in names
