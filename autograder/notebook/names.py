"""The names that a cell's code reads from outside itself, and those that it binds, by parsing.

Order matters: `q1 = f(q1)` reads q1, `x = 1; y = x` reads nothing. A name bound on any path that
may have been taken (a branch, a loop's body, a try) counts as bound after it. The body of a
function runs later, so it reads only what the whole cell never binds.
"""

import ast
import builtins
import functools
import re
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from IPython.core.inputtransformer2 import TransformerManager

# Magics whose argument or body is code of this cell; all others' is text to Python.
_PYTHON_MAGIC = re.compile(r"^([ \t]*)(?:%%?time\b[ \t]*|%%capture\b[^\n]*)", re.MULTILINE)
_HISTORY = re.compile(r"_+|_i+|_i?\d+|_[iod]h")
_GIVEN = frozenset(dir(builtins)) | {
    "In",
    "Out",
    "__annotations__",
    "__builtin__",
    "__builtins__",
    "__class__",
    "__module__",
    "__qualname__",
    "display",
    "exit",
    "get_ipython",
    "quit",
}
# Neither ast.parse (python/cpython#106905) nor warnings' filters stand several threads at a time.
_PARSING = threading.Lock()
_ALIKE = {
    "AsyncFor": "For",
    "AsyncFunctionDef": "FunctionDef",
    "DictComp": "ListComp",
    "GeneratorExp": "ListComp",
    "MatchStar": "MatchAs",
    "SetComp": "ListComp",
    "TryStar": "Try",
}


@dataclass(frozen=True)
class Names:
    """What `analyse` finds: names read, names bound, modules of `from module import *`."""

    reads: frozenset[str]
    binds: frozenset[str]
    star_imports: tuple[str, ...]


def reads(source: str) -> frozenset[str]:
    """The names that the cell reads from outside itself; builtins and IPython's are left out."""
    return analyse(source).reads


def binds(source: str) -> frozenset[str]:
    """The names that the cell may leave bound in the notebook's namespace."""
    return analyse(source).binds


def star_imports(source: str) -> tuple[str, ...]:
    """The modules of which the cell imports `*`; what that binds, parsing cannot tell."""
    return analyse(source).star_imports


@functools.lru_cache(maxsize=1024)  # the instructor's cells are the same in a whole class
def analyse(source: str) -> Names:
    """All of the above at once. Raises SyntaxError where IPython would."""
    finder = _Finder()
    finder.visit_all(_parse(source).body)
    module = finder.scopes[0]
    found = finder.reads_now | (finder.reads_later - module.ever)
    return Names(
        reads=frozenset(name for name in found if not _is_given(name)),
        binds=frozenset(module.bound),
        star_imports=tuple(finder.stars),
    )


def _parse(source: str) -> ast.Module:
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "is" with a literal, an invalid escape: not a matter here
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):  # ValueError: a null byte
            tree = _parse_ipython(source)
        # Compiling finds what parsing does not, such as a return outside a function.
        compile(tree, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return tree


def _parse_ipython(source: str) -> ast.Module:
    try:
        plain: str = TransformerManager().transform_cell(_PYTHON_MAGIC.sub(r"\1", source))
        return ast.parse(plain)
    except ValueError as error:
        raise SyntaxError(str(error)) from None


def _is_given(name: str) -> bool:
    return name in _GIVEN or _HISTORY.fullmatch(name) is not None


@dataclass
class _Scope:
    kind: Literal["module", "class", "function", "comprehension"]
    bound: set[str] = field(default_factory=set)  # here and now
    ever: set[str] = field(default_factory=set)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)


