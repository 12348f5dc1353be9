"""The draft as it would be if a form were saved; writes nothing."""

from __future__ import annotations

from dataclasses import replace

from trackadmin.document import Document, ModelEntry
from trackadmin.editing.acceptance import refuse_model
from trackadmin.editing.building import draft_rows, read_outline
from trackadmin.editing.locking import AnyMap, find_map
from trackadmin.editing.partial_map import reached
from trackadmin.editing.tables import entry_of
from trackadmin.models import TrackedModel


def draft_with(
    tracking_map: AnyMap,
    prefix: str,
    entry: ModelEntry,
    *,
    tracked_model: TrackedModel | None = None,
) -> Document:
    """The draft with this entry in place of that of ``tracked_model``; ``None`` adds one.

    The entry may have another prefix. Only the tracked models that an object of it leads to have
    their attributes, counts and sums, so this takes no longer on a large map. The actions are left
    out. Raises :class:`InvalidMap` with the errors for which a save would be refused.
    """
    current = find_map(tracking_map)
    entry = replace(entry, model=entry.model.lower())
    refuse_model(current, prefix, entry, tracked_model)
    old = tracked_model.prefix if tracked_model else ""
    models = {p: each for p, each in read_outline(current).models.items() if p != old}
    draft = Document(models={**models, prefix: entry})
    wanted = reached(draft, prefix).keys() - {prefix}
    read = {row.prefix: entry_of(row) for row in draft_rows(current, wanted)}
    return replace(draft, models={**draft.models, **read})
