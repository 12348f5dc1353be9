"""The slow, obvious oracle: what trackadmin must yield, by plain getattr and the ORM.

It shares no code with the compiler. Everything is worked out anew for each object, attribute by
attribute, from the document and Django's own ``_meta``.

    flatten(document, obj)              the values; lost ones are None
    flatten(document, obj, prefix="x")  the same under a keyword's prefix
    names(document, prefix)             the names of a tracked model, in order
    tracked_as(document, cls)           the prefix that tracks the objects of a class, or ""
    resolve(document, reference, text)  (status, object)
    text_of(document, obj)              the reference and the text that name the object in a URL
    scalar(value, field)                a value as it goes out
    cases(usual)                        how many cases to compare: more than the usual number in
                                        ``make torture``
"""

import datetime
import decimal
import enum
import hashlib
import hmac
import json
import math
import os
import re
import uuid

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.files import File
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models, router, transaction
from django.utils.duration import duration_iso_string
from django.utils.functional import LazyObject, Promise

from trackadmin.document.structure import in_order


def cases(usual):
    return usual * int(os.environ.get("TRACKADMIN_TORTURE", 1))


def tracked_as(document, cls):
    """The nearest class of the MRO that the map tracks."""
    for ancestor in cls.__mro__:
        for prefix, entry in document.models.items():
            if apps.get_model(entry.model) is ancestor:
                return prefix
    return ""


def flatten(document, obj, *, prefix="", faults=None):
    """The values of an object, children included; ``faults`` collects (place, error)."""
    obj = real(obj)
    own = tracked_as(document, type(obj))
    values = {}
    path = [own, prefix] if prefix else [own]
    start, base = (f"{prefix}_", f"{prefix}_") if prefix else (f"{own}_", "")
    _walk(document, own, obj, start, base, path, own, values, faults if faults is not None else [])
    return values


def names(document, prefix):
    """All names of a tracked model, in order; read off an object that has nothing."""
    values = {}
    _walk(document, prefix, None, f"{prefix}_", "", [prefix], prefix, values, [])
    return list(values)


def _walk(document, own, obj, start, base, path, place, values, faults, alone=False):
    entry = document.models[own]
    model = apps.get_model(entry.model)
    for name, attribute in in_order(entry.attributes):
        if attribute.decision == "tracked" and attribute.privacy != "dropped":
            value = None
            if obj is not None:
                value = _read(model, obj, attribute, f"{place}.{name}", faults)
            values.setdefault(start + name, value)
    for accessor, child in () if alone else in_order(entry.children):
        field = model._meta.get_field(_query_name(model, accessor))
        tracked = tracked_as(document, field.related_model)
        segment = child.prefix or tracked
        if not tracked or segment in path:
            continue
        related = _child(obj, accessor, f"{place}.{accessor}", faults)
        child_start = f"{base}{segment}_"
        child_base = child_start if child.prefix else base
        its_path, its_place = [*path, segment, tracked], f"{place}.{accessor}"
        _walk(
            document,
            tracked,
            related,
            child_start,
            child_base,
            its_path,
            its_place,
            values,
            faults,
            child.alone,
        )


def _query_name(model, accessor):
    for relation in model._meta.related_objects:
        if relation.get_accessor_name() == accessor:
            return relation.name
    return accessor


def _child(obj, accessor, place, faults):
    try:
        return None if obj is None else real(getattr(obj, accessor))
    except ObjectDoesNotExist:
        return None
    except Exception as error:
        faults.append((place, error))
        return None


def _read(model, obj, attribute, place, faults):
    try:
        field = _field(model, attribute.source)
        value = getattr(obj, field.attname if field else attribute.source)
        if field is None and callable(value) and callable(getattr(model, attribute.source)):
            value = value()
        value = scalar(value, field)
    except Exception as error:
        faults.append((place, error))
        return None
    return pseudonym(value) if attribute.privacy == "pseudonymised" else value


def _field(model, source):
    for field in model._meta.concrete_fields:
        if source in (field.attname, field.name):
            return field
    return None


def real(obj):
    """The object behind a lazy one."""
    if isinstance(obj, LazyObject):
        str(obj)  # looks it up
        return obj._wrapped
    return obj


