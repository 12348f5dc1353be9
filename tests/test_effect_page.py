"""The effect of a draft on its page: what it says, and that nobody sees what they may not view."""

import re
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests import screens
from tests.drafts import everything
from tests.host.models import Everything, Order, Person, Profile, Purchase
from tests.maps import attribute, document, tracked
from tests.screens import OfObjects, map_page, person, registered
from trackadmin import editing
from trackadmin.admin import effect_words
from trackadmin.document import AggregateEntry, dump
from trackadmin.models import MapVersion, TrackedAttribute, TrackedModel, TrackingMap

pytestmark = screens.MARKS

#: From the object itself to the grandchild, with what each would tell.
CHAIN = {Order: "order-secret", Person: "person-secret", Profile: "profile-secret"}
NAMES = {Order: "Order_number", Person: "Person_name", Profile: "Profile_nickname"}


def chain(**attributes):
    """An order with its person and their profile, and these attributes of each."""
    return document(
        Order=tracked("host.order", attributes["order"], ["person"], "number"),
        Person=tracked("host.person", attributes["person"], ["profile"]),
        Profile=tracked("host.profile", attributes["profile"]),
    )


LIVE = chain(order=["number"], person=["id"], profile=["id"])
DRAFT = chain(
    order=["number", ("again", attribute("number"))],
    person=["id", ("name", attribute("name", privacy="none"))],
    profile=["id", ("nickname", attribute("nickname", privacy="none"))],
)


def published(live, draft):
    editing.import_document("default", live)
    editing.publish("default", by=None)
    editing.import_document("default", draft)
    return map_page("effect", TrackingMap.objects.get().pk)


@pytest.fixture
def page():
    return published(LIVE, DRAFT)


@pytest.fixture
def order(page):
    someone = Person.objects.create(name=CHAIN[Person])
    Profile.objects.create(person=someone, nickname=CHAIN[Profile])
    return Order.objects.create(number=CHAIN[Order], person=someone)


def staff(*models, personal=True):
    """A user who reads maps and may view objects of these models."""
    user = person("view_trackingmap", *(["view_personal_values"] if personal else []))
    names = [f"view_{model._meta.model_name}" for model in models]
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="host", codename__in=names)
    )
    return user


def rows(response):
    """What the page says of each name, by tracked model."""
    return {
        model.prefix: {each.name: each for each in model.names}
        for model in response.context["models"]
    }


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# The page -----------------------------------------------------------------------------------------


def test_the_review_leads_there_in_place_and_looks_at_no_object(
    admin_client, page, order, monkeypatch
):
    """The link's element is what both pages have; the review itself costs no query more."""

    def never(*args, **kwargs):
        raise AssertionError("the review must not compute the effect")

    review = page.removesuffix("effect/")
    admin_client.get(review)
    with monkeypatch.context() as patched:
        patched.setattr(editing, "effects", never)
        with CaptureQueriesContext(connection) as captured:
            html = admin_client.get(review).content.decode()
    assert f'<a class="ta-button" href="{page}" data-into="effect">' in html
    assert html.count('id="effect"') == 1
    tables = {table for q in captured for table in re.findall(r'"(host_\w+)"', q["sql"])}
    assert tables == set()
    assert len(captured) <= 25
    html = admin_client.get(page).content.decode()
    assert html.count('id="effect"') == 1


def test_without_changes_there_is_no_link_and_the_page_says_so(admin_client):
    page = published(LIVE, LIVE)
    assert 'id="effect"' not in admin_client.get(page.removesuffix("effect/")).content.decode()
    html = admin_client.get(page).content.decode()
    assert "The draft changes nothing in what objects send." in html


def test_it_says_what_becomes_of_each_name(admin_client, page, order):
    Order.objects.create(number="another")
    response = admin_client.get(page)
    found = rows(response)["Order"]
    assert found["Order_again"].sentences == ["filled on 2 of 2"]
    assert found["Person_name"].sentences == ["filled on 1 of 2"]
    (model,) = (each for each in response.context["models"] if each.prefix == "Order")
    assert model.counts == "3 new"
    assert model.facts[0] == "3 names → 6"
    assert "bytes as JSON, the median of 2 objects" in model.facts[1]
    assert model.facts[2] == "A tracking URL of Order: 1 query → 1"
    assert not model.lacks
    told = words(response.content.decode())
    assert "Order_again new filled on 2 of 2" in told
    assert "&quot;order-secret&quot;" in told


