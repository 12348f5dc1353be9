"""The pages of actions: what is chosen is saved, who may do what, and nothing is lost."""

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.drafts import everything
from tests.pages import read
from tests.screens import MARKS, action_page, client_of, map_page, published_example, said
from trackadmin import editing
from trackadmin.admin.forms import ActionForm
from trackadmin.document import ActionEntry, ParameterEntry, plain_fields
from trackadmin.document.structure import in_order
from trackadmin.models import MapVersion, TrackedAction

pytestmark = MARKS

COLOUR = ParameterEntry("choice", True, ["red", "light blue"], "none", "Of the button.", 0)
SIGNUP = ActionEntry(
    "Somebody signed up.",
    "Growth team",
    "deprecated",
    {"User": "required", "BuyerProfile": "optional"},
    until="2027-03-31",
    successor="other",
    parameters={"colour": COLOUR, "place": ParameterEntry("text", position=1)},
)


@pytest.fixture
def tracking_map():
    row = published_example()
    editing.save_action(row, "other", ActionEntry(position=1))
    editing.save_action(row, "signup", SIGNUP)
    return row


@pytest.fixture
def action(tracking_map):
    return tracking_map.actions.get(name="signup")


@pytest.fixture
def page(action):
    return action_page("change", action.pk)


def built():
    return editing.build_document("default").actions


def sent_by(client, page, **changes):
    """What a browser sends of the page's form, with these changes; None is not sent."""
    forms = read(client.get(page).content.decode()).forms
    (form,) = (form for form in forms if "p-0-name" in form.sent or "rows" in form.sent)
    assert "_show" in dict(form.buttons)
    return {name: value for name, value in {**form.sent, **changes}.items() if value is not None}


# The form -----------------------------------------------------------------------------------------


def test_saving_as_it_is_changes_nothing(admin_client, page):
    """Every field of an action and of its parameters is shown and comes back."""
    sent = sent_by(admin_client, page)
    before = everything()
    response = admin_client.post(page, sent, follow=True)
    assert said(response) == ["Nothing was changed: signup is as it was."]
    assert everything() == before


def test_positions_that_are_no_numbers_in_a_row_stay(admin_client, tracking_map, action, page):
    """A map file or an API may have set them."""
    parameters = {"b": ParameterEntry(position=7), "a": ParameterEntry(position=7)}
    entry = replace(SIGNUP, parameters=parameters)
    editing.save_action(tracking_map, "signup", entry, action=action)
    admin_client.post(page, sent_by(admin_client, page))
    assert built()["signup"] == entry


def test_everything_that_is_chosen_is_saved(client, tracking_map, page):
    client_of(client, "view_trackingmap", "change_trackedaction")
    changes = {
        "name": "sign_up",
        "owner": "Shop team",
        "description": "A new one.",
        "state": "live",
        "stays_until": "",
        "successor": "",
        "b-User-need": "optional",
        "b-BuyerProfile-need": "",
        "b-CompanyAccount-need": "required",
        "p-0-remove": "on",
        "p-1-name": "position",
        "p-1-kind": "integer",
        "p-1-privacy": "pseudonymised",
        "p-2-name": "size",
        "p-2-kind": "choice",
        "p-2-choices": "small\r\n\r\n very large \r\n",
        "p-2-required": "on",
        "p-2-description": "Of the basket.",
    }
    response = client.post(page, sent_by(client, page, **changes), follow=True)
    assert said(response) == ["Saved sign_up in the draft. Publish to make it live."]
    found = built()["sign_up"]
    assert (found.owner, found.description, found.state) == ("Shop team", "A new one.", "live")
    assert (found.until, found.successor) == ("", "")
    assert found.brings == {"User": "optional", "CompanyAccount": "required"}
    assert [name for name, _ in in_order(found.parameters)] == ["position", "size"]
    size = found.parameters["size"]
    assert (size.kind, size.required, size.choices) == ("choice", True, ["small", "very large"])
    assert found.parameters["position"].privacy == "pseudonymised"
    assert "signup" not in built()
    assert MapVersion.objects.count() == 1, "nothing goes live by saving"


