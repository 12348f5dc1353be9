"""Saves, restores, deletes and orders single tracked models and actions.

The admin, the command and the API call the same functions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from trackadmin.codes import ProblemCode
from trackadmin.document import ActionEntry, AttributeEntry, Diff, ModelEntry
from trackadmin.document.renames import old_action
from trackadmin.editing.acceptance import refuse_action, refuse_attributes, refuse_model
from trackadmin.editing.building import action_rows, draft_rows, head_row, head_rows
from trackadmin.editing.edits import Edit, edit, record_foreign_change
from trackadmin.editing.entry_rows import write_entry
from trackadmin.editing.locking import AnyMap, map_of
from trackadmin.editing.people import Person
from trackadmin.editing.tables import (
    ACTIONS,
    MODELS,
    Head,
    HeadEntry,
    HeadTable,
    entry_diff,
    entry_of,
    name_of,
    table_of,
)
from trackadmin.exceptions import InvalidMap, Problem, StaleForm
from trackadmin.models import TrackedAction, TrackedModel
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

R = TypeVar("R", TrackedModel, TrackedAction)


@dataclass(frozen=True, slots=True)
class Saved(Generic[R]):
    """The row of a tracked model or an action as it is now, and what the save changed."""

    row: R
    changes: Diff


def save_tracked_model(
    tracking_map: AnyMap,
    prefix: str,
    entry: ModelEntry,
    *,
    tracked_model: TrackedModel | None = None,
    seen: int | None = None,
    by: Person = None,
    comment: Text | str = "",
) -> Saved[TrackedModel]:
    """Write the entry to the row ``tracked_model``; ``None`` adds a tracked model.

    ``seen`` is the ``lock_version`` that the form showed. Raises :class:`StaleForm` if somebody
    saved or deleted the row since, and :class:`InvalidMap` with the errors of this entry, never
    with those of the rest of the map. A save that changes nothing leaves no trace. Actions that
    bring the model follow to a new prefix, in the same edit.
    """
    with edit(tracking_map, by=by, comment=comment) as change:
        row = _find(change, tracked_model, seen) if tracked_model else None
        return _save(change, row, prefix, entry)


def decide(
    tracking_map: AnyMap,
    decisions: Mapping[str, Mapping[str, AttributeEntry]],
    *,
    by: Person = None,
) -> list[Saved[TrackedModel]]:
    """Add these attributes to tracked models of the draft, in one edit: by prefix and output name.

    They come after the attributes that there are. If one of them is refused, none is added: raises
    :class:`StaleForm` if somebody deleted the tracked model, and :class:`InvalidMap` if somebody
    has decided about the attribute since, if the name is taken, and for errors of the entries.
    """
    with edit(tracking_map, by=by, comment=_("Decided about attributes.")) as change:
        rows = {row.prefix: row for row in draft_rows(change.tracking_map, [*decisions])}
        if gone := [prefix for prefix in decisions if prefix not in rows]:
            raise StaleForm(gone[0], None, None)
        for prefix, attributes in decisions.items():
            refuse_attributes(prefix, entry_of(rows[prefix]), attributes)
        return [
            _save(change, rows[prefix], prefix, _with(entry_of(rows[prefix]), attributes))
            for prefix, attributes in decisions.items()
        ]


def _with(entry: ModelEntry, attributes: Mapping[str, AttributeEntry]) -> ModelEntry:
    """The tracked model with more attributes, after those that it has."""
    after = max((each.position for each in entry.attributes.values()), default=-1) + 1
    added = {
        name: replace(each, position=position)
        for position, (name, each) in enumerate(attributes.items(), start=after)
    }
    return replace(entry, attributes={**entry.attributes, **added})


def save_action(
    tracking_map: AnyMap,
    name: str,
    entry: ActionEntry,
    *,
    action: TrackedAction | None = None,
    both_until: str = "",
    seen: int | None = None,
    by: Person = None,
    comment: Text | str = "",
) -> Saved[TrackedAction]:
    """Write the entry to the row ``action``; ``None`` adds an action.

    All else is as in :func:`save_tracked_model`. An action can only bring tracked models that the
    draft has. Actions that it takes the place of follow to a new name. With ``both_until``, an ISO
    date, an action that gets another name also stays under the old one until then, deprecated. An
    action can get such an old name back; then the deprecated action is gone.
    """
    with edit(tracking_map, by=by, comment=comment) as change:
        row = _find(change, action, seen) if action else None
        old = row.name if row else name
        saved = _save(change, row, name, entry)
        if both_until and old != name:
            last = max(each.position for each in action_rows(change.tracking_map))
            kept = replace(old_action(entry, name, until=both_until), position=last + 1)
            _save(change, None, old, kept)
        return saved


def restore_entry(
    tracking_map: AnyMap,
    name: str,
    entry: HeadEntry,
    *,
    pk: int,
    seen: int | None = None,
    by: Person,
    comment: Text | str,
) -> Head:
    """Write the entry to the row with this key, also if it was deleted.

    ``seen`` is as in ``save_tracked_model``; 0 means that there was no row.
    """
    with edit(tracking_map, by=by, comment=comment) as change:
        row = head_row(table_of(entry), pk, change.tracking_map)
        current = row.lock_version if row else 0
        if seen is not None and seen != current:
            raise StaleForm(name, seen, current or None)
        return _save(change, row, name, entry, pk=pk).row  # type: ignore[no-any-return]


def delete_tracked_model(
    tracked_model: TrackedModel,
    *,
    seen: int | None = None,
    by: Person = None,
    comment: Text | str = "",
) -> None:
    """Delete one tracked model; the history keeps its last state. May raise StaleForm.

    Actions that bring it keep its prefix. Until they are changed, no publish is possible.
    """
    _delete(
        tracked_model, seen, by, comment or _("Deleted %(prefix)s.", prefix=tracked_model.prefix)
    )


def delete_action(
    action: TrackedAction,
    *,
    seen: int | None = None,
    by: Person = None,
    comment: Text | str = "",
) -> None:
    """Delete one action; the history keeps its last state. May raise StaleForm."""
    _delete(action, seen, by, comment or _("Deleted the action %(name)s.", name=action.name))


def order_tracked_models(
    tracking_map: AnyMap, prefixes: Sequence[str], *, by: Person = None
) -> None:
    """Put the tracked models into this order; ``prefixes`` names each of them once."""
    remedy = _("Open the list again: somebody may have added or deleted a tracked model.")
    _order(tracking_map, MODELS, prefixes, by, remedy)


def order_actions(tracking_map: AnyMap, names: Sequence[str], *, by: Person = None) -> None:
    """Put the actions into this order; ``names`` has each of them once."""
    remedy = _("Open the list again: somebody may have added or deleted an action.")
    _order(tracking_map, ACTIONS, names, by, remedy)


def _save(change: Edit, row: Any, name: str, entry: HeadEntry, pk: int | None = None) -> Saved[Any]:
    if isinstance(entry, ModelEntry):
        entry = replace(entry, model=entry.model.lower())
    before = {name_of(row): entry_of(row)} if row else {}
    changes = entry_diff(before, name, entry)
    if row is not None and not changes:
        return Saved(row, changes)
    if isinstance(row, TrackedAction) and row.name != name:
        _make_room(change, row, name)
    _refuse(change, row, name, entry)
    if row:
        record_foreign_change(change, [row])
    written = write_entry(change, row, name, entry, pk=pk)
    for old in before.keys() - {name}:
        _follow(change, table_of(entry), old, name)
    return Saved(written, changes)


def _make_room(change: Edit, row: TrackedAction, name: str) -> None:
    """Delete the action that the row was before, if the row gets that name back."""
    rows = action_rows(change.tracking_map)
    before = [each for each in rows if each.name == name and each.successor == row.name]
    record_foreign_change(change, before)
    change.delete(before)


def _refuse(change: Edit, row: Any, name: str, entry: HeadEntry) -> None:
    if isinstance(entry, ModelEntry):
        refuse_model(change.tracking_map, name, entry, row)
    else:
        refuse_action(change.tracking_map, name, entry, row)


def _follow(change: Edit, table: HeadTable, old: str, new: str) -> None:
    """Give the actions that refer to a tracked model or an action its new name."""
    followed = [
        (row, entry)
        for row in action_rows(change.tracking_map)
        if (entry := _following(entry_of(row), table, old, new)) != entry_of(row)
    ]
    record_foreign_change(change, [row for row, _ in followed])
    for row, entry in followed:
        write_entry(change, row, row.name, entry)


def _following(entry: ActionEntry, table: HeadTable, old: str, new: str) -> ActionEntry:
    if table is MODELS:
        brings = {new if prefix == old else prefix: need for prefix, need in entry.brings.items()}
        return replace(entry, brings=brings)
    return replace(entry, successor=new) if entry.successor == old else entry


def _find(change: Edit, given: Head, seen: int | None) -> Any:
    """The row as it is now; the one that was given may be older."""
    row = head_row(table_of(given), given.pk, change.tracking_map)
    if row is None:
        raise StaleForm(name_of(given), seen, None)
    if seen is not None and row.lock_version != seen:
        raise StaleForm(name_of(row), seen, row.lock_version)
    return row


def _delete(given: Head, seen: int | None, by: Person, comment: Text | str) -> None:
    with edit(map_of(given), by=by, comment=comment) as change:
        row = _find(change, given, seen)
        record_foreign_change(change, [row])
        change.delete([row])


def _order(
    tracking_map: AnyMap, table: HeadTable, names: Sequence[str], by: Person, remedy: Text
) -> None:
    with edit(tracking_map, by=by, comment=_("Changed the order.")) as change:
        rows = {name_of(row): row for row in head_rows(change.tracking_map, [table])}
        if sorted(rows) != sorted(names):
            problem = _not_the_same(rows, names, remedy)
            raise InvalidMap(_("The order was not changed."), [problem])
        moved = [(place, rows[n]) for place, n in enumerate(names) if rows[n].position != place]
        record_foreign_change(change, [row for _, row in moved])
        for position, row in moved:
            write_entry(change, row, name_of(row), replace(entry_of(row), position=position))


def _not_the_same(rows: Collection[str], names: Sequence[str], remedy: Text) -> Problem:
    where = ", ".join(sorted(set(rows) ^ set(names))) or "…"
    what = _(
        "The order %(order)s does not name each of %(prefixes)s once.",
        order=repr(list(names)),
        prefixes=repr(sorted(rows)),
    )
    return Problem(ProblemCode.ORDER_MISMATCH, "error", where, what, remedy)
