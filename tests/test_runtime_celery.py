"""Real Celery workers: each process uses a new version in time; a killed one loses no row."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict

import pytest

from tests.browser import ROOT, STOP_SECONDS, DemoSite
from tests.redis_server import RedisServer

#: The default of the demo.
REFRESH_SECONDS = 1.0
START_SECONDS = 60
NAMES = {"CompanyAccount_name", "CompanyAccount_is_demo"}

PRODUCTS = """
from demo.models import Manufacturer, Product
maker = Manufacturer.objects.first()
Product.objects.bulk_create(
    Product(sku=f"more-{n}", name=f"Tool {n}", price=n, manufacturer=maker) for n in range(600)
)
"""

#: Sends the tasks from a separate process, as this one has another site's settings.
SENDER = """
import json, sys, time
from tests.tasks import order
for line in sys.stdin:
    sent = [order.delay(number) for number in json.loads(line)]
    print(json.dumps([each.get(timeout=20) for each in sent]), flush=True)
"""

CALL = "from django.core.management import call_command; call_command"


class Worker:
    """A worker with two processes, and the sender of its tasks."""

    def __init__(self, site, url, **variables):
        self.site, self.numbers = site, itertools.count()
        self.environment = {
            **site.environment,
            "TEST_REDIS": url,
            "DEMO_DEBUG": "0",
            **variables,
        }
        self.log = site.folder / "celery.log"

    def __enter__(self):
        self.start()
        self.sender = self._start(["-c", SENDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.sender.communicate()  # it ends when its input does
        self.worker.terminate()
        self.worker.wait(STOP_SECONDS)

    def start(self):
        options = ["--pool", "prefork", "--concurrency", "2", "--prefetch-multiplier", "1"]
        command = ["-m", "celery", "-A", "tests.tasks", "worker", *options]
        with self.log.open("a") as log:
            self.worker = self._start(command, stdout=log, stderr=log, start_new_session=True)

    def kill(self):
        """All its processes at once, as when the machine fails."""
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait(STOP_SECONDS)

    def command(self, *arguments):
        """A command of a site whose settings make this Celery: what it tells."""
        code = f"import tests.tasks; {CALL}('trackadmin', *{arguments!r})"
        done = self._start(["-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        told, _ = done.communicate(timeout=START_SECONDS)
        assert done.returncode == 0, told + self.log.read_text()
        return told

    def _start(self, arguments, **streams):
        command = [sys.executable, *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, text=True, **streams)

    def work(self, count=20):
        """The results of so many tasks, sent at once."""
        numbers = list(itertools.islice(self.numbers, count))
        print(json.dumps(numbers), file=self.sender.stdin, flush=True)
        line = self.sender.stdout.readline()
        assert line, self.log.read_text()
        done = json.loads(line)
        assert [each["number"] for each in done] == numbers, "each task is done once"
        return done

    def work_in_both(self):
        """Send tasks until both processes have done some; the results by process."""
        by_process = defaultdict(list)
        deadline = time.monotonic() + START_SECONDS
        while len(by_process) < 2:
            assert time.monotonic() < deadline, self.log.read_text()
            for each in self.work():
                by_process[each["pid"]].append(each)
        return by_process


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = RedisServer(tmp_path_factory.mktemp("celery"))
    server.start()
    yield server
    server.stop()
    server.client.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The demo, with more to sell."""
    site = DemoSite(tmp_path_factory.mktemp("site"))
    site.manage("demo", "--no-server")
    site.manage("shell", "-c", PRODUCTS)
    return site


def test_a_killed_worker_leaves_its_ranges_to_the_next_one(tmp_path, redis, site):
    """kill -9 in the middle of ranges; after a resume, each row is in the files exactly once."""
    whole = site.manage("trackadmin", "backfill", "demo.Product")
    worker, folder = Worker(site, redis.url, TEST_SLOWLY="1"), tmp_path / "files"
    worker.start()
    try:
        arguments = [f"--output={folder}", "--via=celery", "--ranges=3", "--no-wait"]
        told = worker.command("backfill", "demo.Product", *arguments)
        run = told.partition("Run ")[2].partition(",")[0]
        deadline = time.monotonic() + START_SECONDS
        while not any(part.stat().st_size for part in folder.glob(".*.part")):
            assert time.monotonic() < deadline, worker.log.read_text()
            time.sleep(0.01)
    finally:
        worker.kill()
    left = [*folder.glob(".*.part")]
    assert any(part.stat().st_size for part in left), "it was killed in the middle"
    worker.start()
    try:
        told = worker.command("backfill", "--resume", run)
    finally:
        worker.kill()
    assert f"{whole.count(chr(10))} rows, version 1" in told
    files = sorted(folder.iterdir())
    assert len(files) == 3, "no half file is left"
    assert "".join(path.read_text() for path in files) == whole


def test_every_process_tracks_with_a_new_version_in_time(tmp_path, redis, site):
    with Worker(site, redis.url) as worker:
        before = worker.work_in_both()
        data = json.loads((ROOT / "fixtures/demo_map.json").read_text())
        data["models"]["CompanyAccount"]["attributes"].remove("is_demo")
        (tmp_path / "map.json").write_text(json.dumps(data))
        site.manage("trackadmin", "import", str(tmp_path / "map.json"), "--publish")
        time.sleep(REFRESH_SECONDS)
        worker.work_in_both()  # each process asks at its first task after that time
        after = worker.work_in_both()
    assert os.getpid() not in before
    assert set(before) == set(after), "no process died of it"
    for process in before:
        assert {each["version"] for each in before[process]} == {1}
        assert all(set(each["values"]) == NAMES for each in before[process])
        assert {each["version"] for each in after[process]} == {2}
        assert all(set(each["values"]) == {"CompanyAccount_name"} for each in after[process])
