"""The tables of the draft: which rows are below a row, and which entry each of them is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, overload

from django.db import models

from trackadmin import document as documents
from trackadmin.document import (
    ActionEntry,
    AggregateEntry,
    AttributeEntry,
    ChildEntry,
    Diff,
    Document,
    ModelEntry,
    ParameterEntry,
    plain_fields,
)
from trackadmin.models import (
    TrackedAction,
    TrackedAggregate,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackedParameter,
)

#: The columns that are not called as the field of the entry.
_COLUMNS = {"model": "model_label"}

#: A row of which the map has a list: it has a history and a form of its own.
Head = TrackedModel | TrackedAction
HeadEntry = ModelEntry | ActionEntry


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of rows below a tracked model or an action."""

    model: type[models.Model]
    entry: type
    #: The column by which the rows are listed.
    name: str
    #: The column of the row above.
    above: str
    #: The column by which a row that got another name is known; empty for none.
    same: str = ""

    @property
    def label(self) -> str:
        """What a stored row calls its table."""
        return self.model._meta.label_lower

    @property
    def plain_columns(self) -> dict[str, str]:
        """The columns that hold the plain fields of an entry, by field."""
        return {each.name: _COLUMNS.get(each.name, each.name) for each in plain_fields(self.entry)}


@dataclass(frozen=True, slots=True, eq=False)
class HeadTable(Table):
    """A table of rows of which the map has a list."""

    #: The field of a document that holds the entries.
    listed: str = ""
    #: The tables below, by the field of the entry that holds them.
    below: Mapping[str, Table] = field(default_factory=dict)

    def document_with(self, entries: Mapping[str, HeadEntry]) -> Document:
        """A document with these entries only, to compare them."""
        return Document(**{self.listed: entries})  # type: ignore[arg-type] # one of its fields

    def rows_below(self, row: Head) -> Iterator[models.Model]:
        """All rows below one row."""
        for name in self.below:
            yield from getattr(row, name).all()


MODELS = HeadTable(
    TrackedModel,
    ModelEntry,
    name="prefix",
    above="map",
    same="model_label",
    listed="models",
    below={
        "attributes": Table(TrackedAttribute, AttributeEntry, "name", "tracked_model", "source"),
        "children": Table(TrackedChild, ChildEntry, "accessor", "tracked_model"),
        "aggregates": Table(TrackedAggregate, AggregateEntry, "name", "tracked_model"),
    },
)
ACTIONS = HeadTable(
    TrackedAction,
    ActionEntry,
    name="name",
    above="map",
    listed="actions",
    below={"parameters": Table(TrackedParameter, ParameterEntry, "name", "action")},
)
HEADS = (MODELS, ACTIONS)


def table_of(given: Head | HeadEntry) -> HeadTable:
    """The table of a tracked model or of an action, of its row or its entry."""
    return ACTIONS if isinstance(given, TrackedAction | ActionEntry) else MODELS


@overload
def entry_of(row: TrackedModel) -> ModelEntry: ...
@overload
def entry_of(row: TrackedAction) -> ActionEntry: ...
@overload
def entry_of(row: Head) -> HeadEntry: ...
def entry_of(row: Head) -> Any:
    """A tracked model or an action with the rows below it, as an entry."""
    table = table_of(row)
    below = {
        listed: {getattr(each, t.name): _entry_at(each, t) for each in getattr(row, listed).all()}
        for listed, t in table.below.items()
    }
    return _entry_at(row, table, **below)


def _entry_at(row: models.Model, table: Table, **below: Any) -> Any:
    plain = {field: getattr(row, column) for field, column in table.plain_columns.items()}
    return table.entry(**plain, **below)


def entry_diff(before: Mapping[str, HeadEntry], name: str, entry: HeadEntry) -> Diff:
    """What it changes to write this entry where ``before``, if it has any, stands.

    They are the same tracked model or action, so another name is a new name.
    """
    table = table_of(entry)
    renamed = {old: name for old in before if old != name}
    old, new = table.document_with(before), table.document_with({name: entry})
    return documents.diff(old, new, renamed_actions=renamed)


def name_of(row: Head) -> str:
    """The prefix of a tracked model, the name of an action."""
    return str(getattr(row, table_of(row).name))
