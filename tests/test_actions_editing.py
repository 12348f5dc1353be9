"""Editing actions: one act is one edit, with its errors only, and names follow what they name."""

from dataclasses import replace

import pytest

from tests.drafts import SMALL, draft, editor, everything, row, the_map
from trackadmin import editing
from trackadmin.codes import ProblemCode
from trackadmin.document import ActionEntry, ParameterEntry
from trackadmin.exceptions import InvalidMap, StaleForm
from trackadmin.models import TrackedAction, TrackedParameter

pytestmark = pytest.mark.django_db

COLOUR = ParameterEntry("choice", True, ["red", "blue"], description="Of the button.")
SIGNUP = ActionEntry(
    "Somebody signed up.",
    "Growth team",
    brings={"Person": "required", "Profile": "optional"},
    parameters={"colour": COLOUR, "place": ParameterEntry(position=1)},
)
WITH_ACTION = replace(SMALL, actions={"signup": SIGNUP})


def action(name="signup"):
    return TrackedAction.objects.get(name=name)


def save(name, entry, old="", **given):
    return editing.save_action("default", name, entry, action=action(old or name), **given)


def built():
    return editing.build_document("default")


def problems(call, *given, **more):
    with pytest.raises(InvalidMap) as refused:
        call(*given, **more)
    return {problem.code for problem in refused.value.problems}


def test_an_action_is_added_with_its_parameters():
    draft()
    saved = editing.save_action("default", "signup", SIGNUP, by=editor())
    assert built() == WITH_ACTION
    assert saved.row.lock_version == 1
    assert editing.entry_of(saved.row) == SIGNUP


def test_parameters_that_stay_keep_their_rows():
    """Their history goes on; one that left is gone, and a new one is another row."""
    draft(WITH_ACTION)
    before = dict(TrackedParameter.objects.values_list("name", "pk"))
    changed = {"colour": replace(COLOUR, required=False), "size": ParameterEntry("integer")}
    save("signup", replace(SIGNUP, parameters=changed))
    after = dict(TrackedParameter.objects.values_list("name", "pk"))
    assert after["colour"] == before["colour"]
    assert after.keys() == {"colour", "size"}
    assert built().actions["signup"].parameters == changed


def test_saving_what_stands_leaves_no_trace():
    draft(WITH_ACTION)
    before = everything()
    saved = save("signup", SIGNUP, seen=1, by=editor(), comment="Again.")
    assert not saved.changes
    assert everything() == before


def test_each_save_counts_one_and_a_stale_form_is_refused():
    draft(WITH_ACTION)
    assert save("signup", replace(SIGNUP, owner="One"), seen=1).row.lock_version == 2
    before = everything()
    with pytest.raises(StaleForm) as stale:
        save("signup", replace(SIGNUP, owner="Two"), seen=1)
    assert (stale.value.seen, stale.value.current) == (1, 2)
    with pytest.raises(StaleForm):
        editing.delete_action(action(), seen=1)
    assert everything() == before


def test_a_deleted_action_does_not_come_back_by_a_form():
    draft(WITH_ACTION)
    gone = action()
    editing.delete_action(gone, seen=1)
    before = everything()
    with pytest.raises(StaleForm) as stale:
        editing.save_action("default", "signup", SIGNUP, action=gone, seen=1)
    assert stale.value.current is None
    assert everything() == before


def test_an_action_of_another_map_is_not_touched():
    draft(WITH_ACTION)
    editing.add_map("second", name="Second")
    with pytest.raises(StaleForm):
        editing.save_action("second", "signup", ActionEntry(), action=action())
    assert built() == WITH_ACTION


