"""The marking page in a browser: marked by keys, a group, undone, two markers at once."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from marking.desks import TEXTS, in_book, in_formgrader, make_course, open_desk
from marking.serving import serving

from autograder.course import Course
from autograder.marking.sessions import Desk
from browser.chromium import CHROMIUM, Chromium, Tab, chromium

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

ACT = "document.documentElement.dataset.acted=1"
ACTING = f"""window <script>{ACT}</script> <img src=x onerror={ACT}> <svg onload={ACT}>
<details open ontoggle={ACT}>x</details> <iframe srcdoc="<script>parent.{ACT}</script>"></iframe>
<h1 id="save" class="main">x</h1>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as running:
        yield running


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


@pytest.fixture
def tab(browser: Chromium, course: Course) -> Iterator[Tab]:
    with open_desk(course) as desk:
        yield from opened(browser, desk)


def opened(browser: Chromium, desk: Desk) -> Iterator[Tab]:
    """On the first question; at the end no script has failed."""
    with serving(desk) as listening:
        tab = browser.tab(listening.url(listening.access.token))
        tab.wait("document.querySelector('.overview')")
        tab.open(f"http://127.0.0.1:{listening.port}/questions/1")
        tab.wait(shows("k0"))
        yield tab
        assert tab.errors == []
        tab.open("about:blank")


def shows(key: str) -> str:
    return f"document.body.dataset.answer === '{key}' && !document.body.dataset.busy"


def status(text: str) -> str:
    return f"document.getElementById('status').innerText.includes({text!r})"


def test_one_is_marked_by_keys(tab: Tab, course: Course) -> None:
    """Ticks, a comment, Enter: points and comment are in the gradebook, the next is shown."""
    tab.press("1", "2", "2")
    assert tab.run("document.getElementById('points').value") == "1.5"
    checked = "[...document.querySelectorAll('.criterion')].map((e) => e.ariaChecked).join()"
    assert tab.run(checked) == "true,mixed,false"
    tab.press("c")
    tab.write("Name the window's size. n 1 g")
    tab.press("Escape", "Enter")
    tab.wait(shows("k1"))
    assert in_book(course, "ada") == (1.5, "Name the window's size. n 1 g", False)
    assert tab.text("#progress") == "1 marked · 3 waiting · 1 empty"
    tab.press("p")
    tab.wait(shows("k0"))
    assert "1.5 points by tutor" in tab.text("#answer-note")


def test_nothing_chosen_is_not_zero(tab: Tab, course: Course) -> None:
    """Enter alone saves nothing; 0 gives no points."""
    tab.press("Enter")
    tab.wait(status("press 0 for no points"))
    assert in_book(course, "ada") == (None, None, True)
    tab.press("0", "Enter")
    tab.wait(shows("k1"))
    assert in_book(course, "ada") == (0.0, None, False)


def test_points_may_be_typed(tab: Tab, course: Course) -> None:
    """Also with a comma; what is out of range is not saved."""
    tab.run("document.getElementById('points').focus()")
    tab.write("4")
    tab.press("Enter")
    tab.wait(status("expected 0 to 3"))
    tab.run("document.getElementById('points').select()")
    tab.write("0,75")
    tab.press("Enter")
    tab.wait(shows("k1"))
    assert in_book(course, "ada") == (0.75, None, False)


def test_a_group_is_marked_after_a_look_and_undone(tab: Tab, course: Course) -> None:
    """All members are shown first, those not opened marked as such; u takes all back."""
    tab.press("1", "g")
    tab.wait("document.querySelectorAll('#members li').length === 3")
    tab.wait("!document.getElementById('group-save').disabled")
    assert tab.text("#members").count("not opened yet") == 2
    assert TEXTS["eve"] in tab.text("#members")
    assert in_book(course, "ada") == (None, None, True)
    tab.run("document.getElementById('group-save').click()")
    tab.wait(shows("k3"))
    for student in ("ada", "bob", "eve"):
        assert in_book(course, student) == (1.0, None, False)
    tab.press("u")
    tab.wait(status("Undone: 3 answers"))
    for student in ("ada", "bob", "eve"):
        assert in_book(course, student) == (None, None, True)


def test_a_group_spares_who_is_marked_or_unticked(tab: Tab, course: Course) -> None:
    """A mark that a member has stays, unless it is ticked by hand."""
    tab.press("1", "3", "Enter")
    tab.wait(shows("k1"))
    tab.press("1", "g")
    tab.wait("!document.getElementById('group-save').disabled")
    ticked = "[...document.querySelectorAll('#members input')].map((e) => e.checked).join()"
    assert tab.run(ticked) == "false,true,true"
    tab.run("document.getElementById('member-k2').click()")
    assert tab.text("#group-save") == "Give this mark to 1 answer"
    tab.run("document.getElementById('group-save').click()")
    tab.wait(shows("k2"))
    points = [in_book(course, student)[0] for student in ("ada", "bob", "eve")]
    assert points == [2.0, 1.0, None]


