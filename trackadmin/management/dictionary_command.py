"""The subcommand dictionary: every name that events carry, as a file."""

from __future__ import annotations

from argparse import ArgumentParser

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.management.subcommand import Options, Output, Subcommand, for_machines
from trackadmin.management.version_commands import which_arguments

FORMATS = {
    "csv": editing.dictionary_csv,
    "markdown": editing.dictionary_markdown,
    "json": editing.dictionary_json,
}


def _dictionary_arguments(parser: ArgumentParser) -> None:
    which_arguments(parser)
    parser.add_argument(
        "--format",
        choices=[*FORMATS],
        default="markdown",
        help=_("csv: for spreadsheets; markdown: to read; json: for programs. Default: markdown."),
    )


def _dictionary(options: Options, out: Output) -> None:
    found = editing.dictionary(options["map"], options["number"], draft=options["draft"])
    written = FORMATS[options["format"]]
    if options["format"] == "json":
        with for_machines():
            out.data(written(found))
    else:
        out.data(written(found).rstrip("\r\n"))
    if found.unreadable:
        out.say(found.unreadable)


SUBCOMMANDS = (
    Subcommand(
        "dictionary",
        gettext_lazy("Write the dictionary: what each name of an event means. Shows no values."),
        _dictionary_arguments,
        _dictionary,
    ),
)
