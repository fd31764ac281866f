"""The marking page as its requests: who is let in, what they see, what they change."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import ASSIGNMENT, build

from autograder.course import Course
from autograder.errors import UserError
from autograder.marking.contract import Answer
from autograder.marking.pages import SHOWN, answer_html, markdown
from autograder.marking.server import Listening, desk, listen
from autograder.marking.sessions import Desk, MarkingError, Sources, fit
from autograder.marking.spool import Spool
from marking.desks import TEXTS, WHY, in_book, in_formgrader, make_course, open_desk, sources
from marking.serving import Answered, Browser, serving

HOSTILE = """<script>act()</script><img src=x onerror=act()> <a href="javascript:act()">x</a>
<iframe srcdoc="<script>act()</script>"></iframe> <form action=/x><button>x</button></form>
<style>*{display:none}</style> [y](javascript:act()) $<img src=x onerror=act()>$"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


@pytest.fixture
def listening(course: Course) -> Iterator[Listening]:
    with open_desk(course) as opened, serving(opened) as made:
        yield made


@pytest.fixture
def browser(listening: Listening) -> Browser:
    made = Browser(listening.port)
    made.enter(listening)
    return made


def seen(browser: Browser, *keys: str) -> dict[str, str]:
    return {key: browser.ask(f"/api/1/answers/{key}").data["entry"]["seen"] for key in keys}


def give(browser: Browser, keys: dict[str, str], points: object, **more: Any) -> Answered:
    steps, comment = more.get("steps", []), more.get("comment", "")
    return browser.post("/api/1/marks", seen=keys, points=points, steps=steps, comment=comment)


# Who is let in


def test_the_printed_address_lets_in(listening: Listening) -> None:
    """It sets a cookie that scripts cannot read and other sites do not send, and leaves the token
    out of the address."""
    browser = Browser(listening.port)
    entered = browser.ask(f"/?token={listening.access.token}")
    assert (entered.status, entered.headers["Location"]) == (302, "/")
    cookie = entered.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert listening.access.token not in cookie
    assert browser.ask("/").status == 200


PATHS = ("/", "/questions/1", "/api/1/index", "/api/1/answers/k0", "/static/question.js")


@pytest.mark.parametrize("path", [*PATHS, "/?token=guessed", "/?token="])
def test_nobody_else_is_let_in(listening: Listening, path: str) -> None:
    """Without the cookie nothing is answered, styles and scripts included."""
    answered = Browser(listening.port).ask(path)
    assert answered.status == 403
    assert "Traceback" not in answered.text


@pytest.mark.parametrize("path", PATHS)
def test_only_this_machines_names_are_answered(browser: Browser, path: str) -> None:
    """A page elsewhere whose name resolves to 127.0.0.1 gets nothing, with the cookie or not."""
    assert browser.ask(path).status == 200
    assert browser.ask(path, Host="localhost:9999").status == 200  # forwarded by ssh
    assert browser.ask(path, Host=f"evil.example:{browser.port}").status == 403


def test_a_token_does_not_help_under_another_name(listening: Listening) -> None:
    """Else a rebound page could try them."""
    browser = Browser(listening.port)
    entered = browser.ask(f"/?token={listening.access.token}", Host="evil.example")
    assert (entered.status, entered.headers["Set-Cookie"]) == (403, None)


def test_a_ticket_is_good_once(listening: Listening) -> None:
    """Others on this machine can see what a browser was started with."""
    ticket = listening.access.ticket()
    assert Browser(listening.port).ask(f"/?token={ticket}").status == 302
    assert Browser(listening.port).ask(f"/?token={ticket}").status == 403


def test_it_listens_on_this_machine_alone(listening: Listening) -> None:
    """127.0.0.1, whatever the machine's other addresses are."""
    assert listening.url("x").startswith("http://127.0.0.1:")
    sockets = [each.getsockname()[0] for each in listening.server._sockets.values()]
    assert sockets == ["127.0.0.1"]


def test_a_change_needs_the_pages_own_token(course: Course, browser: Browser) -> None:
    """A form on another page cannot mark, even where the browser would send the cookie."""
    keys = seen(browser, "k0")
    body = json.dumps({"seen": keys, "points": 3, "steps": [], "comment": ""})
    for headers in (
        {"Content_Type": "application/json"},
        {"Content_Type": "application/json", "X_XSRFToken": "guessed"},
    ):
        assert browser.ask("/api/1/marks", body, **headers).status == 403
    text = {"Content_Type": "text/plain", "X_XSRFToken": browser.xsrf}
    assert browser.ask("/api/1/marks", body, **text).status == 415
    assert browser.ask("/api/1/marks").status == 404  # nothing is changed by GET
    assert in_book(course, "ada") == (None, None, True)