WRONG = {
    "no name": {"name": ""},
    "a name that is none": {"name": "sign up"},
    "the name of another": {"name": "other"},
    "a state that does not exist": {"state": "gone"},
    "a date that is none": {"stays_until": "2027-02-30"},
    "a successor without a date": {"stays_until": ""},
    "itself as the successor": {"successor": "signup"},
    "a need that does not exist": {"b-User-need": "sometimes"},
    "a kind that does not exist": {"p-0-kind": "colour"},
    "a choice without choices": {"p-0-choices": " \n "},
    "choices of a text": {"p-1-choices": "a"},
    "the same choice twice": {"p-0-choices": "red\nred"},
    "a parameter without a name": {"p-1-name": "", "p-1-description": "Which?"},
    "two parameters of one name": {"p-1-name": "colour"},
    "a parameter with a bad name": {"p-1-name": "two words"},
    "the parameter that is the action": {"p-1-name": "action"},
    "no edit that it shows": {"seen": ""},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_refused_form_changes_nothing_and_keeps_what_was_written(admin_client, page, case):
    sent = sent_by(admin_client, page, **{"owner": "Written", **WRONG[case]})
    before = everything()
    response = admin_client.post(page, sent)
    assert response.status_code == 200
    html = response.content.decode()
    assert "Nothing was saved yet" in html
    assert 'value="Written"' in html
    assert everything() == before


def test_a_model_that_is_gone_is_shown_until_it_is_removed(admin_client, tracking_map, page):
    editing.delete_tracked_model(tracking_map.tracked_models.get(prefix="User"))
    html = admin_client.get(page).content.decode()
    assert "not in this map" in html
    response = admin_client.post(page, sent_by(admin_client, page, owner="New"))
    assert "has no tracked model" in response.content.decode()
    sent = sent_by(admin_client, page, **{"b-User-need": ""})
    assert admin_client.post(page, sent).status_code == 302
    assert built()["signup"].brings == {"BuyerProfile": "optional"}


def test_a_model_that_was_added_meanwhile_is_not_taken_away(admin_client, tracking_map, page):
    """The page does not have its row, so it says nothing about it."""
    sent = sent_by(admin_client, page, **{"b-BuyerProfile-need": None})
    admin_client.post(page, sent)
    assert built()["signup"].brings == SIGNUP.brings


@pytest.mark.parametrize("rows", [None, "", "x", "-1", "201", "9" * 30, "1 "])
def test_a_form_that_does_not_say_how_many_rows_it_has_is_refused(admin_client, page, rows):
    """Taken for none, it would remove every parameter."""
    sent = sent_by(admin_client, page, rows=rows)
    before = everything()
    assert admin_client.post(page, sent).status_code == 400
    assert everything() == before


def test_more_rows_are_offered_without_saving_or_checking(admin_client, page):
    """Without a script: what was typed stays, and nothing is marked yet."""
    sent = sent_by(admin_client, page, **{"_show": "parameters", "name": "", "p-2-name": "new"})
    before = everything()
    response = admin_client.post(page, sent)
    assert everything() == before
    (form,) = (f for f in read(response.content.decode()).forms if "rows" in f.sent)
    assert form.sent["rows"] == str(int(sent["rows"]) + 3)
    assert form.sent["p-2-name"] == "new"
    assert form.sent["name"] == ""
    assert form.sent["b-User-need"] == "required"
    assert "errorlist" not in response.content.decode()
    again = {**form.sent, "name": "signup", "p-7-name": "last"}
    assert admin_client.post(page, again).status_code == 302
    assert set(built()["signup"].parameters) == {"colour", "place", "new", "last"}


def test_the_form_gives_back_the_very_entry_it_shows():
    """The entry says something in every field, so a new field that the form loses is seen here."""
    for entry in (SIGNUP, COLOUR):
        for field in plain_fields(type(entry)):
            assert field.name == "position" or getattr(entry, field.name) != field.default
    shown = ActionForm("signup", SIGNUP, prefixes=["User", "BuyerProfile"], others=["other"])
    sent = QueryDict(mutable=True)
    for form in shown._forms():
        for field in form:
            value = "on" if field.value() is True else field.value()
            if value not in (None, False):
                sent[field.html_name] = value
    sent["rows"] = str(shown.row_count)
    again = ActionForm(
        "signup", SIGNUP, prefixes=["User", "BuyerProfile"], others=["other"], data=sent
    )
    assert again.is_valid(), again.marks
    assert again.as_entry() == SIGNUP


# Renaming with grace ------------------------------------------------------------------------------


def test_renaming_a_live_action_asks_what_happens_to_its_old_name(admin_client, tracking_map, page):
    """Nothing is saved before. Sending the page again keeps the old name for a while."""
    editing.publish(tracking_map, by=None)
    before = everything()
    response = admin_client.post(page, sent_by(admin_client, page, name="sign_up"))
    assert everything() == before
    html = response.content.decode()
    assert "signup is live. Choose what happens to it, then save again." in html
    (form,) = (f for f in read(html).forms if "rows" in f.sent)
    assert form.sent["rename"] == "both"
    assert admin_client.post(page, form.sent).status_code == 302
    old, new = built()["signup"], built()["sign_up"]
    assert new == SIGNUP
    assert (old.state, old.successor, old.until) == (
        "deprecated",
        "sign_up",
        form.sent["rename_until"],
    )
    assert (old.brings, old.parameters) == (new.brings, new.parameters)
    assert [e.actions for e in editing.history(tracking_map, limit=1)] == [("sign_up", "signup")]


def test_a_live_action_is_renamed_at_once(admin_client, tracking_map, page):
    editing.publish(tracking_map, by=None)
    sent = sent_by(admin_client, page, name="sign_up", rename="at_once")
    assert admin_client.post(page, sent).status_code == 302
    assert set(built()) == {"sign_up", "other"}


def test_an_action_that_is_not_live_is_renamed_without_a_question(admin_client, page):
    assert admin_client.post(page, sent_by(admin_client, page, name="new")).status_code == 302
    assert set(built()) == {"new", "other"}


@pytest.mark.parametrize("until", ["", "2020-01-01", "soon"])
def test_both_names_need_a_day_after_today(admin_client, tracking_map, page, until):
    editing.publish(tracking_map, by=None)
    before = everything()
    more = {"name": "sign_up", "rename": "both", "rename_until": until}
    assert admin_client.post(page, sent_by(admin_client, page, **more)).status_code == 200
    assert everything() == before


# Others at the same time --------------------------------------------------------------------------


def test_a_stale_form_is_refused_and_not_lost(admin_client, tracking_map, action, page):
    sent = sent_by(admin_client, page, owner="Mine")
    editing.save_action(
        tracking_map, "signup", replace(SIGNUP, description="Theirs."), action=action
    )
    before = everything()
    response = admin_client.post(page, sent)
    html = response.content.decode()
    assert everything() == before
    assert "Somebody else saved this while you were editing it" in html
    assert "Theirs." in html
    assert 'value="Mine"' in html
    (form,) = (f for f in read(html).forms if "rows" in f.sent)
    assert admin_client.post(page, form.sent).status_code == 302
    assert (built()["signup"].owner, built()["signup"].description) == ("Mine", SIGNUP.description)


def test_what_was_written_survives_that_somebody_deleted_it(admin_client, action, page):
    sent = sent_by(admin_client, page, owner="Mine")
    editing.delete_action(action)
    response = admin_client.post(page, sent)
    assert response.status_code == 307
    shown = admin_client.post(response["Location"], sent)
    assert "Somebody deleted signup while you were editing it" in shown.content.decode()
    assert not TrackedAction.objects.filter(name="signup").exists()
    (form,) = (f for f in read(shown.content.decode()).forms if "rows" in f.sent)
    assert admin_client.post(form.action, form.sent).status_code == 302
    assert built()["signup"].owner == "Mine"


def test_a_stale_deletion_deletes_nothing(admin_client, tracking_map, action):
    page = action_page("delete", action.pk)
    editing.save_action(tracking_map, "signup", replace(SIGNUP, owner="New"), action=action)
    response = admin_client.post(page, {"seen": "1"})
    assert "Nothing was deleted" in response.content.decode()
    assert "signup" in built()


# Adding, deleting, moving, history ----------------------------------------------------------------


def test_adding_puts_it_last_into_the_draft(admin_client, tracking_map):
    page = f"{action_page('add')}?map={tracking_map.pk}"
    sent = sent_by(admin_client, page, **{"name": "added", "b-User-need": "required"})
    response = admin_client.post(page, sent, follow=True)
    assert said(response) == ["Added added to the draft. Publish to make it live."]
    assert [name for name, _ in in_order(built())][-1] == "added"
    assert built()["added"].brings == {"User": "required"}
    assert "added" in response.content.decode()


def test_a_name_that_is_taken_is_not_added_twice(admin_client, tracking_map):
    page = f"{action_page('add')}?map={tracking_map.pk}"
    before = everything()
    response = admin_client.post(page, sent_by(admin_client, page, name="signup"))
    assert "already has an action" in response.content.decode()
    assert everything() == before


def test_deleting_says_who_names_it(admin_client, tracking_map):
    other = tracking_map.actions.get(name="other")
    page = action_page("delete", other.pk)
    html = admin_client.get(page).content.decode()
    assert "signup" in html[html.index("takes their place") :]
    response = admin_client.post(page, {"seen": "1"}, follow=True)
    assert said(response) == ["Deleted other from the draft. You can restore it from the history."]
    assert set(built()) == {"signup"}


def test_deleting_a_model_names_the_actions_that_bring_it(admin_client, tracking_map):
    model = tracking_map.tracked_models.get(prefix="User")
    html = admin_client.get(
        reverse("admin:trackadmin_trackedmodel_delete", args=[model.pk])
    ).content.decode()
    assert "signup" in html[html.index("These actions bring it") :]


def test_moving(admin_client, tracking_map):
    page = map_page("move_action", tracking_map.pk)
    assert [name for name, _ in in_order(built())] == ["signup", "other"]
    admin_client.post(page, {"action": "signup", "to": "down"})
    assert [name for name, _ in in_order(built())] == ["other", "signup"]
    before = everything()
    admin_client.post(page, {"action": "signup", "to": "down"})  # it is the last
    admin_client.post(page, {"action": "nobody", "to": "up"})
    assert everything() == before


def test_an_undo_and_a_deletion_are_offered_and_done(client, tracking_map, action):
    client_of(client, "view_trackingmap", "change_trackedaction", "add_trackedaction")
    editing.save_action(tracking_map, "signup", replace(SIGNUP, owner="New"), action=action)
    html = client.get(action_page("history", action.pk)).content.decode()
    (undo,) = re.findall(r'href="([^"]*/undo/)"', html)
    form = next(f for f in read(client.get(undo).content.decode()).forms if "seen" in f.sent)
    response = client.post(undo, form.sent, follow=True)
    assert said(response) == ["Restored signup in the draft as it was then."]
    assert built()["signup"] == SIGNUP
    action.refresh_from_db()
    editing.delete_action(action)
    html = client.get(map_page("history", tracking_map.pk)).content.decode()
    (back,) = re.findall(r'href="([^"]*/bring-back-action/[^"]*)"', html)
    client.post(back.replace("&amp;", "&"), follow=True)
    assert built()["signup"] == SIGNUP
    again = client.post(back.replace("&amp;", "&"))
    assert "already in the draft" in again.content.decode()


def test_lists_versions_reviews_and_comparisons_show_actions(admin_client, tracking_map):
    review = admin_client.get(map_page("publish", tracking_map.pk)).content.decode()
    assert "Action signup" in review
    assert "It must bring User." in review
    assert "It may bring BuyerProfile." in review
    editing.save_map(tracking_map, name="Map", description="", unknown_actions="refuse")
    editing.publish(tracking_map, by=None)
    version = admin_client.get(map_page("version", tracking_map.pk, 2)).content.decode()
    for shown in ("Growth team", "Deprecated", "light blue", "Of the button.", "Refuse", "Must:"):
        assert shown in version, shown
    compared = admin_client.get(map_page("compare", tracking_map.pk) + "?old=1&new=2")
    assert "Action signup" in compared.content.decode()
    listed = admin_client.get(map_page("actions", tracking_map.pk)).content.decode()
    assert "Replaced by other" in listed
    found = admin_client.get(action_page("changelist") + "?q=colour").content.decode()
    assert "signup" in found
    assert ">other<" not in found


def test_a_problem_of_an_action_leads_to_its_page(admin_client, tracking_map, action, page):
    editing.delete_tracked_model(tracking_map.tracked_models.get(prefix="User"))
    html = admin_client.get(map_page("publish", tracking_map.pk)).content.decode()
    assert f'<a href="{page}"><code class="ta-where">actions.signup' in html


# The map's settings -------------------------------------------------------------------------------


def test_the_settings_of_the_map_are_explained_and_saved(client, tracking_map):
    client_of(client, "change_trackingmap")
    page = map_page("change", tracking_map.pk)
    html = client.get(page).content.decode()
    assert "is sent on like any other" in html
    form = next(f for f in read(html).forms if "unknown_actions" in f.sent)
    assert form.sent["unknown_actions"] == "accept"
    sent = {**form.sent, "unknown_actions": "refuse", "undeclared_parameters": "mark"}
    client.post(page, sent)
    found = editing.build_document("default")
    assert (found.unknown_actions, found.undeclared_parameters) == ("refuse", "mark")


def test_a_page_from_before_the_settings_leaves_them(admin_client, tracking_map):
    editing.save_map(tracking_map, name="Map", description="", unknown_actions="refuse")
    page = map_page("change", tracking_map.pk)
    tracking_map.refresh_from_db()
    sent = {"name": "New", "description": "", "seen": tracking_map.lock_version}
    assert admin_client.post(page, sent).status_code == 302
    assert editing.build_document("default").unknown_actions == "refuse"
    before = everything()
    sent |= {"seen": tracking_map.lock_version + 1, "unknown_actions": "forget"}
    assert admin_client.post(page, sent).status_code == 200
    assert everything() == before


def test_a_stale_form_of_the_map_tells_its_settings(admin_client, tracking_map):
    page = map_page("change", tracking_map.pk)
    sent = next(
        f.sent
        for f in read(admin_client.get(page).content.decode()).forms
        if "unknown_actions" in f.sent
    )
    editing.save_map(tracking_map, name="Map", description="", unknown_actions="refuse")
    before = everything()
    html = admin_client.post(page, {**sent, "name": "Mine"}).content.decode()
    assert everything() == before
    assert "Unknown actions are now set to “Refuse”" in html


def test_deleting_a_map_names_its_actions(admin_client):
    row = editing.add_map("second", name="Second")
    editing.save_action(row, "signup", ActionEntry())
    html = admin_client.get(map_page("delete", row.pk)).content.decode()
    assert "Its actions: signup" in html


# Permissions and costs ----------------------------------------------------------------------------

TO_WRITE = {
    "add": "add_trackedaction",
    "change": "change_trackedaction",
    "delete": "delete_trackedaction",
    "undo": "change_trackedaction",
}


@pytest.mark.parametrize("name", TO_WRITE)
def test_writing_needs_the_permission_for_actions(client, tracking_map, action, name):
    """That of tracked models does not open it, and what is refused changes nothing."""
    first = editing.history(action)[-1].revision
    page = action_page(name, *{"add": [], "undo": [action.pk, first]}.get(name, [action.pk]))
    models = ("add_trackedmodel", "change_trackedmodel", "delete_trackedmodel")
    client_of(client, "view_trackingmap", "view_trackedaction", *models)
    before = everything()
    assert client.post(page, {"name": "x", "rows": "0", "seen": "1"}).status_code == 403
    assert client.post(map_page("move_action", tracking_map.pk), {}).status_code == 403
    after = everything()
    assert after == before


def test_a_viewer_reads_the_form_and_cannot_send_it(client, page):
    client_of(client, "view_trackingmap")
    html = client.get(page).content.decode()
    assert '<fieldset class="ta-plain-fieldset" disabled>' in html
    assert 'name="_save"' not in html
    assert 'name="_show"' not in html


def test_nobody_without_a_permission_sees_actions(client, tracking_map, page):
    client_of(client)
    for address in (page, map_page("actions", tracking_map.pk), action_page("changelist")):
        assert client.get(address).status_code == 403


def test_a_get_only_reads(admin_client, tracking_map, action, page):
    """No query that writes, no revision, no version."""
    pages = [page, map_page("actions", tracking_map.pk), action_page("delete", action.pk)]
    pages += [action_page("history", action.pk), f"{action_page('add')}?map={tracking_map.pk}"]
    admin_client.get(page)  # the theme makes its own row on the first page
    before = everything()
    with CaptureQueriesContext(connection) as captured:
        for each in pages:
            assert admin_client.get(each).status_code == 200
    verbs = {query["sql"].split()[0] for query in captured}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK"}
    assert everything() == before


@pytest.mark.parametrize("number", [1, 30])
def test_a_save_takes_few_statements_whatever_the_map(client, tracking_map, page, number):
    for place in range(number):
        editing.save_action(tracking_map, f"more{place}", ActionEntry(position=place + 5))
    client_of(client, "view_trackingmap", "change_trackedaction")
    sent = sent_by(client, page, **{"owner": "New", "p-0-description": "x"})
    with CaptureQueriesContext(connection) as captured:
        assert client.post(page, sent).status_code == 302
    sent = [q["sql"] for q in captured.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert built()["signup"].parameters["colour"].description == "x"
    assert len(sent) <= 22, "\n".join(sql[:120] for sql in sent)


def test_each_input_has_a_label(admin_client, page):
    html = admin_client.get(page).content.decode()
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', html))
    for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", html):
        if 'type="hidden"' in tag or 'type="search"' in tag or 'id="nav-filter"' in tag:
            continue
        found = re.search(r' id="([^"]+)"', tag)
        assert "aria-label" in tag or (found and found[1] in labelled), tag
