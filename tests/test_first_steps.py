"""The first steps of a map: shown until all are done, and none is told as done that is not."""

import re

import pytest
from django.utils import timezone

from demo.models import CompanyAccount
from tests.drafts import everything
from tests.maps import EXAMPLE
from tests.screens import MARKS, map_page
from trackadmin import editing
from trackadmin.models import TrackingMap, UsageCount

pytestmark = MARKS

ALL = [
    "Choose a model", "Look at a real object", "Publish the first", "See the first event",
    "Roll back once",
]  # fmt: skip


@pytest.fixture
def tracking_map():
    return TrackingMap.objects.get(slug="default")


def open_steps(client, tracking_map):
    """The beginnings of the steps that are still to do; ``None`` if the page shows no steps."""
    html = client.get(map_page("change", tracking_map.pk)).content.decode()
    found = re.search(r'<ol class="ta-first-steps">(.*?)</ol>', html, re.DOTALL)
    if found is None:
        return None
    words = re.findall(r"<li><a [^>]+>([^<]+)</a></li>", found[1])
    return [step for step in ALL if any(each.startswith(step) for each in words)]


def look_at_an_object(client, tracking_map):
    company = CompanyAccount.objects.create(name="The company")
    page = map_page("preview", tracking_map.pk)
    client.get(page, {"model": "CompanyAccount", "object": company.pk})


def test_each_step_is_done_when_it_was_done(admin_client, tracking_map):
    assert open_steps(admin_client, tracking_map) == ALL
    editing.import_document(tracking_map, EXAMPLE)
    assert open_steps(admin_client, tracking_map) == ALL[1:]
    look_at_an_object(admin_client, tracking_map)
    assert open_steps(admin_client, tracking_map) == ALL[2:]
    editing.publish(tracking_map, by=None)
    assert open_steps(admin_client, tracking_map) == ALL[3:]
    row = tracking_map.tracked_models.get(prefix="CompanyAccount")
    editing.delete_tracked_model(row)
    editing.publish(tracking_map, by=None)
    assert open_steps(admin_client, tracking_map) == ALL[3:]
    editing.roll_back(tracking_map, to=1, by=None)
    assert open_steps(admin_client, tracking_map) == ["See the first event"]
    now = timezone.now()
    counted = {"day": now.date(), "subject": "action", "name": "signup", "seen": 1, "last_at": now}
    UsageCount.objects.create(map="other", **counted)
    assert open_steps(admin_client, tracking_map) == ["See the first event"]
    UsageCount.objects.create(map=tracking_map.slug, **counted)
    assert open_steps(admin_client, tracking_map) is None


def test_a_look_at_another_map_or_by_another_person_does_not_count(
    admin_client, client, tracking_map, django_user_model
):
    other = editing.add_map(slug="other", name="Other", by=None)
    for each in (tracking_map, other):
        editing.import_document(each, EXAMPLE)
    look_at_an_object(admin_client, other)
    assert ALL[1] in open_steps(admin_client, tracking_map)
    assert ALL[1] not in open_steps(admin_client, other)
    client.force_login(django_user_model.objects.create_superuser("second"))
    assert ALL[1] in open_steps(client, other)


def test_the_steps_write_nothing(admin_client, tracking_map):
    open_steps(admin_client, tracking_map)  # the theme makes its own row on the first page
    before = everything()
    open_steps(admin_client, tracking_map)
    assert everything() == before
