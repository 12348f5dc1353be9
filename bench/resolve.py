"""A tracking URL with 2 and with 5 references → values, beside a bare cursor and the ORM."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.data import Data, one_by_hand
from bench.timing import Row, compare, in_turn
from demo.models import BuyerProfile, CompanyAccount, Manufacturer, Order, Product
from trackadmin.runtime import values_from_query

BUYER = (
    "SELECT b.uuid, b.ctime, u.id, u.first_name, u.last_name, u.email, u.is_staff, u.is_active,"
    " u.is_superuser, u.username FROM demo_buyerprofile b"
    " LEFT JOIN auth_user u ON u.id = b.user_id WHERE b.uuid = %s"
)
COMPANY = "SELECT name, is_demo FROM demo_companyaccount WHERE name = %s"
MANUFACTURER = "SELECT uuid, slug, name FROM demo_manufacturer WHERE slug = %s"
PRODUCT = "SELECT sku, name, price, in_stock FROM demo_product WHERE sku = %s"
ORDER = "SELECT number, status, quantity, total, placed_at FROM demo_order WHERE number = %s"
#: psycopg's own cursor with a prepared statement, by the format of its results.
PREPARED_TEXT, PREPARED_BINARY = "prepared cursor, text", "prepared cursor, binary"
STATEMENTS = [BUYER, COMPANY, MANUFACTURER, PRODUCT, ORDER]


def bare_statement(data: Data, references: int) -> tuple[str, list[Any]]:
    """Hand-written SQL for the same rows, and its values."""
    buyer_uuid = data.buyer.uuid
    values = [
        buyer_uuid if connection.vendor == "postgresql" else buyer_uuid.hex,
        data.company.name,
        data.manufacturer.slug,
        data.product.sku,
        data.order.number,
    ][:references]
    joined = " CROSS JOIN ".join(
        f"({sql}) AS t{number}" for number, sql in enumerate(STATEMENTS[:references])
    )
    return f"SELECT * FROM {joined}", values


def cursor_contestant(data: Data, references: int) -> Any:
    """Hand-written SQL for the same rows, fetched and not even converted."""
    statement, values = bare_statement(data, references)

    def bare_cursor() -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()

    assert bare_cursor() is not None
    return bare_cursor


def orm_contestant(query: str, references: int) -> Any:
    """What one writes with the ORM: parse, get, build the dict."""
    finders = [
        ("BuyerProfile__uuid", BuyerProfile.objects.select_related("user"), "uuid"),
        ("CompanyAccount__name", CompanyAccount.objects.all(), "name"),
        ("Manufacturer__slug", Manufacturer.objects.all(), "slug"),
        ("Product__sku", Product.objects.all(), "sku"),
        ("Order__number", Order.objects.all(), "number"),
    ][:references]

    def orm_by_hand() -> dict[str, Any]:
        parameters = {name: values[-1] for name, values in parse_qs(query).items()}
        values: dict[str, Any] = {"action": parameters["action"]}
        for name, queryset, field in finders:
            values.update(one_by_hand(queryset.get(**{field: parameters[name]})))
        return values

    return orm_by_hand


def prepared_contestant(data: Data, references: int, *, binary: bool) -> Any:
    """The same statement by psycopg's cursor, which lets the server keep it; the row only."""
    statement, values = bare_statement(data, references)
    connection.ensure_connection()
    session = connection.connection
    cursor = connection.Database.Cursor(session)

    def prepared_cursor() -> Any:
        threshold, session.prepare_threshold = session.prepare_threshold, 5
        cursor.execute(statement, values, prepare=True, binary=binary)
        session.prepare_threshold = threshold
        return cursor.fetchone()

    assert prepared_cursor() is not None
    return prepared_cursor


def unprepared_contestant(query: str) -> Any:
    """trackadmin as on a connection whose option forbids it to prepare statements."""
    values_from_query(query)
    kept = connection.connection._trackadmin

    def unprepared() -> dict[str, Any]:
        threshold, kept._threshold = kept._threshold, None
        values = values_from_query(query)
        kept._threshold = threshold
        return values

    return unprepared


def statements(query: str) -> int:
    """How many statements one resolve takes, once its plan is warm."""
    values_from_query(query)
    with CaptureQueriesContext(connection) as captured:
        values_from_query(query)
    return len(captured)


def run(data: Data, database: str) -> list[Row]:
    orm_at_most = 0.2 if database == "SQLite" else 0.5
    rows = []
    for references in (2, 5):
        query = data.query(references)
        calls = {
            "trackadmin": lambda query=query: values_from_query(query),
            "bare cursor": cursor_contestant(data, references),
            "ORM by hand": orm_contestant(query, references),
        }
        ours, theirs = calls["trackadmin"](), calls["ORM by hand"]()
        assert ours == theirs, (ours.references, ours, theirs)
        if database == "PostgreSQL":
            calls[PREPARED_TEXT] = prepared_contestant(data, references, binary=False)
            calls[PREPARED_BINARY] = prepared_contestant(data, references, binary=True)
            calls["unprepared"] = unprepared_contestant(query)
            assert calls["unprepared"]() == theirs
        seconds = in_turn(calls)
        common = {
            "work": f"tracking URL with {references} references → values",
            "database": database,
            "ours": "trackadmin",
        }
        rows.append(compare(seconds, **common, theirs="bare cursor", at_most=1.5))
        rows.append(compare(seconds, **common, theirs="ORM by hand", at_most=orm_at_most))
        if database == "PostgreSQL":
            for prepared in (PREPARED_TEXT, PREPARED_BINARY):
                rows.append(compare(seconds, **common, theirs=prepared, at_most=None))
            work = f"{common['work']}, nothing prepared"
            of_unprepared = {**common, "work": work, "ours": "unprepared"}
            rows.append(compare(seconds, **of_unprepared, theirs="bare cursor", at_most=1.5))
        count = statements(query)
        rows.append(
            Row(common["work"], database, "one statement", count, 1, "statements", float(count), 1)
        )
    return rows
