"""What ``manage.py check`` says of a sink's options, without making the sink."""

import pytest
from django.test import override_settings

from tests.recording_server import RecordingServer
from tests.sent_events import event
from trackadmin.checks import check_settings
from trackadmin.sinks.identity import person_of

pytestmark = pytest.mark.once

WEBHOOK = "trackadmin.sinks.webhook.WebhookSink"
RIGHT = {"url": "https://events.example.com/in", "secret": "not to be shown"}
ALL = {
    "webhook": (WEBHOOK, RIGHT),
    "redis": ("trackadmin.sinks.redis_streams.RedisStreamsSink", {"url": "redis://127.0.0.1"}),
    "kafka": ("trackadmin.sinks.kafka.KafkaSink", {"servers": "127.0.0.1:9092"}),
    "segment": ("trackadmin.sinks.segment.SegmentSink", {"write_key": "k"}),
    "posthog": ("trackadmin.sinks.posthog.PostHogSink", {"api_key": "k"}),
    "amplitude": ("trackadmin.sinks.amplitude.AmplitudeSink", {"api_key": "k"}),
    "files": ("trackadmin.sinks.files.FilesSink", {"folder": "/nothing/is/made/here"}),
    "log": ("trackadmin.sinks.log.LogSink", {}),
    "table": ("trackadmin.sinks.table.TableSink", {}),
}


class AnyOption:
    def __init__(self, **options): ...

    def write(self, event): ...


def messages(**setting):
    with override_settings(TRACKADMIN=setting):
        return [(m.id, f"{m.msg} {m.hint}") for m in check_settings(None) if m.level >= 40]


def found(path, options):
    return messages(SINKS={"mine": {"BACKEND": path, "OPTIONS": options}})


def test_every_sink_that_is_shipped_passes_with_the_options_it_needs():
    sinks = {name: {"BACKEND": path, "OPTIONS": options} for name, (path, options) in ALL.items()}
    assert messages(SINKS=sinks) == []


def test_option_that_does_not_exist_is_told_with_those_that_do():
    ((code, text),) = found(WEBHOOK, {**RIGHT, "gzipped": True})
    assert code == "trackadmin.E010"
    assert "TRACKADMIN['SINKS']['mine'] has no option 'gzipped'." in text
    assert "ca_file" in text
    assert RIGHT["secret"] not in text, "values may be secrets"


def test_option_that_is_missing_is_told():
    ((code, text),) = found(WEBHOOK, {"url": RIGHT["url"]})
    assert code == "trackadmin.E010"
    assert "lacks the option 'secret'" in text


def test_sink_in_a_list_has_no_options():
    (*both,) = messages(SINKS=[WEBHOOK])
    assert [code for code, _ in both] == ["trackadmin.E010"] * 2
    assert messages(SINKS=["trackadmin.sinks.log.LogSink"]) == []


def test_sink_without_options_says_so():
    ((_, text),) = found("trackadmin.sinks.log.LogSink", {"level": "INFO"})
    assert "This sink has no options." in text


def test_sink_of_a_site_that_takes_any_option_passes():
    assert found("tests.test_sink_settings.AnyOption", {"anything": 1}) == []


def test_nothing_is_asked_and_nothing_made():
    with RecordingServer() as server:
        assert found(WEBHOOK, {**RIGHT, "url": server.url}) == []
        assert server.requests == []


@pytest.mark.parametrize("wrong", ["", " ", 5, ["User_id"]])
def test_identity_must_be_a_name(wrong):
    assert [code for code, _ in messages(IDENTITY=wrong)] == ["trackadmin.E069"]
    assert messages(IDENTITY="User_id") == messages(IDENTITY=None) == []


def test_person_is_the_value_of_identity_that_the_sink_may_have():
    one = event(User_id=12, User_email="x")._replace(personal=("User_id",))
    with override_settings(TRACKADMIN={"IDENTITY": "User_id"}):
        assert person_of(one) == "12"
        assert person_of(one.without(one.personal)) is None
        assert person_of(event(User_id=0)) == "0"
    assert person_of(one) is None
