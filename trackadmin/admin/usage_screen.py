"""What arrived lately: how often each action, name and reference was seen, and what that says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.page_parameters import listed
from trackadmin.admin.row_places import row_address
from trackadmin.admin.screen import Screen
from trackadmin.codes import UsageCode
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.editing import MONTH, PERIODS, Seen, UsageFinding

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

#: Names on one page.
ON_A_PAGE = 100
#: How many references, and other parameters, the page lists: those seen most often.
MOST_PARAMETERS = 100
#: How many findings of one kind the page lists.
MOST_FINDINGS = 50
#: The height of the tallest day of a chart, in units of its picture.
TALLEST = 24

#: What the page calls each finding, and what to do about it.
TITLES: dict[UsageCode, tuple[StrPromise, StrPromise]] = {
    UsageCode.PARAMETER_DISGUISED: (
        gettext_lazy("Parameters that look like a tracked attribute"),
        gettext_lazy(
            "Ask your developers to name the object in the tracking URL instead. Then its values "
            "come along under their own names."
        ),
    ),
    UsageCode.ACTION_UNDECLARED: (
        gettext_lazy("Actions that nobody declared"),
        gettext_lazy("Add the action to the map, or have the page corrected that sends it."),
    ),
    UsageCode.ACTION_NEVER_SEEN: (
        gettext_lazy("Actions that were never seen"),
        gettext_lazy("Ask whether the site sends them. If not, deprecate or delete them."),
    ),
    UsageCode.ALWAYS_EMPTY: (
        gettext_lazy("Names that never had a value"),
        gettext_lazy("Ask whether the site fills these fields. If not, ignore the attributes."),
    ),
    UsageCode.NEVER_SEEN: (
        gettext_lazy("Names that were never seen"),
        gettext_lazy("Ask who needs them. If nobody does, deprecate or ignore the attributes."),
    ),
    UsageCode.LOOKUP_UNUSED: (
        gettext_lazy("Lookups that no URL used"),
        gettext_lazy("Take the lookup away, unless a link somewhere has it."),
    ),
}


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding as the page shows it."""

    finding: UsageFinding
    #: Where to act on it; empty for nowhere.
    address: str


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one kind."""

    code: UsageCode
    title: StrPromise
    advice: StrPromise
    lines: list[FindingLine]
    #: How many there are, also those that are not listed.
    count: int


@dataclass(frozen=True, slots=True)
class ActionLine:
    """An action with its days."""

    #: Empty for events without an action; ``None`` for all events.
    name: str | None
    days: list[int]
    #: The bars of its chart: from the left, from the top, and the height.
    bars: list[tuple[int, float, float]]
    seen: Seen | None

    @property
    def is_sum(self) -> bool:
        """Whether it is about all actions together."""
        return self.name is None

    @property
    def sums(self) -> list[int]:
        """How many events there were in each period."""
        return [sum(self.days[-days:]) for days in PERIODS]


class UsageScreen(Screen):
    """Counts of the last 30 days, and what they say about the live map."""

    template_name = "admin/trackadmin/usage.html"
    tab = "usage"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The page; its names are listed a page at a time."""
        usage = editing.usage(self.tracking_map)
        live = editing.live_version(self.tracking_map)
        published = editing.readable_document(live)[0] if live else None
        names = listed(request.GET, [*usage.names.values()], ON_A_PAGE)
        return self.page(
            _("Usage"),
            usage=usage,
            live=live,
            counts=bool(conf.USAGE_SECONDS),
            groups=[*self._finding_groups(usage, published)] if published else [],
            actions=[*self._action_lines(usage)],
            names=names,
            references=_most(usage.references.values()),
            parameters=_most(usage.parameters.values()),
            month=MONTH,
        )

    def _action_lines(self, usage: editing.Usage) -> Iterator[ActionLine]:
        for name, days in editing.events_by_day(self.tracking_map).items():
            yield ActionLine(
                name,
                days,
                [*_bars(days)],
                usage.actions.get(name or "") if name is not None else None,
            )

    def _finding_groups(self, usage: editing.Usage, live: Document) -> Iterator[FindingGroup]:
        order, addresses = [*TITLES], self.entry_addresses()
        findings = editing.usage_findings(usage, live)
        findings.sort(key=lambda each: order.index(each.code))
        for code, group in groupby(findings, key=lambda each: each.code):
            found = [*group]
            lines = [
                FindingLine(each, self._address_of(each, live, addresses))
                for each in found[:MOST_FINDINGS]
            ]
            yield FindingGroup(code, *TITLES[code], lines, len(found))

    def _address_of(
        self, finding: UsageFinding, live: Document, addresses: Mapping[str, str]
    ) -> str:
        if finding.code is not UsageCode.ACTION_UNDECLARED:
            return row_address(finding.place, live, addresses, "name")
        if not self.may.add_action:
            return ""
        return f"{self.address('add', model='trackedaction')}?map={self.tracking_map.pk}"


def _most(seen: Iterable[Seen]) -> list[Seen]:
    return sorted(seen, key=lambda each: (-each.seen[MONTH], each.name))[:MOST_PARAMETERS]


def _bars(days: list[int]) -> Iterator[tuple[int, float, float]]:
    """A bar for each day that had events; the busiest day has the tallest."""
    most = max(days, default=0)
    for place, count in enumerate(days):
        if count:
            height = max(1.0, round(count * TALLEST / most, 1))
            yield place, TALLEST - height, height
