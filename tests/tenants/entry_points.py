"""A site with two tenants in one process: each entry point gives each tenant its own map.

Runs by itself, under the settings of by_database or by_schema; fails with a traceback.
"""

import asyncio
import json
import sys
import threading
from io import StringIO

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test.utils import setup_test_environment

ONE = {"CompanyAccount": {"model": "demo.CompanyAccount", "attributes": ["name", "is_demo"]}}
ONE["CompanyAccount"] |= {"key": "name"}
TWO = {"CompanyAccount": {"model": "demo.CompanyAccount", "attributes": ["name"], "key": "name"}}
NAMES = {
    "one": ["CompanyAccount_name", "CompanyAccount_is_demo"],
    "two": ["CompanyAccount_name"],
}
#: Tenant two's number is the lower one, so that it never looks like news.
NUMBERS = {"one": 3, "two": 1}

EVENTS = []


class Sink:
    def write(self, event):
        EVENTS.append(event)


def prepare():
    from django.core.management import call_command

    for command in settings.MIGRATE:
        call_command(*command, verbosity=0)
    if "django_tenants" in settings.INSTALLED_APPS:
        from tests.tenants.customers.models import Customer, Domain

        for name in settings.TENANTS:
            customer = Customer.objects.create(schema_name=name)
            Domain.objects.create(domain=f"{name}.example.com", tenant=customer, is_primary=True)


def fill(tenant, name, data):
    from demo.models import CompanyAccount

    with tenant(name):
        CompanyAccount.objects.create(name=f"Only {name}")
        for _ in range(NUMBERS[name]):
            publish(data)


def publish(data, slug="default"):
    from trackadmin.catalog import catalog
    from trackadmin.document import from_dict
    from trackadmin.editing import import_document
    from trackadmin.editing import publish as publish_draft
    from trackadmin.models import TrackingMap

    TrackingMap.objects.get_or_create(slug=slug, defaults={"name": slug})
    import_document(slug, from_dict(data, catalog().find))
    return publish_draft(slug, by=None)


def account(name):
    from demo.models import CompanyAccount

    return CompanyAccount.objects.get(name=f"Only {name}")


def host(name):
    """The host name by which django-tenants' middleware finds the tenant."""
    return f"{name}.example.com" if "django_tenants" in settings.INSTALLED_APPS else "testserver"


# ── The entry points: each gives the names of the values ───────────────────────────────────────


def flatten(name):
    from trackadmin.runtime import tracking_values

    return list(tracking_values(account(name)))


def query(name):
    from trackadmin.runtime import values_from_query

    other = {"one": "two", "two": "one"}[name]
    found = values_from_query(f"CompanyAccount__name=Only {name}")
    assert found.version == NUMBERS[name]
    missed = values_from_query(f"CompanyAccount__name=Only {other}")
    assert [each.outcome for each in missed.references] == ["none"], missed.references
    return list(found)


def model(name):
    from trackadmin.runtime import current_map, get_model

    assert current_map().number == NUMBERS[name]
    assert get_model("CompanyAccount__name", f"Only {name}") == account(name)
    return list(current_map().by_prefix["CompanyAccount"].names)


def stream(name):
    from demo.models import CompanyAccount
    from trackadmin.runtime import iter_tracking_values

    (values,) = iter_tracking_values(CompanyAccount.objects.all())
    assert values["CompanyAccount_name"] == f"Only {name}"
    return list(values)


def url(name):
    from django.test import Client

    EVENTS.clear()
    address = {"QUERY_STRING": f"CompanyAccount__name=Only%20{name}"}
    assert Client(headers={"host": host(name)}).get("/t/", **address).status_code == 204
    (event,) = EVENTS
    assert event.version == NUMBERS[name]
    return list(event.values)


def tag(name):
    from django.template import Context, Template

    template = Template("{% load trackadmin %}{% tracking_url account %}")
    text = template.render(Context({"account": account(name)}))
    assert text == f"/t/?CompanyAccount__name=Only%20{name}"
    return flatten(name)


