"""Sites with migrations, databases and routers of their own."""

import pytest
from django.core.management.base import CommandError

from tests.sites.site import MAP, Site

OTHER = 'DATABASES["other"] = database(BASE_DIR, "other")\n'

ONLY_ON_DEFAULT = """
class Router:
    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return db == "default" if app_label in ("trackadmin", "reversion") else None


DATABASE_ROUTERS = ["site_settings.Router"]
"""

#: What the editors wrote is not on the replica yet. Sessions and the shop's rows have none.
LAGGING = """
class Router:
    def db_for_read(self, model, **hints):
        lags = ("trackadmin", "reversion", "contenttypes")
        return "replica" if model._meta.app_label in lags else None

    def db_for_write(self, model, **hints):
        return "default"


DATABASES["replica"] = database(BASE_DIR, "replica")
DATABASE_ROUTERS = ["site_settings.Router"]
"""

DATA_MIGRATION = """
from django.core.management import call_command
from django.db import migrations


def publish(apps, schema_editor):
    call_command("trackadmin", "import", "map.json", "--publish", "--note", "With the code.")


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0001_initial"),
        ("trackadmin", "0011_messages"),
        ("reversion", "0002_add_index_on_version_for_content_type_and_db"),
    ]
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
"""


def only_the_shop(walk):
    """B1. One app is migrated on a fresh database; no command needs the tables of the others."""
    walk.run("check")
    walk.run("check", databases=["default"])
    walk.run("makemigrations", "shop", "trackadmin", "--check", "--dry-run")
    walk.run("migrate", "--plan")
    walk.run("migrate", "shop")
    walk.run("check", databases=["default"])
    walk.run("sqlmigrate", "trackadmin", "0001")
    walk.run("showmigrations")
    walk.run("inspectdb")


def to_zero_and_back(walk):
    """B1. The tables of trackadmin go and come back, with the map default in them."""
    from trackadmin.models import TrackingMap

    for _ in range(2):
        walk.run("migrate")
        assert TrackingMap.objects.get().slug == "default"
        walk.run("migrate", "trackadmin", "0001")
        walk.run("migrate", "trackadmin", "zero")
        walk.run("migrate", "trackadmin", "zero", fake=True)
        walk.run("migrate", "shop", "zero")
        walk.run("flush", interactive=False)


def to_zero_with_versions(walk):
    """B1. So they do with published versions in them; then nothing is tracked, nothing fails."""
    from trackadmin.models import MapVersion, TrackingMap
    from trackadmin.testing import reset

    walk.run("migrate", "trackadmin", "zero")
    walk.run("check", databases=["default"])
    walk.run("migrate")
    assert TrackingMap.objects.get().slug == "default"
    assert not MapVersion.objects.exists()
    reset()


def only_the_shop_on_other(walk):
    """B1. One app on a second database; the map default is where the tables are."""
    from trackadmin.models import TrackingMap

    walk.run("migrate", "shop", database="other")
    walk.run("migrate", database="other")
    there = "trackadmin_trackingmap" in tables("other")
    if there:
        assert TrackingMap.objects.using("other").get().slug == "default"


def tables(alias):
    from django.db import connections

    return connections[alias].introspection.table_names()


def nothing_there(walk):
    """The router keeps our tables away from the second database, and so does the receiver."""
    only_the_shop_on_other(walk)
    assert not [name for name in tables("other") if name.startswith("trackadmin")]


def catch_up(walk):
    """The replica has all of it, as some seconds later; from now on it lags again."""
    import shutil

    from django.conf import settings
    from django.db import connections

    from trackadmin.testing import reset

    connections["replica"].close()
    databases = settings.DATABASES
    shutil.copy(databases["default"]["NAME"], databases["replica"]["NAME"])
    reset()


def editors_read_where_they_write(walk):
    """B10. Right after a save each page shows what was saved, though the replica lacks it."""
    from trackadmin import editing
    from trackadmin.models import TrackedModel, TrackingMap

    browser = walk.client(walk.editor)
    row = TrackedModel.objects.using("default").get(prefix="Order")
    walk._submit(browser, "trackedmodel_change", row.pk, owner="Warehouse")
    walk._submit(browser, "trackingmap_add", slug="third", name="Third map")
    third = TrackingMap.objects.using("default").get(slug="third")
    assert not TrackingMap.objects.using("replica").filter(slug="third").exists()
    assert not TrackedModel.objects.using("replica").filter(owner="Warehouse").exists()
    for page, args, said in (
        ("trackedmodel_change", [row.pk], "Warehouse"),
        ("trackedmodel_history", [row.pk], "Warehouse"),
        ("trackingmap_change", [walk.map.pk], "Warehouse"),
        ("trackingmap_history", [walk.map.pk], "Warehouse"),
        ("trackingmap_publish", [walk.map.pk], "Warehouse"),
        ("trackingmap_compare", [walk.map.pk], "Warehouse"),
        ("trackingmap_change", [third.pk], "Third map"),
        ("trackingmap_changelist", [], "Third map"),
        ("trackedmodel_changelist", [], "Warehouse"),
    ):
        text = walk.get(browser, walk.address(f"trackadmin_{page}", *args))
        assert said in text, f"{page} does not show {said!r} right after it was saved"
    walk._submit(browser, "trackingmap_publish", walk.map.pk, note="Shown at once.")
    text = walk.get(browser, walk.address("trackadmin_mapversion_changelist"))
    assert "Shown at once." in text
    number = editing.live_version("default").number
    walk.run("trackadmin", "diff", "live", str(number))
    assert "Shown at once." in walk.run("trackadmin", "versions")


