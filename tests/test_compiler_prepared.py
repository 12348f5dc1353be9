"""Prepared statements: only where the host allows them, bounded, never the cause of an error."""

import pytest
from django.db import connections

from trackadmin.compiler.executing import OneRow

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
#: Runs before a statement is prepared.
THRESHOLD = 3


@pytest.fixture
def connection():
    """A connection of its own, on which statements may be prepared."""
    made = connections["default"].copy()
    made.settings_dict["OPTIONS"] = {"prepare_threshold": THRESHOLD}
    yield made
    made.close()


def on_server(connection):
    """What the server keeps for this session: names and texts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement FROM pg_prepared_statements ORDER BY prepare_time")
        return cursor.fetchall()


def run(connection, sql="SELECT %s::text", times=THRESHOLD + 1):
    """A statement's row, after so many runs."""
    statement = OneRow(sql, connection)
    rows = {statement.fetch(connection, ["a"]) for _ in range(times)}
    assert len(rows) == 1
    return rows.pop()


def test_nothing_is_prepared_by_default():
    """Django leaves it off, because of pools that cannot bear it."""
    run(connections["default"], times=20)
    assert on_server(connections["default"]) == []


def test_prepared_once_it_was_run_often_enough(connection):
    run(connection, times=THRESHOLD)
    assert on_server(connection) == []
    assert run(connection, times=9) == ("a",)
    ((name, text),) = on_server(connection)
    assert name.startswith("trackadmin_")
    assert text == "SELECT $1::text"


def test_at_once_where_the_threshold_is_nought(connection):
    connection.settings_dict["OPTIONS"] = {"prepare_threshold": 0}
    run(connection, times=1)
    assert len(on_server(connection)) == 1


def test_each_text_has_a_name_of_its_own(connection):
    """In whatever order sessions prepare them: a pool may hand over one that others used."""
    for sql in ("SELECT %s::text", "SELECT 'b' || %s::text"):
        run(connection, sql)
    names = on_server(connection)
    connection.close()
    for sql in ("SELECT 'b' || %s::text", "SELECT %s::text"):
        run(connection, sql)
    assert sorted(on_server(connection)) == sorted(names)
    assert len({name for name, _ in names}) == 2


def test_session_on_which_somebody_prepared_it_already(connection):
    run(connection)
    ((name, text),) = on_server(connection)
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE {name} AS {text}")
    assert run(connection) == ("a",)


def test_statement_that_somebody_dropped_is_answered_and_prepared_anew(connection):
    """As a pool does it that gives each transaction another session."""
    run(connection)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert run(connection, times=1) == ("a",)
    assert on_server(connection) == []
    run(connection)
    assert len(on_server(connection)) == 1


def test_table_that_was_changed_is_answered_and_prepared_anew(connection):
    """PostgreSQL refuses a prepared statement whose columns have other types now."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE changing (t text, n integer)")
        cursor.execute("INSERT INTO changing VALUES ('a', 1)")
    sql = "SELECT n FROM changing WHERE t = %s"
    assert run(connection, sql) == (1,)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE changing ALTER n TYPE text")
    assert run(connection, sql, times=1) == ("1",)
    assert on_server(connection) == []
    run(connection, sql)
    assert len(on_server(connection)) == 1


def test_server_keeps_no_more_than_the_driver_would(connection):
    """Every version of a map has other statements; the oldest go."""
    connection.ensure_connection()
    connection.connection.prepared_max = 5
    for number in range(12):
        assert run(connection, f"SELECT %s::text, {number}") == ("a", number)
    kept = [text for _, text in on_server(connection)]
    assert kept == [f"SELECT $1::text, {number}" for number in range(7, 12)]


def test_new_connection_starts_anew(connection):
    run(connection)
    connection.close()
    run(connection, times=1)
    assert on_server(connection) == []
