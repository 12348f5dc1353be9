"""manage.py trackadmin: the same operations as everywhere, stdout for the data alone."""

import ast
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, models
from django.test import override_settings
from reversion.models import Revision

from demo.models import BuyerProfile, CompanyAccount
from tests.actions import with_actions
from tests.drafts import everything
from tests.host.models import Everything
from tests.maps import EXAMPLE, document, tracked
from tests.test_demo import ABBREVIATED, BUYER
from tests.test_demo import EXAMPLE as VALUES
from tests.versions import insert, insert_text
from trackadmin import editing, testing
from trackadmin.document import digest, dump
from trackadmin.document.structure import AttributeEntry
from trackadmin.management import version_commands
from trackadmin.management.commands.trackadmin import SUBCOMMANDS
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.runtime import current_map
from trackadmin.signals import map_published
from trackadmin.testing import override_map

ROOT = Path(__file__).resolve().parent.parent
COMPANY = {"CompanyAccount": {"attributes": ["name"], "key": "name"}}
COMPANY_WRITTEN = {
    "CompanyAccount": {
        "model": "demo.CompanyAccount",
        "attributes": ["name"],
        "children": [],
        "key": "name",
    }
}
NAME_ONLY = document(CompanyAccount=tracked("demo.companyaccount", ["name"], key="name"))
DRIFTED = document(CompanyAccount=tracked("demo.companyaccount", ["name", "gone"], key="name"))
PERSONAL = document(User=tracked("auth.user", ["id", "email"], key="id"))


@pytest.fixture(autouse=True)
def database(db):
    testing.reset()
    yield
    testing.reset()


@pytest.fixture
def signals():
    """What the signal told."""
    told = []

    def receive(**kwargs):
        told.append((kwargs["map"], kwargs["number"]))

    map_published.connect(receive, weak=False)
    yield told
    map_published.disconnect(receive)


class Said(str):
    """What came out on stdout; ``.told`` is what came out on stderr."""

    told = ""


def run(*arguments):
    out, told = io.StringIO(), io.StringIO()
    call_command("trackadmin", *arguments, stdout=out, stderr=told)
    said = Said(out.getvalue())
    said.told = told.getvalue()
    return said


def refused(*arguments):
    """The words of the error; stdout stays empty and nothing in the database moves."""
    before = everything()
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("trackadmin", *arguments, stdout=out, stderr=io.StringIO())
    assert out.getvalue() == ""
    assert everything() == before
    return str(caught.value)


def draft(content=EXAMPLE):
    editing.import_document("default", content)


def published(content=EXAMPLE):
    draft(content)
    return editing.publish("default", by=None)


def map_file(tmp_path, data):
    path = tmp_path / "map.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return str(path)


def shop():
    user = User.objects.create(
        pk=123,
        username="testUserOne",
        first_name="TestUser",
        last_name="LastName",
        email="test.user@example.com",
    )
    buyer = BuyerProfile.objects.create(uuid=BUYER, ctime="2026-01-15T09:30:00Z", user=user)
    CompanyAccount.objects.create(name="The Demo Account", is_demo=True)
    return buyer


def test_the_subcommands_of_the_contract():
    assert list(SUBCOMMANDS) == [
        "export",
        "import",
        "maps",
        "publish",
        "rollback",
        "versions",
        "diff",
        "check",
        "changelog",
        "flatten",
        "resolve",
        "explain",
        "dictionary",
        "explain-event",
        "backfill",
        "deliver",
        "prune",
        "dead-letters",
        "reconcile",
        "notify",
    ]


