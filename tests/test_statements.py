"""How many statements an edit takes: few, and as many in a small map as in a large one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.maps import document, tracked
from tests.screens import MARKS, client_of, filled, model_page
from trackadmin import editing
from trackadmin.admin.forms import EntryForm
from trackadmin.catalog import catalog
from trackadmin.models import TrackedModel

pytestmark = MARKS

#: Session, user and permissions (4); the page and the edit each read the tracked model and the
#: lists below it (8); the lock, the last edit that the history has, and what this edit writes.
MOST = 22


def draft_of(number):
    """A draft of so many tracked models, the first of them Person."""
    labels = [m.label for m in catalog().models() if m.attributes and m.label != "host.person"]
    models = {f"Model{at}": tracked(label) for at, label in enumerate(labels[: number - 1])}
    person = tracked("host.person", ["id", "name"], key="id")
    editing.import_document("default", document(Person=person, **models))
    return TrackedModel.objects.get(prefix="Person")


def statements_of_a_save(client, row, **changes):
    entry = editing.build_document("default").models[row.prefix]
    form = EntryForm(catalog().get(entry.model), row.prefix, entry, seen=row.lock_version)
    sent = filled(form, **changes)
    client.get(model_page("change", row.pk))
    with CaptureQueriesContext(connection) as captured:
        response = client.post(model_page("change", row.pk), sent)
    assert response.status_code == 302
    sent = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in sent if "SAVEPOINT" not in sql]


@pytest.mark.parametrize("number", [3, 30])
def test_saving_a_tracked_model(client, number):
    """One changed attribute: as many in a map of thirty tracked models as in one of three."""
    row = draft_of(number)
    client_of(client, "view_trackingmap", "view_trackedmodel", "change_trackedmodel")
    sent = statements_of_a_save(client, row, **{"a-name-description": "x"})
    assert row.attributes.get(name="name").description == "x"
    assert len(sent) <= MOST, "\n".join(sql[:150] for sql in sent)
