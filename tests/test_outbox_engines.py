"""Delivering as a task of Celery and of Django's Tasks framework."""

import re

import pytest
from celery import Celery

from tests import outbox
from tests.test_rooms import PACKAGE
from trackadmin.outbox import TryLater, celery_task, django_task

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clean():
    with outbox.fresh("one", "two"):
        yield


@pytest.fixture
def app():
    """A site's Celery, which runs a task where it is sent."""
    app = Celery("site", broker="memory://", backend="cache+memory://", set_as_current=True)
    app.conf.task_always_eager = True
    return app


def by_celery(**arguments):
    return celery_task.deliver_events.delay(**arguments).get()


def by_tasks(**arguments):
    result = django_task.deliver_events.enqueue(**arguments)
    assert result.status.name == "SUCCESSFUL", result.errors
    return result.return_value


@pytest.mark.parametrize("by", [by_celery, by_tasks])
class TestATask:
    def test_delivers_what_is_due(self, by, app):
        numbers = outbox.store(3, waiting=True)
        assert by()["one"]["delivered"] == 3
        assert len(outbox.got("one")) == len(outbox.got("two")) == len(numbers)
        assert by()["one"]["delivered"] == 0
        assert len(outbox.got("one")) == 3

    def test_of_one_sink(self, by, app):
        outbox.store(3, waiting=True)
        assert list(by(sink="one")) == ["one"]
        assert outbox.got("two") == []

    def test_of_a_sink_that_is_down_does_not_fail(self, by, app):
        def down(events):
            raise TryLater("down")

        outbox.Receiver.does["one"] = down
        outbox.store(3, waiting=True)
        found = by()
        assert (found["one"]["later"], found["two"]["delivered"]) == (3, 3)


def test_the_name_by_which_a_schedule_finds_it(app):
    assert "trackadmin.deliver" in app.tasks


def test_neither_engine_is_needed_for_the_rest():
    """Nothing imports them but the module of each."""
    imports = re.compile(r"^\s*(?:from|import) (celery|django_tasks|django\.tasks)\b", re.MULTILINE)
    found = {
        path.name: set(imports.findall(text))
        for path in PACKAGE.rglob("*.py")
        if imports.search(text := path.read_text(encoding="utf-8"))
    }
    assert found == {
        "celery_backfill.py": {"celery"},
        "celery_task.py": {"celery"},
        "django_task.py": {"django_tasks", "django.tasks"},
        "tasks_backfill.py": {"django_tasks", "django.tasks"},
    }
