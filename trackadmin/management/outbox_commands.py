"""The subcommands prune, dead-letters and reconcile: what is kept, and what sinks took."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import date

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin import outbox
from trackadmin.management.subcommand import Options, Output, Subcommand, counted, for_machines
from trackadmin.models import DeadLetter


def _json_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_("write JSON"))


def _prune(options: Options, out: Output) -> None:
    pruned = outbox.prune()
    if options["json"]:
        with for_machines():
            out.json(asdict(pruned))
        return
    events, deliveries, usage = pruned.events, pruned.deliveries, pruned.usage
    words = ngettext("%(count)s event was removed.", "%(count)s events were removed.", events)
    out.say(words % counted(events))
    words = ngettext(
        "%(count)s delivery was removed.", "%(count)s deliveries were removed.", deliveries
    )
    out.say(words % counted(deliveries))
    words = ngettext(
        "%(count)s count of usage was removed.", "%(count)s counts of usage were removed.", usage
    )
    out.say(words % counted(usage))


def _dead_letters_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--sink", metavar="NAME", help=_("only those of this sink"))
    parser.add_argument("--id", metavar="ID", type=int, nargs="+", help=_("only these"))
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--retry", action="store_true", help=_("offer their events to the sink again")
    )
    instead.add_argument("--discard", action="store_true", help=_("give them up"))
    _json_argument(parser)


def _dead_letters(options: Options, out: Output) -> None:
    if options["retry"] or options["discard"]:
        _treat(options, out)
    else:
        _list(options, out)


def _treat(options: Options, out: Output) -> None:
    sink, ids, again = options["sink"], options["id"], options["retry"]
    if sink is None and ids is None:
        raise CommandError(_("Say which dead letters: give --sink NAME, or --id ID."))
    if ids is not None:
        letters = outbox.dead_letters(sink).filter(pk__in=ids)
        ids = [*letters.values_list("pk", flat=True)]
        count = outbox.retry(ids) if again else outbox.discard(ids)
    else:
        count = outbox.retry_all(sink) if again else outbox.discard_all(sink)
    if options["json"]:
        with for_machines():
            out.json({"retried" if again else "discarded": count})
    elif again:
        words = ngettext(
            "%(count)s event is offered again. 'deliver' delivers it.",
            "%(count)s events are offered again. 'deliver' delivers them.",
            count,
        )
        out.say(words % counted(count))
    else:
        words = ngettext(
            "%(count)s dead letter was discarded.", "%(count)s dead letters were discarded.", count
        )
        out.say(words % counted(count))


def _list(options: Options, out: Output) -> None:
    letters = outbox.dead_letters(options["sink"])
    if options["id"] is not None:
        letters = letters.filter(pk__in=options["id"])
    if options["json"]:
        with for_machines():
            out.json([_letter_as_json(each) for each in letters.iterator()])
        return
    for each in letters.iterator():
        words = _("%(id)s  %(sink)s  event %(event)s  attempts: %(attempts)s  %(reason)s")
        out.data(words % _letter_as_json(each))
    if not letters.exists():
        out.say(_("There are no dead letters."))


def _letter_as_json(letter: DeadLetter) -> dict[str, object]:
    """No value of the event: who may see those sees them in the admin."""
    return {
        "id": letter.pk,
        "sink": letter.sink,
        "event": str(letter.event.event_id),
        "attempts": letter.attempts,
        "created_at": letter.created_at.isoformat(),
        "reason": letter.reason,
    }


def _reconcile_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--of", metavar="DAY", type=_day, required=True, help=_("such as 2026-12-31, in UTC")
    )
    _json_argument(parser)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(_("Write a day as 2026-12-31.")) from None


def _reconcile(options: Options, out: Output) -> None:
    """Tell what each sink holds; exits with 1 if something is missing without a reason."""
    found = [*outbox.reconcile(options["of"])]
    if options["json"]:
        with for_machines():
            out.json([_reconciled_as_json(each) for each in found])
    else:
        for each in found:
            _tell_reconciled(each, out)
        if not found:
            out.say(_("There is no remote sink."))
    if not all(each.is_complete for each in found):
        raise CommandError(_("Some sinks do not hold what they were given."))


def _reconciled_as_json(found: outbox.Reconciled) -> dict[str, object]:
    kinds = [{**asdict(each), "missing": each.unexplained} for each in found.kinds]
    return {"sink": found.sink, "uncounted": found.uncounted, "kinds": kinds}


def _tell_reconciled(found: outbox.Reconciled, out: Output) -> None:
    if found.uncounted == outbox.NOT_COUNTABLE:
        out.say(_("%(sink)s: what it holds cannot be counted.") % {"sink": found.sink})
        return
    if found.uncounted:
        words = _("%(sink)s: it cannot be asked now (%(error)s).")
        out.say(words % {"sink": found.sink, "error": found.uncounted})
        return
    for each in found.kinds:
        words = _(
            "%(sink)s: action %(action)s, version %(version)s: accepted %(accepted)s, held "
            "%(held)s, on the way %(waiting)s, dead letters %(dead)s, discarded %(discarded)s, "
            "missing %(missing)s"
        )
        values = {**asdict(each), "sink": found.sink, "missing": each.unexplained}
        out.data(words % {**values, "action": each.action or "-"})
    if not found.kinds:
        out.say(_("%(sink)s: nothing was accepted, and it holds nothing.") % {"sink": found.sink})


SUBCOMMANDS = (
    Subcommand(
        "prune",
        gettext_lazy("Remove delivered events that are older than EVENTS_KEPT_DAYS."),
        _json_argument,
        _prune,
        of_one_map=False,
    ),
    Subcommand(
        "dead-letters",
        gettext_lazy("List the events that a sink did not take; retry or discard them."),
        _dead_letters_arguments,
        _dead_letters,
        of_one_map=False,
    ),
    Subcommand(
        "reconcile",
        gettext_lazy("Compare what was accepted on a day with what each sink holds."),
        _reconcile_arguments,
        _reconcile,
        of_one_map=False,
    ),
)
