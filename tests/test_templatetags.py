"""The template tag: a tracking URL that is right in HTML."""

import html
import uuid
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template, TemplateSyntaxError
from django.test import override_settings
from django.urls import include, path, set_urlconf

from demo.models import BuyerProfile, CompanyAccount
from tests.actions import with_actions
from tests.maps import EXAMPLE
from trackadmin import testing
from trackadmin.document import to_dict
from trackadmin.exceptions import NoTrackingURL, NotTracked, WrongEvent
from trackadmin.runtime import fault_counts
from trackadmin.testing import override_map

BUYER = "6fa459ea-ee8a-3ca4-894e-db77e160355e"

urlpatterns = [
    path("t/", include("trackadmin.collect.urls")),
    path("s/", include("trackadmin.collect.urls", namespace="shop"), {"map": "shop"}),
]


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    with override_map(to_dict(EXAMPLE)):
        yield
    testing.reset()


def saved(obj):
    obj._state.adding = False
    return obj


def render(tag, **context):
    objects = {
        "buyer": saved(BuyerProfile(id=1, uuid=uuid.UUID(BUYER))),
        "company": saved(CompanyAccount(id=1, name='A & "B" <c>')),
    }
    return Template("{% load trackadmin %}" + tag).render(Context({**objects, **context}))


NAME = "A%20%26%20%22B%22%20%3Cc%3E"
URL = f"/t/?action=signup_click&BuyerProfile__uuid={BUYER}&CompanyAccount__name={NAME}"


def test_in_an_attribute():
    rendered = render('<img src="{% tracking_url buyer company action="signup_click" %}">')
    assert rendered == f'<img src="{html.escape(URL)}">'
    assert "&amp;BuyerProfile__uuid" in rendered


def test_in_a_variable():
    tag = '{% tracking_url buyer company action="signup_click" as url %}'
    assert render(tag + "{{ url }}") == html.escape(URL)
    assert render(tag + "{{ url|safe }}") == URL
    assert render(tag + "{% if url %}yes{% endif %}") == "yes"


def test_where_nothing_is_escaped():
    tag = '{% tracking_url buyer company action="signup_click" %}'
    assert render("{% autoescape off %}" + tag + "{% endautoescape %}") == URL


def test_parameters_from_variables():
    assert render("{% tracking_url action=what n=3 %}", what="a&b") == "/t/?action=a%26b&amp;n=3"


@override_settings(TRACKADMIN={"STRICT": True})
def test_nobody_and_what_the_template_does_not_know_are_left_out():
    rendered = render("{% tracking_url nobody user none.x %}", user=AnonymousUser(), none=None)
    assert rendered == "/t/"
    assert fault_counts() == {}


def test_stranger_raises_where_strict_and_is_left_out_elsewhere():
    with override_settings(TRACKADMIN={"STRICT": True}), pytest.raises(NotTracked):
        render("{% tracking_url thing %}", thing=object())
    assert render("{% tracking_url thing buyer %}", thing=5) == f"/t/?BuyerProfile__uuid={BUYER}"
    assert fault_counts() == {"object.not_tracked": 1}


@override_settings(ROOT_URLCONF="tests.test_templatetags")
def test_another_map_has_the_address_of_its_namespace():
    data = {"CompanyAccount": {"attributes": ["id"], "key": "id"}}
    with override_map(data, "shop"):
        assert render('{% tracking_url company map="shop" %}') == "/s/?CompanyAccount__id=1"
        assert render("{% tracking_url %}") == "/t/"


def test_map_without_an_address_never_breaks_the_page(caplog):
    """B6: counted, logged once, and an empty text; where strict, an error that says what to add."""
    with override_map({}, "shop"):
        assert render('[{% tracking_url map="shop" %}]') == "[]"
        assert render('[{% tracking_url map="shop" %}]') == "[]"
        assert fault_counts()["url.not_included"] == 2
        assert len(caplog.records) == 1
        with (
            override_settings(TRACKADMIN={"STRICT": True}),
            pytest.raises(NoTrackingURL, match="shop"),
        ):
            render('{% tracking_url map="shop" %}')


@pytest.mark.parametrize("urls", ["tests.nested_urls", "tests.no_urls"])
def test_active_urlconf_decides(urls):
    """B6: another host name has a URLconf of its own, where the address is nested or missing."""
    expected = "[/api/v1/track/]" if "nested" in urls else "[]"
    with set_urlconf_to(urls):
        assert render("[{% tracking_url %}]") == expected


@contextmanager
def set_urlconf_to(urls):
    set_urlconf(urls)
    try:
        yield
    finally:
        set_urlconf(None)


def test_urls_of_the_site_that_raise_never_break_the_page(monkeypatch):
    """B6: a converter of the site that fails, or a URLconf that cannot be read."""

    def fail(map, view):
        raise RuntimeError("hunter2")

    monkeypatch.setattr("trackadmin.templatetags.trackadmin.tracking_address", fail)
    assert render("[{% tracking_url %}]") == "[]"
    assert fault_counts() == {"url.failed": 1}
    with override_settings(TRACKADMIN={"STRICT": True}), pytest.raises(RuntimeError):
        render("{% tracking_url %}")


def test_tag_needs_to_be_loaded():
    with pytest.raises(TemplateSyntaxError):
        Template("{% tracking_url %}")


# ── The action's name and parameters ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("action=nothing", "The event has no action"),
        ("action='sing_up'", "Did you mean 'sign_up'? Its actions are: open_page, sign_up"),
        ("action='planned_one'", "planned and not live"),
        ("action='sign_up' channel='App'", "It must be one of: app, web."),
        ("action='sign_up' age='x'", "It must be a whole number"),
        ("action='sign_up' agee=1", "Did you mean 'age'?"),
        ("action='open_page' User_id=1", "'User_id' is, or looks like, a name of the map"),
    ],
)
def test_a_wrong_action_or_parameter(tag, text):
    """Strict raises with what is legal; otherwise the page is as it was."""
    with with_actions():
        with override_settings(TRACKADMIN={"STRICT": True}), pytest.raises(WrongEvent) as caught:
            render(f"{{% tracking_url buyer {tag} %}}")
        assert text in str(caught.value)
        assert render(f"{{% tracking_url buyer {tag} %}}").startswith("/t/?action=")
    assert fault_counts() == {}


@override_settings(TRACKADMIN={"STRICT": True})
def test_what_a_script_of_the_page_may_add_is_not_asked_for():
    with with_actions():
        for tag in (
            "action='sign_up'",
            "action='sign_up' age=5 agreed=True score=1.5 channel='app' note=3",
            "buyer",
            "buyer x=1",
            "action='old_one'",
        ):
            assert render(f"{{% tracking_url {tag} %}}").startswith("/t/")
    with with_actions("accept", "accept"):
        assert render("{% tracking_url action='none' x=1 %}")
        assert render("{% tracking_url action='open_page' x=1 %}")
    with override_map(to_dict(EXAMPLE)):
        assert render("{% tracking_url action='none' User_id=1 %}"), "no actions, nothing to check"
