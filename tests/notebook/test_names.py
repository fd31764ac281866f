"""Names that cells read and bind. Each pair: what is a read, and what looks like one but is not."""

import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.notebook.names import analyse, binds, reads, star_imports


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("q1 = f(q1)", "f q1"),
        ("x = 1; y = x", ""),
        ("y = x; x = 1", "x"),
        ("x += 1", "x"),
        ("x = 0; x += y", "y"),
        ("x: int = y", "y"),
        ("x: T", "T"),
        ("x: int\nx", "x"),
        ("a[i] = b", "a b i"),
        ("a.b = c", "a c"),
        ("a, *b = c; a, b", "c"),
        ("del x", "x"),
        ("x = 1; del x; x", "x"),
        ("x = 1; del x", ""),
        ("(y := x) + y", "x"),
        ("print(len(range(3)), None, True, ..., __name__)", ""),
        ("display(get_ipython(), In, Out, _, __, _1, _i2, _oh)", ""),
        ("assert _hidden and _ih2", "_hidden _ih2"),
        ("f'{x:{width}} {y!r}'", "x y width"),
    ],
)
def test_plain_statements(source: str, expected: str) -> None:
    """Order decides: bound before is no read, read before bound is."""
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy as np\nnp.ones(n)", "n"),
        ("import os.path\nos.path", ""),
        ("import os.path as p\nos", "os"),
        ("from a.b import c as d, e\nc, d, e", "c"),
    ],
)
def test_imports(source: str, expected: str) -> None:
    """An import binds its first part or its alias."""
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("for i in n: s = i\ni, s", "n"),
        ("for x in x: pass", "x"),
        ("for a.b in c: pass", "a c"),
        ("while go(): n = 1\nelse: n", "go"),
        ("with open(p) as f: f.read()\nf", "p"),
        ("with a as (b, c), d(b): c", "a d"),
        ("try: q1\nexcept NameError: q1 = 1\nq1", "q1"),
        ("try: import a\nexcept ImportError: a = None\na", ""),
        ("try: pass\nexcept E as e: e\nelse: x = 1\nfinally: x", "E"),
        ("try: pass\nexcept E as e: pass\ne", "E e"),
        ("try: pass\nexcept* E as e: e", "E"),
        ("if a: x = 1\nelse: x", "a x"),
        ("if a: x = 1\nx", "a"),
        ("if a: x = 1\nelif x: pass", "a x"),
        ("match a:\n case [b, *c]: b, c\n case {'k': d, **e}: d, e\nb, c, d, e", "a"),
        ("match a:\n case P(x=b) if b > c: pass\n case m.K as k: k\n case _: b", "a P c m b"),
        ("async with a as b: await b", "a"),
        ("async for x in a: await x", "a"),
        ("await f()", "f"),
    ],
)
def test_blocks(source: str, expected: str) -> None:
    """Branches do not see each other's names; after them, any one's names are bound."""
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[x for x in xs]", "xs"),
        ("[x for x in x]", "x"),
        ("[x for x in xs]; x", "xs x"),
        ("{k: v for k, v in d if k if w}", "d w"),
        ("[y for x in xs for y in x]", "xs"),
        ("[y for y in x for x in xs]", "x xs"),
        ("[(y := x) for x in xs]; y", "xs"),
        ("any(q for _ in r)", "q r"),
        ("[[y for y in x] for x in xs]", "xs"),
        ("[lambda: x for x in xs]", "xs"),
    ],
)
def test_comprehensions(source: str, expected: str) -> None:
    """A comprehension's targets are its own; its first iterable is read outside."""
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(a, /, b, *c, d, **e): return a, b, c, d, e, g", "g"),
        ("def f(): return x\nx = 1", ""),
        ("def f(): return x\nx = x", "x"),
        ("def f(): x = y; return x", "y"),
        ("def f():\n  if a: return x\n  x = 1", "a"),
        ("def f(a=b, *, c=d): pass", "b d"),
        ("def f(a: T, *b: U) -> V: pass", "T U V"),
        ("@w\ndef f(): return f()", "w"),
        ("def f():\n  global x\n  x = 1\nf(); x", ""),
        ("def f():\n  global x\n  return x", "x"),
        ("def f():\n  x = 1\n  def g():\n    nonlocal x\n    x = x + y\n  return g", "y"),
        ("def f():\n  x = 1\n  def g(): return x, z\n  return g", "z"),
        ("def f():\n  def g(): return x\n  return x", "x"),
        ("def f():\n  x: int\n  return x", ""),
        ("def f():\n  del x", ""),
        ("def f():\n  import a.b\n  from c import d as e\n  return a, e, d", "d"),
        ("def f():\n  [(y := 1) for _ in r]\n  return y", "r"),
        ("def f():\n  try: pass\n  except E as e: e\n  return e", "E"),
        ("async def f(): return [x async for x in y]", "y"),
        ("lambda x, y=z: x + y + w", "z w"),
        ("f = lambda: x\nx = 1", ""),
        ("lambda: (y := x) + y", "x"),
    ],
)
def test_functions(source: str, expected: str) -> None:
    """A body reads what neither it nor the cell ever binds; defaults are read at once."""
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class A(B, k=C): x = y; z = x", "B C y"),
        ("class A:\n  x = 1\n  def f(self): return x", "x"),
        ("class A:\n  x = 1\n  y = [x for _ in r]", "x r"),
        ("class A:\n  def f(self): return A, __class__, super()", ""),
        ("class A: q = q1\nq1 = 1", "q1"),
        ("class A: x = __qualname__", ""),
        ("@d\nclass A: pass\nA()", "d"),
        ("def f():\n  x = 1\n  class A: y = x, z\n  return A", "z"),
    ],
)
def test_classes(source: str, expected: str) -> None:
    """A class body runs at once; its methods do not see its names."""
    assert reads(source) == set(expected.split())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is new in Python 3.12")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f[T](x: T, y: U) -> T: return T, z", "U z"),
        ("class A[T](B[T]): x: T = y", "B y"),
        ("type X = Y\nX", ""),
    ],
)
def test_type_parameters(source: str, expected: str) -> None:
    """Type parameters are the function's or class's own."""
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\nplot(x)", "plot x"),
        ("files = !ls\nfiles", ""),
        ("!echo {x}", ""),
        ("np.ones?", ""),
        ("%%bash\necho $x", ""),
        ("%%html\n<b>x</b>", ""),
        ("%%time\ny = f(x)\ny", "f x"),
        ("%time y = f(x)\ny", "f x"),
        ("%%capture\ny = f(x)", "f x"),
        ("  x = 1\n  y = x", ""),
    ],
)
def test_ipython_syntax(source: str, expected: str) -> None:
    """Magics are no names, %time and %%capture are looked into."""
    assert reads(source) == set(expected.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1; y.z = 2; w[0] = 3", "x"),
        ("import a.b, c as d\nfrom e import f as g, h", "a d g h"),
        ("def f(): x = 1\nclass A: y = 2", "f A"),
        ("x = y = 1; del y", "x"),
        ("for i in r: s = i", "i s"),
        ("[x for x in r]; [(y := x) for x in r]", "y"),
        ("try: a = 1\nexcept E as e: b = 2", "a b"),
        ("if c: a = 1\nelse: b = 2", "a b"),
        ("def f():\n  global x\n  x = 1", "f x"),
        ("global x\nx = 1", "x"),
        ("x: int", ""),
        ("q1", ""),
        ("", ""),
    ],
)
def test_binds(source: str, expected: str) -> None:
    """What a cell may leave in the namespace, on whichever path."""
    assert binds(source) == set(expected.split())


def test_star_imports_are_told() -> None:
    """The modules are named, whose names parsing cannot know."""
    assert star_imports("from a.b import *\nfrom c import d\nif x:\n from e import *") == (
        "a.b",
        "e",
    )
    assert star_imports("import a") == ()


@pytest.mark.parametrize("source", ["x = (", "return 1", "break", "x = \0", "1 = x", "%%time\nx ="])
def test_syntax_errors_are_raised(source: str) -> None:
    """Also those that only compiling finds; the caller knows whose cell it is."""
    with pytest.raises(SyntaxError):
        reads(source)


def test_doubtful_code_gives_no_warning() -> None:
    """Python's remarks on a cell's style are for whoever runs it."""
    assert reads(r"x = '\d'; y is 3") == {"y"}


def test_several_threads_may_analyse_at_a_time() -> None:
    """As grading does: nothing of one's doing is left to another."""
    before = list(warnings.filters)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(analyse, ["if x is 1:\n    y = [z for z in x]"] * 500))
    finally:
        sys.setswitchinterval(interval)
    assert len(found) == 1
    assert list(warnings.filters) == before
