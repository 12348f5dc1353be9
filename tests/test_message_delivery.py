"""Each recipient gets one message for what happens to a map, and no failure of one stops it."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as KeepsMail
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import override_settings

from tests.maps import EXAMPLE
from tests.recording_server import RecordingServer
from trackadmin import editing, outbox
from trackadmin.editing import MessageKind
from trackadmin.models import MapVersion, Message, TrackingMap
from trackadmin.models.recipients import EMAIL, SLACK, WEBHOOK
from trackadmin.outbox import Fate, message_worker
from trackadmin.sinks.webhook import signature

pytestmark = pytest.mark.django_db

INTERNAL = override_settings(TRACKADMIN={"MESSAGES": {"INTERNAL_HOSTS": ["127.0.0.1"]}})


@pytest.fixture
def tracking_map():
    editing.import_document("default", EXAMPLE)
    return TrackingMap.objects.get(slug="default")


@pytest.fixture(scope="module")
def server():
    with RecordingServer() as running:
        yield running


@pytest.fixture
def receiver(server):
    server.says(200)
    with INTERNAL:
        yield server


class Kept(KeepsMail):
    """Keeps the mail that it gets; refuses those to nobody."""

    def __init__(self):
        super().__init__()
        self.mails = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 there is no such person here"
        if address.startswith("later@"):
            return "450 try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message):
        self.mails.append(message)


class AnyPort(Controller):
    """An SMTP server on a port that is free."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="module")
def smtp():
    controller = AnyPort(Kept(), hostname="127.0.0.1", port=0)
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def mailbox(smtp):
    smtp.handler.mails = []
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=smtp.port,
        DEFAULT_FROM_EMAIL="tracking@example.com",
    ):
        yield smtp.handler.mails


def someone(row, channel=EMAIL, address="ann@example.com", kinds=editing.CHOSEN_KINDS, **changes):
    given = {"language": "en", "site": "https://shop.example.com", **changes}
    return editing.add_recipient(row, channel=channel, address=address, kinds=kinds, **given)


def published(row, **changes):
    entry = editing.build_document(row).models["User"]
    user = row.tracked_models.get(prefix="User")
    editing.save_tracked_model(row, "User", replace(entry, **changes), tracked_model=user)
    return editing.publish(row, by=None)


def send():
    return [*outbox.send_messages()]


def keys():
    return sorted(Message.objects.values_list("key", flat=True))


