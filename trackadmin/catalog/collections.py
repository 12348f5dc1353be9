"""The relations of a host model that hold many objects, and what may be said about these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from django.db import models
from django.db.models.fields.related_descriptors import (
    ManyToManyDescriptor,
    ReverseManyToOneDescriptor,
)

from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.computed import class_member
from trackadmin.catalog.kinds import AnyField, AnyModel, final_field
from trackadmin.catalog.labels import label_of
from trackadmin.catalog.refusals import Refusal, RefusalCode
from trackadmin.catalog.uniqueness import is_indexed
from trackadmin.catalog.words import why_not_plain
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

CollectionKind = Literal["reverse foreign key", "many-to-many"]
_KIND_LABELS: dict[CollectionKind, Text] = {
    "reverse foreign key": _("reverse foreign key"),
    "many-to-many": _("many-to-many"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionFacts:
    """A relation that holds many objects, offered or refused."""

    #: The name under which an instance has the manager of the related objects.
    accessor: str
    kind: CollectionKind
    #: The lower-case label of the related model, and the model.
    target: str
    model: AnyModel
    #: The column that an object's related objects are found by has an index.
    indexed: bool = False
    #: The attribute of an object that its related objects refer to, and the field of its values.
    key: str = ""
    key_field: AnyField | None = None
    #: How a query of the related model names that attribute.
    path: str = ""
    #: How it names the column that holds the key.
    column: str = ""
    #: The foreign key to the object: of the related model, or of the table in between.
    field: AnyField | None = None
    #: The attributes that the primary key of the related model consists of.
    primary_key: tuple[str, ...] = ()
    #: Why it may not be used; ``None`` where it may.
    refused: Refusal | None = None

    @property
    def models(self) -> tuple[AnyModel, ...]:
        """The models whose tables are read: the related one, and the one in between."""
        between = self.model if self.field is None else self.field.model
        return tuple(dict.fromkeys((self.model, between)))

    @property
    def kind_label(self) -> str:
        """The kind in words, in the active language."""
        return str(_KIND_LABELS[self.kind])


def collections_of(model: AnyModel, ceiling: Ceiling) -> Iterator[CollectionFacts]:
    """The relations of a model that hold many objects, each offered or refused."""
    relations: list[Any] = model._meta.get_fields()
    for relation in relations:
        if not (relation.one_to_many or relation.many_to_many):
            continue
        target, accessor = relation.related_model, _accessor(relation)
        if target is None or isinstance(target, str) or not accessor:
            continue
        kind: CollectionKind = "many-to-many" if relation.many_to_many else "reverse foreign key"
        refused = _why_not(relation, accessor, model, target, ceiling)
        facts = CollectionFacts(
            accessor=accessor, kind=kind, target=label_of(target), model=target, refused=refused
        )
        yield facts if refused else _complete(relation, facts)


def _accessor(relation: Any) -> str:
    if isinstance(relation, models.ForeignObjectRel):
        return relation.get_accessor_name() or ""
    return str(relation.name)


def _why_not(
    relation: Any, accessor: str, model: AnyModel, target: AnyModel, ceiling: Ceiling
) -> Refusal | None:
    return (
        why_not_plain(accessor)
        or _not_djangos(relation, accessor, model)
        or ceiling.why_not_field(model, relation.model, accessor)
        or ceiling.why_not_model(target)
    )


def _not_djangos(relation: Any, accessor: str, model: AnyModel) -> Refusal | None:
    """Why the related objects are not found by one column, as Django finds them."""
    if not isinstance(
        relation, (models.ManyToOneRel, models.ManyToManyRel, models.ManyToManyField)
    ):
        why = _("It is a generic relation. Only foreign keys and many-to-many relations are used.")
        return Refusal(RefusalCode.ANY_MODEL, why)
    found = class_member(model, accessor)
    if found is None or type(found[1]) not in (ReverseManyToOneDescriptor, ManyToManyDescriptor):
        why = _("Code of the site or of a package gets the related objects.")
        return Refusal(RefusalCode.RELATED_CODE, why)
    key = _foreign_key(relation)
    if not isinstance(key, models.ForeignKey) or final_field(key) is None:
        why = _("More than one column leads to the related objects.")
        return Refusal(RefusalCode.NO_COLUMN, why)
    return None


def _foreign_key(relation: Any) -> Any:
    """The foreign key that leads to the object: of the related model or the table in between."""
    if isinstance(relation, models.ManyToOneRel):
        return relation.field
    if isinstance(relation, models.ManyToManyField):
        through: Any = relation.remote_field.through
        return through._meta.get_field(relation.m2m_field_name())
    return relation.through._meta.get_field(relation.field.m2m_reverse_field_name())


def _complete(relation: Any, facts: CollectionFacts) -> CollectionFacts:
    field = _foreign_key(relation)
    (end,) = field.foreign_related_fields
    if isinstance(relation, models.ManyToOneRel):
        path = field.name
    elif isinstance(relation, models.ManyToManyField):
        path = f"{relation.related_query_name()}__{end.name}"
    else:
        path = f"{relation.field.name}__{end.name}"
    return CollectionFacts(
        accessor=facts.accessor,
        kind=facts.kind,
        target=facts.target,
        model=facts.model,
        indexed=is_indexed(field),
        key=end.attname,
        key_field=final_field(end),
        path=path,
        column=field.attname if isinstance(relation, models.ManyToOneRel) else path,
        field=field,
        primary_key=tuple(each.attname for each in facts.model._meta.pk_fields),
    )