def test_changed_and_gone_names(admin_client):
    Everything.objects.create(slug="a", text="one", integer=3)
    Everything.objects.create(slug="b", text="", integer=0)
    page = published(
        document(Everything=tracked("host.everything", [("x", attribute("text")), "slug"])),
        document(Everything=tracked("host.everything", [("x", attribute("integer"))])),
    )
    response = admin_client.get(page)
    found = rows(response)["Everything"]
    assert found["Everything_x"].sentences == ["changed on 2 of 2", "filled on 1 of 2 → 2 of 2"]
    pairs = {(each.before, each.after) for each in found["Everything_x"].examples}
    assert pairs == {('"one"', "3"), ('""', "0")}
    assert found["Everything_slug"].sentences == ["was filled on 2 of 2"]
    (model,) = response.context["models"]
    assert model.facts[-1] == "No tracking URL can name an object, because the model has no key."


@override_settings(TRACKADMIN={"COMPUTED": ["host.Order.shelf"]})
@pytest.mark.parametrize(
    ("live", "draft", "said"),
    [
        (
            ["number"],
            ["number", "shelf"],
            "A tracking URL of Order: 1 query → 3, because the site’s code computes Order_shelf",
        ),
        (
            ["number", "shelf"],
            ["number"],
            "A tracking URL of Order: 3 queries → 1, because the site’s code no longer computes "
            "Order_shelf",
        ),
    ],
)
def test_the_sentence_about_queries_names_the_reason(
    admin_client, order, monkeypatch, live, draft, said
):
    def shelf(self):
        return Everything.objects.count() + Everything.objects.count()

    monkeypatch.setattr(Order, "shelf", property(shelf), raising=False)
    entries = (document(Order=tracked("host.order", each, key="number")) for each in (live, draft))
    assert said in words(admin_client.get(published(*entries)).content.decode())


@override_settings(TRACKADMIN={"COMPUTED": ["host.Order.shelf"]})
def test_the_queries_of_a_new_model_and_of_one_that_leaves(admin_client, order, monkeypatch):
    monkeypatch.setattr(Order, "shelf", property(lambda self: Everything.objects.count()), False)
    new = document(Order=tracked("host.order", ["number", "shelf"], key="number"))
    old = document(Profile=tracked("host.profile", ["nickname"], key="nickname"))
    told = words(admin_client.get(published(old, new)).content.decode())
    assert (
        "A tracking URL of Order: 2 queries, because the site’s code computes Order_shelf" in told
    )
    assert (
        "A tracking URL of Profile took 1 query. By the draft, no URL can name an object." in told
    )


def test_one_model_can_be_asked_for(admin_client, page, order):
    response = admin_client.get(page, {"model": "Profile"})
    assert rows(response).keys() == {"Profile"}
    html = response.content.decode()
    assert f'<a href="{page}" data-into="effect">All changed models</a>' in html


def test_an_unchanged_model_is_not_an_unknown_one(admin_client):
    page = published(LIVE, replace(LIVE, models={**LIVE.models, "Order": DRAFT.models["Order"]}))
    response = admin_client.get(page, {"model": "Profile"})
    assert "The draft changes nothing in what objects of Profile send." in response.content.decode()
    assert admin_client.get(page, {"model": "Nobody"}).status_code == 404


def test_many_models_and_names_are_cut_with_a_count(admin_client, page, order, monkeypatch):
    monkeypatch.setattr(import_module("trackadmin.editing.effects"), "MOST_MODELS", 1)
    monkeypatch.setattr(effect_words, "MOST_NAMES", 1)
    html = admin_client.get(page).content.decode()
    assert "2 further names are not shown." in html
    for prefix in ("Person", "Profile"):
        assert f'<a href="{page}?model={prefix}" data-into="effect">{prefix}</a>' in html
    assert f"{page}?model=Order" not in html


def test_before_the_first_publish_all_is_new(admin_client):
    editing.import_document("default", DRAFT)
    Order.objects.create(number="1")
    response = admin_client.get(map_page("effect", TrackingMap.objects.get().pk))
    html = response.content.decode()
    assert "Nothing is live yet, so all names are new." in html
    assert {str(each.status) for each in rows(response)["Order"].values()} == {"new"}


def test_a_live_version_that_cannot_be_read_is_told(admin_client):
    editing.import_document("default", DRAFT)
    row = TrackingMap.objects.get()
    MapVersion.objects.create(map=row, number=1, document=dump(LIVE), digest="0" * 64)
    html = admin_client.get(map_page("effect", row.pk)).content.decode()
    assert "The live version 1 cannot be read" in html
    assert "so all its names look new" in html
    assert "Nothing is live yet" not in html


def test_errors_of_the_draft_are_told(admin_client, page):
    assert "The draft has" not in admin_client.get(page).content.decode()
    row = TrackedModel.objects.get(prefix="Order")
    TrackedAttribute.objects.create(tracked_model=row, source="no_such", position=9)
    assert "The draft has 1 error." in admin_client.get(page).content.decode()


