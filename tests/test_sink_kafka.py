"""Events in a topic: the real client against librdkafka's own cluster, made to fail."""

import ctypes
import gc
from pathlib import Path

import confluent_kafka
import pytest
from django.test import override_settings

from tests.sent_events import event, events, outcome
from trackadmin.exceptions import SettingError
from trackadmin.sinks.kafka import KafkaSink

pytestmark = pytest.mark.once

TOPIC = "trackadmin.events"
#: Error codes of Kafka.
TOO_LARGE, INVALID_RECORD, NOT_LEADER, NO_REPLICAS, FORBIDDEN, OUT_OF_ORDER = 10, 87, 6, 19, 29, 45
#: The request that carries messages.
PRODUCE = 0
#: Where CPython keeps the fields of an object: after its count of references and its type.
FIRST_FIELD = 2 * ctypes.sizeof(ctypes.c_void_p)


class Cluster:
    """Three brokers of this process. Errors are injected by librdkafka's functions for tests."""

    def __init__(self):
        config = {"test.mock.num.brokers": 3, "log_level": 3}
        self._owner = confluent_kafka.Producer(config)
        (path,) = (Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs").glob(
            "librdkafka*"
        )
        self._library = ctypes.CDLL(str(path))
        pointer = ctypes.c_void_p
        find = self._library.rd_kafka_handle_mock_cluster
        find.restype, find.argtypes = pointer, [pointer]
        self._cluster = find(pointer.from_address(id(self._owner) + FIRST_FIELD))
        names = self._library.rd_kafka_mock_cluster_bootstraps
        names.restype, names.argtypes = ctypes.c_char_p, [pointer]
        self.servers = names(self._cluster).decode()
        self._push = self._library.rd_kafka_mock_push_request_errors_array
        self._push.argtypes = [
            pointer,
            ctypes.c_int16,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_int),
        ]

    def fails(self, *codes):
        """Answer the next requests with messages with these errors."""
        self._push(self._cluster, PRODUCE, len(codes), (ctypes.c_int * len(codes))(*codes))

    def messages(self, topic, number):
        """So many messages of a topic, by partition and in its order."""
        consumer = confluent_kafka.Consumer(
            {"bootstrap.servers": self.servers, "group.id": "tests", "log_level": 3}
        )
        partitions = consumer.list_topics(topic, 5).topics[topic].partitions
        consumer.assign([confluent_kafka.TopicPartition(topic, n, 0) for n in partitions])
        found = []
        while len(found) < number:
            more = consumer.consume(number - len(found), 5)
            assert more, f"{len(found)} of {number}"
            found += more
        extra = consumer.consume(1, 0.05)
        consumer.close()
        return [*found, *extra]


@pytest.fixture(scope="module")
def cluster():
    return Cluster()


@pytest.fixture
def topic(request):
    """A topic of each test's own."""
    return "".join(c if c.isalnum() else "-" for c in request.node.name)[:200]


@pytest.fixture
def sink(cluster, topic):
    return KafkaSink(cluster.servers, topic, timeout=5)


def ids(messages):
    return [dict(message.headers())["id"].decode() for message in messages]


@override_settings(TRACKADMIN={"IDENTITY": "User_id"})
def test_a_message_has_the_id_the_json_and_the_person_as_its_key(cluster, sink, topic):
    batch = [event(User_id=12), event(User_id="ü"), event(User_id=None)]
    assert sink.deliver(batch) is None
    found = {message.value().decode(): message.key() for message in cluster.messages(topic, 3)}
    keys = [b"12", "ü".encode(), None]
    assert found == {one.as_json(): key for one, key in zip(batch, keys, strict=True)}


@override_settings(TRACKADMIN={"IDENTITY": "User_id"})
def test_events_of_a_person_are_in_one_partition_in_their_order(cluster, sink, topic):
    batch = [event(User_id=n % 10, n=n) for n in range(200)]
    for start in (0, 100):
        assert sink.deliver(batch[start : start + 100]) is None
    found = cluster.messages(topic, 200)
    assert len({message.partition() for message in found}) > 1
    for person in range(10):
        mine = [message for message in found if message.key() == str(person).encode()]
        assert len({message.partition() for message in mine}) == 1
        assert ids(mine) == [each.id for each in batch if each.values["User_id"] == person]


def test_event_that_is_too_large_for_the_client_is_refused(cluster, sink, topic):
    batch = [event(), event(text="x" * 2_000_000), event()]
    assert outcome(sink, batch) == ([0, 2], [1], [], None, {"too large"})
    assert {*ids(cluster.messages(topic, 2))} == {batch[0].id, batch[2].id}


@pytest.mark.parametrize(
    ("code", "why"), [(TOO_LARGE, "too large"), (INVALID_RECORD, "refused by the receiver")]
)
@override_settings(TRACKADMIN={"IDENTITY": "User_id"})
def test_broker_that_blames_a_group_of_messages_gets_each_alone(cluster, sink, topic, code, why):
    batch = events(3, User_id=1)
    sink.deliver(events(1, User_id=1))  # the topic exists
    cluster.fails(code, 0, code)
    assert outcome(sink, batch) == ([0, 2], [1], [], None, {why})
    assert ids(cluster.messages(topic, 3))[1:] == [batch[0].id, batch[2].id]


@pytest.mark.parametrize("code", [NOT_LEADER, NO_REPLICAS])
@override_settings(TRACKADMIN={"IDENTITY": "User_id"})
def test_error_that_passes_is_settled_within_the_delivery(cluster, sink, topic, code):
    batch = events(3, User_id=1)
    cluster.fails(code)
    assert outcome(sink, batch) == ([0, 1, 2], [], [], None, set())
    assert ids(cluster.messages(topic, 3)) == [each.id for each in batch], "once, in their order"


@pytest.mark.parametrize("code", [FORBIDDEN, OUT_OF_ORDER])
@override_settings(TRACKADMIN={"IDENTITY": "User_id"})
def test_error_that_does_not_pass_costs_no_event(cluster, sink, topic, code):
    batch = events(3, User_id=1)
    sink.deliver(events(1, User_id=1))
    cluster.fails(code)
    taken, refused, later, after, reasons = outcome(sink, batch)
    assert (taken, refused, later, after) == ([], [], [0, 1, 2], None)
    # The reports may come before the producer says that it cannot go on.
    assert (
        reasons
        <= {
            FORBIDDEN: {"topic authorization failed"},
            OUT_OF_ORDER: {"no report of the receiver", "out of order sequence number"},
        }[code]
    )
    assert outcome(sink, batch)[0] == [0, 1, 2], "a producer that cannot go on is replaced"


def test_brokers_that_are_gone_are_later(topic):
    away = Cluster()
    sink = KafkaSink(away.servers, topic, timeout=1.5)
    sink.deliver(events(1))
    del away
    gc.collect()
    assert outcome(sink, events(2)) == ([], [], [0, 1], None, {"msg timed out"})


def test_guarantees_cannot_be_configured_away():
    config = {"acks": "0", "enable.idempotence": False, "client.id": "shop"}
    sink = KafkaSink("127.0.0.1:1", config=config)
    assert sink._config["acks"] == "all"
    assert sink._config["enable.idempotence"] is True
    assert sink._config["client.id"] == "shop"


@pytest.mark.parametrize(
    ("options", "named"),
    [({"servers": ""}, "servers"), ({"topic": None}, "topic"), ({"timeout": 0}, "timeout")],
)
def test_wrong_option_is_named(options, named):
    with pytest.raises(SettingError, match=f"'{named}'"):
        KafkaSink(**{"servers": "127.0.0.1:1", **options})
