"""The edit history: who changed what, told from stored JSON, and undone one thing at a time."""

import json
from contextlib import contextmanager
from dataclasses import replace

import pytest
import reversion
from django.core import serializers
from django.utils import translation
from reversion.models import Revision, Version
from reversion.signals import post_revision_commit, pre_revision_commit

from tests.drafts import COUNTRY, PERSON, PROFILE, SMALL, draft, editor, everything, row, the_map
from tests.maps import attribute, document, tracked
from trackadmin import editing
from trackadmin.exceptions import InvalidMap, UnknownRevision
from trackadmin.models import TrackedAttribute, TrackedModel, TrackingMap

pytestmark = pytest.mark.django_db

ALONE = replace(PERSON, children={})


def save(prefix, entry, old="", **fields):
    return editing.save_tracked_model(
        "default", prefix, entry, tracked_model=row(old or prefix), **fields
    ).row


def words(entry):
    return [change.words() for change in entry.changes.changes]


def newest(subject=None):
    return editing.history(subject or the_map())[0]


def kept(prefix="Person"):
    """The newest stored JSON of a tracked model, to spoil it."""
    return Version.objects.get_for_object(row(prefix)).first()


# what is kept


@pytest.mark.parametrize(("writer", "reader"), [("de", "en"), ("en", "de"), ("de", "de")])
def test_our_comments_are_in_the_language_of_their_reader(writer, reader):
    """Reversion's own comment is plain English; what somebody typed stays as it is."""
    with translation.override(writer):
        editing.import_document("default", SMALL)
        editing.save_tracked_model("default", "Country", COUNTRY, comment="Deleted.")
        editing.delete_tracked_model(row("Country"))
        entry = newest()
        editing.undo(the_map(), entry.revision, prefix="Country")
    stored = list(Revision.objects.order_by("-pk").values_list("comment", flat=True))
    when = f"{entry.when:%Y-%m-%d %H:%M}"
    back = f"Restored as it was on {when} UTC (edit {entry.revision})."
    assert stored == [back, "Deleted Country.", "Deleted.", "Imported."]
    with translation.override(reader):
        comments = [entry.comment for entry in editing.history(the_map())]
        of_model = [entry.comment for entry in editing.history(row("Country"))]
    if reader == "en":
        assert comments == stored
    else:
        assert comments[1:] == ["Country gelöscht.", "Deleted.", "Importiert."]
        assert when in comments[0]
        assert comments[0] != back
    assert of_model == comments[:3]


def test_a_comment_that_was_changed_since_is_shown_as_it_is():
    draft()
    Revision.objects.update(comment="Changed.")
    with translation.override("de"):
        assert newest().comment == "Changed."


@pytest.mark.parametrize(
    "reason",
    [
        "Imported.",
        {"sentence": ""},
        {"sentence": "", "values": {}},
        {"sentence": 1, "values": {}},
        {"sentence": "%(x)s", "values": {"y": ""}},
        {"sentence": "%(x)d", "values": {"x": "1"}},
        {"sentence": "%(x)s", "values": {"x": 1}},
        {"sentence": "Imported.", "values": []},
    ],
)
def test_a_reason_that_cannot_be_read_leaves_the_comment(reason):
    draft()
    for version in Version.objects.all():
        (data,) = json.loads(version.serialized_data)
        version.serialized_data = json.dumps([{**data, "reason": reason}])
        version.save()
    with translation.override("de"):
        assert newest().comment == "Imported."


def test_each_edit_is_one_revision_with_who_and_why():
    draft()
    save("Person", replace(PERSON, owner="Shop team"), by=editor(), comment="They asked.")
    entry = newest(row("Person"))
    assert (entry.who, entry.comment, entry.prefixes) == ("editor", "They asked.", ("Person",))
    assert words(entry) == ["Person: The owner was set to 'Shop team'."]
    assert Revision.objects.count() == 2


def test_old_and_new_values_of_attributes_and_children():
    draft()
    entry = tracked(
        "host.person", ["id", ("name", attribute("name", privacy="sent"))], ["user"], "id"
    )
    save("Person", entry, by=editor())
    changes = newest(row("Person")).changes.changes
    privacy = next(c for c in changes if c.field == "privacy")
    assert (privacy.where, privacy.old, privacy.new) == ("Person.name", "undeclared", "sent")
    assert {(c.kind, c.where) for c in changes} >= {
        ("added", "Person.user"),
        ("removed", "Person.profile"),
    }


