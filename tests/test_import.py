"""Importing a real map: all errors are reported at once, and the second try succeeds."""

import io
import json
import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import worlds
from tests.documents import documents, json_data
from tests.drafts import draft, everything, the_map
from tests.maps import document, tracked
from tests.sprawling import map_of, sprawl
from trackadmin import compiler, editing
from trackadmin.catalog import catalog
from trackadmin.compiler import check, compile_map
from trackadmin.document import Document, diff, examine_dict, from_dict, in_order
from trackadmin.exceptions import DocumentError, DraftChanged, InvalidMap, errors_of

DEMO_MAP = Path(__file__).parent.parent / "fixtures" / "demo_map.json"
ADDRESS = tracked("host.address", ["street"], ["country"])
COUNTRY = tracked("host.country", ["code"])
ORDER = tracked("host.order", ["number"], ["billing_address", "shipping_address"])
SHOP = document(Order=ORDER, Address=ADDRESS, Country=COUNTRY)


@pytest.fixture(scope="module", autouse=True)
def site():
    with sprawl():
        yield


def run(*arguments):
    """What came out on stdout and on stderr, and the error, if any."""
    out, told, error = io.StringIO(), io.StringIO(), ""
    try:
        call_command("trackadmin", *arguments, stdout=out, stderr=told)
    except CommandError as refused:
        error = str(refused)
    return out.getvalue(), told.getvalue(), error


def written(tmp_path, data):
    path = tmp_path / "map.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return str(path)


def places(found):
    return {(problem.code, problem.where) for problem in found}


def fix(found, **live):
    return compiler.fix(found, catalog(), **live)


def prefixes(found):
    """The prefix of each child of a document that has one, by place."""
    return {
        f"{prefix}.{accessor}": child.prefix
        for prefix, entry in found.models.items()
        for accessor, child in entry.children.items()
        if child.prefix
    }


@pytest.mark.django_db
@pytest.mark.parametrize(("number", "seed"), [*product([12, 20, 30, 40], range(2)), (54, 0)])
def test_a_real_map_is_imported_at_the_second_try(tmp_path, number, seed):
    """The first try lists everything, the second one publishes, and a third changes nothing."""
    data = map_of(number, seed)
    path = written(tmp_path, data)
    errors = errors_of(check(from_dict(data, catalog().find), catalog()))
    before = everything()
    _, offered, refusal = run("import", path)
    assert bool(refusal) == bool(errors)
    if errors:
        assert everything() == before
        assert all(str(problem) in refusal for problem in errors)
        assert "--fix" in offered
    _, told, refusal = run("import", path, "--fix", "--publish")
    assert refusal == ""
    # What was offered is what was done.
    assert set(re.findall(r"\w+\.\w+: It .*\[child\.\w+\]", told)) == set(
        re.findall(r"\w+\.\w+: It .*\[child\.\w+\]", offered)
    )
    live = editing.read_version(editing.live_version("default"))
    assert errors_of(check(live, catalog())) == []
    for compiled in compile_map(live, catalog()).by_prefix.values():
        assert len(set(compiled.names)) == len(compiled.names)
        values = compiled.flatten(compiled.model(), lambda *fault: None)
        assert tuple(values) == compiled.names
    before = everything()
    out, told, refusal = run("import", path, "--fix")
    assert (out, refusal) == ("", "")
    assert "already has the same content" in told
    assert (
        everything()[type(the_map()).versions.rel.related_model]
        == (before[type(the_map()).versions.rel.related_model])
    )


@pytest.mark.parametrize("number", [12, 30, 54])
def test_a_fixed_map_needs_no_fix(number):
    """And the same map gives the same fixes, with or without what is live."""
    found = from_dict(map_of(number), catalog().find)
    fixed, done = fix(found)
    assert fix(fixed) == (fixed, [])
    assert fix(found) == (fixed, done)
    assert fix(found, live=fixed, adopt=True) == (fixed, done)


@pytest.mark.parametrize("number", [20, 40])
def test_nothing_but_what_is_told_is_different(number):
    found = from_dict(map_of(number), catalog().find)
    fixed, done = fix(found)
    assert {change.where for change in diff(found, fixed).changes} == {each.where for each in done}
    assert len({(each.code, each.where) for each in done}) == len(done)


