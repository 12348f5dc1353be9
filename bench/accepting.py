"""Accepting an event into the database, and delivering it, beside what one would write by hand."""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, connections

from bench.data import Data
from bench.http import gunicorn, requests_per_second
from bench.timing import Row, compare, in_turn
from trackadmin.models import AcceptedEvent, Delivery
from trackadmin.outbox import drain
from trackadmin.runtime import Event, track
from trackadmin.testing import reset

#: Rounds over HTTP, a second for each view; events that are delivered in a round, and how often.
ROUNDS = 9
EVENTS, DELIVERY_ROUNDS = 3000, 5
#: Of the bare view's requests per second, and of the time of the insert by hand.
GOAL, TRACK_GOAL = 0.7, 1.3
SINKS = {"SINKS": {"nowhere": {"BACKEND": "bench.accepting.Nowhere"}}}
PLAIN = "action=signup_click&plan=gold&seats=12&page=/prices/"


class Nowhere:
    """A remote sink whose receiver takes no time: it writes the ids to a file."""

    path = "/dev/null"

    def __init__(self) -> None:
        self._file = os.open(Nowhere.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def deliver(self, events: list[Event]) -> None:
        os.write(self._file, b"".join(UUID(event.id).bytes for event in events))


def row_like(event: AcceptedEvent) -> dict[str, object]:
    """The fields of another event, with an id of its own."""
    names = ("map", "version", "action", "trust", "body", "personal", "waiting")
    same = {name: getattr(event, name) for name in names}
    return {"event_id": uuid4(), "received_at": datetime.now(UTC), **same}


def run(data: Data, database: str) -> list[Row]:
    before = settings.TRACKADMIN
    settings.TRACKADMIN = {**before, **SINKS}
    reset()
    try:
        return [*tracked(data, database), *served(data, database), *delivered(database)]
    finally:
        settings.TRACKADMIN = before
        AcceptedEvent.objects.all().delete()
        Delivery.objects.all().delete()
        reset()


def tracked(data: Data, database: str) -> list[Row]:
    """``track`` beside the insert that one would write for the same row."""
    objects = (data.buyer, data.company)
    track("signup_click", *objects)
    event = AcceptedEvent.objects.get()
    fields = row_like(event)
    columns = ", ".join(fields)
    places = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO trackadmin_acceptedevent ({columns}) VALUES ({places})"

    def raw() -> None:
        values = row_like(event)
        if connection.vendor == "sqlite":
            values |= {
                "event_id": values["event_id"].hex,
                "received_at": str(values["received_at"]),
            }
        with connection.cursor() as cursor:
            cursor.execute(statement, [*values.values()])

    contestants = {
        "track": lambda: track("signup_click", *objects),
        "create() by hand": lambda: AcceptedEvent.objects.create(**row_like(event)),
        "INSERT by hand": raw,
    }
    seconds = in_turn(contestants)
    work = "track(), its event stored"
    return [
        compare(
            seconds,
            work=work,
            database=database,
            ours="track",
            theirs=theirs,
            at_most=at_most,
        )
        # What a site would write; and what nobody can be faster than, who sends that statement.
        for theirs, at_most in (("create() by hand", TRACK_GOAL), ("INSERT by hand", None))
    ]


def served(data: Data, database: str) -> list[Row]:
    """The tracking URL beside a view that inserts one row of the same size."""
    with gunicorn(BENCH_ACCEPTING="1") as site:
        urls = {
            "trackadmin": f"{site}/t/?{PLAIN}",
            "view that inserts": f"{site}/insert/?{PLAIN}",
            "with 2 references": f"{site}/t/?{data.query(2)}",
        }
        found: dict[str, list[float]] = {name: [] for name in urls}
        for url in urls.values():
            urllib.request.urlopen(url).close()
            requests_per_second(url)
        for _ in range(ROUNDS):
            for name in random.sample(list(urls), len(urls)):
                found[name].append(requests_per_second(urls[name]))
    bare = found["view that inserts"]
    return [
        Row(
            work,
            database,
            "view that inserts such a row",
            statistics.median(found[name]),
            statistics.median(bare),
            "requests/s",
            statistics.median(b / a for a, b in zip(found[name], bare, strict=True)),
            at_most,
        )
        for work, name, at_most in (
            ("event accepted over HTTP", "trackadmin", 1 / GOAL),
            ("event accepted over HTTP, 2 references", "with 2 references", None),
        )
    ]


def delivered(database: str) -> list[Row]:
    """Two workers beside one: the same events, each delivered once."""
    event = AcceptedEvent.objects.order_by("number").first()
    assert event is not None
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(DELIVERY_ROUNDS):
        for workers in (1, 2) if turn % 2 else (2, 1):
            seconds[workers].append(one_delivery(event, workers))
    return [
        Row(
            "an event delivered by two workers",
            database,
            "one worker",
            1e6 * statistics.median(seconds[2]) / EVENTS,
            1e6 * statistics.median(seconds[1]) / EVENTS,
            "µs",
            statistics.median(b / a for a, b in zip(seconds[1], seconds[2], strict=True)),
            None,
        )
    ]


def one_delivery(like: AcceptedEvent, workers: int) -> float:
    Delivery.objects.all().delete()
    AcceptedEvent.objects.exclude(pk=like.pk).delete()
    AcceptedEvent.objects.filter(pk=like.pk).update(waiting=False)
    rows = [AcceptedEvent(**row_like(like) | {"waiting": True}) for _ in range(EVENTS)]
    for row in rows:
        row.body = row.body.replace(str(like.event_id), str(row.event_id))
    AcceptedEvent.objects.bulk_create(rows, batch_size=500)
    with tempfile.TemporaryDirectory() as folder:
        Nowhere.path = f"{folder}/ids"
        connections.close_all()  # no two processes may use one
        started = time.perf_counter()
        in_processes(workers, drain)
        taken = time.perf_counter() - started
        ids = Path(Nowhere.path).read_bytes()
    times = Counter(ids[start : start + 16] for start in range(0, len(ids), 16))
    assert len(times) == EVENTS, f"{len(times)} of {EVENTS} events were delivered"
    assert set(times.values()) == {1}, "an event was delivered by both"
    return taken


def in_processes(count: int, job: Callable[[], object]) -> None:
    pids = []
    for _ in range(count):
        if pid := os.fork():
            pids.append(pid)
            continue
        try:
            job()
            os._exit(0)
        finally:
            os._exit(1)
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        assert status == 0, "a worker failed"