def test_the_newest_edit_comes_first():
    draft()
    for number in range(3):
        save("Person", replace(PERSON, owner=f"Team {number}"))
    entries = editing.history(row("Person"))
    assert [words(e)[0][:34] for e in entries[:2]] == [
        "Person: The owner changed from 'Te",
        "Person: The owner changed from 'Te",
    ]
    assert [e.revision for e in entries] == sorted((e.revision for e in entries), reverse=True)
    assert entries[-1].changes.changes[0].kind == "added"


def test_the_limit_looks_at_the_newest_and_still_knows_what_was_before():
    draft()
    for number in range(3):
        save("Person", replace(PERSON, owner=f"Team {number}"))
    for subject in (row("Person"), the_map()):
        (entry,) = editing.history(subject, limit=1)
        assert words(entry) == ["Person: The owner changed from 'Team 1' to 'Team 2'."]


def test_a_history_tells_nothing_of_other_tracked_models():
    """Keys are told apart as numbers, not as texts that begin alike."""
    draft(document(Person=ALONE))
    person = row("Person")
    other = {"pk": int(f"{person.pk}1"), "prefix": "Profile", "model_label": "host.profile"}
    TrackedModel.objects.create(map=the_map(), **other)
    both = document(Person=replace(ALONE, owner="Team"), Profile=PROFILE)
    editing.import_document("default", both)
    entry = newest(person)
    assert words(entry) == ["Person: The owner was set to 'Team'."]
    assert entry.prefixes == ("Person",)
    assert editing.as_it_was(person, entry.revision).entry == both.models["Person"]


def test_a_new_prefix_is_told_as_such():
    draft()
    save("Human", PERSON, old="Person")
    assert words(newest(row("Human")))[0].startswith(
        "Human: The prefix changed from Person to Human"
    )
    assert words(newest())[0].startswith("Human: The prefix changed from Person to Human")


def test_a_new_place_is_told_as_such():
    draft()
    editing.order_tracked_models("default", ["Profile", "Person"])
    assert words(newest(row("Person"))) == ["Person: The position changed from 0 to 1."]
    assert words(newest()) == ["Map: The order of the tracked models changed."]


def test_a_map_tells_of_its_own_words():
    """Also of the first change of a map that no editor wrote."""
    editing.save_map("default", name="Shop", description="", by=editor())
    assert words(newest()) == ["Map: The name changed from 'Default map' to 'Shop'."]
    editing.save_map("default", name="Shop", description="All of it.")
    assert words(newest()) == ["Map: The description was set to 'All of it.'."]


def test_an_import_is_told_whole():
    draft()
    editing.import_document("default", document(Person=ALONE, Country=COUNTRY), by=editor())
    entry = newest()
    assert entry.deleted == ("Profile",)
    assert set(entry.prefixes) == {"Person", "Profile", "Country"}
    assert {(c.kind, c.where) for c in entry.changes.changes} >= {
        ("removed", "Profile"),
        ("added", "Country"),
        ("removed", "Person.profile"),
    }


def test_rows_that_no_editor_wrote_are_kept_before_they_change():
    """The first edit of rows from a fixture shows what it changed, not "added"."""
    person = TrackedModel.objects.create(map=the_map(), prefix="Person", model_label="host.person")
    TrackedAttribute.objects.create(tracked_model=person, source="id")
    TrackedAttribute.objects.create(tracked_model=person, source="name", position=1)
    save("Person", replace(ALONE, key=""), by=editor())
    assert editing.history(person) == [], "nothing was changed"
    save("Person", replace(ALONE), by=editor())
    entries = editing.history(person)
    assert words(entries[0]) == ["Person: The key was set to 'id'."]
    assert (entries[1].who, entries[1].comment[:5]) == ("", "Found")


