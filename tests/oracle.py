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


def flatten(document, obj, *, prefix="", faults=None, related=None):
    """The values of an object, children included; ``faults`` collects (place, error).

    ``related`` may take the place of :func:`related_rows`.
    """
    obj = real(obj)
    own = tracked_as(document, type(obj))
    walk = _Walk(document, faults if faults is not None else [], related or related_rows)
    if prefix:
        walk.visit(own, obj, [f"{prefix}_"], [f"{prefix}_"], [own, prefix], own)
    else:
        starts = [f"{each}_" for each in _prefixes(document, own)]
        walk.visit(own, obj, starts, [""], [own], own)
    return walk.values


def names(document, prefix):
    """All names of a tracked model, in order; read off an object that has nothing."""
    walk = _Walk(document, [], related_rows)
    starts = [f"{each}_" for each in _prefixes(document, prefix)]
    walk.visit(prefix, None, starts, [""], [prefix], prefix)
    return list(walk.values)


def _prefixes(document, prefix):
    """A tracked model's own prefix, and the one that it had before."""
    former = document.models[prefix].former_prefix
    return [prefix, former] if former else [prefix]


class _Walk:
    """From object to object; collects the values, and what was lost."""

    def __init__(self, document, faults, related):
        self.document, self.faults, self.related = document, faults, related
        self.values = {}

    def visit(self, own, obj, starts, bases, path, place, alone=False):
        """``starts`` are what an object's names begin with: today's, then the former ones.
        ``bases`` are the same for what its children inherit."""
        entry = self.document.models[own]
        model = apps.get_model(entry.model)
        attributes = self.attributes(model, entry, obj, place)
        for start in starts:
            self.values |= {start + name: value for name, value in attributes.items()}
        for name, value in self.aggregates(entry, obj, place).items():
            self.values |= {start + name: value for start in starts}
        for accessor, child in () if alone else in_order(entry.children):
            field = model._meta.get_field(_query_name(model, accessor))
            tracked = tracked_as(self.document, field.related_model)
            edge = f"{own}.{accessor}"
            segments = self.segments(child, tracked, path, edge) if tracked else {}
            if segments:
                there = f"{place}.{accessor}"
                related = self.lost(there, lambda name=accessor: _child(obj, name), obj)
                pairs = [
                    (base, f"{base}{s}_", own) for base in bases for s, own in segments.items()
                ]
                self.visit(
                    tracked,
                    related,
                    [*dict.fromkeys(start for _, start, _ in pairs)],
                    [*dict.fromkeys(start if own else base for base, start, own in pairs)],
                    [*path, next(iter(segments)), tracked, edge],
                    there,
                    child.alone,
                )

    def attributes(self, model, entry, obj, place):
        return {
            name: self.lost(f"{place}.{name}", lambda a=attribute: _read(model, obj, a), obj)
            for name, attribute in in_order(entry.attributes)
            if goes_out(attribute)
        }

    def aggregates(self, entry, obj, place):
        return {
            name: self.lost(f"{place}.{name}", lambda a=aggregate: self.compute(obj, a), obj)
            for name, aggregate in in_order(entry.aggregates)
            if goes_out(aggregate)
        }

    def compute(self, obj, aggregate):
        """A count or sum over the related objects, each looked at in Python."""
        value = aggregated(aggregate, self.related(obj, aggregate), _related_model(obj, aggregate))
        return pseudonym(value) if aggregate.privacy == "pseudonymised" else value

    def lost(self, place, read, obj):
        """What is read, or null; what raises is lost."""
        try:
            return None if obj is None else read()
        except Exception as error:
            self.faults.append((place, error))
            return None

    def segments(self, child, tracked, path, edge):
        """What the child adds to names, and whether its own children's names have it too.

        A child without a prefix has its model's, today's and the former; none of them if its model
        is on the path already. A child that is on the path itself has no former prefix.
        """
        plain = dict.fromkeys(_prefixes(self.document, tracked), False)
        found = {child.prefix: True} if child.prefix else dict(plain)
        former = child.former_prefix if edge not in path else ""
        before = plain if former in plain else {former: True} if former else {}
        found |= {segment: own for segment, own in before.items() if segment not in found}
        return {
            segment: own
            for segment, own in found.items()
            if segment not in path and (own or tracked not in path)
        }


def goes_out(entry):
    return entry.decision == "tracked" and entry.privacy != "dropped"


def _query_name(model, accessor):
    for relation in model._meta.related_objects:
        if relation.get_accessor_name() == accessor:
            return relation.name
    return accessor


def _child(obj, accessor):
    try:
        return real(getattr(obj, accessor))
    except ObjectDoesNotExist:
        return None


def _read(model, obj, attribute):
    field = _field(model, attribute.source)
    value = getattr(obj, field.attname if field else attribute.source)
    if field is None and callable(value) and callable(getattr(model, attribute.source)):
        value = value()
    value = scalar(value, field)
    return pseudonym(value) if attribute.privacy == "pseudonymised" else value


def related_rows(obj, aggregate):
    """What the related manager gives, one object after the other."""
    rows = getattr(obj, aggregate.relation).filter(**aggregate.where)
    # So that the rows are not told of the object they belong to, which a router may refuse.
    rows._known_related_objects = {}
    return list(rows)


def _related_model(obj, aggregate):
    return getattr(obj, aggregate.relation).model


def aggregated(aggregate, rows, model):
    """The scalar of an aggregate, by counting, adding and comparing in Python."""
    if aggregate.function == "count":
        return len(rows)
    field = _field(model, aggregate.field)
    if aggregate.function == "latest":
        by = _field(model, aggregate.by).attname
        dated = [row for row in rows if getattr(row, by) is not None]
        newest = max(dated, key=lambda row: (getattr(row, by), row.pk), default=None)
        return newest and scalar(getattr(newest, field.attname), field)
    values = [getattr(row, field.attname) for row in rows]
    values = [value for value in values if value is not None]
    if aggregate.function == "distinct":
        return len({_as_stored(field, value) for value in values})
    if aggregate.function == "sum":
        return scalar(sum(values, start=nothing(field)), field)
    found = {"min": min, "max": max}[aggregate.function](
        values, key=lambda value: _as_stored(field, value), default=None
    )
    return scalar(found, field)


def _as_stored(field, value):
    """What the database compares, if a field stores something else than it gives."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return (
        json.dumps(value, sort_keys=True)
        if isinstance(value, dict | list)
        else (field.get_prep_value(value))
    )


def nothing(field):
    if isinstance(field, models.DecimalField):
        return decimal.Decimal(0).scaleb(-field.decimal_places)
    if isinstance(field, models.DurationField):
        return datetime.timedelta()
    return 0.0 if isinstance(field, models.FloatField) else 0


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
    """JSON text, with numbers as PostgreSQL stores them: without large exponents."""
    number = json.loads(
        _json_of(value),
        parse_float=lambda text: int(decimal.Decimal(text)) if "e+" in text else float(text),
    )
    return _json_of(number)


def _json_of(value):
    return json.dumps(
        value,
        cls=DjangoJSONEncoder,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def entry_of(document, prefix):
    """The tracked model that has this prefix, or had it before."""
    entries = document.models.values()
    former = (entry for entry in entries if prefix and entry.former_prefix == prefix)
    return document.models.get(prefix) or next(former, None)


def resolve(document, reference, text, using=None):
    """(status, object): not_allowed, malformed, none, many, found or failed."""
    prefix, separator, name = reference.partition("__")
    entry = entry_of(document, prefix)
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
