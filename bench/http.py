"""The tracking URL over HTTP, beside a bare view: gunicorn, PostgreSQL and wrk."""

from __future__ import annotations

import os
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

SECONDS = 4
ROUNDS = 5


@contextmanager
def gunicorn() -> Iterator[str]:
    port = free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "BENCH_DATABASE_NAME": str(connection.settings_dict["NAME"]),
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
    """Nothing where ``wrk`` is missing; the report says so."""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is not installed: apt-get install wrk")
    with gunicorn() as site:
        ours, bare = f"{site}/t/?{data.query(2)}", f"{site}/bare/"
        for url in (ours, bare):
            with urllib.request.urlopen(url) as answer:
                assert answer.status == 204
        pairs = [(requests_per_second(ours), requests_per_second(bare)) for _ in range(ROUNDS)]
    mine = statistics.median(a for a, _ in pairs)
    theirs = statistics.median(b for _, b in pairs)
    # The other rows count time, where less is better; so this one is turned round.
    ratio = statistics.median(b / a for a, b in pairs)
    work = "tracking URL over HTTP, 2 references"
    return [Row(work, database, "bare 204 view", mine, theirs, "requests/s", ratio, 1 / 0.6)]
