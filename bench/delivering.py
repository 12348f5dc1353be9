"""Delivery to Redis Streams through a worker, beside a bare pipelined XADD of the same lines."""

from __future__ import annotations

import shutil
import signal
import statistics
import tempfile
import time
from pathlib import Path
from types import MappingProxyType

import redis
from django.db import transaction
from django.test import override_settings

from bench.data import Data
from bench.timing import Row
from tests.redis_server import RedisServer
from trackadmin.models import AcceptedEvent, Delivery
from trackadmin.outbox import Worker
from trackadmin.runtime import Event
from trackadmin.runtime.accepting import accept
from trackadmin.runtime.configured_sinks import configured_sinks
from trackadmin.runtime.event import new_id
from trackadmin.sinks.redis_streams import RedisStreamsSink

#: Events a round, and rounds.
EVENTS, ROUNDS = 10_000, 9
#: Entries in one pipeline: with more, the bare pipeline is no faster.
PIPELINE = 500
STREAM = "bench"
#: Of the bare pipeline's events per second.
GOAL = 0.7


def run(data: Data, database: str) -> list[Row]:
    if shutil.which("redis-server") is None:
        raise RuntimeError("redis-server is not installed: apt-get install redis-server")
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder), appends=True)
        server.start()
        try:
            seconds = _in_turn(server)
        finally:
            server.client.close()
            server.stop(signal.SIGTERM)
    ours, theirs = seconds["worker"], seconds["pipeline"]
    return [
        Row(
            f"delivery to Redis Streams, {RedisStreamsSink.batch_size:,} in a batch",
            database,
            "bare pipelined XADD",
            EVENTS / statistics.median(ours),
            EVENTS / statistics.median(theirs),
            "events/s",
            statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
            1 / GOAL,
        )
    ]


def _in_turn(server: RedisServer) -> dict[str, list[float]]:
    path = f"{RedisStreamsSink.__module__}.{RedisStreamsSink.__name__}"
    options = {"url": server.url, "stream": STREAM}
    sink = {"BACKEND": path, "OPTIONS": options, "PERSONAL": True}
    with override_settings(TRACKADMIN={"STRICT": False, "SINKS": {"redis": sink}}):
        return _measured(server, Worker(configured_sinks().remote))


def _measured(server: RedisServer, worker: Worker) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {"worker": [], "pipeline": []}
    for turn in range(-1, ROUNDS):
        events = _stored()
        lines = [(event.id, event.as_json()) for event in events]
        contestants = [
            ("worker", lambda: _drain(worker)),
            ("pipeline", lambda lines=lines: _pipeline(server.client, lines)),
        ]
        for name, work in contestants[:: 1 if turn % 2 else -1]:
            server.client.delete(STREAM)
            started = time.perf_counter()
            work()
            spent = time.perf_counter() - started
            found = {fields[b"id"].decode() for _, fields in server.client.xrange(STREAM)}
            assert found == {event.id for event in events}
            if turn >= 0:
                seconds[name].append(spent)
    return seconds


def _stored() -> list[Event]:
    Delivery.objects.all().delete()
    AcceptedEvent.objects.all().delete()
    events = [_event(number) for number in range(EVENTS)]
    with transaction.atomic():
        for event in events:
            accept(event, waiting=True)
    return events


def _event(number: int) -> Event:
    """As the README's map makes them: twelve values."""
    values = {
        "action": "signup_click",
        "BuyerProfile_uuid": "6fa459ea-ee8a-3ca4-894e-db77e160355e",
        "BuyerProfile_ctime": "2026-03-01T12:30:00.123456+00:00",
        "User_id": number,
        "User_username": "testUserOne",
        "User_first_name": "TestUser",
        "User_last_name": "LastName",
        "User_email": "test.user@example.com",
        "User_is_staff": False,
        "User_is_active": True,
        "CompanyAccount_name": "The Demo Account",
        "CompanyAccount_is_demo": True,
    }
    references = (("BuyerProfile__uuid", "found"), ("CompanyAccount__name", "found"))
    now = "2026-03-01T12:30:00.123456+00:00"
    return Event(new_id(), now, "default", 1, "signup_click", MappingProxyType(values), references)


def _drain(worker: Worker) -> None:
    while worker.work_once():
        pass


def _pipeline(client: redis.Redis, lines: list[tuple[str, str]]) -> None:
    """The same lines, which nobody has to read from a table or to account for."""
    for start in range(0, len(lines), PIPELINE):
        with client.pipeline(transaction=False) as pipeline:
            for event_id, line in lines[start : start + PIPELINE]:
                pipeline.xadd(STREAM, {"id": event_id, "json": line, "person": ""})
            pipeline.execute()
