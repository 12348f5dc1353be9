"""Each small site is walked through: nothing raises, and it tracks what every other site tracks."""

import json
import os
import subprocess
import sys

import pytest

from tests.sites.database import PORT
from tests.sites.site import ROOT, VALUES, all_sites

SITES = all_sites()


def parameter(site):
    marks = [pytest.mark.packages] if site.packages else []
    if site.broken:
        marks.append(pytest.mark.xfail(reason=site.broken, strict=False))
    return pytest.param(site, id=site.name, marks=marks)


def walked():
    """On PostgreSQL only the sites where the database matters."""
    return [parameter(site) for site in SITES.values() if not PORT or site.postgresql]


@pytest.mark.parametrize("site", walked())
def test_site(site, tmp_path_factory):
    """Checks, migrations, pages, an edit, a publish, a tracking URL, an event, the commands: each
    works on this site, nothing is lost, and the values are the same bytes as on every other."""
    report = walk_through(site, tmp_path_factory.mktemp(site.name))
    assert not report["errors"], "\n".join(report["errors"])
    assert report["check_errors"] == []
    assert sorted(report["check"]) == sorted(f"trackadmin.{each}" for each in site.warnings)
    assert report["invalid"] == [], "\n".join(report["invalid"])
    expected = {**VALUES, **site.values}
    assert report["values"] == expected
    assert report["by_query"] == {"action": "order_placed", **expected}
    assert report["tracking_url"] == 204
    assert report["events"] == [{"action": "order_placed", **expected}]
    assert report["faults"] == {}
    assert report["opened"] > 40


def walk_through(site, folder):
    site.build(folder)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.sites.walk", site.name],
        cwd=folder,
        env={
            **environment,
            "DJANGO_SETTINGS_MODULE": "site_settings",
            "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "report.json").read_text())
