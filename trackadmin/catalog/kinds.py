"""The kind of value that a field holds, and its type in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

from django.db import models

from trackadmin.texts import Text, ngettext
from trackadmin.texts import gettext as _

AnyField: TypeAlias = "models.Field[Any, Any]"
AnyModel: TypeAlias = type[models.Model]


class Kind(StrEnum):
    """What Python values a field gives. ``KINDS`` and ``compiler/values/rules.py`` say more."""

    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    TEXT = "text"
    IP_ADDRESS = "ip address"
    UUID = "uuid"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    DURATION = "duration"
    FILE = "file"
    JSON = "json"
    OTHER = "other"
    BINARY = "binary"


class Personal(StrEnum):
    """What makes a field of a kind look personal."""

    #: Its name or its class.
    NAME = "name"
    #: A name that says that a person belongs to a special group: a plain yes or no says nothing.
    GROUP = "group"
    #: A name that speaks of birth.
    BIRTH = "birth"


@dataclass(frozen=True, slots=True)
class LookupValues:
    """The values of a kind that a URL can carry and that are read back exactly."""

    #: Exactly their type.
    type: type
    #: Some values to try with a field that is not one of Django's own.
    probes: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the catalog knows about a kind. No trait has a default, so none can be forgotten."""

    #: ``None`` where no URL can carry the values.
    lookup: LookupValues | None
    personal: Personal
    #: Whether an event can hold the values.
    sendable: bool


KINDS: dict[Kind, Traits] = {
    Kind.INTEGER: Traits(
        lookup=LookupValues(int, (7, 12)),
        personal=Personal.NAME,
        sendable=True,
    ),
    Kind.FLOAT: Traits(
        lookup=None,
        personal=Personal.NAME,
        sendable=True,
    ),
    Kind.DECIMAL: Traits(
        lookup=None,
        personal=Personal.NAME,
        sendable=True,
    ),
    Kind.BOOLEAN: Traits(
        lookup=None,
        personal=Personal.GROUP,
        sendable=True,
    ),
    Kind.TEXT: Traits(
        lookup=LookupValues(str, ("aZ9", "b-c.d")),
        personal=Personal.NAME,
        sendable=True,
    ),
    Kind.IP_ADDRESS: Traits(
        # What an IP address is, the database decides, and its answer can be an error.
        lookup=None,
        personal=Personal.NAME,
        sendable=True,
    ),
    Kind.UUID: Traits(
        lookup=LookupValues(UUID, (UUID(int=5), UUID(int=2**100))),
        personal=Personal.NAME,
        sendable=True,
    ),
    Kind.DATE: Traits(
        lookup=None,
        personal=Personal.BIRTH,
        sendable=True,
    ),
    Kind.TIME: Traits(
        lookup=None,
        personal=Personal.BIRTH,
        sendable=True,
    ),
    Kind.DATETIME: Traits(
        lookup=None,
        personal=Personal.BIRTH,
        sendable=True,
    ),
    Kind.DURATION: Traits(
        lookup=None,
        personal=Personal.BIRTH,
        sendable=True,
    ),
    Kind.FILE: Traits(
        lookup=None,
        personal=Personal.NAME,
        sendable=True,
    ),
    Kind.JSON: Traits(
        lookup=None,
        personal=Personal.NAME,
        sendable=True,
    ),
    Kind.OTHER: Traits(
        lookup=None,
        personal=Personal.NAME,
        sendable=True,
    ),
    Kind.BINARY: Traits(
        lookup=None,
        personal=Personal.NAME,
        sendable=False,
    ),
}