class TestWhatIsTold:
    def test_a_publish_and_a_rollback_are_told_once_each(self, tracking_map, admin_user):
        someone(tracking_map)
        editing.publish(tracking_map, by=admin_user)
        published(tracking_map, owner="Team")
        editing.roll_back(tracking_map, to=1, by=admin_user)
        assert keys() == ["publish 1", "publish 2", "rollback 3"]
        # Told again, they are not written again.
        version = MapVersion.objects.get(number=3)
        editing.messages.tell_of_version(tracking_map, version, None, admin_user)
        assert len(keys()) == 3

    def test_only_what_a_recipient_chose_and_only_of_its_map(self, tracking_map):
        other = editing.add_map("other", name="Other")
        someone(tracking_map, kinds=[MessageKind.DRIFT])
        someone(other)
        editing.publish(tracking_map, by=None)
        assert keys() == []

    def test_names_that_are_new_and_gone_are_told_and_no_value(self, tracking_map):
        someone(tracking_map)
        editing.publish(tracking_map, by=None, note="secret note")
        user = editing.build_document(tracking_map).models["User"]
        less = {name: e for name, e in user.attributes.items() if name != "email"}
        published(tracking_map, attributes=less, description="secret words")
        facts = Message.objects.get(key="publish 2").facts
        assert "User_email" in facts["gone"]["names"]
        assert facts["new"] == {"names": [], "count": 0}
        stored = json.dumps([*Message.objects.values_list("facts", flat=True)])
        assert "secret" not in stored

    @pytest.mark.usefixtures("transactional_db")
    def test_a_publish_that_is_rolled_back_tells_nobody(self, tracking_map):
        someone(tracking_map)
        with transaction.atomic():
            editing.publish(tracking_map, by=None)
            assert keys() == ["publish 1"]
            transaction.set_rollback(True)
        assert keys() == []
        assert not MapVersion.objects.exists()

    @pytest.mark.parametrize("error", [DatabaseError("gone"), RuntimeError("host code")])
    def test_a_publish_goes_on_whatever_happens_to_its_messages(
        self, tracking_map, monkeypatch, error, caplog
    ):
        def fail(*args, **kwargs):
            raise error

        someone(tracking_map)
        monkeypatch.setattr(editing.messages, "names_of", fail)
        assert editing.publish(tracking_map, by=None).number == 1
        assert keys() == []
        assert "could not be written" in caplog.text

    def test_a_statement_that_fails_does_not_abort_the_publish(self, tracking_map, monkeypatch):
        """On PostgreSQL every later statement would fail."""
        someone(tracking_map)
        broken = Message(facts={}, recipient_id=None)
        monkeypatch.setattr(editing.messages, "new_message", lambda *args: broken)
        assert editing.publish(tracking_map, by=None).number == 1
        assert MapVersion.objects.count() == 1

    def test_drift_is_told_once_for_a_version(self, tracking_map):
        someone(tracking_map)
        editing.publish(tracking_map, by=None)
        with override_settings(TRACKADMIN={"EXCLUDE": ["demo.CompanyAccount"]}):
            assert editing.notify(tracking_map)[MessageKind.DRIFT] == 1
            assert editing.notify(tracking_map)[MessageKind.DRIFT] == 0
            # A recipient that was added later is told too.
            someone(tracking_map, address="bob@example.com")
            assert editing.notify(tracking_map)[MessageKind.DRIFT] == 1
        assert editing.notify(tracking_map).total() == 0

    def test_a_date_that_has_come_is_told_once(self, tracking_map, monkeypatch):
        someone(tracking_map)
        entry = editing.build_document(tracking_map).models["User"]
        old = replace(entry.attributes["username"], until="2030-01-31")
        published(tracking_map, attributes={**entry.attributes, "username": old})
        assert editing.notify(tracking_map).total() == 0
        monkeypatch.setattr("trackadmin.editing.notifying.today", lambda: "2030-01-31")
        assert editing.notify(tracking_map) == {MessageKind.DUE: 1}
        assert editing.notify(tracking_map).total() == 0
        assert "User_username" in Message.objects.get(kind="due").facts["due"]["names"]

    def test_a_map_without_a_version_has_nothing_to_tell(self, tracking_map):
        someone(tracking_map)
        assert editing.notify(tracking_map).total() == 0


class TestMail:
    def test_it_arrives_in_words_with_a_link(self, tracking_map, mailbox, admin_user):
        someone(tracking_map)
        editing.publish(tracking_map, by=admin_user)
        assert [each.fate for each in send()] == [Fate.SENT]
        (mail,) = mailbox
        assert mail["To"] == "ann@example.com"
        assert mail["From"] == "tracking@example.com"
        assert mail["Subject"] == f"{tracking_map}: admin published version 1"
        page = f"/admin/trackadmin/trackingmap/{tracking_map.pk}/versions/1/"
        text = mail.get_payload(decode=True).decode()
        assert f"https://shop.example.com{page}" in text
        assert "New names: " in text
        assert send() == []

    def test_it_is_in_the_language_of_the_recipient(self, tracking_map, mailbox):
        someone(tracking_map, language="de")
        editing.publish(tracking_map, by=None)
        assert [each.fate for each in send()] == [Fate.SENT]

    def test_a_name_cannot_add_a_header(self, tracking_map, mailbox):
        TrackingMap.objects.filter(pk=tracking_map.pk).update(name="Shop\nBcc: eve@example.com")
        someone(tracking_map)
        editing.publish(tracking_map, by=None)
        send()
        assert mailbox[0]["Bcc"] is None
        assert mailbox[0]["Subject"].startswith("Shop Bcc: eve@example.com")

    def test_an_address_that_the_server_refuses_is_given_up_and_can_be_retried(
        self, tracking_map, mailbox
    ):
        someone(tracking_map, address="nobody@example.com")
        editing.publish(tracking_map, by=None)
        (settled,) = send()
        assert settled.fate is Fate.DEAD
        (dead,) = editing.unsent_messages()
        assert dead.is_dead
        assert dead.error == "not an address"
        assert send() == []
        assert editing.retry_messages([dead.pk]) == 1
        assert editing.retry_messages([dead.pk]) == 0  # it waits already
        assert [each.fate for each in send()] == [Fate.DEAD]

    def test_an_answer_for_now_is_tried_again_later(self, tracking_map, mailbox):
        someone(tracking_map, address="later@example.com")
        editing.publish(tracking_map, by=None)
        assert [each.fate for each in send()] == [Fate.LATER]
        assert editing.unsent_messages().get().due_at is not None
        assert send() == []  # not yet


