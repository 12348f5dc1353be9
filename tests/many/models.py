"""A shop with everything that a relation to many objects can be.

Reverse foreign keys, by another column than the primary key too, many-to-many both ways, through a
table of the host's own and to itself; inheritance, proxies; managers that hide, that join, that
depend on a tenant or the clock; and another database.
"""

# (models for tests need no words for people)

import datetime
import decimal
import uuid

from django.db import models
from django.utils import timezone

from tests.tenants.models import PublishedManager, StrictManager, TenantManager, tenant


class AliveManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(gone=False)


class LabelledManager(models.Manager):
    """Joins, so that a row with two labels comes twice."""

    def get_queryset(self):
        return super().get_queryset().filter(labels__text__gt="")


class OnceLabelledManager(models.Manager):
    """Joins, and gives each row once."""

    def get_queryset(self):
        return super().get_queryset().filter(labels__text__gt="").distinct()


class CountingManager(models.Manager):
    """Groups its rows by themselves."""

    def get_queryset(self):
        return super().get_queryset().annotate(n=models.Count("labels")).filter(n__gt=0)


class BossManager(models.Manager):
    """Other tables for some tenants."""

    def get_queryset(self):
        rows = super().get_queryset()
        return rows if tenant.get() == "boss" else rows.filter(labels__text=tenant.get())


class Town(models.Model):
    """Its objects are named by text."""

    code = models.CharField(max_length=5, unique=True)


class Shop(models.Model):
    code = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=20, default="")
    town = models.ForeignKey(Town, models.CASCADE, to_field="code", null=True, related_name="shops")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="parts")
    friends = models.ManyToManyField("self")
    partners = models.ManyToManyField(
        "self", symmetrical=False, through="Partnership", related_name="partner_of"
    )


class Partnership(models.Model):
    """Two shops may be partners twice."""

    one = models.ForeignKey(Shop, models.CASCADE, related_name="partnerships")
    other = models.ForeignKey(Shop, models.CASCADE, related_name="+")
    since = models.DateField(default=datetime.date(2026, 1, 1))


class Branch(Shop):
    """Has its own visits, and the sales of the shop that it is."""

    floor = models.IntegerField(default=0)


class ShopProxy(Shop):
    class Meta:
        proxy = True


class Boss(models.Model):
    """Comes along with its shop, and the shop with it."""

    name = models.CharField(max_length=20, unique=True)
    shop = models.OneToOneField(Shop, models.CASCADE, null=True, related_name="boss")


class Clerk(models.Model):
    """Its children have counts and sums: the shop, and the town behind it."""

    name = models.CharField(max_length=20, unique=True)
    shop = models.ForeignKey(Shop, models.CASCADE, null=True, related_name="clerks")
    former_shop = models.ForeignKey(Shop, models.CASCADE, null=True, related_name="+")


class Label(models.Model):
    text = models.CharField(max_length=20)


class Sold(models.Model):
    """A field of each kind that can be counted, added or compared."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        SHIPPED = "shipped", "Shipped"

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    level = models.SmallIntegerField(choices=[(1, "Low"), (2, "High")], default=1)
    express = models.BooleanField(default=False)
    checked = models.BooleanField(null=True)
    pieces = models.IntegerField(null=True)
    big = models.BigIntegerField(default=2**40)
    weight = models.FloatField(null=True)
    amount = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    rate = models.DecimalField(max_digits=9, decimal_places=4, default=decimal.Decimal("0.1"))
    day = models.DateField(null=True)
    clock = models.TimeField(null=True)
    moment = models.DateTimeField(null=True)
    span = models.DurationField(null=True)
    note = models.CharField(max_length=20, default="")
    long_note = models.TextField(default="")
    contact = models.EmailField(default="")
    ip = models.GenericIPAddressField(null=True)
    key = models.UUIDField(default=uuid.uuid4)
    upload = models.FileField(blank=True)
    data = models.JSONField(null=True)
    gone = models.BooleanField(default=False)
    tenant = models.CharField(max_length=20, default="a")
    published = models.DateTimeField(default=timezone.now)
    password = models.CharField(max_length=20, default="hidden")
    labels = models.ManyToManyField(Label, related_name="%(class)ss")

    class Meta:
        abstract = True


def sold(name, manager=None, **fields):
    """A model of what a shop has sold; the relation back has its name and an s."""
    shop = models.ForeignKey(Shop, models.CASCADE, null=True, related_name=f"{name.lower()}s")
    managers = {"objects": manager, "everything": models.Manager()} if manager else {}
    members = {"__module__": __name__, "shop": shop, **managers, **fields}
    globals()[name] = made = type(name, (Sold,), members)
    return made


Sale = sold("Sale", Meta=type("Meta", (Sold.Meta,), {"abstract": False, "ordering": ["-moment"]}))
Hidden = sold("Hidden", AliveManager())
Labelled = sold("Labelled", LabelledManager())
Once = sold("Once", OnceLabelledManager())
Counted = sold("Counted", CountingManager())
OfTenant = sold("OfTenant", TenantManager())
OfStrict = sold("OfStrict", StrictManager())
OfBoss = sold("OfBoss", BossManager())
Published = sold("Published", PublishedManager())
SOLD = (Sale, Hidden, Labelled, Once, Counted, OfTenant, OfStrict, OfBoss, Published)


class Visit(models.Model):
    """Its primary key is no number, and is not called id."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="visits")
    sale = models.ForeignKey(Sale, models.CASCADE, null=True, related_name="visits")
    minutes = models.PositiveIntegerField(default=1)


class Remote(models.Model):
    """Lies in the second database, far from its shop."""

    shop = models.ForeignKey(Shop, models.CASCADE, db_constraint=False, related_name="remotes")
    pieces = models.IntegerField(default=1)
