"""The problems of a map on this host: each has a code, a place and a remedy."""

import functools
from types import SimpleNamespace

import pytest
from django.test import override_settings

from tests.maps import EXAMPLE, HOST, attribute, document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import check, compile_map, drift
from trackadmin.compiler.matching import MatchedAttribute, MatchedChild, MatchedModel
from trackadmin.compiler.plan import MAX_DEPTH, plan
from trackadmin.compiler.values.source import flatten_source
from trackadmin.conf import conf

COUNTRY = tracked("host.country", ["code", "name"], key="code")
ADDRESS = tracked("host.address", ["street"], ["country"])


def found(models, level="error"):
    return [(p.code, p.where) for p in check(document(**models), catalog()) if p.level == level]


def test_a_good_map_has_no_errors():
    for good in (EXAMPLE, HOST):
        assert [p for p in check(good, catalog()) if p.level == "error"] == []
        assert drift(good, catalog()) == []


GONE = {
    "model.gone": {"Ghost": tracked("host.ghost", ["name"])},
    "model.refused": {"Session": tracked("sessions.session", ["expire_date"])},
    "attribute.gone": {"Country": tracked("host.country", ["code", "anthem"])},
    "attribute.refused": {"Everything": tracked("host.everything", ["text", "unmarked"])},
    "child.gone": {"Address": tracked("host.address", ["street"], ["planet"])},
    "child.not_tracked": {"Address": ADDRESS},
}


@pytest.mark.parametrize("code", GONE)
def test_what_the_host_no_longer_has_is_an_error_at_publish_and_drift_when_live(code):
    """It is left out and listed. Everything else is compiled and works."""
    models = {**GONE[code], "Profile": tracked("host.profile", ["nickname"])}
    assert [c for c, _ in found(models)] == [code]
    snapshot = compile_map(document(**models), catalog())
    assert [problem.code for problem in snapshot.drift] == [code]
    assert snapshot.drift == tuple(drift(document(**models), catalog()))
    snapshot.compile_all()
    assert snapshot.by_prefix["Profile"].names == ("Profile_nickname",)
    gone_model = code.startswith("model.")
    assert list(snapshot.by_prefix) == (["Profile"] if gone_model else [*models])
    assert not any(
        "anthem" in n or "unmarked" in n for c in snapshot.by_prefix.values() for n in c.names
    )


def test_a_child_whose_model_is_gone_is_left_out_with_it():
    models = {
        "Place": tracked("host.place", ["name"], ["restaurant"]),
        "Restaurant": tracked("host.restaurant", ["stars"]),
    }
    with override_settings(TRACKADMIN={"EXCLUDE": ["host.Restaurant"]}):
        snapshot = compile_map(document(**models), catalog())
        assert snapshot.by_prefix["Place"].names == ("Place_name",)
        assert "Restaurant" not in snapshot.by_prefix
        assert len(snapshot.by_prefix) == 1
        assert {p.code for p in snapshot.drift} >= {"model.refused"}


def test_the_ceiling_wins_over_a_document_that_was_published_below_it():
    before = document(Country=COUNTRY)
    with override_settings(TRACKADMIN={"EXCLUDE": ["host.Country.name"]}):
        snapshot = compile_map(before, catalog())
        assert snapshot.by_prefix["Country"].names == ("Country_code",)
        assert [(p.code, p.where) for p in snapshot.drift] == [
            ("attribute.refused", "Country.name")
        ]


def test_an_ignored_attribute_that_is_gone_is_nobodys_problem():
    ignored = attribute("anthem", decision="ignored")
    assert found({"Country": tracked("host.country", ["code", ("anthem", ignored)])}) == []


def test_two_paths_to_one_name_are_both_named_and_a_prefix_is_offered():
    models = {
        "Order": tracked("host.order", ["number"], ["billing_address", "shipping_address"]),
        "Address": ADDRESS,
        "Country": COUNTRY,
    }
    problems = [p for p in check(document(**models), catalog()) if p.level == "error"]
    assert [p.code for p in problems] == ["name.two_roads"]
    assert "Order.billing_address" in problems[0].message
    assert "Order.shipping_address" in problems[0].message
    assert "prefix" in problems[0].fix
    # Should such a map be live all the same, the first path wins and nothing fails.
    names = compile_map(document(**models), catalog()).by_prefix["Order"].names
    assert names.count("Address_street") == 1


def test_a_prefix_on_one_of_the_children_is_the_way_out():
    models = {
        "Order": tracked(
            "host.order", ["number"], ["billing_address", ("shipping_address", "Ship")]
        ),
        "Address": ADDRESS,
        "Country": COUNTRY,
    }
    assert found(models) == []


def test_two_paths_to_a_single_name_are_found_too():
    models = {
        "A": tracked("host.place", [("b_name", attribute("name"))], [("restaurant", "A_b")]),
        "R": tracked("host.restaurant", ["name"]),
    }
    assert [code for code, _ in found(models)] == ["name.two_roads"]


def test_a_childs_prefix_may_not_be_that_of_another_tracked_model():
    models = {
        "Address": tracked("host.address", ["street"], [("country", "Place")]),
        "Country": COUNTRY,
        "Place": tracked("host.place", ["name"]),
    }
    assert found(models) == [("child.prefix_taken", "Address.country")]


