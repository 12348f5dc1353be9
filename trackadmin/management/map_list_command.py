"""The subcommand maps: lists the maps, adds one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.management.subcommand import Options, Output, Subcommand
from trackadmin.management.version_commands import by_argument, person
from trackadmin.models import TrackingMap


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--add", metavar="SLUG", help=_("add an empty map that code calls SLUG"))
    parser.add_argument("--name", default="", help=_("its name for people; default: the slug"))
    parser.add_argument("--description", default="", help=_("what it is for"))
    parser.add_argument("--json", action="store_true", help=_("write JSON"))
    by_argument(parser)


def _maps(options: Options, out: Output) -> None:
    if options["add"] is not None:
        _add(options, out)
    elif options["name"] or options["description"]:
        raise CommandError(
            _("--name and --description are for a new map: give --add SLUG as well.")
        )
    rows = [_row(each) for each in TrackingMap.objects.order_by("slug")]
    if options["json"]:
        out.json(rows)
        return
    for row in rows:
        if row["live"]:
            out.data(_("%(slug)s  version %(live)s  %(name)s") % row)
        else:
            out.data(_("%(slug)s  not published  %(name)s") % row)


def _add(options: Options, out: Output) -> None:
    slug = options["add"]
    added = TrackingMap(slug=slug, name=options["name"] or slug, description=options["description"])
    try:
        # Also says that the slug is taken.
        added.full_clean()
    except ValidationError as error:
        words = _("The map '%(map)s' cannot be added: %(reasons)s")
        raise CommandError(words % {"map": slug, "reasons": "; ".join(_said(error))}) from error
    by = person(options)
    editing.add_map(slug, name=added.name, description=added.description, by=by)
    out.say(_("The map '%(map)s' was added. It tracks nothing yet.") % {"map": slug})


def _said(error: ValidationError) -> list[str]:
    return [f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts]


def _row(tracking_map: TrackingMap) -> dict[str, Any]:
    live = editing.live_version(tracking_map)
    return {
        "slug": tracking_map.slug,
        "name": tracking_map.name,
        "description": tracking_map.description,
        "models": tracking_map.tracked_models.count(),
        "live": live.number if live else None,
    }


SUBCOMMANDS = (
    Subcommand(
        "maps", gettext_lazy("List the maps, or add one."), _arguments, _maps, of_one_map=False
    ),
)
