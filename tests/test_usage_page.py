"""What usage says about a map, and the page that shows it: numbers of the table, none made up."""

import re
from datetime import UTC, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.screens import MARKS, action_page, edit, map_page, model_page
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.codes import Subject, UsageCode
from trackadmin.document import ActionEntry, AttributeEntry, from_dict
from trackadmin.editing.usage import _all_counts
from trackadmin.models import TrackingMap, UsageCount
from trackadmin.runtime.accepting import connection_of

pytestmark = MARKS

MAP = {
    "models": {
        "User": {
            "model": "auth.User",
            "attributes": ["id", {"source": "username", "lookup": True}, "email", "last_login"],
            "key": "id",
        },
        "Buyer": {
            "model": "demo.BuyerProfile",
            "attributes": ["uuid"],
            "children": [{"accessor": "user", "prefix": "Person"}],
            "key": "uuid",
        },
    },
    "actions": {"signup": {}, "gone_quiet": {}, "not_yet": {"state": "planned"}},
}


@pytest.fixture
def published():
    row = TrackingMap.objects.get(slug="default")
    editing.import_document(row, from_dict(MAP, catalog().find))
    editing.publish(row, by=None, note="first")
    return row


def count(subject, name, seen, empty=0, days=0, slug="default"):
    """What a process writes for the day that many days ago."""
    at = timezone.now().astimezone(UTC) - timedelta(days=days)
    UsageCount.objects.create(
        map=slug, day=at.date(), subject=subject, name=name, seen=seen, empty=empty, last_at=at
    )


def findings(row):
    live = editing.read_version(editing.live_version(row))
    return {(each.code, each.name) for each in editing.usage_findings(editing.usage(row), live)}


def test_periods_add_up_the_days_that_belong_to_them_and_no_other_map(published):
    for days, seen in ((0, 1), (1, 10), (6, 100), (7, 1000), (29, 10_000), (30, 100_000)):
        count(Subject.ACTION, "signup", seen, days=days)
    count(Subject.ACTION, "signup", 5, slug="other")
    usage = editing.usage(published)
    assert usage.actions["signup"].seen == {1: 1, 7: 111, 30: 11_111}
    assert (timezone.now().astimezone(UTC).date() - usage.since).days == 30
    days = editing.events_by_day(published)
    assert days["signup"] == days[None]
    total = days[None]
    assert (total[-1], total[-2], total[0], sum(total)) == (1, 10, 10_000, 11_111)


@pytest.mark.parametrize(
    ("seen", "empty", "filled"), [(3, 0, 100), (1000, 1, 99), (1000, 999, 1), (3, 3, 0)]
)
def test_share_is_only_all_or_nothing_where_that_is_true(published, seen, empty, filled):
    count(Subject.NAME, "User_id", seen, empty)
    assert editing.usage(published).names["User_id"].filled == filled


def test_nothing_is_found_before_an_event_was_counted(published):
    assert findings(published) == set()


def test_each_kind_of_finding_is_found_once_and_nothing_else(published):
    count(Subject.ACTION, "signup", 50)
    count(Subject.ACTION, "sing up", 2)
    for name in ("User_id", "User_username", "Buyer_uuid"):
        count(Subject.NAME, name, 50)
    count(Subject.NAME, "User_last_login", 50, 50)
    count(Subject.REFERENCE, "User__id", 5)
    count(Subject.PARAMETER, "user_email", 3)
    count(Subject.PARAMETER, "colour", 3)
    assert findings(published) == {
        (UsageCode.NEVER_SEEN, "User_email"),
        (UsageCode.ALWAYS_EMPTY, "User_last_login"),
        (UsageCode.LOOKUP_UNUSED, "User__username"),
        (UsageCode.ACTION_NEVER_SEEN, "gone_quiet"),
        (UsageCode.ACTION_UNDECLARED, "sing up"),
        (UsageCode.PARAMETER_DISGUISED, "user_email"),
    }


def test_attribute_that_came_along_under_the_prefix_of_a_child_was_seen(published):
    count(Subject.ACTION, "signup", 1)
    count(Subject.NAME, "Person_email", 1)
    names = {name for code, name in findings(published) if code is UsageCode.NEVER_SEEN}
    assert "User_email" not in names
    assert "User_username" in names


def test_a_few_empty_values_say_nothing(published):
    count(Subject.ACTION, "signup", 5)
    count(Subject.NAME, "User_last_login", 5, 5)
    assert (UsageCode.ALWAYS_EMPTY, "User_last_login") not in findings(published)


def test_page_shows_the_counts_and_leads_to_where_one_can_act(published, admin_client):
    count(Subject.ACTION, "signup", 1234)
    count(Subject.NAME, "User_id", 1234, 617)
    count(Subject.REFERENCE, "User__id", 4, 1)
    text = admin_client.get(map_page("usage", published.pk)).content.decode()
    user = published.tracked_models.get(prefix="User")
    for expected in ("1234", "50 %", "75 %", f"/trackedmodel/{user.pk}/change/#a-email"):
        assert expected in text, expected


def test_page_of_a_map_without_events_says_why(published, admin_client, settings):
    page = map_page("usage", published.pk)
    assert "No event was counted yet." in admin_client.get(page).content.decode()
    settings.TRACKADMIN = {"USAGE_SECONDS": 0}
    assert "USAGE_SECONDS" in admin_client.get(page).content.decode()


def marks(html):
    """The marks on the page: which part of the page Usage each leads to, and its words."""
    return re.findall(r'<a class="ta-badge ta-warn" href="[^"#]+/usage/#([^"]+)">([^<]+)</a>', html)


