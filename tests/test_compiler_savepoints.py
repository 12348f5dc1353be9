"""Reads inside the host's transaction: no harm, and no cost where no SQL is sent."""

from contextlib import suppress

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from tests.host.models import Country
from trackadmin.compiler.savepoints import Reads, _only_reads, contained, open_transactions, sharing

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])


def broken_sql(alias="default"):
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT no_such_column FROM no_such_table")


def write():
    Country.objects.create(code="DE", name="Germany")


def read(*steps):
    with contained():
        for step in steps:
            step()


def statements(captured):
    return [query["sql"].split()[0] for query in captured.captured_queries]


def reads_of(*reads):
    """Run reads that belong together; whether each of them failed."""
    together = Reads()
    failed = []
    try:
        for read in reads:
            try:
                with together:
                    read()
            except Exception:
                failed.append(True)
            else:
                failed.append(False)
    finally:
        together.close()
    return failed


def count():
    Country.objects.count()


@pytest.fixture(autouse=True)
def no_trace():
    """Whatever happened, nothing of ours stays on the connections."""
    yield
    for each in connections.all():
        assert each.execute_wrappers == []
        assert not each.needs_rollback
        assert not each.in_atomic_block


def still_usable():
    return Country.objects.filter(code="FR").exists()


def test_an_error_takes_the_transaction_back_to_before_the_read():
    with transaction.atomic():
        Country.objects.create(code="FR", name="France")
        with pytest.raises(DatabaseError):
            read(write, broken_sql)
        assert still_usable()
        assert not Country.objects.filter(code="DE").exists()
    assert still_usable()


def test_an_error_that_the_read_swallows_is_taken_back_too():
    with transaction.atomic():
        Country.objects.create(code="FR", name="France")
        with contained(), suppress(DatabaseError):
            broken_sql()
        assert still_usable()
    assert still_usable()


def test_an_error_without_sql_takes_back_what_the_read_wrote():
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError):
            read(write, lambda: 1 / 0)
        assert not Country.objects.exists()


def test_what_a_good_read_writes_stays():
    with transaction.atomic(), contained():
        Country.objects.create(code="FR", name="France")
    assert still_usable()


def test_an_error_that_the_read_handles_in_a_block_of_its_own_costs_it_nothing():
    with transaction.atomic():
        with contained():
            Country.objects.create(code="FR", name="France")
            with suppress(IntegrityError), transaction.atomic():
                Country.objects.create(code="FR", name="Again")
        assert still_usable()
    assert still_usable()


def test_a_block_without_a_savepoint_that_the_read_breaks_does_not_break_the_hosts():
    with transaction.atomic():
        Country.objects.create(code="FR", name="France")
        with contained(), suppress(DatabaseError), transaction.atomic(savepoint=False):
            broken_sql()
        assert not connection.needs_rollback
        assert still_usable()
    assert still_usable()


def test_a_read_without_sql_sends_nothing():
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        with contained():
            pass
        with suppress(RuntimeError), contained():
            raise RuntimeError
    assert statements(captured) == []


def test_a_read_with_sql_sends_one_savepoint_however_many_statements():
    with transaction.atomic(), CaptureQueriesContext(connection) as captured, contained():
        Country.objects.count()
        Country.objects.count()
    assert statements(captured) == ["SAVEPOINT", "SELECT", "SELECT", "RELEASE"]


def test_outside_a_transaction_nothing_is_added():
    with CaptureQueriesContext(connection) as captured, contained():
        Country.objects.count()
    assert statements(captured) == ["SELECT"]


def test_only_open_transactions_are_watched():
    assert open_transactions() == ()
    with transaction.atomic():
        assert [each.alias for each in open_transactions()] == ["default"]
    assert open_transactions() == ()


def test_each_database_has_a_savepoint_of_its_own():
    with transaction.atomic(), transaction.atomic(using="other"):
        with pytest.raises(DatabaseError):
            read(Country.objects.count, lambda: broken_sql("other"))
        Country.objects.create(code="FR", name="France")
        with connections["other"].cursor() as cursor:
            cursor.execute("SELECT 1")
    assert still_usable()


def test_a_transaction_that_the_host_has_already_broken_is_left_as_it_is():
    with transaction.atomic():
        connection.needs_rollback = True
        with pytest.raises(transaction.TransactionManagementError):
            read(Country.objects.count)
        assert connection.needs_rollback


