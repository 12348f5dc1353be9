"""Saves an object of each package's model and gives its values by every way, as JSON."""

import json
import sys

import django

django.setup()

from django.apps import apps  # noqa: E402 models exist only now
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import translation  # noqa: E402
from djmoney.money import Money  # noqa: E402

from tests.packages import models  # noqa: E402
from trackadmin import editing  # noqa: E402
from trackadmin.catalog import catalog  # noqa: E402
from trackadmin.compiler.sql.sql_view import view_sql  # noqa: E402
from trackadmin.document import from_dict  # noqa: E402
from trackadmin.exceptions import ExportError  # noqa: E402
from trackadmin.runtime import (  # noqa: E402
    current_map,
    iter_tracking_values,
    tracking_values,
    values_from_query,
)


def make():
    root = models.Branch.objects.create(slug="root")
    yield models.Money.objects.create(slug="a", price=Money("1234.5", "EUR"))
    yield models.Country.objects.create(slug="a", home="NL", many=["NL", "DE"])
    yield models.Phone.objects.create(slug="a", number="020 7946 0018")
    yield models.Translated.objects.create(slug="a", title_en="Title", title_de="Titel")
    yield models.Dog.objects.create(slug="a", bark="wau")
    yield models.Branch.objects.create(slug="a", parent=root)
    yield models.Twig.add_root(slug="a")
    yield models.Encrypted.objects.create(slug="a", note="n", other="o")
    yield models.Hashed.objects.create(slug="a", shown=7)
    tagged = models.Tagged.objects.create(slug="a")
    tagged.tags.add("x")
    yield tagged


def by_every_way(obj, prefix):
    found = {"made": tracking_values(obj)}
    loaded = type(obj)._default_manager.get(pk=obj.pk)
    found["loaded"] = tracking_values(loaded)
    found["by URL"] = dict(values_from_query(f"{prefix}__slug={obj.slug}"))
    rows = type(obj)._default_manager.filter(pk=obj.pk)
    (found["streamed"],) = iter_tracking_values(rows)
    if connection.vendor == "postgresql":
        try:
            view = view_sql(current_map().by_prefix[prefix], "default")
        except ExportError as error:
            return {**found, "no view": str(error)}
        with connection.cursor() as cursor:
            cursor.execute(f'DROP VIEW IF EXISTS "{view.name}"')
            cursor.execute(view.sql)
            cursor.execute(f'SELECT * FROM "{view.name}" WHERE "{prefix}_slug" = %s', [obj.slug])
            names = [column.name for column in cursor.description]
            found["view"] = dict(zip(names, cursor.fetchone(), strict=True))
    return found


def main():
    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    mine = apps.get_app_config("packages").get_models()
    offered = {model.__name__: catalog().get(model._meta.label) for model in mine}
    data = {
        name: {"model": facts.label, "attributes": [*facts.attributes], "key": "slug"}
        for name, facts in offered.items()
        if facts is not None
    }
    editing.import_document("default", from_dict(data, catalog().find), by=None)
    editing.publish("default", by=None)
    report = {}
    for obj in make():
        prefix = type(obj).__name__
        facts = offered[prefix]
        ways = {}
        for language in ("en", "de"):
            with translation.override(language):
                for way, values in by_every_way(obj, prefix).items():
                    ways[f"{way} ({language})"] = values
        report[prefix] = {
            "ways": ways,
            "refused": {name: str(each.refused) for name, each in facts.refused.items()},
            "lookupable": [n for n, each in facts.attributes.items() if each.lookupable],
        }
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
