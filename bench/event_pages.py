"""The pages of events and deliveries with 1,000,000 events, against a fixed time."""

from __future__ import annotations

import json
import statistics
import time

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from bench.timing import Row
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery, TrackingMap
from trackadmin.runtime import Event, Values

EVENTS, BATCH, DEAD = 1_000_000, 100, 500
SECONDS, ROUNDS = 0.3, 7
SINKS = {
    "SINKS": {
        "table": {"BACKEND": "trackadmin.sinks.table.TableSink"},
        "warehouse": {"BACKEND": "bench.event_pages.Nowhere"},
    }
}
#: What is asked of the page of events.
ASKED = {
    "the newest": "",
    "an action that nothing has": "?action=nothing",
    "a model, only wrong": "?model=Order&wrong=1",
    "how a sink stands": "?sink=warehouse",
    "an opened event": "?event={last}",
}


class Nowhere:
    """A remote sink; nothing is delivered here."""

    def deliver(self, events: object) -> None:
        """Take them."""


def fill() -> None:
    """Events by statements of the database itself; nine of ten deliveries are done."""
    values = Values([("action", "signup"), *((f"User_field_{n}", "some text") for n in range(30))])
    text = Event.of(values, ("User_field_1",)).as_json()
    table, quoted = AcceptedEvent._meta.db_table, text.replace("'", "''")
    sqlite = connection.vendor == "sqlite"
    numbers = (
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS})"
        if sqlite
        else f"WITH n(i) AS (SELECT generate_series(1, {EVENTS}))"
    )
    unique = "printf('%032x', i)" if sqlite else "lpad(to_hex(i), 32, '0')::uuid"
    false = "0" if sqlite else "false"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (event_id, received_at, map, version, action, trust, body,"
            f" personal, waiting) {numbers}"
            f" SELECT {unique}, CURRENT_TIMESTAMP, 'default', 1, 'signup', 'open', '{quoted}',"
            f" '[\"User_field_1\"]', {false} FROM n"
        )
    first = AcceptedEvent.objects.order_by("number").first().number
    starts = range(first, first + EVENTS, BATCH)
    made = Delivery.objects.bulk_create(
        (_delivery(start, done=start < first + EVENTS * 0.9) for start in starts), 500
    )
    DeadLetter.objects.bulk_create(
        DeadLetter(delivery=made[0], sink="warehouse", event_id=first + n, reason="x", attempts=1)
        for n in range(DEAD)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _delivery(start: int, *, done: bool) -> Delivery:
    left = "[]" if done else json.dumps([*range(start, start + BATCH)])
    due = None if done else "2026-01-01T00:00:00Z"
    return Delivery(sink="warehouse", left=left, first=start, offered=BATCH, due_at=due)


def run(database: str) -> list[Row]:
    """The median of a few requests of a person who may see everything."""
    fill()
    client = Client()
    client.force_login(User.objects.create_superuser("bench events"))
    pk = TrackingMap.objects.get(slug="default").pk
    last = AcceptedEvent.objects.first().number
    with override_settings(ROOT_URLCONF="tests.urls", TRACKADMIN={"STRICT": False, **SINKS}):
        page = reverse("admin:trackadmin_trackingmap_events", args=[pk])
        asked = {f"events: {n}": page + query.format(last=last) for n, query in ASKED.items()}
        asked["deliveries"] = reverse("admin:trackadmin_delivery_changelist")
        rows = [_row(name, database, _seconds(client, asked[name])) for name in asked]
    with connection.cursor() as cursor:  # Django would load each row to see what hangs on it
        for model in (DeadLetter, Delivery, AcceptedEvent):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
    return rows


def _seconds(client: Client, address: str) -> float:
    taken = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        assert client.get(address).status_code == 200, address
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


def _row(name: str, database: str, seconds: float) -> Row:
    work = f"{EVENTS:,} events, page of {name}"
    ratio = seconds / SECONDS
    return Row(work, database, f"{SECONDS:g} s", seconds * 1e3, SECONDS * 1e3, "ms", ratio, 1.0)