def test_what_a_shell_changed_is_not_laid_at_an_editors_door():
    draft()
    TrackedModel.objects.filter(prefix="Person").update(owner="Shell")
    save("Person", replace(PERSON, owner="Editor"), by=editor())
    last, found = editing.history(row("Person"))[:2]
    assert (last.who, words(last)) == (
        "editor",
        ["Person: The owner changed from 'Shell' to 'Editor'."],
    )
    assert (found.who, words(found)) == ("", ["Person: The owner was set to 'Shell'."])


def test_revisions_of_reversions_own_are_told_too():
    """A host's code that saves rows in a revision keeps whole tracked models."""
    draft()
    with reversion.create_revision():
        reversion.set_comment("By hand.")
        attribute_row = row("Person").attributes.get(name="name")
        attribute_row.description = "The full name."
        attribute_row.save()
    entry = newest(row("Person"))
    assert entry.comment == "By hand."
    assert words(entry) == ["Person.name: The description was set to 'The full name.'."]


def test_an_edit_inside_a_revision_of_the_hosts_is_told_once():
    """Such as reversion's middleware makes around each request."""
    draft()
    with reversion.create_revision():
        save("Person", replace(PERSON, owner="One"), by=editor("one"))
        save("Person", replace(PERSON, owner="Two"), by=editor("two"))
        editing.delete_tracked_model(row("Profile"), by=editor("three"))
    whole = editing.history(the_map())
    assert [e.who for e in whole[:3]] == ["three", "two", "one"]
    assert whole[0].deleted == ("Profile",)


def test_receivers_of_reversions_signals_are_told():
    heard = []

    def receive(sender, revision, versions, **kwargs):
        heard.append((revision.comment, len(versions)))

    post_revision_commit.connect(receive)
    try:
        editing.save_tracked_model("default", "Country", COUNTRY, comment="New.")
    finally:
        post_revision_commit.disconnect(receive)
    assert heard == [("New.", 4)]


@contextmanager
def receiving(receive):
    """This receiver of both of reversion's signals."""
    for signal in (pre_revision_commit, post_revision_commit):
        signal.connect(receive)
    try:
        yield
    finally:
        for signal in (pre_revision_commit, post_revision_commit):
            signal.disconnect(receive)


def test_receivers_may_ask_reversion_about_the_revision():
    """B9. What reversion's own revisions answer, ours answer: comment, user, date, meta."""
    heard = []

    def receive(sender, revision, versions, **kwargs):
        assert reversion.is_active()
        assert reversion.get_date_created() == revision.date_created
        reversion.add_meta(Revision, comment="so late, reversion accepts it and keeps nothing")
        heard.append((reversion.get_comment(), reversion.get_user()))

    with receiving(receive):
        editing.save_tracked_model("default", "Country", COUNTRY, comment="New.", by=editor())
        editing.delete_tracked_model(row("Country"))
    one, two = ("New.", editor()), ("Deleted Country.", None)
    assert heard == [one, one, two, two]
    assert not reversion.is_active()
    assert [entry.comment for entry in editing.history(the_map())] == ["Deleted Country.", "New."]


def test_a_receiver_that_adds_to_the_revision_makes_no_second_one():
    """B9. Reversion's own receivers come too late to add something; so do ours."""

    def receive(**kwargs):
        reversion.add_to_revision(the_map())

    with receiving(receive):
        editing.save_tracked_model("default", "Country", COUNTRY)
    assert Revision.objects.count() == 1


def test_a_revision_that_the_host_has_open_keeps_its_own_words():
    """B9. Each edit is a revision of its own, also inside one of the host's."""
    with reversion.create_revision():
        reversion.set_comment("The host's.")
        reversion.set_user(editor("host"))
        editing.save_tracked_model("default", "Country", COUNTRY, comment="Ours.", by=editor())
        editing.save_tracked_model("default", "Profile", PROFILE, comment="Ours too.")
        assert (reversion.get_comment(), reversion.get_user()) == ("The host's.", editor("host"))
    comments = list(Revision.objects.order_by("pk").values_list("comment", flat=True))
    assert comments == ["Ours.", "Ours too.", "The host's."]


