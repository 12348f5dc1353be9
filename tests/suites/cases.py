"""A3: what a host's own tests expect, without any call that resets trackadmin.

Nothing is ever fresh by itself here: ``REFRESH_SECONDS`` is 1000.
"""

import json
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase

from demo.models import CompanyAccount
from trackadmin.catalog import catalog
from trackadmin.document import from_dict
from trackadmin.editing import import_document, publish, roll_back
from trackadmin.exceptions import NotPublished, UnknownMap
from trackadmin.models import TrackingMap
from trackadmin.runtime import (
    atracking_values,
    current_map,
    get_model,
    is_ready,
    tracking_query,
    tracking_values,
    values_from_query,
)

NAME, DEMO, INDUSTRY = ("name",), ("name", "is_demo"), ("name", "industry")


def publish_map(attributes, slug="default"):
    entry = {"model": "demo.CompanyAccount", "attributes": list(attributes), "key": "name"}
    TrackingMap.objects.get_or_create(slug=slug, defaults={"name": slug})
    import_document(slug, from_dict({"CompanyAccount": entry}, catalog().find))
    return publish(slug, by=None)


class Asks:
    def setUp(self):
        # Django keeps them, and a flush with few apps does not make them anew.
        ContentType.objects.clear_cache()

    def sees(self, attributes, **where):
        expected = [f"CompanyAccount_{name}" for name in attributes]
        self.assertEqual(list(tracking_values(CompanyAccount(name="a"), **where)), expected)
        account, _ = CompanyAccount.objects.get_or_create(name="asked for")
        self.assertEqual(
            list(values_from_query("CompanyAccount__name=asked for", **where)), expected
        )
        self.assertEqual(get_model("CompanyAccount__name", "asked for", **where), account)
        self.assertEqual(tracking_query(account, **where), "CompanyAccount__name=asked%20for")

    def sees_nothing(self):
        with self.assertRaises(NotPublished):
            tracking_values(CompanyAccount())
        self.assertFalse(is_ready())


class OneInSetUp(Asks, TestCase):
    @classmethod
    def setUpTestData(cls):
        publish_map(NAME)

    def test_a(self):
        self.sees(NAME)

    def test_b_another_in_the_test(self):
        self.sees(NAME)
        publish_map(DEMO)
        self.sees(DEMO)
        publish_map(INDUSTRY)
        self.sees(INDUSTRY)
        roll_back("default", to=1, by=None)
        self.sees(NAME)

    def test_c(self):
        self.sees(NAME)

    def test_d_rolled_back_in_the_test(self):
        self.sees(NAME)
        with suppress(ZeroDivisionError), transaction.atomic():
            publish_map(DEMO)
            self.sees(DEMO)
            raise ZeroDivisionError
        self.sees(NAME)
        with transaction.atomic():
            publish_map(INDUSTRY)
        self.sees(INDUSTRY)

    def test_e_costs_no_query_once_it_was_asked_for(self):
        self.sees(NAME)
        with self.assertNumQueries(0):
            tracking_values(CompanyAccount())
            tracking_values(CompanyAccount())


class AnotherInSetUp(Asks, TestCase):
    @classmethod
    def setUpTestData(cls):
        publish_map(NAME)
        publish_map(DEMO)

    def test_a(self):
        self.sees(DEMO)
        self.assertEqual(current_map().number, 2)

    def test_b_on_commit(self):
        with self.captureOnCommitCallbacks(execute=True):
            publish_map(INDUSTRY)
        self.sees(INDUSTRY)

    def test_c(self):
        self.sees(DEMO)

    async def test_d_async(self):
        values = await atracking_values(CompanyAccount())
        self.assertEqual(len(values), 2)

    def test_e_tracking_url(self):
        with self.assertLogs("trackadmin.events", "INFO") as logged:
            self.client.get("/t/?action=x")
        self.assertEqual(json.loads(logged.records[0].getMessage())["version"], 2)


class NothingInSetUp(Asks, TestCase):
    def test_a(self):
        self.sees_nothing()

    def test_b(self):
        publish_map(INDUSTRY)
        self.sees(INDUSTRY)

    def test_c(self):
        self.sees_nothing()
        publish_map(NAME)
        self.sees(NAME)

    def test_d_asked_before_the_first_publish(self):
        self.sees_nothing()
        publish_map(DEMO)
        publish_map(NAME)
        self.sees(NAME)

    def test_e_another_map(self):
        with self.assertRaises(UnknownMap):
            current_map("shop")
        publish_map(DEMO, "shop")
        self.sees(DEMO, map="shop")
        self.sees_nothing()

    def test_f(self):
        with self.assertRaises(UnknownMap):
            current_map("shop")

    def test_g_from_a_fixture(self):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "maps.json"
            with suppress(ZeroDivisionError), transaction.atomic():
                publish_map(INDUSTRY, "shop")
                call_command("dumpdata", "trackadmin", output=str(path))
                raise ZeroDivisionError
            with self.assertRaises(UnknownMap):
                current_map("shop")
            call_command("loaddata", str(path), verbosity=0)
        self.sees(INDUSTRY, map="shop")


class Committed(Asks, TransactionTestCase):
    def test_a(self):
        publish_map(NAME)
        publish_map(DEMO)
        self.sees(DEMO)

    def test_b_nothing_is_left_after_a_flush(self):
        self.sees_nothing()

    def test_c_a_lower_number_after_a_flush(self):
        publish_map(INDUSTRY)
        self.sees(INDUSTRY)
        self.assertEqual(current_map().number, 1)

    def test_d_uncommitted_is_nobody_elses(self):
        publish_map(NAME)
        self.sees(NAME)
        seen = []

        def other():
            seen.append(list(tracking_values(CompanyAccount())))
            connection.close()

        with suppress(ZeroDivisionError), transaction.atomic():
            publish_map(DEMO)
            self.assertEqual(len(tracking_values(CompanyAccount())), 2)
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
            raise ZeroDivisionError
        self.assertEqual(seen, [["CompanyAccount_name"]])
        self.sees(NAME)

    def test_e_first_load_of_what_is_rolled_back_is_not_kept(self):
        with suppress(ZeroDivisionError), transaction.atomic():
            publish_map(DEMO)
            self.sees(DEMO)
            raise ZeroDivisionError
        self.sees_nothing()
        publish_map(NAME)
        self.sees(NAME)

    def test_f_committed_in_a_transaction_of_the_host(self):
        with transaction.atomic():
            publish_map(NAME)
            publish_map(DEMO)
            self.sees(DEMO)
        self.sees(DEMO)


class CommittedWithFewApps(Asks, TransactionTestCase):
    """``available_apps`` keeps Django from telling anybody of the flush."""

    available_apps = ["trackadmin", "demo", "django.contrib.auth", "django.contrib.contenttypes"]

    def test_a(self):
        publish_map(NAME)
        publish_map(DEMO)
        self.sees(DEMO)

    def test_b(self):
        publish_map(INDUSTRY)
        self.sees(INDUSTRY)
