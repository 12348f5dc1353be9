"""Signed tracking URLs: what they bind, how long they last, and what a map can demand of them."""

import asyncio
import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.template import Context, Template
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.models import BuyerProfile, CompanyAccount
from tests.maps import EXAMPLE
from trackadmin import testing
from trackadmin.codes import Outcome
from trackadmin.compiler import Resolved
from trackadmin.compiler.sql.resolver import Resolver
from trackadmin.document import to_dict
from trackadmin.exceptions import WrongExpiry
from trackadmin.runtime import (
    Event,
    atracking_query,
    current_map,
    fault_counts,
    get_model,
    tracking_query,
    tracking_values,
    values_from_query,
)
from trackadmin.runtime.dry_run import dry_run
from trackadmin.testing import captured_events, override_map

pytestmark = pytest.mark.django_db

BUYER = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
YEAR = 365 * 86_400
MAP = to_dict(EXAMPLE)


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    with override_map(MAP), override_settings(SECRET_KEY="first", SECRET_KEY_FALLBACKS=[]):
        yield
    testing.reset()


@pytest.fixture
def buyer():
    user = User.objects.create(id=123, username="ann", email="ann@example.com")
    return BuyerProfile.objects.create(uuid=BUYER, user=user)


@pytest.fixture
def company():
    return CompanyAccount.objects.create(name="The Demo Account", is_demo=True)


def codes(values):
    return [finding.code.value for finding in values.wrong]


def outcomes(query):
    return [each.outcome.value for each in values_from_query(query).references]


@contextmanager
def later(seconds):
    now = time.time() + seconds
    with mock.patch("trackadmin.runtime.signatures.time.time", return_value=now):
        yield


def demanding(**entries):
    """The map, with entries of it changed."""
    return {**MAP, **{prefix: {**MAP[prefix], **more} for prefix, more in entries.items()}}


# ── What a signature says ──────────────────────────────────────────────────────────────────────


def test_a_signed_url_is_trusted_and_its_signature_is_no_value(buyer, company):
    query = tracking_query(buyer, company, action="signup", page=7, signed=True)
    values = values_from_query(query)
    assert (values.trust, values.wrong) == ("signed", [])
    assert values["BuyerProfile_uuid"] == BUYER
    assert not {"sig", "signed", "expires"} & values.keys()
    assert Event.of(values).trust == "signed"


def test_an_unsigned_url_is_open_and_nothing_is_wrong_with_it(buyer):
    query = tracking_query(buyer, action="signup")
    assert "sig=" not in query
    values = values_from_query(query)
    assert (values.trust, values.wrong) == ("open", [])


def test_a_signature_of_others_is_wrong_and_the_event_is_open(buyer, company):
    """It still arrives, with everything that an open URL brings."""
    stolen = dict(parse_qsl(tracking_query(company, action="signup", signed=True)))["sig"]
    values = values_from_query(f"{tracking_query(buyer, action='signup')}&sig={stolen}")
    assert (values.trust, codes(values)) == ("open", ["signature.invalid"])
    assert values["BuyerProfile_uuid"] == BUYER


def test_of_another_map_it_is_worth_nothing(buyer):
    with override_map(MAP, slug="other"):
        query = tracking_query(buyer, action="a", signed=True, map="other")
        assert values_from_query(query, map="other").trust == "signed"
        assert values_from_query(query).trust == "open"


def test_of_another_tenant_it_is_worth_nothing(buyer):
    """Two tenants may have a map of one name, a row of one key, and share the site's key."""
    tenant = ["north"]
    with (
        override_settings(TRACKADMIN={"TENANT": lambda: tenant[0]}),
        override_map(MAP),
    ):
        query = tracking_query(buyer, action="a", signed=True)
        assert values_from_query(query).trust == "signed"
        tenant[0] = "south"
        with override_map(MAP):
            assert values_from_query(query).trust == "open"


NO_SIGNATURES = ["", "x", "x" * 43, ".", "1.", "a:b", "é" * 43, f"0.{'x' * 43}", "x" * 5000]


