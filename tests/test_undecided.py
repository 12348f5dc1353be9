"""What nobody has decided about: the list, and ``check --undecided``."""

import io
import json
from datetime import date

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.drafts import COUNTRY, draft, everything
from tests.maps import attribute, document, tracked
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.document.structure import IGNORED
from trackadmin.exceptions import UnknownMap
from trackadmin.models import TrackingMap

pytestmark = pytest.mark.django_db


def left(map="default"):
    return [each.where for each in editing.undecided(map).attributes]


def check(*arguments):
    """What the command writes to stdout and to stderr; an error is the end of the latter."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("trackadmin", "check", "--undecided", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()


def decided(label, prefix, without=(), decision=IGNORED):
    """A tracked model with a decision about each attribute but some."""
    facts = catalog().get(label)
    names = [name for name in facts.attributes if name not in without]
    return document(
        **{prefix: tracked(label, [(n, attribute(n, decision=decision)) for n in names])}
    )


def test_what_is_neither_tracked_nor_ignored_is_left():
    """Whatever the output names are."""
    ignored = ("email", attribute("email", decision=IGNORED))
    renamed = ("mail", attribute("username"))
    draft(document(User=tracked("auth.user", ["id", ignored, renamed])))
    found = left()
    assert "User.first_name" in found
    assert not {"User.id", "User.email", "User.username"} & {*found}


def test_a_foreign_key_is_decided_by_either_name():
    for source in ("user", "user_id"):
        draft(document(BuyerProfile=tracked("demo.buyerprofile", [("owner", attribute(source))])))
        assert "BuyerProfile.user_id" not in left()
    draft(document(BuyerProfile=tracked("demo.buyerprofile", ["uuid"])))
    assert "BuyerProfile.user_id" in left()


def test_what_may_not_be_tracked_is_not_asked_about():
    draft(document(User=tracked("auth.user", ["id"])))
    assert "User.password" not in left()
    assert "password" in catalog().get("auth.user").refused


def test_what_the_code_gets_later_is_in_the_list(settings):
    """As after a migration or a new release: nobody has to tell the map of it."""
    draft(decided("auth.user", "User"))
    assert left() == []
    settings.TRACKADMIN = {"COMPUTED": ["auth.User.get_full_name"]}
    assert left() == ["User.get_full_name"]


def test_a_model_that_the_code_no_longer_has_is_a_problem_and_not_in_the_list():
    draft(document(Country=COUNTRY))
    TrackingMap.objects.get().tracked_models.update(model_label="gone.model")
    assert left() == []
    assert [p.code for p in editing.draft_problems("default")] == ["model.gone"]


def test_models_that_are_not_in_the_map():
    draft(document(Country=COUNTRY))
    labels = {each.label for each in editing.undecided("default").models}
    assert "auth.user" in labels
    assert "host.country" not in labels
    assert "trackadmin.trackingmap" not in labels


def test_each_map_has_its_own(db):
    TrackingMap.objects.create(slug="second", name="Second")
    draft(document(Country=tracked("host.country")))
    assert left("second") == []
    assert left()


def test_no_such_map():
    with pytest.raises(UnknownMap):
        editing.undecided("nothing")


def test_it_writes_nothing_and_asks_for_the_draft_the_waivers_and_the_migrations():
    draft(document(Country=COUNTRY))
    before = everything()
    with CaptureQueriesContext(connection) as queries:
        editing.undecided("default")
    asked = [each["sql"] for each in queries if each["sql"].startswith("SELECT")]
    with CaptureQueriesContext(connection) as queries:
        editing.build_document("default")
    assert len(asked) == len(queries) + 2
    assert everything() == before


# ── The command ────────────────────────────────────────────────────────────────────────────────


def test_undecided_attributes_fail():
    """With the type, and whether they look personal."""
    draft(decided("auth.user", "User", without=["email", "is_staff"]))
    code, out, told = check()
    assert code == 1
    lines = [line.partition(" · since ")[0] for line in out.splitlines()]
    assert lines == [
        "User.email: E-mail address · up to 254 characters · probably personal",
        "User.is_staff: Yes or no",
    ]
    assert "about 2 attributes of the map 'default'" in told


@pytest.mark.parametrize("decision", ["tracked", "ignored"])
def test_a_map_that_is_decided_passes(decision):
    """Models that are not in the map are counted, but do not fail the check."""
    draft(decided("host.country", "Country", decision=decision))
    code, out, told = check()
    assert (code, out) == (0, "")
    assert "does not track" in told
    assert "All attributes of the map's tracked models are decided." in told


def test_what_is_wrong_with_the_map_does_not_matter_here():
    """Each question has its own answer and its own exit code."""
    draft(decided("host.country", "Country"))
    rows = TrackingMap.objects.get().tracked_models.get().attributes
    rows.create(source="gone", name="gone", decision="tracked", position=99)
    assert editing.draft_problems("default")
    assert check()[0] == 0


def test_json():
    draft(decided("auth.user", "User", without=["email"]))
    code, out, _ = check("--json")
    report = json.loads(out)
    assert code == 1
    (found,) = report["undecided"]
    assert date.fromisoformat(found.pop("applied")[:10]) <= date.today()
    assert report["undecided"] == [
        {
            "model": "auth.User",
            "prefix": "User",
            "source": "email",
            "type": "E-mail address · up to 254 characters",
            "personal": True,
            "migration": "auth.0001_initial",
        }
    ]
    assert "host.Country" in report["models_not_in_the_map"]


def test_no_such_map_is_an_error():
    assert "nothing" in check("--map", "nothing")[2]
