"""The page of deliveries: each sink's numbers; what is done with dead letters, once, on record."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from tests import outbox, screens
from tests.screens import map_page, person, published_example, said
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery
from trackadmin.outbox import Worker, accounts
from trackadmin.runtime.configured_sinks import configured_sinks

pytestmark = screens.MARKS

PAGE = "/admin/trackadmin/delivery/"
SINKS = {
    "SINKS": {
        "log": {"BACKEND": "trackadmin.sinks.log.LogSink", "PERSONAL": True},
        **outbox.settings("one", "two", ACTIONS=["a"], BATCH_SIZE=10)["SINKS"],
    }
}


@pytest.fixture(autouse=True)
def sinks():
    outbox.forget()
    with override_settings(TRACKADMIN=SINKS):
        yield


def bury(sink, count):
    """So many dead letters of this sink, made as a worker makes them."""
    numbers = outbox.store(count)
    delivery = Delivery.objects.create(sink=sink, left="[]", first=numbers[0], offered=count)
    DeadLetter.objects.bulk_create(
        DeadLetter(delivery=delivery, sink=sink, event_id=n, reason="Too large.", attempts=3)
        for n in numbers
    )
    return [*DeadLetter.objects.filter(sink=sink).order_by("pk").values_list("pk", flat=True)]


def worker_client(client, *codenames):
    client.force_login(person(*(codenames or ["change_delivery"])))
    return client


def send(client, **sent):
    return client.post(PAGE, sent, follow=True)


def agree(client, **sent):
    """Send it, and then the form of the question that comes."""
    question = client.post(PAGE, sent)
    assert question.status_code == 200
    expected = re.search(r'name="expected" value="(\d+)"', question.content.decode())[1]
    return send(client, **sent, expected=expected)


def adds_up():
    for each in accounts():
        parts = each.delivered + each.refused + each.dead + each.discarded + each.left
        assert each.offered == parts, each
    return True


def test_each_sink_is_shown_with_its_numbers_and_what_it_may_have(client):
    outbox.store(3, waiting=True)
    bury("one", 2)
    bury("gone", 1)
    response = worker_client(client, "view_delivery").get(PAGE)
    rows = {each.name: each for each in response.context["rows"]}
    assert [*rows] == ["log", "one", "two", "gone"]
    assert rows["log"].account is None
    assert (rows["one"].account.queue, rows["one"].account.dead) == (3, 2)
    assert rows["one"].gets == ["only a", "no personal values"]
    html = response.content.decode()
    assert "not in the settings" in html
    assert "at most 10 events at a time" in html
    assert "Too large." in html
    assert 'method="post"' not in html[html.index('id="content-start"') :]


def test_an_old_queue_that_nobody_works_at_is_said(client):
    worker_client(client)
    outbox.store(1, waiting=True)
    assert "Nobody delivers" not in client.get(PAGE).content.decode()
    outbox.store(1, waiting=True, received_at=timezone.now() - timezone.timedelta(hours=1))
    AcceptedEvent.objects.update(received_at=timezone.now() - timezone.timedelta(hours=1))
    assert "Nobody delivers" in client.get(PAGE).content.decode()


def test_one_is_retried_and_delivered_once(client):
    first, _second = bury("one", 2)
    event = DeadLetter.objects.get(pk=first).event
    response = send(worker_client(client), do="retry", letter=first)
    assert said(response) == ["1 event is in the queue again."]
    assert adds_up()
    worker = Worker(configured_sinks().remote)
    while worker.work_once():
        pass
    assert outbox.got("one") == [str(event.event_id)]
    assert DeadLetter.objects.filter(sink="one").count() == 1
    assert LogEntry.objects.get().get_change_message() == "Retried dead letters: 1."


def test_the_selected_are_discarded_after_a_question_alone(client):
    pks = bury("one", 3)
    worker_client(client)
    asked = client.post(PAGE, {"do": "discard", "letter": pks[:2]})
    assert "This gives up 2 dead letters." in asked.content.decode()
    assert DeadLetter.objects.count() == 3
    response = agree(client, do="discard", letter=pks[:2])
    assert said(response) == ["2 dead letters were discarded."]
    assert [*DeadLetter.objects.values_list("pk", flat=True)] == [pks[2]]
    assert AcceptedEvent.objects.count() == 3
    assert adds_up()
    assert LogEntry.objects.get().get_change_message() == "Discarded dead letters: 2."


def test_all_of_a_sink_are_meant_and_no_other(client):
    bury("one", 2)
    bury("two", 1)
    worker_client(client)
    assert said(agree(client, do="discard_all", sink="one")) == ["2 dead letters were discarded."]
    assert said(send(client, do="retry_all", sink="two")) == ["1 event is in the queue again."]
    assert not DeadLetter.objects.exists()
    assert adds_up()


def test_what_came_meanwhile_is_not_discarded_unasked(client):
    bury("one", 2)
    worker_client(client)
    bury("one", 1)
    response = send(client, do="discard_all", sink="one", expected=2)
    assert "Nothing was discarded" in response.content.decode()
    assert DeadLetter.objects.count() == 3
    assert not LogEntry.objects.exists()


def test_of_two_people_one_is_told_that_it_was_done(client):
    (only,) = bury("one", 1)
    worker_client(client)
    assert said(send(client, do="retry", letter=only)) == ["1 event is in the queue again."]
    late = send(client, do="retry", letter=only)
    assert "somebody else has dealt with it" in said(late)[0]
    asked = client.post(PAGE, {"do": "discard", "letter": only})
    assert "somebody else has dealt with it" in asked.content.decode()
    assert Delivery.objects.filter(due_at__isnull=False).count() == 1
    assert LogEntry.objects.count() == 1
    assert adds_up()


def test_nothing_selected_does_nothing(client):
    bury("one", 1)
    worker_client(client)
    for sent in ({"do": "retry"}, {"do": "discard"}, {"do": "retry_all"}, {"letter": "1"}):
        assert said(send(client, **sent)) == ["Nothing was done. Select dead letters first."]
    assert client.post(PAGE, {"do": "retry", "letter": "x"}).status_code == 400
    assert client.post(PAGE, {"do": "drop"}).status_code == 400
    assert DeadLetter.objects.count() == 1


def test_who_may_look_may_not_act_and_a_map_is_no_right(client):
    (only,) = bury("one", 1)
    for codename, status in (("view_delivery", 200), ("view_trackingmap", 403)):
        client.force_login(person(codename))
        assert client.get(PAGE).status_code == status
        assert client.post(PAGE, {"do": "retry", "letter": only}).status_code == 403
    assert DeadLetter.objects.count() == 1


def test_the_way_back_is_not_by_the_maps_which_a_worker_may_not_view(client):
    html = worker_client(client, "view_delivery").get(PAGE).content.decode()
    crumbs = html.partition('class="breadcrumbs"')[2].partition("</div>")[0]
    assert reverse("admin:app_list", args=["trackadmin"]) in crumbs
    assert reverse("admin:trackadmin_trackingmap_changelist") not in crumbs


def test_a_form_of_another_site_is_refused(client):
    (only,) = bury("one", 1)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person("change_delivery"))
    assert strict.post(PAGE, {"do": "retry", "letter": only}).status_code == 403
    assert DeadLetter.objects.count() == 1


def test_an_event_is_linked_for_those_who_may_view_its_map(client):
    row = published_example()
    bury("one", 1)
    address = f"{map_page('events', row.pk)}?event={AcceptedEvent.objects.get().pk}"
    worker_client(client)
    assert address not in client.get(PAGE).content.decode()
    worker_client(client, "change_delivery", "view_trackingmap")
    assert address in client.get(PAGE).content.decode()
