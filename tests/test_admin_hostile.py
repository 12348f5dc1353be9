"""Text of people and of the host's code is shown on every page and obeyed on none (stored XSS)."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from reversion.models import Revision

import trackadmin
from tests import screens
from tests.host.models import Everything, Person
from tests.maps import attribute, document, tracked
from tests.pages import read
from tests.screens import map_page, pages_of, registered
from trackadmin import editing
from trackadmin.document import ActionEntry, ParameterEntry
from trackadmin.models import TrackedModel, TrackingMap

pytestmark = screens.MARKS

#: Each field has a text of its own, so that a page tells which one it shows.
HOSTILE = "<script>alert('{0}')</script><img src=x onerror=alert('{0}')>\"'>&{{{{ {0} }}}}"
TEMPLATES = Path(trackadmin.__file__).parent.parent / "templates"


def hostile(field):
    return HOSTILE.format(field)


@pytest.fixture
def tracking_map():
    """A map, its versions, edits and authors, all of whose texts are hostile."""
    author = User.objects.create_superuser(hostile("author")[:150])
    row = editing.add_map("default2", name=hostile("name"), description=hostile("about"), by=author)

    def draft(number):
        entry = tracked(
            "host.everything",
            [
                ("slug", attribute("slug", description=hostile("attribute"))),
                ("text", attribute("long_text", description=hostile("attribute"))),
                ("ignored", attribute("integer", decision="ignored")),
                ("broken", attribute("broken")),
            ],
            key="slug",
            owner=hostile(f"owner{number}"),
            description=hostile("model"),
        )
        user = tracked("auth.user", [("id", attribute("id"))], key="id", owner=hostile("owner"))
        company = tracked("demo.companyaccount", ["name"], description=hostile("company"))
        return document(Everything=entry, User=user, CompanyAccount=company)

    for number in (1, 2):
        editing.import_document(row, draft(number), by=author, comment=hostile("comment"))
        editing.publish(row, by=author, note=hostile(f"note{number}"))
    editing.roll_back(row, to=1, by=author, note=hostile("rollback"))
    model = row.tracked_models.get(prefix="User")
    entry = editing.build_document(row).models["User"]
    changed = tracked("auth.user", ["id"], key="id", owner=hostile("changed"), position=1)
    editing.save_tracked_model(
        row, "User", changed, tracked_model=model, by=author, comment=hostile("edit")
    )
    assert entry != changed
    company = row.tracked_models.get(prefix="CompanyAccount")
    editing.delete_tracked_model(company, by=author, comment=hostile("deleted"))
    said = {"description": hostile("parameter"), "choices": [hostile("choice")], "kind": "choice"}
    action = ActionEntry(
        hostile("action"),
        owner=hostile("team"),
        brings={"User": "required", "Everything": "optional"},
        parameters={"said": ParameterEntry(**said)},
    )
    editing.save_action(row, "signup", action, by=author)
    Everything.objects.create(slug="thing", long_text=hostile("value"))
    return row


@pytest.fixture
def client(tracking_map):
    client = Client()
    client.force_login(User.objects.get())
    return client


@pytest.fixture
def hostile_host(monkeypatch, settings):
    """The words of the host's models are hostile, too."""
    monkeypatch.setattr(Everything, "__str__", lambda self: hostile("object"))
    for name in ("text", "integer"):
        field = Everything._meta.get_field(name)
        monkeypatch.setattr(field, "verbose_name", hostile("verbose"))
        monkeypatch.setattr(field, "help_text", hostile("help"))
    for model in (Everything, Person):
        monkeypatch.setattr(model._meta, "verbose_name", hostile("modelname"))
    settings.TRACKADMIN = {"MAX_NAMES": 999}  # the catalog reads the models anew


def pages(row):
    found = pages_of(row)
    preview = map_page("preview", row.pk)
    thing = Everything.objects.get()
    model = row.tracked_models.get(prefix="Everything")
    found |= {
        "trackingmap_tracked": map_page("tracked") + f"?model=host.everything&object={thing.pk}",
        "trackingmap_bring_back": found["trackingmap_bring_back"] + "?prefix=CompanyAccount",
        "trackingmap_bring_back_action": found["trackingmap_bring_back_action"] + "?action=gone",
        "trackedmodel_add": found["trackedmodel_add"] + f"?map={row.pk}",
        "trackedaction_add": found["trackedaction_add"] + f"?map={row.pk}",
        "the form": screens.model_page("change", model.pk),
        "its history": screens.model_page("history", model.pk),
        "its deletion": screens.model_page("delete", model.pk),
        "preview": f"{preview}?model=Everything&object={thing.pk}",
        "version 2": map_page("version", row.pk, 2),
        "compare": map_page("compare", row.pk) + "?old=1&new=2",
        "tree": map_page("picture", row.pk) + "?model=Everything&view=tree",
    }
    for name in {*screens.POSTED, "trackingmap_search", "mapversion_change"}:
        del found[name]
    return found


