"""What an import has locked is changed by the import alone, through whatever door."""

import io
import json
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from tests import screens
from tests.drafts import everything
from tests.maps import EXAMPLE
from tests.screens import client_of, edit, map_page, model_page, said
from trackadmin import editing
from trackadmin.document import to_dict
from trackadmin.exceptions import ManagedByCode
from trackadmin.models import CodeLock, MapVersion, TrackingMap

pytestmark = screens.MARKS


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "map.json"
    path.write_text(json.dumps(to_dict(EXAMPLE, str)), encoding="utf-8")
    return path


def run(*arguments):
    told = io.StringIO()
    call_command("trackadmin", *map(str, arguments), stdout=told, stderr=told)
    return told.getvalue()


@pytest.fixture
def locked_map(file):
    assert "managed by code now" in run("import", file, "--publish", "--lock")
    return TrackingMap.objects.get(slug="default")


@pytest.fixture
def locked_user(file):
    run("import", file, "--publish", "--lock-model", "User")
    return TrackingMap.objects.get(slug="default")


def the_user(row):
    return row.tracked_models.get(prefix="User")


def doors(row):
    """Every operation that changes the draft of a map."""
    user = the_user(row)
    entry = editing.entry_of(user)
    waived = editing.build_document(row)
    return {
        "save": lambda: edit(row, "User", owner="Other"),
        "rename": lambda: editing.save_tracked_model(row, "Person", entry, tracked_model=user),
        "add": lambda: editing.save_tracked_model(
            row, "Order", replace(entry, model="demo.order", attributes={}, children={}, key="")
        ),
        "delete": lambda: editing.delete_tracked_model(user),
        "order": lambda: editing.order_tracked_models(row, [*reversed([*waived.models])]),
        "settings": lambda: editing.save_map(row, name="Other", description=""),
        "import": lambda: editing.import_document(row, replace(waived, models={})),
        "delete the map": lambda: editing.delete_map(editing.add_map("x", name="x")),
    }


WHOLE = ["save", "rename", "add", "delete", "order", "settings", "import"]


@pytest.mark.parametrize("door", WHOLE)
def test_every_door_but_the_command_is_closed_to_a_locked_map(locked_map, door):
    operation, before = doors(locked_map)[door], everything()
    with pytest.raises(ManagedByCode, match=r"import .*map\.json --map default"):
        operation()
    assert everything() == before


@pytest.mark.parametrize("door", ["save", "rename", "delete", "import"])
def test_a_locked_model_is_closed_too(locked_user, door):
    operation, before = doors(locked_user)[door], everything()
    with pytest.raises(ManagedByCode, match="User is managed by code"):
        operation()
    assert everything() == before


@pytest.mark.parametrize("door", ["add", "settings"])
def test_the_rest_of_its_map_is_open(locked_user, door):
    doors(locked_user)[door]()
    edit(locked_user, "CompanyAccount", owner="Other")


def test_a_locked_model_cannot_be_added_again_by_hand(locked_user, file):
    """Code may delete it; then it is code that brings it back."""
    entry = editing.entry_of(the_user(locked_user))
    less = {name: each for name, each in EXAMPLE.models.items() if name == "CompanyAccount"}
    editing.import_document(locked_user, replace(EXAMPLE, models=less), from_code=True)
    with pytest.raises(ManagedByCode):
        editing.save_tracked_model(locked_user, "User", entry)


def test_a_map_with_a_lock_is_not_deleted():
    row = editing.add_map("other", name="Other")
    editing.lock_to_code(row, [editing.WHOLE_MAP], source="map.json")
    with pytest.raises(ManagedByCode):
        editing.delete_map(row)
    editing.unlock(row)
    editing.delete_map(row)


def test_it_can_be_published_and_rolled_back(locked_map):
    editing.publish(locked_map, by=None)
    editing.roll_back(locked_map, to=1, by=None)
    assert MapVersion.objects.count() == 3


def test_the_command_changes_it_and_it_stays_locked_until_it_is_unlocked(locked_map, file):
    data = json.loads(file.read_text())
    data["User"]["owner"] = "Code"
    file.write_text(json.dumps(data), encoding="utf-8")
    run("import", file)
    assert the_user(locked_map).owner == "Code"
    assert CodeLock.objects.count() == 1
    run("import", file, "--dry-run", "--unlock")
    assert CodeLock.objects.count() == 1
    run("import", file, "--unlock")
    edit(locked_map, "User", owner="Page")


def test_only_a_model_of_the_file_can_be_locked_and_else_nothing_is_imported(file):
    before = everything()
    with pytest.raises(CommandError, match="no tracked model Nobody"):
        run("import", file, "--lock-model", "Nobody")
    assert everything() == before


def test_pages_of_a_locked_map_show_it_and_offer_no_edit(client, locked_map):
    client_of(client, *screens_rights())
    pk, user = locked_map.pk, the_user(locked_map)
    for page in (map_page("change", pk), model_page("change", user.pk), map_page("actions", pk)):
        text = client.get(page).text
        assert "managed by code" in text
        assert "trackadmin import" in text
        assert "--unlock" in text
        main = text[text.index('id="content-start"') :]
        assert 'method="post"' not in main, page
        assert "/add/" not in main, page


def test_a_form_that_was_open_before_is_refused_with_the_reason(client, locked_map):
    client_of(client, *screens_rights())
    before = everything()
    sent = {"name": "Other", "description": "", "seen": locked_map.lock_version}
    told = said(client.post(map_page("change", locked_map.pk), sent, follow=True))
    assert told[0].startswith("The map 'default' is managed by code, so nothing was changed.")
    moved = {"prefix": "User", "to": "up"}
    assert "managed" in said(client.post(map_page("move", locked_map.pk), moved, follow=True))[0]
    assert everything() == before


def test_the_page_of_a_locked_model_shows_it_and_others_can_be_edited(client, locked_user):
    client_of(client, *screens_rights())
    text = client.get(model_page("change", the_user(locked_user).pk)).text
    assert "User is changed in the site’s repository" in text
    assert 'name="_save"' not in text
    other = locked_user.tracked_models.get(prefix="CompanyAccount")
    assert 'name="_save"' in client.get(model_page("change", other.pk)).text
    listed = client.get(map_page("change", locked_user.pk)).text
    assert listed.count("managed by code") == 1


def screens_rights():
    return [
        f"{verb}_{what}"
        for what in ("trackingmap", "trackedmodel", "trackedaction")
        for verb in ("add", "view", "change", "delete")
    ]
