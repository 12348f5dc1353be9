"""A backfill by tasks has each row once, by one version, whatever happens to its workers."""

import io
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from celery import Celery
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.host.models import Country
from tests.maps import document, tracked
from trackadmin import backfills, editing
from trackadmin.backfills import (
    backfill_runs,
    range_claims,
    range_files,
    range_tasks,
    task_engines,
    tasks_backfill,
)
from trackadmin.exceptions import ExportError, NotPublished
from trackadmin.management import backfill_runs_command
from trackadmin.models import BackfillRange, BackfillRun, RangeState
from trackadmin.runtime import fault_counts
from trackadmin.runtime.backfill import backfill
from trackadmin.runtime.backfill_file import Request
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db(databases=["default", "other"])

ROWS = 23


def publish(*attributes, **fields):
    entry = tracked("host.country", [*attributes], **fields)
    editing.import_document("default", document(Country=entry))
    editing.publish("default", by=None)
    reset()


@pytest.fixture(autouse=True)
def countries():
    reset()
    publish("code", "name")
    Country.objects.bulk_create(Country(code=f"{n:02}", name=f"Ünïcode {n}") for n in range(ROWS))
    yield
    reset()


class Queue:
    """An engine that remembers what was queued, and runs it when a test says so."""

    def __init__(self):
        self.keys, self.waits = [], []

    def queue_range(self, pk, after):
        self.keys.append(pk)
        self.waits.append(after)

    def work(self, count=None):
        for _ in range(len(self.keys) if count is None else count):
            range_tasks.carry_out(self.keys.pop(0), self.queue_range)


@pytest.fixture
def queue(monkeypatch):
    """The engine ``tasks`` is this queue."""
    found = Queue()
    monkeypatch.setattr(tasks_backfill, "queue_range", found.queue_range)
    return found


def start(folder, *, parts=4, **request):
    return backfills.start_run(Request("Country", **request), folder, "tasks", parts)


def progress(run):
    (found,) = backfills.run_progress([run])
    return found


def lines(folder):
    """All rows of all files, in the order of the files' names."""
    return [
        json.loads(line)
        for path in sorted(folder.iterdir())
        for line in path.read_text("ascii").splitlines()
    ]


def everything():
    return [*backfill("Country", version=1)]


def lapse():
    """The leases of all workers are over."""
    BackfillRange.objects.update(taken_until=timezone.now() - timedelta(seconds=1))


class TestARun:
    def test_has_each_row_once_and_in_order(self, tmp_path, queue):
        run = start(tmp_path)
        assert progress(run).share == 0
        assert len(queue.keys) == 4
        assert [*tmp_path.iterdir()] == []
        queue.work(2)
        half = progress(run)
        assert (half.done, half.left, half.is_over) == (2, 2, False)
        assert half.rows == len(lines(tmp_path))
        queue.work()
        assert lines(tmp_path) == everything()
        done = progress(run)
        assert (done.rows, done.share, done.is_over) == (ROWS, 100, True)
        assert [path.name for path in sorted(tmp_path.iterdir())] == [
            f"host.country-0000{n}.ndjson" for n in (1, 2, 3, 4)
        ]

    def test_keeps_its_version_whatever_is_published_meanwhile(self, tmp_path, queue):
        start(tmp_path)
        queue.work(1)
        publish("code")
        queue.work()
        assert lines(tmp_path) == everything()
        assert {tuple(row) for row in lines(tmp_path)} == {("Country_code", "Country_name")}
        assert next(iter(backfill("Country"))).keys() == {"Country_code"}

    def test_takes_in_bounds_and_rows_that_come_later(self, tmp_path, queue):
        keys = [*Country.objects.order_by("pk").values_list("pk", flat=True)]
        start(tmp_path / "a", first=str(keys[3]), last=str(keys[9]), parts=2)
        start(tmp_path / "b", after=str(keys[3]), parts=3)
        Country.objects.create(code="zz", name="later")
        queue.work()
        assert lines(tmp_path / "a") == everything()[3:10]
        assert lines(tmp_path / "b") == everything()[4:]

    def test_of_an_empty_table_is_one_empty_file_that_takes_what_comes(self, tmp_path, queue):
        Country.objects.all().delete()
        run = start(tmp_path)
        queue.work()
        assert progress(run).is_over
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [b""]

    def test_is_cut_by_its_size_if_nobody_says_how(self, tmp_path, queue, monkeypatch):
        monkeypatch.setattr(backfill_runs, "ROWS_OF_A_RANGE", 10)
        run = start(tmp_path, parts=None)
        assert progress(run).ranges == 3

    @pytest.mark.parametrize("form", ["csv", "parquet"])
    def test_has_whole_files_in_every_format(self, tmp_path, queue, form):
        start(tmp_path, parts=2, format=form)
        queue.work()
        one, two = sorted(tmp_path.iterdir())
        assert one.suffix == two.suffix == f".{form}"
        if form == "csv":
            tables = [path.read_text().splitlines() for path in (one, two)]
            assert [len(table) for table in tables] == [13, 12]
            assert tables[0][0] == tables[1][0] == "Country_code,Country_name"

    def test_is_refused_before_anything_is_stored(self, tmp_path, queue, monkeypatch):
        (tmp_path / "mine").write_text("precious")
        with pytest.raises(ExportError, match="is not empty"):
            start(tmp_path)
        with pytest.raises(NotPublished):
            start(tmp_path / "x", map="nothing")
        monkeypatch.setitem(task_engines.ENGINES, "tasks", "trackadmin.no_such_module")
        with pytest.raises(ExportError, match=r"pip install 'trackadmin\[tasks\]'"):
            start(tmp_path / "x")
        assert not BackfillRun.objects.exists()
        assert queue.keys == []
        assert [path.name for path in tmp_path.iterdir()] == ["mine"]

    def test_is_stored_when_the_queue_is_away_and_can_be_queued_again(
        self, tmp_path, queue, monkeypatch
    ):
        def away(pk, after):
            raise ConnectionError("redis://:secret@host")

        with monkeypatch.context() as patch:
            patch.setattr(tasks_backfill, "queue_range", away)
            with pytest.raises(ExportError, match=r"\(ConnectionError\)") as error:
                start(tmp_path)
        assert "secret" not in str(error.value)
        run = BackfillRun.objects.get()
        assert backfills.queue_again(run) == 4
        queue.work()
        assert lines(tmp_path) == everything()