def obeyed(html):
    """What of a hostile text a browser would run or make an element of."""
    page = read(html)
    return [
        *re.findall(r"<script>alert[^<]*", html),
        *[each for each in page.attributes if each[1].startswith("on") and "alert" in each[2]],
        *[each for each in page.attributes if each[0] == "img" and each[2] == "x"],
        *re.findall(r"javascript:", html),
    ]


#: Texts that must be seen somewhere, or the test would prove nothing of them.
SHOWN = [
    *("author", "name", "about", "owner1", "owner2", "attribute", "model", "company"),
    *("comment", "note1", "note2", "rollback", "edit", "changed", "deleted", "value"),
    *("object", "verbose", "help", "modelname"),
    *("action", "team", "parameter", "choice"),
]


def test_no_page_obeys_a_text_and_each_text_is_shown(client, tracking_map, hostile_host):
    """A note marked safe was once seeded, and no test saw it."""
    seen = set()
    for name, page in pages(tracking_map).items():
        response = client.get(page)
        assert response.status_code == 200, name
        if response["Content-Type"].startswith("text/html"):
            html = response.content.decode()
            assert obeyed(html) == [], name
            seen |= {field for field in SHOWN if f"&lt;script&gt;alert(&#x27;{field}" in html}
    assert set(SHOWN) - seen == set()


def test_the_check_sees_what_a_browser_would_run():
    assert obeyed(hostile("note"))
    assert obeyed('<p title="x" onclick="alert(1)">')
    assert not obeyed("<p>&lt;script&gt;alert(1)</p>")


def test_errors_that_quote_what_was_sent_obey_nothing(client, tracking_map):
    """A refused parameter, a refused form, a name that is no name."""
    text = hostile("sent")
    row = tracking_map.tracked_models.get(prefix="User")
    pages = [
        (map_page("move", row.map_id), {"to": text}),
        (map_page("publish", row.map_id), {"note": text, "expected": text}),
        (map_page("roll_back", row.map_id, 1), {"note": text, "expected": text}),
        (map_page("add"), {"name": text, "slug": text, "description": text}),
        (screens.model_page("change", row.pk), {"prefix": text, "owner": text, "key": text}),
        (screens.model_page("delete", row.pk), {"seen": text}),
    ]
    for page, sent in pages:
        assert obeyed(client.post(page, sent).content.decode()) == [], page
    queries = [
        (map_page("changelist"), {"q": text}),
        (map_page("changelist"), {text: text}),
        (map_page("compare", row.map_id), {"old": text}),
        (map_page("versions", row.map_id), {"page": text}),
        (map_page("preview", row.map_id), {"model": "Everything", "value": text}),
        (map_page("preview", row.map_id), {"model": "Everything", "by": text}),
        (screens.model_page("add"), {"model": text}),
    ]
    for page, query in queries:
        response = client.get(page, query)
        assert response.status_code in (200, 400, 404)
        assert obeyed(response.content.decode()) == [], (page, query)


def test_what_is_not_html_says_so(client, tracking_map, hostile_host):
    """A browser must not treat the search's answer or a document as a page."""
    with registered(Everything, search_fields=["slug"]):
        found = client.get(map_page("search", tracking_map.pk), {"model": "Everything"})
    assert found["Content-Type"] == "application/json"
    assert hostile("object") in found.json()["results"][0]["text"]
    document = client.get(map_page("document", tracking_map.pk, 1))
    assert document["Content-Type"] == "application/json"
    assert document["Content-Disposition"].startswith("attachment")


def test_no_template_marks_a_text_as_safe():
    """Django escapes everything that is not marked safe, and our templates mark nothing."""
    sources = [*TEMPLATES.rglob("*.html"), *Path(trackadmin.__file__).parent.rglob("*.py")]
    assert len(sources) > 50
    for path in sources:
        marks = r"\|\s*safe(seq)?\b|autoescape\s+off|mark_safe|format_html|__html__"
        assert not re.search(marks, path.read_text()), path


def test_all_texts_of_a_revision_are_escaped(client, tracking_map):
    """What other code wrote into the history, by reversion's own ways."""
    Revision.objects.update(comment=hostile("foreign"))
    html = client.get(map_page("history", tracking_map.pk)).content.decode()
    assert "foreign" in html
    assert obeyed(html) == []


def test_texts_that_an_old_table_holds_are_escaped(client, tracking_map):
    """Past the forms and past the checks of the draft: a fixture, a migration."""
    TrackedModel.objects.filter(prefix="User").update(key=hostile("key"), owner=hostile("o"))
    TrackingMap.objects.filter(pk=tracking_map.pk).update(name=hostile("raw")[:200])
    for name, page in pages(tracking_map).items():
        response = client.get(page)
        assert response.status_code in (200, 404), name
        if response["Content-Type"].startswith("text/html"):
            assert obeyed(response.content.decode()) == [], name
