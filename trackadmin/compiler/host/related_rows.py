"""The rows that a relation's manager shows, asked for as Django's own related managers do."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.sql import Query

from trackadmin.catalog import CollectionFacts
from trackadmin.compiler.host.instances import member_of
from trackadmin.compiler.host.manager_proofs import overridden
from trackadmin.compiler.host.managers import ManagerError, asking
from trackadmin.compiler.host.usual_relations import is_usual_relation
from trackadmin.compiler.types import Rows
from trackadmin.texts import Text, joined
from trackadmin.texts import gettext as _

#: From Django 6.1 on, the condition by which a related manager chooses its rows may use the tables
#: that the model's manager has joined: before, it joined them again, and gave a row as many times.
MAY_REUSE_JOINS = hasattr(QuerySet, "_avoid_cloning")


class NeedsObject(ManagerError):
    """The manager looks at the object whose related objects it is asked for."""

    @property
    def text(self) -> Text:
        """The sentence."""
        return _("The manager of %(model)s looks at each object.", model=self.label)


class NotJoined(ManagerError):
    """The manager's query cannot be part of another one."""

    def __init__(self, label: str, why: Text) -> None:
        super().__init__(label, NotJoined.__name__)
        self.why = why

    @property
    def text(self) -> Text:
        """The sentence."""
        return joined(_("The related objects are of %(model)s.", model=self.label), self.why)


def rows_of_all(collection: CollectionFacts) -> Rows:
    """What the relation's manager shows now, before the related objects of one object are chosen.

    Raises :class:`ManagerError`.
    """
    model = collection.model
    with asking(model):
        manager_class: Any = type(model._default_manager)
        manager = _without_object(manager_class)()
        manager.model = model
        rows: Rows = manager.get_queryset()
        return rows


def rows_to_join(collection: CollectionFacts, alias: str) -> Rows:
    """As :func:`rows_of_all`, as a part of a query of this database.

    Raises :class:`NotJoined` where they cannot be, and :class:`ManagerError`.
    """
    rows: Any = rows_of_all(collection)
    why = why_not_joined(rows)
    if why is None and rows._db not in (None, alias):
        why = _("Its manager uses another database.")
    if why is not None:
        raise NotJoined(collection.model._meta.label, why)
    return rows_in(rows, alias)


def rows_in(rows: Any, alias: str) -> Rows:
    """The manager's rows, of this database, ready for :func:`chosen`."""
    found: Rows = rows.using(alias)
    if MAY_REUSE_JOINS:
        found.query.used_aliases = {*rows.query.used_aliases}
        found.query.filter_is_sticky = True
    return found


def chosen(rows: Any, collection: CollectionFacts, key: Any, how: str = "") -> Rows:
    """Those of the rows that are related to the object with this key, which may be an expression;
    ``how`` is ``__in`` for several keys.

    Raises :class:`ManagerError`.
    """
    with asking(collection.model):
        if collection.kind == "many-to-many":
            rows = rows._next_is_sticky()
        found: Rows = rows.filter(**{collection.path + how: key})
        return found


def rows_of_object(obj: Model, collection: CollectionFacts) -> Rows:
    """What the relation's manager shows now for an object, whether or not it was prefetched.

    Raises :class:`ManagerError`.
    """
    with asking(collection.model):
        descriptor: Any = member_of(type(obj), collection.accessor)
        cls = descriptor.related_manager_cls
        manager = descriptor.__get__(obj)
        rows: Rows = manager._apply_rel_filters(super(cls, manager).get_queryset())
        return rows


def is_usual(collection: CollectionFacts) -> bool:
    """Whether the related objects are those whose column names the object."""
    return is_usual_relation(collection.field)


def of_django(rows: Any) -> Rows:
    """The same rows by Django's own class: with the site's, a query that is made further might
    select other columns, or in another order.
    """
    if type(rows) is QuerySet:
        return rows
    return QuerySet(rows.model, rows.query.chain(), rows._db, rows._hints)


def has_own_filter(collection: CollectionFacts) -> bool:
    """Whether conditions must go through ``filter``, which the site overrides: in SQL of our own
    they might mean something else.
    """
    try:
        return bool(overridden(type(rows_of_all(collection))) & _FILTERS)
    except Exception:  # noqa: BLE001 the manager, or its database
        return True


#: The methods by which a queryset takes conditions.
_FILTERS = frozenset({"_filter_or_exclude", "_filter_or_exclude_inplace", "filter"})


def why_not_joined(rows: Any) -> Text | None:
    """Why a manager's query cannot be part of another one; ``None`` where it can."""
    query = rows.query
    if not isinstance(rows, QuerySet) or type(query) is not Query:
        return _("Its manager makes queries of its own kind.")
    if "aggregate" in overridden(type(rows)):
        return _("Its manager's queries compute values in a way of their own.")
    if query.is_sliced or query.combinator or query.distinct or query.group_by is not None:
        return _("Its manager's query is sliced, distinct, grouped or a union.")
    if query.extra or query.select_for_update or getattr(rows, "_fields", None) is not None:
        return _("Its manager's query locks rows, contains raw SQL or selects values.")
    if any(
        each.contains_aggregate or each.contains_over_clause for each in query.annotations.values()
    ):
        return _("Its manager's query computes values over many rows.")
    return None


#: What a manager has only of one object's related objects.
_OF_OBJECT = (
    *("add", "clear", "core_filters", "field", "instance", "pk_field_names", "query_field_name"),
    *("prefetch_cache_name", "related_val", "remove", "reverse", "set", "source_field"),
    *("source_field_name", "symmetrical", "target_field", "target_field_name", "through"),
)


class _OfObject:
    """Fails when code reads it, even if only to see whether it is there."""

    def __get__(self, manager: Any, cls: Any = None) -> Any:
        raise NeedsObject(manager.model._meta.label, NeedsObject.__name__)


@lru_cache(maxsize=1024)
def _without_object(cls: type) -> Any:
    """The manager's class, with which code that looks for the object fails."""
    hidden = {name: _OfObject() for name in _OF_OBJECT if not hasattr(cls, name)}
    return type(cls.__name__, (cls,), hidden)
