"""How the site's events get to its sinks, and what to do about those that did not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin import editing, outbox
from trackadmin.admin.page_parameters import (
    Unreadable,
    choice,
    listed,
    number,
    query_of,
    text,
    whole_number,
)
from trackadmin.admin.screen import Screen
from trackadmin.admin.shown_messages import unsent_rows, waits_too_long
from trackadmin.admin.shown_sinks import sink_rows
from trackadmin.codes import FaultCode
from trackadmin.models import DeadLetter, TrackingMap
from trackadmin.runtime import fault_counts
from trackadmin.runtime.configured_sinks import configured_sinks

#: How many dead letters a page shows.
AT_ONCE = 50
#: The faults of sinks that get events at once, and of the table.
SINK_FAULTS = (
    FaultCode.SINK_FAILED,
    FaultCode.SINK_SLOW,
    FaultCode.SINK_PAUSED,
    FaultCode.SINK_NOT_MADE,
    FaultCode.EVENT_NOT_STORED,
)
#: What may be done: with the letters that are ticked, or with all of a sink.
RETRY, DISCARD, RETRY_ALL, DISCARD_ALL = DOINGS = ("retry", "discard", "retry_all", "discard_all")
#: What may be done with a message that was given up.
RETRY_MESSAGE = "retry_message"


class DeliveriesScreen(Screen):
    """Each sink with its queue, and the dead letters. The page is the site's and no map's."""

    template_name = "admin/trackadmin/deliveries.html"
    tab = "deliveries"
    to_read = "view_deliveries"
    to_write = "change_deliveries"

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """None: a sink gets the events of all maps."""
        return TrackingMap()

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        accounts = outbox.accounts()
        rows = sink_rows(configured_sinks(), accounts)
        sink = choice(request.GET, "sink", ["", *(each.sink for each in accounts)])
        letters = outbox.dead_letters(sink or None).select_related("event", "delivery")
        faults = fault_counts()
        return self.page(
            _("Deliveries"),
            rows=rows,
            idle=[each.name for each in rows if each.is_idle],
            sink=sink,
            dead=[each for each in accounts if each.dead],
            letters=listed(request.GET, letters, AT_ONCE),
            maps=dict(TrackingMap.objects.values_list("slug", "pk")) if self.may.view else {},
            query=f"{urlencode({'sink': sink})}&" if sink else "",
            faults=[(code, faults[code]) for code in SINK_FAULTS if faults.get(code)],
            **self._messages(),
        )

    def _messages(self) -> dict[str, object]:
        """What did not arrive of the messages of all maps."""
        unsent = editing.unsent_messages()
        return {
            "unsent": unsent_rows(unsent[:AT_ONCE]),
            "unsent_count": unsent.count(),
            "nobody_sends": waits_too_long(unsent),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        """Retry or discard dead letters; before any is discarded, ask."""
        doing = choice(request.POST, "do", [*DOINGS, RETRY_MESSAGE])
        if doing == RETRY_MESSAGE:
            return self._retry_message(number(request.POST, "message"))
        letters = self._chosen(doing)
        if not doing or letters is None:
            messages.warning(request, _("Nothing was done. Select dead letters first."))
            return self._back()
        if doing in (DISCARD, DISCARD_ALL) and not self._agreed(letters):
            return self._question(doing, letters)
        return self._carry_out(doing, letters)

    def _retry_message(self, pk: int | None) -> HttpResponse:
        if editing.retry_messages([] if pk is None else [pk]):
            messages.success(self.request, _("The message waits for a worker again."))
        else:
            words = _("There is no such message any more: somebody else has dealt with it.")
            messages.warning(self.request, words)
        return self._back()

    @property
    def _sink(self) -> str:
        return text(query_of(self.request), "sink")

    def _chosen(self, doing: str) -> QuerySet[DeadLetter] | None:
        """The letters that are meant, of those that there are; ``None`` if none was named."""
        if doing in (RETRY_ALL, DISCARD_ALL):
            return outbox.dead_letters(self._sink) if self._sink else None
        named = [_letter_key(each) for each in self.request.POST.getlist("letter")]
        return outbox.dead_letters().filter(pk__in=named) if named else None

    def _agreed(self, letters: QuerySet[DeadLetter]) -> bool:
        """Whether somebody has agreed to discard just so many."""
        return number(self.request.POST, "expected") == letters.count()

    def _question(self, doing: str, letters: QuerySet[DeadLetter]) -> HttpResponse:
        self.template_name = "admin/trackadmin/discard.html"
        named = [] if doing == DISCARD_ALL else [*letters.values_list("pk", flat=True)]
        count = letters.count()
        again = "expected" in self.request.POST
        crumbs = (_("Deliveries"), self._own_address())
        return self.page(
            _("Discard dead letters"),
            crumbs,
            do=doing,
            sink=self._sink,
            named=named,
            count=count,
            again=again,
        )

    def _carry_out(self, doing: str, letters: QuerySet[DeadLetter]) -> HttpResponse:
        first = letters.select_related("delivery").first()
        retried = doing in (RETRY, RETRY_ALL)
        if doing in (RETRY_ALL, DISCARD_ALL):
            of_sink: Callable[[str], int] = outbox.retry_all if retried else outbox.discard_all
            count = of_sink(self._sink)
        else:
            some: Callable[[Sequence[int]], int] = outbox.retry if retried else outbox.discard
            count = some([*letters.values_list("pk", flat=True)])
        if count and first is not None:
            done = "Retried" if retried else "Discarded"
            self.log_change(first.delivery, f"{done} dead letters: {count}.")
        self._say_how_many(count, retried=retried)
        return self._back()

    def _say_how_many(self, count: int, *, retried: bool) -> None:
        if not count:
            words = _("There is no such dead letter any more: somebody else has dealt with it.")
            messages.warning(self.request, words)
            return
        words = (
            ngettext(
                "%(count)s event is in the queue again.",
                "%(count)s events are in the queue again.",
                count,
            )
            if retried
            else ngettext(
                "%(count)s dead letter was discarded.",
                "%(count)s dead letters were discarded.",
                count,
            )
        )
        messages.success(self.request, words % {"count": count})

    def _back(self) -> HttpResponse:
        return redirect(self._own_address())

    def _own_address(self) -> str:
        """The page, with the sink that was looked at, if there is still something of it."""
        address = self.address("changelist", model="delivery")
        known = {each.sink for each in outbox.accounts()} if self._sink else set[str]()
        return f"{address}?{urlencode({'sink': self._sink})}" if self._sink in known else address


def _letter_key(sent: str) -> int:
    found = whole_number(sent)
    if found is None:
        raise Unreadable("letter", sent, _("Open the page again and send its form."))
    return found
