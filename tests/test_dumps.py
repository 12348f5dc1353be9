"""B11. dumpdata and loaddata: what is the same already is no change, what differs is refused."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import QuerySet
from reversion.models import Revision

from tests.drafts import SMALL, draft, everything, row, the_map
from trackadmin import editing
from trackadmin.codes import LintCode
from trackadmin.exceptions import DumpConflict, ImmutableVersion
from trackadmin.models import (
    MapVersion,
    Remark,
    ReviewRequest,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackingMap,
    Waiver,
)

pytestmark = pytest.mark.django_db

NATURAL = ["--natural-primary", "--natural-foreign"]
WAYS = {"plain": [], "natural": NATURAL, "natural foreign": NATURAL[1:]}
OURS = (
    *(TrackingMap, TrackedModel, TrackedAttribute, TrackedChild, MapVersion, Waiver),
    *(ReviewRequest, Remark),
)


def published():
    """A map with a draft and two versions, the first by somebody, who has waived something."""
    draft()
    ann = User.objects.create(username="ann")
    editing.publish("default", by=ann, note="First.")
    editing.publish("default", by=None, note="Second.")
    editing.waive("default", LintCode.OWNER, "Person", reason="Nobody.", by=ann)
    editing.save_map("default", name="Default map", description="", signed_only=True, by=ann)
    editing.ask_for_review("default", by=ann, words="Look, please.")
    editing.publish("default", by=None, note="Third.")
    editing.save_map("default", name="Default map", description="", signed_only=False, by=ann)
    editing.ask_for_review("default", by=ann, words="Again, please.")
    editing.comment_on("default", by=None, words="A word.", place="Person.name")


def dump(path, *arguments, apps=("auth.user", "trackadmin")):
    call_command("dumpdata", *apps, *arguments, output=str(path))
    return path


def load(path):
    call_command("loaddata", str(path), verbosity=0)


def empty():
    """As after migrate: only the map default, with nothing in it."""
    for model in reversed(OURS):
        QuerySet._raw_delete(model._base_manager.all(), "default")
    User.objects.all().delete()
    TrackingMap.objects.create(slug="default", name="Default map")


def say():
    """What the map says, whatever the keys of its rows are."""
    versions = MapVersion.objects.order_by("number")
    return (
        editing.build_document("default"),
        [(v.number, v.document, v.digest, v.note, str(v.author)) for v in versions],
        [(w.code, w.place, w.reason, w.author_name, w.created_at) for w in Waiver.objects.all()],
        [(r.number, r.state, r.version and r.version.number) for r in ReviewRequest.objects.all()],
        [
            (r.request.number, r.number, r.author_name, r.digest, r.verdict, r.place, r.words)
            for r in Remark.objects.all()
        ],
    )


@pytest.mark.parametrize("way", WAYS)
def test_the_same_dump_twice_changes_nothing(way, tmp_path):
    published()
    path = dump(tmp_path / "dump.json", *WAYS[way])
    before = everything()
    load(path)
    load(path)
    assert everything() == before


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("suffix", ["json", "xml", "jsonl"])
def test_a_dump_makes_the_same_map_in_an_empty_database(way, suffix, tmp_path):
    """The map default that migrate made there gives way, whatever its key."""
    published()
    path = dump(tmp_path / f"dump.{suffix}", *WAYS[way], "--format", suffix)
    before = say()
    empty()
    load(path)
    assert say() == before
    load(path)
    assert say() == before


def test_a_natural_dump_finds_its_rows_under_other_keys(tmp_path):
    """A used database with the same map: what differs in the draft becomes what the dump says."""
    published()
    path = dump(tmp_path / "dump.json", *NATURAL)
    before = say()
    empty()
    draft()
    editing.save_map("default", name="Other words", description="")
    ann = User.objects.create(username="ann")
    data = json.loads(path.read_text())
    for entry in data:
        assert "pk" not in entry
        if entry["model"] == "trackadmin.mapversion" and entry["fields"]["number"] == 1:
            assert entry["fields"]["map"] == ["default"]
            assert entry["fields"]["author"] == [ann.username]
    load(path)
    assert say() == before
    assert the_map().name == "Default map"


@pytest.mark.parametrize("way", ["plain", "natural"])
@pytest.mark.parametrize("field", ["document", "digest", "note", "restores", "created_at"])
def test_a_version_that_differs_is_refused(way, field, tmp_path):
    """Nothing of such a dump is loaded: a version never changes."""
    published()
    path = dump(tmp_path / "dump.json", *WAYS[way])
    data = json.loads(path.read_text())
    other = {"restores": 1, "created_at": "2020-01-01T00:00:00Z"}.get(field, "other")
    version = next(
        e for e in data if e["model"] == "trackadmin.mapversion" and e["fields"]["number"] == 2
    )
    version["fields"][field] = other
    path.write_text(json.dumps(data))
    before = everything()
    with pytest.raises(ImmutableVersion):
        load(path)
    assert everything() == before


def test_another_version_of_a_number_under_another_key_is_refused(tmp_path):
    published()
    path = dump(tmp_path / "dump.json")
    data = json.loads(path.read_text())
    for entry in data:
        if entry["model"] == "trackadmin.mapversion":
            entry["pk"] += 1000
    path.write_text(json.dumps(data))
    before = everything()
    load(path)
    assert everything() == before
    versions = [entry for entry in data if entry["model"] == "trackadmin.mapversion"]
    versions[-1]["fields"]["note"] = "other"
    path.write_text(json.dumps(data))
    with pytest.raises(ImmutableVersion):
        load(path)
    assert everything() == before


def test_an_author_who_is_gone_since_is_no_change(tmp_path):
    published()
    path = dump(tmp_path / "dump.json", apps=("trackadmin",))
    User.objects.all().delete()
    data = [e for e in json.loads(path.read_text()) if e["model"] == "trackadmin.mapversion"]
    for entry in data:
        entry["fields"]["author"] = None
    path.write_text(json.dumps(data))
    before = everything()
    load(path)
    assert everything() == before


def test_a_map_in_use_under_another_key_is_told_with_what_to_do(tmp_path):
    published()
    path = dump(tmp_path / "dump.json")
    empty()
    draft()
    before = everything()
    with pytest.raises(DumpConflict, match="--natural-primary"):
        load(path)
    assert everything() == before


def test_a_tracked_model_under_another_key_is_told_with_what_to_do(tmp_path):
    draft()
    path = dump(tmp_path / "dump.json")
    editing.delete_tracked_model(row("Profile"))
    editing.save_tracked_model("default", "Nickname", SMALL.models["Profile"])
    before = everything()
    with pytest.raises(DumpConflict, match=r"'Nickname' \(host.profile\) under the key"):
        load(path)
    assert everything() == before


def test_an_older_dump_takes_no_counter_back(tmp_path):
    """A form that saw the later state must stay refused."""
    draft()
    path = dump(tmp_path / "dump.json")
    editing.save_map("default", name="Later", description="")
    row_before, map_before = row("Profile"), the_map()
    load(path)
    assert the_map().name == "Default map"
    assert the_map().sequence == map_before.sequence
    assert the_map().lock_version == map_before.lock_version
    assert row("Profile").lock_version == row_before.lock_version


def test_keys_name_each_row():
    published()
    keys = {model.__name__: model.objects.first().natural_key() for model in OURS}
    assert keys["TrackingMap"] == ("default",)
    assert keys["MapVersion"] == ("default", 3)
    assert keys["TrackedModel"][0] == keys["TrackedAttribute"][0] == "default"
    for model in OURS:
        for each in model.objects.all():
            assert model.objects.get_by_natural_key(*each.natural_key()) == each


def test_history_moves_with_a_plain_dump(tmp_path):
    """Its rows name ours by their keys, so it needs the keys to stay."""
    draft()
    apps = ("auth.user", "contenttypes", "trackadmin", "reversion")
    path = dump(tmp_path / "dump.json", apps=apps)
    before = [entry.comment for entry in editing.history(the_map())]
    pk = the_map().pk
    empty()
    Revision.objects.all().delete()
    load(path)
    assert the_map().pk == pk
    assert [entry.comment for entry in editing.history(the_map())] == before


def test_a_map_with_nothing_but_a_waiver_does_not_give_way(tmp_path):
    """Somebody has said why something is fine: that is not lost to a dump."""
    published()
    path = dump(tmp_path / "dump.json")
    empty()
    (fresh,) = TrackingMap.objects.all()
    data = json.loads(path.read_text())
    assert fresh.pk not in [e["pk"] for e in data if e["model"] == "trackadmin.trackingmap"]
    editing.waive("default", LintCode.NOT_TRACKED, "host.person", reason="x")
    before = everything()
    with pytest.raises(DumpConflict):
        load(path)
    assert everything() == before


def test_a_waiver_under_another_key_becomes_what_the_dump_says(tmp_path):
    published()
    path = dump(tmp_path / "dump.json")
    waiver = Waiver.objects.get()
    waiver.delete()
    editing.waive("default", LintCode.OWNER, "Person", reason="Other")
    assert Waiver.objects.get().reason == "Other"
    load(path)
    assert Waiver.objects.get().reason == "Nobody."
