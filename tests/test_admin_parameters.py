"""Every parameter of every page: what cannot be read is refused, and nothing changes (C1, F9)."""

from itertools import product

import pytest
from django.contrib import admin
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from tests import screens
from tests.drafts import everything
from tests.oracle import cases
from tests.screens import edit, pages_of, published_example
from trackadmin import editing
from trackadmin.admin.page_parameters import (
    LARGEST_NUMBER,
    Unreadable,
    choice,
    number,
    text,
)
from trackadmin.admin.registry import (
    DeliveryAdmin,
    MapVersionAdmin,
    TrackedActionAdmin,
    TrackedModelAdmin,
    TrackingMapAdmin,
)
from trackadmin.models import Delivery, MapVersion, TrackedAction, TrackedModel, TrackingMap

pytestmark = screens.MARKS

#: What is no number, though ``int`` or a locale would take some of it for one.
NO_NUMBERS = [
    "",
    " ",
    "x",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1\n",
    "1_000",
    "1,500",
    "1.500",
    "1.0",
    "1e3",
    "0x1",
    "\uff11",
    "\u0661",
    "\u00b2",
    "1\x00",
    "\x00",
    "9" * 5000,
    str(10**30),
    str(2**63),
    "None",
    "true",
    "['1']",
]
#: Of these, and of texts, those that a page is sent.
NASTY = [
    *("", "x", "-1", "1_000", "\uff11", "1\x00", "0", "1"),
    *("9" * 5000, str(10**30), str(2**63), "' OR 1=1 --", "\u202e\U0001f600", "a " * 3000),
]
#: Which of them a parameter is sent: every third, and of a large form, whose fields are all read in
#: one way, every sixth. The next parameter and the next page get others. Torture sends all.
STEPS = {"address": 3, "form": 6} if cases(1) == 1 else {"address": 1, "form": 1}
ANSWERS = {200, 302, 400, 403, 404, 405}


# One way to read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", NO_NUMBERS)
def test_what_is_no_number_is_refused_and_never_taken_for_absent(sent):
    """C1: an unreadable `seen` once switched the guard off."""
    query = QueryDict(mutable=True)
    query["seen"] = sent
    with pytest.raises(Unreadable, match="'seen'"):
        number(query, "seen")


def test_a_number_is_read_and_one_that_was_not_sent_is_none():
    assert number(QueryDict("seen=1500"), "seen") == 1500
    assert number(QueryDict(f"seen={LARGEST_NUMBER}"), "seen") == LARGEST_NUMBER
    assert number(QueryDict(""), "seen") is None


def test_a_parameter_that_is_sent_twice_is_refused():
    for query in (QueryDict("seen=1&seen=1"), QueryDict("seen=1&seen=2")):
        with pytest.raises(Unreadable, match="once"):
            number(query, "seen")
        with pytest.raises(Unreadable, match="once"):
            text(query, "seen")


def test_a_choice_is_one_of_those_there_are():
    assert choice(QueryDict("to=up"), "to", ["up", "down"]) == "up"
    assert choice(QueryDict(""), "to", ["up", "down"]) == ""
    with pytest.raises(Unreadable, match="up, down"):
        choice(QueryDict("to=sideways"), "to", ["up", "down"])


def test_what_is_refused_is_quoted_short():
    with pytest.raises(Unreadable) as refused:
        number(QueryDict(f"seen={'9' * 5000}"), "seen")
    assert len(str(refused.value)) < 200


# Every page --------------------------------------------------------------------------------------


@pytest.fixture
def tracking_map():
    """Published twice, then edited and deleted from, so that every page has something to do."""
    row = published_example()
    edit(row, "User", owner="First")
    editing.publish(row, by=None)
    edit(row, "User", owner="Second")
    editing.delete_tracked_model(row.tracked_models.get(prefix="CompanyAccount"))
    return row


