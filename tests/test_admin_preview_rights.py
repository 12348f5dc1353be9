"""The preview shows each person what the host's admin shows them, object by object (F2, E5)."""

from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection, models
from django.test import override_settings
from django.test.utils import isolate_apps

from tests import screens
from tests.host.models import (
    Address,
    Country,
    Everything,
    Order,
    Person,
    Place,
    PlaceProxy,
    Profile,
    Restaurant,
)
from tests.maps import attribute, document, tracked
from tests.screens import OfObjects, map_page, person, registered
from trackadmin import editing
from trackadmin.admin.samples import Samples
from trackadmin.admin.viewer import Viewer
from trackadmin.models import TrackingMap

pytestmark = screens.MARKS

#: From the object itself to the grandchild, with what each would tell.
CHAIN = {Order: "order-secret", Person: "person-secret", Profile: "profile-secret"}
NAMES = {Order: "Order_number", Person: "Person_name", Profile: "Profile_nickname"}
SENT = attribute("name", privacy="sent")

MAP = document(
    Order=tracked("host.order", ["number"], ["person", "billing_address"], "number"),
    Person=tracked("host.person", [("name", SENT)], ["profile", "boss"]),
    Profile=tracked("host.profile", ["nickname"]),
    Address=tracked("host.address", ["street"], ["country"]),
    Country=tracked("host.country", ["code"]),
)


@pytest.fixture
def page():
    editing.import_document("default", MAP)
    editing.publish("default", by=None)
    return map_page("preview", TrackingMap.objects.get().pk)


@pytest.fixture
def order(page):
    someone = Person.objects.create(name=CHAIN[Person])
    Profile.objects.create(person=someone, nickname=CHAIN[Profile])
    return Order.objects.create(number=CHAIN[Order], person=someone)


def staff(*models):
    """A user who reads maps and may view objects of these models."""
    user = person("view_trackingmap")
    names = [f"view_{model._meta.model_name}" for model in models]
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="host", codename__in=names)
    )
    return user


def asked(client, page, obj, model="Order"):
    return client.get(page, {"model": model, "object": obj.pk})


def visible_names(response):
    """The names whose values are shown, on either side."""
    rows = response.context.get("rows", [])
    return {row.name for row in rows if row.draft != "hidden" or row.live != "hidden"}


def hides_nothing_but(response, *models):
    """That the page tells nothing of these models' objects, and all of the others."""
    html = response.content.decode()
    for model, secret in CHAIN.items():
        assert (secret in html) == (model not in models), model
    for model in CHAIN.keys() - set(models):
        assert NAMES[model] in visible_names(response)
    for model in models:
        assert NAMES[model] not in visible_names(response)


def below(model):
    """The model and its related objects."""
    chain = list(CHAIN)
    return chain[chain.index(model) :]


# Who is asked ------------------------------------------------------------------------------------


def test_a_superuser_sees_models_that_no_admin_shows(admin_client, page, order):
    """E5: 49 of 54 models of one site had no preview."""
    hides_nothing_but(asked(admin_client, page, order))


@pytest.mark.parametrize("missing", CHAIN)
def test_what_may_not_be_viewed_is_hidden_with_what_is_behind_it(client, page, order, missing):
    """F2: by permission, where the host's admin does not have the models."""
    client.force_login(staff(*CHAIN.keys() - {missing}))
    response = asked(client, page, order)
    if missing is Order:
        assert "You may not view the objects of host.Order" in response.content.decode()
        assert "preview" not in response.context
        html = response.content.decode()
        assert CHAIN[Person] not in html
        assert CHAIN[Profile] not in html
    else:
        hides_nothing_but(response, *below(missing))


def test_who_may_change_may_view(client, page, order):
    """As in Django's own admin."""
    user = staff(Person, Profile)
    user.user_permissions.add(
        Permission.objects.get(codename="change_order", content_type__app_label="host")
    )
    client.force_login(user)
    hides_nothing_but(asked(client, page, order))


@pytest.mark.parametrize("everyone", ["superuser", "staff"])
@pytest.mark.parametrize("hidden", CHAIN)
@pytest.mark.parametrize("how", ["queryset", "object", "permission"])
def test_an_object_that_the_hosts_admin_hides_is_hidden_in_the_tree(
    client, admin_user, page, order, hidden, how, everyone
):
    """F2: another tenant's customer behind an order of one's own; also from a superuser."""

    def get_queryset(self, request):
        return admin.ModelAdmin.get_queryset(self, request).none()

    def of_object(self, request, obj=None):
        return obj is None

    def of_model(self, request, obj=None):
        return False

    members = {
        "queryset": {"get_queryset": get_queryset},
        "object": {"has_view_permission": of_object},
        "permission": {"has_view_permission": of_model},
    }[how]
    client.force_login(admin_user if everyone == "superuser" else staff(*CHAIN))
    with ExitStack() as stack:
        for model in CHAIN:
            stack.enter_context(registered(model, **(members if model is hidden else {})))
        response = asked(client, page, order)
    if hidden is Order:
        assert "preview" not in response.context
        html = response.content.decode()
        assert CHAIN[Person] not in html
        assert CHAIN[Profile] not in html
    else:
        hides_nothing_but(response, *below(hidden))
        assert "Order__number" in response.content.decode()


