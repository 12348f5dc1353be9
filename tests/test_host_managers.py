"""A manager's query is kept only if its code proves that it never differs."""

import functools

import pytest
from django.db import models
from django.db.models import Manager, Q, QuerySet
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.db.models.functions import Now
from django.db.models.lookups import Exact
from django.test.utils import register_lookup
from django.utils import timezone

from tests.host.models import Country, Everything, Hidden, Line, Profile
from trackadmin.compiler.host.manager_proofs import is_plain_manager, is_proven
from trackadmin.compiler.host.managers import is_constant
from trackadmin.compiler.host.usual_relations import is_usual_relation

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
        from tests.test_host_managers import CURRENT as now

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


class ByOperator(Manager):
    def __add__(self, other):
        return CURRENT["tenant"]

    def get_queryset(self):
        return super().get_queryset().filter(code=self + 1)


class ByFallback(Manager):
    def __getattr__(self, name):
        return CURRENT[name]

    def get_queryset(self):
        return super().get_queryset().filter(code="NL")


class Holding(QuerySet):
    """Has a name that a manager has too."""

    model = "a"


class ByClassAttribute(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(code=Holding.model)


class ByOtherSelf(Manager):
    def get_queryset(self):
        rows = super().get_queryset()
        self = Holding
        return rows.filter(code=self.model)


class BySubquery(Manager):
    def get_queryset(self):
        rows = super().get_queryset()
        return rows.filter(pk__in=rows.filter(code="NL"))


class ByExpression(Manager):
    def resolve_expression(self, *args, **kwargs):
        return models.Value(CURRENT["tenant"])

    def get_queryset(self):
        return super().get_queryset().filter(code=self)


OPEN = [
    ByClassAttribute,
    ByExpression,
    ByFallback,
    ByOperator,
    ByOtherSelf,
    BySubquery,
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
    """Each of these reads a global, an attribute, a closure or a clock, or is unusual."""
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
    assert not is_proven(Country._default_manager)


# ── The query too ──────────────────────────────────────────────────────────────────────────────


class OfDay(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(moment__day=1)


class OfHour(Manager):
    def get_queryset(self):
        return super().get_queryset().exclude(moment__hour__gte=8)


class OfDate(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(moment__date="2026-01-31")


class OfOwnField(Manager):
    def get_queryset(self):
        return super().get_queryset().filter(backwards="abc")


class OfUsualFields(Manager):
    def get_queryset(self):
        rows = super().get_queryset().filter(flag=True, text__in=["a", "b"], amount__gt=-1.5)
        return rows.exclude(small=None).filter(day__gte="2026-01-31", slug__startswith="x")


@pytest.mark.parametrize("make", [OfDay, OfHour, OfDate, OfOwnField])
def test_condition_that_is_written_by_other_code_proves_nothing(make, monkeypatch):
    """Parts of datetimes depend on the active time zone, and a host's field on its own rules."""
    manager = make()
    manager.model = Everything
    monkeypatch.setattr(Everything._meta, "default_manager", manager)
    assert not is_constant(Everything)


def test_condition_of_djangos_own_fields_is_proven(monkeypatch):
    manager = OfUsualFields()
    manager.model = Everything
    monkeypatch.setattr(Everything._meta, "default_manager", manager)
    assert is_constant(Everything)


def test_own_comparison_of_a_field_proves_nothing(monkeypatch):
    """It may write other SQL for each tenant."""

    class OfTenant(Exact):
        def as_sql(self, compiler, connection):
            return "code = %s", [CURRENT["tenant"]]

    manager_of(Filtering, monkeypatch)
    with register_lookup(Country._meta.get_field("code"), OfTenant):
        assert not is_constant(Country)
    assert is_constant(Country)


def test_relation_that_joins_in_its_own_way_is_not_joined():
    class OfTenant(models.ForeignKey):
        def get_extra_restriction(self, alias, related_alias):
            return super().get_extra_restriction(alias, related_alias)

    assert is_usual_relation(Line._meta.get_field("order"))
    assert is_usual_relation(Profile._meta.get_field("person"))
    assert not is_usual_relation(OfTenant(Country, models.CASCADE))


def test_no_relation_is_usual_where_a_package_changed_how_they_are_read(monkeypatch):
    """As packages for soft deletion do: a join would show the rows that they hide."""
    real = ForwardManyToOneDescriptor.get_queryset

    def get_queryset(self, **hints):
        return real(self, **hints).filter(pk=None)

    monkeypatch.setattr(ForwardManyToOneDescriptor, "get_queryset", get_queryset)
    assert not is_usual_relation(Line._meta.get_field("order"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("get_queryset", lambda: None), ("_queryset_class", Overriding), ("_db", "other")],
)
def test_base_manager_that_was_changed_by_hand_is_not_plain(name, value):
    manager = Manager()
    assert is_plain_manager(manager)
    setattr(manager, name, value)
    assert not is_plain_manager(manager)
