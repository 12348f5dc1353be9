"""Relations to many objects as other people's sites have them, and no other app of the tests."""

# (models for tests need no words for people)

from django.db import models


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