class _Finder(ast.NodeVisitor):
    """Walks a module in the order in which it runs."""

    def __init__(self) -> None:
        self.scopes = [_Scope("module")]
        self.reads_now: set[str] = set()
        self.reads_later: set[str] = set()
        self.stars: list[str] = []
        self.collecting = False  # on the first walk through a function, which finds its locals

    def visit(self, node: ast.AST) -> None:
        """As NodeVisitor does, with one method for all nodes of one shape."""
        name = type(node).__name__
        method = getattr(self, f"visit_{_ALIKE.get(name, name)}", None)
        (method or self.generic_visit)(node)

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    # Names

    def _read(self, name: str) -> None:
        if self.collecting or self._is_bound(name):
            return
        runs_later = any(scope.kind == "function" for scope in self.scopes)
        (self.reads_later if runs_later else self.reads_now).add(name)

    def _is_bound(self, name: str) -> bool:
        module, inner = self.scopes[0], self.scopes[-1]
        for scope in reversed(self.scopes):
            if name in scope.global_names:
                return name in module.bound
            visible = (
                scope.kind != "class" or scope is inner
            )  # methods do not see the class's names
            if visible and name in scope.bound:
                return True
        return False

    def _bind(self, name: str, scope: _Scope | None = None) -> None:
        scope = scope or self.scopes[-1]
        if name in scope.nonlocal_names:
            return
        if name in scope.global_names:
            scope = self.scopes[0]
        scope.bound.add(name)
        scope.ever.add(name)

    def _unbind(self, name: str) -> None:
        if self.scopes[-1].kind in ("module", "class"):
            self.scopes[-1].bound.discard(name)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        else:
            self._read(node.id)
        if isinstance(node.ctx, ast.Del):
            self._bind_deleted(node.id)

    def _bind_deleted(self, name: str) -> None:
        self.scopes[-1].ever.add(name)  # in a function, del makes a name local
        self._unbind(name)

    def visit_Global(self, node: ast.Global) -> None:
        if self.scopes[-1].kind != "module":
            self.scopes[-1].global_names.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.scopes[-1].nonlocal_names.update(node.names)

    # Assignments and imports

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit_all([node.value, *node.targets])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit_all([node.annotation, node.value])
        if node.value or not isinstance(node.target, ast.Name):
            self.visit(node.target)
        elif self.scopes[-1].kind == "function":
            self._bind(node.target.id)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
        self.visit_all([node.value, node.target])

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scope = next(s for s in reversed(self.scopes) if s.kind != "comprehension")
        self._bind(node.target.id, scope)

    def visit_TypeAlias(self, node: Any) -> None:
        self._bind(node.name.id)  # its value is worked out when somebody asks for it

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.stars.append("." * node.level + (node.module or ""))
            else:
                self._bind(alias.asname or alias.name)

    # Branches and loops

    def _visit_branches(self, *branches: Sequence[ast.AST | None]) -> None:
        """Each branch starts from the same names; after them, what any of them bound is bound."""
        scope = self.scopes[-1]
        before, after = scope.bound, set()
        for branch in branches:
            scope.bound = set(before)
            self.visit_all(branch)
            after |= scope.bound
        scope.bound = after

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._visit_branches(node.body, node.orelse)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        cases = [[case.pattern, case.guard, *case.body] for case in node.cases]
        self._visit_branches(*cases, [])

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.generic_visit(node)
        if node.name:
            self._bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest:
            self._bind(node.rest)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit_all([node.iter, node.target, *node.body, *node.orelse])

    def visit_Try(self, node: Any) -> None:
        self.visit_all(node.body)
        self._visit_branches(node.orelse, *([handler] for handler in node.handlers))
        self.visit_all(node.finalbody)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.visit_all([node.type])
        if node.name:
            self._bind(node.name)
        self.visit_all(node.body)
        if node.name:
            self._unbind(node.name)  # as Python does

    # Scopes

    @contextmanager
    def _scope(self, scope: _Scope) -> Iterator[None]:
        self.scopes.append(scope)
        try:
            yield
        finally:
            self.scopes.pop()

    def _visit_function(self, args: ast.arguments, body: Sequence[ast.AST]) -> None:
        """The body with its parameters, in two walks: names bound anywhere in it are local."""
        if self.collecting:
            return
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
        scope = _Scope("function", {arg.arg for arg in every if arg})
        with self._scope(scope):
            self.collecting = True
            self.visit_all(body)
            self.collecting = False
            scope.bound |= scope.ever
            self.visit_all(body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit_all([*node.args.defaults, *node.args.kw_defaults])
        self._visit_function(node.args, [node.body])

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.visit_all([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults])
        with self._scope(_type_parameters(node)):
            self.visit_all([node.args, node.returns])
        self._bind(node.name)
        with self._scope(_type_parameters(node)):
            self._visit_function(node.args, node.body)

    def visit_arguments(self, node: ast.arguments) -> None:
        every = [*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg]
        self.visit_all(arg.annotation for arg in every if arg)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.visit_all(node.decorator_list)
        with self._scope(_type_parameters(node)):
            self.visit_all([*node.bases, *node.keywords])
            if not self.collecting:
                with self._scope(_Scope("class")):
                    self.visit_all(node.body)
        self._bind(node.name)

    def visit_ListComp(self, node: Any) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        with self._scope(_Scope("comprehension")):
            self.visit_all([first.target, *first.ifs])
            for generator in others:
                self.visit_all([generator.iter, generator.target, *generator.ifs])
            is_dict = isinstance(node, ast.DictComp)
            self.visit_all([node.key, node.value] if is_dict else [node.elt])


def _type_parameters(node: Any) -> _Scope:
    """The scope between a generic function or class and its surroundings, from Python 3.12 on."""
    names = {parameter.name for parameter in getattr(node, "type_params", ())}
    return _Scope("comprehension", names)
