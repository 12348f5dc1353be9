"""The module for hosts' tests: a map without a database, and a clean start."""

import asyncio
import threading
import unittest

import pytest
from django.db import transaction
from django.test import SimpleTestCase, override_settings

from demo.models import CompanyAccount
from tests.versions import NAME_ONLY, insert
from trackadmin import testing
from trackadmin.exceptions import DocumentError, InvalidMap
from trackadmin.models import MapVersion
from trackadmin.runtime import current_map, fault_counts, faults, is_ready, tracking_values
from trackadmin.signals import map_published
from trackadmin.testing import override_map

MAP = {"CompanyAccount": {"attributes": ["name", "is_demo"], "key": "name"}}
OTHER = {"CompanyAccount": {"attributes": ["industry"]}}
NAMES = ["CompanyAccount_name", "CompanyAccount_is_demo"]


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


def names(**arguments):
    return list(tracking_values(CompanyAccount(), **arguments))


def test_override_serves_without_a_database():
    with override_map(MAP) as snapshot:
        assert names() == NAMES
        assert current_map() is snapshot
        assert is_ready()
        assert snapshot.as_dict()["CompanyAccount"]["key"] == "name"
    assert fault_counts() == {}


def test_overrides_nest_and_end():
    with override_map(MAP):
        with override_map(OTHER):
            assert names() == ["CompanyAccount_industry"]
            with override_map(OTHER, "shop"):
                assert names(map="shop") == ["CompanyAccount_industry"]
        assert names() == NAMES
        with pytest.raises(KeyError), override_map(OTHER):
            raise KeyError
        assert names() == NAMES


@override_map(MAP)
def test_as_a_decorator():
    assert names() == NAMES


@override_map(MAP)
async def coroutine():
    await asyncio.sleep(0)
    return names()


def test_as_a_decorator_of_a_coroutine():
    assert asyncio.run(coroutine()) == NAMES


def test_as_a_decorator_of_a_test_case_class():
    seen = []

    @override_map(MAP)
    class Case(SimpleTestCase):
        @classmethod
        def setUpClass(cls):
            super().setUpClass()
            seen.append(names())

        def test_names(self):
            seen.append(names())

    class Derived(Case):
        pass

    for case in (Case, Derived):
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
        assert result.wasSuccessful(), result.errors
    assert seen == [NAMES] * 4


def test_as_a_decorator_of_another_class():
    with pytest.raises(TypeError, match="not a test case class"):

        @override_map(MAP)
        class Plain:
            pass


@override_settings(TRACKADMIN={"REFRESH_SECONDS": 0})
def test_override_holds_in_other_threads_and_through_publishes_and_settings():
    seen = []
    with override_map(MAP):
        map_published.send(MapVersion, map="default", number=5, digest="x")
        with override_settings(TRACKADMIN={"MODELS": ["host"]}):
            thread = threading.Thread(target=lambda: seen.append(names()))
            thread.start()
            thread.join()
        assert names() == NAMES
    assert seen == [NAMES]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"Nothing": {"attributes": []}}, DocumentError),
        ({"CompanyAccount": {"attributes": ["gone"]}}, InvalidMap),
        ({"User": {"model": "auth.User", "attributes": ["password"]}}, (DocumentError, InvalidMap)),
        ({"CompanyAccount": {"attributes": ["industry"], "key": "industry"}}, InvalidMap),
    ],
)
def test_map_that_could_not_be_published_is_refused(data, error):
    with pytest.raises(error), override_map(data):
        pass
    assert not testing.current._pinned


@pytest.mark.django_db(transaction=True)
@override_settings(TRACKADMIN={"REFRESH_SECONDS": 1000})
def test_published_map_is_served_again_after_the_override():
    insert(NAME_ONLY)
    assert names() == ["CompanyAccount_name"]
    with override_map(MAP):
        assert names() == NAMES
    assert names() == ["CompanyAccount_name"]


@pytest.mark.django_db
def test_reset_forgets_all():
    insert(NAME_ONLY)
    faults.report("a", "b")
    assert names() == ["CompanyAccount_name"]
    with transaction.atomic():
        assert is_ready()
    override_map(OTHER).__enter__()
    testing.reset()
    assert fault_counts() == {}
    assert len(testing.current._loaders) == 0
    assert names() == ["CompanyAccount_name"]
