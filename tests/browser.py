"""A running demo shop and a real Chromium for the tests; neither touches the developer's data."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.postgresql import free_port

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL_PORT = os.environ.get("TRACKADMIN_TEST_POSTGRESQL_PORT")
START_SECONDS = 90  # of a first start on a busy machine
STOP_SECONDS = 15
WAIT_MILLISECONDS = 20_000  # for a page to show what is awaited
#: Chromium in a container, as root, talking to nobody but the page's own server.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class DemoSite:
    """A demo shop with a database and an event log of its own, in ``folder``."""

    #: What Python runs; the arguments follow.
    program = ("manage.py",)

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.events_log = folder / "events.log"
        database = create_database() if POSTGRESQL_PORT else str(folder / "demo.sqlite3")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "DEMO_"))}
        self.environment = {
            **inherited,
            "DEMO_DATABASE": database,
            "DEMO_EVENTS_LOG": str(self.events_log),
            "PYTHONUNBUFFERED": "1",
        }

    def manage(self, *arguments, code=0):
        """Run manage.py; gives what it wrote to stdout."""
        done = subprocess.run(
            [sys.executable, *self.program, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    @contextmanager
    def served(self, stop_with=signal.SIGTERM):
        """The site while it serves; stopped by its process id, and it must stop cleanly."""
        log = self.folder / "server.log"
        with log.open("a") as output:
            process = subprocess.Popen(
                [sys.executable, *self.program, "demo", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            self.wait_until_served(process, log)
            yield self
        finally:
            process.send_signal(stop_with)
            code = process.wait(STOP_SECONDS)
        assert code == 0, log.read_text()

    def wait_until_served(self, process, log):
        deadline = time.monotonic() + START_SECONDS
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"The demo did not start:\n{log.read_text()}")
            try:
                return self.get("/events.json")
            except urllib.error.URLError:
                time.sleep(0.1)

    def get(self, path):
        """The status and the body of a GET."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return answer.status, answer.read().decode()

    def logged(self):
        """The events in the log, oldest first."""
        if not self.events_log.exists():
            return []
        return [json.loads(line) for line in self.events_log.read_text().splitlines()]


def create_database():
    """An empty database on the tests' PostgreSQL server; it goes when the server goes."""
    import psycopg

    name = f"trackadmin_demo_{uuid.uuid4().hex[:12]}"
    where = f"host=127.0.0.1 port={POSTGRESQL_PORT} user=trackadmin dbname=trackadmin_default"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return name


@contextmanager
def chromium():
    """A browser; what its pages complain about is in ``complaints`` of each :func:`page`."""
    expect.set_options(timeout=WAIT_MILLISECONDS)
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def page(browser, expected=None, **options):
    """A page in a fresh profile; fails at the end if anything was wrong in its console.

    A violation of the content security policy is an error in the console, too. What holds the
    text ``expected`` is no complaint.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(WAIT_MILLISECONDS)
    opened = context.new_page()
    complaints = []
    opened.on(
        "console",
        lambda message: (
            complaints.append(f"{message.type}: {message.text} {message.location}")
            if message.type in ("error", "warning")
            else None
        ),
    )
    opened.on("pageerror", lambda error: complaints.append(f"not caught: {error}"))
    yield opened
    context.close()
    complaints = [each for each in complaints if expected is None or expected not in each]
    assert not complaints, complaints


def log_in(opened, site, name):
    """Log in to the admin; in the demo the password is the name."""
    opened.goto(f"{site.url}/admin/")
    opened.fill("#id_username", name)
    opened.fill("#id_password", name)
    opened.click("input[type=submit]")
    opened.wait_for_selector("#user-tools")
