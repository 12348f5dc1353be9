"""Who sees which value behind which door: those who may view it, and nobody else.

Each value of one order and of what hangs on it is a text that is nowhere else. Each door is opened
by each kind of person; the superuser must see what the door shows, so a door that is closed to
everybody fails too. What is said of an error is its type, never its text.
"""

from contextlib import ExitStack
from datetime import UTC, datetime
from html import unescape
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import DatabaseError, DataError
from django.test import override_settings
from reversion.models import Revision, Version

from tests import screens
from tests.host.models import Order, Person, Profile, Purchase
from tests.maps import attribute, document, tracked
from tests.screens import filled, map_page, model_page, person, registered
from trackadmin import editing
from trackadmin.document import AggregateEntry
from trackadmin.models import TrackingMap

pytestmark = [*screens.MARKS, pytest.mark.pinned, pytest.mark.usefixtures("fresh_process")]

OWN, CHILD, GRANDCHILD, LATEST = "own-4711", "child-4711", "deeper-4711", "latest-4711"
SUM = "918273645"
#: In the text of an error that the site's code raises; never shown to anybody.
RAISED, DATABASE = "raised-4711", "database-4711"
MARKERS = {OWN, CHILD, GRANDCHILD, LATEST, SUM, RAISED, DATABASE}
COMPUTED = ["host.Person.boast", "host.Order.lament"]

EDITS = [
    "view_trackingmap", "change_trackingmap", "change_trackedmodel", "add_trackedmodel",
    "change_trackedaction", "publish_trackingmap", "view_mapversion",
]  # fmt: skip
MODELS = (Order, Person, Profile, Purchase)


def entries(again=""):
    """An order, its person with computed values and counts, their profile, and what they bought.

    With ``again`` the values have other names, so that the effect of the change shows them all.
    """

    def named(name):
        return f"{name}{again}", attribute(name, privacy="sent" if name == "name" else "none")

    bought = {
        f"note{again}": AggregateEntry("purchases", "latest", "note", "moment", privacy="none"),
        f"points{again}": AggregateEntry("purchases", "sum", "points", privacy="none"),
    }
    person = ["id", named("name"), "boast"]
    return document(
        Order=tracked("host.order", ["number", named("number"), "lament"], ["person"], "number"),
        Person=tracked("host.person", person, ["profile"], "id", aggregates=bought),
        Profile=tracked("host.profile", [named("nickname")]),
        Purchase=tracked("host.purchase", [named("note"), named("points")]),
    )


@pytest.fixture
def world(monkeypatch):
    """The order with all its markers, and a map that is live and has changes waiting."""

    def boast(self):
        raise ValueError(f"no boast about {RAISED}")

    def lament(self):
        raise DataError(f'invalid input: "{DATABASE}"')

    monkeypatch.setattr(Person, "boast", property(boast), raising=False)
    monkeypatch.setattr(Order, "lament", property(lament), raising=False)
    cache.clear()  # of profiles
    with override_settings(TRACKADMIN={"COMPUTED": COMPUTED}):
        editing.import_document("default", entries())
        editing.publish("default", by=None, note="First.")
        editing.import_document("default", entries("_again"))
        yield objects_of_a_map(TrackingMap.objects.get())


def objects_of_a_map(tracking_map):
    """An object of each model with its marker, and where the pages of the map are."""
    someone = Person.objects.create(name=CHILD)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    objects = {
        Order: Order.objects.create(number=OWN, person=someone),
        Person: someone,
        Profile: Profile.objects.create(person=someone, nickname=GRANDCHILD),
        Purchase: Purchase.objects.create(
            person=someone, note=LATEST, points=int(SUM), moment=moment
        ),
    }
    rows = {each.prefix: each.pk for each in tracking_map.tracked_models.all()}
    return SimpleNamespace(objects=objects, map=tracking_map.pk, rows=rows)


# Rows: kinds of people ---------------------------------------------------------------------------


def team(*hidden, personal=True):
    """Somebody who edits and publishes, and may view objects of all models but these."""
    user = person(*EDITS, *(["view_personal_values"] if personal else []))
    names = [f"view_{each._meta.model_name}" for each in MODELS if each not in hidden]
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="host", codename__in=names)
    )
    return user


def superuser():
    return User.objects.create_superuser("super")


def reader():
    """Somebody who may view all, and change nothing."""
    user = team()
    edits = Permission.objects.filter(content_type__app_label="trackadmin")
    user.user_permissions.remove(*edits.exclude(codename__startswith="view_"))
    return user