def command(name):
    from django.core.management import call_command

    def said(*arguments):
        out = StringIO()
        call_command("trackadmin", *arguments, stdout=out, stderr=StringIO())
        return out.getvalue()

    names = list(json.loads(said("resolve", f"CompanyAccount__name=Only {name}")))
    assert list(json.loads(said("flatten", "CompanyAccount", str(account(name).pk)))) == names
    assert list(json.loads(said("backfill", "CompanyAccount"))) == names
    assert f"gives {len(names)} name" in said("explain", f"CompanyAccount__name=Only {name}")
    assert len(json.loads(said("export"))["CompanyAccount"]["attributes"]) == len(names)
    return names


def preview(name):
    from trackadmin import editing

    shown = editing.preview("default", account(name))
    return [each for each in NAMES["one"] if each in repr(shown)]


def pages(name):
    """The admin's preview, list of versions and publish, as this tenant's superuser."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    from trackadmin.models import TrackingMap

    client = Client(headers={"host": host(name)})
    boss = User.objects.filter(username="boss").first() or User.objects.create_superuser("boss")
    client.force_login(boss)
    pk = TrackingMap.objects.get(slug="default").pk

    def page(which):
        return reverse(f"admin:trackadmin_trackingmap_{which}", args=[pk])

    sought = {"model": "CompanyAccount", "object": account(name).pk}
    shown = client.get(page("preview"), sought)
    assert shown.status_code == 200
    assert shown.context["object"] == account(name)
    names = [row.name for row in shown.context["rows"]]
    form = client.get(page("publish")).context["form"]
    nothing = {each.html_name: each.value() or "" for each in form}
    assert client.post(page("publish"), nothing).status_code == 200, "nothing has changed"
    listed = client.get(reverse("admin:trackadmin_mapversion_changelist"))
    assert listed.context["cl"].result_count == NUMBERS[name]
    return names


def twins(name):
    """On an event loop, with the tenant chosen in Django's thread, as by a sync middleware."""
    from demo.models import CompanyAccount
    from trackadmin import runtime

    async def view():
        await sync_to_async(settings.CHOOSE)(name)
        found = await sync_to_async(account)(name)
        names = list(await runtime.atracking_values(found))
        assert (await runtime.acurrent_map()).number == NUMBERS[name]
        assert await runtime.ais_ready()
        values = await runtime.avalues_from_query(f"CompanyAccount__name=Only {name}")
        assert list(values) == names
        assert await runtime.aget_model("CompanyAccount__name", f"Only {name}") == found
        text = await runtime.atracking_query(found)
        assert text == f"CompanyAccount__name=Only%20{name}"
        rows = runtime.aiter_tracking_values(CompanyAccount.objects.all())
        assert [list(row) async for row in rows] == [names]
        return names

    return asyncio.run(view())


ENTRY_POINTS = [flatten, query, model, stream, url, tag, command, preview, pages, twins]


# ── The checks ─────────────────────────────────────────────────────────────────────────────────


def each_tenant_gets_its_own(tenant):
    for _ in range(3):
        for entry_point in ENTRY_POINTS:
            for name in settings.TENANTS:
                with tenant(name):
                    assert entry_point(name) == NAMES[name], (entry_point.__name__, name)


