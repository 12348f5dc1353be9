"""Runs every check and test that this machine can run, and says what it could not and why.

``make test`` calls it. As root on Debian it first installs what is missing. Where the environment
variable CI is set, a step that cannot run is a failure.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests import pgbouncer
from tests.postgresql import find_server

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(sys.executable).parent
PYTEST = [VENV / "pytest", "-q", "-p", "no:cacheprovider"]
#: Programs the tests need, and the Debian package that brings each.
PACKAGES = {
    "chromium": lambda: shutil.which("chromium"),
    "gettext": lambda: shutil.which("xgettext"),
    "npm": lambda: shutil.which("npm"),
    "pgbouncer": pgbouncer.find,
    "postgresql": find_server,
    "redis-server": lambda: shutil.which("redis-server"),
}
#: The newer releases of Django, beside the one that requirements.txt pins, and the oldest Python
#: (3, minor) that runs them.
MATRIX = {"6.0": 12, "6.1": 12}
#: The tests of plain Python, which runs the same on every database and with every Django.
PLAIN_PYTHON = ["--ignore-glob=tests/test_document_*.py"]
#: What pages show and say, whatever the database. That each page opens, with every parameter and
#: for every kind of person, is asked on both.
WORDS_OF_PAGES = [
    f"--ignore=tests/test_{part}.py"
    for part in (
        "actions_pages", "admin_hostile", "admin_locale", "admin_tracked_models", "grace_form",
        "large_action", "large_form", "lint_page", "model_list", "picture_page", "starter_page",
        "sums_form", "sums_pages",
    )
]  # fmt: skip
#: What a newer release of Django runs: what reads Django's internals, such as its SQL, managers and
#: fields, and of the newest one every page and command. ``make torture`` runs all with each.
INTERNALS = [
    f"tests/test_{part}*.py"
    for part in (
        "aggregates", "catalog", "compiler", "driver", "fast", "host", "managers", "outbox",
        "packages", "same", "sql", "statements", "values", "wide",
    )
]  # fmt: skip
DOORS = [
    f"tests/test_{part}*.py"
    for part in (
        "actions", "admin", "checks", "collect", "command", "editing", "many", "models", "runtime",
        "tenants", "track",
    )
]  # fmt: skip
#: Each site is walked with the pinned release, on both databases.
ALL_BUT_SITES = ["--ignore=tests/sites", *PLAIN_PYTHON]
OF_NEWER = {"6.0": INTERNALS, "6.1": [*INTERNALS, *DOORS]}
#: How many times as long as in ``make test`` the torture is, unless TRACKADMIN_TORTURE says so.
TORTURE_TIMES = "10"
NEWER_PYTHONS = ("3.12", "3.13", "3.14")


@dataclass
class Step:
    """One command of the suite."""

    name: str
    command: list
    environment: dict = field(default_factory=dict)
    #: Why it cannot run here; empty where it can.
    missing: str = ""


def lint_steps():
    python = sys.executable
    check = [python, "-m", "django", "makemigrations", "--check", "--dry-run"]
    return [
        Step("ruff", [VENV / "ruff", "check", "."]),
        Step("ruff format", [VENV / "ruff", "format", "--check", "."]),
        Step("mypy", [VENV / "mypy"]),
        Step("import-linter", [VENV / "lint-imports"]),
        Step("migrations", check, {"DJANGO_SETTINGS_MODULE": "tests.settings"}),
    ]


def test_steps():
    """SQLite with everything, PostgreSQL without what does not depend on the database.

    What waits most of the time, for browsers and installations, is a step of its own.
    """
    waiting = [*PYTEST, "-m", "(browser or install) and not postgresql"]
    sqlite = [*PYTEST, "-m", "not postgresql and not browser and not install"]
    return [
        Step("tests on SQLite", sqlite, missing=needs("gettext", "npm", "redis-server")),
        Step(
            "tests in a browser and of installations",
            waiting,
            missing=needs("chromium", "gettext", "redis-server"),
        ),
        Step(
            "tests on PostgreSQL",
            on_postgresql(PYTEST),
            missing=needs("gettext", "pgbouncer", "postgresql", "redis-server"),
        ),
        *(matrix_step(django, minor, OF_NEWER[django]) for django, minor in MATRIX.items()),
    ]


def on_postgresql(pytest):
    rest = ["-m", "not browser and not install and not once", *PLAIN_PYTHON, *WORDS_OF_PAGES]
    return [sys.executable, "-m", "tests.postgresql", *pytest, *rest]


def torture_steps():
    quiet = ["-o", "addopts=--strict-markers"]
    times = {"TRACKADMIN_TORTURE": os.environ.get("TRACKADMIN_TORTURE", TORTURE_TIMES)}
    sqlite = [*PYTEST, "-m", "torture and not postgresql", *quiet]
    postgresql = [*PYTEST, "-m", "torture", *quiet]
    return [
        Step("torture on SQLite", sqlite, times),
        Step(
            "torture on PostgreSQL",
            [sys.executable, "-m", "tests.postgresql", *postgresql],
            times,
            missing=needs("postgresql"),
        ),
        *(matrix_step(django, minor, ALL_BUT_SITES) for django, minor in MATRIX.items()),
    ]


def matrix_step(django, minor, tests):
    """These tests on SQLite with a newer Django, in a virtual environment of its own."""
    name = f"tests with Django {django}"
    python = newer_python(minor)
    if python is None:
        return Step(name, [], missing=f"it needs Python 3.{minor} or newer")
    venv = ROOT / f".venv-django-{django}"
    script = (
        f"set -e; [ -f {venv}/.installed ] || {{ {python} -m venv {venv}; "
        f"grep -vi '^django==' requirements.txt > {venv}/requirements.txt; "
        f"{venv}/bin/pip install -q --disable-pip-version-check -r {venv}/requirements.txt "
        f"'django~={django}.0'; touch {venv}/.installed; }}; "
        f"exec {venv}/bin/pytest -q -p no:cacheprovider "
        "-m 'not browser and not install and not packages and not postgresql "
        "and not pinned and not once and not torture' " + " ".join(tests)
    )
    return Step(name, ["bash", "-c", script], missing=needs("gettext", "redis-server"))


def newer_python(minor):
    """The newest installed Python that is at least 3.minor, or None."""
    candidates = [shutil.which(f"python{version}") for version in NEWER_PYTHONS]
    for version in NEWER_PYTHONS:
        candidates += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    asked = f"import sys, venv; sys.exit(sys.version_info < (3, {minor}))"
    for python in reversed([candidate for candidate in candidates if candidate]):
        if subprocess.run([python, "-c", asked], capture_output=True).returncode == 0:
            return python
    return None


def needs(*packages):
    absent = [package for package in packages if not PACKAGES[package]()]
    return f"not installed: {', '.join(absent)}" if absent else ""


def install_packages():
    """Install what is missing where that is ours to do: as root on Debian."""
    absent = [package for package in PACKAGES if not PACKAGES[package]()]
    if not absent or os.getuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {', '.join(absent)} …", flush=True)
    quiet = {
        "stdout": subprocess.DEVNULL,
        "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    }
    subprocess.run(["apt-get", "update", "-q"], **quiet)
    subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *absent], **quiet)


def run(step, output=None):
    """Run one step; its outcome in a word, and the seconds it took."""
    if step.missing:
        return "not run", 0
    started = time.monotonic()
    environment = {**os.environ, **step.environment}
    done = subprocess.run(
        step.command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
    )
    return "failed" if done.returncode else "passed", time.monotonic() - started


def run_in_turn(steps):
    """One step after the other, their output as it comes."""
    for step in steps:
        print(f"\n── {step.name}", flush=True)
        yield run(step)


def run_side_by_side(steps):
    """Two at a time; the output of each when it has ended, so that the lines stay apart."""
    saying = threading.Lock()
    names = ", ".join(step.name for step in steps)
    print(f"\n── {names}: two at a time, the output of each when it has ended", flush=True)

    def run_and_tell(step):
        with tempfile.TemporaryFile() as output:
            result = run(step, output)
            output.seek(0)
            with saying:
                print(f"\n── {step.name}\n{output.read().decode(errors='replace')}", flush=True)
        return result

    # Each keeps one processor busy, and at times a second.
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(run_and_tell, steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torture", action="store_true", help="run the long fault tests instead")
    arguments = parser.parse_args()
    install_packages()
    if arguments.torture:
        steps = torture_steps()
        results = [*run_in_turn(steps)]
    else:
        lint, tests = lint_steps(), test_steps()
        steps = [*lint, *tests]
        results = [*run_in_turn(lint), *run_side_by_side(tests)]
    print()
    for step, (outcome, seconds) in zip(steps, results, strict=True):
        print(f"{outcome:8} {step.name} ({step.missing or f'{seconds:.0f} s'})")
    words = [outcome for outcome, _ in results]
    counts = {word: words.count(word) for word in ("passed", "failed", "not run")}
    print("steps: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    bad = counts["failed"] or (counts["not run"] and os.environ.get("CI"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