class TestATask:
    def test_that_runs_twice_writes_once(self, tmp_path, queue):
        run = start(tmp_path, parts=1)
        queue.keys *= 2
        queue.work()
        assert queue.keys == []
        assert BackfillRange.objects.get().attempts == 1
        assert lines(tmp_path) == everything()
        assert progress(run).rows == ROWS

    def test_that_finds_another_worker_comes_back_when_that_one_should_be_done(
        self, tmp_path, queue
    ):
        start(tmp_path, parts=1)
        assert range_claims.claim_range(uuid4(), queue.keys[0])
        queue.work()
        assert len(queue.keys) == 1
        assert range_claims.LEASE_SECONDS - 5 < queue.waits[-1] < range_claims.LEASE_SECONDS + 5
        lapse()
        queue.work()
        assert lines(tmp_path) == everything()

    def test_whose_worker_lost_its_lease_writes_down_nothing(self, tmp_path, queue, monkeypatch):
        """The other one's file and numbers stay, whatever the first one still does."""
        monkeypatch.setattr(range_files, "CHUNK", 5)
        start(tmp_path, parts=1)
        (pk,) = queue.keys
        slow = range_claims.claim_range(uuid4(), pk)

        def taken_over(rows):
            if rows > 5:
                lapse()
                range_tasks.carry_out(pk, queue.queue_range)
            range_claims.renew_range(slow, rows)

        with pytest.raises(range_claims.LeaseLost):
            range_files.write_range(slow, taken_over)
        assert lines(tmp_path) == everything()
        assert len([*tmp_path.iterdir()]) == 1
        each = BackfillRange.objects.get()
        assert (each.state, each.rows, each.attempts) == (RangeState.DONE, ROWS, 2)
        assert not range_claims.settle_range(slow, 1, 1)
        assert range_claims.settle_failure(slow, "x", final=True) is None
        each.refresh_from_db()
        assert (each.state, each.rows, each.error) == (RangeState.DONE, ROWS, "")

    def test_whose_worker_lost_its_lease_does_not_touch_what_another_one_has(self, tmp_path, queue):
        start(tmp_path, parts=1)
        (pk,) = queue.keys
        slow = range_claims.claim_range(uuid4(), pk)
        lapse()
        other = range_claims.claim_range(uuid4(), pk)
        with pytest.raises(range_claims.LeaseLost):
            range_claims.renew_range(slow, 1)
        assert not range_claims.settle_range(slow, 1, 1)
        assert range_claims.settle_failure(slow, "x", final=False) is None
        each = BackfillRange.objects.get()
        assert (each.state, each.worker, each.rows) == (RangeState.RUNNING, other.worker, 0)

    def test_whose_lease_ends_with_its_last_row_does_not_replace_the_file(self, tmp_path, queue):
        start(tmp_path, parts=1)
        (pk,) = queue.keys
        slow, calls = range_claims.claim_range(uuid4(), pk), []

        def taken_over(rows):
            calls.append(rows)
            if len(calls) == 2:
                Country.objects.create(code="zz", name="later")
                lapse()
                range_tasks.carry_out(pk, queue.queue_range)
            range_claims.renew_range(slow, rows)

        with pytest.raises(range_claims.LeaseLost):
            range_files.write_range(slow, taken_over)
        assert calls == [ROWS, ROWS]
        assert len(lines(tmp_path)) == ROWS + 1

    def test_leaves_no_half_file_and_removes_that_of_a_dead_one(self, tmp_path, queue, monkeypatch):
        start(tmp_path, parts=1)
        left = tmp_path / f".host.country-00001.ndjson.{uuid4()}.part"
        left.write_text('{"Country_co')

        def full(*arguments):
            raise OSError(28, "secret-4711")

        with monkeypatch.context() as patch:
            patch.setattr(range_files.os, "fsync", full)
            queue.work()
        assert [*tmp_path.iterdir()] == []
        assert BackfillRange.objects.get().error == "OSError: No space left on device"
        queue.work()
        assert lines(tmp_path) == everything()

    def test_that_fails_is_tried_again_later_and_later_and_then_no_more(
        self, tmp_path, queue, monkeypatch
    ):
        def broken(*arguments):
            raise RuntimeError("secret-4711")

        run = start(tmp_path, parts=1)
        before = fault_counts().get("backfill.failed", 0)
        with monkeypatch.context() as patch:
            patch.setattr(range_files, "write_rows", broken)
            while queue.keys:
                queue.work(1)
        assert queue.waits == [0, 2, 4, 8, 16]
        found = progress(run)
        assert (found.failed, found.left, found.is_over) == (1, 1, True)
        assert found.error == "RuntimeError"
        assert fault_counts()["backfill.failed"] == before + 5
        assert backfills.queue_again(run) == 1
        queue.work()
        assert lines(tmp_path) == everything()
        assert progress(run).error == ""

    def test_that_cannot_succeed_is_tried_once(self, tmp_path, queue, monkeypatch):
        """A file never has other names than the run began with."""
        run = start(tmp_path, parts=2)
        BackfillRun.objects.update(names='["Country_code"]')
        queue.work()
        assert queue.keys == []
        assert progress(run).failed == 2
        assert "began with other names" in progress(run).error
        assert [*tmp_path.iterdir()] == []

    def test_whose_workers_always_die_ends_as_failed(self, tmp_path, queue):
        run = start(tmp_path, parts=1)
        (pk,) = queue.keys
        for _ in range(range_claims.ATTEMPTS):
            assert range_claims.claim_range(uuid4(), pk)
            lapse()
        queue.work()
        assert queue.keys == []
        assert (progress(run).failed, progress(run).error) == (1, "")


