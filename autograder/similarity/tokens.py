"""Code and prose as tokens that a copy shares with its original, with their places in the text.

Of code, what is changed without a thought is made equal: the student's own names, the text of
strings, comments, docstrings, white space, line breaks and trailing commas. What stands is what a
program does: keywords, operators, numbers, the attributes and arguments of libraries.

A scanner of its own, because hand-ins need not be Python: shell lines, magics and unclosed brackets
stop `tokenize`, and Pygments takes four times as long.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from typing import NamedTuple

MAX_CHARACTERS = 100_000  # of one cell that are looked at
_SCANNER = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
    | (?P<string>[rbfuRBFU]{0,2}(?:
        \"{3}.*?(?:\"{3}|\Z) | '{3}.*?(?:'{3}|\Z)
        | "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'?))
    | (?P<name>[^\W\d]\w*)
    | (?P<number>\d[\w.]*(?:(?<=[eE])[+-]\d+)? | \.\d\w*)
    | (?P<operator>\*\*=?|//=?|<<=?|>>=?|->|:=|\.\.\.|[-+*/%&|^@=!<>]=|[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = "•"  # any of the student's own
_KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins)) - {"_"}
_DEFINED = re.compile(r"\b(?:def|class)\s+(\w+)")
_WORD = re.compile(r"\w+")
_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")


class Token(NamedTuple):
    """What is compared, and where it stands: text[start:end]."""

    value: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Not a number, a sign or a string; "1e-3" is none, "•" is."""
        return self.value[0].isalpha() or self.value[0] in f"_{_NAME}"


def code_tokens(text: str) -> list[Token]:
    """The tokens of a code cell, whatever it holds."""
    text = text[:MAX_CHARACTERS]
    raw = [
        (str(found.lastgroup), Token(found.group(), found.start(), found.end()))
        for found in _SCANNER.finditer(text)
        if found.lastgroup != "comment" and not _is_docstring(found, text)
    ]
    defined = frozenset(_DEFINED.findall(text))
    plain = defined | _plain_names(raw)
    return [
        Token(_normal(kind, token.value, defined if _before(raw, at) == "." else plain), *token[1:])
        for at, (kind, token) in enumerate(raw)
        if not _is_trailing_comma(raw, at)
    ]


def word_tokens(text: str) -> list[Token]:
    """The words of a text cell, in one case and one form of each letter."""
    return [
        Token(unicodedata.normalize("NFKC", found.group()).casefold(), found.start(), found.end())
        for found in _WORD.finditer(text[:MAX_CHARACTERS])
    ]


def _normal(kind: str, value: str, own: frozenset[str]) -> str:
    if kind == "string":
        return '""'
    return _NAME if kind == "name" and value in own and value not in _KEPT else value


def _plain_names(raw: list[tuple[str, Token]]) -> frozenset[str]:
    """Names that stand by themselves: neither attributes nor arguments' names in a call.

    A class of a library is none, as its name is capital and the cell does not define it.
    """
    depth, found = 0, set()
    for at, (kind, token) in enumerate(raw):
        depth += (token.value in _OPEN) - (token.value in _CLOSED)
        is_argument = depth > 0 and at + 1 < len(raw) and raw[at + 1][1].value == "="
        if kind == "name" and _before(raw, at) != "." and not is_argument:
            found.add(token.value)
    return frozenset(name for name in found if not (name[0].isupper() and not name.isupper()))


def _before(raw: list[tuple[str, Token]], at: int) -> str:
    return raw[at - 1][1].value if at else ""


def _is_trailing_comma(raw: list[tuple[str, Token]], at: int) -> bool:
    return raw[at][1].value == "," and at + 1 < len(raw) and raw[at + 1][1].value in _CLOSED


def _is_docstring(found: re.Match[str], text: str) -> bool:
    """Whether it is a string with nothing else on its lines."""
    if found.lastgroup != "string":
        return False
    line = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    rest = text[found.end() : end if end >= 0 else len(text)]
    return not (text[line : found.start()].strip() or rest.strip())
