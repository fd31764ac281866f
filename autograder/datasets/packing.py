"""The students' archive: what `students/` holds of some data sets, and nothing hidden.

Unpacked anywhere, it is a data directory: AUTOGRADER_DATA names the folder.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

from autograder.datasets.errors import DataError
from autograder.datasets.store import MANIFEST, Store, read_manifest, writing
from autograder.files import replacing

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files give the same archive


def pack(store: Store, names: Sequence[str], target: Path) -> int:
    """Write the students' part of the data sets `names` into the zip `target`; its size in bytes.

    Arrays that are decoded from files are left out, they are made again on first use. Raises
    DataError where a data set is not prepared or the archive cannot be written.
    """
    with (
        writing(target.parent),
        replacing(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
    ):
        for name in names:
            _add(archive, store, name)
    return target.stat().st_size


def _add(archive: zipfile.ZipFile, store: Store, name: str) -> None:
    folder = store.students(name)
    manifest = read_manifest(folder)
    if manifest is None:
        raise DataError(f"{folder}: not prepared; run `autograder data prepare` first")
    files = {file: found for file, found in manifest["files"].items() if not _is_decoded(file)}
    for file in files:
        _write(archive, f"{folder.relative_to(store.root)}/{file}", (folder / file).read_bytes())
    told = json.dumps({**manifest, "files": files}, indent=1).encode()
    _write(archive, f"{folder.relative_to(store.root)}/{MANIFEST}", told)


def _is_decoded(file: str) -> bool:
    return file.startswith("images-") and file.endswith(".npy")


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)
