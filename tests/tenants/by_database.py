"""Settings of a site with one database for each tenant, which a router chooses."""

import os
import tempfile
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, POSTGRESQL_PORT, database

TENANTS = ("one", "two")
FOLDER = Path(tempfile.mkdtemp(prefix="trackadmin-tenants-"))


def _database(name, postgresql_name):
    if POSTGRESQL_PORT:
        return {**database("default"), "NAME": postgresql_name}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / f"{name}.sqlite3"}


#: The tenants' data is where the test put it; nothing is in ``default``.
DATABASES = {
    "default": _database("default", "postgres"),
    "one": _database("one", os.environ.get("TENANT_ONE", "")),
    "two": _database("two", os.environ.get("TENANT_TWO", "")),
}
DATABASE_ROUTERS = ["tests.tenants.by_database.Router"]
INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith("tests.")]
MIGRATE = [["migrate", f"--database={name}"] for name in TENANTS]

ALLOWED_HOSTS = ["*"]

_current = ContextVar("tenant")


class Router:
    def db_for_read(self, model, **hints):
        return _current.get()

    db_for_write = db_for_read

    def allow_relation(self, one, other, **hints):
        return True


@contextmanager
def tenant(name):
    token = _current.set(name)
    try:
        yield
    finally:
        _current.reset(token)


def choose(name):
    """As a middleware does: for the rest of this request."""
    _current.set(name)
