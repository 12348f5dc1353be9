"""A1: every way to an object asks what its manager says now; no tenant sees another's rows."""

import io
import json
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.maps import document, tracked
from tests.tenants.models import (
    Customer,
    HiddenCustomer,
    Invoice,
    PublishedInvoice,
    Ticket,
    tenant,
)
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.sql.sql_view import view_sql
from trackadmin.exceptions import ExportError
from trackadmin.runtime import (
    aget_model,
    avalues_from_query,
    fault_counts,
    get_model,
    iter_tracking_values,
    tracking_values,
    values_from_query,
)
from trackadmin.runtime.current import pin, unpin
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db

MAP = document(
    Invoice=tracked("tenants.invoice", ["number"], key="number", children=["customer"]),
    Strict=tracked("tenants.strictinvoice", ["number"], key="number"),
    Published=tracked("tenants.publishedinvoice", ["number"], key="number"),
    Joined=tracked("tenants.joinedinvoice", ["number"], key="number"),
    Customer=tracked("tenants.customer", ["name"], key="name"),
    Hidden=tracked("tenants.hiddencustomer", ["name"], key="name"),
    Ticket=tracked("tenants.ticket", ["number"], key="number", children=["customer"]),
)


@pytest.fixture(autouse=True)
def snapshot():
    made = compile_map(MAP, catalog(), number=1, digest="d")
    before = pin("default", made)
    yield made
    unpin("default", before)
    reset()


@pytest.fixture(autouse=True)
def rows():
    for name in ("a", "b"):
        customer = Customer.objects.create(tenant=name, name=f"customer-{name}")
        Invoice.objects.create(tenant=name, number=name.upper() + "1", customer=customer)
        hidden = HiddenCustomer(tenant=name, name=f"hidden-{name}")
        hidden.save_base(force_insert=True)
        Ticket.objects.create(number=f"T{name}", customer=hidden)
    yield
    tenant.set(None)


