"""A model with 300 attributes: its form saves with Django's own limit, also without a script."""

import pytest
from django.apps import apps
from django.conf import global_settings
from django.db import models

from tests import screens
from tests.drafts import draft, everything, row, the_map
from tests.maps import attribute, document, tracked
from tests.pages import read
from tests.screens import model_page
from trackadmin import editing
from trackadmin.admin.forms import entry as entry_form
from trackadmin.models import TrackingMap

pytestmark = screens.MARKS

NAMES = [f"field_{number}" for number in range(298)]
SAID = {"description": "x", "privacy": "none"}


@pytest.fixture
def wide(settings):
    """A model of the host with 300 columns. All but two are tracked, under names of their own."""
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = global_settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    fields = {name: models.CharField(max_length=20) for name in (*NAMES, "email")}
    meta = type("Meta", (), {"app_label": "demo"})
    type("Ledger", (models.Model,), {"__module__": "demo.models", "Meta": meta, **fields})
    own = [(f"n_{name}", attribute(name, **SAID)) for name in NAMES[1:]]
    draft(document(Ledger=tracked("demo.ledger", ["id", *own], key="id")))
    yield model_page("change", row("Ledger").pk)
    del apps.all_models["demo"]["ledger"]
    apps.clear_cache()


@pytest.fixture
def page(monkeypatch):
    """The page of a small model as if it were a large one."""
    monkeypatch.setattr(entry_form, "MOST_OPEN", 5)
    names = [("id", attribute("id", lookup=True)), ("staff", attribute("is_staff", **SAID))]
    draft(document(User=tracked("auth.user", [*names, ("login", attribute("last_login", **SAID))])))
    return model_page("change", row("User").pk)


def sent_by(response):
    return read(response.content.decode()).forms[-1].sent


def entry_of(prefix="User"):
    return editing.build_document(the_map()).models[prefix]


def test_a_model_of_300_fields_is_saved_and_loses_nothing(admin_client, wide):
    """All its decisions may change at once, and the rest of each row stays as it was."""
    before = entry_of("Ledger")
    assert len(before.attributes) == 298
    sent = sent_by(admin_client.get(wide))
    assert 300 <= len(sent) < 350, "Django takes 1,000"
    assert admin_client.post(wide, {**sent, "owner": "Ours"}).status_code == 302
    assert entry_of("Ledger").attributes == before.attributes
    sent |= {name: "ignored" for name in sent if name.endswith("-decision")}
    sent |= {"key": "", "seen": str(row("Ledger").lock_version)}
    assert admin_client.post(wide, sent).status_code == 302
    found = entry_of("Ledger").attributes
    assert (len(found), {each.decision for each in found.values()}) == (300, {"ignored"})
    assert (found["n_field_1"].description, found["n_field_1"].privacy) == ("x", "none")


def test_a_row_is_opened_edited_and_saved_without_a_script(admin_client, page):
    """Opening it saves nothing, and what was typed elsewhere stays in the form."""
    sent = sent_by(admin_client.get(page))
    assert "a-is_staff-name" not in sent
    before = everything()
    opened = admin_client.post(page, {**sent, "_show": "open-is_staff", "owner": "Ours"})
    assert everything() == before
    again = sent_by(opened)
    assert (again["a-is_staff-name"], again["a-is_staff-description"]) == ("staff", "x")
    assert (again["owner"], "a-last_login-name" in again) == ("Ours", False)
    again |= {"a-is_staff-description": "", "a-is_staff-privacy": "pseudonymised"}
    assert admin_client.post(page, again).status_code == 302
    found = entry_of().attributes
    assert (found["staff"].description, found["staff"].privacy) == ("", "pseudonymised")
    assert (found["login"].description, found["login"].privacy) == ("x", "none")


def test_a_lookup_of_a_closed_row_stays_and_can_be_taken_away(admin_client, page):
    """A box that is not ticked is not sent, as one that is closed."""
    sent = sent_by(admin_client.get(page))
    sent = sent_by(admin_client.post(page, {**sent, "_show": "rows"}))
    assert admin_client.post(page, sent).status_code == 302
    assert entry_of().attributes["id"].lookup
    sent = sent_by(admin_client.post(page, {**sent, "_show": "open-id"}))
    assert sent.pop("a-id-lookup") == "on"
    assert admin_client.post(page, sent).status_code == 302
    assert not entry_of().attributes["id"].lookup


def test_one_input_of_a_row_is_sent_alone(admin_client, page):
    """As a script does that leaves out what nobody changed."""
    sent = sent_by(admin_client.get(page)) | {"a-is_staff-privacy": "sent"}
    assert admin_client.post(page, sent).status_code == 302
    found = entry_of().attributes["staff"]
    assert (found.privacy, found.description) == ("sent", "x")


def test_a_row_with_an_error_is_opened_where_the_error_is(admin_client, page):
    sent = sent_by(admin_client.get(page)) | {"a-email-decision": "tracked"}
    refused = admin_client.post(page, sent)
    assert "Decide how this is sent" in refused.content.decode()
    again = sent_by(refused)
    assert again.keys() - sent.keys() == {"a-email-privacy"}
    assert admin_client.post(page, {**again, "a-email-privacy": "dropped"}).status_code == 302
    assert entry_of().attributes["email"].privacy == "dropped"


def test_the_form_of_a_usual_model_is_open(admin_client, page, monkeypatch):
    monkeypatch.undo()
    html = admin_client.get(page).content.decode()
    assert "data-closed" not in html
    assert 'value="open-' not in html


def test_a_deleted_form_keeps_what_its_closed_rows_had(admin_client, page):
    """Somebody deleted the model meanwhile: its saved names come back with what was written."""
    sent = sent_by(admin_client.get(page)) | {"owner": "Mine"}
    assert "a-is_staff-name" not in sent
    before = entry_of().attributes
    editing.delete_tracked_model(row("User"))
    moved = admin_client.post(page, sent)
    assert moved.status_code == 307
    shown = read(admin_client.post(moved["Location"], sent).content.decode()).forms[-1]
    refused = admin_client.post(shown.action, {**shown.sent, "prefix": "no prefix"})
    again = read(refused.content.decode()).forms[-1]
    assert admin_client.post(again.action, {**again.sent, "prefix": "User"}).status_code == 302
    assert entry_of().attributes == before
    assert entry_of().owner == "Mine"


def test_a_row_of_another_map_or_model_is_no_deleted_form(admin_client, page):
    """What an address makes up is not taken from there."""
    other = TrackingMap.objects.create(slug="other", name="Other")
    address = model_page("add") + f"?map={other.pk}&model=auth.user&was={row('User').pk}"
    sent = {"prefix": "User", "a-is_staff-decision": "tracked", "a-is_staff-privacy": "sent"}
    assert admin_client.post(address, sent).status_code == 302
    found = editing.build_document(other).models["User"]
    assert found.attributes.keys() == {"is_staff"}
