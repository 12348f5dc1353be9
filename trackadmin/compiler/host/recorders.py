"""Proves that a model's ``__init__`` or ``from_db`` only records what was loaded.

The proof is strict. The function may only call the next one with its own arguments, and store what
it reads under names that nothing else of the model uses. Whatever is not listed here is not proven.
"""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from django.db.models import DEFERRED, Model

from trackadmin.compiler.host.instances import is_plain, member_of

#: Calls that change nothing.
_CALLS: dict[str, object] = {
    each.__name__: each
    for each in (
        *(bool, dict, enumerate, frozenset, isinstance, len, list, range, set, tuple, zip),
        *(copy.copy, copy.deepcopy),
    )
}
#: Methods of an instance's ``__dict__`` that change nothing.
_OF_DICTS = frozenset({"copy", "get", "items", "keys", "values"})
_COMPARED = (ast.Is, ast.IsNot, ast.In, ast.NotIn, ast.Eq, ast.NotEq)
#: Expressions that change nothing if nothing in them does.
_HARMLESS = (
    *(ast.Constant, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.BoolOp, ast.And, ast.Or),
    *(ast.UnaryOp, ast.Not, ast.IfExp, ast.Subscript, ast.Slice, ast.Starred, ast.keyword),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension),
    *(ast.Load, ast.Store, ast.Compare, *_COMPARED),
)

#: What Django's own ``from_db`` does, as its code and its documentation write it.
_DEFAULT_VALUES = frozenset(
    ast.unparse(ast.parse(textwrap.dedent(text)))
    for text in (
        """
        if len(values) != len(cls._meta.concrete_fields):
            values = list(values)
            values.reverse()
            values = [
                values.pop() if f.attname in field_names else DEFERRED
                for f in cls._meta.concrete_fields
            ]
        """,
        """
        if len(values) != len(cls._meta.concrete_fields):
            values_iter = iter(values)
            values = [
                next(values_iter) if f.attname in field_names else DEFERRED
                for f in cls._meta.concrete_fields
            ]
        """,
    )
)
_DEFAULT_STATE = (
    "{0}._state.adding = False",
    "{0}._state.db = db",
    "if fetch_mode is not None:\n    {0}._state.fetch_mode = fetch_mode",
)


def only_records(function: FunctionType, cls: type, model: type[Model]) -> bool:
    """Whether the ``__init__`` or ``from_db`` of a class only records what an instance holds."""
    try:
        found = _definition(function)
        return found is not None and _Proof(found, function, cls, model).holds()
    except (OSError, SyntaxError, TypeError, ValueError):
        return False  # the source is not available


def _definition(function: FunctionType) -> ast.FunctionDef | None:
    """The syntax tree of a function; ``None`` unless it is certain that this is what runs."""
    running, source = function.__code__, "".join(inspect.findsource(function)[0])
    tree, module = _compiled(source)
    found = [each for each in ast.walk(tree) if _starts(each) == running.co_firstlineno]
    same = [each for each in _codes(module) if _is_same(each, running)]
    if len(found) != 1 or not same or not isinstance(found[0], ast.FunctionDef):
        return None
    decorators = [ast.unparse(each) for each in found[0].decorator_list]
    return found[0] if decorators in ([], ["classmethod"]) else None


@lru_cache(maxsize=8)
def _compiled(source: str) -> tuple[ast.Module, CodeType]:
    tree = ast.parse(source)
    return tree, compile(tree, "", "exec", dont_inherit=True)


def _starts(each: ast.AST) -> int:
    """The line in which a function starts, its decorators included; 0 for anything else."""
    if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 0
    return min(part.lineno for part in (each, *each.decorator_list))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


