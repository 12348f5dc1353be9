"""Counts and sums in the preview: their values, what they cost, and who may see them."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests import screens
from tests.host.models import AliveManager, Person, Profile, Purchase
from tests.maps import document, tracked
from tests.screens import map_page, person, registered
from trackadmin import editing
from trackadmin.catalog import catalog, collections
from trackadmin.compiler import compile_map
from trackadmin.compiler.costs import Cost, CostCode
from trackadmin.document import AggregateEntry
from trackadmin.editing import trying
from trackadmin.models import TrackingMap

pytestmark = screens.MARKS

PAID = AggregateEntry("purchases", where={"paid": True})
POINTS = AggregateEntry("purchases", "sum", "points", position=1)
TEAM = AggregateEntry("team", position=2)
LAST = AggregateEntry("purchases", "latest", "note", by="points", privacy="sent", position=3)
COUNTS = {"paid_count": PAID, "points_sum": POINTS, "team_count": TEAM}


def map_with(aggregates):
    entry = tracked("host.person", ["id"], key="id")
    return document(
        Person=replace(entry, aggregates=aggregates),
        Profile=tracked("host.profile", ["nickname"], ["person"], "nickname"),
    )


@pytest.fixture
def page():
    """Live counts what was paid, the draft everything."""
    editing.import_document("default", map_with({"paid_count": PAID}))
    editing.publish("default", by=None)
    editing.import_document("default", map_with(COUNTS))
    return map_page("preview", TrackingMap.objects.get().pk)


@pytest.fixture
def ann(page):
    ann = Person.objects.create(name="Ann")
    Person.objects.create(name="Bob", boss=ann)
    for points, paid in [(3, True), (4, False)]:
        Purchase.objects.create(person=ann, points=points, paid=paid, note=f"gift-{points}")
    return ann


def asked(client, page, obj, model="Person"):
    return client.get(page, {"model": model, "object": obj.pk})


def shown(response):
    return {row.name: (row.draft, row.live, str(row.status)) for row in response.context["rows"]}


def staff(*names):
    user = person("view_trackingmap")
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="host", codename__in=names)
    )
    return user


# Values and costs --------------------------------------------------------------------------------


def test_the_draft_is_beside_live(admin_client, page, ann):
    found = shown(asked(admin_client, page, ann))
    assert found["Person_paid_count"] == ("1", "1", "same")
    assert found["Person_points_sum"] == ("7", "null", "new")
    assert found["Person_team_count"] == ("1", "null", "new")


def test_what_they_cost_is_told(admin_client, page, ann):
    """All counts of an object are one query, whatever their number."""
    response = asked(admin_client, page, ann)
    (counted,) = response.context["counted"]
    assert (counted.path, counted.queries) == ("Person", 1)
    assert counted.milliseconds > 0
    assert [each.meaning for each in counted.counts] == [
        "Count of purchases where paid is yes",
        "Sum of points of purchases",
        "Count of persons",
    ]
    html = response.content.decode()
    assert "1 query, " in html
    assert "ms for this object" in html
    assert response.context["preview"].queries == 1
    assert "no index on this relation" not in html


def test_a_missing_index_is_told(admin_client, page, ann, monkeypatch):
    monkeypatch.setattr(collections, "is_indexed", lambda field: False)
    with override_settings(TRACKADMIN={}):  # the catalog is made again
        assert "no index on this relation" in asked(admin_client, page, ann).content.decode()
        compiled = compile_map(map_with({"team_count": TEAM}), catalog())
        assert list(compiled.by_prefix["Person"].costs) == [
            Cost(CostCode.COUNTED, "Person"),
            Cost(CostCode.NOT_INDEXED, "Person_team_count"),
        ]


def test_the_counts_of_a_related_object_are_a_query_more(admin_client, page, ann):
    profile = Profile.objects.create(person=ann, nickname="annie")
    response = asked(admin_client, page, profile, "Profile")
    assert shown(response)["Person_points_sum"][0] == "7"
    (counted,) = response.context["counted"]
    assert (counted.path, counted.queries) == ("Profile.person", 1)
    assert response.context["preview"].queries == 2


def test_an_object_without_related_objects_counts_none(admin_client, page):
    found = shown(asked(admin_client, page, Person.objects.create(name="Cid")))
    assert found["Person_points_sum"][0] == "0"


def test_a_draft_with_errors_shows_the_counts_that_compile(admin_client, page, ann):
    broken = {**COUNTS, "lost": AggregateEntry("purchases", "sum", "weightless")}
    preview = editing.preview("default", ann, document=map_with(broken))
    assert preview.values["Person_points_sum"] == 7
    assert "Person_lost" not in preview.values
    assert preview.problems


def test_an_error_of_the_database_is_told_and_the_rest_come(page, ann, monkeypatch):
    def fails(self, *args):
        raise RuntimeError("the manager of the site")

    monkeypatch.setattr(AliveManager, "get_queryset", fails)
    tickets = {**COUNTS, "tickets_count": AggregateEntry("tickets")}
    preview = editing.preview("default", ann, document=map_with(tickets))
    assert preview.values["Person_tickets_count"] is None
    assert preview.values["Person_points_sum"] == 7
    assert any(problem.code == "aggregate.failed" for problem in preview.problems)
    assert "the manager of the site" not in " ".join(map(str, preview.problems))


def test_after_the_time_limit_nothing_is_counted(page, ann):
    with override_settings(TRACKADMIN={"PREVIEW_SECONDS": 0.0000001}):
        preview = editing.preview("default", ann)
    assert preview.unshown["Person_points_sum"].value == "late"
    assert preview.counted == ()


# Who may see them --------------------------------------------------------------------------------


def test_a_number_is_hidden_from_who_may_not_view_its_objects(client, page, ann):
    """It tells about each of them."""
    client.force_login(staff("view_person"))
    found = shown(asked(client, page, ann))
    assert found["Person_points_sum"][:2] == ("hidden", "hidden")
    assert found["Person_paid_count"][:2] == ("hidden", "hidden")
    assert found["Person_team_count"][0] == "1"
    assert "host.Purchase" in asked(client, page, ann).context["hidden"]
    client.force_login(staff("view_person", "view_purchase"))
    assert shown(asked(client, page, ann))["Person_points_sum"][0] == "7"


def raising(self, request):
    raise RuntimeError("broken")


@pytest.mark.parametrize(
    "members",
    [
        {"get_queryset": lambda self, request: Purchase.objects.exclude(points=4)},
        {"has_view_permission": lambda self, request, obj=None: obj is None or obj.points != 4},
        {"has_view_permission": lambda self, request, obj=None: False},
        {"get_queryset": raising},
    ],
)
def test_an_object_that_the_hosts_admin_hides_is_in_no_number(admin_client, page, ann, members):
    """Also from a superuser, as everywhere in the preview."""
    with registered(Purchase, **members):
        found = shown(asked(admin_client, page, ann))
    assert found["Person_points_sum"][:2] == ("hidden", "hidden")
    assert found["Person_team_count"][0] == "1"


def test_what_the_hosts_admin_lists_is_counted(admin_client, page, ann):
    with registered(Purchase):
        assert shown(asked(admin_client, page, ann))["Person_points_sum"][0] == "7"
    other = Person.objects.create(name="Dan")
    Purchase.objects.create(person=other, points=1)
    with registered(Purchase, get_queryset=lambda s, r: Purchase.objects.exclude(points=4)):
        assert shown(asked(admin_client, page, other))["Person_points_sum"][0] == "1"


def test_what_is_hidden_is_not_read(client, page, ann):
    client.force_login(staff("view_person"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        asked(client, page, ann)
    assert not [each["sql"] for each in queries if "SUM(" in each["sql"]]


def test_an_api_that_asks_about_objects_is_asked_about_each(page, ann):
    def may_view(model, obj):
        return not isinstance(obj, Purchase) or obj.points != 4

    hidden = editing.preview("default", ann, may_view=may_view)
    assert hidden.unshown["Person_points_sum"].value == "hidden"
    Purchase.objects.filter(points=4).delete()
    assert editing.preview("default", ann, may_view=may_view).values["Person_points_sum"] == 3


def test_more_objects_than_are_asked_about_are_hidden(page, ann, monkeypatch):
    monkeypatch.setattr(trying, "MOST_ASKED", 1)
    shown = editing.preview("default", ann, may_view=lambda model, obj: True)
    assert shown.unshown["Person_points_sum"].value == "hidden"
    assert shown.values["Person_team_count"] == 1


# The review --------------------------------------------------------------------------------------


def test_the_review_says_what_is_new_and_what_it_costs(admin_client, page, ann):
    review = admin_client.get(map_page("publish", TrackingMap.objects.get().pk))
    html = review.content.decode()
    assert "New and changed counts and sums" in html
    assert "Sum of points of purchases" in html
    assert "costs one query more" in html
    assert 'preview/?model=Person"' in html
    (person,) = review.context["counts"]
    names = [each.name for each in person.counts]
    assert names == ["Person_points_sum", "Person_team_count"], "paid_count is live already"
    # Timed on the newest object, by all of its counts and sums at once.
    assert person.newest.queries == 1
    assert "1 query, " in html
    assert "ms for the newest object" in html


def test_the_review_of_somebody_who_may_view_no_object_times_none(client, page, ann):
    """Neither are the host's objects read."""
    screens.client_of(client, "view_trackingmap")
    with CaptureQueriesContext(connection) as captured:
        review = client.get(map_page("publish", TrackingMap.objects.get().pk))
    (person,) = review.context["counts"]
    assert person.newest is None
    assert "Sum of points of purchases" in review.content.decode()
    assert not [q for q in captured if "host_person" in q["sql"] or "host_purchase" in q["sql"]]


def test_a_review_without_new_counts_says_nothing_of_them(admin_client, page):
    editing.publish("default", by=None)
    review = admin_client.get(map_page("publish", TrackingMap.objects.get().pk))
    assert "New and changed counts and sums" not in review.content.decode()