@override_settings(TRACKADMIN={"EFFECT_SECONDS": 0})
def test_what_was_not_reached_is_told(admin_client, page, order):
    html = admin_client.get(page).content.decode()
    assert html.count("There was no time left to look at its objects.") == 3
    assert CHAIN[Order] not in html


def test_it_writes_nothing(admin_client, page, order):
    before = everything()
    admin_client.get(page)
    assert everything() == before


def test_it_takes_no_post(admin_client, page):
    assert admin_client.post(page).status_code == 405


def test_hostile_values_are_shown_and_not_obeyed(admin_client, page):
    hostile = "<script>alert(1)</script>"
    Order.objects.create(number=hostile[:20])
    html = admin_client.get(page).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_a_long_value_is_cut(admin_client):
    Everything.objects.create(slug="a", long_text="x" * 5000)
    page = published(
        document(Everything=tracked("host.everything", ["slug"])),
        document(Everything=tracked("host.everything", ["slug", "long_text"])),
    )
    (example,) = rows(admin_client.get(page))["Everything"]["Everything_long_text"].examples
    assert len(example.after) == effect_words.LONGEST_VALUE


# Who sees what ------------------------------------------------------------------------------------


def below(model):
    """The model and its related objects."""
    found = list(CHAIN)
    return found[found.index(model) :]


def tells_nothing_of(response, *models):
    """That the page tells nothing of these models' objects, and all of the others."""
    html = response.content.decode()
    for model, secret in CHAIN.items():
        assert (secret in html) == (model not in models), model


@pytest.mark.parametrize("missing", CHAIN)
def test_what_may_not_be_viewed_is_not_counted(client, page, order, missing):
    """By permission, with all that is behind it."""
    client.force_login(staff(*CHAIN.keys() - {missing}))
    response = client.get(page, {"model": "Order"})
    found = rows(response)["Order"]
    if missing is Order:
        html = response.content.decode()
        assert "You may not view the objects of host.Order." in html
        assert [each.sentences for each in found.values()] == [[]] * 3
        assert not any(secret in html for secret in CHAIN.values())
        return
    tells_nothing_of(response, *below(missing))
    for model in below(missing):
        assert found[NAMES[model]].sentences == ["not visible to you on 1 of 1"]
    told = words(response.content.decode())
    assert "Size not known" in told
    assert "Queries of a tracking URL not known" in told


@pytest.mark.parametrize("hidden", CHAIN)
@pytest.mark.parametrize("how", ["queryset", "object", "permission", "raises"])
def test_what_the_hosts_admin_hides_is_hidden_also_from_a_superuser(
    admin_client, page, order, hidden, how
):
    """And an admin that raises an error shows nothing, not even the error's words."""

    def get_queryset(self, request):
        return admin.ModelAdmin.get_queryset(self, request).none()

    def of_object(self, request, obj=None):
        return obj is None

    def of_model(self, request, obj=None):
        return False

    def raises(self, request, obj=None):
        raise RuntimeError(f"{CHAIN[hidden]} of {order.person.pk}")

    members = {
        "queryset": {"get_queryset": get_queryset},
        "object": {"has_view_permission": of_object},
        "permission": {"has_view_permission": of_model},
        "raises": {"has_view_permission": raises},
    }[how]
    with ExitStack() as stack:
        for model in CHAIN:
            stack.enter_context(registered(model, **(members if model is hidden else {})))
        response = admin_client.get(page, {"model": "Order"})
    assert response.status_code == 200
    tells_nothing_of(response, *(CHAIN if hidden is Order else below(hidden)))


@pytest.mark.parametrize("hidden", [None, Person, Profile])
def test_a_backend_of_object_permissions_is_asked(
    client, page, order, settings, monkeypatch, hidden
):
    """One's own order with another's person behind it."""
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        f"{__name__}.OfObjects",
    ]
    objects = {Person: order.person, Profile: order.person.profile}
    shown = {obj.pk for model, obj in objects.items() if model is not hidden}
    monkeypatch.setattr(OfObjects, "shown", shown)
    client.force_login(staff(Order), backend="django.contrib.auth.backends.ModelBackend")
    tells_nothing_of(client.get(page, {"model": "Order"}), *(below(hidden) if hidden else ()))


def test_only_the_objects_of_ones_own_list_are_samples(admin_client, page, order):
    """The other tenant's order is neither an example nor in a count."""
    Order.objects.create(number="own")

    def get_queryset(self, request):
        return admin.ModelAdmin.get_queryset(self, request).filter(number="own")

    with registered(Order, get_queryset=get_queryset):
        response = admin_client.get(page, {"model": "Order"})
    assert rows(response)["Order"]["Order_again"].sentences == ["filled on 1 of 1"]
    tells_nothing_of(response, *CHAIN)


