"""The tables keep what the design promises."""

import pytest

from trackadmin.models import TrackingMap

pytestmark = pytest.mark.django_db


def test_default_map_exists_after_migrate():
    assert TrackingMap.objects.get().slug == "default"
