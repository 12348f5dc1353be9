"""A program that accepts and delivers events while all it needs is killed.

python -m tests.delivering EVENTS KILLS REDIS STOPS: how many events to accept, workers to kill,
Redis servers to kill and databases to stop. It starts a PostgreSQL and a Redis of its own, prints
as JSON what it did and what came of the events, and kills only its own processes. The receiver's
truth is a list in Redis, append-only.
"""

import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from uuid import UUID

from tests.postgresql import running
from tests.redis_server import RedisServer

PRODUCERS, WORKERS = 2, 3
#: Seconds that a server stays away, and within which all must be delivered in the end.
AWAY, FINISH = 0.3, 120
#: Of a thousand events: in a transaction that the host rolls back; never taken by the receiver.
ROLLED_BACK, UNWANTED = 100, 5
#: Of a thousand calls of the receiver: refused before it has anything, failed after it has all.
FAILS, FAILS_AFTER = 30, 1


def connected(port):
    import redis

    return redis.Redis(port=port, socket_timeout=5)


class Receiver:
    """A remote sink that puts the ids of events into a list, and fails at random."""

    def __init__(self, port):
        self.client, self.chance = connected(port), random.Random()

    def deliver(self, events):
        from trackadmin.outbox import Taken, TryLater

        if self.chance.random() < FAILS / 1000:
            raise TryLater("not now")
        refused = {event.id: "unwanted" for event in events if is_unwanted(event.id)}
        taken = [UUID(event.id).bytes for event in events if event.id not in refused]
        # Some come at the end of the line: the receiver took a part.
        later = [taken.pop()] if len(taken) > 1 and self.chance.random() < FAILS / 1000 else []
        if taken:
            self.client.rpush("events", *taken)
        if self.chance.random() < FAILS_AFTER / 1000:
            raise ConnectionError("after all was there")
        return Taken(refused, [str(UUID(bytes=each)) for each in later])


def is_unwanted(id_):
    """Decided by the id, so that it is the same each time."""
    return UUID(id_).int % 1000 < UNWANTED


