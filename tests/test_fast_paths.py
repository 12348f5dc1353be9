"""Leaving a fast path is counted, with the place; a mistake of ours inside one is not hidden."""

from pathlib import Path

import pytest
from django.db.models import QuerySet

import trackadmin
from tests.host.models import Country
from tests.maps import document, tracked
from trackadmin import compiler
from trackadmin.catalog import catalog
from trackadmin.codes import FastPath
from trackadmin.compiler import fast_paths
from trackadmin.compiler.sql import row_readers, statements
from trackadmin.compiler.values import aggregate_reader, children
from trackadmin.document.structure import AggregateEntry
from trackadmin.runtime import known_queries
from trackadmin.runtime.flatten import flatten
from trackadmin.runtime.resolve import resolve

pytestmark = pytest.mark.django_db

URL = "Country__code=NL"
NETHERLANDS = {"Country_code": "NL", "Country_name": "Netherlands"}


@pytest.fixture(autouse=True)
def _from_zero():
    fast_paths.forget()


@pytest.fixture
def snapshot():
    Country.objects.create(code="NL", name="Netherlands")
    country = tracked("host.country", ["code", "name"], key="code")
    return compiler.compile_map(document(Country=country), catalog())


def mistake(error=TypeError):
    """A function in a file of the package that raises as code with a mistake does."""
    names = {"error": error}
    file = str(Path(trackadmin.__file__).parent / "planted.py")
    exec(compile("def planted(*_, **__): raise error('planted')", file, "exec"), names)
    return names["planted"]


def in_known_query(snapshot, monkeypatch):
    monkeypatch.setattr(known_queries, "_known_query", mistake())
    return resolve(snapshot, URL)


def in_known_lookups(snapshot, monkeypatch):
    lookups = known_queries.known_query(snapshot, ["Country__code"]).lookups
    lookups._binds = ((0, mistake(AttributeError)),)
    return resolve(snapshot, URL)


def in_a_statement(snapshot, monkeypatch):
    monkeypatch.setattr(statements.Statement, "fetch", mistake())
    return resolve(snapshot, URL)


def in_all_values(snapshot, monkeypatch):
    lookups = known_queries.known_query(snapshot, ["Country__code"]).lookups
    (part,) = lookups._statement.parts
    read = part.shared.read
    part.shared = type(part.shared)(read, mistake(NameError))
    return resolve(snapshot, URL)


def in_a_row(snapshot, monkeypatch):
    class Slow:
        def top(self, row, values, fault):
            values |= NETHERLANDS

    readers = row_readers._readers(mistake(), {}, Slow(), "Country")
    return readers.read(("NL",), pytest.fail)


def in_flatten(snapshot, monkeypatch):
    compiled = snapshot.by_prefix["Country"]
    monkeypatch.delitem(compiled.flatten.__globals__, "nulls")
    return compiled.flatten(Country.objects.get(), pytest.fail)


def in_flatten_of_several(snapshot, monkeypatch):
    """Two objects by one function."""
    objects = (Country.objects.get(),)
    flatten(snapshot, objects, {}, pytest.fail)
    made = snapshot.branches[Country].flatten
    monkeypatch.delitem(made.__globals__, "nulls")
    return flatten(snapshot, objects, {}, pytest.fail)


def in_children(snapshot, monkeypatch):
    monkeypatch.setattr(children, "contained", mistake())
    children._twin(QuerySet(Country), Country.objects.get())
    return NETHERLANDS


def in_aggregates(snapshot, monkeypatch):
    """Each value is then asked for by itself."""
    entries = {"n": AggregateEntry("address_set"), "m": AggregateEntry("purchases")}
    country = tracked("host.country", ["code", "name"], aggregates=entries)
    monkeypatch.setattr(aggregate_reader, "_fetch", mistake())
    compiled = compiler.compile_map(document(Country=country), catalog()).by_prefix["Country"]
    values = compiled.flatten(Country.objects.get(), pytest.fail)
    assert values.pop("Country_n") == values.pop("Country_m") == 0
    return values


PLANTED = {
    FastPath.KNOWN_QUERY: in_known_query,
    FastPath.KNOWN_LOOKUPS: in_known_lookups,
    FastPath.STATEMENT: in_a_statement,
    FastPath.ALL_VALUES: in_all_values,
    FastPath.ROW: in_a_row,
    FastPath.FLATTEN: in_flatten,
    FastPath.CHILDREN: in_children,
    FastPath.AGGREGATES: in_aggregates,
}
EVERY = [*PLANTED.items(), (FastPath.FLATTEN, in_flatten_of_several)]


def test_every_path_has_its_mistake():
    """Past the cursor nothing is caught but what the driver raises."""
    assert {*PLANTED} == {*FastPath} - {FastPath.CURSOR}


@pytest.mark.parametrize(("path", "plant"), EVERY)
def test_a_mistake_of_ours_comes_through_in_tests(snapshot, monkeypatch, path, plant):
    with pytest.raises((TypeError, NameError, AttributeError)):
        plant(snapshot, monkeypatch)


@pytest.mark.parametrize(("path", "plant"), EVERY)
def test_on_a_site_the_slow_path_answers_and_it_is_counted(snapshot, monkeypatch, path, plant):
    monkeypatch.setattr(fast_paths, "raising", False)
    assert dict(plant(snapshot, monkeypatch)) == NETHERLANDS
    assert path in {left for left, _ in fast_paths.counts()}


def test_nothing_is_counted_where_no_path_is_left(snapshot):
    """Who watches the cursor depends on what else is loaded, so that path may be left."""
    assert dict(resolve(snapshot, URL)) == NETHERLANDS
    assert flatten(snapshot, (Country.objects.get(),), {}, pytest.fail) == NETHERLANDS
    assert {path for path, _ in fast_paths.counts()} <= {FastPath.CURSOR}


def test_what_the_host_raises_stays_its_own(snapshot, monkeypatch):
    """A field of the host with a mistake: the slow path answers, in tests too."""

    def broken(text, connection):
        raise TypeError("the host's")

    lookups = known_queries.known_query(snapshot, ["Country__code"]).lookups
    lookups._binds = ((0, broken),)
    assert dict(resolve(snapshot, URL)) == NETHERLANDS
    assert fast_paths.counts()[FastPath.KNOWN_LOOKUPS, "default"] == 1


def test_places_are_bounded(monkeypatch):
    monkeypatch.setattr(fast_paths, "MAX_PLACES", 3)
    for number in range(9):
        fast_paths.left(FastPath.ROW, f"place {number}")
    assert len(fast_paths.counts()) == 3
