"""C3. Commands write and read the same bytes whatever the terminal's encoding and the locale."""

import io
import json
import os
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError, OutputWrapper

from tests.sites.site import ROOT, Site
from trackadmin.management.commands.trackadmin import SUBCOMMANDS
from trackadmin.management.utf8 import writer

#: What a cron job, a container, a terminal of Windows and one of Japan say.
TERMINALS = {
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "utf-16": {"PYTHONIOENCODING": "utf-16"},
    "c_locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}

COMMANDS = (
    ["export"],
    ["export", "--draft"],
    ["export", "--format", "python"],
    ["export", "--format", "document"],
    ["export", "--format", "bootstrap"],
    ["versions"],
    ["versions", "--json"],
    ["diff", "1", "draft"],
    ["diff", "1", "draft", "--json"],
    ["check", "--json"],
    ["flatten", "Country", "1"],
    ["resolve", "Country__code=DE"],
    ["resolve", "action=Größe"],
    ["explain", "Country__code=DE"],
    ["explain-event", "events.json"],
    ["explain-event", "events.json", "--json"],
    ["backfill", "Country"],
    ["backfill", "Country", "--format", "csv"],
)

MAP = {"Country": {"attributes": ["code", "name"], "key": "code", "description": "Länder 国 ✓"}}

#: Runs many commands in one process; the streams are what the environment says.
RUN = """
import json, sys, django
django.setup()
from django.core.management import call_command
for command in json.loads(sys.argv[1]):
    sys.stdout.flush()
    print("--", *[each.encode("ascii", "backslashreplace").decode() for each in command])
    call_command("trackadmin", *command)
"""


def environment(folder, **variables):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "PYTHON"))}
    return {
        **inherited,
        "DJANGO_SETTINGS_MODULE": "site_settings",
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TRACKADMIN_TEST_POSTGRESQL_PORT": "",
        **variables,
    }


def run(folder, *arguments, stdin=b"", code=0, **variables):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(folder, **variables),
        input=stdin,
        capture_output=True,
    )
    assert done.returncode == code, done.stderr.decode(errors="replace")
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small site whose map and rows hold letters that few terminals have."""
    folder = tmp_path_factory.mktemp("terminals")
    Site(name="terminals", about="").build(folder)
    (folder / "map.json").write_bytes(json.dumps(MAP, ensure_ascii=False).encode())
    (folder / "events.json").write_text('{"Country_name": "Österreich", "Größe 国": 1}', "utf-8")
    rows = "from shop.models import Country; Country(code='DE', name='Österreich 🇦🇹').save()"
    for command in (
        ["makemigrations", "shop", "-v0"],
        ["migrate", "-v0"],
        ["shell", "-v0", "-c", rows],
        ["trackadmin", "import", "map.json", "--publish", "--note", "Für alle ✓"],
    ):
        run(folder, "-m", "django", *command, PYTHONUTF8="1")
    return folder


@pytest.fixture(scope="module")
def expected(folder):
    done = run(folder, "-c", RUN, json.dumps(COMMANDS), **TERMINALS["utf-8"])
    said = done.stdout.decode()
    assert "Österreich 🇦🇹" in said
    assert "Länder 国 ✓" in said
    assert "Für alle ✓" in said
    return done.stdout


@pytest.mark.parametrize(
    "terminal", [name for name in TERMINALS if name not in ("utf-8", "utf-16")]
)
def test_every_command_writes_the_same_bytes(terminal, folder, expected):
    """C3. Nothing raises, and nothing depends on the terminal."""
    done = run(folder, "-c", RUN, json.dumps(COMMANDS), **TERMINALS[terminal])
    assert done.stdout == expected
    assert b"Traceback" not in done.stderr


def test_a_terminal_of_two_bytes_gets_utf_8_as_well(folder):
    """C3. What a file for machines holds is never UTF-16."""
    done = run(folder, "-m", "django", "trackadmin", "export", **TERMINALS["utf-16"])
    assert json.loads(done.stdout.decode("utf-8"))["Country"]["description"] == "Länder 国 ✓"


@pytest.mark.parametrize("terminal", TERMINALS)
def test_errors_are_told_on_every_terminal(terminal, folder):
    """C3. A message with such letters is an error message, not a traceback."""
    command = ["-m", "django", "trackadmin", "flatten", "Country", "größe ✓"]
    done = run(folder, *command, code=1, **TERMINALS[terminal])
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("terminal", TERMINALS)
def test_stdin_is_utf_8(terminal, folder):
    """C3. A map from stdin says the same on every terminal."""
    data = json.dumps(MAP, ensure_ascii=False).encode()
    command = ["-m", "django", "trackadmin", "import", "-", "--dry-run"]
    done = run(folder, *command, stdin=data, **TERMINALS[terminal])
    assert b"already has the same content" in done.stderr.replace(b"\x00", b"")


@pytest.mark.parametrize("terminal", TERMINALS)
def test_arguments_are_utf_8(terminal, folder):
    """C3. What a person or a script writes on the command line reaches the map as it is."""
    command = ["-m", "django", "trackadmin", "resolve", "action=Größe ✓"]
    done = run(folder, *command, **TERMINALS[terminal])
    assert json.loads(done.stdout.decode("utf-8")) == {"action": "Größe ✓"}


@pytest.mark.parametrize("each", SUBCOMMANDS.values(), ids=SUBCOMMANDS)
def test_help_is_ascii(each, capsys):
    """C3. Python's argparse writes help past us, in the terminal's encoding."""
    with pytest.raises(SystemExit):
        call_command("trackadmin", each.name, "--help")
    assert capsys.readouterr().out.isascii()


@pytest.mark.django_db
@pytest.mark.parametrize("mark", ["", "utf-8-sig"])
def test_a_file_may_begin_with_a_mark_of_the_byte_order(mark, tmp_path):
    path = tmp_path / "map.json"
    country = {
        "Country": {"model": "host.Country", "attributes": ["code"], "description": "Länder"}
    }
    path.write_bytes(json.dumps(country, ensure_ascii=False).encode(mark or "utf-8"))
    out = io.StringIO()
    call_command("trackadmin", "import", str(path), "--dry-run", stdout=out, stderr=io.StringIO())
    assert "Country" in out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "not UTF-8"),
        ("cp437", "not UTF-8"),
        ("shift-jis", "not UTF-8"),
    ],
)
def test_a_file_in_another_encoding_is_refused_with_what_to_do(encoding, said, tmp_path):
    """C3. Nothing is guessed: wrong letters in a published map would stay there."""
    path = tmp_path / "map.json"
    word = "国" if encoding == "shift-jis" else "Länder"
    path.write_bytes(
        json.dumps({"Country": {"description": word}}, ensure_ascii=False).encode(encoding)
    )
    with pytest.raises(CommandError) as caught:
        call_command("trackadmin", "import", str(path))
    assert said in str(caught.value)
    assert "Save it as UTF-8" in str(caught.value)
    assert str(path) in str(caught.value)


def test_half_a_pair_of_surrogates_is_written_as_an_escape():
    """C3. JSON reads it again; a traceback would lose the rest of the file."""
    raw = io.BytesIO()
    terminal = io.TextIOWrapper(raw, encoding="ascii")
    write = writer(OutputWrapper(terminal))
    write(json.dumps({"text": "\ud800 ✓"}, ensure_ascii=False))
    assert json.loads(raw.getvalue().decode()) == {"text": "\ud800 ✓"}
    assert raw.getvalue().endswith(b"}\n")
