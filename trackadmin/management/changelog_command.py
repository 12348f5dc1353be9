"""The subcommand changelog: what changed between two versions, to hand on."""

from __future__ import annotations

from argparse import ArgumentParser

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.management.subcommand import Options, Output, Subcommand
from trackadmin.management.version_commands import sides_arguments, version_named


def _changelog_arguments(parser: ArgumentParser) -> None:
    sides_arguments(parser)
    parser.add_argument(
        "--format",
        choices=[*editing.CHANGELOG_FORMATS],
        default="text",
        help=_("text (the default) or markdown for people, json for programs"),
    )


def _changelog(options: Options, out: Output) -> None:
    slug = options["map"]
    sides = [version_named(slug, options[side]) for side in ("old", "new")]
    found = editing.changelog(slug, *sides)
    out.data(editing.changelog_text(found, options["format"]).rstrip("\n"))


SUBCOMMANDS = (
    Subcommand(
        "changelog",
        gettext_lazy(
            "Write what changed between two versions, and who published them, to hand on."
        ),
        _changelog_arguments,
        _changelog,
    ),
)
