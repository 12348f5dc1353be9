"""What an object sends by the draft and by the live version, in the words of our pages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.formats import localize
from django.utils.translation import gettext_lazy, ngettext

from trackadmin import editing
from trackadmin.admin.count_costs import counted_in_words
from trackadmin.admin.differences import faults
from trackadmin.admin.viewer import Doing, Viewer, host_code
from trackadmin.catalog import ModelFacts
from trackadmin.document import Document
from trackadmin.editing import Grace, Preview, PreviewRow, Unshown
from trackadmin.models import TrackingMap
from trackadmin.runtime.configured_sinks import configured_sinks

#: What a page shows in place of a value.
UNSHOWN = {
    Unshown.HIDDEN: gettext_lazy("hidden"),
    Unshown.LATE: gettext_lazy("not computed: time limit"),
}


class Status(models.TextChoices):
    """How a name of the draft differs from the live version, in the order of their counts."""

    NEW = "new", gettext_lazy("new")
    CHANGED = "changed", gettext_lazy("changed")
    GONE = "gone", gettext_lazy("gone")
    SAME = "same", gettext_lazy("same")
    UNKNOWN = "unknown", gettext_lazy("unknown")


def preview_for(
    viewer: Viewer,
    facts: ModelFacts,
    tracking_map: TrackingMap,
    obj: models.Model,
    document: Document,
    *,
    whole_map: bool = True,
) -> Preview:
    """Flatten the object by this document and by the live version, for this person to see."""
    with host_code(Doing.VALUES, facts.cased_label):
        return editing.preview(
            tracking_map,
            obj,
            document=document,
            may_view=viewer.may_view,
            may_view_all=viewer.may_view_all,
            whole_map=whole_map,
        )


def shown_preview(preview: Preview, addresses: Mapping[str, str]) -> dict[str, Any]:
    """The preview as the templates show it; ``addresses`` are the pages of the map's entries."""
    return {
        "preview": preview,
        "problems": faults(preview.problems, addresses),
        "rows": [shown_row(row, preview) for row in preview.rows],
        "counted": [counted_in_words(each) for each in preview.counted],
        "hidden": preview.hidden,
        "json": values_as_json(preview),
        "counts": list(counts_of(preview)),
        "sinks": sinks_of(preview),
    }


@dataclass(frozen=True, slots=True)
class SinkPreview:
    """What one sink would get of what is previewed: names, never values."""

    name: str
    gets: int
    leaves_out: list[str]
    #: The actions that it wants, if it does not want all; and whether it wants this event.
    actions: list[str]
    wanted: bool


def sinks_of(preview: Preview) -> list[SinkPreview]:
    """What each sink of the settings would get; of an object without an action, whichever it is."""
    action = preview.values.get("action")
    found = []
    for sink in configured_sinks().every:
        out = [] if sink.personal else [*preview.personal]
        wanted = action is None or sink.actions is None or action in sink.actions
        gets = len(preview.values) - len(out)
        found.append(SinkPreview(sink.name, gets, out, sorted(sink.actions or ()), wanted))
    return found


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the comparison with its values as JSON text."""

    name: str
    draft: str
    live: str
    status: Status
    grace: Grace | None = None


def counts_of(preview: Preview) -> Iterator[str]:
    """How many names have each status, in words."""
    found = Counter[str](row.status for row in preview.rows)
    for status in Status:
        if count := found[status]:
            yield counted_in_status(status, count)


def counted_in_status(status: Status, count: int) -> str:
    """How many names have this status, in words."""
    return _of_status(status, count) % {"count": localize(count)}


def _of_status(status: Status, count: int) -> str:
    match status:
        case Status.NEW:
            return ngettext("%(count)s new", "%(count)s new", count)
        case Status.CHANGED:
            return ngettext("%(count)s changed", "%(count)s changed", count)
        case Status.GONE:
            return ngettext("%(count)s gone", "%(count)s gone", count)
        case Status.SAME:
            return ngettext("%(count)s the same", "%(count)s the same", count)
        case Status.UNKNOWN:
            return ngettext("%(count)s unknown", "%(count)s unknown", count)


def shown_row(row: PreviewRow, preview: Preview) -> ShownRow:
    """The row as the page shows it. A text keeps its quotes, so that 1 and "1" look different."""
    draft, live = preview.unshown.get(row.name), preview.live_unshown.get(row.name)
    if Unshown.HIDDEN in (draft, live):
        draft = live = Unshown.HIDDEN
    return ShownRow(
        row.name,
        value_text(row.draft, draft),
        value_text(row.live, live),
        Status(row.status),
        row.grace,
    )


def values_as_json(preview: Preview) -> str:
    """All the draft's values as indented JSON."""
    unshown = {name: str(UNSHOWN[why]) for name, why in preview.unshown.items()}
    return json.dumps({**preview.values, **unshown}, indent=2, ensure_ascii=False)


def value_text(value: Any, why: Unshown | None) -> str:
    """The value as JSON text, or why it is not shown."""
    return str(UNSHOWN[why]) if why else json.dumps(value, ensure_ascii=False)