#: By the name of a field class, for Django's own ones and those of contrib.postgres. Names and not
#: classes: importing contrib.postgres needs a driver that the site may not have. The nearest class
#: in the field's ancestry decides, so a site's own fields are known by what they are built on.
_KINDS: dict[str, tuple[Kind, Text]] = {
    "IntegerField": (Kind.INTEGER, _("Whole number")),
    "AutoField": (Kind.INTEGER, _("Whole number")),
    "FloatField": (Kind.FLOAT, _("Number")),
    "DecimalField": (Kind.DECIMAL, _("Decimal number")),
    "BooleanField": (Kind.BOOLEAN, _("Yes or no")),
    "NullBooleanField": (Kind.BOOLEAN, _("Yes or no")),
    "CharField": (Kind.TEXT, _("Text")),
    "TextField": (Kind.TEXT, _("Text")),
    "EmailField": (Kind.TEXT, _("E-mail address")),
    "SlugField": (Kind.TEXT, _("Slug")),
    "URLField": (Kind.TEXT, _("Web address")),
    "FilePathField": (Kind.TEXT, _("File path")),
    # Of texts, unless its column is one of addresses: ``kind_of`` asks for that.
    "GenericIPAddressField": (Kind.TEXT, _("IP address")),
    "UUIDField": (Kind.UUID, _("UUID")),
    "DateTimeField": (Kind.DATETIME, _("Date and time")),
    "DateField": (Kind.DATE, _("Date")),
    "TimeField": (Kind.TIME, _("Time of day")),
    "DurationField": (Kind.DURATION, _("Length of time")),
    "ImageField": (Kind.FILE, _("Image")),
    "FileField": (Kind.FILE, _("File")),
    "JSONField": (Kind.JSON, _("JSON")),
    "ArrayField": (Kind.JSON, _("List")),
    "HStoreField": (Kind.JSON, _("Texts by key")),
    "RangeField": (Kind.OTHER, _("Range")),
    "BinaryField": (Kind.BINARY, _("Binary data")),
}
_DJANGO = ("django.db.models.", "django.contrib.postgres.")


def final_field(field: AnyField) -> AnyField | None:
    """The field that the values come from: for a foreign key, the one that it points to.

    Follows ``to_field`` and primary keys that are foreign keys themselves. ``None`` if that leads
    to a model that is not installed, or in a circle.
    """
    seen: set[AnyField] = set()
    while isinstance(field, models.ForeignKey):
        if field in seen or isinstance(field.related_model, str):
            return None
        seen.add(field)
        field = field.target_field
    return field


def kind_of(field: AnyField) -> Kind:
    """The kind of a concrete field's values; for a foreign key, of the field that it points to."""
    end = final_field(field)
    # The column decides, not the class: a site's own field of texts may have one of addresses, and
    # a site's own field of addresses one of texts.
    if end is not None and end.get_internal_type() == "GenericIPAddressField":
        return Kind.IP_ADDRESS
    return _known(field)[0]


def type_text(field: AnyField) -> Text | str:
    """The type in words, e.g. ``Text · up to 150 characters`` or ``Foreign key to Country``."""
    if isinstance(field, models.ForeignKey):
        name = getattr(field.related_model, "__name__", field.related_model)
        if field.one_to_one:
            return _("One-to-one with %(model)s", model=name)
        return _("Foreign key to %(model)s", model=name)
    labels = [_known(field)[1]]
    if isinstance(field, models.DecimalField):
        places = field.decimal_places
        labels.append(ngettext("%(count)s place", "%(count)s places", count=places))
    elif isinstance(field, models.CharField) and field.max_length:
        length = field.max_length
        labels.append(
            ngettext("up to %(count)s character", "up to %(count)s characters", count=length)
        )
    if has_choices(field):
        labels.append(_("with choices"))
    return _side_by_side(labels)


def _side_by_side(labels: list[Text | str]) -> Text | str:
    """Labels that each say something by themselves, with dots between them."""
    if len(labels) == 1:
        return labels[0]
    values = {f"label{number}": label for number, label in enumerate(labels)}
    return Text(" · ".join(f"%({name})s" for name in values), values=values)


def has_choices(field: AnyField) -> bool:
    """Whether the field's values come from a list. The list is not read, which may cost queries.

    django-stubs types ``choices`` as always present; Django has ``None`` where there are none.
    """
    return getattr(field, "choices", None) is not None


def _known(field: AnyField) -> tuple[Kind, Text | str]:
    end = final_field(field)
    if isinstance(end, models.GeneratedField):
        end = end.output_field
    field_class: type = type(end)
    return _known_class(field_class)


@lru_cache(maxsize=256)
def _known_class(field_class: type) -> tuple[Kind, Text | str]:
    for cls in field_class.__mro__:
        if cls.__module__.startswith(_DJANGO) and cls.__name__ in _KINDS:
            return _KINDS[cls.__name__]
    return Kind.OTHER, field_class.__name__.removesuffix("Field") or _("Field")
