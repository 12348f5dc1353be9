"""A2: what a process keeps is keyed by database, schema and tenant, and is limited."""

import asyncio
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, router, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from demo.models import CompanyAccount
from tests.versions import EXAMPLE, NAME_ONLY, WITH_DEMO, announce, insert, remove
from trackadmin import testing
from trackadmin.document import digest, dump
from trackadmin.runtime import (
    acurrent_map,
    bootstrap_text,
    current_map,
    fault_counts,
    is_ready,
    loaders,
    place,
    store,
    tracking_values,
)
from trackadmin.runtime.current import (
    _catch_up,
    _loaders,
    _near,
    _request_finished,
    fresh_map,
)

pytestmark = pytest.mark.django_db(transaction=True)

#: The key of the current tenant, as set by a host's middleware.
CURRENT = []


def current_tenant():
    return CURRENT[-1]


SETTINGS = {"REFRESH_SECONDS": 1000, "STRICT": False}
BY_TENANT = override_settings(TRACKADMIN={**SETTINGS, "TENANT": f"{__name__}.current_tenant"})


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    CURRENT[:] = ["one"]
    yield
    testing.reset()


def become(tenant, document=None):
    """Make this the current tenant. With a document, its table has that as version 1."""
    CURRENT[:] = [tenant]
    if document is not None:
        remove(1)
        insert(document)


@BY_TENANT
def test_tenants_of_the_setting_have_their_own_maps():
    become("one", NAME_ONLY)
    assert len(tracking_values(CompanyAccount())) == 1
    become("two", WITH_DEMO)
    assert len(tracking_values(CompanyAccount())) == 2
    for tenant, names in [("one", 1), ("two", 2), ("one", 1)]:
        become(tenant)
        with CaptureQueriesContext(connection) as captured:
            assert len(tracking_values(CompanyAccount())) == names
        assert len(captured) == 0


@BY_TENANT
@pytest.mark.parametrize("tenant", [None, 7, "", ("a", 1), b"x", "x" * 10_000, "\n"])
def test_key_of_a_tenant_may_be_anything_hashable(tenant):
    insert(NAME_ONLY)
    become(tenant)
    assert current_map().number == 1
    assert is_ready()


@BY_TENANT
@pytest.mark.parametrize("broken", [[], [[]], [{}]], ids=["raises", "a list", "a dict"])
def test_without_a_tenant_no_map_is_served(broken, caplog):
    """Neither the last tenant's map is served nor any other, and the page works."""
    insert(NAME_ONLY)
    assert current_map().number == 1
    CURRENT[:] = broken
    with CaptureQueriesContext(connection) as captured:
        assert tracking_values(CompanyAccount(name="a")) == {}
        assert not is_ready()
    assert len(captured) == 0
    assert fault_counts() == {"tenant.unknown": 2}
    assert "TRACKADMIN['TENANT'] did not give the key of the current tenant" in caplog.text
    become("one")
    assert current_map().number == 1


@BY_TENANT
def test_tenants_are_many_and_the_loaders_few(monkeypatch):
    monkeypatch.setattr(loaders, "MAX_LOADED", 5)
    insert(NAME_ONLY)
    for number in range(50):
        become(number)
        assert current_map().number == 1
        become("regular")
        assert current_map().number == 1
        assert len(_loaders) <= 5
    announce(insert(WITH_DEMO, 2))
    with CaptureQueriesContext(connection) as captured:
        become("regular")
        assert current_map().number == 2
        become(0)
        assert current_map().number == 2, "one that was forgotten is loaded again"
    assert len(captured) == 3, "the regular one was kept: it asks for the token first"


@BY_TENANT
def test_fault_of_each_tenant_is_logged(caplog):
    insert(EXAMPLE)
    remove(1)
    for tenant in ("one", "two"):
        become(tenant)
        tracking_values(CompanyAccount())
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "default (database default, tenant one): map.not_published",
        "default (database default, tenant two): map.not_published",
    ]


@BY_TENANT
def test_an_event_loop_does_not_know_the_tenant():
    """TENANT is called in the thread in which Django runs its queries."""
    insert(NAME_ONLY)
    assert current_map().number == 1
    assert fresh_map() is None

    async def view():
        return (await acurrent_map()).number

    assert asyncio.run(view()) == 1