def test_a_group_can_be_left_alone(tab: Tab, course: Course) -> None:
    """Escape closes the look at it, and nothing is saved."""
    tab.press("1", "g")
    tab.wait("!document.getElementById('group-save').disabled")
    tab.press("Escape")
    tab.wait(status("not marked"))
    assert in_book(course, "ada") == (None, None, True)


def test_comments_are_kept_and_used_again(tab: Tab, course: Course) -> None:
    """Kept by a button, added by r and a number."""
    tab.press("c")
    tab.write("Say why.")
    tab.run("document.getElementById('keep').click()")
    tab.wait("document.querySelectorAll('#phrases li').length === 1")
    tab.press("Escape", "n")
    tab.wait(shows("k1"))
    tab.press("r", "1", "0", "Enter")
    tab.wait(shows("k2"))
    assert in_book(course, "bob") == (0.0, "Say why.", False)
    tab.press("p", "p")
    tab.wait(shows("k1"))
    tab.press("p")
    tab.wait(shows("k0"))
    assert tab.run("document.getElementById('comment').value") == "Say why."  # not saved, not lost


def test_two_markers_do_not_overwrite_each_other(
    tab: Tab, browser: Chromium, course: Course
) -> None:
    """The later is told who gave what; they keep it, or take over."""
    with open_desk(course, "colleague") as desk:
        for other in opened(browser, desk):
            other.press("1", "Enter")
            other.wait(shows("k1"))
            tab.press("1", "2", "Enter")
            tab.wait("document.getElementById('conflict').open")
            assert "colleague has changed this" in tab.text("#conflict-title")
            assert "1 point" in tab.text("#conflicts")
            tab.press("Enter")
            tab.wait(status("Left as it was"))
            tab.wait(shows("k0"))
            assert in_book(course, "ada")[0] == 1.0
            assert "1 point by colleague" in tab.text("#answer-note")
            tab.press("n")
            tab.wait(shows("k1"))
            other.press("1", "Enter")
            other.wait(shows("k2"))
            tab.press("1", "2", "Enter")
            tab.wait("document.getElementById('conflict').open")
            tab.run("document.getElementById('conflict-take').click()")
            tab.wait(shows("k2"))
            assert in_book(course, "bob")[0] == 2.0


def test_formgrader_is_another_marker(tab: Tab, course: Course) -> None:
    in_formgrader(course, "ada", 3.0, "From formgrader.")
    tab.press("1", "Enter")
    tab.wait("document.getElementById('conflict').open")
    assert "formgrader has changed this" in tab.text("#conflict-title")
    assert "From formgrader." in tab.text("#conflicts")


def test_names_are_hidden_until_asked_for(tab: Tab) -> None:
    assert "ada" not in tab.run("document.documentElement.outerHTML")
    tab.run("document.getElementById('names').click()")
    tab.wait("document.getElementById('answer-title').innerText.endsWith('ada')")


def test_a_suggestion_is_seen_as_one(tab: Tab) -> None:
    """Its words are highlighted; no box is ticked, no points given."""
    paper = "document.getElementById('answer').shadowRoot"
    assert tab.run(f"{paper}.querySelector('mark').innerText") == "window"
    assert tab.text(".suggestion").startswith("Suggestion, no tick")
    assert tab.run("document.querySelectorAll('[aria-checked=true]').length") == 0
    assert tab.run("document.getElementById('points').value") == ""


def test_help_lists_the_keys(tab: Tab) -> None:
    tab.press("?")
    tab.wait("document.getElementById('help').open")
    assert "next unmarked answer" in tab.text("#help")


