"""iter_tracking_values over many rows with a child, beside values_list and a dict by hand."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from bench.data import USER_FIELDS
from bench.timing import Row
from demo.models import BuyerProfile
from trackadmin.runtime import iter_tracking_values

ROWS = 100_000
ROUNDS = 9
FEW, MANY = 10_000, 1_000_000


def fill(rows: int) -> None:
    """Bring the buyers up to this many, by SQL: a million inserts through the ORM take minutes."""
    have = BuyerProfile.objects.count()
    if have >= rows:
        return
    first = User.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
    numbers = (
        f"SELECT generate_series({have}, {rows - 1}) AS n"
        if connection.vendor == "postgresql"
        else f"WITH RECURSIVE s(n) AS (SELECT {have} UNION ALL SELECT n + 1 FROM s"
        f" WHERE n < {rows - 1}) SELECT n FROM s"
    )
    key = (
        "('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid"
        if connection.vendor == "postgresql"
        else "'0000000000004000a000' || substr('000000000000' || n, -12)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_user (id, username, first_name, last_name, email, password, is_staff,"
            f" is_active, is_superuser, date_joined) SELECT {first} + n, 'bulk' || n, 'Test',"
            " 'Person', 'bulk' || n || '@example.com', '', %s, %s, %s, '2026-01-01 00:00:00+00'"
            f" FROM ({numbers}) AS numbers",
            [False, True, False],
        )
        cursor.execute(
            "INSERT INTO demo_buyerprofile (uuid, ctime, user_id, phone, newsletter)"
            f" SELECT {key}, '2026-01-01 00:00:00+00', {first} + n, '', %s"
            f" FROM ({numbers}) AS numbers",
            [False],
        )


def by_hand(rows: int) -> Iterator[dict[str, Any]]:
    columns = BuyerProfile.objects.order_by("pk").values_list(
        "uuid", "ctime", *(f"user__{name}" for name in USER_FIELDS)
    )
    for row in columns[:rows].iterator():
        yield {
            "BuyerProfile_uuid": str(row[0]),
            "BuyerProfile_ctime": row[1].isoformat(),
            "User_id": row[2],
            "User_first_name": row[3],
            "User_last_name": row[4],
            "User_email": row[5],
            "User_is_staff": row[6],
            "User_is_active": row[7],
            "User_is_superuser": row[8],
            "User_username": row[9],
        }


def trackadmin(rows: int) -> Iterator[dict[str, Any]]:
    return iter_tracking_values(BuyerProfile.objects.order_by("pk")[:rows])


def naive(rows: int) -> Iterator[dict[str, Any]]:
    """Instances with their child loaded by a join, and a dict by hand."""
    for buyer in BuyerProfile.objects.select_related("user").order_by("pk")[:rows].iterator():
        user = buyer.user
        yield {
            "BuyerProfile_uuid": str(buyer.uuid),
            "BuyerProfile_ctime": buyer.ctime.isoformat(),
            **{f"User_{name}": getattr(user, name) for name in USER_FIELDS},
        }


def drain(stream: Iterator[Any]) -> float:
    started = time.perf_counter()
    for _ in stream:
        pass
    return time.perf_counter() - started


def run(database: str) -> list[Row]:
    fill(ROWS)
    assert next(trackadmin(1)) == next(by_hand(1))
    ways: dict[str, Callable[[int], Iterator[Any]]] = {
        "trackadmin": trackadmin,
        "values_list by hand": by_hand,
        "instances by hand": naive,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        drain(way(1000))
    for turn in range(ROUNDS):
        # Nobody is always the one that runs behind the same other.
        for name in [*list(ways)[turn % len(ways) :], *list(ways)[: turn % len(ways)]]:
            seconds[name].append(drain(ways[name](ROWS)) / ROWS)
    rows = []
    for name, at_most in (("values_list by hand", 1.15), ("instances by hand", 1.0)):
        pairs = zip(seconds["trackadmin"], seconds[name], strict=True)
        rows.append(
            Row(
                "iter_tracking_values, 100,000 rows with a child",
                database,
                name,
                statistics.median(seconds["trackadmin"]) * 1e6,
                statistics.median(seconds[name]) * 1e6,
                "µs a row",
                statistics.median(a / b for a, b in pairs),
                at_most,
            )
        )
    return [*rows, memory_row(database)]


def memory_row(database: str) -> Row:
    """Peak memory of a process that streams a million rows, over one that streams 10,000."""
    fill(MANY)
    few, many = peak_memory(FEW), peak_memory(MANY)
    work = "iter_tracking_values, peak memory of 1,000,000 rows"
    return Row(work, database, "10,000 rows", many, few, "MB", many / few, 1.2)


def peak_memory(rows: int) -> float:
    """Megabytes that a process of its own used at most."""
    # Not ru_maxrss: Linux hands this process's own peak on to the one that it starts.
    script = (
        "import django, re; django.setup()\n"
        "from bench.bulk import drain, trackadmin\n"
        f"drain(trackadmin({rows}))\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 1024)"
    )
    environment = {**os.environ, "BENCH_DATABASE_NAME": str(connection.settings_dict["NAME"])}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)
