"""The subcommand notify: tells the recipients of each map of drift and of dates that have come."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin import editing, outbox
from trackadmin.management.subcommand import Options, Output, Subcommand, counted, for_machines
from trackadmin.models import TrackingMap
from trackadmin.outbox import Fate, SettledMessage


class MessageReports:
    """Counts what became of messages; tells a failure at once, and the rest at the end."""

    def __init__(self, out: Output) -> None:
        self.counts: Counter[Fate] = Counter()
        self._out = out

    @property
    def unsent(self) -> bool:
        """Whether a message was not taken."""
        return bool(self.counts[Fate.LATER] or self.counts[Fate.DEAD])

    def settled(self, settled: SettledMessage) -> None:
        """Count a message; tell why it was not sent."""
        self.counts[settled.fate] += 1
        if settled.fate is Fate.LATER:
            words = _("A message by %(channel)s was not taken and will be sent again (%(reason)s).")
        elif settled.fate is Fate.DEAD:
            words = _("A message by %(channel)s was given up (%(reason)s).")
        else:
            return
        self._out.say(words % {"channel": settled.channel, "reason": settled.reason})

    def tell_sums(self) -> None:
        """Tell how many were sent, if any was."""
        sent = self.counts[Fate.SENT]
        if sent:
            words = ngettext("%(count)s message was sent.", "%(count)s messages were sent.", sent)
            self._out.say(words % counted(sent))


def _notify_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_("write JSON"))


def _notify(options: Options, out: Output) -> None:
    """Write the messages, and send all that is due: a site without a worker needs no other call."""
    found = {each.slug: editing.notify(each) for each in TrackingMap.objects.all()}
    new, reports = sum(each.total() for each in found.values()), MessageReports(out)
    for settled in outbox.send_messages():
        reports.settled(settled)
    if options["json"]:
        with for_machines():
            sent = {str(fate): reports.counts[fate] for fate in Fate}
            out.json({"maps": {slug: {**each} for slug, each in found.items()}, **sent})
    else:
        words = ngettext("%(count)s new message.", "%(count)s new messages.", new)
        out.say(words % counted(new))
        reports.tell_sums()
    if reports.unsent:
        raise CommandError(_("Not every message was sent. The page Deliveries lists them."))


SUBCOMMANDS = (
    Subcommand(
        "notify",
        gettext_lazy(
            "Tell the recipients of drift and of dates that have come, and send what waits. Run it "
            "once a day."
        ),
        _notify_arguments,
        _notify,
        of_one_map=False,
    ),
)
