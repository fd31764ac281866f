"""Python code as HTML: its keywords, strings, numbers and comments in spans.

Pygments, which nbconvert uses, takes a fifth of a feedback page's time to tell apart much more.
"""

from __future__ import annotations

import html
import keyword
import re
from functools import lru_cache

# Nothing here backtracks (*+), and an unfinished string ends with the code: time grows with length.
_TOKEN = re.compile(
    rf"""
    (?P<c1>\#[^\n]*+)
  | (?P<s>(?:\b[rbuf]{{1,2}})?(?:
        \"{{3}}(?:[^"\\]|\\.|"(?!""))*+(?:\"{{3}}|\\?\Z)
      | '{{3}}(?:[^'\\]|\\.|'(?!''))*+(?:'{{3}}|\\?\Z)
      | "(?:[^"\\\n]|\\.)*+"?
      | '(?:[^'\\\n]|\\.)*+'?))
  | (?P<mi>\b(?:0[xob][0-9a-f_]++|[0-9][0-9_]*+(?:\.[0-9_]*+)?(?:e[+-]?[0-9]++)?j?))
  | (?P<k>\b(?-i:{"|".join(keyword.kwlist)})\b)
  | \w++
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


@lru_cache(maxsize=1000)
def listing(source: str) -> str:
    """`source` escaped, with spans of Pygments' classes k, s, mi and c1."""
    pieces, end = [], 0
    for token in _TOKEN.finditer(source):
        if token.lastgroup:
            pieces.append(html.escape(source[end : token.start()]))
            pieces.append(f'<span class="{token.lastgroup}">{html.escape(token[0])}</span>')
            end = token.end()
    pieces.append(html.escape(source[end:]))
    return "".join(pieces)
