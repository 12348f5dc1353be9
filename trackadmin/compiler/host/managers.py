"""Which managers always give the same query, and which must be asked each time.

A manager may filter by the request: by a tenant in a context variable, by the clock, by the user.
The query of such a manager must never be kept. It is kept only where the manager's code proves
that it cannot differ, or where the site says so in ``CONSTANT_MANAGERS``.
"""

from __future__ import annotations

import builtins
import datetime
import decimal
import dis
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any

from django.db import Error
from django.db.models import ForeignKey, Manager, Model, OneToOneField, Q, QuerySet
from django.db.models.expressions import Col
from django.db.models.fields import related_descriptors
from django.db.models.fields.related_descriptors import ReverseOneToOneDescriptor
from django.db.models.lookups import Lookup
from django.db.models.manager import BaseManager
from django.db.models.sql import Query
from django.db.models.sql.datastructures import BaseTable, Join
from django.db.models.sql.where import WhereNode

from trackadmin.catalog import label_of
from trackadmin.compiler.types import Rows
from trackadmin.conf import conf

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


class ManagerError(Exception):
    """The manager of a model gives no query now; the cause says why."""

    def __init__(self, label: str, cause: str) -> None:
        super().__init__(label, cause)
        self.label, self.cause = label, cause

    def __str__(self) -> str:
        return f"The default manager of {self.label} raised {self.cause}."


def rows_of(model: type[Model], *, using: str | None = None) -> Rows:
    """The rows that a model's default manager shows now.

    In the database that the manager, or else the site's router, chooses, unless one is given.
    Raises :class:`ManagerError`.
    """
    with asking(model):
        rows: Rows = model._default_manager.all()
        return rows if using is None else rows.using(using)


@contextmanager
def asking(model: type[Model]) -> Iterator[None]:
    """Turn what a manager raises into :class:`ManagerError`; a database's errors come through."""
    try:
        yield
    except (Error, ManagerError):
        raise
    except Exception as error:
        raise ManagerError(model._meta.label, type(error).__name__) from error


def is_constant(model: type[Model]) -> bool:
    """Whether the model's default manager gives the same query whenever it is asked.

    True for Django's own manager, for one whose ``get_queryset`` only filters by constants, and
    for one that ``CONSTANT_MANAGERS`` lists. Where that is not proven, the answer is no.
    """
    if label_of(model) in {label.lower() for label in conf.CONSTANT_MANAGERS}:
        return True
    try:
        manager = model._default_manager
        return _is_proven(manager) and _is_simple(manager.all().query)
    except Exception:  # noqa: BLE001 the host's managers may raise anything
        return False


def is_plain(manager: Any) -> bool:
    """Whether a manager is nothing but Django's own, which shows every row."""
    return type(manager) is Manager and not _is_changed(manager)


def overridden(rows: type[Rows]) -> frozenset[str]:
    """What a class of querysets does otherwise than Django's own class."""
    return frozenset(
        name
        for each in rows.__mro__
        if each not in QuerySet.__mro__
        for name in vars(each).keys() - _HARMLESS
        if hasattr(QuerySet, name)
    )


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
        if any(_is_own_way(name, QuerySet) for name in vars(base)):
            return False
    return False


def _is_plain_manager_class(cls: type, mro: tuple[type, ...]) -> bool:
    for name, member in vars(cls).items():
        if name == "get_queryset":
            if not _gives_constants(member, mro):
                return False
        elif _is_own_way(name, Manager):
            return False  # what overrides Django's own method may do anything
    return True


def _is_own_way(name: str, django: type) -> bool:
    """Whether a class that defines this name may behave otherwise than Django's class.

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


# ── The query of a manager ─────────────────────────────────────────────────────────────────────

#: Types of which a value never changes by itself.
_FIXED = (
    *(type(None), bool, bytes, float, int, str, decimal.Decimal, uuid.UUID),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta),
)


def _is_simple(query: Query) -> bool:
    """Whether SQL is made of a query by nothing but Django's own classes, out of fixed values.

    A field, a lookup or a relation of somebody else's may write other SQL for each request. So do
    Django's own parts of moments (``day__year=2026``), which depend on the active time zone.
    """
    return (
        type(query) is Query
        and not query.annotations
        and not query.extra
        and not query.combinator
        and not query.is_sliced
        and not query.select_for_update
        and all(map(_is_usual_table, query.alias_map.values()))
        and _is_usual(query.where)
    )


def _is_usual_table(table: Any) -> bool:
    if type(table) is BaseTable:
        return True
    return type(table) is Join and not table.filtered_relation and _is_djangos(table.join_field)


def _is_usual(each: Any) -> bool:
    if type(each) is WhereNode:
        return all(map(_is_usual, each.children))
    return (
        isinstance(each, Lookup)
        and _is_djangos(each)
        and type(each.lhs) is Col
        and _is_djangos(each.lhs.target)
        and not each.bilateral_transforms
        and _is_fixed(each.rhs)
    )


def _is_fixed(value: Any) -> bool:
    if type(value) in (list, tuple, set, frozenset):
        return all(map(_is_fixed, value))
    return type(value) in _FIXED


def _is_djangos(thing: Any) -> bool:
    return type(thing).__module__.startswith("django.db.models.")


# ── Relations ──────────────────────────────────────────────────────────────────────────────────

#: By these a relation of the host's own may read or join other rows than its column says.
_OF_RELATIONS = (
    *("get_extra_restriction", "get_extra_descriptor_filter", "get_forward_related_filter"),
    *("get_reverse_related_filter", "get_joining_fields", "get_joining_columns"),
    *("get_path_info", "get_reverse_path_info", "get_attname", "get_local_related_value"),
)


def is_usual_relation(field: Any) -> bool:
    """Whether a foreign key joins, and reads, the row that its column names and nothing else."""
    base = OneToOneField if isinstance(field, OneToOneField) else ForeignKey
    usual = isinstance(field, base) and all(
        getattr(type(field), name, None) is getattr(base, name, None) for name in _OF_RELATIONS
    )
    # Some packages change Django's own classes for all models.
    return usual and all(
        getattr(vars(cls)[name], "__code__", None) is code for cls, name, code in _READERS
    )


#: What reads a related object, with its code; none where somebody changed it before we came.
_READERS = tuple(
    (cls, name, code if code.co_filename == related_descriptors.__file__ else None)
    for cls in (related_descriptors.ForwardManyToOneDescriptor, ReverseOneToOneDescriptor)
    for name in ("__get__", "get_queryset")
    if (code := vars(cls)[name].__code__)
)
