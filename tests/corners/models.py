"""Relations to many objects as other people's sites have them, and no other app of the tests."""

# (models for tests need no words for people)

from django.db import models
from django.utils.translation import get_language


class Parent(models.Model):
    code = models.CharField(max_length=20, unique=True)


class HidingManager(models.Manager):
    """Hides what is hidden, but not from the object that it belongs to."""

    def get_queryset(self):
        rows = super().get_queryset()
        return rows if hasattr(self, "core_filters") else rows.filter(hidden=False)


class OwnFilter(models.QuerySet):
    """Knows a word that stands for several values."""

    def filter(self, *conditions, **fields):
        if fields.get("name") == "any":
            del fields["name"]
        return super().filter(*conditions, **fields)


class Rewriting(models.QuerySet):
    """Reads another column in each language, selects more than it is asked for, and in another
    order.
    """

    def filter(self, *conditions, **fields):
        if "title" in fields:
            fields[f"title_{get_language()[:2]}"] = fields.pop("title")
        return super().filter(*conditions, **fields)

    def values_list(self, *fields, **options):
        return super().values_list("number", *reversed(fields), **options)

    def annotate(self, **values):
        return super().annotate(one=models.Value(1), **values)

    def order_by(self, *fields):
        return super().order_by("title_en", *fields)


class Story(models.Model):
    parent = models.ForeignKey("Parent", models.CASCADE, related_name="stories")
    title = models.CharField(max_length=20, default="")
    title_en = models.CharField(max_length=20, default="")
    title_de = models.CharField(max_length=20, default="")
    number = models.IntegerField(default=1)

    objects = Rewriting.as_manager()


class PriceField(models.DecimalField):
    """Has conversions of its own, which change nothing."""

    def from_db_value(self, value, expression, connection):
        return value


class Priced(models.Model):
    parent = models.ForeignKey("Parent", models.CASCADE, related_name="priced")
    price = PriceField(max_digits=10, decimal_places=2)


class PercentManager(models.Manager):
    """Its SQL has a percent sign before an s, and it is not the place of a parameter."""

    def get_queryset(self):
        text = models.Func(template="'%%%%s'", output_field=models.TextField())
        return super().get_queryset().annotate(text=text).exclude(text="").filter(hidden=False)


class Percent(models.Model):
    parent = models.ForeignKey("Parent", models.CASCADE, related_name="percents")
    hidden = models.BooleanField(default=False)

    objects = PercentManager()


class Child(models.Model):
    parent = models.ForeignKey(Parent, models.CASCADE, related_name="children")
    name = models.CharField(max_length=20, default="")
    hidden = models.BooleanField(default=False)
    number = models.IntegerField(default=1)


class Shy(models.Model):
    parent = models.ForeignKey(Parent, models.CASCADE, related_name="shies")
    hidden = models.BooleanField(default=False)

    objects = HidingManager()
    everything = models.Manager()


class Wordy(models.Model):
    parent = models.ForeignKey(Parent, models.CASCADE, related_name="wordies")
    name = models.CharField(max_length=20)

    objects = OwnFilter.as_manager()


class ShiftedField(models.IntegerField):
    """Stores a number that is lower by a thousand."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else value + 1000

    def get_prep_value(self, value):
        return None if value is None else int(value) - 1000


class Computed(models.Model):
    """The database computes a column, and its field converts what is read."""

    parent = models.ForeignKey(Parent, models.CASCADE, related_name="computed")
    stored = models.IntegerField()
    shifted = models.GeneratedField(
        expression=models.F("stored") * 2, output_field=ShiftedField(), db_persist=True
    )


class CaselessField(models.CharField):
    """Where letters of both cases are equal, on SQLite."""

    def db_type(self, connection):
        own = super().db_type(connection)
        return f"{own} COLLATE NOCASE" if connection.vendor == "sqlite" else own


class Caseless(models.Model):
    code = CaselessField(max_length=20, unique=True)


class CaselessChild(models.Model):
    parent = models.ForeignKey(
        Caseless, models.CASCADE, to_field="code", related_name="children", db_constraint=False
    )


class Day(models.Model):
    """Its children refer to it by a date."""

    name = models.CharField(max_length=20, unique=True)
    day = models.DateField(unique=True)


class DayChild(models.Model):
    parent = models.ForeignKey(Day, models.CASCADE, to_field="day", related_name="children")
    big = models.BigIntegerField()


class Numbered(models.Model):
    """The database gives it its key."""

    id = models.IntegerField(primary_key=True, db_default=5)


class NumberedChild(models.Model):
    parent = models.ForeignKey(Numbered, models.CASCADE, related_name="children")


class Leaf(models.Model):
    """Its parent comes along, and its own code makes it an object."""

    code = models.CharField(max_length=20, unique=True)
    parent = models.ForeignKey(Parent, models.CASCADE, related_name="leaves")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.made = True