LISTS = ["q", "p", "o", "e", "all", "_facets", "_popup", "_to_field", "x", "id__exact", "id__gt"]
ENTRY = [
    "prefix",
    "owner",
    "key",
    "signed_only",
    "seen",
    "map",
    "model",
    "a-id-decision",
    "a-id-name",
    "a-id-privacy",
    "a-id-lookup",
    "_show",
    "_part",
    "_object",
    "_find",
    "_found",
    "add-relation",
    "g-1-relation",
    "g-1-value_1",
]
ACTION = [
    *("map", "name", "owner", "state", "stays_until", "successor", "seen", "rows", "_show"),
    *("rename", "rename_until"),
    *("b-User-need", "p-0-name", "p-0-kind", "p-0-choices", "p-0-privacy"),
]
#: Fields of a large form, which no address holds.
IN_FORMS_ONLY = {*ENTRY, *ACTION} - {"map", "model"}
#: What each page reads, from its address or its form.
PARAMETERS = {
    "trackingmap_add": ["name", "slug", "description"],
    "trackingmap_help": ["x"],
    "trackingmap_change": [
        *("name", "description", "seen", "unknown_actions", "undeclared_parameters"),
        *("signed_only", "q", "app", "show", "group", "page"),
    ],
    "trackingmap_tracked": ["model", "object"],
    "trackingmap_delete": ["expected"],
    "trackingmap_history": [
        *("page", "x", "edit", "who", "by_code", "name", "kind", "since", "until"),
    ],
    "trackingmap_bring_back": ["prefix"],
    "trackingmap_bring_back_action": ["action"],
    "trackingmap_move": ["prefix", "to"],
    "trackingmap_actions": ["page", "x"],
    "trackingmap_move_action": ["action", "to"],
    "trackingmap_events": [
        *("action", "model", "outcome", "sink", "sender", "wrong", "older", "event"),
    ],
    "trackingmap_dictionary": [
        *("q", "model", "privacy", "deprecated", "version", "show", "name", "page"),
    ],
    "trackingmap_dictionary_file": ["format", "version"],
    "trackingmap_undecided": ["page", "a-User-username-decision", "a-User-username-privacy"],
    "trackingmap_picture": ["model", "app", "view"],
    "trackingmap_quality": ["values", "do", "code", "place", "reason"],
    "trackingmap_usage": ["page"],
    "trackingmap_import": ["do", "name", "text", "part", "expected"],
    "trackingmap_export": ["format"],
    "trackingmap_messages": [
        *("recipient", "do", "channel", "address", "kinds", "language", "site", "message"),
    ],
    "trackingmap_start": ["expected", "model", "leave"],
    "trackingmap_fix": ["expected"],
    "trackingmap_publish": ["note", "expected", "expected_live", "override"],
    "trackingmap_ask_review": ["words", "reviewed"],
    "trackingmap_comment": ["place", "words", "reviewed"],
    "trackingmap_decide": ["verdict", "words", "reviewed"],
    "trackingmap_withdraw_review": ["words", "reviewed"],
    "trackingmap_effect": ["model"],
    "trackingmap_preview": ["model", "object", "by", "value"],
    "trackingmap_try_url": ["url"],
    "trackingmap_explain_event": ["event"],
    "trackingmap_search": ["model", "term", "page"],
    "trackingmap_compare": ["old", "new", "all"],
    "trackingmap_changelog": ["old", "new", "format"],
    "trackingmap_versions": ["page", "summary"],
    "trackingmap_backfills": ["page", "run"],
    "trackingmap_version": ["page"],
    "trackingmap_document": ["x"],
    "trackingmap_roll_back": [
        *("note", "reset_draft", "only_draft", "override", "expected", "expected_live"),
    ],
    "trackingmap_changelist": LISTS,
    "trackedmodel_add": [*ENTRY, "deleted", "was"],
    "trackedmodel_change": [*ENTRY, "_continue", "c-buyer_profile-child_prefix"],
    "trackedmodel_delete": ["seen"],
    "trackedmodel_history": ["page", "who", "kind", "since"],
    "trackedmodel_undo": ["seen"],
    "trackedmodel_presence": ["closed"],
    "trackedmodel_profile": ["fresh", "x"],
    "trackedmodel_changelist": [*LISTS, "map__id__exact", "map__isnull"],
    "trackedaction_add": [*ACTION, "deleted", "was"],
    "trackedaction_change": [*ACTION, "_continue"],
    "trackedaction_delete": ["seen"],
    "trackedaction_history": ["page", "until", "x"],
    "trackedaction_presence": ["closed"],
    "trackedaction_undo": ["seen"],
    "trackedaction_changelist": [*LISTS, "map__id__exact", "map__isnull"],
    "delivery_changelist": ["sink", "page", "do", "letter", "message", "expected"],
    "mapversion_changelist": [*LISTS, "map__id__exact", "created_at__year", "digest__regex"],
    "mapversion_change": ["x"],
}
#: Pages that take no form.
READ_ONLY = {"history", "preview", "search", "compare", "versions", "version", "document"}
READ_ONLY |= {"changelist", "events", "actions", "help", "picture", "profile", "effect", "tracked"}
READ_ONLY |= {"usage", "changelog", "dictionary", "file", "export"}
#: Parameters that lead deeper into a page when another is asked for.
CONTEXTS = {
    "trackingmap_import": [{"do": "take", "expected": "0" * 64}],
    "delivery_changelist": [{}, {"do": "discard", "letter": "1"}, {"do": "discard_all"}],
    "trackingmap_messages": [{"do": "add", "channel": "email"}],
    "trackingmap_quality": [{"do": "waive", "reason": "x"}],
    "trackingmap_preview": [{}, {"model": "User"}, {"model": "User", "by": "id"}],
    "trackingmap_search": [{}, {"model": "User"}],
    "trackingmap_picture": [{}, {"view": "tree"}, {"model": "User", "view": "tree"}],
    "trackingmap_tracked": [{}, {"model": "auth.user"}, {"model": "auth.user", "object": "1"}],
    "trackingmap_bring_back": [{}, {"prefix": "CompanyAccount"}],
    "trackingmap_bring_back_action": [{}, {"action": "gone"}],
    "trackedmodel_add": [{}, {"model": "demo.order"}],
    "trackedaction_change": [{}, {"rows": "1", "name": "signup", "state": "live"}],
}