@pytest.mark.django_db
def test_the_first_try_lists_every_kind_of_error(tmp_path):
    """An unknown model, a mistake of form or a repeated key does not hide other errors."""
    text = """{
        "Order": {"model": "host.Order", "attributes": ["number", "nmuber", 5], "key": "number",
                  "children": ["billing_address", "shipping_address", "person", "many"]},
        "Address": {"model": "host.Address", "attributes": ["street"], "children": ["country"]},
        "Country": {"model": "host.Country", "attributes": ["code"], "colour": 1},
        "Ghost": {"model": "host.Ghots", "attributes": ["x", "a b"], "key": "x"},
        "Everything": {"model": "host.Everything", "attributes": ["text"], "key": "text",
                       "key": "text"}
    }"""
    path = tmp_path / "map.json"
    path.write_text(text)
    _, _, refusal = run("import", str(path))
    for code, place in [
        ("document.duplicate_key", "key"),
        ("document.wrong_type", "Order.attributes.3"),
        ("document.unknown_key", "Country"),
        ("model.unknown", "Ghost"),
        ("name.invalid", "Ghost.'a b'"),
        ("attribute.gone", "Order.nmuber"),
        ("child.gone", "Order.many"),
        ("child.not_tracked", "Order.person"),
        ("name.two_roads", "Order.shipping_address"),
        ("key.not_unique", "Everything.text"),
    ]:
        assert re.search(rf"{re.escape(place)}: .*\[{code}\]", refusal), (code, place, refusal)
    assert "[model.gone]" not in refusal


def test_what_only_follows_from_another_error_is_not_told():
    """The key may be the attribute that could not be read; the model is unknown once."""
    data = {"Country": {"model": "host.Country", "attributes": [5], "key": "code"}, "X": {}}
    found = examine_dict(data, catalog().find)
    assert places(found.errors(check(found.document, catalog()))) == {
        ("document.wrong_type", "Country.attributes.1"),
        ("model.unknown", "X"),
    }


@pytest.mark.django_db
def test_the_canonical_document_tells_everything_too(tmp_path):
    data = {
        "format": 1,
        "models": {
            "Country": {
                "model": "host.country", "key": "", "owner": "", "description": "", "position": 0,
                "children": {}, "attributes": {"gone": {"source": "gone", "decision": "tracked",
                "lookup": 1, "privacy": "undeclared", "description": "", "position": 0}},
            },
            "Ghost": {"model": "host.ghost"},
        },
    }  # fmt: skip
    _, _, refusal = run("import", written(tmp_path, data))
    for code in ("document.wrong_type", "document.missing_key", "attribute.gone", "model.gone"):
        assert f"[{code}]" in refusal


@given(json_data)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_data_is_examined_or_refused(data):
    """Whatever a file holds: a list of problems comes back, and the rest can be checked."""
    try:
        found = examine_dict(data, catalog().find)
    except DocumentError as error:
        assert error.problems  # noqa: PT017 - it may be a map as well
        return
    problems = found.errors(check(found.document, catalog()))
    fix(found.document)
    try:
        assert from_dict(data, catalog().find) == found.document
    except DocumentError:
        assert problems


@given(documents)
@settings(deadline=None)
def test_any_document_can_be_fixed(found):
    """Names that no map may hold, models that are not there: it never raises."""
    fixed, _ = fix(found)
    assert fix(fixed) == (fixed, [])


