"""A file's changes are listed, each with a tick, and only what is ticked gets into the draft."""

import json
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import screens
from tests.drafts import everything
from tests.screens import client_of, edit, map_page, published_example, said
from trackadmin import editing
from trackadmin.admin.map_spreadsheet import read_spreadsheet, spreadsheet
from trackadmin.document import diff, in_old_order, parts, to_dict, with_parts
from trackadmin.exceptions import DocumentError

pytestmark = screens.MARKS

EDITS = ("change_trackingmap", "change_trackedmodel", "change_trackedaction")


@pytest.fixture
def tracking_map():
    return published_example()


@pytest.fixture
def page(tracking_map):
    return map_page("import", tracking_map.pk)


@pytest.fixture
def editor(client):
    return client_of(client, *EDITS)


def draft(row):
    return editing.build_document(row)


def upload(client, page, text, name="map.json"):
    sent = text if isinstance(text, bytes) else text.encode()
    return client.post(page, {"do": "read", "file": SimpleUploadedFile(name, sent)})


def take(client, page, answer, *keys, **changes):
    context = answer.context
    given = {"do": "take", "part": keys, "name": context["upload"].name}
    sent = {**given, "text": context["upload"].text, "expected": context["expected"], **changes}
    return client.post(page, sent, follow=True)


def changed(row):
    """A map file with an owner, a new name for e-mails, and without a company."""
    data = to_dict(draft(row), str)
    data["User"]["owner"] = "Accounts"
    data["User"]["attributes"].append({"source": "date_joined", "description": "Whether."})
    del data["CompanyAccount"]
    return json.dumps(data)


def test_every_change_is_listed_and_only_what_is_ticked_is_taken(editor, page, tracking_map):
    before = everything()
    answer = upload(editor, page, changed(tracking_map))
    keys = [part.key for part, _ticked in answer.context["parts"]]
    assert keys == ["model User", "attribute User.date_joined", "model CompanyAccount"]
    assert "Whether." in answer.text
    assert everything() == before
    told = said(take(editor, page, answer, "model User", "attribute User.date_joined"))
    assert told == ["2 changes were imported into the draft. You can undo them in the history."]
    user = draft(tracking_map).models["User"]
    assert user.owner == "Accounts"
    assert user.attributes["date_joined"].description == "Whether."
    assert "CompanyAccount" in draft(tracking_map).models
    assert "map.json" in str(editing.history(tracking_map)[0].comment)


def test_all_of_it_makes_the_draft_equal_to_the_file(editor, page, tracking_map):
    answer = upload(editor, page, changed(tracking_map))
    keys = [part.key for part, _ticked in answer.context["parts"]]
    take(editor, page, answer, *keys)
    assert "CompanyAccount" not in draft(tracking_map).models
    assert draft(tracking_map).models["User"].owner == "Accounts"


def test_nothing_ticked_changes_nothing(editor, page, tracking_map):
    answer, before = upload(editor, page, changed(tracking_map)), everything()
    assert said(take(editor, page, answer)) == ["Nothing was ticked, so nothing was changed."]
    assert everything() == before


def test_a_draft_that_somebody_changed_is_not_overwritten(editor, page, tracking_map):
    answer = upload(editor, page, changed(tracking_map))
    edit(tracking_map, "User", owner="Somebody else")
    before = everything()
    again = take(editor, page, answer, "model User")
    assert "Somebody changed the draft in the meantime" in again.text
    assert everything() == before
    ticks = {part.key: ticked for part, ticked in again.context["parts"]}
    assert ticks["model User"]
    assert not ticks["model CompanyAccount"]
    take(editor, page, again, "model User")
    assert draft(tracking_map).models["User"].owner == "Accounts"


def test_what_does_not_fit_together_is_refused_with_the_problem(editor, page, tracking_map):
    """The key is a new attribute, which is not ticked."""
    data = to_dict(draft(tracking_map), str)
    data["CompanyAccount"]["attributes"].append("id")
    data["CompanyAccount"]["key"] = "id"
    answer, before = upload(editor, page, json.dumps(data)), everything()
    refused = take(editor, page, answer, "model CompanyAccount")
    assert "ta-error" in refused.text
    assert everything() == before
    take(editor, page, refused, "model CompanyAccount", "attribute CompanyAccount.id")
    assert draft(tracking_map).models["CompanyAccount"].key == "id"