class TestExport:
    def test_the_live_version_in_the_form_of_a_map_file(self):
        published()
        draft(NAME_ONLY)
        said = run("export")
        assert list(json.loads(said)) == ["BuyerProfile", "User", "CompanyAccount"]
        assert json.loads(said)["BuyerProfile"] == {
            "model": "demo.BuyerProfile",
            "attributes": ["uuid", "ctime"],
            "children": ["user"],
            "key": "uuid",
        }
        assert said.told == ""
        assert said.count("\n") > 10

    def test_the_draft_and_a_version(self):
        published(NAME_ONLY)
        published()
        draft(NAME_ONLY)
        assert json.loads(run("export", "--draft")) == COMPANY_WRITTEN
        assert json.loads(run("export", "--version", "1")) == COMPANY_WRITTEN
        assert len(json.loads(run("export", "--version", "2"))) == 3

    def test_python(self):
        published()
        written = ast.literal_eval(run("export", "--format", "python"))
        assert written == json.loads(run("export"))

    def test_document_is_the_canonical_text(self):
        version = published()
        said = run("export", "--format", "document")
        assert said == version.document + "\n"
        assert digest(said.strip()) == version.digest

    def test_bootstrap_is_what_the_setting_names(self, tmp_path):
        version = published()
        content = json.loads(run("export", "--format", "bootstrap"))
        assert content == {
            "map": "default",
            "number": 1,
            "digest": version.digest,
            "document": version.document,
        }

    def test_letters_stay_as_they_are(self):
        draft(document(User=tracked("auth.user", ["id"], key="id", owner="Team Ä")))
        assert '"Team Ä"' in run("export", "--draft")

    @pytest.mark.parametrize("form", ["json", "python", "document"])
    def test_what_is_exported_can_be_imported(self, form, tmp_path):
        content = document(
            User=tracked(
                "auth.user",
                ["id", ("mail", AttributeEntry("email", "tracked", True, "sent", "Ä"))],
                key="id",
                owner="Growth",
            ),
            BuyerProfile=tracked("demo.buyerprofile", ["uuid"], [("user", "Owner")], "uuid"),
        )
        draft(content)
        said = run("export", "--draft", "--format", form)
        if form == "python":
            said = json.dumps(ast.literal_eval(said))
        draft(NAME_ONLY)
        run("import", map_file(tmp_path, said))
        assert editing.build_document("default") == content

    def test_what_is_not_there(self):
        assert "not published" in refused("export")
        assert "no version 7" in refused("export", "--version", "7")
        assert "--draft" in refused("export", "--draft", "--format", "bootstrap")
        assert "not allowed with" in refused("export", "--draft", "--version", "1")

    def test_a_version_that_was_tampered_with_is_not_exported(self):
        insert_text(dump(NAME_ONLY), "0" * 64)
        assert "digest" in refused("export")


