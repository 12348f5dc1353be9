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


@pytest.fixture
def project(tmp_path):
    """An empty project with the README's settings and addresses appended to its own."""
    subprocess.run([sys.executable, "-m", "django", "startproject", "mysite", tmp_path], check=True)
    blocks = (("settings", "INSTALLED_APPS"), ("settings", "LOGGING"), ("urls", "urlpatterns"))
    for name, words in blocks:
        with (tmp_path / f"mysite/{name}.py").open("a") as file:
            file.write(block("python", words))
    return tmp_path


def run(project, command, **options):
    """Run it in the project; gives its stdout."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DJANGO_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}"
    environment = {**inherited, "PYTHONPATH": str(ROOT), "PATH": path}
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


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
    (event,) = (project / "events.log").read_text().splitlines()
    assert json.loads(event)["values"] == {"action": "hello", **expected}
    run(project, [sys.executable, "manage.py", "check", "--database", "default"])


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
