"""manage.py demo: makes the demo shop ready and serves it on this machine."""

import signal
import socket
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from demo.delivery import delivering
from demo.preparation import prepare

HOST = "127.0.0.1"

WELCOME = """
The demo shop         http://{host}:{port}/
The tracking admin    http://{host}:{port}/admin/

  log in as product (password: product)   the product team: edits, reviews, publishes
  log in as editor  (password: editor)    a colleague: edits, and asks for reviews
  log in as admin   (password: admin)     may do everything

Stop it with Ctrl-C. Start it again with the same command: your data stays.
"""


class Command(BaseCommand):
    help = "Makes the demo shop ready (tables, data, map) and serves it on this machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="default: 8000")
        parser.add_argument(
            "--no-server", action="store_true", help="only make the demo ready, do not serve it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        serve, port = not options["no_server"], options["port"]
        if serve:
            check_port(port)
        for line in prepare():
            self.stdout.write(line)
        if serve:
            self.stdout.write(WELCOME.format(host=HOST, port=port))
            self.stdout.flush()
            with delivering():
                serve_on(port)


def check_port(port: int) -> None:
    """Raise CommandError where the demo cannot listen on the port."""
    if not 1 <= port <= 65535:
        raise CommandError(f"{port} is not a port. Choose one from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). "
                f"Choose another one: make demo PORT={port + 1 if port < 65535 else 8001}"
            ) from error


def serve_on(port: int) -> None:
    """Serve until SIGINT or SIGTERM; a background job may have started with both ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    call_command(
        "runserver", f"{HOST}:{port}", use_reloader=False, insecure_serving=True, skip_checks=True
    )