#: The parts of a function's code, apart from its constants and its place in a file.
_PARTS = (
    *("co_name", "co_firstlineno", "co_code", "co_names", "co_varnames", "co_freevars"),
    *("co_cellvars", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags"),
)


def _is_same(code: CodeType, other: CodeType) -> bool:
    if any(getattr(code, part) != getattr(other, part) for part in _PARTS):
        return False
    pairs = zip(code.co_consts, other.co_consts, strict=False)
    return len(code.co_consts) == len(other.co_consts) and all(
        _is_same(a, b)
        if isinstance(a, CodeType) and isinstance(b, CodeType)
        else type(a) is type(b) and a == b
        for a, b in pairs
    )


class _Proof:
    """Checks one function, statement by statement."""

    def __init__(
        self, found: ast.FunctionDef, function: FunctionType, cls: type, model: type[Model]
    ) -> None:
        self.found, self.cls, self.model = found, cls, model
        self.globals = function.__globals__
        arguments = found.args
        self.parameters = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        self.forwarded = self._forwarded(arguments)
        self.is_init = found.name == "__init__"
        #: The name of the instance, once there is one.
        self.instance = self.parameters[0] if self.is_init else ""
        self.passed_on = False
        #: The names of all arguments, and each name that it assigns, once for each assignment.
        self.given = {each.arg for each in ast.walk(arguments) if isinstance(each, ast.arg)}
        self.assigned = [
            each.id
            for each in ast.walk(found)
            if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
        ]
        self.stored: set[str] = set()

    def holds(self) -> bool:
        """Whether the function only records."""
        if not self.parameters or not self.takes_what_it_gets():
            return False
        ends = self.is_init or isinstance(self.found.body[-1], ast.Return)
        proven = ends and all(map(self.statement, self.found.body)) and self.passed_on
        # Nothing else has the instance's name.
        times = 1 if self.instance and not self.is_init else 0
        return proven and self.assigned.count(self.instance) == times

    def takes_what_it_gets(self) -> bool:
        """Whether it passes on only what it was given."""
        arguments = self.found.args
        keywords = [each.arg for each in arguments.kwonlyargs]
        return not arguments.defaults and keywords in ([], [] if self.is_init else ["fetch_mode"])

    def statement(self, each: ast.stmt) -> bool:
        match each:
            case ast.Pass() | ast.Expr(ast.Constant()):
                return True
            case ast.Expr(ast.Call() as call) if self.is_init:
                return self.passes_on(call)
            case ast.Assign([ast.Name(name)], ast.Call() as call) if not self.is_init and (
                self.passes_on(call)
            ):
                self.instance = name
                return name not in self.given
            case ast.Return(value):
                return self.returns(value)
            case ast.If() if ast.unparse(each) in _DEFAULT_VALUES:
                return self.is_djangos() and not self.passed_on
            case ast.Assign() | ast.If() if self.sets_state(ast.unparse(each)):
                return True
            case ast.If(test, body, orelse):
                return self.reads(test) and all(map(self.recording, [*body, *orelse]))
        return self.recording(each)

    def recording(self, each: ast.stmt) -> bool:
        match each:
            case ast.Pass():
                return True
            case ast.Assign([ast.Attribute(ast.Name(name), attribute)], value) | ast.AnnAssign(
                ast.Attribute(ast.Name(name), attribute), _, ast.expr() as value
            ):
                own = name == self.instance and self.is_free(attribute)
                self.stored.add(attribute)
                return own and self.reads(value)
            case ast.Assign([ast.Name(name)], value):
                return name not in (*self.given, self.instance) and self.reads(value)
        return False

    def passes_on(self, call: ast.Call) -> bool:
        """Whether a call passes on all arguments of the function, for the first time."""
        if self.passed_on:
            return False
        parent, name = self.parameters[0], self.cls.__name__
        before = {f"super().{self.found.name}", f"super({name}, {parent}).{self.found.name}"}
        made = f"{parent}(*values)" if self.is_djangos() and not self.is_init else ""
        self.passed_on = ast.unparse(call) in {*(f"{b}({self.forwarded})" for b in before), made}
        return self.passed_on

    def returns(self, value: ast.expr | None) -> bool:
        if isinstance(value, ast.Call) and not self.is_init:
            return self.passes_on(value)
        return isinstance(value, ast.Name) and value.id == self.instance and not self.is_init

    def is_djangos(self) -> bool:
        """Whether the names mean what they mean in Django's own ``from_db``."""
        names = ("len", "list", "iter", "next")
        return (
            self.parameters == ["cls", "db", "field_names", "values"]
            and self.globals.get("DEFERRED", DEFERRED) is DEFERRED
            and not any(name in self.globals for name in names)
        )

    def sets_state(self, text: str) -> bool:
        """Whether a statement is one of Django's own ``from_db``, after the instance is made."""
        return self.is_djangos() and text in [each.format(self.instance) for each in _DEFAULT_STATE]

    def reads(self, value: ast.expr) -> bool:
        """Whether an expression changes nothing."""
        match value:
            case ast.Call(func, arguments, keywords):
                inner = [*arguments, *(each.value for each in keywords)]
                return self.may_be_called(func) and all(map(self.reads, inner))
            case ast.Attribute():
                return self.may_be_read(value)
            case ast.Name(name):
                # The bare instance could be asked for its length, its items or a copy.
                return name != self.instance
        if not isinstance(value, _HARMLESS):
            return False
        return all(map(self.reads, ast.iter_child_nodes(value)))  # type: ignore[arg-type]

    def may_be_called(self, func: ast.expr) -> bool:
        match func:
            case ast.Name(name):
                means = self.globals.get(name, getattr(builtins, name, None))
                return self.is_global(name) and means is _CALLS.get(name, self)
            case ast.Attribute(ast.Attribute(ast.Name(name), "__dict__"), method):
                return name == self.instance and method in _OF_DICTS
            case ast.Attribute(ast.Name(name), method):
                of_copy = self.globals.get(name) is copy and self.is_global(name)
                return of_copy and method in ("copy", "deepcopy")
        return False

    def is_global(self, name: str) -> bool:
        return name not in self.given and name not in self.assigned

    def may_be_read(self, value: ast.Attribute) -> bool:
        match value:
            case ast.Attribute(ast.Name(name), attribute) if name == self.instance:
                known = attribute in self.stored or attribute == "__dict__"
                return known or is_plain(self.model, attribute)
            case ast.Attribute(ast.Attribute(ast.Name(name), "_state"), "adding" | "db"):
                return name == self.instance
        return False

    def is_free(self, attribute: str) -> bool:
        """Whether nothing of the model reads or guards this name."""
        meta: Any = self.model._meta
        names = {meta.pk.name, "pk", "_state", "_meta", "_prefetched_objects_cache"}
        for field in meta.get_fields():
            accessor = getattr(field, "get_accessor_name", lambda: None)()
            names |= {field.name, getattr(field, "attname", field.name), accessor}
        if attribute in names or (attribute.startswith("__") and attribute.endswith("__")):
            return False
        if attribute.startswith("__"):  # as Python mangles it
            attribute = f"_{self.cls.__name__.lstrip('_')}{attribute}"
        member = member_of(self.model, attribute)
        return not hasattr(type(member), "__get__") and not hasattr(type(member), "__set__")

    def _forwarded(self, arguments: ast.arguments) -> str:
        parts = [*self.parameters[1:]]
        if arguments.vararg:
            parts.append(f"*{arguments.vararg.arg}")
        parts += [f"{each.arg}={each.arg}" for each in arguments.kwonlyargs]
        if arguments.kwarg:
            parts.append(f"**{arguments.kwarg.arg}")
        return ", ".join(parts)