def test_only_the_other_tenants_object_is_hidden(admin_client, page, order):
    """F2: the model is not hidden, one of its objects is."""
    mine = Person.objects.create(name="mine")
    own = Order.objects.create(number="own", person=mine)

    def get_queryset(self, request):
        return admin.ModelAdmin.get_queryset(self, request).filter(name="mine")

    with registered(Person, get_queryset=get_queryset):
        hides_nothing_but(asked(admin_client, page, order), Person, Profile)
        assert {"Person_name", "Profile_nickname"} <= visible_names(asked(admin_client, page, own))


@pytest.mark.parametrize("hidden", [None, *CHAIN])
def test_a_backend_of_object_permissions_is_asked(
    client, page, order, settings, monkeypatch, hidden
):
    """E5: with the object, where the permission for the model is not there."""
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        f"{__name__}.OfObjects",
    ]
    objects = {Order: order, Person: order.person, Profile: order.person.profile}
    shown = {obj.pk for model, obj in objects.items() if model is not hidden}
    monkeypatch.setattr(OfObjects, "shown", shown)
    user = person("view_trackingmap")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    response = asked(client, page, order)
    if hidden is Order:
        assert "You may not view" in response.content.decode()
        assert "preview" not in response.context
    else:
        hides_nothing_but(response, *(below(hidden) if hidden else ()))
    other = Order.objects.create(number="another")
    assert asked(client, page, other).context.get("object") is None
    assert "another" not in client.get(page, {"model": "Order"}).content.decode()


class NobodyManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().none()


def test_what_the_default_manager_does_not_show_is_hidden_too(
    admin_client, page, order, monkeypatch
):
    """As a ModelAdmin without a method of its own would have it."""
    manager = NobodyManager()
    manager.model = Person
    monkeypatch.setitem(vars(Person._meta), "default_manager", manager)
    hides_nothing_but(asked(admin_client, page, order), Person, Profile)


# What must not leak ------------------------------------------------------------------------------


def test_a_hidden_object_leaks_in_no_part_of_the_page(client, page, order, monkeypatch):
    """F2, F3: not in errors, statuses or counts of queries, and not through related objects."""

    def raises(self):
        raise ValueError(f"no discount for {CHAIN[Person]}")

    monkeypatch.setattr(Person, "__str__", raises)
    editing.import_document(
        "default",
        document(**{**MAP.models, "Person": tracked("host.person", ["id"], ["profile", "boss"])}),
    )
    client.force_login(staff(Order, Profile))
    with_profile = asked(client, page, order)
    counts = with_profile.context["preview"].queries
    html = with_profile.content.decode()
    for secret in (CHAIN[Person], CHAIN[Profile], str(order.person.pk)):
        assert secret not in html
    rows = {row.name: row.status for row in with_profile.context["rows"]}
    assert rows["Profile_nickname"] == "unknown", "same and changed would compare hidden values"
    Profile.objects.all().delete()
    assert asked(client, page, order).context["preview"].queries == counts


@override_settings(TRACKADMIN={"COMPUTED": ["host.Person.boast", "host.Profile.boast"]})
@pytest.mark.parametrize("models", [[Order], [Order, Person], [Order, Profile]])
def test_nothing_of_a_hidden_object_is_computed(client, page, order, monkeypatch, models):
    """The host's code does not run for hidden values or for objects behind them."""
    ran = []
    for model in (Person, Profile):
        monkeypatch.setattr(model, "boast", property(ran.append), raising=False)
    editing.import_document(
        "default",
        document(
            Order=tracked("host.order", ["number"], ["person"]),
            Person=tracked("host.person", ["boast"], ["profile"]),
            Profile=tracked("host.profile", ["boast"]),
        ),
    )
    client.force_login(staff(*models))
    rows = {row.name: row.draft for row in asked(client, page, order).context["rows"]}
    assert rows["Profile_boast"] == "hidden"
    assert [type(obj) for obj in ran] == [Person] * (Person in models)


def test_a_missing_object_is_null_and_one_that_may_not_be_viewed_is_hidden(client, page):
    order = Order.objects.create(number="without")
    client.force_login(staff(Order, Person))
    rows = {row.name: row for row in asked(client, page, order).context["rows"]}
    assert rows["Person_name"].draft == "null"
    assert rows["Profile_nickname"].draft == "hidden"