def pseudonym(value):
    if value is None:
        return None
    keys = settings.TRACKADMIN.get("PSEUDONYM_KEYS") if hasattr(settings, "TRACKADMIN") else None
    keys = keys or {"default": settings.SECRET_KEY}
    key_id = list(keys)[-1]
    secret = keys[key_id].encode()
    digest = hmac.new(secret, str(value).encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"{key_id}:{digest.hexdigest()[:32]}"


def scalar(value, field=None):  # noqa: C901 rules in a row read better than a table of them
    """A value as it goes out: by its own type, then brought near the field's type."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.JSONField):
        return None if value is None else dump_json(value)
    value = plain(value)
    if value is None:
        return None
    if isinstance(field, models.IntegerField):
        if isinstance(value, str):
            return int(value) if re.fullmatch("-?[0-9]{1,19}", value) else value
        return int(value) if not isinstance(value, float) or value == int(value) else value
    if isinstance(field, models.FloatField):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return value
        return number if math.isfinite(number) else None
    if isinstance(field, models.BooleanField):
        if value in (1, "1", "t", "True"):
            return True
        return False if value in (0, "0", "f", "False") else value
    if isinstance(field, models.UUIDField):
        try:
            return str(uuid.UUID(str(value)))
        except ValueError:
            return str(value)
    if isinstance(field, models.DecimalField) and isinstance(value, float):
        return format(decimal.Decimal(repr(value)), "f")
    texts = (models.CharField, models.TextField, models.GenericIPAddressField, models.FileField)
    if isinstance(field, (*texts, models.DecimalField)) and not isinstance(value, str):
        return str(value)
    return value


def plain(value):  # noqa: C901 as above
    """Any value as a scalar, by its own type alone."""
    if isinstance(value, LazyObject):
        return plain(real(value))
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return "".join(value)
    if isinstance(value, int):
        return int.__add__(value, 0)
    if isinstance(value, float):
        return float.__abs__(value) * math.copysign(1, value) if math.isfinite(value) else None
    if isinstance(value, decimal.Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, datetime.datetime):
        aware = value.utcoffset() is not None
        return (value.astimezone(datetime.UTC) if aware else value).isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return duration_iso_string(value)
    if isinstance(value, File):
        return plain(value.name)
    if isinstance(value, dict | list | tuple):
        return dump_json(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return None
    if isinstance(value, models.Model):
        return plain(value.pk)
    if isinstance(value, Promise | uuid.UUID) or type(value).__str__ is not object.__str__:
        return "".join(str(value))
    raise TypeError("no text of its own")


def dump_json(value):
    return json.dumps(
        value,
        cls=DjangoJSONEncoder,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def resolve(document, reference, text, using=None):
    """(status, object): not_allowed, malformed, none, many, found or failed."""
    prefix, separator, name = reference.partition("__")
    entry = document.models.get(prefix)
    if not separator or entry is None or name not in entry.lookups():
        return "not_allowed", None
    model = apps.get_model(entry.model)
    field = _field(model, entry.attributes[name].source)
    alias = using or router.db_for_read(model)
    if not is_well_formed(text, field, alias):
        return "malformed", None
    try:
        with transaction.atomic(using=alias):
            rows = list(model._default_manager.using(alias).filter(**{field.attname: text})[:2])
    except Exception:
        return "failed", None
    return ("found", rows[0]) if len(rows) == 1 else ("many" if rows else "none", None)


def is_well_formed(text, field, alias):
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.IntegerField):
        ops = connections[alias].ops
        low, high = ops.integer_field_range(field.get_internal_type())
        canonical = re.fullmatch("-?[0-9]{1,20}", text) and str(int(text)) == text
        return bool(canonical) and low <= int(text) <= high
    if isinstance(field, models.UUIDField):
        return bool(re.fullmatch("[0-9a-fA-F]+", text.replace("-", ""))) and (
            [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12]
        )
    if text == "" or "\0" in text or any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        return False
    return field.max_length is None or len(text) <= field.max_length


def text_of(document, obj):
    """(reference, text) by the key, or None."""
    obj = real(obj)
    own = tracked_as(document, type(obj))
    entry = document.models.get(own)
    if entry is None or not entry.key:
        return None
    field = _field(type(obj), entry.attributes[entry.key].source)
    value = scalar(getattr(obj, field.attname), field)
    if value is None or not is_well_formed(str(value), field, router.db_for_read(type(obj))):
        return None
    return f"{own}__{entry.key}", str(value)
