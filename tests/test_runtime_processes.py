"""The runtime when it is imported, and when its process forks."""

import functools
import importlib
import pkgutil
import subprocess
import sys

import trackadmin

#: A host site that only tracks: neither an admin nor an edit history.
SITE = """
import os, sys, tempfile, threading, time
from django.conf import settings
settings.configure(
    SECRET_KEY="only for tests",
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(tempfile.mkdtemp(), "site.sqlite3"),
    }},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "trackadmin"],
    TRACKADMIN={"REFRESH_SECONDS": 0},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
"""

PUBLISHED = """
import django; django.setup()
from django.core.management import call_command
from django.contrib.auth.models import User
from django.db import connections
from trackadmin.catalog import catalog
from trackadmin.document import digest, dump, from_dict
from trackadmin.models import MapVersion, TrackingMap
call_command("migrate", verbosity=0)

def publish(number, attributes):
    data = {"User": {"model": "auth.User", "attributes": attributes, "key": "id"}}
    text = dump(from_dict(data, catalog().find))
    MapVersion.objects.create(
        map=TrackingMap.objects.get(), number=number, document=text, digest=digest(text)
    )
    connections.close_all()

publish(1, ["id"])
"""


def run(script):
    """What a separate Python prints when it runs the script."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_runtime_can_be_imported_before_there_are_apps():
    script = "import trackadmin.runtime, trackadmin.catalog, sys; print('yes')"
    assert run(script) == ["yes"]


def test_host_that_only_tracks_loads_no_admin_and_no_reversion():
    script = (
        SITE
        + PUBLISHED
        + """
from trackadmin.runtime import tracking_values, values_from_query
import trackadmin.collect.urls, trackadmin.templatetags.trackadmin
User.objects.create(id=5, username="u")
print(tracking_values(User(id=5))["User_id"], values_from_query("User__id=5")["User_id"])
unwanted = ("django.contrib.admin", "reversion", "admin_interface")
print(sorted(name for name in sys.modules if name.startswith(unwanted)))
"""
    )
    assert run(script) == ["5", "5", "[]"]


FORK = """
from trackadmin.runtime import current_map, fault_counts, faults, tracking_values
from trackadmin.runtime import current, store

def fork(work):
    # The exit code of a child that runs work(); 99 for one that hangs.
    child = os.fork()
    if child == 0:
        code = 98
        try:
            connections.close_all()
            code = work()
        finally:
            os._exit(code)
    for _ in range(200):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return 99
"""


def test_child_forked_while_a_thread_asks_goes_on_by_itself():
    """gunicorn --preload, and any later fork: the child copies a lock whose holder is missing."""
    script = (
        SITE
        + PUBLISHED
        + FORK
        + """
assert current_map().number == 1
real, asking, go_on = store.newest_token, threading.Event(), threading.Event()

def hanging(slug, *database):
    asking.set()
    assert go_on.wait(30)
    return real(slug, *database)

store.newest_token = hanging
thread = threading.Thread(target=current_map)
thread.start()
assert asking.wait(10)

def child():
    store.newest_token = real
    publish(2, ["id", "username"])
    faults.report("a", "b")
    return 10 * current_map().number + len(tracking_values(User(id=1)))

print(fork(child))
go_on.set()
thread.join()
store.newest_token = real
print(current_map().number)
"""
    )
    assert run(script) == ["22", "2"]


def test_child_forked_during_the_first_load_loads_by_itself():
    script = (
        SITE
        + PUBLISHED
        + FORK
        + """
real, asking, go_on = store.newest, threading.Event(), threading.Event()

def hanging(slug, *database):
    asking.set()
    assert go_on.wait(30)
    return real(slug, *database)

store.newest = hanging
thread = threading.Thread(target=current_map)
thread.start()
assert asking.wait(10)

def child():
    store.newest = real
    return current_map().number

print(fork(child))
go_on.set()
thread.join()
"""
    )
    assert run(script) == ["1"]


def test_children_of_a_preloaded_parent_keep_its_snapshot():
    script = (
        SITE
        + PUBLISHED
        + FORK
        + """
snapshot = current_map()
values = tracking_values(User(id=1))

def child():
    return 1 if current_map() is snapshot and tracking_values(User(id=1)) == values else 2

print(fork(child), fork(child))
"""
    )
    assert run(script) == ["1", "1"]


def test_child_forked_while_a_thread_compiles_compiles_by_itself():
    """F7: Python 3.11's functools.cached_property has one lock for all instances. A child copies
    it while the thread holds it, and nobody in the child ever lets go.
    """
    script = (
        SITE
        + PUBLISHED
        + FORK
        + """
from trackadmin.compiler import model

snapshot = current_map()
real, inside, go_on = model.flatten_source, threading.Event(), threading.Event()

def hanging(*arguments):
    inside.set()
    assert go_on.wait(30)
    return real(*arguments)

model.flatten_source = hanging
thread = threading.Thread(target=snapshot.by_prefix["User"].compile)
thread.start()
assert inside.wait(10)

def child():
    model.flatten_source = real
    snapshot.compile_all()
    values = tracking_values(User(id=1))
    publish(2, ["id", "username"])
    return 10 * len(values) + len(tracking_values(User(id=1)))

print(fork(child))
go_on.set()
thread.join()
"""
    )
    assert run(script) == ["12"]


def test_nothing_of_ours_is_kept_under_a_lock_of_all_instances():
    """F7: ruff refuses the import; this finds other ways to use it."""
    found = [
        f"{cls.__module__}.{cls.__qualname__}.{name}"
        for info in pkgutil.walk_packages(trackadmin.__path__, "trackadmin.")
        if ".migrations" not in info.name
        for cls in vars(importlib.import_module(info.name)).values()
        if isinstance(cls, type) and cls.__module__.startswith("trackadmin")
        for name, member in vars(cls).items()
        if isinstance(member, functools.cached_property)
    ]
    assert not found