def in_threads(tenant):
    """Both tenants at the same time: a thread for each, and one that takes turns."""
    wrong = []

    def work(names):
        from django.db import connections

        for _ in range(30):
            for name in names:
                with tenant(name):
                    if flatten(name) != NAMES[name] or query(name) != NAMES[name]:
                        wrong.append(name)
        connections.close_all()

    turns = [["one"], ["two"], ["one", "two"]]
    threads = [threading.Thread(target=work, args=(names,)) for names in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong


def publish_of_one(tenant):
    """A publish reaches this tenant at once, and never the other one."""
    with tenant("two"):
        publish(ONE)
        assert flatten("two") == NAMES["one"]
    with tenant("one"):
        assert flatten("one") == NAMES["one"]
        publish(TWO)
        assert flatten("one") == NAMES["two"]
    with tenant("two"):
        assert flatten("two") == NAMES["one"]
        publish(TWO)
    with tenant("one"):
        publish(ONE)


def uncommitted(tenant):
    """Only one tenant's transaction sees what it wrote, and nothing is left after a rollback."""
    from django.db import router, transaction

    from trackadmin.models import MapVersion

    with tenant("two"):
        alias = router.db_for_write(MapVersion)
        with transaction.atomic(alias):
            publish(ONE)
            assert flatten("two") == NAMES["one"]
            if alias == "two":
                with tenant("one"):
                    assert flatten("one") == NAMES["one"]
            transaction.set_rollback(True, using=alias)
        assert flatten("two") == NAMES["two"]


def nobody_asks_for_another(tenant):
    """The start and the end of a request only refresh the current tenant's map."""
    from django.core.signals import request_started
    from django.db import connections, router, transaction
    from django.test import override_settings
    from django.test.utils import CaptureQueriesContext

    from trackadmin.models import MapVersion
    from trackadmin.runtime.current import _catch_up

    asked = {}
    with override_settings(TRACKADMIN={**settings.TRACKADMIN, "REFRESH_SECONDS": 0}):
        for name in settings.TENANTS:
            with tenant(name):
                alias = router.db_for_read(MapVersion)
                flatten(name)
                with transaction.atomic(alias):
                    flatten(name)
        for name in settings.TENANTS:
            with tenant(name):
                alias = router.db_for_read(MapVersion)
                with CaptureQueriesContext(connections[alias]) as captured:
                    _catch_up()
                    _catch_up()
                asked[name] = [q["sql"] for q in captured if "mapversion" in q["sql"]]
        try:
            request_started.send(sender=None, environ={})
        except LookupError as error:
            raise AssertionError("a request begins before a tenant is chosen") from error
    assert [len(queries) for queries in asked.values()] == [1, 1], asked


def checks(tenant):
    """The system checks look at each database that is asked for, not at a tenant's by chance."""
    from django.core.checks import run_checks
    from django.core.management import call_command
    from django.test import override_settings

    call_command("check", stdout=StringIO(), stderr=StringIO())
    if "django_tenants" in settings.INSTALLED_APPS:
        call_command("check", databases=["default"], stdout=StringIO(), stderr=StringIO())
        return
    lost = {**settings.TRACKADMIN, "EXCLUDE": ["demo.CompanyAccount.is_demo"]}
    with override_settings(TRACKADMIN=lost):
        found = {name: run_checks(databases=[name]) for name in settings.TENANTS}
    drifted = [name for name in found if "trackadmin.E101" in [each.id for each in found[name]]]
    assert drifted == ["one"]


def without_a_tenant():
    """No map is served, and the page works."""
    from demo.models import CompanyAccount
    from trackadmin.runtime import fault_counts, is_ready, tracking_values

    assert tracking_values(CompanyAccount(name="x")) == {}
    assert not is_ready()
    assert fault_counts()["tenant.unknown"] == 2


def shared(tenant):
    """If one table serves all tenants, each publish reaches all of them."""
    NUMBERS.update(one=1, two=1)
    with tenant("one"):
        publish(ONE)
    for _ in range(2):
        for name in settings.TENANTS:
            with tenant(name):
                for entry_point in ENTRY_POINTS:
                    assert entry_point(name) == NAMES["one"], (entry_point.__name__, name)
    NUMBERS.update(one=2, two=2)
    with tenant("public"):
        publish(TWO)
    for name in settings.TENANTS:
        with tenant(name):
            for entry_point in ENTRY_POINTS:
                assert entry_point(name) == NAMES["two"], (entry_point.__name__, name)


def main():
    settings.TRACKADMIN = {
        "SINKS": ["tests.tenants.entry_points.Sink"],
        "REFRESH_SECONDS": 1000,
        "STRICT": False,
    }
    django.setup()
    setup_test_environment(debug=False)
    site = sys.modules[settings.SETTINGS_MODULE]
    settings.CHOOSE = site.choose
    tenant = site.tenant
    from tests.tenants import entry_points

    global EVENTS
    EVENTS = entry_points.EVENTS  # the sink's, which is of this module by its other name
    prepare()
    if getattr(settings, "_SHARED", False) or "shared" in sys.argv:
        from demo.models import CompanyAccount

        for name in settings.TENANTS:
            with tenant(name):
                CompanyAccount.objects.create(name=f"Only {name}")
        shared(tenant)
        return
    fill(tenant, "one", ONE)
    fill(tenant, "two", TWO)
    each_tenant_gets_its_own(tenant)
    in_threads(tenant)
    nobody_asks_for_another(tenant)
    uncommitted(tenant)
    checks(tenant)
    publish_of_one(tenant)
    if "django_tenants" not in settings.INSTALLED_APPS:
        without_a_tenant()


if __name__ == "__main__":
    main()
