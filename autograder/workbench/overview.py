"""All cards of the open notebook in one table, for its last cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from autograder.workbench.cards import Card, number, session_cards

NO_SESSION = (
    "check_notebook() is for a cell of a notebook; in a terminal run: autograder check FILE"
)
NOTHING = "no question has been tested in this session yet: run all cells first"
HIDDEN = "; after hand-in hidden tests decide {points} of {questions}"

BOX = "max-width:46em;font:14px/1.45 system-ui,sans-serif;overflow-wrap:anywhere"
TABLE = "border-collapse:collapse;table-layout:fixed;width:100%;margin:0;font-size:inherit"
CELL = "text-align:left;vertical-align:top;white-space:normal;padding:4px 12px 4px 0;border:0"
LINE = "border-top:1px solid rgba(128,128,128,.4)"


@dataclass(frozen=True)
class Overview:
    """What the visible tests have shown; text in a terminal, a table in a notebook."""

    cards: tuple[Card, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        for card in self.cards:
            yield from card.lines()
        yield self.summary

    @property
    def summary(self) -> str:
        return summary(self.cards, len(self.cards)) if self.cards else NOTHING

    def _repr_html_(self) -> str:
        if not self.cards:
            return f"<p>{escape(NOTHING)}</p>"
        head = "".join(
            f'<th scope="col" style="{CELL};width:{width}">{name}</th>'
            for name, width in (("Question", "20%"), ("Result", "25%"), ("What to do", "55%"))
        )
        body = "".join(_row(card) for card in self.cards)
        # The classes keep MathJax off: a student's text in dollar signs is not to be typeset.
        return (
            f'<div class="tex2jax_ignore mathjax_ignore" style="{BOX}"><table style="{TABLE}">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<p>{escape(self.summary)}</p></div>"
        )


def check_notebook() -> Overview:
    """The cards that this session's test cells have shown, the last of each question.

    It runs nothing: run all cells first. Raises UserError outside of a notebook.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        from autograder.errors import UserError

        raise UserError(NO_SESSION)
    return Overview(tuple(Card.read(data) for _, data in sorted(session_cards(shell).items())))


def summary(cards: tuple[Card, ...], questions: int, passing: int | None = None) -> str:
    """How many questions are complete as far as can be seen, and what hidden tests decide.

    questions: how many there are; passing: how many of them pass, if other than cards tell.
    """
    complete = sum(card.passes for card in cards) if passing is None else passing
    told = f"{complete} of {number(questions, 'question')} complete, by the visible tests"
    waiting = [card for card in cards if card.hidden]
    points = number(sum(card.hidden for card in waiting), "point")
    hidden = HIDDEN.format(points=points, questions=number(len(waiting), "question"))
    return told + (hidden if waiting else "")


def _row(card: Card) -> str:
    advice = "" if card.passes else card.message
    # The sign is told by the words beside it, for those who do not see it.
    result = f'<span aria-hidden="true">{card.sign}</span> {escape(card.verdict)}'
    cells = "".join(f'<td style="{CELL};{LINE}">{text}</td>' for text in (result, escape(advice)))
    return (
        f'<tr style="background:none"><th scope="row" style="{CELL};{LINE}">'
        f"{escape(card.title)}</th>{cells}</tr>"
    )
