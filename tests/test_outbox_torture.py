"""No accepted event is lost, whatever is killed while events come and go: long in make torture."""

import json
import subprocess
import sys

import pytest

from tests import oracle, tally

pytestmark = [pytest.mark.torture, pytest.mark.postgresql]

TIMES = oracle.cases(1)
#: Events, workers killed, Redis killed, the database stopped: in make test, and in make torture.
SHORT, LONG = (2_000, 3, 1, 1), (1_000_000, 100, 20, 10)


def sizes(times):
    """They grow with the variable up to the long run, which make torture has with its 10."""
    if times == 1:
        return SHORT
    pairs = zip(SHORT, LONG, strict=True)
    return tuple(max(least, most * min(times, 10) // 10) for least, most in pairs)


def test_no_acknowledged_event_is_lost_and_every_number_adds_up():
    """Also: none of a transaction that was rolled back arrives, and a duplicate has the same id."""
    wanted = events, kills, redis_kills, stops = sizes(TIMES)
    command = [sys.executable, "-m", "tests.delivering", *map(str, wanted)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300 + events // 100)
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout.splitlines()[-1])
    assert seen["wrong"] == [], seen
    assert seen["done"] == {"worker": kills, "redis_server": redis_kills, "database": stops}
    assert seen["acknowledged"] >= events * 0.99
    assert seen["lost"] == seen["ghosts"] == seen["made_up"] == 0, seen
    assert seen["samples"] > 10
    assert seen["rolled_back"]
    assert seen["dead"]
    # A kill, a failure after the receiver had all, or a server that went away at the wrong moment
    # repeats a batch. In a short run that may be more than a part in a hundred.
    assert seen["duplicates"] <= max(events // 100, 100 * (kills + redis_kills + stops)), seen
    if events >= 100_000:
        assert seen["duplicates"] <= seen["acknowledged"] // 100
    tally.told.append(
        f"events: {seen['acknowledged']:,} acknowledged, {kills} workers killed with kill -9, "
        f"Redis killed {redis_kills} times, PostgreSQL stopped {stops} times; lost: 0, "
        f"duplicates: {seen['duplicates']:,}, dead letters: {seen['dead']:,}, "
        f"accounts that did not add up: 0 of {seen['samples']:,}"
    )


def test_the_long_run_is_as_long_as_promised():
    assert sizes(10) == sizes(100) == LONG
    assert sizes(1) == SHORT
    assert SHORT < sizes(3) < LONG