@given(worlds.maps(), st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_prefixes_of_a_sound_map_are_found_again(found, data):
    """With random prefixes taken away or given, no fixable error is left after the fix."""
    bare = {
        prefix: replace(
            entry,
            children={
                accessor: replace(child, prefix="" if data.draw(st.booleans()) else child.prefix)
                for accessor, child in entry.children.items()
            },
        )
        for prefix, entry in found.models.items()
    }
    fixed, _ = fix(Document(bare))
    assert {p.code for p in errors_of(check(fixed, catalog()))} <= {"name.twice"}
    assert fix(fixed) == (fixed, [])


@pytest.mark.parametrize(("number", "seed"), [*product([20, 30, 40], range(4))])
def test_the_prefixes_that_are_told_work_together(number, seed):
    """The second try succeeds even without ``--fix``: each error proposes a prefix that works."""
    found = from_dict(map_of(number, seed), catalog().find)
    models = dict(found.models)
    for problem in errors_of(check(found, catalog())):
        own, prefix, accessor = re.search(r"'(\w+)' for (\w+)\.(\w+)\.$", problem.fix).groups()
        child = replace(models[prefix].children[accessor], prefix=own)
        children = {**models[prefix].children, accessor: child}
        models[prefix] = replace(models[prefix], children=children)
    assert errors_of(check(Document(models), catalog())) == []


class TestPrefixes:
    def test_two_that_say_a_role_both_get_it(self):
        """So their order does not decide which of them keeps the plain names."""
        fixed, done = fix(SHOP)
        assert prefixes(fixed) == {
            "Order.billing_address": "BillingAddress",
            "Order.shipping_address": "ShippingAddress",
        }
        assert [each.code for each in done] == ["child.prefix"] * 2
        assert "BillingAddress" in str(done[0])

    def test_one_that_says_the_model_keeps_its_names(self):
        """The user of a ticket is the User; who it is assigned to says so."""
        for children in (["user", "boss"], ["boss", "user"]):
            found = document(
                Person=tracked("host.person", ["id"], children), User=tracked("auth.user", ["id"])
            )
            assert fix(found) == (found, [])  # a person's boss leads back and brings nothing
        found = document(
            Place=tracked("host.place", ["name"], [("restaurant", "")]),
            Restaurant=tracked("host.restaurant", ["name"]),
        )
        assert fix(found) == (found, [])

    def test_a_name_that_is_taken_gets_the_model_in_front(self):
        """``BillingAddress`` is a tracked model here, so it cannot be a child's prefix."""
        found = document(
            Order=ORDER, Address=ADDRESS, Country=COUNTRY,
            BillingAddress=tracked("host.place", ["name"]),
        )  # fmt: skip
        assert prefixes(fix(found)[0]) == {"Order.shipping_address": "ShippingAddress"}
        both = document(
            Order=ORDER, Address=ADDRESS, Country=COUNTRY,
            BillingAddress=tracked("host.place", ["name"]),
            ShippingAddress=tracked("host.profile", ["nickname"]),
        )  # fmt: skip
        assert prefixes(fix(both)[0]) == {"Order.shipping_address": "OrderShippingAddress"}

    def test_a_prefix_that_belongs_to_another_model_is_replaced(self):
        found = document(
            Address=tracked("host.address", ["street"], [("country", "Place")]),
            Country=COUNTRY,
            Place=tracked("host.place", ["name"]),
        )
        fixed, done = fix(found)
        assert prefixes(fixed) == {"Address.country": "AddressCountry"}
        assert "in place of 'Place'" in done[0].message

    def test_what_goes_out_now_keeps_its_names(self):
        """A second address is added to a map that is live: the first one is not renamed."""
        one = replace(ORDER, children={"billing_address": ORDER.children["billing_address"]})
        live = Document({**SHOP.models, "Order": one})
        fixed, _ = fix(SHOP, live=live)
        assert prefixes(fixed) == {"Order.shipping_address": "ShippingAddress"}

    def test_no_more_prefixes_than_needed(self):
        """Once both addresses have prefixes, the country behind them meets no other country."""
        live = from_dict(json.loads(DEMO_MAP.read_text(encoding="utf-8")), catalog().find)
        order = live.models["Order"]
        bare = {a: replace(child, prefix="") for a, child in order.children.items()}
        broken = replace(live, models={**live.models, "Order": replace(order, children=bare)})
        assert {p.where for p in errors_of(check(broken, catalog()))} == {
            "Address.country",
            "Order.shipping_address",
        }
        for known in (None, live):
            fixed, done = fix(broken, live=known)
            assert fixed == live
            assert [each.where for each in done] == [
                "Order.billing_address",
                "Order.shipping_address",
            ]

    def test_a_name_that_goes_out_now_is_kept_by_a_prefix_further_up(self):
        """A new child leads to a user that is live elsewhere: only the new child is renamed."""
        user = tracked("auth.user", ["id"])
        person = tracked("host.person", ["id"], ["user"])
        one = document(User=user, Person=person, Order=tracked("host.order", ["number"]))
        order = tracked("host.order", ["number"], ["person"])
        profile = tracked("host.profile", ["nickname"], ["person"])
        both = Document({**one.models, "Order": order, "Profile": profile})
        assert fix(both, live=one) == (both, [])

    def test_a_prefix_that_is_live_is_found_again(self):
        """The file is imported once more, and the names of the first import come back."""
        live = document(
            Order=tracked("host.order", ["number"], [("billing_address", "Bill"),
                                                     ("shipping_address", "Ship")]),
            Address=ADDRESS, Country=COUNTRY,
        )  # fmt: skip
        assert prefixes(fix(SHOP, live=live)[0]) == prefixes(live)

    def test_a_prefix_that_an_editor_gave_to_a_live_child_is_found_again(self):
        """The file is imported again and does not mention it."""
        live, _ = fix(SHOP)
        order = live.models["Order"]
        named = replace(order.children["billing_address"], prefix="Invoice")
        children = {**order.children, "billing_address": named}
        live = Document({**live.models, "Order": replace(order, children=children)})
        assert fix(SHOP, live=live, adopt=True)[0] == live

    def test_a_prefix_that_was_taken_away_stays_away_where_nothing_needs_it(self):
        """In a draft, only what is wrong is fixed."""
        live, _ = fix(SHOP)
        country = replace(ADDRESS.children["country"], prefix="Land")
        live = Document({**live.models, "Address": replace(ADDRESS, children={"country": country})})
        fixed, _ = fix(SHOP, live=live)
        assert "Address.country" not in prefixes(fixed)

    def test_a_word_of_python_is_no_prefix(self, monkeypatch):
        from trackadmin.compiler import fixing

        assert list(zip(range(3), fixing._candidates(("Order", "none")), strict=False)) == [
            (0, "None"), (1, "OrderNone"), (2, "OrderNone2")
        ]  # fmt: skip

    def test_a_long_name_is_cut_and_stays_a_name(self):
        from trackadmin.compiler import fixing

        names = fixing._candidates(("A" * 99, "b" * 99))
        assert [len(name) for _, name in zip(range(4), names, strict=False)][2:] == [100, 100]


class TestOthers:
    def test_a_child_whose_model_is_not_in_the_map_is_taken_out_and_told(self):
        found = document(Address=ADDRESS)
        fixed, done = fix(found)
        assert fixed.models["Address"].children == {}
        assert [(each.code, each.where) for each in done] == [("child.removed", "Address.country")]

    def test_but_not_where_a_model_of_the_file_was_not_found(self):
        """It may be the missing model: nothing is taken out because of a mistyped name."""
        data = {
            "Address": {"model": "host.Address", "attributes": ["street"], "children": ["country"]},
            "Country": {"model": "host.Contry", "attributes": ["code"]},
        }
        found = examine_dict(data, catalog().find)
        assert fix(found.document)[1] == []

    def test_a_child_that_is_named_by_its_column(self):
        found = document(
            Address=tracked("host.address", ["street"], [("country_id", "Land")]), Country=COUNTRY
        )
        fixed, done = fix(found)
        assert prefixes(fixed) == {"Address.country": "Land"}
        assert [(each.code, each.where) for each in done] == [("child.renamed", "Address.country")]
        assert errors_of(check(fixed, catalog())) == []

    @override_settings(TRACKADMIN={"MAX_NAMES": 25})
    def test_too_many_names(self):
        """Each tracked model fits, because some children come alone. Nothing else is lost."""
        found = from_dict(map_of(30), catalog().find)
        fixed, done = fix(found)
        assert errors_of(check(fixed, catalog())) == []
        assert "child.alone" in {each.code for each in done}
        assert {each.code for each in done} <= {"child.alone", "child.prefix"}
        for prefix, entry in found.models.items():
            assert fixed.models[prefix].attributes == entry.attributes
            assert fixed.models[prefix].children.keys() == entry.children.keys()
        assert fix(fixed) == (fixed, [])

    @override_settings(TRACKADMIN={"MAX_NAMES": 3})
    def test_what_cannot_be_fixed_stays_an_error(self):
        """Its own attributes are too many already, and only a person can choose among them."""
        found = document(Everything=tracked("host.everything", ["text", "slug", "ip", "url"]))
        assert fix(found) == (found, [])
        assert [p.code for p in errors_of(check(found, catalog()))] == ["model.too_many_names"]


def test_each_place_is_told_once_with_a_prefix_to_give():
    """Two paths that one prefix separates are one error, however many models they begin at."""
    found = from_dict(map_of(54), catalog().find)
    paths = [p for p in check(found, catalog()) if p.code == "name.two_roads"]
    assert len({p.where for p in paths}) == len(paths) < 80
    assert all(re.search(r"for example '\w+' for \w+\.\w+\.$", p.fix) for p in paths)
    for problem in paths:
        prefix, accessor = problem.where.split(".")
        assert accessor in found.models[prefix].children


@pytest.mark.django_db
class TestCommand:
    def test_a_dry_run_only_says(self, tmp_path):
        path = written(tmp_path, map_of(20))
        before = everything()
        out, told, refusal = run("import", path, "--fix", "--dry-run")
        assert refusal == ""
        assert "fix: " in told
        assert "added" in out
        assert everything() == before

    def test_other_errors_are_told_beside_the_fixes(self, tmp_path):
        data = map_of(20) | {"Ghost": {"model": "host.Ghost"}}
        before = everything()
        _, told, refusal = run("import", written(tmp_path, data), "--fix")
        assert "fix: " in told
        assert "[model.unknown]" in refusal
        assert "[name.two_roads]" not in refusal
        assert everything() == before

    def test_a_map_without_errors_is_imported_as_it_is(self, tmp_path):
        path = written(tmp_path, {"Country": {"model": "host.Country", "attributes": ["code"]}})
        assert run("import", path, "--fix")[1] == ""

    def test_on_a_map_that_is_not_there_yet(self, tmp_path):
        _, _, refusal = run("import", written(tmp_path, map_of(20)), "--fix", "--map", "nowhere")
        assert "nowhere" in refusal


@pytest.mark.django_db
class TestDraft:
    @pytest.fixture
    def broken(self):
        draft(document(Address=ADDRESS, Country=COUNTRY))
        row = editing.save_tracked_model("default", "Order", ORDER).row
        assert errors_of(editing.draft_problems("default"))
        return row

    def test_one_edit_in_the_history(self, broken):
        edits = len(editing.history(the_map()))
        done = editing.fix_draft("default", expected=editing.draft_digest("default"))
        assert [each.where for each in done] == ["Order.billing_address", "Order.shipping_address"]
        assert errors_of(editing.draft_problems("default")) == []
        entries = editing.history(the_map())
        assert len(entries) == edits + 1
        assert "Order.billing_address" in entries[0].comment
        editing.publish("default", by=None)

    def test_it_is_undone_as_any_edit(self, broken):
        before = editing.build_document("default")
        revision = editing.history(broken)[0].revision
        editing.fix_draft("default")
        editing.undo(broken, revision)
        assert editing.build_document("default") == before

    def test_it_is_refused_where_the_draft_changed_meanwhile(self, broken):
        seen = editing.draft_digest("default")
        editing.save_map("default", name="Other", description="")
        editing.save_tracked_model("default", "Place", tracked("host.place", ["name"]))
        before = everything()
        with pytest.raises(DraftChanged):
            editing.fix_draft("default", expected=seen)
        assert everything() == before

    def test_nothing_to_do_leaves_no_trace(self):
        draft(document(Country=COUNTRY))
        before = everything()
        assert editing.fix_draft("default") == []
        assert everything() == before

    def test_fixes_write_nothing(self, broken):
        before = everything()
        fixed, done = editing.fixes("default", editing.build_document("default"))
        assert done
        assert in_order(fixed.models)
        assert everything() == before
        with pytest.raises(InvalidMap):
            editing.publish("default", by=None)