@BY_TENANT
def test_override_holds_for_every_tenant():
    become("one", NAME_ONLY)
    current_map()
    with testing.override_map({"CompanyAccount": {"attributes": ["industry"]}}):
        for tenant in ("one", "two"):
            become(tenant)
            assert list(tracking_values(CompanyAccount())) == ["CompanyAccount_industry"]
    become("one")
    assert list(tracking_values(CompanyAccount())) == ["CompanyAccount_name"]


# ── Schemas ────────────────────────────────────────────────────────────────────────────────────


@override_settings(TRACKADMIN=SETTINGS, DATABASE_ROUTERS=[])
@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("schema_name", lambda name: name),
        ("schema", lambda name: SimpleNamespace(schema_name=name, domain_url="x")),
    ],
    ids=["django-tenants", "django-pgschemas"],
)
def test_schemas_of_the_connection_have_their_own_maps(monkeypatch, attribute, said):
    real = store.connections["default"]
    for name, document, names in [("one", NAME_ONLY, 1), ("two", WITH_DEMO, 2)]:
        monkeypatch.setattr(real, attribute, said(name), raising=False)
        become(name, document)
        assert len(tracking_values(CompanyAccount())) == names
    monkeypatch.setattr(real, attribute, said("one"), raising=False)
    with CaptureQueriesContext(connection) as captured:
        assert len(tracking_values(CompanyAccount())) == 1
    assert len(captured) == 0


@override_settings(TRACKADMIN={**SETTINGS, "REFRESH_SECONDS": 0}, DATABASE_ROUTERS=[])
def test_schema_that_a_middleware_sets_after_the_first_call_is_noticed(monkeypatch):
    insert(NAME_ONLY)
    current_map()
    assert not place.many()
    monkeypatch.setattr(store.connections["default"], "schema_name", "two", raising=False)
    become("two", WITH_DEMO)
    current_map()
    assert place.many()
    assert place.place().schema == "two"


@override_settings(TRACKADMIN=SETTINGS, DATABASE_ROUTERS=[])
def test_in_an_event_loop_no_schema_is_guessed(monkeypatch):
    """The event loop's own connection does not know the request's tenant."""
    insert(NAME_ONLY)

    async def view():
        monkeypatch.setattr(store.connections["default"], "schema_name", "public", raising=False)
        return current_map().digest

    assert asyncio.run(view()) == ""
    assert fault_counts()["tenant.unknown"] == 1


# ── One place ──────────────────────────────────────────────────────────────────────────────────


@override_settings(TRACKADMIN=SETTINGS, DATABASE_ROUTERS=[])
def test_site_without_tenants_asks_no_router(monkeypatch):
    insert(NAME_ONLY)
    assert current_map().number == 1

    def fail(*arguments, **hints):
        raise AssertionError

    monkeypatch.setattr(router, "db_for_read", fail)
    monkeypatch.setattr(place, "place", fail)
    snapshot = current_map()
    assert fresh_map() is snapshot
    assert list(_near) == ["default"]


@override_settings(TRACKADMIN=SETTINGS, DATABASE_ROUTERS=[])
def test_new_routers_are_seen():
    insert(NAME_ONLY)
    assert current_map().number == 1
    with override_settings(DATABASE_ROUTERS=[f"{__name__}.NoDatabase"]):
        assert tracking_values(CompanyAccount()) == {}
        assert fault_counts() == {"tenant.unknown": 1}
    assert current_map().number == 1


class NoDatabase:
    def db_for_read(self, model, **hints):
        if model._meta.app_label == "trackadmin":
            raise LookupError("choose a tenant first")


# ── The bootstrap file ─────────────────────────────────────────────────────────────────────────


@BY_TENANT
def test_bootstrap_file_of_one_tenant_is_not_served_to_another(monkeypatch, tmp_path):
    become("one")
    path = tmp_path / "map.json"
    path.write_text(bootstrap_text("default", 7, digest(dump(NAME_ONLY)), dump(NAME_ONLY)))

    def fail(*arguments):
        raise OperationalError

    monkeypatch.setattr(store, "newest", fail)
    tenants = {**SETTINGS, "TENANT": current_tenant, "BOOTSTRAP_FILE": str(path)}
    with override_settings(TRACKADMIN=tenants):
        assert current_map().number == 7
        become("two")
        assert tracking_values(CompanyAccount()) == {}
        assert current_map().number == 0


