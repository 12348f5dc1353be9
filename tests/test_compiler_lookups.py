"""References: which there are, how strictly their values are read, and what is found."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.db import connections, router, transaction
from django.test.utils import isolate_apps
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests import oracle, tally
from tests.host.models import (
    Address,
    Constrained,
    Country,
    Everything,
    Hidden,
    Order,
    Person,
    Profile,
    Remote,
    Restaurant,
)
from tests.maps import HOST, attribute, document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map

LOOKUPS = document(
    Everything=tracked(
        "host.everything",
        [
            ("small", attribute("small", lookup=True)),
            ("integer", attribute("integer", lookup=True)),
            ("positive", attribute("positive", lookup=True)),
            ("big", attribute("big", lookup=True)),
            ("text", attribute("text", lookup=True)),
            ("long_text", attribute("long_text", lookup=True)),
            ("slug", attribute("slug", lookup=True)),
            ("uuid", attribute("uuid")),
            ("backwards", attribute("backwards", lookup=True)),
            ("status", attribute("status", lookup=True)),
        ],
        key="uuid",
    ),
    Person=tracked(
        "host.person",
        [
            "id",
            ("user", attribute("user", lookup=True)),
            ("boss_id", attribute("boss_id", lookup=True)),
        ],
        ["user", "profile"],
        key="id",
    ),
    Address=tracked(
        "host.address", [("country", attribute("country_id", lookup=True)), "street"], ["country"]
    ),
    Country=tracked("host.country", ["code"], key="code"),
    User=tracked("auth.user", ["id", ("username", attribute("username", lookup=True))], key="id"),
    Profile=tracked(
        "host.profile",
        ["nickname", ("person", attribute("person_id", lookup=True))],
        key="nickname",
    ),
    Restaurant=tracked("host.restaurant", ["place_ptr_id", "name", "stars"], key="place_ptr_id"),
    Place=tracked("host.place", ["name"], ["restaurant"], key="name"),
    Hidden=tracked("host.hidden", ["name"], key="name"),
    Remote=tracked("host.remote", ["name"], key="name"),
    Order=tracked("host.order", ["number"], key="number"),
)


@pytest.fixture(scope="module")
def snapshot():
    return compile_map(LOOKUPS, catalog())


REFERENCES = [
    f"{prefix}__{name}" for prefix, entry in LOOKUPS.models.items() for name in entry.lookups()
]


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "__",
        "Everything",
        "Everything_uuid",
        "Everything__",
        "__uuid",
        "everything__uuid",
        "Everything__uuid__in",
        "Everything__text__contains",
        "Everything__password",
        "Everything__pk",
        "Everything__span",
        "Person__user__username",
        "Person___id",
        "Nothing__id",
        "Everything__uuid ",
        "Address__street",
        "Ｅverything__uuid",  # noqa: RUF001 full-width on purpose
    ],
)
def test_only_listed_references_are_lookups(snapshot, reference):
    assert snapshot.lookup(reference) is None


def test_each_listed_lookup_is_there(snapshot):
    for reference in REFERENCES:
        assert snapshot.lookup(reference).reference == reference
    assert snapshot.by_prefix["Everything"].key is snapshot.by_prefix["Everything"].lookups["uuid"]
    assert snapshot.by_prefix["Address"].key is None


BAD_INTEGERS = [
    "",
    " 1",
    "1 ",
    "+1",
    "-0",
    "00",
    "01",
    "1_000",
    "\uff11",
    "\u0661",
    "1.0",
    "1e3",
    "0x10",
    "--1",
    "-",
    "NaN",
    "1\n",
    "1\0",
    "9" * 5000,
    "true",
    "None",
]
BAD_UUIDS = [
    "",
    "6fa459eaee8a3ca4894edb77e160355e",
    "{6fa459ea-ee8a-3ca4-894e-db77e160355e}",
    "urn:uuid:6fa459ea-ee8a-3ca4-894e-db77e160355e",
    "6fa459ea-ee8a-3ca4-894e-db77e160355",
    "6fa459ea-ee8a-3ca4-894e-db77e160355e ",
    "6fa459ea-ee8a-3ca4-894e-db77e160355e\n",
    "6fa459ea-ee8a-3ca4-894e-db77e160355g",
    "6fa459eaee8a-3ca4-894e-db77e160-355e",
    "\uff16fa459ea-ee8a-3ca4-894e-db77e160355e",
]
BAD_TEXTS = ["", "\0", "a\0b", "\ud800", "a\udfffb"]


@pytest.mark.parametrize("text", BAD_INTEGERS)
@pytest.mark.parametrize("reference", ["Everything__integer", "User__id", "Person__user"])
def test_integers_have_one_spelling(snapshot, reference, text):
    with pytest.raises(ValueError, match="whole number"):
        snapshot.lookup(reference).parse(text)


@pytest.mark.parametrize("text", BAD_UUIDS)
def test_uuids_have_their_usual_spelling_in_either_case(snapshot, text):
    lookup = snapshot.lookup("Everything__uuid")
    with pytest.raises(ValueError, match="is not a UUID"):
        lookup.parse(text)
    good = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
    assert lookup.parse(good) == lookup.parse(good.upper()) == uuid.UUID(good)


@pytest.mark.parametrize("text", [*BAD_TEXTS, "x" * 51])
def test_texts_must_fit_the_column(snapshot, text):
    with pytest.raises(ValueError, match=r"."):
        snapshot.lookup("Everything__text").parse(text)
    assert snapshot.lookup("Everything__text").parse("x" * 50)
    assert snapshot.lookup("Everything__long_text").parse("x" * 51)


@pytest.mark.parametrize("reference", REFERENCES)
def test_what_is_no_text_is_malformed(snapshot, reference):
    for value in (None, 1, b"1", ["1"], uuid.uuid4()):
        with pytest.raises(ValueError, match=r"."):
            snapshot.lookup(reference).parse(value)


def test_the_range_is_that_of_the_column_a_foreign_key_points_to(snapshot):
    ops = connections["default"].ops
    for reference, kind in [
        ("Everything__small", "SmallIntegerField"),
        ("Everything__positive", "PositiveIntegerField"),
        ("User__id", "AutoField"),
        ("Person__user", "AutoField"),
        ("Restaurant__place_ptr_id", "BigAutoField"),
    ]:
        low, high = ops.integer_field_range(kind)
        lookup = snapshot.lookup(reference)
        assert lookup.parse(str(high)) == high
        assert lookup.parse(str(low)) == low
        for outside in (low - 1, high + 1):
            with pytest.raises(ValueError, match="range"):
                lookup.parse(str(outside))


nasty = st.one_of(
    st.text(),
    st.integers().map(str),
    st.integers(-(2**65), 2**65).map(str),
    st.uuids().map(str),
    st.sampled_from([*BAD_INTEGERS, *BAD_UUIDS, *BAD_TEXTS]),
    st.text(st.characters(codec=None), max_size=60),
    st.from_regex(r"[-+ _0-9]{1,22}"),
    st.sampled_from(["%", "_", "'", '"', "\\", "' OR 1=1 --", "${x}", "%s", "%(x)s", "\u2028"]),
)


@pytest.mark.django_db(databases=["default", "other"])
@pytest.mark.torture
@settings(
    max_examples=oracle.cases(1000),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(reference=st.sampled_from(REFERENCES), text=nasty)
@example(reference="User__id", text=str(2**63))
@example(reference="Everything__slug", text="\0")
def test_a_value_is_refused_before_any_sql_or_taken_without_an_error(snapshot, reference, text):
    lookup = snapshot.lookup(reference)
    outcome = lookup.fetch(text)
    assert outcome.status in ("none", "malformed")
    expected, _ = oracle.resolve(LOOKUPS, reference, text)
    assert outcome.status == expected
    tally.compared["references looked up"] += 1
    with connections[router.db_for_read(lookup.model)].cursor() as cursor:
        cursor.execute("SELECT 1")  # the transaction is not aborted


@pytest.fixture
def rows(db):
    user = User.objects.create(username="testUserOne")
    person = Person.objects.create(name="Anna", user=user)
    Profile.objects.create(person=person, nickname="ann")
    country = Country.objects.create(code="DE", name="Germany")
    Address.objects.create(street="Road 1", country=country)
    Address.objects.create(street="Road 2", country=country)
    Restaurant.objects.create(name="Inn", stars=3)
    Hidden.everything.create(name="seen")
    Hidden.everything.create(name="unseen", alive=False)
    Order.objects.create(number="00010001")
    return Everything.objects.create(
        slug="one", small=-5, integer=7, big=2**63 - 1, text="%_x", backwards="abc", status="new"
    )


@pytest.mark.parametrize(
    ("reference", "text", "status"),
    [
        ("Everything__small", "-5", "found"),
        ("Everything__integer", "7", "found"),
        ("Everything__big", str(2**63 - 1), "found"),
        ("Everything__text", "%_x", "found"),
        ("Everything__text", "%_X", "none"),
        ("Everything__text", "%", "none"),
        ("Everything__backwards", "abc", "found"),
        ("Everything__backwards", "cba", "none"),
        ("Everything__status", "new", "found"),
        ("User__username", "testUserOne", "found"),
        ("Profile__nickname", "ann", "found"),
        ("Address__country", "DE", "many"),
        ("Address__country", "FR", "none"),
        ("Country__code", "DE", "found"),
        ("Place__name", "Inn", "found"),
        ("Hidden__name", "seen", "found"),
        ("Hidden__name", "unseen", "none"),
        ("Order__number", "00010001", "found"),
        ("Order__number", "10001", "none"),
    ],
)
def test_what_is_found(snapshot, rows, reference, text, status):
    outcome = snapshot.lookup(reference).fetch(text)
    assert outcome.status == status
    assert (outcome.obj is not None) == (status == "found")
    expected_status, expected = oracle.resolve(LOOKUPS, reference, text)
    assert (outcome.status, outcome.obj) == (expected_status, expected)


def test_one_query_loads_the_children_too(snapshot, rows, django_assert_num_queries):
    person = Person.objects.get()
    lookup = snapshot.lookup("Person__id")
    with transaction.atomic(), django_assert_num_queries(3):  # the query, and a savepoint for it
        outcome = lookup.fetch(str(person.pk))
    with django_assert_num_queries(0):
        values = snapshot.find(outcome.obj).flatten(outcome.obj, pytest.fail)
    assert values["User_username"] == "testUserOne"
    assert values["Profile_nickname"] == "ann"


@pytest.mark.django_db(databases=["default", "other"])
def test_the_router_decides_where_to_look(snapshot):
    Remote.objects.create(name="far")
    outcome = snapshot.lookup("Remote__name").fetch("far")
    assert outcome.status == "found"
    assert outcome.obj._state.db == "other"


@pytest.mark.django_db
def test_a_database_error_is_an_outcome_and_the_hosts_transaction_goes_on(snapshot):
    lookup = snapshot.lookup("Remote__name")
    with transaction.atomic():
        Country.objects.create(code="FR", name="France")
        outcome = lookup.fetch("far", using="default")  # the table is in the other one
        assert Country.objects.filter(code="FR").exists()
    assert outcome.status == "failed"
    assert outcome.obj is None
    assert outcome.error is not None


@isolate_apps("tests.host")
def test_a_manager_that_raises_is_an_outcome():
    from django.db.models import Manager

    class Raising(Manager):
        def get_queryset(self):
            raise RuntimeError("no rows today")

    lookup = compile_map(HOST, catalog()).lookup("Country__code")
    stand_in = type("StandIn", (), {"_default_manager": Raising()})
    failing = type(lookup)(lookup.prefix, lookup.name, stand_in, lookup.facts)
    assert failing.fetch("DE").status == "failed"


@pytest.mark.parametrize("reference", ["User__id", "Everything__uuid", "Order__number"])
def test_a_malformed_text_sends_no_query(snapshot, db, reference, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert snapshot.lookup(reference).fetch("\0").status == "malformed"


def test_the_text_of_an_object_finds_it_again(snapshot, rows):
    for prefix, compiled in snapshot.by_prefix.items():
        if compiled.key is None or prefix == "Remote":
            continue
        for obj in compiled.model._default_manager.all():
            text = compiled.key.text(obj)
            assert (compiled.key.reference, text) == oracle.text_of(LOOKUPS, obj)
            assert compiled.key.fetch(text).obj == obj


def test_an_object_without_a_usable_key_has_no_text(snapshot):
    key = snapshot.by_prefix["Order"].key
    for number in ("", None, "a\0", "x" * 21):
        assert key.text(Order(number=number)) is None
    assert snapshot.by_prefix["User"].key.text(User()) is None
    assert snapshot.by_prefix["Everything"].key.text(Everything(uuid="nonsense")) is None


def test_a_lookup_that_is_not_proven_unique_still_works_but_its_key_is_no_key():
    loose = document(
        Constrained=tracked("host.constrained", [("s", attribute("sometimes", lookup=True))])
    )
    lookup = compile_map(loose, catalog()).lookup("Constrained__s")
    assert lookup.model is Constrained
    assert lookup.parse("x") == "x"
