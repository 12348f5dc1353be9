"""trackadmin prune: removes what is delivered and old, and never what is still needed."""

import json
import threading
import time
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from django.db import OperationalError, connections
from django.test import override_settings
from django.utils import timezone

from tests import outbox
from tests.test_command import run
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery, UsageCount
from trackadmin.outbox import Pruned, prune, pruning
from trackadmin.outbox import run as run_worker
from trackadmin.runtime.delivery import deliver
from trackadmin.testing import reset

OLD = timezone.now() - timedelta(days=31)


@pytest.fixture(autouse=True)
def clean():
    reset()
    outbox.forget()
    with override_settings(TRACKADMIN=outbox.settings("one", BATCH_SIZE=3)):
        yield
    reset()


def numbers():
    return [*AcceptedEvent.objects.order_by("number").values_list("number", flat=True)]


@pytest.mark.django_db
def test_what_is_old_and_needed_by_nothing_goes(monkeypatch):
    monkeypatch.setattr(pruning, "MOST", 3)
    delivered = outbox.store(7, received_at=OLD)
    waits = outbox.store(2, received_at=OLD, waiting=True)
    left = outbox.store(2, received_at=OLD)
    dead = outbox.store(1, received_at=OLD)
    also_delivered = outbox.store(2, received_at=OLD)
    young = outbox.store(2)
    then = {"created_at": OLD, "changed_at": OLD}
    outbox.delivery([], offered=9, delivered=9, **then)
    is_open = outbox.delivery(left, **then)
    # Its numbers are far apart, as after a retry of dead letters.
    wide = outbox.delivery([delivered[1], left[0]], **then)
    buried = outbox.delivery([], offered=1, **then)
    DeadLetter.objects.create(
        delivery=buried, sink="one", event_id=dead[0], reason="no", attempts=1
    )
    just_done = outbox.delivery([], offered=2, delivered=2, created_at=OLD)
    assert prune() == Pruned(events=8, deliveries=1, usage=0)
    assert numbers() == [delivered[1], *waits, *left, *dead, *young]
    kept = {each.pk for each in Delivery.objects.all()}
    assert kept == {is_open.pk, wide.pk, buried.pk, just_done.pk}
    assert prune() == Pruned(0, 0, 0)
    assert not set(also_delivered) & set(numbers())


@pytest.mark.django_db
def test_counts_of_usage_stay_for_400_days(monkeypatch):
    monkeypatch.setattr(pruning, "MOST", 2)
    today = timezone.now().date()
    for days in (0, 399, 401, 402, 500):
        UsageCount.objects.create(
            map="default",
            day=today - timedelta(days=days),
            subject="name",
            name="a",
            last_at=timezone.now(),
        )
    assert prune().usage == 3
    assert UsageCount.objects.count() == 2


@pytest.mark.django_db
def test_the_setting_says_how_long():
    outbox.store(1, received_at=timezone.now() - timedelta(days=2))
    setting = outbox.settings("one") | {"EVENTS_KEPT_DAYS": 1}
    assert prune().events == 0
    with override_settings(TRACKADMIN=setting):
        assert prune().events == 1


@pytest.mark.django_db
def test_the_command_says_what_it_removed():
    outbox.store(1, received_at=OLD)
    said = run("prune")
    assert said == ""
    assert said.told.splitlines() == [
        "1 event was removed.",
        "0 deliveries were removed.",
        "0 counts of usage were removed.",
    ]
    outbox.store(2, received_at=OLD)
    assert json.loads(run("prune", "--json")) == {"events": 2, "deliveries": 0, "usage": 0}


@contextmanager
def threads(*jobs):
    """Run each job in a thread of its own; at the end none may have failed."""
    faults = []

    def run_one(job):
        try:
            job()
        except Exception as error:  # told at the end, in the thread of the test
            faults.append(error)
        finally:
            connections.close_all()

    started = [threading.Thread(target=run_one, args=(job,)) for job in jobs]
    for each in started:
        each.start()
    try:
        yield started
    finally:
        for each in started:
            each.join()
    assert faults == []


def prune_until(over):
    while not over.is_set():
        with suppress(OperationalError):  # SQLite's lock
            prune()


@pytest.mark.django_db(transaction=True)
def test_workers_go_on_while_it_runs():
    """Events that may be pruned as soon as they are delivered: each comes to the sink before."""
    setting = outbox.settings("one", BATCH_SIZE=3) | {"EVENTS_KEPT_DAYS": 0}
    over, accepted = threading.Event(), [outbox.event() for _ in range(100)]

    def work():
        run_worker(outbox.worker(), over.is_set)

    with override_settings(TRACKADMIN=setting):
        until = time.monotonic() + 30
        with threads(work, work, lambda: prune_until(over)):
            for event in accepted:
                deliver(event)
            while len(outbox.got()) < len(accepted) and time.monotonic() < until:
                time.sleep(0.02)
            over.set()
        assert sorted(outbox.got()) == sorted(event.id for event in accepted)
        prune()
    assert numbers() == []