def decides_each(hidden):
    """A host's admin that hides this one object from everybody."""
    return {"has_view_permission": lambda self, request, obj=None: obj is None or obj != hidden}


def lists_others(hidden):
    """A host's admin that leaves this one object out of its list."""

    def get_queryset(self, request):
        return type(hidden)._default_manager.exclude(pk=hidden.pk)

    return {"get_queryset": get_queryset}


#: Who, and which objects they may not view: all of a model, or the one that the host's admin hides.
PEOPLE = {
    "superuser": (superuser, set()),
    "team": (team, set()),
    "reads only": (reader, set()),
    "no personal values": (lambda: team(personal=False), set()),
    "not the order": (lambda: team(Order), {Order}),
    "not the child": (lambda: team(Person), {Person}),
    "not the grandchild": (lambda: team(Profile), {Profile}),
    "not what is counted": (lambda: team(Purchase), {Purchase}),
    "an order hidden by permission": (superuser, {Order}),
    "a person hidden by permission": (superuser, {Person}),
    "a person hidden from the list": (superuser, {Person}),
    "a profile hidden from the list": (superuser, {Profile}),
    "a purchase hidden by permission": (superuser, {Purchase}),
    "a purchase hidden from the list": (superuser, {Purchase}),
    "map only": (lambda: person("view_trackingmap"), set(MODELS)),
    "nobody": (person, set(MODELS)),
}


def host_admins(kind, world):
    """The host's admin of each model; one of them hides an object in the way the kind says."""
    admins = {model: {} for model in MODELS}
    admins[Order] = {"search_fields": ["number"]}
    hides = decides_each if kind.endswith("permission") else lists_others
    if " hidden " in kind:
        (model,) = PEOPLE[kind][1]
        admins[model] |= hides(world.objects[model])
    return admins


# Columns: doors that show values -----------------------------------------------------------------


def tree(root):
    """By value, the models on the way to it from this one. Each must be one that may be viewed."""
    ways = {OWN: [Order], CHILD: [Order, Person], GRANDCHILD: [Order, Person, Profile],
            LATEST: [Order, Person, Purchase], SUM: [Order, Person, Purchase]}  # fmt: skip
    return {
        value: way[way.index(root) :]
        for value, way in ways.items()
        if root in way and (root in (Order, Person) or way[-1] is root)
    }


def only(value, model):
    return {value: [model]}


def previewed(model):
    def opened(client, world):
        query = {"model": model.__name__, "object": world.objects[model].pk}
        return client.get(map_page("preview", world.map), query)

    return opened


def by_value(client, world):
    query = {"model": "Person", "by": "id", "value": world.objects[Person].pk}
    return client.get(map_page("preview", world.map), query)


def search(client, world):
    return client.get(map_page("search", world.map), {"model": "Order", "term": "own"})


def panel(client, world):
    """By the form of who may change it, and without for the others."""
    address = model_page("change", world.rows["Order"])
    asks = {"_show": "preview", "_part": "preview", "_object": world.objects[Order].pk}
    form = (client.get(address).context or {}).get("form")
    answer = client.post(address, filled(form, **asks) if form else asks)
    return client.get(address, asks) if answer.status_code == 403 else answer


def profiled(prefix):
    return lambda client, world: client.get(model_page("profile", world.rows[prefix]))


def tried(client, world):
    url = f"action=x&Person__id={world.objects[Person].pk}"
    return client.post(map_page("try_url", world.map), {"url": url})


def explained(client, world):
    event = '{"action": "x", "Order_number": 1, "Person_name": 1, "Person_last_note": 1}'
    return client.post(map_page("explain_event", world.map), {"event": event})


def what_is_tracked(client, world):
    query = {"model": "host.order", "object": world.objects[Order].pk}
    return client.get(map_page("tracked"), query)


def page_of_map(page, **query):
    return lambda client, world: client.get(map_page(page, world.map), query)


def home(client, world):
    return client.get("/admin/trackadmin/")


