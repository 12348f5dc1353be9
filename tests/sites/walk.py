"""Walks through one site: python -m tests.sites.walk NAME, in the site's folder.

It writes what it saw to `report.json`; the tests judge it.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import traceback
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import django
from django.core.management import call_command
from django.core.signals import got_request_exception

from tests.sites import database
from tests.sites.browser import Page
from tests.sites.site import all_sites

PASSWORD = "only for tests"
#: What a page may answer; 405 is that of a page which takes a POST only.
FINE = (200, 302, 405)
#: Pages that need a parameter: what a page of ours gives them, or nothing where links lead there.
PARAMETERS = {"search": "?model=Order&term=A"}
BY_LINK_ONLY = ("bring_back", "bring_back_action", "tracked")


class Walk:
    """What the steps of a walk share, and what they have seen."""

    def __init__(self, site):
        self.site = site
        self.report = {"errors": [], "pages": [], "invalid": [], "said": {}}

    # What a site's own steps call ---------------------------------------------------------------

    def run(self, *arguments, **options):
        """Run a command; what it wrote to stdout. What it raises ends the walk."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            call_command(*arguments, stdout=out, stderr=err, **options)
        return out.getvalue()

    def manage(self, *arguments, code=0, **environment):
        """Run manage.py in a process of its own; its stdout as bytes."""
        import subprocess

        done = subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            env={**os.environ, **environment},
            capture_output=True,
        )
        assert done.returncode == code, (done.returncode, done.stderr.decode(errors="replace"))
        return done.stdout if code == 0 else done.stderr

    def client(self, user, host=None):
        """A browser in which this person is logged in."""
        from django.test import Client

        client = Client(raise_request_exception=False, headers={"host": host or "testserver"})
        if user is not None:
            client.force_login(user)
        return client

    def address(self, page, *args, site_name="admin", **kwargs):
        """The address of a page of the admin, as a test client takes it."""
        from django.urls import reverse

        urlconf = self.site.admin_urlconf
        name = f"admin:{page}"
        found = reverse(name, urlconf, args, kwargs or None, current_app=site_name)
        return without_script_name(found)

    def get(self, client, address):
        """The page's text; a fault is noted in the report."""
        response = client.get(without_script_name(address))
        return self._seen(client, "GET", address, response)

    def post(self, client, address, data):
        """Send a form, and follow where it leads."""
        response = client.post(without_script_name(address), data)
        status = response.status_code
        text = self._seen(client, "POST", address, response)
        assert status == 302, f"POST {address} was refused with {status}:\n{main_part(text)}"
        return self.get(client, response["Location"])

    def tracked(self):
        """The values of the template's order, as the host's code gets them."""
        from trackadmin.runtime import tracking_values

        return tracking_values(self.order)

    # The walk -----------------------------------------------------------------------------------

    def through(self):
        """Every step, in order."""
        from django.conf import settings

        database.create(settings.DATABASES[alias] for alias in settings.DATABASES)
        if not settings.MIGRATION_MODULES:
            self.run("makemigrations", *self.site.apps)
        self.site.before(self)
        for alias in self.site.databases:
            self.run("migrate", database=alias)
        self._check()
        self._people_and_rows()
        self._edit_and_publish()
        self.site.published(self)
        self._track()
        self._pages()
        self._commands()
        self.site.after(self)
        self._faults()

    def _check(self):
        from django.core.checks import run_checks

        found = run_checks(databases=list(self.site.databases))
        self.report["check"] = [m.id for m in found if str(m.id).startswith("trackadmin.")]
        self.report["check_errors"] = [str(m) for m in found if m.is_serious()]

    def _people_and_rows(self):
        self.boss = new_person("boss", is_superuser=True)
        self.editor = new_person("editor")
        allow(self.editor, "trackadmin", *self.site.apps)
        self.order = (self.site.rows or template_rows)(self)

    def _edit_and_publish(self):
        """The map is imported, then changed and published by the forms of the pages."""
        from trackadmin import editing
        from trackadmin.catalog import catalog
        from trackadmin.document import from_dict
        from trackadmin.models import TrackedModel, TrackingMap

        editing.import_document("default", from_dict(self.site.map, catalog().find))
        self.map = TrackingMap.objects.get(slug="default")
        browser = self.client(self.editor, self.site.admin_host)
        row = TrackedModel.objects.get(map=self.map, prefix="Order")
        self._submit(browser, "trackedmodel_change", row.pk, owner="Sales")
        self._submit(browser, "trackedmodel_change", row.pk, description="What was bought.")
        self._submit(browser, "trackingmap_add", slug="second", name="Second map")
        editing.save_tracked_model("default", "Passing", self._passing())
        passing = TrackedModel.objects.get(prefix="Passing")
        self._submit(browser, "trackedmodel_delete", passing.pk)
        self._submit(browser, "trackingmap_publish", self.map.pk, note="First.")
        self._submit(browser, "trackedmodel_change", row.pk, owner="Sales team")
        self._submit(browser, "trackingmap_publish", self.map.pk, note="Second.")
        assert TrackedModel.objects.get(pk=row.pk).owner == "Sales team"
        self._submit(browser, "trackedmodel_undo", row.pk, first_revision(row))
        assert TrackedModel.objects.get(pk=row.pk).owner == ""
        self._submit(browser, "trackingmap_roll_back", self.map.pk, 1, note="As before.")

    def _passing(self):
        """An entry of a model that the map does not track: it is added and deleted again."""
        from django.contrib.auth import get_user_model

        from trackadmin.document import AttributeEntry, ModelEntry

        name = get_user_model()._meta.pk.name
        return ModelEntry(
            get_user_model()._meta.label_lower, attributes={name: AttributeEntry(name)}
        )

    def _submit(self, browser, page, *args, **changes):
        """Open a page of ours, change its form as a person would, send it."""
        address = self.address(f"trackadmin_{page}", *args)
        shown = Page(self.get(browser, address))
        wanted = next(iter(changes), "csrfmiddlewaretoken")
        forms = [f for f in shown.forms if f.method.lower() == "post" and "logout" not in f.action]
        form = next((f for f in forms if not changes or wanted in dict(f.fields)), None)
        assert form, f"{address} has no form with {wanted!r}: {forms}"
        return self.post(browser, form.action or address, form.sent(**changes))

    def _track(self):
        from django.urls import reverse

        from tests.sites.sink import EVENTS
        from trackadmin.runtime import values_from_query

        self.report["values"] = self.tracked()
        query = "action=order_placed&Order__number=A-1"
        self.report["by_query"] = dict(values_from_query(query))
        address = without_script_name(reverse("trackadmin:collect"))
        EVENTS.clear()
        response = self.client(None).get(f"{address}?{query}")
        self.report["tracking_url"] = response.status_code
        self.report["events"] = [each.get("values", each) for each in EVENTS]

    def _pages(self):
        """An editor opens each page of ours, found by the admin's own URL patterns; a superuser
        opens what they link to."""
        links = {}
        browser = self.client(self.editor, self.site.admin_host)
        for name, urls in self._our_patterns():
            for page, kwargs in urls:
                address = self.address(page, site_name=name, **kwargs)
                address += PARAMETERS.get(page.rpartition("_")[2], "")
                links[address] = self._open(browser, address, page)
        self._host_pages(links)
        self._follow(links)

    def _host_pages(self, links):
        """The page of an order in each admin that has one: whole, and with a link to ours."""
        from django.contrib.admin.sites import all_sites

        from trackadmin.models import TrackingMap

        meta = type(self.order)._meta
        page = f"{meta.app_label}_{meta.model_name}_change"
        for admin_site in all_sites:
            if admin_site.is_registered(type(self.order)):
                browser = self.client(self.boss, self.site.admin_host)
                address = self.address(page, self.order.pk, site_name=admin_site.name)
                links[address] = self._open(browser, address, page)
                found = any("/what-is-tracked/?" in each for each in links[address])
                if found != admin_site.is_registered(TrackingMap):
                    self.report["errors"].append(f"{address}: a link to what is tracked: {found}")

    def _our_patterns(self):
        """For each admin site, the names of our pages and what their addresses need."""
        from django.contrib.admin.sites import all_sites

        from trackadmin.document import ActionEntry
        from trackadmin.editing import save_action
        from trackadmin.models import MapVersion, TrackedAction, TrackedModel, TrackingMap

        bought = ActionEntry(brings={"Order": "required"})
        rows = {
            TrackingMap: None,
            TrackedModel: TrackedModel.objects.get(map=self.map, prefix="Order"),
            TrackedAction: save_action(self.map, "bought", bought, by=self.boss).row,
            MapVersion: None,
        }
        for admin_site in all_sites:
            urls = [
                (pattern.name, self._arguments(pattern.pattern.converters, rows[model]))
                for model in rows
                if admin_site.is_registered(model)
                for pattern in admin_site.get_model_admin(model).get_urls()
                if not pattern.name.endswith(BY_LINK_ONLY)
            ]
            yield admin_site.name, urls

    def _arguments(self, converters, row):
        from trackadmin.models import MapVersion

        if not converters:
            return {}
        known = {
            "map_id": self.map.pk,
            "number": 1,
            "version_id": MapVersion.objects.first().pk,
        }
        if row is not None:
            known |= {"object_id": row.pk, "revision": first_revision(row)}
        return {name: known[name] for name in converters}

    def _follow(self, links):
        """Open what the pages link to, and what that links to, until no kind of page is new."""
        browser = self.client(self.boss, self.site.admin_host)
        todo = [link for found in links.values() for link in found]
        seen = {kind_of(address) for address in links}
        while todo:
            address = todo.pop()
            if address not in links and kind_of(address) not in seen:
                seen.add(kind_of(address))
                links[address] = self._open(browser, address, "a link")
                todo += links[address]
        self.report["opened"] = len(links)

    def _open(self, browser, address, what):
        """Open a page; gives the links to pages of ours."""
        text = self.get(browser, address)
        status = self.report["pages"][-1][2]
        if status not in FINE:
            self.report["errors"].append(f"{what}: GET {address} answers {status}")
        return list(our_links(address, Page(text).links))

    def _seen(self, client, method, address, response):
        text = response.content.decode() if not response.streaming else ""
        self.report["pages"].append([method, address, response.status_code])
        if response.status_code >= 500:
            self.report["errors"].append(f"{method} {address} answers {response.status_code}")
        if "INVALID(" in main_part(text):
            found = {piece.split(")")[0] for piece in main_part(text).split("INVALID(")[1:]}
            self.report["invalid"].append(f"{address}: {sorted(found)}")
        return text

    def _commands(self):
        for arguments in (
            ["export"],
            ["export", "--draft", "--format", "python"],
            ["export", "--format", "bootstrap"],
            ["maps"],
            ["maps", "--json"],
            ["versions"],
            ["versions", "--json"],
            ["diff", "1", "2"],
            ["check"],
            ["flatten", "Order", str(self.order.pk)],
            ["resolve", "Order__number=A-1"],
            ["explain", "Order__number=A-1"],
            ["backfill", "Order"],
        ):
            self.report["said"][" ".join(arguments)] = self.run("trackadmin", *arguments)

    def _faults(self):
        from trackadmin.runtime import fault_counts

        self.report["faults"] = fault_counts()


