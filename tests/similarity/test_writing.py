"""The page, for a small course."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from support import ASSIGNMENT, copy_released, hand_in

import autograder
from autograder.course import Course, CourseError
from autograder.similarity import write_similarity
from autograder.similarity.pairs import Pair
from autograder.similarity.views import Person, _letters
from autograder.similarity.writing import groups

CODE = """def window_sums(numbers, width):
    sums = []
    for begin in range(len(numbers) - width + 1):
        part = numbers[begin : begin + width]
        sums.append(sum(part) / max(width, 1) ** 2 - min(part) % 3)
    return [int(number) for number in sorted(sums, reverse=True) if number > 0.25]
a = window_sums([6, 7, 9], 2) or [6, 7]"""
RENAMED = CODE.replace("sums", "out").replace("numbers", "xs").replace("begin", "i")
OTHER = """from itertools import accumulate
a = list(accumulate([6, 1], lambda left, right: left + right))
assert len(a) == 2 and all(isinstance(each, int) for each in a), "two whole numbers are asked for"
print({each: chr(64 + each) for each in a if not each & 1})"""
WHY = """The window is as wide as five pixels, hence whatever is narrower than that vanishes in
the average, while a broad stripe survives, only a little softer at both of its edges."""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """b has copied a's code, c somebody's explanation; d went an own way, e did nothing."""
    root = copy_released(tmp_path)
    hand_in(root, "a", {"a": CODE, "why": WHY})
    hand_in(root, "b", {"a": RENAMED, "why": "It is wide."})
    hand_in(root, "c", {"why": f"I think: {WHY.replace('hence', 'so')}"})
    hand_in(root, "d", {"a": OTHER, "why": "Since wide windows blur."})
    hand_in(root, "e", {})
    return Course(root)


def page(course: Course, **options: int) -> str:
    return write_similarity(course, ASSIGNMENT, **options).read_text()


def pairs_in(text: str) -> list[str]:
    """The headings of pairs as they read with names shown."""
    text = re.sub(r'<span class="letters">.*?</span>', "", text)
    headings = re.findall(r'<h2 id="pair-\d+">(.*?)</h2>', text)
    return [re.sub("<.*?>", "", heading) for heading in headings]


def test_pairs_are_told(course: Course) -> None:
    """Those who copied, and nobody else; with both sides."""
    text = page(course)
    assert sorted(each.partition(": ")[2] for each in pairs_in(text)) == ["a and b", "a and c"]
    assert "<b>1</b>def window_sums" in text and "<b>1</b>def window_out" in text
    assert "never part of a score" in text


def test_order_and_other_cells_do_not_hide(course: Course) -> None:
    """Code that was moved to a cell of one's own, in another notebook, is found."""
    path = hand_in(course.root, "f", {}) / "two.ipynb"
    made = nbformat.read(path, as_version=4)
    made.cells.insert(0, nbformat.v4.new_code_cell(RENAMED))
    nbformat.write(made, path)
    assert "a and f" in " ".join(pairs_in(page(course)))


def test_the_release_is_discounted(course: Course) -> None:
    """Two who leave everything as it was, or paste the tests, have nothing in common."""
    release = course.path("release", ".", ASSIGNMENT) / "one.ipynb"
    cells = nbformat.read(release, as_version=4).cells
    given = "\n".join(cell.source for cell in cells if cell.cell_type == "code") * 3
    for student in ("f", "g", "h"):
        hand_in(course.root, student, {"b": given})
    assert len(pairs_in(page(course))) == 2


def test_a_limit_on_pairs(course: Course) -> None:
    """The strongest are shown, the others counted."""
    text = page(course, most=1)
    assert len(pairs_in(text)) == 1 and "2 pairs are more alike" in text


def test_it_is_made_the_same_twice(course: Course) -> None:
    """Nothing hangs on the time or on a salted hash."""
    assert page(course) == page(course)


def test_equal_weights_are_told(course: Course) -> None:
    """Of runs; d and e share no code."""
    document = {
        "kind": "model",
        "config": "",
        "steps": 9,
        "weights": [["conv<1>", "0" * 64 + ".safetensors", []]],
    }
    for student in "de":
        folder = course.runs(ASSIGNMENT) / student / "one" / "answers" / "test_a" / "model"
        folder.mkdir(parents=True)
        (folder / "value.json").write_text(json.dumps(document))
        (folder / f"{'0' * 64}.safetensors").write_bytes(b"w" * 4_000)
    text = page(course)
    assert "d and e" in " ".join(pairs_in(text)) and "conv&lt;1&gt;" in text


HOSTILE = (
    "</pre><script>alert(1)</script><img src=x onerror=alert(1)> \"' {{ 7 * 7 }} \x00\x07\u202e 🦊 "
)


