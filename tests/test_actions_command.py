"""The command knows actions by itself: files, comparisons and checks, in words and as JSON."""

import io
import json
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.drafts import draft, everything, row
from tests.test_actions_editing import SIGNUP, WITH_ACTION, action
from trackadmin import editing

pytestmark = pytest.mark.django_db

WHOLE = replace(WITH_ACTION, unknown_actions="mark")


def run(*arguments):
    """What the command wrote to stdout and to stderr."""
    out, err = io.StringIO(), io.StringIO()
    call_command("trackadmin", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("form", ["json", "python", "document"])
def test_an_export_is_imported_again_without_a_difference(tmp_path, form):
    draft(WHOLE)
    text, _ = run("export", "--draft", "--format", form)
    assert "signup" in text
    assert "Of the button." in text
    if form == "python":
        assert eval(text.partition("=")[2] or text)["unknown_actions"] == "mark"
        return
    file = tmp_path / "map.json"
    file.write_text(text)
    before = everything()
    run("import", str(file))
    assert everything() == before


def test_a_dry_run_and_a_diff_tell_the_changes_in_words_and_as_json(tmp_path):
    draft(WHOLE)
    editing.publish("default", by=None)
    text, _ = run("export", "--draft")
    written = json.loads(text)
    written["actions"]["signup"]["owner"] = "Shop team"
    written["undeclared_parameters"] = "refuse"
    file = tmp_path / "map.json"
    file.write_text(json.dumps(written))
    before = everything()
    told = "".join(run("import", str(file), "--dry-run"))
    assert "The owner changed from 'Growth team' to 'Shop team'." in told
    assert "What happens with undeclared parameters changed" in told
    assert everything() == before
    run("import", str(file))
    editing.publish("default", by=None)
    words, _ = run("diff", "1", "2")
    assert "signup: The owner changed from 'Growth team' to 'Shop team'." in words
    changes = json.loads(run("diff", "1", "2", "--json")[0])
    found = {(c["subject"], c["where"], c["field"]) for c in changes}
    assert found == {("action", "signup", "owner"), ("map", "", "undeclared_parameters")}


def test_an_error_of_an_action_in_a_file_is_told_and_changes_nothing(tmp_path):
    draft(WHOLE)
    file = tmp_path / "map.json"
    written = json.loads(run("export", "--draft")[0])
    written["actions"]["signup"]["brings"] = {"Nobody": "required"}
    file.write_text(json.dumps(written))
    before = everything()
    with pytest.raises(CommandError) as refused:
        run("import", str(file))
    assert "Nobody" in str(refused.value)
    assert everything() == before


def checked():
    """What the check found of a draft that cannot be published, as JSON and in words."""
    found = ""
    for form in (["--json"], []):
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(CommandError):
            call_command("trackadmin", "check", *form, stdout=out, stderr=err)
        found += out.getvalue() + err.getvalue()
    return found


def test_check_reports_the_problems_of_actions():
    draft(WHOLE)
    editing.publish("default", by=None)
    editing.delete_tracked_model(row("Profile"))
    assert "actions.signup" in checked()
    editing.save_action(
        "default", "signup", replace(SIGNUP, brings={"Person": "required"}), action=action()
    )
    assert "actions.signup" not in checked()
