"""The async twins: the same values, and no SQL on the event loop."""

import asyncio
import threading

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, User
from django.test import override_settings
from django.utils.functional import SimpleLazyObject

from demo.models import BuyerProfile, CompanyAccount
from tests.host.models import Everything
from tests.maps import EXAMPLE
from tests.versions import NAME_ONLY, WITH_DEMO, insert
from trackadmin import runtime, testing
from trackadmin.document import to_dict
from trackadmin.exceptions import NotTracked
from trackadmin.runtime import aio, fault_counts
from trackadmin.testing import override_map

BUYER = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
pytestmark = pytest.mark.django_db(transaction=True)
TWINS = [name for name in runtime.__all__ if f"a{name}" in runtime.__all__]


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


@pytest.fixture
def rows():
    user = User.objects.create(id=123, username="testUserOne")
    buyer = BuyerProfile.objects.create(uuid=BUYER, user=user)
    with override_map(to_dict(EXAMPLE)):
        yield buyer, CompanyAccount.objects.create(name="The Demo Account")


@pytest.fixture
def hops(monkeypatch):
    """The functions that the event loop passed to the thread."""
    seen, real = [], aio._in_thread

    def counted(function):
        seen.append(function.__name__)
        return real(function)

    monkeypatch.setattr(aio, "_in_thread", counted)
    return seen


def run(coroutine):
    async def main():
        return await coroutine

    return async_to_sync(main)()


def test_every_public_function_that_may_need_sql_has_a_twin():
    assert set(TWINS) == {
        "current_map",
        "get_model",
        "is_ready",
        "iter_tracking_values",
        "track",
        "tracking_query",
        "tracking_values",
        "values_from_query",
    }


def test_same_answers_as_the_sync_ones(rows):
    async def stream():
        return [
            values async for values in runtime.aiter_tracking_values(BuyerProfile.objects.all())
        ]

    query = f"action=a&BuyerProfile__uuid={BUYER}&User__id=7"
    fresh = BuyerProfile.objects.get(uuid=BUYER)
    assert run(runtime.acurrent_map()) is runtime.current_map()
    assert run(runtime.ais_ready()) is True
    assert run(runtime.atracking_values(fresh, referrer=rows[0])) == runtime.tracking_values(
        fresh, referrer=rows[0]
    )
    assert run(runtime.aget_model("BuyerProfile__uuid", BUYER)) == rows[0]
    assert run(runtime.avalues_from_query(query)) == runtime.values_from_query(query)
    assert run(runtime.atracking_query(*rows, a=1)) == runtime.tracking_query(*rows, a=1)
    assert run(stream()) == list(runtime.iter_tracking_values(BuyerProfile.objects.all()))


def test_what_is_loaded_stays_on_the_loop(rows, hops):
    loaded = BuyerProfile.objects.select_related("user").get(uuid=BUYER)
    values = run(runtime.atracking_values(loaded, rows[1], None))
    assert values["User_id"] == 123
    assert hops == []
    assert fault_counts() == {}


def test_fault_on_the_loop_is_reported_once(rows, hops):
    class Unwritable:
        def __str__(self):
            raise RuntimeError("on purpose")

    values = run(runtime.atracking_values(CompanyAccount(name=Unwritable(), is_demo=True)))
    assert values == {"CompanyAccount_name": None, "CompanyAccount_is_demo": True}
    assert fault_counts() == {"attribute.raised": 1}
    assert hops == []


def test_what_has_to_be_loaded_goes_to_the_thread(rows, hops):
    bare, partial = BuyerProfile.objects.get(uuid=BUYER), CompanyAccount.objects.only("pk").get()
    assert run(runtime.atracking_values(bare))["User_id"] == 123
    assert run(runtime.atracking_values(partial))["CompanyAccount_name"] == "The Demo Account"
    assert hops == ["tracking_values"] * 2
    assert fault_counts() == {}, "the try on the loop leaves no trace"


def test_lazy_user_is_looked_up_in_the_thread(rows, hops):
    seen = []

    def load():
        seen.append(threading.current_thread())
        return User.objects.get(id=123)

    assert run(runtime.atracking_values(SimpleLazyObject(load)))["User_id"] == 123
    assert run(runtime.atracking_values(SimpleLazyObject(AnonymousUser))) == {}
    assert hops == ["tracking_values"] * 2
    assert len(seen) == 1


def test_computed_values_are_never_read_on_the_loop(hops):
    data = {"Everything": {"attributes": ["slug", "double"], "key": "slug"}}
    with override_map(data):
        values = run(runtime.atracking_values(Everything(slug="s", integer=4)))
    assert values == {"Everything_slug": "s", "Everything_double": 8}
    assert hops == ["tracking_values"]


def test_where_djangos_guard_is_off_everything_goes_to_the_thread(rows, hops, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    run(runtime.atracking_values(rows[1]))
    assert hops == ["tracking_values"]


def test_stranger_raises_in_the_twin_too(rows):
    with override_settings(TRACKADMIN={"STRICT": True}), pytest.raises(NotTracked):
        run(runtime.atracking_values(object()))


@override_settings(TRACKADMIN={"REFRESH_SECONDS": 0})
def test_new_version_is_loaded_in_the_thread():
    insert(NAME_ONLY)
    assert len(run(runtime.atracking_values(CompanyAccount()))) == 1
    insert(WITH_DEMO, 2)
    assert len(run(runtime.atracking_values(CompanyAccount()))) == 2
    assert run(runtime.ais_ready())
    assert fault_counts() == {}


def test_many_at_a_time(rows):
    async def main():
        calls = [runtime.avalues_from_query(f"BuyerProfile__uuid={BUYER}") for _ in range(20)]
        calls += [
            runtime.atracking_values(BuyerProfile(uuid=BUYER, user_id=123)) for _ in range(20)
        ]
        return await asyncio.gather(*calls)

    assert all(values["User_id"] == 123 for values in async_to_sync(main)())


def test_stream_that_is_left_early_is_closed(rows):
    CompanyAccount.objects.bulk_create(CompanyAccount(name=f"x{n}") for n in range(1200))

    async def main():
        count = 0
        async for _ in runtime.aiter_tracking_values(CompanyAccount.objects.all()):
            count += 1
            if count == 700:
                break
        return count

    assert async_to_sync(main)() == 700