@pytest.mark.parametrize("signature", [*NO_SIGNATURES, ["x"], 5, {}, True])
def test_nonsense_is_wrong_and_never_raises(buyer, signature):
    values = values_from_query({"action": "a", "BuyerProfile__uuid": BUYER, "sig": signature})
    assert (values.trust, codes(values)) == ("open", ["signature.invalid"])


def test_a_missing_one_is_not_wrong(buyer):
    """JSON says null for what is not there."""
    values = values_from_query({"action": "a", "sig": None, "event_id": None})
    assert (values.trust, values.wrong, "sig" in values) == ("open", [], False)


def test_a_separator_in_it_does_not_move_the_border(buyer):
    """The signer splits at its last colon, so nothing with a colon may reach it."""
    query = tracking_query(buyer, action="a", signed=True)
    for text in (":", "x:", "%3A"):
        head, _, signature = query.rpartition("sig=")
        assert values_from_query(f"{head}sig={text}{signature}").trust == "open"


# ── No alteration keeps it ─────────────────────────────────────────────────────────────────────

NAMES = ["action", "BuyerProfile__uuid", "CompanyAccount__name", "User__id", "No__such", "channel"]
TEXTS = st.sampled_from(["signup", BUYER, "The Demo Account", "Other", "", "1", "a\x00", "a&b=c"])
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(TEXTS, st.text(max_size=5))))


def bound(pairs):
    """What a signature is about: the references, each once, and the action that counts."""
    actions = [text for name, text in pairs if name == "action"]
    return {pair for pair in pairs if "__" in pair[0]}, actions[-1:] or [""]


def nothing(resolver, wanted, fault):
    """No look-ups in a test that is not about them."""
    return [Resolved(Outcome.NONE)] * len(wanted)


