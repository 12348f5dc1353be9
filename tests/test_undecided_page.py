"""The list of undecided attributes: several decisions are saved together, or none."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from reversion.models import Revision

from tests.drafts import draft, everything, row, the_map
from tests.maps import attribute, document, tracked
from tests.pages import read
from tests.screens import MARKS, client_of, map_page
from trackadmin import editing
from trackadmin.codes import ProblemCode
from trackadmin.document.structure import IGNORED, TRACKED, UNDECLARED
from trackadmin.exceptions import InvalidMap, StaleForm
from trackadmin.models import MapVersion

pytestmark = MARKS

TWO = document(
    User=tracked("auth.user", ["id"], key="id"),
    Country=tracked("host.country", ["code"], key="code"),
)


@pytest.fixture
def page():
    draft(TWO)
    return map_page("undecided", the_map().pk)


def decided(prefix):
    return editing.entry_of(row(prefix)).attributes


def sent_by(client, page, **changes):
    """What a browser sends of the page's form, with these changes."""
    forms = read(client.get(page).content.decode()).forms
    (form,) = (form for form in forms if "a-User-email-privacy" in form.sent)
    return {**form.sent, **changes}


def decision(where, chosen, privacy=""):
    name = where.replace(".", "-")
    return {f"a-{name}-decision": chosen, f"a-{name}-privacy": privacy}


# ── The page ───────────────────────────────────────────────────────────────────────────────────


def test_several_decisions_of_several_models_are_one_edit(admin_client, page):
    """And only they: what stays undecided, and what was decided before, is as it was."""
    before = everything()
    sent = sent_by(
        admin_client,
        page,
        **decision("User.email", TRACKED, "pseudonymised"),
        **decision("User.is_staff", IGNORED),
        **decision("Country.name", TRACKED, "none"),
        **{"a-Country-name-description": "In English."},
    )
    response = admin_client.post(page, sent, follow=True)
    assert "3 decisions were saved in the draft" in response.content.decode()
    found = {n: (a.decision, a.privacy, a.position) for n, a in decided("User").items()}
    assert found == {
        "id": (TRACKED, UNDECLARED, 0),
        "email": (TRACKED, "pseudonymised", 1),
        "is_staff": (IGNORED, UNDECLARED, 2),
    }
    name = decided("Country")["name"]
    assert (name.privacy, name.description, name.decision) == ("none", "In English.", TRACKED)
    assert "User.email" not in response.content.decode()
    assert len(everything()[Revision]) == len(before[Revision]) + 1
    assert not MapVersion.objects.exists()


def test_nothing_chosen_changes_nothing(admin_client, page):
    before = everything()
    response = admin_client.post(page, sent_by(admin_client, page), follow=True)
    assert "nothing was saved" in response.content.decode()
    assert everything() == before


def test_a_personal_attribute_needs_a_privacy(admin_client, page):
    """Nothing is saved, and what was chosen is still there."""
    before = everything()
    sent = sent_by(
        admin_client, page, **decision("User.email", TRACKED), **decision("Country.name", TRACKED)
    )
    html = admin_client.post(page, sent).content.decode()
    assert "it looks like personal data" in html
    assert 'href="#id_a-User-email-privacy"' in html
    form = next(f for f in read(html).forms if "a-User-email-privacy" in f.sent)
    assert form.sent["a-User-email-decision"] == form.sent["a-Country-name-decision"] == TRACKED
    assert everything() == before


def test_what_somebody_else_decided_meanwhile_is_told_and_stays(admin_client, page):
    sent = sent_by(
        admin_client,
        page,
        **decision("Country.name", TRACKED, "none"),
        **decision("User.is_staff", TRACKED, "none"),
    )
    editing.decide("default", {"Country": {"name": attribute("name", decision=IGNORED)}})
    html = admin_client.post(page, sent, follow=True).content.decode()
    assert "decided or deleted in the meantime" in html
    assert "Country.name" in html
    assert decided("Country")["name"].decision == IGNORED
    assert decided("User")["is_staff"].decision == TRACKED


def test_a_decision_between_the_look_and_the_lock_is_refused(admin_client, page, monkeypatch):
    """The list was read, then somebody else decided: the same question, under the lock."""
    sent = sent_by(admin_client, page, **decision("Country.name", TRACKED, "none"))
    real = editing.undecided

    def undecided(tracking_map):
        found = real(tracking_map)
        editing.decide("default", {"Country": {"name": attribute("name", decision=IGNORED)}})
        return found

    monkeypatch.setattr(editing, "undecided", undecided)
    html = admin_client.post(page, sent).content.decode()
    assert "Somebody else has decided about this attribute in the meantime." in html
    assert decided("Country")["name"].decision == IGNORED


