"""Where the time of a tracking URL goes: how long it takes to get as far as each of its stages."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

from bench.data import Data
from trackadmin.collect import views
from trackadmin.compiler.sql.statements import Statement
from trackadmin.runtime import resolve as resolving
from trackadmin.runtime import sending, values_from_query

#: What is done before the named function is called: the call ends there.
RESOLVE = [
    ("take the query string apart", resolving, "known_query"),
    ("know its names", resolving, "_by_known_query"),
    ("judge the texts and bind them", Statement, "fetch"),
    ("run the statement", Statement, "all_values"),
]
#: What is done without the named function: the request goes on.
VIEW = [
    ("Django's handler, middleware and the answer", views, "_track"),
    ("resolve the query and make the event", sending, "deliver"),
]
#: Calls of a batch, and how often each stage is measured, in turn with the others.
CALLS, ROUNDS = 300, 41


class _Stop(BaseException):
    """Ends a call at a stage; nobody on the way catches it."""


def stop(*args: Any, **kwargs: Any) -> None:
    raise _Stop


def leave_out(*args: Any, **kwargs: Any) -> None:
    pass


@contextmanager
def instead(place: Any, name: str, other: Callable[..., None]) -> Iterator[None]:
    real = getattr(place, name)
    setattr(place, name, other)
    try:
        yield
    finally:
        setattr(place, name, real)


def run(data: Data, database: str) -> list[dict]:
    """For each stage the microseconds that it adds: of a resolve, and of a request."""
    query = data.query(2)
    request = request_to("/t/", query)
    request()
    resolved = split(
        RESOLVE, "make the values, say what came of each", lambda: values_from_query(query), stop
    )
    served = split(VIEW, "log the event", request, leave_out, clock=time.thread_time)
    return [
        *({"work": "2 references → values", "database": database, **each} for each in resolved),
        *({"work": "processor time of a request", "database": database, **each} for each in served),
    ]


def split(
    stages: list[tuple[str, Any, str]],
    last: str,
    call: Callable[[], object],
    other: Callable[..., None],
    clock: Callable[[], float] = time.perf_counter,
) -> list[dict]:
    """Each stage and its microseconds: the median of what a round took more than up to there."""

    def until_stopped() -> None:
        with suppress(_Stop):
            call()

    ways = [partial(instead, place, name, other) for _, place, name in stages] + [nullcontext]
    added: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        before = 0.0
        for way, more in zip(ways, added, strict=True):
            with way():
                started = clock()
                for _ in range(CALLS):
                    until_stopped()
                until = (clock() - started) / CALLS
            more.append(until - before)
            before = until
    words = [*(word for word, _, _ in stages), last]
    return [
        {"stage": word, "us": statistics.median(more) * 1e6}
        for word, more in zip(words, added, strict=True)
    ]


def request_to(path: str, query: str) -> Callable[[], object]:
    """A request as a WSGI server makes it, without the server."""
    handler = WSGIHandler()
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "bench",
        "SERVER_PORT": "80",
        "HTTP_HOST": "bench",
        "wsgi.url_scheme": "http",
    }

    def request() -> None:
        response = handler({**environ, "wsgi.input": io.BytesIO()}, lambda *args: None)
        response.close()

    return request
