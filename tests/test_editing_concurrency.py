"""Many editors and publishers at once: no error, no torn document, no gap in the numbers."""

import random
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from itertools import pairwise

import pytest
from django.db import connection, connections, transaction
from reversion.models import Revision

from tests.drafts import COUNTRY, PERSON, PROFILE, draft, row, the_map
from tests.maps import said, saying, tracked
from trackadmin import editing
from trackadmin.document import load
from trackadmin.exceptions import DraftChanged, StaleForm
from trackadmin.models import MapVersion, TrackedAttribute, TrackedModel, TrackingMap
from trackadmin.signals import map_published

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 8
SECONDS = 300


def at_once(*jobs):
    """Run the jobs in threads that start together; gives what they returned, raises what they did.

    Each thread has a connection of its own, as the threads of a server have.
    """
    barrier = threading.Barrier(len(jobs))
    results, errors = [], []

    def run(job):
        try:
            be_patient()
            barrier.wait(SECONDS)
            results.append(job())
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]
    return results


def be_patient():
    """SQLite's waiters do not queue: on a busy machine one may be unlucky for the usual 5 s."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {SECONDS * 1000}")


def times(number, job):
    return lambda: [job() for _ in range(number)]


def publish():
    return editing.publish("default", by=None).number


def numbers():
    return list(MapVersion.objects.order_by("number").values_list("number", flat=True))


def test_threads_publish_at_once():
    draft()
    sequence = the_map().sequence
    given = at_once(*[times(5, publish)] * WORKERS)
    assert (
        sorted(n for several in given for n in several)
        == list(range(1, WORKERS * 5 + 1))
        == numbers()
    )
    assert the_map().sequence == sequence + WORKERS * 5


def test_threads_publish_inside_transactions_of_their_own():
    """As a host's own code may, around its other writes."""
    draft()

    def job():
        with transaction.atomic():
            return publish()

    at_once(*[times(3, job)] * WORKERS)
    assert numbers() == list(range(1, WORKERS * 3 + 1))


def test_threads_publish_in_requests_that_have_read_before(settings):
    """With ATOMIC_REQUESTS a view has read its session and user when it publishes. SQLite cannot
    wait any more then, unless its transactions begin with the lock, an option that Django has."""
    draft()

    def job():
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            connection.transaction_mode = "IMMEDIATE"
        with transaction.atomic():
            TrackingMap.objects.count()
            return publish()

    at_once(*[times(3, job)] * WORKERS)
    assert numbers() == list(range(1, WORKERS * 3 + 1))


PROGRAM = """
import sys
import django
from django.db import connections

django.setup()
settings = connections["default"].settings_dict
settings["NAME"] = sys.argv[1]
if connections["default"].vendor == "sqlite":
    settings["OPTIONS"] = {"timeout": 60}
from trackadmin import editing
for _ in range(4):
    print(editing.publish("default", by=None).number)
"""


def test_processes_publish_at_once():
    draft()
    name = str(connection.settings_dict["NAME"])
    with ExitStack() as stack:
        programs = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PROGRAM, name], stdout=subprocess.PIPE, text=True
                )
            )
            for _ in range(4)
        ]
        printed = [program.communicate(timeout=SECONDS)[0] for program in programs]
    assert [program.returncode for program in programs] == [0] * 4
    assert sorted(int(n) for text in printed for n in text.split()) == list(range(1, 17))
    assert numbers() == list(range(1, 17))


def test_each_publish_is_told_once_and_after_it_is_there():
    draft()
    heard = []

    def receive(number, **kwargs):
        # Another connection sees it, so it is committed.
        heard.append((number, MapVersion.objects.filter(number=number).exists()))

    map_published.connect(receive)
    try:
        at_once(*[times(3, publish)] * 4)
    finally:
        map_published.disconnect(receive)
    assert sorted(heard) == [(n, True) for n in range(1, 13)]


def test_publishing_and_rolling_back_share_the_numbers():
    draft()
    publish()
    back = lambda: editing.roll_back("default", to=1, by=None).number  # noqa: E731
    at_once(*[times(3, publish), times(3, back)] * 4)
    assert numbers() == list(range(1, 26))


# editors and publishers

PLACE = tracked("host.place", ["name"])


def wide(text):
    return saying(text, Person=PERSON, Profile=PROFILE, Country=COUNTRY, Place=PLACE)


