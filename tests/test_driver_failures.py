"""A database that gives up waiting is not asked again at once: it would only wait as long again."""

import sqlite3
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import Error, OperationalError, ProgrammingError, connections, transaction

from tests.host.models import Country, Order
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.driver.one_row import OneRow
from trackadmin.compiler.failures import is_out_of_time
from trackadmin.document import from_dict

MAP = {
    "Country": {"model": "host.Country", "attributes": ["code", "name"], "key": "code"},
    "User": {"model": "auth.User", "attributes": ["username"], "key": "username"},
    "Order": {"model": "host.Order", "attributes": ["number"], "key": "number"},
}
TEXTS = {"Country__code": "NL", "User__username": "ann", "Order__number": "7"}

TABLES = [model._meta.db_table for model in (Country, User, Order)]


@contextmanager
def locked(*tables):
    """Another session keeps these tables for itself."""
    other = connections["default"].copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            for table in tables:
                cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        other.close()


@contextmanager
def limited(setting):
    """This session waits for a tenth of a second."""
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SET {setting} = 100")
    try:
        yield
    finally:
        with connections["default"].cursor() as cursor:
            cursor.execute(f"RESET {setting}")


@pytest.fixture
def asked(monkeypatch):
    """The reads of the three tables that go to the server."""
    statements = []
    cursor = connections["default"].Database.Cursor
    execute = cursor.execute

    def noted_execute(self, sql, *arguments, **options):
        text = str(sql)
        if text.startswith("SELECT") and any(table in text for table in TABLES):
            statements.append(text)
        return execute(self, sql, *arguments, **options)

    monkeypatch.setattr(cursor, "execute", noted_execute)
    return statements


def resolved(snapshot):
    """What comes of each reference, and the faults."""
    faults = []
    wanted = [(snapshot.lookup(reference), text) for reference, text in TEXTS.items()]
    found = snapshot.resolver.resolve(wanted, lambda *fault: faults.append(fault[0]))
    return [each.status for each in found], faults


@pytest.fixture
def snapshot():
    return compile_map(from_dict(MAP, catalog().find), catalog())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout"])
@pytest.mark.parametrize("is_prepared", [False, True])
def test_postgresql_that_waited_in_vain_is_asked_once(snapshot, asked, setting, is_prepared):
    """Whatever the number of references; and afterwards all is as before."""
    for _ in range(11 if is_prepared else 1):
        assert resolved(snapshot) == (["none"] * 3, [])
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_prepared_statements)")
        assert cursor.fetchone() == (is_prepared,)
    asked.clear()
    with limited(setting), locked(*TABLES):
        assert resolved(snapshot) == (["failed"] * 3, ["statement.failed"])
    assert len(asked) == 1
    assert resolved(snapshot) == (["none"] * 3, [])


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_transaction_of_the_host_goes_on_after_waiting_in_vain(snapshot, asked):
    resolved(snapshot)
    with limited("statement_timeout"), transaction.atomic():
        Country.objects.create(code="NL", name="Netherlands")
        asked.clear()
        with locked(User._meta.db_table):
            assert resolved(snapshot)[0] == ["failed"] * 3
        assert len(asked) == 1
        assert resolved(snapshot)[0] == ["found", "none", "none"]
    assert Country.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_error_says_what_the_server_said():
    connection = connections["default"]
    with limited("statement_timeout"), pytest.raises(OperationalError) as raised:
        OneRow("SELECT pg_sleep(5)", connection).fetch(connection, ())
    assert is_out_of_time(raised.value)
    assert "statement timeout" in str(raised.value)
    assert connection.errors_occurred, "so that Django looks after the connection"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sql", ["SELECT * FROM nowhere", "SELECT 1/0", "SELECT pg_sleep('x')"])
def test_other_errors_of_postgresql_are_worth_another_try(sql):
    with pytest.raises(Error) as raised, connections["default"].cursor() as cursor:
        cursor.execute(sql)
    assert not is_out_of_time(raised.value)


def test_locked_sqlite_is_out_of_time(tmp_path):
    """Once SQLite has waited for its timeout, which is five seconds if the host does not say."""
    with pytest.raises(OperationalError) as raised:
        raise OperationalError from error_of_locked(tmp_path / "db")
    assert is_out_of_time(raised.value)


def error_of_locked(path):
    holder = sqlite3.connect(path, isolation_level=None)
    other = sqlite3.connect(path, timeout=0)
    try:
        holder.execute("CREATE TABLE t (a)")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError) as raised:
            other.execute("SELECT * FROM t")
        return raised.value
    finally:
        holder.close()
        other.close()


def test_other_errors_of_sqlite_are_worth_another_try():
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError) as raised:
        connection.execute("SELECT * FROM nowhere")
    connection.close()
    assert not is_out_of_time(raised.value)


@pytest.mark.parametrize("error", [OperationalError("?"), ProgrammingError(), ValueError()])
def test_error_without_a_code_is_worth_another_try(error):
    assert not is_out_of_time(error)
