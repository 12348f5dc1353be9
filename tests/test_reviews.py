"""Reviews: exactly the draft that was approved is published, whatever the door."""

import json

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command

from tests.drafts import SMALL, draft, everything, the_map
from tests.reviewing import asking, change, editor, publisher
from tests.screens import person
from trackadmin import editing
from trackadmin.document import dump
from trackadmin.exceptions import (
    DraftChanged,
    NotApproved,
    NoteRequired,
    NothingChanged,
    ReviewRefused,
)
from trackadmin.models import MapVersion, Remark, ReviewRequest
from trackadmin.signals import review_remarked

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    """Who edits, and has changed the draft last."""
    ann = editor()
    draft()
    editing.publish("default", by=None)
    change(ann, "Ann")
    return ann


@pytest.fixture
def bob():
    return publisher()


def agreed():
    return editing.agreement(the_map(), editing.draft_digest("default"))


def asked(ann, bob=None):
    """Ann asks; Bob approves."""
    editing.ask_for_review("default", by=ann, words="Please look.")
    if bob is not None:
        editing.approve("default", by=bob)


def test_without_the_setting_nothing_waits_and_people_can_agree_all_the_same(ann, bob):
    """0 approvals: as it always was, also while somebody asks for changes."""
    asked(ann)
    editing.ask_for_changes("default", by=bob, words="No.")
    assert agreed().standing == "changes"
    version = editing.publish("default", by=ann)
    assert (version.number, version.overridden) == (2, False)
    request = ReviewRequest.objects.get()
    assert (request.state, request.version) == ("published", version)
    said = [(each.author, each.verdict, each.words) for each in editing.remarks_of(version)]
    assert said == [(ann, "ask", "Please look."), (bob, "changes", "No.")]


@asking(2)
def test_a_publish_needs_the_approvals_of_so_many_people(ann, bob):
    for early in (
        lambda: None,
        lambda: asked(ann, bob),
        lambda: editing.approve("default", by=bob),
    ):
        early()
        before = everything()
        with pytest.raises(NotApproved):
            editing.publish("default", by=bob)
        assert everything() == before
    editing.approve("default", by=publisher())
    version = editing.publish("default", by=ann)
    assert not version.overridden
    assert [each.digest for each in editing.remarks_of(version)[1:]] == [version.digest] * 2


@asking()
def test_an_edit_revokes_an_approval_and_says_so(ann, bob):
    """The same draft again is what was approved."""
    asked(ann, bob)
    change(ann, "Another")
    found = agreed()
    assert (found.standing, found.still_needed) == ("waiting", 1)
    assert [each.author for each in found.revoked] == [bob]
    with pytest.raises(NotApproved):
        editing.publish("default", by=bob)
    change(ann, "Ann")
    assert (agreed().standing, agreed().revoked) == ("approved", [])
    assert editing.publish("default", by=bob).number == 2


@asking()
def test_who_changed_the_draft_last_cannot_approve_it(ann, bob):
    """Nor later, if an edit and its undoing make somebody the last editor who had approved."""
    ann.user_permissions.add(Permission.objects.get(codename="review_trackingmap"))
    ann = User.objects.get(pk=ann.pk)
    asked(ann)
    before = everything()
    with pytest.raises(ReviewRefused, match="somebody else"):
        editing.approve("default", by=ann)
    assert everything() == before
    editing.approve("default", by=bob)
    change(bob, "Bob")
    change(bob, "Ann")
    with pytest.raises(NotApproved):
        editing.publish("default", by=bob)
    editing.approve("default", by=ann)
    assert editing.publish("default", by=bob).number == 2


@asking(LAST_EDITOR_MAY_APPROVE=True)
def test_unless_the_site_says_so(bob):
    draft()
    change(bob)
    asked(bob, bob)
    assert editing.publish("default", by=bob).number == 1


