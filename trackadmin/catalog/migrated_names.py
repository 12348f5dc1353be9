"""Which migration gave each model and each field of the host its name: read from the code."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from graphlib import TopologicalSorter
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeAlias

from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader

from trackadmin.catalog.kinds import AnyModel

logger = logging.getLogger("trackadmin")

#: The app and the name of a migration: ``("shop", "0007_note")``.
MigrationKey: TypeAlias = tuple[str, str]
#: Apps whose migrations are kept. Of each only what was added is kept, not the migrations.
APPS_KEPT = 500


@dataclass(frozen=True, slots=True)
class NamedBy:
    """The migration that a name came with."""

    key: MigrationKey
    #: The migrations that it was squashed from, where their files are gone.
    replaces: tuple[MigrationKey, ...] = ()


@dataclass(slots=True)
class ModelNames:
    """The migrations that one model and its fields came with."""

    made: NamedBy | None = None
    #: By name in small letters, the fields that came, or got their name, after their model.
    fields: dict[str, NamedBy] = field(default_factory=dict)


def migrated_names(model: AnyModel) -> ModelNames:
    """What the migrations of its app say of a model; nothing where there are none."""
    meta = model._meta
    module, _explicit = MigrationLoader.migrations_module(meta.app_label)
    known = _read_names(meta.app_label, module) if module else {}
    return known.get(str(meta.model_name)) or ModelNames()


@lru_cache(APPS_KEPT)
def _read_names(app: str, module: str) -> dict[str, ModelNames]:
    names: dict[str, ModelNames] = defaultdict(ModelNames)
    try:
        found = _migrations(app, module)
        for migration in _in_order(_without_doubles(found)):
            replaced = tuple((a, n) for a, n in migration.replaces)
            by = NamedBy((app, migration.name), replaced)
            _apply(names, migration.operations, by)
    except Exception:
        # The host's code may raise anything; then nobody knows when something was added.
        logger.exception("The migrations of the app %s cannot be read", app)
        return {}
    return dict(names)


def _migrations(app: str, module: str) -> dict[str, Migration]:
    try:
        package = import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name and module.startswith(missing.name):
            return {}  # an app without migrations
        raise
    names = [each.name for each in iter_modules(getattr(package, "__path__", ()))]
    modules = {name: import_module(f"{module}.{name}") for name in names if name[0] not in "_~"}
    return {
        name: each.Migration(name, app)
        for name, each in modules.items()
        if hasattr(each, "Migration")
    }


def _without_doubles(found: Mapping[str, Migration]) -> dict[str, Migration]:
    """Without squashed migrations whose parts are still there: the parts tell more."""
    return {
        name: each
        for name, each in found.items()
        if not each.replaces or not all(part in found for _app, part in each.replaces)
    }


def _in_order(found: Mapping[str, Migration]) -> Iterator[Migration]:
    """Each migration after those of its app that it depends on."""
    before = {
        name: [key[1] for key in each.dependencies if key[0] == each.app_label and key[1] in found]
        for name, each in sorted(found.items())
    }
    return (found[name] for name in TopologicalSorter(before).static_order())


def _apply(names: dict[str, ModelNames], steps: Iterable[Any], by: NamedBy) -> None:
    for step in steps:
        match step:
            case operations.SeparateDatabaseAndState():
                _apply(names, step.state_operations, by)
            case operations.CreateModel():
                names[step.name_lower] = ModelNames(by)
            case operations.RenameModel():
                names[step.new_name_lower] = names.pop(step.old_name_lower, ModelNames())
            case operations.AddField():
                names[step.model_name_lower].fields[step.name_lower] = by
            case operations.RenameField():
                names[step.model_name_lower].fields[step.new_name_lower] = by
