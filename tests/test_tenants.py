"""A2: two tenants in one process, each with its own map at every entry point, in both set-ups."""

import os
import subprocess
import sys
import uuid

import pytest
from django.db import connection

from tests.browser import ROOT

#: Tells the settings where PostgreSQL is; without it a site uses SQLite.
PORT = "TRACKADMIN_TEST_POSTGRESQL_PORT"
WARNINGS = ["-W", "error", "-W", "ignore:Language chooser:UserWarning"]
ENTRY_POINTS = [sys.executable, *WARNINGS, "-m", "tests.tenants.entry_points"]


def run(settings_module, *arguments, **environment):
    inherited = {name: value for name, value in os.environ.items() if name != PORT or environment}
    environment = {"DJANGO_SETTINGS_MODULE": settings_module, **environment}
    done = subprocess.run(
        [*ENTRY_POINTS, *arguments],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def new_databases(django_db_blocker):
    """``new_databases(2)`` gives the names of two empty databases of the PostgreSQL server."""
    made = []

    def run_sql(statement, name):
        with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
            cursor.execute(f"{statement} {name}")

    def make(count):
        for _ in range(count):
            made.append(f"tenants_{uuid.uuid4().hex[:12]}")
            run_sql("CREATE DATABASE", made[-1])
        return made

    yield make
    for name in made:
        run_sql("DROP DATABASE", name)


def test_one_database_for_each_tenant():
    """Tenant two's version number is the lower one: it is served its own map all the same."""
    run("tests.tenants.by_database")


@pytest.mark.postgresql
def test_one_postgresql_database_for_each_tenant(new_databases):
    one, two = new_databases(2)
    run("tests.tenants.by_database", TENANT_ONE=one, TENANT_TWO=two)


@pytest.mark.packages
@pytest.mark.postgresql
@pytest.mark.parametrize("where", ["tenant", "shared"])
def test_one_schema_for_each_tenant(new_databases, where):
    """django-tenants, with trackadmin in TENANT_APPS and in SHARED_APPS."""
    (name,) = new_databases(1)
    environment = {"TENANTS_DATABASE": name, "TRACKADMIN_IS": where}
    run("tests.tenants.by_schema", where, **environment)
