"""A view gives the values that flatten gives, row by row, and lists what it cannot give."""

import datetime
import io
import uuid

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import (
    DatabaseError,
    NotSupportedError,
    ProgrammingError,
    connection,
    models,
    transaction,
)
from django.test import override_settings
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
from trackadmin.compiler.sql.sql_view import view_sql
from trackadmin.exceptions import ExportError
from trackadmin.management.sql_views import export_views
from trackadmin.management.subcommand import Output
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
    """View, backfill, flatten and oracle give the same, except for what the view leaves out."""
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
    assert said[0] == (
        "-- Everything_data is left out. The database writes the type 'JSON' differently."
    )
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
    with pytest.raises(ExportError, match=r"No value of 'E' can be in a view. E_data is left out"):
        view_sql(made.by_prefix["E"], "default")


def test_another_database_is_refused(snapshot, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "other")
    with pytest.raises(ExportError, match="Views need PostgreSQL, and 'default' is"):
        view_sql(snapshot.by_prefix["Country"], "default")


def execute(cursor, script):
    """Run a script; the test runs in a transaction of its own."""
    assert script.startswith("BEGIN;\n")
    assert script.endswith("COMMIT;\n")
    cursor.execute(script.removeprefix("BEGIN;\n").removesuffix("COMMIT;\n"))


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
    assert "The table of 'Remote' is not in the database 'default'" in told
    assert "trackadmin_Everything: Everything_data is left out. The database writes" in told
    with connection.cursor() as cursor:
        for _ in range(2):
            execute(cursor, script)
        cursor.execute('SELECT * FROM "trackadmin_Country"')
        assert cursor.fetchall() == [("DE", "Germany")]
    assert script.count(" is left out") == told.count(" is left out")


@pytest.mark.django_db(databases=["default", "other"])
def test_the_export_is_refused_where_there_can_be_no_view(published, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "other")
    with pytest.raises(CommandError, match="Views need PostgreSQL"):
        export("--database=default")


# ── D6: a view that is there already ───────────────────────────────────────────────────────────


def places(*attributes, key=""):
    return document(Place=tracked("host.place", attributes, key=key))


def put(made):
    """Run the script for a map; gives the names of the view's columns."""
    out, told = io.StringIO(), io.StringIO()
    export_views(made, "default", "default", Output(out.writelines, told.writelines))
    with connection.cursor() as cursor:
        cursor.execute(out.getvalue().removeprefix("BEGIN;").removesuffix("COMMIT;"))
        cursor.execute('SELECT * FROM "trackadmin_Place"')
        return [column.name for column in cursor.description]


def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def identity():
    return ask("SELECT oid FROM pg_class WHERE relname = 'trackadmin_Place'")


@pytest.fixture
def reader():
    """A role that may read the view, and a group that may read one column of it."""
    put(places("name", "id"))
    ask("CREATE ROLE trackadmin_reader")
    ask('CREATE ROLE "Odd \' name"')
    ask('GRANT SELECT ON "trackadmin_Place" TO trackadmin_reader WITH GRANT OPTION')
    ask('GRANT SELECT ("Place_name") ON "trackadmin_Place" TO "Odd \' name"')
    ask('ALTER VIEW "trackadmin_Place" SET (security_barrier = true)')
    ask("COMMENT ON VIEW \"trackadmin_Place\" IS 'ours, don''t touch'")


def privileges():
    role = "has_table_privilege('trackadmin_reader', '\"trackadmin_Place\"', '{}')"
    column = "has_column_privilege('Odd '' name', '\"trackadmin_Place\"', 'Place_name', 'SELECT')"
    all_of_it = "has_table_privilege('Odd '' name', '\"trackadmin_Place\"', 'SELECT')"
    granted = "SELECT WITH GRANT OPTION"
    ((*found,),) = ask(
        f"SELECT {role.format('SELECT')}, {role.format(granted)}, {column}, {all_of_it},"
        " reloptions, obj_description(oid) FROM pg_class WHERE relname = 'trackadmin_Place'"
    )
    return found


KEPT = [True, True, True, False, ["security_barrier=true"], "ours, don't touch"]


@pytest.mark.postgresql
def test_a_view_that_only_grows_is_replaced(reader):
    """It stays the same view: privileges, options, and other views that depend on it."""
    before = identity()
    ask('CREATE VIEW dependent AS SELECT "Place_name" FROM "trackadmin_Place"')
    grown = document(Place=tracked("host.place", ["name", "id", ("again", attribute("name"))]))
    assert put(grown) == ["Place_name", "Place_id", "Place_again"]
    assert put(grown) == ["Place_name", "Place_id", "Place_again"]
    assert identity() == before
    assert privileges() == KEPT


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "attributes", [("name",), ("id", "name"), (("id", attribute("name")), "name")]
)
def test_a_view_that_must_be_made_again_keeps_what_was_granted(reader, attributes):
    """One column fewer, another order, another type."""
    put(places("name", "id"))
    before = identity()
    put(places(*attributes))
    assert identity() != before
    assert privileges() == KEPT