def test_rows_of_a_model_and_actions_say_what_usage_says_of_them(published, admin_client):
    """Each mark leads to the part of Usage with the advice, and stands in the row that it is about.

    What is not live yet was not seen either, and has no mark.
    """
    for name, seen, empty in (("User_id", 50, 0), ("User_last_login", 50, 50)):
        count(Subject.NAME, name, seen, empty)
    count(Subject.ACTION, "signup", 50)
    edit(
        published,
        "User",
        attributes={
            **editing.build_document(published).models["User"].attributes,
            "given": AttributeEntry("first_name"),
        },
    )
    editing.save_action(published, "brand_new", ActionEntry())
    user = published.tracked_models.get(prefix="User")
    html = admin_client.get(model_page("change", user.pk)).content.decode()
    never, used = ("usage.never_seen", "never seen in 30 days"), "lookup not used in 30 days"
    rows = {row.partition('"')[0]: marks(row) for row in html.split('<tr id="a-')[1:]}
    assert {name: found for name, found in rows.items() if found} == {
        "username": [never, ("usage.lookup_unused", used)],
        "email": [never],
        "last_login": [("usage.always_empty", "always empty in 30 days")],
    }
    quiet = [("usage.action_never_seen", "never seen in 30 days")]
    assert marks(admin_client.get(map_page("actions", published.pk)).content.decode()) == quiet
    for name, expected in (("gone_quiet", quiet), ("signup", []), ("brand_new", [])):
        page = action_page("change", published.actions.get(name=name).pk)
        assert marks(admin_client.get(page).content.decode()) == expected, name
    usage = admin_client.get(map_page("usage", published.pk)).content.decode()
    assert all(f'id="{code}"' in usage for code, _words in (*rows["username"], *quiet))


def test_rows_have_no_marks_before_an_event_was_counted(published, admin_client, settings):
    """Nor where the site does not count, and then nothing is asked for."""
    user = published.tracked_models.get(prefix="User")
    action = published.actions.get(name="gone_quiet")
    pages = [model_page("change", user.pk), action_page("change", action.pk)]
    pages.append(map_page("actions", published.pk))
    for page in pages:
        assert marks(admin_client.get(page).content.decode()) == [], page
    settings.TRACKADMIN = {"USAGE_SECONDS": 0}
    count(Subject.ACTION, "signup", 50)
    for page in pages:
        with CaptureQueriesContext(connection) as queries:
            assert marks(admin_client.get(page).content.decode()) == [], page
        assert not [each for each in queries if "trackadmin_usagecount" in each["sql"]], page


def test_marks_take_one_query_of_the_counts_whatever_was_seen(published, admin_client):
    """What is shown in place of a part of the form has no rows, so it asks for none."""
    count(Subject.ACTION, "signup", 50)
    user = model_page("change", published.tracked_models.get(prefix="User").pk)
    for page, expected in (
        (user, 1),
        (map_page("actions", published.pk), 1),
        (f"{user}?_part=aggregates", 0),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(page).status_code == 200
        asked = [each for each in queries if "trackadmin_usagecount" in each["sql"]]
        assert len(asked) == expected, page


def test_a_name_under_one_of_very_many_prefixes_was_seen(published, admin_client, monkeypatch):
    """Then the database is not asked for each of them, and the marks are the same."""
    count(Subject.ACTION, "signup", 1)
    count(Subject.NAME, "Person_email", 1)
    live = editing.read_version(editing.live_version(published))
    few = editing.findings_of_model(published, live, "User")
    monkeypatch.setitem(editing.findings_of_model.__globals__, "MOST_STARTS", 1)
    assert editing.findings_of_model(published, live, "User") == few
    assert "User.email" not in {each.place for each in few}
    assert "User.username" in {each.place for each in few}


def test_queries_do_not_grow_with_the_names(published, admin_client):
    page = map_page("usage", published.pk)
    count(Subject.ACTION, "signup", 1)
    admin_client.get(page)
    with CaptureQueriesContext(connection) as few:
        admin_client.get(page)
    for number in range(300):
        count(Subject.NAME, f"User_{number}", 1)
    with CaptureQueriesContext(connection) as many:
        assert admin_client.get(page).content.count(b"<code>User_") == 100
    assert len(many) == len(few)


def test_strangers_names_are_escaped(published, admin_client):
    count(Subject.ACTION, "<script>alert(1)</script>", 1)
    text = admin_client.get(map_page("usage", published.pk)).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_first_steps_and_home_know_the_first_event(published, admin_client):
    assert "none yet" in admin_client.get("/admin/trackadmin/").content.decode()
    count(Subject.ACTION, "signup", 1)
    assert "none yet" not in admin_client.get("/admin/trackadmin/").content.decode()
    assert editing.last_seen(["default", "other"]).keys() == {"default"}


def test_profile_says_how_each_attribute_was_seen_in_events(published, admin_client):
    page = model_page("profile", published.tracked_models.get(prefix="User").pk)
    assert "of the last 30 days" not in admin_client.get(page).content.decode()
    count(Subject.ACTION, "signup", 5)
    count(Subject.NAME, "User_email", 4, 1)
    count(Subject.NAME, "Person_email", 4, 1)
    text = admin_client.get(page).content.decode()
    assert "In 8 events of the last 30 days, 75% with a value." in text
    assert text.count("In no event of the last 30 days.") == 3


def test_counts_are_read_from_the_database_that_they_are_written_to(settings):
    settings.TRACKADMIN = {"EVENTS_DATABASE": "other"}
    assert _all_counts().db == connection_of(UsageCount).alias == "other"
