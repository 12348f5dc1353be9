"""Statements by psycopg's own cursor: rows as by Django's, which gets whatever is not usual."""

import datetime
import threading
import uuid
from decimal import Decimal

import pytest
from django.db import DataError, OperationalError, ProgrammingError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import given, settings
from hypothesis import strategies as st

from trackadmin.compiler.driver.one_row import OneRow, shortcut
from trackadmin.compiler.driver.psycopg_cursor import UNANSWERED, can_ask
from trackadmin.compiler.values.encoders import encode

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

#: A type of PostgreSQL, and what its columns may be asked for.
KINDS = [
    ("text", st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))),
    ("varchar", st.sampled_from(["", "%s", "$1", "a'b", "\\", "\u00e9", "00010001"])),
    ("integer", st.integers(-(2**31), 2**31 - 1)),
    ("bigint", st.integers(-(2**63), 2**63 - 1)),
    ("boolean", st.booleans()),
    ("uuid", st.uuids() | st.uuids().map(str)),
    ("numeric", st.decimals(allow_nan=False, allow_infinity=False)),
    ("double precision", st.floats(allow_nan=False)),
    ("date", st.dates()),
    ("time", st.times()),
    ("timestamptz", st.datetimes(timezones=st.just(datetime.UTC))),
    ("interval", st.timedeltas(datetime.timedelta(-99999), datetime.timedelta(99999))),
]
COLUMNS = "t, i, b, u, n, d"
VALUES = ("a", 7, True, uuid.UUID(int=7), Decimal("1.50"), datetime.date(2026, 1, 31))


@pytest.fixture(autouse=True)
def connection():
    """This thread's own, and not the proxy that stands for it."""
    return connections["default"]


@pytest.fixture
def table(connection):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE kinds (t text, i integer, b boolean, u uuid, n numeric, d date)"
        )
        cursor.execute("INSERT INTO kinds VALUES (%s, %s, %s, %s, %s, %s)", VALUES)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kinds")


def ask(sql, *parameters, datetimes="objects"):
    connection = connections["default"]
    connection.ensure_connection()
    return shortcut(sql, connection, datetimes)(connection, parameters)


def by_django(sql, *parameters):
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()


# ── The same rows ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("kind", "values"), KINDS, ids=[kind for kind, _ in KINDS])
def test_value_of_every_kind_goes_there_and_back_as_by_djangos_cursor(kind, values):
    sql = f"SELECT CAST(%s AS {kind}), 'x%%', NULL"

    @settings(max_examples=60)
    @given(values)
    def compare(value):
        expected, found = by_django(sql, value), ask(sql, value)
        assert found == expected
        assert [type(each) for each in found] == [type(each) for each in expected]

    compare()


@pytest.mark.parametrize("at", range(6))
def test_text_or_value_finds_the_row_of_a_column_of_every_type(table, at):
    column, value = COLUMNS.split(", ")[at], VALUES[at]
    sql = f"SELECT {COLUMNS} FROM kinds WHERE {column} = (%s)"
    assert ask(sql, value) == by_django(sql, value) == VALUES
    assert ask(sql, str(value)) == VALUES


def test_no_row_is_none(table):
    assert ask("SELECT t FROM kinds WHERE t = %s", "b") is None


def test_first_row_of_several():
    assert ask("SELECT * FROM generate_series(%s::integer, 9)", 3) == (3,)


@settings(max_examples=200)
@given(st.datetimes(timezones=st.just(datetime.UTC)))
def test_datetimes_are_read_as_django_reads_them(moment):
    text = moment.isoformat()
    (expected,) = by_django("SELECT %s::timestamptz", text)
    (found,) = ask("SELECT %s::timestamptz", text)
    assert (found, found.tzinfo) == (expected, expected.tzinfo) == (moment, datetime.UTC)
    assert ask("SELECT %s::timestamptz", text, datetimes="texts") == (encode(moment),)


@pytest.mark.parametrize("text", ["10000-01-01 00:00:00.12345", "0044-03-15 BC", "infinity"])
@pytest.mark.parametrize("datetimes", ["objects", "texts"])
def test_datetimes_that_python_does_not_have_are_left_to_django(text, datetimes):
    assert ask("SELECT %s::timestamptz", text, datetimes=datetimes) is UNANSWERED


