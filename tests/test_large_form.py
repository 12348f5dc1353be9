"""A model with 300 attributes: its form saves with Django's own limit, also without a script."""

import pytest
from django.apps import apps
from django.db import models
from django.test import override_settings

from tests import screens
from tests.drafts import draft, everything, row, the_map
from tests.maps import attribute, document, tracked
from tests.pages import read
from tests.screens import model_page
from trackadmin import editing

pytestmark = screens.MARKS

NAMES = [f"field_{number}" for number in range(298)]
#: Django's default.
LIMIT = 1000


@pytest.fixture
def wide():
    """A table of the host with 300 columns."""
    fields = {name: models.CharField(max_length=20, default=name) for name in NAMES}
    fields["email"] = models.EmailField(default="secret@example.com")
    meta = type("Meta", (), {"app_label": "demo"})
    model = type("Ledger", (models.Model,), {"__module__": "demo.models", "Meta": meta, **fields})
    yield model
    del apps.all_models["demo"]["ledger"]
    apps.clear_cache()


@pytest.fixture
def page(wide):
    """All are tracked under names of their own, but two about which nobody has decided."""
    entry = tracked(
        "demo.ledger",
        [
            ("id", attribute("id", lookup=True, description="Its number.")),
            *(
                (f"n_{name}", attribute(name, description="x", privacy="none"))
                for name in NAMES[1:]
            ),
        ],
        key="id",
    )
    draft(document(Ledger=entry))
    return model_page("change", row("Ledger").pk)


def sent_by(response):
    return read(response.content.decode()).forms[-1].sent


def ledger():
    return editing.build_document(the_map()).models["Ledger"]


def test_a_model_of_300_fields_is_saved_and_loses_nothing(admin_client, page):
    """What a closed row does not send stays as it was saved."""
    assert len(ledger().attributes) == 298
    sent = sent_by(admin_client.get(page))
    assert 300 <= len(sent) < LIMIT / 2
    before = ledger()
    assert admin_client.post(page, {**sent, "owner": "Ours"}).status_code == 302
    after = ledger()
    assert after.owner == "Ours"
    assert after.attributes == before.attributes


@override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=LIMIT)
def test_all_decisions_may_change_at_once(admin_client, page):
    sent = sent_by(admin_client.get(page))
    sent |= {name: "ignored" for name in sent if name.endswith("-decision")} | {"key": ""}
    assert admin_client.post(page, sent).status_code == 302
    found = ledger().attributes
    assert len(found) == 300
    assert {each.decision for each in found.values()} == {"ignored"}
    assert found["n_field_1"].description == "x"


def test_a_row_is_opened_edited_and_saved_without_a_script(admin_client, page):
    """It keeps its saved values until then, and opening it saves nothing."""
    sent = sent_by(admin_client.get(page))
    assert "a-field_1-name" not in sent
    before = everything()
    opened = admin_client.post(page, {**sent, "_show": "open-field_1", "owner": "Ours"})
    assert everything() == before
    again = sent_by(opened)
    assert (again["a-field_1-name"], again["a-field_1-description"]) == ("n_field_1", "x")
    assert (again["owner"], "a-field_2-name" in again) == ("Ours", False)
    again |= {"a-field_1-description": "", "a-field_1-privacy": "pseudonymised"}
    assert admin_client.post(page, again).status_code == 302
    found = ledger().attributes
    assert (found["n_field_1"].description, found["n_field_1"].privacy) == ("", "pseudonymised")
    assert (found["n_field_2"].description, found["n_field_2"].privacy) == ("x", "none")


def test_a_lookup_stays_and_can_be_taken_away(admin_client, page):
    sent = sent_by(admin_client.get(page))
    admin_client.post(page, sent)
    assert ledger().attributes["id"].lookup
    sent = sent_by(admin_client.post(page, {**sent, "_show": "open-id"}))
    assert sent.pop("a-id-lookup") == "on"
    assert admin_client.post(page, sent).status_code == 302
    assert not ledger().attributes["id"].lookup


def test_a_script_sends_what_was_changed_alone(admin_client, page):
    sent = sent_by(admin_client.get(page)) | {"a-field_1-privacy": "sent"}
    assert admin_client.post(page, sent).status_code == 302
    found = ledger().attributes["n_field_1"]
    assert (found.privacy, found.description) == ("sent", "x")


def test_a_row_with_an_error_is_opened_where_the_error_is(admin_client, page):
    sent = sent_by(admin_client.get(page)) | {"a-email-decision": "tracked"}
    refused = admin_client.post(page, sent)
    assert "Decide how this is sent" in refused.content.decode()
    again = sent_by(refused)
    assert "a-email-privacy" in again
    assert len(again) == len(sent) + 1
    assert admin_client.post(page, {**again, "a-email-privacy": "dropped"}).status_code == 302
    assert ledger().attributes["email"].privacy == "dropped"


def test_the_form_of_a_usual_model_is_open(admin_client):
    draft(document(User=tracked("auth.user", ["id"], key="id")))
    html = admin_client.get(model_page("change", row("User").pk)).content.decode()
    assert "data-closed" not in html
    assert 'value="open-' not in html
