"""Gets the related objects of instances: one query for each, with those below it joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model

from trackadmin.compiler import joining
from trackadmin.compiler.instances import relation_of, unwrapped
from trackadmin.compiler.plan import Node
from trackadmin.compiler.savepoints import Reads


def child_reader(child: Node) -> Callable[[Any, Reads], Any]:
    """A function that gets a related object, loading it if need be; ``None`` if there is none.

    What is tracked below it comes with the same query, as far as one query gives what the
    accessors give. The objects are kept by the instance, as after reading the accessor.
    """
    getters: dict[type[Model], Callable[[Any], Any]] = {}

    def get(obj: Any) -> Any:
        cls = type(obj)
        if cls not in getters:
            getters[cls] = _getter(cls, child)
        return getters[cls](obj)

    def read(obj: Any, reads: Reads) -> Any:
        with reads:
            try:
                return unwrapped(get(obj))
            except ObjectDoesNotExist:
                return None

    return read


def _getter(cls: type[Model], child: Node) -> Callable[[Any], Any]:
    descriptor = relation_of(cls, child.accessor)
    if descriptor is None or not child.children:
        accessor = child.accessor
        return lambda obj: getattr(obj, accessor)
    joined = _joined(descriptor, child)
    return lambda obj: joined.__get__(obj, cls)


def _joined(descriptor: Any, child: Node) -> Any:
    """A twin of Django's descriptor that differs in nothing but the relations it loads along."""
    cls: Any = type(descriptor)

    class Joined(cls):  # type: ignore[misc]
        def get_queryset(self, **hints: Any) -> Any:
            rows = super().get_queryset(**hints)
            return joining.with_related(rows, child)

    twin = Joined.__new__(Joined)
    twin.__dict__.update(descriptor.__dict__)
    return twin
