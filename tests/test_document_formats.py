"""The formats of a document: what was published in an old one stays as it is, and works (E3)."""

import json
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from reversion.models import Version

from tests.documents import documents
from tests.drafts import draft, the_map
from tests.host.models import Address, Country, Order
from tests.maps import document, tracked
from tests.old_documents import DIGESTS, text_of
from tests.versions import insert_text
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.document import (
    ChildEntry,
    Document,
    ModelEntry,
    diff,
    digest,
    dump,
    load,
    parse,
    to_dict,
    upgrades,
)
from trackadmin.exceptions import DocumentError
from trackadmin.models import MapVersion
from trackadmin.runtime import (
    current_map,
    is_ready,
    iter_tracking_values,
    tracking_values,
    values_from_query,
)
from trackadmin.testing import reset

COUNTRY = tracked("host.country", ["code", "name"], key="code")
ADDRESS = tracked("host.address", ["street"], ["country"])
WHOLE = {"Address": ADDRESS, "Country": COUNTRY}
PLAIN, ALONE = (
    document(Order=tracked("host.order", ["number"], [("billing_address", "Bill", alone)]), **WHOLE)
    for alone in (False, True)
)


@pytest.fixture(autouse=True)
def fresh_process():
    reset()


@pytest.mark.parametrize("name", DIGESTS)
class TestFormat1:
    def test_it_loads_and_keeps_its_text_and_its_digest(self, name):
        """A draft that nobody changed is the same text after an upgrade, so it is no change."""
        text = text_of(name)
        found = load(text, DIGESTS[name])
        assert '"format":1' in text
        assert dump(found) == text
        assert digest(text) == DIGESTS[name]
        assert not diff(found, parse(dump(found)))
        assert not any(c.alone for entry in found.models.values() for c in entry.children.values())

    @pytest.mark.django_db
    def test_it_comes_back_as_the_same_text(self, name):
        """The version that a rollback makes can be read by an old process too."""
        old = insert_text(text_of(name), DIGESTS[name])
        draft(document(Country=COUNTRY))
        editing.publish("default", by=None)
        back = editing.roll_back("default", to=1, by=None)
        assert (back.number, back.restores) == (3, 1)
        assert (back.document, back.digest) == (old.document, old.digest)
        kept = MapVersion.objects.get(number=1)
        assert (kept.document, kept.digest) == (text_of(name), DIGESTS[name])

    @pytest.mark.django_db
    def test_it_is_served_compared_exported_and_restored(self, name, capsys):
        insert_text(text_of(name), DIGESTS[name])
        found = load(text_of(name), DIGESTS[name])
        assert current_map().digest == DIGESTS[name]
        assert current_map().source
        call_command("trackadmin", "export", "--format", "document")
        assert capsys.readouterr().out.strip() == text_of(name)
        call_command("trackadmin", "export")
        labels = catalog()
        shown = to_dict(found, lambda label: labels.get(label).cased_label)
        assert json.loads(capsys.readouterr().out) == shown
        editing.restore_draft("default", 1)
        assert editing.build_document("default") == found
        assert editing.draft_digest(the_map()) == DIGESTS[name]
        assert not editing.diff(text_of(name), editing.build_document("default"))


def test_a_document_says_the_oldest_format_that_can_say_it():
    """Old processes, which still run while a release is rolled out, read it as long as possible."""
    assert PLAIN.format == 1
    assert dump(PLAIN).startswith('{"format":1,')
    assert '"alone"' not in dump(PLAIN)
    assert ALONE.format == 2
    assert dump(ALONE).startswith('{"format":2,')
    assert '"billing_address":{"alone":true,"position":0,"prefix":"Bill"}' in dump(ALONE)


@given(documents)
def test_the_format_is_needed_and_no_more(found):
    entries = found.models.values()
    below = [x for e in entries for x in (*e.attributes.values(), *e.children.values())]
    values = [
        getattr(x, name, "")
        for x in (*entries, *below)
        for name in ("alone", "successor", "former_prefix", "until")
    ]
    handling = {found.unknown_actions, found.undeclared_parameters}
    more = found.actions or any(e.aggregates for e in entries) or handling != {"accept"}
    assert found.format == (2 if more or any(values) else 1)
    assert load(dump(found), digest(dump(found))) == found


@pytest.mark.django_db
def test_an_older_release_adds_rows_while_the_new_one_is_rolled_out():
    """It knows no column ``alone``: the database has the default."""
    draft(PLAIN)
    order = the_map().tracked_models.get(prefix="Order")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trackadmin_trackedchild (tracked_model_id, accessor, prefix, position)"
            " VALUES (%s, 'person', '', 1)",
            [order.pk],
        )
    assert order.children.get(accessor="person").alone is False


