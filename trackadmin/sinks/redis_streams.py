"""Redis Streams: each event is one entry of a stream."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from trackadmin.conf import conf
from trackadmin.outbox import Taken, TryLater
from trackadmin.runtime import Event
from trackadmin.sinks.client_library import library
from trackadmin.sinks.holdings import counts_of, held_in_lines
from trackadmin.sinks.identity import person_in
from trackadmin.sinks.sink_options import number_option, text_option, whole_option
from trackadmin.sinks.sink_reasons import FEW_REPLICAS, reason_of

#: Adds many entries in one command: their texts travel as one, and the answer is one number. ARGV
#: has the length that the stream is kept at, or 0, and the texts, each followed by a NUL.
ADD = """
local most, number = tonumber(ARGV[1]), 0
for id, json, person in string.gmatch(ARGV[2], '([^%z]*)%z([^%z]*)%z([^%z]*)%z') do
  if most > 0 then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', most, '*', 'id', id, 'json', json, 'person', person)
  else
    redis.call('XADD', KEYS[1], '*', 'id', id, 'json', json, 'person', person)
  end
  number = number + 1
end
return number
"""

#: Entries that one command adds at most, because Redis answers nobody else meanwhile.
ADDED_AT_ONCE = 500
#: Entries that are read at a time where they are counted.
READ_AT_ONCE = 1000


#: A stream, and the events of one command, each with its person.
_Command: TypeAlias = tuple[str, list[tuple[Event, str | None]]]


class RedisStreamsSink:
    """Adds events to a stream, with the fields ``id``, ``json`` and ``person``.

    With ``shards`` above 1 there are so many streams, ``<stream>:0`` and so on, and the events of
    one person are all in the same one. With ``replicas`` an event counts as taken when so many
    replicas have it.
    """

    #: A batch is one round trip to Redis, and one account in the database.
    batch_size = 2000

    def __init__(
        self,
        url: str,
        stream: str = "trackadmin:events",
        *,
        maxlen: int | None = None,
        shards: int = 1,
        replicas: int = 0,
        timeout: float = 5.0,
        client_options: Mapping[str, Any] | None = None,
    ) -> None:
        redis = library("redis", "redis")
        seconds = number_option("timeout", timeout)
        self._stream = text_option("stream", stream)
        self._most = 0 if maxlen is None else whole_option("maxlen", maxlen)
        self._shards = whole_option("shards", shards)
        self._replicas = whole_option("replicas", replicas, least=0)
        # Two thirds of the time, so that its answer comes before ours is over.
        self._wait = max(int(seconds * 667), 1)
        self._error, self._unreached = redis.RedisError, (redis.ConnectionError, redis.TimeoutError)
        backoff = library("redis.backoff", "redis").NoBackoff()
        more: dict[str, Any] = {
            "socket_timeout": seconds,
            "socket_connect_timeout": seconds,
            # Sending again is the worker's part.
            "retry": library("redis.retry", "redis").Retry(backoff, 0),
            **(client_options or {}),
        }
        self._client = redis.Redis.from_url(text_option("url", url), **more)

    def deliver(self, events: Sequence[Event]) -> Taken | None:
        """Add the events, and wait for the answers."""
        commands = [*self._commands(events)]
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for stream, some in commands:
                    packed = "".join([_packed(event, person) for event, person in some])
                    pipeline.eval(ADD, 1, stream, self._most, packed.encode(errors="replace"))
                if self._replicas:
                    pipeline.execute_command("WAIT", self._replicas, self._wait)
                answers = pipeline.execute(raise_on_error=False)
        except self._error as error:
            raise TryLater(_kind_of(error)) from None
        return self._outcome(commands, answers)

    def held_on(self, day: date) -> Mapping[tuple[str, int], int]:
        """What its streams hold of a day. With ``maxlen``, Redis may have dropped the oldest."""
        return counts_of(held_in_lines(self._json_lines()), day)

    def _json_lines(self) -> Iterator[bytes]:
        names = [self._stream]
        if self._shards > 1:
            names = [f"{self._stream}:{shard}" for shard in range(self._shards)]
        for name in names:
            start = "-"
            while entries := self._client.xrange(name, start, "+", READ_AT_ONCE):
                yield from (fields[b"json"] for _id, fields in entries)
                start = f"({entries[-1][0].decode()}"

    def _commands(self, events: Sequence[Event]) -> Iterator[_Command]:
        """The events with the person of each, by their stream, some in each command."""
        identity, streams = conf.IDENTITY, dict[str, list[tuple[Event, str | None]]]()
        for event in events:
            person = person_in(event, identity)
            streams.setdefault(self._stream_of(event, person), []).append((event, person))
        for stream, all_of_it in streams.items():
            for start in range(0, len(all_of_it), ADDED_AT_ONCE):
                yield stream, all_of_it[start : start + ADDED_AT_ONCE]

    def _stream_of(self, event: Event, person: str | None) -> str:
        if self._shards == 1:
            return self._stream
        known = (person or event.id).encode(errors="replace")
        return f"{self._stream}:{zlib.crc32(known) % self._shards}"

    def _outcome(self, commands: Sequence[_Command], answers: list[Any]) -> Taken | None:
        """A command that failed is tried again; nothing of Redis's answer blames an event."""
        if self._replicas:
            reached = answers.pop()
            if not isinstance(reached, int) or reached < self._replicas:
                raise TryLater(FEW_REPLICAS)
        both = [*zip(commands, answers, strict=True)]
        failed = [(command, answer) for command, answer in both if isinstance(answer, Exception)]
        if not failed:
            return None
        reason = _kind_of(failed[0][1])
        if len(failed) == len(commands):
            raise TryLater(reason)
        later = [event.id for (_stream, some), _answer in failed for event, _person in some]
        return Taken(later=later, reason=reason)


def _packed(event: Event, person: str | None) -> str:
    # No text of an event has a NUL, and JSON escapes it.
    text = person.replace("\0", "") if person else ""
    return f"{event.id}\0{event.as_json()}\0{text}\0"


def _kind_of(error: Exception) -> str:
    """The kind of the error: Redis puts it, in capitals, before the text."""
    first = str(error).partition(" ")[0]
    return first if first.isupper() and first.isalpha() else reason_of(error)