def set_up(port, redis_port):
    os.environ["TRACKADMIN_TEST_POSTGRESQL_PORT"] = str(port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    entry = {"BACKEND": "tests.delivering.Receiver", "OPTIONS": {"port": redis_port}}
    settings.TRACKADMIN = {"SINKS": {"redis": {**entry, "ATTEMPTS": 1000}}}
    logging.disable(logging.CRITICAL)
    # The tables as the models say: quicker than by migrations.
    settings.MIGRATION_MODULES = {each.label: None for each in apps.get_app_configs()}
    call_command("migrate", run_syncdb=True, verbosity=0)
    connections.close_all()
    from trackadmin.outbox import claims, pauses, settling

    # Waits of a site would make it long.
    claims.LEASE_SECONDS = 3.0
    settling.FIRST_WAIT, settling.LONGEST_WAIT = 0.1, 0.5
    pauses.FIRST_PAUSE, pauses.LONGEST_PAUSE = 0.05, 0.3


def child(job, *arguments):
    from django.db import connections

    connections.close_all()  # no two processes may use one
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        job(*arguments)
        status = 0
    except BaseException as error:
        os.write(2, f"{job.__name__}: {error!r}\n".encode())
    finally:
        os._exit(status)


def produce(count, path):
    """Accept so many events; write down the ids of those of which the database said that it has
    them ("+"), of those that were rolled back ("-"), and of those of which it said nothing ("?").
    """
    from django.db import Error, transaction
    from django.db.utils import InterfaceError

    from tests.outbox import event
    from trackadmin.compiler.failures import drop_broken
    from trackadmin.runtime.accepting import accept

    chance, told = random.Random(), os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    accepted = 0
    while accepted < count:
        each = event("a", number=accepted, text="x" * 200)
        kind = b"?"
        try:
            if chance.random() < ROLLED_BACK / 1000:
                with transaction.atomic():
                    accept(each, waiting=True)
                    transaction.set_rollback(True)
                kind = b"-"
            elif chance.random() < 0.1:
                with transaction.atomic():
                    accept(each, waiting=True)
                kind = b"+"
            else:
                accept(each, waiting=True)
                kind = b"+"
        except (Error, InterfaceError):
            drop_broken("default")
            time.sleep(0.05)
        accepted += kind == b"+"
        os.write(told, kind + UUID(each.id).bytes)


def work():
    from tests.outbox import worker
    from trackadmin.outbox import run

    run(worker(), lambda: False)


class Run:
    """All processes of a run, and what is done to them."""

    def __init__(self, server, redis, path):
        self.server, self.redis, self.path = server, redis, path
        self.done, self.wrong, self.samples = Counter(), [], 0
        self.workers, self.producers = [], []

    def start(self, events):
        share = events // PRODUCERS
        self.producers = [child(produce, share, self.path) for _ in range(PRODUCERS)]
        self.workers = [child(work) for _ in range(WORKERS)]

    def worker(self):
        """kill -9 of a worker, which another one replaces."""
        victim = self.workers.pop(random.randrange(len(self.workers)))
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        self.workers.append(child(work))

    def redis_server(self):
        self.redis.stop()
        time.sleep(AWAY)
        self.redis.start()

    def database(self):
        self.server.stop(signal.SIGINT)
        time.sleep(AWAY)
        self.server.start()

    def until_produced(self, actions, events):
        """Do the actions, evenly over the events that are accepted."""
        for number, action in enumerate(actions):
            while self.produced() < events * (number + 1) / (len(actions) + 1):
                self.sample()
                time.sleep(0.05)
            getattr(self, action)()
            self.done[action] += 1
        while self.producers:
            _, status = os.waitpid(self.producers[-1], 0)
            self.producers.pop()
            if status:
                self.wrong.append(f"a producer ended with {status}")

    def until_delivered(self):
        until = time.monotonic() + FINISH
        while time.monotonic() < until:
            account = self.sample()
            if account is not None and not account.queue:
                return
            time.sleep(0.05)
        self.wrong.append(f"not delivered after {FINISH} s: {account}")

    def produced(self):
        return self.path.stat().st_size // 17 if self.path.exists() else 0

    def sample(self):
        """The account of this moment, which must add up."""
        from django.db import Error

        from trackadmin.compiler.failures import drop_broken
        from trackadmin.outbox import accounts

        try:
            (account,) = accounts()
        except Error:
            drop_broken("default")
            return None
        self.samples += 1
        parts = account.delivered + account.refused + account.dead + account.discarded
        if account.offered != parts + account.left:
            self.wrong.append(f"does not add up: {account}")
        return account

    def end(self):
        for pid in (*self.workers, *self.producers):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.workers, self.producers = [], []


def judge(run, client):
    """What became of the events, by what the producers were told and what the receiver has."""
    from trackadmin.models import AcceptedEvent, DeadLetter

    told = run.path.read_bytes()
    by_kind = {b"+": set(), b"-": set(), b"?": set()}
    for start in range(0, len(told), 17):
        by_kind[told[start : start + 1]].add(told[start + 1 : start + 17])
    times = Counter(client.lrange("events", 0, -1))
    dead = {each.bytes for each in DeadLetter.objects.values_list("event__event_id", flat=True)}
    account = run.sample()
    stored = AcceptedEvent.objects.count()
    if account.offered != stored:
        run.wrong.append(f"{stored} events are stored and {account.offered} were offered")
    if account.delivered + account.dead != stored:
        run.wrong.append(f"{account.delivered} delivered, {account.dead} dead, of {stored}")
    return {
        "acknowledged": len(by_kind[b"+"]),
        "rolled_back": len(by_kind[b"-"]),
        "unsure": len(by_kind[b"?"]),
        "lost": len(by_kind[b"+"] - times.keys() - dead),
        "ghosts": len(by_kind[b"-"] & (times.keys() | dead)),
        "made_up": len(times.keys() - by_kind[b"+"] - by_kind[b"?"]),
        "dead": len(dead),
        "both": len(dead & times.keys()),
        "duplicates": sum(times.values()) - len(times),
        "delivered": account.delivered,
    }


def main():
    events, kills, redis_kills, stops = map(int, sys.argv[1:5])
    actions = ["worker"] * kills + ["redis_server"] * redis_kills + ["database"] * stops
    random.shuffle(actions)
    with tempfile.TemporaryDirectory() as folder, running() as server:
        redis = RedisServer(Path(folder), appends=True)
        redis.start()
        client = connected(redis.port)
        set_up(server.port, redis.port)
        run = Run(server, redis, Path(folder) / "told")
        started = time.monotonic()
        try:
            run.start(events)
            run.until_produced(actions, events)
            run.until_delivered()
            run.end()
            found = judge(run, client)
        finally:
            run.end()
            redis.stop()
    seconds = round(time.monotonic() - started, 1)
    done = {"done": run.done, "wrong": run.wrong[:10], "samples": run.samples, "seconds": seconds}
    print(json.dumps({**found, **done}))


if __name__ == "__main__":
    main()