#: Each door, and by value the ways on which it reaches it.
DOORS = {
    "preview of the order": (previewed(Order), [tree(Order)]),
    "preview of the person": (previewed(Person), [tree(Person)]),
    "preview by a value": (by_value, [tree(Person)]),
    "preview, newest": (page_of_map("preview", model="Order"), [only(OWN, Order)]),
    "search": (search, [only(OWN, Order)]),
    "object panel": (panel, [tree(Order)]),
    "profile of orders": (profiled("Order"), [only(OWN, Order)]),
    "profile of people": (profiled("Person"), [only(CHILD, Person)]),
    "profile of profiles": (profiled("Profile"), [tree(Profile)]),
    "profile of purchases": (profiled("Purchase"), [tree(Purchase)]),
    "effect": (page_of_map("effect"), [tree(model) for model in MODELS]),
    "a URL": (tried, [tree(Person)]),
    "an event": (explained, []),
    "what is tracked": (what_is_tracked, [tree(Order)]),
    "undecided": (page_of_map("undecided"), []),
    "values of quality": (page_of_map("quality", values="1"), []),
    "map": (page_of_map("change"), []),
    "picture": (page_of_map("picture"), []),
    "start": (page_of_map("start"), []),
    "review": (page_of_map("publish"), []),
    "history": (page_of_map("history"), []),
    "home": (home, []),
}
#: Where objects are summed up, personal values need a right of their own.
SUMMED_UP = {"profile of people", "profile of profiles", "effect"}


def expected(kind, door):
    """What this kind of person sees behind the door."""
    _who, hidden = PEOPLE[kind]
    _open, trees = DOORS[door]
    seen = {value for each in trees for value, way in each.items() if not hidden & {*way}}
    masked = {CHILD, GRANDCHILD} if kind == "no personal values" and door in SUMMED_UP else set()
    return seen - masked


def doors_for(kind):
    """Who may do most, and who may do least, looks behind the doors that show no value, too."""
    return [door for door in DOORS if DOORS[door][1] or kind in ("superuser", "map only")]


def markers_in(response):
    """The markers that a response holds anywhere: its body, its headers, and its messages."""
    messages = (response.context or {}).get("messages", [])
    parts = [response.content.decode(), str(response.headers), *map(str, messages)]
    text = unescape(unquote(" ".join(parts)))
    return {each for each in MARKERS if each in text}


def kept():
    """All that was written about edits and looks."""
    rows = [*Version.objects.values_list("serialized_data", "object_repr")]
    rows += [*Revision.objects.values_list("comment")]
    rows += [*LogEntry.objects.values_list("object_repr", "change_message")]
    return str(rows)


@pytest.mark.parametrize("kind", PEOPLE)
def test_each_person_sees_behind_each_door_what_they_may_see_and_nothing_else(client, world, kind):
    client.force_login(PEOPLE[kind][0]())
    with ExitStack() as stack:
        for model, members in host_admins(kind, world).items():
            stack.enter_context(registered(model, **members))
        seen = {door: markers_in(each[0](client, world)) for door, each in DOORS.items()}
    assert seen == {door: expected(kind, door) for door in DOORS}
    assert not [each for each in MARKERS if each in kept()]


def test_no_door_opens_before_somebody_logs_in(client, world):
    for door, (opened, _trees) in DOORS.items():
        answer = opened(client, world)
        assert (answer.status_code, answer.content) == (302, b""), door
        assert answer.headers["Location"].startswith("/admin/login/"), door


#: The doors that run the site's computed values.
COMPUTING = ["preview of the order", "object panel", "effect", "a URL", "what is tracked"]


@pytest.mark.parametrize("door", COMPUTING)
def test_of_an_error_its_type_is_told_to_those_who_may_view_the_object(client, world, door):
    """So that the matrix looks at pages that have an error to tell of."""
    told = {}
    for who in (superuser, lambda: team(Person)):
        client.force_login(who())
        told[who] = "ValueError" in DOORS[door][0](client, world).content.decode()
    assert [*told.values()] == [True, False]


@pytest.mark.parametrize("member", ["get_queryset", "has_view_permission"])
def test_an_admin_of_the_site_that_raises_shows_nothing_of_its_error(client, world, member):
    """Neither its words nor an object that it did not permit, also to a superuser."""

    def raises(self, request, *args):
        raise DatabaseError(f'duplicate key: "{RAISED}"')

    client.force_login(superuser())
    with registered(Order, search_fields=["number"], **{member: raises}):
        answers = {door: each[0](client, world) for door, each in DOORS.items()}
    assert {each.status_code for each in answers.values()} <= {200, 404}
    seen = {door: markers_in(each) for door, each in answers.items()}
    assert seen == {door: without_order(door) for door in DOORS}
    assert "DatabaseError" in answers["preview of the order"].content.decode()


def without_order(door):
    """What is seen behind a door if no order may be viewed."""
    return {v for each in DOORS[door][1] for v, way in each.items() if Order not in way}
