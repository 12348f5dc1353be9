"""A1: what depends on the request is asked in each request: no tenant sees another's rows.

Each manager here takes the place of a test model's own, so that a table needs no tenant's column
of its own: ``Everything.status`` is the tenant, and ``Everything.slug`` names a row.
"""

import threading
from contextlib import contextmanager
from contextvars import ContextVar

import pytest
from django.contrib.auth.models import User
from django.db import connection, models, router
from django.utils import timezone

from tests.host.models import Everything, Person
from tests.maps import attribute, document, tracked
from trackadmin import testing
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.sql import streams as streaming
from trackadmin.runtime import fault_counts, get_model, iter_tracking_values, values_from_query
from trackadmin.runtime.current import pin, unpin

pytestmark = pytest.mark.django_db(databases=["default", "other"])

TENANT = ContextVar("tenant", default=None)
LOCAL = threading.local()
MAP = document(
    Everything=tracked(
        "host.everything",
        ["slug", "status", ("number", attribute("integer", lookup=True))],
        key="slug",
    ),
    Country=tracked("host.country", ["code"], key="code"),
)


class Unset(Exception):
    """No tenant is chosen."""


class ByContext(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(status=TENANT.get())


class ByThread(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(status=getattr(LOCAL, "tenant", None))


class ByAttribute(models.Manager):
    tenant = None

    def get_queryset(self):
        return super().get_queryset().filter(status=self.tenant)


class InQuerySet(models.QuerySet):
    def filter(self, *args, **kwargs):
        return super().filter(models.Q(status=TENANT.get()), *args, **kwargs)


class ByExclusion(models.Manager):
    def get_queryset(self):
        return super().get_queryset().exclude(~models.Q(status=TENANT.get()))


class Raising(models.Manager):
    def get_queryset(self):
        if TENANT.get() is None:
            raise Unset("choose a tenant")
        return super().get_queryset().filter(status=TENANT.get())


class Annotating(models.Manager):
    def get_queryset(self):
        mine = models.Case(models.When(status=TENANT.get(), then=True), default=False)
        return super().get_queryset().annotate(mine=mine).filter(mine=True)


class Slicing(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(status=TENANT.get()).order_by("pk")[:5]


class Combining(models.Manager):
    def get_queryset(self):
        rows = super().get_queryset()
        return rows.filter(status=TENANT.get(), integer=0).union(
            rows.filter(status=TENANT.get(), integer=1)
        )


class OfSubquery(models.Manager):
    def get_queryset(self):
        rows = super().get_queryset()
        return rows.filter(pk__in=rows.filter(status=TENANT.get()).values("pk"))


class OfList(models.Manager):
    def get_queryset(self):
        shown = [TENANT.get(), "nobody"] if TENANT.get() == "a" else [TENANT.get()]
        return super().get_queryset().filter(status__in=shown)


MANAGERS = [
    ByContext(),
    ByThread(),
    ByAttribute(),
    models.Manager.from_queryset(InQuerySet)(),
    ByExclusion(),
    Raising(),
    Annotating(),
    Slicing(),
    Combining(),
    OfSubquery(),
    OfList(),
]


@contextmanager
def tenant(name):
    """Where this tenant is active, by every means that a manager here asks."""
    token, LOCAL.tenant, ByAttribute.tenant = TENANT.set(name), name, name
    try:
        yield
    finally:
        TENANT.reset(token)
        LOCAL.tenant = ByAttribute.tenant = None


@contextmanager
def managed(monkeypatch, manager):
    manager.model, manager.name = Everything, "objects"
    with monkeypatch.context() as patch:
        patch.setattr(Everything._meta, "default_manager", manager)
        yield


@pytest.fixture(autouse=True)
def live():
    testing.reset()
    snapshot = compile_map(MAP, catalog(), number=1, digest="d")
    before = pin("default", snapshot)
    yield snapshot
    unpin("default", before)
    testing.reset()


@pytest.fixture(autouse=True)
def rows():
    for name in "ab":
        for number in range(2):
            Everything.objects.create(slug=f"{name}{number}", status=name, integer=number)


def outcomes(query):
    return [each.outcome for each in values_from_query(query).references]


def seen(name):
    """The rows that one tenant sees, by each entry point."""
    with tenant(name):
        urls = {
            slug: values_from_query(f"Everything__slug={slug}").get("Everything_slug")
            for slug in ("a0", "a1", "b0", "b1")
        }
        together = values_from_query("Everything__slug=a0&Country__code=ZZ").references
        return {
            "url": {slug for slug, found in urls.items() if found == slug},
            "model": {slug for slug in urls if get_model("Everything__slug", slug)},
            "together": {each.value for each in together if each.outcome == "found"},
            "not unique": outcomes("Everything__number=1"),
            "stream": {each["Everything_slug"] for each in iter_tracking_values(_rows())},
        }


def _rows():
    rows = Everything._default_manager.all()
    return rows if rows.query.is_sliced or rows.query.combinator else rows.filter()


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda each: type(each).__name__)
def test_each_tenant_sees_its_own_rows_and_no_others(monkeypatch, manager):
    """In turns, so that whatever is kept of one tenant would show to the other."""
    with managed(monkeypatch, manager):
        for name in "abab":
            own = {f"{name}0", f"{name}1"}
            entry_points = seen(name)
            assert entry_points["url"] == entry_points["model"] == entry_points["stream"] == own, (
                manager
            )
            assert entry_points["together"] == own & {"a0"}
            assert entry_points["not unique"] == ["found"]


def test_nothing_of_a_tenant_is_kept_in_the_snapshot(monkeypatch, live):
    """Statements are kept by their text, and their texts hold no value."""
    import gc

    with managed(monkeypatch, ByContext()), tenant("a secret tenant"):
        assert outcomes("Everything__slug=a0") == ["none"]
    gc.collect()
    kept, known, queue = [], set(), [live]
    while queue:
        each = queue.pop()
        if id(each) in known or isinstance(each, type) or type(each).__name__ == "module":
            continue
        known.add(id(each))
        if isinstance(each, str) and "secret tenant" in each:
            kept.append(each)
        if not isinstance(each, (dict,)) or each.get("__name__") is None:
            queue += gc.get_referents(each)
    assert kept == []


def test_the_statement_of_a_manager_that_is_asked_is_kept_by_its_text(monkeypatch, live):
    """Two tenants use one statement; as many as they are, the memory stays where it was."""
    with managed(monkeypatch, ByContext()):
        for number in range(50):
            with tenant(f"tenant {number}"):
                assert outcomes("Everything__slug=a0") == ["none"]
    assert len(live.resolver._parts_by_text) == 1
    assert len(live.resolver._statements) == 1


def test_one_query_for_a_reference_whose_manager_is_asked(monkeypatch, django_assert_num_queries):
    with managed(monkeypatch, ByContext()), tenant("a"):
        values_from_query("Everything__slug=a0&Country__code=ZZ")
        with django_assert_num_queries(3):  # one, and its savepoint: a test has a transaction
            values_from_query("Everything__slug=a0&Country__code=ZZ")


# ── The moment ─────────────────────────────────────────────────────────────────────────────────


class Published(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(moment__lte=timezone.now())


def test_what_is_published_later_is_found_later(monkeypatch):
    soon = timezone.now() + timezone.timedelta(hours=1)
    Everything.objects.create(slug="soon", moment=soon)
    with managed(monkeypatch, Published()):
        assert outcomes("Everything__slug=soon") == ["none"]
        assert get_model("Everything__slug", "soon") is None
        monkeypatch.setattr(timezone, "now", lambda: soon)
        assert outcomes("Everything__slug=soon") == ["found"]
        monkeypatch.setattr(timezone, "now", lambda: soon - timezone.timedelta(minutes=5))
        assert outcomes("Everything__slug=soon") == ["none"]


class OfActiveDay(models.Manager):
    """Does nothing but filter by a constant, and yet depends on the active time zone."""

    def get_queryset(self):
        return super().get_queryset().filter(moment__day=1)


def test_a_day_is_the_active_time_zones(monkeypatch):
    moment = timezone.datetime(2026, 1, 31, 23, 30, tzinfo=timezone.timezone.utc)
    Everything.objects.create(slug="new", moment=moment)
    with managed(monkeypatch, OfActiveDay()):
        for zone, outcome in [("UTC", "none"), ("Europe/Berlin", "found"), ("UTC", "none")]:
            with timezone.override(zone):
                assert outcomes("Everything__slug=new") == [outcome]


# ── A manager that raises ──────────────────────────────────────────────────────────────────────


def test_manager_that_raises_fails_its_own_reference_only(monkeypatch, live, caplog):
    with managed(monkeypatch, Raising()):
        assert outcomes("Everything__slug=a0&Country__code=ZZ") == ["failed", "none"]
        assert get_model("Everything__slug", "a0") is None
        why = live.resolver.obstacle(live.lookup("Everything__slug"))
        assert "host.Everything raised Unset" in str(why)
        with tenant("a"):
            assert outcomes("Everything__slug=a0&Country__code=ZZ") == ["found", "none"]
        assert outcomes("Everything__slug=a0") == ["failed"]
    assert fault_counts()["manager.raised"] == 3
    assert "default: host.Everything (Unset)" in caplog.text


class Broken(models.Manager):
    def get_queryset(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        return super().get_queryset()


def test_manager_whose_own_query_fails_leaves_the_hosts_transaction_usable(monkeypatch):
    with managed(monkeypatch, Broken()):
        assert outcomes("Everything__slug=a0&Country__code=ZZ") == ["failed", "none"]
        assert get_model("Everything__slug", "a0") is None
    assert Everything.objects.count() == 4


# ── The database ───────────────────────────────────────────────────────────────────────────────


class Elsewhere(models.Manager):
    def get_queryset(self):
        return super().get_queryset().using(TENANT.get() or "default")


def test_the_manager_chooses_the_database(monkeypatch, live):
    """Not the router alone. The other database of the tests has no such table."""
    with managed(monkeypatch, Elsewhere()):
        assert outcomes("Everything__slug=a0") == ["found"]
        with tenant("other"):
            assert outcomes("Everything__slug=a0&Country__code=ZZ") == ["failed", "none"]
            assert get_model("Everything__slug", "a0") is None
        with tenant("nowhere"):
            assert outcomes("Everything__slug=a0&Country__code=ZZ") == ["failed", "none"]
        assert outcomes("Everything__slug=a0") == ["found"]


class Hinted(models.Manager):
    """Gives the router what it needs to choose."""

    def get_queryset(self):
        rows = super().get_queryset()
        rows._hints = {"tenant": TENANT.get()}
        return rows


def test_the_hints_of_a_manager_reach_the_router(monkeypatch):
    class ByHint:
        def db_for_read(self, model, **hints):
            return hints.get("tenant")

    monkeypatch.setattr(router, "routers", [ByHint(), *router.routers])
    with managed(monkeypatch, Hinted()):
        assert outcomes("Everything__slug=a0") == ["found"]
        with tenant("other"):
            assert outcomes("Everything__slug=a0") == ["failed"]
        assert outcomes("Everything__slug=a0") == ["found"]


def test_a_child_that_a_router_sends_elsewhere_is_not_joined(monkeypatch):
    """Each tenant's users lie in its own database, beside people that all share."""

    class ByTenant:
        def db_for_read(self, model, **hints):
            return TENANT.get() if model is User else None

        db_for_write = db_for_read

        def allow_migrate(self, db, app_label, **hints):
            return None

    monkeypatch.setattr(router, "routers", [ByTenant()])
    person = Person.objects.create(name="Ann", user=User.objects.create(username="of the default"))
    people = document(
        Person=tracked("host.person", ["id", "name"], ["user"], key="id"),
        User=tracked("auth.user", ["username"], key="username"),
    )
    snapshot = compile_map(people, catalog(), number=1, digest="people")
    before = pin("default", snapshot)
    try:
        for name, expected in [(None, "of the default"), ("other", None), (None, "of the default")]:
            with tenant(name):
                values = values_from_query(f"Person__id={person.pk}")
                assert (values["Person_name"], values["User_username"]) == ("Ann", expected)
                (streamed,) = iter_tracking_values(Person.objects.all())
                assert streamed["User_username"] == expected
    finally:
        unpin("default", before)


def test_a_replica_that_is_read_is_joined(monkeypatch, live):
    """The rows of both are written to the same place, so it does not matter where each is read."""

    class Replicas:
        def db_for_read(self, model, **hints):
            return "other" if model is User else None

        def db_for_write(self, model, **hints):
            return "default"

    monkeypatch.setattr(router, "routers", [Replicas()])
    person = Person.objects.create(name="Ann", user=User.objects.create(username="ann"))
    people = document(
        Person=tracked("host.person", ["id", "name"], ["user"], key="id"),
        User=tracked("auth.user", ["username"], key="username"),
    )
    snapshot = compile_map(people, catalog(), number=1, digest="people")
    before = pin("default", snapshot)
    try:
        assert values_from_query(f"Person__id={person.pk}")["User_username"] == "ann"
    finally:
        unpin("default", before)


def test_code_that_reads_rows_is_made_once_however_often_a_manager_is_asked(monkeypatch):
    """F1: also for decimals, whose conversion Django makes anew for each query."""
    priced = document(
        Everything=tracked("host.everything", ["slug", "amount", "moment", "maybe"], key="slug")
    )
    snapshot = compile_map(priced, catalog(), number=1, digest="priced")
    before = pin("default", snapshot)
    try:
        with managed(monkeypatch, OfList()):
            for name in "abab":
                with tenant(name):  # one tenant's query has another text
                    assert outcomes(f"Everything__slug={name}0") == ["found"]
                    assert len(list(iter_tracking_values(_rows()))) == 2
        (asked,) = snapshot.resolver._queries.values()
        assert len(asked._readers) == 1
        assert len(streaming._readers[snapshot.by_prefix["Everything"]]) == 1
    finally:
        unpin("default", before)
