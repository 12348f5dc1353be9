"""Every page of the admin opens, says what it must, and survives bad input."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from tests.maps import EXAMPLE
from trackadmin import editing
from trackadmin.models import TrackingMap

pytestmark = [
    pytest.mark.django_db,
    # The theme's own chooser asks for a middleware that the test host does not have.
    pytest.mark.filterwarnings("ignore:Language chooser"),
]


@pytest.fixture
def tracking_map():
    """The contract's example, published, with a change in the draft that is not live."""
    editing.import_document("default", EXAMPLE)
    editing.publish("default", by=None, note="First.")
    row = TrackingMap.objects.get(slug="default")
    user = row.tracked_models.get(prefix="User")
    draft = editing.build_document(row)
    attributes = {n: a for n, a in draft.models["User"].attributes.items() if n != "is_staff"}
    from dataclasses import replace

    editing.save_tracked_model(
        row, "User", replace(draft.models["User"], attributes=attributes), tracked_model=user
    )
    return row


@pytest.fixture
def pages(tracking_map):
    """The addresses of all pages that a GET opens."""
    pk = tracking_map.pk
    model = tracking_map.tracked_models.get(prefix="User").pk
    map_page, model_page = "admin:trackadmin_trackingmap_", "admin:trackadmin_trackedmodel_"
    return {
        "maps": reverse(map_page + "changelist"),
        "add map": reverse(map_page + "add"),
        "map": reverse(map_page + "change", args=[pk]),
        "delete map": reverse(map_page + "delete", args=[pk]),
        "map history": reverse(map_page + "history", args=[pk]),
        "publish": reverse(map_page + "publish", args=[pk]),
        "preview": reverse(map_page + "preview", args=[pk]) + "?model=User",
        "versions": reverse(map_page + "versions", args=[pk]),
        "version": reverse(map_page + "version", args=[pk, 1]),
        "compare": reverse(map_page + "compare", args=[pk]),
        "roll back": reverse(map_page + "roll_back", args=[pk, 1]),
        "models": reverse(model_page + "changelist"),
        "choose": reverse(model_page + "add") + f"?map={pk}",
        "add": reverse(model_page + "add") + f"?map={pk}&model=demo.order",
        "model": reverse(model_page + "change", args=[model]),
        "delete": reverse(model_page + "delete", args=[model]),
        "history": reverse(model_page + "history", args=[model]),
        "all versions": reverse("admin:trackadmin_mapversion_changelist"),
    }


def test_every_page_opens(admin_client, pages):
    for name, address in pages.items():
        response = admin_client.get(address)
        assert response.status_code == 200, name
        assert "<h1>" in response.content.decode(), name