@given(more=PAIRS, gone=st.sets(st.sampled_from(NAMES[:3])), expiry=st.integers(-3, 3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_altered_the_signature_is_lost(more, gone, expiry):
    """Other references, another action or another expiry. What is not bound may change."""
    buyer = BuyerProfile(uuid=UUID(BUYER))
    company = CompanyAccount(name="The Demo Account")
    buyer._state.adding = company._state.adding = False
    with mock.patch.object(Resolver, "resolve", nothing):
        query = tracking_query(buyer, company, action="signup", signed=True, expires=YEAR)
        *given, (_, signature) = parse_qsl(query)
        until, _, rest = signature.partition(".")
        altered = [pair for pair in given if pair[0] not in gone] + more
        text = urlencode([*altered, ("sig", f"{int(until) + expiry}.{rest}")], errors="replace")
        values = values_from_query(text)
    same = bound(parse_qsl(text, keep_blank_values=True)[:-1]) == bound(given) and not expiry
    assert (values.trust == "signed") == same, text
    assert ("signature.invalid" in codes(values)) == (not same)


@given(at=st.integers(0, 53), letter=st.sampled_from("Aa0-_.:=é"))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_another_letter_in_it_is_another_signature(at, letter):
    """Base64 has several spellings for some bytes. Only one of them is taken."""
    query = tracking_query(action="signup", signed=True, expires=YEAR)
    head, _, signature = query.rpartition("sig=")
    altered = signature[:at] + letter + signature[at + 1 :]
    assert (values_from_query(f"{head}sig={altered}").trust == "signed") == (altered == signature)


# ── Keys that change, and time that passes ─────────────────────────────────────────────────────


def test_a_link_of_one_year_ago_resolves_after_two_rotations_and_an_altered_one_does_not(
    client, buyer
):
    """Both get the same bytes."""
    link = tracking_query(buyer, action="mail_click", signed=True)
    altered = link.replace("mail_click", "mail_open")
    rotated = override_settings(SECRET_KEY="third", SECRET_KEY_FALLBACKS=["second", "first"])
    with rotated, later(YEAR), captured_events() as events, override_map(demanding(**SIGNED_BUYER)):
        answers = [client.get(f"/t/?{query}") for query in (link, altered)]
    assert [event.trust for event in events] == ["signed", "open"]
    assert events[0].values["BuyerProfile_uuid"] == BUYER
    assert "BuyerProfile_uuid" not in events[1].values
    assert events[1].wrong == (("signature.invalid", "sig"),)
    first, second = (a.serialize_headers() + a.content for a in answers)
    assert first == second
    assert [answer.status_code for answer in answers] == [204, 204]


SIGNED_BUYER = {"BuyerProfile": {"signed_only": True}}


def test_a_key_that_the_site_dropped_signs_no_more(buyer):
    link = tracking_query(buyer, action="a", signed=True)
    with override_settings(SECRET_KEY="second", SECRET_KEY_FALLBACKS=["third"]):
        assert values_from_query(link).trust == "open"


@pytest.mark.parametrize(
    "expires",
    [60, 60.5, timedelta(minutes=1), datetime.now(UTC) + timedelta(days=1)],
    ids=["seconds", "fraction", "timedelta", "datetime"],
)
def test_an_expiry_ends_it(buyer, expires):
    link = tracking_query(buyer, action="a", signed=True, expires=expires)
    with later(50):
        assert values_from_query(link).trust == "signed"
    with later(2 * 86_400):
        values = values_from_query(link)
    assert (values.trust, codes(values)) == ("open", ["signature.expired"])


def test_who_makes_one_up_is_not_told_that_it_expired(buyer):
    values = values_from_query(f"action=a&sig=1000000000.{'x' * 43}")
    assert codes(values) == ["signature.invalid"]


NONSENSE = [
    True, False, 0, -5, float("nan"), float("inf"), 10**400, "60", "", [], timedelta(0),
    timedelta(days=-1), datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1), datetime.max,
]  # fmt: skip


@pytest.mark.parametrize("expires", NONSENSE, ids=repr)
def test_an_expiry_that_is_none_is_refused(buyer, expires):
    """If strict it raises. Otherwise no page breaks, and nothing is signed longer than meant."""
    with override_settings(TRACKADMIN={"STRICT": True}), pytest.raises(WrongExpiry, match="signed"):
        tracking_query(buyer, action="a", signed=True, expires=expires)
    link = tracking_query(buyer, action="a", signed=True, expires=expires)
    assert link == f"action=a&BuyerProfile__uuid={BUYER}"
    assert fault_counts()["url.expiry"] == 1


def test_an_expiry_without_a_signature_is_refused(buyer):
    """A link that seems to end and does not is worse than an error."""
    with override_settings(TRACKADMIN={"STRICT": True}), pytest.raises(WrongExpiry):
        tracking_query(buyer, action="a", expires=60)
    assert "sig=" not in tracking_query(buyer, action="a", expires=60)
    assert fault_counts()["url.expiry"] == 1


# ── What a map and a site demand ───────────────────────────────────────────────────────────────


@pytest.fixture(params=["model", "map", "setting"])
def demand(request):
    """Three ways to demand a signature for a user: of its model, of all, of guessable keys."""
    if request.param == "setting":
        with override_settings(TRACKADMIN={"GUESSABLE_KEYS": "signed"}), override_map(MAP):
            yield
    else:
        of_map = {"models": MAP, "signed_only": True}
        with override_map(
            of_map if request.param == "map" else demanding(User={"signed_only": True})
        ):
            yield


def test_a_reference_without_a_signature_is_not_looked_up(buyer, demand):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        values = values_from_query("action=a&User__id=123&x=1")
    assert [r.outcome.value for r in values.references] == ["not_signed"]
    assert dict(values) == {"action": "a", "x": "1"}
    assert not queries.captured_queries
    assert fault_counts()["reference.not_signed"] == 1


def test_a_signed_one_is(buyer, demand):
    query = tracking_query(buyer.user, action="a", signed=True)
    assert outcomes(query) == ["found"]
    assert outcomes(query.replace("123", "124")) == ["not_signed"]
    with later(YEAR):
        assert outcomes(tracking_query(buyer.user, action="a", signed=True)) == ["found"]


def test_where_it_is_demanded_pages_sign_by_themselves(buyer, demand):
    """So that who turns it on in the admin need not wait for other templates."""
    query = tracking_query(buyer.user, action="a")
    assert outcomes(query) == ["found"]
    assert values_from_query(query).trust == "signed"


def test_the_others_of_the_url_are_looked_up(buyer, company):
    with override_map(demanding(**SIGNED_BUYER)):
        query = f"action=a&CompanyAccount__name=The Demo Account&BuyerProfile__uuid={BUYER}"
        for again in range(2):  # by the slow way, and by the known one
            values = values_from_query(query + ("&sig=x" if again else ""))
            assert [r.outcome.value for r in values.references] == ["found", "not_signed"]
            assert values["CompanyAccount_name"] == "The Demo Account"
            assert "BuyerProfile_uuid" not in values


def test_a_uuid_cannot_be_guessed(buyer):
    with override_settings(TRACKADMIN={"GUESSABLE_KEYS": False}), override_map(MAP):
        assert outcomes(f"action=a&BuyerProfile__uuid={BUYER}") == ["found"]


@pytest.mark.parametrize("decided", [None, True, "open"])
def test_open_keys_are_looked_up_as_before(buyer, decided):
    with override_settings(TRACKADMIN={"GUESSABLE_KEYS": decided}), override_map(MAP):
        assert outcomes("action=a&User__id=123") == ["found"]


def test_a_word_that_the_setting_does_not_have_opens_nothing(buyer):
    with override_settings(TRACKADMIN={"GUESSABLE_KEYS": "sinned"}), override_map(MAP):
        assert outcomes("action=a&User__id=123") == ["not_signed"]


# ── The doors ──────────────────────────────────────────────────────────────────────────────────


def test_a_signed_url_takes_one_statement(buyer, company):
    """Its names are known like those of any other URL."""
    query = tracking_query(buyer, company, action="a", signed=True)
    values_from_query(query)
    never = mock.patch("trackadmin.runtime.resolve.one_by_one", side_effect=AssertionError)
    with never, CaptureQueriesContext(connection) as queries:
        assert values_from_query(query).trust == "signed"
    assert [query["sql"][:6] for query in queries].count("SELECT") == 1


def test_the_template_tag_signs(buyer):
    tag = "{% load trackadmin %}{% tracking_url buyer action='a' signed=True expires=60 as u %}"
    url = Template(tag + "{{ u|safe }}").render(Context({"buyer": buyer}))
    assert values_from_query(url.partition("?")[2]).trust == "signed"


def test_the_async_twin_signs(buyer):
    query = asyncio.run(atracking_query(action="a", signed=True, expires=60))
    assert values_from_query(query).trust == "signed"


def test_a_body_may_add_parameters_to_a_signed_url(client, buyer):
    """They are what the sender says: a signature binds references, action and expiry only."""
    link = tracking_query(buyer, action="a", signed=True)
    with captured_events() as events:
        client.post(f"/t/?{link}", json.dumps({"n": 1}), content_type="application/json")
        client.post(f"/t/?{link}", {"action": "b"})
        client.post(f"/t/?{link}", {"User__id": "123"})
    assert [event.trust for event in events] == ["signed", "open", "open"]
    assert events[0].values["n"] == 1


def test_a_dry_run_says_what_became_of_it(buyer):
    link = tracking_query(buyer, action="a", signed=True)
    good, bad = (dry_run(current_map(), query).fates[-1] for query in (link, link + "x"))
    assert (good.became, bad.became) == ("used", "left_out")
    assert "valid" in str(good.reason)
    assert "not valid" in str(bad.reason)
    with override_map(demanding(**SIGNED_BUYER)):
        fate = dry_run(current_map(), f"BuyerProfile__uuid={BUYER}").fates[0]
    assert (fate.became, "signed=True" in str(fate.reason)) == ("not_signed", True)


def test_the_site_s_own_code_needs_no_signature(buyer):
    with override_map({"models": MAP, "signed_only": True}):
        assert get_model("BuyerProfile__uuid", BUYER) == buyer
        assert tracking_values(buyer)["BuyerProfile_uuid"] == BUYER
