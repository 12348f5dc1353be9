"""Which managers always give the same query, and which must be asked each time.

A manager may filter by the request: by a tenant in a context variable, by the clock, by the user.
The query of such a manager must never be kept. It is kept only where the manager's code proves
that it cannot differ, or where the site says so in ``CONSTANT_MANAGERS``.
"""

from __future__ import annotations

import builtins
import dis
from types import CodeType, FunctionType
from typing import Any

from django.db.models import Manager, Model, Q, QuerySet
from django.db.models.manager import BaseManager

from trackadmin.conf import conf

#: What a class may define without changing how its queries are made.
_HARMLESS = frozenset(
    {
        "__annotations__",
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
#: What a manager keeps in its own ``__dict__`` if nobody has put anything else there.
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


def is_constant(model: type[Model]) -> bool:
    """Whether the model's default manager gives the same query whenever it is asked.

    True for Django's own manager, for one whose ``get_queryset`` only filters by constants, and
    for one that ``CONSTANT_MANAGERS`` lists. Where that is not proven, the answer is no.
    """
    if model._meta.label_lower in {label.lower() for label in conf.CONSTANT_MANAGERS}:
        return True
    return _is_proven(model._default_manager)


def _is_proven(manager: Any) -> bool:
    if _is_changed(manager) or not _is_plain_queryset(manager._queryset_class):
        return False
    for cls in type(manager).__mro__:
        if cls is Manager or cls is BaseManager:
            break
        if not _is_plain_manager_class(cls, type(manager).__mro__):
            return False
    return True


def _is_changed(manager: Any) -> bool:
    """Whether somebody gave this very manager a method, a database or hints of its own."""
    state = vars(manager)
    return bool(state.keys() - _STATE or state["_db"] or state["_hints"])


def _is_plain_queryset(cls: type) -> bool:
    """Whether a class of querysets adds methods at most, and overrides none of Django's."""
    for base in cls.__mro__:
        if base is QuerySet:
            return True
        if any(hasattr(QuerySet, name) for name in vars(base).keys() - _HARMLESS):
            return False
    return False


def _is_plain_manager_class(cls: type, mro: tuple[type, ...]) -> bool:
    for name, member in vars(cls).items():
        if name == "get_queryset":
            if not _gives_constants(member, mro):
                return False
        elif name not in _HARMLESS and hasattr(Manager, name):
            return False  # what overrides Django's own method may do anything
    return True


def _gives_constants(member: object, mro: tuple[type, ...]) -> bool:
    """Whether this ``get_queryset`` can only call ``super()`` and filter by constants."""
    if type(member) is not FunctionType or member.__defaults__ or member.__kwdefaults__:
        return False
    code = member.__code__
    if code.co_argcount != 1 or code.co_flags & ~_FLAGS or code.co_cellvars:
        return False
    if set(code.co_freevars) - {"__class__"}:
        return False
    return all(_is_innocent(each, member, mro) for each in dis.get_instructions(code))


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
