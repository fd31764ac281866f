"""The same for `nbgrader zip_collect`; a section of course_config.py, or options:

    nbgrader zip_collect cnn --collector=autograder.exports.zip_collect.Canvas
        --extractor=autograder.exports.zip_collect.SafeExtractor

The archive lies in downloaded/<assignment>/archive/. One hand-in of several students goes to the
first of them; `autograder collect` gives it to each.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets import Integer, Unicode

from autograder.course import Course, shown
from autograder.errors import UserError
from autograder.exports.archives import READ_ERRORS, is_bad_name, open_archive
from autograder.exports.handins import sort_files
from autograder.exports.layouts import CANVAS, GRADESCOPE, MOODLE, find_place
from autograder.exports.metadata import find_metadata, read_metadata
from autograder.exports.roster import read_roster
from autograder.files import write_below


class SafeExtractor(ExtractorPlugin):  # type: ignore[misc]
    """In place of nbgrader's: looks at an archive before it unpacks it."""

    limit_mb = Integer(200, min=1, help="What an archive within one may come to.").tag(config=True)

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Unpack the .zip files below `archive_path`, each into a folder; copy other files."""
        for path in sorted(Path(archive_path).rglob("*")):
            target = Path(extracted_path) / path.relative_to(archive_path)
            if not path.is_file():
                continue
            if path.suffix.lower() == ".zip":
                try:
                    self._unpack(path, target.with_suffix(""))
                except UserError as error:
                    self.parent.fail(str(error))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)

    def _unpack(self, path: Path, folder: Path) -> None:
        with open_archive(path, self.limit_mb) as archive:
            for name, why in archive.remarks.items():
                self.log.warning("%s %s", shown(name), why)
            for name in archive.sizes:
                try:
                    write_below(folder, {name: archive.read(name)})
                except READ_ERRORS as error:
                    self.log.warning("%s cannot be unpacked (%s); left out", shown(name), error)
                except OSError as error:
                    if not is_bad_name(error):
                        raise
                    self.log.warning("%s cannot be written (%s)", shown(name), error.strerror)


class _Collector(FileNameCollectorPlugin):  # type: ignore[misc]
    """What the collectors share: all files are looked at together, so that the newest counts."""

    layout = ""
    roster = Unicode("", help="A CSV list that says who is who.").tag(config=True)
    _chosen: dict[str, dict[str, str]] | None = None

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Whose the file is and what notebook; None for one that does not count."""
        if self._chosen is None:
            try:
                self._chosen = self._sort()
            except UserError as error:
                self.parent.fail(str(error))
        is_wanted = Path(submitted_file).suffix in self.valid_ext
        return (self._chosen or {}).get(str(Path(submitted_file))) if is_wanted else None

    def _sort(self) -> dict[str, dict[str, str]]:
        app: Any = self.parent
        course = Course(Path(app.coursedir.root))
        folder = Path(app._format_collect_path(app.extracted_directory))
        files = {self._name(path, folder): path for path in sorted(folder.rglob("*"))}
        notebooks = [path.stem for path in course.notebooks(app.coursedir.assignment_id)]
        roster = read_roster(course, Path(self.roster) if self.roster else None)
        metadata = {}
        if self.layout == "gradescope":
            path = files[find_metadata(files, str(folder))]
            metadata = read_metadata(path.read_bytes(), str(path))
        found = sort_files(self.layout, files, notebooks, roster, metadata)
        for remark in found.remarks:
            self.log.warning("%s", remark)
        chosen: dict[str, dict[str, str]] = {}
        for hand_in in found.hand_ins.values():
            for remark in hand_in.remarks:
                self.log.warning("%s: %s", hand_in.student, remark)
            time = {"timestamp": hand_in.time} if hand_in.time else {}
            for target, source in hand_in.files.items():
                info = {"student_id": hand_in.student, "file_id": target, **time}
                chosen.setdefault(str(files[source]), info)
        return chosen

    def _name(self, path: Path, folder: Path) -> str:
        """The file's name in its archive; the archive's own name may look like a student's."""
        whole = PurePosixPath(path.relative_to(folder).as_posix())
        within = PurePosixPath(*whole.parts[1:])
        return str(within) if find_place(self.layout, str(within)) else str(whole)


class Canvas(_Collector):
    """Of Canvas' "Download Submissions"."""

    layout = "canvas"
    named_regexp = Unicode(CANVAS).tag(config=True)


class Moodle(_Collector):
    """Of Moodle's "Download all submissions"."""

    layout = "moodle"
    named_regexp = Unicode(MOODLE).tag(config=True)


class Gradescope(_Collector):
    """Of Gradescope's "Export Submissions"."""

    layout = "gradescope"
    named_regexp = Unicode(GRADESCOPE).tag(config=True)
