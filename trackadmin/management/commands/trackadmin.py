"""manage.py trackadmin: what editors and hosts do, from the command line."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from trackadmin.exceptions import TrackAdminError
from trackadmin.management import backfilling, maps, publishing, values
from trackadmin.management.subcommand import Output, Subcommand
from trackadmin.runtime.context import lookup_context

SUBCOMMANDS: dict[str, Subcommand] = {
    each.name: each
    for each in (
        *maps.SUBCOMMANDS,
        *publishing.SUBCOMMANDS,
        *values.SUBCOMMANDS,
        *backfilling.SUBCOMMANDS,
    )
}


class Command(BaseCommand):
    """One subcommand per operation; stdout holds the data, stderr what is told about it."""

    help = "Export, import, publish, compare and check tracking maps, and ask the live one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One parser for each subcommand."""
        parsers = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
        for each in SUBCOMMANDS.values():
            own = parsers.add_parser(each.name, help=each.help, description=each.help)
            own.add_argument("--map", default="default", metavar="SLUG", help="default: default")
            each.arguments(own)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand; its errors become the command's."""
        self.stderr.style_func = None  # what is told is no error
        out = Output(self.stdout.write, self.stderr.write)
        try:
            with lookup_context():
                SUBCOMMANDS[options["subcommand"]].run(options, out)
            self.stdout.flush()
        except TrackAdminError as error:
            raise CommandError(str(error)) from error
        except Error as error:
            hint = "Is the database there, and has 'manage.py migrate' run?"
            raise CommandError(f"The database cannot be asked: {error}. {hint}") from error
        except BrokenPipeError:
            # The reader has enough, as with "| head". Python must not try to flush again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