@pytest.mark.parametrize("path", PATHS)
def test_pages_load_nothing_from_elsewhere(browser: Browser, path: str) -> None:
    """By a policy for the browser, and because no address is in them."""
    answered = browser.ask(path)
    policy = answered.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answered.headers["Referrer-Policy"] == "no-referrer"
    assert answered.headers["Cache-Control"] == "no-store"
    assert not re.search(r"""(?:src|href|url)\W{1,3}(?:https?:)?//""", answered.text)
    assert " style=" not in answered.text
    assert " on" + "click=" not in answered.text


def test_a_port_in_use_is_told_in_one_line(listening: Listening, course: Course) -> None:
    with open_desk(course) as opened, pytest.raises(UserError, match=r"--port \d+: expected"):
        listen(opened, listening.port)


def test_an_assignment_without_such_questions_is_told(course: Course) -> None:
    nothing = replace(sources(), questions=lambda course, assignment: ())
    with (
        pytest.raises(UserError, match="expected a question that a person marks"),
        desk(course, ASSIGNMENT, "tutor", nothing),
    ):
        pass


def test_a_course_without_a_gradebook_is_told(tmp_path: Path) -> None:
    course = Course(build(tmp_path))
    with pytest.raises(UserError, match="autograder release"), open_desk(course):
        pass


# What they see


def test_the_overview_counts(listening: Listening) -> None:
    """Each question with what is marked, waiting and empty."""
    page = Browser(listening.port).enter(listening).text
    assert "Question 1 · Why" in page
    assert "<b>0</b> marked · <b>4</b> waiting · <b>1</b> empty" in page


def test_a_question_shows_prompt_and_scheme(browser: Browser) -> None:
    """Rendered, with a box to tick for each criterion."""
    page = browser.ask("/questions/1").text
    assert "Why is it so? <math" in page
    assert page.count('role="checkbox"') == len(WHY.rubric.criteria)
    assert "The <strong>window</strong> is wide." in page
    assert browser.ask("/questions/2").status == 404
    assert browser.ask("/questions/0").status == 404


def test_groups_come_largest_first_and_empties_last(browser: Browser) -> None:
    index = browser.ask("/api/1/index").data
    assert index["groups"] == [["k0", "k1", "k2"], ["k3"], ["k4"]]
    assert index["empties"] == 2
    assert index["states"]["k0"] == ["waits", None]
    assert index["states"]["k4"] == ["settled", None]
    assert index["progress"] == {"marked": 0, "waiting": 4, "empty": 1}
    assert browser.ask("/api/1/excerpts?from=1").data == ["It slides over the image.", ""]


def test_names_are_shown_only_when_asked_for(browser: Browser) -> None:
    """No answer of the server holds an id before."""
    paths = ("/questions/1", "/api/1/index", "/api/1/answers/k0", "/api/1/members/0")
    for path in paths:
        assert not re.search(r"\b(?:ada|bob|eve|zoe)\b", browser.ask(path).text)
    assert browser.ask("/api/1/answers/k0?names=1").data["student"] == "ada"
    named = browser.ask("/api/1/members/0?names=1").data
    assert [member["student"] for member in named] == ["ada", "bob", "eve"]


def test_suggestions_are_words_and_no_points(browser: Browser) -> None:
    """What the answer says for a criterion; its mark stays empty."""
    found = browser.ask("/api/1/answers/k0").data
    assert found["suggestions"] == [{"criterion": 0, "strength": 0.5, "words": ["window"]}]
    assert (found["entry"]["points"], found["entry"]["steps"]) == (None, [])


def test_a_groups_members_say_who_was_opened(browser: Browser) -> None:
    """and how each stands."""
    browser.ask("/api/1/answers/k1")
    members = browser.ask("/api/1/members/0").data
    assert [(each["key"], each["is_opened"]) for each in members] == [
        ("k0", False),
        ("k1", True),
        ("k2", False),
    ]
    assert [each["is_same"] for each in members] == [True, False, False]
    assert members[0]["text"] == TEXTS["ada"]


