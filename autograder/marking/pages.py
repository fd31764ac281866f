"""What the page shows, as HTML and as data for its script; students' text only after cleaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import jinja2

from autograder.marking.contract import Answer, Suggestion
from autograder.marking.marks import Entry, Progress
from autograder.marking.sessions import Desk, Opened, plain
from autograder.report.texts import markdown2html

HERE = Path(__file__).parent
SHOWN = 12_000  # characters of an answer that are shown at first; essays have a tenth of that
_EXCERPT = 160  # and in the list of groups
_NO_PICTURE = {"image/png": ""}

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def overview(desk: Desk, xsrf: str) -> str:
    """The questions with what is marked, waiting and empty."""
    counts = desk.store.progress(desk.questions)
    rows = [
        {"number": number, "question": question, "progress": progress}
        for number, (question, progress) in enumerate(zip(desk.questions, counts, strict=True), 1)
    ]
    whole = Progress(
        sum(each.marked for each in counts),
        sum(each.waiting for each in counts),
        sum(each.empty for each in counts),
    )
    return _render("overview.html", desk, xsrf, rows=rows, whole=whole)


def trouble(desk: Desk, xsrf: str, said: str) -> str:
    """What keeps the overview from being shown, in one line."""
    return _render("trouble.html", desk, xsrf, said=said)


def question_page(desk: Desk, number: int, xsrf: str) -> str:
    """One question: prompt, mark scheme and all that its script fills in."""
    question = desk.question(number)
    criteria = [
        {"html": markdown(criterion.text), "steps": criterion.steps, "points": criterion.points}
        for criterion in question.rubric.criteria
    ]
    data = {
        "number": number,
        "max_points": question.max_points,
        "steps": [criterion.steps for criterion in question.rubric.criteria],
        "shown": SHOWN,
    }
    return _render(
        "question.html",
        desk,
        xsrf,
        question=question,
        number=number + 1,
        prompt=markdown(question.prompt),
        notes=markdown(question.rubric.notes),
        criteria=criteria,
        data=data,
        last=len(desk.questions),
    )


def index(desk: Desk, number: int, opened: Opened) -> dict[str, Any]:
    """All answers by their keys, as they stand; the rest is asked for when it is looked at."""
    kept = [vars(phrase) for phrase in desk.store.phrases(desk.question(number))]
    return {
        "groups": opened.groups,
        "empties": opened.empties,
        "phrases": kept,
        **states(desk, number, opened),
    }


def states(desk: Desk, number: int, opened: Opened) -> dict[str, Any]:
    entries = desk.entries(number)
    keys = [line.key for line in opened.spool.lines]
    found = {key: _state(entries.get(key), opened.line(key).digest) for key in keys}
    return {
        "states": {
            key: (state, entries[key].mark.points if key in entries else None)
            for key, state in found.items()
        },
        "progress": _progress(found, opened),
        "undo": desk.store.last_batch(desk.question(number)),
    }


def excerpts(opened: Opened, begin: int, most: int = 50) -> list[str]:
    """The beginning of the most typical answer of each group from number `begin` on."""
    first = [opened.line(keys[0]) for keys in opened.groups[begin : begin + most]]
    return [plain(" ".join(line.beginning.split())[:_EXCERPT]) for line in first]


def answer(desk: Desk, number: int, opened: Opened, key: str, names: bool) -> dict[str, Any]:
    """One answer, cleaned, with how it stands; names: whether to say whose it is."""
    found, line = opened.answer(key), opened.line(key)
    entry = desk.entries(number, [key]).get(key)
    opened.seen.add(key)
    return {
        "key": key,
        "html": answer_html(found, SHOWN),
        "length": line.length,
        "is_folded": line.length > SHOWN,
        "is_empty": line.is_empty,
        "entry": entry_data(entry, line.digest) if entry else None,
        "suggestions": _suggested(desk.suggestions(number, found, SHOWN), found.text),
        "student": found.student if names else None,
    }


def members(
    desk: Desk, number: int, opened: Opened, group: int, begin: int, names: bool, most: int = 100
) -> list[dict[str, Any]]:
    """A group's answers from number `begin` on, as plain text, to be looked through."""
    keys = opened.groups[group] if 0 <= group < len(opened.groups) else ()
    shown = keys[begin : begin + most]
    entries = desk.entries(number, shown)
    found = []
    for key in shown:
        line, entry = opened.line(key), entries.get(key)
        found.append(
            {
                "key": key,
                "text": plain(line.beginning),
                "is_cut": line.length > len(line.beginning),
                "is_same": line.digest == opened.line(keys[0]).digest,
                "is_opened": key in opened.seen,
                "entry": entry_data(entry, line.digest) if entry else None,
                "student": line.student if names else None,
            }
        )
    return found


def entry_data(entry: Entry, digest: str) -> dict[str, Any]:
    """How an answer stands, for the script; the student's name is not in it."""
    return {
        "state": _state(entry, digest),
        "points": entry.mark.points,
        "auto_points": entry.auto_points,
        "steps": entry.mark.steps,
        "comment": entry.mark.comment,
        "seen": entry.seen,
        "marker": entry.marker,
        "marked_at": f"{entry.marked_at.isoformat()}Z" if entry.marked_at else None,
    }


def entries_data(opened: Opened, entries: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    """By key."""
    lines = {entry: opened.by_student.get(entry.student) for entry in entries}
    return {line.key: entry_data(entry, line.digest) for entry, line in lines.items() if line}


def answer_html(found: Answer, longest: int) -> str:
    """The first `longest` characters of an answer, rendered and cleaned."""
    text = plain(found.text[:longest])
    if found.is_code:
        return f"<pre><code>{escape(text)}</code></pre>"
    return markdown(text, found.attachments)


def markdown(text: str, attachments: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """Markdown as harmless HTML, math as its source; as plain text where it cannot be rendered."""
    cell = {"attachments": _Attachments(attachments or {})}
    try:
        return markdown2html({"cell": cell}, text)  # type: ignore[arg-type]
    except Exception:  # nested a thousand deep, say: a student may write anything
        return f"<pre>{escape(text)}</pre>"


class _Attachments(dict[str, Mapping[str, str]]):
    """The renderer raises for a picture that is not there; here it is an empty one."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Mapping[str, str]:
        return _NO_PICTURE


def _state(entry: Entry | None, digest: str) -> str:
    """One of: absent · settled (by the autograder alone) · waits · again · changed · marked."""
    if entry is None:
        return "absent"
    if entry.waits:
        return "waits" if entry.mark.points is None else "again"
    if entry.mark.points is None:
        return "settled"
    return "changed" if entry.digest not in ("", digest) else "marked"


def _progress(found: Mapping[str, str], opened: Opened) -> dict[str, int]:
    counted = Counter(found.values())
    marked = counted["marked"] + counted["changed"]
    waiting = counted["waits"] + counted["again"]
    return {"marked": marked, "waiting": waiting, "empty": len(found) - marked - waiting}


def _suggested(suggestions: Iterable[Suggestion], text: str) -> list[dict[str, Any]]:
    """The words rather than their places, since what is shown is not the text but its rendering."""
    return [
        {
            "criterion": each.criterion,
            "strength": each.strength,
            "words": sorted({plain(text[begin:end]) for begin, end in each.spans}),
        }
        for each in suggestions
    ]


def _render(template: str, desk: Desk, xsrf: str, **values: Any) -> str:
    common = {"assignment": desk.assignment, "marker": desk.store.marker, "xsrf": xsrf}
    return _templates.get_template(template).render(**common, **values)
