"""D: fields of other packages: one value by every way and in every language, or refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.packages
ROOT = Path(__file__).parent.parent


def make_database():
    """On PostgreSQL the site has a database of its own."""
    if port := os.environ.get("TRACKADMIN_TEST_POSTGRESQL_PORT"):
        import psycopg

        where = {"host": "127.0.0.1", "port": port, "user": "trackadmin"}
        with psycopg.connect(dbname="trackadmin_default", autocommit=True, **where) as connection:
            connection.execute("DROP DATABASE IF EXISTS trackadmin_packages")
            connection.execute("CREATE DATABASE trackadmin_packages")


@pytest.fixture(scope="module")
def report():
    make_database()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.packages.settings"}
    environment.pop("PYTEST_CURRENT_TEST", None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.packages.walk"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


MODELS = [
    *("Money", "Country", "Phone", "Translated", "Dog", "Branch", "Twig", "Encrypted"),
    *("Hashed", "Tagged"),
]


@pytest.mark.parametrize("name", MODELS)
def test_every_way_gives_the_same_values(report, name):
    """Just made, loaded, by URL, streamed, and from the view where there is one; en and de."""
    ways = report[name]["ways"]
    first = ways["made (en)"]
    assert len(first) > 1
    for way, values in ways.items():
        if way.startswith("no view"):
            assert "manager" in values.lower()
        elif way.startswith("view"):
            shown = {key: value for key, value in first.items() if key in values}
            assert {key: str(value) for key, value in values.items()} == {
                key: str(value) for key, value in shown.items()
            }
        else:
            assert values == first, way


def test_values_are_what_the_fields_store(report):
    made = {name: report[name]["ways"]["made (de)"] for name in MODELS}
    assert made["Money"]["Money_price"] == "1234.50"
    assert made["Money"]["Money_price_currency"] == "EUR"
    assert made["Country"]["Country_home"] == "NL"
    assert made["Phone"]["Phone_number"] == "+442079460018"
    assert made["Translated"]["Translated_title"] == "Title"
    assert made["Hashed"]["Hashed_shown"] == 7


def test_what_cannot_be_told_is_refused_with_a_reason(report):
    assert "ALLOW" in report["Encrypted"]["refused"]["note"]
    assert "ALLOW" in report["Encrypted"]["refused"]["other"]
    assert "many objects" in report["Tagged"]["refused"]["tags"]
    assert "shown" not in report["Hashed"]["lookupable"]
    assert "number" not in report["Phone"]["lookupable"]