def write_migration(walk):
    """The host's own migration imports and publishes a map, on a database with nothing in it."""
    import json
    from pathlib import Path

    Path("map.json").write_text(json.dumps(MAP))
    Path("shop/migrations/0002_publish.py").write_text(DATA_MIGRATION)


def published_by_migration(walk):
    """B4. The first version is the migration's."""
    from trackadmin.models import MapVersion

    first = MapVersion.objects.get(number=1)
    assert first.note == "With the code.", first.note


WITHOUT_MIGRATIONS = """
MIGRATION_MODULES = {app.rpartition(".")[2]: None for app in INSTALLED_APPS}
"""


def made_at_once(walk):
    """B1. Without migrations, as many test suites run, the map default is there as well."""
    from trackadmin.models import TrackingMap

    walk.run("migrate", run_syncdb=True)
    assert TrackingMap.objects.get().slug == "default"


TOO_EARLY = """
from django.core.management import call_command
from django.db import migrations


def publish(apps, schema_editor):
    call_command("trackadmin", "import", "map.json", "--publish")


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial"), ("trackadmin", "0001_initial")]
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
"""


def told_what_to_depend_on(walk):
    """B4. A data migration that runs before our newest migration says which one it needs."""
    import json
    from pathlib import Path

    Path("map.json").write_text(json.dumps(MAP))
    migration = Path("shop/migrations/0002_publish.py")
    migration.write_text(TOO_EARLY)
    with pytest.raises(CommandError, match=r"needs \('trackadmin', '0\d+_\w+'\)"):
        walk.run("migrate", "shop")
    migration.unlink()


def load_twice(walk):
    """B11. A dump of the site is loaded into it twice, with and without natural keys."""
    from trackadmin import editing

    before = editing.build_document("default")
    for options in ([], ["--natural-primary", "--natural-foreign"]):
        walk.run("dumpdata", "contenttypes", "auth", "trackadmin", *options, output="dump.json")
        for _ in range(2):
            walk.run("loaddata", "dump.json")
    assert editing.build_document("default") == before
    assert walk.tracked()["Country_code"] == "DE"


SITES = [
    Site(
        name="fixtures_twice",
        about="fixtures loaded twice (`dumpdata`, `loaddata`)",
        after=load_twice,
        postgresql=True,
    ),
    Site(
        name="early_data_migration",
        about="a data migration that imports too early: refused, with the reason",
        before=told_what_to_depend_on,
        postgresql=True,
    ),
    Site(
        name="without_migrations",
        about="`MIGRATION_MODULES` without migrations (`migrate --run-syncdb`)",
        settings=WITHOUT_MIGRATIONS,
        before=made_at_once,
    ),
    Site(
        name="one_app_first",
        about="a fresh database with one app migrated (`migrate shop`)",
        before=only_the_shop,
        postgresql=True,
    ),
    Site(
        name="zero_and_back",
        about="`migrate trackadmin zero` and back",
        before=to_zero_and_back,
        after=to_zero_with_versions,
        postgresql=True,
    ),
    Site(
        name="other_database",
        about="a second database without a router",
        settings=OTHER,
        before=only_the_shop_on_other,
        databases=("default", "other"),
        postgresql=True,
    ),
    Site(
        name="routed_database",
        about="a second database, kept free of trackadmin by a router",
        settings=OTHER + ONLY_ON_DEFAULT,
        before=nothing_there,
        databases=("default", "other"),
        postgresql=True,
    ),
    Site(
        name="lagging_replica",
        about="reads go to a replica that lags",
        settings=LAGGING,
        databases=("default", "replica"),
        published=catch_up,
        after=editors_read_where_they_write,
    ),
    Site(
        name="data_migration",
        warnings=("W080",),  # its map names orders by a number
        about="a data migration that imports and publishes",
        before=write_migration,
        after=published_by_migration,
        postgresql=True,
    ),
]