@pytest.mark.django_db
def test_an_edit_that_an_older_release_kept_is_put_back():
    """The stored JSON of its history has no ``alone``."""
    draft(ALONE)
    order = the_map().tracked_models.get(prefix="Order")
    for version in Version.objects.all():
        stored = json.loads(version.serialized_data)
        stored[0]["fields"].pop("alone", None)
        Version.objects.filter(pk=version.pk).update(serialized_data=json.dumps(stored))
    editing.undo(order, editing.history(order)[0].revision)
    assert editing.build_document("default") == PLAIN


@pytest.mark.django_db
def test_a_process_that_knows_only_format_1_serves_the_last_version_it_could_read(monkeypatch):
    """As a process of the older release does: it refuses the newer text and goes on."""
    draft(PLAIN)
    editing.publish("default", by=None)
    assert current_map().number == 1
    draft(ALONE)
    editing.publish("default", by=None)
    monkeypatch.setattr(upgrades, "FORMAT", 1)
    monkeypatch.setattr(upgrades, "UPGRADES", {})
    assert is_ready()
    assert current_map().number == 1
    monkeypatch.undo()


def test_format_1_knows_nothing_of_what_format_2_added():
    """Such a text was never published: an old process would refuse it, and so does a new one."""
    text = dump(ALONE).replace('"format":2', '"format":1')
    with pytest.raises(DocumentError) as caught:
        load(text, digest(text))
    assert [p.code for p in caught.value.problems] == ["document.unknown_key"]


def test_what_is_added_is_read_by_its_exact_type():
    text = dump(ALONE).replace("true", "1")
    with pytest.raises(DocumentError) as caught:
        load(text, digest(text))
    assert [(p.code, p.where) for p in caught.value.problems] == [
        ("document.wrong_type", "Order.billing_address.alone")
    ]


def test_the_difference_in_words():
    one, other = (Document({"Order": ModelEntry("host.order", children={"person": c})}) for c in (
        ChildEntry(), ChildEntry(alone=True)))  # fmt: skip
    assert [c.words() for c in diff(one, other).changes] == [
        "Order.person: It comes without its own children now, so their names are gone."
    ]
    assert [c.words() for c in diff(other, one).changes] == [
        "Order.person: It comes with its own children now, so their names are added."
    ]
    added = diff(Document({"Order": ModelEntry("host.order")}), other)
    assert [c.words() for c in added.changes] == [
        "Order.person: The child was added. It comes without its own children."
    ]


class TestAlone:
    def names(self, alone, **more):
        children = [("billing_address", "Bill", alone), ("shipping_address", "Ship")]
        found = document(Order=tracked("host.order", ["number"], children), **WHOLE, **more)
        return compile_map(found, catalog()).by_prefix["Order"].names

    def test_it_leaves_its_own_children_out(self):
        assert self.names(True) == (
            "Order_number", "Bill_street", "Ship_street", "Ship_Country_code", "Ship_Country_name"
        )  # fmt: skip
        assert "Bill_Country_code" in self.names(False)

    def test_two_roads_meet_no_more_where_one_ends_before(self):
        """The name that came by two roads comes by one, so no prefix is needed."""

        def two(alone):
            person = tracked("host.person", ["id"], ["user"])
            user = tracked("auth.user", ["username"])
            order = tracked("host.order", ["number"], [("person", "", alone)])
            found = document(Order=order, Person=person, User=user)
            return compile_map(found, catalog()).by_prefix["Order"]

        assert two(True).names == ("Order_number", "Person_id")
        assert two(False).names == ("Order_number", "Person_id", "User_username")

    def test_a_child_that_brings_nothing_is_said(self):
        """By itself, and without attributes: the editor is told, and it is no error."""
        bare = replace(ADDRESS, attributes={})
        found = document(
            Order=tracked("host.order", ["number"], [("billing_address", "", True)]),
            Address=bare,
            Country=COUNTRY,
        )
        snapshot = compile_map(found, catalog())
        problems = [p for p in snapshot.prove() if p.where == "Order.billing_address"]
        assert [(p.code, p.level) for p in problems] == [("child.empty", "warning")]
        assert snapshot.by_prefix["Order"].names == ("Order_number",)

    @pytest.mark.django_db
    def test_it_goes_from_the_draft_to_the_values(self):
        """Published, served and written as a file, and no query for what does not come along."""
        home = Address.objects.create(street="Main", country=Country.objects.create(code="de"))
        order = Order.objects.create(number="1", billing_address=home, shipping_address=home)
        found = document(
            Order=tracked("host.order", ["number"], [("billing_address", "", True)], "number"),
            **WHOLE,
        )
        draft(found)
        version = editing.publish("default", by=None)
        assert '"format":2' in version.document
        assert current_map().as_dict()["Order"]["children"] == [
            {"accessor": "billing_address", "alone": True}
        ]
        values = {"Order_number": "1", "Address_street": "Main"}
        assert tracking_values(order) == values
        assert values_from_query("Order__number=1") == values
        assert [*iter_tracking_values(Order.objects.all())] == [values]
        shown = editing.preview("default", Order.objects.get())
        assert (shown.values, shown.live_values) == (values, values)
        assert [row.status for row in shown.rows] == ["same", "same"]
