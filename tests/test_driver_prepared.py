"""Prepared statements: not behind a pool, bounded, never the cause of an error."""

from contextlib import closing, contextmanager

import pytest
from django.db import connections, transaction

from tests import pgbouncer
from trackadmin.compiler.driver import psycopg_cursor
from trackadmin.compiler.driver.one_row import OneRow

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
#: Runs before a statement is prepared: as the host says here, and where it says nothing.
THRESHOLD, DEFAULT = 3, 5


@pytest.fixture
def connection():
    """A connection of its own, on which statements may be prepared."""
    made = connections["default"].copy()
    made.settings_dict["OPTIONS"] = {"prepare_threshold": THRESHOLD}
    yield made
    made.close()


@contextmanager
def pool(connection, mode, sessions):
    """A connection through a pool, of which the host says nothing."""
    with pgbouncer.running(connection.settings_dict, mode, sessions) as port:
        made = connection.copy()
        made.settings_dict |= {"PORT": port, "OPTIONS": {}}
        with closing(made):
            yield made


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


def test_prepared_where_the_host_says_nothing_and_is_connected_to_the_server(connection):
    connection.settings_dict["OPTIONS"] = {}
    run(connection, times=DEFAULT)
    assert on_server(connection) == []
    run(connection, times=1)
    assert len(on_server(connection)) == 1


def test_nothing_is_prepared_where_the_host_says_so(connection):
    connection.settings_dict["OPTIONS"] = {"prepare_threshold": None}
    run(connection, times=20)
    assert on_server(connection) == []


@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_nothing_is_prepared_behind_a_pool(connection, mode):
    """It may give the next transaction another session."""
    with pool(connection, mode, sessions=1) as behind:
        run(behind, times=20)
        assert on_server(behind) == []


def test_pool_that_was_not_known_for_one_gives_the_right_rows(connection, monkeypatch):
    """A client gets this session and then that, where nothing was prepared, or by others."""
    monkeypatch.setattr(psycopg_cursor, "is_direct", lambda session: True)
    with pool(connection, "transaction", sessions=2) as one, closing(one.copy()) as two:
        with two.cursor() as busy:
            busy.execute("BEGIN")
            run(one, times=1)
            busy.execute("ROLLBACK")
        process = OneRow("SELECT pg_backend_pid()", one)
        assert len({process.fetch(one, []) for _ in range(4)}) == 2
        statements = [OneRow(f"SELECT %s::text, {number}", one) for number in range(3)]
        for text in map(str, range(20)):
            for number, statement in enumerate(statements):
                for client in (one, one, two):
                    assert statement.fetch(client, [text]) == (text, number)


@pytest.mark.parametrize("answer", [True, False])
def test_a_session_is_asked_once_for_what_it_is(connection, monkeypatch, answer):
    connection.settings_dict["OPTIONS"] = {}
    asked = []
    monkeypatch.setattr(psycopg_cursor, "is_direct", lambda session: asked.append(1) or answer)
    for number in range(3):
        run(connection, f"SELECT %s::text, {number}", times=DEFAULT + 3)
    assert asked == [1]


def test_session_that_does_not_tell_its_process_prepares_nothing(connection):
    connection.settings_dict["OPTIONS"] = {}
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA dumb")
        cursor.execute(
            "CREATE FUNCTION dumb.pg_backend_pid() RETURNS integer LANGUAGE plpgsql"
            " AS 'BEGIN RAISE EXCEPTION $$none$$; END'"
        )
        cursor.execute("SET search_path TO dumb, pg_catalog")
    try:
        run(connection, times=20)
        assert on_server(connection) == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA dumb CASCADE")


def test_schema_that_the_session_changes_to_is_read(connection):
    """A site may have a schema for each tenant, and none may see another's rows."""
    with connection.cursor() as cursor:
        for tenant in ("one", "two"):
            cursor.execute(f"CREATE SCHEMA {tenant} CREATE TABLE tenants (t text, n text)")
            cursor.execute(f"INSERT INTO {tenant}.tenants VALUES ('a', %s)", [tenant])
    try:
        sql = "SELECT n FROM tenants WHERE t = %s"
        for tenant in ("one", "two", "one"):
            with connection.cursor() as cursor:
                cursor.execute(f"SET search_path TO {tenant}")
            assert run(connection, sql) == (tenant,)
            assert len(on_server(connection)) == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA one, two CASCADE")


