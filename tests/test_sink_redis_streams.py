"""Events in streams of a real Redis, which is killed, frozen and full."""

import json
import signal
from datetime import UTC, date, datetime

import pytest
from django.test import override_settings

from tests.redis_server import RedisServer
from tests.sent_events import event, events, outcome
from trackadmin.exceptions import SettingError
from trackadmin.sinks.redis_streams import RedisStreamsSink

pytestmark = pytest.mark.once

STREAM = "trackadmin:events"
#: Seconds.
SHORT = 1.0


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    started = RedisServer(tmp_path_factory.mktemp("redis"), appends=True)
    started.start()
    yield started
    started.stop(signal.SIGTERM)
    started.client.close()


@pytest.fixture
def server(running):
    if running.process.poll() is not None:
        running.start()
    running.client.flushall()
    return running


@pytest.fixture
def sink(server):
    with_streams = []

    def make(**options):
        made = RedisStreamsSink(server.url, **{"timeout": SHORT, **options})
        with_streams.append(made)
        return made

    yield make
    for each in with_streams:
        each._client.close()


def entries(server, stream=STREAM):
    """The fields of what is in a stream, the oldest first."""
    return [
        {name.decode(): value.decode() for name, value in fields.items()}
        for _, fields in server.client.xrange(stream)
    ]


@override_settings(TRACKADMIN={"IDENTITY": "User_id"})
def test_an_entry_has_the_id_the_json_and_the_person(server, sink):
    batch = [event(User_id=12), event(User_id=None), event(text="ü \n 😀")]
    assert sink().deliver(batch) is None
    assert entries(server) == [
        {"id": each.id, "json": each.as_json(), "person": person}
        for each, person in zip(batch, ["12", "", ""], strict=True)
    ]
    assert json.loads(entries(server)[2]["json"])["values"]["text"] == "ü \n 😀"


def test_a_batch_keeps_its_order_and_a_repeated_event_its_id(server, sink):
    batch, same = events(500), sink()
    same.deliver(batch)
    same.deliver(batch[:3])
    expected = [each.id for each in [*batch, *batch[:3]]]
    assert [entry["id"] for entry in entries(server)] == expected


def test_a_command_adds_some_and_what_it_did_not_add_comes_later(server, sink, monkeypatch):
    """Redis answers nobody else while it adds, so a large batch is several commands."""
    monkeypatch.setattr("trackadmin.sinks.redis_streams.ADDED_AT_ONCE", 2)
    some, made = events(5), sink()
    assert outcome(made, some)[0] == [0, 1, 2, 3, 4]
    assert [each["id"] for each in entries(server)] == [each.id for each in some]
    (_, first), *others = made._commands(some)
    answers = [ValueError("OOM full"), *(len(part) for _, part in others)]
    taken = made._outcome([*made._commands(some)], answers)
    assert [*taken.later] == [event.id for event, _person in first] == [e.id for e in some[:2]]


def test_no_events_are_no_entries(server, sink):
    assert sink().deliver([]) is None
    assert server.client.exists(STREAM) == 0


def test_stream_is_kept_at_about_the_length_that_is_asked_for(server, sink):
    short = sink(maxlen=200)
    for _ in range(10):
        short.deliver(events(100))
    assert 200 <= server.client.xlen(STREAM) <= 400
    unbounded = sink(stream="other")
    unbounded.deliver(events(500))
    assert server.client.xlen("other") == 500


@override_settings(TRACKADMIN={"IDENTITY": "User_id"})
def test_events_of_a_person_are_in_one_stream_in_every_process(server, sink):
    batch = [event(User_id=n % 20) for n in range(200)] + [event(User_id=None) for _ in range(40)]
    for start in (0, 120):
        sink(shards=4).deliver(batch[start : start + 120])
    assert server.client.exists(STREAM) == 0
    streams = [entries(server, f"{STREAM}:{n}") for n in range(4)]
    assert all(streams)
    assert sum(map(len, streams)) == len(batch)
    for person in map(str, range(20)):
        (mine,) = [n for n, found in enumerate(streams) if person in {e["person"] for e in found}]
        ids = [entry["id"] for entry in streams[mine] if entry["person"] == person]
        assert ids == [e.id for e in batch if str(e.values["User_id"]) == person], "in order"
    # As docs/sinks.md says, so that a consumer may compute it: the CRC-32 of the person's id.
    assert "12" in {entry["person"] for entry in streams[0x4F5344CD % 4]}


def test_killed_redis_is_later_and_loses_nothing_that_it_took(server, sink):
    kept, more, same = events(50), events(5), sink()
    same.deliver(kept)
    server.stop(signal.SIGKILL)
    reason = {"no connection"}
    for _ in range(2):
        assert outcome(same, more) == ([], [], [*range(5)], None, reason)
    server.start()
    assert outcome(same, more)[0] == [*range(5)]
    assert [e["id"] for e in entries(server)] == [e.id for e in [*kept, *more]]


def test_frozen_redis_is_given_up_in_time(server, sink):
    waiting = sink(timeout=0.1)
    waiting.deliver(events(1))
    server.process.send_signal(signal.SIGSTOP)
    try:
        assert outcome(waiting, events(2)) == ([], [], [0, 1], None, {"timeout"})
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert outcome(waiting, events(2))[0] == [0, 1]


def test_connection_is_tried_once(sink, monkeypatch):
    """Sending again is the worker's part: the client's own waits would come on top."""
    tries = []

    def late(self):
        tries.append(1)
        raise TimeoutError

    monkeypatch.setattr("redis.connection.Connection._connect", late)
    assert outcome(sink(), events(1)) == ([], [], [0], None, {"timeout"})
    assert len(tries) == 1


def test_full_redis_is_later(server, sink):
    server.client.config_set("maxmemory", 1)
    try:
        found = outcome(sink(), events(2))
    finally:
        server.client.config_set("maxmemory", 0)
    assert found[:3] == ([], [], [0, 1])
    assert found[4] <= {"OOM", "OutOfMemoryError"}
    assert server.client.xlen(STREAM) == 0


def test_wrong_key_of_one_shard_does_not_hold_up_the_others(server, sink):
    same, batch = sink(shards=2), events(40)
    server.client.set(f"{STREAM}:1", "a text")
    taken, refused, later, _, reasons = outcome(same, batch)
    assert refused == [], "settings cost no event"
    assert taken
    assert later
    assert reasons == {"WRONGTYPE"}
    assert [e["id"] for e in entries(server, f"{STREAM}:0")] == [batch[n].id for n in taken]


def test_events_that_too_few_replicas_have_are_not_taken(server, sink):
    found = outcome(sink(replicas=1, timeout=0.9), events(2))
    assert found == ([], [], [0, 1], None, {"too few replicas"})


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"url": ""}, "url"),
        ({"stream": ""}, "stream"),
        ({"maxlen": 0}, "maxlen"),
        ({"shards": 0}, "shards"),
        ({"replicas": -1}, "replicas"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_wrong_option_is_named(options, named):
    with pytest.raises(SettingError, match=f"'{named}'"):
        RedisStreamsSink(**{"url": "redis://127.0.0.1:1", **options})


def test_what_is_held_of_a_day_is_counted_once_in_all_shards(server, sink):
    made, batch = sink(shards=3), events(5)
    made.deliver(batch)
    made.deliver(batch[:2])
    day = datetime.fromisoformat(batch[0].time).astimezone(UTC).date()
    assert sum(made.held_on(day).values()) == 5
    assert made.held_on(date(2001, 1, 1)) == {}
