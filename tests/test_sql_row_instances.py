"""Instances that are made from the row of a query."""

import pytest
from django.db import connection, models
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from tests import oracle
from tests.maps import attribute, document, tracked
from tests.wide import models as wide
from tests.wide.site import fill, site_map
from trackadmin.catalog import catalog, trackable
from trackadmin.catalog.site import forget_catalog
from trackadmin.compiler import compile_map
from trackadmin.runtime.bulk import stream
from trackadmin.runtime.faults import fault_counts
from trackadmin.runtime.resolve import resolve
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db(databases=["default", "other"])


@pytest.fixture(scope="module")
def snapshot():
    return compile_map(site_map(), catalog())


@pytest.fixture(autouse=True)
def rows():
    reset()
    return fill(rows=3)


class Made(list):
    """The instances of a model that are made in the block."""

    def __init__(self, *of):
        self.of = of

    def receive(self, instance, **kwargs):
        self.append(instance)

    def __enter__(self):
        # Whether to make instances is asked before, so that this has no say in it.
        for model in self.of:
            post_init.connect(self.receive, sender=model)
        return self

    def __exit__(self, *error):
        for model in self.of:
            post_init.disconnect(self.receive, sender=model)


def selects(captured):
    return [q["sql"] for q in captured.captured_queries if "SELECT" in q["sql"]]


def seen_by(monkeypatch, model, name):
    """The instances whose computed attribute is read."""
    seen = []
    monkeypatch.setattr(model, name, lambda self: seen.append(self))
    return seen


def test_an_instance_is_as_if_the_orm_had_loaded_it(snapshot, monkeypatch):
    """The same values under the same names, with the tracked children loaded."""
    seen = seen_by(monkeypatch, wide.Company, "opened")
    resolve(snapshot, "Delivery__code=delivery2")
    loaded = wide.Company.objects.select_related("city__country").get(code="company2")
    (made,) = seen
    assert made == loaded
    assert type(made) is type(loaded)
    same = {k: v for k, v in made.__dict__.items() if k != "_state"}
    assert same == {k: v for k, v in loaded.__dict__.items() if k != "_state"}
    assert made._loaded_values == loaded._loaded_values
    assert (made._state.db, made._state.adding) == ("default", False)
    with CaptureQueriesContext(connection) as captured:
        assert made.city == loaded.city
        assert made.city.country == loaded.city.country
    assert selects(captured) == []


def test_objects_that_only_one_has_know_each_other(monkeypatch):
    """The host's code gets from a child to its parent without a query."""

    def holder(self):
        return self.customer.passport.code

    monkeypatch.setattr(wide.Passport, "opened", trackable(holder), raising=False)
    forget_catalog(setting="TRACKADMIN")
    try:
        tracking = document(
            Passport=tracked("wide.passport", ["code", "opened"], ["customer"], key="code"),
            Customer=tracked("wide.customer", ["code"]),
        )
        found = compile_map(tracking, catalog())
        resolve(found, "Passport__code=passport2")
        with CaptureQueriesContext(connection) as captured:
            values = resolve(found, "Passport__code=passport2")
    finally:
        forget_catalog(setting="TRACKADMIN")
    assert values["Passport_opened"] == "passport2"
    assert len(selects(captured)) == 1


def test_only_what_needs_an_instance_is_made(snapshot):
    """A stream of rows makes instances of the child whose from_db changes it, and of no other."""
    compiled = snapshot.by_prefix["Listener"]
    rows = stream(compiled, wide.Listener.objects.order_by("pk"))
    with Made(wide.Listener) as tops, CaptureQueriesContext(connection) as captured:
        values = list(rows)
    assert tops == []
    assert [each["Shouted_title"] for each in values] == ["SHOUTED É0", None, "SHOUTED É2"]
    assert len(selects(captured)) == 1


@pytest.mark.parametrize(
    "way",
    [
        lambda rows: rows.prefetch_related("company__city"),
        lambda rows: rows.select_related("company__city__country"),
        lambda rows: rows.annotate(more=models.F("amount")),
        lambda rows: rows.defer("company"),
        lambda rows: rows.only("code"),
        lambda rows: rows.filter(company__city__isnull=False)[:1],
        lambda rows: rows.distinct(),
    ],
)
def test_a_queryset_keeps_its_meaning(snapshot, way):
    """The host's code finds what its queryset loads or adds."""
    rows = way(wide.Customer.objects.order_by("pk"))
    expected = [oracle.flatten(snapshot.document, obj) for obj in rows]
    assert [*stream(snapshot.by_prefix["Customer"], rows)] == expected
    assert fault_counts() == {}


def test_a_managers_annotation_is_there_for_the_hosts_code(snapshot, monkeypatch):
    objects = wide.Company._default_manager.annotate(more=models.Value(7))
    monkeypatch.setattr(wide.Company._default_manager, "get_queryset", lambda: objects)
    monkeypatch.setattr(wide.Company, "opened", trackable(lambda self: self.more))
    found = resolve(compile_map(site_map(), catalog()), "Company__code=company2")
    assert found["Company_opened"] == 7