class TestHttp:
    def test_a_webhook_gets_signed_json(self, tracking_map, receiver):
        to = someone(tracking_map, WEBHOOK, f"{receiver.url}/in")
        editing.publish(tracking_map, by=None)
        assert [each.fate for each in send()] == [Fate.SENT]
        (request,) = receiver.requests
        assert request.path == "/in"
        assert request.json["kind"] == "publish"
        assert request.json["map"] == "default"
        assert request.json["facts"]["number"] == 1
        assert request.json["link"].startswith("https://shop.example.com/admin/")
        signed = request.headers["trackadmin-signature"]
        when = int(signed.partition(",")[0].removeprefix("t="))
        assert signed == signature(to.secret.encode(), request.raw, when)
        assert len(to.secret) > 30

    def test_slack_gets_its_format_and_no_mention(self, tracking_map, receiver):
        TrackingMap.objects.filter(pk=tracking_map.pk).update(name="<!channel> & co")
        someone(tracking_map, SLACK, f"{receiver.url}/services/T/B/x")
        editing.publish(tracking_map, by=None)
        send()
        (request,) = receiver.requests
        assert request.json["text"].startswith("&lt;!channel&gt; &amp; co")
        (block,) = request.json["blocks"]
        assert block["type"] == "section"
        assert block["text"]["type"] == "mrkdwn"
        assert "<!channel>" not in block["text"]["text"]
        assert "\n<https://shop.example.com/admin/" in block["text"]["text"]
        assert "trackadmin-signature" not in request.headers

    def test_an_outage_is_waited_for_and_costs_nothing(self, tracking_map, receiver):
        someone(tracking_map, SLACK, receiver.url)
        editing.publish(tracking_map, by=None)
        receiver.says(429, Retry_After="120")
        (settled,) = send()
        assert (settled.fate, settled.reason) == (Fate.LATER, "http 429")
        row = Message.objects.get()
        assert (row.due_at - row.changed_at).total_seconds() >= 120
        receiver.says(200)
        Message.objects.update(due_at=row.created_at)
        assert [each.fate for each in send()] == [Fate.SENT]
        assert editing.unsent_messages().count() == 0

    def test_after_the_last_attempt_it_is_given_up(self, tracking_map, receiver):
        someone(tracking_map, SLACK, receiver.url)
        editing.publish(tracking_map, by=None)
        receiver.says(500)
        Message.objects.update(attempts=11)
        assert [each.fate for each in send()] == [Fate.DEAD]

    def test_a_redirect_is_not_followed(self, tracking_map, receiver):
        someone(tracking_map, SLACK, receiver.url)
        editing.publish(tracking_map, by=None)
        receiver.says(302, Location=f"{receiver.url}/elsewhere")
        assert [each.fate for each in send()] == [Fate.LATER]
        assert [each.path for each in receiver.requests] == ["/"]

    @pytest.mark.parametrize(
        ("address", "reason"),
        [
            ("http://example.com/in", "not https"),
            ("https://127.0.0.1:1/in", "an address of the site’s own network"),
            ("https://localhost:1/in", "an address of the site’s own network"),
            ("https://[::1]:1/in", "an address of the site’s own network"),
            ("https://[::ffff:127.0.0.1]:1/in", "an address of the site’s own network"),
            ("https://169.254.169.254/latest", "an address of the site’s own network"),
            ("https://10.0.0.1/in", "an address of the site’s own network"),
            ("https://224.0.0.1/in", "an address of the site’s own network"),
            ("ftp://example.com/in", "not an address"),
        ],
    )
    def test_what_only_the_site_can_reach_is_refused_before_anything_is_sent(
        self, tracking_map, address, reason
    ):
        someone(tracking_map, SLACK, address)
        editing.publish(tracking_map, by=None)
        (settled,) = send()
        assert (settled.fate, settled.reason) == (Fate.DEAD, reason)

    def test_a_name_that_leads_to_an_own_address_is_refused(self, tracking_map, monkeypatch):
        """What is connected to is what was looked at: there is no second look-up."""
        asked = []

        def look_up(host, port, **kwargs):
            asked.append(host)
            return [(2, 1, 6, "", ("93.184.216.34", port)), (2, 1, 6, "", ("10.1.2.3", port))]

        monkeypatch.setattr("socket.getaddrinfo", look_up)
        someone(tracking_map, SLACK, "https://hooks.example.com/x")
        editing.publish(tracking_map, by=None)
        (settled,) = send()
        assert settled.reason == "an address of the site’s own network"
        assert asked == ["hooks.example.com"]