@pytest.mark.parametrize(
    ("name", "entry", "code"),
    [
        ("not a name", SIGNUP, ProblemCode.NAME_INVALID),
        ("", SIGNUP, ProblemCode.NAME_INVALID),
        ("signup", SIGNUP, ProblemCode.ACTION_TAKEN),
        ("new", replace(SIGNUP, brings={"Nobody": "required"}), ProblemCode.ACTION_MODEL_UNKNOWN),
        ("new", replace(SIGNUP, brings={"Person": "must"}), ProblemCode.VALUE_UNKNOWN),
        ("new", replace(SIGNUP, state="gone"), ProblemCode.VALUE_UNKNOWN),
        ("new", replace(SIGNUP, until="soon"), ProblemCode.UNTIL_INVALID),
        (
            "new",
            replace(SIGNUP, until="2027-03-31", successor="unheard_of"),
            ProblemCode.SUCCESSOR_UNKNOWN,
        ),
        (
            "new",
            replace(SIGNUP, parameters={"colour": ParameterEntry("choice")}),
            ProblemCode.CHOICES_INVALID,
        ),
        (
            "new",
            replace(SIGNUP, parameters={"a b": ParameterEntry()}),
            ProblemCode.NAME_INVALID,
        ),
        (
            "new",
            replace(SIGNUP, parameters={"Person_name": ParameterEntry()}),
            ProblemCode.PARAMETER_NAME_RESERVED,
        ),
    ],
)
def test_a_bad_action_is_refused_and_changes_nothing(name, entry, code):
    draft(WITH_ACTION)
    before = everything()
    assert problems(editing.save_action, "default", name, entry) == {code}
    assert everything() == before


def test_an_unknown_prefix_is_refused_with_those_there_are():
    draft(WITH_ACTION)
    with pytest.raises(InvalidMap) as refused:
        save("signup", replace(SIGNUP, brings={"Persn": "required"}))
    (problem,) = refused.value.problems
    assert "'Persn'" in problem.message
    assert "Person, Profile" in problem.fix


def test_errors_of_other_actions_and_models_are_no_reason_to_refuse():
    draft(WITH_ACTION)
    editing.delete_tracked_model(row("Profile"))  # signup brings it still
    assert {p.code for p in editing.draft_problems("default") if p.level == "error"} >= {
        ProblemCode.ACTION_MODEL_UNKNOWN
    }
    editing.save_action("default", "other", ActionEntry(brings={"Person": "required"}))
    assert set(built().actions) == {"signup", "other"}


def test_a_model_that_an_action_requires_can_be_deleted_but_not_published():
    """As with related objects: the draft says what to do about it, and a publish is refused."""
    draft(WITH_ACTION)
    editing.delete_tracked_model(row("Profile"))
    assert ProblemCode.ACTION_MODEL_UNKNOWN in problems(editing.publish, "default", by=None)
    assert built().actions["signup"].brings == SIGNUP.brings


def test_actions_follow_a_tracked_model_to_its_new_prefix():
    """In the same edit, so that nobody is told that an action lost its model."""
    draft(replace(WITH_ACTION, actions={"signup": SIGNUP, "other": ActionEntry(position=1)}))
    editing.save_tracked_model(
        "default", "Human", SMALL.models["Person"], tracked_model=row("Person"), by=editor()
    )
    assert built().actions["signup"].brings == {"Human": "required", "Profile": "optional"}
    (newest, *_) = editing.history(the_map())
    assert (newest.prefixes, newest.actions, newest.who) == (("Human",), ("signup",), "editor")
    assert action("other").lock_version == 1, "what does not name it is not written"


def test_successors_follow_an_action_to_its_new_name():
    old = ActionEntry(state="deprecated", until="2027-03-31", successor="signup", position=1)
    draft(replace(WITH_ACTION, actions={"signup": SIGNUP, "old": old}))
    saved = save("sign_up", SIGNUP, old="signup")
    assert built().actions["old"].successor == "sign_up"
    assert [(c.kind, c.subject, c.field) for c in saved.changes.changes] == [
        ("changed", "action", "name")
    ]
    assert "sign_up" in saved.changes.changes[0].words()


def test_ordering_actions():
    actions = {name: ActionEntry(position=at) for at, name in enumerate("abc")}
    draft(replace(SMALL, actions=actions))
    editing.order_actions("default", ["c", "a", "b"], by=editor())
    assert [n for n, _ in sorted(built().actions.items(), key=lambda i: i[1].position)] == [*"cab"]
    before = everything()
    for wrong in (["a", "b"], ["a", "b", "c", "d"], ["a", "a", "b"]):
        assert problems(editing.order_actions, "default", wrong) == {ProblemCode.ORDER_MISMATCH}
    assert everything() == before


def test_what_a_map_does_with_unknown_events_is_saved_with_its_name():
    current = draft()
    editing.save_map(
        "default",
        name=current.name,
        description="",
        unknown_actions="mark",
        undeclared_parameters="refuse",
        by=editor(),
    )
    found = built()
    assert (found.unknown_actions, found.undeclared_parameters) == ("mark", "refuse")
    (newest, *_) = editing.history(the_map())
    assert [change.field for change in newest.changes.changes] == [
        "unknown_actions",
        "undeclared_parameters",
    ]
    assert all(change.words() for change in newest.changes.changes)


