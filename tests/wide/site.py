"""The map of the whole site, and rows in every table."""

import datetime
import decimal

from django.apps import apps
from django.db import models

from tests.maps import document, tracked
from trackadmin.catalog import catalog

MOMENT = datetime.datetime(2026, 3, 29, 1, 30, tzinfo=datetime.UTC)


def site_map(*, without=()):
    """Tracks every model with its code, title, moment and amount, what is computed, and every
    relation that may come along, each under a prefix of its own."""
    return document(**{facts.name: _tracked(facts, without) for facts in site_models()})


def site_models():
    return [facts for facts in catalog().models() if facts.app_label == "wide"]


def _tracked(facts, without):
    computed = [name for name, each in facts.attributes.items() if each.computed]
    children = [(name, name.title()) for name in facts.relations if name not in without]
    sources = ["code", "title", "moment", "amount", *computed]
    return tracked(facts.label, sources, children, key="code")


def fill(rows=2, start=0):
    """Save rows in every table; the code of the first one is the model's name in lower case and 0.

    Every second relation of the last row leads to nothing. The objects by class name.
    """
    made = {}
    for model in _in_order(list(apps.get_app_config("wide").get_models())):
        name = model.__name__
        made[name] = [_save(model, name.lower(), number, made) for number in range(start, rows)]
    return made


def _save(model, name, number, made):
    values = {
        "code": f"{name}{number}",
        "title": f"{name} é{number}",
        "moment": MOMENT + datetime.timedelta(days=number) if number else None,
        "amount": decimal.Decimal(number) + decimal.Decimal("0.50"),
    }
    for at, field in enumerate(model._meta.local_concrete_fields):
        if isinstance(field, models.ForeignKey) and field.related_model.__name__ in made:
            parents = made[field.related_model.__name__]
            left_out = field.null and number == 1 and at % 2
            values[field.name] = None if left_out else parents[number % len(parents)]
        elif field.name in ("north", "east"):
            values[field.name] = number
    manager = getattr(model, "everything", model._base_manager)
    return manager.create(**{k: v for k, v in values.items() if k != "vehicle_ptr"})


def _in_order(left):
    """Those first that others point to."""
    done = []
    while left:
        ready = [model for model in left if not _needs(model) & {m for m in left if m is not model}]
        done += ready
        left = [model for model in left if model not in ready]
    return done


def _needs(model):
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation}