def test_what_was_handed_in_since_is_read_when_asked(course: Course) -> None:
    """Answers are read once; the button reads them again, and a changed answer says so."""
    texts = dict(TEXTS)
    with open_desk(course, texts=texts) as opened, serving(opened) as made:
        browser = Browser(made.port)
        browser.enter(made)
        give(browser, seen(browser, "k0"), 1)
        texts["ada"] = "Something else about a window."
        assert browser.ask("/api/1/index").data["states"]["k0"] == ["marked", 1.0]
        browser.post("/api/1/again")
        assert browser.ask("/api/1/index").data["states"]["k0"] == ["changed", 1.0]


# What they change


def test_a_mark_is_saved(course: Course, browser: Browser) -> None:
    """Points, ticks and comment; the answer says how it stands now."""
    saved = give(browser, seen(browser, "k0"), 2.5, steps=[1, 0.5, 1], comment=" Good. \r\nMore ")
    assert saved.status == 200, saved.text
    assert in_book(course, "ada") == (2.5, "Good. \nMore", False)
    entry = saved.data["entries"]["k0"]
    assert (entry["state"], entry["points"], entry["marker"]) == ("marked", 2.5, "tutor")
    assert browser.ask("/api/1/answers/k0").data["entry"] == entry
    states = browser.ask("/api/1/states").data
    assert (states["progress"]["marked"], states["undo"]) == (1, saved.data["batch"])


def test_a_group_is_marked_and_undone(course: Course, browser: Browser) -> None:
    saved = give(browser, seen(browser, "k0", "k1", "k2"), 1, comment="Alike.")
    assert set(saved.data["entries"]) == {"k0", "k1", "k2"}
    assert in_book(course, "eve") == (1.0, "Alike.", False)
    undone = browser.post("/api/1/undo", batch=saved.data["batch"]).data
    assert set(undone["entries"]) == {"k0", "k1", "k2"}
    assert in_book(course, "eve") == (None, None, True)


def test_the_later_marker_is_told(course: Course, listening: Listening, browser: Browser) -> None:
    """409 with who and what; nothing is overwritten until they say so."""
    keys = seen(browser, "k0")
    with open_desk(course, "colleague") as opened, serving(opened) as theirs:
        colleague = Browser(theirs.port)
        colleague.enter(theirs)
        give(colleague, keys, 1, comment="Mine.")
    refused = give(browser, keys, 3)
    assert refused.status == 409
    entry = refused.data["conflicts"]["k0"]
    assert (entry["marker"], entry["points"], entry["comment"]) == ("colleague", 1.0, "Mine.")
    assert in_book(course, "ada") == (1.0, "Mine.", False)
    assert give(browser, {"k0": entry["seen"]}, 3).status == 200
    assert in_book(course, "ada") == (3.0, None, False)


def test_formgrader_is_told_too(course: Course, browser: Browser) -> None:
    keys = seen(browser, "k0")
    in_formgrader(course, "ada", 2.0, "")
    assert give(browser, keys, 3).data["conflicts"]["k0"]["marker"] == "formgrader"


@pytest.mark.parametrize(
    "points", [-0.5, 3.5, "many", [1], {}, float("nan"), float("inf"), 10**400]
)
def test_impossible_points_are_refused(course: Course, browser: Browser, points: object) -> None:
    """In one line, and nothing is written."""
    refused = give(browser, seen(browser, "k0"), points)
    assert refused.status == 400
    assert "expected" in refused.data["message"]
    assert in_book(course, "ada") == (None, None, True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "load the page again"),
        ({"seen": {}, "points": 1, "steps": [], "comment": ""}, "at least one answer"),
        ({"seen": [], "points": 1, "steps": [], "comment": ""}, "load the page again"),
        ({"seen": {"no": ""}, "points": 1, "steps": [], "comment": ""}, "no longer there"),
        ({"seen": {"k0": ""}, "points": 1, "steps": [1], "comment": ""}, "scheme has changed"),
        ({"seen": {"k0": ""}, "points": 1, "steps": [9, 0, 0], "comment": ""}, "has changed"),
        ({"seen": {"k0": ""}, "points": 1, "steps": [], "comment": "x" * 10_001}, "10001"),
    ],
)
def test_odd_requests_are_refused(browser: Browser, body: dict[str, Any], message: str) -> None:
    """In one line."""
    refused = browser.post("/api/1/marks", **body)
    assert refused.status == 400
    assert message in refused.data["message"]


