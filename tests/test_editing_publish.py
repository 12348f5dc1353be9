"""Publishing and rolling back: all of it happens, or nothing does."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils.functional import SimpleLazyObject

from tests.drafts import COUNTRY, SMALL, draft, editor, everything, row, the_map
from tests.maps import EXAMPLE, HOST, attribute, document, tracked
from trackadmin import editing
from trackadmin.document import digest, dump, load, upgrades
from trackadmin.exceptions import (
    DocumentError,
    DraftChanged,
    InvalidMap,
    NoteRequired,
    UnknownMap,
    UnknownVersion,
)
from trackadmin.models import MapVersion, TrackedAttribute, TrackedModel
from trackadmin.signals import map_published

pytestmark = pytest.mark.django_db


@pytest.fixture
def told():
    """What receivers of the signal were told."""
    heard = []

    def receive(sender, **kwargs):
        kwargs.pop("signal")
        heard.append((sender, kwargs))

    map_published.connect(receive)
    yield heard
    map_published.disconnect(receive)


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Runs what waits for the commit, as a real commit would."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def insert(text, number=1, digest_=None):
    return MapVersion.objects.create(
        map=the_map(), number=number, document=text, digest=digest_ or digest(text)
    )


# publishing


def test_publishing_makes_the_next_version(told, committed):
    tracking_map = draft()
    sequence = the_map().sequence
    with committed():
        version = editing.publish(tracking_map, by=editor(), note="  First. ")
    assert (version.number, version.author, version.note) == (1, editor(), "First.")
    assert version.restores is None
    assert load(version.document, version.digest) == SMALL
    assert the_map().sequence == sequence + 1
    assert told == [
        (MapVersion, {"map": "default", "number": 1, "digest": version.digest}),
    ]
    assert editing.publish("default", by=None).number == 2
    assert [v.number for v in editing.versions("default")] == [2, 1]
    assert editing.live_version("default").number == 2


def test_publishing_leaves_the_draft_alone():
    tracking_map = draft()
    before = everything()
    editing.publish(tracking_map, by=None)
    after = everything()
    for table in before:
        if table not in (MapVersion, type(tracking_map)):
            assert after[table] == before[table], table


def test_versions_are_numbered_for_each_map():
    editing.publish(draft(), by=None)
    editing.add_map("second", name="Second")
    assert editing.publish("second", by=None).number == 1
    assert editing.live_version("default").number == 1


def test_there_is_no_live_version_before_the_first():
    assert editing.live_version("default") is None
    with pytest.raises(UnknownVersion, match="has no version yet"):
        editing.get_version("default", 1)


def test_the_signal_waits_for_the_outer_commit(told, committed):
    """A host that publishes inside its own transaction is told when that has ended."""
    draft()
    with committed():
        with transaction.atomic():
            editing.publish("default", by=None)
            assert told == []
        assert told == []
    assert len(told) == 1


def test_no_signal_if_the_outer_transaction_is_rolled_back(told, committed):
    draft()
    before = everything()
    with committed(), transaction.atomic():
        editing.publish("default", by=None)
        transaction.set_rollback(True)
    assert told == []
    assert everything() == before


def test_a_receiver_that_fails_undoes_nothing(told, committed, caplog):
    def fail(**kwargs):
        raise RuntimeError("receiver on fire")

    map_published.connect(fail)
    try:
        draft()
        with committed():
            editing.publish("default", by=None)
    finally:
        map_published.disconnect(fail)
    assert MapVersion.objects.count() == 1
    assert len(told) == 1, "the other receivers are told all the same"
    assert "receiver on fire" in caplog.text


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
def test_nobody_in_particular_may_publish(nobody):
    draft()
    assert editing.publish("default", by=nobody).author is None


def test_a_lazy_request_user_may_publish():
    draft()
    editor()
    assert editing.publish("default", by=SimpleLazyObject(editor)).author == editor()


# what stops a publish, and what then does not happen


def unknown_map():
    editing.publish("missing", by=None)


def other_draft():
    editing.publish("default", by=None, expected="0" * 64)


def gone_attribute():
    TrackedAttribute.objects.create(tracked_model=row("Person"), source="gone", position=5)
    TrackedModel.objects.create(map=the_map(), prefix="Ghost", model_label="host.ghost")


def two_roads():
    order = tracked("host.order", ["number"], ["billing_address", "shipping_address"])
    editing.save_tracked_model("default", "Order", order)
    editing.save_tracked_model("default", "Address", tracked("host.address", ["street"]))


def planted_secret():
    user = TrackedModel.objects.create(map=the_map(), prefix="User", model_label="auth.user")
    TrackedAttribute.objects.create(
        tracked_model=user,
        source="\N{FULLWIDTH LATIN SMALL LETTER P}assword",
        name="\N{FULLWIDTH LATIN SMALL LETTER P}assword",
    )


def weak_key():
    country = editing.save_tracked_model("default", "Country", COUNTRY).row
    TrackedModel.objects.filter(pk=country.pk).update(key="name")


BAD_DRAFTS = {
    "attribute and model gone": (gone_attribute, {"attribute.gone", "model.gone"}),
    "two roads": (two_roads, {"name.two_roads"}),
    "planted secret": (planted_secret, {"name.invalid"}),
    "key not unique": (weak_key, {"key.not_unique"}),
}


@pytest.mark.parametrize("case", BAD_DRAFTS)
def test_a_draft_with_errors_is_not_published(case, told, committed):
    """All problems are named at once; no version, no counter, no signal."""
    spoil, codes = BAD_DRAFTS[case]
    draft()
    spoil()
    before = everything()
    with committed(), pytest.raises(InvalidMap) as error:
        editing.publish("default", by=editor())
    assert codes <= {p.code for p in error.value.problems if p.level == "error"}
    assert everything() == before
    assert told == []


def test_a_draft_that_changed_is_not_published(told, committed):
    draft()
    reviewed = editing.draft_digest("default")
    editing.save_tracked_model("default", "Country", COUNTRY)
    before = everything()
    with committed(), pytest.raises(DraftChanged) as error:
        editing.publish("default", by=None, expected=reviewed)
    assert error.value.actual == editing.draft_digest("default")
    assert everything() == before
    assert told == []
    assert editing.publish("default", by=None, expected=error.value.actual).number == 1


def test_an_unknown_map_is_not_published():
    with pytest.raises(UnknownMap):
        editing.publish("missing", by=None)
    with pytest.raises(UnknownMap):
        editing.roll_back("missing", to=1, by=None)


@pytest.mark.parametrize("note", ["", "  \n"])
def test_a_note_where_the_site_asks_for_one(settings, note, told, committed):
    settings.TRACKADMIN = {"REQUIRE_NOTE": True}
    draft()
    insert(dump(SMALL))
    before = everything()
    with committed():
        with pytest.raises(NoteRequired):
            editing.publish("default", by=None, note=note)
        with pytest.raises(NoteRequired):
            editing.roll_back("default", to=1, by=None, note=note)
    assert everything() == before
    assert told == []
    assert editing.publish("default", by=None, note="Why.").number == 2


def test_a_failure_late_in_a_publish_leaves_nothing(monkeypatch, told, committed):
    """Whatever breaks, even at the insert itself, the counters are where they were."""
    draft()
    before = everything()
    monkeypatch.setattr(MapVersion, "save", lambda *a, **k: 1 / 0)
    with committed(), pytest.raises(ZeroDivisionError):
        editing.publish("default", by=None)
    assert everything() == before
    assert told == []


def test_what_could_not_be_loaded_again_is_not_published(monkeypatch, told, committed):
    """Here the map is larger than the largest text that is ever read; all else is a warning."""
    draft(EXAMPLE)
    before = everything()
    monkeypatch.setattr("trackadmin.document.text.LARGEST", 100)
    with committed(), pytest.raises(InvalidMap) as error:
        editing.publish("default", by=None)
    assert [p.code for p in error.value.problems] == ["document.too_large"]
    assert everything() == before
    assert told == []


def test_what_does_not_compile_is_not_published(monkeypatch, told, committed):
    """Even where nothing is wrong that a rule knows of."""
    draft()
    before = everything()
    text = "def flatten(:"
    monkeypatch.setattr("trackadmin.compiler.values.source.Source.text", text)
    with committed(), pytest.raises(SyntaxError):
        editing.publish("default", by=None)
    assert everything() == before
    assert told == []


def test_a_warning_does_not_stop_a_publish():
    draft(document(User=tracked("auth.user", ["id", "email"], key="id")))
    assert [p.level for p in editing.draft_problems("default")] == ["warning"]
    assert editing.publish("default", by=None).number == 1


def test_the_large_map_publishes():
    draft(HOST)
    version = editing.publish("default", by=None)
    assert load(version.document, version.digest) == HOST


# rolling back


def test_a_rollback_goes_forward(told, committed):
    draft()
    first = editing.publish("default", by=None)
    editing.import_document("default", document(Country=COUNTRY))
    editing.publish("default", by=None)
    with committed():
        back = editing.roll_back("default", to=1, by=editor(), note="It broke a report.")
    assert (back.number, back.restores, back.author) == (3, 1, editor())
    assert (back.document, back.digest) == (first.document, first.digest)
    assert told == [(MapVersion, {"map": "default", "number": 3, "digest": first.digest})]
    assert set(editing.build_document("default").models) == {"Country"}, "the draft stays"


@pytest.mark.parametrize("number", [0, 2, -1, 2**70, "1", True, None])
def test_a_rollback_to_no_version_does_nothing(number, told, committed):
    draft()
    editing.publish("default", by=None)
    before = everything()
    with committed(), pytest.raises(UnknownVersion) as error:
        editing.roll_back("default", to=number, by=None)
    assert error.value.newest == 1
    assert everything() == before
    assert told == []


def drifted():
    person = tracked("host.person", ["id", "name", "shoe_size"], ["ghost"], "id")
    return dump(document(Person=person, Ghost=tracked("host.ghost", ["id"], key="id")))


def test_a_rollback_works_across_drift():
    """A version of a time when the code had more comes back as it was."""
    draft()
    insert(drifted())
    editing.publish("default", by=None)
    back = editing.roll_back("default", to=1, by=None)
    assert (back.number, back.document) == (3, drifted())


def secret():
    return dump(document(User=tracked("auth.user", [("p", attribute("password"))])))


def full_width():
    return dump(
        document(
            User=tracked(
                "auth.user", [("p", attribute("\N{FULLWIDTH LATIN SMALL LETTER P}assword"))]
            )
        )
    )


SPOILT = {
    "another digest": lambda: (dump(SMALL), "0" * 64),
    "a secret": lambda: (secret(), None),
    "a full-width name": lambda: (full_width(), None),
    "not canonical": lambda: (json.dumps(json.loads(dump(SMALL)), indent=1), None),
    "no JSON": lambda: ("what?", None),
    "not ASCII": lambda: ('{"é":1}', "0" * 64),
    "a later format": lambda: (dump(SMALL).replace('"format":1', '"format":99'), None),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_version_does_not_come_back(case, told, committed):
    text, digest_ = SPOILT[case]()
    draft()
    insert(text, digest_=digest_)
    editing.publish("default", by=None)
    before = everything()
    with committed(), pytest.raises(DocumentError):
        editing.roll_back("default", to=1, by=None)
    assert everything() == before
    assert told == []


def test_a_version_of_an_older_format_comes_back_in_todays(monkeypatch):
    """The old row stays as it was; the new one is canonical today."""
    old = json.loads(dump(SMALL))
    old["format"] = 0
    old["tables"] = old.pop("models")
    text = json.dumps(old, sort_keys=True, separators=(",", ":"))

    def upgrade(data):
        data = dict(data)
        return {"models": data.pop("tables"), **data}

    monkeypatch.setitem(upgrades.UPGRADES, 0, upgrade)
    insert(text)
    back = editing.roll_back("default", to=1, by=None)
    assert back.document == dump(SMALL)
    assert back.digest == digest(back.document)
    assert MapVersion.objects.get(number=1).document == text


def test_rolling_back_to_the_live_version_is_a_version_too():
    draft()
    editing.publish("default", by=None)
    assert editing.roll_back("default", to=1, by=None).restores == 1


# comparing


def test_comparing_takes_versions_documents_and_texts():
    draft()
    first = editing.publish("default", by=None)
    other = document(Country=COUNTRY)
    changes = editing.diff(first, other)
    assert changes
    assert editing.diff(first.document, dump(other)) == changes
    assert not editing.diff(first, SMALL)


def test_comparing_a_spoilt_version_is_refused():
    with pytest.raises(DocumentError):
        editing.diff(insert(dump(SMALL), digest_="0" * 64), SMALL)


def test_the_sequence_is_one_counter_for_edits_and_publishes():
    tracking_map = draft()
    editing.publish(tracking_map, by=None)
    editing.save_map("default", name="Shop", description="")
    assert the_map().sequence == 3