def with_time_between_the_tables(job):
    """The models are read before their attributes; here an edit may well fall between."""

    def slowly(execute, sql, *arguments):
        if sql.startswith("SELECT") and TrackedAttribute._meta.db_table in sql:
            time.sleep(0.005)  # as long as a whole edit may take
        return execute(sql, *arguments)

    def wrapped():
        with connection.execute_wrapper(slowly):
            return job()

    return wrapped


def test_no_document_is_torn():
    """An edit of several rows is published whole or not at all, and read whole without a lock."""
    draft(wide("0"))
    seen = []
    # They begin each round together, so that no scheduler can keep them apart.
    together, rounds = threading.Barrier(6), range(1, 11)

    def edit(name):
        for number in rounds:
            together.wait(SECONDS)
            for again in range(3):
                editing.import_document("default", wide(f"{name} {again} {number}"))

    def publish_thrice():
        for _ in rounds:
            together.wait(SECONDS)
            for _ in range(3):
                # Else each would begin when another has just ended: never amid an edit.
                time.sleep(random.uniform(0, 0.05))
                publish()

    def read():
        for _ in range(60):
            seen.append(said(editing.build_document("default")))
            time.sleep(0.002)

    editors = [lambda name=name: edit(name) for name in "abc"]
    readers = [with_time_between_the_tables(job) for job in [*[publish_thrice] * 3, read, read]]
    at_once(*editors, *readers)
    versions = list(MapVersion.objects.order_by("number"))
    assert [v.number for v in versions] == list(range(1, 91))
    published = [said(load(v.document, v.digest)) for v in versions]
    assert all(len(words) == 1 for words in published), "a version is torn"
    assert all(len(words) == 1 for words in seen), "a reading is torn"
    edits = [int(text.split()[-1]) for words in published for text in words]
    assert all(n // 9 <= edit <= n // 9 + 1 for n, edit in enumerate(edits)), "an edit comes late"
    assert said(editing.build_document("default")) in [{f"{name} 2 10"} for name in "abc"]


def test_every_edit_is_kept_and_follows_the_one_before():
    """Each editor's edit is one revision, and its old values are the new ones of the last."""
    draft(wide("0"))

    def edit(name):
        for number in range(8):
            place = TrackedModel.objects.get(prefix="Place")
            entry = tracked("host.place", ["name"], description=f"{name} {number}", position=3)
            editing.save_tracked_model("default", "Place", entry, tracked_model=place)

    at_once(*[lambda name=name: edit(name) for name in "abcd"])
    assert Revision.objects.count() == 33
    entries = editing.history(row("Place"))[:-1]
    assert len(entries) == 32
    changes = [next(c for c in e.changes.changes if c.field == "description") for e in entries]
    assert all(later.old == earlier.new for later, earlier in pairwise(changes))
    assert row("Place").lock_version == 33


def test_of_many_forms_that_saw_the_same_row_one_is_saved():
    draft(wide("0"))
    place = row("Place")
    outcomes = []

    def save(name):
        entry = tracked("host.place", ["name"], description=name, position=3)
        try:
            editing.save_tracked_model("default", "Place", entry, tracked_model=place, seen=1)
        except StaleForm:
            outcomes.append("stale")
        else:
            outcomes.append("saved")

    at_once(*[lambda name=name: save(name) for name in "abcdefgh"])
    assert sorted(outcomes) == ["saved"] + ["stale"] * 7
    assert row("Place").lock_version == 2


def test_what_was_reviewed_is_what_is_published():
    """However fast the editors are, nobody publishes a draft that was not reviewed."""
    draft(wide("0"))
    published = []

    def edit():
        for number in range(20):
            editing.import_document("default", wide(f"edit {number}"))

    def review_and_publish():
        for _ in range(10):
            reviewed = editing.draft_digest("default")
            try:
                version = editing.publish("default", by=None, expected=reviewed)
            except DraftChanged:
                continue
            published.append((version.digest, reviewed))

    at_once(edit, review_and_publish, review_and_publish)
    assert all(digest == reviewed for digest, reviewed in published)
    assert numbers() == list(range(1, len(published) + 1))


def test_a_failed_edit_holds_no_lock():
    draft()
    with pytest.raises(StaleForm):
        editing.save_tracked_model(
            "default", "Person", PROFILE, tracked_model=row("Person"), seen=99
        )
    assert at_once(publish) == [1]


@pytest.mark.postgresql
def test_maps_do_not_wait_for_each_other():
    """PostgreSQL locks the map's row; SQLite has one writer for the whole file."""
    draft()
    editing.add_map("second", name="Second")
    with transaction.atomic():
        publish()
        assert at_once(lambda: editing.publish("second", by=None).number) == [1]
