"""What was published in format 1 goes on giving the very same values, files and texts."""

import json
from dataclasses import replace

import pytest
from django.core.management import call_command

from tests.drafts import draft
from tests.maps import document, tracked
from tests.old_documents import DIGESTS, NAMES, kept, save_rows, served, text_of
from tests.versions import insert_text
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.document import (
    ActionEntry,
    AggregateEntry,
    Document,
    diff,
    dump,
    from_dict,
    load,
    read_map_file,
    to_dict,
)
from trackadmin.exceptions import InvalidMap
from trackadmin.runtime import current_map, fault_counts

pytestmark = [
    pytest.mark.django_db(databases=["default", "other"]),
    pytest.mark.usefixtures("fresh_process"),
]

#: One that names an attribute that the code does not have.
DRIFTED = "spread"
COUNTRY = document(Country=tracked("host.country", ["code"], key="code"))


def live(name):
    """The old version, as it lies in the table after an upgrade."""
    return insert_text(text_of(name), DIGESTS[name])


def exported(capsys, *arguments):
    capsys.readouterr()
    call_command("trackadmin", "export", *arguments)
    return capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
class TestOldDocuments:
    def test_it_gives_the_values_it_gave(self, name):
        """By instance, URL and stream: the same names in the same order, the same types."""
        live(name)
        save_rows()
        found = served(load(text_of(name), DIGESTS[name]))
        before = json.loads(kept(name, "values.json"))
        assert found.keys() == before.keys()
        for prefix, rows in found.items():
            # As JSON texts, for there 1 is not true and has an order.
            assert [*map(json.dumps, rows)] == [*map(json.dumps, before[prefix])]
        assert fault_counts() == ({"map.drift": 1} if name == DRIFTED else {})

    def test_it_exports_the_map_file_it_exported(self, name, capsys):
        """To the character, as JSON and as Python, and by the version's number."""
        live(name)
        assert exported(capsys) == kept(name, "export.json")
        assert exported(capsys, "--format", "python") == kept(name, "export.txt")
        assert exported(capsys, "--version", "1") == kept(name, "export.json")

    def test_its_map_file_is_read_as_it_was(self, name):
        """Both forms are still accepted, and say the same; they never knew positions."""
        labels = catalog()
        text = kept(name, "export.json")
        found = read_map_file(text, labels.find)
        assert found == from_dict(eval(kept(name, "export.txt")), labels.find)
        assert found.format == 1
        assert json.loads(text) == to_dict(found, lambda label: labels.get(label).cased_label)

    def test_its_draft_is_published_with_the_same_text(self, name):
        """And the version it came from stays as it was. What has drifted is refused as before."""
        old = live(name)
        draft(COUNTRY)
        editing.restore_draft("default", 1)
        if name == DRIFTED:
            with pytest.raises(InvalidMap, match=r"Order\.id"):
                editing.publish("default", by=None)
            return
        new = editing.publish("default", by=None)
        assert (new.number, new.document, new.digest) == (2, old.document, old.digest)
        old.refresh_from_db()
        assert (old.document, old.digest) == (text_of(name), DIGESTS[name])
        assert current_map().number == 2

    def test_a_rollback_to_it_gives_the_same_text(self, name):
        """Over a version of format 2, which has what this one never knew."""
        old = live(name)
        draft(of_format_2())
        assert '"format":2' in editing.publish("default", by=None).document
        back = editing.roll_back("default", to=1, by=None)
        assert (back.number, back.document, back.digest) == (3, old.document, old.digest)
        assert current_map().digest == DIGESTS[name]

    def test_the_difference_to_format_2_is_what_was_added(self, name):
        """And nothing else; none to itself."""
        old = load(text_of(name), DIGESTS[name])
        assert not diff(old, load(text_of(name), DIGESTS[name]))
        prefix = next(iter(old.models))
        counted = AggregateEntry("orders", description="How many.")
        model = replace(old.models[prefix], aggregates={"orders_count": counted})
        new = replace(
            old,
            models={**old.models, prefix: model},
            actions={"signup": ActionEntry(description="Somebody signs up.")},
            unknown_actions="mark",
        )
        added = {("added", "aggregate", f"{prefix}.orders_count"), ("added", "action", "signup")}
        changed = ("changed", "map", "")
        assert {(c.kind, c.subject, c.where) for c in diff(old, new).changes} == {*added, changed}
        gone = {("removed", *where) for _kind, *where in added}
        assert {(c.kind, c.subject, c.where) for c in diff(new, old).changes} == {*gone, changed}
        assert all(change.words() for change in diff(old, new).changes)
        assert load(dump(old), DIGESTS[name]) == old


def of_format_2():
    order = tracked("host.order", ["number"], [("billing_address", "", True)], "number")
    address = tracked("host.address", ["street"])
    return document(Order=order, Address=address)


def test_the_map_of_the_design_is_read_and_written_as_before():
    """The Python dict of before there were formats; what it makes has the text it had."""
    example = {
        "BuyerProfile": {
            "model": "demo.BuyerProfile",
            "attributes": ["uuid", "ctime"],
            "children": ["user"],
            "key": "uuid",
        },
        "User": {
            "model": "auth.User",
            "attributes": [
                "id",
                "first_name",
                "last_name",
                "email",
                "is_staff",
                "is_active",
                "is_superuser",
                "username",
            ],
            "children": [],
            "key": "id",
        },
        "CompanyAccount": {
            "model": "demo.CompanyAccount",
            "attributes": ["name", "is_demo"],
            "children": [],
            "key": "name",
        },
    }
    found = from_dict(example, catalog().find)
    assert isinstance(found, Document)
    assert dump(found) == text_of("small")
    assert to_dict(found, lambda label: catalog().get(label).cased_label) == example
    short = {
        prefix: {k: v for k, v in entry.items() if v and k != "model"}
        for prefix, entry in example.items()
    }
    assert from_dict(short, catalog().find) == found
