"""A1: a manager's query is kept only where its code proves that it never differs."""

import functools

import pytest
from django.db import models
from django.db.models import Manager, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from tests.host.models import Country, Hidden
from trackadmin.compiler import managers
from trackadmin.compiler.managers import is_constant

CURRENT = {"tenant": "a"}
CONSTANT = True


class Reading(QuerySet):
    """Adds a method and overrides none."""

    def alive(self):
        return self.filter(code=CURRENT["tenant"])


class Overriding(QuerySet):
    def filter(self, *args, **kwargs):
        return super().filter(code=CURRENT["tenant"])


class Filtering(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(code="NL").exclude(name="x").order_by("name")


class OldStyle(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(code="NL")


class ByQ(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(Q(code="NL") | ~Q(name="x"), code__in=["NL", "DE"])


class OwnQuerySet(Manager):
    def get_queryset(self):
        return Reading(self.model, using=self._db).filter(code="NL")


class Ordered(Filtering):
    def get_queryset(self):
        rows = super().get_queryset()
        return rows.distinct()


class WithMethods(Manager.from_queryset(Reading)):
    use_in_migrations = True

    def published(self):
        return self.filter(code=CURRENT["tenant"])


PROVEN = [Manager, Filtering, OldStyle, ByQ, OwnQuerySet, Ordered, WithMethods, QuerySet.as_manager]


class ByGlobal(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(code=CONSTANT)


class ByDict(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(code=CURRENT["tenant"])


class ByCall(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(published__lte=timezone.now())


class ByDatabaseClock(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(published__lte=Now())


class ByAttribute(Manager):
    tenant = "a"

    def get_queryset(self):
        return super().get_queryset().filter(code=self.tenant)


class ByMethod(Manager.from_queryset(Reading)):
    def get_queryset(self):
        return super().get_queryset().alive()


class ByDefault(Manager):
    def get_queryset(self, tenant=CURRENT):
        return super().get_queryset().filter(code=tenant["tenant"])


class ByOverriddenQuerySet(Manager.from_queryset(Overriding)):
    pass


class ByDatabase(Manager):
    def get_queryset(self):
        return super().get_queryset().using(CURRENT["tenant"])


class ByImport(Manager):
    def get_queryset(self):
        from tests.test_compiler_managers import CURRENT as now

        return super().get_queryset().filter(code=now["tenant"])


class ByLambda(Manager):
    def get_queryset(self):
        rows = super().get_queryset()
        return rows.filter(code=(lambda: CURRENT["tenant"])())


class BySlice(Manager):
    def get_queryset(self):
        return super().get_queryset()[:10]


class ByAnnotation(Manager):
    def get_queryset(self):
        return super().get_queryset().annotate(now=Now())


class ByExtra(Manager):
    def get_queryset(self):
        return super().get_queryset().extra(where=["1=1"])


class ByHook(Manager):
    def __getattribute__(self, name):
        return super().__getattribute__(name)


class ByFilter(Manager):
    def filter(self, *args, **kwargs):
        return super().filter(code=CURRENT["tenant"])


class Mixin:
    def get_queryset(self):
        return super().get_queryset().filter(code=CURRENT["tenant"])


class ByMixin(Mixin, Filtering):
    pass


def asked(function):
    @functools.wraps(function)
    def get_queryset(self):
        return function(self).filter(code=CURRENT["tenant"])

    return get_queryset


class ByDecorator(Manager):
    @asked
    def get_queryset(self):
        return super().get_queryset()


def made(value):
    class ByClosure(Manager):
        def get_queryset(self):
            return super().get_queryset().filter(code=value)

    return ByClosure


class ByDescriptor(Manager):
    get_queryset = property(lambda self: lambda: QuerySet(self.model).filter(code="x"))


class ByPartial(Manager):
    get_queryset = functools.partialmethod(lambda self, code: QuerySet(self.model), "x")


class ByTry(Manager):
    def get_queryset(self):
        try:
            return super().get_queryset().filter(code="NL")
        except LookupError:
            return super().get_queryset()


class ByBranch(Manager):
    def get_queryset(self):
        return super().get_queryset() if self.model else super().get_queryset().filter(code="x")


OPEN = [
    ByAnnotation,
    ByAttribute,
    ByBranch,
    ByCall,
    ByDatabase,
    ByDatabaseClock,
    ByDecorator,
    ByDefault,
    ByDescriptor,
    ByDict,
    ByExtra,
    ByFilter,
    ByGlobal,
    ByHook,
    ByImport,
    ByLambda,
    ByMethod,
    ByMixin,
    ByOverriddenQuerySet,
    ByPartial,
    BySlice,
    ByTry,
    made("x"),
]


def manager_of(make, monkeypatch):
    manager = make()
    manager.model = Country
    monkeypatch.setattr(Country._meta, "default_manager", manager)
    return manager


@pytest.mark.parametrize("make", PROVEN)
def test_manager_that_filters_by_constants_is_proven(make, monkeypatch):
    manager_of(make, monkeypatch)
    assert is_constant(Country)


@pytest.mark.parametrize("make", OPEN)
def test_manager_that_might_differ_is_never_proven(make, monkeypatch):
    """Whatever reads a global, an attribute, a closure, a clock, or is made in another way."""
    manager_of(make, monkeypatch)
    assert not is_constant(Country)


def test_real_managers_of_the_test_host():
    assert is_constant(Country)
    assert is_constant(Hidden)


def test_name_that_means_something_else_proves_nothing(monkeypatch):
    """A module may call anything ``super`` or ``Q``."""
    manager_of(Filtering, monkeypatch)
    monkeypatch.setitem(globals(), "super", object())
    assert not is_constant(Country)
    monkeypatch.undo()
    manager_of(ByQ, monkeypatch)
    monkeypatch.setitem(globals(), "Q", models.F)
    assert not is_constant(Country)


@pytest.mark.parametrize(
    ("name", "value"),
    [("get_queryset", lambda: None), ("_db", "other"), ("_hints", {"instance": 1}), ("tenant", 1)],
)
def test_manager_that_was_changed_by_hand_proves_nothing(name, value, monkeypatch):
    manager = manager_of(Filtering, monkeypatch)
    setattr(manager, name, value)
    assert not is_constant(Country)


def test_site_may_say_that_a_manager_is_constant(settings, monkeypatch):
    manager_of(ByDict, monkeypatch)
    settings.TRACKADMIN = {"CONSTANT_MANAGERS": ["host.Country"]}
    assert is_constant(Country)
    assert not managers._is_proven(Country._default_manager)
