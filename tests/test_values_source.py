"""The generated text: golden files, and names that try to be code."""

import gc
import itertools
import linecache
import os
import sys
import traceback
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from demo.models import BuyerProfile, CompanyAccount
from tests.host.models import Country, Everything
from tests.maps import EVERY_KIND, EXAMPLE, HOST, attribute, document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map, model
from trackadmin.compiler.values.source import literal
from trackadmin.document.structure import AggregateEntry
from trackadmin.exceptions import DocumentError

GOLDEN = Path(__file__).parent / "golden"
COUNTRY = tracked("host.country", ["code", "name"], key="code")

PURCHASES = {
    "purchases": AggregateEntry("purchases", where={"paid": True}),
    "spent": AggregateEntry("purchases", "sum", "amount"),
    "newest": AggregateEntry("purchases", "latest", "email", "day", privacy="pseudonymised"),
}

#: One map for each feature of the generated code; the first model's source is what counts.
FEATURES = {
    "example": EXAMPLE,
    "every_kind": document(Everything=HOST.models["Everything"]),
    "child": document(Address=tracked("host.address", ["street"], ["country"]), Country=COUNTRY),
    "prefixes": document(
        Order=tracked(
            "host.order", ["number"], [("billing_address", "Bill"), ("shipping_address", "Ship")]
        ),
        Address=tracked("host.address", ["street"], ["country"]),
        Country=COUNTRY,
    ),
    "cycle": document(
        Person=tracked("host.person", ["name"], ["profile", ("boss", "Boss")]),
        Profile=tracked("host.profile", ["nickname"], ["person"]),
    ),
    "reverse_one_to_one": document(
        Place=tracked("host.place", ["name"], ["restaurant"]),
        Restaurant=tracked("host.restaurant", ["name", "stars"]),
    ),
    "foreign_key_value": document(Address=tracked("host.address", ["country_id"])),
    "computed": document(Everything=tracked("host.everything", ["shout", "double", "broken"])),
    "pseudonymised": document(
        Everything=tracked(
            "host.everything",
            [
                ("contact", attribute("contact", privacy="pseudonymised")),
                ("shout", attribute("shout", privacy="pseudonymised")),
                ("url", attribute("url", privacy="dropped")),
                ("ip", attribute("ip", decision="ignored")),
            ],
        )
    ),
    "other_name": document(
        Everything=tracked("host.everything", [("words", attribute("text"))]),
    ),
    "aggregates": document(
        Profile=tracked("host.profile", ["nickname"], ["person"]),
        Person=tracked("host.person", ["name"], aggregates=PURCHASES),
    ),
    "nothing": document(Country=tracked("host.country")),
}


@pytest.mark.parametrize("feature", FEATURES)
def test_the_source_of_each_feature_is_the_golden_one(feature):
    """REWRITE_GOLDEN=1 writes the files anew; then read the diff."""
    made = compile_map(FEATURES[feature], catalog())
    text = next(iter(made.by_prefix.values())).source
    path = GOLDEN / f"{feature}.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_the_source_for_several_objects_is_the_golden_one():
    flatten = compile_map(EXAMPLE, catalog()).branches[BuyerProfile][CompanyAccount].made()
    text = "".join(linecache.cache[flatten.__code__.co_filename][2])
    path = GOLDEN / "flatten_many.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.django_db
def test_the_source_that_reads_a_rows_columns_is_the_golden_one():
    """The code that reads a reference's row: it depends on the database's types."""
    secretly = ("secretly", attribute("contact", privacy="pseudonymised"))
    snapshot = compile_map(
        document(
            Address=tracked("host.address", ["id", "street"], ["country"], key="id"),
            Country=COUNTRY,
            Everything=tracked("host.everything", [*EVERY_KIND, secretly], key="uuid"),
            Person=tracked("host.person", ["id"], key="id", aggregates=PURCHASES),
        ),
        catalog(),
    )
    references = ["Address__id", "Everything__uuid", "Person__id"]
    text = snapshot.resolver.known([snapshot.lookup(each) for each in references]).source
    path = GOLDEN / f"row_{connection.vendor}.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_no_golden_file_is_left_over():
    rows = {"row_sqlite", "row_postgresql"}
    assert {path.stem for path in GOLDEN.glob("*")} == {*FEATURES, *rows, "flatten_many"}


def test_the_same_map_gives_the_same_text_whatever_the_order_of_its_dicts():
    turned = document(**HOST.models)
    turned = type(turned)(dict(reversed(turned.models.items())))
    assert compile_map(turned, catalog()).source == compile_map(HOST, catalog()).source