class TestWorkers:
    def test_what_one_worker_has_no_other_one_sends(self, tracking_map, receiver, monkeypatch):
        someone(tracking_map, SLACK, receiver.url)
        editing.publish(tracking_map, by=None)
        others, ready = [], message_worker.outgoing
        monkeypatch.setattr(
            message_worker, "outgoing", lambda message: others.append(send()) or ready(message)
        )
        assert [each.fate for each in send()] == [Fate.SENT]
        assert others == [[]]
        assert len(receiver.requests) == 1

    def test_a_drain_sends_them_too_but_not_one_of_a_single_sink(self, tracking_map, receiver):
        someone(tracking_map, SLACK, receiver.url)
        editing.publish(tracking_map, by=None)
        outbox.drain("some_sink")
        assert receiver.requests == []
        outbox.drain()
        assert len(receiver.requests) == 1

    def test_deliver_needs_no_sink_where_there_is_a_recipient(self, tracking_map, receiver):
        with pytest.raises(CommandError, match="no map has a recipient"):
            command("deliver", "--once")
        someone(tracking_map, SLACK, receiver.url)
        editing.publish(tracking_map, by=None)
        assert "1 message was sent." in command("deliver", "--once")

    def test_deliver_fails_if_a_message_was_not_taken(self, tracking_map, receiver):
        someone(tracking_map, SLACK, receiver.url)
        editing.publish(tracking_map, by=None)
        receiver.says(503)
        with pytest.raises(CommandError, match="the recipients of messages"):
            command("deliver", "--once")

    def test_notify_finds_and_sends(self, tracking_map, receiver):
        someone(tracking_map, SLACK, receiver.url, kinds=[MessageKind.DRIFT])
        editing.publish(tracking_map, by=None)
        settings = {"EXCLUDE": ["demo.CompanyAccount"], "MESSAGES": _internal()}
        with override_settings(TRACKADMIN=settings):
            assert "1 new message.\n1 message was sent." in command("notify")
            assert "0 new messages." in command("notify")
        assert "CompanyAccount" in receiver.requests[0].json["blocks"][0]["text"]["text"]
        told = json.loads(command("notify", "--json"))
        assert told == {"maps": {"default": {}}, "sent": 0, "later": 0, "dead": 0}


def test_who_is_removed_gets_nothing_that_waits(tracking_map, receiver):
    to = someone(tracking_map, SLACK, receiver.url)
    editing.publish(tracking_map, by=None)
    editing.remove_recipient(to)
    assert send() == []
    assert not Message.objects.exists()


def _internal():
    return {"INTERNAL_HOSTS": ["127.0.0.1"]}


def command(*arguments):
    out = StringIO()
    call_command("trackadmin", *arguments, stdout=out, stderr=out)
    return out.getvalue()
