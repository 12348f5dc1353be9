"""Models and their labels: how maps and settings name them."""

from __future__ import annotations

import json

from django.apps import apps
from django.db import models

from trackadmin.catalog.kinds import AnyModel


def model_of(label: str) -> AnyModel | None:
    """The model of this label in any case: maps write labels in lower case, apps may not.

    This is the only way from a label to a model: ``apps.get_model`` is sensitive to the case of
    the app.
    """
    app, _, name = label.partition(".")
    app = app.lower()
    for config in apps.get_app_configs():
        if config.label.lower() == app:
            try:
                return config.get_model(name)
            except LookupError:
                continue
    return None


def label_of(model: AnyModel) -> str:
    """The label of a model as maps write it: Django's own keeps the case of the app."""
    return str(model._meta.label).lower()


def key_text(obj: models.Model) -> str:
    """The primary key of an object as an address has it; one of several columns as a JSON list."""
    if len(obj._meta.pk_fields) > 1:
        return json.dumps(list(obj.pk), default=str)
    return str(obj.pk)


def is_app(label: str) -> bool:
    """Whether the site has an app of this label, in any case."""
    return any(config.label.lower() == label.lower() for config in apps.get_app_configs())


def app_of(model: AnyModel) -> str:
    """The label of a model's app in lower case, as settings are compared with it."""
    return model._meta.app_label.lower()


def lineage(model: AnyModel) -> list[AnyModel]:
    """The model and its ancestors, without abstract ones, nearest first."""
    return [cls for cls in model.__mro__ if hasattr(cls, "_meta") and not cls._meta.abstract]


def labels(model: AnyModel, *, same_table: bool = False) -> list[str]:
    """The lower-case labels of the model and its ancestors; or of those in the same table only."""
    table = model._meta.concrete_model
    return [
        label_of(cls)
        for cls in lineage(model)
        if not same_table or cls._meta.concrete_model is table
    ]


def spellings(source: str, label: str) -> set[str]:
    """The names of one field of the model: a foreign key has two, ``buyer`` and ``buyer_id``."""
    model = model_of(label)
    for field in model._meta.concrete_fields if model else ():
        if source in (field.name, field.attname):
            return {field.name, field.attname}
    return {source}