def test_who_is_not_graded_yet_is_told(course: Course) -> None:
    """An answer that the gradebook does not have is shown, and cannot be marked."""
    texts = TEXTS | {"new": "Handed in a moment ago."}
    with open_desk(course, texts=texts) as opened, serving(opened) as made:
        browser = Browser(made.port)
        browser.enter(made)
        assert browser.ask("/api/1/answers/k5").data["entry"] is None
        assert browser.ask("/api/1/index").data["states"]["k5"] == ["absent", None]
        refused = give(browser, {"k5": ""}, 1)
        assert f"autograder grade {ASSIGNMENT}" in refused.data["message"]


def test_phrases_are_kept_and_dropped(browser: Browser) -> None:
    (kept,) = browser.post("/api/1/phrases", text=" Name the window. ").data
    assert kept["text"] == "Name the window."
    assert browser.ask("/api/1/index").data["phrases"] == [kept]
    assert browser.post("/api/1/drop", number=kept["number"]).data == []
    assert browser.post("/api/1/drop", number="x").status == 400
    assert browser.post("/api/1/phrases", text=" ").data == []


# What students write


def test_an_answer_cannot_act() -> None:
    """Tags and addresses that act are text."""
    html = answer_html(Answer("k", "s", HOSTILE), SHOWN).lower()
    for tag in ("<script", "<iframe", "<form", "<button", "<style"):
        assert tag not in html
    assert "javascript:" not in re.sub(r">[^<]*<", "><", html)
    assert not re.search(r"<[^>]*onerror", html)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\x07\x1b[31m",
        "\ud800",
        "‮ reversed",
        "שלום עולם",
        "🙂" * 500,
        ">" * 5000,
        "[" * 5000,
        "*" * 5000,
        "<div>" * 2000,
        "![x](attachment:gone.png)",
        "- " * 4000,
        "a" + "\u0301" * 5000,
    ],
)
def test_odd_answers_are_shown(text: str) -> None:
    """As something that can be sent, whatever they are."""
    html = answer_html(Answer("k", "s", text), SHOWN)
    html.encode()
    assert "\0" not in html
    assert "\x1b" not in html


def test_pictures_of_allowed_kinds_are_shown() -> None:
    """From the attachments, as data: addresses; a drawing that could act is not."""
    png = base64.b64encode(b"png").decode()
    acting = base64.b64encode(b"<svg onload='act()'/>").decode()
    given = {"a.png": {"image/png": png}, "b.svg": {"image/svg+xml": acting}, "c": {}}
    shown = Answer("k", "s", "![see](attachment:a.png) ![x](attachment:b.svg)", given)
    html = answer_html(shown, SHOWN)
    assert f'src="data:image/png;base64,{png}"' in html
    assert "svg" not in html
    assert answer_html(replace(shown, text="![y](attachment:c)"), SHOWN)


def test_code_is_shown_as_it_stands() -> None:
    html = answer_html(Answer("k", "s", "a = b < c  # **x**", is_code=True), SHOWN)
    assert html == "<pre><code>a = b &lt; c  # **x**</code></pre>"


def test_a_long_answer_is_folded(course: Course) -> None:
    """The page gets its beginning; the whole as plain text when it is asked for."""
    long = "<script>word</script> " * 50_000
    with open_desk(course, texts=TEXTS | {"ada": long}) as opened, serving(opened) as made:
        browser = Browser(made.port)
        browser.enter(made)
        found = browser.ask("/api/1/answers/k0")
        assert found.data["is_folded"]
        assert found.data["length"] == len(long)
        assert len(found.text) < 10 * SHOWN
        assert browser.ask("/api/1/whole/k0").data["text"] == long


def test_a_spool_reads_back_what_it_was_given() -> None:
    """Also half characters and attachments; slices as lists do."""
    given = [
        Answer("a", "ada", "x\ud800\0", {"p": {"image/png": "eA=="}}),
        Answer("b", "bob", "", is_empty=True),
        Answer("c", "eve", "y" * 3_000_000, is_code=True),
    ]
    spool = Spool(given)
    assert list(spool) == given
    assert spool[-1] == given[-1]
    assert spool[:2] == given[:2]
    with pytest.raises(IndexError):
        spool[3]