def kind_of(address):
    """The page of an address, whatever it is about, and which parameters it has."""
    parts = urlsplit(address)
    return re.sub(r"\d+", "N", parts.path), tuple(sorted(dict(parse_qsl(parts.query))))


def first_revision(row):
    """The number of the edit that made this row."""
    from trackadmin import editing

    return editing.history(row)[-1].revision


def new_person(name, **fields):
    """Somebody of the site's own user model, who may enter the admin."""
    from django.contrib.auth import get_user_model

    model = get_user_model()
    columns = {each.name for each in model._meta.get_fields()}
    given = {model.USERNAME_FIELD: name, "email": f"{name}@example.com", "is_staff": True, **fields}
    if model.USERNAME_FIELD == "email":
        given["email"] = f"{name}@example.com"
    person = model(**{key: value for key, value in given.items() if key in columns})
    person.set_password(PASSWORD)
    person.save()
    return person


def allow(person, *apps):
    """Let somebody do everything with these apps, as a member of a group may."""
    from django.contrib.auth.models import Group, Permission

    group = Group.objects.create(name="Product team")
    group.permissions.set(Permission.objects.filter(content_type__app_label__in=apps))
    person.groups.add(group)


def template_rows(walk):
    """An order of the template's models, with what comes along."""
    from shop.models import Country, Customer, Order

    germany = Country.objects.create(code="DE", name="Germany")
    ann = Customer.objects.create(email="ann@example.com", country=germany)
    total = Decimal("1234.50")
    return Order.objects.create(number="A-1", customer=ann, total=total, placed=moment(), paid=True)