class TestImport:
    def test_replaces_the_draft_and_shows_what_changed(self, tmp_path, signals):
        draft()
        said = run("import", map_file(tmp_path, COMPANY))
        assert editing.build_document("default") == NAME_ONLY
        assert "CompanyAccount.is_demo: The attribute was removed." in said.splitlines()
        assert "User: The model auth.user was removed." in said.splitlines()
        assert not MapVersion.objects.exists()
        assert signals == []

    def test_the_same_again_changes_nothing(self, tmp_path):
        draft(NAME_ONLY)
        before = everything()
        said = run("import", map_file(tmp_path, COMPANY))
        assert said == ""
        assert "already has the same content" in said.told
        assert everything() == before

    def test_a_dry_run_shows_the_same_and_writes_nothing(self, tmp_path):
        draft()
        path, before = map_file(tmp_path, COMPANY), everything()
        dry = run("import", path, "--dry-run")
        assert everything() == before
        assert dry == run("import", path)

    def test_publish(self, tmp_path, signals, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            said = run("import", map_file(tmp_path, COMPANY), "--publish", "--note", "The first")
        version = MapVersion.objects.get()
        assert (version.number, version.note) == (1, "The first")
        assert version.document == dump(NAME_ONLY)
        assert "Published version 1 of the map 'default'" in said.told
        assert signals == [("default", 1)]

    @override_settings(TRACKADMIN={"REQUIRE_NOTE": True})
    def test_where_it_cannot_be_published_the_draft_stays_as_well(self, tmp_path, signals):
        draft()
        words = refused("import", map_file(tmp_path, COMPANY), "--publish")
        assert "note is required" in words
        assert editing.build_document("default") == EXAMPLE
        assert signals == []

    def test_from_stdin(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(COMPANY)))
        run("import", "-")
        assert editing.build_document("default") == NAME_ONLY

    def test_from_python(self):
        run("import", "tests.test_command.COMPANY")
        assert editing.build_document("default") == NAME_ONLY

    def test_the_canonical_document(self, tmp_path):
        run("import", map_file(tmp_path, dump(EXAMPLE)))
        assert editing.build_document("default") == EXAMPLE

    def test_a_file_with_a_mark_of_the_byte_order(self, tmp_path):
        run("import", map_file(tmp_path, "\ufeff" + json.dumps(COMPANY)))
        assert editing.build_document("default") == NAME_ONLY

    def test_the_history_says_where_it_came_from(self, tmp_path):
        path = map_file(tmp_path, COMPANY)
        run("import", path)
        (entry,) = editing.history(TrackingMap.objects.get().tracked_models.get())
        assert path in entry.comment

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ("{", "not JSON"),
            ({"Nothing": {}}, "no model 'Nothing'"),
            ({"CompanyAccount": {"attributes": ["gone"]}}, "gone"),
            ({"User": {"attributes": ["password"]}}, "password"),
            ({"User": {"attributes": ["\uff50assword"]}}, "name.invalid"),
            ({"User": {"attributes": ["first_name"], "key": "first_name"}}, "unique"),
            ({"User": {"attributes": [{"source": "email", "privacy": "personal"}]}}, "dropped"),
        ],
    )
    def test_a_map_with_errors_is_refused(self, tmp_path, data, words):
        draft()
        assert words in refused("import", map_file(tmp_path, data))

    def test_every_error_is_told(self, tmp_path):
        data = {"User": {"attributes": ["gone", "password"]}}
        words = refused("import", map_file(tmp_path, data))
        assert "User.gone" in words
        assert "User.password" in words

    def test_what_cannot_be_read(self, tmp_path):
        (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
        assert "cannot be read" in refused("import", str(tmp_path / "binary.json"))
        assert "no file" in refused("import", "nothing.json")
        assert "no file" in refused("import", "tests.test_command.NOTHING")
        assert "no file" in refused("import", "no such file")
        assert "an object" in refused("import", "tests.test_command.ABBREVIATED")
        assert "not allowed with" in refused("import", "-", "--dry-run", "--publish")


class TestPublish:
    def test_makes_a_version(self, signals, django_capture_on_commit_callbacks):
        draft(NAME_ONLY)
        with django_capture_on_commit_callbacks(execute=True):
            said = run("publish", "--note", "The first")
        assert said == ""
        assert "Published version 1" in said.told
        assert MapVersion.objects.get().note == "The first"
        assert signals == [("default", 1)]

    def test_tells_of_what_looks_personal(self):
        draft(PERSONAL)
        assert "'email' looks personal" in run("publish").told

    def test_with_the_digest_that_was_reviewed(self):
        draft(NAME_ONLY)
        reviewed = json.loads(run("check", "--json"))["draft_digest"]
        draft()
        assert "changed since you reviewed" in refused("publish", "--expected", reviewed)
        draft(NAME_ONLY)
        run("publish", "--expected", reviewed)
        assert MapVersion.objects.get().digest == reviewed

    @override_settings(TRACKADMIN={"REQUIRE_NOTE": True})
    def test_without_the_note_that_the_site_requires(self, signals):
        draft()
        assert "note is required" in refused("publish")
        assert "note is required" in refused("publish", "--note", "  ")
        assert signals == []

    def test_a_draft_with_errors(self, signals):
        draft()
        row = TrackingMap.objects.get().tracked_models.get(prefix="User")
        row.attributes.filter(name="email").update(source="gone")
        assert "User.email" in refused("publish")
        assert signals == []

    def test_errors_come_first_and_each_says_its_level(self, signals):
        """E14: warnings do not stop the publish, so they are not mixed with what does."""
        draft()
        row = TrackingMap.objects.get().tracked_models.get(prefix="User")
        row.attributes.filter(name="username").update(source="gone")
        levels = [line.split(":")[0].strip() for line in refused("publish").splitlines()[1:]]
        assert levels == sorted(levels)
        assert {*levels} == {"error", "warning"}


class TestRollback:
    def test_goes_forward_and_leaves_the_draft(self):
        published(NAME_ONLY)
        published()
        said = run("rollback", "1", "--note", "Too much")
        newest = MapVersion.objects.first()
        assert (newest.number, newest.restores, newest.note) == (3, 1, "Too much")
        assert newest.document == dump(NAME_ONLY)
        assert "version 3 of the map 'default', which brings back version 1" in said.told
        assert editing.build_document("default") == EXAMPLE

    def test_may_restore_the_draft(self):
        published(NAME_ONLY)
        published()
        run("rollback", "1", "--restore-draft")
        assert editing.build_document("default") == NAME_ONLY

    def test_tells_what_the_code_no_longer_has(self):
        insert(DRIFTED)
        published(NAME_ONLY)
        assert "CompanyAccount.gone" in run("rollback", "1").told
        assert MapVersion.objects.count() == 3

    def test_to_a_version_that_is_not_there(self):
        published()
        assert "no version 9" in refused("rollback", "9")
        assert "invalid int" in refused("rollback", "first")


class TestVersions:
    def test_json(self):
        author = User.objects.create(username="ann")
        draft(NAME_ONLY)
        editing.publish("default", by=author, note="The first")
        run("rollback", "1")
        newest, first = json.loads(run("versions", "--json"))
        assert first["number"] == 1
        assert first["author"] == "ann"
        assert first["note"] == "The first"
        assert first["restores"] is None
        assert first["digest"] == digest(dump(NAME_ONLY))
        assert first["created_at"].endswith("+00:00")
        assert (newest["number"], newest["restores"], newest["author"]) == (2, 1, None)

    def test_lines(self):
        draft(NAME_ONLY)
        editing.publish("default", by=None, note="Two\nlines")
        run("rollback", "1", "--note", "Back")
        newest, first = run("versions").splitlines()
        assert newest.endswith("UTC  brings back version 1  Back")
        assert first.endswith("UTC  Two lines")

    def test_none(self):
        said = run("versions", "--json")
        assert json.loads(said) == []
        assert run("versions") == ""


class TestDiff:
    def test_between_versions_live_and_draft(self):
        published(NAME_ONLY)
        published()
        draft(NAME_ONLY)
        assert (
            "CompanyAccount.is_demo: The attribute was added." in run("diff", "1", "2").splitlines()
        )
        assert run("diff", "1", "live") == run("diff", "1", "2")
        assert "CompanyAccount.is_demo: The attribute was removed." in run("diff", "live", "draft")
        same = run("diff", "1", "draft")
        assert same == ""
        assert "same" in same.told

    def test_json(self):
        published(NAME_ONLY)
        published()
        changes = json.loads(run("diff", "1", "2", "--json"))
        assert {"kind", "subject", "where", "field", "old", "new", "words"} == changes[0].keys()
        assert json.loads(run("diff", "1", "1", "--json")) == []

    @pytest.mark.parametrize("side", ["x", "", "-1", "1.0", "²", "99"])
    def test_what_is_no_side(self, side):
        published()
        assert "version" in refused("diff", "--", side, "draft")

    def test_live_where_nothing_is_published(self):
        assert "not published" in refused("diff", "live", "draft")


class TestCheck:
    def test_a_sound_map(self):
        published(NAME_ONLY)
        said = run("check")
        assert said == ""
        assert "no errors" in said.told

    def test_warnings_are_told_and_do_not_fail(self):
        draft(PERSONAL)
        said = run("check")
        assert said.startswith("draft: warning: User.email:")
        assert "not published" in said.told

    def test_drift_fails(self):
        insert(DRIFTED)
        out = io.StringIO()
        with pytest.raises(CommandError, match="1 error") as caught:
            call_command("trackadmin", "check", stdout=out, stderr=io.StringIO())
        assert caught.value.returncode == 1
        assert "live: error: CompanyAccount.gone:" in out.getvalue()

    def test_a_draft_with_errors_fails(self):
        draft()
        rows = TrackingMap.objects.get().tracked_models
        rows.get(prefix="User").attributes.filter(name="email").update(source="gone")
        out = io.StringIO()
        with pytest.raises(CommandError):
            call_command("trackadmin", "check", stdout=out, stderr=io.StringIO())
        assert "draft: error: User.email:" in out.getvalue()

    def test_a_live_version_that_cannot_be_served_fails(self):
        insert_text("{}", "0" * 64)
        with pytest.raises(CommandError, match="errors"):
            call_command("trackadmin", "check", stdout=io.StringIO(), stderr=io.StringIO())

    def test_json(self):
        insert(DRIFTED)
        out = io.StringIO()
        with pytest.raises(CommandError):
            call_command("trackadmin", "check", "--json", stdout=out, stderr=io.StringIO())
        report = json.loads(out.getvalue())
        assert report["version"] == 1
        assert report["draft"] == []
        (problem,) = report["live"]
        assert problem["code"] == "attribute.gone"
        assert problem["where"] == "CompanyAccount.gone"
        assert problem["fix"]


class TestFlatten:
    def test_an_object_with_its_children(self):
        buyer = shop()
        published()
        values = {k: v for k, v in VALUES.items() if not k.startswith("CompanyAccount")}
        for label in ("demo.BuyerProfile", "demo.buyerprofile", "BuyerProfile"):
            said = run("flatten", label, str(buyer.pk))
            assert json.loads(said) == values
            assert list(json.loads(said)) == list(values)

    @pytest.mark.parametrize("strict", [True, False])
    def test_what_is_not_tracked_is_an_error_strict_or_not(self, strict):
        with override_settings(TRACKADMIN={"STRICT": strict}):
            assert "not published" in refused("flatten", "auth.User", "1")
            published(NAME_ONLY)
            testing.reset()
            assert "does not track" in refused("flatten", "auth.User", "1")

    @pytest.mark.parametrize("pk", ["99", "x", "", "\0", "9" * 30])
    def test_an_object_that_is_not_there(self, pk):
        published()
        assert "There is no auth.User" in refused("flatten", "auth.User", pk)

    def test_a_model_that_is_not_there(self):
        published()
        assert "no model 'Nothing'" in refused("flatten", "Nothing", "1")

    def test_what_is_lost_is_told_beside_the_data(self):
        published(document(Everything=tracked("host.everything", ["id", "broken"], key="id")))
        from tests.host.models import Everything

        thing = Everything.objects.create(slug="x")
        said = run("flatten", "host.Everything", str(thing.pk))
        assert json.loads(said) == {"Everything_id": thing.pk, "Everything_broken": None}
        assert "1 time\n" in said.told


class TestResolve:
    def test_the_example(self):
        shop()
        published()
        said = run("resolve", ABBREVIATED)
        assert json.loads(said) == {"action": "signup_click", **VALUES}
        assert said.told == ""
        assert run("resolve", "?" + ABBREVIATED) == said

    def test_what_was_not_found_is_told_beside_the_data(self):
        published()
        said = run("resolve", "a=1&User__id=77&User__id=x&User__email=a@b&More__id=1")
        assert json.loads(said) == {"a": "1"}
        assert said.told.splitlines() == [
            "User__id=77: none. No row that the model's manager shows has this value.",
            "User__id=x: malformed. 'x' is not a whole number.",
            "User__email=a@b: not_allowed. 'email' is tracked, but it is neither the key nor a "
            "lookup of User.",
            "More__id=1: not_allowed. The map has no prefix 'More'.",
        ]

    @pytest.mark.parametrize(
        ("query", "reason"),
        [
            ("User__gone=1", "User has no attribute 'gone'"),
            ("User__id__gt=1", "Nothing may follow the name"),
            ("User__id=", "'' is not a whole number"),
            ("User__id=99999999999999999999", "outside the column's range"),
            ("BuyerProfile__uuid=1", "not a UUID"),
        ],
    )
    def test_why_a_reference_was_refused_is_said_in_words(self, query, reason):
        """E14: not only that it was not allowed or malformed."""
        published()
        assert reason in run("resolve", query).told
        assert reason in run("explain", query).partition("  reason: ")[2]

    def test_why_a_reference_failed_is_said_in_words(self, monkeypatch):
        """E14: the manager that raised and the type of its error, never the error's text."""

        def fails():
            raise RuntimeError("secret of another tenant")

        published()
        monkeypatch.setattr(User._default_manager, "get_queryset", fails)
        for said in (run("resolve", "User__id=1").told, run("explain", "User__id=1")):
            assert "failed" in said
            assert "The default manager of auth.User raised RuntimeError" in said
            assert "secret" not in said

    def test_why_the_database_failed_is_said_in_words(self, monkeypatch):
        """E14: by the type of the error."""
        rows = models.QuerySet.__iter__

        def fails(*arguments):
            raise OperationalError("no such table: auth_user where name = 'x'")

        published()
        current_map()
        monkeypatch.setattr(
            models.QuerySet, "__iter__", lambda self: fails() if self.model is User else rows(self)
        )
        monkeypatch.setattr("trackadmin.compiler.sql.statements.Statement.fetch", fails)
        said = run("resolve", "User__id=1").told
        assert "failed. The lookup raised OperationalError." in said
        assert "auth_user" not in said

    def test_too_many_references(self):
        published()
        query = "&".join(f"User__id={number}" for number in range(200))
        assert "(MAX_REFERENCES)" in run("resolve", query).told

    def test_where_nothing_is_published(self):
        assert "not published" in refused("resolve", "a=1")


class TestExplain:
    def test_each_reference(self):
        shop()
        published()
        said = run("explain", f"BuyerProfile__uuid={BUYER}&User__email=a&CompanyAccount__name=x")
        found, refused_one, none, queries = said.split("\n\n")[1:]
        for words in (
            "outcome: found",
            "model: demo.BuyerProfile, gives 10 names",
            "lookup: uuid (UUID, unique)",
            "related objects: user",
            "plan: in one statement",
            "queries of a flatten: BuyerProfile.user costs a query where it is not loaded yet.",
        ):
            assert words in found
        assert "outcome: not_allowed" in refused_one
        assert "allows: BuyerProfile__uuid, User__id, CompanyAccount__name" in refused_one
        assert "outcome: none" in none
        assert "queries of a flatten: none" in none
        assert "all references: 1" in queries
        assert "SELECT" in queries

    def test_an_object_that_is_made_from_the_row(self):
        """E1: what the columns alone do not give is said with the reason, and how it comes."""
        published(document(Everything=tracked("host.everything", ["id", "shout"], key="id")))
        said = run("explain", "Everything__id=1")
        assert "plan: in one statement" in said
        assert "an instance is made from the row. The site's code computes shout." in said
        assert "queries of a flatten: Everything_shout is computed" in said

    def test_an_object_that_must_be_loaded(self, monkeypatch):
        """What no statement can give is said with the reason."""
        objects = Everything._default_manager.annotate(more=models.Value(1))
        monkeypatch.setattr(Everything._default_manager, "get_queryset", lambda: objects)
        published(document(Everything=tracked("host.everything", ["id", "shout"], key="id")))
        said = run("explain", "Everything__id=1")
        assert "plan: loads the object. " in said
        assert "The queryset adds values to each object." in said

    def test_a_child_that_is_loaded(self):
        """E1: so is a child that no join gives."""
        published(
            document(
                Folder=tracked("wide.folder", ["code"], ["vault"], key="code"),
                Vault=tracked("wide.vault", ["code"]),
            )
        )
        said = run("explain", "Folder__code=1")
        assert "Folder.vault: a query of its own loads it. Its manager may hide objects." in said

    def test_no_value_of_the_database_is_shown(self):
        shop()
        published()
        assert "test.user@example.com" not in run("explain", "User__id=123")


class TestBackfill:
    def test_one_line_for_each_object(self):
        for name in ("A", "B", "C"):
            CompanyAccount.objects.create(name=name)
        published()
        said = run("backfill", "demo.CompanyAccount")
        lines = [json.loads(line) for line in said.splitlines()]
        assert [line["CompanyAccount_name"] for line in lines] == ["A", "B", "C"]
        assert all(len(line) == 2 for line in lines)
        assert "3 rows" in said.told

    def test_lines_are_ascii_whatever_the_data(self):
        CompanyAccount.objects.create(name="Ä\n\u2028😀")
        published()
        said = run("backfill", "demo.CompanyAccount")
        assert said.isascii()
        assert len(said.splitlines()) == 1
        assert json.loads(said)["CompanyAccount_name"] == "Ä\n\u2028😀"

    def test_what_is_not_tracked(self):
        published(NAME_ONLY)
        assert "does not track" in refused("backfill", "auth.User")


class TestBy:
    calls = [
        ["publish"],
        ["rollback", "1", "--restore-draft"],
        ["import", "tests.test_command.COMPANY", "--publish"],
    ]

    @pytest.mark.parametrize("call", calls, ids=lambda call: call[0])
    def test_version_and_history_say_who_it_was(self, call):
        user = User.objects.create_user("eva")
        published(NAME_ONLY)
        draft()
        run(*call, "--by", "eva")
        assert MapVersion.objects.first().author == user
        if call[0] != "publish":
            assert Revision.objects.filter(user=user).exists()

    @pytest.mark.parametrize("call", calls, ids=lambda call: call[0])
    def test_unknown_user_is_named_and_nothing_is_done(self, call):
        published(NAME_ONLY)
        draft()
        before = everything()
        assert "no user 'nobody'" in refused(*call, "--by", "nobody")
        assert everything() == before

    def test_without_it_nobody_is_named(self):
        draft(NAME_ONLY)
        run("publish")
        assert MapVersion.objects.get().author is None


class TestMaps:
    """B4. A second map can be added where nobody opens the admin, as in a script of a deploy."""

    def test_lists_every_map(self):
        editing.add_map("second", name="Second", description="Of the app.")
        editing.publish("second", by=None)
        assert run("maps").splitlines() == [
            "default  not published  Default map",
            "second  version 1  Second",
        ]
        one = {"slug": "second", "name": "Second", "description": "Of the app.", "models": 0}
        assert json.loads(run("maps", "--json"))[1] == {**one, "live": 1}

    def test_adds_a_map(self):
        said = run("maps", "--add", "app-events", "--name", "Events of the app", "--json")
        assert "'app-events' was added" in said.told
        assert [row["slug"] for row in json.loads(said)] == ["app-events", "default"]
        added = TrackingMap.objects.get(slug="app-events")
        assert (added.name, added.description) == ("Events of the app", "")
        assert [entry.comment for entry in Revision.objects.all()] == ["Added."]

    def test_tells_who_added_it_and_takes_the_slug_for_a_name(self):
        User.objects.create(username="ann")
        run("maps", "--add", "second", "--by", "ann")
        assert TrackingMap.objects.get(slug="second").name == "second"
        assert Revision.objects.get().user.username == "ann"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--add", "default"], "already exists"),
            (["--add", "two words"], "slug"),
            (["--add", "größe"], "slug"),
            (["--add", ""], "slug"),
            (["--add", "x" * 51], "at most 50"),
            (["--add", "second", "--name", "x" * 201], "at most 200"),
            (["--name", "Second"], "give --add SLUG"),
            (["--add", "second", "--by", "nobody"], "There is no user 'nobody'"),
        ],
    )
    def test_refuses_what_cannot_be_a_map(self, arguments, said):
        assert said in refused("maps", *arguments)

    def test_a_missing_map_default_is_made_by_an_import_and_not_by_a_dry_run(self, tmp_path):
        """B4. A data migration runs before post_migrate has added it."""
        TrackingMap.objects.all().delete()
        path = map_file(tmp_path, COMPANY)
        assert "CompanyAccount" in run("import", path, "--dry-run")
        assert not TrackingMap.objects.exists()
        assert "'default'" in refused("export", "--draft")
        run("import", path, "--publish")
        assert TrackingMap.objects.get().slug == "default"
        assert "'second'" in refused("import", path, "--map", "second")


