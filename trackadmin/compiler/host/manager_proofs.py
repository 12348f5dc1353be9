"""Proves from a manager's code that it always gives the same query.

The proof is strict: whatever is not listed here is not proven.
"""

from __future__ import annotations

import builtins
import dis
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any

from django.db.models import Manager, Q, QuerySet
from django.db.models.manager import BaseManager

from trackadmin.compiler.types import Rows

#: What a class may define without changing how its queries are made.
_HARMLESS = frozenset(
    {
        "__annotate_func__",
        "__annotations__",
        "__annotations_cache__",
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__orig_bases__",
        "__parameters__",
        "__qualname__",
        "__slotnames__",
        "__static_attributes__",
        "__weakref__",
        "_queryset_class",
        "use_in_migrations",
    }
)
#: What a manager keeps in its own ``__dict__`` if nothing else was put there.
_STATE = frozenset(
    {
        "_built_with_as_manager",
        "_constructor_args",
        "_db",
        "_hints",
        "auto_created",
        "creation_counter",
        "model",
        "name",
    }
)

#: The attributes that a constant ``get_queryset`` may read, and the keywords of a queryset's class.
_ATTRIBUTES = frozenset(
    {
        "_db",
        "_hints",
        "defer",
        "distinct",
        "exclude",
        "filter",
        "get_queryset",
        "model",
        "only",
        "order_by",
        "prefetch_related",
        "select_related",
    }
)
#: Instructions that only move values, build containers and call. Python's versions name them
#: differently; an unknown one means that nothing is proven.
_INSTRUCTIONS = frozenset(
    {
        "BINARY_OP",
        "BUILD_LIST",
        "BUILD_TUPLE",
        "CACHE",
        "CALL",
        "CALL_FUNCTION_EX",
        "CALL_KW",
        "COPY_FREE_VARS",
        "EXTENDED_ARG",
        "KW_NAMES",
        "LIST_EXTEND",
        "LOAD_ATTR",
        "LOAD_CONST",
        "LOAD_DEREF",
        "LOAD_FAST",
        "LOAD_FAST_BORROW",
        "LOAD_GLOBAL",
        "LOAD_METHOD",
        "LOAD_SMALL_INT",
        "LOAD_SUPER_ATTR",
        "NOP",
        "NOT_TAKEN",
        "POP_TOP",
        "PRECALL",
        "PUSH_NULL",
        "RESUME",
        "RETURN_CONST",
        "RETURN_VALUE",
        "STORE_FAST",
        "UNARY_INVERT",
    }
)


def is_plain_manager(manager: Any) -> bool:
    """Whether a manager is Django's own and unchanged, so that it shows every row."""
    return type(manager) is Manager and not _is_changed(manager)


def overridden(rows: type[Rows]) -> frozenset[str]:
    """The names that a class of querysets overrides in Django's own class."""
    return frozenset(
        name
        for each in rows.__mro__
        if each not in QuerySet.__mro__
        for name in vars(each).keys() - _HARMLESS
        if hasattr(QuerySet, name)
    )


def is_proven(manager: Any) -> bool:
    """Whether the manager only filters by constants, and so does each class that it is made of."""
    if _is_changed(manager) or not _is_plain_queryset(manager._queryset_class):
        return False
    for cls in type(manager).__mro__:
        if cls is Manager or cls is BaseManager:
            break
        if not _is_plain_manager_class(cls, type(manager).__mro__):
            return False
    return True


def _is_changed(manager: Any) -> bool:
    """Whether this manager object was given a method, a database or hints of its own."""
    state = vars(manager)
    return bool(state.keys() - _STATE or state["_db"] or state["_hints"])


def _is_plain_queryset(cls: type) -> bool:
    """Whether a class of querysets adds methods at most, and overrides none of Django's."""
    for base in cls.__mro__:
        if base is QuerySet:
            return True
        if any(_is_own_way(name, QuerySet) for name in vars(base)):
            return False
    return False


def _is_plain_manager_class(cls: type, mro: tuple[type, ...]) -> bool:
    for name, member in vars(cls).items():
        if name == "get_queryset":
            if not _gives_constants(member, mro):
                return False
        elif _is_own_way(name, Manager):
            return False  # an override of Django's own method may do anything
    return True


def _is_own_way(name: str, django: type) -> bool:
    """Whether a class that defines this name may behave differently from Django's class.

    Operators too: ``self + 1`` would run code.
    """
    is_special = name.startswith("__") and name.endswith("__")
    return name not in _HARMLESS and (is_special or hasattr(django, name))


def _gives_constants(member: object, mro: tuple[type, ...]) -> bool:
    """Whether this ``get_queryset`` can only call ``super()`` and filter by constants."""
    if type(member) is not FunctionType or member.__defaults__ or member.__kwdefaults__:
        return False
    code = member.__code__
    if code.co_argcount != 1 or code.co_flags & ~_FLAGS or code.co_cellvars:
        return False
    if set(code.co_freevars) - {"__class__"}:
        return False
    found = [each for each in dis.get_instructions(code) if each.opname not in _FILLING]
    return all(_is_innocent(each, member, mro) for each in found) and all(
        each.argval not in _OF_SELF or _is_self(before, code) for before, each in pairwise(found)
    )


#: Instructions that do nothing.
_FILLING = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "NOT_TAKEN"})
#: Attributes that are known only of the manager itself.
_OF_SELF = frozenset({"_db", "_hints", "model"})


def _is_self(instruction: dis.Instruction, code: CodeType) -> bool:
    names = ("LOAD_FAST", "LOAD_FAST_BORROW")
    return instruction.opname in names and instruction.argval == code.co_varnames[0]


#: ``CO_OPTIMIZED``, ``CO_NEWLOCALS`` and ``CO_NESTED``: no generator, no coroutine, no ``*args``.
_FLAGS = 0x1 | 0x2 | 0x10


def _is_innocent(
    instruction: dis.Instruction, function: FunctionType, mro: tuple[type, ...]
) -> bool:
    name = instruction.opname
    if name not in _INSTRUCTIONS and not name.startswith(("LOAD_FAST_", "STORE_FAST_")):
        return False
    if name == "LOAD_GLOBAL":
        return _is_known_global(str(instruction.argval), function, mro)
    if name in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
        return instruction.argval in _ATTRIBUTES
    if name.startswith("STORE_FAST"):
        return name == "STORE_FAST" and instruction.argval != function.__code__.co_varnames[0]
    if name == "LOAD_CONST":
        return not isinstance(instruction.argval, CodeType)
    return True


def _is_known_global(name: str, function: FunctionType, mro: tuple[type, ...]) -> bool:
    """``super`` and its class, ``Q``, and plain classes of querysets, if the names mean these."""
    known = function.__globals__
    if name == "super":
        return "super" not in known and getattr(builtins, "super", None) is super
    found = known.get(name)
    if found is Q or any(found is cls for cls in mro):
        return True
    return type(found) is type and _is_plain_queryset(found)
