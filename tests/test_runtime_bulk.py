"""A stream of values equals the values of each object, whatever the queryset."""

import datetime
import decimal
import uuid

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Lower
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext, isolate_apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import oracle, tally
from tests.host.models import (
    Address,
    Country,
    Everything,
    Hidden,
    Order,
    Person,
    Place,
    PlaceProxy,
    Profile,
    Remote,
    Restaurant,
    Status,
)
from tests.maps import EVERY_KIND, HOST, attribute, document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.obstacles import Obstacle
from trackadmin.compiler.sql import streams as streaming
from trackadmin.exceptions import NotTracked
from trackadmin.runtime import aiter_tracking_values, fault_counts, iter_tracking_values
from trackadmin.runtime.current import pin, unpin
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db(databases=["default", "other"])

#: HOST without computed attributes, so that values can be made from rows.
PLAIN = document(
    **{
        **HOST.models,
        "Everything": tracked(
            "host.everything",
            [
                *EVERY_KIND,
                ("contact_secretly", attribute("contact", privacy="pseudonymised")),
                ("number_secretly", attribute("integer", privacy="pseudonymised")),
                ("amount_secretly", attribute("amount", privacy="pseudonymised")),
                ("gone_url", attribute("url", privacy="dropped")),
                ("asked_ip", attribute("ip", decision="ignored")),
                ("again", attribute("slug")),
            ],
            key="uuid",
        ),
        "Person": tracked(
            "host.person", ["id", "name", "user_id"], [("boss", "Boss"), "user", "profile"], "id"
        ),
    }
)


@pytest.fixture(params=[PLAIN, HOST], ids=["rows", "objects"], autouse=True)
def live(request):
    """The map that is live, compiled for this process."""
    before = pin("default", compile_map(request.param, catalog(), number=1, digest="d"))
    yield request.param
    unpin("default", before)
    reset()


@pytest.fixture
def snapshot(live):
    return compile_map(live, catalog())


def agree(live, rows, expected=None):
    """The stream equals the oracle's values of each object of the queryset, in its order."""
    objects = list(rows if expected is None else expected)
    streamed = list(iter_tracking_values(rows))
    assert streamed == [oracle.flatten(live, obj) for obj in objects]
    for values in streamed:
        assert {type(value) for value in values.values()} <= {str, int, float, bool, type(None)}
        assert list(values) == oracle.names(live, oracle.tracked_as(live, rows.model))
    tally.compared["rows streamed"] += len(streamed)
    return streamed


def makes_objects(rows, model):
    """Whether streaming the queryset makes instances of the model."""
    made = []

    def receive(instance, **kwargs):
        made.append(instance)

    # Connected while it runs, after it was decided whether to make objects.
    stream = iter_tracking_values(rows)
    post_init.connect(receive, sender=model)
    try:
        list(stream)
    finally:
        post_init.disconnect(receive, sender=model)
    return bool(made)


def text(longest=30):
    return st.text(
        st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=longest
    )


MOMENTS = st.datetimes(
    datetime.datetime(1, 1, 2),
    datetime.datetime(9999, 12, 30),
    timezones=st.just(datetime.UTC),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text(5), inner, max_size=3),
    max_leaves=5,
)
EVERYTHINGS = st.builds(
    Everything,
    text=text(),
    long_text=text(60),
    slug=st.uuids().map(str),
    contact=text(),
    ip=st.none() | st.ip_addresses().map(str),
    integer=st.integers(-(2**31), 2**31 - 1),
    positive=st.integers(0, 2**31 - 1),
    floating=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    amount=st.none() | st.decimals(-(10**9), 10**9, places=2),
    flag=st.booleans(),
    maybe=st.none() | st.booleans(),
    day=st.none() | st.dates(),
    clock=st.none() | st.times(),
    moment=st.none() | MOMENTS,
    span=st.none()
    | st.timedeltas(datetime.timedelta(days=-100_000), datetime.timedelta(days=100_000)),
    uuid=st.uuids(),
    data=JSON,
    upload=text(),
    status=st.sampled_from(Status),
    backwards=st.none(),
)


@pytest.mark.torture
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(EVERYTHINGS, min_size=1, max_size=5), st.data())
def test_every_kind_of_value_is_what_an_object_would_give(live, objects, data):
    with transaction.atomic():
        for number, obj in enumerate(objects):
            obj.pk, obj.uuid, obj.slug = None, uuid.uuid4(), f"slug-{number}"
            obj.small, obj.big = data.draw(st.sampled_from([None, number])), number - 2**63
            obj.backwards = f"{number}abc"
        Everything.objects.bulk_create(objects)
        agree(live, Everything.objects.order_by("-pk"))
        transaction.set_rollback(True)


