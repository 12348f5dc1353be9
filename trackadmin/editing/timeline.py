"""The versions of a map as a timeline: who edited, approved and published, and what changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from trackadmin.document.summaries import Summary
from trackadmin.editing.approvals import approvers
from trackadmin.editing.revision_reader import stored_versions
from trackadmin.editing.version_summaries import summaries
from trackadmin.editing.versions import versions
from trackadmin.models import MapVersion, TrackingMap

#: How many of the newest edits are looked at to say who edited.
MOST_EDITS = 5000


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One version of a timeline."""

    version: MapVersion
    #: What changed since the version before; ``None`` if it is not known.
    summary: Summary | None
    #: Whether that can never be known, because one of the two cannot be read.
    unreadable: bool
    #: Who edited the draft since the version before. Code and commands have no name.
    editors: Sequence[str]
    #: Who approved it.
    approved: Sequence[str]


def timeline(
    tracking_map: TrackingMap, rows: Sequence[MapVersion], *, wanted: int | None = None
) -> list[TimelineEntry]:
    """These versions of a map, which follow one another, the newest first.

    Their documents are not needed. It sends the same queries however many versions and edits there
    are. Of large maps only some summaries are read at once, and that of the version with the number
    ``wanted`` in any case.
    """
    if not rows:
        return []
    before = versions(tracking_map).defer("document").filter(number__lt=rows[-1].number)[:1]
    chain = [*rows, *before]
    changes, editors = summaries(tracking_map, chain, wanted), _editors(tracking_map, chain)
    approved = approvers(rows)
    return [
        TimelineEntry(
            each,
            changes.get(each.number),
            each.number in changes and changes[each.number] is None,
            editors.get(each.number, ()),
            approved.get(each.number, ()),
        )
        for each in rows
    ]


def _editors(tracking_map: TrackingMap, chain: Sequence[MapVersion]) -> dict[int, list[str]]:
    """Who edited for each version of the chain, as far as the newest edits say."""
    first = chain[-1]
    edits = stored_versions(TrackingMap, tracking_map.pk).filter(
        revision__date_created__lte=chain[0].created_at
    )
    if first.number > 1:
        edits = edits.filter(revision__date_created__gt=first.created_at)
    name = f"revision__user__{get_user_model().USERNAME_FIELD}"
    newest = edits.order_by("-revision_id").values_list("revision__date_created", name)
    # Of each edit: the first version that was published after it.
    published, names = (
        sorted((each.created_at, each.number) for each in chain),
        dict[int, set[str]](),
    )
    for when, who in newest[:MOST_EDITS]:
        at = bisect_left(published, (when, 0))
        if who and at < len(published):
            names.setdefault(published[at][1], set()).add(str(who))
    return {number: sorted(found) for number, found in names.items()}
