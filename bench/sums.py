"""Counts and sums: a tracking URL with three of them, and 100,000 rows streamed with three."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from django.db import connection
from django.db.models import Count, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.test.utils import CaptureQueriesContext

from bench.bulk import ROWS, drain, fill
from bench.data import MAP, USER_FIELDS, Data, one_by_hand, publish
from bench.resolve import BUYER, COMPANY
from bench.timing import Row, compare, fastest, in_turn
from demo.models import BuyerProfile, CompanyAccount, Order
from trackadmin.runtime import iter_tracking_values, values_from_query

#: The orders of the buyer whom the URL names; others have one to three.
ORDERS = 20
ROUNDS = 7

WITH_SUMS = {
    **MAP,
    "BuyerProfile": {
        **MAP["BuyerProfile"],
        "aggregates": {
            "orders_shipped": {
                "relation": "orders",
                "function": "count",
                "where": {"status": "shipped"},
            },
            "orders_total": {"relation": "orders", "function": "sum", "field": "total"},
            "newest_order": {"relation": "orders", "function": "max", "field": "placed_at"},
        },
    },
}
SHIPPED = Q(status="shipped")
SUMS = {"shipped": Count("pk", filter=SHIPPED), "total": Sum("total"), "newest": Max("placed_at")}

#: What one writes by hand: one look at the buyer's orders. Only PostgreSQL can do so beside a join.
LATERAL = BUYER.replace(" FROM", ", o.shipped, o.total, o.newest FROM", 1).replace(
    " WHERE",
    " CROSS JOIN LATERAL (SELECT COUNT(*) FILTER (WHERE status = 'shipped') AS shipped,"
    " COALESCE(SUM(total), 0) AS total, MAX(placed_at) AS newest FROM demo_order"
    " WHERE buyer_id = b.id) AS o WHERE",
)
EACH = BUYER.replace(
    " FROM",
    ", (SELECT COUNT(*) FROM demo_order WHERE buyer_id = b.id AND status = 'shipped'),"
    " (SELECT COALESCE(SUM(total), 0) FROM demo_order WHERE buyer_id = b.id),"
    " (SELECT MAX(placed_at) FROM demo_order WHERE buyer_id = b.id) FROM",
    1,
)


def fill_orders(data: Data, rows: int) -> None:
    """Orders for the first ``rows`` buyers: one, two or three; and many for the one of the URL."""
    common = {
        "company": data.company,
        "product": data.product,
        "placed_at": datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
        "billing_address_id": data.order.billing_address_id,
        "shipping_address_id": data.order.shipping_address_id,
    }
    keys = BuyerProfile.objects.order_by("pk").values_list("pk", flat=True)[:rows]
    buyers = [key for n, key in enumerate(keys) for _ in range(n % 3 + 1)]
    buyers += [data.buyer.pk] * ORDERS
    Order.objects.bulk_create(
        (
            Order(
                number=f"B-{n}",
                buyer_id=buyer,
                total="1.50",
                status=("new", "shipped")[n % 2],
                **common,
            )
            for n, buyer in enumerate(buyers)
        ),
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def cursor_contestant(data: Data, buyer: str) -> Callable[[], Any]:
    """Hand-written SQL for the same rows, fetched and not even converted."""
    statement = f"SELECT * FROM ({buyer}) AS t0 CROSS JOIN ({COMPANY}) AS t1"
    key = data.buyer.uuid if connection.vendor == "postgresql" else data.buyer.uuid.hex

    def bare_cursor() -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement, [key, data.company.name])
            return cursor.fetchone()

    assert bare_cursor() is not None
    return bare_cursor


def with_sums(values: dict[str, Any], shipped: int, total: Any, newest: Any) -> dict[str, Any]:
    values["BuyerProfile_orders_shipped"] = shipped
    values["BuyerProfile_orders_total"] = f"{total or 0:.2f}"
    values["BuyerProfile_newest_order"] = newest and newest.isoformat()
    return values


def orm_by_hand(query: str) -> dict[str, Any]:
    """What one writes with the ORM: the three sums by one query."""
    parameters = {name: values[-1] for name, values in parse_qs(query).items()}
    values: dict[str, Any] = {"action": parameters["action"]}
    found = BuyerProfile.objects.select_related("user")
    buyer = found.get(uuid=parameters["BuyerProfile__uuid"])
    values.update(one_by_hand(buyer))
    with_sums(values, **buyer.orders.aggregate(**SUMS))
    company = CompanyAccount.objects.get(name=parameters["CompanyAccount__name"])
    return values | one_by_hand(company)


def url_rows(data: Data, database: str) -> list[Row]:
    query = data.query(2)
    calls: dict[str, Callable[[], Any]] = {
        "trackadmin": lambda: values_from_query(query),
        "bare cursor": cursor_contestant(data, LATERAL if database == "PostgreSQL" else EACH),
        "ORM by hand": lambda: orm_by_hand(query),
    }
    ours, theirs = calls["trackadmin"](), calls["ORM by hand"]()
    assert ours == theirs, (ours.references, ours, theirs)
    with CaptureQueriesContext(connection) as captured:
        values_from_query(query)
    seconds, sent = in_turn(calls), len(captured)
    common = {
        "work": "tracking URL with 2 references and 3 counts and sums → values",
        "database": database,
        "ours": "trackadmin",
    }
    orm_at_most = 0.2 if database == "SQLite" else 0.5
    return [
        compare(seconds, **common, theirs="bare cursor", at_most=1.5),
        compare(seconds, **common, theirs="ORM by hand", at_most=orm_at_most),
        Row(common["work"], database, "one statement", sent, 1, "statements", float(sent), 1),
    ]


def annotated() -> Any:
    """By joins: the three are of one relation, so no row is counted twice."""
    return BuyerProfile.objects.annotate(
        shipped=Count("orders", filter=Q(orders__status="shipped")),
        total=Sum("orders__total"),
        newest=Max("orders__placed_at"),
    )


def subqueries() -> Any:
    """By a query for each of the three within the one."""
    orders = Order.objects.filter(buyer=OuterRef("pk")).order_by().values("buyer")
    return BuyerProfile.objects.annotate(
        shipped=Coalesce(Subquery(orders.filter(SHIPPED).values(n=Count("pk"))), 0),
        total=Subquery(orders.values(n=Sum("total"))),
        newest=Subquery(orders.values(n=Max("placed_at"))),
    )


def streamed_by_hand(buyers: Any, rows: int) -> Iterator[dict[str, Any]]:
    user_columns = [f"user__{name}" for name in USER_FIELDS]
    columns = ["uuid", "ctime", "shipped", "total", "newest", *user_columns]
    for row in buyers.order_by("pk").values_list(*columns)[:rows].iterator():
        total, newest = row[3], row[4]
        yield {
            "BuyerProfile_uuid": str(row[0]),
            "BuyerProfile_ctime": row[1].isoformat(),
            "BuyerProfile_orders_shipped": row[2],
            "BuyerProfile_orders_total": f"{total or 0:.2f}",
            "BuyerProfile_newest_order": newest and newest.isoformat(),
            "User_id": row[5],
            "User_first_name": row[6],
            "User_last_name": row[7],
            "User_email": row[8],
            "User_is_staff": row[9],
            "User_is_active": row[10],
            "User_is_superuser": row[11],
            "User_username": row[12],
        }


def stream_rows(database: str) -> list[Row]:
    joins, nested = "annotate().values_list() by hand", "the same with subqueries"
    ways: dict[str, Callable[[int], Iterator[Any]]] = {
        "trackadmin": lambda rows: iter_tracking_values(BuyerProfile.objects.order_by("pk")[:rows]),
        joins: lambda rows: streamed_by_hand(annotated(), rows),
        nested: lambda rows: streamed_by_hand(subqueries(), rows),
    }
    first = {name: list(way(1000)) for name, way in ways.items()}
    assert first["trackadmin"] == first[joins] == first[nested]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS):
        # Nobody is always the one that runs behind the same other.
        for name in [*list(ways)[turn % len(ways) :], *list(ways)[: turn % len(ways)]]:
            seconds[name].append(drain(ways[name](ROWS)) / ROWS)
    common = {
        "work": "iter_tracking_values, 100,000 rows with 3 counts and sums",
        "database": database,
        "ours": "trackadmin",
        "unit": ("µs a row", 1e6),
    }
    # Who writes it by hand chooses the faster way, which is not the same on both databases.
    best = fastest(seconds, [joins, nested])
    return [
        compare(seconds, **common, theirs=name, at_most=1.15 if name == best else None)
        for name in (joins, nested)
    ]


def run(data: Data, database: str) -> list[Row]:
    fill(ROWS)
    fill_orders(data, ROWS)
    publish(WITH_SUMS)
    rows = [*url_rows(data, database), *stream_rows(database)]
    publish(MAP)
    return rows