def test_settings_that_are_not_given_stay():
    """Code that was written before them names only what it knew."""
    current = draft(replace(SMALL, unknown_actions="refuse"))
    editing.save_map(current, name="Other", description="")
    assert built().unknown_actions == "refuse"


def test_a_setting_that_does_not_exist_is_refused():
    current = draft()
    before = everything()
    found = problems(editing.save_map, current, name="x", description="", unknown_actions="forget")
    assert found == {ProblemCode.VALUE_UNKNOWN}
    assert everything() == before


def test_an_import_writes_actions_and_settings_and_a_second_one_nothing():
    whole = replace(WITH_ACTION, unknown_actions="mark")
    draft(whole)
    assert built() == whole
    before = everything()
    editing.import_document("default", whole)
    assert everything() == before


def test_a_dry_run_says_what_would_change_of_actions_and_writes_nothing():
    draft(WITH_ACTION)
    before = everything()
    changed = replace(SMALL, undeclared_parameters="mark")
    found = editing.import_document("default", changed, dry_run=True)
    assert [(c.kind, c.subject, c.where) for c in found.changes] == [
        ("removed", "action", "signup"),
        ("removed", "parameter", "signup.colour"),
        ("removed", "parameter", "signup.place"),
        ("changed", "map", ""),
    ]
    assert everything() == before


def test_restoring_the_draft_brings_back_actions_and_settings():
    whole = replace(WITH_ACTION, unknown_actions="refuse")
    draft(whole)
    version = editing.publish("default", by=None)
    draft(SMALL)
    editing.restore_draft("default", version)
    assert built() == whole


def test_deleting_a_map_keeps_its_actions_in_the_history():
    editing.add_map("second", name="Second")
    editing.import_document("second", WITH_ACTION)
    second = row("Person").map
    pk = second.pk
    editing.delete_map(second)
    second.pk = pk
    assert editing.history(second)[0].deleted_actions == ("signup",)
    assert not TrackedAction.objects.exists()


def test_a_new_name_with_grace_keeps_the_old_one_until_its_date():
    """One edit; the row and its history go on under the new name."""
    draft(WITH_ACTION)
    pk = action().pk
    before = everything()
    assert problems(save, "sign_up", SIGNUP, old="signup", both_until="soon") == {
        ProblemCode.UNTIL_INVALID
    }
    assert everything() == before
    saved = save("sign_up", SIGNUP, old="signup", both_until="2099-01-31", by=editor())
    assert saved.row.pk == pk
    old = built().actions["signup"]
    assert (old.state, old.successor, old.until) == ("deprecated", "sign_up", "2099-01-31")
    assert replace(old, state="live", successor="", until="", position=0) == SIGNUP
    assert editing.history(the_map())[0].actions == ("sign_up", "signup")


def test_an_action_gets_its_old_name_back():
    """Undo does it in one edit; what was deprecated is in the history, and nowhere else."""
    draft(WITH_ACTION)
    pk = action().pk
    first = editing.history(action())[-1].revision
    save("sign_up", SIGNUP, old="signup", both_until="2099-01-31")
    deprecated = action("signup").pk
    editing.undo(action("sign_up"), first, by=editor())
    assert built() == WITH_ACTION
    assert action().pk == pk
    assert editing.history(the_map())[0].deleted_actions == ("signup",)
    assert not TrackedAction.objects.filter(pk=deprecated).exists()


def test_an_action_gets_its_old_name_back_until_a_date():
    """The name that it had in the meantime is the deprecated one then."""
    draft(WITH_ACTION)
    save("sign_up", SIGNUP, old="signup", both_until="2099-01-31")
    save("signup", SIGNUP, old="sign_up", both_until="2099-02-28")
    found = {name: (each.successor, each.until) for name, each in built().actions.items()}
    assert found == {"signup": ("", ""), "sign_up": ("signup", "2099-02-28")}


def test_the_name_of_another_deprecated_action_stays_taken():
    """Only the action that took its place can get it back."""
    draft(WITH_ACTION)
    save("sign_up", SIGNUP, old="signup", both_until="2099-01-31")
    editing.save_action("default", "other", ActionEntry())
    before = everything()
    assert problems(save, "signup", ActionEntry(), old="other") == {ProblemCode.ACTION_TAKEN}
    assert everything() == before