def test_what_a_student_wrote_does_not_act(browser: Chromium, tmp_path: Path) -> None:
    """Nor does it reach the page around it, nor load anything from elsewhere."""
    course = make_course(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        picture = f'<img src="http://127.0.0.1:{elsewhere.getsockname()[1]}/seen.png">'
        texts = TEXTS | {"ada": ACTING + picture}
        with open_desk(course, texts=texts) as desk:
            for tab in opened(browser, desk):
                paper = "document.getElementById('answer').shadowRoot"
                tab.wait(f"[...{paper}.querySelectorAll('img')].every((each) => each.complete)")
                tab.press("1", "g")
                tab.wait("!document.getElementById('group-save').disabled")
                assert "<script>" in tab.text("#members")  # as text
                assert tab.run("document.documentElement.dataset.acted") is None
                assert tab.run("document.getElementById('save').tagName") == "BUTTON"
        with pytest.raises(BlockingIOError):  # nobody has called
            elsewhere.accept()


def test_a_long_answer_unfolds(browser: Chromium, tmp_path: Path) -> None:
    course = make_course(tmp_path)
    with open_desk(course, texts=TEXTS | {"ada": "window " * 150_000 + "END"}) as desk:
        for tab in opened(browser, desk):
            paper = "document.getElementById('answer').shadowRoot.textContent"
            assert not tab.run(f"{paper}.includes('END')")
            tab.run("document.getElementById('whole').click()")
            tab.wait(f"{paper}.includes('END')")


def test_what_is_typed_outlives_a_colleagues_mark(tab: Tab, course: Course) -> None:
    """Whoever comes back to a comment that is not saved finds it, and is asked before it counts."""
    tab.press("1", "c")
    tab.write("A long thought.")
    tab.press("Escape", "n")
    tab.wait(shows("k1"))
    in_formgrader(course, "ada", 3.0, "From formgrader.")
    tab.press("p")
    tab.wait(shows("k0"))
    assert tab.run("document.getElementById('comment').value") == "A long thought."
    tab.press("Enter")
    tab.wait("document.getElementById('conflict').open")
    assert "From formgrader." in tab.text("#conflicts")
    tab.press("Escape")
    tab.wait(status("what you typed is still here"))
    assert tab.run("document.getElementById('comment').value") == "A long thought."
    assert in_book(course, "ada") == (3.0, "From formgrader.", False)


def test_a_server_that_is_gone_loses_nothing(browser: Chromium, course: Course) -> None:
    """The page says what to do; after a start at the same port, the same page saves."""
    with open_desk(course) as desk:
        with serving(desk) as listening:
            tab = browser.tab(listening.url(listening.access.token))
            tab.wait("document.querySelector('.overview')")
            tab.open(f"http://127.0.0.1:{listening.port}/questions/1")
            tab.wait(shows("k0"))
        tab.press("1", "c")
        tab.write("A long thought.")
        tab.press("Escape", "Enter")
        tab.wait(status(f"--port {listening.port}"))
        with serving(desk, listening.port) as again:
            tab.press("Enter")
            tab.wait(status("Open the address"))
            browser.tab(again.url(again.access.token)).wait("document.querySelector('.overview')")
            tab.press("Enter")
            tab.wait(shows("k1"))
    assert in_book(course, "ada") == (1.0, "A long thought.", False)
    assert tab.errors == []
    tab.open("about:blank")


def test_a_class_is_marked_by_keys_alone(tab: Tab, course: Course) -> None:
    """From the first answer to the last, a group included; the bar is full."""
    tab.press("1", "g")
    tab.wait("!document.getElementById('group-save').disabled")
    tab.press("Enter")  # the button has the focus
    tab.wait(shows("k3"))
    tab.press("2", "Enter")
    tab.wait(status("All answers to this question are marked"))
    assert tab.run("document.getElementById('bar').position") == 1
    points = [in_book(course, student)[0] for student in ("ada", "bob", "eve", "zoe")]
    assert points == [1.0, 1.0, 1.0, 1.0]


ODD = {
    "ada": "window " + "x" * 1_000_000,
    "bob": "\u202e window שלום עולם \u2066",
    "eve": "window \0\ud800\x1b[31m 🙂 " * 50,
    "zoe": "<div>" * 2000 + "</main></section><a href='https://elsewhere.example/'>x</a>",
    "kim": " \n\t",
}


def test_the_page_stays_usable_whatever_is_written(browser: Chromium, tmp_path: Path) -> None:
    """A word of a megabyte, reversed text, broken characters, nothing: on a telephone as well."""
    course = make_course(tmp_path)
    with open_desk(course, texts=ODD) as desk:
        for tab in opened(browser, desk):
            tab.show(400)
            for number in range(5):
                tab.wait(shows(f"k{number}"))
                assert tab.run("document.documentElement.scrollWidth") <= 400
                paper = tab.run("document.getElementById('answer').shadowRoot.textContent")
                assert ("(empty)" in paper) == (number == 4)
                if not tab.run("document.getElementById('whole').hidden"):
                    tab.click("#whole")
                    tab.wait("document.getElementById('whole').hidden")
                    tab.leave()
                    assert tab.run("document.documentElement.scrollWidth") <= 400
                assert not re.search(rf"\b(?:{'|'.join(ODD)})\b", tab.html())
                tab.press("n")
            assert all(url.startswith(("http://127.0.0.1:", "data:")) for url in tab.asked)
            tab.show(1400)
