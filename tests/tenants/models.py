"""Models whose managers show other rows at other moments: by tenant, by clock, by database."""

from contextvars import ContextVar
from datetime import timedelta

from django.db import models
from django.utils import timezone

from trackadmin.catalog import trackable

#: Whose rows the managers show; they show none where nobody is chosen.
tenant = ContextVar("tenant", default=None)


class NoTenant(RuntimeError):
    """What a strict manager raises outside of a tenant's context."""


class TenantManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(tenant=tenant.get())


class StrictManager(models.Manager):
    def get_queryset(self):
        if tenant.get() is None:
            raise NoTenant("secret-of-the-host")
        return super().get_queryset().filter(tenant=tenant.get())


class PublishedManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(published__lte=timezone.now() - timedelta(seconds=0))


class JoiningManager(models.Manager):
    """Other tables for some tenants: the very text of the query changes."""

    def get_queryset(self):
        rows = super().get_queryset()
        return rows if tenant.get() == "boss" else rows.filter(customer__tenant=tenant.get())


class Customer(models.Model):
    tenant = models.CharField(max_length=20)
    name = models.CharField(max_length=20, unique=True)
    objects = TenantManager()


class Invoice(models.Model):
    tenant = models.CharField(max_length=20)
    number = models.CharField(max_length=20, unique=True)
    published = models.DateTimeField(default=timezone.now)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True)
    objects = TenantManager()

    @property
    @trackable
    def shown_to(self):
        return tenant.get()


class StrictInvoice(Invoice):
    class Meta:
        proxy = True

    objects = StrictManager()


class PublishedInvoice(Invoice):
    class Meta:
        proxy = True

    objects = PublishedManager()


class JoinedInvoice(Invoice):
    class Meta:
        proxy = True

    objects = JoiningManager()


class HiddenCustomer(models.Model):
    """Whose rows are hidden from related objects too."""

    tenant = models.CharField(max_length=20)
    name = models.CharField(max_length=20, unique=True)
    objects = TenantManager()

    class Meta:
        base_manager_name = "objects"


class Ticket(models.Model):
    number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey(HiddenCustomer, models.CASCADE, null=True)