class TestQueuedAgain:
    def test_is_what_is_not_done_and_has_no_worker(self, tmp_path, queue):
        run = start(tmp_path, parts=4)
        queue.work(1)
        running, dead, _ = queue.keys
        range_claims.claim_range(uuid4(), dead)
        lapse()
        range_claims.claim_range(uuid4(), running)
        queue.keys.clear()
        assert backfills.queue_again(run) == 2
        assert running not in queue.keys
        assert dead in queue.keys
        assert BackfillRange.objects.get(pk=dead).attempts == 0

    def test_by_who_waits_is_only_what_dead_workers_left(self, tmp_path, queue):
        run = start(tmp_path, parts=3)
        dead, running, _ = queue.keys
        range_claims.claim_range(uuid4(), dead)
        lapse()
        range_claims.claim_range(uuid4(), running)
        queue.keys.clear()
        assert backfills.queue_abandoned(run) == 1
        assert queue.keys == [dead]
        assert BackfillRange.objects.get(pk=dead).attempts == 1
        assert backfills.queue_abandoned(run) == 0


def test_two_workers_never_claim_one_range(tmp_path, queue):
    start(tmp_path, parts=1)
    found = [range_claims.claim_range(uuid4(), queue.keys[0]) for _ in range(3)]
    assert [each is not None for each in found] == [True, False, False]


def run_command(*arguments):
    out, told = io.StringIO(), io.StringIO()
    call_command("trackadmin", "backfill", *arguments, stdout=out, stderr=told)
    assert out.getvalue() == ""
    return told.getvalue()


@pytest.fixture
def celery():
    """A site's Celery, which runs a task where it is sent."""
    app = Celery("site", broker="memory://", backend="cache+memory://", set_as_current=True)
    app.conf.task_always_eager = True
    return app


