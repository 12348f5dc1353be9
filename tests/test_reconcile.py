"""Reconcile: what was accepted on a day is held by the sink, on its way, dead, or missing."""

import json
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from trackadmin import outbox
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery, DiscardedEvent
from trackadmin.runtime import track
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db

HELD = {}


class CountableSink:
    """Says that it holds what the test put into ``HELD``."""

    def deliver(self, events):
        raise outbox.TryLater("not now")

    def held_on(self, day):
        return HELD[day]


class OtherSink:
    def deliver(self, events):
        return None


class BrokenSink(CountableSink):
    def held_on(self, day):
        raise ConnectionError("secret-4711")


TODAY = datetime.now(UTC).date()
EARLIER = date(2001, 1, 1)


@pytest.fixture(autouse=True)
def accepted(settings):
    """Ten events of one kind and two of another, for a sink that wants only the first."""
    reset()
    settings.TRACKADMIN = {
        "STRICT": False,
        "SINKS": {"held": {"BACKEND": f"{__name__}.CountableSink", "ACTIONS": ["bought"]}},
    }
    HELD.clear()
    HELD.update({TODAY: {("bought", 0): 10}, EARLIER: {}})
    for number in range(12):
        track("bought" if number < 10 else "other", number=number)
    AcceptedEvent.objects.update(waiting=False)
    yield
    reset()


def kinds(day=TODAY):
    (found,) = outbox.reconcile(day)
    return [
        (each.action, each.accepted, each.held, each.waiting, each.dead, each.unexplained)
        for each in found.kinds
    ]


def numbers():
    return [*AcceptedEvent.objects.order_by("number").values_list("number", flat=True)]


def deliver_later(left):
    now = datetime.now(UTC)
    return Delivery.objects.create(
        sink="held", left=json.dumps(left), first=min(left), offered=len(left), due_at=now
    )


def test_everything_held_is_complete_and_other_actions_and_days_are_not_asked_for():
    assert kinds() == [("bought", 10, 10, 0, 0, 0)]
    assert kinds(EARLIER) == []


def test_what_is_on_its_way_or_dead_is_not_missing_and_the_rest_is():
    HELD[TODAY] = {("bought", 0): 4}
    first, second, third, *_rest, other, _last = numbers()
    AcceptedEvent.objects.filter(number=first).update(waiting=True)
    delivery = deliver_later([second, third, other])
    dead = numbers()[3]
    DeadLetter.objects.create(
        delivery=delivery, sink="held", event_id=dead, reason="http 400", attempts=1
    )
    assert kinds() == [("bought", 10, 4, 3, 1, 2)]


def test_what_a_person_discarded_is_told_as_that_and_does_not_fail_the_command():
    HELD[TODAY] = {("bought", 0): 7}
    delivery = deliver_later(numbers()[-1:])
    letters = [
        DeadLetter.objects.create(
            delivery=delivery, sink="held", event_id=number, reason="http 400", attempts=1
        )
        for number in numbers()[:3]
    ]
    assert outbox.discard([each.pk for each in letters[:2]]) == 2
    assert kinds() == [("bought", 10, 7, 0, 1, 0)]
    assert outbox.discard_all("held") == 1
    assert kinds() == [("bought", 10, 7, 0, 0, 0)]
    out, _err = run("--of", TODAY.isoformat())
    assert "dead letters 0, discarded 3, missing 0" in out
    AcceptedEvent.objects.filter(number=numbers()[0]).delete()
    assert not DiscardedEvent.objects.exclude(event__in=numbers()).exists()


def test_more_than_was_accepted_is_told_as_well():
    HELD[TODAY] = {("bought", 0): 11, ("bought", 7): 1}
    assert kinds() == [("bought", 10, 11, 0, 0, -1), ("bought", 0, 1, 0, 0, -1)]


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("trackadmin", "reconcile", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_command_ends_with_an_error_only_if_something_is_missing():
    out, _err = run("--of", TODAY.isoformat(), "--json")
    assert json.loads(out) == [
        {
            "sink": "held",
            "uncounted": "",
            "kinds": [
                {
                    "action": "bought", "version": 0, "accepted": 10, "held": 10,
                    "waiting": 0, "dead": 0, "discarded": 0, "missing": 0,
                }
            ],
        }
    ]  # fmt: skip
    HELD[TODAY] = {("bought", 0): 9}
    with pytest.raises(CommandError, match="do not hold"):
        run("--of", TODAY.isoformat())


def test_sink_that_cannot_be_counted_is_no_failure_and_one_that_is_down_is(settings):
    settings.TRACKADMIN = {"SINKS": {"other": {"BACKEND": f"{__name__}.OtherSink"}}}
    _out, err = run("--of", TODAY.isoformat())
    assert "other: what it holds cannot be counted." in err
    settings.TRACKADMIN = {"SINKS": {"broken": {"BACKEND": f"{__name__}.BrokenSink"}}}
    with pytest.raises(CommandError):
        run("--of", TODAY.isoformat())
    (found,) = outbox.reconcile(TODAY)
    assert found.uncounted == "ConnectionError"


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", ""])
def test_day_that_cannot_be_read_is_refused(day):
    with pytest.raises(CommandError, match="2026-12-31"):
        run("--of", day)