def test_a_receiver_that_raises_stops_the_edit_and_leaves_no_open_revision():
    """B9. As with reversion's own revisions: a host may refuse an edit that way."""

    def refuse(**kwargs):
        raise PermissionError("not today")

    before = everything()
    with receiving(refuse), pytest.raises(PermissionError, match="not today"):
        editing.save_tracked_model("default", "Country", COUNTRY)
    assert everything() == before
    assert not reversion.is_active()


# reading


def test_reading_takes_few_queries_and_writes_nothing(django_assert_max_num_queries):
    draft()
    for number in range(10):
        save("Person", replace(PERSON, owner=f"Team {number}"), by=editor())
    before = everything()
    person, tracking_map = row("Person"), the_map()
    with django_assert_max_num_queries(10):
        editing.history(person)
    with django_assert_max_num_queries(10):
        editing.history(tracking_map)
    editing.as_it_was(person, newest().revision)
    assert everything() == before


def spoil(version, change):
    data = json.loads(version.serialized_data)
    change(data[0])
    Version.objects.filter(pk=version.pk).update(serialized_data=json.dumps(data))


def test_stored_fields_that_trackadmin_no_longer_has_are_left_out():
    draft()
    spoil(kept(), lambda data: data["fields"].update(colour="red"))
    save("Person", replace(PERSON, owner="Team"))
    assert words(newest(row("Person"))) == ["Person: The owner was set to 'Team'."]


def test_stored_json_without_todays_fields_is_read_as_empty():
    draft()
    spoil(kept(), lambda data: [data["fields"].pop(n) for n in ("owner", "description", "key")])
    for version in Version.objects.filter(serialized_data__contains='"undeclared"'):
        spoil(version, lambda data: [data["fields"].pop(n) for n in ("privacy", "lookup")])
    revision = kept().revision_id
    stored = editing.as_it_was(row("Person"), revision)
    assert stored.entry == replace(PERSON, key="")


BROKEN = {
    "no JSON": "what?",
    "an empty list": "[]",
    "a text": '["x"]',
    "no fields": '[{"model": "trackadmin.trackedmodel", "pk": 1}]',
    "fields of other types": json.dumps(
        [
            {
                "model": "trackadmin.trackedmodel",
                "pk": 1,
                "fields": {"prefix": 5, "position": "x", "model_label": None, "map": []},
            }
        ]
    ),
    "a key that is no number": '[{"model": "trackadmin.trackedmodel", "pk": "a", "fields": {}}]',
    "another model": '[{"model": "trackadmin.former", "pk": 1, "fields": {}}]',
}


@pytest.mark.parametrize("case", BROKEN)
def test_no_stored_text_breaks_the_reading(case):
    draft()
    save("Person", replace(PERSON, owner="Team"))
    Version.objects.filter(pk=Version.objects.get_for_object(row("Person")).last().pk).update(
        serialized_data=BROKEN[case]
    )
    assert editing.history(row("Person"))
    assert editing.history(the_map())
    save("Person", replace(PERSON, owner="Other"))


def test_a_user_who_is_gone_leaves_the_history():
    draft()
    save("Person", replace(PERSON, owner="Team"), by=editor())
    editor().delete()
    assert newest(row("Person")).who == ""


# deleting and undoing


def test_a_deletion_is_kept_and_told():
    draft()
    person = row("Person")
    editing.delete_tracked_model(person, by=editor())
    entry = newest()
    assert (entry.who, entry.comment, entry.deleted) == (
        "editor",
        "Deleted Person.",
        ("Person",),
    )
    first = entry.changes.changes[0]
    assert (first.kind, first.where) == ("removed", "Person")
    assert editing.history(person)[0].deleted == ("Person",)
    assert editing.as_it_was(the_map(), entry.revision, prefix="Person").entry == PERSON


def test_a_deletion_of_rows_that_no_editor_wrote_keeps_their_last_state():
    TrackedModel.objects.create(map=the_map(), prefix="Person", model_label="host.person")
    editing.delete_tracked_model(row("Person"), by=editor())
    assert editing.as_it_was(the_map(), newest().revision, prefix="Person").deleted


