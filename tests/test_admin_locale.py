"""Numbers that a program reads again do not follow the locale (C1)."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from reversion.models import Revision, Version

from tests import screens
from tests.maps import EXAMPLE
from tests.pages import read
from tests.screens import edit, map_page, pages_of
from trackadmin import editing
from trackadmin.document import digest, dump
from trackadmin.models import MapVersion, TrackedModel, TrackingMap

pytestmark = screens.MARKS

#: The first key, version and edit of everything: with a thousand separator it is 1.500.
FIRST = 1500
GROUPED = re.compile(r"(?<![\d.])\d{1,3}(?:[.,'\u00a0\u202f]\d{3})+(?![\d])")
#: Words for people.
WORDS = {"title", "aria-label", "placeholder", "content"}


def count_from(*models):
    """Let the next row of each table have the key ``FIRST``."""
    with connection.cursor() as cursor:
        for model in models:
            table = model._meta.db_table
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [table, FIRST - 1])
            else:
                cursor.execute(
                    "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, FIRST - 1]
                )


@pytest.fixture
def german(settings):
    settings.LANGUAGE_CODE = "de"
    settings.USE_THOUSAND_SEPARATOR = True


@pytest.fixture
def tracking_map(german, db):
    """A map in which every number is at least 1,500."""
    count_from(TrackingMap, TrackedModel, MapVersion, Revision, Version, User)
    row = editing.add_map("old", name="Old")
    text = dump(EXAMPLE)
    MapVersion.objects.create(map=row, number=FIRST - 1, document=text, digest=digest(text))
    editing.import_document(row, EXAMPLE)
    TrackedModel.objects.update(lock_version=FIRST)
    TrackingMap.objects.filter(pk=row.pk).update(lock_version=FIRST)
    for owner in ("First", "Second"):
        edit(row, "User", owner=owner)
        editing.publish(row, by=None)
    edit(row, "User", owner="Third")
    editing.delete_tracked_model(row.tracked_models.get(prefix="CompanyAccount"))
    return row


@pytest.fixture
def client(tracking_map):
    client = Client()
    client.force_login(User.objects.create_superuser("ada", first_name="Ada"))
    return client


def every_page(row):
    pages = pages_of(row, version=FIRST)
    pages["trackingmap_bring_back"] += "?prefix=CompanyAccount"
    pages["trackingmap_bring_back_action"] += "?action=gone"
    pages["trackedmodel_add"] += f"?map={row.pk}"
    pages["trackedaction_add"] += f"?map={row.pk}"
    user = User.objects.get()
    pages["trackingmap_tracked"] += f"?model=auth.user&object={user.pk}"
    preview = map_page("preview", row.pk)
    return {
        **pages,
        "the form of a model": pages["trackedmodel_add"] + "&model=demo.order",
        "preview": f"{preview}?model=User&object={user.pk}",
        "preview by key": f"{preview}?model=User&by=pk&value={user.pk}",
    }


def opened(client, row):
    for name, page in every_page(row).items():
        if name not in screens.NO_PAGES:
            response = client.get(page)
            assert response.status_code in (200, 404), name
            if "json" not in response["Content-Type"]:
                yield name, page, response.content.decode()


def test_the_separator_is_on(client, tracking_map):
    """Else the tests below would see nothing: Django's own list shows the number to people."""
    html = client.get(every_page(tracking_map)["mapversion_changelist"]).content.decode()
    assert "1.501" in html
    assert tracking_map.pk == FIRST
    assert TrackedModel.objects.order_by("pk").first().pk >= FIRST


def test_no_attribute_and_no_address_holds_a_grouped_number(client, tracking_map):
    """C1: `seen`, keys, versions, addresses, data attributes and ids."""
    numbers = 0
    for name, _, html in opened(client, tracking_map):
        for tag, attribute, value in read(html).attributes:
            if attribute not in WORDS and tag != "path":
                assert not GROUPED.search(value), (name, tag, attribute, value)
                numbers += bool(re.search(r"\b15\d\d\b", value))
    assert numbers > 50


def test_every_form_can_be_sent_back_as_it_stands(client, tracking_map):
    """C1: and is understood in any language."""
    posted = set()
    for name, page, html in opened(client, tracking_map):
        for form in read(html).forms:
            address = form.action or page
            if "trackadmin" not in address:
                continue  # log out, choose a theme
            if address.startswith("?"):
                address = page.partition("?")[0] + address
            if form.method == "get":
                assert client.get(address.partition("?")[0], form.sent).status_code == 200, name
                continue
            sent = form.sent_to_save
            with transaction.atomic():
                response = client.post(address, sent)
                transaction.set_rollback(True)
            assert response.status_code in (200, 302), (name, address, sent)
            if response.status_code == 200:
                html = response.content.decode()
                assert "Open the page again" not in html, name
            posted.add((name, response.status_code))
    done = {name for name, status in posted if status == 302}
    assert done >= {
        "trackingmap_change",
        "trackingmap_bring_back",
        "trackingmap_publish",
        "trackingmap_roll_back",
        "trackedmodel_change",
        "trackedmodel_delete",
        "trackedmodel_undo",
    }


def test_what_a_program_reads_is_not_grouped(client, tracking_map):
    user = User.objects.get()
    found = client.get(map_page("search", tracking_map.pk), {"model": "User", "term": "ada"}).json()
    assert found["results"] == [{"id": str(user.pk), "text": "ada"}]
    page = client.get(every_page(tracking_map)["preview"])
    assert f'"User_id": {user.pk}' in page.context["json"]
    assert f"?User__id={user.pk}" in page.content.decode()


@pytest.mark.parametrize("guarded", ["delete", "change"])
def test_the_guard_holds_with_a_separator(client, tracking_map, guarded):
    """C1: a model that somebody saved in the meantime is neither deleted nor overwritten."""
    page = every_page(tracking_map)[f"trackedmodel_{guarded}"]
    form = next(f for f in read(client.get(page).content.decode()).forms if "seen" in f.sent)
    assert form.sent["seen"] == str(FIRST + 3)
    edit(tracking_map, "User", owner="Somebody else")
    html = client.post(page, form.sent).content.decode()
    assert 'role="alert"' in html
    assert TrackedModel.objects.get(prefix="User").owner == "Somebody else"
