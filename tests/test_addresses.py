"""Where the tracking URL is found in a site's URLs, and what the system check says of it."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from django.core.checks import run_checks
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import clear_url_caches, include, path, re_path, set_urlconf

from trackadmin import checks
from trackadmin.exceptions import NoTrackingURL
from trackadmin.runtime.address import tracking_address


def page(request, rest=""):
    return HttpResponse("a page of the site")


def tracking(**more):
    return include("trackadmin.collect.urls", **more)


CATCH_ALL = path("<path:rest>", page, name="page")
TRACKED = path("t/", tracking())


@pytest.fixture
def urls(monkeypatch):
    """Makes a URLconf of some patterns, and makes it the site's; gives its name."""
    made = []

    def make(*patterns, root=True):
        name = f"urls_of_a_test_{len(made)}"
        module = ModuleType(name)
        module.urlpatterns = list(patterns)
        monkeypatch.setitem(sys.modules, name, module)
        made.append(name)
        if root:
            settings = override_settings(ROOT_URLCONF=name)
            settings.enable()
            made[-1] = settings
        return name

    yield make
    for each in reversed(made):
        if not isinstance(each, str):
            each.disable()
    clear_url_caches()


def found(**settings):
    with override_settings(**settings):
        return [message.id for message in checks.check_addresses(None)]


# ── The check (B5, B6) ─────────────────────────────────────────────────────────────────────────


def test_site_that_includes_it_first_is_told_nothing(urls):
    urls(TRACKED, CATCH_ALL)
    assert found() == []
    assert Client().get("/t/").status_code == 204


@pytest.mark.parametrize(
    "first",
    [
        CATCH_ALL,
        re_path(r"^(?P<rest>.*)$", page),
        path("t/", page, name="talks"),
        path("", include(([CATCH_ALL], "cms"))),
    ],
)
def test_view_that_answers_instead_is_named(urls, first):
    """B5: `/t/` was the site's 404, and no check said so."""
    urls(first, TRACKED)
    (message,) = checks.check_addresses(None)
    assert message.id == "trackadmin.W047"
    assert "'/t/'" in message.msg
    assert "page" in message.msg or "talks" in message.msg
    assert "before it" in message.hint


def test_site_without_it_gets_one_warning(urls):
    """A site may track from Python only; so it is a warning, with the way to silence it."""
    urls(CATCH_ALL)
    (message,) = checks.check_addresses(None)
    assert (message.id, message.is_serious()) == ("trackadmin.W046", False)
    assert "SILENCED_SYSTEM_CHECKS" in message.hint


def test_each_urlconf_that_settings_name_is_looked_at(urls):
    """B6: settings of django-tenants, django-subdomains and django-hosts name other URLconfs."""
    hidden, bare = urls(CATCH_ALL, TRACKED, root=False), urls(CATCH_ALL, root=False)
    urls(TRACKED)
    assert found(PUBLIC_SCHEMA_URLCONF=hidden) == ["trackadmin.W047"]
    assert found(SUBDOMAIN_URLCONFS={None: hidden, "www": bare}) == [
        "trackadmin.W047",
        "trackadmin.W048",
    ]
    hosts = ModuleType("hosts_of_a_test")
    hosts.host_patterns = [SimpleNamespace(urlconf=bare)]
    sys.modules["hosts_of_a_test"] = hosts
    try:
        assert found(ROOT_HOSTCONF="hosts_of_a_test") == ["trackadmin.W048"]
    finally:
        del sys.modules["hosts_of_a_test"]


def test_broken_urlconf_is_left_to_django(urls):
    urls(path("x/", include("trackadmin.collect.urls")))
    assert found(PUBLIC_SCHEMA_URLCONF="no.such.module") == []


def test_check_runs_with_the_others(urls):
    urls(CATCH_ALL, TRACKED)
    assert "trackadmin.W047" in [message.id for message in run_checks()]


def test_two_maps_at_one_name_are_told(urls):
    """Both places have one name, so the address of one leads to the map of the other."""
    urls(path("a/", tracking(), {"map": "shop"}), path("b/", tracking()))
    assert found() == ["trackadmin.W047"]


# ── The address (B6) ───────────────────────────────────────────────────────────────────────────


def test_nested_in_other_namespaces(urls):
    urls(path("api/", include(([path("v1/", include(([TRACKED], "v1")))], "api"))))
    assert tracking_address() == "/api/v1/t/"
    assert found() == []


def test_map_decides_and_not_the_namespace(urls):
    """An address never sends one map's events to another map."""
    urls(path("s/", tracking(namespace="shop"), {"map": "shop"}))
    assert tracking_address("shop") == "/s/"
    with pytest.raises(NoTrackingURL):
        tracking_address()


def test_map_in_the_address(urls):
    urls(path("t/<slug:map>/", tracking()))
    assert (tracking_address(), tracking_address("shop")) == ("/t/default/", "/t/shop/")
    assert found() == []


def test_address_that_needs_more_is_passed_over(urls):
    """What is not known makes no address; one that is known is found behind it."""
    urls(path("<int:year>/t/", tracking(namespace="a")), path("t/", tracking(namespace="b")))
    assert tracking_address() == "/t/"


def test_view_without_the_include(urls):
    from trackadmin.collect.views import collect

    urls(path("pixel/", collect, name="pixel"))
    assert tracking_address() == "/pixel/"


def test_urlconf_of_the_request_counts(urls):
    other = urls(path("u/", tracking()), root=False)
    urls(TRACKED)
    assert tracking_address() == "/t/"
    set_urlconf(other)
    try:
        assert tracking_address() == "/u/"
    finally:
        set_urlconf(None)
