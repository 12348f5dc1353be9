"""The form of a tracked model: all that the host model has, checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin.admin.forms.aggregate_list import OPEN, AggregateRows, why_gone
from trackadmin.admin.forms.closed_rows import MOST_OPEN, close, open_row
from trackadmin.admin.forms.head import HeadForm
from trackadmin.admin.forms.joined import JoinedForm
from trackadmin.admin.forms.old_name import OldNameForm
from trackadmin.admin.forms.rows import AttributeRow, GoneRow, RelationRow, nowhere
from trackadmin.catalog import ModelFacts
from trackadmin.document import AttributeEntry, ChildEntry, ModelEntry, plain_fields
from trackadmin.document.renames import following, for_new_prefix, keep_old_names
from trackadmin.document.structure import (
    DROPPED,
    PSEUDONYMISED,
    TRACKED,
    AggregateEntry,
    in_order,
)

#: The fields of the entry that the head has as they are; the key is chosen among the rows.
OF_HEAD = [
    field.name
    for field in plain_fields(ModelEntry)
    if field.name in HeadForm.base_fields and field.name != "key"
]
NOT_IN_CLEAR = (PSEUDONYMISED, DROPPED)


#: Whether the old name of a row is live.
IsLive: TypeAlias = Callable[[OldNameForm], bool]


def nothing_is_live(form: OldNameForm) -> bool:
    """For a form whose old names nobody uses."""
    return False


class EntryForm(JoinedForm):
    """One tracked model as a form: a head, and a row for each attribute and relation.

    ``facts`` is ``None`` if the code no longer has the model: then every entry is gone.
    """

    def __init__(
        self,
        facts: ModelFacts | None,
        prefix: str,
        entry: ModelEntry,
        *,
        seen: int | None = None,
        data: QueryDict | None = None,
        asked: str = "",
        tracked_as: Callable[[str], str] = nowhere,
        is_live: IsLive = nothing_is_live,
    ) -> None:
        """``tracked_as`` gives the prefix of a relation's model, empty where it is not tracked.
        ``is_live`` says whether an old name is live, so that the form must ask what happens to it.
        """
        super().__init__()
        self.facts = facts
        self.is_live, self._tracked_as = is_live, tracked_as
        self.entry = entry
        self.data = data
        self.attributes = list(self._attribute_rows())
        self._close_rows(asked)
        self.relations = list(self._relation_rows())
        self.aggregates = AggregateRows(facts, entry, data, asked)
        self.gone = list(self._gone_rows())
        self.head = HeadForm(
            data,
            initial=self._head_initial(prefix, seen),
            label_suffix="",
            old_name=prefix if seen is not None else "",
            former=entry.former_prefix,
        )
        # A form that adds has seen no edit. One that changes must say which it has seen.
        self.head.fields["seen"].required = seen is not None

    # Reading ----------------------------------------------------------------------------------

    @property
    def key_row(self) -> str:
        """The row that is chosen as the key; empty for none."""
        return str(self.head["key"].value() or "")

    @property
    def refused(self) -> list[Any]:
        """The attributes that may not be tracked, with their reasons."""
        return list(self.facts.refused.values()) if self.facts else []

    @property
    def tracked_count(self) -> int:
        """How many attributes are tracked in the form as it is now."""
        return sum(row.tracked for row in self.attributes)

    # Checking ---------------------------------------------------------------------------------

    @property
    def prefix(self) -> str:
        """The prefix as the user wrote it."""
        return str(self.head.cleaned_data["prefix"])

    @property
    def chosen_name(self) -> str:
        """The prefix, as the pages of tracked models and actions both ask for it."""
        return self.prefix

    def as_entry(self) -> ModelEntry:
        """The tracked model as an entry; only if the form is valid."""
        head = self.head.cleaned_data
        row = self._row(head["key"])
        until = self.head.stays(self.entry.until)
        # Fields that the form does not have stay as they are.
        entry = replace(
            self.entry,
            former_prefix=self.entry.former_prefix if until else "",
            until=until,
            key=row.cleaned_data["name"] if row else self._gone_key(),
            attributes=self._attributes(),
            children=self._children(),
            aggregates=self._aggregates(),
            **{name: head[name] for name in OF_HEAD},
        )
        old, both_until = self.head.old_name, self.head.both_until
        entry = for_new_prefix(entry, self.prefix, old=old, until=both_until)
        return keep_old_names(entry, self._old_names())

    # Inside -----------------------------------------------------------------------------------

    def _close_rows(self, asked: str) -> None:
        """Close the rows of a large form that nobody has opened."""
        if self.data is None and len(self.attributes) > MOST_OPEN:
            for each in self.attributes:
                close(each)
        if (row := self._row(asked.removeprefix(OPEN))) and asked.startswith(OPEN):
            open_row(row)

    def _show_errors(self) -> None:
        """Open what has errors, to correct it."""
        for row in self.attributes:
            if row.errors:
                open_row(row, row.errors)

    def _forms(self) -> list[forms.Form]:
        rows = [*self.attributes, *self.relations, *self.aggregates.rows, *self.gone]
        return [self.head, *rows]

    def _row(self, name: str) -> AttributeRow | None:
        return next((row for row in self.attributes if row.row == name), None)

    def _attribute_rows(self) -> Iterator[AttributeRow]:
        for source, facts in (self.facts.attributes if self.facts else {}).items():
            # An attribute may have several output names: it has a row for each.
            entries: list[tuple[str, AttributeEntry | None]] = [*self._by_source.get(source, ())]
            entries = entries or [("", None)]
            for number, (name, entry) in enumerate(entries, start=1):
                row = source if number == 1 else f"{source}-{number}"
                yield AttributeRow(facts, row, output_name=name, entry=entry, data=self.data)

    @cached_property
    def _by_source(self) -> Mapping[str, list[tuple[str, AttributeEntry]]]:
        """The attributes of the entry by the name of their source."""
        found: dict[str, list[tuple[str, AttributeEntry]]] = {}
        for name, entry in in_order(self.entry.attributes):
            facts = self.facts.attribute(entry.source) if self.facts else None
            if facts is not None:
                found.setdefault(facts.name, []).append((name, entry))
        return found

    def _relation_rows(self) -> Iterator[RelationRow]:
        for accessor, facts in (self.facts.relations if self.facts else {}).items():
            entry = self.entry.children.get(accessor)
            known = self._tracked_as
            yield RelationRow(facts, entry=entry, tracked_as=known, data=self.data)

    def _gone_rows(self) -> Iterator[GoneRow]:
        for name, attribute in in_order(self.entry.attributes):
            reason = self._why_gone(attribute.source)
            if reason:
                yield GoneRow(name, reason, attribute, data=self.data)
        for accessor, child in in_order(self.entry.children):
            if self.facts is None or accessor not in self.facts.relations:
                reason = _("The code no longer has a single related object '%(name)s'.")
                reason %= {"name": accessor}
                yield GoneRow(accessor, reason, child, data=self.data)
        for name, aggregate in in_order(self.entry.aggregates):
            if why := why_gone(aggregate, self.facts):
                yield GoneRow(name, why, aggregate, data=self.data)

    def _why_gone(self, source: str) -> str:
        facts = self.facts.attribute(source) if self.facts else None
        if facts is None:
            return _("The code no longer has an attribute '%(name)s'.") % {"name": source}
        return str(facts.refused or "")

    def _head_initial(self, prefix: str, seen: int | None) -> dict[str, Any]:
        rows = [row for row in self.attributes if row["name"].initial == self.entry.key]
        key = next((row.row for row in rows if row.entry is not None), "")
        return {
            **{name: getattr(self.entry, name) for name in OF_HEAD},
            "prefix": prefix,
            "stays_until": self.entry.until,
            "key": key,
            "seen": seen,
        }

    def _agree(self) -> bool:
        return self._names_differ() and self._key_can_be_one() and self._renames_are_decided()

    def _names_differ(self) -> bool:
        gone = [row.name for row in self._kept(AttributeEntry)]
        taken: dict[str, str] = {name: name for name in [*gone, *self._hidden_aggregates()]}
        for row in self._decided():
            name = row.cleaned_data["name"]
            if name in taken:
                message = _("%(attribute)s already has the output name '%(name)s'. Change one.")
                message %= {"attribute": taken[name], "name": name}
                row.add_error("name", message)
            taken[name] = row.facts.name
        for aggregate in self.aggregates.kept:
            name = aggregate.cleaned_data["name"]
            if name in taken:
                message = _("%(attribute)s already has the output name '%(name)s'. Change one.")
                message %= {"attribute": taken[name], "name": name}
                aggregate.add_error("name", message)
            taken[name] = aggregate.said
        return not any(row.errors for row in [*self.attributes, *self.aggregates.rows])

    def _renames_are_decided(self) -> bool:
        """Ask about each old name that is live, where the user has not said what happens to it."""
        taken = {*self._attributes(), *self._aggregates()}
        for row in self._decided():
            if row.both_until and row.old_name in taken:
                message = _("Another attribute is called '%(name)s' now. Rename this one at once.")
                row.add_error("rename", message % {"name": row.old_name})
        for form in [self.head, *self.attributes, *self.relations]:
            if form.is_renamed and not form.errors and self.is_live(form):
                form.ask_about_it()
        return not any(form.errors for form in self._forms())

    def _old_names(self) -> dict[str, tuple[str, str]]:
        """By the old names of attributes that go out beside the new ones: new name and date."""
        rows = [row for row in self._decided() if row.both_until]
        return {row.old_name: (row.new_name, row.both_until) for row in rows}

    def _key_can_be_one(self) -> bool:
        wanted = self.head.cleaned_data["key"]
        row = self._row(wanted)
        if wanted and row is None:
            self.head.add_error(
                "key", _("The key is not one of the attributes below. Choose another.")
            )
        elif row is not None and (why := _why_no_key(row)):
            row.add_error(None, why)
        for other in self.attributes:
            if other.cleaned_data.get("lookup") and _hidden(other) and other is not row:
                other.add_error("lookup", _("URLs show a lookup in clear: choose another privacy."))
        return not any(form.errors for form in self._forms())

    def _decided(self) -> list[AttributeRow]:
        """The rows of the entry. An attribute can get back a name that it had before: then the
        row of the deprecated name is none of them.
        """
        rows = [row for row in self.attributes if row.cleaned_data["decision"]]
        back = {(row.old_name, row.new_name) for row in rows if row.is_renamed}
        return [row for row in rows if (row.successor, row.new_name) not in back]

    def _kept(self, kind: type[AttributeEntry] | type[ChildEntry]) -> list[GoneRow]:
        rows = [row for row in self.gone if isinstance(row.entry, kind)]
        return [row for row in rows if not row.cleaned_data["remove"]]

    def _aggregates(self) -> Mapping[str, AggregateEntry]:
        return {**self._hidden_aggregates(), **self.aggregates.as_entries()}

    def _hidden_aggregates(self) -> dict[str, AggregateEntry]:
        """Those that are not rows of the page, without what is to be removed."""
        gone = [row for row in self.gone if isinstance(row.entry, AggregateEntry)]
        removed = {row.name for row in gone if row.cleaned_data["remove"]}
        hidden = self.aggregates.hidden.items()
        return {name: each for name, each in hidden if name not in removed}

    def _gone_key(self) -> str:
        kept = {row.name for row in self._kept(AttributeEntry)}
        return self.entry.key if self.entry.key in kept else ""

    def _attributes(self) -> Mapping[str, AttributeEntry]:
        kept = {row.name: row.entry for row in self._kept(AttributeEntry)}
        start = _after(self.entry.attributes)
        rows = enumerate(self._decided(), start=start)
        attributes = {
            **{name: entry for name, entry in kept.items() if isinstance(entry, AttributeEntry)},
            **{row.cleaned_data["name"]: row.as_entry(position) for position, row in rows},
        }
        renamed = [row for row in self._decided() if row.is_renamed]
        return following(attributes, {row.old_name: row.new_name for row in renamed})

    def _children(self) -> Mapping[str, ChildEntry]:
        kept = {row.name: row.entry for row in self._kept(ChildEntry)}
        start = _after(self.entry.children)
        chosen = [row for row in self.relations if row.cleaned_data["tracked"]]
        rows = enumerate(chosen, start=start)
        return {
            **{name: entry for name, entry in kept.items() if isinstance(entry, ChildEntry)},
            **{row.facts.accessor: row.as_entry(position) for position, row in rows},
        }


def _after(entries: Mapping[str, Any]) -> int:
    """The first free position."""
    return max((entry.position for entry in entries.values()), default=-1) + 1


def _hidden(row: AttributeRow) -> bool:
    return row.cleaned_data.get("privacy") in NOT_IN_CLEAR


def _why_no_key(row: AttributeRow) -> str:
    if row.cleaned_data["decision"] != TRACKED:
        return _("It is the key, so it must be tracked. Track it, or choose another key.")
    if not row.can_be_key:
        return _("It cannot be the key: the database does not prove that it is unique.")
    if _hidden(row):
        return _("It is the key, and URLs show the key in clear: it cannot be hidden.")
    return ""
