"""Settings of a site with one schema for each tenant, which django-tenants chooses.

The environment says which apps have their tables in each schema and which in the public one.
"""

import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE, database

TENANTS = ("one", "two")
DATABASES = {
    "default": {
        **database("default"),
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": os.environ["TENANTS_DATABASE"],
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_MODEL, TENANT_DOMAIN_MODEL = "customers.Customer", "customers.Domain"

_OURS = ["trackadmin"]
_APPS = [app for app in INSTALLED_APPS if not app.startswith("tests.") and app not in _OURS]
_SHARED = os.environ["TRACKADMIN_IS"] == "shared"
SHARED_APPS = ["django_tenants", "tests.tenants.customers", *_APPS, *(_OURS if _SHARED else [])]
TENANT_APPS = [*_APPS, *([] if _SHARED else _OURS)]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]
MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware", *MIDDLEWARE]
MIGRATE = [["migrate_schemas", "--shared"]]
ALLOWED_HOSTS = ["*"]


def tenant(name):
    from django_tenants.utils import schema_context

    return schema_context(name)


def choose(name):
    from django.db import connection

    connection.set_schema(name)
