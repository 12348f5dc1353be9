"""Queries beside each other: plain ones without subqueries, others as they are, the same rows."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.host.models import Address, Country, Hidden, Order, Person, Restaurant
from tests.maps import attribute, document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.sql import statement_text
from trackadmin.runtime.resolve import resolve

pytestmark = pytest.mark.django_db

MAP = document(
    Country=tracked(
        "host.country", ["id", "code", ("label", attribute("name", lookup=True))], key="code"
    ),
    Address=tracked("host.address", ["id", "street"], ["country"], key="id"),
    Order=tracked(
        "host.order",
        ["number"],
        [("billing_address", "Bill"), ("shipping_address", "Ship"), ("person", "Customer")],
        key="number",
    ),
    Person=tracked("host.person", ["id", "name"], [("user", "Login")], key="id"),
    User=tracked("auth.user", ["id", "username"], key="username"),
    Hidden=tracked("host.hidden", ["name", "alive"], key="name"),
    Restaurant=tracked("host.restaurant", ["place_ptr_id", "name", "stars"], key="name"),
)


@pytest.fixture
def rows():
    country = Country.objects.create(code="NL", name="Netherlands")
    user = User.objects.create(username="ann")
    person = Person.objects.create(name="Ann", user=user)
    address = Address.objects.create(street="A 1", country=country)
    alone = Address.objects.create(street="B 2")
    return {
        "Country__code": country,
        "Address__id": address,
        "Order__number": Order.objects.create(number="7", person=person, billing_address=alone),
        "Person__id": person,
        "User__username": user,
        "Hidden__name": Hidden.objects.create(name="here"),
        "Restaurant__name": Restaurant.objects.create(name="Inn", stars=2),
    }


def ask(snapshot, rows, *references):
    """The values and the one statement that found them."""
    query = "&".join(f"{each}={getattr(rows[each], each.split('__')[1])}" for each in references)
    with CaptureQueriesContext(connection) as captured:
        values = resolve(snapshot, query)
    (sql,) = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
    return values, sql


def expected(snapshot, rows, *references):
    values = {}
    for each in references:
        obj = type(rows[each])._default_manager.get(pk=rows[each].pk)
        values |= snapshot.find(obj).flatten(obj, pytest.fail)
    return values


@pytest.mark.parametrize(
    ("references", "subqueries"),
    [
        (["Address__id", "Person__id"], 0),
        (["Country__code", "Person__id", "Order__number"], 3),  # a person stands in both
        (["Person__id", "User__username"], 2),  # a user stands in both
        (["Country__code", "Hidden__name"], 2),  # its manager hides rows, which are counted
        (["Country__code", "Restaurant__name"], 2),  # its name stands in the parent's table
    ],
)
def test_plain_queries_need_no_subqueries(rows, references, subqueries):
    """The values are those of the objects in any case."""
    snapshot = compile_map(MAP, catalog())
    values, sql = ask(snapshot, rows, *references)
    assert dict(values) == expected(snapshot, rows, *references)
    assert [sql.count(f") AS t{n} ON") for n in range(3)].count(1) == subqueries


@pytest.mark.parametrize("lost", ["Country__code", "Address__id", "Person__id"])
def test_one_that_finds_nothing_takes_no_other_along(rows, lost):
    snapshot = compile_map(MAP, catalog())
    references = ["Country__code", "Address__id", "Person__id"]
    texts = {each: getattr(rows[each], each.split("__")[1]) for each in references}
    texts[lost] = "99" if lost != "Person__id" else "6fa459ea-ee8a-3ca4-894e-db77e160355e"
    values = resolve(snapshot, {name: str(text) for name, text in texts.items()})
    found = [each.name for each in values.references if each.outcome == "found"]
    assert found == [each for each in references if each != lost]
    assert all(each.outcome == "none" for each in values.references if each.name == lost)


def test_missing_child_gives_nulls_and_hides_nothing(rows):
    """A child is joined from the left, whatever the ORM wrote."""
    rows["Address__id"] = Address.objects.create(street="C 3")
    snapshot = compile_map(MAP, catalog())
    values, _ = ask(snapshot, rows, "Address__id", "Person__id")
    assert (values["Address_street"], values["Country_code"]) == ("C 3", None)


def test_table_that_may_lack_the_row_is_not_joined_from_the_left(monkeypatch):
    """Where no constraint holds the other row, the ORM finds nothing, and so do we."""
    query = Person.objects.filter(id=None).values_list("id", "user__username").query
    query.alias_map["auth_user"] = query.alias_map["auth_user"].demote()
    compiler = query.get_compiler("default")
    sql, _ = compiler.as_sql()
    sql = sql.replace("IS NULL", "= %s")
    monkeypatch.setattr(compiler, "compile", _comparing(compiler.compile))
    assert "INNER JOIN" in sql
    assert statement_text.plain_join(compiler, sql) is not None
    monkeypatch.setattr(Person._meta.get_field("user"), "db_constraint", False)
    assert statement_text.plain_join(compiler, sql) is None


def _comparing(compile_node):
    def compiled(node):
        sql, parameters = compile_node(node)
        return sql.replace("IS NULL", "= %s"), parameters

    return compiled