@pytest.mark.postgresql
def test_a_privilege_on_a_column_that_is_gone_is_gone(reader):
    assert put(places("id")) == ["Place_id"]
    assert ask(
        "SELECT has_table_privilege('trackadmin_reader', '\"trackadmin_Place\"', 'SELECT')"
    ) == [(True,)]


@pytest.mark.postgresql
def test_what_a_schema_grants_by_default_does_not_come_back(reader):
    """Somebody had revoked it."""
    ask("CREATE ROLE trackadmin_other")
    ask("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO trackadmin_other")
    put(places("id"))
    assert ask(
        "SELECT has_table_privilege('trackadmin_other', '\"trackadmin_Place\"', 'SELECT')"
    ) == [(False,)]


@pytest.mark.postgresql
def test_a_view_on_which_another_depends_is_never_dropped(reader):
    """The script stops, says which, and changes nothing."""
    ask('CREATE VIEW dependent AS SELECT "Place_name" FROM "trackadmin_Place"')
    changed = pytest.raises(DatabaseError, match="trackadmin_Place changed")
    with changed as raised, transaction.atomic():
        put(places("name"))
    assert "view dependent depends on view" in str(raised.value)
    assert put(places("name", "id")) == ["Place_name", "Place_id"]
    assert privileges() == KEPT


@pytest.mark.postgresql
def test_the_view_of_a_model_that_can_have_none_is_dropped(reader, monkeypatch):
    """It would still show what the map no longer gives."""
    made = document(
        Place=tracked("host.place", ["name"]), Country=tracked("host.country", ["code"])
    )
    put(made)
    monkeypatch.setattr(
        "trackadmin.compiler.sql.sql_view.is_constant", lambda model: model is Country
    )
    with pytest.raises(ProgrammingError, match="does not exist"), transaction.atomic():
        put(made)


@pytest.mark.postgresql
def test_a_migration_that_a_view_blocks_runs_after_drop(published):
    """Drop, migrate, make again: as the guide says."""
    with connection.cursor() as cursor:
        execute(cursor, export()[0])
        wider = "ALTER TABLE host_place ALTER name TYPE varchar(60)"
        with pytest.raises(NotSupportedError, match="used by a view"), transaction.atomic():
            cursor.execute(wider)
        dropped, told = export("--drop")
        assert told == ""
        for _ in range(2):
            execute(cursor, dropped)
        cursor.execute("SELECT count(*) FROM pg_views WHERE viewname LIKE 'trackadmin_%'")
        assert cursor.fetchone() == (0,)
        cursor.execute(wider)
        execute(cursor, export()[0])


def test_drop_is_for_views_only(published):
    with pytest.raises(CommandError, match="--drop is for views: add --format sql"):
        call_command("trackadmin", "export", "--drop", stdout=io.StringIO())


class Sliced(models.Manager):
    def get_queryset(self):
        return super().get_queryset().order_by("-code")[:1]


class Combined(models.Manager):
    def get_queryset(self):
        rows = super().get_queryset()
        return rows.filter(code="DE").union(rows.filter(code="NL"))


class Empty(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(pk__in=[])


class Raising(models.Manager):
    def get_queryset(self):
        raise RuntimeError("nobody knows")


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("manager", "why"),
    [
        (
            Combined(),
            "No view can show what the manager of host.Country does. The query is a union",
        ),
        (Empty(), "The manager of host.Country shows no rows"),
        (Raising(), "The default manager of host.Country raised RuntimeError"),
    ],
)
def test_a_manager_that_no_view_can_follow_is_refused(monkeypatch, snapshot, manager, why):
    """With the reason, even if the site calls the manager constant."""
    manager.model, manager.name = Country, "objects"
    monkeypatch.setattr(Country._meta, "default_manager", manager)
    with (
        override_settings(TRACKADMIN={"CONSTANT_MANAGERS": ["host.Country"]}),
        pytest.raises(ExportError, match=why),
    ):
        view_sql(snapshot.by_prefix["Country"], "default")


@pytest.mark.postgresql
def test_a_slice_that_the_site_says_is_constant_is_shown_as_it_is(monkeypatch, snapshot):
    Country.objects.bulk_create([Country(code="DE"), Country(code="NL")])
    manager = Sliced()
    manager.model, manager.name = Country, "objects"
    monkeypatch.setattr(Country._meta, "default_manager", manager)
    with override_settings(TRACKADMIN={"CONSTANT_MANAGERS": ["host.Country"]}):
        view = view_sql(snapshot.by_prefix["Country"], "default")
    assert [row["Country_code"] for row in rows_of(view)] == ["NL"]
