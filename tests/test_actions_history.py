"""The history of actions and of a map's settings: told with old and new values, and undone."""

import json
from dataclasses import replace

import pytest
from reversion.models import Version

from tests.drafts import SMALL, draft, editor, everything, the_map
from tests.test_actions_editing import COLOUR, SIGNUP, WITH_ACTION, action, built, save
from trackadmin import editing
from trackadmin.document import AggregateEntry
from trackadmin.editing import edits, entry_rows
from trackadmin.exceptions import InvalidMap, StaleForm, UnknownRevision
from trackadmin.models import TrackedAction, TrackedParameter, TrackingMap

pytestmark = pytest.mark.django_db


def words(entry):
    return [change.words() for change in entry.changes.changes]


def newest(subject=None):
    return editing.history(subject or the_map())[0]


def test_an_edit_tells_old_and_new_values_of_the_action_and_its_parameters():
    draft(WITH_ACTION)
    changed = {"colour": replace(COLOUR, choices=["red"]), "place": SIGNUP.parameters["place"]}
    save("signup", replace(SIGNUP, owner="Shop", parameters=changed), by=editor())
    entry = newest(action())
    assert (entry.who, entry.actions, entry.deleted_actions) == ("editor", ("signup",), ())
    assert words(entry) == [
        "signup: The owner changed from 'Growth team' to 'Shop'.",
        "signup.colour: The choices changed from 'red, blue' to 'red'.",
    ]
    assert words(newest()) == words(entry), "the map's history tells the same"


def test_a_new_name_is_told_as_such():
    draft(WITH_ACTION)
    save("sign_up", SIGNUP, old="signup")
    (change,) = newest(action("sign_up")).changes.changes
    assert (change.field, change.old, change.new) == ("name", "signup", "sign_up")


def test_a_new_place_is_told_as_such():
    draft(WITH_ACTION)
    save("signup", replace(SIGNUP, position=3))
    (change,) = newest(action()).changes.changes
    assert (change.subject, change.field, change.old, change.new) == ("action", "position", 0, 3)


def test_a_model_and_an_action_of_one_key_or_name_are_not_mixed_up():
    """Each table counts for itself, and a prefix may be the name of an action."""
    draft()
    pk = the_map().tracked_models.get(prefix="Person").pk
    with edits.edit(the_map(), by=None, comment="Made.") as change:
        entry_rows.write_entry(change, None, "Person", SIGNUP, pk=pk)
    save("Person", replace(SIGNUP, owner="Other"))
    entry = newest()
    assert (entry.prefixes, entry.actions) == ((), ("Person",))
    model = the_map().tracked_models.get(prefix="Person")
    assert len(editing.history(model)) == 1
    changed = replace(SMALL.models["Person"], owner="Shop")
    editing.save_tracked_model("default", "Person", changed, tracked_model=model)
    assert words(newest()) == ["Person: The owner was set to 'Shop'."]
    editing.delete_action(action("Person"))
    revision = newest().revision
    with pytest.raises(UnknownRevision):
        editing.as_it_was(the_map(), revision, prefix="Person")
    assert editing.as_it_was(the_map(), revision, action="Person").entry.owner == "Other"


def test_what_a_shell_changed_is_not_laid_at_an_editors_door():
    draft(WITH_ACTION)
    TrackedAction.objects.update(owner="Shell")
    TrackedParameter.objects.filter(name="place").update(kind="number")
    TrackingMap.objects.update(unknown_actions="refuse")
    save("signup", replace(built().actions["signup"], description="New."), by=editor())
    edit, found, *_ = editing.history(action())
    assert (edit.who, words(edit)) == (
        "editor",
        ["signup: The description changed from 'Somebody signed up.' to 'New.'."],
    )
    assert found.who == ""
    assert {change.field for change in found.changes.changes} == {"owner", "kind"}


def test_what_a_shell_set_on_the_map_is_told_before_the_next_edit():
    draft()
    TrackingMap.objects.update(unknown_actions="refuse")
    editing.save_map("default", name="New", description="", by=editor())
    edit, found, *_ = editing.history(the_map())
    assert [c.field for c in edit.changes.changes] == ["name"]
    assert (found.who, [c.field for c in found.changes.changes]) == ("", ["unknown_actions"])


def test_what_a_shell_changed_is_told_before_an_import_replaces_it():
    draft(WITH_ACTION)
    TrackedAction.objects.update(owner="Shell")
    editing.import_document("default", WITH_ACTION, by=editor())
    edit, found, *_ = editing.history(action())
    assert words(edit) == ["signup: The owner changed from 'Shell' to 'Growth team'."]
    assert (found.who, words(found)) == (
        "",
        ["signup: The owner changed from 'Growth team' to 'Shell'."],
    )