@pytest.mark.parametrize("may", [True, False])
def test_a_sum_of_hidden_objects_is_hidden(client, page, order, may):
    Purchase.objects.create(person=order.person, points=4711)
    counted = {"points_sum": AggregateEntry("purchases", "sum", "points")}
    entry = replace(DRAFT.models["Person"], aggregates=counted)
    editing.import_document("default", replace(DRAFT, models={**DRAFT.models, "Person": entry}))
    client.force_login(staff(*CHAIN, *([Purchase] if may else [])))
    html = client.get(page).content.decode()
    assert ("4711" in html) == may


def test_it_says_which_objects_size_and_queries_come_from(admin_client, page, order):
    """Of an object with a hidden value they would tell something about that."""
    other = Person.objects.create(name="Seen")
    Order.objects.create(number="seen", person=other)

    def may_view(self, request, obj=None):
        return obj is None or obj.pk == other.pk

    told = "Size and queries come from 1 of 2 objects only."
    with registered(Person, has_view_permission=may_view):
        (found,) = shown_of(admin_client.get(page), "Order")
    assert any("bytes as JSON, for 1 object" in fact for fact in found.facts)
    assert any(fact.startswith(told) for fact in found.facts)
    (found,) = shown_of(admin_client.get(page), "Order")
    assert any("the median of 2 objects" in fact for fact in found.facts)
    assert not any("only." in fact for fact in found.facts)


def shown_of(response, prefix):
    return [each for each in response.context["models"] if each.prefix == prefix]


@pytest.mark.parametrize("personal", [True, False])
def test_a_size_does_not_tell_how_long_a_masked_value_is(client, order, personal):
    sent = ("name", attribute("name", privacy="sent"))
    page = published(LIVE, document(Person=tracked("host.person", ["id", sent])))
    client.force_login(staff(*CHAIN, personal=personal))
    facts = []
    for name in ("x", "x" * 50):
        Person.objects.update(name=name)
        (found,) = shown_of(client.get(page, {"model": "Person"}), "Person")
        facts.append(found.facts)
    told = "Personal values are left out of the size, because you may not see them."
    assert (facts[0] == facts[1]) == (told in facts[0]) == (not personal)


@pytest.mark.parametrize("personal", [True, False])
def test_personal_values_are_masked_without_the_permission(client, order, personal):
    draft = replace(
        DRAFT,
        models={
            **DRAFT.models,
            "Person": tracked(
                "host.person", ["id", ("name", attribute("name", privacy="sent"))], ["profile"]
            ),
        },
    )
    page = published(LIVE, draft)
    client.force_login(staff(*CHAIN, personal=personal))
    response = client.get(page, {"model": "Person"})
    assert (CHAIN[Person] in response.content.decode()) == personal
    masked = [] if personal else ["personal, so examples are masked"]
    assert rows(response)["Person"]["Person_name"].sentences == ["filled on 1 of 1", *masked]


def test_a_pseudonym_is_shown_and_what_it_was_made_of_is_masked(client, order):
    live = replace(LIVE, models={"Person": tracked("host.person", ["id", "name"])})
    hidden = ("name", attribute("name", privacy="pseudonymised"))
    page = published(live, replace(live, models={"Person": tracked("host.person", ["id", hidden])}))
    client.force_login(staff(*CHAIN, personal=False))
    html = client.get(page).content.decode()
    assert "masked" in html
    assert "&quot;default:" in html
    assert CHAIN[Person] not in html


@override_settings(TRACKADMIN={"COMPUTED": ["host.Person.boast"]})
def test_an_error_of_the_sites_code_never_tells_its_words(admin_client, order, monkeypatch):
    def boast(self):
        raise ValueError(f"no boast of {self.name}")

    monkeypatch.setattr(Person, "boast", property(boast), raising=False)
    page = published(LIVE, replace(LIVE, models={"Person": tracked("host.person", ["boast"])}))
    html = admin_client.get(page).content.decode()
    assert "The value is lost: ValueError." in html
    assert "no boast" not in html


@pytest.mark.parametrize("error", [RuntimeError("secret words"), PermissionDenied("secret words")])
def test_a_list_that_raises_spoils_only_its_own_model(admin_client, page, order, error):
    def get_queryset(self, request):
        raise error

    with registered(Order, get_queryset=get_queryset):
        response = admin_client.get(page)
    html = response.content.decode()
    assert response.status_code == 200
    assert "secret words" not in html
    assert CHAIN[Person] in html


def test_who_may_not_view_maps_sees_no_effect(client, page, order):
    client.force_login(person())
    assert client.get(page).status_code == 403