def test_a_name_that_is_taken_is_refused(admin_client):
    draft(document(User=tracked("auth.user", ["id", ("email", attribute("username"))], key="id")))
    page = map_page("undecided", the_map().pk)
    before = everything()
    sent = {**decision("User.email", TRACKED, "none"), **decision("User.is_staff", IGNORED)}
    html = admin_client.post(page, sent).content.decode()
    assert "already has the output name" in html
    assert everything() == before


def test_it_says_when_all_is_decided(admin_client, page):
    left = editing.undecided("default").attributes
    decisions = {}
    for each in left:
        entry = attribute(each.facts.name, decision=IGNORED)
        decisions.setdefault(each.prefix, {})[each.facts.name] = entry
    editing.decide("default", decisions)
    html = admin_client.get(page).content.decode()
    assert "Everything is decided" in html
    assert "Models that are not in the map" in html


def test_long_lists_have_pages(admin_client, page, monkeypatch):
    """All attributes are on one of them, once; a page that is not there is a 404."""
    monkeypatch.setattr("trackadmin.admin.undecided_screen.ON_A_PAGE", 4)
    left = [each.where for each in editing.undecided("default").attributes]
    found = []
    for number in range(1, -(-len(left) // 4) + 1):
        html = admin_client.get(page, {"page": number}).content.decode()
        rows = [name for form in read(html).forms for name in form.sent if name.endswith("privacy")]
        found += [name.removeprefix("a-").removesuffix("-privacy") for name in rows]
    assert found == [where.replace(".", "-") for where in left]
    assert admin_client.get(page, {"page": 99}).status_code == 404
    assert admin_client.get(page, {"page": "x"}).status_code == 400


def test_who_may_only_view_reads_it_and_saves_nothing(client, page):
    client_of(client, "view_trackingmap")
    html = client.get(page).content.decode()
    assert "User" in html
    assert 'name="_save"' not in html
    before = everything()
    assert client.post(page, decision("Country.name", IGNORED)).status_code == 403
    assert everything() == before


def test_nobody_else_sees_it(client, page):
    client_of(client, "change_trackedmodel")
    assert client.get(page).status_code == 403


def test_the_queries_do_not_grow_with_the_map(admin_client, page):
    admin_client.get(page)
    with CaptureQueriesContext(connection) as few:
        admin_client.get(page)
    labels = {
        f"M{n}": tracked(each.label) for n, each in enumerate(editing.undecided("default").models)
    }
    draft(document(**labels))
    with CaptureQueriesContext(connection) as many:
        admin_client.get(page)
    assert len(many) == len(few)


# ── The operation ──────────────────────────────────────────────────────────────────────────────


def test_deciding_needs_the_tracked_model(page):
    with pytest.raises(StaleForm):
        editing.decide("default", {"Gone": {"x": attribute("x")}})


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"code": attribute("code")}, ProblemCode.ATTRIBUTE_DECIDED),
        ({"other": attribute("code")}, ProblemCode.ATTRIBUTE_DECIDED),
        ({"code": attribute("name")}, ProblemCode.NAME_TWICE),
        ({"nothing": attribute("nothing")}, ProblemCode.ATTRIBUTE_GONE),
    ],
)
def test_what_is_refused_changes_nothing(page, attributes, code):
    """Of no tracked model, also of those that are sound."""
    before = everything()
    sound = {"User": {"email": attribute("email", decision=IGNORED)}}
    with pytest.raises(InvalidMap) as caught:
        editing.decide("default", {**sound, "Country": attributes})
    assert [problem.code for problem in caught.value.problems] == [code]
    assert everything() == before


def test_a_foreign_key_is_decided_once():
    draft(document(BuyerProfile=tracked("demo.buyerprofile", ["uuid", "user_id"])))
    with pytest.raises(InvalidMap):
        editing.decide("default", {"BuyerProfile": {"user": attribute("user")}})


def test_a_decision_can_be_undone(page):
    """Like any edit: the history has it, for each tracked model."""
    editing.decide("default", {"Country": {"name": attribute("name")}})
    newest, before = editing.history(row("Country"), limit=2)
    assert newest.changes
    editing.undo(row("Country"), before.revision)
    assert "name" not in decided("Country")
