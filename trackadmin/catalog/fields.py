"""The attributes that are fields of a host model."""

from __future__ import annotations

from django.db import models

from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.computed import computed_facts, has_computed
from trackadmin.catalog.deny import denied, denied_field
from trackadmin.catalog.facts import AttributeFacts
from trackadmin.catalog.kinds import (
    KINDS,
    AnyField,
    AnyModel,
    final_field,
    kind_of,
    type_text,
)
from trackadmin.catalog.labels import label_of
from trackadmin.catalog.privacy import field_is_personal
from trackadmin.catalog.refusals import Refusal, RefusalCode
from trackadmin.catalog.uniqueness import is_indexed, is_unique
from trackadmin.catalog.words import why_not_plain
from trackadmin.texts import gettext as _


def field_facts(field: AnyField, model: AnyModel, ceiling: Ceiling) -> AttributeFacts:
    """What is known about a field with a column, offered or refused.

    Where a property of the same name hides the field, reading it runs code: then it is that
    property that is offered or refused, like any other.
    """
    if has_computed(model, field.attname):
        return computed_facts(field.attname, model, ceiling)
    return AttributeFacts(
        name=field.attname,
        kind=kind_of(field),
        type_text=type_text(field),
        title=field.verbose_name,
        help=field.help_text,
        nullable=field.null,
        unique=is_unique(field),
        indexed=is_indexed(field),
        personal=field_is_personal(field, model),
        refused=_refused(field, model, ceiling),
        field=field,
        target=final_field(field),
    )


def _refused(field: AnyField, model: AnyModel, ceiling: Ceiling) -> Refusal | None:
    if not KINDS[kind_of(field)].sendable:
        return Refusal(
            RefusalCode.BINARY,
            _("Binary data cannot be sent with an event."),
            _(
                "If it is text, a developer can write a property that returns it, and mark it with "
                "@trackable or list it in COMPUTED."
            ),
        )
    if isinstance(field, models.ForeignKey) and final_field(field) is None:
        return Refusal(RefusalCode.NOT_INSTALLED, _("It points to a model that is not installed."))
    return (
        why_not_plain(field.attname)
        or denied(field.attname, label_of(model))
        or denied_field(field, model)
        or ceiling.why_not_field(model, field.model, field.attname, field.name)
    )
