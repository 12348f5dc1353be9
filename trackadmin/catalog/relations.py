"""The relations of a host model: those to at most one object may be children."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models.fields.related import ForeignObject
from django.db.models.fields.related_descriptors import (
    ForwardManyToOneDescriptor,
    ForwardOneToOneDescriptor,
    ReverseOneToOneDescriptor,
)

from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.computed import class_member, has_computed
from trackadmin.catalog.facts import AttributeFacts, RelationFacts
from trackadmin.catalog.kinds import AnyModel
from trackadmin.catalog.labels import label_of, lineage
from trackadmin.catalog.refusals import Refusal, RefusalCode
from trackadmin.catalog.words import why_not_plain
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def offered_relations(model: AnyModel, ceiling: Ceiling) -> Iterator[RelationFacts]:
    """The relations that an editor may choose as children, forward ones first.

    A relation is offered if its target or an ancestor of the target is offered. The related object
    is then tracked as that model.
    """
    for field in sorted(model._meta.get_fields(), key=_is_reverse):
        target = field.related_model
        if not _is_single(field) or target is None or isinstance(target, str):
            continue
        accessor = _accessor(field)
        names = {accessor, getattr(field, "attname", accessor)}
        if why_not_plain(accessor) or ceiling.why_not_field(model, field.model, *names):
            continue
        if class_member(model, accessor) is None or has_computed(model, accessor):
            continue  # hidden by a property of the host, which is not marked as a relation
        if _is_code(model, accessor) and not _is_listed(model, accessor, ceiling):
            continue
        if all(ceiling.why_not_model(ancestor) for ancestor in lineage(target)):
            continue
        yield _reverse(field) if _is_reverse(field) else _forward(field)


#: Django's own ways to a related object. They read and never write.
_DJANGOS = (
    ForwardManyToOneDescriptor,
    ForwardOneToOneDescriptor,
    ReverseOneToOneDescriptor,
)


def _is_code(model: AnyModel, accessor: str) -> bool:
    """Whether code of the site or of a package gets the related object; it may make a row."""
    found = class_member(model, accessor)
    return found is not None and type(found[1]) not in _DJANGOS


def _is_listed(model: AnyModel, accessor: str, ceiling: Ceiling) -> bool:
    found = class_member(model, accessor)
    return found is not None and ceiling.lists_computed(model, accessor, found[0])


def relations_as_attributes(model: AnyModel) -> Iterator[AttributeFacts]:
    """The relations without a value of their own, refused as attributes, with the reason."""
    with_column = set(model._meta.concrete_fields)
    for field in model._meta.get_fields():
        if field not in with_column:
            yield AttributeFacts(
                name=_accessor(field), type_text=_spoken(field), refused=_no_value(field, model)
            )


def _forward(field: Any) -> RelationFacts:
    return RelationFacts(
        accessor=field.name,
        target=label_of(field.related_model),
        kind="one-to-one" if field.one_to_one else "foreign key",
        # Without a constraint in the database the row may be gone while its key is still here.
        nullable=field.null or not getattr(field, "db_constraint", False),
        field=field,
    )


def _reverse(rel: Any) -> RelationFacts:
    return RelationFacts(
        accessor=rel.get_accessor_name(),
        target=label_of(rel.related_model),
        kind="reverse one-to-one",
        nullable=True,
        field=rel.field,
    )


def _is_single(field: Any) -> bool:
    if _is_reverse(field):
        return isinstance(field, models.OneToOneRel)
    return isinstance(field, ForeignObject) and bool(field.many_to_one or field.one_to_one)


def _is_reverse(field: Any) -> bool:
    return isinstance(field, models.ForeignObjectRel)


def _accessor(field: Any) -> str:
    """The name on the instance: a reverse relation's differs from its name in queries."""
    return (field.get_accessor_name() if _is_reverse(field) else field.name) or ""


def _no_value(field: Any, model: AnyModel) -> Refusal:
    accessor = _accessor(field)
    if _is_single(field) and accessor and _is_code(model, accessor):
        return Refusal(
            RefusalCode.RELATED_CODE,
            _(
                "Code of the site or of a package gets the related object, and it may write to the "
                "database."
            ),
            _(
                "A developer can add '%(name)s' to COMPUTED.",
                name=f"{model._meta.label}.{accessor}",
            ),
        )
    if _is_single(field):
        why = _("It is a related object. Add it as a child instead.")
        return Refusal(RefusalCode.RELATED_OBJECT, why)
    if field.one_to_many or field.many_to_many:
        why = _("It holds many objects. Only single values can be tracked.")
        return Refusal(RefusalCode.MANY_OBJECTS, why)
    if field.is_relation:
        why = _("It may point to any model, so its names would change with the data.")
        return Refusal(RefusalCode.ANY_MODEL, why)
    why = _("It has no column of its own. Track the fields that it is made of.")
    return Refusal(RefusalCode.NO_COLUMN, why)


def _spoken(field: Any) -> Text:
    return _("Related object") if _is_single(field) else _("Related objects")