class TestEverySubcommand:
    calls = {
        "export": [],
        "import": ["tests.test_command.COMPANY"],
        "publish": [],
        "rollback": ["1"],
        "versions": [],
        "diff": ["1", "draft"],
        "check": [],
        "flatten": ["auth.User", "1"],
        "resolve": ["a=1"],
        "explain": ["a=1"],
        "backfill": ["auth.User"],
    }

    @pytest.mark.parametrize("name", calls)
    def test_takes_a_map(self, name):
        """An unknown one is named, with those there are."""
        words = refused(name, *self.calls[name], "--map", "nothing")
        assert "'nothing'" in words

    def test_works_on_the_map_it_is_given(self, tmp_path):
        editing.add_map("second", name="Second")
        run("import", map_file(tmp_path, COMPANY), "--map", "second", "--publish")
        assert json.loads(run("export", "--map", "second")) == COMPANY_WRITTEN
        assert not editing.versions("default").exists()
        assert editing.build_document("default").models == {}

    @pytest.mark.parametrize("name", SUBCOMMANDS)
    def test_has_help(self, name, capsys):
        with pytest.raises(SystemExit) as left:
            call_command("trackadmin", name, "--help")
        assert left.value.code == 0
        assert ("--map " in capsys.readouterr().out) is SUBCOMMANDS[name].of_one_map

    def test_the_command_has_help(self, capsys):
        """It lists the subcommands."""
        with pytest.raises(SystemExit) as left:
            call_command("trackadmin", "--help")
        assert left.value.code == 0
        shown = capsys.readouterr().out
        assert "Export, import, publish" in shown
        assert all(name in shown for name in SUBCOMMANDS)

    def test_a_database_that_cannot_be_asked_is_an_error_in_words(self, monkeypatch):
        def fail(slug):
            raise OperationalError("no such table")

        monkeypatch.setattr(version_commands.editing, "versions", fail)
        with pytest.raises(CommandError, match=r"no such table.*migrate"):
            run("versions")


