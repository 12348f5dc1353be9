"""The host's mark: @trackable goes on what the host's own code computes, and changes nothing."""

import functools
import subprocess
import sys

import pytest
from django.utils.functional import cached_property

from trackadmin.catalog import trackable
from trackadmin.catalog.marks import Mark, function_of, mark_of


class Shop:
    calls = 0

    @property
    @trackable
    def under(self):
        return 1

    @trackable(description="Over the property.")
    @property
    def over(self):
        return 2

    @trackable
    @cached_property
    def django_cached(self):
        return 3

    @functools.cached_property
    @trackable
    def python_cached(self):
        return 4

    @trackable
    def method(self):
        return 5

    @trackable(description="")
    def with_brackets(self):
        return 6

    @property
    def unmarked(self):
        return 7


MARKED = ["under", "over", "django_cached", "python_cached", "method", "with_brackets"]


@pytest.mark.parametrize("name", MARKED)
def test_a_mark_is_found_wherever_it_stands(name):
    assert isinstance(mark_of(vars(Shop)[name]), Mark)


def test_an_unmarked_property_has_no_mark():
    assert mark_of(vars(Shop)["unmarked"]) is None


def test_the_mark_carries_the_description():
    assert mark_of(vars(Shop)["over"]).description == "Over the property."


def test_marked_members_work_as_before():
    shop = Shop()
    assert [shop.under, shop.over, shop.django_cached, shop.python_cached] == [1, 2, 3, 4]
    assert [shop.method(), shop.with_brackets()] == [5, 6]
    assert shop.__dict__ == {"django_cached": 3, "python_cached": 4}


def test_a_decorator_that_keeps_the_name_keeps_the_mark():
    def logged(function):
        @functools.wraps(function)
        def wrapper(self):
            return function(self)

        return wrapper

    @logged
    @trackable
    def method(self):
        return 1

    assert mark_of(method)


@pytest.mark.parametrize("member", ["text", 3, int, object(), property(None), print])
def test_a_mark_on_anything_else_is_refused_where_it_is_written(member):
    with pytest.raises(TypeError, match="goes on a property or a method of a model, not on"):
        trackable(member)


@pytest.mark.parametrize("member", [None, 1, "text", int, object(), property(None)])
def test_what_is_no_member_has_no_function(member):
    assert function_of(member) is None
    assert mark_of(member) is None


def test_it_can_be_imported_before_there_are_settings_or_apps():
    """Host models import it while Django is still loading them."""
    code = (
        "import sys\n"
        "from trackadmin.catalog import trackable\n"
        "from django.apps import apps\n"
        "assert not apps.models_ready\n"
        "unwanted = ('django.contrib.admin', 'reversion', 'django.contrib.contenttypes.models',\n"
        "            'django.contrib.auth.models', 'trackadmin.models')\n"
        "print([name for name in unwanted if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert done.stdout.strip() == "[]", done.stderr
