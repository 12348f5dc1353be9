"""Models of every shape that a host site may have."""

# (models for one test need no words for people)

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy

from trackadmin.catalog import trackable


class Status(models.TextChoices):
    NEW = "new", gettext_lazy("New")
    PAID = "paid", gettext_lazy("Paid")


class Level(models.IntegerChoices):
    LOW = 1
    HIGH = 2


class ReversedField(models.CharField):
    """Stores its text backwards: a converter that the runtime must keep."""

    def from_db_value(self, value, expression, connection):
        return value if value is None else value[::-1]

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return value if value is None else value[::-1]


class Everything(models.Model):
    """A field of each kind."""

    text = models.CharField(max_length=50, default="", blank=True)
    long_text = models.TextField(default="", blank=True)
    slug = models.SlugField(unique=True)
    contact = models.EmailField(blank=True)
    url = models.URLField(blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    small = models.SmallIntegerField(null=True, blank=True, unique=True)
    integer = models.IntegerField(default=0)
    positive = models.PositiveIntegerField(default=0)
    big = models.BigIntegerField(null=True, blank=True, unique=True)
    floating = models.FloatField(null=True, blank=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    flag = models.BooleanField(default=False)
    maybe = models.BooleanField(null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    clock = models.TimeField(null=True, blank=True)
    moment = models.DateTimeField(null=True, blank=True)
    span = models.DurationField(null=True, blank=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    data = models.JSONField(null=True, blank=True)
    upload = models.FileField(blank=True, upload_to="uploads")
    binary = models.BinaryField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    level = models.IntegerField(choices=Level.choices, default=Level.LOW)
    backwards = ReversedField(max_length=50, unique=True, null=True, blank=True)
    password = models.CharField(max_length=50, default="hidden", blank=True)
    api_token = models.CharField(max_length=50, default="hidden", blank=True)

    def __str__(self):
        return self.slug

    @property
    def unmarked(self):
        return "never"

    @property
    @trackable
    def shout(self):
        return self.text.upper()

    @trackable
    def double(self):
        return self.integer * 2

    @trackable(description="Always fails.")
    def broken(self):
        raise RuntimeError("broken on purpose")


class Country(models.Model):
    code = models.CharField(max_length=2, unique=True)
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Address(models.Model):
    street = models.CharField(max_length=100)
    country = models.ForeignKey(Country, models.CASCADE, to_field="code", null=True, blank=True)


class Person(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=50)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)
    boss = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="team")

    def __str__(self):
        return self.name


class Profile(models.Model):
    person = models.OneToOneField(Person, models.CASCADE, related_name="profile")
    nickname = models.CharField(max_length=50, unique=True)


class Order(models.Model):
    number = models.CharField(max_length=20, primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True)
    billing_address = models.ForeignKey(
        Address, models.CASCADE, null=True, blank=True, related_name="+"
    )
    shipping_address = models.ForeignKey(
        Address, models.CASCADE, null=True, blank=True, related_name="+"
    )
    tags = models.ManyToManyField(Country, blank=True)


class Line(models.Model):
    """Of the same class name as basket.Line; no single field names a row."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    place = models.PositiveSmallIntegerField()

    class Meta:
        unique_together = [("order", "place")]


class Place(models.Model):
    name = models.CharField(max_length=50, unique=True)


class Restaurant(Place):
    stars = models.PositiveSmallIntegerField(default=0)


class PlaceProxy(Place):
    class Meta:
        proxy = True

    @property
    @trackable
    def loud_name(self):
        return self.name.upper()


class AliveManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(alive=True)


class Hidden(models.Model):
    """Whose default manager does not show every row."""

    name = models.CharField(max_length=50, unique=True)
    alive = models.BooleanField(default=True)
    objects = AliveManager()
    everything = models.Manager()


class Remote(models.Model):
    """Lives in the second database."""

    name = models.CharField(max_length=50, unique=True)
    person_name = models.CharField(max_length=50, blank=True)


class Constrained(models.Model):
    """Which of these does the database prove unique?"""

    yes = models.CharField(max_length=20)
    sometimes = models.CharField(max_length=20)
    together_a = models.IntegerField(default=0)
    together_b = models.IntegerField(default=0)
    folded = models.CharField(max_length=20, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["yes"], name="host_yes"),
            models.UniqueConstraint(
                fields=["sometimes"], condition=models.Q(together_a=1), name="host_sometimes"
            ),
            models.UniqueConstraint(fields=["together_a", "together_b"], name="host_together"),
            models.UniqueConstraint(Lower("folded"), name="host_folded"),
        ]


class Club(models.Model):
    """Whose members come through a model of the host's own, which may name a person twice."""

    name = models.CharField(max_length=50, unique=True)
    members = models.ManyToManyField(Person, through="Membership", related_name="clubs")
    friends = models.ManyToManyField("self", blank=True)


class Membership(models.Model):
    club = models.ForeignKey(Club, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)
    since = models.DateField(null=True, blank=True)


class Purchase(models.Model):
    """A related object with a field of each kind that may be counted, added up or compared."""

    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="purchases")
    place = models.ForeignKey(Restaurant, models.CASCADE, null=True, related_name="purchases")
    country = models.ForeignKey(
        Country, models.CASCADE, to_field="code", null=True, related_name="purchases"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    level = models.IntegerField(choices=Level.choices, default=Level.LOW)
    paid = models.BooleanField(default=False)
    points = models.IntegerField(null=True)
    big = models.BigIntegerField(null=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    weight = models.FloatField(null=True)
    span = models.DurationField(null=True)
    day = models.DateField(null=True)
    clock = models.TimeField(null=True)
    moment = models.DateTimeField(null=True)
    ref = models.UUIDField(null=True)
    note = models.CharField(max_length=50, default="", blank=True)
    email = models.EmailField(blank=True, default="")
    data = models.JSONField(null=True)
    upload = models.FileField(blank=True, default="")
    backwards = ReversedField(max_length=50, null=True)
    api_token = models.CharField(max_length=50, default="hidden", blank=True)

    class Meta:
        ordering = ["-points"]

    @property
    @trackable
    def shout(self):
        return self.note.upper()


class Ticket(models.Model):
    """Whose default manager hides what is deleted."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="tickets")
    price = models.DecimalField(max_digits=8, decimal_places=3, default=0)
    alive = models.BooleanField(default=True)
    objects = AliveManager()
    everything = models.Manager()


class TenantManager(models.Manager):
    """Shows the rows of the tenant that is current."""

    current = "red"

    def get_queryset(self):
        return super().get_queryset().filter(tenant=TenantManager.current)


class Parcel(models.Model):
    person = models.ForeignKey(Person, models.CASCADE, related_name="parcels")
    place = models.ForeignKey(Place, models.CASCADE, null=True, related_name="parcels")
    tenant = models.CharField(max_length=10, default="red")
    kilos = models.IntegerField(default=1)
    objects = TenantManager()


class DistinctManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().distinct()


class Encounter(models.Model):
    """Whose manager makes queries that cannot be part of another one."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="encounters")
    minutes = models.IntegerField(default=0)
    objects = DistinctManager()


class AwayNote(models.Model):
    """Lives in the second database, about a person of the first."""

    person = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, related_name="away_notes"
    )
    length = models.IntegerField(default=0)