@pytest.mark.parametrize(
    ("text", "said_why"),
    [
        (b"\xff\xfe{\x00", "not UTF-8"),
        (b"prefix\x00", "not a text"),
        (b"{", "JSON"),
        (b'{"User": {"model": "nothing.Nothing"}}', "nothing.Nothing"),
        (b"a,b\n1,2\n", "name the columns"),
        (b"prefix,name,prefix\n", "name the columns"),
        (b"", "name the columns"),
        (b"prefix,name,privacy\nUser,email,secret\n", "Line 2"),
        (b"prefix;name;lookup\nUser;email;maybe\n", "maybe"),
        (b"prefix,name\nUser,\n", "names no attribute"),
        (b"prefix,name\nNobody,x\n", "Line 2"),
        (b"x" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(editor, page, text, said_why):
    before = everything()
    answer = upload(editor, page, text, "file.csv")
    assert answer.status_code == 200
    assert said_why in answer.text
    assert "parts" not in answer.context
    assert everything() == before


def test_more_changes_than_a_form_may_have_are_for_the_command(editor, page, monkeypatch):
    """Django would refuse the form that says which to take."""
    monkeypatch.setattr("trackadmin.admin.import_screen.MOST_PARTS", 1)
    table = "prefix,name,description\nUser,email,A\nUser,id,B\n"
    assert "more than 1 changes" in upload(editor, page, table).text


def test_no_file_is_asked_for_again(editor, page):
    assert "Choose a file first." in editor.post(page, {"do": "read"}).text


def test_a_spreadsheet_changes_what_it_names_and_leaves_the_rest(editor, page, tracking_map):
    table = (
        "\ufeffName;Prefix;Privacy;Description;Lookup\r\n"
        "email;User;Sent;'=how we write;x\r\n\r\n"
        "date_joined;User;;New;\r\n"
    )
    answer = upload(editor, page, table, "table.csv")
    keys = [part.key for part, _ticked in answer.context["parts"]]
    assert keys == ["attribute User.email", "attribute User.date_joined"]
    take(editor, page, answer, *keys)
    user = draft(tracking_map).models["User"]
    assert user.attributes["email"].privacy == "sent"
    assert user.attributes["email"].description == "=how we write"
    assert user.attributes["date_joined"].source == "date_joined"
    assert len(draft(tracking_map).models) == 3


def test_what_is_exported_is_read_back_without_a_change_and_runs_no_formula(
    editor, page, tracking_map
):
    evil = '=HYPERLINK("http://x")'
    user = draft(tracking_map).models["User"]
    email = replace(user.attributes["email"], description=evil)
    edit(tracking_map, "User", attributes={**user.attributes, "email": email})
    export = map_page("export", tracking_map.pk)
    table = editor.get(export, {"format": "csv"})
    assert table["Content-Disposition"] == 'attachment; filename="default-draft.csv"'
    assert "'=HYPERLINK" in table.text
    assert not diff(draft(tracking_map), read_spreadsheet(table.text, draft(tracking_map)).document)
    for name, answer in (("x.csv", table), ("x.json", editor.get(export))):
        assert upload(editor, page, answer.content, name).context["parts"] == []


def test_a_rename_is_one_part(tracking_map):
    old = draft(tracking_map)
    user = old.models["User"]
    rest = {name: entry for name, entry in user.attributes.items() if name != "email"}
    named = {**rest, "mail": user.attributes["email"]}
    models = {**old.models, "User": replace(user, attributes=named)}
    models["Company"] = models.pop("CompanyAccount")
    new = in_old_order(old, replace(old, models=models))
    keys = [part.key for part in parts(old, new)]
    assert keys == ["attribute User.mail", "model Company"]
    taken = with_parts(old, new, ["attribute User.mail"])
    assert "email" not in taken.models["User"].attributes
    assert {*taken.models} == {*old.models}
    assert not diff(with_parts(old, new, keys), new)
    assert with_parts(old, new, []) == old


def test_a_locked_map_is_not_imported_by_a_page(editor, page, tracking_map):
    answer = upload(editor, page, changed(tracking_map))
    editing.lock_to_code(tracking_map, [editing.WHOLE_MAP], source="map.json")
    before = everything()
    assert "managed by code" in said(take(editor, page, answer, "model User"))[0]
    assert everything() == before


def test_who_may_only_view_can_export_and_not_import(client, page, tracking_map):
    client_of(client, "view_trackingmap")
    assert 'type="file"' not in client.get(page).text
    assert client.post(page, {"do": "read"}).status_code == 403
    assert client.get(map_page("export", tracking_map.pk)).status_code == 200


def test_a_table_that_is_none_is_an_error_and_not_a_crash(tracking_map):
    with pytest.raises(DocumentError):
        read_spreadsheet('prefix,name\n"' + "x" * 200_000, draft(tracking_map))
    assert spreadsheet(draft(tracking_map)).startswith("\ufeffprefix,name,")
