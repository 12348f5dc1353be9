"""manage.py trackadmin: what editors and hosts do, from the command line."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connections, router
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import TrackAdminError
from trackadmin.management import (
    backfill_command,
    changelog_command,
    deliver_command,
    dictionary_command,
    explain_event_command,
    map_files,
    map_list_command,
    notify_command,
    outbox_commands,
    value_commands,
    version_commands,
)
from trackadmin.management.subcommand import Output, Subcommand
from trackadmin.management.utf8 import argument, writer
from trackadmin.models import TrackingMap
from trackadmin.runtime.context import lookup_context

SUBCOMMANDS: dict[str, Subcommand] = {
    each.name: each
    for each in (
        *map_files.SUBCOMMANDS,
        *map_list_command.SUBCOMMANDS,
        *version_commands.SUBCOMMANDS,
        *changelog_command.SUBCOMMANDS,
        *value_commands.SUBCOMMANDS,
        *dictionary_command.SUBCOMMANDS,
        *explain_event_command.SUBCOMMANDS,
        *backfill_command.SUBCOMMANDS,
        *deliver_command.SUBCOMMANDS,
        *outbox_commands.SUBCOMMANDS,
        *notify_command.SUBCOMMANDS,
    )
}

APP = "trackadmin"


class Command(BaseCommand):
    """One subcommand for each operation. The result goes to stdout, what it says to stderr."""

    @property
    def help(self) -> str:  # type: ignore[override]
        """What ``--help`` says of the command: argparse takes no lazy text."""
        return _(
            "Export, import, publish, compare and check tracking maps, and query the live one."
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One parser for each subcommand."""
        parsers = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
        for each in SUBCOMMANDS.values():
            own = parsers.add_parser(each.name, help=str(each.help), description=str(each.help))
            if each.of_one_map:
                own.add_argument(
                    "--map",
                    default=DEFAULT_MAP,
                    metavar="SLUG",
                    help=_("default: %(map)s") % {"map": DEFAULT_MAP},
                )
            each.arguments(own)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the subcommand; its errors become the command's."""
        self.stderr.style_func = None  # what is said is not an error
        out = Output(writer(self.stdout), self.stderr.write)
        given = {name: argument(value) for name, value in options.items()}
        try:
            with lookup_context():
                SUBCOMMANDS[given["subcommand"]].run(given, out)
            self.stdout.flush()
        except TrackAdminError as error:
            raise CommandError(str(error)) from error
        except Error as error:
            words = _("The database does not answer: %(error)s. %(hint)s")
            raise CommandError(words % {"error": error, "hint": _hint()}) from error
        except BrokenPipeError:
            # The reader has enough, as with "| head". Python must not try to flush again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)


def _hint() -> str:
    """What to do after an error of the database, such as a column that is not there yet."""
    try:
        missing = _unapplied()
    except Error:
        missing = []
    if not missing:
        return _("Is the database running, and has 'manage.py migrate' been run?")
    words = _(
        "These migrations of trackadmin have not been applied: %(migrations)s. Run 'manage.py "
        "migrate'. A data migration needs ('%(app)s', '%(last)s') among its dependencies."
    )
    return words % {"migrations": ", ".join(missing), "app": APP, "last": missing[-1]}


def _unapplied() -> list[str]:
    """The names of our migrations that the database of the maps does not have."""
    own = connections[router.db_for_write(TrackingMap)]
    # PostgreSQL answers nothing more in a transaction with an error. SQLite does, and its memory
    # is another one for each connection.
    connection = own if own.vendor == "sqlite" else own.copy()
    try:
        executor = MigrationExecutor(connection)
        targets = [key for key in executor.loader.graph.leaf_nodes() if key[0] == APP]
        return [each.name for each, _ in executor.migration_plan(targets) if each.app_label == APP]
    finally:
        if connection is not own:
            connection.close()