# ── What is left to Django's cursor ────────────────────────────────────────────────────────────


def is_left(sql="SELECT 1", *parameters):
    return ask(sql, *parameters) is UNANSWERED


def test_nothing_usual_is_left():
    assert not is_left()


def test_hosts_transaction(connection):
    """Its snapshot and its locks are its own, and an error of ours would break it."""
    with transaction.atomic():
        assert is_left()
        by_django("SELECT 1")
        assert is_left()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        assert is_left()
        cursor.execute("ROLLBACK")
    assert not is_left()


def test_pipeline_of_the_driver(connection):
    """Its results come later."""
    connection.ensure_connection()
    with connection.connection.pipeline():
        assert is_left()
        assert OneRow("SELECT %s::text", connection).fetch(connection, ["a"]) == ("a",)
    assert not is_left()


def test_connection_that_threads_share(connection):
    """They must not read each other's rows."""
    connection.inc_thread_sharing()
    try:
        assert is_left()
    finally:
        connection.dec_thread_sharing()


@pytest.mark.parametrize(
    ("sql", "parameters", "error"),
    [
        ("SELECT %s FROM nowhere", ["a"], ProgrammingError),
        ("SELECT 1 / %s::integer", [0], DataError),
        ("SELECT %s::integer", ["no number"], DataError),
        ("SELECT %s::timestamptz", ["infinity"], DataError),
        ("SELECT %s", [object()], ProgrammingError),
    ],
)
def test_errors_are_djangos_and_harm_nothing(connection, sql, parameters, error):
    assert is_left(sql, *parameters)
    with pytest.raises(error):
        OneRow(sql, connection).fetch(connection, parameters)
    assert not is_left()


def test_lost_connection_is_djangos_error_and_the_next_one_is_used(connection):
    (pid,) = ask("SELECT pg_backend_pid()")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()
    statement = OneRow("SELECT pg_backend_pid()", connection)
    with pytest.raises(OperationalError):
        statement.fetch(connection, ())
    connection.close()
    assert statement.fetch(connection, ()) != (pid,)


def test_cursor_goes_with_its_connection(connection):
    """It knows the types of one session."""
    ask("SELECT 1")
    (kept,) = cursors(connection)
    ask("SELECT 2")
    assert cursors(connection) == [kept]
    connection.close()
    assert ask("SELECT 1") == (1,)
    assert cursors(connection) != [kept]


def cursors(connection):
    return [*connection.connection._trackadmin.cursors.values()]


def test_other_threads_go_on_while_one_waits():
    """The call gives up Python's lock."""
    ended = []

    def wait():
        ask("SELECT 1 FROM pg_sleep(0.5)")
        ended.append("waited")
        connections["default"].close()

    thread = threading.Thread(target=wait)
    thread.start()
    by_django("SELECT 1")
    assert not ended
    thread.join()
    assert ended


# ── Where it is not used at all ────────────────────────────────────────────────────────────────


def test_driver_without_raw_cursors(monkeypatch, connection):
    """psycopg2, and psycopg before 3.2."""
    monkeypatch.setattr(connection, "Database", object())
    assert not can_ask(connection)
    assert shortcut("SELECT %s", connection) is None


def test_servers_own_binding(connection):
    """A text stands for a UUID there too."""
    other = connection.copy()
    other.settings_dict["OPTIONS"] = {"server_side_binding": True}
    text = str(uuid.uuid4())
    statement = OneRow(f"SELECT now(), 1 WHERE '{text}'::uuid = (%s)", other)
    try:
        moment, one = statement.fetch(other, [text])
        assert (moment.tzinfo, one) == (datetime.UTC, 1)
        assert statement.fetch(other, [str(uuid.uuid4())]) is None
    finally:
        other.close()


def test_goes_past_djangos_cursor(monkeypatch, connection):
    def make_cursor(self, cursor):
        raise AssertionError("Django's cursor was made")

    connection.ensure_connection()
    monkeypatch.setattr(BaseDatabaseWrapper, "make_cursor", make_cursor)
    assert OneRow("SELECT %s::text", connection).fetch(connection, ["a"]) == ("a",)
