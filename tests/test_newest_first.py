"""What nobody has decided about is listed newest first, by the migrations of the host."""

import io
import json
import sys
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.migrations.recorder import MigrationRecorder

from tests.drafts import draft, the_map
from tests.maps import document, tracked
from tests.screens import MARKS, map_page
from trackadmin import editing
from trackadmin.catalog import catalog, migrated_names

pytestmark = MARKS

FIRST = """
migrations.CreateModel("Person", []), migrations.CreateModel("Profile", []),
migrations.CreateModel("Nation", []),
"""
#: A field that comes, one that gets another name, and one that a database got by hand.
LATER = """
migrations.AddField("Person", "joined", models.DateField()),
migrations.RenameField("Profile", "nick", "nickname"),
migrations.RenameModel("Nation", "Country"),
"""
BY_HAND = """
migrations.SeparateDatabaseAndState(
    state_operations=[migrations.AddField("Country", "Name", models.TextField())]
),
"""


@pytest.fixture
def migrated(settings, tmp_path, monkeypatch):
    """Gives the app ``host`` these migrations, with the days of 2026 on which they were applied."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(files, applied=()):
        name = f"moved_{tmp_path.name}_{len(list(tmp_path.iterdir()))}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        for file, (operations, *more) in files.items():
            (tmp_path / name / f"{file}.py").write_text(
                "from django.db import migrations, models\n"
                f"class Migration(migrations.Migration):\n    operations = [{operations}]\n"
                + "".join(f"    {line}\n" for line in more)
            )
        settings.MIGRATION_MODULES = {"host": name}
        rows = MigrationRecorder.Migration.objects
        rows.filter(app="host").delete()
        for file, (month, day) in dict(applied).items():
            when = datetime(2026, month, day, 12, tzinfo=UTC)
            rows.create(app="host", name=file, applied=when)

    yield write
    for module in [each for each in sys.modules if each.startswith(f"moved_{tmp_path.name}")]:
        del sys.modules[module]


def after(name):
    return f"dependencies = [('host', '{name}')]"


def found(*labels):
    """The undecided attributes, each with the name of its migration."""
    draft(document(**{label.capitalize(): tracked(f"host.{label}") for label in labels}))
    return [
        (each.where, each.arrival and each.arrival.migration.removeprefix("host."))
        for each in editing.undecided("default").attributes
    ]


THREE = {
    "0001_first": (FIRST,),
    "0002_later": (LATER, after("0001_first")),
    "0003_by_hand": (BY_HAND, after("0002_later")),
}
DAYS = {"0001_first": (1, 1), "0002_later": (3, 3), "0003_by_hand": (2, 2)}


def test_the_newest_comes_first_by_the_date_on_which_it_was_applied(migrated):
    """A renamed field is new, since nobody decided about its name; a renamed model is not."""
    migrated(THREE, DAYS)
    listed = found("person", "profile", "country")
    assert listed[:2] == [("Profile.nickname", "0002_later"), ("Country.name", "0003_by_hand")]
    assert {migration for _where, migration in listed[2:]} == {"0001_first"}
    # Of one age: the order of the map, then of the class.
    rest = [where for where, _migration in listed[2:]]
    assert [where.partition(".")[0] for where in rest] == sorted(
        (where.partition(".")[0] for where in rest), key=["Person", "Profile", "Country"].index
    )


def test_what_is_not_applied_yet_comes_first_of_all(migrated):
    migrated(THREE, {"0001_first": (1, 1), "0002_later": (3, 3)})
    assert found("country", "profile")[:2] == [
        ("Country.name", "0003_by_hand"),
        ("Profile.nickname", "0002_later"),
    ]
    assert editing.undecided("default").attributes[0].arrival.applied is None


def test_the_parts_of_a_squashed_migration_tell_more(migrated):
    """While their files are there; later the newest of their dates counts."""
    squashed = (FIRST + LATER, "replaces = [('host', '0001_first'), ('host', '0002_later')]")
    days = {**DAYS, "0001_squashed": (11, 11)}
    migrated({**THREE, "0001_squashed": squashed}, days)
    assert dict(found("person"))["Person.name"] == "0001_first"
    migrated({"0001_squashed": squashed}, days)
    (newest, *_) = editing.undecided("default").attributes
    assert (newest.arrival.migration, newest.arrival.applied.month) == ("host.0001_squashed", 3)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"0001_first": ("1 / 0",)},
        {"0001_first": (FIRST, after("0002_b")), "0002_b": ("", after("0001_first"))},
        {"0001_first": (FIRST, "raise SystemError")},
    ],
    ids=["none", "broken", "circle", "raises"],
)
def test_without_readable_migrations_the_order_is_the_maps(migrated, files):
    """And nothing is told about ages; the page is there."""
    migrated(files, DAYS)
    listed = found("person", "country")
    assert listed == [
        (each.where, None)
        for each in editing.undecided_in(editing.build_document("default"), catalog()).attributes
    ]


def test_an_app_that_no_migration_was_noted_of_is_of_no_known_age(migrated):
    """As with tables that ``migrate --run-syncdb`` made."""
    migrated(THREE)
    assert {migration for _where, migration in found("person")} == {None}


def test_a_table_of_migrations_that_cannot_be_read_is_no_reason_to_fail(monkeypatch):
    """Nor does it break the transaction that the page runs in."""
    monkeypatch.setattr(MigrationRecorder.Migration._meta, "db_table", "not_there")
    assert {migration for _where, migration in found("person")} == {None}
    assert the_map().slug == "default"


def test_models_that_are_not_in_the_map_come_newest_first(migrated):
    second = "migrations.CreateModel('Restaurant', [])"
    files = {**THREE, "0004_place": (second, after("0003_by_hand"))}
    migrated(files, {**DAYS, "0004_place": (4, 4)})
    left = editing.undecided("default")
    labels = [each.label for each in left.models]
    dated = [left.arrivals[label].applied for label in labels if label in left.arrivals]
    assert dated == sorted(dated, reverse=True)
    assert labels.index("host.restaurant") < labels.index("host.person")
    # What nobody knows the age of comes last, by app and name.
    unknown = [label for label in labels if label not in left.arrivals]
    assert labels[-len(unknown) :] == sorted(unknown)
    assert unknown


def test_the_page_says_since_when(migrated, admin_client):
    migrated(THREE, {"0001_first": (1, 1), "0002_later": (3, 3)})
    found("person", "profile", "country")
    html = admin_client.get(map_page("undecided", the_map().pk)).content.decode()
    assert "Since March 3, 2026, with migration host.0002_later" in html
    assert "New with migration host.0003_by_hand, which is not applied yet" in html
    assert html.count("<h2>Profile <") == 2
    # The profile's place has one name, and so one link.
    assert html.count(">Show a profile of the data<") == 3


def test_the_command_has_the_same_order_and_says_since_when(migrated):
    migrated(THREE, {"0001_first": (1, 1), "0002_later": (3, 3)})
    found("person", "profile", "country")
    first, second, third, *_ = told().splitlines()
    assert first.startswith("Country.name: ")
    assert first.endswith(" · new with migration host.0003_by_hand, not applied yet")
    assert second.endswith(" · since 2026-03-03, migration host.0002_later")
    assert third.endswith(" · since 2026-01-01, migration host.0001_first")
    report = json.loads(told("--json"))
    wheres = [f"{each['prefix']}.{each['source']}" for each in report["undecided"]]
    assert wheres == [each.where for each in editing.undecided("default").attributes]
    assert report["undecided"][0]["applied"] is None
    assert report["undecided"][1]["applied"] == "2026-03-03T12:00:00+00:00"


def told(*arguments):
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("trackadmin", "check", "--undecided", *arguments, stdout=out)
    return out.getvalue()


def test_migrations_are_read_once_for_a_process(migrated, monkeypatch):
    """Importing them takes long; what is kept is bounded."""
    migrated(THREE, DAYS)
    found("person")
    monkeypatch.setattr(migrated_names, "_migrations", None)
    assert dict(found("person"))["Person.name"] == "0001_first"
    assert migrated_names._read_names.cache_info().maxsize