@pytest.mark.parametrize(
    ("label", "key", "code"),
    [
        ("host.everything", "text", "key.not_unique"),
        ("host.everything", "shout", "lookup.computed"),
        ("host.everything", "span", "lookup.kind"),
        ("host.everything", "ip", "lookup.kind"),
        ("host.constrained", "sometimes", "key.not_unique"),
        ("host.constrained", "together_a", "key.not_unique"),
        ("host.constrained", "folded", "key.not_unique"),
        ("host.line", "order_id", "key.not_unique"),
    ],
)
def test_a_key_must_be_proven_unique_and_fit_a_url(label, key, code):
    models = {"Model": tracked(label, [key], key=key)}
    assert found(models) == [(code, f"Model.{key}")]


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("host.everything", "slug"),
        ("host.constrained", "yes"),
        ("host.profile", "person_id"),
        ("host.restaurant", "name"),
        ("host.restaurant", "place_ptr_id"),
        ("host.order", "number"),
    ],
)
def test_keys_that_the_database_proves(label, key):
    assert found({"Model": tracked(label, [key], key=key)}) == []


def test_a_lookup_that_is_not_unique_is_a_warning():
    loose = [("text", attribute("text", lookup=True))]
    assert found({"E": tracked("host.everything", loose)}) == []
    warnings = found({"E": tracked("host.everything", loose)}, "warning")
    assert warnings == [("lookup.not_unique", "E.text"), ("lookup.no_index", "E.text")]


def test_a_lookup_without_an_index_is_a_warning_of_its_own():
    """A foreign key is not unique either, but an index finds its rows."""
    loose = [("person", attribute("person_id", lookup=True))]
    warnings = found({"O": tracked("host.order", loose)}, "warning")
    assert warnings == [("lookup.not_unique", "O.person")]


def test_a_personal_attribute_that_nobody_decided_on_is_a_warning():
    undecided = {"Everything": tracked("host.everything", ["contact"])}
    assert found(undecided, "warning") == [("privacy.undeclared", "Everything.contact")]
    sent = tracked("host.everything", [("contact", attribute("contact", privacy="sent"))])
    assert found({"Everything": sent}, "warning") == []


def test_a_child_that_leads_back_to_its_own_model_is_a_warning():
    models = {"Person": tracked("host.person", ["id"], ["boss"])}
    assert found(models, "warning") == [("child.empty", "Person.boss")]
    assert compile_map(document(**models), catalog()).by_prefix["Person"].names == ("Person_id",)


def test_too_many_names_are_an_error_and_a_live_map_is_cut_short():
    models = {"Address": ADDRESS, "Country": COUNTRY}
    with override_settings(TRACKADMIN={"MAX_NAMES": 2}):
        assert found(models) == [("model.too_many_names", "Address.country")]
        names = compile_map(document(**models), catalog()).by_prefix["Address"].names
        assert names == ("Address_street", "Country_code")


def test_a_map_in_which_everything_leads_everywhere_is_stopped_early():
    """Forty models, each a child of each other under a prefix: 40! paths without a stop."""
    country = catalog().get("host.country")
    relation = catalog().get("host.address").relations["country"]
    prefixes = [f"M{number}" for number in range(40)]
    entry = tracked("host.country", ["code"])

    @functools.cache
    def matched(prefix):
        code = MatchedAttribute("code", entry.attributes["code"], country.attribute("code"))
        children = tuple(
            MatchedChild(f"to_{other}", f"{prefix}to{other}", relation, country.model, other)
            for other in prefixes
            if other != prefix
        )
        return MatchedModel(prefix, entry, country, {"code": code}, children, ())

    made = plan(SimpleNamespace(get=matched), matched("M0"))
    assert [p.code for p in made.problems] == ["model.too_deep", "model.too_many_names"]
    assert len(made.top.names()) == conf.MAX_NAMES
    assert max(node.path.count(".") for node in made.top.walk()) <= MAX_DEPTH


def test_the_deepest_plan_that_is_let_through_still_compiles():
    country = catalog().get("host.country")
    relation = catalog().get("host.address").relations["country"]
    entry = tracked("host.country", ["code"])

    def matched(prefix):
        code = MatchedAttribute("code", entry.attributes["code"], country.attribute("code"))
        following = f"M{int(prefix[1:]) + 1}"
        child = MatchedChild("next", "", relation, country.model, following)
        return MatchedModel(prefix, entry, country, {"code": code}, (child,), ())

    made = plan(SimpleNamespace(get=matched), matched("M0"))
    assert [problem.code for problem in made.problems] == ["model.too_deep"]
    assert len(made.top.names()) == MAX_DEPTH + 1
    compile(flatten_source(made.top, str).text, "deep", "exec")


def test_each_problem_says_where_what_and_what_to_do():
    for models in [*GONE.values(), {"Model": tracked("host.everything", ["text"], key="text")}]:
        for problem in check(document(**models), catalog()):
            assert problem.where
            assert problem.message.endswith(".")
            assert problem.fix.endswith(".")


def test_drift_costs_no_look_at_models_until_it_is_asked_for(monkeypatch):
    """A process compiles only what it uses, even from a map of a thousand models."""
    from trackadmin.compiler.matching import Matching

    matched = []
    original = Matching._match
    monkeypatch.setattr(
        Matching, "_match", lambda self, prefix: matched.append(prefix) or original(self, prefix)
    )
    snapshot = compile_map(HOST, catalog())
    assert matched == []
    assert snapshot.by_prefix["Country"].names
    assert matched == ["Country"]
