"""The sinks of the site as the page of deliveries shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin.outbox import SinkAccount
from trackadmin.runtime.configured_sinks import ConfiguredSink, ConfiguredSinks

#: Seconds after which something is said about a queue that nobody works at.
IDLE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class SinkRow:
    """A sink, and how it stands."""

    name: str
    #: How it delivers, and what it may have.
    how: str
    gets: list[str]
    #: ``None`` for a sink without deliveries.
    account: SinkAccount | None

    @property
    def is_idle(self) -> bool:
        """Whether events wait, and none was delivered for a while."""
        found = self.account
        waits = found is not None and found.lag.total_seconds() > IDLE_SECONDS
        return waits and found is not None and found.configured and not found.recent


def sink_rows(sinks: ConfiguredSinks, accounts: Sequence[SinkAccount]) -> list[SinkRow]:
    """Every sink of the settings in their order, then those that only have deliveries."""
    by_name = {each.sink: each for each in accounts}
    rows = [_row_of(each, sinks, by_name.get(each.name)) for each in sinks.every]
    return rows + [
        SinkRow(each.sink, _("no longer in the settings, so nobody delivers to it"), [], each)
        for each in accounts
        if not each.configured
    ]


def _row_of(sink: ConfiguredSink, sinks: ConfiguredSinks, account: SinkAccount | None) -> SinkRow:
    return SinkRow(sink.name, _how(sink, sinks), [*_what(sink)], account)


def _how(sink: ConfiguredSink, sinks: ConfiguredSinks) -> str:
    if sink in sinks.at_once:
        return _("at once, in the request")
    if sink not in sinks.remote:
        return _("it is the table of events itself")
    batches = ngettext(
        "by a worker, one event at a time",
        "by a worker, at most %(count)s events at a time",
        sink.batch_size,
    ) % {"count": sink.batch_size}
    most = sink.attempts
    attempts = ngettext("at most %(count)s attempt", "at most %(count)s attempts", most)
    return f"{batches}; {attempts % {'count': most}}"


def _what(sink: ConfiguredSink) -> list[str]:
    actions = (
        _("all actions")
        if sink.actions is None
        else _("only %(actions)s") % {"actions": ", ".join(sorted(sink.actions)) or "–"}
    )
    return [actions, _("personal values too") if sink.personal else _("no personal values")]