@pytest.mark.torture
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_children_that_are_there_and_that_are_missing(live, data):
    with transaction.atomic():
        pick = lambda options: data.draw(st.sampled_from([None, *options]))  # noqa: E731
        users = [User.objects.create(username=f"u{n}") for n in range(2)]
        country = Country.objects.create(code="DE", name="Germany")
        people = []
        for n in range(data.draw(st.integers(1, 4))):
            person = Person.objects.create(name=f"p{n}", user=pick(users), boss=pick(people))
            if data.draw(st.booleans()):
                Profile.objects.create(person=person, nickname=f"n{n}")
            people.append(person)
        addresses = [
            Address.objects.create(street=f"s{n}", country=pick([country])) for n in range(2)
        ]
        for n in range(2):
            Order.objects.create(
                number=f"o{n}",
                person=pick(people),
                billing_address=pick(addresses),
                shipping_address=pick(addresses),
            )
        for model in (Person, Profile, Address, Order, Country, User):
            agree(live, model.objects.order_by("pk"))
        transaction.set_rollback(True)


def test_inheritance_proxies_hidden_rows_and_the_other_database(live):
    Place.objects.create(name="a")
    Restaurant.objects.create(name="b", stars=3)
    Hidden.everything.create(name="seen")
    Hidden.everything.create(name="unseen", alive=False)
    Remote.objects.create(name="r")
    agree(live, Place.objects.order_by("name"))
    agree(live, PlaceProxy.objects.order_by("-name"))
    agree(live, Restaurant.objects.all())
    agree(live, Hidden.objects.all())
    assert len(agree(live, Hidden.everything.order_by("pk"))) == 2
    agree(live, Remote.objects.all())
    agree(live, Remote.objects.using("other"))


@pytest.fixture
def people():
    user = User.objects.create(username="u")
    boss = Person.objects.create(name="Boss", user=user)
    others = [Person.objects.create(name=name, boss=boss) for name in "dacb"]
    Profile.objects.create(person=others[0], nickname="nick")
    for n, person in enumerate([*others, others[0]]):
        Order.objects.create(number=f"o{n}", person=person)
    return Person.objects.all()