class acting_as:
    """As this tenant, within the block."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.token = tenant.set(self.name)

    def __exit__(self, *error):
        tenant.reset(self.token)


def outcomes(query):
    return [reference.outcome for reference in values_from_query(query).references]


@pytest.mark.parametrize("prefix", ["Invoice", "Strict", "Joined"])
@pytest.mark.parametrize("inside", [False, True])
def test_url_finds_the_rows_of_the_tenant_of_the_moment(prefix, inside):
    """Each tenant in turn, twice, in one process and one snapshot; inside a transaction too."""
    for name in "abab":
        own, foreign = f"{name.upper()}1", "B1" if name == "a" else "A1"
        with acting_as(name):
            if inside:
                with transaction.atomic():
                    values = values_from_query(f"{prefix}__number={own}")
            else:
                values = values_from_query(f"{prefix}__number={own}")
            assert values[f"{prefix}_number"] == own
            assert outcomes(f"{prefix}__number={own}") == ["found"]
            assert outcomes(f"{prefix}__number={foreign}") == ["none"]
            assert f"{prefix}_number" not in values_from_query(f"{prefix}__number={foreign}")
            assert get_model(f"{prefix}__number", own).number == own
            assert get_model(f"{prefix}__number", foreign) is None


def test_references_beside_each_other_are_each_of_the_moment():
    """In one statement with others, whatever was asked for before."""
    query = "Invoice__number=A1&Customer__name=customer-a&Ticket__number=Ta"
    with acting_as("a"):
        assert outcomes(query) == ["found", "found", "found"]
    with acting_as("b"):
        assert outcomes(query) == ["none", "none", "found"]
    with acting_as("a"), CaptureQueriesContext(connection) as captured:
        assert outcomes("Invoice__number=A1&Customer__name=customer-a") == ["found", "found"]
    asked = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
    assert len(asked) == 1


def test_clock_is_asked_each_time():
    """What is published later is found as soon as it is, and not by the time of the first ask."""
    Invoice.objects.create(tenant="a", number="later", published=timezone.now() + timedelta(days=1))
    assert outcomes("Published__number=later") == ["none"]
    Invoice._base_manager.filter(number="later").update(
        published=timezone.now() - timedelta(microseconds=1)
    )
    assert outcomes("Published__number=later") == ["found"]
    assert get_model("Published__number", "later") == PublishedInvoice.objects.get(number="later")


def test_text_of_the_query_may_change():
    """A manager that joins for one tenant and not for the other."""
    with acting_as("a"):
        assert outcomes("Joined__number=A1") == ["found"]
        assert outcomes("Joined__number=B1") == ["none"]
    with acting_as("boss"):
        assert outcomes("Joined__number=A1&Joined__number=B1") == ["found", "conflict"]
    with acting_as("b"):
        assert outcomes("Joined__number=A1") == ["none"]


def test_manager_that_raises_fails_its_own_reference_only():
    """Outside of a tenant's context; nothing of the host's error text goes out."""
    reset_counts = fault_counts().get("reference.failed", 0)
    with acting_as(None):
        assert outcomes("Strict__number=A1&Ticket__number=Ta") == ["failed", "found"]
        assert get_model("Strict__number", "A1") is None
    assert fault_counts()["reference.failed"] == reset_counts + 2
    with acting_as("a"):
        assert outcomes("Strict__number=A1&Ticket__number=Ta") == ["found", "found"]


def test_child_behind_a_manager_that_hides_is_of_the_moment():
    """By URL, by instance and in a stream: the accessor raises for a row that is hidden now."""
    for name in "abab":
        with acting_as(name):
            expected = {"Ta": f"hidden-{name}" if name == "a" else None}
            expected["Tb"] = f"hidden-{name}" if name == "b" else None
            by_url = {n: values_from_query(f"Ticket__number={n}")["Hidden_name"] for n in expected}
            by_object = {t.number: tracking_values(t)["Hidden_name"] for t in Ticket.objects.all()}
            stream = iter_tracking_values(Ticket.objects.all())
            streamed = {v["Ticket_number"]: v["Hidden_name"] for v in stream}
            assert by_url == by_object == streamed == expected


def test_streams_and_backfills_are_of_the_moment():
    for name in "aba":
        with acting_as(name):
            numbers = [v["Invoice_number"] for v in iter_tracking_values(Invoice.objects)]
            assert numbers == [f"{name.upper()}1"]
            out = io.StringIO()
            call_command("trackadmin", "backfill", "tenants.Invoice", stdout=out)
            lines = [json.loads(line) for line in out.getvalue().splitlines()]
            assert [line["Invoice_number"] for line in lines] == [f"{name.upper()}1"]


def test_async_twins_ask_in_the_callers_context():
    async def ask(name, number):
        with acting_as(name):
            values = await avalues_from_query(f"Invoice__number={number}")
            found = await aget_model("Invoice__number", number)
            return values.references[0].outcome, found is not None

    assert async_to_sync(ask)("a", "A1") == ("found", True)
    assert async_to_sync(ask)("b", "A1") == ("none", False)


def test_preview_and_explain_ask_now():
    with acting_as("b"):
        out = io.StringIO()
        call_command("trackadmin", "explain", "Invoice__number=A1", stdout=out)
        assert "outcome: none" in out.getvalue()
        assert "asked each time" in out.getvalue()
    with acting_as("a"):
        obj = Ticket.objects.get(number="Ta")
        assert editing.preview("default", obj, document=MAP).values["Hidden_name"] == "hidden-a"
    with acting_as("b"):
        assert editing.preview("default", obj, document=MAP).values["Hidden_name"] is None


@pytest.mark.postgresql
def test_view_holds_no_condition_of_a_moment(snapshot):
    """A view cannot ask the manager again, so it is refused, with the reason."""
    with acting_as("a"), pytest.raises(ExportError, match="may give another query each time"):
        view_sql(snapshot.by_prefix["Invoice"], "default")


def test_keeps_no_tenants_parameter(snapshot):
    """Nothing that the process keeps holds a parameter of a manager's condition."""
    with acting_as("tenant-to-be-forgotten"):
        assert outcomes("Invoice__number=A1&Joined__number=A1") == ["none", "none"]
    resolver = snapshot.resolver
    kept = [part for part, _ in resolver._parts_by_text._new.values()]
    assert kept
    assert all(part.query is None for part in kept)
    assert not resolver._ways


@pytest.mark.parametrize("path", ["tests.test_managers_now.context_of", None])
def test_context_is_entered_for_the_tracking_url_and_for_commands(settings, client, path):
    """CONTEXT gives the tenant where no middleware does; without it the manager raises."""
    settings.TRACKADMIN = {"CONTEXT": path}
    pin("default", compile_map(MAP, catalog(), number=1, digest="d"))
    expected = "found" if path else "failed"
    out, said = io.StringIO(), io.StringIO()
    call_command("trackadmin", "resolve", "Strict__number=A1", stdout=out, stderr=said)
    assert ("Strict_number" in json.loads(out.getvalue())) is (path is not None)
    events = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trackadmin.runtime.sending.deliver", events.append)
        assert client.get("/t/?Strict__number=A1").status_code == 204
    assert [outcome for _, outcome in events[0].references] == [expected]
    arguments = ["trackadmin", "flatten", "tenants.StrictInvoice"]
    pk = str(Invoice._base_manager.get(number="A1").pk)
    if path:
        call_command(*arguments, pk, stdout=out)
    else:
        with pytest.raises(CommandError, match="NoTenant"):
            call_command(*arguments, pk, stdout=out)
    assert tenant.get() is None


def context_of(request):
    assert request is None or request.path == "/t/"
    return acting_as("a")


def test_context_that_raises_never_breaks_the_tracking_url(settings, client):
    """The click is answered; there is no event, and the fault is counted."""
    settings.TRACKADMIN = {"CONTEXT": "tests.test_managers_now.no_context"}
    pin("default", compile_map(MAP, catalog(), number=1, digest="d"))
    assert client.get("/t/?Strict__number=A1").status_code == 204
    assert fault_counts()["collect.failed"] == 1


def no_context(request):
    raise RuntimeError("nobody knows")