def test_undoing_an_edit_is_an_edit():
    draft()
    first = newest(row("Person")).revision
    save("Person", replace(tracked("host.person", ["name"]), owner="Team"))
    back = editing.undo(row("Person"), first, by=editor())
    assert editing.build_document("default") == SMALL
    assert back.lock_version == 3
    entry = newest(row("Person"))
    assert (entry.who, f"edit {first}" in entry.comment) == ("editor", True)
    assert "Person: The owner 'Team' was removed." in words(entry)


def test_undoing_what_stands_leaves_no_trace():
    draft()
    revision = newest(row("Person")).revision
    before = everything()
    editing.undo(row("Person"), revision, by=editor())
    assert everything() == before


def test_a_deleted_tracked_model_comes_back_with_its_history():
    draft()
    person = row("Person")
    editing.delete_tracked_model(person, by=editor())
    back = editing.undo(the_map(), newest().revision, prefix="Person", by=editor())
    assert back.pk == person.pk
    assert editing.build_document("default") == SMALL
    kinds = [(e.changes.changes[0].kind, e.deleted) for e in editing.history(back)]
    assert kinds == [("added", ()), ("removed", ("Person",)), ("added", ())]
    assert newest().deleted == ()


def test_new_rows_after_one_came_back_do_not_collide():
    """The key it takes up again was given out before, so the database gives it to nobody else."""
    draft()
    editing.delete_tracked_model(row("Profile"))
    editing.delete_tracked_model(row("Person"))
    editing.save_tracked_model("default", "Country", COUNTRY)
    for entry in editing.history(the_map())[1:3]:
        editing.undo(the_map(), entry.revision, prefix=entry.deleted[0])
    editing.save_tracked_model("default", "Place", tracked("host.place", ["name"]))
    assert set(editing.build_document("default").models) == {
        "Person",
        "Profile",
        "Country",
        "Place",
    }


def test_undoing_an_import_brings_back_one_of_those_it_deleted():
    draft()
    editing.import_document("default", document(Country=COUNTRY))
    revision = newest().revision
    editing.undo(the_map(), revision, prefix="Profile")
    assert editing.build_document("default").models == {
        "Country": COUNTRY,
        "Profile": replace(PROFILE, position=1),
    }


def test_undoing_is_validated_and_changes_nothing_on_failure():
    """The prefix was taken meanwhile; and the code has lost an attribute."""
    draft()
    editing.delete_tracked_model(row("Profile"))
    revision = newest().revision
    editing.save_tracked_model("default", "Profile", COUNTRY)
    before = everything()
    with pytest.raises(InvalidMap, match=r"prefix\.taken"):
        editing.undo(the_map(), revision, prefix="Profile")
    assert everything() == before
    person = row("Person")
    TrackedAttribute.objects.create(tracked_model=person, source="gone")
    save("Person", replace(ALONE, owner="Team"))
    revision = editing.history(person)[1].revision
    before = everything()
    with pytest.raises(InvalidMap, match=r"attribute\.gone"):
        editing.undo(person, revision)
    assert everything() == before


@pytest.mark.parametrize("revision", [0, -1, 10**9, 2**63, 2**70])
def test_an_unknown_revision_is_refused(revision):
    draft()
    before = everything()
    with pytest.raises(UnknownRevision):
        editing.undo(row("Person"), revision)
    with pytest.raises(UnknownRevision):
        editing.undo(the_map(), revision, prefix="Person")
    assert everything() == before


def test_nothing_of_another_map_comes_back_here():
    draft()
    editing.add_map("second", name="Second")
    revision = newest(row("Person")).revision
    with pytest.raises(UnknownRevision):
        editing.undo(TrackingMap.objects.get(slug="second"), revision, prefix="Person")


def test_a_deleted_map_leaves_its_last_state():
    editing.add_map("second", name="Second")
    editing.save_tracked_model("second", "Country", COUNTRY)
    second = TrackingMap.objects.get(slug="second")
    editing.delete_map("second", by=editor())
    last = editing.history(second)[0]
    assert (last.comment, last.deleted, last.who) == ("Deleted.", ("Country",), "editor")


def test_what_is_stored_can_be_read_by_django():
    """The mark of a deletion does not spoil the JSON for Django's own reader."""
    draft()
    editing.delete_tracked_model(row("Person"))
    for version in Version.objects.all():
        assert list(serializers.deserialize("json", version.serialized_data))
