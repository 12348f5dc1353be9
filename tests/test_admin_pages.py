"""Every page opens, refuses users without the permission, writes nothing, runs no inline code."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse

from demo.models import BuyerProfile, CompanyAccount
from tests import screens
from tests.maps import tracked
from tests.screens import (
    action_page,
    client_of,
    edit,
    map_page,
    model_page,
    published_example,
    some_actions,
)
from trackadmin import editing
from trackadmin.admin import (
    DeliveryAdmin,
    MapVersionAdmin,
    TrackedActionAdmin,
    TrackedModelAdmin,
    TrackingMapAdmin,
)
from trackadmin.compiler.bounded_cache import BoundedCache
from trackadmin.document import AttributeEntry
from trackadmin.editing import first_versions, version_summaries
from trackadmin.models import Delivery, MapVersion, TrackedAction, TrackedModel, TrackingMap

pytestmark = screens.MARKS

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'&"
#: What may be done to something; with "view" alone nothing may.
#: Django's own pages; nothing there takes a POST.
LISTS = {"maps", "models", "all versions", "all actions"}
#: Their forms ask and write nothing, so a viewer may send them.
ASKING = {"try a URL", "explain an event"}
VIEWS = (
    *("view_trackingmap", "view_trackedmodel", "view_trackedaction", "view_mapversion"),
    "view_delivery",
)


@pytest.fixture
def tracking_map():
    """Published, then edited and deleted from, so that every page has something to show."""
    row = published_example()
    edit(row, "User", owner="Accounts team", key="")
    editing.delete_tracked_model(row.tracked_models.get(prefix="CompanyAccount"))
    some_actions(row)
    return row


def page_about_an_object():
    """The page about an object of the host."""
    obj, _made = CompanyAccount.objects.get_or_create(name="The company")
    return map_page("tracked") + f"?model=demo.companyaccount&object={obj.pk}"


def pages_of(row):
    """The address of every page that a GET opens, by name."""
    pk, model = row.pk, row.tracked_models.get(prefix="User")
    entries = editing.history(model)
    deletion = next(e for e in editing.history(row) if e.deleted)
    action, action_deletion = some_actions(row)
    return {
        "maps": map_page("changelist"),
        "add map": map_page("add"),
        "help": map_page("help"),
        "map": map_page("change", pk),
        "delete map": map_page("delete", pk),
        "map history": map_page("history", pk),
        "bring back": map_page("bring_back", pk, deletion.revision) + "?prefix=CompanyAccount",
        "events": map_page("events", pk),
        "events, filtered": map_page("events", pk) + "?action=x&model=User&wrong=1&sender=open",
        "deliveries": reverse("admin:trackadmin_delivery_changelist"),
        "dictionary": map_page("dictionary", pk),
        "dictionary of actions": map_page("dictionary", pk) + "?show=actions&version=draft&q=s",
        "dictionary, one name": map_page("dictionary", pk) + "?name=User_id",
        "undecided": map_page("undecided", pk),
        "picture": map_page("picture", pk),
        "picture of a part": map_page("picture", pk) + "?model=BuyerProfile",
        "tree": map_page("picture", pk) + "?model=BuyerProfile&view=tree",
        "map, filtered": map_page("change", pk) + "?q=user&show=changed&group=app",
        "quality": map_page("quality", pk),
        "usage": map_page("usage", pk),
        "quality, with values": map_page("quality", pk) + "?values=1",
        "import": map_page("import", pk),
        "messages": map_page("messages", pk),
        "start": map_page("start", pk),
        "what is tracked": page_about_an_object(),
        "publish": map_page("publish", pk),
        "effect": map_page("effect", pk),
        "comment": map_page("comment", pk) + "?place=User.email",
        "preview, nothing chosen": map_page("preview", pk),
        "preview": map_page("preview", pk) + "?model=User",
        "try a URL": map_page("try_url", pk),
        "explain an event": map_page("explain_event", pk),
        "versions": map_page("versions", pk),
        "backfills": map_page("backfills", pk),
        "version": map_page("version", pk, 1),
        "compare": map_page("compare", pk),
        "roll back": map_page("roll_back", pk, 1),
        "models": model_page("changelist"),
        "choose": model_page("add") + f"?map={pk}",
        "add": model_page("add") + f"?map={pk}&model=demo.order",
        "model": model_page("change", model.pk),
        "delete": model_page("delete", model.pk),
        "history": model_page("history", model.pk),
        "undo": model_page("undo", model.pk, entries[-1].revision),
        "profile": model_page("profile", model.pk),
        "actions": map_page("actions", pk),
        "all actions": action_page("changelist"),
        "add action": action_page("add") + f"?map={pk}",
        "action": action_page("change", action.pk),
        "delete action": action_page("delete", action.pk),
        "action history": action_page("history", action.pk),
        "undo action": action_page("undo", action.pk, editing.history(action)[-1].revision),
        "bring back action": map_page("bring_back_action", pk, action_deletion) + "?action=gone",
        "all versions": reverse("admin:trackadmin_mapversion_changelist"),
    }


#: Pages for people who may view the object, too; ``test_tracked_object.py`` tests who that is.
OF_OBJECTS = {"what is tracked"}
#: The pages that only somebody with these permissions more may open at all.
TO_WRITE = {
    "messages": "change_trackingmap",
    "add map": "add_trackingmap",
    "delete map": "delete_trackingmap",
    "bring back": "add_trackedmodel",
    "start": "add_trackedmodel change_trackedmodel change_trackedaction",
    "roll back": "roll_back_trackingmap",
    "comment": "review_trackingmap",
    "choose": "add_trackedmodel",
    "add": "add_trackedmodel",
    "delete": "delete_trackedmodel",
    "undo": "change_trackedmodel",
    "add action": "add_trackedaction",
    "delete action": "delete_trackedaction",
    "undo action": "change_trackedaction",
    "bring back action": "add_trackedaction",
}


def test_every_page_opens(admin_client, tracking_map):
    for name, address in pages_of(tracking_map).items():
        response = admin_client.get(address)
        assert response.status_code == 200, name
        assert "<h1>" in response.content.decode(), name


def test_a_get_writes_nothing(admin_client, tracking_map):
    pages = pages_of(tracking_map)
    admin_client.get(pages["map"])  # the theme makes its own row on the first page
    for name, address in pages.items():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            admin_client.get(address)
        # On PostgreSQL a union begins with a bracket.
        verbs = {query["sql"].lstrip("(").split()[0] for query in captured}
        # PostgreSQL declares a cursor for what is read bit by bit.
        reads = {"SELECT", "DECLARE", "SAVEPOINT", "RELEASE", "ROLLBACK"}
        assert verbs <= reads, (name, verbs)


def test_a_viewer_sees_everything_and_no_button(client, tracking_map):
    pages = pages_of(tracking_map)
    client_of(client, *VIEWS)
    for name in pages.keys() - TO_WRITE.keys() - LISTS - ASKING - OF_OBJECTS:
        html = client.get(pages[name]).content.decode()
        main = html[html.index('id="content-start"') :]
        assert 'method="post"' not in main, name
        assert not re.search(r"/(add|delete|roll-back|undo|bring-back)/", main), name
    model = client.get(pages["model"]).content.decode()
    assert '<fieldset class="ta-plain-fieldset" disabled>' in model
    assert 'name="_save"' not in model


def test_a_page_that_writes_is_closed_to_a_viewer(client, tracking_map):
    pages = pages_of(tracking_map)
    client_of(client, *VIEWS)
    for name in TO_WRITE:
        assert client.get(pages[name]).status_code == 403, name


@pytest.mark.parametrize("name", TO_WRITE)
def test_its_permissions_open_it(client, tracking_map, name):
    pages = pages_of(tracking_map)
    client_of(client, *VIEWS, *TO_WRITE[name].split())
    assert client.get(pages[name]).status_code == 200


def test_every_post_is_refused_to_a_viewer(client, tracking_map):
    before = (editing.draft_digest(tracking_map), MapVersion.objects.count())
    sequence = TrackingMap.objects.get(pk=tracking_map.pk).sequence
    addresses = pages_of(tracking_map)
    addresses |= {name: map_page(name, tracking_map.pk) for name in ("move", "fix")}
    client_of(client, *VIEWS)
    for name in addresses.keys() - LISTS:
        refused = client.post(addresses[name], {"name": "x", "note": "x", "prefix": "X"})
        assert refused.status_code == (200 if name in ASKING else 403), name
    assert (editing.draft_digest(tracking_map), MapVersion.objects.count()) == before
    assert TrackingMap.objects.get(pk=tracking_map.pk).sequence == sequence


def test_without_permission_nothing_opens(client, tracking_map):
    pages = pages_of(tracking_map)
    client_of(client)
    assert {client.get(address).status_code for address in pages.values()} == {403}


def test_who_is_not_logged_in_is_sent_to_the_log_in(client, tracking_map):
    for name, address in pages_of(tracking_map).items():
        response = client.get(address)
        assert response.status_code == 302, name
        assert "/login/" in response["Location"], name


def inline_code(html):
    """What a strict policy would refuse in the part of the page that is ours."""
    return [
        # What json_script writes is data and no code.
        *re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*\btype=\"application/json\")[^>]*>", html),
        *re.findall(r"<style\b", html),
        *re.findall(r"<[^>]*\s(?:on\w+|style)\s*=", html),
        *re.findall(r"javascript:", html),
    ]


def test_no_page_of_ours_holds_inline_code(admin_client, tracking_map):
    for name, address in pages_of(tracking_map).items():
        html = admin_client.get(address).content.decode()
        start = html.find('<div id="content-main" class="ta">')
        if start >= 0:  # the lists are Django's own
            ours = html[start : html.index('<footer id="footer"')]
            assert inline_code(ours) == [], name
    assert inline_code("<p onclick = 'x'>") != []
    assert inline_code("<script>1</script>") != []


def test_in_djangos_own_frame_a_whole_page_holds_no_inline_code(admin_client, tracking_map):
    """Then a policy of script-src 'self' covers every page."""
    with screens.without_the_theme():
        for name, address in pages_of(tracking_map).items():
            if name not in LISTS:
                html = admin_client.get(address).content.decode()
                assert "admin-interface" not in html, name
                assert inline_code(html) == [], name


def test_hostile_words_are_shown_and_not_obeyed(admin_client, tracking_map):
    tracking_map.name = HOSTILE
    tracking_map.description = HOSTILE
    tracking_map.save()
    described = {"username": AttributeEntry("username", description=HOSTILE)}
    edit(tracking_map, "User", description=HOSTILE, owner=HOSTILE, attributes=described)
    hostile = User.objects.create(username=HOSTILE[:150], first_name=HOSTILE[:150])
    BuyerProfile.objects.create(user=hostile)
    pages = pages_of(tracking_map)
    pages["preview of it"] = pages["preview"] + f"&object={hostile.pk}"
    shown = 0
    for name, address in pages.items():
        html = admin_client.get(address).content.decode()
        assert "<script>alert" not in html, name
        assert "<img src=x" not in html, name
        shown += "&lt;script&gt;alert" in html
    assert shown >= 15


BAD = ["", "x", "-1", "0", "\uff19", "\x00", "1" * 40, "' OR 1=1", "é" * 300]


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_in_an_address_is_never_an_error_of_the_server(admin_client, tracking_map, bad):
    pages = pages_of(tracking_map)
    for name, query in [
        ("preview", {"model": bad}),
        ("preview", {"model": "User", "object": bad}),
        ("preview", {"model": "User", "by": "id", "value": bad}),
        ("preview", {"model": "BuyerProfile", "by": "uuid", "value": bad}),
        ("preview", {"model": "User", "by": bad, "value": bad}),
        ("compare", {"old": bad, "new": bad}),
        ("versions", {"page": bad}),
        ("choose", {"map": bad, "model": bad}),
        ("choose", {"model": bad}),
        ("bring back", {"prefix": bad}),
        ("maps", {"q": bad}),
        ("models", {"q": bad, "map__id__exact": bad}),
    ]:
        response = admin_client.get(pages[name].split("?")[0], query)
        assert response.status_code in (200, 302, 400, 404), (name, query)
    search = map_page("search", tracking_map.pk)
    for query in ({"model": bad}, {"model": "User", "term": bad, "page": bad}):
        assert admin_client.get(search, query).status_code in (200, 400, 404), query


HUGE = 10**30


def test_numbers_that_nothing_has_are_not_found(admin_client, tracking_map):
    pk = tracking_map.pk
    model = tracking_map.tracked_models.get(prefix="User").pk
    for address in [
        map_page("change", 999),
        map_page("change", HUGE),
        map_page("publish", HUGE),
        map_page("version", pk, 99),
        map_page("version", pk, HUGE),
        map_page("document", pk, HUGE),
        map_page("roll_back", pk, HUGE),
        map_page("bring_back", pk, HUGE),
        map_page("bring_back", pk, 999),
        model_page("change", HUGE),
        model_page("undo", model, HUGE),
        model_page("undo", model, 999),
        reverse("admin:trackadmin_mapversion_change", args=[HUGE]),
    ]:
        assert admin_client.get(address).status_code == 404, address


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_in_a_form_is_never_an_error_of_the_server(admin_client, tracking_map, bad):
    before = (editing.draft_digest(tracking_map), MapVersion.objects.count())
    pages = pages_of(tracking_map)
    names = ["prefix", "key", "seen", "expected", "name", "slug", "note", "map", "model", "to"]
    names += ["a-id-decision", "a-id-name", "a-id-privacy", "c-buyer_profile-child_prefix"]
    sent = dict.fromkeys(names, bad)
    for name in ("add map", "map", "publish", "add", "model"):
        response = admin_client.post(pages[name], {**sent, "slug": bad + "!"})
        assert response.status_code in (200, 302, 400, 404), (name, bad)
    response = admin_client.post(map_page("move", tracking_map.pk), sent)
    assert response.status_code == 400
    assert (editing.draft_digest(tracking_map), MapVersion.objects.count()) == before


def test_lists_cost_the_same_however_long_they_are(admin_client, tracking_map, monkeypatch):
    for kept in (first_versions, version_summaries):
        monkeypatch.setattr(kept, "_kept", BoundedCache(0))
    pages = pages_of(tracking_map)
    admin_client.get(pages["map"])

    def counts():
        found = {}
        for name, address in pages.items():
            with CaptureQueriesContext(connection) as captured:
                admin_client.get(address)
            found[name] = len(captured)
        return found

    before = counts()
    for prefix, label in [("Order", "demo.order"), ("Product", "demo.product")]:
        entry = AttributeEntry("id")
        editing.save_tracked_model(tracking_map, prefix, tracked(label, [("id", entry)]))
    for _ in range(3):
        editing.publish(tracking_map, by=None)
        edit(tracking_map, "User", owner=f"Team {MapVersion.objects.count()}")
    for number in range(10):
        User.objects.create(username=f"user {number}")
    after = counts()
    # It looks at objects, as many as EFFECT_OBJECTS says.
    del before["effect"], after["effect"]
    assert {n: (before[n], after[n]) for n in before if after[n] > before[n]} == {}
    assert max(after.values()) <= 30, after


def test_the_app_list_leads_to_maps_models_and_versions(admin_client, tracking_map):
    html = admin_client.get(reverse("admin:app_list", args=["trackadmin"])).content.decode()
    for page in ("trackingmap", "trackedmodel", "mapversion"):
        assert f"/admin/trackadmin/{page}/" in html
    assert "/admin/trackadmin/mapversion/add/" not in html


def test_versions_can_be_listed_and_never_written(admin_client, tracking_map):
    version = MapVersion.objects.get()
    address = reverse("admin:trackadmin_mapversion_change", args=[version.pk])
    assert admin_client.get(address).status_code == 302
    assert admin_client.get(address, follow=True).context["version"] == version
    assert admin_client.post(address, {"note": "x"}).status_code == 405
    for page in ("add", "delete"):
        with pytest.raises(NoReverseMatch):
            reverse(
                f"admin:trackadmin_mapversion_{page}", args=[version.pk] if page != "add" else []
            )
    for path in ("add/", f"{version.pk}/delete/"):
        assert admin_client.post(f"/admin/trackadmin/mapversion/{path}").status_code == 404
    assert MapVersion.objects.get().note == "First."


def all_patterns(resolver):
    for each in resolver.url_patterns:
        if hasattr(each, "url_patterns"):
            yield from all_patterns(each)
        else:
            yield each, each.pattern


def test_the_pages_of_reversion_do_not_exist(admin_client, tracking_map):
    """Opening one would empty Django's signals for the whole process, and write on GET."""
    names = [pattern.name for pattern, _ in all_patterns(get_resolver())]
    assert "trackadmin_trackedmodel_history" in names
    assert [name for name in names if re.search("revision|recover", name or "")] == []
    model = tracking_map.tracked_models.get(prefix="User").pk
    for path in ("recover/", "recover/1/", f"{model}/history/1/"):
        assert admin_client.get(f"/admin/trackadmin/trackedmodel/{path}").status_code == 404
        assert admin_client.get(f"/admin/trackadmin/trackingmap/{path}").status_code == 404


def test_no_view_runs_in_a_transaction_of_the_request():
    """An edit's first statement must be the map's lock, so ATOMIC_REQUESTS must not reach it."""

    for model, cls in [
        (TrackingMap, TrackingMapAdmin),
        (TrackedModel, TrackedModelAdmin),
        (TrackedAction, TrackedActionAdmin),
        (MapVersion, MapVersionAdmin),
        (Delivery, DeliveryAdmin),
    ]:
        patterns = {pattern.name: pattern for pattern in cls(model, admin.site).get_urls()}
        own_list = cls is DeliveryAdmin
        assert len(patterns) == len(cls.screens) + (not own_list)
        for name, pattern in patterns.items():
            if own_list or not name.endswith("_changelist"):
                assert "default" in pattern.callback._non_atomic_requests, name