def moment():
    """Half past ten of the first of March 2026: in UTC, or on the site's clock without zones."""
    from django.conf import settings

    return datetime(2026, 3, 1, 10, 30, tzinfo=UTC if settings.USE_TZ else None)


def main_part(text):
    """What we wrote of a page; the rest is the admin's own, or its theme's."""
    return text.partition('id="content-main" class="ta"')[2]


def our_links(address, links):
    """The links of a page that lead to pages of ours; a list in another order is the same page."""
    for link in links:
        parts = urlsplit(urljoin(address, link))
        ours = "/trackadmin/" in parts.path and not parts.path.startswith("/static/")
        if ours and not parts.netloc and "o=" not in parts.query and "__" not in parts.query:
            whole = parts._replace(fragment="").geturl()
            yield without_script_name(whole)


def without_script_name(address):
    """The address as a server hands it to Django: the script's name is not part of the path."""
    from django.urls import get_script_prefix

    prefix = get_script_prefix().rstrip("/")
    return address.removeprefix(prefix) if prefix else address


@contextmanager
def noted(report):
    """Keep the traceback of what a page raises, and of what ends the walk."""

    def raised(**kwargs):
        report["errors"].append(traceback.format_exc(limit=-6, chain=False))

    got_request_exception.connect(raised, weak=False)
    try:
        yield
    except BaseException:  # the report must be written whatever happens
        report["errors"].append(traceback.format_exc(limit=-8, chain=False))
    finally:
        Path("report.json").write_text(json.dumps(report, indent=1, default=str))


def main():
    site = all_sites()[sys.argv[1]]
    walk = Walk(site)
    with noted(walk.report):
        # A naive moment where zones are in use, and whatever our own code is warned of.
        warnings.filterwarnings("error", category=RuntimeWarning)
        warnings.filterwarnings("error", module=r"trackadmin\.")
        django.setup()
        walk.through()


if __name__ == "__main__":
    main()
