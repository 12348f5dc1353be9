"""The page on which people choose who hears of a map, and the messages on the page Deliveries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import screens
from tests.screens import client_of, map_page, person, published_example, said
from trackadmin import editing
from trackadmin.models import Message, Recipient
from trackadmin.models.recipients import EMAIL, SLACK, WEBHOOK

pytestmark = screens.MARKS

SLACK_URL = "https://hooks.slack.com/services/T000/B000/very-secret"


@pytest.fixture
def tracking_map():
    return published_example()


@pytest.fixture
def page(tracking_map):
    return map_page("messages", tracking_map.pk)


@pytest.fixture
def editor(client):
    return client_of(client, "change_trackingmap")


def form(**changes):
    given = {"do": "add", "channel": EMAIL, "address": "ann@example.com", "language": "en"}
    return {**given, "kinds": ["publish", "drift"], "site": "https://shop.example.com/", **changes}


def dead_message(tracking_map):
    to = editing.add_recipient(
        tracking_map, channel=SLACK, address=SLACK_URL, kinds=[], language="en", site="https://x.y"
    )
    message = editing.send_test_message(to)
    Message.objects.update(due_at=None, attempts=12, error="timeout")
    return message


def test_an_editor_adds_changes_tests_and_removes_a_recipient(editor, page):
    answer = editor.post(page, form(), follow=True)
    assert said(answer) == ["Messages go to ann@example.com now. Send a test message to see one."]
    row = Recipient.objects.get()
    assert (row.kinds, row.site, row.secret) == (
        ["publish", "drift"],
        "https://shop.example.com",
        "",
    )
    changed = {"do": "change", "recipient": row.pk, "kinds": ["due"], "language": "de"}
    editor.post(page, {**changed, "site": row.site})
    row.refresh_from_db()
    assert (row.kinds, row.language, row.address) == (["due"], "de", "ann@example.com")
    editor.post(page, {"do": "test", "recipient": row.pk})
    assert Message.objects.get().kind == "test"
    editor.post(page, {"do": "remove", "recipient": row.pk})
    assert not Recipient.objects.exists()


def test_the_secret_of_a_webhook_is_shown_once_and_a_url_never_in_full(editor, page):
    url = "https://hooks.example.com/in?key=very-secret"
    answer = editor.post(page, form(channel=WEBHOOK, address=url))
    secret = Recipient.objects.get().secret
    assert secret in answer.text
    editor.post(page, form(channel=SLACK, address=SLACK_URL))
    changing = editor.get(f"{page}?recipient={Recipient.objects.last().pk}")
    for each in (answer, editor.get(page), changing):
        assert "very-secret" not in each.text
    assert secret not in changing.text
    assert "https://hooks.slack.com/…" in changing.text


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "no address"},
        {"channel": SLACK, "address": "http://hooks.slack.com/services/x"},
        {"channel": SLACK, "address": "javascript:alert(1)"},
        {"channel": WEBHOOK, "address": "https://user:password@example.com/"},
        {"channel": "pigeon"},
        {"kinds": ["test"]},
        {"kinds": []},
        {"site": "nowhere"},
        {"language": "xx"},
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(editor, page, changes):
    answer = editor.post(page, form(**changes))
    assert answer.status_code == 200
    assert "errorlist" in answer.text
    assert not Recipient.objects.exists()


def test_an_address_is_taken_once(editor, page):
    editor.post(page, form())
    assert "gets messages already" in editor.post(page, form()).text
    assert Recipient.objects.count() == 1


def test_who_may_only_view_the_map_sees_no_address(client, page):
    client_of(client, "view_trackingmap", "view_trackedmodel")
    assert client.get(page).status_code == 403
    assert client.post(page, form()).status_code == 403
    assert not Recipient.objects.exists()


def test_the_recipient_of_another_map_is_not_found(editor, page, tracking_map):
    other = editing.add_map("other", name="Other")
    row = dead_message(other).recipient
    assert editor.get(f"{page}?recipient={row.pk}").status_code == 404
    assert editor.post(page, {"do": "remove", "recipient": row.pk}).status_code == 404
    assert editor.post(page, {"do": "remove"}).status_code == 404
    assert Recipient.objects.count() == 1


def test_the_page_says_that_nobody_sends(editor, page, tracking_map):
    message = dead_message(tracking_map)
    assert "Nobody sends the messages" not in editor.get(page).text
    Message.objects.update(due_at=timezone.now() - timedelta(minutes=6))
    assert "Nobody sends the messages" in editor.get(page).text
    assert message.pk


def test_what_was_given_up_is_listed_on_deliveries_and_can_be_retried(client, tracking_map):
    message = dead_message(tracking_map)
    page = reverse("admin:trackadmin_delivery_changelist")
    retry = {"do": "retry_message", "message": message.pk}
    client.force_login(person("view_delivery"))
    text = client.get(page).text
    assert "given up" in text
    assert "timeout" in text
    assert "very-secret" not in text
    assert "retry_message" not in text
    assert client.post(page, retry).status_code == 403
    client.force_login(person("change_delivery"))
    assert "retry_message" in client.get(page).text
    assert said(client.post(page, retry, follow=True)) == ["The message waits for a worker again."]
    assert Message.objects.get().due_at is not None
    assert "somebody else" in said(client.post(page, retry, follow=True))[0]


def test_the_page_of_another_map_retries_nothing(editor, page, tracking_map):
    foreign = dead_message(editing.add_map("other", name="Other"))
    editor.post(page, {"do": "retry_message", "message": foreign.pk})
    assert Message.objects.get().is_dead
    own = map_page("messages", foreign.recipient.map_id)
    assert (
        "again"
        in said(editor.post(own, {"do": "retry_message", "message": foreign.pk}, follow=True))[0]
    )
    assert not Message.objects.get().is_dead


def test_both_pages_take_as_many_queries_for_many_recipients(admin_client, page, tracking_map):
    counts = []
    dead_message(tracking_map)
    for number in range(3):
        editing.add_recipient(
            tracking_map,
            channel=EMAIL,
            address=f"{number}@example.com",
            kinds=[],
            language="en",
            site="https://x.y",
        )
        for each in (page, reverse("admin:trackadmin_delivery_changelist")):
            admin_client.get(each)
            with CaptureQueriesContext(
                connection,
            ) as seen:
                admin_client.get(each)
            counts.append(len(seen))
        editing.send_test_message(Recipient.objects.last())
    assert counts[:2] == counts[2:4] == counts[4:]
