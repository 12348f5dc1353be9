"""Drafts for the tests of editing, and everything that an edit could move."""

from django.contrib.auth.models import User
from reversion.models import Revision, Version

from tests.maps import document, tracked
from trackadmin import editing
from trackadmin.models import (
    MapVersion,
    Remark,
    ReviewRequest,
    TrackedAction,
    TrackedAggregate,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackedParameter,
    TrackingMap,
    Waiver,
)

TABLES = (
    TrackingMap,
    TrackedModel,
    TrackedAttribute,
    TrackedChild,
    TrackedAggregate,
    TrackedAction,
    TrackedParameter,
    MapVersion,
    Waiver,
    ReviewRequest,
    Remark,
    Revision,
    Version,
)

PERSON = tracked("host.person", ["id", "name"], ["profile"], "id")
PROFILE = tracked("host.profile", ["nickname"], key="nickname")
COUNTRY = tracked("host.country", ["code", "name"], key="code")

SMALL = document(Person=PERSON, Profile=PROFILE)


def everything():
    """Every row that trackadmin and reversion have; equal before and after: nothing happened."""
    return {table: list(table.objects.order_by("pk").values()) for table in TABLES}


def the_map():
    return TrackingMap.objects.get(slug="default")


def draft(given=SMALL):
    """The map default with this draft."""
    editing.import_document("default", given)
    return the_map()


def row(prefix):
    return TrackedModel.objects.get(prefix=prefix)


def editor(name="editor"):
    return User.objects.get_or_create(username=name)[0]
