"""gunicorn's workers, forked from one parent: each serves a new version in time, without errors."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.browser import ROOT, STOP_SECONDS, DemoSite

#: The default of the demo.
REFRESH_SECONDS = 1.0
PATIENCE = 90  # seconds until every worker of a busy machine has answered
CLIENTS = 4
PAUSE = 0.02  # between two clicks of a client, in seconds
SEVERAL = 20  # requests to a worker with the new version
#: What both versions track, and what one of them leaves out.
ALWAYS, LEFT_OUT = "CompanyAccount_name", "CompanyAccount_is_demo"
QUERY = "/t/?CompanyAccount__name=The%20Demo%20Account&request="
PARENTS = {
    "sync": ["demo.wsgi", "--worker-class", "sync"],
    "gthread": ["demo.wsgi", "--worker-class", "gthread", "--threads", "4"],
    "gevent": ["demo.wsgi", "--worker-class", "gevent", "--config", "python:tests.patched"],
    "asgi": ["demo.asgi:application", "--worker-class", "asgi"],
}


@dataclass
class Request:
    """One click; times by time.monotonic."""

    number: int
    started: float
    ended: float
    status: int


class Clients:
    """Threads that click all the time. Each request has its own number."""

    def __init__(self, site):
        self.site, self.requests, self.errors = site, [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._click, args=(i,)) for i in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _click(self, number):
        while not self.over.wait(PAUSE):
            started = time.monotonic()
            try:
                status, _ = self.site.get(f"{QUERY}{number}")
                self.requests.append(Request(number, started, time.monotonic(), status))
            except Exception as error:
                self.errors.append(error)
            number += CLIENTS


class Servers:
    """gunicorn with its workers, serving the demo; logs which worker answered which request."""

    def __init__(self, site, arguments):
        self.site = site
        self.log, self.access_log = site.folder / "server.log", site.folder / "access.log"
        for each in (self.log, self.access_log, site.events_log):
            each.unlink(missing_ok=True)
        self.command = [
            *(sys.executable, "-m", "gunicorn", "--preload", "--no-control-socket"),
            *("--workers", "2", "--bind", f"127.0.0.1:{site.port}"),
            *("--access-logfile", self.access_log),
            *("--access-logformat", "%(p)s %(q)s", *arguments),
        ]

    @contextmanager
    def served(self):
        """Run the server; then stop it and its workers cleanly, by process id."""
        with self.log.open("w") as output:
            environment = {**self.site.environment, "DEMO_DEBUG": "0"}
            process = subprocess.Popen(
                self.command, cwd=ROOT, env=environment, stdout=output, stderr=output
            )
        try:
            self.site.wait_until_served(process, self.log)
            yield self
        finally:
            process.terminate()
            code = process.wait(STOP_SECONDS)
        assert code == 0, self.log.read_text()

    def workers(self):
        """Which worker answered a request: process ids by the request's number."""
        lines = re.findall(r"^<(\d+)> \S*request=(\d+)$", self.access_log.read_text(), re.M)
        return {int(number): int(pid) for pid, number in lines}

    def versions(self):
        """The version that served a request, and its values, by the request's number."""
        events = self.site.logged()
        return {int(e["values"]["request"]): (e["version"], e["values"]) for e in events}

    def wait_until_used(self, requests, moment, times):
        """Wait until each worker has answered so many requests that started after this time."""
        deadline = time.monotonic() + PATIENCE
        while True:
            late = [each for each in [*requests] if each.started > moment]
            workers = self.workers() if self.access_log.exists() else {}
            counts = Counter(workers[each.number] for each in late if each.number in workers)
            if len(counts) == 2 and min(counts.values()) >= times:
                return
            assert time.monotonic() < deadline, "a worker does not answer"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A demo shop with its data and version 1."""
    site = DemoSite(tmp_path_factory.mktemp("servers"))
    site.manage("demo", "--no-server")
    return site


def change_draft(site):
    """Remove an attribute from the draft or add it again; whether the live map has it now."""
    live = json.loads(site.manage("trackadmin", "export"))
    data = json.loads((ROOT / "fixtures/demo_map.json").read_text())
    had = "is_demo" in map(source, live["models"]["CompanyAccount"]["attributes"])
    if had:
        data["models"]["CompanyAccount"]["attributes"].remove("is_demo")
    file = site.folder / "map.json"
    file.write_text(json.dumps(data))
    site.manage("trackadmin", "import", str(file))
    return had


def source(attribute):
    return attribute if isinstance(attribute, str) else attribute["source"]


def live_number(site):
    return json.loads(site.manage("trackadmin", "versions", "--json"))[0]["number"]


def first_answered_after(requests, moment):
    """When the first request that started after this time was answered."""
    return min(each.ended for each in requests if each.started > moment)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("kind", PARENTS)
def test_every_worker_serves_a_new_version_within_the_time_and_one_request(site, kind):
    had = change_draft(site)
    old = live_number(site)
    servers = Servers(site, PARENTS[kind])
    with servers.served(), Clients(site) as clients:
        servers.wait_until_used(clients.requests, 0, 1)
        warm = time.monotonic()
        site.manage("trackadmin", "publish")
        due = time.monotonic() + REFRESH_SECONDS
        servers.wait_until_used(clients.requests, due, SEVERAL)
    workers, versions = servers.workers(), servers.versions()
    assert not clients.errors
    assert {each.status for each in clients.requests} == {204}
    numbers = {each.number for each in clients.requests}
    assert set(versions) == set(workers) == numbers, "each click is one event, none was lost"

    by_worker = defaultdict(list)
    for each in clients.requests:
        by_worker[workers[each.number]].append(each)
    assert len(by_worker) == 2
    assert not any(is_running(pid) for pid in by_worker), "the parent stopped, and they with it"
    for requests in by_worker.values():
        before = {versions[each.number][0] for each in requests if each.ended < warm}
        settled = first_answered_after(requests, due)
        after = [versions[each.number][0] for each in requests if each.started > settled]
        assert before == {old}, "warm with the old version"
        assert len(after) >= SEVERAL - CLIENTS
        assert set(after) == {old + 1}

    # Each request is served by one version only.
    for version, values in versions.values():
        assert ALWAYS in values
        assert (LEFT_OUT in values) is ((version == old) is had)
    # The numbered clicks have no action, and the demo's map marks that.
    log = servers.log.read_text().replace("WARNING trackadmin: default: action.unknown", "")
    assert not re.search("Traceback|ERROR|WARNING", log), log
