"""The subcommand deliver: gives events to remote sinks, until somebody stops it or until all is."""

from __future__ import annotations

import signal
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.core.management.base import CommandError
from django.db import Error
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin.management.notify_command import MessageReports
from trackadmin.management.subcommand import Options, Output, Subcommand, counted, for_machines
from trackadmin.models import Recipient
from trackadmin.outbox import (
    Settled,
    SettledMessage,
    SinkTally,
    Worker,
    drain,
    remote_sinks,
    run,
)

#: Seconds between two reports of what was delivered. A new failure is told at once.
REPORT_SECONDS = 10.0


def _deliver_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--once",
        action="store_true",
        help=_("deliver what is due now, and end; exits with 1 if a sink did not take something"),
    )
    parser.add_argument("--sink", metavar="NAME", help=_("default: every sink"))
    parser.add_argument("--json", action="store_true", help=_("write the numbers at the end, JSON"))


def _deliver(options: Options, out: Output) -> None:
    sinks = remote_sinks(options["sink"])
    if not sinks and (options["sink"] or not Recipient.objects.exists()):
        raise CommandError(_no_sink(options["sink"]))
    told = MessageReports(out)
    with _stoppable() as stopped:
        if options["once"]:
            tallies = drain(options["sink"], stopped=stopped, tell_message=told.settled)
            _say(tallies, out)
        else:
            words = _("Delivering to %(sinks)s. Ctrl+C ends it after the batch under way.")
            names = [each.name for each in sinks]
            names += [] if options["sink"] else [_("the recipients of messages")]
            out.say(words % {"sinks": ", ".join(names)})
            tell_message = None if options["sink"] else told.settled
            tallies = _run(sinks, stopped, out, tell_message)
    told.tell_sums()
    if options["json"]:
        with for_machines():
            out.json([_tally_as_json(each) for each in tallies])
    failed = [each.sink for each in tallies if each.failed]
    failed += [_("the recipients of messages")] if told.unsent else []
    if options["once"] and failed:
        words = _(
            "Not everything was delivered to %(sinks)s. The next 'deliver' tries again; "
            "'dead-letters' lists what was given up."
        )
        raise CommandError(words % {"sinks": ", ".join(failed)})


def _no_sink(name: str | None) -> str:
    names = [each.name for each in remote_sinks()]
    if not names:
        return _(
            "No sink gets events from a worker, and no map has a recipient of messages. Add a sink "
            "to the setting SINKS, or a recipient on the page Messages of a map."
        )
    words = _("No sink '%(name)s' gets events from a worker. Give one of these: %(names)s.")
    return words % {"name": name, "names": ", ".join(names)}


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """A first SIGTERM or Ctrl+C asks to stop; a second one does what it does elsewhere."""
    asked = False
    before: dict[signal.Signals, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        restore()

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    for each in (signal.SIGTERM, signal.SIGINT):
        before[each] = signal.signal(each, stop)
    try:
        yield lambda: asked
    finally:
        restore()


def _run(
    sinks: Sequence[Any],
    stopped: Callable[[], bool],
    out: Output,
    tell_message: Callable[[SettledMessage], object] | None,
) -> list[SinkTally]:
    reports = _Reports([each.name for each in sinks], out)
    worker = Worker(sinks, reports.settled, tell_message)
    run(worker, stopped, away=reports.away, idle=reports.idle)
    reports.say()
    out.say(_("Stopped."))
    return [*reports.total.values()]


class _Reports:
    """Tells a terminal, or a log, what is going on, and not too often."""

    def __init__(self, names: Iterable[str], out: Output) -> None:
        self.total = {name: SinkTally(name) for name in names}
        self._new: dict[str, SinkTally] = {}
        self._told: dict[str, str] = {}
        self._out, self._said_at, self._is_away = out, 0.0, False

    def settled(self, settled: Settled) -> None:
        """Count a delivery; tell a failure that was not told yet."""
        self._is_away = False
        self.total[settled.sink].take_in(settled)
        self._new.setdefault(settled.sink, SinkTally(settled.sink)).take_in(settled)
        is_news = settled.reason and settled.reason != self._told.get(settled.sink)
        self._told[settled.sink] = settled.reason
        if is_news:
            self.say()
        else:
            self.idle()

    def idle(self) -> None:
        """Tell what was delivered, if that was not done just now."""
        if self._new and time.monotonic() - self._said_at > REPORT_SECONDS:
            self.say()

    def away(self, error: Error) -> None:
        """Tell once that the database is away."""
        if not self._is_away:
            words = _("The database does not answer: %(error)s. It is asked again.")
            self._out.say(words % {"error": " ".join(str(error).split()) or type(error).__name__})
        self._is_away = True

    def say(self) -> None:
        """Tell what was delivered since the last time."""
        _say([*self._new.values()], self._out)
        self._new, self._said_at = {}, time.monotonic()


def _say(tallies: Iterable[SinkTally], out: Output) -> None:
    for tally in tallies:
        lines = [_sentence(tally, kind, count) for kind, count in tally.counts.items() if count]
        for line in lines or [_("%(sink)s: nothing is due.") % {"sink": tally.sink}]:
            out.say(line)


def _sentence(tally: SinkTally, kind: str, count: int) -> str:
    words = {
        "delivered": ngettext(
            "%(sink)s: %(count)s event was delivered.",
            "%(sink)s: %(count)s events were delivered.",
            count,
        ),
        "refused": ngettext(
            "%(sink)s: %(count)s event was left out, as ACTIONS does not have its action.",
            "%(sink)s: %(count)s events were left out, as ACTIONS does not have their actions.",
            count,
        ),
        "discarded": ngettext(
            "%(sink)s: %(count)s event had been deleted before it was delivered.",
            "%(sink)s: %(count)s events had been deleted before they were delivered.",
            count,
        ),
        "dead": ngettext(
            "%(sink)s: %(count)s event became a dead letter (%(reason)s).",
            "%(sink)s: %(count)s events became dead letters (%(reason)s).",
            count,
        ),
        "later": ngettext(
            "%(sink)s: %(count)s event was not taken and will be sent again (%(reason)s).",
            "%(sink)s: %(count)s events were not taken and will be sent again (%(reason)s).",
            count,
        ),
    }[kind]
    return words % {"sink": tally.sink, "reason": tally.reason, **counted(count)}


def _tally_as_json(tally: SinkTally) -> dict[str, object]:
    return {"sink": tally.sink, **tally.numbers(), "reason": tally.reason}


SUBCOMMANDS = (
    Subcommand(
        "deliver",
        gettext_lazy("Give accepted events to the sinks that get them from a worker."),
        _deliver_arguments,
        _deliver,
        of_one_map=False,
    ),
)
