"""A3: the tests of host sites need no reset between them, whatever runs them."""

import os
import subprocess
import sys
import uuid

import pytest

from tests.browser import ROOT

DJANGO = [sys.executable, "-W", "error", "-m", "django", "test", "tests.suites", "-p", "cases.py"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/suites/cases.py"]


def run(command):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.suites.settings",
        "SUITE": uuid.uuid4().hex[:8],
    }
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "options", [[], ["--reverse"], ["--shuffle", "7"], ["--parallel", "2"]], ids=" ".join
)
def test_by_djangos_own_runner(options):
    assert "\nOK" in run([*DJANGO, *options])


def test_by_pytest():
    assert " passed" in run(PYTEST)


@pytest.mark.packages
def test_by_pytest_in_several_processes():
    assert "2 workers" in run([*PYTEST, "-n", "2", "-v"])
