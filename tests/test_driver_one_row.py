"""A statement for one row: past Django's cursor where nobody looks, with all that it guards."""

import threading

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError, connections, transaction
from django.db.backends import utils
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext, override_settings

from trackadmin.compiler.driver.cursor_guard import has_own_cursor, is_watched
from trackadmin.compiler.driver.one_row import OneRow, shortcut
from trackadmin.compiler.driver.psycopg_cursor import UNANSWERED

pytestmark = pytest.mark.django_db
ECHO = "SELECT %s || 'x%%', 1"
ROW = ("ax%", 1)


@pytest.fixture(autouse=True)
def connection():
    """This thread's own, and not the proxy that stands for it."""
    return connections["default"]


def fetch(sql=ECHO, parameters=("a",)):
    connection = connections["default"]
    return OneRow(sql, connection).fetch(connection, parameters)


@pytest.fixture
def no_django_cursor(monkeypatch):
    """Django's cursor cannot be made, so whoever gets a row went past it."""

    def make_cursor(self, cursor):
        raise AssertionError("Django's cursor was made")

    monkeypatch.setattr(BaseDatabaseWrapper, "make_cursor", make_cursor)


def test_nobody_watches_in_a_usual_process(connection):
    assert not is_watched(connection)


@pytest.mark.django_db(transaction=True)
def test_goes_past_djangos_cursor(no_django_cursor):
    assert fetch() == ROW
    assert fetch("SELECT 1 WHERE 1 = 0", ()) is None


def test_gives_what_djangos_cursor_gives(connection):
    with connection.cursor() as cursor:
        cursor.execute(ECHO, ["a"])
        assert cursor.fetchone() == fetch() == ROW
    with connection.execute_wrapper(lambda execute, *args: execute(*args)):
        assert is_watched(connection)
        assert fetch() == ROW


# ── Who watches sees it ────────────────────────────────────────────────────────────────────────


def test_log_of_queries_has_it(connection):
    with CaptureQueriesContext(connection) as captured:
        fetch()
    assert len(captured) == 1
    with override_settings(DEBUG=True):
        assert is_watched(connection)


def test_execute_wrapper_gets_it(connection):
    seen = []

    def wrapper(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        fetch()
    assert seen == [ECHO]


def test_patched_cursor_gets_it(monkeypatch):
    """As error trackers and profilers do it."""
    seen, real = [], utils.CursorWrapper.execute

    def execute(self, sql, params=None):
        seen.append(sql)
        return real(self, sql, params)

    monkeypatch.setattr(utils.CursorWrapper, "execute", execute)
    assert fetch() == ROW
    assert seen == [ECHO]


def test_cursor_that_a_test_or_a_toolbar_put_there_is_used(monkeypatch, connection):
    def cursor():
        raise AssertionError("Queries are not allowed here.")

    monkeypatch.setattr(connection, "cursor", cursor, raising=False)
    with pytest.raises(AssertionError, match="not allowed"):
        fetch()


def test_backend_with_a_cursor_of_its_own_is_asked(connection):
    class Counting(type(connections["default"])):
        made = 0

        def make_cursor(self, cursor):
            Counting.made += 1
            return super().make_cursor(cursor)

    counting = Counting(connection.settings_dict, "default")
    try:
        assert OneRow(ECHO, counting).fetch(counting, ["a"]) == ROW
    finally:
        counting.close()
    assert Counting.made > 0


@pytest.mark.django_db(transaction=True)
def test_driver_whose_cursors_are_traced_gets_it(connection):
    """As OpenTelemetry does it: the connection makes cursors that stand before the driver's own."""
    connection.ensure_connection()
    real, seen = connection.connection, []

    class Traced:
        def __init__(self, cursor):
            self._cursor = cursor

        def __getattr__(self, name):
            return getattr(self._cursor, name)

        def execute(self, *args):
            seen.append(args[0])
            return self._cursor.execute(*args)

    class Session:
        def __getattr__(self, name):
            return getattr(real, name)

        def cursor(self, *args, **kwargs):
            return Traced(real.cursor(*args, **kwargs))

    connection.connection = Session()
    try:
        assert fetch() == ROW
        assert shortcut(ECHO, connection)(connection, ("a",)) is UNANSWERED
    finally:
        connection.connection = real
    assert seen == [ECHO]


def test_backend_that_chooses_the_schema_with_each_cursor_gets_it(monkeypatch, connection):
    """A1: as django-tenants does it, and packages that change Django's own class."""
    real = type(connection)._cursor

    def _cursor(self, name=None):
        return real(self, name)

    own = type("DatabaseWrapper", (type(connection),), {"_cursor": _cursor})
    assert not has_own_cursor(type(connection))
    assert has_own_cursor(own)
    monkeypatch.setattr(BaseDatabaseWrapper, "_cursor", _cursor)
    assert has_own_cursor(type(connection))
    assert shortcut(ECHO, connection) is None


# ── What Django's cursor guards is guarded ─────────────────────────────────────────────────────


def test_event_loop_is_not_blocked():
    async def main():
        fetch()

    with pytest.raises(SynchronousOnlyOperation):
        async_to_sync(main)()


def test_another_threads_connection_is_refused():
    wrapper, errors = connections["default"], []

    def run():
        try:
            OneRow(ECHO, wrapper).fetch(wrapper, ["a"])
        except DatabaseError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "thread" in str(errors[0])


def test_broken_transaction_takes_no_statement(connection):
    with transaction.atomic():
        connection.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            fetch()


def test_errors_are_djangos_and_are_noted(connection):
    connection.errors_occurred = False
    with pytest.raises(DatabaseError) as raised, transaction.atomic():
        fetch("SELECT %s FROM nowhere")
    assert type(raised.value).__module__ == "django.db.utils"
    assert connection.errors_occurred


@pytest.mark.django_db(transaction=True)
def test_connection_that_was_closed_is_made_anew(connection):
    for _ in range(3):
        connection.close()
        assert fetch() == ROW


@pytest.mark.django_db(transaction=True)
def test_connection_found_dead_is_made_anew(monkeypatch, connection):
    """With CONN_HEALTH_CHECKS the first statement of a request looks."""
    fetch()
    first = connection.connection
    monkeypatch.setattr(connection, "health_check_enabled", True)
    monkeypatch.setattr(connection, "health_check_done", False)
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    assert fetch() == ROW
    assert connection.connection is not first


@pytest.mark.django_db(transaction=True)
def test_no_lock_is_left_behind(connection):
    """An open cursor of a SELECT would keep others from writing to SQLite's file."""
    fetch("SELECT name FROM host_place WHERE %s = 1 UNION ALL SELECT 'more'", [1])
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("INSERT INTO host_place (name) VALUES ('x')")
    finally:
        other.close()
