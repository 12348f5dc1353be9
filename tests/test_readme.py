"""What the README tells a newcomer to type works as it stands there."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from trackadmin.conf import DEFAULTS
from trackadmin.management.commands.trackadmin import Command

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

VIEW = """
from django.contrib.auth.models import User
from django.test import RequestFactory
request = RequestFactory().get("/")
request.user = User.objects.create(username="ann")
"""


def block(language, words):
    """The one block of this language that holds these words."""
    (found,) = [text for kind, text in BLOCKS if kind == language and words in text]
    return found


#: What a site that has been in use for a while may have already.
SETTINGS_BEFORE = """
INSTALLED_APPS = ("reversion", *INSTALLED_APPS, "colorfield")
SILENCED_SYSTEM_CHECKS = ("fields.W342", "templates.E003")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"site": {"class": "logging.FileHandler", "filename": "site.log"}},
    "loggers": {"mysite": {"handlers": ["site"], "level": "INFO"}},
    "root": {"handlers": ["site"], "level": "INFO"},
}
"""
URLS_BEFORE = """
from django.http import HttpResponse
from django.urls import path
urlpatterns += [path("<path:rest>", lambda request, rest: HttpResponse("the site's page"))]
"""


def started(folder, settings="", urls=""):
    """A project with these lines in it, and then what the README says to append."""
    subprocess.run([sys.executable, "-m", "django", "startproject", "mysite", folder], check=True)
    blocks = (("settings", "INSTALLED_APPS"), ("settings", "LOGGING"), ("urls", "urlpatterns"))
    for name, text in (("settings", settings), ("urls", urls)):
        with (folder / f"mysite/{name}.py").open("a") as file:
            file.write(text)
            file.writelines(block("python", words) for where, words in blocks if where == name)
    return folder


@pytest.fixture
def project(tmp_path):
    """An empty project with the README's settings and addresses appended to its own."""
    return started(tmp_path)


def run(project, command, *, told=False, **options):
    """Run it in the project; gives its stdout, or what it told on stderr."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DJANGO_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}"
    environment = {**inherited, "PYTHONPATH": str(ROOT), "PATH": path}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr if told else done.stdout


def test_blocks_put_trackadmin_into_an_empty_project(project):
    """Settings, addresses and commands, then the Python and the template lines, as written."""
    *setup, resolve = block("sh", "migrate").splitlines()
    run(project, ["bash", "-e", "-c", "\n".join(setup)])
    view = VIEW + block("python", "tracking_values(")
    template = block("html", "tracking_url")
    view += (
        "import json\nfrom django.template import Context, Template\nprint(json.dumps(values))\n"
    )
    view += f"print(Template({template!r}).render(Context({{'request': request}})))"
    values, _, html = run(
        project, [sys.executable, "manage.py", "shell", "-v0", "-c", view]
    ).partition("\n")
    expected = {"User_id": 1, "User_username": "ann", "User_is_staff": False}
    assert json.loads(values) == expected
    assert 'data-track="/t/?' in html
    assert "User__id=1" in html
    assert json.loads(run(project, ["bash", "-c", resolve])) == {"action": "hello", **expected}
    click = "from django.test import Client\nclient = Client(headers={'host': 'localhost'})\n"
    click += "client.get('/t/?action=hello&User__id=1')"
    run(project, [sys.executable, "manage.py", "shell", "-v0", "-c", click])
    # One by the line of Python, one by the click.
    sent = map(json.loads, (project / "events.log").read_text().splitlines())
    assert [event["values"] for event in sent] == [
        {"action": action, **expected} for action in ("profile_opened", "hello")
    ]
    run(project, [sys.executable, "manage.py", "check", "--database", "default"])


ASK = """
from django.conf import settings
from django.test import Client
client = Client(headers={"host": "localhost"})
client.get("/t/?action=hello")
print(client.get("/other/").content.decode())
print(sorted(settings.SILENCED_SYSTEM_CHECKS))
print(sorted(settings.LOGGING["handlers"]), sorted(settings.LOGGING["loggers"]))
"""


def test_blocks_extend_what_a_site_has(tmp_path):
    """B5: its silenced checks, its loggers and its pages stay, and a catch-all route of its own
    does not answer the tracking URL."""
    project = started(tmp_path, SETTINGS_BEFORE, URLS_BEFORE)
    manage = [sys.executable, "manage.py"]
    *setup, _ = block("sh", "migrate").splitlines()
    run(project, ["bash", "-e", "-c", "\n".join(setup)])
    shown = run(project, [*manage, "shell", "-v0", "-c", ASK]).splitlines()
    assert shown == [
        "the site's page",
        "['fields.W342', 'security.W019', 'templates.E003']",
        "['events', 'site'] ['mysite', 'trackadmin.events']",
    ]
    (event,) = (project / "events.log").read_text().splitlines()
    assert json.loads(event)["values"] == {"action": "hello"}
    assert '"action"' not in (project / "site.log").read_text()
    assert "no issues" in run(project, [*manage, "check"])


def test_check_says_when_a_route_of_the_site_answers_the_tracking_url(tmp_path):
    """B5: where somebody appends the address behind a catch-all route, check says so."""
    project = started(tmp_path)
    with (project / "mysite/urls.py").open("a") as file:
        file.write(URLS_BEFORE + "urlpatterns.reverse()\n")
    done = run(project, [sys.executable, "manage.py", "check", "--fail-level", "ERROR"], told=True)
    assert "trackadmin.W047" in done


def test_twenty_lines_are_enough():
    """What goes into an existing site stays short."""
    lines = [
        line
        for words in ("INSTALLED_APPS", "urlpatterns")
        for line in block("python", words).splitlines()
    ]
    lines += block("sh", "migrate").splitlines()
    assert len(lines) <= 20


def test_settings_it_names_exist():
    """Every key of TRACKADMIN in the README is one."""
    named = set(re.findall(r'TRACKADMIN\["(\w+)"\]', README))
    named |= set(re.findall(r'TRACKADMIN = \{"(\w+)"', README))
    assert named
    assert named <= set(DEFAULTS)


LINK = r"\]\(((?!http)[^)#]+)\)"


@pytest.mark.parametrize(
    "target", re.findall(LINK, README) + [f"docs/{each}" for each in re.findall(LINK, GUIDE)]
)
def test_link_leads_somewhere(target):
    """Each file that the README and the guide link to, pictures among them, is there."""
    assert (ROOT / target).is_file()


def test_make_commands_exist():
    """The two commands are targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("text", [README, GUIDE], ids=["README", "guide"])
def test_imports_it_names_work(text):
    """Each import of trackadmin in the text."""
    imports = re.findall(r"^from trackadmin\S* import .+$", text, re.MULTILINE)
    assert imports
    for line in imports:
        exec(line, {})


@pytest.mark.parametrize("text", [README, GUIDE], ids=["README", "guide"])
def test_commands_it_names_parse(text):
    """Each ``manage.py trackadmin …`` in the text is one the command understands."""
    lines = re.findall(r"^python manage.py trackadmin (.+)$", text, re.MULTILINE)
    assert lines
    for line in lines:
        arguments = shlex.split(line.partition(">")[0])
        Command().create_parser("manage.py", "trackadmin").parse_args(arguments)
