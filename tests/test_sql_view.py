"""A view gives the values that flatten gives, row by row, and owns up to what it cannot give."""

import datetime
import io
import uuid

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.host.models import (
    Address,
    AliveManager,
    Country,
    Everything,
    Hidden,
    Order,
    Person,
    Profile,
)
from tests.maps import HOST, attribute, document, tracked
from tests.test_runtime_bulk import EVERYTHINGS
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.view import view_sql
from trackadmin.exceptions import ExportError
from trackadmin.runtime import tracking_values
from trackadmin.runtime.backfill import backfill
from trackadmin.runtime.current import pin, unpin
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def snapshot():
    made = compile_map(HOST, catalog(), number=1, digest="d")
    before = pin("default", made)
    yield made
    unpin("default", before)
    reset()


def rows_of(view):
    """Make the view, read it, drop it."""
    with connection.cursor() as cursor:
        cursor.execute(view.sql)
        cursor.execute(f'SELECT * FROM "{view.name}"')
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        cursor.execute(f'DROP VIEW "{view.name}"')
    return rows


def in_order(rows):
    return sorted(rows, key=repr)


def agree(snapshot, model):
    """View, backfill, flatten and the oracle give the same, but for what the view leaves out."""
    view = view_sql(snapshot.find(model), "default")
    missing = {each.name for each in view.left_out}
    objects = list(model._default_manager.order_by("pk"))
    full = [tracking_values(obj) for obj in objects]
    assert full == list(backfill(model._meta.label, chunk=2))
    assert full == [oracle.flatten(HOST, obj) for obj in objects]
    shown = [{k: v for k, v in values.items() if k not in missing} for values in full]
    rows = rows_of(view)
    assert in_order(rows) == in_order(shown)
    assert [list(row) for row in rows] == [list(values) for values in shown]
    return missing


@pytest.mark.postgresql
@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(st.lists(EVERYTHINGS, min_size=1, max_size=5))
def test_every_kind(snapshot, objects):
    with transaction.atomic():
        for number, obj in enumerate(objects):
            obj.pk, obj.uuid, obj.slug = None, uuid.uuid4(), f"slug-{number}"
        Everything.objects.bulk_create(objects)
        missing = agree(snapshot, Everything)
        transaction.set_rollback(True)
    assert missing == {
        "Everything_data",
        "Everything_backwards",
        "Everything_shout",
        "Everything_double",
        "Everything_contact_secretly",
        "Everything_number_secretly",
        "Everything_double_secretly",
    }


@pytest.mark.postgresql
def test_numbers_that_are_none_and_the_ends_of_time(snapshot):
    for floating in (float("nan"), float("inf"), float("-inf"), 1e300, -0.5, None):
        Everything.objects.create(slug=uuid.uuid4().hex, floating=floating)
    for moment in ("0001-01-02T00:00:00+00:00", "9999-12-30T23:59:59.999999+00:00"):
        when = datetime.datetime.fromisoformat(moment)
        Everything.objects.create(slug=uuid.uuid4().hex, moment=when, day=when.date())
    for span in (-1, 0, 1, 86_400_000_000, -86_399_999_999, 10**15):
        span = datetime.timedelta(microseconds=span)
        Everything.objects.create(slug=uuid.uuid4().hex, span=span)
    agree(snapshot, Everything)


@pytest.mark.postgresql
def test_children_and_rows_that_the_manager_hides(snapshot):
    user = User.objects.create(username="O'Reilly % \\")
    boss = Person.objects.create(name="Boss", user=user)
    person = Person.objects.create(name="p", boss=boss)
    Profile.objects.create(person=person, nickname="n")
    Country.objects.create(code="DE", name="Germany")
    address = Address.objects.create(street="s", country_id="DE")
    Address.objects.create(street="nowhere")
    Order.objects.create(number="1", person=person, billing_address=address)
    Order.objects.create(number="2")
    Hidden.everything.create(name="seen")
    Hidden.everything.create(name="unseen", alive=False)
    for model in (Person, Profile, Address, Order, Hidden, Country, User):
        assert agree(snapshot, model) == set()


@pytest.mark.postgresql
def test_texts_that_look_like_placeholders_or_quotes_in_a_managers_filter(snapshot, monkeypatch):
    def odd(self):
        return super(AliveManager, self).get_queryset().exclude(name="100% ' \" %s {c}")

    monkeypatch.setattr(AliveManager, "get_queryset", odd)
    Hidden.everything.create(name="100% ' \" %s {c}")
    Hidden.everything.create(name="other")
    assert agree(snapshot, Hidden) == set()


@pytest.mark.postgresql
def test_what_is_left_out_is_said_above_the_statement(snapshot):
    view = view_sql(snapshot.by_prefix["Everything"], "default")
    said = [line for line in view.sql.splitlines() if line.startswith("--")]
    assert said[0] == "-- Without Everything_data: the database writes 'JSON' differently."
    assert len(said) == len(view.left_out) == 7
    assert view.sql.splitlines()[7] == 'CREATE VIEW "trackadmin_Everything" AS'


@pytest.mark.postgresql
def test_names_too_long_for_the_database_are_refused():
    long = "a" * 50
    made = compile_map(
        document(Countries=tracked("host.country", [(long + "bcdef", attribute("code"))])),
        catalog(),
    )
    with pytest.raises(ExportError, match=f"63 characters: 'Countries_{long}bcdef'"):
        view_sql(made.by_prefix["Countries"], "default")


@pytest.mark.postgresql
def test_a_model_of_which_nothing_remains_is_refused():
    made = compile_map(document(E=tracked("host.everything", ["data"])), catalog())
    with pytest.raises(ExportError, match=r"Nothing of 'E' can stand in a view \(E_data"):
        view_sql(made.by_prefix["E"], "default")


def test_another_database_is_refused(snapshot, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "other")
    with pytest.raises(ExportError, match="made for PostgreSQL, and 'default' is"):
        view_sql(snapshot.by_prefix["Country"], "default")


def export(*arguments):
    out, told = io.StringIO(), io.StringIO()
    call_command("trackadmin", "export", "--format=sql", *arguments, stdout=out, stderr=told)
    return out.getvalue(), told.getvalue()


@pytest.fixture
def published():
    editing.import_document("default", HOST)
    return editing.publish("default", by=None)


@pytest.mark.postgresql
@pytest.mark.django_db(databases=["default", "other"])
def test_the_exported_script_makes_all_views_and_can_be_run_again(published):
    Country.objects.create(code="DE", name="Germany")
    script, told = export()
    assert "Remote has no view: 'Remote' does not lie in the database 'default'" in told
    assert "trackadmin_Everything is without Everything_data: the database writes" in told
    with connection.cursor() as cursor:
        for _ in range(2):
            # The test runs in a transaction of its own.
            cursor.execute(script.replace("BEGIN;", "").replace("COMMIT;", ""))
        cursor.execute('SELECT * FROM "trackadmin_Country"')
        assert cursor.fetchall() == [("DE", "Germany")]
    assert script.count("CREATE VIEW") == len(HOST.models) - 1


@pytest.mark.django_db(databases=["default", "other"])
def test_the_export_is_refused_where_there_can_be_no_view(published, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "other")
    with pytest.raises(CommandError, match="Views are made for PostgreSQL"):
        export("--database=default")