NASTY = [
    "x'] = 1; import os; os.abort()  #",
    'x"',
    "x\n    raise SystemExit",
    "__class__",
    "_x",
    "x__y",
    "\uff50assword",
    "x\\",
    "{x}",
    "lambda",
    "",
    "x\0",
    "x'",
    "9x",
    "x" * 101,
]


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("place", ["prefix", "attribute", "source", "accessor", "child prefix"])
def test_a_crafted_name_is_refused_and_runs_nothing(name, place):
    models = {"Address": tracked("host.address", ["street"], ["country"]), "Country": COUNTRY}
    if place == "prefix":
        models[name] = models.pop("Address")
    elif place == "attribute":
        models["Address"] = tracked("host.address", [(name, attribute("street"))])
    elif place == "source":
        models["Address"] = tracked("host.address", [("street", attribute(name))])
    elif place == "accessor":
        models["Address"] = tracked("host.address", ["street"], [name])
    elif name:  # an empty prefix is no prefix
        models["Address"] = tracked("host.address", ["street"], [("country", name)])
    else:
        return
    with pytest.raises(DocumentError) as caught:
        compile_map(document(**models), catalog())
    assert caught.value.problems


@given(name=st.text() | st.sampled_from(NASTY))
def test_only_plain_names_become_literals(name):
    """The last check, which holds even if all earlier checks were gone."""
    plain = name.isascii() and name.isidentifier() and "_" not in name[:1] + name[-1:]
    try:
        text = literal(name)
    except ValueError:
        return
    assert plain
    assert "__" not in name
    assert text == f"'{name}'"


class SlyText(str):
    def __repr__(self):
        return "print('run')"


def test_a_text_with_a_repr_of_its_own_is_no_literal():
    with pytest.raises(ValueError, match="not a plain name"):
        literal(SlyText("street"))


@pytest.mark.parametrize("source", ["password", "api_token", "Password", "session_key"])
def test_a_planted_secret_is_refused_whole(source):
    planted = document(Everything=tracked("host.everything", ["text", (("x"), attribute(source))]))
    with pytest.raises(DocumentError) as caught:
        compile_map(planted, catalog())
    assert [problem.code for problem in caught.value.problems] == ["attribute.secret"]


def test_a_secret_that_is_only_ignored_is_no_reason_to_refuse():
    asked = document(
        Everything=tracked("host.everything", [("p", attribute("password", decision="ignored"))])
    )
    assert compile_map(asked, catalog()).by_prefix["Everything"].names == ()


def test_tracebacks_show_the_real_line():
    snapshot = compile_map(document(Country=COUNTRY), catalog())
    flatten = snapshot.by_prefix["Country"].flatten
    flatten.__globals__["one_by_one"] = None  # so that the generated code itself fails
    with pytest.raises(TypeError) as caught:
        flatten(User(), None)
    shown = "".join(traceback.format_exception(caught.value))
    assert "return one_by_one(o0, fault)" in shown
    assert "Country" in flatten.__code__.co_filename


def test_compiling_ten_thousand_times_leaves_linecache_and_memory_as_they_were():
    """The entry goes with the function, without waiting for the garbage collector."""
    small = document(Country=COUNTRY)

    def compile_many(times):
        for _ in itertools.repeat(None, times):
            compile_map(small, catalog()).compile_all()

    compile_many(200)
    gc.collect()
    entries, blocks = len(linecache.cache), sys.getallocatedblocks()
    compile_many(10_000)
    gc.collect()
    assert len(linecache.cache) == entries
    # Blocks and not bytes: Python's own tables grow in jumps, whoever happens to be running.
    assert sys.getallocatedblocks() - blocks < 1000


def test_a_function_in_use_keeps_its_lines_and_works_after_its_snapshot_is_gone():
    flatten = compile_map(document(Country=COUNTRY), catalog()).by_prefix["Country"].flatten
    filename = flatten.__code__.co_filename
    assert filename in linecache.cache
    assert flatten(Country(code="DE", name="Germany"), None)["Country_code"] == "DE"
    del flatten
    assert filename not in linecache.cache


def test_proving_a_map_makes_the_code_of_every_model_and_keeps_none(monkeypatch):
    snapshot = compile_map(HOST, catalog())
    before, made = len(linecache.cache), []
    real = model.build

    def build(text, *rest):
        made.append(text)
        return real(text, *rest)

    monkeypatch.setattr(model, "build", build)
    snapshot.prove()
    assert len(linecache.cache) == before
    assert made == [compiled.source for compiled in snapshot.by_prefix.values()]
    assert len(made) == len(HOST.models)


def test_code_is_made_on_first_use_only():
    snapshot = compile_map(HOST, catalog())
    before = len(linecache.cache)
    assert snapshot.by_prefix["Everything"].names
    assert len(linecache.cache) == before
    snapshot.find(Everything).flatten(Everything(), lambda *fault: None)
    assert len(linecache.cache) == before + 1
    snapshot.compile_all()
    assert len(linecache.cache) == before + len(HOST.models)
