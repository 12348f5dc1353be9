"""The tracking URL over HTTP, beside a bare view: gunicorn, PostgreSQL and wrk."""

from __future__ import annotations

import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from bench.data import Data
from bench.timing import Row
from tests.postgresql import accepts, free_port

#: How long each view is asked at a time, and how often, in turn with the others.
SECONDS, ROUNDS = 1, 27
VIEWS = {
    "trackadmin": "/t/",
    "bare 204 view": "/bare/",
    "view with the bare statement": "/statement/",
    "view with the prepared statement": "/prepared/",
}
#: Of the bare view's requests per second.
GOAL = 0.6


@contextmanager
def gunicorn(**variables: str) -> Iterator[str]:
    port = free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "BENCH_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        **variables,
    }
    command = [sys.executable, "-m", "gunicorn", "django.core.wsgi:get_wsgi_application()"]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2"]
    command += ["--log-level", "error"]
    process = subprocess.Popen(command, env=environment)
    try:
        deadline = time.monotonic() + 20
        while not accepts(port) and time.monotonic() < deadline:
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def requests_per_second(url: str) -> float:
    done = subprocess.run(
        ["wrk", "-t1", "-c4", f"-d{SECONDS}s", url], capture_output=True, text=True, check=True
    )
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    return float(found[1])


def run(data: Data, database: str) -> list[Row]:
    """Requests per second; the other rows of the table count time, so the ratio is turned round."""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed: apt-get install wrk")
    work = "tracking URL over HTTP, 2 references"
    with gunicorn() as site:
        served = measure(site, data)
    with gunicorn(BENCH_UNPREPARED="1") as site:
        unprepared = measure(site, data)
    return [
        row(work, served, "bare 204 view", database, 1 / GOAL),
        row(work, served, "view with the bare statement", database, None),
        row(work, served, "view with the prepared statement", database, None),
        row(f"{work}, nothing prepared", unprepared, "bare 204 view", database, None),
    ]


def measure(site: str, data: Data) -> dict[str, list[float]]:
    """The requests per second of each view, round by round."""
    urls = {name: f"{site}{path}?{data.query(2)}" for name, path in VIEWS.items()}
    for url in urls.values():
        with urllib.request.urlopen(url) as answer:
            assert answer.status == 204
        requests_per_second(url)
    served: dict[str, list[float]] = {name: [] for name in VIEWS}
    for _ in range(ROUNDS):
        # Never one behind the same other: what a view leaves in the processor's caches differs.
        for name in random.sample(list(urls), len(urls)):
            served[name].append(requests_per_second(urls[name]))
    return served


def row(
    work: str, served: dict[str, list[float]], name: str, database: str, at_most: float | None
) -> Row:
    ours, theirs = served["trackadmin"], served[name]
    return Row(
        work,
        database,
        name,
        statistics.median(ours),
        statistics.median(theirs),
        "requests/s",
        statistics.median(b / a for a, b in zip(ours, theirs, strict=True)),
        at_most,
    )
