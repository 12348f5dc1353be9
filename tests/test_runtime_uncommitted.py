"""A3: only its own transaction is served an uncommitted version, and it is not kept."""

import gc
import threading
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.test import override_settings

from demo.models import CompanyAccount
from tests.versions import NAME_ONLY, WITH_DEMO, insert
from trackadmin import testing
from trackadmin.document import digest, dump
from trackadmin.models import MapVersion
from trackadmin.runtime import current_map, tracking_values, uncommitted
from trackadmin.runtime.current import _near

pytestmark = pytest.mark.django_db(transaction=True)

FOREVER = override_settings(
    TRACKADMIN={"REFRESH_SECONDS": 1000, "STRICT": False}, DATABASE_ROUTERS=[]
)


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    with FOREVER:
        yield
    testing.reset()


def names():
    return len(tracking_values(CompanyAccount()))


def elsewhere(work):
    """The result of work() in another thread, with its own connection."""
    results = []

    def run():
        results.append(work())
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


def test_transaction_sees_its_own_and_others_do_not():
    insert(NAME_ONLY)
    assert names() == 1
    with suppress(ZeroDivisionError), transaction.atomic():
        insert(WITH_DEMO, 2)
        assert names() == 2
        assert elsewhere(names) == 1
        raise ZeroDivisionError
    assert names() == 1
    assert not uncommitted.any_valid()


def test_what_is_committed_is_everybodys_at_once():
    insert(NAME_ONLY)
    assert elsewhere(names) == 1
    with transaction.atomic():
        insert(WITH_DEMO, 2)
    assert names() == 2
    assert elsewhere(names) == 2


def test_savepoints_that_are_rolled_back_take_their_version_along():
    with transaction.atomic():
        insert(NAME_ONLY)
        with suppress(ZeroDivisionError), transaction.atomic():
            insert(WITH_DEMO, 2)
            assert names() == 2
            raise ZeroDivisionError
        assert names() == 1
        transaction.set_rollback(True)
    assert names() == 0


def test_connection_that_is_closed_in_its_transaction_takes_its_version_along():
    insert(NAME_ONLY)
    with suppress(Exception), transaction.atomic():
        insert(WITH_DEMO, 2)
        connection.connection.close()
        connection.close()
    assert names() == 1
    assert not uncommitted.any_valid()


def test_notes_do_not_pile_up():
    """A class of tests has one transaction, and many of its tests publish."""
    insert(NAME_ONLY)
    with transaction.atomic():
        insert(WITH_DEMO, 2)
        for _ in range(50):
            with suppress(ZeroDivisionError), transaction.atomic():
                insert(NAME_ONLY, 3)
                assert names() == 1
                raise ZeroDivisionError
        gc.collect()
        assert len(uncommitted._notes) <= 2
        assert names() == 2
        transaction.set_rollback(True)
    assert names() == 1
    assert not uncommitted._notes


def test_short_way_is_taken_again_afterwards():
    """Sites pay for a transaction that publishes only while it is open."""
    insert(NAME_ONLY)
    current_map()
    assert list(_near) == ["default"]
    with transaction.atomic():
        insert(WITH_DEMO, 2)
        assert not _near
        names()
        elsewhere(names)
        assert not _near
    names()
    assert list(_near) == ["default"]


def test_transaction_that_the_host_opened_by_hand():
    insert(NAME_ONLY)
    assert names() == 1
    connection.set_autocommit(False)
    try:
        insert(WITH_DEMO, 2)
        names()
        connection.commit()
    finally:
        connection.set_autocommit(True)
    testing.reset()
    assert names() == 2
    assert not uncommitted.any_valid()


def test_versions_that_are_inserted_in_bulk_are_noticed_too():
    text = dump(WITH_DEMO)
    row = insert(NAME_ONLY).map
    assert names() == 1
    with transaction.atomic():
        MapVersion.objects.bulk_create(
            [MapVersion(map=row, number=n, document=text, digest=digest(text)) for n in (2, 3)]
        )
        assert names() == 2
        assert elsewhere(names) == 1
        transaction.set_rollback(True)
    assert names() == 1