def test_what_is_no_subcommand():
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("trackadmin", "frobnicate")
    with pytest.raises(CommandError, match="required"):
        call_command("trackadmin")


def test_a_reader_that_has_enough_is_no_error(tmp_path):
    """``… backfill shop.Order | head -1`` ends without a traceback."""
    environment = {**os.environ, "DEMO_DATABASE": str(tmp_path / "demo.sqlite3")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    environment.pop("TRACKADMIN_TEST_POSTGRESQL_PORT", None)
    manage = f"{sys.executable} manage.py"
    script = f"{manage} demo --no-server && {manage} trackadmin backfill demo.Order | head -1"
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    json.loads(done.stdout.splitlines()[-1])


def test_resolve_and_explain_tell_of_a_reserved_name():
    """E11: who looks for a lost parameter learns that its name belongs to the map."""
    data = {"User": {"attributes": ["id"], "key": "id"}}
    with override_map(data):
        resolved = run("resolve", "User_id=7&action=x")
        explained = run("explain", "User_id=7&action=x")
    assert json.loads(resolved) == {"action": "x"}
    assert "parameter.reserved. The name 'User_id' is" in resolved.told
    assert "outcome: parameter.reserved" in explained


def test_resolve_and_explain_tell_what_is_wrong_with_an_event():
    """Codes for programs, sentences for people, and what becomes of the event; no value of it."""
    query = "action=sign_up&channel=hunter2&x=1"
    with with_actions("mark", "refuse"):
        resolved, explained = run("resolve", query), run("explain", query)
    assert json.loads(resolved) == {"action": "sign_up", "channel": "hunter2", "x": "1"}
    for text in (resolved.told, explained):
        assert "action.missing_model" in text
        assert "must bring BuyerProfile" in text
        assert "It must be one of: app, web." in text
        assert "parameter.undeclared" in text
        assert "The map refuses this event: it is counted, and no sink gets it." in text
        assert "hunter2" not in text.replace(query, "")


def test_explain_names_the_successor_of_an_old_name():
    with with_actions():
        assert "Use 'open_page' instead." in run("resolve", "action=old_one").told
    attributes = [
        "slug",
        {"source": "slug", "name": "old", "lookup": True, "until": "2030-01-01"},
    ]
    attributes[1]["successor"] = "slug"
    data = {"Manufacturer": {"attributes": attributes, "key": "slug"}}
    with override_map(data):
        told = run("resolve", "Manufacturer__old=x").told
    assert "name.deprecated" in told
    assert "Use 'Manufacturer__slug' instead." in told
