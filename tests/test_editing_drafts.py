"""The edits of the draft: what each does, what each refuses, and what then does not happen."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reversion.models import Revision, Version

from tests.drafts import COUNTRY, PERSON, PROFILE, SMALL, draft, editor, everything, row, the_map
from tests.maps import EXAMPLE, HOST, attribute, document, tracked
from trackadmin import editing
from trackadmin.document import ChildEntry, Document, dump
from trackadmin.editing import building, edits
from trackadmin.editing.entry_rows import write_entry
from trackadmin.exceptions import DocumentError, InvalidMap, StaleForm, UnknownMap, UnknownVersion
from trackadmin.models import MapVersion, TrackedAttribute, TrackedModel, TrackingMap

pytestmark = pytest.mark.django_db

ALONE = replace(PERSON, children={})


def codes(error):
    return [problem.code for problem in error.value.problems]


def described(entry, text="What it is for."):
    return replace(entry, description=text)


# building


def test_a_new_map_is_an_empty_document():
    assert editing.build_document("default") == Document()


@pytest.mark.parametrize("given", [SMALL, EXAMPLE, HOST], ids=["small", "example", "host"])
def test_rows_give_back_the_document_they_were_made_of(given):
    """Nothing is lost or added on the way document, rows, document."""
    draft(given)
    assert editing.build_document("default") == given


def test_building_takes_few_queries_whatever_the_size(django_assert_num_queries):
    """The map twice, each table once; no parameters are read where there are no actions."""
    draft(HOST)
    tracking_map = the_map()
    with django_assert_num_queries(7):
        editing.build_document(tracking_map)


def test_an_edit_between_two_readings_is_seen_whole(monkeypatch):
    """The rows are read one table after the other; what an edit tore apart is read again."""
    draft()
    read = building._by_head

    def edited_meanwhile(*asked):
        monkeypatch.setattr(building, "_by_head", read)
        editing.import_document("default", EXAMPLE)
        return read(*asked)

    monkeypatch.setattr(building, "_by_head", edited_meanwhile)
    assert editing.build_document("default") == EXAMPLE


def test_where_editors_never_rest_the_lock_gives_a_moment(monkeypatch):
    """Taking it leaves no trace."""
    tracking_map = draft()
    find, sequences = building.find_map, iter(range(100))

    def moved_on(given):
        found = find(given)
        found.sequence = next(sequences)
        return found

    monkeypatch.setattr(building, "find_map", moved_on)
    before = everything()
    assert editing.build_document(tracking_map) == SMALL
    assert everything() == before


def test_building_and_asking_change_nothing():
    tracking_map = draft(HOST)
    before = everything()
    editing.build_document(tracking_map)
    editing.draft_digest(tracking_map)
    editing.draft_problems(tracking_map)
    editing.history(tracking_map)
    editing.live_version(tracking_map)
    assert everything() == before


@pytest.mark.parametrize(
    "ask", [editing.build_document, editing.draft_digest, editing.versions, editing.live_version]
)
def test_an_unknown_map_is_named(ask):
    with pytest.raises(UnknownMap, match=r"'missing'.*default"):
        ask("missing")


def test_a_map_deleted_meanwhile_is_unknown():
    gone = TrackingMap.objects.create(slug="gone")
    TrackingMap.objects.filter(slug="gone").delete()
    with pytest.raises(UnknownMap):
        editing.build_document(gone)
    with pytest.raises(UnknownMap):
        editing.save_tracked_model(gone, "Person", PERSON)


# saving one tracked model


def test_adding_a_tracked_model():
    saved = editing.save_tracked_model("default", "Person", PERSON, by=editor(), comment="Why.")
    assert saved.row.lock_version == 1
    assert editing.build_document("default") == Document({"Person": PERSON})
    assert the_map().sequence == 1
    revision = Revision.objects.get()
    assert (revision.user, revision.comment) == (editor(), "Why.")


def test_saving_keeps_the_rows_that_stay():
    """History, links and ids hang on rows; only what is new is inserted."""
    draft()
    person = row("Person")
    ids = {a.name: a.pk for a in person.attributes.all()}
    child = person.children.get().pk
    entry = tracked("host.person", ["name", "id", "user_id"], ["profile"], "id")
    saved = editing.save_tracked_model("default", "Person", entry, tracked_model=person)
    assert saved.row.pk == person.pk
    now = {a.name: a.pk for a in saved.row.attributes.all()}
    assert {name: now[name] for name in ids} == ids
    assert set(now) == {"name", "id", "user_id"}, "what is returned is what stands"
    assert saved.row.children.get().pk == child
    assert editing.build_document("default").models["Person"] == entry


def test_an_attribute_under_a_new_name_stays_the_same_row():
    draft()
    person = row("Person")
    was = person.attributes.get(name="name").pk
    entry = tracked("host.person", ["id", ("full_name", attribute("name"))], ["profile"], "id")
    editing.save_tracked_model("default", "Person", entry, tracked_model=person)
    assert TrackedAttribute.objects.get(name="full_name").pk == was


def test_two_attributes_can_swap_their_names():
    draft()
    swapped = tracked(
        "host.person", [("id", attribute("name")), ("name", attribute("id"))], ["profile"], "name"
    )
    editing.save_tracked_model("default", "Person", swapped, tracked_model=row("Person"))
    assert editing.build_document("default").models["Person"] == swapped


def test_a_tracked_model_can_get_another_prefix():
    draft()
    person = row("Person")
    editing.save_tracked_model("default", "Human", PERSON, tracked_model=person)
    assert row("Human").pk == person.pk
    assert set(editing.build_document("default").models) == {"Human", "Profile"}


def test_a_row_written_twice_in_one_edit_is_in_its_revision_once():
    """As it was last written. The history allows each row only once."""
    current = draft()
    with edits.edit(current, by=None, comment="Twice.") as change:
        for owner in ("first", "second"):
            entry = replace(SMALL.models["Profile"], owner=owner)
            write_entry(change, row("Profile"), "Profile", entry)
    revision = Revision.objects.latest("pk")
    found = [each for each in revision.version_set.all() if each.object_repr == "Profile"]
    assert [each.field_dict["owner"] for each in found] == ["second"]


def test_a_row_written_and_deleted_in_one_edit_is_in_its_revision_once():
    """As deleted."""
    current = draft()
    with edits.edit(current, by=None, comment="Both.") as change:
        entry = replace(SMALL.models["Profile"], owner="first")
        change.delete([write_entry(change, row("Profile"), "Profile", entry)])
    revision = Revision.objects.latest("pk")
    assert [each.object_repr for each in revision.version_set.all()].count("Profile") == 1
    assert set(editing.build_document("default").models) == {"Person"}


def test_saving_what_stands_leaves_no_trace():
    draft()
    before = everything()
    person = row("Person")
    saved = editing.save_tracked_model(
        "default", "Person", PERSON, tracked_model=person, seen=1, by=editor(), comment="Again."
    )
    assert saved.row.lock_version == 1
    assert everything() == before


def test_each_real_save_counts_one():
    draft()
    for number in (2, 3, 4):
        entry = described(PERSON, f"Text {number}.")
        saved = editing.save_tracked_model(
            "default", "Person", entry, tracked_model=row("Person"), seen=number - 1
        )
        assert saved.row.lock_version == row("Person").lock_version == number
    assert row("Profile").lock_version == 1


def test_a_stale_form_is_refused_and_changes_nothing():
    draft()
    person = row("Person")
    editing.save_tracked_model("default", "Person", described(PERSON), tracked_model=person)
    before = everything()
    with pytest.raises(StaleForm) as error:
        editing.save_tracked_model(
            "default", "Person", described(PERSON, "Mine."), tracked_model=person, seen=1
        )
    assert (error.value.seen, error.value.current) == (1, 2)
    assert everything() == before


def test_a_form_of_a_deleted_row_is_refused_and_brings_nothing_back():
    draft()
    person = row("Person")
    editing.delete_tracked_model(person)
    before = everything()
    with pytest.raises(StaleForm, match="deleted by somebody else"):
        editing.save_tracked_model("default", "Person", PERSON, tracked_model=person, seen=1)
    with pytest.raises(StaleForm):
        editing.delete_tracked_model(person)
    assert everything() == before


def test_a_row_of_another_map_is_not_touched():
    draft()
    TrackingMap.objects.create(slug="two")
    before = everything()
    with pytest.raises(StaleForm):
        editing.save_tracked_model("two", "Person", PROFILE, tracked_model=row("Person"))
    assert everything() == before


REFUSED_ENTRIES = {
    "full-width name": (
        "Person",
        tracked("host.person", [("\N{FULLWIDTH LATIN SMALL LETTER P}assword", attribute("name"))]),
        "name.invalid",
    ),
    "full-width source": (
        "Person",
        tracked("auth.user", [("secret", attribute("\N{FULLWIDTH LATIN SMALL LETTER P}assword"))]),
        "name.invalid",
    ),
    "bad prefix": ("my prefix", COUNTRY, "name.invalid"),
    "no prefix": ("", COUNTRY, "name.invalid"),
    "prefix taken": ("Person", COUNTRY, "prefix.taken"),
    "model tracked already": ("Human", PERSON, "model.twice"),
    "unknown model": ("Ghost", tracked("host.ghost", ["id"]), "model.gone"),
    "unknown attribute": ("Country", tracked("host.country", ["capital"]), "attribute.gone"),
    "secret attribute": ("User", tracked("auth.user", ["password"]), "attribute.refused"),
    "unmarked property": (
        "Everything",
        tracked("host.everything", ["unmarked"]),
        "attribute.refused",
    ),
    "unknown child": ("Country", tracked("host.country", ["code"], ["king"]), "child.gone"),
    "many children": ("Order", tracked("host.order", ["number"], ["lines"]), "child.gone"),
    "key not tracked": ("Country", tracked("host.country", ["name"], key="code"), "key.unknown"),
    "key not unique": (
        "Country",
        tracked("host.country", ["name"], key="name"),
        "key.not_unique",
    ),
    "NUL in a text": ("Country", described(COUNTRY, "a\0b"), "text.invalid"),
    "half a character": ("Country", described(COUNTRY, "\ud800"), "text.invalid"),
    "long owner": ("Country", replace(COUNTRY, owner="x" * 201), "owner.too_long"),
    "huge position": ("Country", replace(COUNTRY, position=2**31), "position.out_of_range"),
    "negative position": ("Country", replace(COUNTRY, position=-1), "position.out_of_range"),
    "unknown privacy": (
        "Country",
        tracked("host.country", [("code", attribute("code", privacy="secret"))]),
        "privacy.unknown",
    ),
}


@pytest.mark.parametrize("case", REFUSED_ENTRIES)
def test_a_bad_entry_is_refused_and_changes_nothing(case):
    prefix, entry, code = REFUSED_ENTRIES[case]
    draft()
    before = everything()
    with pytest.raises(InvalidMap) as error:
        editing.save_tracked_model("default", prefix, entry, by=editor())
    assert code in codes(error)
    assert everything() == before


def test_the_rest_of_the_map_is_no_reason_to_refuse():
    """A draft may be unfinished: here a child is not tracked yet, and another entry is bad."""
    TrackedModel.objects.create(map=the_map(), prefix="Ghost", model_label="host.ghost")
    editing.save_tracked_model("default", "Person", PERSON)
    assert "Person" in editing.build_document("default").models
    assert any(p.level == "error" for p in editing.draft_problems("default"))


def test_what_drift_had_spoilt_may_stay_but_not_grow():
    """An editor can mend a description although the code has lost a field meanwhile."""
    draft()
    person = row("Person")
    TrackedAttribute.objects.create(tracked_model=person, source="shoe_size", position=2)
    drifted = editing.build_document("default").models["Person"]
    saved = editing.save_tracked_model(
        "default", "Person", described(drifted), tracked_model=person
    )
    assert saved.row.description == "What it is for."
    worse = {**drifted.attributes, "hat_size": attribute("hat_size", position=3)}
    with pytest.raises(InvalidMap) as error:
        editing.save_tracked_model(
            "default", "Person", replace(drifted, attributes=worse), tracked_model=person
        )
    assert [p.where for p in error.value.problems] == ["Person.hat_size"]


def test_labels_in_capitals_are_the_same_model():
    draft()
    before = everything()
    capital = replace(PERSON, model="host.Person")
    editing.save_tracked_model("default", "Person", capital, tracked_model=row("Person"))
    assert everything() == before


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
def test_nobody_in_particular_may_edit(nobody):
    editing.save_tracked_model("default", "Person", PERSON, by=nobody)
    assert Revision.objects.get().user is None


# deleting, ordering, the map's own words


def test_deleting_a_tracked_model():
    draft()
    editing.delete_tracked_model(row("Person"), seen=1, by=editor())
    assert set(editing.build_document("default").models) == {"Profile"}
    assert not TrackedAttribute.objects.filter(tracked_model__prefix="Person").exists()


def test_a_stale_deletion_changes_nothing():
    draft()
    editing.save_tracked_model("default", "Person", described(PERSON), tracked_model=row("Person"))
    before = everything()
    with pytest.raises(StaleForm):
        editing.delete_tracked_model(row("Person"), seen=1)
    assert everything() == before


def test_ordering_moves_only_what_moves():
    draft(document(A=PERSON, B=PROFILE, C=COUNTRY))
    editing.order_tracked_models("default", ["B", "A", "C"], by=editor())
    assert list(TrackedModel.objects.values_list("prefix", "position", "lock_version")) == [
        ("B", 0, 2),
        ("A", 1, 2),
        ("C", 2, 1),
    ]
    before = everything()
    editing.order_tracked_models("default", ["B", "A", "C"])
    assert everything() == before


@pytest.mark.parametrize("order", [[], ["Person"], ["Person", "Person"], ["Person", "Ghost"]])
def test_an_order_that_names_other_rows_is_refused(order):
    draft()
    before = everything()
    with pytest.raises(InvalidMap):
        editing.order_tracked_models("default", order)
    assert everything() == before


def test_saving_the_maps_words():
    saved = editing.save_map("default", name="Shop", description="All.", seen=0, by=editor())
    assert (saved.name, saved.lock_version, the_map().description) == ("Shop", 1, "All.")
    before = everything()
    editing.save_map("default", name="Shop", description="All.", seen=1)
    with pytest.raises(StaleForm):
        editing.save_map("default", name="Other", description="", seen=0)
    assert everything() == before


def test_adding_and_deleting_a_map():
    added = editing.add_map("second", name="Second", by=editor())
    editing.save_tracked_model(added, "Person", PERSON)
    editing.delete_map(added, by=editor())
    assert not TrackingMap.objects.filter(slug="second").exists()
    assert not TrackedModel.objects.exists()


# importing a whole document


def test_importing_says_what_it_changes():
    draft()
    changes = editing.import_document("default", document(Person=ALONE, Country=COUNTRY))
    assert sorted((c.kind, c.where) for c in changes.changes if c.subject == "model") == [
        ("added", "Country"),
        ("removed", "Profile"),
    ]


def test_a_dry_run_says_the_same_and_writes_nothing():
    draft()
    other = document(Person=described(ALONE), Country=COUNTRY)
    before = everything()
    dry = editing.import_document("default", other, dry_run=True, by=editor())
    assert everything() == before
    assert dry == editing.import_document("default", other)


def test_importing_what_stands_leaves_no_trace():
    draft()
    before = everything()
    assert not editing.import_document("default", SMALL, by=editor())
    assert everything() == before


def test_an_import_is_one_edit():
    draft(HOST)
    assert the_map().sequence == 1
    assert Revision.objects.count() == 1


def test_an_import_keeps_the_rows_that_stay():
    draft()
    before = {r.prefix: r.pk for r in TrackedModel.objects.all()}
    editing.import_document("default", document(Human=PERSON, Country=COUNTRY, Profile=PROFILE))
    after = {r.prefix: r.pk for r in TrackedModel.objects.all()}
    assert after["Profile"] == before["Profile"]
    assert after["Human"] == before["Person"], "a new prefix is the same row"
    assert row("Profile").lock_version == 2, "its position changed"


def test_two_tracked_models_can_swap_their_prefixes():
    draft(document(A=PERSON, B=PROFILE))
    swapped = document(A=PROFILE, B=PERSON)
    editing.import_document("default", swapped)
    assert editing.build_document("default") == swapped


def test_an_import_with_errors_names_all_of_them_and_changes_nothing():
    draft()
    bad = document(
        Ghost=tracked("host.ghost", ["id"]),
        Country=tracked("host.country", ["capital"], key="name"),
        Order=tracked("host.order", ["number"], ["billing_address"]),
    )
    before = everything()
    for dry_run in (True, False):
        with pytest.raises(InvalidMap) as error:
            editing.import_document("default", bad, dry_run=dry_run)
        assert {"model.gone", "attribute.gone", "key.unknown", "child.not_tracked"} <= set(
            codes(error)
        )
    assert everything() == before


LABELS = ["host.person", "host.profile", "host.country", "host.place", "auth.group"]


@st.composite
def drafts(draw):
    """Maps of some of five models, each with some attributes, all under shuffled prefixes."""
    prefixes = draw(st.permutations(["A", "B", "C", "D", "E"]))
    labels = draw(st.lists(st.sampled_from(LABELS), unique=True))
    offered = {
        "host.person": ["id", "name", "user_id"],
        "host.profile": ["id", "nickname"],
        "host.country": ["id", "code", "name"],
        "host.place": ["id", "name"],
        "auth.group": ["id", "name"],
    }
    models = {}
    for prefix, label in zip(prefixes, labels, strict=False):
        sources = draw(st.lists(st.sampled_from(offered[label]), unique=True))
        names = draw(st.permutations(["one", "two", "three"]))
        pairs = [(n, attribute(s)) for n, s in zip(names, sources, strict=False)]
        text = draw(st.sampled_from(["", "Text.", "Ärger “quoted”"]))
        models[prefix] = tracked(label, pairs, description=text)
    return document(**models)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.lists(drafts(), min_size=2, max_size=4))
def test_any_draft_can_become_any_other(several):
    """Whatever stood there, the rows say the new document, and each step is undone by the last."""
    with transaction.atomic():
        for wanted in several:
            editing.import_document("default", wanted)
            assert dump(editing.build_document("default")) == dump(wanted)
        transaction.set_rollback(True)


# restoring the draft from a version


def test_restoring_the_draft():
    tracking_map = draft()
    first = editing.publish(tracking_map, by=None)
    editing.import_document(tracking_map, document(Country=COUNTRY))
    changes = editing.restore_draft(tracking_map, 1, by=editor())
    assert editing.build_document(tracking_map) == SMALL
    assert changes
    assert MapVersion.objects.count() == 1, "a draft is not a version"
    before = everything()
    assert not editing.restore_draft(tracking_map, first)
    assert everything() == before


def test_restoring_works_across_drift():
    """The draft shows the editor what the code has lost; nothing is dropped in silence."""
    tracking_map = draft()
    TrackedAttribute.objects.create(tracked_model=row("Person"), source="gone", position=9)
    drifted = editing.build_document(tracking_map)
    text = dump(drifted)
    version = insert(tracking_map, text)
    editing.import_document(tracking_map, document(Country=COUNTRY))
    editing.restore_draft(tracking_map, version)
    assert editing.build_document(tracking_map) == drifted


@pytest.mark.parametrize("number", [0, 2, -1, 2**70, "1", True, None, 1.0])
def test_an_unknown_version_is_refused_and_changes_nothing(number):
    tracking_map = draft()
    editing.publish(tracking_map, by=None)
    before = everything()
    with pytest.raises(UnknownVersion):
        editing.restore_draft(tracking_map, number)
    assert everything() == before


def test_a_version_of_another_map_is_refused():
    editing.publish(draft(), by=None)
    editing.add_map("second", name="Second")
    editing.publish("second", by=None)
    with pytest.raises(UnknownVersion, match="of the map 'default' was given, but the map is '"):
        editing.restore_draft("second", editing.get_version("default", 1))


def test_a_spoilt_version_is_refused_and_changes_nothing():
    tracking_map = draft()
    version = insert(tracking_map, dump(SMALL), digest="0" * 64)
    before = everything()
    with pytest.raises(DocumentError):
        editing.restore_draft(tracking_map, version)
    assert everything() == before


def insert(tracking_map, text, digest=None):
    from trackadmin.document import digest as digest_of

    return MapVersion.objects.create(
        map=tracking_map,
        number=MapVersion.objects.count() + 1,
        document=text,
        digest=digest or digest_of(text),
    )


def test_children_keep_their_rows_and_prefixes():
    draft()
    entry = replace(PERSON, children={"profile": ChildEntry("Own")})
    child = row("Person").children.get()
    editing.save_tracked_model("default", "Person", entry, tracked_model=row("Person"))
    assert row("Person").children.get().pk == child.pk
    assert row("Person").children.get().prefix == "Own"


def test_versions_of_reversion_find_our_revisions():
    """What is stored is in reversion's own form, so its queries work."""
    draft()
    stored = Version.objects.get_for_object(row("Person")).get()
    assert stored.field_dict["prefix"] == "Person"
    assert Version.objects.get_for_object(the_map()).count() == 1
