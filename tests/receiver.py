"""A receiver of events that can be stopped and started, and a sink that posts to it."""

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.postgresql import free_port
from trackadmin.outbox import TryLater


class PostSink:
    """A remote sink: one POST of a JSON list for each batch."""

    def __init__(self, url):
        self.url = url

    def deliver(self, events):
        body = json.dumps([event.as_dict() for event in events]).encode()
        try:
            urllib.request.urlopen(self.url, body, timeout=10).close()
        except OSError as error:
            raise TryLater("The receiver does not answer.") from error


class Receiver:
    """What was posted, event by event, while it was up."""

    def __init__(self):
        self.port, self.events, self._server = free_port(), [], None
        self.url = f"http://127.0.0.1:{self.port}/"

    def start(self):
        received = self.events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                received.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
