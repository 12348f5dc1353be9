"""Four defects that were once seeded without any test seeing them, and their neighbours."""

import ast
import logging
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

import trackadmin
from tests.drafts import draft
from tests.host.models import (
    Address,
    Country,
    Everything,
    Order,
    Person,
    Profile,
)
from tests.maps import document, tracked
from trackadmin import editing
from trackadmin.models import MapVersion
from trackadmin.runtime import iter_tracking_values, tracking_values, values_from_query
from trackadmin.runtime.uncommitted import make_note
from trackadmin.signals import map_published
from trackadmin.testing import override_map

PACKAGE = Path(trackadmin.__file__).parent

# A flattener that calls what is callable ---------------------------------------------------------


class Called(str):
    """A text that is callable, too, as a lazy translation or a mock may be."""

    ran = []

    def __call__(self, *args, **kwargs):
        self.ran.append(str(self))
        return "called"


@pytest.fixture(autouse=True)
def nothing_ran():
    Called.ran.clear()


EVERYTHING = {
    "Everything": {
        "model": "host.Everything",
        "attributes": ["slug", "text", "shout", "double"],
        "key": "slug",
    }
}


def entry_points(thing):
    """The values of the object by every entry point that has objects or rows."""
    yield tracking_values(thing)
    yield from iter_tracking_values(Everything.objects.all())
    yield values_from_query(f"Everything__slug={thing.slug}")
    editing.import_document("default", document(Everything=tracked("host.everything", WATCHED)))
    yield editing.preview("default", thing).values


WATCHED = ["slug", "text", "shout", "double"]


@pytest.mark.django_db
@pytest.mark.parametrize("watched", WATCHED[1:])
def test_only_a_method_that_is_tracked_is_called(monkeypatch, watched):
    """What a field, a property or a method gives is a value, whether or not it is callable."""
    thing = Everything.objects.create(slug="thing", text="text")
    value = Called("as it is")
    member = (lambda self: value) if watched == "double" else property(lambda self: value)
    with override_map(EVERYTHING):
        if watched == "text":
            thing.text = value
            assert tracking_values(thing)["Everything_text"] == "as it is"
        else:
            monkeypatch.setattr(Everything, watched, member)
            for values in entry_points(thing):
                assert values[f"Everything_{watched}"] == "as it is"
    assert Called.ran == []


@pytest.mark.django_db
@pytest.mark.parametrize("watched", WATCHED[1:])
def test_a_function_in_place_of_a_value_is_not_called(monkeypatch, watched):
    """It has no text of its own: null, and a fault."""
    ran = []

    def function(*args):
        ran.append(args)
        return "called"

    thing = Everything.objects.create(slug="thing")
    with override_map(EVERYTHING):
        if watched == "text":
            thing.text = function
        else:
            made = (lambda self: function) if watched == "double" else property(lambda s: function)
            monkeypatch.setattr(Everything, watched, made)
        assert tracking_values(thing)[f"Everything_{watched}"] != "called"
    assert ran == []


@pytest.mark.django_db
def test_an_object_that_is_callable_is_not_called(monkeypatch):
    """Neither the object itself nor one that comes along."""
    ran = []
    for model in (Order, Person, Profile):
        monkeypatch.setattr(model, "__call__", lambda self: ran.append(self), raising=False)
    someone = Person.objects.create(name="Ada")
    Profile.objects.create(person=someone, nickname="countess")
    Order.objects.create(number="7", person=someone)
    order = Order.objects.get()
    models = {
        "Order": {"model": "host.Order", "attributes": ["number"], "children": ["person"]},
        "Person": {"model": "host.Person", "attributes": ["name"], "children": ["profile"]},
        "Profile": {"model": "host.Profile", "attributes": ["nickname"]},
    }
    with override_map(models):
        expected = {"Order_number": "7", "Person_name": "Ada", "Profile_nickname": "countess"}
        assert tracking_values(order) == expected
        assert list(iter_tracking_values(Order.objects.all())) == [expected]
    assert ran == []


# on_commit without robust ------------------------------------------------------------------------


@pytest.fixture
def failing_signal(monkeypatch):
    def fail(**told):
        raise RuntimeError("whatever sending raises")

    monkeypatch.setattr(map_published, "send_robust", fail)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("operation", ["publish", "roll_back"])
def test_what_fails_after_the_commit_stops_nobody(failing_signal, caplog, operation):
    """The version is there; its editor hears so, and the host's own callbacks run."""
    draft()
    ran = []
    with caplog.at_level(logging.ERROR), transaction.atomic():
        if operation == "roll_back":
            editing.publish("default", by=None)
            version = editing.roll_back("default", to=1, by=None)
        else:
            version = editing.publish("default", by=None)
        transaction.on_commit(lambda: ran.append("the host's"))
    assert ran == ["the host's"]
    assert MapVersion.objects.filter(pk=version.pk).exists()
    assert "whatever sending raises" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_the_runtime_does_on_commit_stops_nobody(caplog):
    def fail():
        raise RuntimeError("whatever is done on commit")

    ran = []
    with caplog.at_level(logging.ERROR), transaction.atomic():
        make_note("default", fail)
        transaction.on_commit(lambda: ran.append("the host's"))
    assert ran == ["the host's"]
    assert "whatever is done on commit" in caplog.text


