"""What is due: one operation, one list on Home, one option of the command."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.screens import MARKS, client_of, edit, map_page, published_example
from trackadmin import editing
from trackadmin.document import ActionEntry
from trackadmin.editing import DueKind
from trackadmin.models import Waiver

pytestmark = MARKS
HOME = "/admin/trackadmin/"


@pytest.fixture
def tracking_map():
    row = published_example()
    aged(0)
    return row


def aged(days):
    """Let all migrations of the site be so old."""
    when = timezone.now() - timedelta(days)
    MigrationRecorder(connection).migration_qs.update(applied=when)


def kinds(row):
    return [each.kind for each in editing.due_items(row)]


def deprecate(row, until):
    attributes = editing.build_document(row).models["User"].attributes
    dated = replace(attributes["email"], until=until)
    edit(row, "User", attributes={**attributes, "email": dated})


def waived(row, days):
    waiver = editing.waive(row, "lint.description", "User", reason="Known.")
    Waiver.objects.filter(pk=waiver.pk).update(created_at=timezone.now() - timedelta(days))


def test_nothing_is_due_before_its_day(tracking_map):
    deprecate(tracking_map, (timezone.now() + timedelta(3)).date().isoformat())
    waived(tracking_map, 364)
    aged(29)
    assert editing.due_items(tracking_map) == []


def test_a_name_a_waiver_and_undecided_attributes_are_due_after_their_days(tracking_map):
    """The oldest first; of a tracked model the undecided attributes are one thing."""
    deprecate(tracking_map, "2020-01-01")
    waived(tracking_map, 366)
    aged(31)
    found = editing.due_items(tracking_map)
    of_models = sorted(each.place for each in found if each.kind == DueKind.UNDECIDED)
    assert of_models == ["BuyerProfile", "CompanyAccount", "User"]
    assert [each.since for each in found] == sorted(each.since for each in found)
    assert found[0].kind == DueKind.NAME
    assert (found[0].place, found[0].since.isoformat()) == ("User.email", "2020-01-01")
    (old,) = (each for each in found if each.kind == DueKind.WAIVER)
    assert "Known." in str(old.what)


@pytest.mark.parametrize("key", ["WAIVER_DAYS", "UNDECIDED_DAYS"])
def test_the_setting_says_when_or_never(tracking_map, key):
    waived(tracking_map, 10)
    aged(10)
    kind = {"WAIVER_DAYS": DueKind.WAIVER, "UNDECIDED_DAYS": DueKind.UNDECIDED}[key]
    for days, is_due in ((9, True), (11, False), (None, False)):
        with override_settings(TRACKADMIN={"DUE": {key: days}}):
            assert (kind in kinds(tracking_map)) == is_due


def test_what_nobody_knows_the_age_of_is_not_due(tracking_map):
    MigrationRecorder(connection).migration_qs.all().delete()
    assert kinds(tracking_map) == []


def test_reviews_join_the_list_until_they_are_over(tracking_map):
    edit(tracking_map, "User", owner="Team")
    assert DueKind.REVIEW not in kinds(tracking_map)
    editing.ask_for_review(tracking_map, by=None)
    assert DueKind.REVIEW in kinds(tracking_map)
    editing.withdraw_request(tracking_map, by=None)
    assert DueKind.REVIEW not in kinds(tracking_map)


def test_home_lists_what_is_due_with_links(client, tracking_map):
    deprecate(tracking_map, "2020-01-01")
    editing.save_action(tracking_map, "old", ActionEntry(state="deprecated", until="2020-01-02"))
    waived(tracking_map, 400)
    aged(40)
    html = client_of(client, "view_trackingmap").get(HOME).content.decode()
    part = html[html.index('class="ta-due"') :]
    pk = tracking_map.pk
    for address in (
        f"{map_page('change', pk)}?q=User",
        *(map_page(page, pk) for page in ("actions", "quality", "undecided")),
    ):
        assert f'href="{address}"' in part, address
    assert "User_email stayed until 2020-01-01" in part


def test_home_costs_the_same_however_much_is_due(admin_client, tracking_map):
    admin_client.get(HOME)
    with CaptureQueriesContext(connection) as few:
        admin_client.get(HOME)
    deprecate(tracking_map, "2020-01-01")
    waived(tracking_map, 400)
    aged(40)
    with CaptureQueriesContext(connection) as many:
        admin_client.get(HOME)
    assert len(many) == len(few)


def run(*arguments):
    out = io.StringIO()
    try:
        call_command("trackadmin", "check", "--due", *arguments, stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_the_command_fails_if_something_is_due_and_only_then(tracking_map):
    assert run() == ("", "")
    deprecate(tracking_map, "2020-01-01")
    out, error = run()
    assert out.startswith("2020-01-01  User_email stayed until 2020-01-01")
    assert "1 thing is due" in error
    (item,) = json.loads(run("--json")[0])
    assert (item["kind"], item["where"]) == ("name", "User.email")