@override_settings(DATABASE_ROUTERS=[])
def test_bootstrap_file_without_a_tenant_is_as_it_was():
    text = bootstrap_text("default", 7, "0" * 64, "{}")
    assert "place" not in text


# ── Requests in transactions ───────────────────────────────────────────────────────────────────

ALWAYS = {**SETTINGS, "REFRESH_SECONDS": 0}


@override_settings(TRACKADMIN={**ALWAYS, "TENANT": current_tenant})
def test_what_a_request_put_off_is_done_for_its_tenant_when_it_ends():
    """With ATOMIC_REQUESTS, another tenant may be current when the next request starts."""
    become("one", NAME_ONLY)
    current_map()
    become("two")
    current_map()
    insert(WITH_DEMO, 2)
    for tenant in ("one", "two"):
        become(tenant)
        with transaction.atomic():
            assert current_map().number == 1
    # Not through the signal, as Django's own receivers would close the connection.
    with CaptureQueriesContext(connection) as captured:
        _request_finished()
        _request_finished()
    assert len(captured) == 2, "the token and the version of tenant two alone"
    with transaction.atomic():
        assert current_map().number == 2
        become("one")
        assert current_map().number == 1
    _catch_up()
    with transaction.atomic():
        assert current_map().number == 2


@override_settings(TRACKADMIN=ALWAYS, DATABASE_ROUTERS=[])
def test_site_without_tenants_asks_when_a_request_starts_and_not_when_it_ends():
    insert(NAME_ONLY)
    current_map()
    with transaction.atomic():
        current_map()
    with CaptureQueriesContext(connection) as captured:
        _request_finished()
    assert len(captured) == 0
    with CaptureQueriesContext(connection) as captured:
        _catch_up()
    assert len(captured) == 1


@override_settings(TRACKADMIN={**ALWAYS, "TENANT": current_tenant})
def test_start_of_a_request_without_a_tenant_asks_nobody():
    insert(NAME_ONLY)
    current_map()
    with transaction.atomic():
        current_map()
    CURRENT.clear()
    with CaptureQueriesContext(connection) as captured:
        _catch_up()
    assert len(captured) == 0


# ── Routers and settings that fail ─────────────────────────────────────────────────────────────


class ReadOnly:
    def db_for_write(self, model, **hints):
        raise LookupError("this process only reads")


@override_settings(TRACKADMIN=ALWAYS, DATABASE_ROUTERS=[f"{__name__}.ReadOnly"])
def test_process_that_may_only_read_is_served_and_rolls_nothing_back():
    """It cannot ask the database for writing, so it serves what it has."""
    with override_settings(DATABASE_ROUTERS=[]):
        insert(NAME_ONLY)
        insert(WITH_DEMO, 2)
    assert current_map().number == 2
    remove(2)
    for _ in range(3):
        assert current_map().number == 2
    assert fault_counts() == {"map.unavailable": 1, "map.older": 2}
    with override_settings(DATABASE_ROUTERS=[]):
        version = insert(WITH_DEMO, 3)
    announce(version)
    assert current_map().number == 3


@override_settings(TRACKADMIN={**SETTINGS, "TENANT": "no.such.function"})
def test_tenant_setting_that_cannot_be_imported_serves_no_map_and_breaks_no_page():
    insert(NAME_ONLY)
    assert tracking_values(CompanyAccount()) == {}
    assert not is_ready()
    assert fault_counts() == {"tenant.unknown": 2}
    with testing.override_map({"CompanyAccount": {"attributes": ["industry"]}}):
        assert list(tracking_values(CompanyAccount())) == ["CompanyAccount_industry"]


@BY_TENANT
def test_signal_that_comes_without_a_tenant_breaks_nothing():
    version = insert(NAME_ONLY)
    CURRENT.clear()
    announce(version)
    assert fault_counts() == {"tenant.unknown": 1}
    become("one")
    assert current_map().number == 1
