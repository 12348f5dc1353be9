"""One model for each package."""

from django.db import models
from django_countries.fields import CountryField
from djmoney.models.fields import MoneyField
from encrypted_fields.fields import EncryptedTextField
from encrypted_model_fields.fields import EncryptedCharField
from hashid_field import HashidAutoField, HashidField
from mptt.models import MPTTModel, TreeForeignKey
from phonenumber_field.modelfields import PhoneNumberField
from polymorphic.models import PolymorphicModel
from taggit.managers import TaggableManager
from treebeard.mp_tree import MP_Node


class Money(models.Model):
    slug = models.SlugField(unique=True)
    price = MoneyField(max_digits=12, decimal_places=2, default_currency="EUR")


class Country(models.Model):
    slug = models.SlugField(unique=True)
    home = CountryField()
    many = CountryField(multiple=True, blank=True)


class Phone(models.Model):
    slug = models.SlugField(unique=True)
    number = PhoneNumberField(unique=True)


class Translated(models.Model):
    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=50)


class Animal(PolymorphicModel):
    slug = models.SlugField(unique=True)


class Dog(Animal):
    bark = models.CharField(max_length=20)


class Branch(MPTTModel):
    slug = models.SlugField(unique=True)
    parent = TreeForeignKey("self", models.CASCADE, null=True, blank=True)


class Twig(MP_Node):
    slug = models.SlugField(unique=True)


class Encrypted(models.Model):
    slug = models.SlugField(unique=True)
    note = EncryptedTextField()
    other = EncryptedCharField(max_length=50)


class Hashed(models.Model):
    id = HashidAutoField(primary_key=True)
    slug = models.SlugField(unique=True)
    shown = HashidField(unique=True)


class Tagged(models.Model):
    slug = models.SlugField(unique=True)
    tags = TaggableManager()