def test_a_computed_attribute_of_a_visible_object_is_shown(admin_client, page):
    """It is the object's own, whatever it reads."""
    entry = tracked("host.everything", ["double"], key="")
    editing.import_document("default", document(Everything=entry))
    thing = Everything.objects.create(slug="thing", integer=21)
    response = asked(admin_client, page, thing, "Everything")
    assert '"Everything_double": 42' in response.context["json"]


def test_a_relation_that_is_loaded_already_is_asked_all_the_same(admin_client, page, order):
    """The host's list may select related objects, but that does not reveal them."""

    def with_related(self, request):
        return admin.ModelAdmin.get_queryset(self, request).select_related("person__profile")

    def nobody(self, request):
        return admin.ModelAdmin.get_queryset(self, request).none()

    with registered(Order, get_queryset=with_related), registered(Person, get_queryset=nobody):
        hides_nothing_but(asked(admin_client, page, order), Person, Profile)


def test_several_objects_of_one_model_are_each_asked(admin_client, page):
    """A shared country is shown under the visible address and not under the hidden one."""
    country = Country.objects.create(code="DE", name="Germany")
    mine = Address.objects.create(street="mine", country=country)
    theirs = Address.objects.create(street="theirs", country=country)
    editing.import_document(
        "default",
        document(
            Order=tracked(
                "host.order",
                ["number"],
                [("billing_address", "Billing"), ("shipping_address", "Shipping")],
            ),
            Address=tracked("host.address", ["street"], ["country"]),
            Country=tracked("host.country", ["code"]),
        ),
    )
    order = Order.objects.create(number="1", billing_address=mine, shipping_address=theirs)

    def get_queryset(self, request):
        return admin.ModelAdmin.get_queryset(self, request).filter(street="mine")

    with registered(Address, get_queryset=get_queryset):
        rows = {row.name: row.draft for row in asked(admin_client, page, order).context["rows"]}
    billing = {v for name, v in rows.items() if name.startswith("Billing")}
    shipping = {v for name, v in rows.items() if name.startswith("Shipping")}
    assert billing == {'"mine"', '"DE"'}
    assert shipping == {"hidden"}


# Models that inherit ------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Restaurant, PlaceProxy])
def test_the_admin_of_a_parent_is_asked_where_the_model_has_none(admin_client, page, model):
    """The parent's row is part of the child's: who hides one hides the other."""
    label = f"host.{model._meta.model_name}"
    editing.import_document("default", document(Place=tracked(label, ["name"])))
    shown, secret = model.objects.create(name="shown"), model.objects.create(name="secret")

    def get_queryset(self, request):
        return admin.ModelAdmin.get_queryset(self, request).filter(name="shown")

    with registered(Place, get_queryset=get_queryset):
        assert asked(admin_client, page, shown, "Place").context["object"] == shown
        response = asked(admin_client, page, secret, "Place")
        assert response.context["object"] is None
        assert "secret" not in response.content.decode()


def test_a_proxy_is_viewed_with_the_permission_for_its_model(client, page):
    editing.import_document("default", document(Place=tracked("host.placeproxy", ["name"])))
    inn = PlaceProxy.objects.create(name="inn")
    client.force_login(staff(Place))
    with registered(Place):
        assert asked(client, page, inn, "Place").context["object"] == inn
    assert asked(client, page, inn, "Place").context.get("object") is None


def test_the_rights_of_a_user_are_read_anew_for_each_page(client, page, order):
    user = staff(Order)
    client.force_login(user)
    hides_nothing_but(asked(client, page, order), Person, Profile)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_person"]))
    hides_nothing_but(asked(client, page, order), Profile)
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    hides_nothing_but(asked(client, page, order))


# Keys of several columns --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@isolate_apps("tests.host")
def test_an_object_with_a_key_of_several_columns_can_be_picked(rf, admin_user):
    """E5: no admin can have such a model, so only now a preview can."""

    class Seat(models.Model):
        pk = models.CompositePrimaryKey("row", "number")
        row = models.CharField(max_length=3)
        number = models.IntegerField()

        class Meta:
            app_label = "host"

        def __str__(self):
            return f"{self.row}{self.number}"

    request = rf.get("/")
    request.user = admin_user
    facts = SimpleNamespace(model=Seat, cased_label="host.Seat")
    with connection.schema_editor() as editor:
        editor.create_model(Seat)
    try:
        seats = [Seat.objects.create(row="A", number=n) for n in (1, 2)]
        viewer = Viewer(admin.site, request)
        samples = Samples(facts, viewer)
        assert [(each.key, each.label) for each in samples.newest()] == [
            ('["A", 2]', "A2"),
            ('["A", 1]', "A1"),
        ]
        assert samples.by_key('["A", 2]') == seats[1]
        assert viewer.may_view(Seat, seats[0])
        for bad in ("A", "[", '["A"]', '["A", "x"]', '["A", 3]', "[" * 5000, "null", '{"A": 1}'):
            assert samples.by_key(bad) is None, bad
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(Seat)