class Tags(HTMLParser):
    """The tags of a page, and its attributes' names."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")


def test_what_students_wrote_cannot_act(course: Course) -> None:
    """Scripts, quotes and templates in code and text are text; nothing is loaded."""
    for student in ("x=cmd,1", "y@z"):
        hand_in(course.root, student, {"a": f"# {HOSTILE}\n{OTHER}", "why": HOSTILE + OTHER})
    text = page(course)
    parser = Tags()
    parser.feed(text)
    assert "x=cmd,1 and y@z" in " ".join(pairs_in(text))
    assert not parser.tags & {"script", "iframe", "object", "link", "form", "img"}
    assert not [name for name in parser.attributes if name.startswith("on") or name == "src"]
    assert all(href.startswith("#pair-") for href in parser.attributes["href"])
    assert "\x00" not in text and "\u202e" not in text and "{{ 7 * 7 }}" in text
    assert "default-src 'none'" in text


def test_long_texts_are_cut(course: Course) -> None:
    """900,000 characters in an answer are looked at up to a bound, and shown up to one."""
    for student in ("f", "g"):
        hand_in(course.root, student, {"why": f"{OTHER} {'word ' * 180_000}"})
    text = page(course)
    assert "f and g" in " ".join(pairs_in(text)) and "more characters are not shown" in text
    assert len(text) < 200_000


def test_what_cannot_be_read_is_told(course: Course) -> None:
    """A broken notebook is named; the others are compared."""
    path = course.path("submitted", "e", ASSIGNMENT) / "one.ipynb"
    path.write_text("{broken")
    text = page(course)
    assert "e, one.ipynb: expected a notebook" in text and len(pairs_in(text)) == 2


def test_one_hand_in_cannot_be_compared(tmp_path: Path) -> None:
    """One line: where, expected, found, what to do; and no page."""
    course = Course(copy_released(tmp_path))
    hand_in(course.root, "a")
    with pytest.raises(CourseError, match="expected two hand-ins or more to compare, found 1"):
        write_similarity(course, ASSIGNMENT)
    assert not (course.root / "report").exists()


def test_letters() -> None:
    """As the columns of a spreadsheet."""
    assert [_letters(n) for n in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]


def test_groups() -> None:
    """Three whom pairs join are a group, two are a pair."""
    pairs = [
        Pair(first, second, (), ())
        for first, second in ((0, 1), (2, 3), (1, 4), (5, 6), (6, 7), (7, 5))
    ]
    who = {number: Person("", name) for number, name in enumerate("abcdefgh")}
    found = [[person.name for person in group] for group in groups(pairs, who)]
    assert found == [["a", "b", "e"], ["f", "g", "h"]]


class Words(HTMLParser):
    """What stands on a page, without what is hidden until names are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = ("class", "who") in attrs
        self.seen += [value or "" for name, value in attrs if name in ("alt", "aria-label", "id")]

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.seen.append(data)


def test_names_are_hidden_until_asked_for(tmp_path: Path) -> None:
    """One looks at code and text first; letters stand for people, in the order of the pairs."""
    course = Course(copy_released(tmp_path))
    for student, code in (("zoe", CODE), ("yannick", RENAMED), ("xaver", CODE), ("bob", OTHER)):
        hand_in(course.root, student, {"a": code, "why": "Since."})
    text = page(course)
    words = Words()
    words.feed(text)
    seen = " ".join(words.seen)
    assert not [name for name in ("zoe", "yannick", "xaver", "bob") if name in seen]
    assert "Pair 1:  student A  and  student B" in seen and "student C" in seen
    assert "#names:checked ~ main .who { display: inline; }" in text and 'id="names"' in text


def test_right_numbers_are_no_likeness(course: Course) -> None:
    """An answer that is computed has one form, however long; two who wrote it share nothing."""
    table = [[18, 27, 27, 18], [30, 45, 45, 30], [36, 54, 54, 36], [26, 39, 39, 26]]
    for student in ("f", "g"):
        hand_in(course.root, student, {"a": f"a = {table * 2}", "why": f"It is {table * 2}."})
    assert len(pairs_in(page(course))) == 2


def test_it_is_no_part_of_a_score(course: Course) -> None:
    """Only its page is written; nothing but the command asks for this room."""
    page(course)

    def files() -> dict[Path, bytes]:
        found = (path for path in course.root.rglob("*") if path.is_file())
        return {path: path.read_bytes() for path in found}

    written = course.root / "report" / ASSIGNMENT / "similarity.html"
    written.unlink()
    before = files()
    page(course)
    assert files() == {**before, written: written.read_bytes()}
    package = Path(autograder.__file__).parent
    asking = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if "autograder.similarity" in path.read_text()
    }
    assert asking == {"cli", "similarity"}