def test_no_address_is_left_out(tracking_map):
    """A page that is added later must be added here, too."""
    ours = {
        pattern.name.removeprefix("trackadmin_")
        for model, cls in [
            (TrackingMap, TrackingMapAdmin),
            (TrackedModel, TrackedModelAdmin),
            (TrackedAction, TrackedActionAdmin),
            (MapVersion, MapVersionAdmin),
            (Delivery, DeliveryAdmin),
        ]
        for pattern in cls(model, admin.site).get_urls()
    }
    assert ours == pages_of(tracking_map).keys()


@pytest.mark.pinned
@pytest.mark.torture
@pytest.mark.parametrize(("at", "name"), [*enumerate(PARAMETERS)])
def test_no_parameter_of_any_page_is_an_error_of_the_server(admin_user, tracking_map, at, name):
    """F9: 400 or 404, never a 500; and what is refused changes no version and no row."""
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    page = pages_of(tracking_map)[name]
    posts = name == "delivery_changelist" or name.rpartition("_")[2] not in READ_ONLY
    client.get(page)  # the theme makes its own row on the first page
    before = everything()
    for place, parameter in enumerate(PARAMETERS[name], at):
        gets = parameter not in IN_FORMS_ONLY
        step = STEPS["address" if gets else "form"]
        for context, value in product(CONTEXTS.get(name, [{}]), NASTY[place % step :: step]):
            query = {**context, parameter: value}
            for send in [client.get] * gets + [client.post] * posts:
                assert send(page, query).status_code in ANSWERS, (parameter, value[:40])
    assert everything() == before


@pytest.mark.parametrize("term", ["a\x00b", "a " * 3000, "'", "\u202e", "%", "9" * 5000])
def test_djangos_search_in_select_boxes_is_guarded_too(admin_user, tracking_map, term):
    """F9: it is Django's page, but it searches with what our admin says."""
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    query = {"app_label": "trackadmin", "model_name": "mapversion", "field_name": "map"}
    found = client.get(reverse("admin:autocomplete"), {**query, "term": term})
    assert found.status_code in (200, 400)
    assert (found.status_code == 400) == ("\x00" in term or len(term) > 200)