WAYS = {
    "all": lambda rows: rows.order_by("pk"),
    "a filter": lambda rows: rows.filter(name__gt="a").order_by("name"),
    "a filter over the child": lambda rows: rows.filter(boss__name="Boss").order_by("name"),
    "a filter for no child": lambda rows: rows.filter(profile__isnull=True).order_by("name"),
    "a filter for either": lambda rows: rows.filter(
        Q(profile__nickname="nick") | Q(user__username="u")
    ).order_by("name"),
    "a slice": lambda rows: rows.order_by("-name")[1:3],
    "an order over the child": lambda rows: rows.order_by("boss__name", "-name"),
    "an order by an expression": lambda rows: rows.order_by(Lower("name").desc()),
    "reverse": lambda rows: rows.order_by("name").reverse(),
    "rows more than once": lambda rows: rows.filter(order__isnull=False).order_by(
        "name", "order__number"
    ),
    "distinct": lambda rows: rows.filter(order__isnull=False).distinct().order_by("name"),
    "distinct by what is annotated": lambda rows: (
        rows.annotate(n=F("order__number")).distinct().order_by("name")
    ),
    "annotate": lambda rows: rows.annotate(lower=Lower("name")).order_by("lower"),
    "a count": lambda rows: rows.annotate(n=Count("order")).filter(n__gt=0).order_by("n", "name"),
    "an annotation of a name that is read": lambda rows: rows.annotate(
        profile__nickname=F("name")
    ).order_by("name"),
    "alias": lambda rows: rows.alias(lower=Lower("name")).order_by("lower"),
    "only": lambda rows: rows.only("name").order_by("name"),
    "defer": lambda rows: rows.defer("boss", "name").order_by("name"),
    "select_related": lambda rows: rows.select_related("boss").order_by("name"),
    "prefetch_related": lambda rows: rows.prefetch_related("team", "boss").order_by("name"),
    "exclude": lambda rows: rows.exclude(boss=None).order_by("name"),
    "a union": lambda rows: rows.filter(name="a").union(rows.filter(name="b")).order_by("name"),
    "none": lambda rows: rows.none(),
    "nothing to find": lambda rows: rows.filter(pk__in=[]),
    "extra": lambda rows: rows.extra(select={"one": "1"}).order_by("name"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_queryset_keeps_its_meaning(live, people, way):
    agree(live, way(people), expected=way(people))


def test_a_related_manager_gives_what_the_database_holds(live, people):
    boss = people.get(name="Boss")
    boss.name = "changed and not saved"
    streamed = agree(live, boss.team, expected=Person.objects.filter(boss=boss))
    assert {values["Boss_name"] for values in streamed} == {"Boss"}


def test_locked_rows_are_locked_and_no_others(live, people):
    with transaction.atomic():
        agree(live, people.order_by("name").select_for_update())
        with CaptureQueriesContext(connection) as captured:
            list(iter_tracking_values(people.filter(name="a").select_for_update(of=("self",))))
    if connection.vendor == "postgresql":
        locking = [query["sql"] for query in captured if "FOR UPDATE" in query["sql"]]
        assert len(locking) == 1
        assert "JOIN" not in locking[0]


def test_no_object_is_made_where_rows_will_do_and_one_query_is_enough(live, people):
    rows = people.order_by("pk")
    if live is PLAIN:
        assert not makes_objects(rows, Person)
        assert not makes_objects(rows.filter(boss=None).defer("name")[:1], Person)
    for one in (rows, Order.objects.order_by("pk")):
        with CaptureQueriesContext(connection) as captured:
            assert list(iter_tracking_values(one))
        assert len([q for q in captured if "SELECT" in q["sql"]]) == 1


def test_computed_attributes_need_objects(live, snapshot):
    Everything.objects.create(slug="s", text="loud")
    shape = streaming.shape(snapshot.by_prefix["Everything"], Everything.objects.all())
    assert isinstance(shape, Obstacle) is (live is HOST)
    assert live is PLAIN or "The site's code computes shout." in str(shape)
    assert makes_objects(Everything.objects.all(), Everything) is (live is HOST)


def test_a_value_that_a_converter_fails_on_is_null_and_counted_and_the_rest_come(live):
    country = Everything.objects.create(slug="s", text="fine", amount=decimal.Decimal("1.50"))
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE host_everything SET moment = 'no moment', uuid = 'x'")
        reset_counts = fault_counts().get("attribute.raised", 0)
        if live is PLAIN:
            (values,) = iter_tracking_values(Everything.objects.filter(pk=country.pk))
            assert values["Everything_uuid"] is None
            assert values["Everything_text"] == "fine"
            assert values["Everything_amount"] == "1.50"
            assert fault_counts()["attribute.raised"] == reset_counts + 1


def test_a_host_that_changes_how_it_loads_is_listened_to(live, people):
    def louder(instance, **kwargs):
        instance.__dict__["name"] = "louder"

    post_init.connect(louder, sender=Person)
    try:
        names = {values["Person_name"] for values in iter_tracking_values(Person.objects.all())}
    finally:
        post_init.disconnect(louder, sender=Person)
    assert names == {"louder"}


@isolate_apps("tests.host")
def test_a_queryset_with_a_way_of_its_own_is_asked(snapshot):
    class Own(models.QuerySet):
        def iterator(self, chunk_size=None):
            return iter([Country(code="XX", name="made up")])

    assert [v["Country_code"] for v in iter_tracking_values(Own(Country))] == ["XX"]


def test_rows_of_values_are_refused_and_unknown_models_too(live, settings):
    with pytest.raises(TypeError, match="Leave out values"):
        iter_tracking_values(Country.objects.values("code"))
    with pytest.raises(TypeError, match="Pass a queryset or a manager, not list"):
        iter_tracking_values([])
    settings.TRACKADMIN = {"STRICT": True}
    from tests.host.models import Line

    with pytest.raises(NotTracked):
        iter_tracking_values(Line.objects.all())


@pytest.mark.django_db(databases=["default", "other"], transaction=True)
def test_the_async_twin_gives_the_same(live):
    Country.objects.bulk_create(Country(code=f"{n:02}", name="n") for n in range(30))
    rows = Country.objects.order_by("pk")

    async def collect():
        return [values async for values in aiter_tracking_values(rows)]

    assert async_to_sync(collect)() == list(iter_tracking_values(rows))
