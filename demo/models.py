"""The shop: buyers who order for their companies what manufacturers make."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from trackadmin.catalog import trackable


class Country(models.Model):
    code = models.CharField(max_length=2, unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "countries"

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    street = models.CharField(max_length=120)
    city = models.CharField(max_length=80)
    postcode = models.CharField(max_length=12)
    country = models.ForeignKey(Country, models.PROTECT, to_field="code")

    class Meta:
        verbose_name_plural = "addresses"

    def __str__(self) -> str:
        return f"{self.street}, {self.city}"


class BuyerProfile(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ctime = models.DateTimeField("created", default=timezone.now)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="buyer_profile"
    )
    phone = models.CharField(max_length=30, blank=True)
    newsletter = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.user.get_username()

    @property
    @trackable(description="How many orders the buyer has placed so far.")
    def order_count(self) -> int:
        return self.orders.count()


class CompanyAccount(models.Model):
    name = models.CharField(max_length=120, unique=True)
    is_demo = models.BooleanField(default=False)
    industry = models.CharField(max_length=60, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    address = models.ForeignKey(Address, models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Manufacturer(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    country = models.ForeignKey(Country, models.PROTECT, to_field="code")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    sku = models.CharField("SKU", max_length=20, unique=True)
    name = models.CharField(max_length=120)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    manufacturer = models.ForeignKey(Manufacturer, models.PROTECT, related_name="products")
    in_stock = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    class Status(models.TextChoices):
        NEW = "new", "New"
        PAID = "paid", "Paid"
        SHIPPED = "shipped", "Shipped"

    number = models.CharField(max_length=20, unique=True)
    buyer = models.ForeignKey(BuyerProfile, models.PROTECT, related_name="orders")
    company = models.ForeignKey(CompanyAccount, models.PROTECT, related_name="orders")
    product = models.ForeignKey(Product, models.PROTECT, related_name="orders")
    quantity = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    placed_at = models.DateTimeField(default=timezone.now)
    billing_address = models.ForeignKey(Address, models.PROTECT, related_name="+")
    shipping_address = models.ForeignKey(Address, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-placed_at"]

    def __str__(self) -> str:
        return self.number


class TrackedEvent(models.Model):
    """An event as the shop's page shows it; the sink keeps the newest ones."""

    received_at = models.DateTimeField(default=timezone.now)
    #: The number of the map's version that made the values.
    version = models.PositiveIntegerField()
    #: The URL that the browser called, without the host.
    sent = models.TextField()
    #: The JSON text of the flat dict it became; a JSON column would lose the order of the names.
    became = models.TextField()
    #: What is wrong with it: the JSON text of a list of codes and names.
    wrong = models.TextField(default="[]", db_default="[]")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.sent
