"""A1: with django-scopes, each entry point shows the rows of the current scope, and only those."""

import io

import pytest
from django.core.management import CommandError, call_command

from tests.host.models import Country, Everything
from tests.maps import document, tracked
from trackadmin import testing
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.runtime import fault_counts, get_model, iter_tracking_values, values_from_query
from trackadmin.runtime.current import pin, unpin

pytestmark = [pytest.mark.packages, pytest.mark.django_db]

MAP = document(
    Everything=tracked("host.everything", ["slug", "status"], key="slug"),
    Country=tracked("host.country", ["code"], key="code"),
)


@pytest.fixture(autouse=True)
def live(monkeypatch):
    from django_scopes import ScopedManager

    manager = ScopedManager(tenant="status")
    manager.model, manager.name = Everything, "objects"
    for name in "ab":
        Everything.objects.create(slug=f"{name}1", status=name)
    Country.objects.create(code="DE")
    monkeypatch.setattr(Everything._meta, "default_manager", manager)
    testing.reset()
    snapshot = compile_map(MAP, catalog(), number=1, digest="d")
    before = pin("default", snapshot)
    yield snapshot
    unpin("default", before)
    testing.reset()


def outcomes(query):
    return [each.outcome for each in values_from_query(query).references]


def test_each_scope_sees_its_own_rows():
    from django_scopes import scope, scopes_disabled

    for name, other in ("ab", "ba", "ab"):
        with scope(tenant=name):
            assert outcomes(f"Everything__slug={name}1&Country__code=DE") == ["found", "found"]
            assert outcomes(f"Everything__slug={other}1&Country__code=DE") == ["none", "found"]
            assert get_model("Everything__slug", f"{name}1").status == name
            assert get_model("Everything__slug", f"{other}1") is None
            rows = iter_tracking_values(Everything._default_manager)
            assert [each["Everything_slug"] for each in rows] == [f"{name}1"]
        with scope(tenant=["a", "b"]):
            assert outcomes("Everything__slug=a1&Everything__slug=b1") == ["found", "conflict"]
        with scopes_disabled():
            assert outcomes("Everything__slug=a1") == outcomes("Everything__slug=b1") == ["found"]


def test_without_a_scope_its_reference_fails_and_no_other(live):
    """And says that it was the manager; its own words, which may hold values, are not told."""
    assert outcomes("Everything__slug=a1&Country__code=DE") == ["failed", "found"]
    assert get_model("Everything__slug", "a1") is None
    assert fault_counts()["manager.raised"] == 2
    why = str(live.resolver.obstacle(live.lookup("Everything__slug")))
    assert why == "The default manager of host.Everything raised ScopeError."


def test_backfill_without_a_scope_says_what_to_do():
    with pytest.raises(CommandError, match=r"host\.Everything raised ScopeError.*CONTEXT"):
        call_command("trackadmin", "backfill", "Everything", stdout=io.StringIO())


def test_context_gives_commands_their_scope(settings):
    settings.TRACKADMIN = {"CONTEXT": "tests.test_managers_scopes.scope_of"}
    out = io.StringIO()
    call_command("trackadmin", "backfill", "Everything", stdout=out, stderr=io.StringIO())
    assert out.getvalue() == '{"Everything_slug":"b1","Everything_status":"b"}\n'


def scope_of(request):
    from django_scopes import scope

    return scope(tenant="b")