@asking()
def test_what_is_no_part_of_the_document_makes_nobody_the_last_editor(ann, bob):
    """Else an accomplice would only have to waive something, or to name the map."""
    ann.user_permissions.add(Permission.objects.get(codename="review_trackingmap"))
    editing.waive("default", "lint.owner", "Profile", reason="Nobody.", by=bob)
    editing.save_map("default", name="Another name", description="x", by=bob)
    assert the_map().last_editor == ann
    editing.save_map("default", name="Another name", description="x", signed_only=True, by=bob)
    assert the_map().last_editor == bob
    editing.import_document("default", SMALL)
    assert the_map().last_editor is None
    row = the_map().tracked_models.get(prefix="Profile")
    editing.delete_tracked_model(row, by=ann)
    assert the_map().last_editor == ann


@asking()
def test_only_the_approval_of_people_who_may_review_counts(ann, bob):
    """Also if they lose the right, or their account, before the publish."""
    asked(ann)
    for nobody in (None, editor(), person("view_trackingmap")):
        with pytest.raises(ReviewRefused):
            editing.approve("default", by=nobody)
    editing.approve("default", by=bob)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert agreed().approvals == []
    User.objects.filter(pk=bob.pk).update(is_active=True)
    assert [each.author for each in agreed().approvals] == [bob]
    bob.user_permissions.clear()
    assert agreed().approvals == []
    bob.delete()
    with pytest.raises(NotApproved):
        editing.publish("default", by=ann)
    assert [each.author for each in agreed().remarks] == [ann, None]


@asking()
def test_who_asks_for_changes_stops_it_until_they_approve_or_the_draft_changes(ann, bob):
    asked(ann, publisher())
    editing.ask_for_changes("default", by=bob, words="The owner is wrong.")
    with pytest.raises(NotApproved, match=bob.username):
        editing.publish("default", by=ann)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert agreed().objections == [], "who may no longer review stops nothing"
    User.objects.filter(pk=bob.pk).update(is_active=True)
    change(ann, "Right")
    assert agreed().objections == []
    change(ann, "Ann")
    assert [each.author for each in agreed().objections] == [bob]
    editing.approve("default", by=bob)
    assert editing.publish("default", by=ann).number == 2


@asking()
def test_a_request_that_is_withdrawn_takes_its_approvals_with_it(ann, bob):
    asked(ann, bob)
    editing.withdraw_request("default", by=ann, words="Not yet.")
    asked(ann)
    with pytest.raises(NotApproved):
        editing.publish("default", by=bob)
    assert [*ReviewRequest.objects.values_list("number", "state")] == [
        (2, "open"),
        (1, "withdrawn"),
    ]


@asking()
def test_a_remark_is_about_the_draft_that_the_page_showed(ann, bob):
    asked(ann)
    shown = editing.draft_digest("default")
    change(ann, "Later")
    before = everything()
    for say in (editing.approve, editing.ask_for_changes, editing.comment_on):
        with pytest.raises(DraftChanged):
            say("default", by=bob, words="Good.", expected=shown)
    with pytest.raises(DraftChanged):
        editing.ask_for_review("default", by=ann, expected=shown)
    assert everything() == before


def test_what_cannot_be_said_writes_nothing(ann, bob):
    before = everything()
    for refused in (
        lambda: editing.approve("default", by=bob),
        lambda: editing.comment_on("default", by=bob, words="x"),
        lambda: editing.ask_for_changes("default", by=bob, words="x"),
        lambda: editing.withdraw_request("default", by=ann),
    ):
        with pytest.raises(ReviewRefused, match="No review is open"):
            refused()
    assert everything() == before
    asked(ann)
    before = everything()
    for refused in (
        lambda: editing.comment_on("default", by=bob, words=" \n"),
        lambda: editing.ask_for_changes("default", by=bob, words=""),
        lambda: editing.comment_on("default", by=bob, words="x" * 2001),
        lambda: editing.comment_on("default", by=bob, words="x", place="x" * 300),
    ):
        with pytest.raises(ReviewRefused):
            refused()
    assert everything() == before


def test_there_is_no_review_of_what_is_live(ann):
    editing.publish("default", by=None)
    with pytest.raises(NothingChanged):
        editing.ask_for_review("default", by=ann)
    assert not ReviewRequest.objects.exists()


def test_a_double_click_says_it_once(ann, bob):
    for _ in range(2):
        asked(ann)
    for _ in range(2):
        editing.approve("default", by=bob, words="Good.")
    assert [*Remark.objects.values_list("number", "verdict")] == [(1, "ask"), (2, "approve")]


