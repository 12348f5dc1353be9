"""F19: what a person runs by hand: any file of tests by itself, on the database that is there."""

import os
import subprocess
import sys

import pytest

from tests.browser import ROOT

PORT = "TRACKADMIN_TEST_POSTGRESQL_PORT"


def run(*arguments, **environment):
    """The exit code and the output of pytest, as somebody starts it who knows no marker."""
    on_sqlite = {name: value for name, value in os.environ.items() if name != PORT}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env={**on_sqlite, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def test_what_needs_postgresql_is_not_collected_on_sqlite_and_the_run_says_so():
    code, output = run("--collect-only", "-m", "postgresql", "tests")
    assert code == 0, output
    assert "no tests collected" in output
    assert "tests need PostgreSQL: .venv/bin/python -m tests.postgresql" in output


@pytest.mark.parametrize("name", ["test_driver_psycopg_cursor.py", "test_driver_failures.py"])
def test_file_with_tests_for_postgresql_runs_by_itself(name):
    code, output = run(f"tests/{name}")
    assert code == 0, output


def test_all_is_collected_where_postgresql_is():
    code, output = run("--collect-only", "tests/test_driver_psycopg_cursor.py", **{PORT: "1"})
    assert code == 0, output
    assert "need PostgreSQL" not in output
    assert "test_driver_psycopg_cursor.py::" in output
