"""Dead letters: tried again or given up by people, and accounted for either way."""

import json

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests import outbox
from tests.test_command import run
from tests.test_outbox_worker import account, adds_up, ids
from trackadmin.models import DeadLetter, Delivery
from trackadmin.outbox import (
    Taken,
    dead_letters,
    discard,
    discard_all,
    drain,
    retry,
    retry_all,
)
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def numbers():
    """The events of seven dead letters of the first sink, and of one of the second."""
    reset()
    outbox.forget()
    with override_settings(TRACKADMIN=outbox.settings("one", "two", BATCH_SIZE=3)):
        outbox.Receiver.does["one"] = outbox.Receiver.does["two"] = refuse
        numbers = outbox.store(7)
        for some in (numbers[:3], numbers[3:6], numbers[6:]):
            outbox.delivery(some)
        outbox.delivery(numbers[:1], sink="two")
        drain()
        outbox.forget()
        assert (account().dead, account("two").dead) == (7, 1)
        yield numbers
        adds_up()
    reset()


def refuse(events):
    return Taken(refused={each.id: "not this" for each in events})


def keys(sink="one"):
    return [*DeadLetter.objects.filter(sink=sink).order_by("pk").values_list("pk", flat=True)]


def test_they_are_listed_newest_first_with_their_events():
    with CaptureQueriesContext(connection) as queries:
        found = [(each.sink, str(each.event)) for each in dead_letters()]
    assert len(queries) == 1
    assert len(found) == 8
    assert [each.pk for each in dead_letters("one")] == keys()[::-1]


def test_retry_offers_some_of_them_again(numbers):
    assert retry(keys()[:2]) == 2
    assert (account().dead, account().due, account().offered) == (5, 2, 7)
    drain()
    assert outbox.got() == ids(numbers[:2])
    assert (account().delivered, account().dead) == (2, 5)
    assert account("two").dead == 1


def test_retry_all_of_a_sink_in_its_batches(numbers):
    """The delivered count of before does not come again in the rate."""
    before = account().recent
    assert retry_all("one") == 7
    drain()
    assert outbox.got() == ids(numbers)
    assert [len(call) for call in outbox.Receiver.calls["one"]] == [3, 3, 1]
    assert account().recent == before + 7
    assert (account().dead, account("two").dead) == (0, 1)


def test_one_that_fails_again_is_a_dead_letter_again():
    outbox.Receiver.does["one"] = refuse
    retry_all("one")
    drain()
    assert (account().dead, account().offered) == (7, 7)


def test_discard_counts_them():
    assert discard(keys()[:3]) == 3
    assert (account().dead, account().discarded, account().offered) == (4, 3, 7)
    assert discard_all("one") == 4
    assert (account().dead, account().discarded) == (0, 7)
    assert account("two").dead == 1


def test_what_is_gone_is_not_counted_twice():
    some = keys()
    discard(some[:1])
    assert retry(some) == 6
    assert retry(some) == discard(some) == 0
    assert (account().due, account().discarded) == (6, 1)


def test_of_a_sink_that_was_removed_they_are_offered_and_stay():
    with override_settings(TRACKADMIN=outbox.settings("two")):
        assert retry_all("one") == 7
        drain()
        found = account("one")
        assert (found.due, found.configured) == (7, False)


def test_many_take_few_statements():
    for number in outbox.store(40):
        outbox.delivery([number])
    outbox.Receiver.does["one"] = refuse
    drain()
    with CaptureQueriesContext(connection) as queries:
        assert retry_all("one") == 47
    assert len(queries) < 12


class TestCommand:
    def test_lists_them_without_values(self):
        said = run("dead-letters", "--sink", "one")
        assert len(said.splitlines()) == 7
        assert "not this" in said
        (row,) = json.loads(run("dead-letters", "--sink", "two", "--json"))
        assert row.keys() == {"id", "sink", "event", "attempts", "created_at", "reason"}
        (row,) = json.loads(run("dead-letters", "--id", str(keys()[0]), "--json"))
        assert row["id"] == keys()[0]

    def test_retries_and_discards(self):
        some = [str(each) for each in keys()[:2]]
        assert "2 events are offered again" in run("dead-letters", "--retry", "--id", *some).told
        assert json.loads(run("dead-letters", "--discard", "--sink", "one", "--json")) == {
            "discarded": 5
        }
        assert (account().due, account().discarded) == (2, 5)
        # An id of another sink than the one that was named is not meant.
        other = str(keys("two")[0])
        assert run("dead-letters", "--discard", "--sink", "one", "--id", other).told
        assert account("two").dead == 1

    @pytest.mark.parametrize("what", ["--retry", "--discard"])
    def test_does_not_treat_all_without_being_told(self, what):
        with pytest.raises(CommandError, match="--sink NAME"):
            run("dead-letters", what)
        assert account().dead == 7

    def test_says_that_there_are_none(self):
        said = run("dead-letters", "--sink", "nowhere")
        assert (said, said.told) == ("", "There are no dead letters.\n")


def test_the_deliveries_that_they_leave_stay_right():
    retry_all("one")
    assert sum(each.offered for each in Delivery.objects.filter(sink="one")) == 7
