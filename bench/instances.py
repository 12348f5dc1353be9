"""What columns alone do not give: computed attributes, by a URL and inside a transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bench.data import MAP, Data, one_by_hand, publish
from bench.timing import Row, compare, in_turn
from demo.models import Order
from tests.wide.models import Parcel
from tests.wide.site import fill
from trackadmin.runtime import tracking_values, values_from_query

#: A parcel leads to a company, whose ``opened`` is computed, over three other objects.
PATH = ["delivery", "purchase", "customer", "company"]
SOURCES = ["code", "title", "moment", "amount"]
DEEP = {
    name: {"model": f"wide.{name}", "attributes": SOURCES, "children": [child], "key": "code"}
    for name, child in zip(["Parcel", *map(str.title, PATH[:-1])], PATH, strict=True)
}
DEEP["Company"] = {"model": "wide.Company", "attributes": [*SOURCES, "opened"], "key": "code"}

#: The demo's order, with its buyer's ``order_count`` and what else comes along.
ORDER = {
    **MAP,
    "BuyerProfile": {**MAP["BuyerProfile"], "attributes": ["uuid", "ctime", "order_count"]},
    "Order": {**MAP["Order"], "children": ["buyer", "company", "product"]},
}


def parcel_by_hand(query: str) -> dict[str, Any]:
    """What one writes with the ORM: parse, get with all relations joined, build the dict."""
    code = parse_qs(query)["Parcel__code"][-1]
    obj: Any = Parcel.objects.select_related("__".join(PATH)).get(code=code)
    values: dict[str, Any] = {}
    for child in [*PATH, ""]:
        name = type(obj).__name__
        values[f"{name}_code"] = obj.code
        values[f"{name}_title"] = obj.title
        values[f"{name}_moment"] = None if obj.moment is None else obj.moment.isoformat()
        values[f"{name}_amount"] = None if obj.amount is None else str(obj.amount)
        if not child:
            values["Company_opened"] = obj.opened()
            return values
        obj = getattr(obj, child)
    return values


def order_by_hand(query: str) -> dict[str, Any]:
    number = parse_qs(query)["Order__number"][-1]
    joined = Order.objects.select_related("buyer__user", "company", "product")
    return with_children(joined.get(number=number))


def with_children(order: Order) -> dict[str, Any]:
    return {
        **one_by_hand(order),
        **one_by_hand(order.buyer),
        "BuyerProfile_order_count": order.buyer.order_count,
        **one_by_hand(order.company),
        **one_by_hand(order.product),
    }


def statements(call: Callable[[], object]) -> list[str]:
    """The words that the statements of a call begin with, once it is warm."""
    call()
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"].split()[0] for query in captured.captured_queries]


def against_orm(
    work: str, database: str, ours: Callable[[], Any], theirs: Callable[[], Any], at_most: float
) -> Row:
    assert ours() == theirs(), (ours(), theirs())
    seconds = in_turn({"trackadmin": ours, "ORM by hand": theirs})
    common = {"work": work, "database": database, "ours": "trackadmin"}
    return compare(seconds, **common, theirs="ORM by hand", at_most=at_most)


def run(data: Data, database: str) -> list[Row]:
    fill(rows=3)
    publish({**MAP, **DEEP})
    query = "Parcel__code=parcel2"
    work = "tracking URL, one computed attribute four levels down"
    rows = [
        against_orm(
            work,
            database,
            lambda: values_from_query(query),
            lambda: parcel_by_hand(query),
            at_most=1 / 3,
        ),
        counted(work, database, "one statement", len(statements(lambda: values_from_query(query)))),
    ]
    publish(ORDER)
    return [*rows, *order_rows(data, database)]


def order_rows(data: Data, database: str) -> list[Row]:
    query = f"Order__number={data.order.number}"
    work = "tracking URL of the demo's order with order_count"
    url = against_orm(
        work, database, lambda: values_from_query(query), lambda: order_by_hand(query), at_most=1
    )

    def unloaded(flatten: Callable[[Any], Any]) -> Callable[[], Any]:
        order = Order.objects.get(pk=data.order.pk)

        def call() -> Any:
            order._state.fields_cache.clear()
            return flatten(order)

        return call

    work = "tracking_values(order) inside atomic, nothing loaded"
    with transaction.atomic():
        ours = unloaded(tracking_values)
        sent = statements(ours)
        flat = against_orm(work, database, ours, unloaded(with_children), at_most=1.35)
    return [url, flat, counted(work, database, "one savepoint", sent.count("SAVEPOINT"))]


def counted(work: str, database: str, what: str, count: int) -> Row:
    return Row(work, database, what, count, 1, f"{what.split()[1]}s", float(count), 1)