def test_a_deletion_is_told_and_undone_with_all_its_parameters():
    draft(WITH_ACTION)
    pk = action().pk
    editing.delete_action(action(), by=editor())
    entry = newest()
    assert (entry.deleted, entry.deleted_actions) == ((), ("signup",))
    assert entry.comment == "Deleted the action signup."
    back = editing.undo(the_map(), entry.revision, action="signup", seen=0, by=editor())
    assert back.pk == pk
    assert built() == WITH_ACTION
    assert len(editing.history(back)) == 3, "its history goes on"
    with pytest.raises(StaleForm):
        editing.undo(the_map(), entry.revision, action="signup", seen=0)


def test_an_earlier_state_is_restored():
    draft(WITH_ACTION)
    first = newest(action()).revision
    save("sign_up", replace(SIGNUP, owner="Other", parameters={}), old="signup")
    before = everything()
    with pytest.raises(StaleForm):
        editing.undo(action("sign_up"), first, seen=1)
    assert everything() == before
    editing.undo(action("sign_up"), first, seen=2, by=editor())
    assert built() == WITH_ACTION


def test_a_state_that_names_a_model_that_is_gone_is_refused():
    draft(WITH_ACTION)
    first = newest(action()).revision
    save("signup", replace(SIGNUP, brings={}))
    editing.delete_tracked_model(the_map().tracked_models.get(prefix="Person"))
    before = everything()
    with pytest.raises(InvalidMap):
        editing.undo(action(), first)
    assert everything() == before


def test_an_import_records_the_actions_that_it_changes_and_no_others():
    other = replace(SIGNUP, position=1)
    draft(replace(SMALL, actions={"signup": SIGNUP, "other": other}))
    changed = {"signup": replace(SIGNUP, owner="New"), "other": other}
    editing.import_document("default", replace(SMALL, actions=changed, unknown_actions="mark"))
    entry = newest()
    assert (entry.actions, entry.prefixes) == (("signup",), ())
    assert {change.field for change in entry.changes.changes} == {"owner", "unknown_actions"}
    assert action("other").lock_version == 1


def test_counts_and_sums_are_kept_with_their_tracked_model():
    """Deleted and restored, with their conditions."""
    orders = AggregateEntry("addresses", where={"name": "x"}, description="How many.")
    person = replace(SMALL.models["Person"], aggregates={"addresses_count": orders})
    whole = replace(SMALL, models={**SMALL.models, "Person": person})
    with_rows = the_map()
    with edits.edit(with_rows, by=None, comment="Made.") as change:
        for prefix, entry in whole.models.items():
            entry_rows.write_entry(change, None, prefix, entry)
    assert built() == whole
    editing.delete_tracked_model(the_map().tracked_models.get(prefix="Person"))
    stored = editing.as_it_was(the_map(), newest().revision, prefix="Person")
    assert stored.entry == person


@pytest.mark.parametrize(
    "spoilt",
    [
        {"brings": [], "position": "x"},
        {"brings": {"Person": {"nested": 1}}},
        {"name": 5},
        {"map": []},
        {},
    ],
)
def test_no_stored_text_breaks_the_reading(spoilt):
    draft(WITH_ACTION)
    save("signup", replace(SIGNUP, owner="Team"))
    for version in Version.objects.filter(serialized_data__contains="trackedaction"):
        (data,) = json.loads(version.serialized_data)
        data["fields"] = {**data["fields"], **spoilt} if spoilt else {}
        version.serialized_data = json.dumps([data])
        version.save()
    for version in Version.objects.filter(serialized_data__contains="trackedparameter"):
        (data,) = json.loads(version.serialized_data)
        data["fields"] |= {"choices": [{"x": 1}], "required": "yes"}
        version.serialized_data = json.dumps([data])
        version.save()
    for entry in [*editing.history(action()), *editing.history(the_map())]:
        assert all(words(entry))
    save("signup", replace(SIGNUP, owner="Other"))


def test_texts_of_the_time_before_settings_mean_that_everything_is_accepted():
    draft()
    for version in Version.objects.filter(serialized_data__contains="undeclared_parameters"):
        (data,) = json.loads(version.serialized_data)
        del data["fields"]["unknown_actions"], data["fields"]["undeclared_parameters"]
        version.serialized_data = json.dumps([data])
        version.save()
    editing.save_map("default", name=the_map().name, description="", unknown_actions="mark")
    found = [e for e in editing.history(the_map()) if e.changes.changes[0].subject == "map"]
    (change,) = found[0].changes.changes
    assert (change.old, change.new) == ("accept", "mark")