@asking()
def test_an_emergency_needs_a_note_and_marks_the_version(ann):
    with pytest.raises(NoteRequired):
        editing.publish("default", by=ann, override=True, note=" ")
    version = editing.publish("default", by=ann, override=True, note="The shop is down.")
    assert (version.overridden, version.note) == (True, "The shop is down.")


@asking()
def test_an_emergency_that_was_approved_is_none(ann, bob):
    asked(ann, bob)
    assert not editing.publish("default", by=bob, override=True).overridden


@asking()
def test_a_rollback_needs_no_approval(ann):
    editing.publish("default", by=ann, override=True, note="x")
    assert not editing.roll_back("default", to=1, by=ann).overridden


@asking(ROLLBACKS=True)
def test_where_it_does_the_old_version_is_approved_as_a_draft(ann, bob):
    editing.publish("default", by=ann, override=True, note="x")
    before = everything()
    with pytest.raises(NotApproved):
        editing.roll_back("default", to=1, by=bob)
    assert everything() == before
    marked = editing.roll_back("default", to=1, by=bob, override=True, note="x")
    assert marked.overridden
    editing.publish("default", by=ann, override=True, note="x")
    editing.restore_draft("default", 1, by=ann)
    asked(ann, bob)
    assert not editing.roll_back("default", to=1, by=ann).overridden


@asking()
def test_a_command_is_held_to_it_and_can_override(ann, bob, tmp_path, capsys):
    """Also an import that publishes: then the draft stays as it was."""
    path = tmp_path / "map.json"
    path.write_text(dump(SMALL))
    publishes = [["publish"], ["import", str(path), "--publish"]]
    before = everything()
    for arguments in publishes:
        with pytest.raises(CommandError, match="needs 1 approval and has 0"):
            call_command("trackadmin", *arguments, "--note", "x")
        assert everything() == before
    for arguments in publishes:
        with pytest.raises(CommandError, match="note"):
            call_command("trackadmin", *arguments, "--override")
    for arguments in publishes:
        call_command("trackadmin", *arguments, "--override", "--note", "Down.")
    assert [v.overridden for v in MapVersion.objects.order_by("number")] == [False, True, True]
    capsys.readouterr()
    call_command("trackadmin", "versions", "--json")
    assert [v["overridden"] for v in json.loads(capsys.readouterr().out)] == [True, True, False]


@asking()
def test_an_approved_draft_is_published_by_a_command_like_any_other(ann, bob):
    asked(ann, bob)
    call_command("trackadmin", "publish")
    assert not editing.live_version("default").overridden


def test_each_remark_is_told_once_after_the_commit(ann, django_capture_on_commit_callbacks):
    heard = []

    def receive(sender, signal, **told):
        heard.append((sender, told))

    review_remarked.connect(receive)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            asked(ann)
            assert heard == []
            asked(ann)
    finally:
        review_remarked.disconnect(receive)
    told = {"map": "default", "request": 1, "remark": 1, "verdict": "ask"}
    assert heard == [(Remark, told)]


@asking()
def test_who_a_review_waits_for(ann, bob):
    """Whoever may decide about this state and has not: never who edited it last."""
    maps = [the_map()]
    assert editing.waiting_reviews(maps, bob) == []
    asked(ann)
    assert not editing.waiting_reviews(maps, ann)[0].for_user
    (waiting,) = editing.waiting_reviews(maps, bob)
    assert (waiting.map, waiting.for_user, waiting.agreement.standing) == (maps[0], True, "waiting")
    assert (waiting.agreement.asked.author, waiting.agreement.asked.words) == (ann, "Please look.")
    editing.approve("default", by=bob)
    (waiting,) = editing.waiting_reviews(maps, bob)
    assert (waiting.for_user, waiting.agreement.standing) == (False, "approved")
    change(ann, "Later")
    assert editing.waiting_reviews(maps, bob)[0].for_user


def test_a_map_with_a_review_can_be_deleted_before_it_is_published(ann):
    editing.add_map("other", name="Other")
    editing.ask_for_review("other", by=ann)
    editing.delete_map("other")
    assert not ReviewRequest.objects.exists()
