"""How an instance of a model holds its values, so that generated code may read them directly."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import ForeignKey, Model
from django.db.models.fields.files import FileDescriptor, ImageFileDescriptor
from django.db.models.fields.related_descriptors import (
    ForeignKeyDeferredAttribute,
    ForwardManyToOneDescriptor,
    ForwardOneToOneDescriptor,
    ReverseOneToOneDescriptor,
)
from django.db.models.query_utils import DeferredAttribute
from django.utils.functional import LazyObject, empty

M = TypeVar("M", bound=Model)

# Exactly these classes: one that is derived from them may do something else when it is read.
_PLAIN = (DeferredAttribute, ForeignKeyDeferredAttribute, FileDescriptor, ImageFileDescriptor)
_FORWARD = (ForwardManyToOneDescriptor, ForwardOneToOneDescriptor)


class OtherClass(TypeError):
    """The object is not exactly of the class that generated code was made for."""


def unwrapped(obj: Any) -> Any:
    """The object behind a ``SimpleLazyObject``, loaded now if needed; or the object itself."""
    while issubclass(type(obj), LazyObject):
        if obj._wrapped is empty:
            obj._setup()
        obj = obj._wrapped
    return obj


def exactly(model: type[M], obj: Any) -> M:
    """The object, unwrapped; raises :class:`OtherClass` if it is not of this very class."""
    obj = unwrapped(obj)
    if type(obj) is not model:
        raise OtherClass(f"{type(obj).__name__} where {model.__name__} was expected.")
    return obj


def is_plain(model: type[Model], attname: str) -> bool:
    """Whether reading the attribute only looks into the instance's ``__dict__``."""
    if model.__getattribute__ is not object.__getattribute__:
        return False
    return type(member_of(model, attname)) in _PLAIN


def member_of(model: type[Model], name: str) -> Any:
    """What the class or an ancestor has under the name; a descriptor is not asked."""
    return next((vars(cls)[name] for cls in model.__mro__ if name in vars(cls)), None)


def is_method(model: type[Model], name: str) -> bool:
    """Whether the value is the result of a call."""
    return callable(getattr(model, name, None))


def cache_name(model: type[Model], accessor: str) -> str:
    """The key of a related object in the instance's cache, or "" if the cache cannot be trusted.

    The class may show something else under this name than Django's own relation.
    """
    member = relation_of(model, accessor)
    if member is None:
        return ""
    relation = member.related if type(member) is ReverseOneToOneDescriptor else member.field
    return str(relation.cache_name)


def relation_of(model: type[Model], accessor: str) -> Any:
    """Django's own descriptor of a relation to one object; ``None`` where it is the host's."""
    if model.__getattribute__ is not object.__getattribute__:
        return None
    member = member_of(model, accessor)
    return member if type(member) in (*_FORWARD, ReverseOneToOneDescriptor) else None


def null_column(model: type[Model], accessor: str) -> str:
    """The column that is null where there is no related object; "" if there is no such column."""
    member: Any = member_of(model, accessor)
    if type(member) not in _FORWARD or not isinstance(member.field, ForeignKey):
        return ""
    column = str(member.field.attname)
    return column if is_plain(model, column) else ""