def test_reads_inside_reads_are_each_contained():
    with transaction.atomic(), contained():
        Country.objects.create(code="FR", name="France")
        with suppress(DatabaseError), contained():
            broken_sql()
        assert still_usable()
    assert still_usable()


# ── Several reads that belong together (E2) ────────────────────────────────────────────────────


def test_several_reads_share_one_savepoint():
    """E2: set with the first query, released at the end."""
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        reads_of(lambda: None, count, count, count)
    assert statements(captured) == ["SAVEPOINT", "SELECT", "SELECT", "SELECT", "RELEASE"]


def test_a_read_that_fails_loses_no_other_and_leaves_the_transaction_usable():
    with transaction.atomic():
        Country.objects.create(code="FR", name="France")
        with CaptureQueriesContext(connection) as captured:
            assert reads_of(count, broken_sql, still_usable, broken_sql, count) == [
                *(False, True, False, True, False)
            ]
        assert statements(captured).count("SAVEPOINT") == 1
        assert still_usable()
    assert still_usable()


def test_what_a_read_writes_stays_where_a_later_one_fails():
    """The host's code may write. Its savepoint is released then, and the next query has another."""
    with transaction.atomic():
        assert reads_of(count, write, broken_sql, count) == [False, False, True, False]
        assert Country.objects.filter(code="DE").exists()
    assert Country.objects.filter(code="DE").exists()


def test_what_a_failing_read_wrote_itself_is_taken_back():
    def write_and_fail():
        write()
        broken_sql()

    with transaction.atomic():
        assert reads_of(count, write_and_fail, count) == [False, True, False]
        assert not Country.objects.exists()


def test_an_error_that_a_read_swallows_loses_no_other():
    def swallow():
        with suppress(DatabaseError):
            broken_sql()

    with transaction.atomic():
        Country.objects.create(code="FR", name="France")
        assert reads_of(count, swallow, count, swallow) == [False, False, False, False]
        assert still_usable()
    assert still_usable()


def test_a_failing_query_between_two_reads_does_no_harm():
    """Such as one of a value's own code that runs while the value is written."""
    with transaction.atomic():
        together = Reads()
        with together:
            count()
        with suppress(DatabaseError):
            broken_sql()
        with together:
            count()
        with suppress(DatabaseError):
            broken_sql()
        together.close()
        assert not still_usable()


def test_reads_in_a_shared_block_have_one_savepoint():
    with transaction.atomic(), CaptureQueriesContext(connection) as captured, sharing():
        reads_of(count)
        with contained():
            count()
    assert statements(captured) == ["SAVEPOINT", "SELECT", "SELECT", "RELEASE"]


def test_reads_that_the_hosts_code_starts_within_a_read_have_a_savepoint_of_their_own():
    """Else their failure would take back the block that the host opened around them."""

    def host_code():
        with transaction.atomic():
            write()
            assert reads_of(broken_sql, count) == [True, False]

    with transaction.atomic():
        assert reads_of(count, host_code, count) == [False, False, False]
        assert Country.objects.filter(code="DE").exists()
    assert Country.objects.filter(code="DE").exists()


def test_a_transaction_that_the_host_broke_stays_broken_for_all_reads():
    with transaction.atomic():
        connection.needs_rollback = True
        assert reads_of(count, count) == [True, True]
        assert connection.needs_rollback


@pytest.mark.parametrize(
    ("sql", "sure"),
    [
        ('SELECT "a"."id" FROM "a" WHERE "a"."id" = %s', True),
        ('SELECT COUNT(*) AS "n" FROM "a"', True),
        ('SELECT "a"."id" FROM "a" FOR UPDATE', False),
        ('SELECT "a"."id" FROM "a" FOR NO KEY UPDATE OF "a"', False),
        ("SELECT count_a_view(5)", False),
        ("select 1 from a", False),
        ('INSERT INTO "a" ("id") VALUES (%s)', False),
        ('WITH x AS (DELETE FROM "a" RETURNING *) SELECT * FROM x', False),
        ('SAVEPOINT "s"', False),
        (b"SELECT 1 FROM a", False),
    ],
)
def test_only_a_query_of_the_orm_is_taken_for_one_that_changes_and_locks_nothing(sql, sure):
    assert _only_reads(sql) is sure
