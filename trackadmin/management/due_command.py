"""``check --due``: what somebody should look at, for people and for CI."""

from __future__ import annotations

from argparse import _MutuallyExclusiveGroup
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin import editing
from trackadmin.management.subcommand import Options, Output, counted, for_machines


def due_argument(instead: _MutuallyExclusiveGroup) -> None:
    """Let the caller ask for what is due."""
    instead.add_argument(
        "--due",
        action="store_true",
        help=_(
            "instead list deprecated names past their date, reviews that wait, and waivers and "
            "undecided attributes that are older than the setting DUE says; exits with 1 if there "
            "are any"
        ),
    )


def check_due(options: Options, out: Output) -> None:
    """Write what is due; an error of the command if anything is."""
    slug = options["map"]
    found = editing.due_items(slug)
    if options["json"]:
        with for_machines():
            out.json([_due_as_json(each) for each in found])
    else:
        for each in found:
            out.data(f"{each.since:%Y-%m-%d}  {each.what} {each.remedy}")
    if found:
        words = ngettext(
            "%(count)s thing is due in the map '%(map)s'.",
            "%(count)s things are due in the map '%(map)s'.",
            len(found),
        )
        raise CommandError(words % {"map": slug, **counted(len(found))})
    out.say(_("Nothing is due in the map '%(map)s'.") % {"map": slug})


def _due_as_json(each: editing.DueItem) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "where": each.place,
        "since": each.since.isoformat(),
        "message": str(each.what),
        "fix": str(each.remedy),
    }
