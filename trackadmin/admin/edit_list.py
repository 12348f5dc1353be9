"""A page of the history: its filters, and the edits that they leave."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.page_parameters import choice, day_of, listed, text
from trackadmin.editing import EditKind, Head, HistoryEntry, HistoryFilter
from trackadmin.models import TrackingMap

#: How many edits a page shows.
PER_PAGE = 50
#: The parameters that filter, in their order.
FILTERS = ("who", "by_code", "name", "kind", "since", "until")
LABELS = {
    EditKind.MODELS: gettext_lazy("Tracked models"),
    EditKind.ACTIONS: gettext_lazy("Actions"),
    EditKind.MAP: gettext_lazy("The map itself"),
    EditKind.WAIVERS: gettext_lazy("Waivers"),
    EditKind.DELETED: gettext_lazy("Something was deleted"),
    EditKind.RESTORED: gettext_lazy("Something was restored"),
    EditKind.IMPORTED: gettext_lazy("Imports and proposals"),
}


class EditList:
    """The edits that an address asks for, of a map, a tracked model or an action."""

    def __init__(self, subject: Head | TrackingMap, query: QueryDict) -> None:
        self._subject, self._asked = subject, {n: query[n] for n in FILTERS if query.get(n)}
        kind = choice(query, "kind", ["", *EditKind])
        wanted = HistoryFilter(
            who=text(query, "who"),
            by_code=choice(query, "by_code", ["", "1"]) == "1",
            name=text(query, "name"),
            kind=EditKind(kind) if kind else None,
            since=day_of(query, "since"),
            until=day_of(query, "until"),
        )
        self._page = listed(query, editing.find_edits(subject, wanted), PER_PAGE)

    @property
    def is_start(self) -> bool:
        """Whether the newest edit of all is the first of the list."""
        return self._page.number == 1 and not self._asked

    def entries(self, most_rows: int | None = None) -> list[HistoryEntry]:
        """What they changed. An edit that changed nothing is left out."""
        return editing.history(self._subject, only=[*self._page], most_rows=most_rows)

    def context(self) -> dict[str, Any]:
        """What the page's template needs."""
        kept = urlencode(self._asked)
        kinds = LABELS if isinstance(self._subject, TrackingMap) else {}
        return {
            "listed": self._page,
            "asked": self._asked,
            "query": f"{kept}&" if kept else "",
            "kinds": [*kinds.items()],
        }