def calls_of(name):
    """Every call of a function of this name in the package, with its file."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                called = getattr(function, "attr", None) or getattr(function, "id", None)
                if called == name:
                    yield path.relative_to(PACKAGE), node


def test_every_callback_after_a_commit_is_robust():
    """One that raises would take the callbacks after it along, the host's too."""
    found = list(calls_of("on_commit"))
    assert found
    for path, call in found:
        robust = [k.value for k in call.keywords if k.arg == "robust"]
        assert [ast.literal_eval(value) for value in robust] == [True], (path, call.lineno)


def test_every_signal_of_ours_is_sent_robustly():
    for path, call in calls_of("send"):
        sender = ast.unparse(call.func)
        assert "map_published" not in sender, (path, call.lineno)


# A stream that loads children one by one ---------------------------------------------------------

TREE = {
    "Order": ("host.Order", ["number"], ["person", ("billing_address", "Billing")]),
    "Person": ("host.Person", ["name"], ["profile", ("boss", "Boss")]),
    "Profile": ("host.Profile", ["nickname"], []),
    "Address": ("host.Address", ["street"], ["country"]),
    "Country": ("host.Country", ["code"], []),
}


def as_map(models):
    return {
        prefix: {
            "model": label,
            "attributes": attributes,
            "children": [
                {"accessor": c[0], "prefix": c[1]} if isinstance(c, tuple) else c for c in children
            ],
        }
        for prefix, (label, attributes, children) in models.items()
    }


def fill(first, last):
    """Orders from ``first`` to ``last``, each with children of its own at every place."""
    for n in range(first, last):
        boss = Person.objects.create(name=f"boss {n}")
        someone = Person.objects.create(name=f"person {n}", boss=boss)
        Profile.objects.create(person=boss, nickname=f"boss {n}")
        Profile.objects.create(person=someone, nickname=f"nick {n}")
        country = Country.objects.create(code=f"{n:02}", name="x")
        address = Address.objects.create(street="x", country=country)
        Order.objects.create(number=f"{n}", person=someone, billing_address=address)


class OwnWay(type(Order.objects.all())):
    """A queryset whose rows cannot be read past it: its objects are loaded."""

    def iterator(self, *args, **kwargs):
        return super().iterator(*args, **kwargs)


#: Ways to ask for the rows; some cannot be read from rows alone and load objects. One that locks
#: is left out: its children are not joined, so that the lock reaches no further than was asked.
QUERYSETS = {
    "all": lambda model: model._default_manager.all(),
    "ordered": lambda model: model._default_manager.order_by("-pk"),
    "distinct": lambda model: model._default_manager.distinct(),
    "only the key": lambda model: model._default_manager.only("pk"),
    "a queryset of the host's": lambda model: OwnWay(model),
    "extra": lambda model: model._default_manager.extra(select={"one": "1"}),
}


def upper(self):
    return self.name.upper()


def from_db(cls, db, names, values, **more):
    """As a base class of the host's may record what was loaded."""
    loaded = super(Person, cls).from_db(db, names, values, **more)
    loaded.before = dict(zip(names, values, strict=False))
    return loaded


@pytest.mark.django_db
@pytest.mark.parametrize("queryset", QUERYSETS)
@pytest.mark.parametrize("shape", ["columns", "computed", "loaded by code"])
def test_a_stream_of_many_rows_costs_no_more_queries(queryset, shape, settings, monkeypatch):
    """With five rows or forty-five, each with children at five places: the same few queries."""
    models = dict(TREE)
    if shape == "computed":
        monkeypatch.setattr(Person, "shouted", property(upper), raising=False)
        models["Person"] = ("host.Person", ["name", "shouted"], TREE["Person"][2])
        settings.TRACKADMIN = {"COMPUTED": ["host.Person.shouted"]}
    if shape == "loaded by code":
        monkeypatch.setattr(Person, "from_db", classmethod(from_db))
    counts = {}
    for number in (5, 45):
        fill(Order.objects.count(), number)
        with override_map(as_map(models)), CaptureQueriesContext(connection) as captured:
            values = list(iter_tracking_values(QUERYSETS[queryset](Order)))
        assert len(values) == number
        assert not any(value is None for each in values for value in each.values())
        selects = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
        counts[number] = len(selects)
    assert counts[5] == counts[45], selects[-2:]
    assert counts[45] <= 3, selects
