"""What makes a site: a template, and the few lines in which the site differs from it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sites import table

ROOT = Path(__file__).resolve().parent.parent.parent

SETTINGS = """
from pathlib import Path

from tests.sites.database import database

BASE_DIR = Path(__file__).resolve().parent
DATABASES = {"default": database(BASE_DIR, "default")}
SECRET_KEY = "only for tests"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
ROOT_URLCONF = "urls"
STATIC_URL = "static/"
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = ["security.W019"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [
    "admin_interface",
    "colorfield",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "reversion",
    "trackadmin",
    "shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", Path(ROOT) / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "string_if_invalid": "INVALID(%s)",
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
TRACKADMIN = {"SINKS": ["tests.sites.sink.Sink"]}
"""

MODELS = """
from django.db import models


class Country(models.Model):
    code = models.CharField(max_length=2, unique=True)
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Customer(models.Model):
    email = models.EmailField(unique=True)
    country = models.ForeignKey(Country, models.PROTECT)


class Order(models.Model):
    number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    placed = models.DateTimeField()
    paid = models.BooleanField(default=False)
"""

URLS = """
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("t/", include("trackadmin.collect.urls")),
]
"""

ADMIN = """
from django.contrib import admin

from shop import models

admin.site.register([models.Country, models.Customer])


@admin.register(models.Order)
class OrderAdmin(admin.ModelAdmin):
    search_fields = ["number"]
"""

MAP = {
    "Order": {
        "attributes": ["number", "total", "placed", "paid"],
        "children": ["customer"],
        "key": "number",
    },
    "Customer": {"attributes": ["email"], "children": ["country"], "key": "email"},
    "Country": {"attributes": ["code", "name"], "key": "code"},
}

#: What the template's order gives on every site: the same bytes whatever the settings.
VALUES: dict[str, Any] = {
    "Order_number": "A-1",
    "Order_total": "1234.50",
    "Order_placed": "2026-03-01T10:30:00+00:00",
    "Order_paid": True,
    "Customer_email": "ann@example.com",
    "Country_code": "DE",
    "Country_name": "Germany",
}


def nothing(walk: Any) -> None:
    """A site without a step of its own."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A site: how it differs from the template, and what is done there beside the usual walk."""

    #: A Python name; ``pytest -k`` finds the site by it.
    name: str
    #: The set-up in a few words, for the table in docs/sites.md.
    about: str
    #: Python that is run after the template's settings.
    settings: str = ""
    #: Python that follows the template's models.
    models: str = ""
    #: The whole of urls.py.
    urls: str = URLS
    #: More files, or others in place of the template's: path → text.
    files: Mapping[str, str] = field(default_factory=dict)
    #: The packages of requirements-sites.txt that it needs.
    packages: tuple[str, ...] = ()
    #: What does not work there yet; the page says so, and the test may fail.
    broken: str = ""
    #: Whether PostgreSQL may differ from SQLite here, so that both are walked.
    postgresql: bool = False
    #: The labels of its own apps: migrations are made for them.
    apps: tuple[str, ...] = ("shop",)
    #: The databases to migrate.
    databases: tuple[str, ...] = ("default",)
    #: The ids of the warnings of trackadmin that ``check`` gives here.
    warnings: tuple[str, ...] = ()
    #: What differs from ``VALUES``.
    values: Mapping[str, Any] = field(default_factory=dict)
    map: Mapping[str, Any] = field(default_factory=lambda: MAP)
    #: Where other hosts have other URLconfs: the admin's.
    admin_host: str = "testserver"
    admin_urlconf: str | None = None
    #: Called on the empty database, after the second publish, and at the end of the walk.
    before: Callable[[Any], None] = nothing
    published: Callable[[Any], None] = nothing
    after: Callable[[Any], None] = nothing
    #: Makes the rows to track; gives the order.
    rows: Callable[[Any], Any] | None = None

    def build(self, folder: Path) -> None:
        """Write the site's project into the folder."""
        files = {
            "site_settings.py": f"ROOT = {str(ROOT)!r}\n{SETTINGS}\n{self.settings}",
            "urls.py": self.urls,
            "shop/__init__.py": "",
            "shop/admin.py": ADMIN,
            "shop/models.py": f"{MODELS}\n{self.models}",
            "shop/migrations/__init__.py": "",
            **self.files,
        }
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")


def all_sites() -> dict[str, Site]:
    """The sites of every file of the table, by name."""
    found: dict[str, Site] = {}
    for module in pkgutil.iter_modules(table.__path__):
        for site in importlib.import_module(f"{table.__name__}.{module.name}").SITES:
            assert site.name not in found, f"two sites are called {site.name!r}"
            found[site.name] = site
    return found
