"""The command in other languages: people read theirs, programs read the same bytes in each."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import translation

from demo.models import CompanyAccount
from tests.maps import document, tracked
from trackadmin import editing, testing
from trackadmin.management.commands.trackadmin import SUBCOMMANDS, Command
from trackadmin.models import TrackedModel

pytestmark = pytest.mark.django_db

MAP = {
    "CompanyAccount": {"model": "demo.CompanyAccount", "attributes": ["id", "name"], "key": "id"}
}

#: An event with names of every sort, and what is no event.
EVENTS = [
    {"CompanyAccount_id": 7, "CompanyAccount_name": "x", "gone": 1, "action": "signed"},
    {"map": "default", "version": 1, "values": {"CompanyAccount__id": 7}},
]
BAD_EVENTS = ["no JSON", "[1]", '{"values": 1, "version": 1}', '{"map": "nothing", "values": {}}']


@pytest.fixture(autouse=True)
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events.json").write_text(json.dumps(EVENTS))
    (tmp_path / "bad.log").write_text("\n".join(BAD_EVENTS))
    testing.reset()
    CompanyAccount.objects.create(id=7, name="Ärger & Söhne")
    editing.import_document(
        "default", document(CompanyAccount=tracked("demo.companyaccount", ["id", "name"], key="id"))
    )
    editing.publish("default", by=None, note="Größe")
    yield
    testing.reset()


@pytest.fixture
def marked(monkeypatch):
    """A language in which each sentence that is translated stands in brackets."""

    def mark(sentence):
        return sentence if translation.get_language() is None else f"«{sentence}»"

    trans = translation._trans
    monkeypatch.setattr(trans, "gettext", mark, raising=False)
    monkeypatch.setattr(trans, "pgettext", lambda context, one: mark(one), raising=False)
    monkeypatch.setattr(
        trans, "ngettext", lambda one, many, count: mark(one if count == 1 else many), raising=False
    )


def run(*arguments):
    """What came out on stdout, and on stderr or as an error."""
    out, told = io.StringIO(), io.StringIO()
    try:
        call_command("trackadmin", *arguments, stdout=out, stderr=told)
    except CommandError as error:
        told.write(str(error))
    return out.getvalue(), told.getvalue()


#: What people are told, by the arguments that make the command say it.
TOLD = {
    "maps --add": ["maps", "--add", "second"],
    "maps --add, taken": ["maps", "--add", "default"],
    "maps --name alone": ["maps", "--name", "x"],
    "publish": ["publish", "--note", "x"],
    "publish by nobody": ["publish", "--by", "nobody"],
    "rollback": ["rollback", "1", "--restore-draft"],
    "rollback to nothing": ["rollback", "99"],
    "versions of no map": ["versions", "--map", "nothing"],
    "diff": ["diff", "draft", "live"],
    "diff with nothing": ["diff", "draft", "gone"],
    "changelog of nothing": ["changelog", "draft", "gone"],
    "check": ["check"],
    "check --undecided": ["check", "--undecided"],
    "check --lint": ["check", "--lint"],
    "check --due": ["check", "--due"],
    "check --values": ["check", "--values"],
    "import of nothing": ["import", "nothing.json"],
    "import of the same": ["import", "tests.test_command_languages.MAP"],
    "export --drop": ["export", "--drop"],
    "export bootstrap": ["export", "--format", "bootstrap", "--draft"],
    "flatten of no object": ["flatten", "demo.CompanyAccount", "99"],
    "flatten of no model": ["flatten", "demo.Order", "1"],
    "flatten of nothing": ["flatten", "nothing.Nothing", "1"],
    "resolve": ["resolve", "CompanyAccount__id=8"],
    "resolve of many things": ["resolve", "CompanyAccount__id=x&X__id=1&CompanyAccount_id=1"],
    "dictionary of no version": ["dictionary", "--version", "99"],
    "explain-event of what is none": ["explain-event", "bad.log"],
    "explain-event of no file": ["explain-event", "nothing.json"],
    "backfill": ["backfill", "demo.CompanyAccount"],
    "backfill --resume": ["backfill", "demo.CompanyAccount", "--resume"],
    "backfill --via": ["backfill", "demo.CompanyAccount", "--via", "tasks", "--output", "files"],
    "backfill --via without a folder": ["backfill", "demo.CompanyAccount", "--via", "tasks"],
    "backfill --resume of no run": ["backfill", "--resume", "99"],
    "backfill of nothing": ["backfill"],
    "deliver without a sink": ["deliver"],
    "prune": ["prune"],
    "notify": ["notify"],
    "dead-letters": ["dead-letters"],
    "dead-letters --retry": ["dead-letters", "--retry"],
    "dead-letters --discard": ["dead-letters", "--discard", "--sink", "x"],
    "backfill --ranges": ["backfill", "demo.CompanyAccount", "--ranges", "0"],
}

#: Results that programs read.
FOR_MACHINES = [
    ["maps", "--json"],
    ["versions", "--json"],
    ["check", "--json"],
    ["check", "--undecided", "--json"],
    ["check", "--due", "--json"],
    ["check", "--lint", "--values", "--json"],
    ["diff", "1", "draft", "--json"],
    ["changelog", "1", "draft", "--format", "json"],
    ["export"],
    ["export", "--format", "python"],
    ["export", "--format", "document"],
    ["export", "--format", "bootstrap"],
    ["export", "--format", "json-schema"],
    ["export", "--format", "typescript"],
    ["export", "--format", "python-types"],
    ["dictionary", "--format", "json"],
    ["flatten", "demo.CompanyAccount", "7"],
    ["resolve", "CompanyAccount__id=7&action=x"],
    ["explain-event", "events.json", "--json"],
    ["explain-event", "bad.log", "--json"],
    ["prune", "--json"],
    ["notify", "--json"],
    ["dead-letters", "--json"],
    ["backfill", "demo.CompanyAccount"],
    ["backfill", "demo.CompanyAccount", "--format", "csv"],
    ["backfill", "demo.CompanyAccount", "--ranges", "2"],
]


@pytest.mark.parametrize("arguments", TOLD.values(), ids=TOLD)
def test_all_that_people_are_told_is_translated(arguments, marked):
    """No line is English that a translator cannot reach."""
    told = run(*arguments)[1].splitlines()
    assert told
    for line in told:
        assert line.strip().startswith("«"), told
        assert line.strip().endswith("»"), told


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "CompanyAccount__id=7"],
        ["explain", "X__id=1"],
        ["explain-event", "events.json"],
    ],
)
def test_what_explain_says_is_translated(arguments, marked):
    out = run(*arguments)[0].splitlines()
    lines = [line for line in out if line and not line.startswith(("CompanyAccount__", "X__"))]
    assert len(lines) > 3
    assert [line for line in lines if not line.strip().startswith("«")] == []


@pytest.mark.parametrize("arguments", FOR_MACHINES, ids=" ".join)
def test_what_programs_read_is_the_same_in_every_language(arguments, marked, settings):
    """A map with problems, so that a report has sentences in it."""
    (row,) = TrackedModel.objects.all()
    row.attributes.create(source="gone", name="gone")
    settings.USE_THOUSAND_SEPARATOR = True
    found = set()
    for language in ("en", "de", "ar"):
        with translation.override(language):
            found.add(run(*arguments)[0])
    (out,) = found
    assert out
    assert "«" not in out


def test_help_is_translated(marked):
    with translation.override("de"):
        parser = Command().create_parser("manage.py", "trackadmin")
        (subparsers,) = (each for each in parser._actions if each.dest == "subcommand")
        for name, own in subparsers.choices.items():
            assert own.description.startswith("«"), name
            for action in own._actions:
                # An example of a query has no language.
                ours = action.help and action.dest not in {*_OF_DJANGO, "query"}
                assert not ours or action.help.startswith("«"), (name, action.dest)
    assert subparsers.choices.keys() == SUBCOMMANDS.keys()


#: What Django and argparse say themselves.
_OF_DJANGO = {action.dest for action in Command().create_parser("m", "t")._actions} | {"help"}


@pytest.mark.parametrize(
    ("arguments", "english", "german"),
    [
        (["maps", "--add", "x"], "The map 'x' was added.", "Der Plan 'x' wurde hinzugefügt."),
        (["check"], "The map 'default' has no errors.", "Der Plan 'default'"),
        (["publish"], "Published version", "veröffentlicht"),
        (["backfill", "demo.CompanyAccount"], "1 row in", "1 Zeile"),
    ],
    ids=["maps", "check", "publish", "backfill"],
)
def test_in_english_and_in_german(settings, arguments, english, german):
    """LANGUAGE_CODE is the command's language: nothing else says who reads it."""
    translation.deactivate()
    told = {}
    for language in ("en", "de"):
        settings.LANGUAGE_CODE = language
        translation.trans_real._default = None
        with transaction.atomic():
            told[language] = run(*arguments)[1]
            transaction.set_rollback(True)
    translation.trans_real._default = None
    assert english in told["en"]
    assert german not in told["en"]
    assert german in told["de"]
    assert english not in told["de"]