@pytest.mark.parametrize("via", ["celery", "tasks"])
class TestEngine:
    def test_writes_the_table(self, tmp_path, celery, via):
        told = run_command("Country", f"--via={via}", f"--output={tmp_path}", "--ranges=3")
        assert "version 1: 3 ranges are queued." in told
        assert f"{ROWS} rows, version 1, in the folder {tmp_path}" in told
        assert lines(tmp_path) == everything()

    def test_tries_again_what_failed(self, tmp_path, celery, via, monkeypatch):
        real, fails, waits = range_files.write_rows, [1, 2], []

        def sometimes(*arguments):
            if fails:
                raise RuntimeError(fails.pop())
            return real(*arguments)

        monkeypatch.setattr(range_files, "write_rows", sometimes)
        monkeypatch.setattr(tasks_backfill, "sleep", waits.append)
        run_command("Country", f"--via={via}", f"--output={tmp_path}", "--ranges=2")
        assert lines(tmp_path) == everything()
        assert waits == ([2, 4] if via == "tasks" else [])


class TestCommand:
    def test_returns_at_once_if_it_should_not_wait(self, tmp_path, queue):
        told = run_command("Country", "--via=tasks", f"--output={tmp_path}", "--no-wait")
        assert told.count("\n") == 1
        assert [*tmp_path.iterdir()] == []

    def test_resumes_a_run_and_queues_again_what_dead_workers_left(
        self, tmp_path, queue, monkeypatch
    ):
        run = start(tmp_path, parts=3)
        queue.work(1)
        queue.keys.clear()
        looks = []

        def later(seconds):
            looks.append(seconds)
            if len(looks) == 1:
                range_claims.claim_range(uuid4(), queue.keys.pop(0))
                lapse()
            else:
                queue.work()

        monkeypatch.setattr(backfill_runs_command.time, "sleep", later)
        told = run_command("--resume", str(run.pk))
        assert "2 ranges are queued again" in told
        assert len(looks) >= 2
        assert lines(tmp_path) == everything()

    def test_says_what_failed_and_how_to_go_on(self, tmp_path, queue, monkeypatch):
        run = start(tmp_path, parts=2)
        BackfillRange.objects.update(state=RangeState.FAILED, error="RuntimeError")
        monkeypatch.setattr(backfill_runs_command.backfills, "queue_again", lambda run: 0)
        with pytest.raises(CommandError, match=r"2 of 2 ranges failed\. RuntimeError\.") as error:
            run_command("--resume", str(run.pk))
        assert f"backfill --resume {run.pk}" in str(error.value)

    def test_interrupted_leaves_the_run_going(self, tmp_path, queue, monkeypatch):
        def interrupt(seconds):
            raise KeyboardInterrupt

        monkeypatch.setattr(backfill_runs_command.time, "sleep", interrupt)
        told = run_command("Country", "--via=tasks", f"--output={tmp_path}", "--ranges=2")
        assert "The run goes on." in told
        assert len(queue.keys) == 2
        queue.work()
        assert lines(tmp_path) == everything()

    def test_says_once_that_no_worker_begins(self, tmp_path, queue, monkeypatch):
        times = iter([1, 2, 3])
        monkeypatch.setattr(backfill_runs_command, "IDLE_SECONDS", 0)
        monkeypatch.setattr(
            backfill_runs_command.time, "sleep", lambda s: queue.work() if next(times) > 2 else None
        )
        told = run_command("Country", "--via=tasks", f"--output={tmp_path}")
        assert told.count("No worker has begun.") == 1
        assert "trackadmin.backfills.tasks_backfill" in told

    def test_shows_the_progress_at_a_terminal(self, tmp_path, queue, monkeypatch, capsys):
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        monkeypatch.setattr("trackadmin.management.progress_line.PROGRESS_SECONDS", 0)
        monkeypatch.setattr(backfill_runs_command.time, "sleep", lambda s: queue.work(1))
        run_command("Country", "--via=tasks", f"--output={tmp_path}", "--ranges=2")
        shown = capsys.readouterr().err
        assert " 52 %  12 of 23 rows" in shown
        assert shown.count("\n") == 1
        assert "100 %  23 of 23 rows" in shown

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["Country", "--via=tasks"], "add --output FOLDER"),
            (["Country", "--via=tasks", "--output=x", "--of=1/2"], "leave out --of"),
            (["Country", "--via=tasks", "--output=x", "--ranges=0"], "1 or more"),
            (["Country", "--via=tasks", "--output=x", "--resume"], "--resume 3"),
            (["Country", "--no-wait"], "--no-wait needs --via"),
            (["--resume", "99"], "There is no run 99"),
            (["--resume", "9" * 40], "There is no run 9999"),
            ([], "Name the model"),
        ],
    )
    def test_what_cannot_be_is_refused_in_words(self, arguments, words):
        with pytest.raises(CommandError, match=words):
            run_command(*arguments)
        assert not BackfillRun.objects.exists()

    def test_resume_before_the_model_is_about_a_file(self, tmp_path):
        path = tmp_path / "countries"
        run_command("--resume", "Country", "--output", str(path))
        assert len(path.read_text().splitlines()) == ROWS
