"""The tables keep what the design promises, whoever writes to them."""

import json

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.db.models.deletion import Collector
from django.utils.functional import Promise

from trackadmin.exceptions import ImmutableVersion
from trackadmin.models import (
    MapVersion,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackingMap,
)

pytestmark = pytest.mark.django_db

DIGEST = "0" * 64


@pytest.fixture
def the_map():
    return TrackingMap.objects.get(slug="default")


@pytest.fixture
def version(the_map):
    author = User.objects.create_user("author")
    return MapVersion.objects.create(
        map=the_map, number=1, document="{}", digest=DIGEST, author=author
    )


@pytest.fixture
def tracked(the_map):
    return TrackedModel.objects.create(map=the_map, prefix="User", model_label="Auth.User")


def stored(version):
    return list(MapVersion.objects.filter(pk=version.pk).values())


def test_default_map_exists_after_migrate(the_map):
    assert TrackingMap.objects.get() == the_map


@pytest.mark.django_db(transaction=True)
def test_default_map_comes_back_after_a_flush():
    TrackingMap.objects.all().delete()
    call_command("flush", interactive=False, verbosity=0)
    assert TrackingMap.objects.get().slug == "default"


def saved_again(version):
    version.note = "other"
    version.save()


def saved_by_another_instance(version):
    MapVersion(pk=version.pk, map=version.map, number=1, document="x", digest=DIGEST).save()


def loaded_from_a_fixture(version):
    text = serializers.serialize("json", [version])
    for loaded in serializers.deserialize("json", text.replace(DIGEST, "1" * 64)):
        loaded.save()


def written_over_in_bulk(version):
    other = MapVersion(map=version.map, number=1, document="x", digest=DIGEST)
    MapVersion.objects.bulk_create(
        [other],
        update_conflicts=True,
        update_fields=["document"],
        unique_fields=["map", "number"],
    )


def updated_in_bulk(version):
    version.note = "other"
    MapVersion.objects.bulk_update([version], ["note"])


def collected(version):
    collector = Collector("default")
    collector.collect([version])
    collector.delete()


WAYS_TO_CHANGE = {
    "save": saved_again,
    "save by another instance": saved_by_another_instance,
    "fixture": loaded_from_a_fixture,
    "bulk_create": written_over_in_bulk,
    "bulk_update": updated_in_bulk,
    "update": lambda v: MapVersion.objects.update(note="other"),
    "update of the author": lambda v: MapVersion.objects.update(author=None),
    "update through the map": lambda v: v.map.versions.update(note="other"),
    "update through a filter": lambda v: MapVersion.objects.filter(number=1).update(note="x"),
    "update_or_create": lambda v: MapVersion.objects.update_or_create(
        defaults={"note": "other"}, map=v.map, number=1
    ),
    "base manager": lambda v: MapVersion._base_manager.update(note="other"),
    "base manager, with the author": lambda v: MapVersion._base_manager.update(
        note="other", author=None
    ),
    "adding it to another map": lambda v: TrackingMap.objects.create(slug="two").versions.add(v),
    "delete": lambda v: v.delete(),
    "delete of a queryset": lambda v: MapVersion.objects.all().delete(),
    "delete through the map": lambda v: v.map.versions.all().delete(),
    "delete through the base manager": lambda v: MapVersion._base_manager.all().delete(),
    "raw delete": lambda v: MapVersion.objects.all()._raw_delete("default"),
    "delete by a collector": collected,
}


@pytest.mark.parametrize("way", WAYS_TO_CHANGE)
def test_a_version_never_changes(version, way):
    """Every way that Django offers is refused, and the row stays as it was."""
    before = stored(version)
    with pytest.raises(ImmutableVersion), transaction.atomic():
        WAYS_TO_CHANGE[way](version)
    assert stored(version) == before


