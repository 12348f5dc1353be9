"""A server of this machine that records what it is sent, and answers as a test says."""

import gzip
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Answers with less than it promised.
HALF = "half a response"
#: Answers nothing until the server stops, or the client goes.
NOTHING = "nothing"
#: Closes the connection at once.
HANGS_UP = "hangs up"
#: Answers what is not HTTP.
GARBAGE = "garbage"


@dataclass
class Answer:
    """What the server says next."""

    status: object = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b"{}"


@dataclass
class Request:
    """What it was sent."""

    path: str
    headers: dict
    #: As it came.
    raw: bytes

    @property
    def body(self):
        return gzip.decompress(self.raw) if self.headers.get("content-encoding") else self.raw

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self):
        return [json.loads(line) for line in self.body.splitlines()]


class RecordingServer:
    """Answers by ``answer``: an :class:`Answer`, or a function from a request to one.

    With ``tls`` (an ``ssl.SSLContext``) it speaks HTTPS.
    """

    def __init__(self, tls=None):
        self.requests, self.answer = [], Answer()
        self._stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda request, address: None  # clients that have gone
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if tls is None else "https"
        self.port = self._server.server_port
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    def stop(self):
        """Stop; from now on a connection is refused. May be called twice."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def says(self, status=200, body=b"{}", **headers):
        """Answer this from now on, and forget what was recorded."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer, self.requests = Answer(status, named, body), []

    def _take(self, request):
        self.requests.append(request)
        return self.answer(request) if callable(self.answer) else self.answer

    def _handler(recording):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = recording._take(Request(self.path, headers, raw))
                if answer.status == NOTHING:
                    recording._stopped.wait(30)
                if answer.status == GARBAGE:
                    self.wfile.write(b"220 ready\r\n\r\n")
                if answer.status in (NOTHING, HANGS_UP, GARBAGE):
                    self.close_connection = True
                    return
                self._send(answer)

            do_GET = do_POST  # where a client follows a redirect

            def _send(self, answer):
                self.send_response(200 if answer.status == HALF else answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                missing = 100 if answer.status == HALF else 0
                self.send_header("Content-Length", str(len(answer.body) + missing))
                self.end_headers()
                self.wfile.write(answer.body)
                self.close_connection = bool(missing)

            def log_message(self, *args):
                pass

        return Handler
