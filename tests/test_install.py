"""An installed wheel works in an empty Django project."""

import json
import os
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

SETTINGS = """
INSTALLED_APPS = [
    "admin_interface", "colorfield", *INSTALLED_APPS, "reversion", "trackadmin",
]
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = ["security.W019"]
"""

URLS = """
from django.urls import include
urlpatterns.append(path("t/", include("trackadmin.collect.urls")))
"""

USER_MAP = {"User": {"attributes": ["id", "username", "is_staff"], "key": "id"}}

PAGES = """
from django.contrib.auth.models import User
from django.test import Client
from trackadmin.models import TrackedModel
import trackadmin
print(trackadmin.__file__)
client = Client(headers={"host": "localhost"})
client.force_login(User.objects.get())
row = TrackedModel.objects.get()
for page in (
    "trackingmap/", f"trackingmap/{row.map_id}/change/", f"trackedmodel/{row.pk}/change/",
    "mapversion/",
):
    print(page, client.get("/admin/trackadmin/" + page).status_code)
print("/t/", client.get("/t/?action=hello&User__id=1").status_code)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def project(wheel, tmp_path_factory):
    """An empty project whose environment holds the wheel, and our own for what it depends on."""
    folder = tmp_path_factory.mktemp("project")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv/bin/python"
    install = [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel]
    subprocess.run(install, check=True, capture_output=True)
    packages = next((folder / "venv/lib").glob("*/site-packages"))
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    subprocess.run([python, "-m", "django", "startproject", "mysite", folder], check=True)
    with (folder / "mysite/settings.py").open("a") as settings:
        settings.write(SETTINGS)
    with (folder / "mysite/urls.py").open("a") as urls:
        urls.write(URLS)
    manage(folder, "migrate", "-v0")
    return folder


def manage(project, *arguments, stdin=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "PYTHON"))}
    done = subprocess.run(
        [project / "venv/bin/python", "-W", "error::DeprecationWarning", "manage.py", *arguments],
        cwd=project,
        env={**environment, "DJANGO_SUPERUSER_PASSWORD": "admin"},
        input=stdin,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.install
def test_wheel_holds_pages_and_nothing_of_the_tests(wheel):
    """Templates, static files and catalogs reach the wheel; tests and the demo do not."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert len(tops) == 2
    assert "trackadmin" in tops
    pages = {str(p.relative_to(ROOT)) for p in ROOT.glob("templates/**/*.html")}
    static = {str(p.relative_to(ROOT)) for p in ROOT.glob("trackadmin/static/**/*") if p.is_file()}
    catalogs = {str(p.relative_to(ROOT)) for p in ROOT.glob("trackadmin/locale/**/*.mo")}
    assert pages
    assert static
    assert catalogs
    assert {f"trackadmin/{page}" for page in pages} | static | catalogs <= set(names)
    assert "trackadmin/py.typed" in names


@pytest.mark.install
def test_whole_loop_in_an_empty_project(project):
    """Migrate, import, publish, flatten, resolve, the admin's pages: all from the wheel."""
    manage(project, "createsuperuser", "--noinput", "--username=ann", "--email=ann@example.com")
    (project / "map.json").write_text(json.dumps(USER_MAP))
    manage(project, "trackadmin", "import", "map.json", "--publish", "--note", "first")
    expected = {"User_id": 1, "User_username": "ann", "User_is_staff": True}
    assert json.loads(manage(project, "trackadmin", "flatten", "auth.User", "1")) == expected
    resolved = json.loads(manage(project, "trackadmin", "resolve", "action=hello&User__id=1"))
    assert resolved == {"action": "hello", **expected}
    pages = manage(project, "shell", "-v0", "-c", PAGES).splitlines()
    assert pages[0].startswith(str(project / "venv"))
    assert {page.split()[1] for page in pages[1:-1]} == {"200"}
    assert pages[-1] == "/t/ 204"
    manage(project, "check", "--database", "default")
    manage(project, "makemigrations", "--check", "--dry-run")
