"""What is due in a map: names past their date, waiting reviews, old waivers, undecided fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.utils import timezone

from trackadmin.catalog import catalog
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.document.action_rules import ACTIONS
from trackadmin.document.grace import dated, due_problems
from trackadmin.editing.accepted import waivers_of
from trackadmin.editing.approvals import requests_that_wait
from trackadmin.editing.arrivals import Arrivals
from trackadmin.editing.building import build_document
from trackadmin.editing.deadlines import today
from trackadmin.editing.locking import AnyMap
from trackadmin.editing.undecided import UndecidedAttribute, undecided_in
from trackadmin.texts import Text, ngettext
from trackadmin.texts import gettext as _


class DueKind(StrEnum):
    """Why something is due."""

    NAME = "name"
    REVIEW = "review"
    WAIVER = "waiver"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class DueItem:
    """Something that somebody should look at."""

    kind: DueKind
    #: The entry: ``User.email``, ``actions.signup``; the tracked model for what is undecided.
    place: str
    #: Since when it is due.
    since: date
    what: Text | str
    #: What to do.
    remedy: Text | str

    @property
    def of_action(self) -> bool:
        """Whether it is about an action."""
        return self.place.startswith(f"{ACTIONS}.")

    @property
    def head(self) -> str:
        """The tracked model, if it is about one."""
        return self.place.partition(".")[0]


def due_items(tracking_map: AnyMap) -> list[DueItem]:
    """What is due in the draft of a map, the oldest first; raises :class:`UnknownMap`."""
    draft, arrivals = build_document(tracking_map), Arrivals()
    left = undecided_in(draft, catalog(), arrivals=arrivals).attributes
    return due_items_in(tracking_map, draft, left)


def due_items_in(
    tracking_map: AnyMap, draft: Document, undecided: Iterable[UndecidedAttribute]
) -> list[DueItem]:
    """The same of a draft that was read, with what it leaves undecided. Three queries."""
    found = [
        *_names_past_their_date(draft),
        *_open_reviews(tracking_map),
        *_old_waivers(tracking_map),
        *_long_undecided(undecided),
    ]
    return sorted(found, key=lambda each: each.since)


def _open_reviews(tracking_map: AnyMap) -> Iterator[DueItem]:
    """The review that waits for somebody."""
    remedy = _("Look at the changes, and approve them or say what must change.")
    for each in requests_that_wait(tracking_map):
        name = each.author_name
        what = _("%(person)s asks for a review.", person=name) if name else _("A review is open.")
        yield DueItem(DueKind.REVIEW, "", each.created_at.date(), what, remedy)


def _names_past_their_date(draft: Document) -> Iterator[DueItem]:
    until = {where: day for where, _name, day in dated(draft)}
    for each in due_problems(draft, today()):
        since = date.fromisoformat(until[each.where])
        yield DueItem(DueKind.NAME, each.where, since, each.what, each.remedy)


def _old_waivers(tracking_map: AnyMap) -> Iterator[DueItem]:
    days = conf.DUE["WAIVER_DAYS"]
    remedy = _("Correct it, or take the waiver back and say anew why it is fine.")
    for each in waivers_of(tracking_map).filter(created_at__lt=_ago(days)) if days else ():
        values = {"place": each.place, "date": f"{each.created_at:%Y-%m-%d}", "reason": each.reason}
        what = _("%(place)s is waived since %(date)s: %(reason)s", **values)
        since = each.created_at.date() + timedelta(days)
        yield DueItem(DueKind.WAIVER, each.place, since, what, remedy)


def _long_undecided(undecided: Iterable[UndecidedAttribute]) -> Iterator[DueItem]:
    """One for each tracked model, however many attributes it leaves open."""
    days = conf.DUE["UNDECIDED_DAYS"]
    if not days:
        return
    limit, oldest, counts = _ago(days), dict[str, datetime](), Counter[str]()
    for each in undecided:
        applied = each.arrival.applied if each.arrival else None
        if applied and applied < limit:
            counts[each.prefix] += 1
            oldest[each.prefix] = min(applied, oldest.get(each.prefix, applied))
    remedy = _("Track or ignore each of them.")
    for prefix, count in counts.items():
        what = ngettext(
            "%(prefix)s has %(count)s attribute that nobody has decided about for more than "
            "%(days)s days.",
            "%(prefix)s has %(count)s attributes that nobody has decided about for more than "
            "%(days)s days.",
            count,
            prefix=prefix,
            days=str(days),
        )
        since = oldest[prefix].date() + timedelta(days)
        yield DueItem(DueKind.UNDECIDED, prefix, since, what, remedy)


def _ago(days: int) -> datetime:
    return timezone.now() - timedelta(days)