def test_a_comment_is_made_fit_for_databases() -> None:
    """PostgreSQL takes no NUL, nothing takes half a character."""
    assert fit(" a\0b\ud800\tc\r\nd שלום‏ 🙂 ") == "a�b?\tc\nd שלום‏ 🙂"
    with pytest.raises(MarkingError):
        fit("x" * 10_001)


def test_a_scheme_cannot_act_either() -> None:
    """It comes from an author, and still goes the same way."""
    assert "<script" not in markdown("<script>act()</script>")


def test_every_answer_is_in_a_group(course: Course) -> None:
    """Also where the grouping left one out: nobody is forgotten."""
    usual = sources()
    with desk(course, ASSIGNMENT, "t", _without_groups(usual)) as opened:
        assert opened.open(0).groups == (("k0",), ("k1",), ("k2",), ("k3",), ("k4",))
        _is_kept(opened)


def _without_groups(usual: Sources) -> Sources:
    return replace(usual, groups=lambda answers: ())


def _is_kept(opened: Desk) -> None:
    assert opened.open(0) is opened.open(0)


# Attacks and faults


@pytest.mark.parametrize("path", ["/static/..", "/static/%2e%2e", "/static/..%2fpages.py"])
def test_no_file_but_its_own_is_served(browser: Browser, path: str) -> None:
    """Whatever way up is tried."""
    assert browser.ask(path).status in (403, 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing(course: Course, browser: Browser, method: str) -> None:
    """Also with the page's own token, and with a header that names another method."""
    body = json.dumps({"seen": seen(browser, "k0"), "points": 3, "steps": [], "comment": ""})
    sent = {"Content_Type": "application/json", "X_XSRFToken": browser.xsrf}
    refused = browser.ask("/api/1/marks", body, method, X_HTTP_Method_Override="POST", **sent)
    assert refused.status == 405
    assert in_book(course, "ada") == (None, None, True)


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", "[" * 100_000, "\ufeff{}", '{"seen": {"\\ud800": ""}}']
)
def test_what_is_no_request_is_refused(browser: Browser, body: str) -> None:
    """However deep, broken or empty it is; never as a fault of the server."""
    sent = {"Content_Type": "application/json", "X_XSRFToken": browser.xsrf}
    assert browser.ask("/api/1/marks", body, "POST", **sent).status == 400


def test_an_unknown_batch_undoes_nothing(browser: Browser) -> None:
    """Nor one that no database takes."""
    for batch in ("unknown", "a\0b", "\ud800", None, []):
        undone = browser.post("/api/1/undo", batch=batch)
        assert (undone.status, undone.data) == (200, {"entries": {}, "kept": {}})


def test_a_large_request_is_refused(course: Course, listening: Listening) -> None:
    """Before it is read."""
    browser = Browser(listening.port)
    browser.enter(listening)
    sent = {"Content_Type": "application/json", "X_XSRFToken": browser.xsrf}
    with contextlib.suppress(OSError, http.client.HTTPException):  # the server hangs up
        assert browser.ask("/api/1/marks", "x" * (5 << 20), **sent).status >= 400
    assert browser.ask("/").status == 200


def test_a_lost_gradebook_is_one_line(
    course: Course, browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    """On the overview, at a look and at a save; the terminal gets no traceback."""
    with contextlib.closing(sqlite3.connect(course.root / "gradebook.db")) as book:
        book.execute("ALTER TABLE autograder_mark RENAME TO gone")
        book.execute("ALTER TABLE grade RENAME TO gone_too")
    for path in ("/", "/api/1/answers/k0", "/api/1/states"):
        answered = browser.ask(path)
        assert answered.status == 503
        assert "the gradebook cannot be used" in answered.text
    assert "nothing is saved" in give(browser, {"k0": ""}, 1).data["message"]
    assert "Traceback" not in "".join(capfd.readouterr())


def test_links_of_answers_are_not_looked_up(browser: Browser) -> None:
    """A browser would resolve their hosts before anybody presses them."""
    assert browser.ask("/questions/1").headers["X-DNS-Prefetch-Control"] == "off"


def test_an_odd_markers_name_is_made_fit(course: Course) -> None:
    """As a terminal may give it: half a character, a line break."""
    with open_desk(course, "t\udcff\0") as opened, serving(opened) as made:
        browser = Browser(made.port)
        browser.enter(made)
        assert give(browser, seen(browser, "k0"), 1).status == 200
