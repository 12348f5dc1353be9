"""The tour's pages as the site answered them, served to a real browser without the site.

They are rendered once, in a transaction that is taken back, and looked at in many ways afterwards.
"""

import functools
import mimetypes
import threading
from contextlib import contextmanager, nullcontext
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import transaction
from django.test import Client
from django.utils.text import slugify

from tests import tour
from tests.screens import without_the_theme

#: Where our part of a page begins; the lists and the frame are Django's or the theme's.
OURS = 'id="content-main" class="ta"'


@functools.cache
def taken(*, theme):
    """The HTML of every page, and without the theme of each stop that shows something else.

    Only the frame differs with the theme, so there the pages themselves are enough.
    """
    left_out = {"sent_forms", "drifted"}  # many stops, and little that others do not show
    if theme:
        left_out |= {"wrong_forms", "wrong_actions", "old_names", "stale_forms"}
        left_out |= {"refused", "broken"}
    with transaction.atomic(), nullcontext() if theme else without_the_theme():
        client = Client()
        client.force_login(User.objects.create_superuser("Owner1", password="x"))
        row = tour.prepare()
        stops = tour.tour(client, row, without=left_out)
        found = dict(_worth_a_look(tour.every_page(row), stops))
        transaction.set_rollback(True)
    return found


def _worth_a_look(pages, stops):
    """Every page, and the stops that have an element which none before had."""
    seen = set()
    for name, html in stops:
        shown = set(_Elements(html.partition(OURS)[2]).found)
        if name in pages or not shown <= seen:
            yield name, html
        seen |= shown


class _Elements(HTMLParser):
    """The kinds of elements on a page: what their looks and their roles depend on."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        kind = (given.get(name) for name in ("class", "type", "role", "aria-current", "disabled"))
        self.found.append((tag, *kind))


@contextmanager
def served(pages):
    """The pages on a port of this machine, with their static files; gives their addresses."""
    paths = {f"/{number}/{slugify(name)}": pages[name] for number, name in enumerate(pages)}
    handler = type("Handler", (_Handler,), {"pages": paths})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        site = f"http://127.0.0.1:{server.server_port}"
        yield {name: site + path for name, path in zip(pages, paths, strict=True)}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """A page by its path, or a static file, which the browser may keep."""

    def do_GET(self):
        path = urlsplit(self.path).path
        if path in self.pages:
            return self.answer(self.pages[path].encode(), "text/html; charset=utf-8")
        file = path.startswith("/static/") and finders.find(path.removeprefix("/static/"))
        if not file:
            return self.send_error(404)
        kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
        return self.answer(Path(file).read_bytes(), kind, ("Cache-Control", "max-age=3600"))

    def answer(self, body, kind, *headers):
        self.send_response(200)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Nothing: a test's output is for its failures."""