def test_prepared_once_it_was_run_often_enough(connection):
    run(connection, times=THRESHOLD)
    assert on_server(connection) == []
    assert run(connection, times=9) == ("a",)
    ((_, text),) = on_server(connection)
    assert text == "SELECT $1::text"


def test_prepared_at_once_where_the_threshold_is_zero(connection):
    connection.settings_dict["OPTIONS"] = {"prepare_threshold": 0}
    run(connection, times=1)
    assert len(on_server(connection)) == 1


def test_sessions_never_use_the_same_name(connection):
    """A pool may hand over one that others used."""
    names = set()
    for _ in range(3):
        run(connection)
        ((name, _),) = on_server(connection)
        names.add(name)
        connection.close()
    assert len(names) == 3


@pytest.mark.parametrize("drop", ["DEALLOCATE ALL", "DO 'BEGIN DEALLOCATE ALL; END'"])
def test_statement_that_somebody_dropped_is_answered_and_prepared_anew(connection, drop):
    """Whether psycopg can see it or not."""
    run(connection)
    with connection.cursor() as cursor:
        cursor.execute(drop)
    assert run(connection, times=1) == ("a",)
    assert on_server(connection) == []
    run(connection)
    assert len(on_server(connection)) == 1


def test_session_that_loses_its_statements_again_and_again_prepares_no_more(connection):
    """It is behind a pool that was not known for one, and would fill the sessions of the pool."""
    for _ in range(30):
        run(connection)
        with connection.cursor() as cursor:
            cursor.execute("DO 'BEGIN DEALLOCATE ALL; END'")
    run(connection, times=20)
    assert on_server(connection) == []


def test_hosts_own_statements_stay_whatever_comes(connection):
    """A rollback makes psycopg drop the statements that it knows; it knows none of ours."""
    with connection.cursor() as cursor:
        cursor.execute("PREPARE host_own AS SELECT 42")
    run(connection)
    before = on_server(connection)
    with pytest.raises(ZeroDivisionError), transaction.atomic(using="default"):
        raise ZeroDivisionError
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("ROLLBACK")
        cursor.execute("EXECUTE host_own")
        assert cursor.fetchone() == (42,)
    assert on_server(connection) == before
    assert run(connection) == ("a",)


def test_sessions_settings_are_the_hosts(connection):
    """Its own cursors go on as they did."""
    connection.settings_dict["OPTIONS"] = {}
    connection.ensure_connection()
    session = connection.connection
    before = session.prepare_threshold, session.prepared_max, session._prepared
    run(connection, times=DEFAULT + 1)
    assert (session.prepare_threshold, session.prepared_max, session._prepared) == before


def test_more_kinds_of_statements_than_are_kept_use_all_places(connection):
    """Those that come too late run unprepared; nobody is pushed out in turn."""
    statements = [OneRow(f"SELECT %s::text, {number}", connection) for number in range(24)]
    for _ in range(20):
        for number, statement in enumerate(statements):
            assert statement.fetch(connection, ["a"]) == ("a", number)
    assert len(on_server(connection)) == psycopg_cursor.MOST


def test_integers_of_all_sizes_are_one_statement(connection):
    statement = OneRow("SELECT %s::bigint", connection)
    for value in [*range(9), 70_000, 2**40] * 2:
        assert statement.fetch(connection, [value]) == (value,)
    assert len(on_server(connection)) == 1


def test_table_that_was_changed_is_answered(connection):
    """PostgreSQL refuses a prepared statement whose columns have other types now."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE changing (t text, n integer)")
        cursor.execute("INSERT INTO changing VALUES ('a', 1)")
    sql = "SELECT n FROM changing WHERE t = %s"
    assert run(connection, sql) == (1,)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE changing ALTER n TYPE text")
    assert run(connection, sql) == ("1",)


def test_server_keeps_no_more_than_the_driver_would(connection):
    """Every version of a map has other statements; the oldest go."""
    connection.ensure_connection()
    connection.connection.prepared_max = 5
    for number in range(12):
        assert run(connection, f"SELECT %s::text, {number}") == ("a", number)
    kept = [text for _, text in on_server(connection)]
    assert kept == [f"SELECT $1::text, {number}" for number in range(7, 12)]


def test_host_that_lets_the_driver_keep_none(connection):
    connection.ensure_connection()
    connection.connection.prepared_max = 0
    for number in range(3):
        assert run(connection, f"SELECT %s::text, {number}") == ("a", number)
    assert len(on_server(connection)) <= 1


def test_new_connection_starts_anew(connection):
    run(connection)
    connection.close()
    run(connection, times=1)
    assert on_server(connection) == []
