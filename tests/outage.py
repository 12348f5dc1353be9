"""A program that tracks while its PostgreSQL stops, crashes and starts: python -m tests.outage N

It starts a server of its own, hurts it N times, and prints as JSON what it did and what it lost.
"""

import json
import logging
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress

from tests.postgresql import running

#: Seconds that the server is up before it is stopped, and that it stays away.
UP, AWAY = 1.0, 0.7
#: Seconds within which all four sorts of load must go well again by themselves.
RECOVERY, SORTS = 8.0, 4
QUERY = "action=a&Person__id=00000000-0000-0000-0000-000000000001&Order__number=1&Country__code=DE"


class Heard:
    """A sink: what came of the references of the last event."""

    outcomes = []

    def write(self, event):
        Heard.outcomes = [outcome for _, outcome in event.references]


class Load:
    """Threads that track all the time; ``counts`` says what they saw, ``wrong`` what may not be."""

    def __init__(self):
        self.counts, self.wrong = Counter(), []
        self.over = threading.Event()
        #: Odd while the server is hurt: the host's own statements may fail then.
        self.injuries = 0
        #: Which sorts of load have gone well since the last start.
        self.well = set()

    def forever(self, name, job):
        """Run a job in a loop; it gives whether all went well, and may not raise."""
        while not self.over.is_set():
            try:
                if job():
                    self.well.add(name)
                self.counts[name] += 1
            except Exception as error:
                self.wrong.append(f"{name} raised {error!r}")
            time.sleep(0.01)

    def start(self, **jobs):
        for name, job in jobs.items():
            threading.Thread(target=self.forever, args=(name, job), daemon=True).start()


class Site:
    """What the threads do: as a page, as the tracking URL, in a transaction of the host."""

    def __init__(self, load):
        from django.core.handlers.wsgi import WSGIHandler

        from tests.host.models import Country, Order, Person
        from trackadmin.runtime import tracking_values, values_from_query

        self.load, self.handler = load, WSGIHandler()
        country = Country.objects.create(code="DE", name="Germany")
        person = Person.objects.create(id="00000000-0000-0000-0000-000000000001", name="Ann")
        Order.objects.create(number="1", person=person)
        self.objects = Order.objects.select_related("person__boss", "person__user").get(), country
        self.objects[0].person._state.fields_cache["profile"] = None
        self.values = tracking_values(*self.objects)
        self.found = values_from_query(QUERY)
        assert [each.outcome for each in self.found.references] == ["found"] * 3, self.found
        assert self.values["Order_number"] == "1"
        assert self.values["Country_name"] == "Germany"

    def page(self):
        """The objects are loaded: their values come whatever the database does."""
        from trackadmin.runtime import current_map, tracking_values

        if tracking_values(*self.objects) != self.values or current_map().number < 1:
            self.load.wrong.append("a page lost values or the snapshot")
        return True

    def job(self):
        """A worker without requests: references are found or failed, and never half."""
        from trackadmin.runtime import values_from_query

        return self.check(values_from_query(QUERY))

    def check(self, values):
        outcomes = [each.outcome for each in values.references]
        self.load.counts.update(outcomes)
        if set(outcomes) - {"found", "failed"}:
            self.load.wrong.append(f"outcomes {outcomes}")
        if set(outcomes) == {"found"} and values != self.found:
            self.load.wrong.append("found, and the values are others")
        if set(outcomes) == {"failed"} and values != {"action": "a"}:
            self.load.wrong.append("failed, and the other parameters are gone")
        return set(outcomes) == {"found"}

    def url(self):
        """A request by way of the real handler, which closes dead connections as in production."""
        from tests.outage import Heard

        status, Heard.outcomes = [], []
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/t/",
            "QUERY_STRING": QUERY,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.input": sys.stdin.buffer,
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
        }
        response = self.handler(environ, lambda answer, headers, *_: status.append(answer))
        response.close()
        if status[0][:3] != "204":
            self.load.wrong.append(f"the tracking URL answered {status[0]}")
        return Heard.outcomes == ["found"] * 3

    def transaction(self):
        """The host's own statements go on behind ours, unless the server was hurt meanwhile."""
        from django.db import close_old_connections, connection, transaction

        from trackadmin.runtime import tracking_values, values_from_query

        injuries = self.load.injuries
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                fine = self.check(values_from_query(QUERY))
                tracking_values(*self.objects)
                cursor.execute("SELECT 1")
            return fine
        except Exception as error:
            if "aborted" in str(error) or (injuries == self.load.injuries and injuries % 2 == 0):
                self.load.wrong.append(f"the host's transaction was left with {error!r}")
            return False
        finally:
            close_old_connections()


def set_up(port):
    os.environ["TRACKADMIN_TEST_POSTGRESQL_PORT"] = str(port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.TRACKADMIN = {"SINKS": ["tests.outage.Heard"]}
    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)
    from tests.maps import HOST, document
    from trackadmin import editing

    models = {name: HOST.models[name] for name in ("Order", "Address", "Person", "Profile")}
    models |= {name: HOST.models[name] for name in ("Country", "User")}
    editing.import_document("default", document(**models))
    editing.publish("default", by=None)


INJURIES = ("stop", "crash", "cut", "rename")


def hurt(server, how):
    """One injury and its end."""
    if how == "rename":
        sql(server, "ALTER TABLE host_country RENAME TO away")
        time.sleep(AWAY)
        sql(server, "ALTER TABLE away RENAME TO host_country")
    elif how == "cut":
        sql(
            server,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid != pg_backend_pid() AND datname = 'trackadmin_default'",
        )
    else:
        server.stop(signal.SIGINT if how == "stop" else signal.SIGQUIT)
        time.sleep(AWAY)
        server.start()


def seconds_until_well(load, after):
    """How long it takes until every sort of load goes well again."""
    load.well.clear()
    started = time.monotonic()
    while len(load.well) < SORTS:
        if time.monotonic() > started + RECOVERY:
            load.wrong.append(f"not well {RECOVERY} s after {after}: only {sorted(load.well)}")
            break
        time.sleep(0.01)
    return round(time.monotonic() - started, 2)


def sql(server, statement):
    import psycopg

    where = {"host": "127.0.0.1", "port": server.port, "user": "trackadmin"}
    with psycopg.connect(dbname="trackadmin_default", autocommit=True, **where) as connection:
        connection.execute(statement)


def main():
    times = int(sys.argv[1])
    load = Load()
    with running() as server:
        set_up(server.port)
        site = Site(load)
        load.start(page=site.page, job=site.job, url=site.url, transaction=site.transaction)
        done = Counter()
        recovered = []
        for number in range(times):
            time.sleep(random.uniform(0.3, UP))
            how = INJURIES[number % len(INJURIES)]
            # A table that is away is no injury to the host's own statements: they must go on.
            harmless = how == "rename"
            load.injuries += not harmless
            hurt(server, how)
            done[how] += 1
            recovered.append(seconds_until_well(load, how))
            load.injuries += not harmless
        load.over.set()
        time.sleep(0.2)
    from trackadmin.runtime import fault_counts

    print(
        json.dumps(
            {
                "done": done,
                "counts": load.counts,
                "recovered": recovered,
                "wrong": load.wrong[:20],
                "faults": fault_counts(),
            }
        )
    )
    with suppress(Exception):
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
