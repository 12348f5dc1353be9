"""Tells a from_db or __init__ that only records from one that may change values."""

import copy

import pytest
from django.db import models
from django.db.models import DEFERRED
from django.db.models.signals import post_init
from django.test import override_settings
from django.test.utils import isolate_apps

from tests.wide import models as wide
from trackadmin.compiler.obstacles import loading_obstacle

FIELDS = ("title",)


class Recording:
    """Each of these records and changes nothing."""

    class WithSuper(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            instance = super().from_db(db, field_names, values)
            instance._loaded_values = dict(zip(field_names, values, strict=True))
            return instance

        class Meta:
            abstract = True

    class AsDocumented(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            if len(values) != len(cls._meta.concrete_fields):
                values = list(values)
                values.reverse()
                values = [
                    values.pop() if f.attname in field_names else DEFERRED
                    for f in cls._meta.concrete_fields
                ]
            instance = cls(*values)
            instance._state.adding = False
            instance._state.db = db
            instance._loaded_values = dict(
                zip(field_names, (value for value in values if value is not DEFERRED))  # noqa: B905
            )
            return instance

        class Meta:
            abstract = True

    class AsDjangoItself(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values, *, fetch_mode=None):
            if len(values) != len(cls._meta.concrete_fields):
                values_iter = iter(values)
                values = [
                    next(values_iter) if f.attname in field_names else DEFERRED
                    for f in cls._meta.concrete_fields
                ]
            new = cls(*values)
            new._state.adding = False
            new._state.db = db
            if fetch_mode is not None:
                new._state.fetch_mode = fetch_mode
            new._seen = (db, *field_names)
            return new

        class Meta:
            abstract = True

    class Init(models.Model):
        _before = None

        def __init__(self, *args, **kwargs):
            """Keep what was there."""
            super().__init__(*args, **kwargs)
            self.__title = self.title
            self._before = self.__dict__.copy()

        class Meta:
            abstract = True

    class WithCopies(models.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            state = copy.deepcopy(self.__dict__)
            if not self._state.adding:
                self._some = {name: [state, name] for name in FIELDS}
            else:
                self._some = None

        class Meta:
            abstract = True

    class OnlyPasses(models.Model):
        @classmethod
        def from_db(cls, *args, **kwargs):
            return super().from_db(*args, **kwargs)

        class Meta:
            abstract = True


def change(instance):
    instance.title = "changed"


class Changing:
    """Each of these may change a value, or it cannot be known."""

    class Field(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            instance = super().from_db(db, field_names, values)
            instance.title = "x"
            return instance

        class Meta:
            abstract = True

    class OtherValues(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            return super().from_db(db, field_names, [*values])

        class Meta:
            abstract = True

    class OtherParameter(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            values = tuple(values)
            return super().from_db(db, field_names, values)

        class Meta:
            abstract = True

    class Calls(models.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._changed = change(self)

        class Meta:
            abstract = True

    class Shadowed(models.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            dict = change
            self._changed = dict(self)

        class Meta:
            abstract = True

    class ShadowedInAComprehension(models.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._changed = [dict(self) for dict in [change]]

        class Meta:
            abstract = True

    class AnotherOfTheSameName(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            instance = super().from_db(db, field_names, values)
            instance._seen = [instance.title for instance in values]
            return instance

        class Meta:
            abstract = True

    class Itself(models.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._items = list(self)

        def __iter__(self):
            self.title = "x"
            return iter(())

        class Meta:
            abstract = True

    class OtherKeywords(models.Model):
        def __init__(self, *args, **kwargs):
            kwargs = dict(kwargs, title="x")
            super().__init__(*args, **kwargs)

        class Meta:
            abstract = True

    class OtherArguments(models.Model):
        def __init__(self, *args, **kwargs):
            args = (*args[:-1], "x")
            super().__init__(*args, **kwargs)

        class Meta:
            abstract = True

    class Twice(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            instance = super().from_db(db, field_names, values)
            instance = super().from_db(db, field_names, values)
            return instance  # noqa: RET504

        class Meta:
            abstract = True

    class Sometimes(models.Model):
        def __init__(self, *args, **kwargs):
            if args:
                super().__init__(*args, **kwargs)

        class Meta:
            abstract = True

    class Default(models.Model):
        def __init__(self, *args, title="x", **kwargs):
            super().__init__(*args, title=title, **kwargs)

        class Meta:
            abstract = True

    class State(models.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.__dict__["title"] = "x"

        class Meta:
            abstract = True

    class Updates(models.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._changed = self.__dict__.update(title="x")

        class Meta:
            abstract = True

    class ReadsAProperty(models.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._read = self.changing

        @property
        def changing(self):
            self.title = "x"

        class Meta:
            abstract = True

    class StoresBehindAProperty(models.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.changing = 1

        @property
        def changing(self):
            return 1

        @changing.setter
        def changing(self, value):
            self.title = "x"

        class Meta:
            abstract = True

    class ReturnsAnother(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            instance = super().from_db(db, field_names, values)
            return instance if db else cls()

        class Meta:
            abstract = True

    class ReturnsNothing(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            instance = super().from_db(db, field_names, values)
            instance._seen = True

        class Meta:
            abstract = True

    class Setattr(models.Model):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)

        class Meta:
            abstract = True

    class New(models.Model):
        def __new__(cls, *args, **kwargs):
            return super().__new__(cls)

        class Meta:
            abstract = True

    class NeverLoads(models.Model):
        def __init__(self, *args, **kwargs):
            self._seen = True

        class Meta:
            abstract = True


class Mixin:
    """Not a model but named like one: Django's __init__ calls it anyway."""

    def __init__(self):
        self.title = "x"


def bases(holder):
    return [each for each in vars(holder).values() if isinstance(each, type)]


def members():
    meta = type("Meta", (), {"app_label": "host"})
    return {"__module__": __name__, "Meta": meta, "title": models.CharField(max_length=9)}


def concrete(*its_bases):
    return type("Concrete", its_bases, members())


@pytest.mark.parametrize("base", bases(Recording), ids=lambda base: base.__name__)
@isolate_apps("tests.host")
def test_what_only_records_is_harmless(base):
    """The model's rows are read without instances."""
    assert loading_obstacle(concrete(base)) is None


@pytest.mark.parametrize("base", bases(Changing), ids=lambda base: base.__name__)
@isolate_apps("tests.host")
def test_what_may_change_a_value_is_not(base):
    """An instance is made, so that the host's code runs."""
    assert base.__name__ in str(loading_obstacle(concrete(base)))


@isolate_apps("tests.host")
def test_a_mixin_behind_the_model_is_seen():
    assert "Mixin.__init__" in str(loading_obstacle(concrete(models.Model, Mixin)))


@isolate_apps("tests.host")
def test_a_function_whose_text_is_not_what_runs_is_not_proven():
    class Base(models.Model):
        @classmethod
        def from_db(cls, db, field_names, values):
            return super().from_db(db, field_names, values)

        class Meta:
            abstract = True

    other = Changing.Field.__dict__["from_db"].__func__
    found = Base.__dict__["from_db"].__func__
    found.__code__ = other.__code__.replace(co_firstlineno=found.__code__.co_firstlineno)
    assert "Base.from_db" in str(loading_obstacle(concrete(Base)))


def test_the_models_of_the_wide_site():
    assert loading_obstacle(wide.Country) is None
    assert "Shouting.from_db" in str(loading_obstacle(wide.Shouted))


@pytest.mark.parametrize("entry", ["wide.Shouted", "wide", "tests.wide.models.Shouting"])
def test_the_setting_declares_code_harmless(entry):
    """By model, by app, or by the class that holds the code."""
    with override_settings(TRACKADMIN={"HARMLESS_LOADING": [entry]}):
        assert loading_obstacle(wide.Shouted) is None
    assert loading_obstacle(wide.Shouted)


def receive(**kwargs):
    pass


@pytest.mark.parametrize("entry", ["wide.Leaf", f"{__name__}.receive"])
def test_the_setting_covers_receivers_of_signals(entry):
    post_init.connect(receive, sender=wide.Leaf)
    try:
        assert "receive" in str(loading_obstacle(wide.Leaf))
        with override_settings(TRACKADMIN={"HARMLESS_LOADING": [entry]}):
            assert loading_obstacle(wide.Leaf) is None
    finally:
        post_init.disconnect(receive, sender=wide.Leaf)
    assert loading_obstacle(wide.Leaf) is None


@pytest.mark.packages
@isolate_apps("tests.host")
def test_packages_that_only_record_are_known():
    """No setting is needed, and an override by the host is still checked."""
    from dirtyfields import DirtyFieldsMixin
    from mptt.models import MPTTModel, TreeForeignKey

    parent = TreeForeignKey("self", models.CASCADE, null=True, related_name="+")
    assert loading_obstacle(concrete(DirtyFieldsMixin, models.Model)) is None
    assert loading_obstacle(type("Tree", (MPTTModel,), {**members(), "parent": parent})) is None
    both = type("Both", (DirtyFieldsMixin, Changing.Field), members())
    assert "Changing.Field.from_db" in str(loading_obstacle(both))