def test_a_managers_prefetch_is_there_for_the_hosts_code(monkeypatch):
    cities = models.Prefetch("city", wide.City.objects.all(), to_attr="seen")
    objects = wide.Company._default_manager.prefetch_related(cities)
    monkeypatch.setattr(wide.Company._default_manager, "get_queryset", lambda: objects)
    monkeypatch.setattr(wide.Company, "opened", trackable(lambda self: self.seen.code))
    found = resolve(compile_map(site_map(), catalog()), "Company__code=company2")
    assert found["Company_opened"] == "city2"


class TestCodeThatRaises:
    @pytest.fixture
    def raising(self, monkeypatch):
        load = wide.Shouting.__dict__["from_db"].__func__

        def from_db(cls, db, names, values, **kwargs):
            found = load(cls, db, names, values, **kwargs)
            if found.code == "shouted0":
                raise RuntimeError("on purpose")
            return found

        monkeypatch.setattr(wide.Shouting, "from_db", classmethod(from_db))

    def test_a_child_that_cannot_be_made_loses_no_other_value(self, snapshot, raising):
        found = resolve(snapshot, "Listener__code=listener0&City__code=city0")
        assert [each.outcome for each in found.references] == ["found", "found"]
        assert found["Listener_title"] == "listener é0"
        assert found["Shouted_title"] is None
        assert found["City_title"] == "city é0"
        assert fault_counts()["child.raised"] == 1

    def test_a_stream_goes_on_after_it(self, snapshot, raising):
        compiled = snapshot.by_prefix["Listener"]
        values = [*stream(compiled, wide.Listener.objects.order_by("pk"))]
        assert [each["Shouted_title"] for each in values] == [None, None, "SHOUTED É2"]
        assert [each["Listener_code"] for each in values] == [f"listener{n}" for n in range(3)]

    def test_an_object_that_cannot_be_made_fails_alone(self, snapshot, raising):
        """As when the ORM loads it."""
        found = resolve(snapshot, "Shouted__code=shouted0&City__code=city0")
        outcomes = {each.name: each.outcome for each in found.references}
        assert outcomes == {"Shouted__code": "failed", "City__code": "found"}
        assert found["City_code"] == "city0"
        assert set(fault_counts()) == {"reference.failed"}

    def test_a_computed_attribute_loses_no_other_value(self, snapshot, monkeypatch):
        monkeypatch.setattr(wide.Company, "opened", lambda self: 1 / 0)
        found = resolve(snapshot, "Customer__code=customer2")
        assert found["Company_opened"] is None
        assert found["Company_label"] == "company é2 in city é2 (False)"
        assert found["Customer_code"] == "customer2"


def test_a_value_that_is_personal_goes_out_as_a_pseudonym(snapshot):
    """Even if it comes from an instance."""
    secret = tracked(
        "wide.company", ["code", ("label", attribute("label", privacy="pseudonymised"))], key="code"
    )
    found = resolve(compile_map(document(Company=secret), catalog()), "Company__code=company2")
    expected = oracle.flatten(document(Company=secret), wide.Company.objects.get(code="company2"))
    assert found == expected
    assert found["Company_label"].startswith("default:")


@pytest.mark.parametrize(
    ("name", "queries"), [("Folder", 2), ("Box", 2), ("Loose", 2), ("Spot", 2), ("Cell", 2)]
)
def test_a_stream_loads_children_that_no_join_gives_for_many_rows_at_once(snapshot, name, queries):
    """Never one by one."""
    fill(rows=43, start=3)
    wide.Vault.everything.filter(code__in=["vault5", "vault6"]).update(gone=True)
    rows = getattr(wide, name).objects.order_by("pk")
    expected = [oracle.flatten(snapshot.document, obj) for obj in rows.all()]
    with CaptureQueriesContext(connection) as captured:
        assert [*stream(snapshot.by_prefix[name], rows)] == expected
    assert len(expected) == 43
    assert len(selects(captured)) == queries
    assert fault_counts() == {}


def test_children_that_cannot_be_loaded_together_are_loaded_one_by_one(snapshot, monkeypatch):
    """An error in a base manager loses only that child's values and does not end a stream."""

    def refuse():
        raise RuntimeError("choose a tenant first")

    expected = [
        oracle.flatten(snapshot.document, obj) for obj in wide.Folder.objects.order_by("pk")
    ]
    monkeypatch.setattr(wide.Vault._base_manager, "get_queryset", refuse)
    values = [*stream(snapshot.by_prefix["Folder"], wide.Folder.objects.order_by("pk"))]
    assert [each["Folder_code"] for each in values] == [each["Folder_code"] for each in expected]
    assert [each["City_code"] for each in values] == [each["City_code"] for each in expected]
    assert {each["Vault_code"] for each in values} == {None}
    assert fault_counts().keys() == {"child.raised"}