def test_versions_can_be_inserted_and_loaded_from_a_fixture(version):
    """The guards stop changes, not a backup that is put back into empty tables."""
    fixture = json.loads(serializers.serialize("json", [version]))
    fixture[0]["pk"] += 1000
    fixture[0]["fields"]["number"] = 2
    for loaded in serializers.deserialize("json", json.dumps(fixture)):
        loaded.save()
    MapVersion.objects.bulk_create(
        [MapVersion(map=version.map, number=3, document="{}", digest=DIGEST)]
    )
    assert list(MapVersion.objects.values_list("number", flat=True)) == [3, 2, 1]


def test_deleting_an_author_keeps_the_version(version):
    version.author.delete()
    assert MapVersion.objects.get().author is None


def test_deleting_authors_in_bulk_keeps_their_versions(version):
    User.objects.all().delete()
    assert MapVersion.objects.get().author is None


def test_a_published_map_cannot_be_deleted(version, tracked):
    for delete in (version.map.delete, TrackingMap.objects.all().delete):
        with pytest.raises(ProtectedError):
            delete()
    assert TrackingMap.objects.count() == MapVersion.objects.count() == 1
    assert TrackedModel.objects.count() == 1


def test_an_unpublished_map_goes_with_its_draft(the_map, tracked):
    the_map.delete()
    assert not TrackedModel.objects.exists()


def test_labels_are_kept_in_lower_case(tracked):
    assert tracked.model_label == "auth.user"


def test_an_attribute_without_a_name_takes_its_sources(tracked):
    assert TrackedAttribute.objects.create(tracked_model=tracked, source="id").name == "id"


def twice_the_prefix(the_map, tracked):
    TrackedModel.objects.create(map=the_map, prefix="User", model_label="auth.group")


def twice_the_model(the_map, tracked):
    TrackedModel.objects.create(map=the_map, prefix="Other", model_label="auth.user")


def twice_the_attribute(the_map, tracked):
    for _ in range(2):
        TrackedAttribute.objects.create(tracked_model=tracked, source="id", name="id")


def twice_the_child(the_map, tracked):
    for _ in range(2):
        TrackedChild.objects.create(tracked_model=tracked, accessor="profile")


def refused_row(model, **values):
    def insert(the_map, tracked):
        whose = {"map": the_map} if model in (TrackedModel, MapVersion) else {}
        model.objects.create(**(whose or {"tracked_model": tracked}), **values)

    return insert


def of_version(**values):
    return refused_row(MapVersion, **({"number": 1, "document": "{}", "digest": DIGEST} | values))


REFUSED_ROWS = {
    "prefix twice": twice_the_prefix,
    "model twice": twice_the_model,
    "attribute twice": twice_the_attribute,
    "child twice": twice_the_child,
    "no prefix": refused_row(TrackedModel, prefix="", model_label="auth.group"),
    "no model": refused_row(TrackedModel, prefix="Group", model_label=""),
    "no source": refused_row(TrackedAttribute, name="id", source=""),
    "no accessor": refused_row(TrackedChild, accessor=""),
    "unknown decision": refused_row(TrackedAttribute, source="id", decision="maybe"),
    "unknown privacy": refused_row(TrackedAttribute, source="id", privacy="secret"),
    "version 0": of_version(number=0),
    "restores itself": of_version(restores=1),
    "restores a later one": of_version(restores=2),
}


@pytest.mark.parametrize("row", REFUSED_ROWS)
def test_the_database_refuses(the_map, tracked, row):
    """The rules stand in the tables too, for those who write past the models."""
    with pytest.raises(IntegrityError), transaction.atomic():
        REFUSED_ROWS[row](the_map, tracked)


def test_people_call_the_tables_by_words_of_their_language():
    """In German "Tracking-Pläne", and never the plural that Django makes with an s."""
    for model in (TrackingMap, TrackedModel, TrackedAttribute, TrackedChild, MapVersion):
        meta = model._meta
        assert isinstance(meta.verbose_name, Promise)
        assert isinstance(meta.verbose_name_plural, Promise)
        for field in meta.fields:
            assert isinstance(field.verbose_name, Promise), field
